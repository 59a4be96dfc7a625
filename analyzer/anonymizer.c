/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/anonymizer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/cryptopan.h"
#include "analyzer/endpoint.h"
#include "analyzer/message_quotes.h"
#include "analyzer/secret_memory.h"

enum { HASH = 32, HEX_SHOWN = 12, CACHED_MAX = 65536 };

struct anonymizer {
    struct cryptopan *pan;
    uint8_t key[HASH];   /* of names */
    GHashTable *addresses; /* 17 bytes: address and family → 16 bytes */
};

/* A key for one purpose, from the whole. */
static void derive(const uint8_t *key, size_t n, const char *purpose, uint8_t out[HASH])
{
    gsize size = HASH;
    GHmac *mac = g_hmac_new(G_CHECKSUM_SHA256, key, n);
    g_hmac_update(mac, (const guchar *)purpose, (gssize)strlen(purpose));
    g_hmac_get_digest(mac, out, &size);
    g_hmac_unref(mac);
}

static guint address_hash(gconstpointer key)
{
    const uint8_t *p = key;
    guint h = 5381;
    for (int i = 0; i < 17; i++)
        h = h * 33 + p[i];
    return h;
}

static gboolean address_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, 17) == 0;
}

struct anonymizer *anonymizer_new(const uint8_t *key, size_t n)
{
    struct anonymizer *a = g_new0(struct anonymizer, 1);
    uint8_t pan[CRYPTOPAN_KEY];
    derive(key, n, "mywire addresses", pan);
    derive(key, n, "mywire names", a->key);
    a->pan = cryptopan_new(pan);
    a->addresses = g_hash_table_new_full(address_hash, address_equal, g_free, g_free);
    secret_wipe(pan, sizeof pan);
    return a;
}

struct anonymizer *anonymizer_read(const char *file, char **error)
{
    uint8_t key[ANONYMIZER_KEY_MAX + 1];
    FILE *in = fopen(file, "rb");
    if (in)
        setvbuf(in, NULL, _IONBF, 0); /* no copy of the key in a buffer that nobody wipes */
    size_t n = in ? fread(key, 1, sizeof key, in) : 0;
    struct anonymizer *a = NULL;
    if (!in || ferror(in))
        *error = g_strdup_printf("%s: the file cannot be read: %s.", file, g_strerror(errno));
    else if (n < ANONYMIZER_KEY_MIN)
        *error = g_strdup_printf("%s: the key has %zu bytes, and less than %d can be guessed; make one with `head -c 32 /dev/urandom`.",
                                 file, n, ANONYMIZER_KEY_MIN);
    else if (n > ANONYMIZER_KEY_MAX)
        *error = g_strdup_printf("%s: this is longer than %d bytes, more than a key is; is it the right file?", file,
                                 ANONYMIZER_KEY_MAX);
    else
        a = anonymizer_new(key, n);
    if (in)
        fclose(in);
    secret_wipe(key, sizeof key);
    return a;
}

void anonymizer_free(struct anonymizer *a)
{
    if (!a)
        return;
    cryptopan_free(a->pan);
    g_hash_table_destroy(a->addresses);
    secret_wipe(a->key, sizeof a->key);
    g_free(a);
}

void anonymizer_address(struct anonymizer *a, struct endpoint *e)
{
    uint8_t key[17];
    if (e->family != 4 && e->family != 6)
        return;
    memcpy(key, e->addr, 16);
    key[16] = e->family;
    const uint8_t *known = g_hash_table_lookup(a->addresses, key);
    if (known) {
        memcpy(e->addr, known, 16);
        return;
    }
    cryptopan_map(a->pan, e->addr, e->family == 6 ? 128 : 32);
    if (g_hash_table_size(a->addresses) >= CACHED_MAX)
        g_hash_table_remove_all(a->addresses);
    g_hash_table_insert(a->addresses, g_memdup2(key, 17), g_memdup2(e->addr, 16));
}

char *anonymizer_name(struct anonymizer *a, const char *text, size_t n)
{
    if (n == 0)
        return g_strdup("");
    uint8_t hash[HASH];
    gsize size = HASH;
    GHmac *mac = g_hmac_new(G_CHECKSUM_SHA256, a->key, HASH);
    g_hmac_update(mac, (const guchar *)text, (gssize)n);
    g_hmac_get_digest(mac, hash, &size);
    g_hmac_unref(mac);
    GString *name = g_string_new("h_");
    for (int i = 0; i < HEX_SHOWN / 2; i++)
        g_string_append_printf(name, "%02x", hash[i]);
    return g_string_free(name, FALSE);
}

