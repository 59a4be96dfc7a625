/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a packet says in the Info column, so that the list of packets reads like a query log: the SQL of a command, how
 * a reply went where it ends. */
#ifndef MYWIRE_PLUGIN_LINE_H
#define MYWIRE_PLUGIN_LINE_H

#include "plugin/column.h"
#include "plugin/conversation.h"

/** Adds to the column what `packet` says; `msg` is decoded from it, `summary` the core's line about it. */
void line_add(struct column *column, packet_info *pinfo, const struct record *record, const struct mw_packet *packet,
              const struct mw_msg *msg, const char *summary);

#endif
