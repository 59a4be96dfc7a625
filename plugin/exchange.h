/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands and their replies, over frames: what links the one to the other. The session tells, an exchange remembers.
 */
#ifndef MYWIRE_PLUGIN_EXCHANGE_H
#define MYWIRE_PLUGIN_EXCHANGE_H

#include "plugin/compat.h"

#include "mywire/session.h"

/** A command and its reply. File scope. Frames are 0 where they were not captured, or not yet. */
struct exchange {
    uint64_t ordinal;
    uint32_t request;          /**< frame with the request's end */
    uint32_t first, last;      /**< frames with the first and the last packet of the reply, as far as seen */
    int64_t sent_ns;           /**< time of `request`, nanoseconds since the epoch */
    int64_t first_ns, last_ns; /**< of the beginning of the reply, and of its end */
    uint64_t rows, bytes;      /**< of the reply; bytes as on the wire, with headers */
    uint64_t affected, warnings;
    bool resultset; /**< `rows` counts something */
    bool cursor;    /**< it opened a cursor: the rows wait for COM_STMT_FETCH */
};

/** The exchanges of a connection: observes its session. */
struct exchanges {
    struct mw_observer observer; /**< for mw_session_new */
    wmem_map_t *outstanding;     /**< by ordinal */
    struct exchange *now;        /**< that the step under way belongs to; NULL: none */
    bool begun, ended;           /**< `now` began, is over, with this step */
};

void exchanges_init(struct exchanges *x);

/** Before each step of the session. */
void exchanges_step(struct exchanges *x);

/** Adds the generated fields of a packet of `dir`: links where the command `begins` and in its reply; where that
 * `ends` its times, rows and bytes.
 */
void exchange_show(const struct exchange *exchange, proto_tree *tree, tvbuff_t *tvb, enum mw_dir dir, bool begins,
                   bool ends);

/** Adds what an execution executes: the statement's text, and the frame that prepared it. */
void exchange_show_statement(const struct mw_ctx *ctx, proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo);

#endif
