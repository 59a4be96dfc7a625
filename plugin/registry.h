/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Wireshark knows of us: the protocol, its fields, its subtrees and its expert infos. */
#ifndef MYWIRE_PLUGIN_REGISTRY_H
#define MYWIRE_PLUGIN_REGISTRY_H

#include "plugin/compat.h"

#include "mywire/trace.h"

/** Fields of the plugin alone: what it generates, and bytes that the core does not read. */
enum own_field {
    OWN_AUTH_SUMMARY,   /**< the login's story in words */
    OWN_SENT_LENGTH,    /**< of a compressed frame: length as sent */
    OWN_FRAME_NUMBER,   /**< sequence id */
    OWN_CONTENT_LENGTH, /**< length before compression */
    OWN_COMPRESSED,     /**< data */
    OWN_PART,           /**< content that belongs to a packet that is shown where it ends */
    OWN_UNREAD,         /**< bytes that are no packet, or not known to be one */
    OWN_REST,           /**< the rest of a packet whose head was shown before */
    OWN_RESPONSE_IN,    /**< frame of the reply's first packet */
    OWN_RESPONSE_TO,    /**< frame of the command */
    OWN_TIME_FIRST,     /**< from the command's end to the reply's beginning */
    OWN_TIME_LAST,      /**< from the command's end to the reply's end */
    OWN_ROWS,           /**< of the reply */
    OWN_BYTES,          /**< of the reply */
    OWN_STATEMENT,      /**< text of the statement that the command is about */
    OWN_PREPARE_IN,     /**< frame that prepared it */
    OWN_FIELD_COUNT
};

/** Remarks of the plugin alone. */
enum own_note { OWN_NOTE_UNREAD, OWN_NOTE_COUNT };

/** Registers all. Returns the protocol's id. Once, at start. */
int registry_register(void);

/** The protocol's id. */
int registry_protocol(void);

/** Ids that proto_tree_add_* want. */
int registry_field(enum mw_field_id id);
int registry_own_field(enum own_field id);

/** The subtree of a field; `registry_packet_tree` is that of a packet. */
int registry_tree(enum mw_field_id id);
int registry_packet_tree(void);

expert_field *registry_note(enum mw_note_id id);
expert_field *registry_own_note(enum own_note id);

#endif
