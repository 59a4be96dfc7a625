/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building column definitions. Private to the core. */
#ifndef MYWIRE_CORE_COLUMNS_H
#define MYWIRE_CORE_COLUMNS_H

#include "mywire/columns.h"
#include "mywire/limits.h"
#include "mywire/mem.h"
#include "mywire/message.h"

/** Definitions that are arriving. All zero is none. */
struct columns_builder {
    struct mw_column *column; /* names are offsets until sealed: name.p is NULL, name.n the length */
    uint8_t *names;
    uint32_t expected, count;
    uint32_t names_used, names_size;
    bool broken; /* a definition could not be read, or memory or a limit ended: nothing will be published */
};

/** Begins `expected` definitions. */
void columns_begin(struct columns_builder *b, const struct mw_mem *mem, const struct mw_limits *limits, uint32_t expected);

/** Adds the next one. */
void columns_add(struct columns_builder *b, const struct mw_mem *mem, const struct mw_limits *limits,
                 const struct mw_msg *msg);

/** The sealed object with one reference, or NULL when it is not whole. The builder is empty then. */
struct mw_columns *columns_seal(struct columns_builder *b, const struct mw_mem *mem);

void columns_abandon(struct columns_builder *b, const struct mw_mem *mem);

/** One more, one less reference. NULL is allowed. */
const struct mw_columns *columns_keep(const struct mw_columns *c);
void columns_drop(const struct mw_columns *c, const struct mw_mem *mem);

#endif
