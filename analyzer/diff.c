/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct diff_thresholds diff_thresholds_default(void)
{
    struct diff_thresholds t = {
        .min_count = 1, .max_share_change = 0.2, .max_slowdown = 0.25, .min_slowdown_us = 500, .min_samples = 20};
    for (int f = 0; f < DIFF_FACTS; f++)
        t.facts[f] = diff_fact_is_usual(f);
    return t;
}

static void note(struct diff *d, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void note(struct diff *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(d->notes, g_strdup_vprintf(format, args));
    va_end(args);
}

static void add(struct diff *d, struct diff_change change)
{
    d->counts[change.verdict]++;
    g_array_append_val(d->changes, change);
}

/* -- values -------------------------------------------------------------------------------------------------------- */

/* Whether two shares differ by more than chance explains in 19 of 20 cases: the z test of two proportions, with the correction for
 * continuity, without which it takes 1 of 4 and 4 of 4 for different. */
static bool differ(double a, uint64_t of_a, double b, uint64_t of_b)
{
    if (of_a == 0 || of_b == 0)
        return false;
    double n = (double)of_a, m = (double)of_b, pooled = (a * n + b * m) / (n + m);
    double error = sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
    return error > 0 && (fabs(a - b) - (1 / n + 1 / m) / 2) / error > 1.96;
}

static void compare_share(struct diff *d, enum diff_fact fact, const struct baseline_value *base,
                          const struct baseline_value *now)
{
    if (fabs(now->share - base->share) <= d->thresholds.max_share_change || fact == DIFF_digest)
        return;
    bool sure = differ(base->share, d->base->totals[fact], now->share, d->now->totals[fact]);
    add(d, (struct diff_change){.kind = DIFF_SHARE,
                                .verdict = sure ? DIFF_BEYOND : DIFF_UNSURE,
                                .fact = fact,
                                .base = base,
                                .now = now});
}

/* What of a fact is in one of them only, and whose share changed. */
static void compare_values(struct diff *d, enum diff_fact fact)
{
    GHashTableIter i;
    gpointer key, value;
    g_hash_table_iter_init(&i, d->now->values[fact]);
    while (g_hash_table_iter_next(&i, &key, &value)) {
        const struct baseline_value *now = value, *base = g_hash_table_lookup(d->base->values[fact], key);
        if (MAX(now->count, base ? base->count : 0) < d->thresholds.min_count)
            continue;
        if (base)
            compare_share(d, fact, base, now);
        else
            add(d, (struct diff_change){.kind = DIFF_NEW, .verdict = DIFF_BEYOND, .fact = fact, .now = now});
    }
    g_hash_table_iter_init(&i, d->base->values[fact]);
    while (g_hash_table_iter_next(&i, &key, &value)) {
        const struct baseline_value *base = value;
        if (base->count >= d->thresholds.min_count && !g_hash_table_contains(d->now->values[fact], key))
            add(d, (struct diff_change){.kind = DIFF_VANISHED,
                                        .verdict = d->thresholds.allow_vanished ? DIFF_WITHIN : DIFF_BEYOND,
                                        .fact = fact,
                                        .base = base});
    }
}

/* Whether the fact is told by a result: of connections that stayed closed it is not. */
static bool knows(const struct baseline *b, enum diff_fact fact)
{
    return b->values[fact] && !(diff_fact_is_sealed(fact) && g_hash_table_size(b->values[fact]) == 0 && b->undecrypted > 0);
}

static void compare_fact(struct diff *d, enum diff_fact fact)
{
    bool base = knows(d->base, fact), now = knows(d->now, fact);
    d->compared[fact] = base && now;
    if (d->compared[fact])
        compare_values(d, fact);
    else if ((base && g_hash_table_size(d->base->values[fact])) || (now && g_hash_table_size(d->now->values[fact])))
        note(d, "%s cannot be compared: %s does not tell it%s.", diff_fact_title(fact), base ? d->now->file : d->base->file,
             (base ? d->now : d->base)->values[fact] ? ", because its connections were not decrypted" : "");
}

/* -- durations ----------------------------------------------------------------------------------------------------- */

static void compare_quantile(struct diff *d, const struct baseline_latency *base, const struct baseline_latency *now,
                             const char *name, struct baseline_quantile from, struct baseline_quantile to)
{
    if (from.value < 0 || to.value < 0)
        return;
    bool slower = to.value > from.value;
    int64_t less = MIN(from.value, to.value), more = MAX(from.value, to.value);
    if (more - less < d->thresholds.min_slowdown_us ||
        (double)more <= (double)less * (1 + d->thresholds.max_slowdown))
        return;
    struct baseline_quantile low = slower ? from : to, high = slower ? to : from;
    bool enough = base->count >= d->thresholds.min_samples && now->count >= d->thresholds.min_samples;
    bool sure = enough && low.high >= 0 && high.low > low.high;
    add(d, (struct diff_change){.kind = slower ? DIFF_SLOWER : DIFF_FASTER,
                                .verdict = !sure ? DIFF_UNSURE : slower ? DIFF_BEYOND : DIFF_WITHIN,
                                .latency = {base, now},
                                .quantile = {from, to},
                                .quantile_name = name});
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Phases that only one of them has; statements that only one has are new or vanished. */
static void note_missing(struct diff *d, const struct baseline *has, const struct baseline *lacks)
{
    GPtrArray *keys = g_ptr_array_new();
    GHashTableIter i;
    gpointer key, value;
    g_hash_table_iter_init(&i, has->latencies);
    while (g_hash_table_iter_next(&i, &key, &value))
        if (!((const struct baseline_latency *)value)->label && !g_hash_table_contains(lacks->latencies, key))
            g_ptr_array_add(keys, key);
    g_ptr_array_sort(keys, by_text);
    for (guint k = 0; k < keys->len; k++)
        note(d, "The time of %s cannot be compared: %s has none.", (const char *)keys->pdata[k], lacks->file);
    g_ptr_array_free(keys, TRUE);
}

static void compare_latencies(struct diff *d)
{
    GHashTableIter i;
    gpointer key, value;
    note_missing(d, d->base, d->now);
    note_missing(d, d->now, d->base);
    g_hash_table_iter_init(&i, d->now->latencies);
    while (g_hash_table_iter_next(&i, &key, &value)) {
        const struct baseline_latency *now = value, *base = g_hash_table_lookup(d->base->latencies, key);
        if (!base)
            continue;
        compare_quantile(d, base, now, "p50", base->p50, now->p50);
        compare_quantile(d, base, now, "p95", base->p95, now->p95);
    }
}

/* ------------------------------------------------------------------------------------------------------------------ */

static const char *key_of(const struct diff_change *c)
{
    return c->latency[0] ? c->latency[0]->key : c->now ? c->now->value : c->base->value;
}

static int in_order(const void *left, const void *right)
{
    const struct diff_change *a = left, *b = right;
    if (a->verdict != b->verdict)
        return (int)a->verdict - (int)b->verdict;
    if (!a->latency[0] != !b->latency[0])
        return a->latency[0] ? 1 : -1;
    if (!a->latency[0] && a->fact != b->fact)
        return (int)a->fact - (int)b->fact;
    if (!a->latency[0] && a->kind != b->kind)
        return (int)a->kind - (int)b->kind;
    int order = strcmp(key_of(a), key_of(b));
    return order || !a->latency[0] ? order : strcmp(a->quantile_name, b->quantile_name);
}

/* What of the evidence makes the comparison doubtful. */
static void note_evidence(struct diff *d, const struct baseline *b)
{
    if (!b->complete)
        note(d, "%s is of captures that could not be read to their ends.", b->file);
    if (b->undecrypted)
        note(d, "In %s %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " connections were not decrypted, or not in full: what is in "
             "them is not compared.",
             b->file, b->undecrypted, b->connections);
    if (b->gap_bytes)
        note(d, "In %s %" G_GUINT64_FORMAT " bytes of TCP payload are missing.", b->file, b->gap_bytes);
}

struct diff *diff_new(const struct baseline *base, const struct baseline *now, const struct diff_thresholds *thresholds)
{
    struct diff *d = g_new0(struct diff, 1);
    d->base = base;
    d->now = now;
    d->thresholds = *thresholds;
    d->changes = g_array_new(FALSE, FALSE, sizeof(struct diff_change));
    d->notes = g_ptr_array_new_with_free_func(g_free);
    note_evidence(d, base);
    note_evidence(d, now);
    for (int f = 0; f < DIFF_FACTS; f++)
        if (thresholds->facts[f])
            compare_fact(d, f);
    compare_latencies(d);
    if (d->changes->len)
        qsort(d->changes->data, d->changes->len, sizeof(struct diff_change), in_order);
    return d;
}

void diff_free(struct diff *d)
{
    if (!d)
        return;
    g_array_free(d->changes, TRUE);
    g_ptr_array_free(d->notes, TRUE);
    g_free(d);
}

/* -- words --------------------------------------------------------------------------------------------------------- */

const char *diff_verdict_name(enum diff_verdict verdict)
{
    static const char *const names[DIFF_VERDICTS] = {"beyond", "within", "unsure"};
    return names[verdict];
}

char *diff_rule(const struct diff_change *c)
{
    static const char *const kinds[] = {[DIFF_NEW] = "new", [DIFF_VANISHED] = "vanished", [DIFF_SHARE] = "share"};
    if (c->latency[0])
        return g_strdup_printf("%s.%s", c->latency[0]->label ? "digest" : c->latency[0]->key, c->quantile_name);
    return g_strdup_printf("%s.%s", diff_fact_key(c->fact), kinds[c->kind]);
}

const char *diff_subject(const struct diff_change *c)
{
    if (!c->latency[0])
        return diff_fact_title(c->fact);
    return c->latency[0]->label ? "Statement" : c->latency[0]->key;
}

const char *diff_object(const struct diff_change *c)
{
    const char *label = c->latency[0] ? c->latency[0]->label : (c->now ? c->now : c->base)->label;
    if (label)
        return label;
    if (c->latency[0])
        return c->quantile_name;
    const char *value = (c->now ? c->now : c->base)->value;
    return *value ? value : "(empty)";
}

static char *sentence_of_latency(const struct diff_change *c)
{
    double from = (double)c->quantile[0].value, to = (double)c->quantile[1].value;
    GString *text = g_string_new(NULL);
    if (c->latency[0]->label)
        g_string_append_printf(text, "Statement %s: its", c->latency[0]->label);
    else
        g_string_append_printf(text, "%s: the", c->latency[0]->key);
    g_string_append_printf(text, " %s %s from %.3f ms to %.3f ms (of %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT ")%s.",
                           c->quantile_name, to > from ? "rose" : "fell", from / 1000, to / 1000, c->latency[0]->count,
                           c->latency[1]->count,
                           c->verdict == DIFF_UNSURE ? "; with so few, or so scattered, that may be chance" : "");
    return g_string_free(text, FALSE);
}

char *diff_sentence(const struct diff *d, const struct diff_change *c)
{
    if (c->latency[0])
        return sentence_of_latency(c);
    const char *what = diff_subject(c), *value = diff_object(c);
    if (c->kind == DIFF_NEW)
        return g_strdup_printf("%s %s is new: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " (%.1f %%).", what, value,
                               c->now->count, d->now->totals[c->fact], 100 * c->now->share);
    if (c->kind == DIFF_VANISHED)
        return g_strdup_printf("%s %s is gone: it was %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " (%.1f %%).", what, value,
                               c->base->count, d->base->totals[c->fact], 100 * c->base->share);
    return g_strdup_printf("%s %s went from %.1f %% to %.1f %% (of %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT ")%s.", what,
                           value, 100 * c->base->share, 100 * c->now->share, d->base->totals[c->fact],
                           d->now->totals[c->fact], c->verdict == DIFF_UNSURE ? "; with so few that may be chance" : "");
}
