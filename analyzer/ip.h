/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4, IPv6 with its extension headers, and the TCP header. Each function takes one header off the cursor.
 *
 * All but ip_tcp() return PEEL_MORE with the IP protocol of what follows in the cursor, PEEL_FRAGMENT, PEEL_SHORT or
 * PEEL_BAD. */
#ifndef ANALYZER_IP_H
#define ANALYZER_IP_H

#include "analyzer/peel.h"

/** IPv4 with options; sets both addresses. What lies behind the total length (Ethernet padding) is cut off. A total
 * length of 0 means all of the packet: segmentation offload leaves it so. */
enum peel ip_v4(struct layer_cursor *c, struct segment *out);
/** IPv6, the fixed header; sets both addresses. A payload length of 0 means all of the packet, as for IPv4. */
enum peel ip_v6(struct layer_cursor *c, struct segment *out);
/** An IPv6 extension header whose length counts units of 8 bytes. */
enum peel ip_options(struct layer_cursor *c, struct segment *out);
/** IPv6 fragment header. An atomic fragment (all of the packet) goes on. */
enum peel ip_fragment(struct layer_cursor *c, struct segment *out);
/** IPsec authentication header: its length counts units of 4 bytes. */
enum peel ip_auth(struct layer_cursor *c, struct segment *out);
/** The TCP header with its options; fills in all of `out` but the time and number. Returns PEEL_TCP, PEEL_SHORT,
 * PEEL_BAD. */
enum peel ip_tcp(struct layer_cursor *c, struct segment *out);

#endif
