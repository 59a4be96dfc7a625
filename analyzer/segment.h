/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A TCP segment as it lies in a captured packet. */
#ifndef ANALYZER_SEGMENT_H
#define ANALYZER_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

/** One end of a connection. All bytes are always set, so two endpoints are equal if their bytes are. */
struct endpoint {
    uint8_t addr[16]; /**< network byte order; IPv4 in the first four bytes, then zeros */
    uint16_t port;    /**< host byte order */
    uint8_t family;   /**< 4 or 6 */
    uint8_t zero;     /**< always 0 */
};

/** Bits of `flags`. */
enum segment_flag {
    SEGMENT_FIN = 0x01,
    SEGMENT_SYN = 0x02,
    SEGMENT_RST = 0x04,
    SEGMENT_PSH = 0x08,
    SEGMENT_ACK = 0x10,
    SEGMENT_URG = 0x20
};

/** `payload`, `ip` and `tcp` point into the packet and live as long as that. */
struct segment {
    struct endpoint src, dst;
    uint32_t seq, ack;
    uint8_t flags;          /**< SEGMENT_ bits */
    uint16_t window;        /**< as on the wire, not scaled */
    const uint8_t *payload; /**< never NULL, even if `length` is 0 */
    const uint8_t *ip;      /**< first byte of the innermost IP header */
    const uint8_t *tcp;     /**< first byte of the TCP header; elsewhere, if fragments were put together */
    bool nested;            /**< below `ip` are layers that tell the packet's length: a tunnel, or a link layer's own */
    uint32_t length;        /**< payload bytes captured */
    uint32_t wire_length;   /**< payload bytes on the wire, more than `length` if the snapshot length cut it */
    int64_t time_ns;        /**< capture time since the epoch */
    uint64_t number;        /**< packet number within the file, from 1 */
};

#endif
