/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link layers and VLAN tags. Each function takes one header off the cursor.
 *
 * All return PEEL_MORE with the EtherType of what follows in the cursor, PEEL_SHORT or PEEL_BAD, and PEEL_OTHER if what
 * follows is not IP in a way that has no EtherType. `out` is not touched. */
#ifndef ANALYZER_LINK_H
#define ANALYZER_LINK_H

#include "analyzer/peel.h"

/** Ethernet II, or 802.3 with LLC and SNAP; other LLC is PEEL_OTHER. */
enum peel link_ether(struct layer_cursor *c, struct segment *out);
/** 802.1Q, 802.1ad: the tag, whose EtherType the layer below has taken already. */
enum peel link_vlan(struct layer_cursor *c, struct segment *out);
/** Linux cooked capture, version 1. */
enum peel link_cooked(struct layer_cursor *c, struct segment *out);
/** Linux cooked capture, version 2. */
enum peel link_cooked2(struct layer_cursor *c, struct segment *out);
/** BSD loopback: an address family in either byte order. */
enum peel link_null(struct layer_cursor *c, struct segment *out);
/** Linux netfilter log: attributes, one of which is the packet. */
enum peel link_nflog(struct layer_cursor *c, struct segment *out);
/** No link layer: the IP version tells. */
enum peel link_raw(struct layer_cursor *c, struct segment *out);

#endif
