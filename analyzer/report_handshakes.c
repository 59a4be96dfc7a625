/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/report_handshakes.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/csv.h"
#include "analyzer/evidence.h"
#include "analyzer/latency.h"
#include "analyzer/table.h"

enum { HANDSHAKES_SCHEMA = 1 };

static const char *error_symbol(const struct tally_row *row)
{
    return mw_error_symbol(MW_DIALECT_UNKNOWN, (uint16_t)strtoul(row->key, NULL, 10));
}

/* -- JSON ---------------------------------------------------------------------------------------------------------- */

static void json_fact(struct json *j, const struct handshakes *h, enum handshake_fact fact, int64_t now_ns)
{
    struct handshake_certificate certificate;
    struct tally_row *rows = tally_rows(h->facts[fact]);
    json_key(j, handshake_fact_key(fact));
    json_array_begin(j);
    for (size_t i = 0; i < tally_size(h->facts[fact]); i++) {
        json_object_begin(j);
        if (fact == HANDSHAKE_error_code) {
            json_put_uint(j, "value", strtoul(rows[i].key, NULL, 10));
            json_put_string(j, "symbol", error_symbol(&rows[i]));
        } else if (fact == HANDSHAKE_tls_certificate && handshake_certificate(rows[i].key, now_ns, &certificate)) {
            json_put_string(j, "value", certificate.subject);
            json_put_string(j, "not_after", certificate.not_after);
            json_put_int(j, "days_left", certificate.days_left);
        } else {
            json_put_string_n(j, "value", rows[i].key, rows[i].n);
        }
        json_put_uint(j, "count", rows[i].count);
        json_put_double(j, "share", tally_share(rows[i].count, h->connections));
        json_object_end(j);
    }
    json_array_end(j);
    g_free(rows);
}

static void json_capabilities(struct json *j, const struct handshakes *h)
{
    const char *name;
    struct handshake_capability row;
    json_key(j, "capability");
    json_array_begin(j);
    for (size_t i = 0; handshakes_capability_at(h, i, &name, &row); i++) {
        json_object_begin(j);
        json_put_string(j, "name", name);
        json_put_uint(j, "server", row.server);
        json_put_uint(j, "client", row.client);
        json_put_uint(j, "both", row.both);
        json_put_double(j, "server_share", tally_share(row.server, h->greeted));
        json_put_double(j, "client_share", tally_share(row.client, h->spoke));
        json_put_double(j, "both_share", tally_share(row.both, h->both));
        json_object_end(j);
    }
    json_array_end(j);
}

/* The members that the whole and each group have. */
static void json_inventory(struct json *j, const struct handshakes *h, int64_t now_ns)
{
    json_put_uint(j, "connections", h->connections);
    json_key(j, "by");
    json_object_begin(j);
    json_capabilities(j, h);
    for (int i = 0; i < HANDSHAKE_FACTS; i++)
        json_fact(j, h, i, now_ns);
    json_object_end(j);
    json_key(j, "latency_us");
    json_object_begin(j);
    for (int i = 0; i < HANDSHAKE_PHASES; i++) {
        json_key(j, handshake_phase_name(i));
        latency_json(j, &h->latency[i]);
    }
    json_object_end(j);
}

static void json_group(struct json *j, const enum handshake_fact *by, size_t n_by, char *const *values,
                       const struct handshakes *h, int64_t now_ns)
{
    json_object_begin(j);
    json_key(j, "group");
    json_object_begin(j);
    for (size_t i = 0; i < n_by; i++)
        json_put_string(j, handshake_fact_key(by[i]), values[i]);
    json_object_end(j);
    json_inventory(j, h, now_ns);
    json_object_end(j);
}

