/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/report_summary.h"

#include <string.h>

#include "analyzer/digests.h"
#include "analyzer/doctor.h"
#include "analyzer/endpoint.h"
#include "analyzer/evidence.h"
#include "analyzer/handshakes.h"
#include "analyzer/latency.h"

enum { SUMMARY_SCHEMA = 1, SERVERS_MAX = 10000, STATEMENTS_SHOWN = 10 };

struct summary {
    struct handshakes *handshakes;
    struct tally *servers; /* "127.0.0.1:3306 8.4.0" */
    uint64_t commands, errors, warnings, rows;
    uint64_t bytes[2];
    struct digests *digests;
    struct sketch times;         /* microseconds of commands */
    struct tally *command_errors; /* codes */
    uint64_t passwords[4];  /* by enum password_verdict */
    uint64_t match_refused; /* matches whose login failed all the same */
};

struct summary *summary_new(const struct limits *limits)
{
    struct summary *s = g_new0(struct summary, 1);
    s->handshakes = handshakes_new();
    s->servers = tally_new(SERVERS_MAX);
    s->command_errors = tally_new(UINT16_MAX + 1);
    s->digests = digests_new(limits->digests);
    return s;
}

void summary_free(struct summary *s)
{
    handshakes_free(s->handshakes);
    tally_free(s->servers);
    tally_free(s->command_errors);
    digests_free(s->digests);
    sketch_clear(&s->times);
    g_free(s);
}

void summary_add(struct summary *s, const struct connection *c)
{
    char server[192], address[ENDPOINT_TEXT];
    handshakes_add(s->handshakes, c);
    endpoint_text(&c->server, address);
    g_snprintf(server, sizeof server, "%s %s", address, c->server_version ? c->server_version : "(version not seen)");
    tally_add(s->servers, server, strlen(server), 1);
    s->commands += c->commands;
    s->errors += c->errors;
    s->warnings += c->warnings;
    s->rows += c->rows;
    s->bytes[MW_CLIENT] += c->bytes[MW_CLIENT];
    s->bytes[MW_SERVER] += c->bytes[MW_SERVER];
    s->passwords[c->password.verdict]++;
    s->match_refused += c->password.verdict == PASSWORD_MATCH && c->auth_result == AUTH_RESULT_ERROR;
}

void summary_command(struct summary *s, const struct command *c)
{
    char code[8];
    sketch_add(&s->times, c->duration_us); /* negative: unknown, not counted */
    if (c->outcome == MW_OUTCOME_ERROR && c->error) {
        g_snprintf(code, sizeof code, "%u", c->error);
        tally_add(s->command_errors, code, strlen(code), 1);
    }
    digests_add(s->digests, c);
}

uint64_t summary_digests_over(const struct summary *s)
{
    return s->digests->other.calls + s->digests->other.prepares;
}

/* The statements that took most time, STATEMENTS_SHOWN at most, to be freed with g_free; and the time of all, also of those that are not
 * kept apart or not known. */
static const struct digest **top_statements(const struct summary *s, size_t *n, uint64_t *total_us)
{
    const struct digest **rows = digests_rows(s->digests, n);
    *total_us = digest_total_us(&s->digests->other) + digest_total_us(&s->digests->unread);
    for (size_t i = 0; i < *n; i++)
        *total_us += digest_total_us(rows[i]);
    *n = MIN(*n, STATEMENTS_SHOWN);
    return rows;
}

/* -- JSON ---------------------------------------------------------------------------------------------------------- */

static void json_tally(struct json *j, const char *key, const struct tally *tally, bool numbers)
{
    struct tally_row *rows = tally_rows(tally);
    json_key(j, key);
    json_array_begin(j);
    for (size_t i = 0; i < tally_size(tally); i++) {
        json_object_begin(j);
        if (numbers)
            json_put_uint(j, "value", g_ascii_strtoull(rows[i].key, NULL, 10));
        else
            json_put_string_n(j, "value", rows[i].key, rows[i].n);
        json_put_uint(j, "count", rows[i].count);
        json_object_end(j);
    }
    json_array_end(j);
    g_free(rows);
}

static void json_quantile(struct json *j, const char *key, const struct sketch *sketch, double q)
{
    json_put_int_if(j, key, sketch->count, sketch_quantile(sketch, q));
}

