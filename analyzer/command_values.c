/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/command_values.h"

#include <string.h>

void command_value_clear(struct command_value *v)
{
    wire_text_free(v->text);
    v->text = NULL;
}

/* The value of a field, if the field is one. */
static bool value_of(struct command *c, const struct mw_item *item, struct text_converter *converter,
                     struct command_value *out)
{
    const struct mw_field *f = mw_field(item->field);
    *out = (struct command_value){.kind = VALUE_NULL};
    if (!(f->flags & MW_FLAG_VALUE))
        return false;
    switch (f->type) {
    case MW_FT_HEADING: return true;
    case MW_FT_I8:
    case MW_FT_I16:
    case MW_FT_I32:
    case MW_FT_I64:
        out->kind = VALUE_INT;
        out->i = (int64_t)item->number;
        return true;
    case MW_FT_U8:
    case MW_FT_U16:
    case MW_FT_U32:
    case MW_FT_U64:
        out->kind = VALUE_UINT;
        out->u = item->number;
        return true;
    case MW_FT_F32: {
        uint32_t bits = (uint32_t)item->number;
        out->kind = VALUE_FLOAT;
        memcpy(&out->f, &bits, sizeof out->f);
        return true;
    }
    case MW_FT_F64:
        out->kind = VALUE_DOUBLE;
        memcpy(&out->d, &item->number, sizeof out->d);
        return true;
    case MW_FT_BYTES: {
        GString *hex = g_string_new(NULL);
        text_hex(hex, item->p, item->n);
        out->kind = VALUE_BYTES;
        out->text = hex;
        return true;
    }
    default:
        out->kind = VALUE_TEXT;
        out->text = wire_text(converter, c->dialect, item->collation, (struct mw_slice){item->p, item->n}, &c->invalid_bytes);
        return true;
    }
}

static void add_param(struct command *c, struct command_value v)
{
    if (!c->params)
        c->params = g_array_new(FALSE, FALSE, sizeof v);
    g_array_append_val(c->params, v);
}

static void add_attribute(struct command *c, GString *name, struct command_value v)
{
    struct command_attribute a = {name, v};
    if (!c->attributes)
        c->attributes = g_array_new(FALSE, FALSE, sizeof a);
    g_array_append_val(c->attributes, a);
}

/* Types that the request carries; where it relies on earlier ones, those of the statement. Names go with attributes. */
static void take_types(struct command *c, const struct items *items, const struct mw_stmt *stmt)
{
    GArray *types = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    for (size_t i = 0; i < items->count; i++)
        if (items->entries[i].item.field == MW_F_EXEC_TYPE) {
            uint16_t type = (uint16_t)items->entries[i].item.number;
            g_array_append_val(types, type);
        }
    if (types->len == 0 && stmt && stmt->bound)
        for (uint32_t i = 0; i < stmt->params; i++)
            g_array_append_val(types, stmt->param[i].type);
    /* Attributes follow the parameters in the list; their types are not told. */
    if (types->len > (stmt && !stmt->guessed ? stmt->params : types->len))
        g_array_set_size(types, stmt->params);
    if (types->len)
        c->param_types = types;
    else
        g_array_free(types, TRUE);
}

