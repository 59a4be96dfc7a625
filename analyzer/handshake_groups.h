/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handshake inventory for each user, program, server version …: what connections with the same values had in common.
 *
 * At most HANDSHAKE_GROUPS_MAX groups are kept apart, chosen as tally.h chooses keys, so that merging stays associative; the
 * connections of the others are together in one. */
#ifndef ANALYZER_HANDSHAKE_GROUPS_H
#define ANALYZER_HANDSHAKE_GROUPS_H

#include "analyzer/handshakes.h"

/** Most facts that connections are grouped by at once, and most groups. */
enum { HANDSHAKE_BY_MAX = 8, HANDSHAKE_GROUPS_MAX = 1000 };

/** A group. */
struct handshake_group {
    char *values[HANDSHAKE_BY_MAX]; /**< of the facts, in order; NULL: not known of these connections */
    struct handshakes *handshakes;
    char *key; /**< private: the values in one, `key_size` bytes */
    size_t key_size;
    uint64_t hash; /**< private */
};

/** The groups. */
struct handshake_groups;

/** No groups yet, by `n` facts, 1 to HANDSHAKE_BY_MAX. */
struct handshake_groups *handshake_groups_new(const enum handshake_fact *by, size_t n);

void handshake_groups_free(struct handshake_groups *groups);

/** Counts a finished connection in its group. */
void handshake_groups_add(struct handshake_groups *groups, const struct connection *c);

/** Adds `from`, grouped by the same facts, to `into`. */
void handshake_groups_merge(struct handshake_groups *into, const struct handshake_groups *from);

/** The facts they are grouped by; `n` gets how many. */
const enum handshake_fact *handshake_groups_by(const struct handshake_groups *groups, size_t *n);

/** The groups by descending number of connections, then by values, unknown ones first; an array that the caller frees with
 * g_free, `n` long. */
const struct handshake_group **handshake_groups_rows(const struct handshake_groups *groups, size_t *n);

/** The connections of the groups that were not kept apart; NULL if all were. */
const struct handshakes *handshake_groups_other(const struct handshake_groups *groups);

#endif
