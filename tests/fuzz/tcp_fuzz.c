/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input is a list of segments. Every byte of a payload is a function of its sequence number, so each delivered byte
 * tells whether it stands where it should. */
#include "analyzer/tcp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what)                                                                                                  \
    do {                                                                                                               \
        if (!(what))                                                                                                   \
            abort();                                                                                                   \
    } while (0)

/* Room for a segment and what may be asked of one; segments overlap a lot if they are short. */
#define PAYLOAD_MAX 64

struct watch {
    const struct tcp *tcp;
    bool started[2];
    bool closed[2];
    bool reset;
    uint32_t at[2]; /* the number of the next byte to come */
};

static uint8_t byte_at(int dir, uint32_t seq)
{
    uint32_t x = (seq + (uint32_t)dir * 0x5bd1e995u) * 0x9e3779b1u;
    return (uint8_t)(x >> 24);
}

static void start(struct watch *watch, int dir)
{
    if (!watch->started[dir])
        watch->at[dir] = watch->tcp->half[dir].base + 1;
    watch->started[dir] = true;
}

static void on_data(void *user, int dir, const uint8_t *p, uint32_t n, int64_t time_ns, uint64_t number)
{
    struct watch *watch = user;
    (void)time_ns;
    (void)number;
    REQUIRE(n > 0 && !watch->reset && !watch->closed[dir]);
    start(watch, dir);
    for (uint32_t i = 0; i < n; i++)
        REQUIRE(p[i] == byte_at(dir, watch->at[dir] + i));
    watch->at[dir] += n;
}

static void on_gap(void *user, int dir, uint64_t n, enum tcp_gap why, int64_t time_ns, uint64_t number)
{
    struct watch *watch = user;
    (void)why;
    (void)time_ns;
    (void)number;
    REQUIRE(n > 0 && n <= (1u << 30) + (1u << 24) && !watch->reset && !watch->closed[dir]);
    start(watch, dir);
    watch->at[dir] += (uint32_t)n;
}

static void on_event(void *user, int dir, enum tcp_event event, int64_t time_ns, uint64_t number)
{
    struct watch *watch = user;
    (void)time_ns;
    (void)number;
    REQUIRE(!watch->reset);
    if (event == TCP_FIN) {
        REQUIRE(!watch->closed[dir]);
        watch->closed[dir] = true;
    } else if (event == TCP_RST) {
        watch->reset = true;
    }
}

/*   0      1       2      3     4      5    6        7
 *   | bits | flags | seq       | ack       | length | captured |     seq, ack: signed, relative to a base or the
 * other's */
#define RECORD 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 6)
        return 0;
    struct limits limits = limits_default();
    struct limit_hits hits = {0};
    struct counters counters = {0};
    limits.tcp_queue_segments = data[0] & 1 ? 4 : 64;
    limits.tcp_queue_bytes = data[0] & 2 ? 300 : 100000;
    limits.tcp_total_bytes = data[0] & 4 ? 400 : 100000;
    limits.tcp_hold_packets = data[0] & 8 ? 2 : 64;
    struct tcp_env env = {{on_data, on_gap, on_event}, &limits, &hits, &counters, 0, 0, 0};
    struct tcp tcp = {0};
    struct watch watch = {.tcp = &tcp};
    uint32_t base[2] = {(uint32_t)data[1] << 24, (uint32_t)(data[2] << 8 | data[3]) - 0x8000};
    int64_t time_ns = 0;
    uint64_t number = 0;

    for (const uint8_t *p = data + 6; p + RECORD <= data + size; p += RECORD) {
        int dir = p[0] & 1;
        uint32_t shift = p[0] & 2 ? 18 : 0; /* far away */
        uint32_t seq = base[dir] + ((uint32_t)(int32_t)(int16_t)(p[2] << 8 | p[3]) << shift);
        uint32_t ack = base[!dir] + ((uint32_t)(int32_t)(int16_t)(p[4] << 8 | p[5]) << (p[0] & 4 ? 18 : 0));
        uint32_t wire = p[6] % (PAYLOAD_MAX + 1);
        uint32_t length = p[0] & 8 ? p[7] % (wire + 1) : wire;
        uint8_t flags = p[1] & (SEGMENT_FIN | SEGMENT_SYN | SEGMENT_RST | SEGMENT_ACK);
        /* Resets and SYNs are rarer than the rest, or nothing much would happen. */
        if (p[0] & 16)
            flags &= SEGMENT_ACK;
        time_ns += p[0] & 32 ? (int64_t)p[7] * 10000000 : p[0] & 64 ? -(int64_t)p[7] : 1000;
        uint8_t *payload = malloc(length + 1);
        for (uint32_t i = 0; i < length; i++)
            payload[i] = byte_at(dir, seq + i + (flags & SEGMENT_SYN ? 1 : 0));
        static const uint8_t with_scale[24] = {[12] = 6 << 4, [20] = 1, [21] = 3, [22] = 3, [23] = 2};
        struct segment segment = {
            .window = (uint16_t)(p[7] << 4),
            .tcp = data[0] & 16 ? with_scale : NULL,
            .seq = seq,
            .ack = ack,
            .flags = flags,
            .payload = payload,
            .length = length,
            .wire_length = wire,
            .time_ns = time_ns,
            .number = ++number,
        };
        if (flags & SEGMENT_SYN)
            (void)tcp_judge_syn(&tcp, dir, &segment);
        tcp_push(&tcp, &env, &watch, dir, &segment);
        free(payload);
        REQUIRE(env.queued <= limits.tcp_total_bytes);
        REQUIRE(tcp.half[0].segments <= limits.tcp_queue_segments && tcp.half[1].segments <= limits.tcp_queue_segments);
        uint64_t queued = (uint64_t)tcp.half[0].bytes + tcp.half[1].bytes;
        REQUIRE(tcp.doubt ? env.queued > queued : env.queued == queued);
    }
    tcp_finish(&tcp, &env, &watch);
    REQUIRE(env.queued == 0 && !tcp.doubt && !tcp.half[0].head && !tcp.half[1].head);
    REQUIRE(watch.reset || tcp.over == (watch.closed[0] && watch.closed[1]));
    return 0;
}
