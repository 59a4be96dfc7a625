/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tls_sessions.h"

#include <glib.h>
#include <string.h>

#include "analyzer/secret_memory.h"

enum { MASTER = 48 };

/* A session. Names are kept as digests: a ticket can be long. */
struct slot {
    char *name;
    uint8_t *master;
};

struct tls_sessions {
    struct secret_memory *memory;
    uint64_t max, *hits;
    GHashTable *by_name; /* of struct slot, by its name */
    GQueue slots;        /* of struct slot, oldest first */
};

struct tls_sessions *tls_sessions_new(struct secret_memory *memory, uint64_t max, uint64_t *hits)
{
    struct tls_sessions *s = g_new0(struct tls_sessions, 1);
    s->memory = memory;
    s->max = max;
    s->hits = hits;
    s->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    g_queue_init(&s->slots);
    return s;
}

static char *digest(const uint8_t *name, size_t n)
{
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, name, n);
}

static struct slot *oldest_slot(struct tls_sessions *s)
{
    struct slot *slot = g_queue_pop_head(&s->slots);
    if (!slot)
        return NULL;
    ++*s->hits;
    g_hash_table_remove(s->by_name, slot->name);
    g_free(slot->name);
    return slot;
}

static struct slot *new_slot(struct tls_sessions *s)
{
    uint8_t *master = s->slots.length < s->max ? secret_memory_alloc(s->memory, MASTER) : NULL;
    if (!master)
        return oldest_slot(s);
    struct slot *slot = g_new(struct slot, 1);
    slot->master = master;
    return slot;
}

void tls_sessions_put(struct tls_sessions *s, const uint8_t *name, size_t n, const uint8_t *master)
{
    char *key = digest(name, n);
    struct slot *slot = g_hash_table_lookup(s->by_name, key);
    if (slot) {
        g_free(key);
    } else if ((slot = new_slot(s))) {
        slot->name = key;
        g_hash_table_insert(s->by_name, key, slot);
        g_queue_push_tail(&s->slots, slot);
    } else {
        g_free(key);
        return;
    }
    memcpy(slot->master, master, MASTER);
}

const uint8_t *tls_sessions_find(const struct tls_sessions *s, const uint8_t *name, size_t n)
{
    if (!g_hash_table_size(s->by_name))
        return NULL;
    char *key = digest(name, n);
    const struct slot *slot = g_hash_table_lookup(s->by_name, key);
    g_free(key);
    return slot ? slot->master : NULL;
}

void tls_sessions_free(struct tls_sessions *s)
{
    if (!s)
        return;
    g_hash_table_destroy(s->by_name);
    for (struct slot *slot; (slot = g_queue_pop_head(&s->slots));) {
        secret_wipe(slot->master, MASTER);
        g_free(slot->name);
        g_free(slot);
    }
    g_free(s);
}
