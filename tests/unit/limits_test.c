/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits made to fit into some memory. */
#include "analyzer/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the above. */
#include <cmocka.h>

/* What grows with the traffic, as the manual lists it: 3 to 4 KiB for a connection, 48 KiB for a statement of `digest`. */
static uint64_t sum(const struct limits *l)
{
    return l->max_flows * 4096 + l->connection_bytes + l->commands_bytes + l->tcp_total_bytes + l->reorder_bytes +
           l->fragment_bytes + l->digests * 49152;
}

static void fits(void **state)
{
    (void)state;
    const uint64_t sizes[] = {LIMITS_MEMORY_MIN, UINT64_C(128) << 20, UINT64_C(1) << 30, UINT64_C(64) << 30, UINT64_C(1) << 50};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct limits limits = limits_default();
        const struct limits usual = limits_default();
        limits_fit(&limits, sizes[i]);
        assert_true(sum(&limits) < sizes[i]);
        assert_true(sum(&limits) > sizes[i] / 4);
        assert_true(limits.max_flows >= 1000 && limits.fragment_bytes > 65536);
        assert_int_equal(limits.idle_seconds, usual.idle_seconds);
        assert_int_equal(limits.tcp_queue_bytes, usual.tcp_queue_bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
