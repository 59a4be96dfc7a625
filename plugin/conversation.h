/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State. A connection has a session, moved on by the first visit of each packet and never touched afterwards. What a
 * later visit needs stands in a record of the frame: one for each chunk of the stream that was taken from it, in order.
 */
#ifndef MYWIRE_PLUGIN_CONVERSATION_H
#define MYWIRE_PLUGIN_CONVERSATION_H

#include "plugin/compat.h"

#include "mywire/proxy.h"
#include "mywire/session.h"
#include "plugin/envelope.h"
#include "plugin/exchange.h"

/** What a chunk of the stream is. */
enum chunk {
    CHUNK_PACKET,
    CHUNK_REST,     /**< the rest of a packet, or envelope, that could not be reassembled */
    CHUNK_ENVELOPE, /**< a frame of the compressed protocol; records of its content follow */
    CHUNK_PART,     /**< content of an envelope, of a packet that is shown where it ends */
    CHUNK_HEADER,   /**< the header of a PROXY protocol */
    CHUNK_TLS,   /**< TLS behind an SSLRequest, or a header, in the same segment; Wireshark's TLS dissector takes it */
    CHUNK_UNREAD /**< nothing that is recognised; `why` says more */
};

/** A chunk of a frame, as the first visit found it. */
struct record {
    struct mw_ctx ctx;               /**< PACKET: what it is decoded with */
    uint64_t notes;                  /**< PACKET: remarks of the session's step */
    const char *why;                 /**< UNREAD: a sentence, or NULL */
    const char *story;               /**< PACKET that ends a login: how it went; else NULL */
    const struct exchange *exchange; /**< PACKET of a command or its reply; else NULL */
    bool begins, ends;               /**< PACKET: the exchange begins, ends with it */
    const uint8_t *carried;          /**< ENVELOPE: content of earlier ones that belongs to its first packet */
    uint32_t carried_length;
    uint32_t length; /**< all but PACKET: bytes in this frame */
    uint8_t chunk;   /**< enum chunk */
    uint8_t dir;     /**< enum mw_dir */
    uint8_t dialect; /**< enum mw_dialect, as known after the packet */
    bool whole;      /**< PACKET, ENVELOPE: all of it was there */
};

/** The bytes that come next in a direction. */
struct span {
    tvbuff_t *tvb;           /**< the packet's buffer: the stream's, or one with its parts joined */
    uint32_t base;           /**< offset of the packet's header in it */
    struct mw_packet packet; /**< what is there of it; of use if `readable` */
    bool readable;           /**< the header was captured */
    bool whole;              /**< the packet is complete on the wire; it may still be cut by snaplen */
    uint64_t wire;           /**< bytes that it takes in the stream, as far as its headers tell */
    uint32_t missing;        /**< !whole: bytes to wait for before another look; 0: unknown number */
};

/** The walk over the data of one call. The first visit walks twice: it learns, then it shows what it has learnt, as a
 *  later visit does. So whatever Wireshark throws while something is shown, all of it was learnt before. */
struct walk {
    tvbuff_t *tvb;
    packet_info *pinfo;
    bool can_wait;   /**< reassembly is possible and wanted */
    bool learning;   /**< nothing is to be shown */
    bool content;    /**< `tvb` is the content of an envelope */
    uint32_t offset; /**< in `tvb` */
    unsigned first;  /**< the walk's first record of the frame */
    struct connection *connection;
    struct frame *frame;
};

/** Begins a walk; the walk's `tvb`, `pinfo`, `can_wait` are set. `parent`: id of the protocol that calls; `data`: what
 * it hands to its dissectors. `handle`: our own; ports that it is registered for are a server's. */
void walk_begin(struct walk *walk, dissector_handle_t handle, int parent, const void *data);

/** TLS from the first byte on (a tunnel): not ours, Wireshark's TLS dissector may find us inside it. */
bool walk_declines(const struct walk *walk);

/** Does the header of a PROXY protocol come next? MAYBE: more bytes are needed, and may be waited for. */
enum mw_guess walk_header(const struct walk *walk, struct mw_proxy *proxy);

/** The record of the chunk where walk_header() says YES. */
const struct record *walk_header_record(struct walk *walk, const struct mw_proxy *proxy);

/** Does an envelope come next, rather than a packet? */
bool walk_compressed(const struct walk *walk, enum mw_algorithm *algorithm);

/** The record of the chunk at walk->offset. NULL: it has none yet, more bytes are needed (or, never expected, it was
 * lost). `tls`: Wireshark's TLS dissector, for when the session asks for it. */
const struct record *walk_record(struct walk *walk, const struct span *span, dissector_handle_t handle,
                                 dissector_handle_t tls);

/** The same where walk_compressed(); `envelope` was opened if it is whole. */
const struct record *walk_envelope(struct walk *walk, const struct envelope *envelope);

/** Ends learning: `walk->offset` tells what was taken. The walk stands at its beginning again. */
void walk_learnt(struct walk *walk);

/** The frame's column, shared by all walks over it. */
struct column **walk_column(struct walk *walk);

/** Is this connection ours already? */
bool connection_known(packet_info *pinfo);

#endif
