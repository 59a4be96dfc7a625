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
    if (!node->next)
        half->tail = node;
    half->segments++;
    half->bytes += cost(piece);
    env->queued += cost(piece);
    return true;
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
