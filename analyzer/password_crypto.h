/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client proves of its password, plugin by plugin: does this password, or this hash, fit that proof? Nothing is
 * made here that a server would accept. What is derived from a password is wiped.
 *
 * Sources: password.c (mysql_native_password, mysql_old_password), sha2_password of MySQL (caching_sha2_password),
 * U. Drepper's "Unix crypt using SHA-256 and SHA-512", auth_ed25519 and auth_parsec of MariaDB, RFC 8032, RFC 7748. */
#ifndef ANALYZER_PASSWORD_CRYPTO_H
#define ANALYZER_PASSWORD_CRYPTO_H

#include "analyzer/password_hash.h"

enum password_proof {
    PASSWORD_WRONG,
    PASSWORD_RIGHT,
    PASSWORD_NO_ALGORITHM /**< the library does not do what it takes: a policy of the system forbids it */
};

enum {
    PASSWORD_CHALLENGE = 20,      /**< bytes of the server's challenge: native, caching_sha2 */
    PASSWORD_CHALLENGE_OLD = 8,
    PASSWORD_CHALLENGE_KEY = 32,  /**< ed25519, parsec */
    PASSWORD_PROOF_NATIVE = 20,   /**< bytes of the client's proof */
    PASSWORD_PROOF_OLD = 8,
    PASSWORD_PROOF_SHA2 = 32,
    PASSWORD_PROOF_ED25519 = 64,  /**< a signature */
    PASSWORD_PROOF_PARSEC = 96,   /**< the client's challenge, 32 bytes, and a signature over both */
    PASSWORD_PARSEC_COST_MAX = 7, /**< what servers ask for is 0 to 3; each more doubles the work */
};

/** mysql_native_password: SHA1(password) xor SHA1(challenge + SHA1(SHA1(password))). */
enum password_proof password_native(const char *p, size_t n, const uint8_t *challenge, const uint8_t *proof);
enum password_proof password_native_hash(const uint8_t hash[20], const uint8_t *challenge, const uint8_t *proof);

/** mysql_old_password: eight characters out of a generator that password and challenge seed. */
void password_old_words(const char *p, size_t n, uint32_t words[2]);
enum password_proof password_old_hash(const uint32_t words[2], const uint8_t *challenge, const uint8_t *proof);

/** caching_sha2_password: SHA256(password) xor SHA256(SHA256(SHA256(password)) + challenge). The challenge is as long as
 * PASSWORD_CHALLENGE says, unless the client errs. */
enum password_proof password_sha2(const char *p, size_t n, const uint8_t *challenge, size_t n_challenge,
                                  const uint8_t *proof);

/** A password in clear and what the server keeps of it (CACHING_SHA2, SHA256). */
enum password_proof password_crypt(const char *p, size_t n, const struct password_hash *hash);

/** client_ed25519: a signature over the challenge; the secret scalar is in SHA512(password), of any length. */
enum password_proof password_ed25519(const char *p, size_t n, const uint8_t *challenge, const uint8_t *proof);
enum password_proof password_ed25519_key(const uint8_t key[PASSWORD_KEY_BYTES], const uint8_t *challenge,
                                         const uint8_t *proof);

/** parsec: the public key of PBKDF2-HMAC-SHA512(password, salt, 1024 << cost), which is at most
 * PASSWORD_PARSEC_COST_MAX. False: the library does not do it. */
bool password_parsec_derive(const char *p, size_t n, const uint8_t *salt, size_t n_salt, unsigned cost,
                            uint8_t key[PASSWORD_KEY_BYTES]);

/** … and the proof: a signature over the server's challenge and the client's. */
enum password_proof password_parsec_key(const uint8_t key[PASSWORD_KEY_BYTES], const uint8_t *challenge,
                                        const uint8_t *proof);

#endif
