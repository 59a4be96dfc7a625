/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/exchange.h"

#include <string.h>

static struct mw_exchange *slot(struct exchange_queue *q, uint32_t i)
{
    return q->ring ? &q->ring[(q->first + i) % q->capacity] : &q->one;
}

struct mw_exchange *exchange_head(struct exchange_queue *q)
{
    return q->count ? slot(q, 0) : NULL;
}

const struct mw_exchange *exchange_at(struct exchange_queue *q, uint32_t i)
{
    return slot(q, i);
}

static bool grow(struct exchange_queue *q, const struct mw_mem *mem, uint32_t limit)
{
    uint32_t capacity = q->ring ? q->capacity * 2 : 8;
    if (capacity > limit)
        capacity = limit;
    if (capacity <= q->count)
        return false;
    struct mw_exchange *ring = mem->alloc(mem->user, capacity * sizeof *ring);
    if (!ring)
        return false;
    for (uint32_t i = 0; i < q->count; i++)
        ring[i] = *slot(q, i);
    uint32_t count = q->count;
    exchange_clear(q, mem);
    q->ring = ring;
    q->capacity = capacity;
    q->first = 0;
    q->count = count;
    return true;
}

struct mw_exchange *exchange_push(struct exchange_queue *q, const struct mw_mem *mem, const struct mw_limits *limits)
{
    uint32_t room = q->ring ? q->capacity : 1;
    if (q->count == room && !grow(q, mem, limits->outstanding))
        return NULL;
    struct mw_exchange *e = slot(q, q->count++);
    memset(e, 0, sizeof *e);
    return e;
}

void exchange_pop(struct exchange_queue *q)
{
    if (q->ring)
        q->first = (q->first + 1) % q->capacity;
    q->count--;
}

void exchange_clear(struct exchange_queue *q, const struct mw_mem *mem)
{
    if (q->ring && mem->free)
        mem->free(mem->user, q->ring, q->capacity * sizeof *q->ring);
    q->ring = NULL;
    q->count = q->first = q->capacity = 0;
}
