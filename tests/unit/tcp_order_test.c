/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Properties of random conversations: two streams are cut into segments, which are then reordered, duplicated, cut
 * anew, cut short and lost on their way into the "capture". What comes out is compared with the streams. */
#include "analyzer/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the above. */
#include <cmocka.h>

#define TURNS        12
#define STREAM_MAX   (TURNS * 8000)
#define SEGMENTS_MAX 6000

/* A piece of a stream as it is captured. */
struct shot {
    uint32_t key;     /* place in the capture */
    int dir;          /* 0: client, 1: server */
    uint8_t flags;    /* SEGMENT_ bits */
    uint32_t from, n; /* bytes of the stream */
    uint32_t ack;     /* bytes of the other stream that it acknowledges */
    bool hidden;      /* not captured when it was sent first */
};

/* What the capture does to the conversation. */
struct weather {
    const char *name;
    uint32_t reorder;        /* places by which a segment may be late */
    uint32_t again_percent;  /* segments after which something is sent again */
    uint32_t hidden_percent; /* segments that are not captured but sent again soon after */
    uint32_t lost_percent;   /* segments that are not captured */
    uint32_t snaplen;        /* payload bytes captured of a segment, or 0 for all */
    bool tight;              /* queues of a few segments only */
    bool odd_order;          /* it cannot be known which copy was first, so the order of turns is not certain */
};

static const struct weather weathers[] = {
    {.name = "fair"},
    {.name = "reordered", .reorder = 8},
    {.name = "sent again", .again_percent = 20},
    {.name = "reordered and sent again", .reorder = 6, .again_percent = 15, .odd_order = true},
    {.name = "first copies not captured", .hidden_percent = 15},
    {.name = "lost", .lost_percent = 3},
    {.name = "mostly lost", .lost_percent = 60},
    {.name = "lost, sent again", .lost_percent = 5, .again_percent = 20, .odd_order = true},
    {.name = "cut", .snaplen = 60},
    {.name = "cut and lost and reordered", .reorder = 5, .lost_percent = 5, .snaplen = 100},
    {.name = "tight", .reorder = 12, .lost_percent = 2, .tight = true},
    {.name = "everything",
     .reorder = 30,
     .again_percent = 20,
     .hidden_percent = 10,
     .lost_percent = 5,
     .snaplen = 700,
     .odd_order = true},
};

struct talk {
    uint64_t random;
    uint8_t stream[2][STREAM_MAX];
    uint32_t length[2];     /* bytes written so far, in the end all */
    uint32_t end[2][TURNS]; /* where each turn's message ends */
    uint32_t isn[2];
    struct shot shots[SEGMENTS_MAX];
    uint32_t n;
    uint32_t last_hidden; /* index in `shots` */
    /* the output */
    uint32_t position[2]; /* bytes delivered or declared missing */
    uint64_t lost, cut;
    uint32_t fins;
    bool closed[2];
    bool check_order;
};

static uint32_t draw(struct talk *talk, uint32_t below)
{
    talk->random ^= talk->random << 13;
    talk->random ^= talk->random >> 7;
    talk->random ^= talk->random << 17;
    return (uint32_t)((talk->random >> 11) % below);
}

static struct shot *shoot(struct talk *talk, int dir, uint8_t flags, uint32_t from, uint32_t n)
{
    assert_true(talk->n < SEGMENTS_MAX);
    struct shot *shot = &talk->shots[talk->n];
    *shot =
        (struct shot){.key = talk->n * 4, .dir = dir, .flags = flags, .from = from, .n = n, .ack = talk->length[!dir]};
    talk->n++;
    return shot;
}

/* Sends bytes again that were sent before, cut differently, with a new acknowledgement. */
static void send_again(struct talk *talk)
{
    int dir = (int)draw(talk, 2);
    uint32_t sent = talk->length[dir];
    if (sent == 0)
        return;
    uint32_t back = 1 + draw(talk, sent < 3000 ? sent : 3000);
    uint32_t n = 1 + draw(talk, back < 1448 ? back : 1448);
    shoot(talk, dir, SEGMENT_ACK, sent - back, n);
}

