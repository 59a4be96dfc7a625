/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Invariants of a half whose start is known (HALF_KNOWN) and does not float (HALF_FLOAT):
 *
 * - everything before `next` was delivered or declared a gap; nothing at or after it was;
 * - `acked` is never before `next`, so that the two stay comparable however long the other side is silent;
 * - after tcp_drain() the queue's first node is behind a hole, or its gate is closed by a hole of the other half.
 */
#include "analyzer/tcp_order.h"

static void advance(struct tcp_half *half, uint32_t to)
{
    half->next = to;
    half->flags = (uint16_t)((half->flags | HALF_MOVED) & ~HALF_SOFT);
    if (tcp_before(half->acked, to))
        half->acked = to;
    if ((half->flags & HALF_WAIT) && !tcp_before(to, half->wait_end))
        half->flags &= (uint16_t)~HALF_WAIT;
}

static void emit_gap(const struct tcp_run *run, int dir, uint32_t n, enum tcp_gap why, int64_t time_ns, uint64_t number)
{
    struct counters *counters = run->env->counters;
    *(why == TCP_GAP_LOST ? &counters->gap_bytes_lost : &counters->gap_bytes_snaplen) += n;
    run->env->sink.gap(run->user, dir, n, why, time_ns, number);
}

void tcp_emit(const struct tcp_run *run, int dir, enum tcp_event event)
{
    run->env->sink.event(run->user, dir, event, run->env->time_ns, run->env->number);
}

void tcp_deliver(const struct tcp_run *run, int dir, const struct tcp_piece *piece)
{
    struct tcp_half *half = &run->tcp->half[dir];
    uint32_t skip = half->next - piece->seq;
    if (skip >= piece->wire)
        return;
    if (half->flags & HALF_GHOST) {
        half->flags &= (uint16_t)~HALF_GHOST;
        emit_gap(run, dir, 1, TCP_GAP_LOST, piece->time_ns, piece->number);
    }
    advance(half, tcp_piece_end(piece));
    half->flags &= (uint16_t)~HALF_WAIT; /* as long as bytes come, the others may be on their way */
    if (skip < piece->length) {
        run->env->counters->payload_bytes += piece->length - skip;
        run->env->sink.data(run->user, dir, piece->data + skip, piece->length - skip, piece->time_ns, piece->number);
        skip = piece->length;
    }
    if (skip < piece->wire)
        emit_gap(run, dir, piece->wire - skip, TCP_GAP_SNAPLEN, piece->time_ns, piece->number);
}

static void deliver_head(const struct tcp_run *run, int dir)
{
    struct tcp_node *node = tcp_queue_pop(&run->tcp->half[dir], run->env);
    tcp_deliver(run, dir, &node->piece);
    tcp_node_free(node);
}

static void deliver_fin(const struct tcp_run *run, int dir)
{
    struct tcp_half *half = &run->tcp->half[dir];
    advance(half, half->fin_seq + 1);
    half->flags |= HALF_CLOSED;
    if (run->tcp->half[!dir].flags & HALF_CLOSED)
        run->tcp->over = 1;
    run->env->sink.event(run->user, dir, TCP_FIN, half->fin_time, half->fin_number);
}

bool tcp_gate_is_open(const struct tcp_half *half, uint32_t ack)
{
    if (half->flags & HALF_FLOAT)
        return false;
    if (!(half->flags & HALF_KNOWN) || (half->flags & HALF_CLOSED))
        return true;
    int32_t ahead = tcp_distance(ack, half->next);
    return ahead <= 0 || ahead > TCP_PLAUSIBLE;
}

bool tcp_fin_is_pending(const struct tcp_half *half)
{
    return (half->flags & (HALF_FIN | HALF_CLOSED)) == HALF_FIN && !tcp_before(half->fin_seq, half->next);
}

/* What comes next in a direction, if nothing is missing before it. */
enum item { ITEM_NONE, ITEM_NODE, ITEM_FIN };

static enum item next_item(const struct tcp_half *half, uint64_t *number, bool *open, const struct tcp_half *peer)
{
    if (half->flags & HALF_FLOAT)
        return ITEM_NONE;
    if (half->head && !tcp_before(half->next, half->head->piece.seq)) {
        *number = half->head->piece.number;
        *open = !half->head->piece.gated || tcp_gate_is_open(peer, half->head->piece.ack);
        return ITEM_NODE;
    }
    if (tcp_fin_is_pending(half) && half->next == half->fin_seq) {
        *number = half->fin_number;
        *open = !(half->flags & HALF_FIN_ACK) || tcp_gate_is_open(peer, half->fin_ack);
        return ITEM_FIN;
    }
    return ITEM_NONE;
}

