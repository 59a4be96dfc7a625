/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A singly linked list: nearly every insertion is at one of its ends, and its length is bounded. */
#include "analyzer/tcp_queue.h"

#include "analyzer/budget.h"

#include <stdlib.h>
#include <string.h>

/* What a node costs, so that a flood of tiny segments is bounded too. */
static uint32_t cost(const struct tcp_piece *piece)
{
    return (uint32_t)sizeof(struct tcp_node) + piece->length;
}

struct tcp_node *tcp_queue_find(const struct tcp_half *half, uint32_t seq)
{
    if (half->tail && !tcp_before(seq, half->tail->piece.seq))
        return half->tail;
    struct tcp_node *found = NULL;
    for (struct tcp_node *node = half->head; node && !tcp_before(seq, node->piece.seq); node = node->next)
        found = node;
    return found;
}

bool tcp_queue_is_full(const struct tcp_half *half, struct tcp_env *env, const struct tcp_piece *piece)
{
    const struct limits *limits = env->limits;
    if (half->segments >= limits->tcp_queue_segments) {
        env->hits->tcp_queue_segments++;
        return true;
    }
    if ((uint64_t)half->bytes + cost(piece) > limits->tcp_queue_bytes) {
        env->hits->tcp_queue_bytes++;
        return true;
    }
    if (!budget_allows(half->bytes, cost(piece), env->queued, limits->tcp_total_bytes)) {
        env->hits->tcp_total_bytes++;
        return true;
    }
    /* The sum is kept in 32 bits, whatever the limit says. */
    return half->bytes > UINT32_MAX / 2;
}

bool tcp_queue_insert(struct tcp_half *half, struct tcp_env *env, const struct tcp_piece *piece)
{
    struct tcp_node *node = malloc(cost(piece));
    if (!node)
        return false;
    node->piece = *piece;
    node->piece.data = node->data;
    memcpy(node->data, piece->data, piece->length);

    struct tcp_node *before = tcp_queue_find(half, piece->seq);
    struct tcp_node **link = before ? &before->next : &half->head;
    node->next = *link;
    *link = node;
    const struct tcp_node *after = node->next;
    if (after && after->piece.gated && node->piece.gated && tcp_before(after->piece.ack, node->piece.ack))
        node->piece.ack = after->piece.ack;
    if (!node->next)
        half->tail = node;
    half->segments++;
    half->bytes += cost(piece);
    env->queued += cost(piece);
    return true;
}

/* Makes two nodes of one, the second from `at` on. */
static void split(struct tcp_half *half, struct tcp_env *env, struct tcp_node *node, uint32_t at)
{
    struct tcp_piece *head = &node->piece, tail = *head;
    uint32_t n = at - head->seq, have = head->length < n ? head->length : n;
    tail.seq = at;
    tail.wire -= n;
    tail.length -= have;
    tail.data += have;
    if (tcp_queue_is_full(half, env, &tail))
        return;
    half->bytes -= tail.length;
    env->queued -= tail.length;
    head->length = have;
    head->wire = n;
    if (tcp_queue_insert(half, env, &tail))
        return;
    half->bytes += tail.length;
    env->queued += tail.length;
    head->length += tail.length;
    head->wire += tail.wire;
}

void tcp_queue_lower_gates(struct tcp_half *half, struct tcp_env *env, uint32_t end, uint32_t ack)
{
    /* Gates never fall along the queue. */
    if (!half->tail || !half->tail->piece.gated || !tcp_before(ack, half->tail->piece.ack))
        return;
    for (struct tcp_node *node = half->head; node && tcp_before(node->piece.seq, end); node = node->next) {
        if (!node->piece.gated || !tcp_before(ack, node->piece.ack))
            continue;
        if (tcp_before(end, tcp_piece_end(&node->piece)))
            split(half, env, node, end);
        if (!tcp_before(end, tcp_piece_end(&node->piece)))
            node->piece.ack = ack;
    }
}

struct tcp_node *tcp_queue_pop(struct tcp_half *half, struct tcp_env *env)
{
    struct tcp_node *node = half->head;
    if (!node)
        return NULL;
    half->head = node->next;
    if (!half->head)
        half->tail = NULL;
    half->segments--;
    half->bytes -= cost(&node->piece);
    env->queued -= cost(&node->piece);
    return node;
}

void tcp_node_free(struct tcp_node *node)
{
    free(node);
}

bool tcp_node_conflicts(const struct tcp_node *node, const struct tcp_piece *piece)
{
    uint32_t from = tcp_before(node->piece.seq, piece->seq) ? piece->seq : node->piece.seq;
    uint32_t end = node->piece.seq + node->piece.length;
    if (tcp_before(piece->seq + piece->length, end))
        end = piece->seq + piece->length;
    if (!tcp_before(from, end))
        return false;
    return memcmp(node->data + (from - node->piece.seq), piece->data + (from - piece->seq), end - from) != 0;
}
