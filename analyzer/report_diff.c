/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/report_diff.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/json.h"
#include "analyzer/junit.h"
#include "analyzer/table.h"
#include "analyzer/text.h"

enum { DIFF_SCHEMA = 1 };

/* -- JSON ---------------------------------------------------------------------------------------------------------- */

static void json_side(struct json *j, const char *key, const struct baseline *b)
{
    json_key(j, key);
    json_object_begin(j);
    json_put_string(j, "file", b->file);
    json_put_uint(j, "connections", b->connections);
    json_put_uint(j, "undecrypted_connections", b->undecrypted);
    json_put_uint(j, "gap_bytes", b->gap_bytes);
    json_put_bool(j, "complete", b->complete);
    json_object_end(j);
}

static void json_thresholds(struct json *j, const struct diff_thresholds *t)
{
    json_key(j, "thresholds");
    json_object_begin(j);
    json_key(j, "facts");
    json_array_begin(j);
    for (int f = 0; f < DIFF_FACTS; f++)
        if (t->facts[f])
            json_text(j, diff_fact_key(f));
    json_array_end(j);
    json_put_bool(j, "allow_vanished", t->allow_vanished);
    json_put_uint(j, "min_count", t->min_count);
    json_put_double(j, "max_share_change", t->max_share_change);
    json_put_double(j, "max_slowdown", t->max_slowdown);
    json_put_int(j, "min_slowdown_us", t->min_slowdown_us);
    json_put_uint(j, "min_samples", t->min_samples);
    json_object_end(j);
}

static void json_quantile(struct json *j, const char *key, uint64_t count, struct baseline_quantile q)
{
    json_key(j, key);
    json_object_begin(j);
    json_put_uint(j, "count", count);
    json_put_int_if(j, "us", q.value >= 0, q.value);
    json_put_int_if(j, "low_us", q.low >= 0, q.low);
    json_put_int_if(j, "high_us", q.high >= 0, q.high);
    json_object_end(j);
}

static void json_value(struct json *j, const char *key, const struct baseline_value *v, uint64_t of)
{
    json_key(j, key);
    json_object_begin(j);
    json_put_uint(j, "count", v ? v->count : 0);
    json_put_uint(j, "of", of);
    json_put_double(j, "share", v ? (double)(int64_t)(v->share * 10000 + 0.5) / 10000 : 0);
    json_object_end(j);
}

static void json_change(struct json *j, const struct diff *d, const struct diff_change *c)
{
    char *rule = diff_rule(c), *sentence = diff_sentence(d, c);
    json_object_begin(j);
    json_put_string(j, "rule", rule);
    json_put_string(j, "verdict", diff_verdict_name(c->verdict));
    json_put_string(j, "sentence", sentence);
    if (c->latency[0]) {
        json_put_string(j, "value", c->latency[0]->key);
        json_put_string(j, "label", c->latency[0]->label);
        json_quantile(j, "base", c->latency[0]->count, c->quantile[0]);
        json_quantile(j, "new", c->latency[1]->count, c->quantile[1]);
    } else {
        const struct baseline_value *v = c->now ? c->now : c->base;
        json_put_string(j, "value", v->value);
        json_put_string(j, "label", v->label);
        json_value(j, "base", c->base, d->base->totals[c->fact]);
        json_value(j, "new", c->now, d->now->totals[c->fact]);
    }
    json_object_end(j);
    g_free(rule);
    g_free(sentence);
}

static int write_json(struct output *out, const struct diff *d)
{
    struct json json, *j = &json;
    json_init(j, out->sink, JSON_INDENTED);
    json_object_begin(j);
    json_put_string(j, "event", "diff");
    json_put_uint(j, "schema", DIFF_SCHEMA);
    json_put_string(j, "compared", d->base->event);
    json_side(j, "base", d->base);
    json_side(j, "new", d->now);
    json_thresholds(j, &d->thresholds);
    json_put_uint(j, "beyond", d->counts[DIFF_BEYOND]);
    json_key(j, "changes");
    json_array_begin(j);
    for (guint i = 0; i < d->changes->len; i++)
        json_change(j, d, &g_array_index(d->changes, struct diff_change, i));
    json_array_end(j);
    json_key(j, "notes");
    json_array_begin(j);
    for (guint i = 0; i < d->notes->len; i++)
        json_text(j, d->notes->pdata[i]);
    json_array_end(j);
    json_object_end(j);
    return json_finish(j);
}

/* -- text and markdown --------------------------------------------------------------------------------------------- */

