/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/digests.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/shared_text.h"
#include "analyzer/sql_fingerprint.h"
#include "analyzer/tally.h"

/* -- entries ------------------------------------------------------------------------------------------------------- */

static int compare_text(const GString *a, const GString *b)
{
    if (!a || !b)
        return (a != NULL) - (b != NULL);
    int order = memcmp(a->str, b->str, MIN(a->len, b->len));
    return order ? order : (a->len > b->len) - (a->len < b->len);
}

static int compare_keys(const struct digest *a, const struct digest *b)
{
    int order = compare_text(a->text, b->text);
    return order ? order : compare_text(a->database, b->database);
}

/* The order in which entries are kept: smallest first. */
static int compare(const struct digest *a, const struct digest *b)
{
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return compare_keys(a, b);
}

static guint digest_hash(gconstpointer digest)
{
    return (guint)((const struct digest *)digest)->hash;
}

static gboolean digest_equal(gconstpointer a, gconstpointer b)
{
    return compare(a, b) == 0;
}

static void sample_clear(struct digest_sample *s)
{
    shared_text_drop(s->sql);
    g_free(s->fingerprint);
    *s = (struct digest_sample){0};
}

static void digest_clear(struct digest *d)
{
    shared_text_drop(d->text);
    shared_text_drop(d->database);
    sketch_clear(&d->first_byte);
    sketch_clear(&d->duration);
    sample_clear(&d->worst);
}

static void digest_free(gpointer d)
{
    digest_clear(d);
    g_free(d);
}

/* -- statistics ---------------------------------------------------------------------------------------------------- */

static void add_errors(struct digest *d, uint16_t code, uint64_t count)
{
    size_t i = 0;
    while (i < DIGEST_ERRORS && d->error_codes[i].count && d->error_codes[i].code < code)
        i++;
    if (i == DIGEST_ERRORS) {
        d->other_errors += count;
    } else if (d->error_codes[i].count && d->error_codes[i].code == code) {
        d->error_codes[i].count += count;
    } else {
        d->other_errors += d->error_codes[DIGEST_ERRORS - 1].count;
        memmove(&d->error_codes[i + 1], &d->error_codes[i], (DIGEST_ERRORS - 1 - i) * sizeof d->error_codes[0]);
        d->error_codes[i] = (struct digest_error){code, count};
    }
}

static void see(struct digest *d, int64_t first_ns, int64_t last_ns)
{
    if (first_ns && (!d->first_seen_ns || first_ns < d->first_seen_ns))
        d->first_seen_ns = first_ns;
    if (last_ns > d->last_seen_ns)
        d->last_seen_ns = last_ns;
}

/* Whether `a` is the worse sample. */
static bool is_worse(const struct digest_sample *a, const struct digest_sample *b)
{
    if (!a->there || !b->there)
        return a->there;
    if (a->duration_us != b->duration_us)
        return a->duration_us > b->duration_us;
    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns;
    if (a->connection != b->connection)
        return a->connection < b->connection;
    return a->ordinal < b->ordinal;
}

/* Keeps the text of the sample, and makes its fingerprint. */
static void take_sql(struct digest_sample *s, const struct command *c)
{
    s->sql_bytes = c->sql_bytes;
    s->sql_truncated = c->sql_truncated;
    if (!c->sql)
        return;
    if (!c->sql_truncated) {
        GString *fingerprint = g_string_new(NULL);
        sql_fingerprint(fingerprint, c->sql->str, c->sql->len);
        sql_fingerprint_id(s->fingerprint_id, fingerprint->str, fingerprint->len);
        bool kept = fingerprint->len <= DIGEST_SAMPLE_BYTES;
        s->fingerprint = g_string_free(fingerprint, !kept);
    }
    if (c->sql->len <= DIGEST_SAMPLE_BYTES) {
        s->sql = shared_text_keep(c->sql);
        return;
    }
    size_t n = DIGEST_SAMPLE_BYTES;
    while (n > 0 && ((uint8_t)c->sql->str[n] & 0xc0) == 0x80) /* not inside of a character */
        n--;
    s->sql = shared_text_new(c->sql->str, n);
    s->sql_truncated = true;
}

static void add_sample(struct digest *d, const struct command *c)
{
    struct digest_sample s = {.there = true,
                              .connection = c->connection,
                              .ordinal = c->ordinal,
                              .packet = c->packet,
                              .start_ns = c->start_ns,
                              .first_byte_us = c->first_byte_us,
                              .duration_us = c->duration_us,
                              .rows = c->rows,
                              .error = c->error,
                              .dialect = c->dialect};
    if (!is_worse(&s, &d->worst))
        return;
    sample_clear(&d->worst);
    take_sql(&s, c);
    d->worst = s;
}

static void add_call(struct digest *d, const struct command *c)
{
    bool failed = c->outcome == MW_OUTCOME_ERROR;
    d->calls++;
    d->errors += failed;
    if (failed)
        add_errors(d, c->error, 1);
    d->warnings += c->warnings;
    d->rows_sent += c->rows;
    if (!failed && c->outcome != MW_OUTCOME_LOST && command_counts_rows(c))
        d->rows_affected += c->affected_rows;
    d->request_bytes += c->request_bytes;
    d->response_bytes += c->response_bytes;
    d->inexact += !c->exact;
    sketch_add(&d->first_byte, c->first_byte_us);
    sketch_add(&d->duration, c->duration_us);
    see(d, c->start_ns, c->start_ns);
    add_sample(d, c);
}

