/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/password_crypto.h"

#include <gmp.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <nettle/curve25519.h>
#include <nettle/eddsa.h>
#include <string.h>

#include "analyzer/secret_memory.h"

enum { SHA1_BYTES = 20, SHA256_BYTES = 32, SHA512_BYTES = 64 };

/* H(a + b) */
static bool hash(gnutls_digest_algorithm_t algorithm, const void *a, size_t n_a, const void *b, size_t n_b, uint8_t *out)
{
    gnutls_hash_hd_t h;
    if (gnutls_hash_init(&h, algorithm) < 0)
        return false;
    bool good = (n_a == 0 || gnutls_hash(h, a, n_a) == 0) && (n_b == 0 || gnutls_hash(h, b, n_b) == 0);
    gnutls_hash_deinit(h, out);
    return good;
}

static enum password_proof verdict(bool right)
{
    return right ? PASSWORD_RIGHT : PASSWORD_WRONG;
}

/* -- mysql_native_password ----------------------------------------------------------------------------------------- */

enum password_proof password_native_hash(const uint8_t stored[20], const uint8_t *challenge, const uint8_t *proof)
{
    uint8_t once[SHA1_BYTES], twice[SHA1_BYTES];
    bool good = hash(GNUTLS_DIG_SHA1, challenge, PASSWORD_CHALLENGE, stored, SHA1_BYTES, once);
    for (int i = 0; good && i < SHA1_BYTES; i++)
        once[i] ^= proof[i];
    good = good && hash(GNUTLS_DIG_SHA1, once, sizeof once, NULL, 0, twice);
    bool right = good && memcmp(twice, stored, sizeof twice) == 0;
    secret_wipe(once, sizeof once);
    secret_wipe(twice, sizeof twice);
    return good ? verdict(right) : PASSWORD_NO_ALGORITHM;
}

enum password_proof password_native(const char *p, size_t n, const uint8_t *challenge, const uint8_t *proof)
{
    uint8_t once[SHA1_BYTES], twice[SHA1_BYTES];
    bool good = hash(GNUTLS_DIG_SHA1, p, n, NULL, 0, once) && hash(GNUTLS_DIG_SHA1, once, sizeof once, NULL, 0, twice);
    enum password_proof result = good ? password_native_hash(twice, challenge, proof) : PASSWORD_NO_ALGORITHM;
    secret_wipe(once, sizeof once);
    secret_wipe(twice, sizeof twice);
    return result;
}

/* -- mysql_old_password -------------------------------------------------------------------------------------------- */

void password_old_words(const char *p, size_t n, uint32_t words[2])
{
    uint32_t a = 1345345333, add = 7, b = 0x12345671;
    for (size_t i = 0; i < n; i++) {
        uint32_t c = (uint8_t)p[i];
        if (c == ' ' || c == '\t')
            continue;
        a ^= ((a & 63) + add) * c + (a << 8);
        b += (b << 8) ^ a;
        add += c;
    }
    words[0] = a & 0x7fffffff;
    words[1] = b & 0x7fffffff;
}

/* Times 31, without the fraction. */
static uint8_t next_of(uint32_t seeds[2])
{
    const uint32_t max = 0x3fffffff;
    seeds[0] = (uint32_t)(((uint64_t)seeds[0] * 3 + seeds[1]) % max);
    seeds[1] = (uint32_t)(((uint64_t)seeds[0] + seeds[1] + 33) % max);
    return (uint8_t)((double)seeds[0] / (double)max * 31);
}

enum password_proof password_old_hash(const uint32_t words[2], const uint8_t *challenge, const uint8_t *proof)
{
    const uint32_t max = 0x3fffffff;
    uint32_t seeds[2];
    uint8_t wanted[PASSWORD_PROOF_OLD];
    password_old_words((const char *)challenge, PASSWORD_CHALLENGE_OLD, seeds);
    for (int i = 0; i < 2; i++)
        seeds[i] = (seeds[i] ^ words[i]) % max;
    for (int i = 0; i < PASSWORD_PROOF_OLD; i++)
        wanted[i] = (uint8_t)(next_of(seeds) + 64);
    uint8_t extra = next_of(seeds);
    for (int i = 0; i < PASSWORD_PROOF_OLD; i++)
        wanted[i] ^= extra;
    bool right = memcmp(wanted, proof, sizeof wanted) == 0;
    secret_wipe(seeds, sizeof seeds);
    secret_wipe(wanted, sizeof wanted);
    return verdict(right);
}

/* -- caching_sha2_password, sha256_password ------------------------------------------------------------------------ */

