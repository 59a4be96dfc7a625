/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Durations as results show them: quantiles and how sure they are. */
#ifndef ANALYZER_LATENCY_H
#define ANALYZER_LATENCY_H

#include "analyzer/json.h"
#include "analyzer/sketch.h"

/** A quantile that is told. */
struct latency_quantile {
    const char *name; /**< "p50" */
    double q;
};

enum { LATENCY_QUANTILES = 4 };

/** p50, p90, p95, p99. */
extern const struct latency_quantile latency_quantiles[LATENCY_QUANTILES];

/** Writes an object: count, min, the quantiles, max; `p50_range` and `p95_range`, between which values the quantile lies with
 * 95 % confidence. What is not known is null. docs/schema/latency.json */
void latency_json(struct json *j, const struct sketch *s);

#endif
