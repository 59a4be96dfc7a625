/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Master secrets of TLS 1.0 to 1.2 by the session id or ticket with which a client may take the session up again: RSA
 * keys alone do not open a resumed connection, the secret of the first one does. */
#ifndef ANALYZER_TLS_SESSIONS_H
#define ANALYZER_TLS_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct secret_memory;
struct tls_sessions;

/** A store for at most `max` sessions, with its secrets in `memory`, which outlives it: the oldest is forgotten for a
 * new one, counted in `*hits`. */
struct tls_sessions *tls_sessions_new(struct secret_memory *memory, uint64_t max, uint64_t *hits);

/** Remembers the master secret (48 bytes) of a session by its id or ticket. The newest one counts. */
void tls_sessions_put(struct tls_sessions *s, const uint8_t *name, size_t n, const uint8_t *master);

/** The master secret, or NULL. Valid until the next put. */
const uint8_t *tls_sessions_find(const struct tls_sessions *s, const uint8_t *name, size_t n);

/** Forgets all. NULL is allowed. */
void tls_sessions_free(struct tls_sessions *s);

#endif
