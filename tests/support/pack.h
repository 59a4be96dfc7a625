/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed members and frames, made by the libraries themselves. */
#ifndef TESTS_SUPPORT_PACK_H
#define TESTS_SUPPORT_PACK_H

#include <glib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

/* Room that is enough for `n` bytes compressed. */
static inline gsize pack_room(gsize n)
{
    return 2 * n + 65536;
}

/* Each compresses into `out` and returns how long it became, 0 when the library refuses. */
static inline gsize pack_gzip(guint8 *out, const guint8 *p, gsize n)
{
    enum { GZIP = 15 + 16 };
    z_stream z = {.next_in = (Bytef *)(guintptr)p, .avail_in = (uInt)n, .next_out = out, .avail_out = (uInt)pack_room(n)};
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    gboolean done = deflate(&z, Z_FINISH) == Z_STREAM_END;
    gsize length = z.total_out;
    deflateEnd(&z);
    return done ? length : 0;
}

static inline gsize pack_zstd(guint8 *out, const guint8 *p, gsize n)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    gsize length = ZSTD_compress2(context, out, pack_room(n), p, n);
    ZSTD_freeCCtx(context);
    return ZSTD_isError(length) ? 0 : length;
}

static inline gsize pack_lz4(guint8 *out, const guint8 *p, gsize n)
{
    const LZ4F_preferences_t preferences = {.frameInfo = {.contentChecksumFlag = LZ4F_contentChecksumEnabled}};
    gsize length = LZ4F_compressFrame(out, pack_room(n), p, n, &preferences);
    return LZ4F_isError(length) ? 0 : length;
}

static inline gsize pack_xz(guint8 *out, const guint8 *p, gsize n)
{
    size_t length = 0;
    return lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, p, n, out, &length, pack_room(n)) == LZMA_OK ? length : 0;
}

typedef gsize (*pack_function)(guint8 *out, const guint8 *p, gsize n);

/* Appends one member that holds these bytes. Returns false when the library refuses. */
static inline gboolean pack_append(pack_function pack, GByteArray *out, const guint8 *p, gsize n)
{
    guint8 *room = g_malloc(pack_room(n));
    gsize length = pack(room, p, n);
    g_byte_array_append(out, room, (guint)length);
    g_free(room);
    return length > 0;
}

#endif
