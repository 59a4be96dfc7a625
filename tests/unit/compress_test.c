/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames made with the libraries, read back however they are cut, damaged, lost or lying. */
#include "mywire/compress.h"

#include <libdeflate.h>
#include <zstd.h>

#include "mywire/framer.h"
#include "tests/support/unit.h"
#include "tests/support/wire.h"

enum { MOST = 1 << 17 };

static struct wire_mem mem;
static struct mw_limits limits;
static struct mw_limit_hits hits;
static struct mw_codec *codec;
static struct mw_inflater f;

struct wire {
    uint8_t *p;
    size_t n;
};

static void begin(enum mw_algorithm algorithm)
{
    wire_mem_init(&mem);
    limits = MW_LIMITS_DEFAULT;
    hits = (struct mw_limit_hits){0};
    codec = mw_codec_new(&mem.mem);
    mw_inflater_init(&f, algorithm, codec, &mem.mem, &limits, &hits);
}

static void end(void)
{
    mw_inflater_clear(&f);
    mw_codec_free(codec);
    assert_true(mem.live == 0 && mem.blocks == 0);
}

static size_t pack(enum mw_algorithm algorithm, const uint8_t *p, size_t n, uint8_t *out, size_t room)
{
    if (algorithm == MW_ZSTD) {
        size_t packed = ZSTD_compress(out, room, p, n, 3);
        return ZSTD_isError(packed) ? 0 : packed;
    }
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(9);
    size_t packed = libdeflate_zlib_compress(c, p, n, out, room);
    libdeflate_free_compressor(c);
    return packed;
}

static void put_header(uint8_t *p, size_t sent, uint8_t sequence, size_t before)
{
    const uint8_t header[] = {(uint8_t)sent,   (uint8_t)(sent >> 8),   (uint8_t)(sent >> 16),  sequence,
                              (uint8_t)before, (uint8_t)(before >> 8), (uint8_t)(before >> 16)};
    memcpy(p, header, sizeof header);
}

/* Appends a frame of these bytes; `stored`: as they are. */
static void add_frame(struct wire *w, enum mw_algorithm algorithm, bool stored, uint8_t sequence, const void *p, size_t n)
{
    uint8_t *at = w->p + w->n;
    size_t sent = n;
    if (stored)
        memcpy(at + MW_FRAME_HEADER, p, n);
    else
        sent = pack(algorithm, p, n, at + MW_FRAME_HEADER, MOST - w->n - MW_FRAME_HEADER);
    assert_true(sent > 0 || n == 0);
    put_header(at, sent, sequence, stored ? 0 : n);
    w->n += MW_FRAME_HEADER + sent;
}

/* What comes out, with a "!" and the length for a damaged frame. */
struct result {
    uint8_t bytes[MOST];
    size_t n;
    unsigned frames, damaged;
};

static struct result result;

static void take(void)
{
    struct mw_frame frame;
    enum mw_frame_status status;
    while ((status = mw_inflater_next(&f, &frame)) != MW_FRAME_NONE) {
        result.frames++;
        if (status == MW_FRAME_DAMAGED) {
            result.damaged++;
            result.n += (size_t)snprintf((char *)result.bytes + result.n, 20, "!%u;", frame.length);
            continue;
        }
        assert_true(result.n + frame.length <= sizeof result.bytes);
        if (frame.length)
            memcpy(result.bytes + result.n, frame.data, frame.length);
        result.n += frame.length;
    }
}

static void push(const uint8_t *p, size_t n)
{
    uint8_t *block = malloc(n ? n : 1);
    memcpy(block, p, n);
    mw_inflater_push(&f, block, n);
    take();
    free(block);
}

static void gap(uint64_t n, bool inside)
{
    assert_int_equal(mw_inflater_gap(&f, n), inside);
    mw_inflater_push(&f, (const uint8_t *)"", 0);
    take();
}

/* Three packets in four frames: the second spans two of them, one is stored, one holds nothing. */
static struct wire stream(enum mw_algorithm algorithm, uint8_t *plain, size_t *plain_n)
{
    struct wire w = {malloc(MOST), 0};
    size_t n = wire_bytes("05 00 00 00 03 \"DO 1\" 40 00 00 01 \"a\"*64 07 00 00 02 00 00 00 02 00 00 00", plain, 200);
    add_frame(&w, algorithm, false, 0, plain, 40);
    add_frame(&w, algorithm, true, 1, plain + 40, 20);
    add_frame(&w, algorithm, true, 2, plain, 0);
    add_frame(&w, algorithm, false, 3, plain + 60, n - 60);
    *plain_n = n;
    return w;
}

