/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expected rows read back through Python's csv module as the cells that went in (apart from apostrophes). */
#include "analyzer/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>

static void rows(void **state)
{
    (void)state;
    GString *out = g_string_new(NULL);
    struct csv csv;
    csv_init(&csv, sink_string(out), false);
    csv_string(&csv, "plain");
    csv_string(&csv, "with,comma");
    csv_string(&csv, "a \"quoted\" word");
    csv_string(&csv, "two\r\nlines");
    csv_string(&csv, "");
    csv_null(&csv);
    csv_string(&csv, NULL);
    csv_string(&csv, " spaces ");
    assert_int_equal(csv_row_end(&csv), 0);
    csv_int(&csv, INT64_MIN);
    csv_uint(&csv, UINT64_MAX);
    csv_double(&csv, 0.1);
    csv_double(&csv, NAN);
    csv_bool(&csv, true);
    csv_bool(&csv, false);
    csv_string(&csv, "\u00e9\u65e5");
    csv_string_n(&csv, "a\0b\xff", 4);
    assert_int_equal(csv_row_end(&csv), 0);
    csv_null(&csv);
    assert_int_equal(csv_row_end(&csv), 0);
    static const char expected[] =
        "plain,\"with,comma\",\"a \"\"quoted\"\" word\",\"two\r\nlines\",\"\",,,\" spaces \"\r\n"
        "-9223372036854775808,18446744073709551615,0.1,,true,false,\u00e9\u65e5,\"a\0b\uFFFD\"\r\n"
        "\r\n";
    assert_int_equal(out->len, sizeof expected - 1);
    assert_memory_equal(out->str, expected, out->len);
    csv_clear(&csv);
    g_string_free(out, TRUE);
}

static void formulas(void **state)
{
    (void)state;
    static const struct {
        const char *cell;
        const char *expected;
    } cases[] = {
        {"=1+1", "'=1+1"},
        {"+cmd", "'+cmd"},
        {"-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"\t=1", "\"'\t=1\""},
        {"\r=1", "\"'\r=1\""},
        {"\n=1", "\"'\n=1\""},
        {"=\"a\",b", "\"'=\"\"a\"\",b\""},
        {"\uFF1D1+1", "'\uFF1D1+1"},
        {"-12.5", "-12.5"},
        {"+3", "+3"},
        {"-1e-9", "-1e-9"},
        {"1E+5", "1E+5"},
        {"-", "'-"},
        {"-1-1", "'-1-1"},
        {"-1.", "'-1."},
        {"-1e", "'-1e"},
        {"--1", "'--1"},
        {"-.5", "'-.5"},
        {"a=1", "a=1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        GString *out = g_string_new(NULL);
        struct csv csv;
        csv_init(&csv, sink_string(out), false);
        csv_string(&csv, cases[i].cell);
        csv_row_end(&csv);
        g_string_truncate(out, out->len - 2);
        assert_string_equal(out->str, cases[i].expected);
        csv_clear(&csv);
        g_string_free(out, TRUE);
    }
}

/* "-1" NUL "=x": a number for strlen(), not for a spreadsheet. */
static void formula_behind_nul(void **state)
{
    (void)state;
    GString *out = g_string_new(NULL);
    struct csv csv;
    csv_init(&csv, sink_string(out), false);
    csv_string_n(&csv, "-1\0=x", 5);
    csv_row_end(&csv);
    assert_memory_equal(out->str, "\"'-1\0=x\"\r\n", 10);
    csv_clear(&csv);
    g_string_free(out, TRUE);
}

static void on_a_terminal(void **state)
{
    (void)state;
    GString *out = g_string_new(NULL);
    struct csv csv;
    csv_init(&csv, sink_string(out), true);
    csv_string(&csv, "\x1b[31mred\n");
    csv_row_end(&csv);
    assert_string_equal(out->str, "\\x1b[31mred\\n\r\n");
    csv_clear(&csv);
    g_string_free(out, TRUE);
}

static int always_full(void *user, const char *p, size_t n)
{
    (void)p;
    (void)n;
    ++*(int *)user;
    return ENOSPC;
}

static void errors(void **state)
{
    (void)state;
    int calls = 0;
    struct csv csv;
    csv_init(&csv, (struct sink){always_full, &calls}, false);
    csv_int(&csv, 1);
    assert_int_equal(csv_row_end(&csv), ENOSPC);
    csv_int(&csv, 1);
    assert_int_equal(csv_row_end(&csv), ENOSPC);
    assert_int_equal(calls, 1);
    csv_clear(&csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),          cmocka_unit_test(formulas), cmocka_unit_test(formula_behind_nul),
        cmocka_unit_test(on_a_terminal), cmocka_unit_test(errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
