/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The result of `mywire digest`. */
#ifndef ANALYZER_REPORT_DIGEST_H
#define ANALYZER_REPORT_DIGEST_H

#include "analyzer/analysis.h"
#include "analyzer/digests.h"
#include "analyzer/output.h"

/** Writes it in the format of `out`. Returns 0 or an errno value. */
int report_digest(struct output *out, const struct digests *digests, const struct analysis *a);

#endif
