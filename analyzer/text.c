/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversion: the structure of every character set (what is a character, how long is it) is decided here, so that every
 * invalid byte is counted the same way; iconv only says which character a well-formed East Asian sequence is.
 *
 *     set                       one byte         two bytes: lead / trail          more
 *     big5                      -                A1–F9 / 40–7E A1–FE              -
 *     gb2312                    -                A1–F7 / A1–FE                    -
 *     gbk                       -                81–FE / 40–7E 80–FE              -
 *     gb18030                   -                81–FE / 40–7E 80–FE              81–FE 30–39 81–FE 30–39
 *     euckr                     -                81–FE / 41–5A 61–7A 81–FE        -
 *     cp932, sjis               A1–DF (kana)     81–9F E0–FC / 40–7E 80–FC        -
 *     eucjpms, ujis             -                A1–FE / A1–FE, 8E / A1–DF        8F A1–FE A1–FE
 *
 * and 00–7F is ASCII in all of them.
 */
#include "analyzer/text.h"

#include "analyzer/text_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define HOLE        0xFFFD         /* in text_tables.h */

enum family {
    ASCII,
    UTF8,
    UTF8MB3,
    SINGLE,
    SWE7,
    UCS2,
    UTF16,
    UTF16LE,
    UTF32,
    BIG5,
    EUCJP,
    EUCKR,
    GB18030,
    GB2312,
    GBK,
    SJIS
};

struct charset {
    const char *name; /* the servers' */
    enum family family;
    const uint16_t *table; /* SINGLE: the characters of 80–FF */
    const char *iconv;     /* East Asian sets: glibc's name; libiconv knows them too, but for EUC-JP-MS */
};

/* Sorted by name. */
static const struct charset charsets[] = {
    {"armscii8", SINGLE, text_armscii8, NULL},
    {"ascii", ASCII, NULL, NULL},
    {"big5", BIG5, NULL, "BIG5"},
    {"binary", UTF8, NULL, NULL},
    {"cp1250", SINGLE, text_cp1250, NULL},
    {"cp1251", SINGLE, text_cp1251, NULL},
    {"cp1256", SINGLE, text_cp1256, NULL},
    {"cp1257", SINGLE, text_cp1257, NULL},
    {"cp850", SINGLE, text_cp850, NULL},
    {"cp852", SINGLE, text_cp852, NULL},
    {"cp866", SINGLE, text_cp866, NULL},
    {"cp932", SJIS, NULL, "CP932"},
    {"dec8", SINGLE, text_dec8, NULL},
    {"eucjpms", EUCJP, NULL, "EUC-JP-MS"},
    {"euckr", EUCKR, NULL, "UHC"},
    {"filename", ASCII, NULL, NULL},
    {"gb18030", GB18030, NULL, "GB18030"},
    {"gb2312", GB2312, NULL, "GB2312"},
    {"gbk", GBK, NULL, "GBK"},
    {"geostd8", SINGLE, text_geostd8, NULL},
    {"greek", SINGLE, text_greek, NULL},
    {"hebrew", SINGLE, text_hebrew, NULL},
    {"hp8", SINGLE, text_hp8, NULL},
    {"keybcs2", SINGLE, text_keybcs2, NULL},
    {"koi8r", SINGLE, text_koi8r, NULL},
    {"koi8u", SINGLE, text_koi8u, NULL},
    {"latin1", SINGLE, text_latin1, NULL},
    {"latin2", SINGLE, text_latin2, NULL},
    {"latin5", SINGLE, text_latin5, NULL},
    {"latin7", SINGLE, text_latin7, NULL},
    {"macce", SINGLE, text_macce, NULL},
    {"macroman", SINGLE, text_macroman, NULL},
    {"sjis", SJIS, NULL, "SJIS"},
    {"swe7", SWE7, NULL, NULL},
    {"tis620", SINGLE, text_tis620, NULL},
    {"ucs2", UCS2, NULL, NULL},
    {"ujis", EUCJP, NULL, "EUC-JP"},
    {"utf16", UTF16, NULL, NULL},
    {"utf16le", UTF16LE, NULL, NULL},
    {"utf32", UTF32, NULL, NULL},
    {"utf8", UTF8MB3, NULL, NULL},
    {"utf8mb3", UTF8MB3, NULL, NULL},
    {"utf8mb4", UTF8, NULL, NULL},
};

enum handle_state { UNTRIED, OPEN, MISSING };

