/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The X Protocol, from outside: where its messages begin and what they are called. What is in them is not read.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_mysqlx_protocol.html
 *
 *     length of what follows (4, little endian) · type (1) · message (length - 1)
 */
#ifndef MYWIRE_XPROTOCOL_H
#define MYWIRE_XPROTOCOL_H

#include "mywire/decode.h"

/** Bytes of a message before its body. */
enum { MW_X_HEADER = 5 };

/** Do these bytes begin with the header of a message that `dir` sends? */
enum mw_guess mw_looks_like_x(enum mw_dir dir, const uint8_t *p, size_t n);

/** "Mysqlx.Sql.StmtExecute"; NULL: there is no such message. */
const char *mw_x_message_name(enum mw_dir dir, uint8_t type);

/** Tells the fields of a message to `trace`: `have` bytes of it were captured, at least
 *  MW_X_HEADER, of `length` on the wire, header included. Offsets count from its first byte. Returns the set of notes.
 */
uint64_t mw_x_decode_traced(enum mw_dir dir, const uint8_t *p, uint32_t have, uint64_t length,
                            const struct mw_trace *trace);

#endif
