/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng in both byte orders, cut everywhere, and what contradicts itself. Expected numbers are from the draft's text
 * and from how Wireshark numbers frames. */
#include "tests/support/unit.h"

#include "analyzer/pcapng.h"
#include "analyzer/pcapng_write.h"
#include "tests/support/pcapng.h"

#include <stdio.h>

static struct ng file(bool big)
{
    return (struct ng){g_byte_array_new(), big};
}

static FILE *stream(const struct ng *f, size_t n)
{
    return fmemopen(f->bytes->data, n, "rb");
}

/* Reads all packets; returns the status and how many there were. */
static enum pcapng_status count(const struct ng *f, size_t n, bool ahead, uint64_t *packets, char **sentence)
{
    const struct limits limits = limits_default();
    FILE *in = stream(f, n);
    struct pcapng *p = pcapng_new(in, ahead, &limits);
    struct pcapng_item item;
    enum pcapng_status status;
    *packets = 0;
    while ((status = pcapng_next(p, &item)) == PCAPNG_OK)
        *packets += item.kind == PCAPNG_KIND_PACKET;
    assert_int_equal(pcapng_next(p, &item), status);
    *sentence = status == PCAPNG_END ? NULL : pcapng_explain(p, "x.pcapng");
    pcapng_free(p);
    fclose(in);
    return status;
}

/* Everything in a section, in that byte order. */
static void put_section(struct ng *f)
{
    ng_section(f);
    ng_secrets(f, PCAPNG_TLS_KEY_LOG, "CLIENT_RANDOM aa bb\n");
    ng_interface(f, 1, 0, -1, 0);
    ng_interface(f, 101, 3, 9, 0);
    ng_packet(f, 0, 1500000, "abcde", 5, 60);
    ng_other(f, 4, 4);
    ng_packet(f, 1, 2000000007, "abcd", 4, 4);
    ng_old_packet(f, 1, 3000000009, "ab", 2);
    ng_secrets(f, 0x57474b4c, "x");
    ng_simple_packet(f, 7, "abcdefg", 7);
    ng_other(f, 0x80000001, 12);
}

static void test_both_orders(void **state)
{
    (void)state;
    for (int order = 0; order < 4; order++) {
        struct ng f = file(order & 1);
        put_section(&f);
        /* Interfaces are the section's own, and so is the byte order. */
        f.big = order & 2;
        put_section(&f);
        const struct limits limits = limits_default();
        FILE *in = stream(&f, f.bytes->len);
        struct pcapng *p = pcapng_new(in, true, &limits);
        struct pcapng_item item;
        for (unsigned section = 0; section < 2; section++) {
            static const enum pcapng_kind kinds[] = {PCAPNG_KIND_OTHER,     PCAPNG_KIND_SECRETS, PCAPNG_KIND_INTERFACE,
                                                     PCAPNG_KIND_INTERFACE, PCAPNG_KIND_PACKET,  PCAPNG_KIND_OTHER,
                                                     PCAPNG_KIND_PACKET,    PCAPNG_KIND_PACKET,  PCAPNG_KIND_SECRETS,
                                                     PCAPNG_KIND_PACKET,    PCAPNG_KIND_OTHER};
            static const struct {
                int64_t time;
                int link_type;
                uint32_t captured, original;
            } packets[] = {{1500000000, 1, 5, 60}, {2000000007, 12, 4, 4}, {3000000009, 12, 2, 2}, {0, 1, 7, 7}};
            unsigned n = 0;
            for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
                assert_int_equal(pcapng_next(p, &item), PCAPNG_OK);
                assert_int_equal(item.kind, kinds[i]);
                if (i == 1) {
                    assert_int_equal(item.secrets.type, PCAPNG_TLS_KEY_LOG);
                    assert_int_equal(item.secrets.n, 20);
                    assert_memory_equal(item.secrets.data, "CLIENT_RANDOM aa bb\n", 20);
                }
                if (item.kind != PCAPNG_KIND_PACKET)
                    continue;
                assert_int_equal(item.packet.number, 4 * section + n + 1);
                assert_int_equal(item.packet.time_ns, packets[n].time);
                assert_int_equal(item.packet.link_type, packets[n].link_type);
                assert_int_equal(item.packet.captured, packets[n].captured);
                assert_int_equal(item.packet.original, packets[n].original);
                assert_memory_equal(item.packet.data, "abcdefg", item.packet.captured);
                n++;
            }
        }
        assert_int_equal(pcapng_next(p, &item), PCAPNG_END);
        pcapng_free(p);
        fclose(in);
        g_byte_array_unref(f.bytes);
    }
}

