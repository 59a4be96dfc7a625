/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Giving up privileges once what needs them is open, for good: user, groups, capabilities, and any way to get them back.
 * Linux. */
#ifndef ANALYZER_PRIVILEGES_H
#define ANALYZER_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

/** Who to be from then on. */
struct privileges {
    uid_t uid;
    gid_t gid;
    char name[64];  /**< of the user; empty: it has none */
    bool changes;   /**< the program runs as root: user and groups change, not only capabilities */
    bool on_behalf; /**< the user is who had the program run, by sudo or by name: files are theirs */
    bool chosen;    /**< … by name */
};

/** Chooses: the user of that name; else, where the program runs as root, who called it by sudo or doas or has it set to
 * root's user id, or else `nobody`. Returns NULL or a sentence for the user that the caller frees with g_free(). */
char *privileges_choose(struct privileges *p, const char *user);

/** Becomes that user with its groups, gives up all capabilities, and makes sure that none of it can be undone. In a user
 * namespace that does not have `nobody` the user stays, without capabilities. Returns NULL, or a sentence for the user
 * that the caller frees with g_free(): then the program must not go on. */
char *privileges_give_up(struct privileges *p);

#endif