static void json_groups(struct json *j, const struct handshake_groups *groups, int64_t now_ns)
{
    size_t n_by, n;
    const enum handshake_fact *by = handshake_groups_by(groups, &n_by);
    const struct handshake_group **rows = handshake_groups_rows(groups, &n);
    json_key(j, "grouped_by");
    json_array_begin(j);
    for (size_t i = 0; i < n_by; i++)
        json_text(j, handshake_fact_key(by[i]));
    json_array_end(j);
    json_key(j, "groups");
    json_array_begin(j);
    for (size_t i = 0; i < n; i++)
        json_group(j, by, n_by, rows[i]->values, rows[i]->handshakes, now_ns);
    json_array_end(j);
    const struct handshakes *other = handshake_groups_other(groups);
    json_put_uint(j, "other_connections", other ? other->connections : 0);
    g_free(rows);
}

static int write_json(struct output *out, const struct handshakes *h, const struct handshake_groups *groups,
                      const struct analysis *a)
{
    struct json json, *j = &json;
    json_init(j, out->sink, out->format == FORMAT_JSON ? JSON_INDENTED : JSON_LINES);
    json_object_begin(j);
    json_put_string(j, "event", "handshakes");
    json_put_uint(j, "schema", HANDSHAKES_SCHEMA);
    json_inventory(j, h, a->last_ns);
    if (groups)
        json_groups(j, groups, a->last_ns);
    json_key(j, "evidence");
    evidence_json(j, a);
    json_object_end(j);
    return json_finish(j);
}

/* -- CSV: fact, value, count, share; capabilities three rows each; latencies with their quantiles as values -------- */

static void csv_line(struct csv *csv, const char *fact, const char *value, size_t n, uint64_t count, double part)
{
    csv_string(csv, fact);
    csv_string_n(csv, value, n);
    csv_uint(csv, count);
    csv_double(csv, part);
    csv_row_end(csv);
}

static int write_csv(struct output *out, const struct handshakes *h)
{
    struct csv csv;
    csv_init(&csv, out->sink, out->terminal);
    static const char *const header[] = {"fact", "value", "count", "share"};
    for (size_t i = 0; i < G_N_ELEMENTS(header); i++)
        csv_string(&csv, header[i]);
    csv_row_end(&csv);
    const char *name;
    struct handshake_capability row;
    for (size_t i = 0; handshakes_capability_at(h, i, &name, &row); i++) {
        csv_line(&csv, "capability_server", name, strlen(name), row.server, tally_share(row.server, h->greeted));
        csv_line(&csv, "capability_client", name, strlen(name), row.client, tally_share(row.client, h->spoke));
        csv_line(&csv, "capability_both", name, strlen(name), row.both, tally_share(row.both, h->both));
    }
    for (int f = 0; f < HANDSHAKE_FACTS; f++) {
        struct tally_row *rows = tally_rows(h->facts[f]);
        for (size_t i = 0; i < tally_size(h->facts[f]); i++)
            csv_line(&csv, handshake_fact_key(f), rows[i].key, rows[i].n, rows[i].count,
                     tally_share(rows[i].count, h->connections));
        g_free(rows);
    }
    for (int p = 0; p < HANDSHAKE_PHASES; p++)
        for (size_t i = 0; h->latency[p].count && i < LATENCY_QUANTILES; i++) {
            char *key = g_strdup_printf("latency_us_%s_%s", handshake_phase_name(p), latency_quantiles[i].name);
            csv_string(&csv, key);
            csv_int(&csv, sketch_quantile(&h->latency[p], latency_quantiles[i].q));
            csv_uint(&csv, h->latency[p].count);
            csv_null(&csv);
            csv_row_end(&csv);
            g_free(key);
        }
    int error = csv.error;
    csv_clear(&csv);
    return error;
}

/* -- groups: a row each -------------------------------------------------------------------------------------------- */

static uint64_t count_of(const struct handshakes *h, enum handshake_fact fact, const char *value)
{
    return tally_count(h->facts[fact], value, strlen(value));
}

