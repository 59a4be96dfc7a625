/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/latency.h"

const struct latency_quantile latency_quantiles[LATENCY_QUANTILES] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}};

static void range(struct json *j, const char *key, const struct sketch *s, double q)
{
    int64_t low, high;
    json_key(j, key);
    if (!sketch_range(s, q, &low, &high)) {
        json_none(j);
        return;
    }
    json_array_begin(j);
    json_int(j, low);
    json_int(j, high);
    json_array_end(j);
}

void latency_json(struct json *j, const struct sketch *s)
{
    json_object_begin(j);
    json_put_uint(j, "count", s->count);
    json_put_int_if(j, "min", s->count, s->min);
    for (size_t i = 0; i < LATENCY_QUANTILES; i++)
        json_put_int_if(j, latency_quantiles[i].name, s->count, sketch_quantile(s, latency_quantiles[i].q));
    json_put_int_if(j, "max", s->count, s->max);
    range(j, "p50_range", s, 0.5);
    range(j, "p95_range", s, 0.95);
    json_object_end(j);
}
