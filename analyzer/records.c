/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/records.h"

#include "analyzer/evidence.h"

/* Rows of a table that is printed at once: its columns fit what is known. */
enum { PAGE = 10000 };

/* One output. */
struct writer {
    struct output *out;
    struct json json;
    struct csv csv;
    struct record record;
    struct table *table;
    size_t rows; /* in the table */
};

struct records {
    const struct records_kind *kind;
    size_t n;
    struct writer writers[];
};

static void begin(struct writer *w, struct output *out, const struct records_kind *kind)
{
    w->out = out;
    switch (out->format) {
    case FORMAT_TEXT: w->table = kind->table(out->width, out->color); break;
    case FORMAT_CSV:
        csv_init(&w->csv, out->sink, out->terminal);
        record_csv(&w->record, &w->csv);
        w->record.header = true;
        kind->write(&w->record, kind->none);
        w->record.header = false;
        break;
    default:
        json_init(&w->json, out->sink, out->format == FORMAT_JSON ? JSON_INDENTED : JSON_LINES);
        record_json(&w->record, &w->json);
        if (out->format == FORMAT_JSON) {
            json_object_begin(&w->json);
            json_put_string(&w->json, "event", kind->plural);
            json_put_uint(&w->json, "schema", kind->schema);
            json_key(&w->json, kind->plural);
            json_array_begin(&w->json);
        }
    }
}

struct records *records_begin(const GArray *outputs, const struct records_kind *kind)
{
    struct records *r = g_malloc0(sizeof *r + outputs->len * sizeof r->writers[0]);
    r->kind = kind;
    r->n = outputs->len;
    for (size_t i = 0; i < r->n; i++)
        begin(&r->writers[i], &g_array_index(outputs, struct output, i), kind);
    return r;
}

static void turn_page(struct writer *w, const struct records_kind *kind)
{
    table_print(w->table, w->out->sink);
    table_free(w->table);
    w->table = kind->table(w->out->width, w->out->color);
    w->rows = 0;
}

void records_flush(struct records *r)
{
    for (size_t i = 0; i < r->n; i++) {
        struct writer *w = &r->writers[i];
        if (w->out->format != FORMAT_TEXT || w->rows == 0)
            continue;
        turn_page(w, r->kind);
        table_hide_header(w->table);
    }
}

void records_write(struct records *r, const void *item)
{
    for (size_t i = 0; i < r->n; i++) {
        struct writer *w = &r->writers[i];
        switch (w->out->format) {
        case FORMAT_TEXT:
            r->kind->row(w->table, item);
            if (++w->rows == PAGE)
                turn_page(w, r->kind);
            break;
        case FORMAT_NDJSON:
            r->kind->write(&w->record, item);
            json_finish(&w->json);
            break;
        default: r->kind->write(&w->record, item); break;
        }
    }
}

static void end(struct writer *w, const struct analysis *a)
{
    switch (w->out->format) {
    case FORMAT_TEXT:
        if (w->rows)
            table_print(w->table, w->out->sink);
        table_free(w->table);
        break;
    case FORMAT_JSON:
        json_array_end(&w->json);
        json_key(&w->json, "evidence");
        evidence_json(&w->json, a);
        json_object_end(&w->json);
        json_finish(&w->json);
        break;
    case FORMAT_CSV: csv_clear(&w->csv); break;
    default: break;
    }
    record_clear(&w->record);
}

void records_end(struct records *r, const struct analysis *a)
{
    for (size_t i = 0; i < r->n; i++)
        end(&r->writers[i], a);
    g_free(r);
}
