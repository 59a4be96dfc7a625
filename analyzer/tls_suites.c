/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tls_suites.h"

#include <stdlib.h>

struct group {
    uint16_t id;
    const char *name;
};

static int by_suite(const void *key, const void *entry)
{
    return (int)*(const uint16_t *)key - ((const struct tls_suite *)entry)->id;
}

static int by_group(const void *key, const void *entry)
{
    return (int)*(const uint16_t *)key - ((const struct group *)entry)->id;
}

const struct tls_suite *tls_suite_find(uint16_t id)
{
    static const struct tls_suite suites[] = {
#define SUITE(id, name, kx, cipher, mac, prf)                                                                          \
    {id, name, TLS_KX_##kx, TLS_CIPHER_##cipher, TLS_HASH_##mac, TLS_HASH_##prf},
#include "analyzer/tls_suites.def"
#undef SUITE
    };
    return bsearch(&id, suites, sizeof suites / sizeof *suites, sizeof *suites, by_suite);
}

bool tls_suite_opens(const struct tls_suite *suite, uint16_t version)
{
    enum tls_cipher_kind kind = tls_cipher_shape(suite->cipher).kind;
    if (version < TLS_1_0 || version > TLS_1_3 || kind == TLS_CIPHER_CLOSED)
        return false;
    if (kind == TLS_CIPHER_STREAM && suite->mac == TLS_HASH_NONE)
        return false; /* TLS_NULL_WITH_NULL_NULL: nobody may agree upon it (RFC 5246 section A.5) */
    if ((version == TLS_1_3) != (suite->kx == TLS_KX_13))
        return false;
    return kind != TLS_CIPHER_AEAD || version >= TLS_1_2;
}

struct tls_cipher_shape tls_cipher_shape(enum tls_cipher cipher)
{
    static const struct tls_cipher_shape shapes[TLS_CIPHERS] = {
#define CIPHER(id, gnutls, kind, key, iv, block, tag) [TLS_CIPHER_##id] = {TLS_CIPHER_##kind, key, iv, block, tag},
#include "analyzer/tls_ciphers.def"
#undef CIPHER
    };
    return shapes[cipher];
}

size_t tls_hash_bytes(enum tls_hash hash)
{
    static const uint8_t bytes[TLS_HASHES] = {
#define HASH(id, gnutls, bytes) [TLS_HASH_##id] = bytes,
#include "analyzer/tls_hashes.def"
#undef HASH
    };
    return bytes[hash];
}

const char *tls_version_name(uint16_t version)
{
    switch (version) {
    case TLS_SSL3: return "SSLv3";
    case TLS_1_0: return "TLSv1";
    case TLS_1_1: return "TLSv1.1";
    case TLS_1_2: return "TLSv1.2";
    case TLS_1_3: return "TLSv1.3";
    default: return NULL;
    }
}

const char *tls_group_name(uint16_t group)
{
    static const struct group groups[] = {
#define GROUP(id, name) {id, name},
#include "analyzer/tls_groups.def"
#undef GROUP
    };
    const struct group *found = bsearch(&group, groups, sizeof groups / sizeof *groups, sizeof *groups, by_group);
    return found ? found->name : NULL;
}
