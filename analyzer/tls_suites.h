/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cipher suites of TLS 1.0 to 1.3 and what they are made of. The list is `tls_suites.def`, by the IANA registry. */
#ifndef ANALYZER_TLS_SUITES_H
#define ANALYZER_TLS_SUITES_H

#include <stdint.h>

/** Versions as on the wire. */
enum tls_version { TLS_SSL3 = 0x0300, TLS_1_0 = 0x0301, TLS_1_1 = 0x0302, TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 };

/** Key exchange, as far as it matters for opening a session: RSA's premaster secret is on the wire, the others' is not. */
enum tls_kx { TLS_KX_RSA, TLS_KX_DHE, TLS_KX_ECDHE, TLS_KX_13, TLS_KX_PSK, TLS_KX_ANON, TLS_KX_OTHER };

/** Ciphers; TLS_CIPHER_OTHER is one that is not opened here. */
enum tls_cipher {
    TLS_CIPHER_OTHER,
    TLS_CIPHER_NULL,
    TLS_CIPHER_RC4_128,
    TLS_CIPHER_3DES_CBC,
    TLS_CIPHER_AES_128_CBC,
    TLS_CIPHER_AES_256_CBC,
    TLS_CIPHER_CAMELLIA_128_CBC,
    TLS_CIPHER_CAMELLIA_256_CBC,
    TLS_CIPHER_AES_128_GCM,
    TLS_CIPHER_AES_256_GCM,
    TLS_CIPHER_CAMELLIA_128_GCM,
    TLS_CIPHER_CAMELLIA_256_GCM,
    TLS_CIPHER_AES_128_CCM,
    TLS_CIPHER_AES_256_CCM,
    TLS_CIPHER_AES_128_CCM_8,
    TLS_CIPHER_AES_256_CCM_8,
    TLS_CIPHER_CHACHA20_POLY1305
};

/** Hashes, of the record's MAC (NONE with an AEAD) and of PRF and HKDF. */
enum tls_hash { TLS_HASH_NONE, TLS_HASH_MD5, TLS_HASH_SHA1, TLS_HASH_SHA256, TLS_HASH_SHA384 };

/** A suite. */
struct tls_suite {
    uint16_t id;
    const char *name; /**< IANA's: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 */
    enum tls_kx kx;
    enum tls_cipher cipher;
    enum tls_hash mac;
    enum tls_hash prf; /**< from TLS 1.2 on; before it is always MD5 with SHA-1 */
};

/** The suite of that number, or NULL if no list has it. */
const struct tls_suite *tls_suite_find(uint16_t id);

/** "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", "SSLv3"; NULL for others. */
const char *tls_version_name(uint16_t version);

/** IANA's name of a supported group ("x25519", "secp256r1", "X25519MLKEM768"); NULL for an unknown one. */
const char *tls_group_name(uint16_t group);

#endif
