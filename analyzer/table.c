/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* newlocale(), uselocale() */
#include "analyzer/table.h"

#include "analyzer/text.h"

#include <assert.h>
#include <errno.h>
#include <libsmartcols.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct table {
    struct libscols_table *scols;
    struct libscols_line *row; /* the open row, the table's; NULL before the first */
    size_t columns;
    size_t next;     /* column of the next cell */
    GString *text;   /* scratch */
    bool failed;     /* libsmartcols ran out of memory */
    locale_t locale; /* see enter_locale() */
};

/* libsmartcols measures text by the thread's locale. The process's own may be "C", where every byte of a UTF-8
 * character is a column and cutting may split it, so calls that measure run in one that knows UTF-8. */
static locale_t enter_locale(const struct table *table)
{
    return table->locale ? uselocale(table->locale) : (locale_t)0;
}

static void leave_locale(locale_t previous)
{
    if (previous)
        uselocale(previous);
}

static int column_flags(unsigned flags, bool fit)
{
    int result = 0;
    if (flags & TABLE_RIGHT)
        result |= SCOLS_FL_RIGHT;
    if (fit && (flags & TABLE_TRUNCATE))
        result |= SCOLS_FL_TRUNC;
    if (fit && (flags & TABLE_WRAP))
        result |= SCOLS_FL_WRAP;
    return result;
}

struct table *table_new(const struct table_column *columns, size_t n, size_t width, bool color)
{
    assert(n > 0);
    struct table *table = g_new0(struct table, 1);
    table->columns = n;
    table->text = g_string_new(NULL);
    table->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    table->scols = scols_new_table();
    if (table->scols == NULL) {
        table->failed = true;
        return table;
    }
    scols_table_enable_noencoding(table->scols, 1); /* cells are safe already; twice would show "\x5cx1b" */
    scols_table_enable_colors(table->scols, color);
    scols_table_set_termforce(table->scols, width > 0 ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
    if (width > 0)
        scols_table_set_termwidth(table->scols, width);
    for (size_t i = 0; i < n; i++) {
        const char *header = columns[i].header ? columns[i].header : "";
        if (!scols_table_new_column(table->scols, header, columns[i].width_hint,
                                    column_flags(columns[i].flags, width > 0)))
            table->failed = true;
    }
    return table;
}

void table_free(struct table *table)
{
    if (table == NULL)
        return;
    scols_unref_table(table->scols);
    if (table->locale)
        freelocale(table->locale);
    g_string_free(table->text, TRUE);
    g_free(table);
}

void table_hide_header(struct table *table)
{
    if (!table->failed)
        scols_table_enable_noheadings(table->scols, 1);
}

void table_row(struct table *table)
{
    table->next = 0;
    table->row = table->failed ? NULL : scols_table_new_line(table->scols, NULL);
    table->failed = table->row == NULL;
}

static const char *color_of(enum table_meaning meaning)
{
    switch (meaning) {
    case TABLE_GOOD: return "\033[32m";
    case TABLE_BAD: return "\033[1;31m";
    case TABLE_DIM: return "\033[2m";
    case TABLE_STRONG: return "\033[1m";
    case TABLE_PLAIN: break;
    }
    return NULL;
}

void table_cell(struct table *table, const char *text, enum table_meaning meaning)
{
    if (table->failed)
        return;
    assert(table->row && table->next < table->columns);
    struct libscols_cell *cell = scols_line_get_cell(table->row, table->next++);
    if (text == NULL || cell == NULL)
        return;
    g_string_truncate(table->text, 0);
    text_escape_terminal(table->text, text, strlen(text));
    if (scols_cell_set_data(cell, table->text->str) != 0 || scols_cell_set_color(cell, color_of(meaning)) != 0)
        table->failed = true;
}

void table_cell_int(struct table *table, int64_t value, enum table_meaning meaning)
{
    char text[32];
    g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, (gint64)value);
    table_cell(table, text, meaning);
}

/* libsmartcols cuts without a mark: what the last layout has cut is shortened here to the width it was given. Returns
 * whether there was anything; then the layout must be done again. */
static bool mark_cuts(struct table *table)
{
    bool found = false;
    for (size_t i = 0; i < table->columns; i++) {
        struct libscols_column *column = scols_table_get_column(table->scols, i);
        if (!scols_column_is_trunc(column))
            continue;
        size_t width = scols_column_get_width(column);
        for (size_t j = 0; j < scols_table_get_nlines(table->scols); j++) {
            struct libscols_cell *cell = scols_line_get_cell(scols_table_get_line(table->scols, j), i);
            const char *text = scols_cell_get_data(cell);
            if (text == NULL || text_width(text, strlen(text)) <= width)
                continue;
            g_string_truncate(table->text, 0);
            text_shorten(table->text, text, strlen(text), width);
            if (scols_cell_set_data(cell, table->text->str) != 0)
                table->failed = true;
            found = true;
        }
    }
    return found;
}

/* Removes spaces at the ends of lines, and ends the last line. */
static void trim_lines(GString *out, const char *text)
{
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        size_t kept = n;
        while (kept > 0 && text[kept - 1] == ' ')
            kept--;
        g_string_append_len(out, text, (gssize)kept);
        g_string_append_c(out, '\n');
        text += n + (text[n] == '\n');
    }
}

static char *lay_out(struct table *table)
{
    char *text = NULL;
    if (scols_print_table_to_string(table->scols, &text) != 0)
        table->failed = true;
    return text;
}

int table_print(struct table *table, struct sink sink)
{
    if (table->failed)
        return ENOMEM;
    if (scols_table_get_nlines(table->scols) == 0)
        return 0;
    locale_t previous = enter_locale(table);
    char *text = lay_out(table);
    /* Shorter cells can shift widths, and so make new cuts; but they only get shorter, so this ends. */
    bool fit = scols_table_get_termforce(table->scols) == SCOLS_TERMFORCE_ALWAYS;
    for (unsigned round = 0; round < 16 && fit && !table->failed && mark_cuts(table); round++) {
        free(text);
        text = lay_out(table);
    }
    leave_locale(previous);
    int result = ENOMEM;
    if (!table->failed && text) {
        g_string_truncate(table->text, 0);
        trim_lines(table->text, text);
        result = sink_write(sink, table->text->str, table->text->len);
    }
    free(text);
    scols_table_remove_lines(table->scols);
    table->row = NULL;
    return result;
}

size_t table_width(int fd)
{
    struct winsize size;
    if (!isatty(fd))
        return 0;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}
