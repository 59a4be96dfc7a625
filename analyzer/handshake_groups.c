/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/handshake_groups.h"

#include <stdlib.h>
#include <string.h>

struct handshake_groups {
    enum handshake_fact by[HANDSHAKE_BY_MAX];
    size_t n_by;
    GHashTable *table;                /* set of struct handshake_group * */
    struct handshake_group *largest;  /* with a full table: the one with the largest (hash, key), or NULL: to be found */
    struct handshakes *other;
};

static guint group_hash(gconstpointer group)
{
    return (guint)((const struct handshake_group *)group)->hash;
}

/* The order in which groups are kept: smallest first. */
static int compare(const struct handshake_group *a, const struct handshake_group *b)
{
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    int order = memcmp(a->key, b->key, MIN(a->key_size, b->key_size));
    return order ? order : (a->key_size > b->key_size) - (a->key_size < b->key_size);
}

static gboolean group_equal(gconstpointer a, gconstpointer b)
{
    return compare(a, b) == 0;
}

static void group_free(gpointer data)
{
    struct handshake_group *group = data;
    for (size_t i = 0; i < HANDSHAKE_BY_MAX; i++)
        g_free(group->values[i]);
    g_free(group->key);
    handshakes_free(group->handshakes);
    g_free(group);
}

struct handshake_groups *handshake_groups_new(const enum handshake_fact *by, size_t n)
{
    struct handshake_groups *groups = g_new0(struct handshake_groups, 1);
    groups->n_by = MIN(n, HANDSHAKE_BY_MAX);
    memcpy(groups->by, by, groups->n_by * sizeof *by);
    groups->table = g_hash_table_new_full(group_hash, group_equal, group_free, NULL);
    return groups;
}

void handshake_groups_free(struct handshake_groups *groups)
{
    if (!groups)
        return;
    g_hash_table_destroy(groups->table);
    handshakes_free(groups->other);
    g_free(groups);
}

static struct handshakes *others(struct handshake_groups *groups)
{
    if (!groups->other)
        groups->other = handshakes_new();
    return groups->other;
}

static struct handshake_group *find_largest(struct handshake_groups *groups)
{
    GHashTableIter i;
    gpointer group;
    g_hash_table_iter_init(&i, groups->table);
    if (!groups->largest)
        while (g_hash_table_iter_next(&i, &group, NULL))
            if (!groups->largest || compare(group, groups->largest) > 0)
                groups->largest = group;
    return groups->largest;
}

/* A new group with the key and values of `wanted`. */
static struct handshake_group *insert(struct handshake_groups *groups, const struct handshake_group *wanted)
{
    struct handshake_group *group = g_new0(struct handshake_group, 1);
    for (size_t i = 0; i < groups->n_by; i++)
        group->values[i] = g_strdup(wanted->values[i]);
    group->key = g_memdup2(wanted->key, wanted->key_size);
    group->key_size = wanted->key_size;
    group->hash = wanted->hash;
    group->handshakes = handshakes_new();
    g_hash_table_add(groups->table, group);
    groups->largest = NULL;
    return group;
}

/* Where the connections of a group are counted. */
static struct handshakes *handshakes_of(struct handshake_groups *groups, const struct handshake_group *wanted)
{
    struct handshake_group *group = g_hash_table_lookup(groups->table, wanted);
    if (group)
        return group->handshakes;
    if (g_hash_table_size(groups->table) < HANDSHAKE_GROUPS_MAX)
        return insert(groups, wanted)->handshakes;
    if (compare(wanted, find_largest(groups)) > 0)
        return others(groups);
    handshakes_merge(others(groups), groups->largest->handshakes);
    g_hash_table_remove(groups->table, groups->largest);
    return insert(groups, wanted)->handshakes;
}

void handshake_groups_add(struct handshake_groups *groups, const struct connection *c)
{
    struct handshake_group wanted = {0};
    GString *key = g_string_new(NULL);
    for (size_t i = 0; i < groups->n_by; i++) {
        char scratch[HANDSHAKE_SCRATCH];
        const char *value = handshake_fact_value(c, groups->by[i], scratch);
        wanted.values[i] = g_strdup(value);
        g_string_append_c(key, value ? '=' : '-'); /* unknown is not empty */
        g_string_append_len(key, value ? value : "", value ? (gssize)strlen(value) + 1 : 0);
    }
    wanted.key = key->str;
    wanted.key_size = key->len;
    wanted.hash = tally_hash(key->str, key->len);
    handshakes_add(handshakes_of(groups, &wanted), c);
    for (size_t i = 0; i < groups->n_by; i++)
        g_free(wanted.values[i]);
    g_string_free(key, TRUE);
}

void handshake_groups_merge(struct handshake_groups *into, const struct handshake_groups *from)
{
    GHashTableIter i;
    gpointer group;
    g_hash_table_iter_init(&i, from->table);
    while (g_hash_table_iter_next(&i, &group, NULL))
        handshakes_merge(handshakes_of(into, group), ((const struct handshake_group *)group)->handshakes);
    if (from->other)
        handshakes_merge(others(into), from->other);
}

const enum handshake_fact *handshake_groups_by(const struct handshake_groups *groups, size_t *n)
{
    *n = groups->n_by;
    return groups->by;
}

static int by_connections(const void *a, const void *b)
{
    const struct handshake_group *x = *(const struct handshake_group *const *)a;
    const struct handshake_group *y = *(const struct handshake_group *const *)b;
    if (x->handshakes->connections != y->handshakes->connections)
        return x->handshakes->connections > y->handshakes->connections ? -1 : 1;
    for (size_t i = 0; i < HANDSHAKE_BY_MAX; i++) {
        int order = g_strcmp0(x->values[i], y->values[i]);
        if (order)
            return order;
    }
    return 0;
}

const struct handshake_group **handshake_groups_rows(const struct handshake_groups *groups, size_t *n)
{
    GHashTableIter i;
    gpointer group;
    *n = 0;
    const struct handshake_group **rows = g_new(const struct handshake_group *, g_hash_table_size(groups->table) + 1);
    g_hash_table_iter_init(&i, groups->table);
    while (g_hash_table_iter_next(&i, &group, NULL))
        rows[(*n)++] = group;
    qsort(rows, *n, sizeof(struct handshake_group *), by_connections);
    return rows;
}

const struct handshakes *handshake_groups_other(const struct handshake_groups *groups)
{
    return groups->other;
}
