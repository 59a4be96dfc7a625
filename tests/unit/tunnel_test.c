/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels and labels, by packets written out byte by byte after their specifications. */
#include "analyzer/tunnel.h"

#include "tests/support/peel.h"

#define ETHER4       MACS, 0x08, 0, IP4
/* IPv4 10.9.0.1 → 10.9.0.2 that carries `n` bytes of protocol `p`. */
#define OUTER4(n, p) 0x45, 0, ((n) + 20) >> 8, ((n) + 20) & 255, 0, 1, 0x40, 0, 64, p, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2
#define OUTER6(n, p)                                                                                                   \
    0x60, 0, 0, 0, (n) >> 8, (n)&255, p, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0,   \
        0, 0, 0, 0, 0, 0, 0, 8
/* UDP to port 256 * h + l, with `n` bytes. */
#define UDP(n, h, l) 0xc0, 0, h, l, ((n) + 8) >> 8, ((n) + 8) & 255, 0, 0

static const struct example examples[] = {
    {"MPLS", 1, BYTES(MACS, 0x88, 0x47, 0, 1, 0x21, 64, IP4), PEEL_TCP, 58, 0},
    {"MPLS, three labels, IPv6", 1, BYTES(MACS, 0x88, 0x47, 0, 1, 0x20, 64, 0, 1, 0x20, 64, 0, 1, 0x21, 64, IP6),
     PEEL_TCP, 86, 0},
    {"MPLS, Ethernet behind a control word", 1, BYTES(MACS, 0x88, 0x47, 0, 1, 0x21, 64, 0, 0, 0, 0, ETHER4), PEEL_TCP,
     76, 0},
    {"MPLS, Ethernet", 1, BYTES(MACS, 0x88, 0x48, 0, 1, 0x21, 64, 0x12, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0, IP4),
     PEEL_TCP, 72, 0},
    {"PPPoE", 1, BYTES(MACS, 0x88, 0x64, 0x11, 0, 0, 1, 0, 44, 0, 0x21, IP4), PEEL_TCP, 62, 0},
    {"PPPoE, IPv6", 1, BYTES(MACS, 0x88, 0x64, 0x11, 0, 0, 1, 0, 64, 0, 0x57, IP6), PEEL_TCP, 82, 0},
    {"PPPoE, LCP", 1, BYTES(MACS, 0x88, 0x64, 0x11, 0, 0, 1, 0, 4, 0xc0, 0x21, 1, 1), PEEL_OTHER, 0, 0},
    {"PPPoE, discovery in a session", 1, BYTES(MACS, 0x88, 0x64, 0x11, 9, 0, 1, 0, 4, 0, 0x21, 1, 1), PEEL_OTHER, 0, 0},
    {"PPP", 9, BYTES(0xff, 3, 0, 0x21, IP4), PEEL_TCP, 44, 0},
    {"PPP, short", 9, BYTES(0x21, IP4), PEEL_TCP, 41, 0},
    {"IPv4 in IPv4", 101, BYTES(OUTER4(42, 4), IP4), PEEL_TCP, 60, 1},
    {"IPv6 in IPv4", 101, BYTES(OUTER4(62, 41), IP6), PEEL_TCP, 80, 1},
    {"IPv4 in IPv6", 101, BYTES(OUTER6(42, 4), IP4), PEEL_TCP, 80, 1},
    {"GRE", 101, BYTES(OUTER4(46, 47), 0, 0, 8, 0, IP4), PEEL_TCP, 64, 1},
    {"GRE, checksum, key and sequence number", 101,
     BYTES(OUTER4(58, 47), 0xb0, 0, 8, 0, 1, 2, 0, 0, 3, 4, 5, 6, 7, 8, 9, 10, IP4), PEEL_TCP, 76, 1},
    {"GRE, Ethernet", 101, BYTES(OUTER4(60, 47), 0, 0, 0x65, 0x58, ETHER4), PEEL_TCP, 78, 1},
    {"GRE, source route", 101, BYTES(OUTER4(46, 47), 0x40, 0, 8, 0, IP4), PEEL_OTHER, 0, 0},
    {"GRE of PPTP", 101,
     BYTES(OUTER4(60, 47), 0x30, 0x81, 0x88, 0x0b, 0, 46, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0x21, IP4), PEEL_TCP, 78, 1},
    {"ERSPAN type I", 101, BYTES(OUTER4(60, 47), 0, 0, 0x88, 0xbe, ETHER4), PEEL_TCP, 78, 1},
    {"ERSPAN type II", 101, BYTES(OUTER4(72, 47), 0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 1, 0, 1, 0, 0, 0, 0, ETHER4),
     PEEL_TCP, 90, 1},
    {"ERSPAN type III", 101,
     BYTES(OUTER4(76, 47), 0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, ETHER4), PEEL_TCP,
     94, 1},
    {"ERSPAN type III with a subheader", 101,
     BYTES(OUTER4(84, 47), 0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7,
           8, ETHER4),
     PEEL_TCP, 102, 1},
    {"VXLAN", 101, BYTES(OUTER4(72, 17), UDP(64, 0x12, 0xb5), 8, 0, 0, 0, 0, 0, 42, 0, ETHER4), PEEL_TCP, 90, 1},
    {"VXLAN, Linux's old port, over IPv6", 101,
     BYTES(OUTER6(72, 17), UDP(64, 0x21, 0x18), 8, 0, 0, 0, 0, 0, 42, 0, ETHER4), PEEL_TCP, 110, 1},
    {"VXLAN without a network", 101, BYTES(OUTER4(72, 17), UDP(64, 0x12, 0xb5), 0, 0, 0, 0, 0, 0, 42, 0, ETHER4),
     PEEL_OTHER, 0, 0},
    {"VXLAN-GPE, IPv6", 101, BYTES(OUTER4(78, 17), UDP(70, 0x12, 0xb6), 12, 0, 0, 2, 0, 0, 42, 0, IP6), PEEL_TCP, 96,
     1},
    {"GENEVE", 101, BYTES(OUTER4(72, 17), UDP(64, 0x17, 0xc1), 0, 0, 0x65, 0x58, 0, 0, 42, 0, ETHER4), PEEL_TCP, 90, 1},
    {"GENEVE with options", 101,
     BYTES(OUTER4(66, 17), UDP(58, 0x17, 0xc1), 2, 0, 8, 0, 0, 0, 42, 0, 1, 2, 3, 1, 5, 6, 7, 8, IP4), PEEL_TCP, 84, 1},
    {"GTP-U", 101, BYTES(OUTER4(58, 17), UDP(50, 0x08, 0x68), 0x30, 0xff, 0, 42, 0, 0, 0, 1, IP4), PEEL_TCP, 76, 1},
    {"GTP-U with a sequence number and two extensions", 101,
     BYTES(OUTER4(74, 17), UDP(66, 0x08, 0x68), 0x36, 0xff, 0, 58, 0, 0, 0, 1, 0, 1, 0, 0x85, 1, 2, 3, 0xc0, 2, 1, 2, 3,
           4, 5, 6, 0, IP4),
     PEEL_TCP, 92, 1},
    {"GTP-U, an extension without length", 101,
     BYTES(OUTER4(62, 17), UDP(54, 0x08, 0x68), 0x34, 0xff, 0, 46, 0, 0, 0, 1, 0, 1, 0, 0x85, 0, 0, 0, 0, IP4),
     PEEL_BAD, 0, 0},
    {"GTP-U, echo", 101, BYTES(OUTER4(16, 17), UDP(8, 0x08, 0x68), 0x30, 1, 0, 0, 0, 0, 0, 1), PEEL_OTHER, 0, 0},
    {"UDP to another port", 101, BYTES(OUTER4(16, 17), UDP(8, 0, 53), 0, 0, 0, 0, 0, 0, 0, 0), PEEL_OTHER, 0, 0},
    {"VXLAN in GRE in MPLS", 1,
     BYTES(MACS, 0x88, 0x47, 0, 1, 0x21, 64, OUTER4(96, 47), 0, 0, 8, 0, OUTER4(72, 17), UDP(64, 0x12, 0xb5), 8, 0, 0,
           0, 0, 0, 42, 0, ETHER4),
     PEEL_TCP, 132, 18},
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

/* Tunnels in tunnels end at some depth. */
static void test_nesting_ends(void **state)
{
    (void)state;
    enum { LEVELS = 200 };
    static const uint8_t outer[] = {OUTER4(0, 4)};
    uint8_t p[LEVELS * sizeof outer];
    for (int i = 0; i < LEVELS; i++) {
        uint8_t *header = p + (size_t)i * sizeof outer;
        size_t length = (size_t)(LEVELS - i) * sizeof outer;
        memcpy(header, outer, sizeof outer);
        header[2] = (uint8_t)(length >> 8);
        header[3] = (uint8_t)length;
    }
    struct packet packet = {.number = 1, .time_ns = 0, .link_type = 101, .data = p, .captured = sizeof p, .original = sizeof p};
    struct segment s;
    assert_int_equal(peel_packet(&packet, NULL, &s), PEEL_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_nesting_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
