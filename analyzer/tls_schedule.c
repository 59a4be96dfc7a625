/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PRF(secret, label, seed) of TLS 1.2 is P_hash(secret, label + seed); before, it is P_MD5(S1, label + seed) xor
 * P_SHA1(S2, label + seed), S1 and S2 being the halves of the secret, which share the middle byte if its length is odd.
 *
 *   P_hash(secret, seed) = HMAC(secret, A(1) + seed) + HMAC(secret, A(2) + seed) + ...
 *   A(0) = seed, A(i) = HMAC(secret, A(i - 1))
 *
 *   key block = client's MAC key, server's, client's key, server's, client's IV, server's   (RFC 5246 section 6.3)
 */
#include "analyzer/tls_schedule.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

/* What is hashed after A(i): label and both seeds. */
struct seed {
    const void *p[3];
    size_t n[3];
};

static gnutls_mac_algorithm_t mac_of(enum tls_hash hash)
{
    static const gnutls_mac_algorithm_t algorithms[TLS_HASHES] = {
#define HASH(id, gnutls, bytes) [TLS_HASH_##id] = GNUTLS_MAC_##gnutls,
#include "analyzer/tls_hashes.def"
#undef HASH
    };
    return algorithms[hash];
}

static bool update(gnutls_hmac_hd_t hmac, const struct seed *seed)
{
    for (unsigned i = 0; i < 3; i++)
        if (seed->n[i] > 0 && gnutls_hmac(hmac, seed->p[i], seed->n[i]) < 0)
            return false;
    return true;
}

/* P_hash, xored into `out`. */
static bool p_hash(enum tls_hash hash, const uint8_t *secret, size_t n_secret, const struct seed *seed, uint8_t *out,
                   size_t n_out)
{
    gnutls_hmac_hd_t hmac;
    if (hash == TLS_HASH_NONE || gnutls_hmac_init(&hmac, mac_of(hash), secret, n_secret) < 0)
        return false;
    uint8_t a[TLS_MAC_BYTES_MAX], block[TLS_MAC_BYTES_MAX];
    size_t n_block = tls_hash_bytes(hash);
    bool good = update(hmac, seed);
    gnutls_hmac_output(hmac, a);
    for (size_t done = 0; good && done < n_out; done += n_block) {
        good = gnutls_hmac(hmac, a, n_block) == 0 && update(hmac, seed);
        gnutls_hmac_output(hmac, block);
        for (size_t i = 0; i < n_block && done + i < n_out; i++)
            out[done + i] ^= block[i];
        good = good && gnutls_hmac(hmac, a, n_block) == 0;
        gnutls_hmac_output(hmac, a);
    }
    gnutls_hmac_deinit(hmac, NULL);
    gnutls_memset(a, 0, sizeof a);
    gnutls_memset(block, 0, sizeof block);
    return good;
}

bool tls_prf(uint16_t version, enum tls_hash hash, const uint8_t *secret, size_t n_secret, const char *label,
             const uint8_t *seed1, size_t n_seed1, const uint8_t *seed2, size_t n_seed2, uint8_t *out, size_t n_out)
{
    struct seed seed = {{label, seed1, seed2}, {strlen(label), n_seed1, n_seed2}};
    memset(out, 0, n_out);
    if (version >= TLS_1_2)
        return p_hash(hash, secret, n_secret, &seed, out, n_out);
    size_t half = n_secret - n_secret / 2;
    return p_hash(TLS_HASH_MD5, secret, half, &seed, out, n_out) &&
           p_hash(TLS_HASH_SHA1, secret + n_secret - half, half, &seed, out, n_out);
}

bool tls_master_secret(uint16_t version, const struct tls_suite *suite, const uint8_t *premaster, size_t n_premaster,
                       const uint8_t *client_random, const uint8_t *server_random, uint8_t *master)
{
    return tls_prf(version, suite->prf, premaster, n_premaster, "master secret", client_random, TLS_RANDOM_BYTES,
                   server_random, TLS_RANDOM_BYTES, master, TLS_MASTER_BYTES);
}

bool tls_extended_master_secret(uint16_t version, const struct tls_suite *suite, const uint8_t *premaster,
                                size_t n_premaster, const uint8_t *session_hash, size_t n_hash, uint8_t *master)
{
    return tls_prf(version, suite->prf, premaster, n_premaster, "extended master secret", session_hash, n_hash, NULL, 0,
                   master, TLS_MASTER_BYTES);
}