/* The first pieces of both halves acknowledge bytes of each other. So one of them was sent again with a newer
 * acknowledgement, and its first copy, which the other one answers, was not captured or comes later. Returns which is
 * to go first: the one that is acknowledged as a whole, and if both are, the one captured last. */
static int first_of_two(const struct tcp_half *a, const struct tcp_half *b, const uint64_t number[2])
{
    uint32_t a_end = a->head ? tcp_piece_end(&a->head->piece) : a->fin_seq + 1;
    uint32_t b_end = b->head ? tcp_piece_end(&b->head->piece) : b->fin_seq + 1;
    uint32_t a_ack = a->head ? a->head->piece.ack : a->fin_ack;
    uint32_t b_ack = b->head ? b->head->piece.ack : b->fin_ack;
    bool a_whole = !tcp_before(b_ack, a_end);
    bool b_whole = !tcp_before(a_ack, b_end);
    if (a_whole != b_whole)
        return b_whole;
    return number[1] > number[0];
}

void tcp_drain(const struct tcp_run *run)
{
    struct tcp_half *half = run->tcp->half;
    for (;;) {
        uint64_t number[2] = {0, 0};
        bool open[2] = {false, false};
        enum item item[2] = {next_item(&half[0], &number[0], &open[0], &half[1]),
                             next_item(&half[1], &number[1], &open[1], &half[0])};
        int dir;
        if (open[0] && open[1]) {
            dir = number[1] < number[0];
        } else if (open[0] || open[1]) {
            dir = open[1];
        } else if (item[0] && item[1] && !((half[0].flags | half[1].flags) & HALF_FLOAT)) {
            dir = first_of_two(&half[0], &half[1], number);
        } else {
            return;
        }
        if (item[dir] == ITEM_NODE)
            deliver_head(run, dir);
        else
            deliver_fin(run, dir);
    }
}

/* Whether bytes before `acked` are missing at `next`. */
static bool has_acked_hole(const struct tcp_half *half)
{
    if (half->flags & HALF_FLOAT)
        return true;
    if ((half->flags & (HALF_KNOWN | HALF_CLOSED)) != HALF_KNOWN || !tcp_before(half->next, half->acked))
        return false;
    if (half->head && !tcp_before(half->next, half->head->piece.seq))
        return false;
    return !(tcp_fin_is_pending(half) && half->next == half->fin_seq);
}

/* What the first item of a half needs of the other half, and which segment says so. */
static uint32_t item_ack(const struct tcp_half *half, enum item item, struct tcp_cause *cause)
{
    if (item == ITEM_NODE) {
        *cause = (struct tcp_cause){half->head->piece.time_ns, half->head->piece.number};
        return half->head->piece.ack;
    }
    *cause = (struct tcp_cause){half->fin_time, half->fin_number};
    return half->fin_ack;
}

/* Declares bytes lost from the hole at `next` on: up to the next thing that is known of either half, at most to `end`.
 */
static void lose_hole(const struct tcp_run *run, int dir, uint32_t end, struct tcp_cause cause)
{
    struct tcp_half *half = &run->tcp->half[dir];
    const struct tcp_half *peer = &run->tcp->half[!dir];
    bool fin = tcp_fin_is_pending(half);
    if (!half->head && !fin && end - half->next == 1 && !peer->head && (peer->flags & HALF_FIN) &&
        !(half->flags & HALF_GHOST)) {
        /* One number is missing and no bytes answer it, but the connection is being closed: it was the FIN, unless
         * bytes follow. */
        half->flags |= HALF_GHOST;
        advance(half, end);
        return;
    }
    /* What the peer said knowing only a part of the bytes comes right after that part. */
    uint64_t number;
    bool open = true;
    enum item item = next_item(peer, &number, &open, half);
    if (item != ITEM_NONE && !open) {
        struct tcp_cause peers;
        uint32_t ack = item_ack(peer, item, &peers);
        if (tcp_before(ack, end)) {
            end = ack;
            cause = peers;
        }
    }
    if (fin && !tcp_before(end, half->fin_seq)) {
        end = half->fin_seq;
        cause = (struct tcp_cause){half->fin_time, half->fin_number};
    }
    if (half->head && !tcp_before(end, half->head->piece.seq)) {
        end = half->head->piece.seq;
        cause = (struct tcp_cause){half->head->piece.time_ns, half->head->piece.number};
    }
    bool had_ghost = half->flags & HALF_GHOST;
    uint32_t n = end - half->next;
    half->flags &= (uint16_t)~HALF_GHOST;
    advance(half, end);
    emit_gap(run, dir, n + had_ghost, TCP_GAP_LOST, cause.time_ns, cause.number);
}

