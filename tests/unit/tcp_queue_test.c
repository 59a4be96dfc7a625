/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tcp_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* cmocka needs the above. */
#include <cmocka.h>

static struct tcp_piece piece(uint32_t seq, const char *text)
{
    return (struct tcp_piece){
        .data = (const uint8_t *)text, .seq = seq, .length = (uint32_t)strlen(text), .wire = (uint32_t)strlen(text)};
}

static void test_order(void **state)
{
    (void)state;
    struct tcp_half half = {0};
    struct tcp_env env = {0};
    /* Across the wrap, in an order that uses both ends and the middle. */
    static const uint32_t seqs[] = {0xfffffffe, 4, 0xfffffff0, 2, 8};
    for (size_t i = 0; i < sizeof seqs / sizeof *seqs; i++) {
        struct tcp_piece p = piece(seqs[i], "ab");
        assert_true(tcp_queue_insert(&half, &env, &p));
    }
    assert_int_equal(half.segments, 5);
    assert_int_equal(env.queued, half.bytes);
    assert_null(tcp_queue_find(&half, 0xffffffef));
    assert_int_equal(tcp_queue_find(&half, 0xfffffff0)->piece.seq, 0xfffffff0);
    assert_int_equal(tcp_queue_find(&half, 1)->piece.seq, 0xfffffffe);
    assert_int_equal(tcp_queue_find(&half, 7)->piece.seq, 4);
    assert_int_equal(tcp_queue_find(&half, 100)->piece.seq, 8);
    static const uint32_t sorted[] = {0xfffffff0, 0xfffffffe, 2, 4, 8};
    for (size_t i = 0; i < sizeof sorted / sizeof *sorted; i++) {
        struct tcp_node *node = tcp_queue_pop(&half, &env);
        assert_int_equal(node->piece.seq, sorted[i]);
        assert_memory_equal(node->piece.data, "ab", 2);
        tcp_node_free(node);
    }
    assert_null(tcp_queue_pop(&half, &env));
    assert_null(half.tail);
    assert_int_equal(half.bytes + half.segments + env.queued, 0);
}

static void test_limits(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct limit_hits hits = {0};
    struct tcp_env env = {.limits = &limits, .hits = &hits};
    struct tcp_half half = {0};
    struct tcp_piece p = piece(1, "abc");
    assert_false(tcp_queue_is_full(&half, &env, &p));
    limits.tcp_total_bytes = 10;
    assert_true(tcp_queue_is_full(&half, &env, &p));
    limits.tcp_queue_bytes = 10;
    assert_true(tcp_queue_is_full(&half, &env, &p));
    limits.tcp_queue_segments = 0;
    assert_true(tcp_queue_is_full(&half, &env, &p));
    assert_int_equal(hits.tcp_total_bytes, 1);
    assert_int_equal(hits.tcp_queue_bytes, 1);
    assert_int_equal(hits.tcp_queue_segments, 1);
}

static void test_conflicts(void **state)
{
    (void)state;
    struct tcp_half half = {0};
    struct tcp_env env = {0};
    struct tcp_piece p = piece(100, "abcdef");
    p.length = 4; /* the rest was cut off: nothing is known of it */
    assert_true(tcp_queue_insert(&half, &env, &p));
    static const struct {
        uint32_t seq;
        const char *text;
        bool conflict;
    } others[] = {
        {100, "abcd", false}, {98, "xxab", false}, {98, "xxaB", true},    {102, "cdXX", false},
        {103, "D", true},     {104, "XY", false},  {90, "abcdef", false}, {99, "-abcd-", false},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct tcp_piece other = piece(others[i].seq, others[i].text);
        assert_int_equal(tcp_node_conflicts(half.head, &other), others[i].conflict);
    }
    tcp_node_free(tcp_queue_pop(&half, &env));
}

static struct tcp_node *push_gated(struct tcp_half *half, struct tcp_env *env, uint32_t seq, const char *text, uint32_t ack)
{
    struct tcp_piece p = piece(seq, text);
    p.ack = ack;
    p.gated = true;
    assert_true(tcp_queue_insert(half, env, &p));
    return tcp_queue_find(half, seq);
}

static void check(const struct tcp_node *node, uint32_t seq, const char *text, uint32_t wire, uint32_t ack)
{
    assert_non_null(node);
    assert_int_equal(node->piece.seq, seq);
    assert_int_equal(node->piece.length, strlen(text));
    assert_memory_equal(node->piece.data, text, strlen(text));
    assert_int_equal(node->piece.wire, wire);
    assert_int_equal(node->piece.ack, ack);
}

static void test_gates(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    struct limit_hits hits = {0};
    struct tcp_env env = {.limits = &limits, .hits = &hits};
    struct tcp_half half = {0};
    push_gated(&half, &env, 100, "abcdef", 50);
    push_gated(&half, &env, 106, "ghijkl", 60);
    push_gated(&half, &env, 120, "xyz", 70);
    tcp_queue_lower_gates(&half, &env, 200, 70); /* nothing waits for more */
    assert_int_equal(half.segments, 3);
    tcp_queue_lower_gates(&half, &env, 108, 40);
    assert_int_equal(half.segments, 4);
    check(half.head, 100, "abcdef", 6, 40);
    check(half.head->next, 106, "gh", 2, 40);
    check(half.head->next->next, 108, "ijkl", 4, 60);
    check(half.tail, 120, "xyz", 3, 70);
    /* A new node before others waits for no more than they do. */
    check(push_gated(&half, &env, 90, "older", 90), 90, "older", 5, 40);
    check(push_gated(&half, &env, 130, "newer", 90), 130, "newer", 5, 90);
    /* Of bytes that the snapshot length cut off. */
    struct tcp_piece cut = piece(140, "ab");
    cut.wire = 10;
    cut.ack = 95;
    cut.gated = true;
    assert_true(tcp_queue_insert(&half, &env, &cut));
    tcp_queue_lower_gates(&half, &env, 145, 91);
    check(tcp_queue_find(&half, 140), 140, "ab", 5, 91);
    check(tcp_queue_find(&half, 145), 145, "", 5, 95);
    /* Where there is no room for another node the gate stays. */
    limits.tcp_queue_segments = half.segments;
    tcp_queue_lower_gates(&half, &env, 132, 80);
    check(tcp_queue_find(&half, 130), 130, "newer", 5, 90);
    assert_int_equal(env.queued, half.bytes);
    for (struct tcp_node *node; (node = tcp_queue_pop(&half, &env));)
        tcp_node_free(node);
    assert_int_equal(half.bytes + half.segments + env.queued, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_conflicts),
        cmocka_unit_test(test_gates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
