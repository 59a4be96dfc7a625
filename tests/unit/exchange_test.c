/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue of outstanding commands against a plain array. */
#include "core/exchange.h"

#include "tests/support/unit.h"
#include "tests/support/wire.h"

static struct wire_mem mem;
static struct exchange_queue q;

static bool push(uint64_t ordinal, uint32_t limit)
{
    struct mw_limits limits = MW_LIMITS_DEFAULT;
    limits.outstanding = limit;
    struct mw_exchange *e = exchange_push(&q, &mem.mem, &limits);
    if (e) {
        assert_true(e->ordinal == 0 && e->rows == 0 && !e->seen); /* cleared */
        *e = (struct mw_exchange){.ordinal = ordinal, .rows = ordinal * 3, .seen = true};
    }
    return e;
}

static void one_needs_no_memory(void **state)
{
    (void)state;
    wire_mem_init(&mem);
    q = (struct exchange_queue){0};
    for (uint64_t i = 1; i < 100; i++) {
        assert_null(exchange_head(&q));
        assert_true(push(i, 1));
        assert_true(exchange_head(&q)->ordinal == i);
        exchange_pop(&q);
    }
    assert_int_equal(mem.peak, 0);
    exchange_clear(&q, &mem.mem);
}

static void limit(void **state)
{
    (void)state;
    for (uint32_t most = 1; most < 40; most++) {
        wire_mem_init(&mem);
        q = (struct exchange_queue){0};
        for (uint32_t i = 0; i < most; i++)
            assert_true(push(i + 1, most));
        assert_false(push(99, most));
        assert_int_equal(q.count, most);
        for (uint32_t i = 0; i < most; i++) {
            assert_true(exchange_head(&q)->ordinal == i + 1 && exchange_head(&q)->rows == 3 * (i + 1));
            exchange_pop(&q);
        }
        assert_null(exchange_head(&q));
        assert_true(push(7, most));
        exchange_clear(&q, &mem.mem);
        assert_int_equal(mem.live, 0);
        assert_null(exchange_head(&q));
    }
}

/* Pushes and pops in a random order: always the oldest first, through every growth and wrap. */
static void random_walk(void **state)
{
    (void)state;
    wire_mem_init(&mem);
    q = (struct exchange_queue){0};
    uint64_t in = 0, out = 0;
    uint32_t random = 1;
    for (int i = 0; i < 20000; i++) {
        random = random * 1664525 + 1013904223;
        if (random >> 31 || in == out) {
            if (push(in + 1, 64))
                in++;
            else
                assert_true(in - out == 64);
        } else {
            assert_true(exchange_head(&q)->ordinal == ++out);
            exchange_pop(&q);
        }
        assert_int_equal(q.count, in - out);
    }
    exchange_clear(&q, &mem.mem);
    assert_int_equal(mem.live, 0);
}

static void without_memory(void **state)
{
    (void)state;
    wire_mem_init(&mem);
    mem.room = 1;
    q = (struct exchange_queue){0};
    assert_true(push(1, 64));
    assert_false(push(2, 64));
    assert_true(exchange_head(&q)->ordinal == 1);
    mem.room = 0;
    assert_true(push(2, 64));
    exchange_pop(&q);
    assert_true(exchange_head(&q)->ordinal == 2);
    exchange_clear(&q, &mem.mem);
    assert_int_equal(mem.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_needs_no_memory),
        cmocka_unit_test(limit),
        cmocka_unit_test(random_walk),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
