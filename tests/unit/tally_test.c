/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(0x2545F4914F6CDD1D);
}

static void add(struct tally *tally, const char *key, uint64_t count)
{
    tally_add(tally, key, strlen(key), count);
}

static void order(void **state)
{
    (void)state;
    struct tally *tally = tally_new(100);
    assert_null(tally_rows(tally));
    add(tally, "8.0", 2);
    add(tally, "b", 1);
    add(tally, "a", 1);
    add(tally, "ab", 1);
    add(tally, "\xff", 1);
    add(tally, "", 1);
    add(tally, "8.0", 3);
    add(tally, "nothing", 0);
    tally_add(tally, "a\0b", 3, 1);
    tally_add(tally, NULL, 0, 1);
    static const struct {
        const char *key;
        size_t n;
        uint64_t count;
    } expected[] = {{"8.0", 3, 5}, {"", 0, 2}, {"a", 1, 1}, {"a\0b", 3, 1}, {"ab", 2, 1}, {"b", 1, 1}, {"\xff", 1, 1}};
    assert_int_equal(tally_size(tally), 7);
    assert_int_equal(tally_total(tally), 12);
    assert_int_equal(tally_other(tally), 0);
    assert_false(tally_is_cut(tally));
    struct tally_row *rows = tally_rows(tally);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(rows[i].n, expected[i].n);
        assert_memory_equal(rows[i].key, expected[i].key, expected[i].n + 1);
        assert_int_equal(rows[i].count, expected[i].count);
    }
    g_free(rows);
    tally_free(tally);
    tally_free(NULL);
}

static void long_keys(void **state)
{
    (void)state;
    struct tally *tally = tally_new(2);
    char key[TALLY_KEY_MAX + 10];
    memset(key, 'x', sizeof key);
    tally_add(tally, key, sizeof key, 1);
    tally_add(tally, key, TALLY_KEY_MAX, 1);
    tally_add(tally, key, TALLY_KEY_MAX - 1, 1);
    assert_int_equal(tally_size(tally), 2);
    struct tally_row *rows = tally_rows(tally);
    assert_int_equal(rows[0].n, TALLY_KEY_MAX);
    assert_int_equal(rows[0].count, 2);
    g_free(rows);
    tally_free(tally);
}

static void assert_same(const struct tally *a, const struct tally *b)
{
    assert_int_equal(tally_size(a), tally_size(b));
    assert_int_equal(tally_total(a), tally_total(b));
    assert_int_equal(tally_other(a), tally_other(b));
    assert_int_equal(tally_is_cut(a), tally_is_cut(b));
    struct tally_row *x = tally_rows(a);
    struct tally_row *y = tally_rows(b);
    for (size_t i = 0; i < tally_size(a); i++) {
        assert_int_equal(x[i].count, y[i].count);
        assert_string_equal(x[i].key, y[i].key);
    }
    g_free(x);
    g_free(y);
}

/* Any split, any order of adding, any tree of merges: the same result, below and above the limit; and each count that
 * is shown is the true one. */
static void merging(void **state)
{
    (void)state;
    enum { LIMIT = 16, SHARDS = 6, ADDS = 400, KEYS_MAX = 60 };
    uint64_t random = 7;
    for (int round = 0; round < 400; round++) {
        struct tally *all = tally_new(LIMIT);
        struct tally *shards[SHARDS];
        uint64_t truth[KEYS_MAX] = {0};
        unsigned keys = 1 + (unsigned)round % KEYS_MAX;
        for (size_t i = 0; i < SHARDS; i++)
            shards[i] = tally_new(LIMIT);
        for (int i = 0; i < ADDS; i++) {
            char key[16];
            unsigned k = (unsigned)(next_random(&random) % keys);
            uint64_t count = next_random(&random) % 4;
            g_snprintf(key, sizeof key, "%u", k);
            truth[k] += count;
            add(all, key, count);
            add(shards[next_random(&random) % SHARDS], key, count);
        }
        for (size_t left = SHARDS; left > 1; left--) {
            size_t a = next_random(&random) % left;
            struct tally *first = shards[a];
            shards[a] = shards[left - 1];
            size_t b = next_random(&random) % (left - 1);
            tally_merge(shards[b], first);
            tally_free(first);
        }
        assert_same(all, shards[0]);
        unsigned seen = 0;
        uint64_t shown = 0;
        for (unsigned k = 0; k < keys; k++)
            seen += truth[k] > 0;
        assert_int_equal(tally_size(all), seen < LIMIT ? seen : LIMIT);
        assert_int_equal(tally_is_cut(all), seen > LIMIT);
        struct tally_row *rows = tally_rows(all);
        for (size_t i = 0; i < tally_size(all); i++) {
            assert_int_equal(rows[i].count, truth[atoi(rows[i].key)]);
            shown += rows[i].count;
            if (i > 0)
                assert_true(rows[i - 1].count > rows[i].count ||
                            (rows[i - 1].count == rows[i].count && strcmp(rows[i - 1].key, rows[i].key) < 0));
        }
        assert_int_equal(shown + tally_other(all), tally_total(all));
        g_free(rows);
        tally_free(all);
        tally_free(shards[0]);
    }
}

static void many(void **state)
{
    (void)state;
    struct tally *up = tally_new(1000);
    struct tally *down = tally_new(1000);
    for (unsigned i = 0; i < 50000; i++) {
        char key[16];
        g_snprintf(key, sizeof key, "key %u", i);
        add(up, key, i);
        g_snprintf(key, sizeof key, "key %u", 49999 - i);
        add(down, key, 49999 - i);
    }
    assert_int_equal(tally_size(up), 1000);
    assert_true(tally_is_cut(up));
    assert_same(up, down);
    tally_free(up);
    tally_free(down);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),
        cmocka_unit_test(long_keys),
        cmocka_unit_test(merging),
        cmocka_unit_test(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
