/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a connection speaks, by what both sides say first, or by what they say in the middle of things. What was said
 * until that is known is kept. */
#ifndef ANALYZER_DETECT_H
#define ANALYZER_DETECT_H

#include <glib.h>
#include <stdbool.h>

#include "mywire/proxy.h"

/** What it turned out to be. `server` is the direction in which the server sends. */
enum detect_verdict {
    DETECT_NOTHING_YET,
    DETECT_MYSQL,         /**< from its greeting, or its login, on */
    DETECT_MIDSTREAM,     /**< MySQL, from somewhere in its command phase on */
    DETECT_MIDSTREAM_COMPRESSED, /**< the same in the compressed protocol */
    DETECT_X,             /**< the X Protocol */
    DETECT_TLS,           /**< TLS from its ClientHello on: what is inside is not known */
    DETECT_TLS_MIDSTREAM, /**< TLS from somewhere in the middle on, at a port that speaks MySQL */
    DETECT_OTHER          /**< another protocol */
};

/** Bytes of a direction, in order. */
struct detect_first {
    GByteArray *bytes; /* NULL: none */
    struct mw_stamp stamp;
};

/** What may be known besides the bytes. */
struct detect_hints {
    bool server_port[2]; /**< by direction: its sender's port is one that speaks MySQL */
    bool middle;         /**< the beginning was not seen, or bytes were lost */
    bool inside_tls;     /**< these bytes come out of TLS */
};

/** All zero is a new one. */
struct detector {
    struct detect_first first[2];
    struct mw_proxy *proxy; /**< what a load balancer said first; NULL nothing */
    struct detect_first header; /**< … as it stood on the wire */
    bool begun[2];          /* something of the direction was looked at */
    uint8_t turns;          /* how often, in the middle, the other side went on without a verdict */
    uint8_t speaker;        /* direction of the last bytes, plus 1 */
};

/** Takes bytes of direction `dir`. With a verdict about MySQL, X or TLS, `*server` is set; the bytes are fetched by
 * detector_take(). */
enum detect_verdict detector_push(struct detector *d, const struct detect_hints *hints, int dir, const uint8_t *p,
                                  size_t n, struct mw_stamp stamp, int *server);

/** The header of a PROXY protocol that stands whole at the beginning of what a client says after the greeting: servers that do not
 * wait for it greet first. Takes it, and returns its bytes; 0 where there is none. Of each direction the first bytes alone are
 * looked at. */
size_t detector_late_header(struct detector *d, int dir, const uint8_t *p, size_t n, struct mw_stamp stamp);

/** Bytes of direction `dir` are missing here. */
void detector_gap(struct detector *d, int dir);

/** What was kept of a direction; the caller owns `bytes`, which is NULL if there is nothing. */
struct detect_first detector_take(struct detector *d, int dir);

/** Bytes that are kept of both directions. */
size_t detector_held(const struct detector *d);

/** Forgets the bytes of both directions. */
void detector_forget(struct detector *d);

/** Gives back all memory. */
void detector_clear(struct detector *d);

#endif
