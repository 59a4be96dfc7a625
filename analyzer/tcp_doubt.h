/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments that may be somebody else's: beyond what the receiver's window ever allowed, or a reset that stands elsewhere than the next
 * byte. A receiver drops such (RFC 9293, 3.10.7.4; RFC 5961), so believing them would let anyone who knows the addresses end a
 * connection for us, or move it on. But a capture that lost much shows them too, of the right ones. So one is put aside: it
 * counts once another one confirms it, a reset also if its sender is silent from then on; it is ignored once its sender goes on
 * where it was. Private to tcp*.c. */
#ifndef ANALYZER_TCP_DOUBT_H
#define ANALYZER_TCP_DOUBT_H

#include "analyzer/tcp_order.h"

/** A segment put aside. */
struct tcp_doubt {
    struct segment segment; /**< its payload is `data`, headers are not kept */
    int dir;
    uint8_t data[];
};

/** Learns from a segment of `dir` that was believed, one with ACK: up to where the other side may send. */
void tcp_doubt_learn(struct tcp *tcp, int dir, const struct segment *s);

/** Learns the window scale of the sender of a SYN. */
void tcp_doubt_scale(struct tcp *tcp, int dir, const struct segment *s);

/** Whether the segment, neither SYN nor RST, is beyond what its receiver has allowed, or acknowledges what is. */
bool tcp_doubt_beyond(const struct tcp *tcp, int dir, const struct segment *s);

/** Whether the segment and the one put aside confirm each other. */
bool tcp_doubt_confirms(const struct tcp *tcp, int dir, const struct segment *s);

/** Puts a segment aside; what was there is ignored. */
void tcp_doubt_keep(const struct tcp_run *run, int dir, const struct segment *s);

/** A segment of `dir` was believed: what was put aside is ignored if its sender goes on otherwise. */
void tcp_doubt_go_on(const struct tcp_run *run, int dir, const struct segment *s);

/** Takes out what was put aside, to tcp_doubt_free(); NULL: nothing. */
struct tcp_doubt *tcp_doubt_take(const struct tcp_run *run);
void tcp_doubt_free(struct tcp_doubt *doubt);

#endif
