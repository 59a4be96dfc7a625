/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/columns.h"

#include <string.h>

enum { NAMES_FIRST = 256 };

static void give_back(const struct mw_mem *mem, void *p, size_t size)
{
    if (p && mem->free)
        mem->free(mem->user, p, size);
}

void columns_abandon(struct columns_builder *b, const struct mw_mem *mem)
{
    give_back(mem, b->column, b->expected * sizeof *b->column);
    give_back(mem, b->names, b->names_size);
    *b = (struct columns_builder){0};
}

void columns_begin(struct columns_builder *b, const struct mw_mem *mem, const struct mw_limits *limits, uint32_t expected)
{
    columns_abandon(b, mem);
    if (expected == 0 || expected > limits->columns)
        return;
    b->column = mem->alloc(mem->user, expected * sizeof *b->column);
    b->expected = b->column ? expected : 0;
}

static bool reserve_names(struct columns_builder *b, const struct mw_mem *mem, const struct mw_limits *limits, uint32_t n)
{
    if (n > limits->column_names || b->names_used > limits->column_names - n)
        return false;
    uint32_t size = b->names_size ? b->names_size : NAMES_FIRST;
    while (size < b->names_used + n)
        size *= 2;
    if (size == b->names_size)
        return true;
    uint8_t *bigger = mem->alloc(mem->user, size);
    if (!bigger)
        return false;
    if (b->names_used)
        memcpy(bigger, b->names, b->names_used);
    give_back(mem, b->names, b->names_size);
    b->names = bigger;
    b->names_size = size;
    return true;
}

void columns_add(struct columns_builder *b, const struct mw_mem *mem, const struct mw_limits *limits,
                 const struct mw_msg *msg)
{
    const struct mw_column *c = &msg->column;
    if (b->count >= b->expected || b->broken)
        return;
    if (msg->status != MW_OK || !reserve_names(b, mem, limits, c->name.n)) {
        b->broken = true;
        return;
    }
    if (c->name.n)
        memcpy(b->names + b->names_used, c->name.p, c->name.n);
    b->names_used += c->name.n;
    b->column[b->count] = *c;
    b->column[b->count++].name.p = NULL;
}

struct mw_columns *columns_seal(struct columns_builder *b, const struct mw_mem *mem)
{
    struct mw_columns *out = NULL;
    if (b->expected && b->count == b->expected && !b->broken) {
        size_t size = sizeof *out + b->count * sizeof out->column[0] + b->names_used;
        out = mem->alloc(mem->user, size);
        if (out) {
            *out = (struct mw_columns){.count = b->count, .references = 1, .size = size};
            memcpy(out->column, b->column, b->count * sizeof out->column[0]);
            uint8_t *names = (uint8_t *)&out->column[b->count];
            if (b->names_used)
                memcpy(names, b->names, b->names_used);
            for (uint32_t i = 0; i < b->count; i++) {
                out->column[i].name.p = names;
                names += out->column[i].name.n;
            }
        }
    }
    columns_abandon(b, mem);
    return out;
}

const struct mw_columns *columns_keep(const struct mw_columns *c)
{
    if (c)
        ((struct mw_columns *)(uintptr_t)c)->references++;
    return c;
}

void columns_drop(const struct mw_columns *c, const struct mw_mem *mem)
{
    struct mw_columns *own = (struct mw_columns *)(uintptr_t)c;
    if (own && --own->references == 0)
        give_back(mem, own, own->size);
}
