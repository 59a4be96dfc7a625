/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SARIF 2.1.0, by the numbers of the specification's sections:
 *
 *     sarifLog 3.13 > run 3.14 > tool 3.18 > toolComponent 3.19 > reportingDescriptor 3.49
 *                              > result 3.27 > location 3.28 > physicalLocation 3.29, logicalLocation 3.33
 *                              > invocation 3.20 > notification 3.58
 *
 * A finding is a result of kind "fail", what could not be decided one of kind "open" (3.27.9), whose level is "none"
 * (3.27.10). A capture is no text, so there is no region; the packet is a logical location. */
#include <string.h>

#include "analyzer/endpoint.h"
#include "analyzer/evidence.h"
#include "analyzer/json.h"
#include "analyzer/report_check.h"

/* "message": {"text": …}, and others of this shape; takes `text`. Braces would be placeholders (3.11.5), "](" a link
 * (3.11.6). */
static void put_message(struct json *j, const char *key, char *text)
{
    GString *escaped = g_string_new(NULL);
    for (const char *p = text; *p; p++) {
        if (*p == '{' || *p == '}')
            g_string_append_c(escaped, *p);
        g_string_append_c(escaped, *p);
        if (p[0] == ']' && p[1] == '(')
            g_string_append_c(escaped, ' ');
    }
    json_key(j, key);
    json_object_begin(j);
    json_put_string(j, "text", escaped->str);
    json_object_end(j);
    g_string_free(escaped, TRUE);
    g_free(text);
}

static void put_rule(struct json *j, const struct check *check, enum policy_key key)
{
    const struct policy_row *row = policy_row(key);
    bool rule = row->class == POLICY_CLASS_RULE;
    char *wanted = check_wanted(check, key);
    json_object_begin(j);
    json_put_string(j, "id", row->id);
    put_message(j, "shortDescription", g_strdup(row->title));
    put_message(j, "fullDescription", g_strdup_printf("%s. Wanted: %s.", row->title, wanted));
    json_key(j, "help");
    json_object_begin(j);
    json_put_string(j, "text", row->help);
    json_put_string(j, "markdown", row->help);
    json_object_end(j);
    json_key(j, "defaultConfiguration");
    json_object_begin(j);
    json_put_string(j, "level", rule ? policy_severity_name(row->severity) : "error");
    json_object_end(j);
    json_object_end(j);
    g_free(wanted);
}

/* A path as a URI reference: relative ones stay so. */
static char *uri_of(const char *path)
{
    char *escaped = g_uri_escape_string(path, "/", FALSE);
    char *uri = *path == '/' ? g_strconcat("file://", escaped, NULL) : g_strdup(escaped);
    g_free(escaped);
    return uri;
}

static void put_artifact(struct json *j, const char *key, const char *path)
{
    char *uri = uri_of(path);
    if (key)
        json_key(j, key);
    json_object_begin(j);
    json_put_string(j, "uri", uri);
    json_object_end(j);
    g_free(uri);
}

static void put_location(struct json *j, uint64_t connection, uint64_t packet, const char *file)
{
    char *name = g_strdup_printf("packet %" G_GUINT64_FORMAT, packet);
    char *whole = g_strdup_printf("connection %" G_GUINT64_FORMAT "/%s", connection, name);
    json_key(j, "locations");
    json_array_begin(j);
    json_object_begin(j);
    if (file) {
        json_key(j, "physicalLocation");
        json_object_begin(j);
        put_artifact(j, "artifactLocation", file);
        json_object_end(j);
    }
    json_key(j, "logicalLocations");
    json_array_begin(j);
    json_object_begin(j);
    json_put_string(j, "name", name);
    json_put_string(j, "fullyQualifiedName", whole);
    json_put_string(j, "kind", "packet");
    json_object_end(j);
    json_array_end(j);
    json_object_end(j);
    json_array_end(j);
    g_free(name);
    g_free(whole);
}

/* Equal for the same trouble in another recording: ports, connections and packets are not part of it. */
static char *fingerprint(enum policy_key key, const struct verdict_finding *f)
{
    char server[ENDPOINT_TEXT];
    endpoint_address(&f->server, server);
    char *text = g_strjoin("\n", policy_row(key)->id, server, f->user ? f->user : "", f->seen, NULL);
    char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    g_free(text);
    return sum;
}

static void begin_result(struct json *j, const char *id, unsigned index, const char *kind, const char *level)
{
    json_object_begin(j);
    json_put_string(j, "ruleId", id);
    json_put_uint(j, "ruleIndex", index);
    json_put_string(j, "kind", kind);
    json_put_string(j, "level", level);
}

