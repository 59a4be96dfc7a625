/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements without their literals, in the words of Percona Toolkit: what pt-fingerprint prints, and pt-query-digest groups by.
 *
 *     SELECT * FROM t WHERE id IN (1, 2) -- x    select * from t where id in(?+)
 *
 * It is defined by a cascade of regular expressions over bytes, not by a grammar, and has its ways: numbers inside of names are ?
 * too, what is behind -- goes without a space, strings ignore doubled quotes. tests/digest_test.py holds it to recordings of
 * pt-fingerprint 3.2.1 with its defaults. The one difference: where a statement has so many UNIONs of so much alike text that to
 * compare them all would take long, those behind the first ones are not put together.
 */
#ifndef ANALYZER_SQL_FINGERPRINT_H
#define ANALYZER_SQL_FINGERPRINT_H

#include <glib.h>

/** Room for an id: 32 hexadecimal digits and a NUL. */
#define SQL_FINGERPRINT_ID 33

/** Appends the fingerprint of the `n` bytes at `sql` to `out`: at most 3/2 n bytes, or 16. */
void sql_fingerprint(GString *out, const char *sql, size_t n);

/** The MD5 of a fingerprint in capitals: the Query ID of pt-query-digest since 3.0; before, it was the last 16 digits of it. */
void sql_fingerprint_id(char id[SQL_FINGERPRINT_ID], const char *fingerprint, size_t n);

#endif