static void csv_group(struct csv *csv, char *const *values, size_t n_by, const struct handshakes *h)
{
    for (size_t i = 0; i < n_by; i++)
        values ? csv_string(csv, values[i]) : csv_string(csv, TALLY_OTHER);
    csv_uint(csv, h->connections);
    csv_uint(csv, count_of(h, HANDSHAKE_auth_result, "ok"));
    csv_uint(csv, count_of(h, HANDSHAKE_auth_result, "error"));
    csv_uint(csv, count_of(h, HANDSHAKE_tls, "yes"));
    csv_uint(csv, count_of(h, HANDSHAKE_tls, "no"));
    for (int p = 0; p < HANDSHAKE_PHASES; p++) {
        const struct sketch *s = &h->latency[p];
        csv_uint(csv, s->count);
        for (size_t i = 0; i < LATENCY_QUANTILES; i++)
            s->count ? csv_int(csv, sketch_quantile(s, latency_quantiles[i].q)) : csv_null(csv);
        s->count ? csv_int(csv, s->max) : csv_null(csv);
    }
    csv_row_end(csv);
}

static int write_csv_groups(struct output *out, const struct handshake_groups *groups)
{
    struct csv csv;
    csv_init(&csv, out->sink, out->terminal);
    size_t n_by, n;
    const enum handshake_fact *by = handshake_groups_by(groups, &n_by);
    for (size_t i = 0; i < n_by; i++)
        csv_string(&csv, handshake_fact_key(by[i]));
    static const char *const header[] = {"connections", "login_ok", "login_error", "tls_yes", "tls_no"};
    for (size_t i = 0; i < G_N_ELEMENTS(header); i++)
        csv_string(&csv, header[i]);
    for (int p = 0; p < HANDSHAKE_PHASES; p++) {
        static const char *const parts[] = {"count", "p50", "p90", "p95", "p99", "max"};
        for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
            char key[64];
            g_snprintf(key, sizeof key, "%s_us_%s", handshake_phase_name(p), parts[i]);
            csv_string(&csv, key);
        }
    }
    csv_row_end(&csv);
    const struct handshake_group **rows = handshake_groups_rows(groups, &n);
    for (size_t i = 0; i < n; i++)
        csv_group(&csv, rows[i]->values, n_by, rows[i]->handshakes);
    if (handshake_groups_other(groups))
        csv_group(&csv, NULL, n_by, handshake_groups_other(groups));
    g_free(rows);
    int error = csv.error;
    csv_clear(&csv);
    return error;
}

/* -- text ---------------------------------------------------------------------------------------------------------- */

static void cell_share(struct table *t, uint64_t n, uint64_t of)
{
    char text[32];
    g_snprintf(text, sizeof text, "%.1f%%", of ? 100.0 * (double)n / (double)of : 0);
    table_cell(t, text, TABLE_PLAIN);
}

/* What stands in the table for a value of a fact; to be freed. */
static char *fact_text(enum handshake_fact fact, const struct tally_row *row, int64_t now_ns)
{
    struct handshake_certificate c;
    const char *symbol = fact == HANDSHAKE_error_code ? error_symbol(row) : NULL;
    if (symbol)
        return g_strdup_printf("%s %s", row->key, symbol);
    if (fact != HANDSHAKE_tls_certificate || !handshake_certificate(row->key, now_ns, &c))
        return g_strdup(row->n ? row->key : "(empty)");
    if (c.days_left < 0)
        return g_strdup_printf("%s, expired %" G_GINT64_FORMAT " days before (%.10s)", c.subject, -c.days_left,
                               c.not_after);
    return g_strdup_printf("%s, %" G_GINT64_FORMAT " days left (%.10s)", c.subject, c.days_left, c.not_after);
}

static void fact_rows(struct table *t, const struct handshakes *h, enum handshake_fact fact, int64_t now_ns)
{
    enum { SHOWN = 20 };
    size_t n = tally_size(h->facts[fact]);
    struct tally_row *rows = tally_rows(h->facts[fact]);
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        char *value = fact_text(fact, &rows[i], now_ns);
        table_row(t);
        table_cell(t, i == 0 ? handshake_fact_title(fact) : "", TABLE_STRONG);
        table_cell(t, value, TABLE_PLAIN);
        table_cell_int(t, (int64_t)rows[i].count, TABLE_PLAIN);
        cell_share(t, rows[i].count, h->connections);
        g_free(value);
    }
    if (n > SHOWN) {
        char *more = g_strdup_printf("… and %zu more (-F json shows all)", n - SHOWN);
        table_row(t);
        table_cell(t, "", TABLE_PLAIN);
        table_cell(t, more, TABLE_DIM);
        g_free(more);
    }
    g_free(rows);
}