static void json_statements(struct json *j, const struct summary *s)
{
    size_t n;
    uint64_t total;
    const struct digest **rows = top_statements(s, &n, &total);
    json_key(j, "statements");
    json_array_begin(j);
    for (size_t i = 0; i < n; i++) {
        uint64_t time = digest_total_us(rows[i]);
        json_object_begin(j);
        json_put_string(j, "digest", rows[i]->id);
        json_put_string_n(j, "text", rows[i]->text->str, rows[i]->text->len);
        json_key(j, "database");
        rows[i]->database ? json_text_n(j, rows[i]->database->str, rows[i]->database->len) : json_none(j);
        json_put_uint(j, "calls", rows[i]->calls);
        json_put_uint(j, "errors", rows[i]->errors);
        json_put_uint(j, "total_us", time);
        json_put_double(j, "share", tally_share(time, total));
        json_object_end(j);
    }
    json_array_end(j);
    g_free(rows);
}

static void json_legs(struct json *j, const struct legs_sum *s)
{
    json_object_begin(j);
    json_put_uint(j, "pairs", s->pairs);
    json_put_uint(j, "tls_ended", s->tls_ended);
    json_put_uint(j, "tls_begun", s->tls_begun);
    json_put_uint(j, "ssl_cleared", s->ssl_cleared);
    json_put_uint(j, "sequence_shifted", s->sequence_shifted);
    json_put_uint(j, "capabilities_changed", s->capabilities);
    json_put_uint(j, "collation_changed", s->collation);
    json_key(j, "added_us");
    json_object_begin(j);
    json_put_uint(j, "count", s->added_us.count);
    json_quantile(j, "p50", &s->added_us, 0.5);
    json_quantile(j, "p99", &s->added_us, 0.99);
    json_object_end(j);
    json_object_end(j);
}

static void json_passwords(struct json *j, const struct summary *s)
{
    json_object_begin(j);
    for (int v = PASSWORD_MATCH; v <= PASSWORD_NOT_CHECKABLE; v++)
        json_put_uint(j, password_verdict_name(v), s->passwords[v]);
    json_put_uint(j, "match_refused", s->match_refused);
    json_object_end(j);
}

static const enum handshake_fact told[] = {HANDSHAKE_state,       HANDSHAKE_tls,  HANDSHAKE_compression,
                                           HANDSHAKE_auth_result, HANDSHAKE_auth_plugin, HANDSHAKE_user,
                                           HANDSHAKE_program,     HANDSHAKE_error_code};

static void write_json(struct output *out, const struct summary *s, const struct analysis *a, const GArray *findings)
{
    struct json json, *j = &json;
    json_init(j, out->sink, out->format == FORMAT_JSON ? JSON_INDENTED : JSON_LINES);
    json_object_begin(j);
    json_put_string(j, "event", "summary");
    json_put_uint(j, "schema", SUMMARY_SCHEMA);
    json_put_int_if(j, "start_ns", a->first_ns, a->first_ns);
    json_put_int_if(j, "end_ns", a->last_ns, a->last_ns);
    json_put_uint(j, "connections", s->handshakes->connections);
    json_put_uint(j, "whole_connections", a->diagnosis.whole);
    json_put_uint(j, "inexact_connections", a->diagnosis.inexact);
    json_put_uint(j, "unread_connections", a->diagnosis.unread);
    json_put_uint(j, "commands", s->commands);
    json_put_uint(j, "errors", s->errors);
    json_put_uint(j, "warnings", s->warnings);
    json_put_uint(j, "rows", s->rows);
    json_put_uint(j, "client_bytes", s->bytes[MW_CLIENT]);
    json_put_uint(j, "server_bytes", s->bytes[MW_SERVER]);
    json_tally(j, "servers", s->servers, false);
    for (size_t i = 0; i < G_N_ELEMENTS(told); i++)
        json_tally(j, handshake_fact_key(told[i]), s->handshakes->facts[told[i]], told[i] == HANDSHAKE_error_code);
    json_key(j, "password_check");
    a->passwords_checked ? json_passwords(j, s) : json_none(j);
    json_key(j, "login_us");
    latency_json(j, &s->handshakes->latency[PHASE_LOGIN]);
    json_key(j, "command_us");
    latency_json(j, &s->times);
    json_tally(j, "command_error_code", s->command_errors, true);
    json_statements(j, s);
    json_key(j, "proxy_legs");
    json_legs(j, &a->legs);
    json_key(j, "findings");
    doctor_json(j, findings);
    json_key(j, "evidence");
    evidence_json(j, a);
    json_object_end(j);
    json_finish(j);
}

/* -- text and markdown --------------------------------------------------------------------------------------------- */

