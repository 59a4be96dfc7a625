/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a connection may hold of the memory that all share. */
#include "analyzer/budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka needs the above. */
#include <cmocka.h>

enum { MANY = 1000, LIMIT_BYTES = 1 << 20 };

static void one_takes_an_eighth(void **state)
{
    (void)state;
    uint64_t refused = 0;
    struct budget all = {.limit = LIMIT_BYTES, .refused = &refused};
    struct budget_share share = {.all = &all};
    assert_false(budget_take(&share, LIMIT_BYTES / 8 + 1));
    assert_true(budget_take(&share, LIMIT_BYTES / 16));
    assert_false(budget_take(&share, LIMIT_BYTES / 16));
    assert_int_equal(refused, 2);
    budget_give(&share, share.used);
    assert_int_equal(all.used, 0);
    assert_true(budget_take(&share, LIMIT_BYTES / 8));
}

/* However many take all that they get, the next one gets what an idle connection needs, and all stay below the limit, or below
 * what is free for each. */
static void many_leave_something(void **state)
{
    (void)state;
    uint64_t refused = 0;
    struct budget all = {.limit = LIMIT_BYTES, .refused = &refused};
    struct budget_share shares[MANY], late = {.all = &all};
    for (int i = 0; i < MANY; i++) {
        shares[i] = (struct budget_share){.all = &all};
        while (budget_take(&shares[i], 64))
            continue;
        assert_true(shares[i].used >= BUDGET_FREE);
    }
    assert_true(all.used <= LIMIT_BYTES + MANY * BUDGET_FREE);
    assert_true(budget_take(&late, BUDGET_FREE));
    for (int i = 0; i < MANY; i++)
        budget_give(&shares[i], shares[i].used);
    assert_int_equal(all.used, BUDGET_FREE);
}

static void large_numbers(void **state)
{
    (void)state;
    assert_false(budget_allows(0, 1, 10, 10));
    assert_false(budget_allows(0, 1, 11, 10));
    assert_true(budget_allows(1, 1, 0, 16));
    assert_false(budget_allows(1, 2, 0, 16));
    assert_true(budget_allows(1, 1, 5, UINT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_takes_an_eighth), cmocka_unit_test(many_leave_something),
                                       cmocka_unit_test(large_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
