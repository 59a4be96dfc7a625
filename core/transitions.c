/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/transitions.h"

#include <string.h>

#include "mywire/session.h"

/* Names of phases in the table, KEEP and NEXT among them. */
enum {
#define MW_PHASE(id, side, text) TO_##id = MW_PHASE_##id,
#include "mywire/phases.def"
#undef MW_PHASE
};

static const struct transition rows[] = {
#define T(phase, kind, condition, client, server, effect)                                                              \
    {MW_PHASE_##phase, MW_KIND_##kind, IF_##condition, TO_##client, TO_##server, DO_##effect},
#include "core/transitions.def"
#undef T
};

static const struct {
    const char *condition, *effect;
} words[] = {
#define T(phase, kind, condition, client, server, effect) {#condition, #effect},
#include "core/transitions.def"
#undef T
};

enum { ROWS = sizeof rows / sizeof *rows };

/* The phases alone: the search for a phase's first row runs over a line or two of cache. */
static const uint8_t phases[ROWS] = {
#define T(phase, kind, condition, client, server, effect) MW_PHASE_##phase,
#include "core/transitions.def"
#undef T
};

const struct transition *transition_rows(enum mw_phase phase, size_t *count)
{
    const uint8_t *first = memchr(phases, phase, ROWS);
    size_t at = first ? (size_t)(first - phases) : ROWS, n = 0;
    while (at + n < ROWS && phases[at + n] == phase)
        n++;
    *count = n;
    return rows + at;
}

bool mw_transition_at(size_t i, struct mw_transition *out)
{
    if (i >= ROWS)
        return false;
    const struct transition *t = &rows[i];
    *out = (struct mw_transition){.phase = t->phase,
                                  .kind = t->kind,
                                  .condition = t->condition == IF_ALWAYS ? "" : words[i].condition,
                                  .client = t->client < MW_PHASE_COUNT ? t->client : MW_PHASE_COUNT,
                                  .server = t->server < MW_PHASE_COUNT ? t->server : MW_PHASE_COUNT,
                                  .next = t->server == TO_NEXT,
                                  .does = words[i].effect};
    return true;
}
