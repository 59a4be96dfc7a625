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
    uint8_t family;  /**< 4 or 6; 0: it does not say (UNKNOWN, LOCAL, another family) */
    uint8_t source[16], destination[16]; /**< network byte order; IPv4 in the first four bytes, then zeros */
    uint16_t source_port, destination_port;
    uint32_t length; /**< bytes of the header: the connection begins behind them */
};

/** Do these first bytes of a stream hold such a header? MAYBE: too few to say; YES: `out` is filled in. A header that begins as one
 *  and contradicts itself is NO. */
enum mw_guess mw_proxy_read(const uint8_t *p, size_t n, struct mw_proxy *out);

#endif
