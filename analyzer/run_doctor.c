/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire doctor`: what could not be read and why, and what to do next. */
#include "analyzer/cli.h"
#include "analyzer/doctor.h"
#include "analyzer/evidence.h"

enum { DOCTOR_SCHEMA = 1 };

static void write_json(struct output *out, const struct analysis *a, const GArray *findings)
{
    struct json json, *j = &json;
    json_init(j, out->sink, JSON_INDENTED);
    json_object_begin(j);
    json_put_string(j, "event", "doctor");
    json_put_uint(j, "schema", DOCTOR_SCHEMA);
    json_put_uint(j, "connections", a->diagnosis.connections);
    json_put_uint(j, "whole_connections", a->diagnosis.whole);
    json_put_uint(j, "unread_connections", a->diagnosis.unread);
    json_put_uint(j, "inexact_connections", a->diagnosis.inexact);
    json_key(j, "findings");
    doctor_json(j, findings);
    json_key(j, "evidence");
    evidence_json(j, a);
    json_object_end(j);
    json_finish(j);
}

/* A line with a label; texts hold names of files, which may hold anything. */
static void line(struct output *out, const char *label, const char *text)
{
    output_printf(out, "%s", label);
    output_text(out, text);
    output_printf(out, "\n");
}

static void write_example(struct output *out, const struct diagnosis_case *k)
{
    if (!k->file)
        return;
    GString *text = g_string_new(NULL);
    if (k->connection)
        g_string_append_printf(text, "connection %" G_GUINT64_FORMAT ", ", k->connection);
    if (k->packet)
        g_string_append_printf(text, "packet %" G_GUINT64_FORMAT " of ", k->packet);
    g_string_append(text, k->file);
    line(out, "  see  ", text->str);
    g_string_free(text, TRUE);
}

static void write_text(struct output *out, const struct analysis *a, const GArray *findings)
{
    char *verdict = doctor_verdict(a);
    line(out, "Readable: ", verdict);
    g_free(verdict);
    for (guint i = 0; i < findings->len; i++) {
        const struct doctor_finding *f = &g_array_index(findings, struct doctor_finding, i);
        char *label = g_strdup_printf("\n%s: ", doctor_severity_name(f->severity));
        line(out, label, f->sentence);
        g_free(label);
        write_example(out, &f->example);
        line(out, "  do   ", f->advice);
        line(out, "  run  ", f->command);
    }
    if (findings->len == 0)
        output_printf(out, "\nNothing is in the way of reading this capture.\n");
}

enum cli_exit run_doctor(struct cli *cli)
{
    struct analysis *a = cli_analysis(cli);
    const struct conn_observer observer = {0};
    enum cli_exit result = cli_analyze(cli, a, &observer);
    GArray *findings = doctor_findings(a);
    for (guint i = 0; result != CLI_USAGE && i < cli->outputs->len; i++) {
        struct output *out = &g_array_index(cli->outputs, struct output, i);
        if (out->format == FORMAT_JSON)
            write_json(out, a, findings);
        else
            write_text(out, a, findings);
    }
    doctor_free(findings);
    analysis_free(a);
    return result;
}