static void every_split(void **state)
{
    (void)state;
    for (int algorithm = MW_ZLIB; algorithm <= MW_ZSTD; algorithm++) {
        uint8_t plain[200];
        size_t n;
        struct wire w = stream((enum mw_algorithm)algorithm, plain, &n);
        for (size_t at = 0; at <= w.n; at++) {
            begin((enum mw_algorithm)algorithm);
            result = (struct result){.n = 0};
            if (at == w.n)
                for (size_t i = 0; i < w.n; i++)
                    push(w.p + i, 1);
            else
                push(w.p, at), push(w.p + at, w.n - at);
            assert_true(result.frames == 4 && result.damaged == 0 && result.n == n);
            assert_memory_equal(result.bytes, plain, n);
            assert_true(f.frames == 4 && f.damaged == 0);
            end();
        }
        free(w.p);
    }
}

/* The framer above gets its packets whole. */
static void packets(void **state)
{
    (void)state;
    uint8_t plain[200];
    size_t n;
    struct wire w = stream(MW_ZLIB, plain, &n);
    begin(MW_ZLIB);
    struct mw_framer framer;
    mw_framer_init(&framer, MW_CLIENT, &mem.mem, &limits, &hits);
    uint64_t lengths[3];
    int count = 0;
    struct mw_frame frame;
    mw_inflater_push(&f, w.p, w.n);
    while (mw_inflater_next(&f, &frame) == MW_FRAME_DATA) {
        struct mw_packet packet;
        mw_framer_push(&framer, frame.data, frame.length, (struct mw_stamp){1, 1});
        while (mw_framer_next(&framer, &packet))
            lengths[count++] = packet.length;
    }
    assert_true(count == 3 && lengths[0] == 5 && lengths[1] == 64 && lengths[2] == 7);
    mw_framer_clear(&framer);
    end();
    free(w.p);
}

/* Every byte of a frame changed: it is damaged or, where the format does not notice, not larger than it claims. The frame behind it
 * is read wherever the length was left alone. */
static void damage(void **state)
{
    (void)state;
    for (int algorithm = MW_ZLIB; algorithm <= MW_ZSTD; algorithm++) {
        uint8_t plain[600];
        for (size_t i = 0; i < sizeof plain; i++)
            plain[i] = (uint8_t)"SELECT * FROM customers"[(i * i >> 3) % 23];
        struct wire w = {malloc(MOST), 0};
        add_frame(&w, (enum mw_algorithm)algorithm, false, 0, plain, sizeof plain);
        size_t first = w.n;
        add_frame(&w, (enum mw_algorithm)algorithm, true, 1, "behind", 6);
        unsigned damaged = 0;
        for (size_t i = 3; i < first; i++) {
            w.p[i] ^= 0x55;
            begin((enum mw_algorithm)algorithm);
            result = (struct result){.n = 0};
            push(w.p, w.n);
            assert_int_equal(result.frames, 2);
            assert_memory_equal(result.bytes + result.n - 6, "behind", 6);
            damaged += result.damaged;
            assert_int_equal(f.damaged, result.damaged);
            end();
            w.p[i] ^= 0x55;
        }
        assert_true(algorithm == MW_ZSTD ? damaged > first / 4 : damaged >= first - 4); /* zlib has a check sum; but the sequence id */
        free(w.p);
    }
}

static void gaps(void **state)
{
    (void)state;
    uint8_t plain[200];
    size_t n;
    struct wire w = stream(MW_ZLIB, plain, &n);
    size_t first = MW_FRAME_HEADER + (w.p[0] | (size_t)w.p[1] << 8);
    for (size_t at = 0; at < first; at++) {
        for (size_t lost = 1; at + lost <= first; lost++) {
            begin(MW_ZLIB);
            result = (struct result){.n = 0};
            push(w.p, at);
            bool inside = at >= MW_FRAME_HEADER; /* before, its length was not known */
            gap(lost, inside);
            if (inside) {
                push(w.p + at + lost, w.n - at - lost);
                assert_true(result.frames == 4 && result.damaged == 1);
                assert_memory_equal(result.bytes, "!40;", 4);
                assert_memory_equal(result.bytes + 4, plain + 40, n - 40);
            } else {
                push(w.p + first, w.n - first); /* the owner finds the next frame at the next segment */
                assert_true(result.frames == 3 && result.damaged == 0);
            }
            end();
        }
    }
    /* Over the end of a frame: position is lost. */
    begin(MW_ZLIB);
    push(w.p, MW_FRAME_HEADER + 2);
    gap(first, false);
    result = (struct result){.n = 0};
    push(w.p, w.n);
    assert_true(result.frames == 4 && result.n == n);
    /* Twice inside the same frame, up to its last byte. */
    push(w.p, MW_FRAME_HEADER + 2);
    result = (struct result){.n = 0};
    gap(1, true);
    push(w.p, 1);
    gap(first - MW_FRAME_HEADER - 4, true);
    assert_true(result.damaged == 1 && result.frames == 1);
    end();
    free(w.p);
}