static void put_finding(struct json *j, const struct check *check, enum policy_key key, unsigned index,
                        const struct verdict_finding *f)
{
    const struct policy_row *row = policy_row(key);
    char *wanted = check_wanted(check, key), *who = check_who(f), *sum = fingerprint(key, f);
    char *where = check_where(f->connection, f->packet, f->file);
    begin_result(j, row->id, index, "fail", policy_severity_name(row->severity));
    put_message(j, "message", g_strdup_printf("%s, wanted: %s (%s; %s)", f->seen, wanted, who, where));
    put_location(j, f->connection, f->packet, f->file);
    json_key(j, "partialFingerprints");
    json_object_begin(j);
    json_put_string(j, "mywireTrouble/v1", sum);
    json_object_end(j);
    json_key(j, "properties");
    json_object_begin(j);
    json_put_uint(j, "connection", f->connection);
    json_put_uint(j, "packet", f->packet);
    json_put_string(j, "user", f->user);
    json_put_string(j, "seen", f->seen);
    json_put_string(j, "wanted", wanted);
    json_object_end(j);
    json_object_end(j);
    g_free(wanted);
    g_free(who);
    g_free(where);
    g_free(sum);
}

static void put_undecided(struct json *j, const struct check *check, enum policy_key key, unsigned index)
{
    const struct policy_row *row = policy_row(key);
    if (row->class == POLICY_CLASS_EVIDENCE) {
        char *measure = check_measure(check, key);
        begin_result(j, row->id, index, "open", "none");
        put_message(j, "message", g_strdup_printf("%s: %s", row->id, measure));
        json_object_end(j);
        g_free(measure);
        return;
    }
    for (int i = 0; i < VERDICT_CAUSES; i++) {
        const struct verdict_unknown *u = &check->verdict->rules[key].unknowns[i];
        if (u->connections == 0 || verdict_cause_is_allowed(check->verdict, check->analysis, i))
            continue;
        begin_result(j, row->id, index, "open", "none");
        put_message(j, "message", check_why(u, i));
        put_location(j, u->connection, u->packet, u->file);
        json_object_end(j);
    }
}

static void put_results(struct json *j, const struct check *check)
{
    enum verdict_status status;
    unsigned index = 0;
    const struct verdict_finding *f;
    json_key(j, "results");
    json_array_begin(j);
    for (int k = 0; k < POLICY_KEYS; k++) {
        if (!check_row(check, k, &status))
            continue;
        for (guint i = 0; (f = check_finding(check, k, i)); i++)
            put_finding(j, check, k, index, f);
        if (status != VERDICT_PASSED)
            put_undecided(j, check, k, index);
        index++;
    }
    json_array_end(j);
}

static void put_tool(struct json *j, const struct check *check)
{
    enum verdict_status status;
    json_key(j, "tool");
    json_object_begin(j);
    json_key(j, "driver");
    json_object_begin(j);
    json_put_string(j, "name", "mywire");
    json_put_string(j, "version", MW_VERSION);
    json_key(j, "rules");
    json_array_begin(j);
    for (int k = 0; k < POLICY_KEYS; k++)
        if (check_row(check, k, &status))
            put_rule(j, check, k);
    json_array_end(j);
    json_object_end(j);
    json_object_end(j);
}

/* How the run went: an input that could not be read is a notification of the tool's own. */
static void put_invocation(struct json *j, const struct check *check)
{
    const GArray *inputs = check->analysis->inputs;
    char *headline = check_headline(check);
    json_key(j, "invocations");
    json_array_begin(j);
    json_object_begin(j);
    json_put_bool(j, "executionSuccessful", evidence_incomplete(check->analysis) == 0);
    json_put_int(j, "exitCode", check->exit_code);
    json_put_string(j, "exitCodeDescription", headline);
    json_key(j, "toolExecutionNotifications");
    json_array_begin(j);
    for (guint i = 0; i < inputs->len; i++) {
        const struct analysis_input *input = &g_array_index(inputs, struct analysis_input, i);
        if (!input->error)
            continue;
        json_object_begin(j);
        json_put_string(j, "level", "error");
        put_message(j, "message", g_strdup(input->error));
        json_object_end(j);
    }
    json_array_end(j);
    json_object_end(j);
    json_array_end(j);
    g_free(headline);
}

void report_check_sarif(struct output *out, const struct check *check)
{
    struct json json, *j = &json;
    json_init(j, out->sink, JSON_INDENTED);
    json_object_begin(j);
    json_put_string(j, "$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json");
    json_put_string(j, "version", "2.1.0");
    json_key(j, "runs");
    json_array_begin(j);
    json_object_begin(j);
    put_tool(j, check);
    put_invocation(j, check);
    json_key(j, "artifacts");
    json_array_begin(j);
    for (guint i = 0; i < check->analysis->inputs->len; i++) { /* each once (3.14.15) */
        const struct analysis_input *inputs = &g_array_index(check->analysis->inputs, struct analysis_input, 0);
        guint first = 0;
        while (strcmp(inputs[first].path, inputs[i].path) != 0)
            first++;
        if (first < i)
            continue;
        json_object_begin(j);
        put_artifact(j, "location", inputs[i].path);
        json_object_end(j);
    }
    json_array_end(j);
    put_results(j, check);
    json_key(j, "properties");
    json_object_begin(j);
    json_put_string(j, "policy", check->verdict->policy->name);
    json_put_string(j, "verdict", verdict_status_name(check->result));
    json_object_end(j);
    json_object_end(j);
    json_array_end(j);
    json_object_end(j);
    json_finish(j);
}
