/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The segments of one direction that wait, in order of their sequence numbers and without overlaps. Private to tcp*.c.
 */
#ifndef ANALYZER_TCP_QUEUE_H
#define ANALYZER_TCP_QUEUE_H

#include "analyzer/tcp.h"

/** A run of bytes of one segment. */
struct tcp_piece {
    const uint8_t *data; /**< `length` bytes; in a queue they belong to the node */
    int64_t time_ns;     /**< of the segment */
    uint64_t number;     /**< of the segment */
    uint32_t seq;        /**< of the first byte */
    uint32_t length;     /**< bytes captured */
    uint32_t wire;       /**< bytes on the wire; the snapshot length cut off the rest */
    uint32_t ack;        /**< what the segment acknowledged of the other direction */
    bool gated;          /**< whether it did, so that it must not be delivered before those bytes */
};

struct tcp_node {
    struct tcp_node *next;
    struct tcp_piece piece;
    uint8_t data[];
};

/** Distance from `b` to `a` around the ring of sequence numbers; negative if `a` comes before `b`. */
static inline int32_t tcp_distance(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

static inline bool tcp_before(uint32_t a, uint32_t b)
{
    return tcp_distance(a, b) < 0;
}

static inline uint32_t tcp_piece_end(const struct tcp_piece *piece)
{
    return piece->seq + piece->wire;
}

/** The last node that begins at or before `seq`, or NULL. */
struct tcp_node *tcp_queue_find(const struct tcp_half *half, uint32_t seq);

/** Whether `piece` would break a limit; counts the hit if so. */
bool tcp_queue_is_full(const struct tcp_half *half, struct tcp_env *env, const struct tcp_piece *piece);

/** Copies `piece`, which overlaps nothing in the queue, into its place. Its gate is none higher than that of what follows it. Returns false if there is no memory. */
bool tcp_queue_insert(struct tcp_half *half, struct tcp_env *env, const struct tcp_piece *piece);

/** A segment that ends at `end` acknowledged no more than `ack`, so all bytes before `end` were sent first by somebody who had
 * no more than that: what waits of them in newer copies waits for no more. May split a node. */
void tcp_queue_lower_gates(struct tcp_half *half, struct tcp_env *env, uint32_t end, uint32_t ack);

/** Takes the first node out. The caller hands it to tcp_node_free(). NULL if the queue is empty. */
struct tcp_node *tcp_queue_pop(struct tcp_half *half, struct tcp_env *env);

/** Frees what tcp_queue_pop() returned. */
void tcp_node_free(struct tcp_node *node);

/** Whether the bytes that `piece` and `node` both have differ. */
bool tcp_node_conflicts(const struct tcp_node *node, const struct tcp_piece *piece);

#endif
