/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bounds on memory and patience, and how often each was reached. */
#ifndef ANALYZER_LIMITS_H
#define ANALYZER_LIMITS_H

#include <stdint.h>

/** The values. Read-only once the analysis runs, so workers may share one. */
struct limits {
#define LIMIT(id, name, value, meaning) uint64_t id;
#include "analyzer/limits.def"
#undef LIMIT
};

/** How often each limit changed what was done. One per worker. */
struct limit_hits {
#define LIMIT(id, name, value, meaning) uint64_t id;
#include "analyzer/limits.def"
#undef LIMIT
};

/** Returns the defaults of `limits.def`. */
static inline struct limits limits_default(void)
{
    return (struct limits){
#define LIMIT(id, name, value, meaning) .id = (value),
#include "analyzer/limits.def"
#undef LIMIT
    };
}

/** The least that limits_fit() can make do with. */
#define LIMITS_MEMORY_MIN (UINT64_C(64) << 20)

/** Fits what grows with the traffic into `bytes` of memory, at least LIMITS_MEMORY_MIN: the limits keep their proportions. */
void limits_fit(struct limits *limits, uint64_t bytes);

/** Adds `from` to `into`. Associative and commutative, so the order of merging does not show. */
static inline void limit_hits_add(struct limit_hits *into, const struct limit_hits *from)
{
#define LIMIT(id, name, value, meaning) into->id += from->id;
#include "analyzer/limits.def"
#undef LIMIT
}

#endif
