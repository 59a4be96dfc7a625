/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modes of a session that change how its SQL is read, as far as the wire shows them: NO_BACKSLASH_ESCAPES is a flag of each
 * status; others are seen when the session sets sql_mode to a text, or the server tells that it changed. A server whose global
 * sql_mode has one of them is not known to have it. */
#ifndef ANALYZER_SQL_SESSION_H
#define ANALYZER_SQL_SESSION_H

#include "analyzer/sql_lexer.h"

/** The flags of a value of sql_mode: "ANSI_QUOTES,STRICT_TRANS_TABLES", "ansi", "". What else is in it does not matter. */
unsigned sql_session_flags(const char *value, size_t n);

/** Whether the statement is a SET that gives the session's sql_mode a text, or DEFAULT, and the flags of that. */
bool sql_session_assigned(const uint8_t *sql, size_t n, const struct sql_mode *mode, unsigned *flags);

/** Takes what a status tells: backslashes always; that MariaDB's quotes are names, where they are. What was seen to be set else stays. */
void sql_session_told(struct sql_mode *mode, uint16_t status);

/** What a backslash in a string is: a set of these. */
enum { BACKSLASH_ESCAPES = 1, BACKSLASH_PLAIN = 2 };

/** Which of them a status tells. */
uint8_t sql_session_backslashes(uint16_t status);

#endif
