/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/report_digest.h"

#include <string.h>

#include "analyzer/csv.h"
#include "analyzer/evidence.h"
#include "analyzer/latency.h"
#include "analyzer/table.h"
#include "analyzer/tally.h"

enum { DIGEST_SCHEMA = 1 };

/* What the parts of the result have together. */
struct sums {
    uint64_t calls, prepares, errors, total_us;
};

static void add_sums(struct sums *s, const struct digest *d)
{
    uint64_t us = digest_total_us(d);
    s->calls += d->calls;
    s->prepares += d->prepares;
    s->errors += d->errors;
    s->total_us = s->total_us + us < us ? UINT64_MAX : s->total_us + us;
}

static struct sums sums_of(const struct digests *all, const struct digest **rows, size_t n)
{
    struct sums s = {0};
    for (size_t i = 0; i < n; i++)
        add_sums(&s, rows[i]);
    add_sums(&s, &all->other);
    add_sums(&s, &all->unread);
    return s;
}

/* -- JSON ---------------------------------------------------------------------------------------------------------- */

static void put_text(struct json *j, const char *key, const GString *text)
{
    if (text)
        json_put_string_n(j, key, text->str, text->len);
    else
        json_put_null(j, key);
}

static void put_time(struct json *j, const char *key, int64_t value, bool known)
{
    if (known)
        json_put_int(j, key, value);
    else
        json_put_null(j, key);
}

static void json_errors(struct json *j, const struct digest *d)
{
    json_key(j, "error_codes");
    json_array_begin(j);
    for (size_t i = 0; i < DIGEST_ERRORS && d->error_codes[i].count; i++) {
        json_object_begin(j);
        json_put_uint(j, "value", d->error_codes[i].code);
        json_put_string(j, "symbol", mw_error_symbol(d->worst.dialect, d->error_codes[i].code));
        json_put_uint(j, "count", d->error_codes[i].count);
        json_object_end(j);
    }
    json_array_end(j);
    json_put_uint(j, "other_errors", d->other_errors);
}

static void json_sample(struct json *j, const struct digest_sample *s)
{
    json_key(j, "worst");
    if (!s->there) {
        json_none(j);
        return;
    }
    json_object_begin(j);
    json_put_uint(j, "connection", s->connection);
    json_put_uint(j, "ordinal", s->ordinal);
    json_put_uint(j, "packet", s->packet);
    put_time(j, "start_ns", s->start_ns, s->start_ns != 0);
    put_time(j, "duration_us", s->duration_us, s->duration_us >= 0);
    put_time(j, "first_byte_us", s->first_byte_us, s->first_byte_us >= 0);
    json_put_uint(j, "rows", s->rows);
    put_time(j, "error_code", s->error, s->error != 0);
    put_text(j, "sql", s->sql);
    json_put_uint(j, "sql_bytes", s->sql_bytes);
    json_put_bool(j, "sql_truncated", s->sql_truncated);
    json_object_end(j);
}

/* What is counted, of an entry or of several together. */
static void json_counts(struct json *j, const struct digest *d, const struct sums *s)
{
    json_put_uint(j, "calls", d->calls);
    json_put_uint(j, "prepares", d->prepares);
    json_put_uint(j, "errors", d->errors);
    json_errors(j, d);
    json_put_uint(j, "warnings", d->warnings);
    json_put_uint(j, "rows_sent", d->rows_sent);
    json_put_uint(j, "rows_affected", d->rows_affected);
    json_put_uint(j, "request_bytes", d->request_bytes);
    json_put_uint(j, "response_bytes", d->response_bytes);
    json_put_uint(j, "inexact", d->inexact);
    json_put_uint(j, "total_us", digest_total_us(d));
    json_put_double(j, "total_share", tally_share(digest_total_us(d), s->total_us));
    put_time(j, "mean_us", sketch_mean(&d->duration), d->duration.count > 0);
    json_key(j, "duration_us");
    latency_json(j, &d->duration);
    json_key(j, "first_byte_us");
    latency_json(j, &d->first_byte);
    put_time(j, "first_seen_ns", d->first_seen_ns, d->first_seen_ns != 0);
    put_time(j, "last_seen_ns", d->last_seen_ns, d->last_seen_ns != 0);
    json_sample(j, &d->worst);
}

