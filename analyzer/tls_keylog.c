/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tls_keylog.h"

#include <string.h>

#include "analyzer/secret_memory.h"

enum { RANDOM_BYTES = 32, RSA_KEY_BYTES = 8, SESSION_BYTES_MAX = 32, MASTER_BYTES = 48 };

/* What a secret's length may be. */
enum bytes { BYTES_MASTER, BYTES_HASH, BYTES_ANY };

struct label {
    const char *name;
    enum bytes bytes;
};

static const struct label labels[] = {
#define LABEL(id, name, kept, bytes) {name, BYTES_##bytes},
#include "analyzer/tls_labels.def"
#undef LABEL
};

const char *tls_label_name(enum tls_label label)
{
    return labels[label].name;
}

static const char no_line[] = "it is no line of a key log";

/* A word of a line. */
struct word {
    char *p;
    size_t n;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Splits a line at blanks. Returns how many words there are: of those after the third no more than one is counted. */
static size_t split(char *p, size_t n, struct word words[4])
{
    size_t count = 0;
    for (size_t i = 0; i < n && count < 4;) {
        if (is_blank(p[i])) {
            i++;
            continue;
        }
        size_t start = i;
        while (i < n && !is_blank(p[i]))
            i++;
        words[count++] = (struct word){p + start, i - start};
    }
    return count;
}

static bool word_is(const struct word *w, const char *text)
{
    return w->n == strlen(text) && memcmp(w->p, text, w->n) == 0;
}

/* Takes `prefix` off the front of a word. */
static bool take_prefix(struct word *w, const char *prefix)
{
    size_t n = strlen(prefix);
    if (w->n < n || memcmp(w->p, prefix, n) != 0)
        return false;
    w->p += n;
    w->n -= n;
    return true;
}

/* A key log may have millions of lines: 16 and the digit's value by character, 0 for what is no digit. */
static const uint8_t digits[256] = {
    ['0'] = 16, ['1'] = 17, ['2'] = 18, ['3'] = 19, ['4'] = 20, ['5'] = 21, ['6'] = 22, ['7'] = 23,
    ['8'] = 24, ['9'] = 25, ['a'] = 26, ['b'] = 27, ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31,
    ['A'] = 26, ['B'] = 27, ['C'] = 28, ['D'] = 29, ['E'] = 30, ['F'] = 31,
};

/* What a word of hexadecimal digits was. */
enum hex { HEX_OK, HEX_ODD, HEX_BAD };

/* Decodes a word in place: bytes take half the room of their digits. */
static enum hex unhex(const struct word *w, const uint8_t **out, size_t *n)
{
    uint8_t *p = (uint8_t *)w->p, all = 16;
    for (size_t i = 0; i + 1 < w->n; i += 2) {
        uint8_t high = digits[p[i]], low = digits[p[i + 1]];
        all &= high & low;
        p[i / 2] = (uint8_t)(high << 4 | (low & 15));
    }
    if (w->n % 2)
        all &= digits[p[w->n - 1]];
    *out = p;
    *n = w->n / 2;
    return !all ? HEX_BAD : w->n % 2 ? HEX_ODD : HEX_OK;
}

/* Each parse_* returns NULL, or what is wrong with the line. */

static const char *parse_secret(const struct word *w, enum bytes bytes, struct tls_keylog_entry *e)
{
    enum hex hex = unhex(w, &e->secret, &e->n);
    if (hex == HEX_BAD)
        return "the secret is not hexadecimal";
    if (bytes == BYTES_MASTER && (hex == HEX_ODD || e->n != MASTER_BYTES))
        return "the secret is not 48 bytes long";
    if (bytes == BYTES_HASH && (hex == HEX_ODD || (e->n != 32 && e->n != 48)))
        return "the secret is neither 32 nor 48 bytes long";
    if (hex == HEX_ODD)
        return "the secret has an odd number of digits";
    return NULL;
}

static const char *parse_rsa(struct word words[4], size_t count, struct tls_keylog_entry *e)
{
    if (count != 3)
        return "RSA is not followed by two words";
    if (take_prefix(&words[1], "Session-ID:")) {
        e->kind = TLS_KEYLOG_SESSION;
        if (unhex(&words[1], &e->key, &e->n_key) != HEX_OK || e->n_key == 0 || e->n_key > SESSION_BYTES_MAX)
            return "the session id is not 1 to 32 bytes in hexadecimal";
        if (!take_prefix(&words[2], "Master-Key:"))
            return "there is no Master-Key: after the session id";
    } else {
        e->kind = TLS_KEYLOG_RSA;
        if (unhex(&words[1], &e->key, &e->n_key) != HEX_OK || e->n_key != RSA_KEY_BYTES)
            return "the begin of the encrypted premaster secret is not 8 bytes in hexadecimal";
    }
    return parse_secret(&words[2], BYTES_MASTER, e);
}

static bool is_label_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static const char *parse_labelled(struct word words[4], size_t count, struct tls_keylog_entry *e)
{
    size_t i = 0;
    while (i < TLS_LABELS && !word_is(&words[0], labels[i].name))
        i++;
    if (i == TLS_LABELS) {
        for (size_t c = 0; c < words[0].n; c++)
            if (!is_label_char(words[0].p[c]))
                return no_line;
        return count == 3 ? "the label is not known" : no_line;
    }
    e->kind = TLS_KEYLOG_LABEL;
    e->label = (enum tls_label)i;
    if (count < 3)
        return count == 1 ? "the client random is missing" : "the secret is missing";
    if (count > 3)
        return "there is something after the secret";
    enum hex hex = unhex(&words[1], &e->key, &e->n_key);
    if (hex == HEX_BAD)
        return "the client random is not hexadecimal";
    if (hex == HEX_ODD || e->n_key != RANDOM_BYTES)
        return "the client random is not 32 bytes long";
    return parse_secret(&words[2], labels[i].bytes, e);
}

static void take_line(struct tls_keylog *k)
{
    static const char mark[] = "\xef\xbb\xbf";
    char *p = k->line;
    size_t n = k->n;
    if (++k->number == 1 && n >= 3 && memcmp(p, mark, 3) == 0) {
        p += 3;
        n -= 3;
    }
    struct word words[4];
    size_t count = split(p, n, words);
    if (count == 0 && !k->too_long)
        return;
    if (count > 0 && words[0].p[0] == '#')
        return;
    struct tls_keylog_entry entry = {0};
    const char *why = k->too_long                 ? "it is longer than 4096 bytes"
                      : word_is(&words[0], "RSA") ? parse_rsa(words, count, &entry)
                                                  : parse_labelled(words, count, &entry);
    if (!why) {
        k->good++;
        k->sink->entry(k->sink->user, &entry);
    } else if (k->sink->complain) {
        k->sink->complain(k->sink->user, k->number, why);
    }
}

void tls_keylog_begin(struct tls_keylog *k, const struct tls_keylog_sink *sink)
{
    memset(k, 0, sizeof *k);
    k->sink = sink;
}

void tls_keylog_push(struct tls_keylog *k, const char *text, size_t n)
{
    while (n > 0) {
        const char *end = memchr(text, '\n', n);
        size_t part = end ? (size_t)(end - text) : n;
        size_t room = sizeof k->line - k->n;
        size_t fits = part < room ? part : room;
        memcpy(k->line + k->n, text, fits);
        k->n += fits;
        k->too_long |= fits < part;
        if (end) {
            take_line(k);
            k->n = 0;
            k->too_long = false;
            part++;
        }
        text += part;
        n -= part;
    }
}

void tls_keylog_end(struct tls_keylog *k)
{
    if (k->n > 0)
        take_line(k);
    k->n = 0;
    k->too_long = false;
    secret_wipe(k->line, sizeof k->line);
}
