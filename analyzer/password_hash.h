/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What servers keep of a password: the authentication strings of mysql.user, known by their shapes.
 *
 *   mysql_native_password  *HEX           40 digits: SHA1(SHA1(password))
 *   mysql_old_password     HEX            16 digits: two words of 31 bits
 *   caching_sha2_password  $A$RRR$SD      RRR thousands of rounds in hexadecimal, S salt of 20 bytes, D 43 characters
 *   sha256_password        $5$S$D         5000 rounds
 *   client_ed25519         BASE64         43 characters: a public key
 *   parsec                 Pn:SALT:BASE64 n, one of 0-9A-Za-z: 1024 << n rounds; a public key
 *
 * S holds any bytes but NUL, so those two may also be written 0x and the whole in hexadecimal (HEX() of the server,
 * print_identified_with_as_hex). Sources: auth_caching_sha2_password and crypt_genhash_impl of MySQL, auth_ed25519 and
 * auth_parsec of MariaDB. */
#ifndef ANALYZER_PASSWORD_HASH_H
#define ANALYZER_PASSWORD_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum password_hash_kind {
    PASSWORD_HASH_NONE, /**< it has no such shape */
    PASSWORD_HASH_NATIVE,
    PASSWORD_HASH_OLD,
    PASSWORD_HASH_CACHING_SHA2,
    PASSWORD_HASH_SHA256,
    PASSWORD_HASH_ED25519,
    PASSWORD_HASH_PARSEC
};

enum { PASSWORD_CRYPT_SALT = 20, PASSWORD_CRYPT_DIGEST = 43, PASSWORD_KEY_BYTES = 32 };

struct password_hash {
    enum password_hash_kind kind;
    union {
        uint8_t native[20];
        uint32_t old[2];
        struct {
            uint32_t rounds;
            uint8_t salt[PASSWORD_CRYPT_SALT];
            char digest[PASSWORD_CRYPT_DIGEST];
        } crypt;                         /**< CACHING_SHA2, SHA256 */
        uint8_t key[PASSWORD_KEY_BYTES]; /**< ED25519, PARSEC */
    };
};

/** Reads a hash, all of `n` bytes. Returns false, and kind NONE, where they are none. */
bool password_hash_read(const char *p, size_t n, struct password_hash *out);

#endif