/* An address as one; false if it is none. */
static bool append_address(struct anonymizer *a, GString *out, const char *text, size_t n)
{
    struct endpoint e = {0};
    char address[ENDPOINT_TEXT];
    char *copy = g_strndup(text, n);
    e.family = inet_pton(AF_INET, copy, e.addr) == 1 ? 4 : inet_pton(AF_INET6, copy, e.addr) == 1 ? 6 : 0;
    g_free(copy);
    if (!e.family)
        return false;
    anonymizer_address(a, &e);
    endpoint_address(&e, address);
    g_string_append(out, address);
    return true;
}

static void append_name(struct anonymizer *a, GString *out, const char *text, size_t n)
{
    char *name = anonymizer_name(a, text, n);
    g_string_append(out, name);
    g_free(name);
}

/* What was in quotes. A question mark stands for what is not told at all. */
static void append(struct anonymizer *a, GString *out, const char *text, size_t n)
{
    if (n == 1 && *text == '?')
        g_string_append_c(out, '?');
    else if (!append_address(a, out, text, n))
        append_name(a, out, text, n);
}

/* The closing quote of one that opens at `at`, where both stand as messages have them: behind a space or punctuation, in front of
 * a space, punctuation or the end. SIZE_MAX if there is none. */
static size_t closing(const char *m, size_t n, size_t at)
{
    if (at > 0 && !strchr(" @(.,:=", m[at - 1]))
        return SIZE_MAX;
    const char *quote = memchr(m + at + 1, m[at], n - at - 1);
    size_t end = quote ? (size_t)(quote - m) : SIZE_MAX;
    return quote && (end + 1 == n || strchr(" @).,;:", m[end + 1])) ? end : SIZE_MAX;
}

static bool is_known(const char *const *known, size_t n_known, const char *text, size_t n)
{
    for (size_t i = 0; i < n_known; i++)
        if (known[i] && strlen(known[i]) == n && memcmp(known[i], text, n) == 0)
            return true;
    return false;
}

/* A word between spaces: an address, a name, "database.table", or none of them. */
static void append_word(struct anonymizer *a, GString *out, const char *word, size_t n, const char *const *known, size_t n_known)
{
    size_t whole = n, front = 0;
    while (n > 0 && strchr(".,;:!)", word[n - 1]))
        n--;
    while (front < n && word[front] == '(')
        front++;
    g_string_append_len(out, word, (gssize)front);
    const char *text = word + front, *dot = memchr(text, '.', n - front);
    if (is_known(known, n_known, text, n - front))
        append_name(a, out, text, n - front);
    else if (!append_address(a, out, text, n - front)) {
        size_t head = dot && dot > text && !g_ascii_isdigit(*text) ? (size_t)(dot - text) : 0;
        append_name(a, out, text, head);
        g_string_append_len(out, text + head, (gssize)(n - front - head));
    }
    g_string_append_len(out, word + n, (gssize)(whole - n));
}

static char *without_quotes(struct anonymizer *a, const char *m, size_t n, const char *const *known, size_t n_known)
{
    GString *out = g_string_new(NULL);
    for (size_t at = 0; at < n;) {
        const char *space = memchr(m + at, ' ', n - at);
        size_t end = space ? (size_t)(space - m) : n;
        append_word(a, out, m + at, end - at, known, n_known);
        if (space)
            g_string_append_c(out, ' ');
        at = end + 1;
    }
    return g_string_free(out, FALSE);
}

char *anonymizer_message(struct anonymizer *a, const char *m, size_t n, const char *const *known, size_t n_known)
{
    static const char signs[] = "'\"`";
    size_t first, end, at = 0;
    if (!message_quotes(m, n, signs, false, &first, &end))
        return without_quotes(a, m, n, known, n_known);
    GString *out = g_string_new(NULL);
    while (at < n) {
        size_t from = message_quote_next(m, n, at, signs);
        g_string_append_len(out, m + at, (gssize)(from - at));
        at = from < n ? closing(m, n, from) : n;
        if (at == SIZE_MAX)
            break;
        if (from < n) {
            g_string_append_c(out, m[from]);
            append(a, out, m + from + 1, at - from - 1);
            g_string_append_c(out, m[at++]);
        }
    }
    if (at == SIZE_MAX) {
        bool closed = end > first + 1 && strchr(signs, m[end - 1]);
        g_string_truncate(out, 0);
        g_string_append_len(out, m, (gssize)first + 1);
        append(a, out, m + first + 1, end - first - 1 - closed);
        g_string_append_len(out, m + end - closed, (gssize)(n - end + closed));
    }
    return g_string_free(out, FALSE);
}
