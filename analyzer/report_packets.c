/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/report_packets.h"

#include <string.h>

enum { PACKET_SCHEMA = 1, SUMMARY_SIZE = 512, BYTES_SHOWN = 64 };

struct report_packets *report_packets_new(bool fields, bool offsets, bool show_secrets)
{
    struct report_packets *r = g_new0(struct report_packets, 1);
    r->fields = fields;
    r->offsets = offsets;
    r->show_secrets = show_secrets;
    r->converter = text_converter_new();
    r->scratch = g_string_new(NULL);
    r->line = g_string_new(NULL);
    return r;
}

void report_packets_free(struct report_packets *r)
{
    text_converter_free(r->converter);
    g_string_free(r->scratch, TRUE);
    g_string_free(r->line, TRUE);
    g_free(r);
}

static bool is_text(enum mw_field_type type)
{
    return type == MW_FT_TEXT || type == MW_FT_TEXTZ || type == MW_FT_TEXTL;
}

static bool is_bool(enum mw_field_type type)
{
    return type == MW_FT_BOOL8 || type == MW_FT_BOOL16 || type == MW_FT_BOOL32;
}

static bool is_signed(enum mw_field_type type)
{
    return type == MW_FT_I8 || type == MW_FT_I16 || type == MW_FT_I32 || type == MW_FT_I64;
}

/* Text of a collation's character set as UTF-8, in `scratch`. */
static void text_of(struct report_packets *r, enum mw_dialect dialect, uint16_t collation, const uint8_t *s, size_t n)
{
    const char *charset = collation ? mw_collation_charset(dialect, collation) : NULL;
    uint64_t invalid = 0;
    g_string_truncate(r->scratch, 0);
    text_to_utf8(r->converter, charset, s, n, r->scratch, &invalid);
}

static void to_utf8(struct report_packets *r, enum mw_dialect dialect, const struct mw_item *item)
{
    text_of(r, dialect, item->collation, item->p, item->n);
}

static bool is_address(enum mw_field_type type)
{
    return type == MW_FT_IPV4 || type == MW_FT_IPV6;
}

static void item_address(const struct mw_item *item, char text[MW_ADDRESS_TEXT])
{
    mw_address_text(mw_field(item->field)->type == MW_FT_IPV4 ? 4 : 6, item->p, text);
}

