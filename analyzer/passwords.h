/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The passwords that --passwords gives, by user: candidates to verify. They are in locked memory that is wiped before
 * it is given back (secret_memory.h). There are few for a user: this is no tool to guess passwords with. */
#ifndef ANALYZER_PASSWORDS_H
#define ANALYZER_PASSWORDS_H

#include "analyzer/limits.h"
#include "analyzer/password_hash.h"

/** A candidate: always a password, and where the text has the shape of a hash, that hash too. */
struct password_candidate {
    const char *text; /**< `n` bytes */
    size_t n;
    struct password_hash hash;
    struct password_candidate *next; /**< of the same user, in the file's order */
    /* What parsec makes of it, for the salt that came last: it takes long. */
    uint8_t salt[32], n_salt, cost;
    bool derived;
    uint8_t key[PASSWORD_KEY_BYTES];
};

struct passwords;

/** An empty collection, bounded by `passwords`, `passwords_per_user` and `password_rounds` of `limits`. */
struct passwords *passwords_new(const struct limits *limits);

/** Reads a file in memory (password_file.h), or the rest of it after what was read before. Returns NULL, or what is
 * wrong with the file: a sentence without its subject ("line 3: there is no colon …"), which the caller frees with
 * g_free(). It shows no password. */
char *passwords_add(struct passwords *p, const char *text, size_t n);

/** Reads a file. Returns NULL, or a sentence for the user, which begins with the path and which the caller frees with
 * g_free(): the file cannot be read, or a line is wrong, or it holds no password. */
char *passwords_read(struct passwords *p, const char *path);

/** The first candidate of a user, whose name is UTF-8, or NULL. It belongs to `p`. */
struct password_candidate *passwords_find(const struct passwords *p, const char *user);

/** Asks to derive a key in 1024 << `cost` rounds. False: that is more than `password_rounds` allow; it is counted. */
bool passwords_spend(struct passwords *p, unsigned cost);

/** How often that was refused: the limit's hits. */
uint64_t passwords_refused(const struct passwords *p);

/** How many there are. */
size_t passwords_count(const struct passwords *p);

/** 0, or the errno of the first refusal to lock them in memory; see secret_memory_unlocked(). */
int passwords_unlocked(const struct passwords *p);

/** Wipes and frees. NULL is allowed. */
void passwords_free(struct passwords *p);

#endif