static const char *kind_text(const struct diff_change *c)
{
    static const char *const words[] = {[DIFF_NEW] = "new", [DIFF_VANISHED] = "gone", [DIFF_SHARE] = "share",
                                        [DIFF_SLOWER] = "slower", [DIFF_FASTER] = "faster"};
    return words[c->kind];
}

static char *value_text(const struct baseline_value *v)
{
    return v ? g_strdup_printf("%" G_GUINT64_FORMAT " (%.1f%%)", v->count, 100 * v->share) : g_strdup("-");
}

/* Columns of a change: which, of what, before, now, what. To be freed. */
static void cells_of(const struct diff_change *c, char *cells[5])
{
    cells[0] = g_strdup(kind_text(c));
    cells[1] = c->latency[0] && c->latency[0]->label ? g_strdup_printf("Statement %s", c->quantile_name)
                                                     : g_strdup(diff_subject(c));
    cells[4] = g_strdup(diff_object(c));
    for (int side = 0; side < 2; side++)
        cells[2 + side] = c->latency[0] ? g_strdup_printf("%.3f ms", (double)c->quantile[side].value / 1000)
                                        : value_text(side ? c->now : c->base);
}

static void text_changes(struct output *out, const struct diff *d, enum diff_verdict verdict)
{
    static const struct table_column columns[] = {{"CHANGE", 0, 0},
                                                  {"WHAT", 0, 0},
                                                  {"BASE", TABLE_RIGHT, 0},
                                                  {"NEW", TABLE_RIGHT, 0},
                                                  {"VALUE", TABLE_TRUNCATE, 0}};
    struct table *t = table_new(columns, G_N_ELEMENTS(columns), out->width, out->color);
    for (guint i = 0; i < d->changes->len; i++) {
        const struct diff_change *c = &g_array_index(d->changes, struct diff_change, i);
        char *cells[5];
        if (c->verdict != verdict)
            continue;
        cells_of(c, cells);
        table_row(t);
        for (int k = 0; k < 5; k++) {
            GString *safe = g_string_new(NULL);
            text_escape_terminal(safe, cells[k], strlen(cells[k]));
            table_cell(t, safe->str, k == 0 ? (verdict == DIFF_BEYOND ? TABLE_BAD : TABLE_DIM) : TABLE_PLAIN);
            g_string_free(safe, TRUE);
            g_free(cells[k]);
        }
    }
    table_print(t, out->sink);
    table_free(t);
    output_printf(out, "\n");
}

static void markdown_changes(struct output *out, const struct diff *d, enum diff_verdict verdict)
{
    output_printf(out, "| change | what | base | new | value |\n|---|---|--:|--:|---|\n");
    for (guint i = 0; i < d->changes->len; i++) {
        const struct diff_change *c = &g_array_index(d->changes, struct diff_change, i);
        char *cells[5];
        if (c->verdict != verdict)
            continue;
        cells_of(c, cells);
        output_printf(out, "|");
        for (int k = 0; k < 5; k++) {
            output_printf(out, " ");
            output_markdown(out, cells[k]);
            output_printf(out, " |");
            g_free(cells[k]);
        }
        output_printf(out, "\n");
    }
    output_printf(out, "\n");
}

static void write_side(struct output *out, const char *name, const struct baseline *b)
{
    bool markdown = out->format == FORMAT_MARKDOWN;
    output_printf(out, markdown ? "- **%s**: " : "%s  ", name);
    (markdown ? output_markdown : output_text)(out, b->file);
    output_printf(out, ", %s of %" G_GUINT64_FORMAT " connection%s\n", b->event, b->connections,
                  b->connections == 1 ? "" : "s");
}

static int write_text(struct output *out, const struct diff *d)
{
    static const char *const headings[DIFF_VERDICTS] = {"beyond the thresholds", "within the thresholds",
                                                        "that chance could explain"};
    bool markdown = out->format == FORMAT_MARKDOWN;
    if (markdown)
        output_printf(out, "# mywire diff\n\n");
    write_side(out, markdown ? "base" : "BASE", d->base);
    write_side(out, markdown ? "new" : "NEW ", d->now);
    if (d->changes->len == 0)
        output_printf(out, "\nNothing changed%s.\n", d->notes->len ? " in what can be compared" : "");
    output_printf(out, "\n");
    for (int v = 0; v < DIFF_VERDICTS; v++) {
        if (d->counts[v] == 0)
            continue;
        output_printf(out, "%s%zu change%s %s\n\n", markdown ? "## " : "", d->counts[v], d->counts[v] == 1 ? "" : "s",
                      headings[v]);
        (markdown ? markdown_changes : text_changes)(out, d, v);
    }
    for (guint i = 0; i < d->notes->len; i++) {
        output_printf(out, markdown ? "- " : "Note: ");
        (markdown ? output_markdown : output_text)(out, d->notes->pdata[i]);
        output_printf(out, "\n");
    }
    return 0;
}

