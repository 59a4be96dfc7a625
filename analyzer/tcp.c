/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP for a watcher: RFC 9293, read from beside. Here segments are placed in the sequence space and stripped of what is
 * known already; tcp_order.c decides when their bytes go out. */
#include "analyzer/tcp.h"
#include "analyzer/tcp_doubt.h"

/* No IP packet is larger, with segmentation offload and jumbograms as recorders see them. */
#define SEGMENT_MAX (1 << 24)

/* Takes one piece that is neither delivered nor queued yet. */
static void take(const struct tcp_run *run, int dir, const struct tcp_piece *piece)
{
    struct tcp_half *half = &run->tcp->half[dir];
    struct tcp_half *peer = &run->tcp->half[!dir];
    if (half->tail && tcp_before(piece->seq, half->tail->piece.seq))
        run->env->counters->out_of_order++;
    if (piece->seq == half->next && !(half->flags & HALF_FLOAT) &&
        (!piece->gated || tcp_gate_is_open(peer, piece->ack))) {
        tcp_deliver(run, dir, piece);
        return;
    }
    run->env->counters->held_segments++;
    bool full;
    while ((full = tcp_queue_is_full(half, run->env, piece)) && half->head &&
           tcp_before(half->head->piece.seq, piece->seq))
        tcp_force(run, dir);
    if (!full && tcp_queue_insert(half, run->env, piece))
        return;
    /* There is no room for it, so everything it waits for is given up. */
    struct tcp_cause cause = {piece->time_ns, piece->number};
    tcp_give_up(run, dir, piece->seq, cause);
    peer->flags &= (uint16_t)~HALF_FLOAT;
    if (piece->gated && !tcp_gate_is_open(peer, piece->ack))
        tcp_give_up(run, !dir, piece->ack, cause);
    tcp_deliver(run, dir, piece);
}

/* Takes the payload of a segment, without what was seen before. `seq` is the number of its first byte. */
static void take_payload(const struct tcp_run *run, int dir, const struct segment *s, uint32_t seq)
{
    struct tcp_half *half = &run->tcp->half[dir];
    struct counters *counters = run->env->counters;
    uint32_t end = seq + s->wire_length;
    if ((half->flags & HALF_FIN) && tcp_before(half->fin_seq, end)) {
        counters->ignored_segments++;
        end = half->fin_seq;
    }
    if (s->wire_length > s->length)
        counters->cut_segments++;

    if (half->head && (s->flags & SEGMENT_ACK))
        tcp_queue_lower_gates(half, run->env, end, s->ack);
    uint32_t cur = seq;
    while (tcp_before(cur, end)) {
        uint32_t offset = cur - seq;
        struct tcp_piece piece = {
            .data = s->payload + (offset < s->length ? offset : s->length),
            .time_ns = s->time_ns,
            .number = s->number,
            .seq = cur,
            .length = offset < s->length ? s->length - offset : 0,
            .wire = end - cur,
            .ack = s->ack,
            .gated = s->flags & SEGMENT_ACK,
        };
        uint32_t known = cur; /* the bytes before this are known already */
        uint32_t stop = end;
        if (tcp_before(cur, half->next)) {
            known = half->next;
        } else if (half->head) {
            struct tcp_node *node = tcp_queue_find(half, cur);
            struct tcp_node *after = node ? node->next : half->head;
            if (node && tcp_before(cur, tcp_piece_end(&node->piece))) {
                known = tcp_piece_end(&node->piece);
                if (tcp_node_conflicts(node, &piece))
                    counters->overlap_conflicts++;
            } else if (after && tcp_before(after->piece.seq, end)) {
                stop = after->piece.seq;
            }
            if (after && after->piece.gated && piece.gated && tcp_before(after->piece.ack, piece.ack))
                piece.ack = after->piece.ack; /* what comes before was sent before */
        }
        if (known != cur) {
            stop = tcp_before(known, end) ? known : end;
            counters->retransmitted_bytes += stop - cur;
        } else {
            piece.wire = stop - cur;
            if (piece.length > piece.wire)
                piece.length = piece.wire;
            take(run, dir, &piece);
            if (half->head || run->tcp->half[!dir].head)
                tcp_drain(run);
        }
        cur = stop;
    }
}

