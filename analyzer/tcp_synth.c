/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tcp_synth.h"

#include <string.h>

enum { TCP_HEADER = 20, IPV4_HEADER = 20, IPV6_HEADER = 40, PACKET_MAX = 65535 };

/* Bits of the flags with which a SYN asks for ECN (RFC 3168). */
enum { ECN = 0xc0 };

/* Of link layer and IP with all its options and extension headers. More is not copied. */
enum { HEADER_MAX = 1024 };

/* What is sent without hearing from the receiver stays below the window that is announced here. */
enum { WINDOW = 65535, UNACKED_MAX = 60000, MSS_USUAL = 1460, MSS_MIN = 536 };

/* -- checksums ----------------------------------------------------------------------------------------------------- */

static void put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put32(uint8_t *p, uint32_t value)
{
    put16(p, value >> 16);
    put16(p + 2, value);
}

/* Adds numbers of 16 bits; a last odd byte counts as if a zero stood behind it. */
static uint64_t sum(uint64_t so_far, const uint8_t *p, size_t n)
{
    for (; n > 1; p += 2, n -= 2)
        so_far += (uint32_t)(p[0] << 8 | p[1]);
    return n ? so_far + ((uint32_t)p[0] << 8) : so_far;
}

/* RFC 1071: the complement of the sum in ones' complement. */
static uint16_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

void tcp_synth_finish(uint8_t *ip, size_t tcp, size_t n)
{
    enum { PROTOCOL = 6 };
    bool v4 = ip[0] >> 4 == 4;
    if (v4) {
        put16(ip + 2, (uint32_t)n);
        put16(ip + 10, 0);
        put16(ip + 10, fold(sum(0, ip, (size_t)(ip[0] & 15) * 4)));
    } else {
        put16(ip + 4, (uint32_t)(n - IPV6_HEADER));
    }
    /* The pseudo header: both addresses, protocol, length. */
    uint64_t pseudo = (v4 ? sum(0, ip + 12, 8) : sum(0, ip + 8, 32)) + PROTOCOL + (n - tcp);
    put16(ip + tcp + 16, 0);
    put16(ip + tcp + 16, fold(sum(pseudo, ip + tcp, n - tcp)));
}

/* -- packets ------------------------------------------------------------------------------------------------------- */

/* Writes a segment of `dir` at its next number. `options`: of TCP, a multiple of 4 bytes. */
static void write_segment(struct tcp_synth *t, int dir, uint8_t flags, uint32_t seq, uint16_t window,
                          const uint8_t *options, size_t n_options, const uint8_t *p, size_t n, int64_t time_ns,
                          struct tcp_synth_sink sink)
{
    struct tcp_synth_half *half = &t->half[dir], *peer = &t->half[!dir];
    size_t size = half->n + n_options + n, tcp = half->n - TCP_HEADER;
    uint8_t *packet = g_malloc(size);
    memcpy(packet, half->header, half->n);
    if (n_options)
        memcpy(packet + half->n, options, n_options);
    if (n)
        memcpy(packet + half->n + n_options, p, n);
    put32(packet + tcp + 4, seq);
    put32(packet + tcp + 8, flags & SEGMENT_ACK ? peer->next : 0);
    packet[tcp + 12] = (uint8_t)((TCP_HEADER + n_options) / 4 << 4);
    packet[tcp + 13] = flags;
    put16(packet + tcp + 14, window);
    put16(packet + tcp + 18, 0);
    tcp_synth_finish(packet + half->ip, tcp - half->ip, size - half->ip);
    sink.write(sink.user, half->interface, time_ns, packet, size);
    g_free(packet);
    if (flags & SEGMENT_ACK)
        peer->acked = peer->next;
}

static bool can_write(const struct tcp_synth *t, int dir)
{
    return t->half[dir].header && t->half[dir].known && !t->half[dir].fin && !t->reset;
}

