/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/core_memory.h"

#include <glib.h>

static void *core_alloc(void *user, size_t size)
{
    (void)user;
    return g_try_malloc(size);
}

static void core_free(void *user, void *p, size_t size)
{
    (void)user;
    (void)size;
    g_free(p);
}

const struct mw_mem core_memory = {NULL, core_alloc, core_free};

static void *shared_alloc(void *user, size_t size)
{
    struct budget_share *share = user;
    if (!budget_take(share, size))
        return NULL;
    void *p = g_try_malloc(size);
    if (!p)
        budget_give(share, size);
    return p;
}

static void shared_free(void *user, void *p, size_t size)
{
    struct budget_share *share = user;
    budget_give(share, size);
    g_free(p);
}

struct mw_mem core_memory_of(struct budget_share *share)
{
    return (struct mw_mem){share, shared_alloc, shared_free};
}
