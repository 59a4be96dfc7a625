/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4, IPv6 and TCP headers, written out byte by byte after the RFCs. */
#include "analyzer/ip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the above. */
#include <cmocka.h>

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

#define TCP 0x03, 0xe8, 0x0c, 0xea, 1, 2, 3, 4, 5, 6, 7, 8, 0x50, 0x18, 0x01, 0xf5, 0, 0, 0, 0
#define TCP_OPTIONS                                                                                                    \
    0x03, 0xe8, 0x0c, 0xea, 1, 2, 3, 4, 5, 6, 7, 8, 0x80, 0x18, 0x01, 0xf5, 0, 0, 0, 0, 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, \
        0, 2
#define FROM_TO 10, 0, 0, 1, 10, 0, 0, 2
#define FROM_TO6                                                                                                       \
    0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2
#define IP4(length, fragment, protocol) 0x45, 0, 0, length, 0, 1, fragment, 64, protocol, 0, 0, FROM_TO
#define IP6(length, next)               0x60, 0, 0, 0, 0, length, next, 64, FROM_TO6
/* Flags and offset of the fragment. */
#define WHOLE                           0x40, 0
#define FIRST                           0x20, 0
#define LAST                            0, 0x10

struct example {
    const char *name;
    const uint8_t *p;
    size_t n;
    uint32_t original; /* 0: as captured */
    enum peel outcome;
    uint32_t length, wire_length;
};

static const struct example examples[] = {
    {"IPv4", BYTES(IP4(43, WHOLE, 6), TCP, 'a', 'b', 'c'), 0, PEEL_TCP, 3, 3},
    {"IPv4, padded by Ethernet", BYTES(IP4(43, WHOLE, 6), TCP, 'a', 'b', 'c', 0, 0, 0), 0, PEEL_TCP, 3, 3},
    {"IPv4, no payload, padded", BYTES(IP4(40, WHOLE, 6), TCP, 0, 0, 0, 0, 0, 0), 0, PEEL_TCP, 0, 0},
    {"IPv4 with options",
     BYTES(0x47, 0, 0, 51, 0, 1, WHOLE, 64, 6, 0, 0, FROM_TO, 7, 7, 4, 0, 0, 0, 0, 0, TCP, 'a', 'b', 'c'), 0, PEEL_TCP,
     3, 3},
    {"TCP with options", BYTES(IP4(55, WHOLE, 6), TCP_OPTIONS, 'a', 'b', 'c'), 0, PEEL_TCP, 3, 3},
    {"IPv4, length left to the hardware", BYTES(IP4(0, WHOLE, 6), TCP, 'a', 'b', 'c'), 0, PEEL_TCP, 3, 3},
    {"IPv4, length left to the hardware, cut", BYTES(IP4(0, WHOLE, 6), TCP, 'a', 'b', 'c'), 1043, PEEL_TCP, 3, 1003},
    {"IPv4, length left to the hardware, absurd", BYTES(IP4(0, WHOLE, 6), TCP), UINT32_MAX, PEEL_BAD, 0, 0},
    {"IPv4, cut", BYTES(IP4(60, WHOLE, 6), TCP, 'a', 'b', 'c'), 60, PEEL_TCP, 3, 20},
    {"IPv4, cut by a tool that does not say so", BYTES(IP4(60, WHOLE, 6), TCP, 'a', 'b', 'c'), 0, PEEL_TCP, 3, 20},
    {"IPv4, cut inside TCP's options",
     BYTES(IP4(60, WHOLE, 6), 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 7, 8, 0x80, 0x18, 1, 2, 0, 0, 0, 0, 1), 60, PEEL_SHORT, 0,
     0},
    {"IPv4, first fragment", BYTES(IP4(43, FIRST, 6), TCP, 'a', 'b', 'c'), 0, PEEL_FRAGMENT, 0, 0},
    {"IPv4, last fragment", BYTES(IP4(43, LAST, 6), TCP, 'a', 'b', 'c'), 0, PEEL_FRAGMENT, 0, 0},
    {"IPv4, UDP", BYTES(IP4(43, WHOLE, 17), TCP, 'a', 'b', 'c'), 0, PEEL_OTHER, 0, 0},
    {"IPv4, ESP", BYTES(IP4(43, WHOLE, 50), TCP, 'a', 'b', 'c'), 0, PEEL_OTHER, 0, 0},
    {"IPv4, header of 16 bytes", BYTES(0x44, 0, 0, 43, 0, 1, WHOLE, 64, 6, 0, 0, FROM_TO, TCP), 0, PEEL_BAD, 0, 0},
    {"IPv4, shorter than its header", BYTES(0x46, 0, 0, 20, 0, 1, WHOLE, 64, 6, 0, 0, FROM_TO, TCP), 0, PEEL_BAD, 0, 0},
    {"IPv4, no room for TCP", BYTES(IP4(30, WHOLE, 6), TCP), 0, PEEL_BAD, 0, 0},
    {"TCP header of 16 bytes",
     BYTES(IP4(40, WHOLE, 6), 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 7, 8, 0x40, 0x18, 1, 2, 0, 0, 0, 0), 0, PEEL_BAD, 0, 0},
    {"TCP header longer than the packet",
     BYTES(IP4(40, WHOLE, 6), 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 7, 8, 0xf0, 0x18, 1, 2, 0, 0, 0, 0, 0), 0, PEEL_BAD, 0, 0},
    {"IPv4, AH", BYTES(IP4(55, WHOLE, 51), 6, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, TCP, 'a', 'b', 'c'), 0, PEEL_TCP, 3, 3},
    {"IPv6", BYTES(IP6(23, 6), TCP, 'a', 'b', 'c', 0, 0), 0, PEEL_TCP, 3, 3},
    {"IPv6, length left to the hardware", BYTES(IP6(0, 6), TCP, 'a', 'b', 'c'), 0, PEEL_TCP, 3, 3},
    {"IPv6, hop-by-hop, routing and destination options",
     BYTES(IP6(55, 0), 43, 0, 1, 4, 0, 0, 0, 0, 60, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0,
           TCP, 'a', 'b', 'c'),
     0, PEEL_TCP, 3, 3},
    {"IPv6, AH and mobility",
     BYTES(IP6(47, 51), 135, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, TCP, 'a', 'b', 'c'),
     0, PEEL_TCP, 3, 3},
    {"IPv6, atomic fragment", BYTES(IP6(31, 44), 6, 0, 0, 0, 0, 0, 0, 9, TCP, 'a', 'b', 'c'), 0, PEEL_TCP, 3, 3},
    {"IPv6, first fragment", BYTES(IP6(31, 44), 6, 0, 0, 1, 0, 0, 0, 9, TCP, 'a', 'b', 'c'), 0, PEEL_FRAGMENT, 0, 0},
    {"IPv6, last fragment", BYTES(IP6(31, 44), 6, 0, 0x10, 0, 0, 0, 0, 9, TCP, 'a', 'b', 'c'), 0, PEEL_FRAGMENT, 0, 0},
    {"IPv6, no next header", BYTES(IP6(8, 59), 0, 0, 0, 0, 0, 0, 0, 0), 0, PEEL_OTHER, 0, 0},
    {"IPv6, extension header longer than the packet", BYTES(IP6(23, 0), 6, 200, 0, 0, 0, 0, 0, 0, TCP), 0, PEEL_BAD, 0,
     0},
    {"IPv6, extension header cut", BYTES(IP6(250, 0), 6, 10, 0, 0, 0, 0, 0, 0, TCP), 300, PEEL_SHORT, 0, 0},
};

