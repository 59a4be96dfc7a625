/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* fopencookie */
#include "analyzer/unpack.h"

#include <errno.h>
#include <glib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>
#include <zlib.h>
#include <zstd.h>

enum { INPUT = 65536 };

/* Bytes on their way: a step takes from `in` and writes to `out`. */
struct flow {
    const uint8_t *in;
    size_t n_in;
    uint8_t *out;
    size_t n_out;
};

/* What a step came to. */
enum step {
    STEP_MORE, /* inside a member */
    STEP_END,  /* a member ended here; another one may follow */
    STEP_BAD
};

struct packing {
    const char *name;
    char magic[PACKING_MAGIC + 1];
    size_t n_magic;
    void *(*begin)(void); /* NULL: not done here */
    enum step (*step)(void *state, struct flow *flow, bool last); /* `last`: no input comes after this */
    void (*end)(void *state);
};

/* -- gzip ---------------------------------------------------------------------------------------------------------- */

static void *gzip_begin(void)
{
    enum { GZIP = 15 + 16 /* largest window, gzip header */ };
    z_stream *z = g_try_new0(z_stream, 1);
    if (z && inflateInit2(z, GZIP) != Z_OK)
        g_clear_pointer(&z, g_free);
    return z;
}

static enum step gzip_step(void *state, struct flow *flow, bool last)
{
    z_stream *z = state;
    (void)last;
    z->next_in = (Bytef *)(uintptr_t)flow->in;
    z->avail_in = (uInt)flow->n_in;
    z->next_out = flow->out;
    z->avail_out = (uInt)MIN(flow->n_out, G_MAXINT);
    uInt room = z->avail_out;
    int status = inflate(z, Z_NO_FLUSH);
    flow->in = z->next_in;
    flow->n_in = z->avail_in;
    flow->out += room - z->avail_out;
    flow->n_out -= room - z->avail_out;
    if (status == Z_STREAM_END)
        inflateReset(z);
    return status == Z_STREAM_END ? STEP_END : status == Z_OK || status == Z_BUF_ERROR ? STEP_MORE : STEP_BAD;
}

static void gzip_end(void *state)
{
    inflateEnd(state);
    g_free(state);
}

/* -- zstd ---------------------------------------------------------------------------------------------------------- */

static void *zstd_begin(void)
{
    return ZSTD_createDStream();
}

static enum step zstd_step(void *state, struct flow *flow, bool last)
{
    (void)last;
    ZSTD_inBuffer in = {flow->in, flow->n_in, 0};
    ZSTD_outBuffer out = {flow->out, flow->n_out, 0};
    size_t status = ZSTD_decompressStream(state, &out, &in);
    flow->in += in.pos;
    flow->n_in -= in.pos;
    flow->out += out.pos;
    flow->n_out -= out.pos;
    return ZSTD_isError(status) ? STEP_BAD : status == 0 ? STEP_END : STEP_MORE;
}

static void zstd_end(void *state)
{
    ZSTD_freeDStream(state);
}

/* -- lz4 ----------------------------------------------------------------------------------------------------------- */

static void *lz4_begin(void)
{
    LZ4F_dctx *context;
    return LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)) ? NULL : context;
}

static enum step lz4_step(void *state, struct flow *flow, bool last)
{
    (void)last;
    size_t taken = flow->n_in, written = flow->n_out;
    size_t status = LZ4F_decompress(state, flow->out, &written, flow->in, &taken, NULL);
    if (LZ4F_isError(status))
        return STEP_BAD;
    flow->in += taken;
    flow->n_in -= taken;
    flow->out += written;
    flow->n_out -= written;
    return status == 0 ? STEP_END : STEP_MORE;
}

static void lz4_end(void *state)
{
    LZ4F_freeDecompressionContext(state);
}

/* -- xz ------------------------------------------------------------------------------------------------------------ */

static void *xz_begin(void)
{
    const uint64_t memory_max = 256 << 20; /* what `xz -9` needs is a quarter of it */
    lzma_stream *z = g_try_new0(lzma_stream, 1);
    if (z && lzma_stream_decoder(z, memory_max, LZMA_CONCATENATED) != LZMA_OK)
        g_clear_pointer(&z, g_free);
    return z;
}