enum password_proof password_sha2(const char *p, size_t n, const uint8_t *challenge, size_t n_challenge,
                                  const uint8_t *proof)
{
    uint8_t once[SHA256_BYTES], pad[SHA256_BYTES];
    bool good = hash(GNUTLS_DIG_SHA256, p, n, NULL, 0, once) &&
                hash(GNUTLS_DIG_SHA256, once, sizeof once, NULL, 0, pad) &&
                hash(GNUTLS_DIG_SHA256, pad, sizeof pad, challenge, n_challenge, pad);
    for (int i = 0; good && i < SHA256_BYTES; i++)
        once[i] ^= pad[i];
    bool right = good && memcmp(once, proof, sizeof once) == 0;
    secret_wipe(once, sizeof once);
    secret_wipe(pad, sizeof pad);
    return good ? verdict(right) : PASSWORD_NO_ALGORITHM;
}

/* Servers take no longer password. */
enum { CRYPT_PASSWORD_MAX = 256 };

/* What the rounds of SHA-crypt go over. */
struct crypt {
    gnutls_hash_hd_t hash;
    uint8_t sum[SHA256_BYTES];
    uint8_t password[CRYPT_PASSWORD_MAX]; /* as long as the password: its own hash, over and over */
    uint8_t salt[PASSWORD_CRYPT_SALT];
    bool failed;
};

static void add(struct crypt *c, const void *p, size_t n)
{
    if (n > 0 && gnutls_hash(c->hash, p, n) < 0)
        c->failed = true;
}

/* Fills `out` with the hash of `times` times `p`, over and over. */
static void stretch(struct crypt *c, const void *p, size_t n, size_t times, uint8_t *out, size_t n_out)
{
    uint8_t sum[SHA256_BYTES];
    for (size_t i = 0; i < times; i++)
        add(c, p, n);
    gnutls_hash_output(c->hash, sum);
    for (size_t i = 0; i < n_out; i++)
        out[i] = sum[i % sizeof sum];
    secret_wipe(sum, sizeof sum);
}

static void crypt_sum(struct crypt *c, const char *p, size_t n, const uint8_t *salt, uint32_t rounds)
{
    uint8_t other[SHA256_BYTES];
    add(c, p, n);
    add(c, salt, PASSWORD_CRYPT_SALT);
    add(c, p, n);
    gnutls_hash_output(c->hash, other);
    add(c, p, n);
    add(c, salt, PASSWORD_CRYPT_SALT);
    for (size_t left = n; left > 0; left -= left < sizeof other ? left : sizeof other)
        add(c, other, left < sizeof other ? left : sizeof other);
    for (size_t bits = n; bits > 0; bits >>= 1)
        if (bits & 1)
            add(c, other, sizeof other);
        else
            add(c, p, n);
    gnutls_hash_output(c->hash, c->sum);
    secret_wipe(other, sizeof other);
    stretch(c, p, n, n, c->password, n);
    stretch(c, salt, PASSWORD_CRYPT_SALT, 16u + c->sum[0], c->salt, sizeof c->salt);
    for (uint32_t i = 0; i < rounds && !c->failed; i++) {
        i & 1 ? add(c, c->password, n) : add(c, c->sum, sizeof c->sum);
        if (i % 3)
            add(c, c->salt, sizeof c->salt);
        if (i % 7)
            add(c, c->password, n);
        i & 1 ? add(c, c->sum, sizeof c->sum) : add(c, c->password, n);
        gnutls_hash_output(c->hash, c->sum);
    }
}

/* The base 64 of crypt(3), its bytes in an order of their own. */
static void crypt_text(const uint8_t sum[SHA256_BYTES], char out[PASSWORD_CRYPT_DIGEST])
{
    static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t at = 0;
    for (unsigned i = 0; i < 10; i++) {
        unsigned a = i % 3 == 0 ? i : i % 3 == 1 ? i + 20 : i + 10; /* 0 10 20, 21 1 11, 12 22 2, 3 13 23 … */
        unsigned b = (a + 10) % 30, c = (a + 20) % 30;
        uint32_t bits = (uint32_t)sum[a] << 16 | (uint32_t)sum[b] << 8 | sum[c];
        for (int k = 0; k < 4; k++, bits >>= 6)
            out[at++] = digits[bits & 63];
    }
    uint32_t bits = (uint32_t)sum[31] << 8 | sum[30];
    for (int k = 0; k < 3; k++, bits >>= 6)
        out[at++] = digits[bits & 63];
}