static float item_float(const struct mw_item *item)
{
    float f;
    uint32_t bits = (uint32_t)item->number;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static double item_double(const struct mw_item *item)
{
    double d;
    memcpy(&d, &item->number, sizeof d);
    return d;
}

/* -- text ---------------------------------------------------------------------------------------------------------- */

static void append_hex_width(GString *line, const struct mw_item *item)
{
    g_string_append_printf(line, "0x%0*" G_GINT64_MODIFIER "x", (int)(2 * MIN(item->length, 8)), item->number);
}

static void append_time(GString *line, const struct mw_item *item)
{
    GDateTime *time = g_date_time_new_from_unix_utc((gint64)item->number);
    char *text = time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S UTC") : NULL;
    g_string_append(line, text ? text : "?");
    g_free(text);
    if (time)
        g_date_time_unref(time);
}

void report_value_text(struct report_packets *r, enum mw_dialect dialect, const struct mw_item *item, GString *line)
{
    const struct mw_field *f = mw_field(item->field);
    char number[TEXT_NUMBER_MAX], address[MW_ADDRESS_TEXT];
    if (f->flags & MW_FLAG_SECRET && !r->show_secrets) {
        g_string_append_printf(line, "(%u bytes, hidden)", item->n);
    } else if (is_text(f->type)) {
        to_utf8(r, dialect, item);
        text_escape_terminal(line, r->scratch->str, r->scratch->len);
    } else if (f->type == MW_FT_BYTES) {
        text_hex(line, item->p, MIN(item->n, BYTES_SHOWN));
        if (item->n > BYTES_SHOWN)
            g_string_append_printf(line, "… (%u bytes)", item->n);
    } else if (is_address(f->type)) {
        item_address(item, address);
        g_string_append(line, address);
    } else if (is_bool(f->type)) {
        g_string_append(line, item->number ? "yes" : "no");
    } else if (f->type == MW_FT_TIME32) {
        append_time(line, item);
    } else if (f->type == MW_FT_F32) {
        text_float(number, item_float(item));
        g_string_append(line, *number ? number : text_not_a_number(item_float(item)));
    } else if (f->type == MW_FT_F64) {
        text_double(number, item_double(item));
        g_string_append(line, *number ? number : text_not_a_number(item_double(item)));
    } else if (item->name) {
        g_string_append_printf(line, "%s (%" G_GUINT64_FORMAT ")", item->name, item->number);
    } else if (f->base == MW_BASE_HEX) {
        append_hex_width(line, item);
    } else if (is_signed(f->type)) {
        g_string_append_printf(line, "%" G_GINT64_FORMAT, (int64_t)item->number);
    } else {
        g_string_append_printf(line, "%" G_GUINT64_FORMAT, item->number);
    }
}

void report_label_text(struct report_packets *r, enum mw_dialect dialect, const struct mw_item *item, GString *line)
{
    text_of(r, dialect, item->label_collation, item->label.p, item->label.n);
    text_escape_terminal(line, r->scratch->str, r->scratch->len);
}

/* "Label: ", or of a value "column = " */
static void append_label(struct report_packets *r, const struct conn_packet *p, const struct mw_item *item)
{
    const struct mw_field *f = mw_field(item->field);
    if (!item->label.p) {
        g_string_append(r->line, f->label);
        if (f->type != MW_FT_HEADING)
            g_string_append(r->line, ": ");
        return;
    }
    report_label_text(r, p->ctx->dialect, item, r->line);
    g_string_append(r->line, " = ");
}

static void text_fields(struct report_packets *r, struct output *out, const struct conn_packet *p)
{
    for (size_t i = 0; i < p->items->count; i++) {
        const struct items_entry *e = &p->items->entries[i];
        const struct mw_field *f = mw_field(e->item.field);
        g_string_truncate(r->line, 0);
        if (r->offsets)
            g_string_append_printf(r->line, "  %6u %6u", e->item.offset, e->item.length);
        g_string_append_printf(r->line, "  %*s", 2 * (e->depth + 1), "");
        append_label(r, p, &e->item);
        const char *quote = f->flags & MW_FLAG_VALUE && is_text(f->type) ? "'" : ""; /* NULL is not 'NULL' */
        g_string_append(r->line, quote);
        if (f->type != MW_FT_HEADING)
            report_value_text(r, p->ctx->dialect, &e->item, r->line);
        else if (f->flags & MW_FLAG_VALUE)
            g_string_append(r->line, "NULL");
        g_string_append(r->line, quote);
        g_string_append_c(r->line, '\n');
        sink_write(out->sink, r->line->str, r->line->len);
    }
}

static void text_notes(struct output *out, uint64_t notes)
{
    for (int i = 0; i < MW_NOTE_COUNT; i++)
        if (notes >> i & 1)
            output_printf(out, "    ! %s\n", mw_note(i)->text);
}

static const char *summary_of(const struct conn_packet *p, char summary[SUMMARY_SIZE])
{
    _Static_assert((int)SUMMARY_SIZE >= (int)MW_PROXY_SUMMARY, "room for both");
    if (p->proxy)
        mw_proxy_summary(p->proxy, summary);
    else
        mw_summary(p->ctx, p->dir, p->msg, summary, SUMMARY_SIZE);
    return summary;
}

void report_packet_text(struct report_packets *r, struct output *out, const struct conn_packet *p)
{
    char summary[SUMMARY_SIZE], sequence[4] = "-";
    summary_of(p, summary);
    if (!p->proxy)
        g_snprintf(sequence, sizeof sequence, "%u", p->packet->sequence);
    if (!r->start_ns)
        r->start_ns = p->packet->last.time_ns;
    g_string_printf(r->line, "%7" G_GUINT64_FORMAT " %12.6f %5" G_GUINT64_FORMAT " %s %3s %7" G_GUINT64_FORMAT "  ",
                    p->packet->last.number, (double)(p->packet->last.time_ns - r->start_ns) / 1e9, p->connection->id,
                    p->dir == MW_CLIENT ? "client" : "server", sequence, p->packet->length);
    text_escape_terminal(r->line, summary, strlen(summary));
    g_string_append_c(r->line, '\n');
    sink_write(out->sink, r->line->str, r->line->len);
    if (r->fields)
        text_fields(r, out, p);
    if (r->fields)
        text_notes(out, p->notes);
}

/* -- JSON ---------------------------------------------------------------------------------------------------------- */

static void json_hex(struct report_packets *r, struct json *j, const struct mw_item *item)
{
    g_string_truncate(r->scratch, 0);
    text_hex(r->scratch, item->p, item->n);
    json_object_begin(j);
    json_put_string_n(j, "hex", r->scratch->str, r->scratch->len);
    json_object_end(j);
}

static void json_value(struct report_packets *r, struct json *j, const struct conn_packet *p, const struct mw_item *item)
{
    const struct mw_field *f = mw_field(item->field);
    char address[MW_ADDRESS_TEXT];
    if (f->flags & MW_FLAG_SECRET && !r->show_secrets) {
        json_none(j);
    } else if (is_text(f->type)) {
        to_utf8(r, p->ctx->dialect, item);
        json_text_n(j, r->scratch->str, r->scratch->len);
    } else if (f->type == MW_FT_BYTES) {
        json_hex(r, j, item);
    } else if (f->type == MW_FT_HEADING) {
        json_none(j);
    } else if (is_address(f->type)) {
        item_address(item, address);
        json_text(j, address);
    } else if (is_bool(f->type)) {
        json_bool(j, item->number);
    } else if (f->type == MW_FT_F32) {
        json_float(j, item_float(item));
    } else if (f->type == MW_FT_F64) {
        json_double(j, item_double(item));
    } else if (is_signed(f->type)) {
        json_int(j, (int64_t)item->number);
    } else {
        json_uint(j, item->number);
    }
}

static void json_field(struct report_packets *r, struct json *j, const struct conn_packet *p, const struct items_entry *e)
{
    const struct mw_field *f = mw_field(e->item.field);
    json_object_begin(j);
    json_put_string(j, "name", f->filter);
    json_put_uint(j, "depth", e->depth);
    if (r->offsets) {
        json_put_uint(j, "offset", e->item.offset);
        json_put_uint(j, "length", e->item.length);
    }
    if (e->item.label.p) {
        text_of(r, p->ctx->dialect, e->item.label_collation, e->item.label.p, e->item.label.n);
        json_put_string_n(j, "of", r->scratch->str, r->scratch->len);
    }
    json_key(j, "value");
    json_value(r, j, p, &e->item);
    if (e->item.name)
        json_put_string(j, "symbol", e->item.name);
    if (f->flags & MW_FLAG_SECRET && !r->show_secrets)
        json_put_bool(j, "hidden", true);
    json_object_end(j);
}

void report_packet_json(struct report_packets *r, struct json *j, const struct conn_packet *p)
{
    char summary[SUMMARY_SIZE];
    json_object_begin(j);
    json_put_string(j, "event", "packet");
    json_put_uint(j, "schema", PACKET_SCHEMA);
    json_put_uint(j, "connection", p->connection->id);
    json_put_uint(j, "packet", p->packet->last.number);
    json_put_int(j, "time_ns", p->packet->last.time_ns);
    json_put_string(j, "from", p->dir == MW_CLIENT ? "client" : "server");
    if (p->proxy)
        json_put_null(j, "sequence");
    else
        json_put_uint(j, "sequence", p->packet->sequence);
    json_put_uint(j, "length", p->packet->length);
    json_put_string(j, "message", p->proxy ? "PROXY Header" : mw_kind_name(p->msg->kind));
    json_put_string(j, "summary", summary_of(p, summary));
    json_key(j, "fields");
    json_array_begin(j);
    for (size_t i = 0; i < p->items->count; i++)
        json_field(r, j, p, &p->items->entries[i]);
    json_array_end(j);
    json_key(j, "notes");
    json_array_begin(j);
    for (int i = 0; i < MW_NOTE_COUNT; i++)
        if (p->notes >> i & 1)
            json_text(j, mw_note(i)->key);
    json_array_end(j);
    json_object_end(j);
}
