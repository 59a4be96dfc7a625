/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MYWIRE_LIMITS_H
#define MYWIRE_LIMITS_H

#include <stdint.h>

/** Maxima of the core's buffers (`limits.def`). */
struct mw_limits {
#define MW_LIMIT(id, value, text) uint32_t id;
#include "mywire/limits.def"
#undef MW_LIMIT
};

/** How often each was hit. */
struct mw_limit_hits {
#define MW_LIMIT(id, value, text) uint64_t id;
#include "mywire/limits.def"
#undef MW_LIMIT
};

/** The defaults. */
#define MW_LIMITS_DEFAULT mw_limits_default()
static inline struct mw_limits mw_limits_default(void)
{
    return (struct mw_limits){
#define MW_LIMIT(id, value, text) value,
#include "mywire/limits.def"
#undef MW_LIMIT
    };
}

#endif
