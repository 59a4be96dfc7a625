/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Envelopes: frames of the compressed protocol. (To Wireshark a frame is a captured packet.) Each can be opened by
 * itself, so a later visit opens it again. */
#ifndef MYWIRE_PLUGIN_ENVELOPE_H
#define MYWIRE_PLUGIN_ENVELOPE_H

#include "plugin/compat.h"

#include "mywire/compress.h"

/** The envelope that comes next in a direction. */
struct envelope {
    bool readable;    /**< the header was captured */
    bool whole;       /**< it is complete on the wire; it may still be cut by snaplen */
    uint32_t missing; /**< !whole: bytes to wait for before another look; 0: unknown number */
    uint32_t wire;    /**< bytes that it takes in the stream, header included */
    uint32_t length;  /**< of the content */
    uint8_t sequence;
    bool stored;         /**< the content is not compressed */
    bool excessive;      /**< not opened: it claims to become more than it may */
    const uint8_t *data; /**< the content, for as long as the packet; NULL: not opened, or it cannot be */
};

/** Once, at registration. */
void envelope_register(void);

/** Reads the header at `offset`. */
void envelope_read(tvbuff_t *tvb, uint32_t offset, struct envelope *envelope);

/** Sets `data`, of an envelope that is whole. */
void envelope_open(packet_info *pinfo, tvbuff_t *tvb, uint32_t offset, enum mw_algorithm algorithm,
                   struct envelope *envelope);

/** Adds an envelope and its header to the tree. */
void envelope_show(packet_info *pinfo, proto_item *node, tvbuff_t *tvb, uint32_t offset, enum mw_algorithm algorithm,
                   const struct envelope *envelope);

#endif
