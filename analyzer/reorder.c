/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/reorder.h"

#include <glib.h>

struct entry {
    uint64_t key;
    void *record;
    size_t bytes;
};

/* A ring, sorted by key. Records come nearly in order, so a new one moves few others to find its place at the end, and
 * the lowest leaves without any search. */
struct reorder {
    struct entry *ring;
    size_t first, n, window;
    size_t capacity; /* a power of two */
    size_t bytes, bytes_max;
    void (*out)(void *user, void *record);
    void *user;
};

struct reorder *reorder_new(size_t window, size_t bytes, void (*out)(void *user, void *record), void *user)
{
    struct reorder *r = g_new0(struct reorder, 1);
    r->window = window;
    r->bytes_max = bytes;
    r->out = out;
    r->user = user;
    return r;
}

static struct entry *at(const struct reorder *r, size_t i)
{
    return &r->ring[(r->first + i) & (r->capacity - 1)];
}

static void grow(struct reorder *r)
{
    enum { CAPACITY_FIRST = 64 };
    size_t capacity = r->capacity ? r->capacity * 2 : CAPACITY_FIRST;
    struct entry *ring = g_new(struct entry, capacity);
    for (size_t i = 0; i < r->n; i++)
        ring[i] = *at(r, i);
    g_free(r->ring);
    r->ring = ring;
    r->capacity = capacity;
    r->first = 0;
}

static void pop(struct reorder *r)
{
    struct entry lowest = *at(r, 0);
    r->first++;
    r->n--;
    r->bytes -= lowest.bytes;
    r->out(r->user, lowest.record);
}

void reorder_push(struct reorder *r, uint64_t key, void *record, size_t bytes)
{
    if (r->n == r->capacity)
        grow(r);
    size_t i = r->n++;
    for (; i > 0 && at(r, i - 1)->key > key; i--) /* behind its equals: they leave in the order in which they came */
        *at(r, i) = *at(r, i - 1);
    *at(r, i) = (struct entry){key, record, bytes};
    r->bytes += bytes;
    while (r->n > r->window || (r->bytes > r->bytes_max && r->n > 0))
        pop(r);
}

void reorder_finish(struct reorder *r)
{
    while (r->n)
        pop(r);
    g_free(r->ring);
    g_free(r);
}
