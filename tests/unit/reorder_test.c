/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records in their order as far as the window reaches, and never more kept than it holds. */
#include "analyzer/reorder.h"

#include <glib.h>

#include "tests/support/unit.h"

struct out {
    guintptr got[5000];
    size_t n;
};

static void on_record(void *user, void *record)
{
    struct out *out = user;
    out->got[out->n++] = GPOINTER_TO_SIZE(record);
}

static void in_the_window(void **state)
{
    (void)state;
    struct out out = {.n = 0};
    struct reorder *r = reorder_new(1000, SIZE_MAX, on_record, &out);
    /* 0 … 999 in an order that jumps about */
    for (guintptr i = 0; i < 1000; i++)
        reorder_push(r, i * 387 % 1000, GSIZE_TO_POINTER(i * 387 % 1000), 1);
    assert_int_equal(out.n, 0);
    reorder_finish(r);
    assert_int_equal(out.n, 1000);
    for (guintptr i = 0; i < 1000; i++)
        assert_int_equal(out.got[i], i);
}

static void full(void **state)
{
    (void)state;
    struct out out = {.n = 0};
    struct reorder *r = reorder_new(3, SIZE_MAX, on_record, &out);
    static const guintptr keys[] = {5, 4, 3, 9, 8, 1, 7};
    static const guintptr expected[] = {3, 4, 1, 5, 7, 8, 9}; /* 1 comes too late and leaves at once */
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        reorder_push(r, keys[i], GSIZE_TO_POINTER(keys[i]), 1);
        assert_int_equal(out.n, i < 3 ? 0 : i - 2);
    }
    reorder_finish(r);
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
        assert_int_equal(out.got[i], expected[i]);
}

static void equal_keys(void **state)
{
    (void)state;
    struct out out = {.n = 0};
    struct reorder *r = reorder_new(100, SIZE_MAX, on_record, &out);
    for (guintptr i = 0; i < 500; i++)
        reorder_push(r, 7, GSIZE_TO_POINTER(i), 1);
    reorder_finish(r);
    for (guintptr i = 0; i < 500; i++)
        assert_int_equal(out.got[i], i);
}

/* Large records fill the window by their memory. */
static void bytes(void **state)
{
    (void)state;
    struct out out = {.n = 0};
    struct reorder *r = reorder_new(100, 1000, on_record, &out);
    for (guintptr i = 10; i > 0; i--)
        reorder_push(r, i, GSIZE_TO_POINTER(i), 100);
    assert_int_equal(out.n, 0);
    reorder_push(r, 20, GSIZE_TO_POINTER(20), 250);
    assert_true(out.n == 3 && out.got[0] == 1 && out.got[2] == 3);
    reorder_push(r, 30, GSIZE_TO_POINTER(30), 5000); /* alone more than the window: it cannot wait */
    assert_true(out.n >= 11);
    reorder_push(r, 25, GSIZE_TO_POINTER(25), 10);
    reorder_finish(r);
    assert_int_equal(out.n, 13);
}

/* A window that slides over many records that come a little late: each leaves when it is the lowest of those held. */
static void sliding(void **state)
{
    (void)state;
    enum { RECORDS = 5000, WINDOW = 100, LATE = 30 };
    struct out out = {.n = 0};
    struct reorder *r = reorder_new(WINDOW, SIZE_MAX, on_record, &out);
    for (guintptr i = 0; i < RECORDS; i++) {
        guintptr key = i / LATE * LATE + (LATE - 1 - i % LATE); /* groups, each backwards */
        reorder_push(r, key, GSIZE_TO_POINTER(key), 1);
        assert_int_equal(out.n, i < WINDOW ? 0 : i + 1 - WINDOW);
    }
    reorder_finish(r);
    for (guintptr i = 0; i < RECORDS / LATE * LATE; i++)
        assert_int_equal(out.got[i], i);
}

static void edges(void **state)
{
    (void)state;
    struct out out = {.n = 0};
    reorder_finish(reorder_new(10, SIZE_MAX, on_record, &out));
    assert_int_equal(out.n, 0);
    struct reorder *r = reorder_new(0, SIZE_MAX, on_record, &out); /* no window: as they come */
    reorder_push(r, UINT64_MAX, GSIZE_TO_POINTER(1), 1);
    reorder_push(r, 0, GSIZE_TO_POINTER(2), 1);
    assert_true(out.n == 2 && out.got[0] == 1 && out.got[1] == 2);
    reorder_finish(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_the_window), cmocka_unit_test(full),    cmocka_unit_test(equal_keys),
        cmocka_unit_test(bytes),         cmocka_unit_test(sliding), cmocka_unit_test(edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
