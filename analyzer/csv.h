/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A streaming CSV writer (RFC 4180): CRLF, comma, quotes only where needed, quotes doubled; text is UTF-8.
 *
 * Spreadsheets execute cells that begin with = + - @, a tab or a line break. Text from the wire must not: such a cell
 * gets a leading apostrophe, unless it is a plain number ("-12.5"). A reader that wants the exact bytes uses JSON.
 */
#ifndef ANALYZER_CSV_H
#define ANALYZER_CSV_H

#include "analyzer/sink.h"

/** A writer. The members are private; csv_clear() frees it. */
struct csv {
    struct sink sink;
    GString *row;  /**< the row being built */
    GString *cell; /**< scratch: the cell's text after UTF-8 repair */
    bool started;  /**< the row has a cell */
    bool terminal; /**< the sink is a terminal */
    int error;     /**< first error of the sink */
};

/** Starts a writer on `sink`, which must outlive it. With `terminal` set, control characters in cells are shown as
 * text_escape_terminal() does; otherwise they stand as they are, inside quotes. */
void csv_init(struct csv *csv, struct sink sink, bool terminal);

/** Frees what the writer holds; a row that was not ended is lost. */
void csv_clear(struct csv *csv);

/** A cell of text; NUL-terminated. NULL is an empty cell, the empty text a quoted empty cell (""). */
void csv_string(struct csv *csv, const char *text);

/** A cell of `n` bytes; those that are not valid UTF-8 become U+FFFD each. */
void csv_string_n(struct csv *csv, const char *text, size_t n);

void csv_int(struct csv *csv, int64_t value);
void csv_uint(struct csv *csv, uint64_t value);

/** The shortest number that reads back the same; NaN and infinities are empty cells. */
void csv_double(struct csv *csv, double value);

/** "true" or "false". */
void csv_bool(struct csv *csv, bool value);

/** An empty cell. */
void csv_null(struct csv *csv);

/** Ends the row and passes it to the sink. Returns 0 or the first error (errno value) since csv_init(); after an error
 * nothing reaches the sink any more. */
int csv_row_end(struct csv *csv);

#endif