static void json_digest(struct json *j, const struct digest *d, const struct sums *s)
{
    json_object_begin(j);
    json_put_string(j, "digest", d->id);
    put_text(j, "database", d->database);
    put_text(j, "text", d->text);
    json_put_bool(j, "text_cut", d->cut);
    json_put_string(j, "fingerprint", d->worst.fingerprint);
    json_put_string(j, "fingerprint_id", *d->worst.fingerprint_id ? d->worst.fingerprint_id : NULL);
    json_counts(j, d, s);
    json_object_end(j);
}

static void json_together(struct json *j, const char *key, const struct digest *d, const struct sums *s)
{
    json_key(j, key);
    if (!d->calls && !d->prepares) {
        json_none(j);
        return;
    }
    json_object_begin(j);
    json_counts(j, d, s);
    json_object_end(j);
}

static int write_json(struct output *out, const struct digests *all, const struct digest **rows, size_t n, const struct analysis *a)
{
    struct json json, *j = &json;
    const struct sums s = sums_of(all, rows, n);
    json_init(j, out->sink, out->format == FORMAT_JSON ? JSON_INDENTED : JSON_LINES);
    json_object_begin(j);
    json_put_string(j, "event", "digest");
    json_put_uint(j, "schema", DIGEST_SCHEMA);
    json_put_uint(j, "calls", s.calls);
    json_put_uint(j, "prepares", s.prepares);
    json_put_uint(j, "errors", s.errors);
    json_put_uint(j, "total_us", s.total_us);
    json_put_uint(j, "commands_without_sql", all->without_sql);
    json_key(j, "digests");
    json_array_begin(j);
    for (size_t i = 0; i < n; i++)
        json_digest(j, rows[i], &s);
    json_array_end(j);
    json_together(j, "other", &all->other, &s);
    json_together(j, "unread", &all->unread, &s);
    json_key(j, "evidence");
    evidence_json(j, a);
    json_object_end(j);
    return json_finish(j);
}

/* -- CSV ----------------------------------------------------------------------------------------------------------- */

static void csv_time(struct csv *csv, int64_t value, bool known)
{
    known ? csv_int(csv, value) : csv_null(csv);
}

static void csv_text(struct csv *csv, const GString *text)
{
    text ? csv_string_n(csv, text->str, text->len) : csv_null(csv);
}

static void csv_latency(struct csv *csv, const struct sketch *s)
{
    csv_time(csv, s->min, s->count);
    for (size_t i = 0; i < LATENCY_QUANTILES; i++)
        csv_time(csv, sketch_quantile(s, latency_quantiles[i].q), s->count);
    csv_time(csv, s->max, s->count);
}

/* "1064=3;1146=1" */
static void csv_errors(struct csv *csv, const struct digest *d)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < DIGEST_ERRORS && d->error_codes[i].count; i++)
        g_string_append_printf(text, "%s%u=%" G_GUINT64_FORMAT, i ? ";" : "", d->error_codes[i].code, d->error_codes[i].count);
    csv_string_n(csv, text->str, text->len);
    g_string_free(text, TRUE);
}

