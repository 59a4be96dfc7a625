/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts by key ("8.4.3" → 17 connections), in bounded memory, the same in whatever order the counts come.
 *
 * A tally keeps at most `limit` keys. Which ones must not depend on who came first, or shards would not merge to the
 * same result. So when there are more, those with the smallest hash (a fixed function of the key's bytes; equal hashes
 * by bytes) are kept: a uniform sample of the keys. A key of the final sample has been in the sample of every prefix
 * and every shard, hence its count is exact; everything else is in tally_other(). Up to the limit nothing is lost;
 * beyond it a frequent key may be among the others, so choose the limit well above what people have, and report
 * tally_is_cut().
 */
#ifndef ANALYZER_TALLY_H
#define ANALYZER_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Longest key in bytes; the rest of longer ones is ignored. */
#define TALLY_KEY_MAX 1024

/** What people call the counts without a key. */
#define TALLY_OTHER "(other)"

/** What part of `of` the count is, 0 of nothing. Rounded to four digits: more than any count supports, and readable. */
static inline double tally_share(uint64_t n, uint64_t of)
{
    return of ? (double)(int64_t)(10000.0 * (double)n / (double)of + 0.5) / 10000.0 : 0;
}

/** A counting map. */
struct tally;

/** One line of the result. */
struct tally_row {
    const char *key; /**< the tally's, valid until it is changed; a NUL follows */
    size_t n;        /**< bytes of the key, which may hold NULs */
    uint64_t count;  /**< exact */
};

/** The fixed function of a key's bytes by which keys are kept. */
uint64_t tally_hash(const void *key, size_t n);

/** Makes an empty tally for at most `limit` >= 1 keys; its memory follows the keys that come. */
struct tally *tally_new(size_t limit);

/** Frees a tally; NULL is allowed. */
void tally_free(struct tally *tally);

/** Adds `count` to the key of `n` bytes, which are copied if they are new. A count of 0 does nothing. */
void tally_add(struct tally *tally, const void *key, size_t n, uint64_t count);

/** Adds all counts of `from`, which is another tally with the same limit. Associative and commutative. */
void tally_merge(struct tally *into, const struct tally *from);

/** The count of a key, 0 if it is not kept. */
uint64_t tally_count(const struct tally *tally, const void *key, size_t n);

/** Number of keys, without the others. */
size_t tally_size(const struct tally *tally);

/** Sum of all counts, with the others. */
uint64_t tally_total(const struct tally *tally);

/** Sum of the counts whose keys were not kept. */
uint64_t tally_other(const struct tally *tally);

/** Whether there were more keys than the limit. */
bool tally_is_cut(const struct tally *tally);

/** The rows by descending count, equal counts by ascending bytes (a prefix first); tally_size() of them. The caller
 * frees the array with g_free(); NULL when there is none. */
struct tally_row *tally_rows(const struct tally *tally);

#endif
