/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link layers and tags, by packets written out byte by byte after the link type's description. */
#include "analyzer/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the above. */
#include <cmocka.h>

/* IPv4 10.0.0.1:1000 → 10.0.0.2:3306, SYN, then "hi". */
#define IP4                                                                                                            \
    0x45, 0, 0, 42, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x03, 0xe8, 0x0c, 0xea, 0, 0, 0, 9, 0, 0, 0, \
        0, 0x50, 0x02, 0xff, 0xff, 0, 0, 0, 0, 'h', 'i'
/* The same over IPv6, from ::1 to ::2. */
#define IP6                                                                                                            \
    0x60, 0, 0, 0, 0, 22, 6, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   \
        0, 0, 0, 2, 0x03, 0xe8, 0x0c, 0xea, 0, 0, 0, 9, 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff, 0, 0, 0, 0, 'h', 'i'
#define MACS    2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2
#define COOKED  0, 0, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0
#define COOKED2 0, 0, 0, 0, 0, 2, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

struct example {
    const char *name;
    int link_type;
    const uint8_t *p;
    size_t n;
    enum peel outcome;
    uint32_t cut_after; /* bytes that must be there for the TCP header to be complete, if it is TCP */
};

static const struct example examples[] = {
    {"Ethernet, IPv4", 1, BYTES(MACS, 0x08, 0, IP4), PEEL_TCP, 54},
    {"Ethernet, IPv6", 1, BYTES(MACS, 0x86, 0xdd, IP6), PEEL_TCP, 74},
    {"802.1Q", 1, BYTES(MACS, 0x81, 0, 0, 5, 0x08, 0, IP4), PEEL_TCP, 58},
    {"802.1ad in 802.1Q", 1, BYTES(MACS, 0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 0x08, 0, IP4), PEEL_TCP, 62},
    {"three tags", 1, BYTES(MACS, 0x91, 0, 0, 5, 0x81, 0, 0, 6, 0x81, 0, 0, 7, 0x86, 0xdd, IP6), PEEL_TCP, 86},
    {"802.3 length", 1, BYTES(MACS, 0, 46, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0, IP4), PEEL_OTHER, 0},
    {"ARP", 1, BYTES(MACS, 0x08, 0x06, IP4), PEEL_OTHER, 0},
    {"Linux cooked", 113, BYTES(COOKED, 0x08, 0, IP4), PEEL_TCP, 56},
    {"Linux cooked, tagged", 113, BYTES(COOKED, 0x81, 0, 0, 5, 0x86, 0xdd, IP6), PEEL_TCP, 80},
    {"Linux cooked v2", 276, BYTES(0x08, 0, COOKED2, IP4), PEEL_TCP, 60},
    {"Linux cooked v2, IPv6", 276, BYTES(0x86, 0xdd, COOKED2, IP6), PEEL_TCP, 80},
    {"loopback, little endian", 0, BYTES(2, 0, 0, 0, IP4), PEEL_TCP, 44},
    {"loopback, big endian", 0, BYTES(0, 0, 0, 2, IP4), PEEL_TCP, 44},
    {"OpenBSD loopback", 108, BYTES(0, 0, 0, 24, IP6), PEEL_TCP, 64},
    {"loopback, FreeBSD's IPv6", 0, BYTES(28, 0, 0, 0, IP6), PEEL_TCP, 64},
    {"loopback, macOS's IPv6", 0, BYTES(30, 0, 0, 0, IP6), PEEL_TCP, 64},
    {"loopback, AppleTalk", 0, BYTES(16, 0, 0, 0, IP4), PEEL_OTHER, 0},
    {"raw IPv4", 12, BYTES(IP4), PEEL_TCP, 40},
    {"raw IPv6", 101, BYTES(IP6), PEEL_TCP, 60},
    {"raw, OpenBSD's number", 14, BYTES(IP4), PEEL_TCP, 40},
    {"raw, IPv4 by its type", 228, BYTES(IP4), PEEL_TCP, 40},
    {"raw, IPv6 by its type", 229, BYTES(IP6), PEEL_TCP, 60},
    {"raw, version 5", 12, BYTES(0x50, 0, 0, 0), PEEL_BAD, 0},
    {"a link type without a row", 147, BYTES(IP4), PEEL_LINK_UNKNOWN, 0},
};

/* Peels a copy of exactly `n` bytes, so that a sanitizer sees every byte too far. */
static enum peel peel_copy(const struct example *example, size_t n, uint32_t original, struct segment *out)
{
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, example->p, n);
    struct packet packet = {3, 77, example->link_type, copy, (uint32_t)n, original};
    enum peel outcome = peel_packet(&packet, out);
    if (outcome == PEEL_TCP) {
        assert_int_equal(out->number, 3);
        assert_int_equal(out->time_ns, 77);
        assert_true(out->payload >= copy && out->payload + out->length <= copy + n);
        for (uint32_t i = 0; i < out->length; i++)
            assert_int_equal(out->payload[i], "hi"[i]);
    }
    free(copy);
    return outcome;
}

static void test_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct segment s;
        print_message("  %s\n", examples[i].name);
        assert_int_equal(peel_copy(&examples[i], examples[i].n, (uint32_t)examples[i].n, &s), examples[i].outcome);
        if (examples[i].outcome != PEEL_TCP)
            continue;
        assert_int_equal(s.src.port, 1000);
        assert_int_equal(s.dst.port, 3306);
        assert_int_equal(s.seq, 9);
        assert_int_equal(s.flags, SEGMENT_SYN);
        assert_int_equal(s.length, 2);
        assert_int_equal(s.wire_length, 2);
        assert_int_equal(s.dst.addr[s.src.family == 4 ? 3 : 15], 2);
    }
}

/* Every length to which a snapshot length can cut a packet, and every length that a broken packet can have. */
static void test_prefixes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *example = &examples[i];
        if (example->outcome != PEEL_TCP)
            continue;
        struct segment s;
        assert_int_equal(peel_copy(example, example->n, (uint32_t)example->n, &s), PEEL_TCP);
        size_t ip = example->cut_after - 20 - (s.src.family == 6 ? 40 : 20);
        for (size_t n = 0; n < example->n; n++) {
            enum peel cut = peel_copy(example, n, (uint32_t)example->n, &s);
            assert_int_equal(cut, n < example->cut_after ? PEEL_SHORT : PEEL_TCP);
            if (cut == PEEL_TCP) {
                assert_int_equal(s.length, n - example->cut_after);
                assert_int_equal(s.wire_length, 2);
            }
            /* Once the IP header is there, its length field says that more was sent. */
            enum peel broken = peel_copy(example, n, (uint32_t)n, &s);
            assert_int_not_equal(broken, PEEL_OTHER);
            if (n < ip)
                assert_int_equal(broken, PEEL_BAD);
        }
    }
}

static void test_tags_end(void **state)
{
    (void)state;
    uint8_t p[14 + 4 * 200] = {MACS, 0x81, 0};
    for (size_t i = 0; i < 200; i++)
        p[14 + 4 * i + 2] = 0x81;
    struct packet packet = {1, 0, 1, p, sizeof p, sizeof p};
    struct segment s;
    assert_int_equal(peel_packet(&packet, &s), PEEL_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_tags_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
