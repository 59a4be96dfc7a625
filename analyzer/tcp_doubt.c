/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Window scale: RFC 7323, 2.2. */
#include "analyzer/tcp_doubt.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/budget.h"

/* So far beyond the window nothing is suspicious yet: a probe of a closed one, an acknowledgement that was not captured. */
enum { SLACK = 65536 };

/* `scale` of a half: nothing is known, its SYN had no such option, or the shift and this. */
enum { SCALE_UNKNOWN, SCALE_NONE, SCALE_SHIFT };

static uint64_t size_of(const struct tcp_doubt *doubt)
{
    return sizeof *doubt + doubt->segment.length;
}

void tcp_doubt_scale(struct tcp *tcp, int dir, const struct segment *s)
{
    enum { HEADER = 20, END = 0, NOP = 1, WINDOW_SCALE = 3, SHIFT_MAX = 14 };
    const uint8_t *p = s->tcp;
    if (!p)
        return;
    const uint8_t *end = p + (p[12] >> 4) * 4;
    uint8_t scale = SCALE_NONE;
    for (p += HEADER; p < end && *p != END;) {
        if (*p == NOP) {
            p++;
            continue;
        }
        if (end - p < 2 || p[1] < 2 || p[1] > end - p)
            break;
        if (*p == WINDOW_SCALE && p[1] == 3)
            scale = (uint8_t)(SCALE_SHIFT + (p[2] < SHIFT_MAX ? p[2] : SHIFT_MAX));
        p += p[1];
    }
    tcp->half[dir].scale = scale;
}

void tcp_doubt_learn(struct tcp *tcp, int dir, const struct segment *s)
{
    const struct tcp_half *half = &tcp->half[dir];
    struct tcp_half *peer = &tcp->half[!dir];
    if (half->scale == SCALE_UNKNOWN || peer->scale == SCALE_UNKNOWN)
        return;
    /* Windows are scaled if both sides said so, but for those of SYNs. */
    bool scaled = half->scale >= SCALE_SHIFT && peer->scale >= SCALE_SHIFT && !(s->flags & SEGMENT_SYN);
    uint32_t edge = s->ack + ((uint32_t)s->window << (scaled ? half->scale - SCALE_SHIFT : 0));
    if (!(peer->flags & HALF_EDGE) || tcp_before(peer->edge, edge))
        peer->edge = edge;
    peer->flags |= HALF_EDGE;
}

static bool is_beyond(const struct tcp_half *half, uint32_t seq)
{
    return (half->flags & (HALF_EDGE | HALF_KNOWN | HALF_FLOAT)) == (HALF_EDGE | HALF_KNOWN) &&
           tcp_distance(seq, half->edge) > SLACK;
}

static uint32_t end_of(const struct segment *s)
{
    return s->seq + s->wire_length;
}

bool tcp_doubt_beyond(const struct tcp *tcp, int dir, const struct segment *s)
{
    return is_beyond(&tcp->half[dir], end_of(s)) || ((s->flags & SEGMENT_ACK) && is_beyond(&tcp->half[!dir], s->ack));
}

bool tcp_doubt_confirms(const struct tcp *tcp, int dir, const struct segment *s)
{
    const struct tcp_doubt *doubt = tcp->doubt;
    if (!doubt || (doubt->segment.flags & SEGMENT_RST))
        return false;
    const struct segment *first = &doubt->segment;
    if (doubt->dir == dir)
        return s->seq == end_of(first) && first->wire_length > 0;
    return (s->flags & first->flags & SEGMENT_ACK) && s->ack == end_of(first) && s->seq == first->ack;
}

struct tcp_doubt *tcp_doubt_take(const struct tcp_run *run)
{
    struct tcp_doubt *doubt = run->tcp->doubt;
    run->tcp->doubt = NULL;
    if (doubt)
        run->env->queued -= size_of(doubt);
    return doubt;
}

void tcp_doubt_free(struct tcp_doubt *doubt)
{
    free(doubt);
}

static void ignore(const struct tcp_run *run)
{
    run->env->counters->ignored_segments++;
    tcp_doubt_free(tcp_doubt_take(run));
}

void tcp_doubt_keep(const struct tcp_run *run, int dir, const struct segment *s)
{
    uint64_t size = sizeof(struct tcp_doubt) + s->length;
    if (run->tcp->doubt)
        ignore(run);
    struct tcp_doubt *doubt = NULL;
    if (budget_allows(0, size, run->env->queued, run->env->limits->tcp_total_bytes))
        doubt = malloc(size);
    if (!doubt) {
        run->env->counters->ignored_segments++;
        return;
    }
    *doubt = (struct tcp_doubt){.segment = *s, .dir = dir};
    memcpy(doubt->data, s->payload, s->length);
    doubt->segment.payload = doubt->data;
    doubt->segment.ip = doubt->segment.tcp = NULL;
    run->env->queued += size;
    run->tcp->doubt = doubt;
}

void tcp_doubt_go_on(const struct tcp_run *run, int dir, const struct segment *s)
{
    const struct tcp_doubt *doubt = run->tcp->doubt;
    /* What was sent before and came late, or again, says nothing. */
    if (doubt && doubt->dir == dir && !tcp_before(end_of(s), run->tcp->half[dir].next))
        ignore(run);
}
