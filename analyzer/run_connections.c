/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire connections` */
#include "analyzer/cli.h"
#include "analyzer/evidence.h"
#include "analyzer/reorder.h"
#include "analyzer/report_connections.h"

/* Connections that are held back to be told in order of their beginning, and rows of a table that is printed at once. */
enum { WINDOW = 4096, PAGE = 10000, CONNECTIONS_SCHEMA = 1 };

/* One output of the run. */
struct writer {
    struct output *out;
    struct json json;
    struct csv csv;
    struct record record;
    struct table *table;
    size_t rows;
};

struct run {
    struct writer *writers;
    size_t n;
    struct reorder *reorder;
};

static void begin(struct writer *w, struct output *out)
{
    static const struct connection none;
    w->out = out;
    switch (out->format) {
    case FORMAT_TEXT: w->table = report_connection_table(out->width, out->color); break;
    case FORMAT_CSV:
        csv_init(&w->csv, out->sink, out->terminal);
        record_csv(&w->record, &w->csv);
        w->record.header = true;
        report_connection(&w->record, &none);
        w->record.header = false;
        break;
    default:
        json_init(&w->json, out->sink, out->format == FORMAT_JSON ? JSON_INDENTED : JSON_LINES);
        record_json(&w->record, &w->json);
        if (out->format == FORMAT_JSON) {
            json_object(&w->json);
            json_put_string(&w->json, "event", "connections");
            json_put_uint(&w->json, "schema", CONNECTIONS_SCHEMA);
            json_key(&w->json, "connections");
            json_array(&w->json);
        }
    }
}

static void write_one(struct writer *w, const struct connection *c)
{
    switch (w->out->format) {
    case FORMAT_TEXT:
        report_connection_row(w->table, c);
        if (++w->rows % PAGE == 0) {
            table_print(w->table, w->out->sink);
            table_free(w->table);
            w->table = report_connection_table(w->out->width, w->out->color);
        }
        break;
    case FORMAT_NDJSON:
        report_connection(&w->record, c);
        json_finish(&w->json);
        break;
    default: report_connection(&w->record, c); break;
    }
}

static void end(struct writer *w, const struct analysis *a)
{
    switch (w->out->format) {
    case FORMAT_TEXT:
        if (w->rows % PAGE)
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

static void on_record(void *user, void *record)
{
    struct run *run = user;
    struct connection *c = record;
    for (size_t i = 0; i < run->n; i++)
        write_one(&run->writers[i], c);
    connection_free(c);
}

static void on_closed(void *user, struct connection *c)
{
    struct run *run = user;
    reorder_push(run->reorder, c->id, c);
}

enum cli_exit run_connections(struct cli *cli)
{
    struct analysis *a = analysis_new();
    struct run run = {.n = cli->outputs->len};
    run.writers = g_new0(struct writer, run.n);
    run.reorder = reorder_new(WINDOW, on_record, &run);
    for (size_t i = 0; i < run.n; i++)
        begin(&run.writers[i], &g_array_index(cli->outputs, struct output, i));
    const struct conn_observer observer = {.user = &run, .closed = on_closed};
    enum cli_exit result = cli_analyze(cli, a, &observer);
    reorder_finish(run.reorder);
    for (size_t i = 0; i < run.n; i++)
        end(&run.writers[i], a);
    g_free(run.writers);
    analysis_free(a);
    return result;
}