void command_values_take(struct command *c, const struct items *items, const struct mw_stmt *stmt,
                         struct text_converter *converter)
{
    enum { NONE, PARAM, ATTRIBUTE } within = NONE;
    uint32_t params = 0; /* seen so far: those behind the statement's own are query attributes */
    bool bulk = c->code == MW_COM_STMT_BULK_EXECUTE;
    take_types(c, items, stmt);
    for (size_t i = 0; i < items->count; i++) {
        const struct mw_item *item = &items->entries[i].item;
        struct command_value v;
        switch (item->field) {
        case MW_F_BULK_ROW: add_param(c, (struct command_value){.kind = VALUE_SET}); continue;
        case MW_F_EXEC_PARAM:
            within = !bulk && stmt && !stmt->guessed && params >= stmt->params ? ATTRIBUTE : PARAM;
            params++;
            continue;
        case MW_F_QUERY_ATTR: within = ATTRIBUTE; continue;
        case MW_F_BULK_INDICATOR:
            if (item->number == 1)
                add_param(c, (struct command_value){.kind = VALUE_NULL});
            else if (item->number > 1)
                add_param(c, (struct command_value){.kind = VALUE_INDICATOR,
                                                    .text = g_string_new(item->name ? item->name : "STMT_INDICATOR_UNKNOWN")});
            continue;
        default: break;
        }
        if (within == NONE || !value_of(c, item, converter, &v))
            continue;
        bool guessed_attribute = stmt && stmt->guessed && item->label.n;
        if (within == ATTRIBUTE || guessed_attribute) {
            GString *name = wire_text(converter, c->dialect, item->label_collation, item->label, &c->invalid_bytes);
            add_attribute(c, name ? name : g_string_new(NULL), v);
        } else
            add_param(c, v);
        within = NONE;
    }
}

void command_value_json(struct json *j, const struct command_value *v)
{
    switch (v->kind) {
    case VALUE_NULL: json_none(j); break;
    case VALUE_INT: json_int(j, v->i); break;
    case VALUE_UINT: json_uint(j, v->u); break;
    case VALUE_FLOAT:
        if (text_not_a_number(v->f))
            json_text(j, text_not_a_number(v->f));
        else
            json_float(j, v->f);
        break;
    case VALUE_DOUBLE:
        if (text_not_a_number(v->d))
            json_text(j, text_not_a_number(v->d));
        else
            json_double(j, v->d);
        break;
    case VALUE_TEXT: json_text_n(j, v->text->str, v->text->len); break;
    case VALUE_BYTES:
    case VALUE_INDICATOR:
        json_object_begin(j);
        json_put_string(j, v->kind == VALUE_BYTES ? "hex" : "indicator", v->text->str);
        json_object_end(j);
        break;
    case VALUE_SET: break;
    }
}

void command_value_sql(GString *out, const struct command_value *v)
{
    char number[TEXT_NUMBER_MAX];
    switch (v->kind) {
    case VALUE_NULL: g_string_append(out, "NULL"); break;
    case VALUE_INT: g_string_append_printf(out, "%" G_GINT64_FORMAT, v->i); break;
    case VALUE_UINT: g_string_append_printf(out, "%" G_GUINT64_FORMAT, v->u); break;
    case VALUE_FLOAT:
        text_float(number, v->f);
        g_string_append(out, *number ? number : text_not_a_number(v->f));
        break;
    case VALUE_DOUBLE:
        text_double(number, v->d);
        g_string_append(out, *number ? number : text_not_a_number(v->d));
        break;
    case VALUE_TEXT:
        g_string_append_c(out, '\'');
        for (gsize i = 0; i < v->text->len; i++) {
            char c = v->text->str[i];
            if (c == '\'' || c == '\\' || c == 0)
                g_string_append_c(out, '\\');
            g_string_append_c(out, c ? c : '0');
        }
        g_string_append_c(out, '\'');
        break;
    case VALUE_BYTES: g_string_append_printf(out, "x'%s'", v->text->str); break;
    case VALUE_INDICATOR: g_string_append(out, v->text->str); break;
    case VALUE_SET: break;
    }
}

const char *command_type_name(uint16_t type, char *scratch)
{
    enum { UNSIGNED = 0x8000, SIZE = 64 };
    const char *name = mw_name_of(MW_NAMES_COLUMN_TYPES, MW_DIALECT_UNKNOWN, type & 0xff);
    if (!(type & UNSIGNED) && name)
        return name;
    if (name)
        g_snprintf(scratch, SIZE, "%s unsigned", name);
    else
        g_snprintf(scratch, SIZE, "type %u", type & 0xff);
    return scratch;
}
