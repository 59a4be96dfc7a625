/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels and labels: what carries a packet inside another. Each function takes one header off the cursor, as those of link.h. */
#ifndef ANALYZER_TUNNEL_H
#define ANALYZER_TUNNEL_H

#include "analyzer/peel.h"

/** One entry of an MPLS label stack. Below the last one is IP, or Ethernet with or without a control word: its first half byte tells. */
enum peel tunnel_mpls(struct layer_cursor *c, struct segment *out);
/** PPPoE session. */
enum peel tunnel_pppoe(struct layer_cursor *c, struct segment *out);
/** PPP, with or without address and control, its protocol in one byte or two. */
enum peel tunnel_ppp(struct layer_cursor *c, struct segment *out);
/** GRE, version 0 and PPTP's version 1. Source routes are PEEL_OTHER. */
enum peel tunnel_gre(struct layer_cursor *c, struct segment *out);
/** ERSPAN type II; type I has no header of its own. */
enum peel tunnel_erspan2(struct layer_cursor *c, struct segment *out);
/** ERSPAN type III. */
enum peel tunnel_erspan3(struct layer_cursor *c, struct segment *out);
/** UDP: what it carries goes by the destination port. */
enum peel tunnel_udp(struct layer_cursor *c, struct segment *out);
/** VXLAN. */
enum peel tunnel_vxlan(struct layer_cursor *c, struct segment *out);
/** VXLAN with the generic protocol extension. */
enum peel tunnel_vxlan_gpe(struct layer_cursor *c, struct segment *out);
/** GENEVE with its options. */
enum peel tunnel_geneve(struct layer_cursor *c, struct segment *out);
/** GTP-U, version 1, user data. */
enum peel tunnel_gtp(struct layer_cursor *c, struct segment *out);

#endif
