/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire fields` */
#include "analyzer/cli.h"
#include "analyzer/record.h"
#include "analyzer/table.h"
#include "mywire/field.h"

enum { FIELDS_SCHEMA = 1 };

static const char *type_name(enum mw_field_type type)
{
    static const char *const names[] = {"heading", "uint8", "uint16", "uint24", "uint32", "uint64", "int8", "int16",
                                        "int32",   "int64", "float",  "double", "bool",   "bool",   "bool", "text",
                                        "text",    "text",  "bytes",  "time",   "ipv4",   "ipv6"};
    return names[type];
}

static void write_records(struct record *r, const struct mw_field *f)
{
    record_begin(r);
    record_string(r, "name", f->filter);
    record_string(r, "label", f->label);
    record_string(r, "type", type_name(f->type));
    record_uint_if(r, "mask", f->mask, f->mask);
    record_bool(r, "secret", f->flags & MW_FLAG_SECRET);
    record_string(r, "help", f->help);
    record_end(r);
}

static void write_text(struct output *out)
{
    static const struct table_column columns[] = {{"NAME", 0, 0}, {"TYPE", 0, 0}, {"MEANING", TABLE_WRAP, 0}};
    struct table *t = table_new(columns, G_N_ELEMENTS(columns), out->width, out->color);
    for (int i = 0; i < MW_F_COUNT; i++) {
        const struct mw_field *f = mw_field(i);
        table_row(t);
        table_cell(t, f->filter, TABLE_STRONG);
        table_cell(t, type_name(f->type), TABLE_PLAIN);
        table_cell(t, f->help, TABLE_PLAIN);
    }
    table_print(t, out->sink);
    table_free(t);
}

static void write_csv(struct output *out)
{
    struct csv csv;
    struct record r;
    csv_init(&csv, out->sink, out->terminal);
    record_csv(&r, &csv);
    r.header = true;
    write_records(&r, mw_field(0));
    r.header = false;
    for (int i = 0; i < MW_F_COUNT; i++)
        write_records(&r, mw_field(i));
    record_clear(&r);
    csv_clear(&csv);
}

static void write_json(struct output *out)
{
    struct json json;
    struct record r;
    json_init(&json, out->sink, out->format == FORMAT_JSON ? JSON_INDENTED : JSON_LINES);
    record_json(&r, &json);
    json_object_begin(&json);
    json_put_string(&json, "event", "fields");
    json_put_uint(&json, "schema", FIELDS_SCHEMA);
    json_key(&json, "fields");
    json_array_begin(&json);
    for (int i = 0; i < MW_F_COUNT; i++)
        write_records(&r, mw_field(i));
    json_array_end(&json);
    json_object_end(&json);
    json_finish(&json);
}

enum cli_exit run_fields(struct cli *cli)
{
    for (guint i = 0; i < cli->outputs->len; i++) {
        struct output *out = &g_array_index(cli->outputs, struct output, i);
        switch (out->format) {
        case FORMAT_TEXT: write_text(out); break;
        case FORMAT_CSV: write_csv(out); break;
        default: write_json(out); break;
        }
    }
    return CLI_OK;
}
