/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/defrag.h"

#include <glib.h>
#include <string.h>

#include "tests/support/unit.h"

static struct limits limits;
static struct limit_hits hits;
static struct counters counters;
static uint8_t content[65535];

static struct defrag *begin(void)
{
    limits = limits_default();
    memset(&hits, 0, sizeof hits);
    memset(&counters, 0, sizeof counters);
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 31 + i / 256);
    return defrag_new(&limits, &hits, &counters);
}

static bool push(struct defrag *d, uint32_t id, uint32_t from, uint32_t to, bool more, int64_t seconds,
                 struct defrag_whole *whole)
{
    const struct defrag_key key = {.src = {1}, .dst = {2}, .id = id, .family = 4, .protocol = 6};
    const struct defrag_piece piece = {.offset = from,
                                       .more = more,
                                       .protocol = 6,
                                       .p = content + from,
                                       .captured = to - from,
                                       .length = to - from,
                                       .time_ns = seconds * 1000000000};
    defrag_begin(d);
    return defrag_push(d, &key, &piece, whole);
}

static void pieces_in_any_order_make_the_whole(void **state)
{
    (void)state;
    static const uint32_t cuts[] = {0, 8, 1480, 2960, 3000, 5001};
    enum { PIECES = 5 };
    struct defrag *d = begin();
    struct defrag_whole whole;
    uint32_t id = 0;
    for (int round = 0; round < 200; round++, id++) {
        int order[PIECES] = {0, 1, 2, 3, 4};
        for (int i = PIECES - 1; i > 0; i--) {
            int j = g_random_int_range(0, i + 1), t = order[i];
            order[i] = order[j];
            order[j] = t;
        }
        for (int i = 0; i < PIECES; i++) {
            int k = order[i];
            bool last = k == PIECES - 1;
            assert_int_equal(push(d, id, cuts[k], cuts[k + 1], !last, 1, &whole), i == PIECES - 1);
        }
        assert_int_equal(whole.n, 5001);
        assert_int_equal(whole.protocol, 6);
        assert_memory_equal(whole.p, content, 5001);
    }
    assert_int_equal(counters.fragments_joined, 200);
    assert_int_equal(counters.fragments_incomplete + counters.fragment_overlaps + counters.fragments_unusable, 0);
    defrag_free(d);
}

static void what_came_first_wins(void **state)
{
    (void)state;
    struct defrag *d = begin();
    struct defrag_whole whole;
    assert_false(push(d, 1, 800, 1600, true, 1, &whole));
    content[1000] ^= 0xff; /* the next piece says something else here */
    content[100] ^= 0xff;
    assert_false(push(d, 1, 0, 1200, true, 1, &whole));
    content[1000] ^= 0xff;
    assert_true(push(d, 1, 1600, 1700, false, 1, &whole));
    assert_memory_equal(whole.p, content, 1700);
    assert_int_equal(counters.fragment_overlaps, 1);
    defrag_free(d);
}

static void a_lone_piece_is_given_up_after_its_time(void **state)
{
    (void)state;
    struct defrag *d = begin();
    struct defrag_whole whole;
    assert_false(push(d, 1, 0, 800, true, 1, &whole));
    assert_false(push(d, 2, 0, 800, true, 32, &whole));
    assert_int_equal(counters.fragments_incomplete, 1);
    assert_false(push(d, 1, 800, 900, false, 33, &whole)); /* another packet with that number */
    defrag_free(d);
    assert_int_equal(counters.fragments_incomplete, 3);
}

static void memory_stays_within_its_limits(void **state)
{
    (void)state;
    struct defrag *d = begin();
    struct defrag_whole whole;
    limits.fragment_packets = 100;
    limits.fragment_bytes = 400000;
    for (uint32_t id = 0; id < 1000; id++)
        assert_false(push(d, id, 60000, 60008, true, 1, &whole));
    assert_true(hits.fragment_bytes > 900);
    for (uint32_t id = 1000; id < 2000; id++)
        assert_false(push(d, id, 0, 8, true, 1, &whole));
    assert_true(hits.fragment_packets > 800);
    for (uint32_t from = 0; from < 40000; from += 16) /* holes everywhere */
        push(d, 5000, from, from + 8, true, 1, &whole);
    defrag_free(d);
    assert_int_equal(counters.fragments_joined, 0);
}

static void what_cannot_be_part_of_a_packet_is_counted(void **state)
{
    (void)state;
    struct defrag *d = begin();
    struct defrag_whole whole;
    assert_false(push(d, 1, 0, 0, true, 1, &whole));
    assert_false(push(d, 1, 0, 801, true, 1, &whole));
    const struct defrag_key key = {.family = 6};
    const struct defrag_piece far = {.offset = 65528, .p = content, .captured = 16, .length = 16};
    const struct defrag_piece cut = {.offset = 0, .more = true, .p = content, .captured = 10, .length = 16};
    assert_false(defrag_push(d, &key, &far, &whole));
    assert_false(defrag_push(d, &key, &cut, &whole));
    assert_int_equal(counters.fragments_unusable, 4);
    defrag_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_in_any_order_make_the_whole),
        cmocka_unit_test(what_came_first_wins),
        cmocka_unit_test(a_lone_piece_is_given_up_after_its_time),
        cmocka_unit_test(memory_stays_within_its_limits),
        cmocka_unit_test(what_cannot_be_part_of_a_packet_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
