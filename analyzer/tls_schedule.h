/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From secrets to keys: the PRF of TLS 1.0 to 1.2 (RFC 2246 section 5, RFC 5246 section 5), the extended master secret
 * (RFC 7627), and HKDF of TLS 1.3 (RFC 8446 section 7). No state. The caller wipes what it was given. */
#ifndef ANALYZER_TLS_SCHEDULE_H
#define ANALYZER_TLS_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/tls_suites.h"

enum {
    TLS_MASTER_BYTES = 48,
    TLS_RANDOM_BYTES = 32,
    TLS_SECRET_BYTES_MAX = 64,
    TLS_KEY_BYTES_MAX = 32,
    TLS_IV_BYTES_MAX = 16,
    TLS_MAC_BYTES_MAX = 48
};

/** Keys of one direction of an epoch. What a suite does not have is zeros. The IV is of 12 bytes in TLS 1.3 and of
 * ChaCha20; the 4 implicit bytes of GCM and CCM of TLS 1.2; the first block's of CBC of TLS 1.0. */
struct tls_keys {
    uint8_t key[TLS_KEY_BYTES_MAX];
    uint8_t iv[TLS_IV_BYTES_MAX];
    uint8_t mac[TLS_MAC_BYTES_MAX];
};

/** PRF(secret, label, seed1 + seed2) into `out`. `hash` counts from TLS 1.2 on. False if GnuTLS refuses. */
bool tls_prf(uint16_t version, enum tls_hash hash, const uint8_t *secret, size_t n_secret, const char *label,
             const uint8_t *seed1, size_t n_seed1, const uint8_t *seed2, size_t n_seed2, uint8_t *out, size_t n_out);

/** Master secret (48 bytes) from the premaster secret and the randoms of 32 bytes. */
bool tls_master_secret(uint16_t version, const struct tls_suite *suite, const uint8_t *premaster, size_t n_premaster,
                       const uint8_t *client_random, const uint8_t *server_random, uint8_t *master);

/** Master secret when extended_master_secret was agreed upon. `session_hash` is tls_transcript_hash() of all handshake
 * messages up to and including ClientKeyExchange. */
bool tls_extended_master_secret(uint16_t version, const struct tls_suite *suite, const uint8_t *premaster,
                                size_t n_premaster, const uint8_t *session_hash, size_t n_hash, uint8_t *master);

/** Hash of handshake messages: MD5 followed by SHA-1 before TLS 1.2 (36 bytes), the suite's PRF hash from then on.
 * Returns its length, 0 if GnuTLS refuses. `out` has room for 64 bytes. */
size_t tls_transcript_hash(uint16_t version, const struct tls_suite *suite, const uint8_t *messages, size_t n,
                           uint8_t *out);

/** Keys of both directions (0 client, 1 server) from the master secret: TLS 1.0 to 1.2. */
bool tls_key_block(uint16_t version, const struct tls_suite *suite, const uint8_t *master, const uint8_t *client_random,
                   const uint8_t *server_random, struct tls_keys keys[2]);

/** Length of the hash that `suite` derives with, hence of TLS 1.3 secrets: 32 or 48. */
size_t tls_secret_bytes(const struct tls_suite *suite);

/** Keys of a direction from its traffic secret, TLS 1.3. False if `n` is not tls_secret_bytes(). */
bool tls13_keys(const struct tls_suite *suite, const uint8_t *secret, size_t n, struct tls_keys *keys);

/** Turns a traffic secret into that of the next generation (KeyUpdate), in place. */
bool tls13_next_secret(const struct tls_suite *suite, uint8_t *secret, size_t n);

#endif
