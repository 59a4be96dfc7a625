/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One TCP connection seen from beside: segments in, ordered bytes or explicit gaps out, for both directions.
 *
 * In-order segments pass without a copy. Others wait in a queue until what precedes them has come or is given up:
 *
 * - the bytes before them in their own direction, and
 * - the bytes of the other direction that they acknowledge ("ack gate"), so that a request comes before its response
 * even if the capture has them the other way round.
 *
 * Bytes that the peer acknowledged but that do not come are waited for during `tcp_hold_packets` packets of the
 * connection and `tcp_hold_ms` of capture time, in which none come in order; then they are declared a gap. A hole that nobody acknowledged waits for
 * its retransmission until a limit is hit or the connection ends. Every byte is delivered at most once, in order, and
 * the first copy of it wins. */
#ifndef ANALYZER_TCP_H
#define ANALYZER_TCP_H

#include "analyzer/counters.h"
#include "analyzer/limits.h"
#include "analyzer/segment.h"

#include <stdbool.h>

/** Why bytes are missing. */
enum tcp_gap {
    TCP_GAP_LOST,   /**< they are not in the capture, or came too late */
    TCP_GAP_SNAPLEN /**< the recorder's snapshot length cut them off */
};

/** What a connection does besides carrying bytes. Each comes at most once per direction. */
enum tcp_event {
    TCP_SYN,         /**< it is opened by this direction's sender */
    TCP_SYNACK,      /**< the opening is accepted */
    TCP_ESTABLISHED, /**< the opener acknowledged the acceptance; missing if that very packet is */
    TCP_FIN,         /**< no more bytes in this direction: comes after its last byte */
    TCP_RST          /**< the connection is over in both directions: nothing follows */
};

/** Where the output goes. `dir` is 0 for the direction of the connection's first packet and 1 for the other. The time
 * and packet number are those of the segment that carried the bytes; for a gap, of what made it known. The functions
 * must not call back into the connection. */
struct tcp_sink {
    /** `n` > 0 bytes in order. `p` is valid during the call. */
    void (*data)(void *user, int dir, const uint8_t *p, uint32_t n, int64_t time_ns, uint64_t packet_number);
    /** `n` > 0 bytes are missing here. */
    void (*gap)(void *user, int dir, uint64_t n, enum tcp_gap why, int64_t time_ns, uint64_t packet_number);
    /** See enum tcp_event. */
    void (*event)(void *user, int dir, enum tcp_event event, int64_t time_ns, uint64_t packet_number);
};

/** What the connections of one worker share. The owner fills in the pointers, which must outlive the connections. */
struct tcp_env {
    struct tcp_sink sink;
    const struct limits *limits;
    struct limit_hits *hits;
    struct counters *counters;
    uint64_t queued; /**< bytes in the queues of all connections, to be held against tcp_total_bytes; starts at 0 */
    int64_t time_ns; /**< of the current segment */
    uint64_t number; /**< of the current segment */
};

struct tcp_node;

/** One direction: the sequence space of one sender. Private to tcp*.c, here for its size. */
struct tcp_half {
    struct tcp_node *head, *tail; /**< waiting segments by sequence number, without overlaps */
    int64_t fin_time;             /**< of the segment with the FIN */
    uint64_t fin_number;
    int64_t wait_time;    /**< when the wait for acknowledged bytes began */
    uint64_t wait_number; /**< the packet that acknowledged them, or the last since then that brought bytes in order */
    uint32_t next;        /**< sequence number of the first byte not yet delivered or declared lost */
    uint32_t base;        /**< number of the SYN, or the one before the first byte seen */
    uint32_t acked;       /**< highest number that the peer acknowledged */
    uint32_t fin_seq;     /**< number of the FIN */
    uint32_t fin_ack;     /**< what the segment with the FIN acknowledged */
    uint32_t wait_end;    /**< the wait is for the bytes before this */
    uint32_t bytes;       /**< memory of the queue */
    uint32_t segments;    /**< length of the queue */
    uint32_t wait_left;   /**< packets until the wait is over */
    uint32_t edge;        /**< the peer's window never reached beyond this */
    uint16_t flags;       /**< HALF_ bits of tcp.c */
    uint8_t scale;        /**< of its windows, as tcp_doubt.c writes it */
};

/** One connection. All zero is a new one. */
struct tcp {
    struct tcp_half half[2];
    struct tcp_doubt *doubt; /**< a segment that may be somebody else's; NULL: none */
    uint8_t over;            /**< 1 after a RST was delivered, or both FINs */
};

/** Takes one segment of direction `dir`. `user` is handed to the sink. Allocates only for segments that must wait. */
void tcp_push(struct tcp *tcp, struct tcp_env *env, void *user, int dir, const struct segment *segment);

/** No segment comes for a while: gives up, at that time, waiting for what was acknowledged and has not come for too long.
 */
void tcp_age(struct tcp *tcp, struct tcp_env *env, void *user, int64_t now_ns);

/** Ends the connection: delivers what waits, declares the holes before it and what was acknowledged but never came, and
 * frees the queues. */
void tcp_finish(struct tcp *tcp, struct tcp_env *env, void *user);

/** Whether the end was delivered: a RST or both FINs, maybe only by tcp_finish(). Segments pushed after that are
 * counted as ignored. */
static inline bool tcp_is_over(const struct tcp *tcp)
{
    return tcp->over;
}

/** Whether segments wait for what precedes them: what is captured now is ahead of what is delivered. */
static inline bool tcp_is_waiting(const struct tcp *tcp)
{
    return tcp->half[0].head || tcp->half[1].head;
}

/** What a segment with SYN means for a connection that it falls into. */
enum tcp_opening {
    TCP_OPENING_SAME, /**< it belongs to this connection: the first of its direction, or sent again */
    TCP_OPENING_NEW   /**< its number says that another connection begins on the same addresses and ports */
};

/** Judges a segment with SYN before it is pushed. */
enum tcp_opening tcp_judge_syn(const struct tcp *tcp, int dir, const struct segment *segment);

/** Whether a segment with payload that comes after the end was delivered lies elsewhere than what was said before it: the SYNs of
 * another connection were lost. */
bool tcp_is_elsewhere(const struct tcp *tcp, int dir, const struct segment *segment);

#endif
