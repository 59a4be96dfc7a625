/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue of commands whose reply is not over: oldest first. Private to the core. */
#ifndef MYWIRE_EXCHANGE_H
#define MYWIRE_EXCHANGE_H

#include "mywire/limits.h"
#include "mywire/mem.h"
#include "mywire/session.h"

struct exchange_queue {
    struct mw_exchange *ring; /* NULL: `one` is the ring */
    uint32_t capacity, first, count;
    struct mw_exchange one; /* room for the usual single command */
};

/** The oldest, or NULL. */
struct mw_exchange *exchange_head(struct exchange_queue *q);

/** The `i`th, 0 the oldest; `i` must be below the count. */
const struct mw_exchange *exchange_at(struct exchange_queue *q, uint32_t i);

/** Room at the end for a new command, cleared; NULL when there is none: the limit is hit, or memory is out. */
struct mw_exchange *exchange_push(struct exchange_queue *q, const struct mw_mem *mem, const struct mw_limits *limits);

/** Drops the oldest. */
void exchange_pop(struct exchange_queue *q);

/** Gives back memory. */
void exchange_clear(struct exchange_queue *q, const struct mw_mem *mem);

#endif
