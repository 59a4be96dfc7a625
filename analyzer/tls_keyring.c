/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tls_keyring.h"

#include <string.h>

#include "analyzer/secret_memory.h"

/* The most that a worker keeps in memory of its own secrets. */
enum { MEMORY_MAX = 64 * 1024 * 1024 };

void tls_keyring_init(struct tls_keyring *ring, const struct tls_secrets *secrets, const struct limits *limits,
                      struct limit_hits *hits)
{
    *ring = (struct tls_keyring){.secrets = secrets, .memory = secret_memory_new(MEMORY_MAX)};
    ring->sessions = tls_sessions_new(ring->memory, limits->tls_sessions, &hits->tls_sessions);
}

bool tls_keyring_ask(struct tls_keyring *ring)
{
    bool (*more)(void *user) = ring->more;
    ring->more = NULL; /* it asks for nothing itself */
    if (more && more(ring->user))
        ring->more = more;
    return more;
}

static bool has_keys(const struct tls_keyring *ring)
{
    return ring->secrets && (tls_secrets_count(ring->secrets) || tls_secrets_keys(ring->secrets));
}

bool tls_keyring_has_keys(struct tls_keyring *ring)
{
    return has_keys(ring) || (tls_keyring_ask(ring) && has_keys(ring));
}

uint8_t *tls_keyring_take(struct tls_keyring *ring)
{
    uint8_t *secret = ring->returned;
    if (!secret)
        return secret_memory_alloc(ring->memory, TLS_SECRET_BYTES_MAX);
    memcpy(&ring->returned, secret, sizeof ring->returned);
    return secret;
}

void tls_keyring_return(struct tls_keyring *ring, uint8_t *secret)
{
    if (!secret)
        return;
    secret_wipe(secret, TLS_SECRET_BYTES_MAX);
    memcpy(secret, &ring->returned, sizeof ring->returned);
    ring->returned = secret;
}

void tls_keyring_clear(struct tls_keyring *ring)
{
    tls_sessions_free(ring->sessions);
    secret_memory_free(ring->memory);
    *ring = (struct tls_keyring){0};
}
