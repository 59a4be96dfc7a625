/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "analyzer/evidence.h"
#include "analyzer/junit.h"
#include "analyzer/report_check.h"
#include "analyzer/text.h"

static void failure(struct output *out, const struct check *check, const char *class, enum policy_key key)
{
    enum { SHOWN = 100 };
    const struct policy_row *row = policy_row(key);
    const struct verdict_finding *f;
    uint64_t n = verdict_findings(check->verdict, key);
    char *wanted = check_wanted(check, key);
    GString *body = g_string_new(NULL);
    for (guint i = 0; i < SHOWN && (f = check_finding(check, key, i)); i++) {
        char *where = check_where(f->connection, f->packet, f->file), *who = check_who(f);
        char *one = g_strdup_printf("%s (%s; %s)", f->seen, who, where);
        text_escape_terminal(body, one, strlen(one));
        g_string_append_c(body, '\n');
        g_free(where);
        g_free(who);
        g_free(one);
    }
    if (n > SHOWN)
        g_string_append_printf(body, "and %" G_GUINT64_FORMAT " more\n", n - SHOWN);
    g_string_append_printf(body, "\n%s\n", row->help);
    char *message =
        g_strdup_printf("%s: %" G_GUINT64_FORMAT " finding%s, wanted: %s", row->id, n, n == 1 ? "" : "s", wanted);
    junit_outcome(out, class, row->id, "failure", policy_severity_name(row->severity), message,
                  g_string_free(body, FALSE));
    g_free(wanted);
}

static void undecided(struct output *out, const struct check *check, const char *class, enum policy_key key)
{
    const struct policy_row *row = policy_row(key);
    GString *body = g_string_new(NULL);
    for (int i = 0; i < VERDICT_CAUSES && row->class == POLICY_CLASS_RULE; i++) {
        const struct verdict_unknown *u = &check->verdict->rules[key].unknowns[i];
        if (u->connections == 0 || verdict_cause_is_allowed(check->verdict, check->analysis, i))
            continue;
        char *why = check_why(u, i), *where = check_where(u->connection, u->packet, u->file);
        char *one = g_strdup_printf("%s (%s)", why, where);
        text_escape_terminal(body, one, strlen(one));
        g_string_append_c(body, '\n');
        g_free(why);
        g_free(where);
        g_free(one);
    }
    char *measure = row->class == POLICY_CLASS_EVIDENCE ? check_measure(check, key) : NULL;
    char *message = measure ? g_strdup_printf("%s: %s", row->id, measure) : g_strdup_printf("%s: undecided", row->id);
    if (measure)
        g_string_append_printf(body, "%s\n", row->help);
    junit_outcome(out, class, row->id, "error", "undecided", message, g_string_free(body, FALSE));
    g_free(measure);
}

/* Inputs that were not read to their ends are a test case of their own. */
static void input_case(struct output *out, const struct check *check, const char *class)
{
    const GArray *inputs = check->analysis->inputs;
    if (!evidence_incomplete(check->analysis)) {
        junit_passed(out, class, "input.complete");
        return;
    }
    GString *body = g_string_new(NULL);
    for (guint i = 0; i < inputs->len; i++) {
        const char *error = g_array_index(inputs, struct analysis_input, i).error;
        if (error)
            text_escape_terminal(body, error, strlen(error));
        if (error)
            g_string_append_c(body, '\n');
    }
    junit_outcome(out, class, "input.complete", "error", "input",
                  g_strdup("an input could not be read, or not to its end"), g_string_free(body, FALSE));
}

static struct junit_counts count(const struct check *check)
{
    struct junit_counts n = {.tests = 1, .errors = evidence_incomplete(check->analysis) > 0};
    enum verdict_status status;
    for (int k = 0; k < POLICY_KEYS; k++) {
        if (!check_row(check, k, &status))
            continue;
        n.tests++;
        n.failures += status == VERDICT_FAILED;
        n.errors += status == VERDICT_UNDECIDED;
        n.skipped += status == VERDICT_NOT_APPLICABLE;
    }
    return n;
}

void report_check_junit(struct output *out, const struct check *check)
{
    enum verdict_status status;
    const char *policy = check->verdict->policy->name;
    char *headline = check_headline(check), *class = g_strdup_printf("mywire.check.%s", policy);
    char *name = g_strdup_printf("mywire check %s", policy);
    const struct junit_counts counts = count(check);
    const char *const properties[] = {"policy",  policy,   "verdict", verdict_status_name(check->result),
                                      "summary", headline, NULL};
    junit_begin(out, name, &counts, check->analysis->first_ns);
    junit_properties(out, properties);
    for (int k = 0; k < POLICY_KEYS; k++) {
        if (!check_row(check, k, &status))
            continue;
        if (status == VERDICT_PASSED)
            junit_passed(out, class, policy_row(k)->id);
        else if (status == VERDICT_FAILED)
            failure(out, check, class, k);
        else if (status == VERDICT_UNDECIDED)
            undecided(out, check, class, k);
        else
            junit_skipped(out, class, policy_row(k)->id);
    }
    input_case(out, check, class);
    junit_end(out);
    g_free(headline);
    g_free(class);
    g_free(name);
}
