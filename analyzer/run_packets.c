/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire packets` */
#include "analyzer/cli.h"
#include "analyzer/evidence.h"
#include "analyzer/report_packets.h"

enum { PACKETS_SCHEMA = 1 };

struct writer {
    struct output *out;
    struct report_packets *report;
    struct json json;
};

struct run {
    struct writer *writers;
    size_t n;
};

static void begin(struct writer *w, struct output *out, const struct cli *cli)
{
    w->out = out;
    w->report = report_packets_new(cli->verbose_fields, cli->offsets, cli->show_secrets);
    if (out->format == FORMAT_TEXT) {
        output_printf(out, " PACKET      SECONDS  CONN FROM   SEQ  LENGTH  MESSAGE\n");
        return;
    }
    json_init(&w->json, out->sink, out->format == FORMAT_JSON ? JSON_INDENTED : JSON_LINES);
    if (out->format == FORMAT_JSON) {
        json_object_begin(&w->json);
        json_put_string(&w->json, "event", "packets");
        json_put_uint(&w->json, "schema", PACKETS_SCHEMA);
        json_key(&w->json, "packets");
        json_array_begin(&w->json);
    }
}

static void end(struct writer *w, const struct analysis *a)
{
    if (w->out->format == FORMAT_JSON) {
        json_array_end(&w->json);
        json_key(&w->json, "evidence");
        evidence_json(&w->json, a);
        json_object_end(&w->json);
        json_finish(&w->json);
    }
    report_packets_free(w->report);
}

static void on_packet(void *user, const struct conn_packet *p)
{
    struct run *run = user;
    for (size_t i = 0; i < run->n; i++) {
        struct writer *w = &run->writers[i];
        if (w->out->format == FORMAT_TEXT) {
            report_packet_text(w->report, w->out, p);
            continue;
        }
        report_packet_json(w->report, &w->json, p);
        if (w->out->format == FORMAT_NDJSON)
            json_finish(&w->json);
    }
}

enum cli_exit run_packets(struct cli *cli)
{
    struct analysis *a = cli_analysis(cli);
    struct run run = {.n = cli->outputs->len};
    run.writers = g_new0(struct writer, run.n);
    for (size_t i = 0; i < run.n; i++)
        begin(&run.writers[i], &g_array_index(cli->outputs, struct output, i), cli);
    const struct conn_observer observer = {.user = &run, .packet = on_packet, .header = on_packet};
    enum cli_exit result = cli_analyze(cli, a, &observer);
    for (size_t i = 0; i < run.n; i++)
        end(&run.writers[i], a);
    g_free(run.writers);
    analysis_free(a);
    return result;
}
