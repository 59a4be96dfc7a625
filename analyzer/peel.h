/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a captured packet to its TCP segment: one layer after the other is taken off, as `layers.def` says. */
#ifndef ANALYZER_PEEL_H
#define ANALYZER_PEEL_H

#include "analyzer/counters.h"
#include "analyzer/defrag.h"
#include "analyzer/segment.h"
#include "analyzer/source.h"

/** What a packet turned out to be. */
enum peel {
    PEEL_TCP,          /**< the segment is filled in */
    PEEL_OTHER,        /**< not TCP */
    PEEL_FRAGMENT,     /**< a piece of an IP packet, of which others are missing */
    PEEL_SHORT,        /**< the snapshot length cut it before the TCP header ended */
    PEEL_BAD,          /**< a header contradicts itself or the packet's length */
    PEEL_LINK_UNKNOWN, /**< no row for this link type */
    PEEL_MORE          /**< only between layers: go on with the space and key in the cursor */
};

/** What the keys of `layers.def` are numbers of. */
enum layer_space { LAYER_LINK, LAYER_ETHERTYPE, LAYER_PROTOCOL, LAYER_PPP, LAYER_UDP, LAYER_IP };

/** What is left of a packet, and what it is. */
struct layer_cursor {
    const uint8_t *p;  /**< first byte of the next header */
    uint32_t captured; /**< bytes at `p` */
    uint32_t
        wire; /**< bytes from `p` to the end on the wire, as the layers below have it; never less than `captured` */
    enum layer_space space; /**< how `key` is to be understood */
    uint32_t key;
    struct defrag *defrag; /**< NULL: fragments are not put together */
    int64_t time_ns;       /**< of the packet */
};

/** Whether a header of `n` bytes is there: PEEL_MORE, else PEEL_SHORT (cut) or PEEL_BAD (the packet never had it). */
static inline enum peel layer_need(const struct layer_cursor *c, uint32_t n)
{
    if (c->captured >= n)
        return PEEL_MORE;
    return c->wire >= n ? PEEL_SHORT : PEEL_BAD;
}

/** Takes `n` bytes off, of which layer_need() said they are there, and names what follows. Returns PEEL_MORE. */
static inline enum peel layer_next(struct layer_cursor *c, uint32_t n, enum layer_space space, uint32_t key)
{
    c->p += n;
    c->captured -= n;
    c->wire -= n;
    c->space = space;
    c->key = key;
    return PEEL_MORE;
}

static inline uint16_t layer_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t layer_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/** Finds the TCP segment in `packet`. `out` is filled in only if PEEL_TCP is returned; PEEL_MORE never is. With `defrag` (may be
 * NULL) the fragment that completes a packet gives what is in the packet; `out` lives until the next call then.
 * Checksums are not looked at: with offload the recorder sees packets before they are computed. */
enum peel peel_packet(const struct packet *packet, struct defrag *defrag, struct segment *out);

/** Counts a packet and what became of it. */
void peel_count(struct counters *counters, const struct packet *packet, enum peel outcome);

#endif