static uint8_t with_ack(const struct tcp_synth *t, int dir, unsigned flags)
{
    return (uint8_t)(t->half[!dir].known ? flags | SEGMENT_ACK : flags);
}

/* The largest payload that `dir` may send. */
static size_t room(const struct tcp_synth *t, int dir)
{
    uint16_t mss = t->half[!dir].mss;
    size_t most = PACKET_MAX - (t->half[dir].n - t->half[dir].ip);
    size_t usual = mss ? MAX(mss, MSS_MIN) : MSS_USUAL;
    return MIN(usual, most);
}

static void acknowledge(struct tcp_synth *t, int dir, int64_t time_ns, struct tcp_synth_sink sink)
{
    struct tcp_synth_half *half = &t->half[dir];
    /* What follows a FIN is numbered behind it. */
    if (!half->header || !half->known || !t->half[!dir].known || t->reset)
        return;
    write_segment(t, dir, SEGMENT_ACK, half->next, WINDOW, NULL, 0, NULL, 0, time_ns, sink);
}

/* -- what the packets tell ----------------------------------------------------------------------------------------- */

bool tcp_synth_is_plain(const uint8_t *packet, size_t n, const struct segment *s)
{
    bool here = s->tcp > packet && s->tcp < packet + n;
    return here && !s->nested && (size_t)(s->tcp - packet) + TCP_HEADER <= HEADER_MAX;
}

/* IP and TCP by themselves, whole and without options. */
static uint32_t extract(uint8_t *header, const struct segment *s)
{
    enum { PROTOCOL = 6, DONT_FRAGMENT = 0x40, V4_NO_OPTIONS = 0x45 };
    bool v4 = s->ip[0] >> 4 == 4;
    uint32_t n = v4 ? IPV4_HEADER : IPV6_HEADER;
    memcpy(header, s->ip, n);
    if (v4) {
        header[0] = V4_NO_OPTIONS;
        header[6] &= DONT_FRAGMENT;
        header[7] = 0;
        header[9] = PROTOCOL;
    } else {
        header[6] = PROTOCOL;
    }
    memcpy(header + n, s->tcp, TCP_HEADER);
    return n + TCP_HEADER;
}

/* Keeps the headers of a packet for those that are made. */
static void keep_header(struct tcp_synth_half *half, const uint8_t *packet, const struct segment *s, uint32_t interface)
{
    if (!packet && half->header && half->interface != interface)
        return; /* an earlier one says more */
    size_t n = packet ? (size_t)(s->tcp - packet) + TCP_HEADER : IPV6_HEADER + TCP_HEADER;
    if (!half->header || half->n < n)
        half->header = g_realloc(half->header, n);
    if (packet)
        memcpy(half->header, packet, n);
    half->n = packet ? (uint32_t)n : extract(half->header, s);
    half->ip = packet ? (uint32_t)(s->ip - packet) : 0;
    half->interface = interface;
}

/* Options: 1 kind · 1 length, itself included · value; kinds 0 and 1 are lone bytes. Kind 2 is the MSS. */
static uint16_t read_mss(const uint8_t *p, size_t n)
{
    while (n > 0 && p[0] != 0) {
        size_t length = p[0] == 1 ? 1 : n > 1 ? p[1] : 0;
        if (length == 0 || length > n || (p[0] != 1 && length < 2))
            break;
        if (p[0] == 2 && length == 4)
            return (uint16_t)(p[2] << 8 | p[3]);
        p += length;
        n -= length;
    }
    return 0;
}

static void see_syn(struct tcp_synth *t, int dir, const struct segment *s, struct tcp_synth_sink sink)
{
    struct tcp_synth_half *half = &t->half[dir];
    const uint8_t *options = s->tcp + TCP_HEADER;
    size_t n = (size_t)(s->payload - options);
    half->syn = true;
    half->mss = read_mss(options, n);
    half->acked = s->seq;
    half->next = s->seq + 1;
    half->known = true;
    unsigned flags = SEGMENT_SYN | (s->tcp[13] & ECN);
    if (s->flags & SEGMENT_ACK)
        flags = with_ack(t, dir, flags);
    write_segment(t, dir, (uint8_t)flags, s->seq, s->window, options, n, NULL, 0, s->time_ns, sink);
}

