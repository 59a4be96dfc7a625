/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Against the sorted values themselves. */
#include "analyzer/sketch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(0x2545F4914F6CDD1D);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Nearest rank, by whole millionths as the header promises. */
static int64_t exact_quantile(const int64_t *sorted, size_t n, unsigned millionths)
{
    size_t rank = (size_t)(((unsigned __int128)millionths * n + 999999) / 1000000);
    return sorted[rank > 0 ? rank - 1 : 0];
}

enum shape { UNIFORM, LOGNORMAL, OCTAVES, SMALL, SHAPES };

static int64_t draw(enum shape shape, uint64_t *random)
{
    double u = (double)(next_random(random) >> 11) / 9007199254740992.0;
    double v = (double)(next_random(random) >> 11) / 9007199254740992.0;
    switch (shape) {
    case UNIFORM: return (int64_t)(u * 1e6);
    case LOGNORMAL: return (int64_t)exp(8 + 2 * sqrt(-2 * log(u + 1e-300)) * cos(6.283185307179586 * v));
    case OCTAVES: return (int64_t)(next_random(random) >> 1 >> (next_random(random) % 32 + 31));
    default: return (int64_t)(u * 200);
    }
}

static void quantiles(void **state)
{
    (void)state;
    static const unsigned millionths[] = {0,      1,      1000,   10000,  70000,  250000, 500000,
                                          900000, 950000, 990000, 999000, 999999, 1000000};
    uint64_t random = 1234567;
    for (enum shape shape = 0; shape < SHAPES; shape++) {
        for (size_t n = 1; n <= 100000; n = n < 12 ? n + 1 : n * 7) {
            int64_t *values = g_new(int64_t, n);
            struct sketch sketch;
            sketch_init(&sketch);
            unsigned __int128 sum = 0;
            for (size_t i = 0; i < n; i++) {
                values[i] = draw(shape, &random);
                sum += (uint64_t)values[i];
                assert_true(sketch_add(&sketch, values[i]));
            }
            qsort(values, n, sizeof *values, compare);
            assert_int_equal(sketch.count, n);
            assert_int_equal(sketch.min, values[0]);
            assert_int_equal(sketch.max, values[n - 1]);
            assert_true(((unsigned __int128)sketch.sum_high << 64 | sketch.sum_low) == sum);
            assert_int_equal(sketch_mean(&sketch), (int64_t)((sum + n / 2) / n));
            assert_false(sketch_is_collapsed(&sketch));
            for (size_t i = 0; i < sizeof millionths / sizeof millionths[0]; i++) {
                int64_t expected = exact_quantile(values, n, millionths[i]);
                int64_t got = sketch_quantile(&sketch, millionths[i] / 1e6);
                assert_true(llabs(got - expected) <= expected / 100);
                if (expected < 128)
                    assert_int_equal(got, expected);
            }
            sketch_clear(&sketch);
            g_free(values);
        }
    }
}

/* Each power of two and its neighbours lands in a bucket whose middle is within 1 %. */
static void every_octave(void **state)
{
    (void)state;
    for (unsigned e = 0; e < 63; e++) {
        for (int d = -2; d <= 2; d++) {
            int64_t value = (int64_t)((UINT64_C(1) << e) + (uint64_t)d);
            if (value < 0)
                continue;
            struct sketch sketch = {0};
            /* Neighbours far away, so that min and max do not clamp the answer. */
            sketch_add(&sketch, value / 2);
            sketch_add(&sketch, value);
            sketch_add(&sketch, value > INT64_MAX / 2 ? INT64_MAX : value * 2);
            assert_true(llabs(sketch_quantile(&sketch, 0.5) - value) <= value / 100);
            sketch_clear(&sketch);
        }
    }
}

static void edges(void **state)
{
    (void)state;
    struct sketch sketch;
    sketch_init(&sketch);
    assert_int_equal(sizeof sketch, 72);
    assert_int_equal(sketch_quantile(&sketch, 0.5), -1);
    assert_int_equal(sketch_mean(&sketch), -1);
    assert_false(sketch_add(&sketch, -1));
    assert_int_equal(sketch.count, 0);
    assert_true(sketch_add(&sketch, 0));
    assert_null(sketch.buckets);
    assert_int_equal(sketch_quantile(&sketch, 0), 0);
    assert_int_equal(sketch_quantile(&sketch, 1), 0);
    assert_true(sketch_add(&sketch, INT64_MAX));
    assert_true(sketch_add(&sketch, INT64_MAX));
    assert_true(sketch_add(&sketch, INT64_MAX));
    assert_int_equal(sketch_quantile(&sketch, 0.25), 0);
    assert_int_equal(sketch_quantile(&sketch, 7), INT64_MAX);
    assert_int_equal(sketch_quantile(&sketch, -7), 0);
    assert_int_equal(sketch_quantile(&sketch, NAN), 0);
    assert_int_equal(sketch.sum_high, 1);
    assert_int_equal(sketch_mean(&sketch), (int64_t)(((unsigned __int128)INT64_MAX * 3 + 2) / 4));
    sketch_clear(&sketch);
    assert_int_equal(sketch.count, 0);
    /* The 7th of 1 … 100 is 7 %: 0.07 * 100 is a little more than 7 in binary. */
    for (int i = 1; i <= 100; i++)
        sketch_add(&sketch, i);
    for (int i = 1; i <= 100; i++)
        assert_int_equal(sketch_quantile(&sketch, i / 100.0), i);
    sketch_clear(&sketch);
}

