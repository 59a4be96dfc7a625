/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ANALYZER_REPORT_HANDSHAKES_H
#define ANALYZER_REPORT_HANDSHAKES_H

#include "analyzer/analysis.h"
#include "analyzer/handshake_groups.h"
#include "analyzer/output.h"

/** Writes the inventory in the output's format: text, json, ndjson or csv; with `groups`, which may be NULL, that of each
 * too (JSON) or instead (text, CSV). Returns 0 or an errno value. */
int report_handshakes(struct output *out, const struct handshakes *h, const struct handshake_groups *groups,
                      const struct analysis *a);

#endif
