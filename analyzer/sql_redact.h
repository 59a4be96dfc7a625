/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SQL with ? for its literals and everything else as it was. */
#ifndef ANALYZER_SQL_REDACT_H
#define ANALYZER_SQL_REDACT_H

#include <glib.h>

#include "analyzer/sql_lexer.h"

/** Appends the text with ? for each number, string, text between dollars, and comment (which may hold anything; what says that a
 *  comment's content is code stays). Names, operators, hints, white space, hosts and user variables stay as they were. What stands
 *  between double quotes goes in any mode, so that a wrong idea of ANSI_QUOTES shows too little and not too much (but where such a name ends with a backslash). A literal whose
 *  end is missing goes up to the end of the text. `literals` (may be NULL) gets what was taken out of it, a line feed behind each. */
void sql_redact(GString *out, const uint8_t *sql, size_t n, const struct sql_mode *mode, GString *literals);

/** The same where the text was sent in one of two modes: what both show, up to where they part, and from there on one ?. `literals` gets
 * those of both. */
void sql_redact_either(GString *out, const uint8_t *sql, size_t n, const struct sql_mode modes[2], GString *literals);

#endif