/* 100 MB of zeros in a frame of about 100 KB: the header can only claim 16 MB, and nothing is written beyond that. */
static void bomb(void **state)
{
    (void)state;
    enum { BOMB = 100000000, ROOM = 1 << 18 };
    uint8_t *zeros = calloc(1, BOMB);
    for (int algorithm = MW_ZLIB; algorithm <= MW_ZSTD; algorithm++) {
        uint8_t *w = malloc(ROOM + 64);
        size_t sent = pack((enum mw_algorithm)algorithm, zeros, BOMB, w + MW_FRAME_HEADER, ROOM);
        assert_true(sent > 0);
        static const size_t claims[] = {1, 4096, 1000000, 0xffffff};
        for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
            put_header(w, sent, 0, claims[i]);
            size_t n = MW_FRAME_HEADER + sent;
            put_header(w + n, 4, 1, 0);
            memcpy(w + n + MW_FRAME_HEADER, "next", 4);
            begin((enum mw_algorithm)algorithm);
            result = (struct result){.n = 0};
            mw_inflater_push(&f, w, n + MW_FRAME_HEADER + 4);
            take();
            assert_true(result.frames == 2 && result.damaged == 1 && f.damaged == 1);
            assert_memory_equal(result.bytes + result.n - 4, "next", 4);
            assert_true(mem.peak <= 1 << 25);
            end();
            /* A cap below the claim: it is not even tried, and counted. */
            begin((enum mw_algorithm)algorithm);
            limits.inflated = 1000;
            result = (struct result){.n = 0};
            mw_inflater_push(&f, w, n + MW_FRAME_HEADER + 4);
            take();
            assert_true(result.damaged == 1 && hits.inflated == (claims[i] > 1000) && mem.peak < 8192);
            end();
        }
        free(w);
    }
    free(zeros);
}

/* A frame of a few bytes that claims a lot: zlib cannot do that, so memory is not even asked for. */
static void unbelievable(void **state)
{
    (void)state;
    uint8_t w[] = {10, 0, 0, 0, 0xff, 0xff, 0xff, 0x78, 0x9c, 1, 2, 3, 4, 5, 6, 7, 8};
    begin(MW_ZLIB);
    result = (struct result){.n = 0};
    push(w, sizeof w);
    assert_true(result.damaged == 1 && hits.inflated == 1 && mem.peak < 8192);
    end();
}

/* Large output is given back when the connection is quiet; memory that ends makes damaged frames. */
static void memory(void **state)
{
    (void)state;
    static uint8_t plain[100000];
    struct wire w = {malloc(MOST), 0};
    add_frame(&w, MW_ZLIB, false, 0, plain, sizeof plain);
    begin(MW_ZLIB);
    result = (struct result){.n = 0};
    push(w.p, w.n);
    assert_true(result.n == sizeof plain && mem.live < 1024);
    end();
    begin(MW_ZLIB);
    mem.room = 10000;
    result = (struct result){.n = 0};
    push(w.p, w.n);
    assert_true(result.damaged == 1 && f.damaged == 1);
    end();
    free(w.p);
}

/* Where memory ends while a frame is gathered, wherever it was split, the frame is told as damaged and the one behind
 * it is read. */
static void memory_while_gathering(void **state)
{
    (void)state;
    static uint8_t plain[6000];
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(i * i >> 5);
    struct wire w = {malloc(MOST), 0};
    add_frame(&w, MW_ZLIB, true, 0, plain, sizeof plain);
    size_t first = w.n;
    add_frame(&w, MW_ZLIB, true, 1, "behind", 6);
    for (size_t room = 1; room < 10000; room += 5000) /* for nothing; for the first piece alone */
        for (size_t at = 1; at < first; at += at < 16 ? 1 : 613) {
            begin(MW_ZLIB);
            mem.room = room;
            result = (struct result){.n = 0};
            push(w.p, at);
            push(w.p + at, first - at - 1);
            push(w.p + first - 1, w.n - first + 1);
            assert_true(result.frames == 2 && result.damaged == 1 && f.damaged == 1);
            assert_memory_equal(result.bytes, "!6000;behind", 12);
            end();
        }
    free(w.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_split), cmocka_unit_test(packets),
        cmocka_unit_test(damage),      cmocka_unit_test(gaps),
        cmocka_unit_test(bomb),        cmocka_unit_test(unbelievable),
        cmocka_unit_test(memory),      cmocka_unit_test(memory_while_gathering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
