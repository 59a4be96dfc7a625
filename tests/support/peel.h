/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets written out byte by byte, and what must become of them and of all their prefixes. */
#ifndef TESTS_SUPPORT_PEEL_H
#define TESTS_SUPPORT_PEEL_H

#include "analyzer/peel.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/unit.h"

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
    uint32_t outer_ip;  /* where the first IP header begins, if another one is inside it; 0 else */
};

/* Peels a copy of exactly `n` bytes, so that a sanitizer sees every byte too far. */
static inline enum peel peel_copy(const struct example *example, size_t n, uint32_t original, struct segment *out)
{
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, example->p, n);
    struct packet packet = {.number = 3,
                            .time_ns = 77,
                            .link_type = example->link_type,
                            .data = copy,
                            .captured = (uint32_t)n,
                            .original = original};
    enum peel outcome = peel_packet(&packet, NULL, out);
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

/* Each gives what it should. */
static inline void peel_examples(const struct example *examples, size_t n_examples)
{
    for (size_t i = 0; i < n_examples; i++) {
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
static inline void peel_prefixes(const struct example *examples, size_t n_examples)
{
    for (size_t i = 0; i < n_examples; i++) {
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
            /* Once an IP header is there, its length field says that more was sent: the outermost one of a tunnel. */
            enum peel broken = peel_copy(example, n, (uint32_t)n, &s);
            assert_int_not_equal(broken, PEEL_OTHER);
            if (n < (example->outer_ip ? example->outer_ip : ip))
                assert_int_equal(broken, PEEL_BAD);
        }
    }
}

#endif
