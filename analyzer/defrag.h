/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP fragments put together (RFC 791 section 3.2, RFC 8200 section 4.5). Bytes that came first win over bytes that say something
 * else at the same place. What is incomplete is given up after its time, or for a newer one when the limits are reached. */
#ifndef ANALYZER_DEFRAG_H
#define ANALYZER_DEFRAG_H

#include "analyzer/counters.h"
#include "analyzer/limits.h"
#include "analyzer/segment.h"

#include <stdbool.h>

struct defrag;

/** What a fragment belongs to. All bytes are set, so two are equal if their bytes are. */
struct defrag_key {
    uint8_t src[16], dst[16];
    uint32_t id;
    uint8_t family;   /**< 4 or 6 */
    uint8_t protocol; /**< of IPv4; IPv6 packets are told apart without it: 0 */
    uint8_t zero[2];
};

/** A fragment. */
struct defrag_piece {
    uint32_t offset; /**< of its payload in the whole, bytes */
    bool more;       /**< others follow it */
    uint8_t protocol; /**< what the whole carries, as this one says; that of the first piece counts */
    const uint8_t *p;
    uint32_t captured; /**< bytes at `p` */
    uint32_t length;   /**< bytes on the wire */
    int64_t time_ns;
};

/** The whole. `p` is valid until the next packet: defrag_begin(). */
struct defrag_whole {
    const uint8_t *p;
    uint32_t n;
    uint8_t protocol;
};

/** The pointers must outlive it. */
struct defrag *defrag_new(const struct limits *limits, struct limit_hits *hits, struct counters *counters);

/** A new captured packet begins: wholes of the one before are given back. */
void defrag_begin(struct defrag *d);

/** Takes a fragment. True: it was the last one missing, and `whole` is filled in. */
bool defrag_push(struct defrag *d, const struct defrag_key *key, const struct defrag_piece *piece,
                 struct defrag_whole *whole);

/** Gives up what is incomplete, and frees. NULL is allowed. */
void defrag_free(struct defrag *d);

#endif
