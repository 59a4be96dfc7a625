/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments that are made: their checksums by a published example and by the sum that a receiver makes; their numbers by
 * RFC 9293. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "analyzer/peel.h"
#include "analyzer/tcp_synth.h"

enum { CLIENT, SERVER, WRITTEN_MAX = 256, ETHERNET = 14, RAW = 101 };

/* What was written. */
struct written {
    struct {
        uint8_t bytes[70000];
        size_t n;
        uint32_t interface;
        int64_t time_ns;
        struct segment segment;
    } * packets;
    size_t count;
    int link_type;
};

/* A receiver: sums all 16 bit words of header or segment, checksum included; right is all ones. RFC 1071, 1. */
static uint32_t received(uint32_t sum, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static void check_sums(const uint8_t *ip, size_t header, size_t n)
{
    bool v4 = ip[0] >> 4 == 4;
    if (v4) {
        assert_int_equal(received(0, ip, (size_t)(ip[0] & 15) * 4), 0xffff);
        assert_int_equal(ip[2] << 8 | ip[3], n);
    } else {
        assert_int_equal(ip[4] << 8 | ip[5], n - 40);
    }
    uint32_t pseudo = received(6 + (uint32_t)(n - header), v4 ? ip + 12 : ip + 8, v4 ? 8 : 32);
    assert_int_equal(received(pseudo, ip + header, n - header), 0xffff);
}

static void on_write(void *user, uint32_t interface, int64_t time_ns, const uint8_t *data, size_t n)
{
    struct written *w = user;
    assert_true(w->count < WRITTEN_MAX);
    memcpy(w->packets[w->count].bytes, data, n);
    w->packets[w->count].n = n;
    w->packets[w->count].interface = interface;
    w->packets[w->count].time_ns = time_ns;
    struct packet packet = {.data = w->packets[w->count].bytes,
                            .captured = (uint32_t)n,
                            .original = (uint32_t)n,
                            .link_type = w->link_type};
    struct segment *s = &w->packets[w->count].segment;
    assert_int_equal(peel_packet(&packet, NULL, s), PEEL_TCP);
    check_sums(s->ip, (size_t)(s->tcp - s->ip), (size_t)(packet.data + n - s->ip));
    w->count++;
}

static struct tcp_synth_sink sink(struct written *w)
{
    return (struct tcp_synth_sink){on_write, w};
}

/* The last packet that was written: its numbers, flags and length. */
static void check_last(const struct written *w, size_t count, unsigned flags, uint32_t seq, uint32_t ack, uint32_t n)
{
    assert_int_equal(w->count, count);
    const struct segment *s = &w->packets[count - 1].segment;
    assert_int_equal(s->flags, flags);
    assert_int_equal(s->seq, seq);
    assert_int_equal(s->ack, ack);
    assert_int_equal(s->length, n);
}

/* A captured packet: Ethernet, a VLAN tag, IPv4, TCP with an MSS in a SYN; wrong checksums throughout. */
static void see(struct tcp_synth *t, struct written *w, int dir, unsigned flags, uint32_t seq, uint32_t ack,
                const char *payload)
{
    uint8_t p[200] = {2,    0,
                      0,    0,
                      0,    1,
                      2,    0,
                      0,    0,
                      0,    2,
                      0x81, 0,
                      0,    7,
                      8,    0,
                      0x45, 0x10,
                      0,    0,
                      1,    2,
                      0x40, 0,
                      64,   6,
                      9,    9,
                      10,   0,
                      0,    (uint8_t)(1 + dir),
                      10,   0,
                      0,    (uint8_t)(2 - dir)};
    uint8_t *tcp = p + ETHERNET + 4 + 20;
    size_t options = flags & SEGMENT_SYN ? 4 : 0, n = strlen(payload);
    uint16_t ports[2] = {40000, 3306};
    uint32_t numbers[2] = {seq, ack};
    for (int i = 0; i < 2; i++) {
        tcp[2 * i] = (uint8_t)(ports[i ^ dir] >> 8);
        tcp[2 * i + 1] = (uint8_t)ports[i ^ dir];
        for (int b = 0; b < 4; b++)
            tcp[4 + 4 * i + b] = (uint8_t)(numbers[i] >> (24 - 8 * b));
    }
    tcp[12] = (uint8_t)((20 + options) / 4 << 4);
    tcp[13] = (uint8_t)flags;
    tcp[14] = 1;
    if (options)
        memcpy(tcp + 20, "\x02\x04\x03\xe8", 4); /* 1000 bytes */
    memcpy(tcp + 20 + options, payload, n);
    struct packet packet = {.data = p, .link_type = 1, .time_ns = 5};
    packet.captured = packet.original = (uint32_t)((size_t)(tcp - p) + 20 + options + n);
    p[ETHERNET + 4 + 3] = (uint8_t)(packet.captured - ETHERNET - 4);
    struct segment s;
    assert_int_equal(peel_packet(&packet, NULL, &s), PEEL_TCP);
    tcp_synth_see(t, dir, p, &s, 3, false, sink(w));
}

static struct written *begin(void)
{
    static struct written w; /* large; one test at a time */
    w.packets = test_calloc(WRITTEN_MAX, sizeof *w.packets);
    w.count = 0;
    w.link_type = 1;
    return &w;
}

static void end(struct tcp_synth *t, struct written *w)
{
    tcp_synth_clear(t);
    test_free(w->packets);
}

enum { S = SEGMENT_SYN, A = SEGMENT_ACK, P = SEGMENT_PSH, F = SEGMENT_FIN, R = SEGMENT_RST };

/* The example of https://en.wikipedia.org/wiki/IPv4_header_checksum: b861. */
static void test_known_header(void **state)
{
    (void)state;
    uint8_t ip[115] = {0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0, 0, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7};
    tcp_synth_finish(ip, 20, sizeof ip);
    assert_int_equal(ip[10] << 8 | ip[11], 0xb861);
    assert_int_equal(ip[2] << 8 | ip[3], 0x73);
}

static void open_both(struct tcp_synth *t, struct written *w)
{
    see(t, w, CLIENT, S, 0xfffffff0, 0, "");
    check_last(w, 1, S, 0xfffffff0, 0, 0);
    see(t, w, SERVER, S | A, 7000, 0xfffffff1, "");
    check_last(w, 2, S | A, 7000, 0xfffffff1, 0);
    see(t, w, CLIENT, A, 0xfffffff1, 7001, "");
    check_last(w, 3, A, 0xfffffff1, 7001, 0);
}

/* From the SYN to both FINs, with numbers that wrap; what carried the bytes was longer. */
static void test_conversation(void **state)
{
    (void)state;
    struct tcp_synth t = {0};
    struct written *w = begin();
    open_both(&t, w);
    assert_memory_equal(w->packets[0].segment.tcp + 20, "\x02\x04\x03\xe8", 4);
    assert_int_equal(w->packets[2].interface, 3);
    assert_int_equal(w->packets[2].time_ns, 5);

    see(&t, w, SERVER, P | A, 7001, 0xfffffff1, "a record of TLS");
    tcp_synth_data(&t, SERVER, (const uint8_t *)"hello", 5, 8, sink(w));
    check_last(w, 4, P | A, 7001, 0xfffffff1, 5);
    assert_int_equal(w->packets[3].time_ns, 8);
    assert_memory_equal(w->packets[3].segment.payload, "hello", 5);
    /* Link layer, VLAN tag, type of service and time to live as they were. */
    assert_memory_equal(w->packets[3].bytes, "\2\0\0\0\0\1\2\0\0\0\0\2\x81\0\0\7\x08\0\x45\x10", 20);

    see(&t, w, CLIENT, A, 0xfffffff1, 7016, "");
    check_last(w, 5, A, 0xfffffff1, 7006, 0);
    see(&t, w, CLIENT, A, 0xfffffff1, 7016, ""); /* nothing new */
    assert_int_equal(w->count, 5);
    see(&t, w, CLIENT, S, 0xfffffff0, 0, ""); /* sent again */
    assert_int_equal(w->count, 5);

    uint8_t long_one[2500];
    memset(long_one, 'x', sizeof long_one);
    tcp_synth_data(&t, CLIENT, long_one, sizeof long_one, 9, sink(w));
    check_last(w, 8, P | A, 0xfffffff1 + 2000, 7006, 500);
    assert_int_equal(w->packets[6].segment.flags, A);
    assert_int_equal(w->packets[6].segment.length, 1000);

    see(&t, w, CLIENT, F | A, 9, 7016, "");
    tcp_synth_fin(&t, CLIENT, 10, sink(w));
    check_last(w, 9, F | A, 0xfffffff1 + 2500, 7006, 0);
    tcp_synth_fin(&t, CLIENT, 10, sink(w));
    tcp_synth_data(&t, CLIENT, long_one, 1, 10, sink(w));
    assert_int_equal(w->count, 9);
    see(&t, w, SERVER, A, 7016, 10, "");
    check_last(w, 10, A, 7006, 0xfffffff1 + 2501, 0);
    tcp_synth_fin(&t, SERVER, 11, sink(w));
    check_last(w, 11, F | A, 7006, 0xfffffff1 + 2501, 0);
    see(&t, w, CLIENT, A, 10, 7017, "");
    check_last(w, 12, A, 0xfffffff1 + 2501, 7007, 0);
    end(&t, w);
}

/* What is missing shows in the numbers, and is acknowledged. */
static void test_gap(void **state)
{
    (void)state;
    struct tcp_synth t = {0};
    struct written *w = begin();
    open_both(&t, w);
    tcp_synth_gap(&t, SERVER, 100);
    tcp_synth_data(&t, SERVER, (const uint8_t *)"b", 1, 1, sink(w));
    check_last(w, 4, P | A, 7101, 0xfffffff1, 1);
    tcp_synth_data(&t, CLIENT, (const uint8_t *)"c", 1, 1, sink(w));
    check_last(w, 5, P | A, 0xfffffff1, 7102, 1);
    end(&t, w);
}

/* More than a window allows at once: the receiver is heard in between. */
static void test_window(void **state)
{
    (void)state;
    struct tcp_synth t = {0};
    struct written *w = begin();
    open_both(&t, w);
    static const uint8_t much[100000];
    tcp_synth_data(&t, SERVER, much, sizeof much, 1, sink(w));
    uint32_t unheard = 0, acks = 0;
    for (size_t i = 3; i < w->count; i++) {
        const struct segment *s = &w->packets[i].segment;
        bool ack = s->dst.port == 3306;
        unheard = ack ? 0 : unheard + s->length;
        acks += ack;
        assert_true(unheard < 65535);
    }
    assert_int_equal(acks, 1);
    end(&t, w);
}

static void test_reset(void **state)
{
    (void)state;
    struct tcp_synth t = {0};
    struct written *w = begin();
    open_both(&t, w);
    tcp_synth_reset(&t, SERVER, 1, sink(w));
    check_last(w, 4, R | A, 7001, 0xfffffff1, 0);
    tcp_synth_reset(&t, SERVER, 1, sink(w));
    tcp_synth_data(&t, CLIENT, (const uint8_t *)"c", 1, 1, sink(w));
    see(&t, w, CLIENT, A, 0xfffffff1, 7001, "");
    assert_int_equal(w->count, 4);
    end(&t, w);
}

/* The capture begins inside: the first number seen, or acknowledged, is the first. */
static void test_without_opening(void **state)
{
    (void)state;
    struct tcp_synth t = {0};
    struct written *w = begin();
    see(&t, w, CLIENT, P | A, 500, 900, "abc");
    tcp_synth_data(&t, CLIENT, (const uint8_t *)"x", 1, 1, sink(w));
    check_last(w, 1, P | A, 500, 900, 1);
    see(&t, w, SERVER, A, 900, 503, "");
    check_last(w, 2, A, 900, 501, 0);
    end(&t, w);
}

/* IPv6 without a link layer, an extension header kept. */
static void test_v6(void **state)
{
    (void)state;
    struct tcp_synth t = {0};
    struct written *w = begin();
    w->link_type = RAW;
    uint8_t p[40 + 8 + 20] = {0x60, 0, 0, 0, 0, 28, 0, 64, 0xfd, [23] = 1, [24] = 0xfd, [39] = 2, [40] = 6, 0, 1, 4};
    memcpy(p + 48, "\x9c\x40\x0c\xea\0\0\0\1\0\0\0\1\x50\x10\1\0\0\0\0\0", 20);
    struct packet packet = {.data = p, .link_type = RAW, .captured = sizeof p, .original = sizeof p};
    struct segment s;
    assert_int_equal(peel_packet(&packet, NULL, &s), PEEL_TCP);
    tcp_synth_see(&t, CLIENT, p, &s, 0, false, sink(w));
    assert_int_equal(w->count, 0); /* nothing to acknowledge */
    tcp_synth_data(&t, CLIENT, (const uint8_t *)"odd", 3, 1, sink(w));
    assert_int_equal(w->count, 1);
    assert_memory_equal(w->packets[0].bytes + 40, p + 40, 8);
    end(&t, w);
}

/* Out of a tunnel IP comes by itself, whole and without options. */
static void test_nested(void **state)
{
    (void)state;
    struct tcp_synth t = {0};
    struct written *w = begin();
    w->link_type = RAW;
    uint8_t inner[24 + 20] = {0x46, 0, 0, 44, 0, 9, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 1, 1, 1, 0};
    memcpy(inner + 24, "\x9c\x40\x0c\xea\0\0\0\1\0\0\0\1\x50\x10\1\0\0\0\0\0", 20);
    uint8_t p[20 + sizeof inner] = {0x45, 0, 0, sizeof p, 0, 1, 0, 0, 64, 4, 0, 0, 9, 9, 9, 9, 8, 8, 8, 8};
    memcpy(p + 20, inner, sizeof inner);
    struct packet packet = {.data = p, .link_type = RAW, .captured = sizeof p, .original = sizeof p};
    struct segment s;
    assert_int_equal(peel_packet(&packet, NULL, &s), PEEL_TCP);
    assert_false(tcp_synth_is_plain(p, sizeof p, &s));
    tcp_synth_see(&t, CLIENT, NULL, &s, 8, false, sink(w));
    tcp_synth_data(&t, CLIENT, (const uint8_t *)"abc", 3, 1, sink(w));
    check_last(w, 1, P | A, 1, 1, 3);
    assert_int_equal(w->packets[0].n, 43);
    assert_int_equal(w->packets[0].bytes[0], 0x45);
    assert_int_equal(w->packets[0].interface, 8);
    assert_memory_equal(w->packets[0].bytes + 12, p + 32, 8);
    end(&t, w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_header), cmocka_unit_test(test_conversation),
        cmocka_unit_test(test_gap),          cmocka_unit_test(test_window),
        cmocka_unit_test(test_reset),        cmocka_unit_test(test_without_opening),
        cmocka_unit_test(test_v6),           cmocka_unit_test(test_nested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