struct text_converter {
    const struct charset *last; /* the previous look-up's answer: traffic rarely changes its character set */
    GString *scratch;           /* for text_utf8_new(); NULL: none yet */
    struct {
        enum handle_state state;
        GIConv iconv;
    } handles[G_N_ELEMENTS(charsets)];
};

struct text_converter *text_converter_new(void)
{
    return g_new0(struct text_converter, 1);
}

void text_converter_free(struct text_converter *converter)
{
    if (converter == NULL)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(charsets); i++) {
        if (converter->handles[i].state == OPEN)
            g_iconv_close(converter->handles[i].iconv);
    }
    if (converter->scratch)
        g_string_free(converter->scratch, TRUE);
    g_free(converter);
}

static int compare_name(const void *name, const void *charset)
{
    return g_ascii_strcasecmp(name, ((const struct charset *)charset)->name);
}

static const struct charset *find_charset(struct text_converter *converter, const char *name)
{
    if (name == NULL)
        return NULL;
    if (converter->last && compare_name(name, converter->last) == 0)
        return converter->last;
    const struct charset *found = bsearch(name, charsets, G_N_ELEMENTS(charsets), sizeof charsets[0], compare_name);
    if (found)
        converter->last = found;
    return found;
}

/* The open descriptor, or NULL if the system has no such conversion. */
static const GIConv *open_iconv(struct text_converter *converter, const struct charset *charset)
{
    size_t i = (size_t)(charset - charsets);
    if (converter->handles[i].state == UNTRIED) {
        converter->handles[i].iconv = g_iconv_open("UTF-8", charset->iconv);
        converter->handles[i].state = converter->handles[i].iconv == (GIConv)-1 ? MISSING : OPEN;
    }
    return converter->handles[i].state == OPEN ? &converter->handles[i].iconv : NULL;
}

bool text_charset_is_supported(struct text_converter *converter, const char *charset)
{
    const struct charset *found = find_charset(converter, charset);
    if (found == NULL || strcmp(found->name, "filename") == 0)
        return false;
    return found->iconv == NULL || open_iconv(converter, found) != NULL;
}

/* The first byte above 7F, or `end`. */
static const uint8_t *skip_ascii(const uint8_t *p, const uint8_t *end)
{
    while (end - p >= 8) {
        uint64_t x;
        memcpy(&x, p, 8);
        if (x & UINT64_C(0x8080808080808080))
            break;
        p += 8;
    }
    while (p < end && *p < 0x80)
        p++;
    return p;
}

static void append(GString *out, const uint8_t *p, const uint8_t *end)
{
    if (end > p)
        g_string_append_len(out, (const char *)p, end - p);
}

static uint64_t append_invalid(GString *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g_string_append_len(out, REPLACEMENT, 3);
    return n;
}