static void test_times(void **state)
{
    (void)state;
    const int64_t ns = 1000000000;
    assert_int_equal(pcapng_time(1700000000123456, 6, 0), 1700000000123456000);
    assert_int_equal(pcapng_time(1700000000123456789, 9, 0), 1700000000123456789);
    assert_int_equal(pcapng_time(1700000000, 0, 0), 1700000000 * ns);
    assert_int_equal(pcapng_time(1700000000123456, 12, 0), 1700000000123);
    /* 2^-20 s: a quarter of a second is 2^18. */
    assert_int_equal(pcapng_time((1700000000ull << 20) + (1 << 18), 0x80 | 20, 0), 1700000000 * ns + ns / 4);
    assert_int_equal(pcapng_time((5ull << 32) + 1, 0x80 | 32, 0), 5 * ns);
    assert_int_equal(pcapng_time(1ull << 63, 0x80 | 64, 0), ns / 2);
    assert_int_equal(pcapng_time(UINT64_MAX, 0xff, 0), 0);
    assert_int_equal(pcapng_time(UINT64_MAX, 0x7f, 0), 0);
    /* if_tsoffset, both ways and beyond what can be told. */
    assert_int_equal(pcapng_time(1500000, 6, 1700000000), 1700000001 * ns + ns / 2);
    assert_int_equal(pcapng_time(500000, 6, -1), -ns / 2);
    assert_int_equal(pcapng_time(0, 6, INT64_MAX), INT64_MAX);
    assert_int_equal(pcapng_time(0, 6, INT64_MIN), INT64_MIN);
    assert_int_equal(pcapng_time(UINT64_MAX, 0, 0), INT64_MAX);
    assert_int_equal(pcapng_time(UINT64_MAX, 6, 0), INT64_MAX);

    static const struct {
        int resolution;
        int64_t offset;
        uint64_t timestamp;
    } cases[] = {{-1, 0, 3500000},      {6, 0, 3500000},          {9, 0, 3500000000},
                 {0x94, 0, 7ull << 19}, {6, 1700000000, 3500000}, {9, -3, 3500000000}};
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        struct ng f = file(i & 1);
        ng_section(&f);
        ng_interface(&f, 1, 0, cases[i / 2].resolution, cases[i / 2].offset);
        ng_packet(&f, 0, cases[i / 2].timestamp, "abcd", 4, 4);
        const struct limits limits = limits_default();
        FILE *in = stream(&f, f.bytes->len);
        struct pcapng *p = pcapng_new(in, i & 2, &limits);
        struct pcapng_item item;
        for (int block = 0; block < 3; block++)
            assert_int_equal(pcapng_next(p, &item), PCAPNG_OK);
        assert_int_equal(item.packet.time_ns, 3 * ns + ns / 2 + cases[i / 2].offset * ns);
        pcapng_free(p);
        fclose(in);
        g_byte_array_unref(f.bytes);
    }
}

/* Cut at every byte: the end between blocks, a cut inside one; the packets before are read, and the sentence says
 * where. */
static void test_cut(void **state)
{
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        struct ng f = file(variant & 1);
        guint ends[16], n_ends = 0;
        uint64_t before[16] = {0};
        ng_section(&f);
        ends[n_ends++] = f.bytes->len;
        ng_interface(&f, 1, 0, 9, 0);
        ends[n_ends++] = f.bytes->len;
        ng_packet(&f, 0, 7, "abcde", 5, 5);
        before[n_ends] = 1;
        ends[n_ends++] = f.bytes->len;
        ng_secrets(&f, PCAPNG_TLS_KEY_LOG, "abc");
        before[n_ends] = 1;
        ends[n_ends++] = f.bytes->len;
        ng_section(&f);
        before[n_ends] = 1;
        ends[n_ends++] = f.bytes->len;
        ng_interface(&f, 1, 0, 9, 0);
        before[n_ends] = 1;
        ends[n_ends++] = f.bytes->len;
        ng_simple_packet(&f, 4, "abcd", 4);
        before[n_ends] = 2;
        ends[n_ends++] = f.bytes->len;
        for (guint n = 1, i = 0; n <= f.bytes->len; n++) {
            uint64_t packets;
            char *sentence;
            enum pcapng_status status = count(&f, n, variant & 2, &packets, &sentence);
            bool whole = n == ends[i];
            assert_int_equal(status, whole ? PCAPNG_END : PCAPNG_CUT);
            assert_int_equal(packets, whole ? before[i] : i ? before[i - 1] : 0);
            if (!whole) {
                char *where =
                    g_strdup_printf("(at byte %u); %s", n, packets ? "the packets before" : "no packet was read");
                assert_non_null(strstr(sentence, where));
                g_free(where);
            }
            i += whole;
            g_free(sentence);
        }
        g_byte_array_unref(f.bytes);
    }
}