size_t tls_transcript_hash(uint16_t version, const struct tls_suite *suite, const uint8_t *messages, size_t n,
                           uint8_t *out)
{
    if (version >= TLS_1_2) {
        gnutls_digest_algorithm_t digest = (gnutls_digest_algorithm_t)mac_of(suite->prf);
        return gnutls_hash_fast(digest, messages, n, out) == 0 ? tls_hash_bytes(suite->prf) : 0;
    }
    size_t n_md5 = tls_hash_bytes(TLS_HASH_MD5);
    if (gnutls_hash_fast(GNUTLS_DIG_MD5, messages, n, out) < 0 ||
        gnutls_hash_fast(GNUTLS_DIG_SHA1, messages, n, out + n_md5) < 0)
        return 0;
    return n_md5 + tls_hash_bytes(TLS_HASH_SHA1);
}

/* Takes the next bytes of the key block. */
static const uint8_t *deal(const uint8_t *from, uint8_t *to, size_t n)
{
    memcpy(to, from, n);
    return from + n;
}

bool tls_key_block(uint16_t version, const struct tls_suite *suite, const uint8_t *master, const uint8_t *client_random,
                   const uint8_t *server_random, struct tls_keys keys[2])
{
    memset(keys, 0, 2 * sizeof *keys);
    if (version >= TLS_1_3 || !tls_suite_opens(suite, version))
        return false;
    struct tls_cipher_shape shape = tls_cipher_shape(suite->cipher);
    size_t n_mac = tls_hash_bytes(suite->mac);
    size_t n_iv = shape.kind == TLS_CIPHER_BLOCK && version >= TLS_1_1 ? 0 : shape.iv;
    uint8_t block[2 * sizeof *keys];
    bool good = tls_prf(version, suite->prf, master, TLS_MASTER_BYTES, "key expansion", server_random, TLS_RANDOM_BYTES,
                        client_random, TLS_RANDOM_BYTES, block, 2 * (n_mac + shape.key + n_iv));
    if (good) {
        const uint8_t *p = block;
        for (unsigned side = 0; side < 2; side++)
            p = deal(p, keys[side].mac, n_mac);
        for (unsigned side = 0; side < 2; side++)
            p = deal(p, keys[side].key, shape.key);
        for (unsigned side = 0; side < 2; side++)
            p = deal(p, keys[side].iv, n_iv);
    }
    gnutls_memset(block, 0, sizeof block);
    return good;
}

size_t tls_secret_bytes(const struct tls_suite *suite)
{
    return tls_hash_bytes(suite->prf);
}

/* HKDF-Expand-Label(secret, label, "", n_out), RFC 8446 section 7.1:
 *
 *   uint16 length | opaque label<7..255> = "tls13 " + label | opaque context<0..255> = ""
 */
static bool expand_label(enum tls_hash hash, const uint8_t *secret, size_t n_secret, const char *label, uint8_t *out,
                         size_t n_out)
{
    static const char prefix[] = "tls13 ";
    uint8_t info[2 + 1 + 32 + 1];
    size_t n_prefix = strlen(prefix), n_label = strlen(label), n = 0;
    info[n++] = (uint8_t)(n_out >> 8);
    info[n++] = (uint8_t)n_out;
    info[n++] = (uint8_t)(n_prefix + n_label);
    memcpy(info + n, prefix, n_prefix);
    memcpy(info + n + n_prefix, label, n_label);
    n += n_prefix + n_label;
    info[n++] = 0;
    gnutls_datum_t key = {(unsigned char *)secret, (unsigned)n_secret};
    gnutls_datum_t context = {info, (unsigned)n};
    return gnutls_hkdf_expand(mac_of(hash), &key, &context, out, n_out) == 0;
}

bool tls13_keys(const struct tls_suite *suite, const uint8_t *secret, size_t n, struct tls_keys *keys)
{
    enum { NONCE_BYTES = 12 };
    memset(keys, 0, sizeof *keys);
    if (!tls_suite_opens(suite, TLS_1_3) || n != tls_secret_bytes(suite))
        return false;
    size_t n_key = tls_cipher_shape(suite->cipher).key;
    return expand_label(suite->prf, secret, n, "key", keys->key, n_key) &&
           expand_label(suite->prf, secret, n, "iv", keys->iv, NONCE_BYTES);
}

bool tls13_next_secret(const struct tls_suite *suite, uint8_t *secret, size_t n)
{
    uint8_t next[TLS_SECRET_BYTES_MAX];
    bool good = n > 0 && n == tls_secret_bytes(suite) && expand_label(suite->prf, secret, n, "traffic upd", next, n);
    if (good)
        memcpy(secret, next, n);
    gnutls_memset(next, 0, sizeof next);
    return good;
}