static void csv_digest(struct csv *csv, const struct digest *d)
{
    const struct digest_sample *w = &d->worst;
    const uint64_t counts[] = {d->calls,         d->prepares,      d->errors,         d->warnings, d->rows_sent,
                               d->rows_affected, d->request_bytes, d->response_bytes, d->inexact,  digest_total_us(d)};
    csv_string(csv, d->text ? d->id : NULL);
    csv_text(csv, d->database);
    csv_text(csv, d->text);
    csv_string(csv, w->fingerprint);
    csv_string(csv, *w->fingerprint_id && d->text ? w->fingerprint_id : NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        csv_uint(csv, counts[i]);
    csv_time(csv, sketch_mean(&d->duration), d->duration.count > 0);
    csv_latency(csv, &d->duration);
    csv_latency(csv, &d->first_byte);
    csv_errors(csv, d);
    csv_time(csv, d->first_seen_ns, d->first_seen_ns != 0);
    csv_time(csv, d->last_seen_ns, d->last_seen_ns != 0);
    csv_time(csv, (int64_t)w->connection, w->there);
    csv_time(csv, (int64_t)w->packet, w->there);
    csv_time(csv, w->duration_us, w->there && w->duration_us >= 0);
    csv_text(csv, w->sql);
    csv_row_end(csv);
}

static int write_csv(struct output *out, const struct digests *all, const struct digest **rows, size_t n)
{
    static const char *const keys[] = {"digest", "database", "text", "fingerprint", "fingerprint_id", "calls", "prepares", "errors",
                                       "warnings", "rows_sent", "rows_affected", "request_bytes", "response_bytes", "inexact",
                                       "total_us", "mean_us"};
    static const char *const durations[] = {"duration", "first_byte"};
    static const char *const rest[] = {"error_codes", "first_seen_ns", "last_seen_ns", "worst_connection", "worst_packet",
                                       "worst_duration_us", "worst_sql"};
    struct csv csv;
    char key[64];
    csv_init(&csv, out->sink, out->terminal);
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        csv_string(&csv, keys[i]);
    for (size_t d = 0; d < G_N_ELEMENTS(durations); d++)
        for (size_t q = 0; q < LATENCY_QUANTILES + 2; q++) {
            const char *name = q == 0 ? "min" : q <= LATENCY_QUANTILES ? latency_quantiles[q - 1].name : "max";
            g_snprintf(key, sizeof key, "%s_%s_us", durations[d], name);
            csv_string(&csv, key);
        }
    for (size_t i = 0; i < G_N_ELEMENTS(rest); i++)
        csv_string(&csv, rest[i]);
    csv_row_end(&csv);
    for (size_t i = 0; i < n; i++)
        csv_digest(&csv, rows[i]);
    if (all->other.calls || all->other.prepares)
        csv_digest(&csv, &all->other);
    if (all->unread.calls || all->unread.prepares)
        csv_digest(&csv, &all->unread);
    int error = csv.error;
    csv_clear(&csv);
    return error;
}

/* -- text ---------------------------------------------------------------------------------------------------------- */

enum { SHOWN = 50, DETAILED = 10, TEXT_COLUMNS = 500 };

static void cell_ms(struct table *t, int64_t us, bool known)
{
    char text[32] = "-";
    if (known)
        g_snprintf(text, sizeof text, us < 100000 ? "%.3f" : us < 1000000 ? "%.1f" : "%.0f", (double)us / 1000);
    table_cell(t, text, TABLE_PLAIN);
}

static void cell_text(struct table *t, const GString *text)
{
    GString *safe = g_string_new(NULL);
    text_shorten(safe, text->str, text->len, TEXT_COLUMNS);
    table_cell(t, safe->len ? safe->str : "(nothing)", TABLE_PLAIN);
    g_string_free(safe, TRUE);
}

static void table_line(struct table *t, size_t number, const struct digest *d, const struct sums *s, const char *instead)
{
    char text[32] = "";
    table_row(t);
    if (number)
        g_snprintf(text, sizeof text, "%zu", number);
    table_cell(t, text, TABLE_DIM);
    cell_ms(t, (int64_t)MIN(digest_total_us(d), INT64_MAX), d->duration.count > 0);
    g_snprintf(text, sizeof text, "%.1f%%", 100 * tally_share(digest_total_us(d), s->total_us));
    table_cell(t, text, TABLE_PLAIN);
    table_cell_int(t, (int64_t)d->calls, TABLE_PLAIN);
    table_cell_int(t, (int64_t)d->errors, d->errors ? TABLE_BAD : TABLE_PLAIN);
    cell_ms(t, sketch_quantile(&d->duration, 0.5), d->duration.count > 0);
    cell_ms(t, sketch_quantile(&d->duration, 0.95), d->duration.count > 0);
    if (instead)
        table_cell(t, instead, TABLE_DIM);
    else
        cell_text(t, d->text);
}

static void text_table(struct output *out, const struct digests *all, const struct digest **rows, size_t n, const struct sums *s)
{
    static const struct table_column columns[] = {{"#", TABLE_RIGHT, 0},      {"TOTAL MS", TABLE_RIGHT, 0}, {"SHARE", TABLE_RIGHT, 0},
                                                  {"CALLS", TABLE_RIGHT, 0},  {"ERRORS", TABLE_RIGHT, 0},   {"P50 MS", TABLE_RIGHT, 0},
                                                  {"P95 MS", TABLE_RIGHT, 0}, {"STATEMENT", TABLE_TRUNCATE, 0}};
    struct table *t = table_new(columns, G_N_ELEMENTS(columns), out->width, out->color);
    for (size_t i = 0; i < n && i < SHOWN; i++)
        table_line(t, i + 1, rows[i], s, NULL);
    if (all->other.calls || all->other.prepares)
        table_line(t, 0, &all->other, s, "(others, not kept apart)");
    if (all->unread.calls || all->unread.prepares)
        table_line(t, 0, &all->unread, s, "(statements that are not known whole)");
    table_print(t, out->sink);
    table_free(t);
    if (n > SHOWN)
        output_printf(out, "… and %zu more (-F json shows all)\n", n - SHOWN);
    output_printf(out, "\n");
}

/* A line of its own for each of the first ones: how others call it, and where its worst call is. */
static void text_details(struct output *out, const struct digest *d, size_t number)
{
    const struct digest_sample *w = &d->worst;
    GString *line = g_string_new(NULL);
    g_string_append_printf(line, "%2zu  digest %s", number, d->id);
    if (*w->fingerprint_id)
        g_string_append_printf(line, ", pt 0x%s", w->fingerprint_id);
    output_printf(out, "%s\n", line->str);
    g_string_truncate(line, 0);
    if (d->database) {
        g_string_append(line, "database ");
        text_shorten(line, d->database->str, d->database->len, 64);
        g_string_append(line, "; ");
    }
    if (w->there && w->duration_us >= 0)
        g_string_append_printf(line, "worst %.3f ms: connection %" G_GUINT64_FORMAT ", packet %" G_GUINT64_FORMAT "; ",
                               (double)w->duration_us / 1000, w->connection, w->packet);
    g_string_append_printf(line, "rows %" G_GUINT64_FORMAT " sent, %" G_GUINT64_FORMAT " affected", d->rows_sent, d->rows_affected);
    if (d->prepares)
        g_string_append_printf(line, "; prepared %" G_GUINT64_FORMAT, d->prepares);
    output_words(out, out->width, "    ", 4, line->str);
    for (size_t i = 0; i < DIGEST_ERRORS && d->error_codes[i].count; i++) {
        const char *symbol = mw_error_symbol(w->dialect, d->error_codes[i].code);
        output_printf(out, "    error %u%s%s: %" G_GUINT64_FORMAT "\n", d->error_codes[i].code, symbol ? " " : "",
                      symbol ? symbol : "", d->error_codes[i].count);
    }
    if (out->width && d->text->len) { /* the table may have had no room */
        g_string_truncate(line, 0);
        text_shorten(line, d->text->str, d->text->len, TEXT_COLUMNS);
        output_words(out, out->width, "    ", 4, line->str);
    }
    g_string_free(line, TRUE);
}

static int write_text(struct output *out, const struct digests *all, const struct digest **rows, size_t n, const struct analysis *a)
{
    const struct sums s = sums_of(all, rows, n);
    output_printf(out, "%" G_GUINT64_FORMAT " call%s of %zu statement%s, %" G_GUINT64_FORMAT " error%s, %.3f s\n\n", s.calls,
                  s.calls == 1 ? "" : "s", n, n == 1 ? "" : "s", s.errors, s.errors == 1 ? "" : "s", (double)s.total_us / 1e6);
    if (s.calls || s.prepares)
        text_table(out, all, rows, n, &s);
    for (size_t i = 0; i < n && i < DETAILED; i++)
        text_details(out, rows[i], i + 1);
    if (n)
        output_printf(out, "\n");
    return evidence_text(out, a);
}

int report_digest(struct output *out, const struct digests *all, const struct analysis *a)
{
    size_t n;
    int error;
    const struct digest **rows = digests_rows(all, &n);
    switch (out->format) {
    case FORMAT_JSON:
    case FORMAT_NDJSON: error = write_json(out, all, rows, n, a); break;
    case FORMAT_CSV: error = write_csv(out, all, rows, n); break;
    default: error = write_text(out, all, rows, n, a); break;
    }
    g_free(rows);
    return error;
}