static enum peel peel_copy(const uint8_t *p, size_t n, uint32_t original, struct segment *out)
{
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, p, n);
    struct packet packet = {
        .number = 1, .link_type = 101, .data = copy, .captured = (uint32_t)n, .original = original};
    enum peel outcome = peel_packet(&packet, NULL, out);
    if (outcome == PEEL_TCP) {
        assert_true(out->payload >= copy && out->payload + out->length <= copy + n);
        for (uint32_t i = 0; i < out->length; i++)
            assert_int_equal(out->payload[i], "abc"[i]);
    }
    free(copy);
    return outcome;
}

static void test_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *example = &examples[i];
        struct segment s;
        print_message("  %s\n", example->name);
        uint32_t original = example->original ? example->original : (uint32_t)example->n;
        assert_int_equal(peel_copy(example->p, example->n, original, &s), example->outcome);
        if (example->outcome != PEEL_TCP)
            continue;
        assert_int_equal(s.length, example->length);
        assert_int_equal(s.wire_length, example->wire_length);
        assert_int_equal(s.src.port, 1000);
        assert_int_equal(s.dst.port, 3306);
        assert_int_equal(s.seq, 0x01020304);
        assert_int_equal(s.ack, 0x05060708);
        assert_int_equal(s.flags, SEGMENT_PSH | SEGMENT_ACK);
        assert_int_equal(s.window, 0x1f5);
        assert_int_equal(s.src.zero + s.dst.zero, 0);
        static const uint8_t from4[16] = {10, 0, 0, 1}, to6[16] = {0x20, 1, 0x0d, 0xb8, [15] = 2};
        if (s.src.family == 4)
            assert_memory_equal(s.src.addr, from4, 16);
        else
            assert_memory_equal(s.dst.addr, to6, 16);
    }
}

static void test_prefixes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *example = &examples[i];
        uint32_t original = example->original ? example->original : (uint32_t)example->n;
        if (example->outcome != PEEL_TCP)
            continue;
        for (size_t n = 0; n < example->n; n++) {
            struct segment s;
            enum peel outcome = peel_copy(example->p, n, original, &s);
            /* Cut packets are never called wrong, and never TCP before the whole header is there. */
            assert_true(outcome == PEEL_SHORT || outcome == PEEL_TCP);
            if (outcome == PEEL_TCP)
                assert_int_equal(s.wire_length, example->wire_length);
            outcome = peel_copy(example->p, n, (uint32_t)n, &s);
            assert_true(outcome == PEEL_SHORT || outcome == PEEL_TCP || outcome == PEEL_BAD);
        }
    }
}

static void test_wrong_version(void **state)
{
    (void)state;
    static const uint8_t p[] = {0x65, 0, 0, 43, 0, 1, WHOLE, 64, 6, 0, 0, FROM_TO, TCP};
    struct layer_cursor c = {.p = p, .captured = sizeof p, .wire = sizeof p};
    struct segment s;
    assert_int_equal(ip_v4(&c, &s), PEEL_BAD);
    static const uint8_t p6[] = {0x45, 0, 0, 0, 0, 0, 6, 64, FROM_TO6};
    c = (struct layer_cursor){.p = p6, .captured = sizeof p6, .wire = sizeof p6};
    assert_int_equal(ip_v6(&c, &s), PEEL_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_wrong_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
