/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of layers is the code's own switch; here: that every row can be reached and that outcomes are counted. */
#include "analyzer/peel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
/* cmocka needs the above. */
#include <cmocka.h>

static void test_rows_are_sane(void **state)
{
    (void)state;
    /* A link type with a row is never unknown, even without a byte of a packet. */
#define LAYER(space, key, function, meaning)                                                                           \
    if (LAYER_##space == LAYER_LINK) {                                                                                 \
        struct packet packet = {.number = 1, .link_type = key, .data = (const uint8_t *)"", .original = 100};          \
        struct segment segment;                                                                                        \
        assert_int_equal(peel_packet(&packet, NULL, &segment), PEEL_SHORT);                                                  \
    }                                                                                                                  \
    assert_true(strlen(meaning) > 0);
#include "analyzer/layers.def"
#undef LAYER
}

static void test_counting(void **state)
{
    (void)state;
    struct counters counters = {0}, sum = {0};
    const struct packet packet = {.original = 100, .captured = 60};
    for (int outcome = PEEL_TCP; outcome <= PEEL_LINK_UNKNOWN; outcome++)
        peel_count(&counters, &packet, (enum peel)outcome);
    assert_int_equal(counters.packets, 6);
    assert_int_equal(counters.bytes, 600);
    assert_int_equal(counters.tcp_segments, 1);
    assert_int_equal(counters.not_tcp, 1);
    assert_int_equal(counters.cut_headers, 1);
    assert_int_equal(counters.malformed, 1);
    assert_int_equal(counters.link_unknown, 1);
    counters_add(&sum, &counters);
    counters_add(&sum, &counters);
    assert_int_equal(sum.bytes, 1200);
    assert_int_equal(sum.link_unknown, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_sane),
        cmocka_unit_test(test_counting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
