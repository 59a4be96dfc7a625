/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* posix_openpt() */
#include "analyzer/table.h"
#include "analyzer/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct table_column columns[] = {
    {"ID", TABLE_RIGHT, 0},
    {"USER", TABLE_TRUNCATE, 0},
    {"SQL", TABLE_TRUNCATE, 0},
    {"N", TABLE_RIGHT, 0},
};

static struct table *fill(size_t width, bool color)
{
    struct table *table = table_new(columns, 4, width, color);
    table_row(table);
    table_cell_int(table, 1, TABLE_STRONG);
    table_cell(table, "root", TABLE_GOOD);
    table_cell(table, "SELECT a, b, c FROM somewhere WHERE x = 1", TABLE_PLAIN);
    table_cell(table, "5", TABLE_BAD);
    table_row(table);
    table_cell_int(table, -1000, TABLE_PLAIN);
    table_cell(table, "\u00fc\u65e5\u672c", TABLE_DIM);
    return table;
}

static void full_width(void **state)
{
    (void)state;
    GString *out = g_string_new(NULL);
    struct table *table = fill(0, false);
    assert_int_equal(table_print(table, sink_string(out)), 0);
    assert_string_equal(out->str, "   ID USER  SQL                                       N\n"
                                  "    1 root  SELECT a, b, c FROM somewhere WHERE x = 1 5\n"
                                  "-1000 \u00fc\u65e5\u672c\n");
    /* The rows are gone; the next page starts anew. */
    g_string_truncate(out, 0);
    assert_int_equal(table_print(table, sink_string(out)), 0);
    assert_string_equal(out->str, "");
    table_hide_header(table);
    table_row(table);
    table_cell_int(table, 7, TABLE_PLAIN);
    assert_int_equal(table_print(table, sink_string(out)), 0);
    assert_string_equal(out->str, " 7\n");
    table_free(table);
    table_free(NULL);
    g_string_free(out, TRUE);
}

/* Whatever the width (that has room for the fixed columns): no line is wider, and a cut is marked. */
static void narrow(void **state)
{
    (void)state;
    for (size_t width = 24; width < 70; width++) {
        GString *out = g_string_new(NULL);
        struct table *table = fill(width, false);
        assert_int_equal(table_print(table, sink_string(out)), 0);
        char **lines = g_strsplit(out->str, "\n", -1);
        assert_int_equal(g_strv_length(lines), 4);
        for (size_t i = 0; lines[i]; i++)
            assert_true(text_width(lines[i], strlen(lines[i])) <= width);
        bool whole = strstr(out->str, "SELECT a, b, c FROM somewhere WHERE x = 1") != NULL;
        assert_true(whole != (strstr(lines[1], "\u2026") != NULL));
        assert_true(whole || width < 60);
        assert_true(g_utf8_validate(out->str, -1, NULL));
        g_strfreev(lines);
        table_free(table);
        g_string_free(out, TRUE);
    }
}

static void wrapped(void **state)
{
    (void)state;
    static const struct table_column two[] = {{"A", 0, 0}, {"B", TABLE_WRAP, 0}};
    GString *out = g_string_new(NULL);
    struct table *table = table_new(two, 2, 20, false);
    table_row(table);
    table_cell(table, "key", TABLE_PLAIN);
    table_cell(table, "0123456789012345678901234567890123456789", TABLE_PLAIN);
    assert_int_equal(table_print(table, sink_string(out)), 0);
    char **lines = g_strsplit(out->str, "\n", -1);
    assert_true(g_strv_length(lines) >= 4);
    size_t digits = 0;
    for (size_t i = 0; lines[i]; i++) {
        assert_true(text_width(lines[i], strlen(lines[i])) <= 20);
        for (const char *p = lines[i]; *p; p++)
            digits += *p >= '0' && *p <= '9';
    }
    assert_int_equal(digits, 40);
    g_strfreev(lines);
    table_free(table);
    g_string_free(out, TRUE);
}

static void colors(void **state)
{
    (void)state;
    GString *out = g_string_new(NULL);
    struct table *table = fill(80, false);
    table_print(table, sink_string(out));
    assert_null(strchr(out->str, '\033'));
    table_free(table);
    g_string_truncate(out, 0);
    table = fill(80, true);
    table_print(table, sink_string(out));
    assert_non_null(strstr(out->str, "\033[32mroot"));
    assert_non_null(strstr(out->str, "\033[1;31m"));
    assert_non_null(strstr(out->str, "\033[0m"));
    table_free(table);
    g_string_free(out, TRUE);
}

/* Even a caller that forgot to escape cannot send an escape sequence or break a row. */
static void hostile_cells(void **state)
{
    (void)state;
    static const struct table_column two[] = {{"A", 0, 0}, {NULL, TABLE_TRUNCATE, 0}};
    GString *out = g_string_new(NULL);
    struct table *table = table_new(two, 2, 80, false);
    table_row(table);
    table_cell(table, "\x1b[2J\n\u202e", TABLE_PLAIN);
    table_cell(table, "\\x1b \xff", TABLE_PLAIN);
    assert_int_equal(table_print(table, sink_string(out)), 0);
    assert_null(strchr(out->str, '\033'));
    assert_non_null(strstr(out->str, "\\x1b[2J\\n\\u202e \\x1b \uFFFD\n"));
    table_free(table);
    g_string_free(out, TRUE);
}

static int always_full(void *user, const char *p, size_t n)
{
    (void)user;
    (void)p;
    (void)n;
    return ENOSPC;
}

static void errors(void **state)
{
    (void)state;
    struct table *table = fill(0, false);
    assert_int_equal(table_print(table, (struct sink){always_full, NULL}), ENOSPC);
    table_free(table);
}

static void widths(void **state)
{
    (void)state;
    int null = open("/dev/null", O_WRONLY);
    assert_int_equal(table_width(null), 0);
    close(null);
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal >= 0 && isatty(terminal))
        assert_int_equal(table_width(terminal), 80);
    if (terminal >= 0)
        close(terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_width),    cmocka_unit_test(narrow), cmocka_unit_test(wrapped), cmocka_unit_test(colors),
        cmocka_unit_test(hostile_cells), cmocka_unit_test(errors), cmocka_unit_test(widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