static void take_fin(const struct tcp_run *run, int dir, const struct segment *s, uint32_t seq)
{
    struct tcp_half *half = &run->tcp->half[dir];
    if (half->flags & HALF_FIN)
        return;
    uint32_t fin_seq = seq + s->wire_length;
    if ((half->flags & HALF_GHOST) && fin_seq + 1 == half->next) {
        /* So it was the FIN that had been passed over. */
        half->flags &= (uint16_t)~HALF_GHOST;
        half->next = fin_seq;
    }
    if (tcp_before(fin_seq, half->next) || (half->tail && tcp_before(fin_seq, tcp_piece_end(&half->tail->piece)))) {
        /* Bytes behind it came first. */
        run->env->counters->ignored_segments++;
        return;
    }
    half->fin_seq = fin_seq;
    half->fin_ack = s->ack;
    half->fin_time = s->time_ns;
    half->fin_number = s->number;
    half->flags |= HALF_FIN;
    if (s->flags & SEGMENT_ACK)
        half->flags |= HALF_FIN_ACK;
}

/* Sets where a direction starts. */
static void anchor(struct tcp_half *half, uint32_t next)
{
    half->base = next - 1;
    half->next = next;
    int32_t ahead = tcp_distance(half->acked, next);
    if (!(half->flags & HALF_KNOWN) || ahead < 0 || ahead > TCP_PLAUSIBLE)
        half->acked = next;
    half->flags = (uint16_t)((half->flags | HALF_KNOWN) & ~(HALF_FLOAT | HALF_SOFT | HALF_WAIT));
}

/* Moves the start of a floating direction back, unless something that is known of it would get out of reach. */
static void lower(struct tcp_half *half, uint32_t next)
{
    int32_t acked = tcp_distance(half->acked, next);
    int32_t tail = half->tail ? tcp_distance(tcp_piece_end(&half->tail->piece), next) : 0;
    int32_t fin = half->flags & HALF_FIN ? tcp_distance(half->fin_seq, next) : 0;
    if (acked < 0 || acked > TCP_PLAUSIBLE || tail < 0 || tail > TCP_PLAUSIBLE || fin < 0 || fin > TCP_PLAUSIBLE)
        return;
    half->next = next;
    half->base = next - 1;
}

/* Learns from an acknowledgement of bytes of `dir`. */
static void take_ack(const struct tcp_run *run, int dir, uint32_t ack)
{
    struct tcp_half *half = &run->tcp->half[dir];
    if (!(half->flags & HALF_KNOWN)) {
        anchor(half, ack);
        if (run->tcp->half[!dir].flags & HALF_SYN)
            half->flags |= HALF_FLOAT;
        return;
    }
    int32_t ahead = tcp_distance(ack, half->next);
    if (ahead <= 0) {
        if (ahead < 0 && (half->flags & HALF_FLOAT))
            lower(half, ack);
        return;
    }
    if (ahead > TCP_PLAUSIBLE)
        return;
    if (ahead == 1 && (half->flags & (HALF_SOFT | HALF_FIN)) == HALF_SOFT && !half->head)
        anchor(half, ack);
    else if (tcp_before(half->acked, ack))
        half->acked = ack;
}

/* Returns false if the SYN does not belong to this connection. */
static bool take_syn(const struct tcp_run *run, int dir, const struct segment *s)
{
    struct tcp_half *half = &run->tcp->half[dir];
    bool accepted = (half->flags & HALF_SYNACK) && (run->tcp->half[!dir].flags & HALF_DECIDED);
    if (accepted && s->seq != half->base)
        return false; /* the opener has taken another one */
    if (!(half->flags & HALF_MOVED)) {
        anchor(half, s->seq + 1);
        /* What was queued while the start was unknown, and lies before it or too far behind it, is of something else.
         */
        while (half->head && (tcp_before(half->head->piece.seq, half->next) ||
                              (uint32_t)(tcp_piece_end(&half->tail->piece) - half->next) > TCP_PLAUSIBLE))
            tcp_node_free(tcp_queue_pop(half, run->env));
        int32_t fin = tcp_distance(half->fin_seq, half->next);
        if ((half->flags & HALF_FIN) && (fin < 0 || fin > TCP_PLAUSIBLE))
            half->flags &= (uint16_t) ~(HALF_FIN | HALF_FIN_ACK);
    } else if (s->seq != half->base || tcp_distance(half->next, s->seq) > TCP_PLAUSIBLE ||
               tcp_before(half->next, s->seq)) {
        /* Not its SYN, or one so old that its number means other bytes by now. */
        return false;
    }
    enum half_flag kind = s->flags & SEGMENT_ACK ? HALF_SYNACK : HALF_SYN;
    if (!(half->flags & kind)) {
        half->flags |= (uint16_t)kind;
        tcp_doubt_scale(run->tcp, dir, s);
        tcp_emit(run, dir, kind == HALF_SYN ? TCP_SYN : TCP_SYNACK);
    }
    return true;
}