static void add_command(struct digest *d, const struct command *c)
{
    d->cut = d->cut || c->digest_cut;
    switch (c->code) {
    case MW_COM_STMT_PREPARE:
        d->prepares++;
        see(d, c->start_ns, c->start_ns);
        break;
    case MW_COM_STMT_FETCH: /* goes on with the execution */
        d->rows_sent += c->rows;
        d->request_bytes += c->request_bytes;
        d->response_bytes += c->response_bytes;
        break;
    default: add_call(d, c); break;
    }
}

static void merge(struct digest *into, const struct digest *from)
{
    into->cut = into->cut || from->cut;
    into->calls += from->calls;
    into->prepares += from->prepares;
    into->errors += from->errors;
    into->warnings += from->warnings;
    into->rows_sent += from->rows_sent;
    into->rows_affected += from->rows_affected;
    into->request_bytes += from->request_bytes;
    into->response_bytes += from->response_bytes;
    into->inexact += from->inexact;
    for (size_t i = 0; i < DIGEST_ERRORS && from->error_codes[i].count; i++)
        add_errors(into, from->error_codes[i].code, from->error_codes[i].count);
    into->other_errors += from->other_errors;
    sketch_merge(&into->first_byte, &from->first_byte);
    sketch_merge(&into->duration, &from->duration);
    see(into, from->first_seen_ns, from->last_seen_ns);
    if (!is_worse(&from->worst, &into->worst))
        return;
    sample_clear(&into->worst);
    into->worst = from->worst;
    shared_text_keep(into->worst.sql);
    into->worst.fingerprint = g_strdup(from->worst.fingerprint);
}

/* -- the set ------------------------------------------------------------------------------------------------------- */

struct digests *digests_new(size_t limit)
{
    struct digests *all = g_new0(struct digests, 1);
    all->limit = limit;
    all->table = g_hash_table_new_full(digest_hash, digest_equal, digest_free, NULL);
    return all;
}

void digests_free(struct digests *all)
{
    if (!all)
        return;
    g_hash_table_destroy(all->table);
    digest_clear(&all->other);
    digest_clear(&all->unread);
    g_free(all);
}

static struct digest *find_largest(struct digests *all)
{
    GHashTableIter i;
    gpointer d;
    g_hash_table_iter_init(&i, all->table);
    if (!all->largest)
        while (g_hash_table_iter_next(&i, &d, NULL))
            if (!all->largest || compare(d, all->largest) > 0)
                all->largest = d;
    return all->largest;
}

static struct digest *insert(struct digests *all, const struct digest *wanted)
{
    struct digest *d = g_new0(struct digest, 1);
    d->text = shared_text_keep(wanted->text);
    d->database = shared_text_keep(wanted->database);
    memcpy(d->id, wanted->id, sizeof d->id);
    d->hash = wanted->hash;
    g_hash_table_add(all->table, d);
    all->largest = NULL;
    return d;
}

/* Where the commands of a key are counted. */
static struct digest *entry_of(struct digests *all, const struct digest *wanted)
{
    struct digest *d = g_hash_table_lookup(all->table, wanted);
    if (d)
        return d;
    if (g_hash_table_size(all->table) < all->limit)
        return insert(all, wanted);
    all->is_cut = true;
    if (compare(wanted, find_largest(all)) > 0)
        return &all->other;
    merge(&all->other, all->largest);
    g_hash_table_remove(all->table, all->largest);
    return insert(all, wanted);
}

static uint64_t key_hash(const struct digest *d)
{
    uint64_t text = tally_hash(d->text->str, d->text->len);
    uint64_t database = d->database ? tally_hash(d->database->str, d->database->len) : 0;
    const uint64_t both[2] = {text, database};
    return tally_hash(both, sizeof both);
}

void digests_add(struct digests *all, const struct command *c)
{
    bool call = c->code == MW_COM_QUERY || c->code == MW_COM_STMT_EXECUTE || c->code == MW_COM_STMT_BULK_EXECUTE;
    if (!c->seen || c->empty || (!call && c->code != MW_COM_STMT_PREPARE && c->code != MW_COM_STMT_FETCH)) {
        all->without_sql++;
        return;
    }
    if (!c->digest_text) {
        add_command(&all->unread, c);
        return;
    }
    struct digest wanted = {.text = c->digest_text, .database = c->database};
    memcpy(wanted.id, c->digest, sizeof wanted.id);
    wanted.hash = key_hash(&wanted);
    add_command(entry_of(all, &wanted), c);
}

void digests_merge(struct digests *into, const struct digests *from)
{
    GHashTableIter i;
    gpointer d;
    g_hash_table_iter_init(&i, from->table);
    while (g_hash_table_iter_next(&i, &d, NULL))
        merge(entry_of(into, d), d);
    merge(&into->other, &from->other);
    merge(&into->unread, &from->unread);
    into->is_cut = into->is_cut || from->is_cut;
    into->without_sql += from->without_sql;
}

uint64_t digest_total_us(const struct digest *d)
{
    return d->duration.sum_high ? UINT64_MAX : d->duration.sum_low;
}

static int compare_rows(const void *a, const void *b)
{
    const struct digest *x = *(const struct digest *const *)a, *y = *(const struct digest *const *)b;
    uint64_t x_us = digest_total_us(x), y_us = digest_total_us(y);
    if (x_us != y_us)
        return x_us > y_us ? -1 : 1;
    if (x->calls != y->calls)
        return x->calls > y->calls ? -1 : 1;
    return compare_keys(x, y);
}

const struct digest **digests_rows(const struct digests *all, size_t *n)
{
    GHashTableIter i;
    gpointer d;
    *n = 0;
    const struct digest **rows = g_new(const struct digest *, g_hash_table_size(all->table) + 1);
    g_hash_table_iter_init(&i, all->table);
    while (g_hash_table_iter_next(&i, &d, NULL))
        rows[(*n)++] = d;
    qsort(rows, *n, sizeof *rows, compare_rows);
    return rows;
}
