/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a terminal would show: each drawing is played on one. */
#include "tests/support/unit.h"

#include "analyzer/screen.h"

#include <stdio.h>
#include <string.h>

enum { ROWS = 8, COLUMNS = 20 };

/* A terminal that knows what screen.c sends, and fails at anything else. */
struct terminal {
    char cells[ROWS][COLUMNS + 1];
    int row, column;
};

static void clear_rest_of_line(struct terminal *t)
{
    memset(t->cells[t->row] + t->column, 0, (size_t)(COLUMNS + 1 - t->column));
}

static void play(struct terminal *t, const char *p)
{
    int n;
    char what;
    for (; *p; p++) {
        if (*p == '\r') {
            t->column = 0;
        } else if (*p == '\n') {
            t->row++;
            t->column = 0;
            assert_true(t->row < ROWS);
        } else if (*p != '\033') {
            assert_true(t->column < COLUMNS - 1); /* the last column would wrap on some terminals */
            t->cells[t->row][t->column++] = *p;
        } else if (sscanf(p, "\033[%d%c", &n, &what) == 2 && what == 'A') {
            t->row -= n;
            assert_true(t->row >= 0);
            p += 3;
        } else if (p[1] == '[' && p[2] == 'K') {
            clear_rest_of_line(t);
            p += 2;
        } else {
            assert_memory_equal(p, "\033[J", 3);
            clear_rest_of_line(t);
            memset(t->cells[t->row + 1], 0, sizeof t->cells[0] * (size_t)(ROWS - t->row - 1));
            p += 2;
        }
    }
}

static void draw(struct screen *s, struct terminal *t, const char *const *values)
{
    const struct screen_size size = {COLUMNS, ROWS};
    screen_begin(s);
    for (; *values; values++)
        screen_line(s, &size, false, "label", *values);
    screen_end(s);
    play(t, s->text->str);
}

static void drawn_in_place(void **state)
{
    struct screen s = {0};
    struct terminal t = {0};
    (void)state;
    memcpy(t.cells[0], "before", 6);
    t.row = 1;
    draw(&s, &t, (const char *[]){"1", "22", "333", NULL});
    assert_string_equal(t.cells[1], "label         1");
    assert_string_equal(t.cells[3], "label         333");
    draw(&s, &t, (const char *[]){"4", "5", NULL});
    assert_string_equal(t.cells[0], "before");
    assert_string_equal(t.cells[1], "label         4");
    assert_string_equal(t.cells[2], "label         5");
    assert_string_equal(t.cells[3], "");
    assert_int_equal(t.row, 3);
    screen_remove(&s);
    play(&t, s.text->str);
    assert_string_equal(t.cells[1], "");
    assert_string_equal(t.cells[2], "");
    assert_int_equal(t.row, 1);
    screen_clear(&s);
}

static void cut_to_the_terminal(void **state)
{
    struct screen s = {0};
    struct terminal t = {0};
    const char *many[ROWS + 3] = {0};
    (void)state;
    for (int i = 0; i < ROWS + 2; i++)
        many[i] = "1234";
    draw(&s, &t, many);
    assert_int_equal(t.row, ROWS - 1); /* nothing has scrolled */
    const struct screen_size size = {COLUMNS, ROWS};
    screen_begin(&s);
    screen_line(&s, &size, false, "label", "123456");
    assert_non_null(strstr(s.text->str, "label         1234\u2026\033[K\n"));
    screen_begin(&s);
    screen_line(&s, &size, false, "label", "\033[2J");
    assert_null(strstr(s.text->str, "\033[2J"));
    screen_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(drawn_in_place), cmocka_unit_test(cut_to_the_terminal)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