/* Places a segment without SYN in the sequence space. Returns false if it is far outside. */
static bool place(const struct tcp_run *run, int dir, const struct segment *s)
{
    struct tcp_half *half = &run->tcp->half[dir];
    bool fresh = !(half->flags & (HALF_SEEN | HALF_MOVED)); /* what is known came from the peer's acknowledgements */
    if (!(half->flags & HALF_KNOWN)) {
        anchor(half, s->seq);
        if (run->tcp->half[!dir].flags & HALF_SYN)
            half->flags |= HALF_FLOAT;
        else if (s->wire_length == 0 && !(s->flags & SEGMENT_FIN))
            half->flags |= HALF_SOFT;
        return true;
    }
    int32_t ahead = tcp_distance(s->seq, half->next);
    if (ahead > TCP_PLAUSIBLE || ahead < -TCP_PLAUSIBLE) {
        if (!fresh)
            return false;
        anchor(half, s->seq);
    } else if (ahead < 0 && (half->flags & HALF_FLOAT)) {
        lower(half, s->seq);
    } else if (ahead == 1 && (half->flags & (HALF_SOFT | HALF_FIN)) == HALF_SOFT && !half->head &&
               (s->wire_length > 0 || (s->flags & SEGMENT_FIN))) {
        anchor(half, s->seq);
    }
    return true;
}

/* The opener's first segment after the SYN/ACK tells when the connection was established, if it is the very answer. */
static void check_established(const struct tcp_run *run, int dir, const struct segment *s)
{
    struct tcp_half *half = &run->tcp->half[dir];
    const struct tcp_half *peer = &run->tcp->half[!dir];
    half->flags |= HALF_DECIDED;
    if ((peer->flags & HALF_SYNACK) && (s->flags & SEGMENT_ACK) && s->ack == peer->base + 1)
        tcp_emit(run, dir, TCP_ESTABLISHED);
}

/* Whether a reset answers a SYN, that of this connection or another one. */
static bool answers_syn(const struct tcp *tcp, int dir, const struct segment *s)
{
    const struct tcp_half *half = &tcp->half[dir], *peer = &tcp->half[!dir];
    return !(half->flags & HALF_SEEN) && (peer->flags & (HALF_SYN | HALF_MOVED)) == HALF_SYN && (s->flags & SEGMENT_ACK);
}

/* Whether a reset stands right behind what its sender has sent, or the other side has acknowledged. Only such a one is sure to end
 * the connection (RFC 5961, 3.2). Of a sender of which nothing is known yet, any does, but an answer to another SYN. */
static bool is_exact_reset(const struct tcp *tcp, int dir, const struct segment *s)
{
    const struct tcp_half *half = &tcp->half[dir];
    if (answers_syn(tcp, dir, s))
        return s->ack == tcp->half[!dir].next;
    if (!(half->flags & HALF_KNOWN))
        return true;
    return s->seq == half->next || s->seq == half->acked || (half->tail && s->seq == tcp_piece_end(&half->tail->piece)) ||
           ((half->flags & HALF_FIN) && s->seq == half->fin_seq + 1);
}

