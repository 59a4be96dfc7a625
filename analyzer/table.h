/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables for people, laid out by libsmartcols.
 *
 * On a terminal a table is made to fit: columns that allow it are truncated or wrapped. Anywhere else (width 0: a pipe,
 * a file) it is printed at its full width, never truncated and never wrapped, so that what a script greps for is there
 * and a row stays one line. Lines never end in spaces.
 */
#ifndef ANALYZER_TABLE_H
#define ANALYZER_TABLE_H

#include "analyzer/sink.h"

/** What a cell says; the colour follows from it. */
enum table_meaning { TABLE_PLAIN, TABLE_GOOD, TABLE_BAD, TABLE_DIM, TABLE_STRONG };

/** How a column behaves; a mask. */
enum table_flag {
    TABLE_LEFT = 0,
    TABLE_RIGHT = 1,    /**< align to the right: numbers */
    TABLE_TRUNCATE = 2, /**< may be cut when the terminal is too narrow; the cut is marked with "…" */
    TABLE_WRAP = 4      /**< may continue on further lines when the terminal is too narrow */
};

/** One column. */
struct table_column {
    const char *header; /**< copied; NULL: no header text */
    unsigned flags;     /**< enum table_flag */
    double width_hint;  /**< < 1: fraction of the width, >= 1: columns of text, 0: as wide as the data needs */
};

/** A table being filled; holds its rows until table_print(). */
struct table;

/** Starts a table of `n` >= 1 columns; the descriptions are copied. `width` is the number of character columns to fit
 * into, 0 for no limit (see table_width()); `color` allows colours. */
struct table *table_new(const struct table_column *columns, size_t n, size_t width, bool color);

/** Frees a table; NULL is allowed. */
void table_free(struct table *table);

/** Leaves the header line out. */
void table_hide_header(struct table *table);

/** Starts a row; cells that are not given stay empty. */
void table_row(struct table *table);

/** The next cell of the row: UTF-8 that is safe for a terminal (text_escape_terminal()); NULL is an empty cell. Copied.
 * Asserts that a row is open and has room. */
void table_cell(struct table *table, const char *text, enum table_meaning meaning);

/** The next cell, an integer. */
void table_cell_int(struct table *table, int64_t value, enum table_meaning meaning);

/** Prints header and rows to `sink` and drops the rows, so that a long table can go out page by page (each page with
 * its own header and column widths). A table without rows prints nothing. Returns 0, the sink's error (errno value), or
 * ENOMEM. */
int table_print(struct table *table, struct sink sink);

/** The width for a table on `fd`: the terminal's number of columns, 80 when a terminal does not tell, 0 when `fd` is
 * not a terminal. */
size_t table_width(int fd);

#endif
