/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that a worker opens TLS with: the secrets that were given, shared and read-only, and those that it has worked out
 * itself. */
#ifndef ANALYZER_TLS_KEYRING_H
#define ANALYZER_TLS_KEYRING_H

#include "analyzer/limits.h"
#include "analyzer/tls_schedule.h"
#include "analyzer/tls_secrets.h"
#include "analyzer/tls_sessions.h"

struct tls_keyring {
    const struct tls_secrets *secrets; /**< NULL: none were given */
    struct tls_sessions *sessions;
    struct secret_memory *memory;
    /** Adds to `secrets` what is not looked for before it is needed; returns whether there may be more later. NULL: there
     * is no more. */
    bool (*more)(void *user);
    void *user;
    void *returned; /* secrets given back, linked by their first bytes */
};

/** Fills in `ring`. `secrets` may be NULL and outlives it. */
void tls_keyring_init(struct tls_keyring *ring, const struct tls_secrets *secrets, const struct limits *limits,
                      struct limit_hits *hits);

/** Whether there is anything to open with. */
bool tls_keyring_has_keys(struct tls_keyring *ring);

/** A secret was not found: asks for more, as long as there may be more. Whether to look again. */
bool tls_keyring_ask(struct tls_keyring *ring);

/** Room for a secret of TLS_SECRET_BYTES_MAX bytes, or NULL: there is no more. Goes back by tls_keyring_return(). */
uint8_t *tls_keyring_take(struct tls_keyring *ring);

/** Wipes a secret and takes it back. NULL is allowed. */
void tls_keyring_return(struct tls_keyring *ring, uint8_t *secret);

/** Wipes and gives back all but `secrets`. */
void tls_keyring_clear(struct tls_keyring *ring);

#endif