static void take_reset(const struct tcp_run *run, int dir, const struct segment *s)
{
    const struct tcp_half *half = &run->tcp->half[dir];
    int32_t ahead = tcp_distance(s->seq, half->next);
    if (!is_exact_reset(run->tcp, dir, s)) {
        bool far = ahead > TCP_PLAUSIBLE || ahead < -TCP_PLAUSIBLE || tcp_doubt_beyond(run->tcp, dir, s);
        if (far || answers_syn(run->tcp, dir, s))
            run->env->counters->ignored_segments++;
        else
            tcp_doubt_keep(run, dir, s);
        return;
    }
    tcp_flush(run);
    run->tcp->over = 1;
    tcp_emit(run, dir, TCP_RST);
}

/* Whether a segment is the next one of its direction, acknowledges nothing that is missing, and nothing is unusual:
 * then its payload goes out and that is all. True of nearly every segment. */
static bool is_next(const struct tcp *tcp, int dir, const struct segment *s)
{
    const struct tcp_half *half = &tcp->half[dir], *peer = &tcp->half[!dir];
    const uint16_t usual = HALF_SEEN | HALF_KNOWN | HALF_MOVED;
    /* What may be set besides: the opening, once it is settled. */
    const uint16_t settled = HALF_SYN | HALF_SYNACK | HALF_DECIDED | HALF_ABSENT | HALF_EDGE;
    uint32_t opening = half->flags & (HALF_SYN | HALF_DECIDED);
    return !tcp->over && (s->flags & (SEGMENT_SYN | SEGMENT_FIN | SEGMENT_RST | SEGMENT_ACK)) == SEGMENT_ACK &&
           s->seq == half->next && s->wire_length - 1 < SEGMENT_MAX && (half->flags & ~settled) == usual &&
           (peer->flags & ~settled) == usual && opening != HALF_SYN && !half->head && !peer->head &&
           half->acked == half->next && peer->acked == peer->next && (uint32_t)(peer->next - s->ack) <= TCP_PLAUSIBLE;
}

/* What was put aside was right after all: bytes before it were lost, and the windows are others by now. */
static void take_doubt(const struct tcp_run *run)
{
    struct tcp_doubt *doubt = tcp_doubt_take(run);
    for (int dir = 0; dir < 2; dir++)
        run->tcp->half[dir].flags &= (uint16_t)~HALF_EDGE;
    tcp_push(run->tcp, run->env, run->user, doubt->dir, &doubt->segment);
    for (int dir = 0; dir < 2; dir++)
        run->tcp->half[dir].flags &= (uint16_t)~HALF_EDGE;
    tcp_doubt_free(doubt);
}

void tcp_push(struct tcp *tcp, struct tcp_env *env, void *user, int dir, const struct segment *s)
{
    const struct tcp_run run = {tcp, env, user};
    struct tcp_half *half = &tcp->half[dir];
    env->time_ns = s->time_ns;
    env->number = s->number;

    if (is_next(tcp, dir, s)) {
        struct tcp_piece piece = {
            .data = s->payload,
            .time_ns = s->time_ns,
            .number = s->number,
            .seq = s->seq,
            .length = s->length,
            .wire = s->wire_length,
        };
        if (s->wire_length > s->length)
            env->counters->cut_segments++;
        tcp_deliver(&run, dir, &piece);
        tcp_doubt_learn(tcp, dir, s);
        if (tcp->doubt)
            tcp_doubt_go_on(&run, dir, s);
        return;
    }
    if (tcp->over) {
        if (s->wire_length > 0)
            env->counters->ignored_segments++;
        return;
    }
    if (s->flags & SEGMENT_RST) {
        take_reset(&run, dir, s);
        return;
    }
    if (!(s->flags & SEGMENT_SYN) && s->wire_length <= SEGMENT_MAX && tcp_doubt_beyond(tcp, dir, s)) {
        if (!tcp_doubt_confirms(tcp, dir, s)) {
            tcp_doubt_keep(&run, dir, s);
            return;
        }
        take_doubt(&run);
        tcp_push(tcp, env, user, dir, s);
        return;
    }
    if (s->wire_length > SEGMENT_MAX || (s->flags & SEGMENT_SYN ? !take_syn(&run, dir, s) : !place(&run, dir, s))) {
        env->counters->ignored_segments++;
        return;
    }
    half->flags |= HALF_SEEN;
    if (tcp->doubt)
        tcp_doubt_go_on(&run, dir, s);
    if (s->flags & SEGMENT_ACK)
        tcp_doubt_learn(tcp, dir, s);
    if ((half->flags & (HALF_SYN | HALF_DECIDED)) == HALF_SYN && !(s->flags & SEGMENT_SYN))
        check_established(&run, dir, s);
    if (s->flags & SEGMENT_ACK)
        take_ack(&run, !dir, s->ack);
    tcp_check_wait(&run, !dir);
    int32_t ahead = tcp_distance(s->seq, half->next);
    if (ahead > TCP_PLAUSIBLE || ahead < -TCP_PLAUSIBLE) {
        env->counters->ignored_segments++; /* this side has moved far on: bytes of it were given up just now */
        return;
    }

    uint32_t seq = s->flags & SEGMENT_SYN ? s->seq + 1 : s->seq;
    if (s->wire_length <= 1 && seq + 1 == half->next && !(s->flags & (SEGMENT_SYN | SEGMENT_FIN))) {
        env->counters->keep_alives++;
    } else {
        if (s->wire_length > 0)
            take_payload(&run, dir, s, seq);
        if (s->flags & SEGMENT_FIN)
            take_fin(&run, dir, s, seq);
    }
    if (tcp->half[0].head || tcp->half[1].head || tcp_fin_is_pending(&tcp->half[0]) ||
        tcp_fin_is_pending(&tcp->half[1]))
        tcp_drain(&run);
    tcp_check_wait(&run, dir);
}

