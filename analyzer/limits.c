/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/limits.h"

#include <stddef.h>

/* The program, its libraries and tables; a connection that is remembered; a statement with all buckets of its two sketches, its sample
 * and fingerprint. */
enum { PROGRAM_BYTES = 32 << 20, FLOW_BYTES = 4096, DIGEST_BYTES = 48 << 10 };

void limits_fit(struct limits *limits, uint64_t bytes)
{
    struct {
        uint64_t *limit, unit;
    } parts[] = {{&limits->max_flows, FLOW_BYTES}, {&limits->connection_bytes, 1}, {&limits->commands_bytes, 1},
                 {&limits->tcp_total_bytes, 1},    {&limits->reorder_bytes, 1},    {&limits->fragment_bytes, 1},
                 {&limits->digests, DIGEST_BYTES}};
    double sum = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        sum += (double)*parts[i].limit * (double)parts[i].unit;
    double factor = (double)(bytes - PROGRAM_BYTES) / sum;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        *parts[i].limit = (uint64_t)((double)*parts[i].limit * factor);
}
