/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The little that is read out of SQL. */
#include "mywire/statement.h"

#include <string.h>

#include "tests/support/unit.h"

static struct mw_slice slice(const char *text)
{
    return (struct mw_slice){(const uint8_t *)text, (uint32_t)strlen(text)};
}

static void placeholders(void **state)
{
    (void)state;
    static const struct {
        const char *sql;
        uint32_t count;
    } rows[] = {
        {"", 0},
        {"SELECT 1", 0},
        {"SELECT ?", 1},
        {"INSERT INTO t VALUES (?,?),(?,?)", 4},
        {"SELECT '?', \"?\", `?`, ?", 1},
        {"SELECT 'it''s ?', ?", 1},
        {"SELECT 'a\\'?', ?", 1},
        {"SELECT `a\\`, ?", 1}, /* no escapes in names */
        {"SELECT ? -- ?\n, ?", 2},
        {"SELECT ? --? , ?", 3}, /* two minus signs */
        {"SELECT ? # ?\n, ?", 2},
        {"SELECT ? /* ? ' */, ?", 2},
        {"SELECT ? /*!50000 , ? */, ?", 3}, /* a version comment is code */
        {"SELECT 'open ? ", 0},
        {"SELECT ? /* open ? ", 1},
        {"SELECT ? /", 1},
        {"SELECT ? -", 1},
        {"SELECT '?\\", 0},
        {"--", 0},
        {"/*", 0},
        {"?", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (mw_statement_placeholders(slice(rows[i].sql)) != rows[i].count)
            fail_msg("%s: %u", rows[i].sql, mw_statement_placeholders(slice(rows[i].sql)));
    assert_int_equal(mw_statement_placeholders((struct mw_slice){NULL, 0}), 0);
}

static void split(void **state)
{
    (void)state;
    static const char *const expected[] = {"SELECT ';'", "SELECT 2 /* ; */ ", "USE `a;b`"};
    struct mw_slice rest = slice("SELECT ';'; -- one; two\n SELECT 2 /* ; */ ;; # nothing\n;USE `a;b`"), got;
    size_t n = 0;
    while (mw_statement_next(&rest, &got)) {
        if (got.n == 0)
            continue;
        assert_true(n < sizeof expected / sizeof *expected);
        assert_int_equal(got.n, strlen(expected[n]));
        assert_memory_equal(got.p, expected[n], got.n);
        n++;
    }
    assert_int_equal(n, sizeof expected / sizeof *expected);
}

static void databases(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *name;
    } rows[] = {
        {"USE shop", "shop"},          {"use `shop`;", "`shop`"},     {"/* hint */ USE a; SELECT 1; USE b", "b"},
        {"SELECT 1", NULL},            {"SELECT 'USE shop'", NULL},   {"USE", NULL},
        {"used", NULL},                {"SELECT 1; -- x\nUSE c", "c"}, {"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mw_slice name = {NULL, 0};
        bool found = mw_statement_database(slice(rows[i].sql), &name);
        if (found != (rows[i].name != NULL) ||
            (found && (name.n != strlen(rows[i].name) || memcmp(name.p, rows[i].name, name.n) != 0)))
            fail_msg("%s: %.*s", rows[i].sql, (int)name.n, name.p ? (const char *)name.p : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholders),
        cmocka_unit_test(split),
        cmocka_unit_test(databases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