enum password_proof password_crypt(const char *p, size_t n, const struct password_hash *stored)
{
    struct crypt c = {0};
    char text[PASSWORD_CRYPT_DIGEST];
    if (n > CRYPT_PASSWORD_MAX)
        return PASSWORD_WRONG;
    if (gnutls_hash_init(&c.hash, GNUTLS_DIG_SHA256) < 0)
        return PASSWORD_NO_ALGORITHM;
    crypt_sum(&c, p, n, stored->crypt.salt, stored->crypt.rounds);
    gnutls_hash_deinit(c.hash, NULL);
    crypt_text(c.sum, text);
    bool failed = c.failed, right = memcmp(text, stored->crypt.digest, sizeof text) == 0;
    secret_wipe(&c, sizeof c);
    secret_wipe(text, sizeof text);
    return failed ? PASSWORD_NO_ALGORITHM : verdict(right);
}

/* -- client_ed25519 ------------------------------------------------------------------------------------------------ */

enum password_proof password_ed25519_key(const uint8_t key[PASSWORD_KEY_BYTES], const uint8_t *challenge,
                                         const uint8_t *proof)
{
    return verdict(ed25519_sha512_verify(key, PASSWORD_CHALLENGE_KEY, challenge, proof) == 1);
}

/* The y of the point whose place on the other form of the curve is u: (u - 1) / (u + 1) modulo 2^255 - 19. */
static void edwards_y(const uint8_t u_bytes[PASSWORD_KEY_BYTES], uint8_t key[PASSWORD_KEY_BYTES])
{
    mpz_t p, u, y, below;
    mpz_inits(p, u, y, below, NULL);
    mpz_ui_pow_ui(p, 2, 255);
    mpz_sub_ui(p, p, 19);
    mpz_import(u, PASSWORD_KEY_BYTES, -1, 1, 0, 0, u_bytes);
    mpz_sub_ui(y, u, 1);
    mpz_add_ui(below, u, 1);
    memset(key, 0, PASSWORD_KEY_BYTES);
    if (mpz_invert(below, below, p)) {
        mpz_mul(y, y, below);
        mpz_mod(y, y, p);
        mpz_export(key, NULL, -1, 1, 0, 0, y);
    }
    mpz_clears(p, u, y, below, NULL);
}

/* Ed25519 as libraries have it takes a seed of 32 bytes; here the seed is the password, of any length. Its public key is
 * the base point times the first half of SHA512(seed), clamped. X25519 multiplies that point on the other form of the
 * curve, clamping alike, and leaves open the sign of x: a signature fits one of the two at most. */
enum password_proof password_ed25519(const char *p, size_t n, const uint8_t *challenge, const uint8_t *proof)
{
    uint8_t secret[SHA512_BYTES], u[PASSWORD_KEY_BYTES], key[PASSWORD_KEY_BYTES];
    if (!hash(GNUTLS_DIG_SHA512, p, n, NULL, 0, secret))
        return PASSWORD_NO_ALGORITHM;
    curve25519_mul_g(u, secret);
    secret_wipe(secret, sizeof secret);
    edwards_y(u, key);
    if (password_ed25519_key(key, challenge, proof) == PASSWORD_RIGHT)
        return PASSWORD_RIGHT;
    key[PASSWORD_KEY_BYTES - 1] |= 0x80;
    return password_ed25519_key(key, challenge, proof);
}

/* -- parsec -------------------------------------------------------------------------------------------------------- */

bool password_parsec_derive(const char *p, size_t n, const uint8_t *salt, size_t n_salt, unsigned cost,
                            uint8_t key[PASSWORD_KEY_BYTES])
{
    enum { ROUNDS = 1024 };
    uint8_t seed[PASSWORD_KEY_BYTES];
    const gnutls_datum_t password = {(unsigned char *)p, (unsigned)n}, salted = {(unsigned char *)salt, (unsigned)n_salt};
    if (cost > PASSWORD_PARSEC_COST_MAX ||
        gnutls_pbkdf2(GNUTLS_MAC_SHA512, &password, &salted, ROUNDS << cost, seed, sizeof seed) < 0)
        return false;
    ed25519_sha512_public_key(key, seed);
    secret_wipe(seed, sizeof seed);
    return true;
}

enum password_proof password_parsec_key(const uint8_t key[PASSWORD_KEY_BYTES], const uint8_t *challenge,
                                        const uint8_t *proof)
{
    uint8_t both[2 * PASSWORD_CHALLENGE_KEY];
    memcpy(both, challenge, PASSWORD_CHALLENGE_KEY);
    memcpy(both + PASSWORD_CHALLENGE_KEY, proof, PASSWORD_CHALLENGE_KEY);
    return verdict(ed25519_sha512_verify(key, sizeof both, both, proof + PASSWORD_CHALLENGE_KEY) == 1);
}
