/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the TCP segments of a connection whose bytes are not those that were captured: link layer, addresses and ports
 * are copied from its own packets, sequence and acknowledgement numbers, lengths and checksums are made anew.
 *
 * A direction begins with the number that its SYN had, so the opening is as it was. From there on every side
 * acknowledges all that has been written of the other one. What is missing is left out of the numbers. */
#ifndef ANALYZER_TCP_SYNTH_H
#define ANALYZER_TCP_SYNTH_H

#include "analyzer/segment.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/** Where packets go. */
struct tcp_synth_sink {
    /** `n` bytes of a packet of the interface, from the link layer on; valid during the call. */
    void (*write)(void *user, uint32_t interface, int64_t time_ns, const uint8_t *data, size_t n);
    void *user;
};

/** One direction. Private to tcp_synth.c. */
struct tcp_synth_half {
    uint8_t *header;    /* of its packet seen last: link layer, IP, TCP without options; NULL: none seen */
    uint32_t n, ip;     /* bytes of it, and those before IP; TCP stands in the last 20 */
    uint32_t interface; /* that the packet came in by */
    uint32_t next;      /* number of the next byte */
    uint32_t acked;     /* what the peer has acknowledged of it */
    uint16_t mss;       /* that its SYN asked for; 0: not seen */
    bool known;         /* `next` means something */
    bool syn, fin;      /* were written */
    int64_t late_ns;    /* of an acknowledgement that was put off; 0: none */
};

/** A connection. All zero is a new one; free with tcp_synth_clear(). Directions are 0 and 1. */
struct tcp_synth {
    struct tcp_synth_half half[2];
    bool reset; /* was written: nothing follows */
};

/** Whether the headers of the packet can be copied as they stand: from its first byte, `packet`, to the TCP header
 * nothing but IP tells its length. Not in tunnels, nor where fragments were put together. */
bool tcp_synth_is_plain(const uint8_t *packet, size_t n, const struct segment *segment);

/** Looks at a captured packet of direction `dir`, which `segment` lies in: `packet` is its first byte, or NULL where it
 * is not plain: then `interface` is one of IP without a link layer, and IP's options are left out. Writes what needs no
 * bytes of the stream: a SYN, and an acknowledgement where it carries nothing else and something is new to acknowledge.
 * `early`: bytes captured before are still waited for, so an acknowledgement would come before its time and is put off.
 * Must come before the bytes that it carries. */
void tcp_synth_see(struct tcp_synth *t, int dir, const uint8_t *packet, const struct segment *segment,
                   uint32_t interface, bool early, struct tcp_synth_sink sink);

/** Writes `n` bytes of `dir` in segments of at most what the receiver's SYN allowed, 1460 bytes where it was not seen.
 */
void tcp_synth_data(struct tcp_synth *t, int dir, const uint8_t *p, size_t n, int64_t time_ns,
                    struct tcp_synth_sink sink);

/** `n` bytes of `dir` are missing here. */
void tcp_synth_gap(struct tcp_synth *t, int dir, uint64_t n);

/** Writes the FIN of `dir`, once. */
void tcp_synth_fin(struct tcp_synth *t, int dir, int64_t time_ns, struct tcp_synth_sink sink);

/** Writes a reset by `dir`, once for both directions. */
void tcp_synth_reset(struct tcp_synth *t, int dir, int64_t time_ns, struct tcp_synth_sink sink);

/** Nothing is waited for any more: writes what was put off, if it is not out of date. */
void tcp_synth_settle(struct tcp_synth *t, struct tcp_synth_sink sink);

/** Frees what it holds. */
void tcp_synth_clear(struct tcp_synth *t);

/** Writes the lengths and checksums of the IP packet of `n` bytes at `ip`, whose TCP header is `tcp` bytes behind.
 * RFC 791, 8200 and 9293. */
void tcp_synth_finish(uint8_t *ip, size_t tcp, size_t n);

#endif