static enum step xz_step(void *state, struct flow *flow, bool last)
{
    lzma_stream *z = state;
    z->next_in = flow->in;
    z->avail_in = flow->n_in;
    z->next_out = flow->out;
    z->avail_out = flow->n_out;
    lzma_ret status = lzma_code(z, last ? LZMA_FINISH : LZMA_RUN);
    flow->in = z->next_in;
    flow->n_in = z->avail_in;
    flow->out = z->next_out;
    flow->n_out = z->avail_out;
    return status == LZMA_STREAM_END ? STEP_END : status == LZMA_OK || status == LZMA_BUF_ERROR ? STEP_MORE : STEP_BAD;
}

static void xz_end(void *state)
{
    lzma_end(state);
    g_free(state);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static const struct packing packings[] = {
    {"gzip", "\x1f\x8b", 2, gzip_begin, gzip_step, gzip_end},
    {"zstd", "\x28\xb5\x2f\xfd", 4, zstd_begin, zstd_step, zstd_end},
    {"lz4", "\x04\x22\x4d\x18", 4, lz4_begin, lz4_step, lz4_end},
    {"xz", "\xfd\x37\x7a\x58\x5a", 6, xz_begin, xz_step, xz_end},
    {"bzip2", "BZh", 3, NULL, NULL, NULL},
};

const struct packing *packing_find(const uint8_t *magic, size_t n)
{
    for (size_t i = 0; i < G_N_ELEMENTS(packings); i++)
        if (n >= packings[i].n_magic && memcmp(magic, packings[i].magic, packings[i].n_magic) == 0)
            return &packings[i];
    return NULL;
}

const char *packing_name(const struct packing *packing)
{
    return packing->name;
}

/* A stream that is being unpacked. */
struct unpacked {
    const struct packing *packing;
    void *state;
    FILE *packed;
    bool inside; /* a member has begun and not ended */
    bool ended;  /* the file has */
    const uint8_t *in;
    size_t n_in;
    uint8_t input[INPUT];
};

static void fill(struct unpacked *u)
{
    if (u->n_in || u->ended)
        return;
    u->in = u->input;
    u->n_in = fread(u->input, 1, sizeof u->input, u->packed);
    u->ended = u->n_in == 0;
}

static ssize_t read_unpacked(void *cookie, char *out, size_t size)
{
    struct unpacked *u = cookie;
    struct flow flow = {.out = (uint8_t *)out, .n_out = size};
    while (flow.n_out == size) {
        fill(u);
        if (u->ended && (!u->inside || ferror(u->packed))) {
            if (!ferror(u->packed))
                return 0;
            errno = EIO;
            return -1;
        }
        flow.in = u->in;
        flow.n_in = u->n_in;
        enum step step = u->packing->step(u->state, &flow, u->ended);
        bool stuck = u->ended && step == STEP_MORE && flow.n_out == size; /* it wants what there is not */
        if (step == STEP_BAD || stuck) {
            errno = EBADMSG;
            return -1;
        }
        u->in = flow.in;
        u->n_in = flow.n_in;
        u->inside = step == STEP_MORE;
    }
    return (ssize_t)(size - flow.n_out);
}

static int close_unpacked(void *cookie)
{
    struct unpacked *u = cookie;
    u->packing->end(u->state);
    int result = fclose(u->packed);
    g_free(u);
    return result;
}

FILE *unpack(const struct packing *packing, FILE *packed)
{
    errno = packing->begin ? ENOMEM : ENOTSUP;
    if (!packing->begin)
        return NULL;
    struct unpacked *u = g_try_new(struct unpacked, 1);
    if (!u)
        return NULL;
    *u = (struct unpacked){.packing = packing, .packed = packed, .state = packing->begin()};
    const cookie_io_functions_t functions = {.read = read_unpacked, .close = close_unpacked};
    FILE *file = u->state ? fopencookie(u, "rb", functions) : NULL;
    if (file)
        return file;
    if (u->state)
        packing->end(u->state);
    g_free(u);
    errno = ENOMEM;
    return NULL;
}
