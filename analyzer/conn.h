/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One TCP connection on its way through the stages: ordered bytes in, messages out. It finds out whether this is MySQL and
 * who is the server, frames, decodes, steps the session, applies its actions, and keeps the record of the connection. */
#ifndef ANALYZER_CONN_H
#define ANALYZER_CONN_H

#include "analyzer/budget.h"
#include "analyzer/conn_tap.h"
#include "analyzer/connection.h"
#include "analyzer/counters.h"
#include "analyzer/detect.h"
#include "analyzer/diagnosis.h"
#include "analyzer/flow.h"
#include "analyzer/items.h"
#include "analyzer/legs.h"
#include "analyzer/tls.h"
#include "mywire/compress.h"
#include "mywire/decode.h"
#include "mywire/framer.h"

/** A packet of the protocol, as seen by who asked for packets. Borrowed for the time of the call. */
struct conn_packet {
    const struct connection *connection;
    enum mw_dir dir;
    const struct mw_ctx *ctx;       /**< snapshot that it was decoded with */
    const struct mw_packet *packet;
    const struct mw_msg *msg;
    uint64_t notes;                 /**< of the message and of the step */
    const struct items *items;      /**< its fields */
    size_t behind;                  /**< bytes that have come and stand behind this packet */
    const struct mw_proxy
        *proxy; /**< observer.header: what it says; then `msg` is NULL, and `packet` has no sequence id */
};

/** Who wants to know. Functions may be NULL. */
struct conn_observer {
    void *user;
    /** A connection was recognised: MySQL or the X Protocol. Its record has hardly begun. */
    void (*opened)(void *user, const struct connection *connection);
    /** An event of the session; rows of replies are no events. `items`: the fields of a command, where `values` asked
     * for them; else NULL. */
    void (*event)(void *user, const struct connection *connection, const struct mw_event *event, const struct items *items);
    bool values; /**< events of commands that carry parameters or attributes come with their fields */
    /** Every packet, with its fields; asking for it makes decoding slower. */
    void (*packet)(void *user, const struct conn_packet *packet);
    /** What stood in front of a connection's packets: the header of a PROXY protocol, with its fields. */
    void (*header)(void *user, const struct conn_packet *header);
    uint64_t only; /**< packets of this connection alone are wanted; 0: of all */
    /** Whether the next packet of this direction is wanted; NULL: all are. */
    bool (*looks)(void *user, const struct connection *connection, enum mw_dir dir);
    const struct conn_tap *tap; /**< or NULL */
    /** The connection is over. The observer owns the record. */
    void (*closed)(void *user, struct connection *connection);
};

/** What the connections of a worker share. Owned by the analysis; pointers must outlive the connections. */
struct conn_env {
    const struct conn_observer *observer;
    const struct mw_limits *limits;
    struct mw_limit_hits *hits;
    struct counters *counters;
    struct budget budget; /**< of all connections */
    struct text_converter *converter;
    struct mw_codec *codec; /**< decompressors */
    struct items *items;   /**< scratch for the fields of a packet */
    const char *file;      /**< the input file under way */
    struct legs *legs;     /**< of proxies */
    struct passwords *passwords; /**< to verify logins with; NULL: nobody asked */
    struct diagnosis *diagnosis; /**< hears of connections that were no MySQL */
    const uint16_t *ports; /**< ports that speak MySQL by option */
    size_t n_ports;
    bool only_ports;       /**< … and no other port does */
    struct tls_env *tls;   /**< its sink is set by conn_own() */
    void *user; /**< of who takes seen() and forgotten() of the flow table's owner, which get this struct */
    uint64_t undecided_bytes; /**< payload of connections that were no MySQL */
};

/** Fills in the functions of a flow table's owner, with `env` as its user. */
void conn_own(struct flow_owner *owner, struct conn_env *env);

#endif
