/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/client_randoms.h"

#include <string.h>

static guint hash_random(gconstpointer key)
{
    guint hash; /* randoms are random */
    memcpy(&hash, (const uint8_t *)key + CLIENT_RANDOM_BYTES - sizeof hash, sizeof hash);
    return hash;
}

static gboolean same_random(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, CLIENT_RANDOM_BYTES) == 0;
}

GHashTable *client_randoms_new(void)
{
    return g_hash_table_new_full(hash_random, same_random, g_free, NULL);
}

void client_randoms_add(GHashTable *set, const uint8_t *random)
{
    if (!g_hash_table_contains(set, random))
        g_hash_table_add(set, g_memdup2(random, CLIENT_RANDOM_BYTES));
}

/* A record of type handshake (22), version 3.x, length; ClientHello (1), length of 24 bits, version 3.x, random. */
void client_randoms_scan(GHashTable *set, const uint8_t *packet, size_t n, guint max)
{
    enum { RANDOM_AT = 11, NEEDED = RANDOM_AT + CLIENT_RANDOM_BYTES };
    const uint8_t *end = packet + n;
    for (const uint8_t *p = packet; (size_t)(end - p) >= NEEDED; p++) {
        p = memchr(p, 22, (size_t)(end - p) - NEEDED + 1);
        if (!p)
            return;
        if (p[1] == 3 && p[2] <= 4 && p[5] == 1 && p[6] == 0 && p[9] == 3 && p[10] <= 4 && g_hash_table_size(set) < max)
            client_randoms_add(set, p + RANDOM_AT);
    }
}