static void collapse(void **state)
{
    (void)state;
    /* 1 µs and 2^62: more than 32 powers of two apart. The small ones collapse, the great ones stay within 1 %. */
    struct sketch up = {0};
    struct sketch down = {0};
    for (int e = 0; e < 63; e++) {
        sketch_add(&up, INT64_C(1) << e);
        sketch_add(&down, INT64_C(1) << (62 - e));
    }
    assert_true(sketch_is_equal(&up, &down));
    assert_true(sketch_is_collapsed(&up));
    assert_true(up.length <= SKETCH_SPAN + 16);
    assert_int_equal(sketch_quantile(&up, 0), 1);
    for (int e = 31; e < 63; e++) {
        int64_t value = INT64_C(1) << e;
        assert_true(llabs(sketch_quantile(&up, (e + 1) / 63.0 - 1e-4) - value) <= value / 100);
    }
    sketch_clear(&up);
    sketch_clear(&down);
}

/* Random splits into shards, merged in random order and shape: always the same bits as adding everything to one. */
static void merging(void **state)
{
    (void)state;
    enum { VALUES = 600, SHARDS = 7 };
    uint64_t random = 42;
    for (int round = 0; round < 300; round++) {
        struct sketch all = {0};
        struct sketch shards[SHARDS] = {0};
        for (int i = 0; i < VALUES; i++) {
            /* In every third round the span is so wide that buckets collapse. */
            int64_t value = round % 3 == 0 ? (int64_t)(next_random(&random) >> 1 >> next_random(&random) % 63)
                                           : draw((enum shape)(round % SHAPES), &random);
            sketch_add(&all, value);
            sketch_add(&shards[next_random(&random) % (uint64_t)(1 + round % SHARDS)], value);
        }
        /* Merge two random shards until one is left: a random tree. */
        for (size_t left = SHARDS; left > 1; left--) {
            size_t a = next_random(&random) % left;
            struct sketch first = shards[a];
            shards[a] = shards[left - 1];
            size_t b = next_random(&random) % (left - 1);
            if (next_random(&random) & 1) {
                sketch_merge(&shards[b], &first);
                sketch_clear(&first);
            } else {
                sketch_merge(&first, &shards[b]);
                sketch_clear(&shards[b]);
                shards[b] = first;
            }
        }
        assert_true(sketch_is_equal(&all, &shards[0]));
        if (round % 3 == 0)
            assert_true(sketch_is_collapsed(&all));
        sketch_clear(&all);
        sketch_clear(&shards[0]);
    }
}

static void merging_with_itself(void **state)
{
    (void)state;
    struct sketch once = {0};
    struct sketch twice = {0};
    for (int i = 0; i < 1000; i++) {
        sketch_add(&once, i * i);
        sketch_add(&twice, i * i);
        sketch_add(&twice, i * i);
    }
    sketch_merge(&once, &once);
    assert_true(sketch_is_equal(&once, &twice));
    sketch_clear(&once);
    sketch_clear(&twice);
}

/* The 95 % interval of a median of 100 goes from the 40th to the 61st (any textbook's table of order statistics). */
static void ranges(void **state)
{
    (void)state;
    struct sketch sketch = {0};
    int64_t low, high;
    for (int i = 1; i <= 5; i++)
        sketch_add(&sketch, i);
    assert_false(sketch_range(&sketch, 0.5, &low, &high));
    for (int i = 6; i <= 100; i++)
        sketch_add(&sketch, i);
    assert_true(sketch_range(&sketch, 0.5, &low, &high));
    assert_int_equal(low, 40);
    assert_int_equal(high, 61);
    assert_false(sketch_range(&sketch, 0.95, &low, &high));
    sketch_clear(&sketch);
    for (int i = 1; i <= 120; i++)
        sketch_add(&sketch, i);
    assert_true(sketch_range(&sketch, 0.95, &low, &high));
    assert_int_equal(low, 109);  /* the binomial distribution puts 98 % between the 109th … */
    assert_int_equal(high, 120); /* … and the 120th */
    assert_false(sketch_range(&sketch, 0.99, &low, &high));
    sketch_clear(&sketch);
    assert_false(sketch_range(&sketch, 0.5, &low, &high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles), cmocka_unit_test(every_octave), cmocka_unit_test(edges),
        cmocka_unit_test(collapse),  cmocka_unit_test(merging),      cmocka_unit_test(merging_with_itself),
        cmocka_unit_test(ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