size_t text_utf8_next(const uint8_t *p, size_t n, uint32_t *character)
{
    uint32_t c;
    size_t length;
    if (n == 0)
        return 0;
    if (p[0] < 0x80) {
        c = p[0];
        length = 1;
    } else if (p[0] >= 0xC2 && p[0] <= 0xDF) {
        if (n < 2 || (p[1] & 0xC0) != 0x80)
            return 0;
        c = (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
        length = 2;
    } else if ((p[0] & 0xF0) == 0xE0) {
        if (n < 3 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80)
            return 0;
        c = (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
        if (c < 0x800 || (c >= 0xD800 && c <= 0xDFFF))
            return 0;
        length = 3;
    } else if (p[0] >= 0xF0 && p[0] <= 0xF4) {
        if (n < 4 || (p[1] & 0xC0) != 0x80 || (p[2] & 0xC0) != 0x80 || (p[3] & 0xC0) != 0x80)
            return 0;
        c = (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
        if (c < 0x10000 || c > 0x10FFFF)
            return 0;
        length = 4;
    } else {
        return 0;
    }
    if (character)
        *character = c;
    return length;
}

static uint64_t from_utf8(GString *out, const uint8_t *p, const uint8_t *end, size_t longest)
{
    uint64_t invalid = 0;
    const uint8_t *start = p; /* of what is valid and not appended yet */
    while ((p = skip_ascii(p, end)) < end) {
        size_t length = text_utf8_next(p, (size_t)(end - p), NULL);
        if (length > 0 && length <= longest) {
            p += length;
            continue;
        }
        /* A character that is valid but too long for the set is invalid as a whole. */
        length = length > 0 ? length : 1;
        append(out, start, p);
        invalid += append_invalid(out, length);
        p += length;
        start = p;
    }
    append(out, start, end);
    return invalid;
}

uint64_t text_repair(GString *out, const char *utf8, size_t n)
{
    const uint8_t *p = (const uint8_t *)utf8;
    return from_utf8(out, p, p + n, 4);
}

/* `table` is NULL for plain ASCII. */
static uint64_t from_single(GString *out, const uint8_t *p, const uint8_t *end, const uint16_t *table)
{
    uint64_t invalid = 0;
    while (p < end) {
        const uint8_t *high = skip_ascii(p, end);
        append(out, p, high);
        for (p = high; p < end && *p >= 0x80; p++) {
            if (table && table[*p - 0x80] != HOLE)
                g_string_append_unichar(out, table[*p - 0x80]);
            else
                invalid += append_invalid(out, 1);
        }
    }
    return invalid;
}

static uint64_t from_swe7(GString *out, const uint8_t *p, const uint8_t *end)
{
    uint64_t invalid = 0;
    for (; p < end; p++) {
        uint16_t c = *p < 0x40 ? *p : *p < 0x80 ? text_swe7[*p - 0x40] : HOLE;
        if (c != HOLE)
            g_string_append_unichar(out, c);
        else
            invalid += append_invalid(out, 1);
    }
    return invalid;
}

/* Without `pairs`, surrogates are invalid: UCS-2. */
static uint64_t from_utf16(GString *out, const uint8_t *p, const uint8_t *end, bool little, bool pairs)
{
    uint64_t invalid = 0;
    while (end - p >= 2) {
        uint32_t c = (uint32_t)(little ? p[1] << 8 | p[0] : p[0] << 8 | p[1]);
        if (c < 0xD800 || c > 0xDFFF) {
            g_string_append_unichar(out, c);
            p += 2;
            continue;
        }
        uint32_t low = 0;
        if (pairs && c < 0xDC00 && end - p >= 4)
            low = (uint32_t)(little ? p[3] << 8 | p[2] : p[2] << 8 | p[3]);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            g_string_append_unichar(out, 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00));
            p += 4;
        } else {
            invalid += append_invalid(out, 2);
            p += 2;
        }
    }
    return invalid + append_invalid(out, (size_t)(end - p));
}

static uint64_t from_utf32(GString *out, const uint8_t *p, const uint8_t *end)
{
    uint64_t invalid = 0;
    for (; end - p >= 4; p += 4) {
        uint32_t c = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        if (c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF))
            g_string_append_unichar(out, c);
        else
            invalid += append_invalid(out, 4);
    }
    return invalid + append_invalid(out, (size_t)(end - p));
}

static inline bool is_in(uint8_t c, uint8_t low, uint8_t high)
{
    return c >= low && c <= high;
}

static bool is_lead(enum family family, uint8_t c)
{
    switch (family) {
    case BIG5: return is_in(c, 0xA1, 0xF9);
    case EUCJP: return is_in(c, 0xA1, 0xFE) || c == 0x8E || c == 0x8F;
    case GB2312: return is_in(c, 0xA1, 0xF7);
    case SJIS: return is_in(c, 0x81, 0x9F) || is_in(c, 0xE0, 0xFC);
    default: return is_in(c, 0x81, 0xFE);
    }
}

static bool is_trail(enum family family, uint8_t lead, uint8_t c)
{
    switch (family) {
    case BIG5: return is_in(c, 0x40, 0x7E) || is_in(c, 0xA1, 0xFE);
    case EUCJP: return is_in(c, 0xA1, lead == 0x8E ? 0xDF : 0xFE);
    case EUCKR: return is_in(c, 0x41, 0x5A) || is_in(c, 0x61, 0x7A) || is_in(c, 0x81, 0xFE);
    case GB2312: return is_in(c, 0xA1, 0xFE);
    case SJIS: return is_in(c, 0x40, 0x7E) || is_in(c, 0x80, 0xFC);
    default: return is_in(c, 0x40, 0x7E) || is_in(c, 0x80, 0xFE);
    }
}

enum { CUT_OFF = -1, MALFORMED = 0 };

