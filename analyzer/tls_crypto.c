/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record's fragment (RFC 5246 section 6.2.3, RFC 7366 section 3, RFC 8446 section 5.2):
 *
 *   STREAM                  E(content | MAC)
 *   BLOCK                   [IV] E(content | MAC | padding | padding's length)   the IV stands here from TLS 1.1 on
 *   BLOCK, encrypt then MAC [IV] E(content | padding | padding's length) | MAC
 *   AEAD of 4 bytes of IV   8 bytes of the nonce | E(content) | tag
 *   AEAD of 12 bytes, 1.3   E(content) | tag
 *
 * The content of TLS 1.3 is: content | content type | zeros. What is authenticated besides is `number | type | version
 * | length`, in TLS 1.3 the record's header.
 *
 * Times tell nothing to anybody here: this side has the keys and answers nobody, so padding and MAC are compared
 * plainly. */
#include "analyzer/tls_crypto.h"

#include <glib.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

enum {
    NONCE_BYTES = 12,
    EXPLICIT_BYTES = 8, /* of a nonce, in the record */
    HEADER_BYTES = 5,
    COVERED_BYTES = 13,                 /* number, type, version, length */
    FRAGMENT_MAX = (1 << 14) + 2048,    /* RFC 5246 section 6.2.3 */
    FRAGMENT_MAX_1_3 = (1 << 14) + 256, /* RFC 8446 section 5.2 */
    SKIP_BYTES = 256                    /* of key stream at a time */
};

struct tls_opener {
    struct tls_cipher_shape shape;
    bool tls13;
    bool encrypt_then_mac;
    bool explicit_iv; /**< BLOCK: the record begins with it */
    bool stream;      /**< bytes depend on the records before: RC4 */
    uint8_t n_mac;
    uint8_t n_explicit;           /**< AEAD: bytes of the nonce that a record begins with */
    uint8_t iv[TLS_IV_BYTES_MAX]; /**< AEAD: the nonce's own part; BLOCK of TLS 1.0: of the next record */
    gnutls_aead_cipher_hd_t aead; /**< NULL if not an AEAD */
    gnutls_cipher_hd_t cipher;    /**< NULL if an AEAD, or of NULL */
    gnutls_hmac_hd_t hmac;        /**< NULL if an AEAD */
};

static gnutls_cipher_algorithm_t algorithm_of(enum tls_cipher cipher)
{
    static const gnutls_cipher_algorithm_t algorithms[TLS_CIPHERS] = {
#define CIPHER(id, gnutls, kind, key, iv, block, tag) [TLS_CIPHER_##id] = GNUTLS_CIPHER_##gnutls,
#include "analyzer/tls_ciphers.def"
#undef CIPHER
    };
    return algorithms[cipher];
}

static gnutls_mac_algorithm_t mac_of(enum tls_hash hash)
{
    static const gnutls_mac_algorithm_t algorithms[TLS_HASHES] = {
#define HASH(id, gnutls, bytes) [TLS_HASH_##id] = GNUTLS_MAC_##gnutls,
#include "analyzer/tls_hashes.def"
#undef HASH
    };
    return algorithms[hash];
}

/* Makes the handles; false if GnuTLS refuses one. What was made then is in the opener. */
static bool prepare(struct tls_opener *o, const struct tls_suite *suite, const struct tls_keys *keys)
{
    gnutls_cipher_algorithm_t algorithm = algorithm_of(suite->cipher);
    gnutls_datum_t key = {(unsigned char *)keys->key, o->shape.key};
    if (o->shape.kind == TLS_CIPHER_AEAD)
        return gnutls_aead_cipher_init(&o->aead, algorithm, &key) == 0;
    if (o->n_mac > 0 && gnutls_hmac_init(&o->hmac, mac_of(suite->mac), keys->mac, o->n_mac) < 0)
        return false;
    gnutls_datum_t iv = {o->iv, o->shape.block};
    return suite->cipher == TLS_CIPHER_NULL ||
           gnutls_cipher_init(&o->cipher, algorithm, &key, iv.size > 0 ? &iv : NULL) == 0;
}

struct tls_opener *tls_opener_new(uint16_t version, const struct tls_suite *suite, const struct tls_keys *keys,
                                  bool encrypt_then_mac)
{
    if (!tls_suite_opens(suite, version))
        return NULL;
    struct tls_opener *o = g_new0(struct tls_opener, 1);
    o->shape = tls_cipher_shape(suite->cipher);
    o->tls13 = version >= TLS_1_3;
    bool block = o->shape.kind == TLS_CIPHER_BLOCK;
    o->encrypt_then_mac = block && encrypt_then_mac;
    o->explicit_iv = block && version >= TLS_1_1;
    o->stream = suite->cipher == TLS_CIPHER_RC4_128;
    o->n_mac = (uint8_t)tls_hash_bytes(suite->mac);
    if (!o->tls13 && o->shape.kind == TLS_CIPHER_AEAD)
        o->n_explicit = (uint8_t)(NONCE_BYTES - o->shape.iv);
    memcpy(o->iv, keys->iv, sizeof o->iv);
    if (!prepare(o, suite, keys)) {
        tls_opener_free(o);
        return NULL;
    }
    return o;
}

static void put16(uint8_t *p, size_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put64(uint8_t *p, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        p[i] = (uint8_t)(value >> (56 - 8 * i));
}

/* What MAC and tag cover besides the content of `n` bytes, before TLS 1.3. */
static void cover(uint8_t covered[COVERED_BYTES], uint64_t sequence, uint8_t type, uint16_t version, size_t n)
{
    put64(covered, sequence);
    covered[8] = type;
    put16(covered + 9, version);
    put16(covered + 11, n);
}

/* The content type is the last byte that is not 0 (RFC 8446 section 5.4). */
static enum tls_open unwrap(struct tls_plain *out)
{
    size_t n = out->n;
    while (n > 0 && out->p[n - 1] == 0)
        n--;
    if (n == 0)
        return TLS_BAD_SHAPE;
    out->type = out->p[n - 1];
    out->n = n - 1;
    return TLS_OPENED;
}

static enum tls_open open_aead(struct tls_opener *o, uint64_t sequence, uint8_t type, uint16_t version,
                               const uint8_t *p, size_t n, uint8_t *room, struct tls_plain *out)
{
    size_t n_tag = o->shape.tag;
    if (n < o->n_explicit + n_tag)
        return TLS_BAD_SHAPE;
    uint8_t nonce[NONCE_BYTES], covered[COVERED_BYTES];
    size_t n_covered;
    memcpy(nonce, o->iv, sizeof nonce);
    if (o->n_explicit > 0) {
        memcpy(nonce + sizeof nonce - o->n_explicit, p, o->n_explicit);
    } else {
        uint8_t number[8];
        put64(number, sequence);
        for (unsigned i = 0; i < sizeof number; i++)
            nonce[sizeof nonce - sizeof number + i] ^= number[i];
    }
    /* The content has the place in `room` that its ciphertext has in `p`: so `room` can be `p`. */
    size_t n_content = n - o->n_explicit - n_tag;
    if (o->tls13) {
        covered[0] = type;
        put16(covered + 1, version);
        put16(covered + 3, n);
        n_covered = HEADER_BYTES;
    } else {
        cover(covered, sequence, type, version, n_content);
        n_covered = COVERED_BYTES;
    }
    uint8_t *content = room + o->n_explicit;
    size_t n_out = n_content;
    if (gnutls_aead_cipher_decrypt(o->aead, nonce, sizeof nonce, covered, n_covered, n_tag, p + o->n_explicit,
                                   n_content + n_tag, content, &n_out) < 0)
        return TLS_BAD_MAC;
    *out = (struct tls_plain){.type = type, .p = content, .n = n_content};
    return o->tls13 ? unwrap(out) : TLS_OPENED;
}

/* Whether `mac` is that of the record's `n` bytes at `p`. */
static bool mac_fits(struct tls_opener *o, uint64_t sequence, uint8_t type, uint16_t version, const uint8_t *p,
                     size_t n, const uint8_t *mac)
{
    if (o->n_mac == 0)
        return true;
    uint8_t covered[COVERED_BYTES], computed[TLS_MAC_BYTES_MAX];
    cover(covered, sequence, type, version, n);
    bool good = gnutls_hmac(o->hmac, covered, sizeof covered) == 0 && (n == 0 || gnutls_hmac(o->hmac, p, n) == 0);
    gnutls_hmac_output(o->hmac, computed); /* which begins the next one */
    return good && memcmp(computed, mac, o->n_mac) == 0;
}

static enum tls_open open_stream(struct tls_opener *o, uint64_t sequence, uint8_t type, uint16_t version,
                                 const uint8_t *p, size_t n, uint8_t *room, struct tls_plain *out)
{
    if (n < o->n_mac) {
        tls_opener_skip(o, p, n);
        return TLS_BAD_SHAPE;
    }
    if (!o->cipher)
        memmove(room, p, n);
    else if (n > 0 && gnutls_cipher_decrypt2(o->cipher, p, n, room, n) < 0)
        return TLS_BAD_MAC;
    size_t n_content = n - o->n_mac;
    if (!mac_fits(o, sequence, type, version, room, n_content, room + n_content))
        return TLS_BAD_MAC;
    *out = (struct tls_plain){.type = type, .p = room, .n = n_content};
    return TLS_OPENED;
}

/* Takes the padding off: each of its bytes and the one that counts them is that count. False if it is none. */
static bool unpad(const uint8_t *p, size_t *n)
{
    size_t padding = p[*n - 1];
    if (padding + 1 > *n)
        return false;
    for (size_t i = 0; i < padding; i++)
        if (p[*n - 2 - i] != padding)
            return false;
    *n -= padding + 1;
    return true;
}

static enum tls_open open_block(struct tls_opener *o, uint64_t sequence, uint8_t type, uint16_t version,
                                const uint8_t *p, size_t n, uint8_t *room, struct tls_plain *out)
{
    size_t n_block = o->shape.block;
    size_t n_iv = o->explicit_iv ? n_block : 0;
    size_t n_outside = o->encrypt_then_mac ? o->n_mac : 0;
    /* One byte counts the padding even where there is none. */
    size_t inside_min = o->encrypt_then_mac ? 1 : o->n_mac + 1u;
    if (n < n_iv + inside_min + n_outside)
        return TLS_BAD_SHAPE;
    size_t n_inside = n - n_iv - n_outside;
    if (n_inside % n_block != 0)
        return TLS_BAD_SHAPE;
    gnutls_cipher_set_iv(o->cipher, o->explicit_iv ? (void *)p : o->iv, n_block);
    if (!o->explicit_iv)
        memcpy(o->iv, p + n_inside - n_block, n_block);
    if (o->encrypt_then_mac && !mac_fits(o, sequence, type, version, p, n - n_outside, p + n - n_outside))
        return TLS_BAD_MAC;
    uint8_t *content = room + n_iv;
    if (gnutls_cipher_decrypt2(o->cipher, p + n_iv, n_inside, content, n_inside) < 0)
        return TLS_BAD_MAC;
    if (!unpad(content, &n_inside)) {
        /* The MAC has shown that it is this record. Of a single block nothing is known where the one before it is not. */
        if (!o->encrypt_then_mac || o->explicit_iv || n_inside != n_block)
            return TLS_BAD_MAC;
        n_inside = 0;
    }
    if (!o->encrypt_then_mac) {
        if (n_inside < o->n_mac)
            return TLS_BAD_MAC;
        n_inside -= o->n_mac;
        if (!mac_fits(o, sequence, type, version, content, n_inside, content + n_inside))
            return TLS_BAD_MAC;
    }
    *out = (struct tls_plain){.type = type, .p = content, .n = n_inside};
    return TLS_OPENED;
}

enum tls_open tls_opener_open(struct tls_opener *o, uint64_t sequence, uint8_t type, uint16_t version, const uint8_t *p,
                              size_t n, uint8_t *room, struct tls_plain *out)
{
    *out = (struct tls_plain){0};
    enum tls_open result = TLS_BAD_SHAPE;
    if (n > (o->tls13 ? FRAGMENT_MAX_1_3 : FRAGMENT_MAX))
        tls_opener_skip(o, p, n);
    else if (o->shape.kind == TLS_CIPHER_AEAD)
        result = open_aead(o, sequence, type, version, p, n, room, out);
    else if (o->shape.kind == TLS_CIPHER_BLOCK)
        result = open_block(o, sequence, type, version, p, n, room, out);
    else
        result = open_stream(o, sequence, type, version, p, n, room, out);
    if (result != TLS_OPENED)
        *out = (struct tls_plain){0};
    return result;
}

bool tls_opener_chained(const struct tls_opener *o)
{
    return o->stream || (o->shape.kind == TLS_CIPHER_BLOCK && !o->explicit_iv);
}

bool tls_opener_streams(const struct tls_opener *o)
{
    return o->stream;
}

bool tls_opener_covers_iv(const struct tls_opener *o)
{
    return !o->encrypt_then_mac || o->explicit_iv;
}

size_t tls_opener_overhead(const struct tls_opener *o)
{
    switch (o->shape.kind) {
    case TLS_CIPHER_AEAD: return HEADER_BYTES + o->n_explicit + (o->tls13 ? 1u : 0u) + o->shape.tag;
    case TLS_CIPHER_STREAM: return HEADER_BYTES + (size_t)o->n_mac;
    default: return 0;
    }
}

void tls_opener_skip(struct tls_opener *o, const uint8_t *p, size_t n)
{
    if (o->stream) {
        uint8_t stream[SKIP_BYTES] = {0};
        for (size_t done = 0; done < n; done += MIN(n - done, sizeof stream))
            gnutls_cipher_decrypt2(o->cipher, stream, MIN(n - done, sizeof stream), stream,
                                   MIN(n - done, sizeof stream));
        gnutls_memset(stream, 0, sizeof stream);
    } else if (tls_opener_chained(o)) {
        size_t n_block = o->shape.block;
        size_t n_outside = o->encrypt_then_mac ? o->n_mac : 0;
        if (n >= n_block + n_outside)
            memcpy(o->iv, p + n - n_outside - n_block, n_block);
    }
}

void tls_opener_free(struct tls_opener *o)
{
    if (!o)
        return;
    if (o->aead)
        gnutls_aead_cipher_deinit(o->aead);
    if (o->cipher)
        gnutls_cipher_deinit(o->cipher);
    if (o->hmac)
        gnutls_hmac_deinit(o->hmac, NULL);
    gnutls_memset(o, 0, sizeof *o);
    g_free(o);
}
