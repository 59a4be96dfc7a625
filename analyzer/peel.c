/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `layers.def` becomes one switch per space, so that a layer costs a jump and a direct call. */
#include "analyzer/peel.h"
#include "analyzer/ip.h"
#include "analyzer/link.h"
#include "analyzer/tunnel.h"

/* More layers than anybody stacks; a chain of tags could otherwise go on for the whole packet. */
#define LAYERS_MAX 24

#define KEY(space, key) ((uint64_t)LAYER_##space << 32 | (uint32_t)(key))

enum peel peel_packet(const struct packet *packet, struct defrag *defrag, struct segment *out)
{
    struct layer_cursor c = {
        .p = packet->data,
        .captured = packet->captured,
        .wire = packet->original < packet->captured ? packet->captured : packet->original,
        .space = LAYER_LINK,
        .key = (uint32_t)packet->link_type,
        .defrag = defrag,
        .time_ns = packet->time_ns,
    };
    out->ip = NULL;
    out->nested = false;
    if (defrag)
        defrag_begin(defrag);
    for (int i = 0; i < LAYERS_MAX; i++) {
        enum peel outcome = PEEL_OTHER;
        switch ((uint64_t)c.space << 32 | c.key) {
#define LAYER(space, key, function, meaning)                                                                           \
    case KEY(space, key):                                                                                              \
        outcome = function(&c, out);                                                                                   \
        break;
#include "analyzer/layers.def"
#undef LAYER
        default: return c.space == LAYER_LINK ? PEEL_LINK_UNKNOWN : PEEL_OTHER;
        }
        if (outcome == PEEL_TCP) {
            out->time_ns = packet->time_ns;
            out->number = packet->number;
        }
        if (outcome != PEEL_MORE)
            return outcome;
    }
    return PEEL_BAD;
}

void peel_count(struct counters *counters, const struct packet *packet, enum peel outcome)
{
    counters->packets++;
    counters->bytes += packet->original;
    switch (outcome) {
    case PEEL_TCP: counters->tcp_segments++; break;
    case PEEL_OTHER: counters->not_tcp++; break;
    case PEEL_FRAGMENT: break; /* defrag counts them */
    case PEEL_SHORT: counters->cut_headers++; break;
    case PEEL_BAD:
    case PEEL_MORE: counters->malformed++; break;
    case PEEL_LINK_UNKNOWN: counters->link_unknown++; break;
    }
}
