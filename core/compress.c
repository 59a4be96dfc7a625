/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mywire/compress.h"

#include <libdeflate.h>
#include <string.h>
#include <zstd.h>

/* Deflate cannot shrink below about a thousandth; zstd can, and a frame that claims more is an attack. */
enum { ZLIB_RATIO_MAX = 1100 };

struct mw_codec {
    struct mw_mem mem;
    struct libdeflate_decompressor *zlib; /* made when first needed */
    ZSTD_DCtx *zstd;
};

struct mw_codec *mw_codec_new(const struct mw_mem *mem)
{
    struct mw_codec *codec = mem->alloc(mem->user, sizeof *codec);
    if (codec)
        *codec = (struct mw_codec){.mem = *mem};
    return codec;
}

void mw_codec_free(struct mw_codec *codec)
{
    if (!codec)
        return;
    if (codec->zlib)
        libdeflate_free_decompressor(codec->zlib);
    ZSTD_freeDCtx(codec->zstd);
    if (codec->mem.free)
        codec->mem.free(codec->mem.user, codec, sizeof *codec);
}

enum mw_algorithm mw_algorithm_of(const uint8_t *p, size_t n)
{
    static const uint8_t zstd[] = {0x28, 0xb5, 0x2f, 0xfd}; /* RFC 8878 section 3.1.1 */
    return n >= sizeof zstd && memcmp(p, zstd, sizeof zstd) == 0 ? MW_ZSTD : MW_ZLIB;
}

bool mw_codec_inflate(struct mw_codec *codec, enum mw_algorithm algorithm, const uint8_t *p, uint32_t n, uint8_t *out,
                      uint32_t size)
{
    if (algorithm == MW_ZLIB) {
        if (!codec->zlib)
            codec->zlib = libdeflate_alloc_decompressor();
        return codec->zlib && libdeflate_zlib_decompress(codec->zlib, p, n, out, size, NULL) == LIBDEFLATE_SUCCESS;
    }
    if (!codec->zstd)
        codec->zstd = ZSTD_createDCtx();
    return codec->zstd && ZSTD_decompressDCtx(codec->zstd, out, size, p, n) == size;
}

void mw_inflater_init(struct mw_inflater *f, enum mw_algorithm algorithm, struct mw_codec *codec,
                      const struct mw_mem *mem, const struct mw_limits *limits, struct mw_limit_hits *hits)
{
    memset(f, 0, sizeof *f);
    f->algorithm = algorithm;
    f->codec = codec;
    f->mem = mem;
    f->limits = limits;
    f->hits = hits;
}

static void drop(const struct mw_inflater *f, uint8_t **p, uint32_t *size)
{
    if (*p && f->mem->free)
        f->mem->free(f->mem->user, *p, *size);
    *p = NULL;
    *size = 0;
}

void mw_inflater_clear(struct mw_inflater *f)
{
    drop(f, &f->partial, &f->partial_size);
    drop(f, &f->out, &f->out_size);
}

void mw_inflater_push(struct mw_inflater *f, const uint8_t *p, size_t n)
{
    f->in = p;
    f->in_left = n;
}

/* Room for `need` bytes, of which `used` are there, of at most `most`. */
static bool reserve(const struct mw_inflater *f, uint8_t **p, uint32_t *size, uint32_t used, uint32_t need, uint32_t most)
{
    enum { FIRST = 4096 };
    if (need <= *size)
        return true;
    uint32_t bigger = *size ? *size : FIRST;
    while (bigger < need)
        bigger *= 2;
    if (bigger > most)
        bigger = most;
    uint8_t *room = f->mem->alloc(f->mem->user, bigger);
    if (!room)
        return false;
    if (used)
        memcpy(room, *p, used);
    drop(f, p, size);
    *p = room;
    *size = bigger;
    return true;
}

void mw_frame_header(uint8_t *p, uint32_t sent, uint8_t sequence, uint32_t before)
{
    for (int i = 0; i < 3; i++) {
        p[i] = (uint8_t)(sent >> 8 * i);
        p[4 + i] = (uint8_t)(before >> 8 * i);
    }
    p[3] = sequence;
}