void tcp_synth_see(struct tcp_synth *t, int dir, const uint8_t *packet, const struct segment *s, uint32_t interface,
                   bool early, struct tcp_synth_sink sink)
{
    struct tcp_synth_half *half = &t->half[dir], *peer = &t->half[!dir];
    keep_header(half, packet, s, interface);
    if (!half->header || t->reset)
        return;
    if (!peer->known && (s->flags & (SEGMENT_ACK | SEGMENT_RST)) == SEGMENT_ACK) {
        peer->next = peer->acked = s->ack;
        peer->known = true;
    }
    if (s->flags & SEGMENT_SYN) {
        bool moved = half->known && half->next != s->seq + 1; /* sent again, or too late */
        if (!half->syn && !moved)
            see_syn(t, dir, s, sink);
        return;
    }
    if (!half->known) {
        half->next = half->acked = s->seq;
        half->known = true;
    }
    bool bare = s->wire_length == 0 && !(s->flags & (SEGMENT_FIN | SEGMENT_RST));
    half->late_ns = bare && early ? s->time_ns : 0;
    if (bare && !early && peer->acked != peer->next)
        acknowledge(t, dir, s->time_ns, sink);
}

/* -- what the stream tells ----------------------------------------------------------------------------------------- */

void tcp_synth_data(struct tcp_synth *t, int dir, const uint8_t *p, size_t n, int64_t time_ns,
                    struct tcp_synth_sink sink)
{
    struct tcp_synth_half *half = &t->half[dir];
    if (!can_write(t, dir))
        return;
    while (n > 0) {
        size_t part = MIN(n, room(t, dir));
        if (half->next != half->acked && half->next - half->acked + part > UNACKED_MAX)
            acknowledge(t, !dir, time_ns, sink);
        uint8_t flags = with_ack(t, dir, part == n ? SEGMENT_PSH : 0);
        write_segment(t, dir, flags, half->next, WINDOW, NULL, 0, p, part, time_ns, sink);
        half->next += (uint32_t)part;
        p += part;
        n -= part;
    }
}

void tcp_synth_gap(struct tcp_synth *t, int dir, uint64_t n)
{
    if (t->half[dir].known && !t->half[dir].fin)
        t->half[dir].next += (uint32_t)n;
}

void tcp_synth_fin(struct tcp_synth *t, int dir, int64_t time_ns, struct tcp_synth_sink sink)
{
    if (!can_write(t, dir))
        return;
    struct tcp_synth_half *half = &t->half[dir];
    write_segment(t, dir, with_ack(t, dir, SEGMENT_FIN), half->next, WINDOW, NULL, 0, NULL, 0, time_ns, sink);
    half->next++;
    half->fin = true;
}

void tcp_synth_reset(struct tcp_synth *t, int dir, int64_t time_ns, struct tcp_synth_sink sink)
{
    struct tcp_synth_half *half = &t->half[dir];
    if (!half->header || !half->known || t->reset)
        return;
    write_segment(t, dir, with_ack(t, dir, SEGMENT_RST), half->next, 0, NULL, 0, NULL, 0, time_ns, sink);
    t->reset = true;
}

void tcp_synth_settle(struct tcp_synth *t, struct tcp_synth_sink sink)
{
    for (int dir = 0; dir < 2; dir++)
        if (t->half[dir].late_ns && t->half[!dir].acked != t->half[!dir].next)
            acknowledge(t, dir, t->half[dir].late_ns, sink);
}

void tcp_synth_clear(struct tcp_synth *t)
{
    for (int dir = 0; dir < 2; dir++)
        g_free(t->half[dir].header);
    *t = (struct tcp_synth){0};
}