/* Label and value: a line of text, or a list item; an indented label makes an item of the list above. */
static void line(struct output *out, const char *label, const char *value)
{
    enum { INDENT = 15 };
    char first[64];
    if (out->format == FORMAT_MARKDOWN) {
        output_printf(out, "%.*s- **%s**: ", (int)strspn(label, " "), "  ", label + strspn(label, " "));
        output_markdown(out, value);
        output_printf(out, "\n");
        return;
    }
    g_snprintf(first, sizeof first, "%-*s", INDENT, label);
    output_words(out, out->width, first, INDENT, value);
}

/* "app 12, root 3, and 4 more" */
static void line_tally(struct output *out, const char *label, const struct tally *tally, bool errors)
{
    enum { SHOWN = 6 };
    size_t n = tally_size(tally);
    if (n == 0)
        return;
    struct tally_row *rows = tally_rows(tally);
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        const char *symbol = errors ? mw_error_symbol(MW_DIALECT_UNKNOWN, (uint16_t)g_ascii_strtoull(rows[i].key, NULL, 10)) : NULL;
        g_string_append_printf(text, "%s%s%s%s × %" G_GUINT64_FORMAT, i ? ", " : "", rows[i].n ? rows[i].key : "(empty)",
                               symbol ? " " : "", symbol ? symbol : "", rows[i].count);
    }
    if (n > SHOWN)
        g_string_append_printf(text, ", and %zu more", n - SHOWN);
    line(out, label, text->str);
    g_string_free(text, TRUE);
    g_free(rows);
}

static void line_time(struct output *out, const struct analysis *a)
{
    if (!a->first_ns)
        return;
    GDateTime *from = g_date_time_new_from_unix_utc(a->first_ns / 1000000000);
    char *start = from ? g_date_time_format(from, "%Y-%m-%d %H:%M:%S UTC") : g_strdup("?");
    char *text = g_strdup_printf("%s, for %.3f s", start, (double)(a->last_ns - a->first_ns) / 1e9);
    line(out, "Captured", text);
    g_free(text);
    g_free(start);
    if (from)
        g_date_time_unref(from);
}

/* Durations of logins or commands. */
static void line_times(struct output *out, const char *label, const struct sketch *times)
{
    if (times->count == 0)
        return;
    char *text = g_strdup_printf("median %.1f ms, p99 %.1f ms, longest %.1f ms", (double)sketch_quantile(times, 0.5) / 1000,
                                 (double)sketch_quantile(times, 0.99) / 1000, (double)times->max / 1000);
    line(out, label, text);
    g_free(text);
}

static void line_statement(struct output *out, bool first, const struct digest *d, uint64_t total, const char *instead)
{
    enum { WIDTH = 64 };
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%.1f%% in %" G_GUINT64_FORMAT " call%s: ", 100.0 * (double)digest_total_us(d) / (double)total, d->calls,
                           d->calls == 1 ? "" : "s");
    if (instead)
        g_string_append(text, instead);
    else
        text_shorten(text, d->text->str, d->text->len, WIDTH - g_utf8_strlen(text->str, -1));
    line(out, first ? "  most of it" : out->format == FORMAT_MARKDOWN ? "  then" : "", text->str);
    g_string_free(text, TRUE);
}

/* "61.3% in 120 calls: SELECT …": which statements took the time. Those that are not kept apart might be among them. */
static void line_statements(struct output *out, const struct summary *s)
{
    enum { LINES = 3 };
    size_t n;
    uint64_t total;
    const struct digest **rows = top_statements(s, &n, &total);
    for (size_t i = 0; i < MIN(n, LINES) && total; i++)
        line_statement(out, i == 0, rows[i], total, NULL);
    if (total && s->digests->other.calls)
        line_statement(out, n == 0, &s->digests->other, total, "(others, not kept apart)");
    g_free(rows);
}

/* "4 connections seen on both sides; TLS ended there × 3, …" */
static void line_legs(struct output *out, const struct legs_sum *s)
{
    const struct {
        const char *what;
        uint64_t n;
    } changes[] = {{"TLS ends there", s->tls_ended},
                   {"TLS begins there", s->tls_begun},
                   {"CLIENT_SSL cleared", s->ssl_cleared},
                   {"sequence shifted", s->sequence_shifted},
                   {"other capabilities", s->capabilities},
                   {"other collation", s->collation}};
    if (s->pairs == 0)
        return;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%" G_GUINT64_FORMAT " connection%s seen on both sides", s->pairs, s->pairs == 1 ? "" : "s");
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++)
        if (changes[i].n)
            g_string_append_printf(text, ", %s × %" G_GUINT64_FORMAT, changes[i].what, changes[i].n);
    if (s->added_us.count)
        g_string_append_printf(text, "; adds %.3f ms to a command (median)", (double)sketch_quantile(&s->added_us, 0.5) / 1000);
    line(out, "Proxies", text->str);
    g_string_free(text, TRUE);
}

