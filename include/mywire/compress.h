/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compressed protocol: frames of one direction in, the bytes of ordinary packets out.
 *
 *     3 length as sent · 1 sequence id · 3 length before compression, 0: stored as it is · data (zlib stream or zstd frame)
 *
 * Frames and packets know nothing of each other: a frame can hold many packets, and a packet can span frames.
 *
 *     mw_inflater_push(&inflater, bytes, n);
 *     while ((status = mw_inflater_next(&inflater, &out)) != MW_FRAME_NONE) …
 */
#ifndef MYWIRE_COMPRESS_H
#define MYWIRE_COMPRESS_H

#include "mywire/limits.h"
#include "mywire/mem.h"
#include "mywire/packet.h"

/** Size of a frame's header. */
enum { MW_FRAME_HEADER = 7 };

/** MW_EITHER: which one was agreed on is not known; the first frame that is not stored tells. */
enum mw_algorithm { MW_ZLIB, MW_ZSTD, MW_EITHER };

/** The decompressors and their working memory. Large, so one serves all connections of a worker. */
struct mw_codec;

/** A codec, or NULL when there is no memory. */
struct mw_codec *mw_codec_new(const struct mw_mem *mem);
void mw_codec_free(struct mw_codec *codec);

/** Writes the header of a frame: MW_FRAME_HEADER bytes at `p`. `before` is 0 for a stored frame. Both lengths have 24 bits. */
void mw_frame_header(uint8_t *p, uint32_t sent, uint8_t sequence, uint32_t before);

/** Which algorithm made this data, the beginning of a frame's: zstd's magic number tells. */
enum mw_algorithm mw_algorithm_of(const uint8_t *p, size_t n);

/** Decompresses one frame's data of `n` bytes to exactly `size` bytes at `out`. False: damaged, or it wants to become more. */
bool mw_codec_inflate(struct mw_codec *codec, enum mw_algorithm algorithm, const uint8_t *p, uint32_t n, uint8_t *out,
                      uint32_t size);

enum mw_frame_status {
    MW_FRAME_NONE,    /**< more bytes are needed */
    MW_FRAME_DATA,    /**< the content of a frame */
    MW_FRAME_DAMAGED  /**< a frame that cannot be opened: `length` bytes of the inner stream are missing */
};

/** What came out of a frame. */
struct mw_frame {
    const uint8_t *data; /**< DATA: good until the next call */
    uint32_t length;     /**< bytes before compression */
    uint32_t sent;       /**< bytes as sent, header included */
    uint8_t sequence;
    bool stored;         /**< not compressed */
    const uint8_t *body; /**< DATA: what stands behind the header as sent, `sent` - MW_FRAME_HEADER bytes */
};

struct mw_inflater {
    const struct mw_mem *mem;
    const struct mw_limits *limits;
    struct mw_limit_hits *hits;
    struct mw_codec *codec;
    enum mw_algorithm algorithm;

    const uint8_t *in; /* pushed and not taken */
    size_t in_left;
    uint8_t header[MW_FRAME_HEADER]; /* of a frame that began in earlier bytes: kept even where memory ends */
    uint8_t *partial;                /* the same frame, once more of it than the header is there */
    uint32_t partial_have, partial_size;
    bool searching;      /* for the next frame, at the start of what is pushed */
    bool broken;         /* a hole is in the frame under way, or it could not be kept … */
    uint32_t skip;       /* … of which these bytes are still to come */
    uint8_t *out;        /* content of the current frame */
    uint32_t out_size;
    uint64_t frames, damaged;
};

/** Starts one. `codec` is shared and must outlive it, as must `mem`, `limits` and `hits`. */
void mw_inflater_init(struct mw_inflater *f, enum mw_algorithm algorithm, struct mw_codec *codec, const struct mw_mem *mem,
                      const struct mw_limits *limits, struct mw_limit_hits *hits);
void mw_inflater_clear(struct mw_inflater *f);

/** Hands in the next bytes; they must stay until mw_inflater_next has returned MW_FRAME_NONE. */
void mw_inflater_push(struct mw_inflater *f, const uint8_t *p, size_t n);

enum mw_frame_status mw_inflater_next(struct mw_inflater *f, struct mw_frame *frame);

/** `n` bytes of the stream are missing. Inside a frame: that frame is damaged, and mw_inflater_next says so. Otherwise position is
 *  lost: false, and frames are looked for at the start of what is pushed next. */
bool mw_inflater_gap(struct mw_inflater *f, uint64_t n);

#endif