/* Length of the East Asian character whose first byte is above 7F, by its structure; CUT_OFF if the end comes first. */
static int character_length(enum family family, const uint8_t *p, size_t n)
{
    if (family == SJIS && is_in(p[0], 0xA1, 0xDF))
        return 1;
    if (!is_lead(family, p[0]))
        return MALFORMED;
    if (n < 2)
        return CUT_OFF;
    if (family == GB18030 && is_in(p[1], 0x30, 0x39)) {
        if (n >= 3 && !is_in(p[2], 0x81, 0xFE))
            return MALFORMED;
        if (n < 4)
            return CUT_OFF;
        return is_in(p[3], 0x30, 0x39) ? 4 : MALFORMED;
    }
    if (!is_trail(family, p[0], p[1]))
        return MALFORMED;
    if (family == EUCJP && p[0] == 0x8F) {
        if (n < 3)
            return CUT_OFF;
        return is_trail(family, p[0], p[2]) ? 3 : MALFORMED;
    }
    return 2;
}

/* Converts well-formed characters that fill [p, end); those that the set does not assign are invalid. */
static uint64_t from_run(GString *out, GIConv iconv, enum family family, const uint8_t *p, const uint8_t *end)
{
    char utf8[1024];
    uint64_t invalid = 0;
    while (p < end) {
        char *from = (char *)p;
        char *to = utf8;
        gsize from_left = (gsize)(end - p);
        gsize to_left = sizeof utf8;
        gsize result = g_iconv(iconv, &from, &from_left, &to, &to_left);
        int error = errno;
        bool progress = to > utf8;
        g_string_append_len(out, utf8, to - utf8);
        p = (const uint8_t *)from;
        if (result != (gsize)-1 || (error == E2BIG && progress))
            continue;
        g_iconv(iconv, NULL, NULL, NULL, NULL);
        int length = character_length(family, p, (size_t)(end - p));
        length = length > 0 ? length : 1;
        invalid += append_invalid(out, (size_t)length);
        p += length;
    }
    return invalid;
}

static uint64_t from_east_asian(GString *out, GIConv iconv, enum family family, const uint8_t *p, const uint8_t *end)
{
    uint64_t invalid = 0;
    while (p < end) {
        const uint8_t *high = skip_ascii(p, end);
        append(out, p, high);
        p = high;
        int length = MALFORMED;
        while (p < end && *p >= 0x80 && (length = character_length(family, p, (size_t)(end - p))) > 0)
            p += length;
        invalid += from_run(out, iconv, family, high, p);
        if (p < end && length <= 0) {
            size_t n = length == CUT_OFF ? (size_t)(end - p) : 1;
            invalid += append_invalid(out, n);
            p += n;
        }
    }
    return invalid;
}

void text_to_utf8(struct text_converter *converter, const char *charset, const uint8_t *p, size_t n, GString *out,
                  uint64_t *invalid_bytes)
{
    const struct charset *found = find_charset(converter, charset);
    const uint8_t *end = p + n;
    uint64_t invalid = 0;
    if (n == 0)
        return;
    switch (found ? found->family : UTF8) {
    case ASCII: invalid = from_single(out, p, end, NULL); break;
    case UTF8: invalid = from_utf8(out, p, end, 4); break;
    case UTF8MB3: invalid = from_utf8(out, p, end, 3); break;
    case SINGLE: invalid = from_single(out, p, end, found->table); break;
    case SWE7: invalid = from_swe7(out, p, end); break;
    case UCS2: invalid = from_utf16(out, p, end, false, false); break;
    case UTF16: invalid = from_utf16(out, p, end, false, true); break;
    case UTF16LE: invalid = from_utf16(out, p, end, true, true); break;
    case UTF32: invalid = from_utf32(out, p, end); break;
    default: {
        const GIConv *iconv = open_iconv(converter, found);
        invalid = iconv ? from_east_asian(out, *iconv, found->family, p, end) : from_single(out, p, end, NULL);
    }
    }
    if (invalid_bytes)
        *invalid_bytes += invalid;
}

GString *text_utf8_new(struct text_converter *converter, const char *charset, const uint8_t *p, size_t n,
                       uint64_t *invalid_bytes)
{
    enum { SCRATCH = 256, SCRATCH_MAX = 65536 };
    GString *out = converter->scratch ? converter->scratch : g_string_sized_new(SCRATCH);
    converter->scratch = NULL;
    g_string_truncate(out, 0);
    text_to_utf8(converter, charset, p, n, out, invalid_bytes);
    if (out->len > SCRATCH_MAX) /* large enough as it is */
        return out;
    converter->scratch = out;
    GString *text = g_slice_new(GString);
    *text = (GString){.str = g_malloc(out->len + 1), .len = out->len, .allocated_len = out->len + 1};
    memcpy(text->str, out->str, out->len + 1);
    return text;
}
