/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for the core. */
#ifndef ANALYZER_CORE_MEMORY_H
#define ANALYZER_CORE_MEMORY_H

#include "analyzer/budget.h"
#include "mywire/mem.h"

/** GLib's heap. */
extern const struct mw_mem core_memory;

/** The same heap within a connection's share, which must outlive what is allocated. */
struct mw_mem core_memory_of(struct budget_share *share);

#endif
