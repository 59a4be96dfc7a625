/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for the core. */
#ifndef ANALYZER_CORE_MEMORY_H
#define ANALYZER_CORE_MEMORY_H

#include "mywire/mem.h"

/** GLib's heap. */
extern const struct mw_mem core_memory;

#endif
