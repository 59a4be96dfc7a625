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
