/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys are in a hash table. Once the tally is full they also stand in a heap with the largest (hash, bytes) on top:
 * the next to go. That order never changes while a key lives, so counting does not touch the heap. */
#include "analyzer/tally.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

struct entry {
    uint64_t hash;
    uint64_t count;
    size_t n;
    const char *key; /* `copy`, or a caller's bytes during a look-up */
    char copy[];     /* NUL-terminated */
};

struct tally {
    size_t limit;
    uint64_t total;
    uint64_t other;
    bool cut;
    GHashTable *table; /* set of struct entry * */
    GPtrArray *heap;   /* the same entries; a heap while `heaped` */
    bool heaped;
};

/* FNV-1a, and the finalizer of MurmurHash3 because FNV's high bits mix badly for short keys. */
uint64_t tally_hash(const void *key, size_t n)
{
    const char *p = key;
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++)
        h = (h ^ (uint8_t)p[i]) * UINT64_C(0x100000001b3);
    h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 33;
}

static int compare_bytes(const char *a, size_t a_n, const char *b, size_t b_n)
{
    int order = memcmp(a, b, MIN(a_n, b_n));
    return order != 0 ? order : (a_n > b_n) - (a_n < b_n);
}

/* The order in which keys are kept: smallest first. */
static int compare_entries(const struct entry *a, const struct entry *b)
{
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return compare_bytes(a->key, a->n, b->key, b->n);
}

static guint entry_hash(gconstpointer entry)
{
    return (guint)((const struct entry *)entry)->hash;
}

static gboolean entry_equal(gconstpointer a, gconstpointer b)
{
    return compare_entries(a, b) == 0;
}

struct tally *tally_new(size_t limit)
{
    assert(limit > 0);
    struct tally *tally = g_new0(struct tally, 1);
    tally->limit = limit;
    tally->table = g_hash_table_new(entry_hash, entry_equal);
    tally->heap = g_ptr_array_new_with_free_func(g_free);
    return tally;
}

void tally_free(struct tally *tally)
{
    if (tally == NULL)
        return;
    g_hash_table_destroy(tally->table);
    g_ptr_array_free(tally->heap, TRUE);
    g_free(tally);
}

static void sift_down(GPtrArray *heap, size_t i)
{
    struct entry **e = (struct entry **)heap->pdata;
    for (size_t child; (child = 2 * i + 1) < heap->len; i = child) {
        if (child + 1 < heap->len && compare_entries(e[child + 1], e[child]) > 0)
            child++;
        if (compare_entries(e[i], e[child]) >= 0)
            break;
        struct entry *swap = e[i];
        e[i] = e[child];
        e[child] = swap;
    }
}

/* The key that goes next. Only for a full tally. */
static struct entry *largest(struct tally *tally)
{
    if (!tally->heaped) {
        for (size_t i = tally->heap->len / 2; i-- > 0;)
            sift_down(tally->heap, i);
        tally->heaped = true;
    }
    return tally->heap->pdata[0];
}

static struct entry *copy_entry(const struct entry *wanted)
{
    struct entry *entry = g_malloc(sizeof *entry + wanted->n + 1);
    *entry = *wanted;
    if (wanted->n > 0)
        memcpy(entry->copy, wanted->key, wanted->n);
    entry->copy[wanted->n] = '\0';
    entry->key = entry->copy;
    return entry;
}

static void add_hashed(struct tally *tally, const struct entry *wanted)
{
    struct entry *entry = g_hash_table_lookup(tally->table, wanted);
    if (entry) {
        entry->count += wanted->count;
        return;
    }
    if (tally->heap->len < tally->limit) {
        entry = copy_entry(wanted);
        g_ptr_array_add(tally->heap, entry);
        g_hash_table_add(tally->table, entry);
        return;
    }
    tally->cut = true;
    struct entry *victim = largest(tally);
    if (compare_entries(wanted, victim) > 0) {
        tally->other += wanted->count;
        return;
    }
    entry = copy_entry(wanted);
    g_hash_table_remove(tally->table, victim);
    g_hash_table_add(tally->table, entry);
    tally->other += victim->count;
    tally->heap->pdata[0] = entry;
    g_free(victim);
    sift_down(tally->heap, 0);
}

void tally_add(struct tally *tally, const void *key, size_t n, uint64_t count)
{
    if (count == 0)
        return;
    n = MIN(n, (size_t)TALLY_KEY_MAX);
    struct entry wanted = {.hash = tally_hash(key, n), .count = count, .n = n, .key = n > 0 ? key : ""};
    tally->total += count;
    add_hashed(tally, &wanted);
}

void tally_merge(struct tally *into, const struct tally *from)
{
    assert(into != from && into->limit == from->limit);
    /* A key that `from` has lost is larger than all its `limit` keys, so it cannot be among the smallest of the union.
     */
    for (size_t i = 0; i < from->heap->len; i++)
        add_hashed(into, from->heap->pdata[i]);
    into->other += from->other;
    into->total += from->total;
    into->cut = into->cut || from->cut;
}

uint64_t tally_count(const struct tally *tally, const void *key, size_t n)
{
    const struct entry wanted = {.hash = tally_hash(key, n), .n = n, .key = key};
    const struct entry *entry = g_hash_table_lookup(tally->table, &wanted);
    return entry ? entry->count : 0;
}

size_t tally_size(const struct tally *tally)
{
    return tally->heap->len;
}

uint64_t tally_total(const struct tally *tally)
{
    return tally->total;
}

uint64_t tally_other(const struct tally *tally)
{
    return tally->other;
}

bool tally_is_cut(const struct tally *tally)
{
    return tally->cut;
}

static int compare_rows(const void *a, const void *b)
{
    const struct tally_row *x = a;
    const struct tally_row *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return compare_bytes(x->key, x->n, y->key, y->n);
}

struct tally_row *tally_rows(const struct tally *tally)
{
    size_t n = tally->heap->len;
    if (n == 0)
        return NULL;
    struct tally_row *rows = g_new(struct tally_row, n);
    for (size_t i = 0; i < n; i++) {
        const struct entry *entry = tally->heap->pdata[i];
        rows[i] = (struct tally_row){.key = entry->key, .n = entry->n, .count = entry->count};
    }
    qsort(rows, n, sizeof *rows, compare_rows);
    return rows;
}