/* What contradicts itself is an error with the place and the reason, and what came before stays. */
static void test_damage(void **state)
{
    (void)state;
    for (int which = 0; which < 24; which++) {
        bool big = which & 1;
        struct ng f = file(big);
        const char *reason = NULL;
        ng_section(&f);
        guint header = f.bytes->len;
        ng_interface(&f, 1, 0, 9, 0);
        ng_packet(&f, 0, 7, "abcd", 4, 4);
        guint at = f.bytes->len;
        ng_packet(&f, 0, 8, "abcd", 4, 4);
        uint8_t *block = f.bytes->data + at;
        uint64_t before = 1;
        switch (which / 2) {
        case 0:
            pcapng_put_u32(big, block + 4, 8);
            reason = "cannot be 8 bytes long";
            break;
        case 1:
            pcapng_put_u32(big, block + 4, 35);
            reason = "cannot be 35 bytes long";
            break;
        case 2:
            pcapng_put_u32(big, block + 4, 0x7ffffffc);
            reason = "claims 2147483644 bytes";
            break;
        case 3:
            pcapng_put_u32(big, block + 32, 32);
            reason = "two lengths differ";
            break;
        case 4:
            pcapng_put_u32(big, block + 8, 1);
            reason = "interface is not described";
            break;
        case 5:
            pcapng_put_u32(big, block + 20, 5);
            reason = "longer than the block";
            break;
        case 6:
            pcapng_put_u32(big, block + 20, 0xffffffff);
            reason = "longer than the block";
            break;
        case 7:
            pcapng_put_u32(big, block, PCAPNG_SECRETS);
            pcapng_put_u32(big, block + 12, 17);
            reason = "secrets are longer than the block";
            break;
        case 8:
            pcapng_put_u32(big, block, PCAPNG_SIMPLE_PACKET);
            pcapng_put_u32(big, block + 8, 21);
            reason = "longer than the block";
            break;
        case 9: /* if_name claims more than there is */
            pcapng_put_u32(big, f.bytes->data + header + 16, big ? 0x0002ff00 : 0xff000002);
            reason = "option of its interface";
            before = 0;
            break;
        case 10:
            pcapng_put_u32(big, block, PCAPNG_SECTION);
            reason = "without the magic number";
            break;
        case 11:
            pcapng_put_u32(big, f.bytes->data + 12, 0x00020002);
            reason = "version 2.2";
            before = 0;
            break;
        }
        for (int ahead = 0; ahead < 2; ahead++) {
            uint64_t packets;
            char *sentence;
            assert_int_equal(count(&f, f.bytes->len, ahead, &packets, &sentence), PCAPNG_BAD);
            assert_int_equal(packets, before);
            if (which % 2 == 0 && ahead)
                print_message("  %s\n", sentence);
            assert_non_null(strstr(sentence, reason));
            g_free(sentence);
        }
        g_byte_array_unref(f.bytes);
    }
    /* Bodies too short for what must be in them, and a file that begins in the middle. */
    static const uint32_t types[] = {PCAPNG_INTERFACE, PCAPNG_OLD_PACKET, PCAPNG_SIMPLE_PACKET, PCAPNG_PACKET,
                                     PCAPNG_SECRETS};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        for (unsigned begin = 0; begin < 2; begin++) {
            struct ng f = file(false);
            uint64_t packets;
            char *sentence;
            if (begin)
                ng_section(&f);
            ng_other(&f, types[i], 0);
            assert_int_equal(count(&f, f.bytes->len, true, &packets, &sentence), PCAPNG_BAD);
            assert_non_null(sentence);
            g_free(sentence);
            g_byte_array_unref(f.bytes);
        }
}