/* "match × 5, mismatch × 1, not checkable × 2; refused though it matches × 1" */
static void line_passwords(struct output *out, const struct summary *s)
{
    static const char *const names[] = {
        [PASSWORD_MATCH] = "match", [PASSWORD_MISMATCH] = "mismatch", [PASSWORD_NOT_CHECKABLE] = "not checkable"};
    GString *text = g_string_new(NULL);
    for (int v = PASSWORD_MATCH; v <= PASSWORD_NOT_CHECKABLE; v++)
        if (s->passwords[v])
            g_string_append_printf(text, "%s%s × %" G_GUINT64_FORMAT, text->len ? ", " : "", names[v], s->passwords[v]);
    if (s->match_refused)
        g_string_append_printf(text, "; refused though it matches × %" G_GUINT64_FORMAT, s->match_refused);
    line(out, "Passwords", text->len ? text->str : "no login was seen");
    g_string_free(text, TRUE);
}

/* What was read, and the sentences of `mywire doctor`. */
static void write_findings(struct output *out, const struct analysis *a, const GArray *findings)
{
    output_printf(out, "\n");
    evidence_head(out, a);
    if (findings->len && out->format == FORMAT_MARKDOWN)
        output_printf(out, "\n");
    for (guint i = 0; i < findings->len; i++) {
        const struct doctor_finding *f = &g_array_index(findings, struct doctor_finding, i);
        char *text = a->live ? g_strdup_printf("%s. %s", f->sentence, f->advice) : g_strdup(f->sentence); /* no file to ask the doctor about */
        char *first = g_strdup_printf("  %s: ", doctor_severity_name(f->severity));
        if (out->format == FORMAT_MARKDOWN) {
            output_printf(out, "- **%s**: ", doctor_severity_name(f->severity));
            output_markdown(out, text);
            output_printf(out, "\n");
        } else
            output_words(out, out->width, first, 4, text);
        g_free(first);
        g_free(text);
    }
    if (findings->len && !a->live)
        output_printf(out, "%s`mywire doctor` says what to do.\n", out->format == FORMAT_MARKDOWN ? "\n" : "");
}

static void write_text(struct output *out, const struct summary *s, const struct analysis *a, const GArray *findings)
{
    char *text;
    if (out->format == FORMAT_MARKDOWN)
        output_printf(out, "# mywire summary\n\n");
    line_time(out, a);
    text = g_strdup_printf("%" G_GUINT64_FORMAT, s->handshakes->connections);
    line(out, "Connections", text);
    g_free(text);
    static const struct {
        enum handshake_fact fact;
        const char *label;
    } lines[] = {{HANDSHAKE_state, "  state"},   {HANDSHAKE_tls, "  TLS"},         {HANDSHAKE_compression, "  compression"},
                 {HANDSHAKE_auth_result, "Logins"}, {HANDSHAKE_error_code, "  errors"}, {HANDSHAKE_auth_plugin, "  plugins"},
                 {HANDSHAKE_user, "Users"},      {HANDSHAKE_program, "Programs"}};
    line_tally(out, "Servers", s->servers, false);
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        line_tally(out, lines[i].label, s->handshakes->facts[lines[i].fact], lines[i].fact == HANDSHAKE_error_code);
    if (a->passwords_checked)
        line_passwords(out, s);
    line_times(out, "Login time", &s->handshakes->latency[PHASE_LOGIN]);
    text = g_strdup_printf("%" G_GUINT64_FORMAT " commands, %" G_GUINT64_FORMAT " failed, %" G_GUINT64_FORMAT
                           " rows, %" G_GUINT64_FORMAT " warnings",
                           s->commands, s->errors, s->rows, s->warnings);
    line(out, "Work", text);
    g_free(text);
    line_tally(out, "  errors", s->command_errors, true);
    line_times(out, "  time", &s->times);
    line_statements(out, s);
    line_legs(out, &a->legs);
    if (a->diagnosis.connections) {
        text = doctor_verdict(a);
        line(out, "Readable", text);
        g_free(text);
    }
    write_findings(out, a, findings);
}

void summary_write(struct output *out, const struct summary *s, const struct analysis *a)
{
    GArray *findings = doctor_findings(a);
    if (out->format == FORMAT_JSON || out->format == FORMAT_NDJSON)
        write_json(out, s, a, findings);
    else
        write_text(out, s, a, findings);
    doctor_free(findings);
}
