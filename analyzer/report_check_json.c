/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/endpoint.h"
#include "analyzer/evidence.h"
#include "analyzer/json.h"
#include "analyzer/report_check.h"

enum { CHECK_SCHEMA = 1 };

static void put_endpoint(struct json *j, const char *ip, const char *port, const struct endpoint *e)
{
    if (!e->family) {
        json_put_null(j, ip);
        json_put_null(j, port);
        return;
    }
    char address[ENDPOINT_TEXT];
    endpoint_address(e, address);
    json_put_string(j, ip, address);
    json_put_uint(j, port, e->port);
}

static void put_rule(struct json *j, const struct check *check, enum policy_key key, enum verdict_status status)
{
    const struct policy_row *row = policy_row(key);
    const struct verdict_rule *r = &check->verdict->rules[key];
    char *wanted = check_wanted(check, key);
    bool rule = row->class == POLICY_CLASS_RULE;
    json_object_begin(j);
    json_put_string(j, "id", row->id);
    json_put_string(j, "title", row->title);
    json_put_string(j, "severity", rule ? policy_severity_name(row->severity) : NULL);
    json_put_string(j, "status", verdict_status_name(status));
    json_put_string(j, "wanted", wanted);
    json_put_uint_if(j, "measured", !rule, verdict_measure(check->verdict, check->analysis, key));
    json_put_uint_if(j, "findings", rule, verdict_findings(check->verdict, key));
    json_put_uint_if(j, "satisfied_connections", rule, r->satisfied);
    json_put_uint_if(j, "violated_connections", rule, r->violated);
    json_put_uint_if(j, "undecided_connections", rule, r->unknown);
    json_object_end(j);
    g_free(wanted);
}

static void put_finding(struct json *j, const struct check *check, enum policy_key key, const struct verdict_finding *f)
{
    char *wanted = check_wanted(check, key);
    json_object_begin(j);
    json_put_string(j, "rule", policy_row(key)->id);
    json_put_string(j, "severity", policy_severity_name(policy_row(key)->severity));
    json_put_uint(j, "connection", f->connection);
    json_put_string(j, "file", f->file);
    json_put_uint(j, "packet", f->packet);
    put_endpoint(j, "client_ip", "client_port", &f->client);
    put_endpoint(j, "server_ip", "server_port", &f->server);
    put_endpoint(j, "proxied_client_ip", "proxied_client_port", &f->proxied_client);
    json_put_string(j, "user", f->user);
    json_put_string(j, "seen", f->seen);
    json_put_string(j, "wanted", wanted);
    json_object_end(j);
    g_free(wanted);
}

static void put_undecided(struct json *j, const struct check *check, enum policy_key key)
{
    for (int i = 0; i < VERDICT_CAUSES; i++) {
        const struct verdict_unknown *u = &check->verdict->rules[key].unknowns[i];
        if (u->connections == 0)
            continue;
        char *why = check_why(u, i);
        json_object_begin(j);
        json_put_string(j, "rule", policy_row(key)->id);
        json_put_string(j, "cause", verdict_cause_name(i));
        json_put_bool(j, "allowed", verdict_cause_is_allowed(check->verdict, check->analysis, i));
        json_put_uint(j, "connections", u->connections);
        json_put_string(j, "sentence", why);
        json_put_uint(j, "connection", u->connection);
        json_put_string(j, "file", u->file);
        json_put_uint(j, "packet", u->packet);
        json_object_end(j);
        g_free(why);
    }
}

void report_check_json(struct output *out, const struct check *check)
{
    const struct verdict *v = check->verdict;
    enum verdict_status status;
    const struct verdict_finding *f;
    struct json json, *j = &json;
    json_init(j, out->sink, JSON_INDENTED);
    json_object_begin(j);
    json_put_string(j, "event", "check");
    json_put_uint(j, "schema", CHECK_SCHEMA);
    json_put_string(j, "policy", v->policy->name);
    json_put_string(j, "policy_file", v->policy->source);
    json_put_string(j, "verdict", verdict_status_name(check->result));
    json_put_int(j, "exit_status", check->exit_code);
    json_put_uint(j, "connections", v->connections);
    json_put_uint(j, "judged_connections", v->judged);
    json_put_uint(j, "findings_total", verdict_findings_total(v));
    json_key(j, "rules");
    json_array_begin(j);
    for (int k = 0; k < POLICY_KEYS; k++)
        if (check_row(check, k, &status))
            put_rule(j, check, k, status);
    json_array_end(j);
    json_key(j, "findings");
    json_array_begin(j);
    for (int k = 0; k < POLICY_KEYS; k++)
        for (guint i = 0; (f = check_finding(check, k, i)); i++)
            put_finding(j, check, k, f);
    json_array_end(j);
    json_key(j, "undecided");
    json_array_begin(j);
    for (int k = 0; k < POLICY_KEYS; k++)
        put_undecided(j, check, k);
    json_array_end(j);
    json_key(j, "evidence");
    evidence_json(j, check->analysis);
    json_object_end(j);
    json_finish(j);
}
