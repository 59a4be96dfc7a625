/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The evidence behind every result: how much was read, and what could not be used. */
#ifndef ANALYZER_COUNTERS_H
#define ANALYZER_COUNTERS_H

#include <stdint.h>

/** One per worker; all zero to begin with. */
struct counters {
#define COUNTER(id, name, meaning) uint64_t id;
#include "analyzer/counters.def"
#undef COUNTER
};

/** Adds `from` to `into`. Associative and commutative, so the order of merging does not show. */
static inline void counters_add(struct counters *into, const struct counters *from)
{
#define COUNTER(id, name, meaning) into->id += from->id;
#include "analyzer/counters.def"
#undef COUNTER
}

#endif
