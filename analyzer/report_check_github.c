/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Workflow commands of GitHub Actions: `::error title=…,file=…::message`. A step shows ten of a kind, so there is one
 * for a rule. In the message %, CR and LF are escaped, in properties : and , too (actions/toolkit,
 * packages/core/src/command.ts). */
#include <string.h>

#include "analyzer/evidence.h"
#include "analyzer/report_check.h"
#include "analyzer/text.h"

static void escape(GString *out, const char *text, bool property)
{
    GString *safe = g_string_new(NULL);
    text_escape_terminal(safe, text, strlen(text));
    for (const char *p = safe->str; *p; p++) {
        if (*p == '%' || *p == '\r' || *p == '\n' || (property && (*p == ':' || *p == ',')))
            g_string_append_printf(out, "%%%02X", (unsigned char)*p);
        else
            g_string_append_c(out, *p);
    }
    g_string_free(safe, TRUE);
}

static void annotate(struct output *out, const char *command, const char *id, const char *file, const char *message)
{
    GString *line = g_string_new("::");
    g_string_append_printf(line, "%s title=mywire check", command);
    if (id)
        g_string_append_c(line, ' ');
    escape(line, id ? id : "", true);
    if (file) {
        g_string_append(line, ",file=");
        escape(line, file, true);
    }
    g_string_append(line, "::");
    escape(line, message, false);
    output_printf(out, "%s\n", line->str);
    g_string_free(line, TRUE);
}

static void annotate_failed(struct output *out, const struct check *check, enum policy_key key)
{
    const struct policy_row *row = policy_row(key);
    const struct verdict_finding *f = check_finding(check, key, 0);
    uint64_t n = verdict_findings(check->verdict, key);
    char *wanted = check_wanted(check, key);
    if (!f) { /* none was kept */
        annotate(out, policy_severity_name(row->severity), row->id, NULL, row->title);
        g_free(wanted);
        return;
    }
    char *where = check_where(f->connection, f->packet, f->file), *who = check_who(f);
    GString *message = g_string_new(NULL);
    g_string_append_printf(message, "%s, wanted: %s (%s; %s)", f->seen, wanted, who, where);
    if (n > 1)
        g_string_append_printf(message, ", and %" G_GUINT64_FORMAT " more", n - 1);
    annotate(out, policy_severity_name(row->severity), row->id, f->file, message->str);
    g_string_free(message, TRUE);
    g_free(where);
    g_free(who);
    g_free(wanted);
}

static void annotate_undecided(struct output *out, const struct check *check, enum policy_key key)
{
    const struct policy_row *row = policy_row(key);
    if (row->class == POLICY_CLASS_EVIDENCE) {
        char *measure = check_measure(check, key);
        char *message = g_strdup_printf("undecided: %s: %s", row->id, measure);
        annotate(out, "error", row->id, NULL, message);
        g_free(measure);
        g_free(message);
        return;
    }
    for (int i = 0; i < VERDICT_CAUSES; i++) {
        const struct verdict_unknown *u = &check->verdict->rules[key].unknowns[i];
        if (u->connections == 0 || verdict_cause_is_allowed(check->verdict, check->analysis, i))
            continue;
        char *why = check_why(u, i), *where = check_where(u->connection, u->packet, u->file);
        char *message = g_strdup_printf("undecided: %s (%s)", why, where);
        annotate(out, "error", row->id, u->file, message);
        g_free(why);
        g_free(where);
        g_free(message);
    }
}

void report_check_github(struct output *out, const struct check *check)
{
    enum verdict_status status;
    for (int k = 0; k < POLICY_KEYS; k++) {
        if (!check_row(check, k, &status))
            continue;
        if (status == VERDICT_FAILED)
            annotate_failed(out, check, k);
        else if (status == VERDICT_UNDECIDED)
            annotate_undecided(out, check, k);
    }
    const GArray *inputs = check->analysis->inputs;
    for (guint i = 0; i < inputs->len; i++) {
        const struct analysis_input *input = &g_array_index(inputs, struct analysis_input, i);
        if (input->error)
            annotate(out, "error", "input", input->path, input->error);
    }
    char *headline = check_headline(check);
    char *message = g_strdup_printf("%s %s", check_result_word(check->result), headline);
    annotate(out, check->result == VERDICT_PASSED ? "notice" : "error", NULL, NULL, message);
    g_free(headline);
    g_free(message);
}
