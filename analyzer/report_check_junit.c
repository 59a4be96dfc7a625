/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JUnit XML as Jenkins' and GitLab's readers take it (jenkinsci/xunit-plugin, junit-10.xsd):
 *
 *     testsuites > testsuite > properties, testcase > failure | error | skipped
 */
#include <string.h>

#include "analyzer/evidence.h"
#include "analyzer/report_check.h"
#include "analyzer/text.h"

/* Text for XML 1.0, in content or an attribute: what XML cannot hold, control characters and U+FFFE, U+FFFF, is not
 * there. Line ends are kept for content. */
static void xml(struct output *out, const char *text, bool lines)
{
    GString *safe = g_string_new(NULL);
    char **parts = lines ? g_strsplit(text, "\n", -1) : NULL;
    for (char **p = parts; p && *p; p++) {
        if (p != parts)
            g_string_append_c(safe, '\n');
        text_escape_terminal(safe, *p, strlen(*p));
    }
    if (!parts)
        text_escape_terminal(safe, text, strlen(text));
    g_strfreev(parts);
    GString *escaped = g_string_new(NULL);
    for (const char *p = safe->str; *p; p = g_utf8_next_char(p)) {
        gunichar character = g_utf8_get_char(p);
        switch (character) {
        case '<': g_string_append(escaped, "&lt;"); break;
        case '>': g_string_append(escaped, "&gt;"); break;
        case '&': g_string_append(escaped, "&amp;"); break;
        case '"': g_string_append(escaped, "&quot;"); break;
        default: g_string_append_unichar(escaped, character == 0xfffe || character == 0xffff ? 0xfffd : character);
        }
    }
    output_printf(out, "%s", escaped->str);
    g_string_free(safe, TRUE);
    g_string_free(escaped, TRUE);
}

static void attribute(struct output *out, const char *name, const char *value)
{
    output_printf(out, " %s=\"", name);
    xml(out, value, false);
    output_printf(out, "\"");
}

static void property(struct output *out, const char *name, const char *value)
{
    output_printf(out, "      <property");
    attribute(out, "name", name);
    attribute(out, "value", value);
    output_printf(out, "/>\n");
}

/* <failure message="…" type="…">body</failure>; takes message and body. */
static void outcome(struct output *out, const char *element, const char *type, char *message, char *body)
{
    output_printf(out, "      <%s", element);
    attribute(out, "message", message);
    attribute(out, "type", type);
    output_printf(out, ">");
    xml(out, body, true);
    output_printf(out, "</%s>\n", element);
    g_free(message);
    g_free(body);
}

static void begin_case(struct output *out, const struct check *check, const char *name)
{
    char *class = g_strdup_printf("mywire.check.%s", check->verdict->policy->name);
    output_printf(out, "    <testcase");
    attribute(out, "name", name);
    attribute(out, "classname", class);
    output_printf(out, " time=\"0\"");
    g_free(class);
}

static void failure(struct output *out, const struct check *check, enum policy_key key)
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
    char *message = g_strdup_printf("%s: %" G_GUINT64_FORMAT " finding%s, wanted: %s", row->id, n, n == 1 ? "" : "s", wanted);
    outcome(out, "failure", policy_severity_name(row->severity), message, g_string_free(body, FALSE));
    g_free(wanted);
}

static void undecided(struct output *out, const struct check *check, enum policy_key key)
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
    outcome(out, "error", "undecided", message, g_string_free(body, FALSE));
    g_free(measure);
}

/* Inputs that were not read to their ends are a test case of their own. */
static void input_case(struct output *out, const struct check *check)
{
    const GArray *inputs = check->analysis->inputs;
    begin_case(out, check, "input.complete");
    if (!evidence_incomplete(check->analysis)) {
        output_printf(out, "/>\n");
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
    output_printf(out, ">\n");
    outcome(out, "error", "input", g_strdup("an input could not be read, or not to its end"), g_string_free(body, FALSE));
    output_printf(out, "    </testcase>\n");
}

static void suite_head(struct output *out, const struct check *check)
{
    unsigned tests = 1, failures = 0, errors = evidence_incomplete(check->analysis) > 0, skipped = 0;
    enum verdict_status status;
    for (int k = 0; k < POLICY_KEYS; k++) {
        tests += check_row(check, k, &status);
        if (!check_row(check, k, &status))
            continue;
        failures += status == VERDICT_FAILED;
        errors += status == VERDICT_UNDECIDED;
        skipped += status == VERDICT_NOT_APPLICABLE;
    }
    char *name = g_strdup_printf("mywire check %s", check->verdict->policy->name);
    output_printf(out, "<testsuites");
    attribute(out, "name", name);
    output_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" time=\"0\">\n  <testsuite", tests, failures, errors);
    attribute(out, "name", name);
    output_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"0\"", tests, failures, errors,
                  skipped);
    if (check->analysis->first_ns) {
        GDateTime *time = g_date_time_new_from_unix_utc(check->analysis->first_ns / 1000000000);
        char *text = time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%S") : NULL;
        if (text)
            attribute(out, "timestamp", text);
        g_free(text);
        if (time)
            g_date_time_unref(time);
    }
    output_printf(out, ">\n");
    g_free(name);
}

void report_check_junit(struct output *out, const struct check *check)
{
    enum verdict_status status;
    char *headline = check_headline(check);
    output_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    suite_head(out, check);
    output_printf(out, "    <properties>\n");
    property(out, "policy", check->verdict->policy->name);
    property(out, "verdict", verdict_status_name(check->result));
    property(out, "summary", headline);
    output_printf(out, "    </properties>\n");
    g_free(headline);
    for (int k = 0; k < POLICY_KEYS; k++) {
        if (!check_row(check, k, &status))
            continue;
        begin_case(out, check, policy_row(k)->id);
        if (status == VERDICT_PASSED) {
            output_printf(out, "/>\n");
            continue;
        }
        output_printf(out, ">\n");
        if (status == VERDICT_FAILED)
            failure(out, check, k);
        else if (status == VERDICT_UNDECIDED)
            undecided(out, check, k);
        else
            output_printf(out, "      <skipped/>\n");
        output_printf(out, "    </testcase>\n");
    }
    input_case(out, check);
    output_printf(out, "  </testsuite>\n</testsuites>\n");
}
