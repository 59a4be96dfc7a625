/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two legs of a proxy that hands the server's greeting on: two connections to different servers whose greetings
 * carry the same scramble and thread id, open at the same time. The scramble is random and belongs to one login, so
 * this is no guess. It is a secret: only a hash of it is kept, and only while the connection lasts.
 *
 * The greeting comes from the server first, so the leg that carries it second is the one to the client. A third leg
 * stays alone. A proxy that makes greetings of its own is not found. */
#ifndef ANALYZER_LEGS_H
#define ANALYZER_LEGS_H

#include "analyzer/connection.h"
#include "analyzer/sketch.h"

/** What proxies did, over all pairs. */
struct legs_sum {
    uint64_t pairs;
    uint64_t tls_ended;        /**< TLS on the client's leg, none on the server's */
    uint64_t tls_begun;        /**< the other way round */
    uint64_t ssl_cleared;      /**< CLIENT_SSL asked for by the client, not asked of the server */
    uint64_t sequence_shifted; /**< the login has another sequence id */
    uint64_t capabilities;     /**< other capabilities changed, of either side */
    uint64_t collation;        /**< another collation in the login */
    struct sketch added_us;    /**< by command: how much longer the client waited than the proxy did */
};

struct legs;

/** `sum` must outlive it. */
struct legs *legs_new(struct legs_sum *sum);

/** After all connections were closed. */
void legs_free(struct legs *legs);

/** Takes an event of a connection's session, after its record did. */
void legs_event(struct legs *legs, struct connection *c, const struct mw_event *event);

/** The connection is over: settles `paired_with`, `leg` and `proxy_added_us` of its record. */
void legs_closed(struct legs *legs, struct connection *c);

#endif