static void say(struct talk *talk, int dir, uint32_t n, const struct weather *weather)
{
    for (uint32_t end = talk->length[dir] + n; talk->length[dir] < end;) {
        uint32_t left = end - talk->length[dir];
        uint32_t length = 1 + draw(talk, left < 1448 ? left : 1448);
        for (uint32_t i = 0; i < length; i++)
            talk->stream[dir][talk->length[dir] + i] = (uint8_t)draw(talk, 256);
        struct shot *shot = shoot(talk, dir, SEGMENT_ACK, talk->length[dir], length);
        talk->length[dir] += length;
        /* Far apart, because two of them can hide which was first. */
        shot->hidden = draw(talk, 100) < weather->hidden_percent && talk->n > talk->last_hidden + 30;
        if (shot->hidden)
            talk->last_hidden = talk->n;
        if (draw(talk, 3) == 0)
            shoot(talk, !dir, SEGMENT_ACK, talk->length[!dir], 0);
        if (draw(talk, 100) < weather->again_percent)
            send_again(talk);
    }
}

static int shot_compare(const void *a, const void *b)
{
    const struct shot *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

static void converse(struct talk *talk, const struct weather *weather)
{
    for (int dir = 0; dir < 2; dir++)
        talk->isn[dir] = draw(talk, 2) ? (uint32_t)-1 - draw(talk, 20000) : draw(talk, UINT32_MAX);
    shoot(talk, 0, SEGMENT_SYN, 0, 0);
    shoot(talk, 1, SEGMENT_SYN | SEGMENT_ACK, 0, 0);
    shoot(talk, 0, SEGMENT_ACK, 0, 0);
    for (int turn = 0; turn < TURNS; turn++) {
        say(talk, 0, 1 + draw(talk, 800), weather);
        talk->end[0][turn] = talk->length[0];
        say(talk, 1, 1 + draw(talk, draw(talk, 2) ? 100 : 8000), weather);
        talk->end[1][turn] = talk->length[1];
    }
    shoot(talk, 0, SEGMENT_ACK, talk->length[0], 0);
    shoot(talk, 0, SEGMENT_FIN | SEGMENT_ACK, talk->length[0], 0);
    shoot(talk, 1, SEGMENT_FIN | SEGMENT_ACK, talk->length[1], 0);

    /* What was hidden is sent again some places later, and acknowledges what its sender has got by then. */
    for (uint32_t i = 0; i < talk->n; i++) {
        struct shot *shot = &talk->shots[i];
        if (!shot->hidden)
            continue;
        uint32_t later = 1 + draw(talk, 10);
        shot->key += 4 * later + 1;
        for (uint32_t k = i + 1; k <= i + later && k < talk->n; k++)
            if (talk->shots[k].dir == shot->dir && talk->shots[k].ack > shot->ack)
                shot->ack = talk->shots[k].ack;
    }
    /* The first SYN stays: a connection cannot begin before the first packet that is seen of it. Stable keys. */
    for (uint32_t i = 1; i < talk->n; i++) {
        struct shot *shot = &talk->shots[i];
        shot->key = (shot->key + 4 * draw(talk, weather->reorder + 1)) * SEGMENTS_MAX + i;
        if (i < talk->n - 3 && i > 2 && draw(talk, 100) < weather->lost_percent)
            shot->n = UINT32_MAX;
    }
    qsort(talk->shots, talk->n, sizeof *talk->shots, shot_compare);
}

static void check_order(const struct talk *talk, int dir)
{
    /* The turn that the last byte belongs to must have begun: all before it is there. */
    uint32_t last = talk->position[dir] - 1;
    int turn = 0;
    while (turn < TURNS - 1 && last >= talk->end[dir][turn])
        turn++;
    if (dir == 1)
        assert_true(talk->position[0] >= talk->end[0][turn]);
    else if (turn > 0)
        assert_true(talk->position[1] >= talk->end[1][turn - 1]);
}

static void talk_data(void *user, int dir, const uint8_t *p, uint32_t n, int64_t time_ns, uint64_t number)
{
    struct talk *talk = user;
    assert_true(n > 0);
    assert_false(talk->closed[dir]);
    assert_true(talk->position[dir] + n <= talk->length[dir]);
    assert_memory_equal(p, talk->stream[dir] + talk->position[dir], n);
    /* The segment that it is said to come from has it. */
    const struct shot *shot = &talk->shots[number - 1];
    assert_int_equal(shot->dir, dir);
    assert_int_equal(time_ns, number * 1000);
    assert_true(shot->from <= talk->position[dir] && talk->position[dir] + n <= shot->from + shot->n);
    talk->position[dir] += n;
    if (talk->check_order)
        check_order(talk, dir);
}

static void talk_gap(void *user, int dir, uint64_t n, enum tcp_gap why, int64_t time_ns, uint64_t number)
{
    struct talk *talk = user;
    assert_true(n > 0);
    assert_false(talk->closed[dir]);
    assert_int_equal(time_ns, number * 1000);
    assert_true(talk->position[dir] + n <= talk->length[dir]);
    talk->position[dir] += (uint32_t)n;
    *(why == TCP_GAP_LOST ? &talk->lost : &talk->cut) += n;
}

static void talk_event(void *user, int dir, enum tcp_event event, int64_t time_ns, uint64_t number)
{
    struct talk *talk = user;
    (void)time_ns;
    (void)number;
    if (event != TCP_FIN)
        return;
    assert_false(talk->closed[dir]);
    talk->closed[dir] = true;
    assert_int_equal(talk->position[dir], talk->length[dir]);
}

static void listen_to(struct talk *talk, const struct weather *weather)
{
    struct limits limits = limits_default();
    struct limit_hits hits = {0};
    struct counters counters = {0};
    if (weather->tight)
        limits.tcp_queue_segments = 4;
    struct tcp_env env = {{talk_data, talk_gap, talk_event}, &limits, &hits, &counters, 0, 0, 0};
    struct tcp tcp = {0};
    talk->check_order = !weather->odd_order;
    for (uint32_t i = 0; i < talk->n; i++) {
        const struct shot *shot = &talk->shots[i];
        if (shot->n == UINT32_MAX)
            continue;
        uint32_t captured = weather->snaplen && shot->n > weather->snaplen ? weather->snaplen : shot->n;
        uint8_t *payload = malloc(captured + 1);
        memcpy(payload, talk->stream[shot->dir] + shot->from, captured);
        struct segment segment = {
            .seq = talk->isn[shot->dir] + shot->from + !(shot->flags & SEGMENT_SYN),
            .ack = shot->flags & SEGMENT_ACK ? talk->isn[!shot->dir] + 1 + shot->ack : 0,
            .flags = shot->flags,
            .payload = payload,
            .length = captured,
            .wire_length = shot->n,
            .time_ns = (i + 1) * INT64_C(1000),
            .number = i + 1,
        };
        tcp_push(&tcp, &env, talk, shot->dir, &segment);
        free(payload);
    }
    bool lossless = !weather->lost_percent && !weather->tight;
    if (lossless)
        assert_true(tcp_is_over(&tcp));
    tcp_finish(&tcp, &env, talk);
    assert_int_equal(env.queued, 0);
    assert_null(tcp.half[0].head);
    assert_null(tcp.half[1].head);
    /* Everything was delivered or declared missing: the last segments are never lost. */
    for (int dir = 0; dir < 2; dir++) {
        assert_int_equal(talk->position[dir], talk->length[dir]);
        assert_true(talk->closed[dir]);
    }
    assert_int_equal(counters.payload_bytes + talk->lost + talk->cut, talk->length[0] + talk->length[1]);
    assert_int_equal(counters.gap_bytes_lost, talk->lost);
    assert_int_equal(counters.gap_bytes_snaplen, talk->cut);
    if (lossless)
        assert_int_equal(talk->lost, 0);
    if (!weather->snaplen)
        assert_int_equal(talk->cut, 0);
    if (weather->tight)
        return;
    assert_int_equal(hits.tcp_queue_segments + hits.tcp_queue_bytes + hits.tcp_total_bytes, 0);
}

static void test_weathers(void **state)
{
    (void)state;
    const char *rounds_text = getenv("TCP_ORDER_ROUNDS");
    uint64_t rounds = rounds_text ? strtoull(rounds_text, NULL, 10) : 60;
    struct talk *talk = malloc(sizeof *talk);
    for (size_t i = 0; i < sizeof weathers / sizeof *weathers; i++) {
        print_message("  %s\n", weathers[i].name);
        for (uint64_t seed = 1; seed <= rounds; seed++) {
            memset(talk, 0, sizeof *talk);
            talk->random = seed * UINT64_C(0x9e3779b97f4a7c15);
            converse(talk, &weathers[i]);
            listen_to(talk, &weathers[i]);
        }
    }
    free(talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_weathers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
