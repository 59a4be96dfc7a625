/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that many connections share. Nobody may take so much of it that others find none: each may hold an eighth of
 * what is left. So a few may hold much, many hold little each, and one that comes late still gets what an honest one
 * needs. What was refused is not asked back from others; who asked goes on with less. */
#ifndef ANALYZER_BUDGET_H
#define ANALYZER_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/** What each gets in any case: a connection that is idle needs no more. */
#define BUDGET_FREE 2048

/** All together. */
struct budget {
    uint64_t used, limit;
    uint64_t *refused; /**< counts what was refused */
};

/** One of them. */
struct budget_share {
    struct budget *all;
    uint64_t used;
};

/** Whether one who holds `mine` may take `n` more where all hold `used` of `limit`. */
static inline bool budget_allows(uint64_t mine, uint64_t n, uint64_t used, uint64_t limit)
{
    enum { PART = 8 };
    return used < limit && mine + n <= (limit - used) / PART;
}

/** Takes `n` bytes; false: they are refused. */
static inline bool budget_take(struct budget_share *share, uint64_t n)
{
    struct budget *all = share->all;
    if (share->used + n > BUDGET_FREE && !budget_allows(share->used, n, all->used, all->limit)) {
        ++*all->refused;
        return false;
    }
    share->used += n;
    all->used += n;
    return true;
}

/** What was counted as `*counted` takes `n` bytes by now, asked or not. */
static inline void budget_settle(struct budget_share *share, uint64_t *counted, uint64_t n)
{
    share->used += n - *counted;
    share->all->used += n - *counted;
    *counted = n;
}

/** Gives `n` bytes back that were taken. */
static inline void budget_give(struct budget_share *share, uint64_t n)
{
    share->used -= n;
    share->all->used -= n;
}

#endif
