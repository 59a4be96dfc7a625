/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When bytes may be delivered, and when what is missing is given up. Private to tcp*.c.
 *
 * tcp.c takes segments apart and fills the two halves; this is what empties them. */
#ifndef ANALYZER_TCP_ORDER_H
#define ANALYZER_TCP_ORDER_H

#include "analyzer/tcp_queue.h"

/** Numbers further away than this are not of this connection: the largest window that TCP can have (RFC 7323, 2.3). */
#define TCP_PLAUSIBLE (1 << 30)

/** Bits of `flags` in a half. */
enum half_flag {
    HALF_SEEN = 0x001,    /**< a segment of this direction was seen */
    HALF_KNOWN = 0x002,   /**< `next`, `base` and `acked` are set */
    HALF_MOVED = 0x004,   /**< something was delivered or declared a gap */
    HALF_SYN = 0x008,     /**< it sent a SYN without ACK */
    HALF_SYNACK = 0x010,  /**< it sent a SYN with ACK */
    HALF_FIN = 0x020,     /**< the fin_ members are set */
    HALF_FIN_ACK = 0x040, /**< `fin_ack` means something */
    HALF_CLOSED = 0x080,  /**< its FIN was delivered */
    HALF_WAIT = 0x100,    /**< the wait_ members are set */
    HALF_ABSENT = 0x200,  /**< was waited for in vain before any segment of it was seen: a capture of one direction */
    HALF_FLOAT =
        0x400, /**< the peer's SYN was seen but not this one's: `next` is only an upper bound, nothing goes out */
    HALF_SOFT = 0x800, /**< `next` is from a segment without data, maybe a keep-alive: then it is one too low */
    HALF_GHOST =
        0x1000, /**< one acknowledged number at the end was passed over: presumably a FIN that was not captured */
    HALF_DECIDED = 0x2000, /**< it answered the SYN/ACK, or its answer was lost */
    HALF_EDGE = 0x4000     /**< `edge` is set */
};

/** What every step needs. */
struct tcp_run {
    struct tcp *tcp;
    struct tcp_env *env;
    void *user;
};

/** Hands an event of the current segment to the sink. */
void tcp_emit(const struct tcp_run *run, int dir, enum tcp_event event);

/** Delivers what of `piece` was not yet; it begins at or before `next`. */
void tcp_deliver(const struct tcp_run *run, int dir, const struct tcp_piece *piece);

/** Whether what acknowledges `ack` of `half` may be delivered. */
bool tcp_gate_is_open(const struct tcp_half *half, uint32_t ack);

/** Whether a FIN was seen but not delivered. */
bool tcp_fin_is_pending(const struct tcp_half *half);

/** Delivers everything that waits for nothing any more, in the order of capture. */
void tcp_drain(const struct tcp_run *run);

/** The segment that made a gap known. */
struct tcp_cause {
    int64_t time_ns;
    uint64_t number;
};

/** Gives up on what is missing before `end`: afterwards `next` is at or after it, or the direction is closed. */
void tcp_give_up(const struct tcp_run *run, int dir, uint32_t end, struct tcp_cause cause);

/** Starts, continues or ends the wait for bytes of `dir` that were acknowledged but did not come. Once a segment. */
void tcp_check_wait(const struct tcp_run *run, int dir);

/** Delivers the first piece of the queue, or the FIN if the queue is empty, at the price of gaps. */
void tcp_force(const struct tcp_run *run, int dir);

/** Delivers or declares lost everything that is known of. */
void tcp_flush(const struct tcp_run *run);

#endif
