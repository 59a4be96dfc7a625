/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Info column of a frame: what its packets say, in a row. */
#ifndef MYWIRE_PLUGIN_COLUMN_H
#define MYWIRE_PLUGIN_COLUMN_H

#include "plugin/compat.h"

/** The text of one frame, kept while it is dissected. */
struct column;

/** Starts a text, in the packet's memory. */
struct column *column_new(packet_info *pinfo);

/** Adds what a packet says, in valid UTF-8. */
void column_add(struct column *column, packet_info *pinfo, const char *text);

/** Shows all of it so far: "a | b ×3 | c". Repetitions are counted; beyond a sane length only the number of packets is.
 */
void column_show(const struct column *column, packet_info *pinfo);

#endif