static uint32_t le24(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

/* A whole frame lies at `p`. */
static enum mw_frame_status open_frame(struct mw_inflater *f, const uint8_t *p, struct mw_frame *frame)
{
    uint32_t sent = le24(p), before = le24(p + 4);
    const uint8_t *data = p + MW_FRAME_HEADER;
    *frame = (struct mw_frame){.data = data,
                               .length = before ? before : sent,
                               .sent = sent + MW_FRAME_HEADER,
                               .sequence = p[3],
                               .stored = !before,
                               .body = data};
    f->frames++;
    if (!before)
        return MW_FRAME_DATA;
    if (f->algorithm == MW_EITHER)
        f->algorithm = mw_algorithm_of(data, sent);
    bool believable = before <= f->limits->inflated && (f->algorithm == MW_ZSTD || before / ZLIB_RATIO_MAX <= sent);
    if (!believable)
        f->hits->inflated++;
    if (believable && reserve(f, &f->out, &f->out_size, 0, before, before) &&
        mw_codec_inflate(f->codec, f->algorithm, data, sent, f->out, before)) {
        frame->data = f->out;
        return MW_FRAME_DATA;
    }
    f->damaged++;
    frame->data = NULL;
    return MW_FRAME_DAMAGED;
}

/* Moves up to `n` bytes of the input to `to`, where it is not NULL; returns how many. */
static uint32_t take(struct mw_inflater *f, uint8_t *to, uint32_t n)
{
    n = n < f->in_left ? n : (uint32_t)f->in_left;
    if (n && to)
        memcpy(to, f->in, n);
    f->in += n;
    f->in_left -= n;
    return n;
}

static uint32_t partial_left(const struct mw_inflater *f)
{
    return le24(f->header) + MW_FRAME_HEADER - f->partial_have;
}

/* Moves what comes of the frame whose header is there behind it. Without memory the frame is broken: told like one with
 * a hole. */
static void gather(struct mw_inflater *f)
{
    uint32_t n = partial_left(f) < f->in_left ? partial_left(f) : (uint32_t)f->in_left;
    bool begins = f->partial_have == MW_FRAME_HEADER;
    if (!reserve(f, &f->partial, &f->partial_size, begins ? 0 : f->partial_have, f->partial_have + n,
                 le24(f->header) + MW_FRAME_HEADER)) {
        f->broken = true;
        f->skip = partial_left(f);
        return;
    }
    if (begins)
        memcpy(f->partial, f->header, MW_FRAME_HEADER);
    f->partial_have += take(f, f->partial + f->partial_have, n);
}

static enum mw_frame_status damaged(struct mw_inflater *f, struct mw_frame *frame)
{
    uint32_t sent = le24(f->header), before = le24(f->header + 4);
    *frame =
        (struct mw_frame){.length = before ? before : sent, .sent = sent + MW_FRAME_HEADER, .sequence = f->header[3]};
    f->partial_have = 0;
    f->damaged++;
    f->frames++;
    return MW_FRAME_DAMAGED;
}

static enum mw_frame_status skip_broken(struct mw_inflater *f, struct mw_frame *frame)
{
    f->skip -= take(f, NULL, f->skip);
    if (f->skip > 0)
        return MW_FRAME_NONE;
    f->broken = false;
    return damaged(f, frame);
}

/* Whether frames begin here: stored ones that end where the bytes end, or one whose data begins like the algorithm's. */
static bool begin_frames(const struct mw_inflater *f, const uint8_t *p, size_t n)
{
    enum { MAGIC = 4, DEFLATE = 0x78, WAYS = 31 };
    uint64_t stored = 0;
    while (n >= MW_FRAME_HEADER) {
        uint32_t sent = le24(p), before = le24(p + 4);
        const uint8_t *data = p + MW_FRAME_HEADER;
        n -= MW_FRAME_HEADER;
        if (before && n >= MAGIC && sent >= MAGIC) {
            bool zstd = mw_algorithm_of(data, MAGIC) == MW_ZSTD;
            bool zlib = data[0] == DEFLATE && (data[0] << 8 | data[1]) % WAYS == 0; /* RFC 1950 section 2.2 */
            return (zstd && f->algorithm != MW_ZLIB) || (zlib && f->algorithm != MW_ZSTD);
        }
        if (before || sent > n)
            return false;
        stored += sent;
        p = data + sent;
        n -= sent;
    }
    return n == 0 && stored > 0;
}

enum mw_frame_status mw_inflater_next(struct mw_inflater *f, struct mw_frame *frame)
{
    if (f->searching) {
        f->searching = f->in_left == 0 || !begin_frames(f, f->in, f->in_left);
        if (f->searching) {
            f->in_left = 0;
            return MW_FRAME_NONE;
        }
    }
    if (f->broken)
        return skip_broken(f, frame);
    /* A frame that lies whole in the input is opened in place. */
    if (f->partial_have == 0 && f->in_left >= MW_FRAME_HEADER) {
        uint32_t size = le24(f->in) + MW_FRAME_HEADER;
        if (size <= f->in_left) {
            const uint8_t *p = f->in;
            f->in += size;
            f->in_left -= size;
            return open_frame(f, p, frame);
        }
    }
    if (f->in_left == 0 && f->partial_have == 0) {
        mw_inflater_clear(f); /* many connections wait, few in the middle of a frame */
        return MW_FRAME_NONE;
    }
    if (f->partial_have < MW_FRAME_HEADER)
        f->partial_have += take(f, f->header + f->partial_have, MW_FRAME_HEADER - f->partial_have);
    if (f->partial_have < MW_FRAME_HEADER)
        return MW_FRAME_NONE;
    gather(f);
    if (f->broken)
        return skip_broken(f, frame);
    if (partial_left(f) > 0)
        return MW_FRAME_NONE;
    f->partial_have = 0;
    return open_frame(f, f->partial, frame);
}

bool mw_inflater_gap(struct mw_inflater *f, uint64_t n)
{
    uint64_t left = f->broken ? f->skip : f->partial_have >= MW_FRAME_HEADER ? partial_left(f) : 0;
    if (left > 0 && n <= left) {
        f->broken = true;
        f->skip = (uint32_t)(left - n);
        return true;
    }
    f->partial_have = 0;
    f->skip = 0;
    f->broken = false;
    f->searching = true;
    return false;
}