void tcp_give_up(const struct tcp_run *run, int dir, uint32_t end, struct tcp_cause cause)
{
    struct tcp_half *half = &run->tcp->half[dir];
    struct tcp_half *peer = &run->tcp->half[!dir];
    half->flags &= (uint16_t)~HALF_FLOAT;
    tcp_drain(run);
    while (tcp_before(half->next, end) && !(half->flags & HALF_CLOSED)) {
        uint64_t number;
        bool open;
        enum item item = next_item(half, &number, &open, peer);
        if (item == ITEM_NONE) {
            lose_hole(run, dir, end, cause);
        } else if (peer->flags & HALF_FLOAT) {
            peer->flags &= (uint16_t)~HALF_FLOAT;
        } else {
            /* The bytes are here but answer some that are not: tcp_drain() left a hole there. */
            struct tcp_cause why;
            uint32_t ack = item_ack(half, item, &why);
            lose_hole(run, !dir, ack, why);
        }
        tcp_drain(run);
    }
}

void tcp_check_wait(const struct tcp_run *run, int dir)
{
    struct tcp_half *half = &run->tcp->half[dir];
    struct tcp_env *env = run->env;
    if (!has_acked_hole(half)) {
        half->flags &= (uint16_t)~HALF_WAIT;
        return;
    }
    bool absent = (half->flags & (HALF_ABSENT | HALF_SEEN)) == HALF_ABSENT;
    if (!(half->flags & HALF_WAIT)) {
        half->flags |= HALF_WAIT;
        half->wait_end = half->acked;
        half->wait_time = env->time_ns;
        half->wait_number = env->number;
        half->wait_left =
            env->limits->tcp_hold_packets < UINT32_MAX ? (uint32_t)env->limits->tcp_hold_packets : UINT32_MAX;
        if (!absent)
            return;
    } else if (!absent) {
        int64_t waited = (int64_t)((uint64_t)env->time_ns - (uint64_t)half->wait_time);
        if (half->wait_left == 0) {
            env->hits->tcp_hold_packets++;
        } else if (waited > 0 && (uint64_t)waited / 1000000 >= env->limits->tcp_hold_ms) {
            env->hits->tcp_hold_ms++;
        } else {
            half->wait_left--;
            return;
        }
    }
    uint32_t end = half->wait_end;
    struct tcp_cause cause = {half->wait_time, half->wait_number};
    if (!(half->flags & HALF_SEEN)) {
        half->flags |= HALF_ABSENT;
        end = half->acked;
        cause = (struct tcp_cause){env->time_ns, env->number};
    }
    tcp_give_up(run, dir, end, cause);
    half->flags &= (uint16_t)~HALF_WAIT;
}

void tcp_force(const struct tcp_run *run, int dir)
{
    const struct tcp_half *half = &run->tcp->half[dir];
    if (half->head)
        tcp_give_up(run, dir, half->head->piece.seq + 1,
                    (struct tcp_cause){half->head->piece.time_ns, half->head->piece.number});
    else
        tcp_give_up(run, dir, half->fin_seq + 1, (struct tcp_cause){half->fin_time, half->fin_number});
}

void tcp_flush(const struct tcp_run *run)
{
    struct tcp_half *half = run->tcp->half;
    for (int dir = 0; dir < 2; dir++)
        half[dir].flags &= (uint16_t)~HALF_FLOAT;
    tcp_drain(run);
    for (;;) {
        uint64_t number[2];
        for (int dir = 0; dir < 2; dir++)
            number[dir] = half[dir].head                   ? half[dir].head->piece.number
                          : tcp_fin_is_pending(&half[dir]) ? half[dir].fin_number
                                                           : UINT64_MAX;
        if (number[0] == UINT64_MAX && number[1] == UINT64_MAX)
            break;
        tcp_force(run, number[1] < number[0]);
    }
    for (int dir = 0; dir < 2; dir++)
        if (half[dir].flags & HALF_KNOWN)
            tcp_give_up(run, dir, half[dir].acked,
                        half[dir].flags & HALF_WAIT ? (struct tcp_cause){half[dir].wait_time, half[dir].wait_number}
                                                    : (struct tcp_cause){run->env->time_ns, run->env->number});
}
