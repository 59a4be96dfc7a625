/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of TCP connections: finds the one that a segment belongs to, begins new ones, and forgets old ones.
 *
 * All times are capture times. A connection ends for its owner exactly once, by close(); one whose end was seen stays
 * in the table for a while without an owner, so that late retransmissions do not become a new connection. */
#ifndef ANALYZER_FLOW_H
#define ANALYZER_FLOW_H

#include "analyzer/tcp.h"

/** Why a connection ended for its owner. */
enum flow_end {
    FLOW_FINISHED,     /**< both FINs were delivered, or a RST; whatever happened then */
    FLOW_REUSED,       /**< another connection began on the same addresses and ports */
    FLOW_EVICTED_IDLE, /**< no packet for `idle_seconds` */
    FLOW_EVICTED_LRU,  /**< `max_flows` was hit and this was the one idle for longest, of those in which only one side has spoken
                            if there are such */
    FLOW_END           /**< the input ended */
};

/** One connection. The owner may read the members up to `finished`. */
struct flow {
    struct endpoint from;  /**< sender of the first packet seen: direction 0 */
    struct endpoint to;    /**< sender of direction 1 */
    int64_t first_time_ns; /**< capture time of the first packet */
    uint64_t first_number; /**< its number within its file */
    int64_t last_time_ns;  /**< capture time of the last packet; when it finished, if it did */
    uint64_t ordinal;      /**< in the order of the first packets in its table, from 1 */
    void *conn;            /**< what open() returned; NULL once closed */
    bool finished;         /**< its end was seen */
    uint8_t seen, spoken;  /**< by direction, a bit each: a segment of it was seen, one with bytes in it */

    struct flow *chain;         /**< next in the same hash bucket */
    struct flow *older, *newer; /**< neighbours in the list of the living or of the finished */
    uint64_t hash;
    struct flow_reopening *reopening; /* a SYN that nothing has confirmed yet; NULL: none */
    struct tcp tcp;
};

/** The owner of the connections. */
struct flow_owner {
    /** A connection begins. What it returns is handed to the sink and to close(). */
    void *(*open)(void *user, const struct flow *flow);
    /** A connection ends: everything of it has been delivered. `conn` is not used again. */
    void (*close)(void *conn, enum flow_end why);
    /** For open(), seen() and forgotten(). */
    void *user;
    /** A segment of direction `dir` has come and goes into the connection next; where that is finished, nothing of it
     * will be delivered. May be NULL. */
    void (*seen)(void *user, const struct flow *flow, int dir, const struct segment *segment);
    /** The connection leaves the table: no segment is of it any more. Comes after close(). May be NULL. */
    void (*forgotten)(void *user, const struct flow *flow);
    /** Where its bytes and events go; `user` is there what open() returned. */
    struct tcp_sink sink;
};

struct flow_table;

/** Makes an empty table. `limits`, `hits` and `counters` must outlive it; `owner` is copied. Free with
 * flow_table_free(). */
struct flow_table *flow_table_new(const struct flow_owner *owner, const struct limits *limits, struct limit_hits *hits,
                                  struct counters *counters);

/** Takes one segment to its connection, and drops connections that are idle by its time. */
void flow_table_push(struct flow_table *table, const struct segment *segment);

/** No segment comes for a while: drops connections that are idle at that time, and has those that came last give up
 * waiting for what has not come. To be called several times a second. */
void flow_table_age(struct flow_table *table, int64_t now_ns);

/** The input ended: closes all connections with FLOW_END, in the order of their first packets. The table is empty then.
 */
void flow_table_finish(struct flow_table *table);

/** Number of connections that are open for the owner. */
uint64_t flow_table_open(const struct flow_table *table);

/** Frees the table, after flow_table_finish() or without: then the connections left are closed as by that. */
void flow_table_free(struct flow_table *table);

#endif
