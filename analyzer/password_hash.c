/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/password_hash.h"

#include <glib.h>
#include <string.h>

#include "analyzer/secret_memory.h"

/* Decodes `n` hexadecimal digits, an even number. */
static bool unhex(const char *p, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++)
        if (!g_ascii_isxdigit(p[i]))
            return false;
    for (size_t i = 0; i < n / 2; i++)
        out[i] = (uint8_t)(g_ascii_xdigit_value(p[2 * i]) << 4 | g_ascii_xdigit_value(p[2 * i + 1]));
    return true;
}

static int base64_value(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

/* 43 characters without the = that stands for nothing: 32 bytes, and two bits that are 0. */
static bool read_key(const char *p, size_t n, uint8_t key[PASSWORD_KEY_BYTES])
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t at = 0;
    if (n != 43)
        return false;
    for (size_t i = 0; i < n; i++) {
        int value = base64_value(p[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            key[at++] = (uint8_t)(bits >> held);
        }
    }
    return (bits & 3) == 0;
}

static bool read_native(const char *p, size_t n, struct password_hash *out)
{
    out->kind = PASSWORD_HASH_NATIVE;
    return n == 41 && p[0] == '*' && unhex(p + 1, 40, out->native);
}

static bool read_old(const char *p, size_t n, struct password_hash *out)
{
    uint8_t bytes[8];
    out->kind = PASSWORD_HASH_OLD;
    if (n != 16 || !unhex(p, 16, bytes))
        return false;
    for (int i = 0; i < 2; i++)
        out->old[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16 | (uint32_t)bytes[4 * i + 2] << 8 |
                      bytes[4 * i + 3];
    return !((out->old[0] | out->old[1]) >> 31);
}

static bool is_crypt_digest(const char *p)
{
    for (size_t i = 0; i < PASSWORD_CRYPT_DIGEST; i++)
        if (!g_ascii_isalnum(p[i]) && p[i] != '.' && p[i] != '/')
            return false;
    return true;
}

static bool read_crypt(const char *p, size_t n, struct password_hash *out)
{
    enum { CACHING_HEAD = 7, SHA256_HEAD = 3 };
    const char *salt;
    if (n == CACHING_HEAD + PASSWORD_CRYPT_SALT + PASSWORD_CRYPT_DIGEST && memcmp(p, "$A$", 3) == 0 && p[6] == '$') {
        uint32_t thousands = 0;
        for (int i = 3; i < 6; i++) {
            if (!g_ascii_isxdigit(p[i]))
                return false;
            thousands = thousands << 4 | (uint32_t)g_ascii_xdigit_value(p[i]);
        }
        if (thousands == 0)
            return false;
        out->kind = PASSWORD_HASH_CACHING_SHA2;
        out->crypt.rounds = thousands * 1000;
        salt = p + CACHING_HEAD;
    } else if (n == SHA256_HEAD + PASSWORD_CRYPT_SALT + 1 + PASSWORD_CRYPT_DIGEST && memcmp(p, "$5$", 3) == 0 &&
               p[SHA256_HEAD + PASSWORD_CRYPT_SALT] == '$') {
        out->kind = PASSWORD_HASH_SHA256;
        out->crypt.rounds = 5000;
        salt = p + SHA256_HEAD;
    } else {
        return false;
    }
    memcpy(out->crypt.salt, salt, PASSWORD_CRYPT_SALT);
    memcpy(out->crypt.digest, p + n - PASSWORD_CRYPT_DIGEST, PASSWORD_CRYPT_DIGEST);
    return is_crypt_digest(out->crypt.digest) && !memchr(out->crypt.salt, 0, PASSWORD_CRYPT_SALT);
}

static bool read_hexadecimal(const char *p, size_t n, struct password_hash *out)
{
    enum { LONGEST = 70 };
    char bytes[LONGEST];
    if (n < 2 || n % 2 || n > 2 + 2 * LONGEST || p[0] != '0' || (p[1] != 'x' && p[1] != 'X'))
        return false;
    bool good = unhex(p + 2, n - 2, (uint8_t *)bytes) && read_crypt(bytes, n / 2 - 1, out);
    secret_wipe(bytes, sizeof bytes);
    return good;
}

static bool read_ed25519(const char *p, size_t n, struct password_hash *out)
{
    out->kind = PASSWORD_HASH_ED25519;
    return read_key(p, n, out->key);
}

static bool read_parsec(const char *p, size_t n, struct password_hash *out)
{
    out->kind = PASSWORD_HASH_PARSEC;
    if (n < 4 || p[0] != 'P' || !g_ascii_isalnum(p[1]) || p[2] != ':')
        return false;
    const char *end = p + n, *salt = p + 3, *colon = memchr(salt, ':', n - 3);
    if (!colon || colon == salt)
        return false;
    for (const char *c = salt; c < colon; c++)
        if (base64_value(*c) < 0 && *c != '=')
            return false;
    return read_key(colon + 1, (size_t)(end - colon - 1), out->key);
}

bool password_hash_read(const char *p, size_t n, struct password_hash *out)
{
    static bool (*const shapes[])(const char *, size_t, struct password_hash *) = {
        read_native, read_old, read_crypt, read_hexadecimal, read_ed25519, read_parsec};
    for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
        memset(out, 0, sizeof *out);
        if (shapes[i](p, n, out))
            return true;
    }
    memset(out, 0, sizeof *out);
    return false;
}
