/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of one direction in, packets out. Push bytes, then take packets until there is none.
 *
 *     mw_framer_push(&framer, bytes, n, stamp);
 *     while (mw_framer_next(&framer, &packet)) …
 *
 * A packet that lies whole in the bytes pushed is not copied. Layout: 3 length · 1 sequence id · payload; a payload of
 * 0xFFFFFF bytes is continued by the next part, and the last part is shorter, perhaps empty.
 */
#ifndef MYWIRE_FRAMER_H
#define MYWIRE_FRAMER_H

#include "mywire/limits.h"
#include "mywire/mem.h"
#include "mywire/packet.h"

struct mw_framer {
    const struct mw_mem *mem;
    const struct mw_limits *limits;
    struct mw_limit_hits *hits;
    enum mw_dir dir;

    const uint8_t *in; /* pushed and not taken */
    size_t in_left;
    struct mw_stamp stamp; /* of `in` */

    uint8_t header[MW_HEADER];
    uint8_t header_have;
    bool inside;       /* a header was read and its part is not complete */
    bool more_parts;   /* … and another part follows it */
    bool lost_sync;    /* scanning for the next packet */
    uint32_t part_left; /* bytes of the part still to come */
    struct mw_packet packet; /* under way; its payload is `buffer` */
    uint8_t *buffer;
    uint32_t capacity;

    uint64_t packets;  /* taken so far */
    uint64_t skipped;  /* bytes passed over while scanning */
};

/** Starts a framer. `mem`, `limits` and `hits` must outlive it. */
void mw_framer_init(struct mw_framer *f, enum mw_dir dir, const struct mw_mem *mem, const struct mw_limits *limits,
                    struct mw_limit_hits *hits);

/** Gives back memory. */
void mw_framer_clear(struct mw_framer *f);

/** Hands in the next bytes of the stream; they must stay until mw_framer_next has returned false, or been taken back. */
void mw_framer_push(struct mw_framer *f, const uint8_t *p, size_t n, struct mw_stamp stamp);

/** The next complete packet. Its payload is good until the next call. Returns false when more bytes are needed. */
bool mw_framer_next(struct mw_framer *f, struct mw_packet *packet);

/** Packets that were passed over. */
struct mw_passed {
    uint64_t packets;
    uint64_t bytes; /**< on the wire, headers included */
    uint8_t last_sequence; /**< of the last one */
};

/** Passes over the next packets that can only be rows where rows are expected, as long as they lie whole in what was
 *  pushed: those that are neither empty, nor begin like an end or an error, nor are longer than is kept of a packet; with
 *  `sequence` not negative, as long as their sequence ids count on from there. */
struct mw_passed mw_framer_pass_rows(struct mw_framer *f, int sequence);

/** What was pushed and not taken: for a layer that goes on at that byte (TLS, compression). Nothing is left after it. */
struct mw_slice mw_framer_take_rest(struct mw_framer *f);

/** `n` bytes of the stream are missing here. Inside a packet of known length it is only damaged: mw_framer_next gives it with
 *  `lost` set. Otherwise the framer has lost_sync and scans for the next packet. Returns false in that case. */
bool mw_framer_gap(struct mw_framer *f, uint64_t n);

/** Bytes of a packet that has begun and not ended. */
bool mw_framer_pending(const struct mw_framer *f);

#endif
