/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/keylog_lines.h"

#include <string.h>

static size_t word(const char *p, const char *end)
{
    size_t n = 0;
    while (p + n < end && p[n] != ' ' && p[n] != '\r')
        n++;
    return n;
}

static bool is_hex(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!g_ascii_isxdigit(p[i]))
            return false;
    return n > 0 && n % 2 == 0;
}

static bool is_label(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!g_ascii_isupper(p[i]) && !g_ascii_isdigit(p[i]) && p[i] != '_')
            return false;
    return n > 0;
}

/* LABEL SP hex SP hex [CR], and nothing behind. */
static bool read_line(const char *p, const char *end, struct keylog_line *out)
{
    enum { RSA_ID = 16 }; /* digits that name an RSA key exchange: the beginning of what was encrypted */
    size_t n = word(p, end);
    *out = (struct keylog_line){.label = p, .label_length = n};
    if (!is_label(p, n) || p + n == end || p[n] != ' ')
        return false;
    p += n + 1;
    n = word(p, end);
    bool rsa = out->label_length == 3 && memcmp(out->label, "RSA", 3) == 0;
    if (!is_hex(p, n) || n != (rsa ? RSA_ID : 2 * CLIENT_RANDOM_BYTES) || p + n == end || p[n] != ' ')
        return false;
    out->has_random = !rsa;
    for (size_t i = 0; !rsa && i < CLIENT_RANDOM_BYTES; i++)
        out->random[i] = (uint8_t)(g_ascii_xdigit_value(p[2 * i]) << 4 | g_ascii_xdigit_value(p[2 * i + 1]));
    p += n + 1;
    n = word(p, end);
    return is_hex(p, n) && (p + n == end || (p[n] == '\r' && p + n + 1 == end));
}

bool keylog_next_line(const char **at, const char *end, struct keylog_line *out)
{
    while (*at < end) {
        const char *line = *at, *stop = memchr(line, '\n', (size_t)(end - line));
        *at = stop ? stop + 1 : end;
        if (read_line(line, stop ? stop : end, out))
            return true;
    }
    return false;
}

static guint hash_random(gconstpointer key)
{
    guint hash; /* randoms are random */
    memcpy(&hash, (const uint8_t *)key + CLIENT_RANDOM_BYTES - sizeof hash, sizeof hash);
    return hash;
}

static gboolean same_random(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, CLIENT_RANDOM_BYTES) == 0;
}

GHashTable *keylog_randoms_new(void)
{
    return g_hash_table_new_full(hash_random, same_random, g_free, NULL);
}

void keylog_randoms_add(GHashTable *set, const uint8_t *random)
{
    if (!g_hash_table_contains(set, random))
        g_hash_table_add(set, g_memdup2(random, CLIENT_RANDOM_BYTES));
}

/* A record of type handshake (22), version 3.x, length; ClientHello (1), length of 24 bits, version 3.x, random. */
void keylog_randoms_scan(GHashTable *set, const uint8_t *packet, size_t n, guint max)
{
    enum { RANDOM_AT = 11, NEEDED = RANDOM_AT + CLIENT_RANDOM_BYTES };
    const uint8_t *end = packet + n;
    for (const uint8_t *p = packet; (size_t)(end - p) >= NEEDED; p++) {
        p = memchr(p, 22, (size_t)(end - p) - NEEDED + 1);
        if (!p)
            return;
        if (p[1] == 3 && p[2] <= 4 && p[5] == 1 && p[6] == 0 && p[9] == 3 && p[10] <= 4 && g_hash_table_size(set) < max)
            keylog_randoms_add(set, p + RANDOM_AT);
    }
}