void tcp_age(struct tcp *tcp, struct tcp_env *env, void *user, int64_t now_ns)
{
    const struct tcp_run run = {tcp, env, user};
    for (int dir = 0; dir < 2; dir++) {
        const struct tcp_half *half = &tcp->half[dir];
        if (!(half->flags & HALF_WAIT) || now_ns - half->wait_time < (int64_t)env->limits->tcp_hold_ms * 1000000)
            continue;
        env->time_ns = now_ns;
        env->number = half->wait_number;
        tcp_check_wait(&run, dir);
        tcp_drain(&run);
    }
}

void tcp_finish(struct tcp *tcp, struct tcp_env *env, void *user)
{
    const struct tcp_run run = {tcp, env, user};
    struct tcp_doubt *doubt = tcp_doubt_take(&run);
    tcp_flush(&run);
    if (doubt && !tcp->over && (doubt->segment.flags & SEGMENT_RST)) {
        tcp->over = 1;
        env->sink.event(user, doubt->dir, TCP_RST, doubt->segment.time_ns, doubt->segment.number);
    } else if (doubt) {
        env->counters->ignored_segments++;
    }
    tcp_doubt_free(doubt);
}

enum tcp_opening tcp_judge_syn(const struct tcp *tcp, int dir, const struct segment *s)
{
    const struct tcp_half *half = &tcp->half[dir];
    const struct tcp_half *peer = &tcp->half[!dir];
    /* A port can be opened again with the same number after a reset that answered the first SYN. */
    if (tcp->over && !(s->flags & SEGMENT_ACK) && !((half->flags | peer->flags) & HALF_MOVED))
        return TCP_OPENING_NEW;
    if (!(half->flags & HALF_KNOWN) || s->seq == half->base)
        return TCP_OPENING_SAME;
    /* An answer to the very SYN of this connection belongs to it, whatever its own number. */
    if ((s->flags & SEGMENT_ACK) && (peer->flags & HALF_SYN) && s->ack == peer->base + 1)
        return TCP_OPENING_SAME;
    return TCP_OPENING_NEW;
}

bool tcp_is_elsewhere(const struct tcp *tcp, int dir, const struct segment *s)
{
    /* Behind a FIN is nothing; who did not hear of a reset yet may have sent as much as there is on the way. */
    enum { ON_THE_WAY = 1 << 24 };
    const struct tcp_half *half = &tcp->half[dir];
    bool closed = tcp->half[0].flags & tcp->half[1].flags & HALF_CLOSED;
    int32_t ahead = tcp_distance(s->seq + s->wire_length, half->next);
    return (half->flags & HALF_KNOWN) && (ahead > (closed ? 0 : ON_THE_WAY) || ahead < -TCP_PLAUSIBLE);
}
