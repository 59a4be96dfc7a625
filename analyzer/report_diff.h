/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ANALYZER_REPORT_DIFF_H
#define ANALYZER_REPORT_DIFF_H

#include "analyzer/diff.h"
#include "analyzer/output.h"

/** Writes the difference in the output's format: text, json, junit or markdown. Returns 0 or an errno value. */
int report_diff(struct output *out, const struct diff *d);

#endif