/* -- JUnit: a case for each fact, and for each duration that both tell --------------------------------------------------- */

/* What a change is a case of: "tls", "tls.latency"; to be freed. */
static char *case_of(const struct diff_change *c)
{
    if (!c->latency[0])
        return g_strdup(diff_fact_key(c->fact));
    return g_strdup_printf("%s.latency", c->latency[0]->label ? "digest" : c->latency[0]->key);
}

/* The sentences of the changes beyond the thresholds that are of a case; NULL without any. `n` gets their number. */
static char *failures_of(const struct diff *d, const char *name, unsigned *n)
{
    GString *body = g_string_new(NULL);
    *n = 0;
    for (guint i = 0; i < d->changes->len; i++) {
        const struct diff_change *c = &g_array_index(d->changes, struct diff_change, i);
        char *is_of = case_of(c);
        bool counts = c->verdict == DIFF_BEYOND && strcmp(is_of, name) == 0;
        g_free(is_of);
        if (!counts)
            continue;
        char *sentence = diff_sentence(d, c);
        text_escape_terminal(body, sentence, strlen(sentence));
        g_string_append_c(body, '\n');
        g_free(sentence);
        ++*n;
    }
    return g_string_free(body, *n == 0);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of all cases, owned: facts in their order, then durations by name. */
static GPtrArray *cases(const struct diff *d)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free), *durations = g_ptr_array_new();
    GHashTableIter i;
    gpointer key, latency;
    bool statements = false;
    for (int f = 0; f < DIFF_FACTS; f++)
        if (d->thresholds.facts[f] && (d->base->values[f] || d->now->values[f]))
            g_ptr_array_add(names, g_strdup(diff_fact_key(f)));
    g_hash_table_iter_init(&i, d->now->latencies);
    while (g_hash_table_iter_next(&i, &key, &latency)) {
        bool named = ((struct baseline_latency *)latency)->label != NULL;
        statements = statements || named;
        if (!named && g_hash_table_contains(d->base->latencies, key))
            g_ptr_array_add(durations, g_strdup_printf("%s.latency", (const char *)key));
    }
    if (durations->len)
        qsort(durations->pdata, durations->len, sizeof(gpointer), by_name);
    g_ptr_array_extend_and_steal(names, durations);
    if (statements)
        g_ptr_array_add(names, g_strdup("digest.latency"));
    return names;
}

/* A fact that one of them does not tell. */
static bool is_skipped(const struct diff *d, const char *name)
{
    enum diff_fact fact = diff_fact_from(name, strlen(name));
    return fact != DIFF_FACTS && !d->compared[fact];
}

static int write_junit(struct output *out, const struct diff *d)
{
    static const char class[] = "mywire.diff";
    GPtrArray *names = cases(d);
    struct junit_counts counts = {.tests = names->len};
    unsigned n;
    for (guint i = 0; i < names->len; i++) {
        char *body = failures_of(d, names->pdata[i], &n);
        counts.failures += body != NULL;
        counts.skipped += is_skipped(d, names->pdata[i]);
        g_free(body);
    }
    const char *const properties[] = {"compared", d->base->event, "base", d->base->file, "new", d->now->file, NULL};
    junit_begin(out, "mywire diff", &counts, 0);
    junit_properties(out, properties);
    for (guint i = 0; i < names->len; i++) {
        char *body = failures_of(d, names->pdata[i], &n);
        if (body)
            junit_outcome(out, class, names->pdata[i], "failure", "change",
                          g_strdup_printf("%s: %u change%s beyond the thresholds", (const char *)names->pdata[i], n,
                                          n == 1 ? "" : "s"),
                          body);
        else if (is_skipped(d, names->pdata[i]))
            junit_skipped(out, class, names->pdata[i]);
        else
            junit_passed(out, class, names->pdata[i]);
    }
    junit_end(out);
    g_ptr_array_free(names, TRUE);
    return 0;
}

int report_diff(struct output *out, const struct diff *d)
{
    switch (out->format) {
    case FORMAT_JSON: return write_json(out, d);
    case FORMAT_JUNIT: return write_junit(out, d);
    default: return write_text(out, d);
    }
}
