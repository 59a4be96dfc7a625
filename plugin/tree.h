/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A trace that writes to Wireshark's protocol tree. */
#ifndef MYWIRE_PLUGIN_TREE_H
#define MYWIRE_PLUGIN_TREE_H

#include "plugin/compat.h"

#include "mywire/decode.h"
#include "mywire/proxy.h"

/** A packet and where it lies. */
struct tree_place {
    packet_info *pinfo;
    tvbuff_t *tvb;
    uint32_t base; /**< offset of the packet's (first) header in `tvb`; the payload follows it without a break */
};

/** Decodes the packet into the children of `item`, and attaches remarks: those of decoding at their fields, those of
 *  `notes` (a set, of the session's step) at `item`. `msg` is what decoding gave. Returns what there is to add to the
 *  summary: the values of a row, the name of a column. */
const char *tree_render(const struct tree_place *place, proto_item *item, const struct mw_ctx *ctx, enum mw_dir dir,
                        const struct mw_packet *packet, uint64_t notes, struct mw_msg *msg);

/** The same of the header of a PROXY protocol, whose bytes are at `p`. */
void tree_render_header(const struct tree_place *place, proto_item *item, const uint8_t *p,
                        const struct mw_proxy *proxy);

/** The same of a message of the X Protocol: `have` bytes of `length`, at least MW_X_HEADER. */
void tree_render_x(const struct tree_place *place, proto_item *item, enum mw_dir dir, const uint8_t *p, uint32_t have,
                   uint64_t length);

#endif
