/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quantiles of durations in bounded memory, mergeable: a DDSketch over integers.
 *
 * Buckets divide every power of two into 64 equal steps (the linearly interpolated logarithm of the DDSketch paper,
 * Masson et al., VLDB 2019), by integer arithmetic only: the same on every machine. Values below 128 have a bucket
 * each, so they are exact; others are reported with a relative error of at most 1/128 < 1 %.
 *
 * The state is a function of the multiset of the values alone. Adding and merging in any order gives the same bits:
 * buckets only add up; the memory covers the used indexes, rounded outwards to a fixed grid; and when the span exceeds
 * SKETCH_SPAN buckets, those below (highest - SKETCH_SPAN + 1) are added to that one. The highest index only grows, so
 * moving up in several steps ends where moving up in one step does. The zero bucket never moves.
 */
#ifndef ANALYZER_SKETCH_H
#define ANALYZER_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Most buckets between the lowest and the highest: 32 powers of two (1 µs … 71 min stay apart). 16 KiB at most. */
#define SKETCH_SPAN 2048

/** A sketch; all zero is an empty one, 72 bytes. The members are private, except for reading the first six. */
struct sketch {
    uint64_t count;    /**< values added */
    int64_t min;       /**< exact; 0 when empty */
    int64_t max;       /**< exact; 0 when empty */
    uint64_t sum_low;  /**< sum of all values, exact: low 64 bits … */
    uint64_t sum_high; /**< … and high 64 bits; see sketch_mean() */
    uint64_t zeros;    /**< values that are 0 */
    uint64_t *buckets; /**< counts of the indexes `first` … `first + length - 1`; NULL until a value above 0 came */
    uint32_t first;    /**< index of buckets[0]; a multiple of 16 */
    uint32_t length;   /**< entries of `buckets`; a multiple of 16 */
    uint32_t lowest;   /**< lowest index ever added, before collapsing */
    uint32_t highest;  /**< highest index ever added */
};

/** Makes an empty sketch; the same as setting all to zero. */
void sketch_init(struct sketch *sketch);

/** Frees the buckets and makes it empty. */
void sketch_clear(struct sketch *sketch);

/** Adds a duration (µs, or any unit). Returns false, and counts nothing, if `value` is negative. */
bool sketch_add(struct sketch *sketch, int64_t value);

/** Adds all that is in `from` to `into`; they may be the same object. */
void sketch_merge(struct sketch *into, const struct sketch *from);

/** The quantile by nearest rank: the smallest of the values so that at least q·count values are less than or equal to
 * it, within 1 % (exact for q = 0 (the minimum), q = 1 and values below 128). `q` is clamped to 0 … 1 and taken to the
 * millionth, so that 0.07 of 100 values is the 7th whatever binary fractions say. Always between min and max. -1 when
 * empty. If sketch_is_collapsed(), quantiles among the lowest values are too high. */
int64_t sketch_quantile(const struct sketch *sketch, double q);

/** Between which values the quantile of what was measured lies with 95 % confidence, whatever the distribution: the values at
 * the ranks n·q ∓ 1.96·√(n·q·(1-q)) (the normal approximation of the binomial order statistics), each within 1 %. False if
 * the values are too few to say so. */
bool sketch_range(const struct sketch *sketch, double q, int64_t *low, int64_t *high);

/** Mean, rounded to nearest, halves up; -1 when empty. */
int64_t sketch_mean(const struct sketch *sketch);

/** Whether the values span so much that the lowest positive ones were put together. */
bool sketch_is_collapsed(const struct sketch *sketch);

/** Whether two sketches have the same state. */
bool sketch_is_equal(const struct sketch *a, const struct sketch *b);

#endif
