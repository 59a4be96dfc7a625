/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a traced decode tells, field by field, in the order of the bytes. */
#ifndef MYWIRE_TRACE_H
#define MYWIRE_TRACE_H

#include "mywire/field.h"

/** Anomalies of a packet; as a set: bit 1 << id. */
enum mw_note_id {
#define MW_NOTE(id, key, severity, text) MW_NOTE_##id,
#include "mywire/notes.def"
#undef MW_NOTE
    MW_NOTE_COUNT
};

enum mw_severity { MW_SEVERITY_CHAT, MW_SEVERITY_NOTE, MW_SEVERITY_WARN, MW_SEVERITY_ERROR };

/** One row of `notes.def`. */
struct mw_note {
    const char *key; /**< stable short name */
    enum mw_severity severity;
    const char *text; /**< a sentence */
};

/** The row of a note. `id` must be below MW_NOTE_COUNT. */
const struct mw_note *mw_note(enum mw_note_id id);

#define MW_NOTE_BIT(id) (UINT64_C(1) << MW_NOTE_##id)

/** A field that was read. Offsets count from the first byte of the packet's header, so the payload begins at 4; a packet
 *  of several parts counts as if it had one header. */
struct mw_item {
    enum mw_field_id field;
    uint32_t offset;
    uint32_t length;    /**< bytes on the wire, terminator included; 0 for a HEADING until its close */
    uint64_t number;    /**< U* and BOOL*: the value */
    const uint8_t *p;   /**< TEXT*, BYTES, IPV*: the value without terminator; borrowed from the packet, or for the time
                           of the   call where the field is GENERATED */
    uint32_t n;         /**< its length */
    uint16_t collation; /**< TEXT*: collation id that says the character set, 0 unknown (taken for UTF-8) */
    const char *name;   /**< the value's name in the field's list, or NULL */
    struct mw_slice label; /**< name of the column, parameter or attribute that this is the value of; p NULL otherwise */
    uint16_t label_collation; /**< of the label, 0 unknown */
};

/** A visitor of fields. The calls for a packet come in order; `open` makes what follows children of the last item. */
struct mw_trace {
    void *user;
    void (*item)(void *user, const struct mw_item *item);
    void (*open)(void *user);
    /** Ends the innermost open item at `end` (offset of the first byte behind it). */
    void (*close)(void *user, uint32_t end);
    /** An anomaly at a place of the packet. Also in the message's set of notes. */
    void (*note)(void *user, enum mw_note_id note, uint32_t offset, uint32_t length);
};

#endif
