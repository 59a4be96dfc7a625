/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A window that puts records back in order: connections end in another order than they begin, and are told by their beginning.
 * Bounded: when it is full, the lowest leaves; what comes later than its place leaves at once. */
#ifndef ANALYZER_REORDER_H
#define ANALYZER_REORDER_H

#include <stddef.h>
#include <stdint.h>

struct reorder;

/** `out` takes the records, lowest key first. At most `window` records, and `bytes` bytes of them, are held back. */
struct reorder *reorder_new(size_t window, size_t bytes, void (*out)(void *user, void *record), void *user);

/** `bytes`: memory of the record. */
void reorder_push(struct reorder *r, uint64_t key, void *record, size_t bytes);

/** Lets all records out and frees the window. */
void reorder_finish(struct reorder *r);

#endif
