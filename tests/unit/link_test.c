/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link layers and tags, by packets written out byte by byte after the link type's description. */
#include "analyzer/link.h"

#include "tests/support/peel.h"

static const struct example examples[] = {
    {"Ethernet, IPv4", 1, BYTES(MACS, 0x08, 0, IP4), PEEL_TCP, 54, 0},
    {"Ethernet, IPv6", 1, BYTES(MACS, 0x86, 0xdd, IP6), PEEL_TCP, 74, 0},
    {"802.1Q", 1, BYTES(MACS, 0x81, 0, 0, 5, 0x08, 0, IP4), PEEL_TCP, 58, 0},
    {"802.1ad in 802.1Q", 1, BYTES(MACS, 0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 0x08, 0, IP4), PEEL_TCP, 62, 0},
    {"three tags", 1, BYTES(MACS, 0x91, 0, 0, 5, 0x81, 0, 0, 6, 0x81, 0, 0, 7, 0x86, 0xdd, IP6), PEEL_TCP, 86, 0},
    {"802.3 length, SNAP", 1, BYTES(MACS, 0, 50, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0, IP4), PEEL_TCP, 62, 0},
    {"802.3 length, other LLC", 1, BYTES(MACS, 0, 46, 0x42, 0x42, 3, 0, 0, 0, 8, 0, IP4), PEEL_OTHER, 0, 0},
    {"ARP", 1, BYTES(MACS, 0x08, 0x06, IP4), PEEL_OTHER, 0, 0},
    {"Linux cooked", 113, BYTES(COOKED, 0x08, 0, IP4), PEEL_TCP, 56, 0},
    {"Linux cooked, tagged", 113, BYTES(COOKED, 0x81, 0, 0, 5, 0x86, 0xdd, IP6), PEEL_TCP, 80, 0},
    {"Linux cooked v2", 276, BYTES(0x08, 0, COOKED2, IP4), PEEL_TCP, 60, 0},
    {"Linux cooked v2, IPv6", 276, BYTES(0x86, 0xdd, COOKED2, IP6), PEEL_TCP, 80, 0},
    {"loopback, little endian", 0, BYTES(2, 0, 0, 0, IP4), PEEL_TCP, 44, 0},
    {"loopback, big endian", 0, BYTES(0, 0, 0, 2, IP4), PEEL_TCP, 44, 0},
    {"OpenBSD loopback", 108, BYTES(0, 0, 0, 24, IP6), PEEL_TCP, 64, 0},
    {"loopback, FreeBSD's IPv6", 0, BYTES(28, 0, 0, 0, IP6), PEEL_TCP, 64, 0},
    {"loopback, macOS's IPv6", 0, BYTES(30, 0, 0, 0, IP6), PEEL_TCP, 64, 0},
    {"loopback, AppleTalk", 0, BYTES(16, 0, 0, 0, IP4), PEEL_OTHER, 0, 0},
    {"netfilter log, little endian", 239,
     BYTES(2, 0, 0, 0, 8, 0, 1, 0, 8, 0, 1, 0, 5, 0, 10, 0, 'x', 0, 0, 0, 46, 0, 9, 0, IP4), PEEL_TCP, 64, 0},
    {"netfilter log, big endian", 239, BYTES(10, 0, 0, 0, 0, 8, 0, 1, 8, 0, 1, 0, 0, 66, 0, 9, IP6), PEEL_TCP, 76, 0},
    {"netfilter log, attribute of 3 bytes", 239, BYTES(2, 0, 0, 0, 3, 0, 1, 0, IP4), PEEL_BAD, 0, 0},
    {"raw IPv4", 12, BYTES(IP4), PEEL_TCP, 40, 0},
    {"raw IPv6", 101, BYTES(IP6), PEEL_TCP, 60, 0},
    {"raw, OpenBSD's number", 14, BYTES(IP4), PEEL_TCP, 40, 0},
    {"raw, IPv4 by its type", 228, BYTES(IP4), PEEL_TCP, 40, 0},
    {"raw, IPv6 by its type", 229, BYTES(IP6), PEEL_TCP, 60, 0},
    {"raw, version 5", 12, BYTES(0x50, 0, 0, 0), PEEL_BAD, 0, 0},
    {"a link type without a row", 147, BYTES(IP4), PEEL_LINK_UNKNOWN, 0, 0},
};

static void test_examples(void **state)
{
    (void)state;
    peel_examples(examples, sizeof examples / sizeof *examples);
}

static void test_prefixes(void **state)
{
    (void)state;
    peel_prefixes(examples, sizeof examples / sizeof *examples);
}

static void test_tags_end(void **state)
{
    (void)state;
    uint8_t p[14 + 4 * 200] = {MACS, 0x81, 0};
    for (size_t i = 0; i < 200; i++)
        p[14 + 4 * i + 2] = 0x81;
    struct packet packet = {.number = 1, .link_type = 1, .data = p, .captured = sizeof p, .original = sizeof p};
    struct segment s;
    assert_int_equal(peel_packet(&packet, NULL, &s), PEEL_BAD);
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