static void text_facts(struct output *out, const struct handshakes *h, int64_t now_ns)
{
    static const struct table_column columns[] = {
        {"FACT", 0, 0}, {"VALUE", TABLE_TRUNCATE, 0}, {"COUNT", TABLE_RIGHT, 0}, {"SHARE", TABLE_RIGHT, 0}};
    struct table *t = table_new(columns, G_N_ELEMENTS(columns), out->width, out->color);
    for (int i = 0; i < HANDSHAKE_FACTS; i++)
        fact_rows(t, h, i, now_ns);
    table_print(t, out->sink);
    table_free(t);
    output_printf(out, "\n");
}

static void text_capabilities(struct output *out, const struct handshakes *h)
{
    static const struct table_column columns[] = {{"CAPABILITY", TABLE_TRUNCATE, 0},
                                                  {"SERVER", TABLE_RIGHT, 0},
                                                  {"", TABLE_RIGHT, 0},
                                                  {"CLIENT", TABLE_RIGHT, 0},
                                                  {"", TABLE_RIGHT, 0},
                                                  {"BOTH", TABLE_RIGHT, 0},
                                                  {"", TABLE_RIGHT, 0}};
    struct table *t = table_new(columns, G_N_ELEMENTS(columns), out->width, out->color);
    const char *name;
    struct handshake_capability row;
    for (size_t i = 0; handshakes_capability_at(h, i, &name, &row); i++) {
        table_row(t);
        table_cell(t, name, TABLE_PLAIN);
        table_cell_int(t, (int64_t)row.server, TABLE_PLAIN);
        cell_share(t, row.server, h->greeted);
        table_cell_int(t, (int64_t)row.client, TABLE_PLAIN);
        cell_share(t, row.client, h->spoke);
        table_cell_int(t, (int64_t)row.both, TABLE_PLAIN);
        cell_share(t, row.both, h->both);
    }
    table_print(t, out->sink);
    table_free(t);
    output_printf(out, "\n");
}

static void cell_ms(struct table *t, int64_t us)
{
    char text[32];
    g_snprintf(text, sizeof text, "%.3f", (double)us / 1000);
    table_cell(t, text, TABLE_PLAIN);
}

static void text_latency(struct output *out, const struct handshakes *h)
{
    static const struct table_column columns[] = {
        {"PHASE (ms)", 0, 0},    {"COUNT", TABLE_RIGHT, 0}, {"MIN", TABLE_RIGHT, 0}, {"P50", TABLE_RIGHT, 0},
        {"P90", TABLE_RIGHT, 0}, {"P95", TABLE_RIGHT, 0},   {"P99", TABLE_RIGHT, 0}, {"MAX", TABLE_RIGHT, 0}};
    struct table *t = table_new(columns, G_N_ELEMENTS(columns), out->width, out->color);
    for (int p = 0; p < HANDSHAKE_PHASES; p++) {
        const struct sketch *s = &h->latency[p];
        if (!s->count)
            continue;
        table_row(t);
        table_cell(t, handshake_phase_name(p), TABLE_PLAIN);
        table_cell_int(t, (int64_t)s->count, TABLE_PLAIN);
        cell_ms(t, s->min);
        for (size_t i = 0; i < LATENCY_QUANTILES; i++)
            cell_ms(t, sketch_quantile(s, latency_quantiles[i].q));
        cell_ms(t, s->max);
    }
    table_print(t, out->sink);
    table_free(t);
    output_printf(out, "\n");
}

