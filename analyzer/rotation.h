/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captures that a recorder goes on in: it ends one file and begins the next in the same directory, or the same one anew. */
#ifndef ANALYZER_ROTATION_H
#define ANALYZER_ROTATION_H

#include <stdbool.h>

struct rotation;

/** Looks into `directories`, NULL-terminated and borrowed. */
struct rotation *rotation_new(char *const *directories);

/** `path` is being read, or has been: it is not new any more. */
void rotation_know(struct rotation *r, const char *path);

/** The capture whose first packet is the earliest of those that are not known: new ones, and known ones that are now
 * another file or shorter than they were. NULL: there is none; so it says too without looking when the last look was
 * less than a second ago. Belongs to the rotation, until the next call. */
const char *rotation_next(struct rotation *r);

void rotation_free(struct rotation *r);

#endif
