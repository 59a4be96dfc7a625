/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The little that is read out of SQL: what a session's later texts and names depend on. */
#ifndef MYWIRE_STATEMENT_H
#define MYWIRE_STATEMENT_H

#include "mywire/base.h"

/** Takes the next statement off `sql`: what stands before the next ; outside of strings, names and comments, without white space
 *  and comments ahead of it. Returns false at the end. */
bool mw_statement_next(struct mw_slice *sql, struct mw_slice *statement);

/** The database that the statements of a text make the default one: the last USE. Returns false if there is none. `name` is as
 *  written, its quotes included. */
bool mw_statement_database(struct mw_slice sql, struct mw_slice *name);

/** The character set that the statements of a text set for what follows it, as a collation id; 0 if none does.
 *  SET NAMES x, SET CHARACTER SET x, SET CHARSET x, SET …, [SESSION | @@ | @@session.] character_set_client = x. */
uint16_t mw_statement_charset(struct mw_slice sql);

/** Number of ? placeholders, outside of strings, names and comments. */
uint32_t mw_statement_placeholders(struct mw_slice sql);

#endif