static void text_group(struct table *t, const struct handshake_group *group, const enum handshake_fact *by, size_t n_by,
                       const struct handshakes *h, int64_t now_ns, uint64_t of)
{
    table_row(t);
    for (size_t i = 0; i < n_by; i++) {
        const char *value = group ? group->values[i] : TALLY_OTHER;
        const struct tally_row row = {.key = value, .n = value ? strlen(value) : 0};
        char *text = value && group ? fact_text(by[i], &row, now_ns) : g_strdup(value ? value : "(not seen)");
        table_cell(t, text, value && group ? TABLE_PLAIN : TABLE_DIM);
        g_free(text);
    }
    uint64_t failed = count_of(h, HANDSHAKE_auth_result, "error");
    const struct sketch *login = &h->latency[PHASE_LOGIN];
    table_cell_int(t, (int64_t)h->connections, TABLE_STRONG);
    cell_share(t, h->connections, of);
    table_cell_int(t, (int64_t)failed, failed ? TABLE_BAD : TABLE_PLAIN);
    cell_share(t, count_of(h, HANDSHAKE_tls, "yes"), tally_total(h->facts[HANDSHAKE_tls]));
    if (login->count) {
        cell_ms(t, sketch_quantile(login, 0.5));
        cell_ms(t, sketch_quantile(login, 0.95));
    }
}

static void text_groups(struct output *out, const struct handshakes *h, const struct handshake_groups *groups,
                        int64_t now_ns)
{
    static const struct table_column rest[] = {{"CONNS", TABLE_RIGHT, 0},  {"SHARE", TABLE_RIGHT, 0},
                                               {"FAILED", TABLE_RIGHT, 0}, {"TLS", TABLE_RIGHT, 0},
                                               {"LOGIN P50", TABLE_RIGHT, 0}, {"P95 (ms)", TABLE_RIGHT, 0}};
    struct table_column columns[HANDSHAKE_BY_MAX + G_N_ELEMENTS(rest)];
    char *titles[HANDSHAKE_BY_MAX];
    size_t n_by, n;
    const enum handshake_fact *by = handshake_groups_by(groups, &n_by);
    for (size_t i = 0; i < n_by; i++) {
        titles[i] = g_ascii_strup(handshake_fact_title(by[i]), -1);
        columns[i] = (struct table_column){titles[i], TABLE_TRUNCATE, 0};
    }
    memcpy(columns + n_by, rest, sizeof rest);
    struct table *t = table_new(columns, n_by + G_N_ELEMENTS(rest), out->width, out->color);
    const struct handshake_group **rows = handshake_groups_rows(groups, &n);
    for (size_t i = 0; i < n; i++)
        text_group(t, rows[i], by, n_by, rows[i]->handshakes, now_ns, h->connections);
    if (handshake_groups_other(groups))
        text_group(t, NULL, by, n_by, handshake_groups_other(groups), now_ns, h->connections);
    table_print(t, out->sink);
    table_free(t);
    g_free(rows);
    for (size_t i = 0; i < n_by; i++)
        g_free(titles[i]);
    output_printf(out, "\n");
}

static int write_text(struct output *out, const struct handshakes *h, const struct handshake_groups *groups,
                      const struct analysis *a)
{
    output_printf(out, "%" G_GUINT64_FORMAT " connection%s\n\n", h->connections, h->connections == 1 ? "" : "s");
    if (h->connections && groups) {
        text_groups(out, h, groups, a->last_ns);
    } else if (h->connections) {
        text_facts(out, h, a->last_ns);
        text_capabilities(out, h);
        text_latency(out, h);
    }
    return evidence_text(out, a);
}

int report_handshakes(struct output *out, const struct handshakes *h, const struct handshake_groups *groups,
                      const struct analysis *a)
{
    switch (out->format) {
    case FORMAT_JSON:
    case FORMAT_NDJSON: return write_json(out, h, groups, a);
    case FORMAT_CSV: return groups ? write_csv_groups(out, groups) : write_csv(out, h);
    default: return write_text(out, h, groups, a);
    }
}
