/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of a packet, recorded from a trace: for output and for comparing. */
#ifndef ANALYZER_ITEMS_H
#define ANALYZER_ITEMS_H

#include <glib.h>

#include "mywire/trace.h"

struct items_entry {
    struct mw_item item;
    uint16_t depth; /**< 0 for the packet's own fields */
};

struct items_note {
    enum mw_note_id note;
    uint32_t offset, length;
};

/** Grows to what the largest packet needs and stays: one per worker. */
struct items {
    struct items_entry *entries;
    size_t count, capacity;
    struct items_note *notes;
    size_t note_count, note_capacity;
    size_t open[16]; /**< entries whose close has not come */
    unsigned depth;
    GStringChunk *made; /**< values that the decoder made and that live nowhere else */
    bool cut; /**< more fields than ITEMS_MAX: the rest was left out */
};

/** Most fields that are kept of one packet. */
#define ITEMS_MAX 1000000

/** Empties the record for the next packet. */
void items_begin(struct items *items);

/** A trace that records into `items`. */
struct mw_trace items_trace(struct items *items);

void items_clear(struct items *items);

#endif
