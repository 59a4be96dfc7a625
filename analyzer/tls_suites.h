/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cipher suites of TLS 1.0 to 1.3 and what they are made of. The list is `tls_suites.def`, by the IANA registry. */
#ifndef ANALYZER_TLS_SUITES_H
#define ANALYZER_TLS_SUITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Versions as on the wire. */
enum tls_version { TLS_SSL3 = 0x0300, TLS_1_0 = 0x0301, TLS_1_1 = 0x0302, TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 };

/** Key exchange, as far as it matters for opening a session: only RSA's premaster secret is on the wire. */
enum tls_kx { TLS_KX_RSA, TLS_KX_DHE, TLS_KX_ECDHE, TLS_KX_13, TLS_KX_PSK, TLS_KX_ANON, TLS_KX_OTHER };

/** Ciphers, TLS_CIPHER_AES_128_GCM and so on; TLS_CIPHER_OTHER, which is 0, is one that is not opened here. */
enum tls_cipher {
#define CIPHER(id, gnutls, kind, key, iv, block, tag) TLS_CIPHER_##id,
#include "analyzer/tls_ciphers.def"
#undef CIPHER
    TLS_CIPHERS
};

/** Hashes, of the record's MAC (NONE with an AEAD) and of PRF and HKDF. */
enum tls_hash {
#define HASH(id, gnutls, bytes) TLS_HASH_##id,
#include "analyzer/tls_hashes.def"
#undef HASH
    TLS_HASHES
};

/** A suite. */
struct tls_suite {
    uint16_t id;
    const char *name; /**< IANA's: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 */
    enum tls_kx kx;
    enum tls_cipher cipher;
    enum tls_hash mac;
    enum tls_hash prf; /**< from TLS 1.2 on; before it is always MD5 with SHA-1 */
};

/** How a cipher's records are built. */
enum tls_cipher_kind { TLS_CIPHER_CLOSED, TLS_CIPHER_STREAM, TLS_CIPHER_BLOCK, TLS_CIPHER_AEAD };

/** Sizes of a cipher in bytes, by the columns of `tls_ciphers.def`. */
struct tls_cipher_shape {
    enum tls_cipher_kind kind;
    uint8_t key;
    uint8_t iv;
    uint8_t block;
    uint8_t tag;
};

/** The suite of that number, or NULL if no list has it. */
const struct tls_suite *tls_suite_find(uint16_t id);

/** Whether `version` can have `suite` agreed upon and its records can be opened: AEAD needs TLS 1.2, TLS 1.3 has suites
 * of its own. */
bool tls_suite_opens(const struct tls_suite *suite, uint16_t version);

/** The shape of a cipher. */
struct tls_cipher_shape tls_cipher_shape(enum tls_cipher cipher);

/** Length of a hash in bytes; 0 of TLS_HASH_NONE. */
size_t tls_hash_bytes(enum tls_hash hash);

/** "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", "SSLv3"; NULL for others. */
const char *tls_version_name(uint16_t version);

/** IANA's name of a supported group ("x25519", "secp256r1", "X25519MLKEM768"); NULL for an unknown one. */
const char *tls_group_name(uint16_t group);

#endif
