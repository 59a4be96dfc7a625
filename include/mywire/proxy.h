/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PROXY protocol: what a load balancer says before a connection's first byte about whom it speaks for.
 * https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt
 *
 *     v1: "PROXY" SP ("TCP4" | "TCP6") SP source SP destination SP port SP port CR LF, or "PROXY UNKNOWN" … CR LF
 *     v2: signature (12) · version and command (1) · family and transport (1) · length (2) · addresses and TLVs (length)
 */
#ifndef MYWIRE_PROXY_H
#define MYWIRE_PROXY_H

#include "mywire/decode.h"

/** Who it speaks for. */
struct mw_proxy {
    uint8_t version; /**< 1 or 2 */
    uint8_t transport; /**< family and transport by the byte of version 2, names in MW_NAMES_PROXY_FAMILIES; 0 UNKNOWN,
                          UNSPEC */
    bool local;        /**< the load balancer speaks for itself */
    uint8_t family;  /**< 4 or 6; 0: it does not say (UNKNOWN, LOCAL, another family) */
    uint8_t source[16], destination[16]; /**< network byte order; IPv4 in the first four bytes, then zeros */
    uint16_t source_port, destination_port;
    uint32_t length; /**< bytes of the header: the connection begins behind them */
};

/** Do these first bytes of a stream hold such a header? MAYBE: too few to say; YES: `out` is filled in. A header that begins as one
 *  and contradicts itself is NO. */
enum mw_guess mw_proxy_read(const uint8_t *p, size_t n, struct mw_proxy *out);

/** Tells the fields of a header that mw_proxy_read said YES to, and read into `proxy`. Offsets count from its first
 * byte. Returns the set of notes. */
uint64_t mw_proxy_decode_traced(const uint8_t *p, const struct mw_proxy *proxy, const struct mw_trace *trace);

/** Longest summary of a header, and longest address, NUL included. */
enum { MW_PROXY_SUMMARY = 128, MW_ADDRESS_TEXT = 40 };

/** "PROXY v2 TCP4 192.0.2.1:5000 → 198.51.100.7:3306"; "PROXY v2 LOCAL". Returns its length. */
size_t mw_proxy_summary(const struct mw_proxy *proxy, char out[MW_PROXY_SUMMARY]);

/** An address as text, IPv6 after RFC 5952. `family` 4 or 6. Returns its length. */
size_t mw_address_text(int family, const uint8_t *address, char out[MW_ADDRESS_TEXT]);

#endif