/* Wireshark counts these as frames, and the others not: held against tshark in tests/secrets_test.py. */
static void test_frames(void **state)
{
    (void)state;
    static const uint32_t counted[] = {9, 0x204, 0x216, 0x221, 0xbad, 0x40000bad};
    static const uint32_t passed[] = {4, 5, 7, 8, 0x101, 0x102, 0x201, 0x208, 0x217, 0x222, 0x77, 0x80000001};
    for (size_t i = 0; i < G_N_ELEMENTS(counted); i++)
        assert_true(pcapng_is_frame(counted[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(passed); i++)
        assert_false(pcapng_is_frame(passed[i]));
}

static void test_limits(void **state)
{
    (void)state;
    for (int what = 0; what < 2; what++) {
        struct ng f = file(false);
        ng_section(&f);
        ng_interface(&f, 1, 0, -1, 0);
        ng_interface(&f, 1, 0, -1, 0);
        ng_packet(&f, 0, 1, "abcd", 4, 4);
        struct limits limits = limits_default();
        if (what)
            limits.pcapng_interfaces = 1;
        else
            limits.pcapng_block_bytes = 32;
        FILE *in = stream(&f, f.bytes->len);
        struct pcapng *p = pcapng_new(in, true, &limits);
        struct pcapng_item item;
        struct limit_hits hits = {0};
        while (pcapng_next(p, &item) == PCAPNG_OK)
            assert_int_not_equal(item.kind, PCAPNG_KIND_PACKET);
        pcapng_count_hits(p, &hits);
        assert_int_equal(hits.pcapng_interfaces, what);
        assert_int_equal(hits.pcapng_block_bytes, !what);
        pcapng_free(p);
        fclose(in);
        g_byte_array_unref(f.bytes);
    }
}

/* A block larger than the reader's buffer, between others; the copy of all blocks is the file. */
static void test_large(void **state)
{
    (void)state;
    enum { LARGE = 3000001 };
    char *data = g_malloc(LARGE);
    for (int i = 0; i < LARGE; i++)
        data[i] = (char)(i * 7 + i / 251);
    struct ng f = file(true);
    ng_section(&f);
    ng_interface(&f, 1, 0, -1, 0);
    for (int i = 0; i < 3; i++) {
        ng_packet(&f, 0, 1, "abc", 3, 3);
        ng_packet(&f, 0, 2, data, LARGE, LARGE);
    }
    for (int ahead = 0; ahead < 2; ahead++) {
        FILE *in = stream(&f, f.bytes->len);
        struct pcapng_reader *r = pcapng_reader_new(in, ahead, 64 << 20);
        struct pcapng_block block;
        GByteArray *copied = g_byte_array_new();
        while (pcapng_reader_next(r, &block) == PCAPNG_OK) {
            assert_int_equal(block.offset, copied->len);
            g_byte_array_append(copied, block.bytes, block.size);
            const uint8_t *rest;
            size_t n;
            /* What is behind the first packet comes raw. */
            if (block.type == PCAPNG_PACKET && block.size == 36)
                while ((n = pcapng_reader_raw(r, &rest)) > 0)
                    g_byte_array_append(copied, rest, (guint)n);
        }
        assert_int_equal(pcapng_reader_status(r), PCAPNG_END);
        assert_int_equal(copied->len, f.bytes->len);
        assert_memory_equal(copied->data, f.bytes->data, copied->len);
        g_byte_array_unref(copied);
        pcapng_reader_free(r);
        fclose(in);
    }
    g_byte_array_unref(f.bytes);
    g_free(data);
}

/* What the writer writes is read again; tests/secrets_test.py shows it to other tools. */
static void test_write(void **state)
{
    (void)state;
    GString *text = g_string_new(NULL);
    struct pcapng_writer *w = pcapng_writer_new(sink_string(text), "mywire test");
    uint32_t first, second;
    assert_int_equal(pcapng_writer_interface(w, 12, 0, "tun0", &first), 0);
    assert_int_equal(pcapng_writer_interface(w, 1, 65535, NULL, &second), 0);
    assert_int_equal(pcapng_writer_secrets(w, "abc", 3), 0);
    assert_int_equal(pcapng_writer_packet(w, first, 1700000000123456789, (const uint8_t *)"abcde", 5, 9, "first"), 0);
    assert_int_equal(pcapng_writer_packet(w, second, -5, (const uint8_t *)"", 0, 0, NULL), 0);
    pcapng_writer_free(w);
    /* The raw link type is 101 in files. */
    assert_int_equal((uint8_t)text->str[pcapng_u32(false, (const uint8_t *)text->str + 4) + 8], 101);
    const struct limits limits = limits_default();
    FILE *in = fmemopen(text->str, text->len, "rb");
    struct pcapng *p = pcapng_new(in, true, &limits);
    struct pcapng_item item;
    for (int block = 0; block < 4; block++)
        assert_int_equal(pcapng_next(p, &item), PCAPNG_OK);
    assert_int_equal(item.kind, PCAPNG_KIND_SECRETS);
    assert_memory_equal(item.secrets.data, "abc", 3);
    assert_int_equal(pcapng_next(p, &item), PCAPNG_OK);
    assert_int_equal(item.packet.time_ns, 1700000000123456789);
    assert_int_equal(item.packet.link_type, 12);
    assert_int_equal(item.packet.captured, 5);
    assert_int_equal(item.packet.original, 9);
    assert_int_equal(pcapng_next(p, &item), PCAPNG_OK);
    assert_int_equal(item.packet.time_ns, 0);
    assert_int_equal(item.packet.link_type, 1);
    assert_int_equal(pcapng_next(p, &item), PCAPNG_END);
    pcapng_free(p);
    fclose(in);
    g_string_free(text, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_orders), cmocka_unit_test(test_times),  cmocka_unit_test(test_cut),
        cmocka_unit_test(test_damage),      cmocka_unit_test(test_frames), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_large),       cmocka_unit_test(test_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
