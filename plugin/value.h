/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of columns, parameters and attributes as text. */
#ifndef MYWIRE_PLUGIN_VALUE_H
#define MYWIRE_PLUGIN_VALUE_H

#include "plugin/compat.h"

#include "mywire/trace.h"

/** Is it the value of a column, parameter or attribute? */
bool value_is(const struct mw_item *item);

/** NULL, 42, 'text', 0x00ff: what is quoted is text, so that the text NULL is not taken for none. One line, in `pool`;
 *  long bytes are cut. */
const char *value_text(wmem_allocator_t *pool, enum mw_dialect dialect, const struct mw_item *item);

/** Name of what it is the value of, or NULL. One line, in `pool`. */
const char *value_label(wmem_allocator_t *pool, enum mw_dialect dialect, const struct mw_item *item);

/** Bits of a number as told by a trace. */
float value_float(const struct mw_item *item);
double value_double(const struct mw_item *item);

#endif
