/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements without their literals, in the words of the server: what performance_schema of MySQL 9.7 has as DIGEST_TEXT.
 *
 *     select * from t where id in (1, 2) -- x    SELECT * FROM `t` WHERE `id` IN (...)
 *
 * Keywords in capitals (of several that mean the same always the same one), names in backticks, a space around everything;
 * literals, host names and names of user variables are ?, several of them with commas `?, ...`, rows of them (?) and (...),
 * several rows (...) followed by a comment. Numbers in ORDER BY and GROUP BY that mean columns stay.
 *
 * The server stops at max_digest_length, by default 1024, bytes of its tokens: 2 for each, and 2 + n more for a name. So
 * does this; what is equal until there has the same text. tests/digest_test.py holds it to recordings of a server.
 *
 * Known differences, each of them because the server knows more than the text says:
 * - A statement with a syntax error has no digest in the server.
 * - For PREPARE, EXECUTE and DEALLOCATE, as SQL and as commands, MySQL 9 has "EXECUTE " and the text of the prepared statement. Here
 *   the SQL stays what it is (EXECUTE `s` USING @?), and the commands have the prepared statement's own digest.
 * - A text of several statements is one text here.
 * - What is an error in a hint is dropped by the server; some of it stands here ("differs" in tests/digests/statements.jsonl).
 */
#ifndef ANALYZER_SQL_DIGEST_H
#define ANALYZER_SQL_DIGEST_H

#include <glib.h>

#include "analyzer/sql_lexer.h"

/** Bytes of tokens that count. */
#define SQL_DIGEST_BYTES 1024

/** Room for an id: 16 hexadecimal digits and a NUL. */
#define SQL_DIGEST_ID 17

/** Appends the text of the statements in `sql` to `out`, names in the character set that `sql` is in. Several statements are
 *  one text, with ; between them. Returns false if the server's limit cut it. */
bool sql_digest_text(GString *out, const uint8_t *sql, size_t n, const struct sql_mode *mode);

/** The first 16 digits of the SHA-256 of a text. */
void sql_digest_id(char id[SQL_DIGEST_ID], const char *text, size_t n);

#endif
