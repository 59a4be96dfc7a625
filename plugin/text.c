/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plugin/text.h"

#include <errno.h>
#include <string.h>

#include <epan/strutil.h>

/* clang-format off */
static const struct {
    const char *charset; /* the server's name */
    unsigned encoding;   /* Wireshark's */
} encodings[] = {
    {"utf8mb4",  ENC_UTF_8},
    {"utf8mb3",  ENC_UTF_8},
    {"utf8",     ENC_UTF_8},
    {"latin1",   ENC_WINDOWS_1252}, /* the servers' latin1 is cp1252 */
    {"latin2",   ENC_ISO_8859_2},
    {"latin5",   ENC_ISO_8859_9},
    {"latin7",   ENC_ISO_8859_13},
    {"greek",    ENC_ISO_8859_7},
    {"hebrew",   ENC_ISO_8859_8},
    {"tis620",   ENC_ISO_8859_11},
    {"cp1250",   ENC_WINDOWS_1250},
    {"cp1251",   ENC_WINDOWS_1251},
    {"cp866",    ENC_CP866},
    {"macroman", ENC_MAC_ROMAN},
    {"gb2312",   ENC_GB18030},
    {"gbk",      ENC_GB18030},
    {"gb18030",  ENC_GB18030},
    {"euckr",    ENC_EUC_KR},
    {"ucs2",     ENC_UCS_2 | ENC_BIG_ENDIAN},
    {"utf16",    ENC_UTF_16 | ENC_BIG_ENDIAN},
    {"utf16le",  ENC_UTF_16 | ENC_LITTLE_ENDIAN},
    {"utf32",    ENC_UCS_4 | ENC_BIG_ENDIAN},
};

/* What Wireshark has not: iconv's names, that both glibc and libiconv know if they know the set. ASCII stays ASCII in them. */
static const struct {
    const char *charset;
    const char *iconv;
} converted[] = {
    {"sjis",     "CP932"},
    {"cp932",    "CP932"},
    {"ujis",     "EUC-JP"},
    {"eucjpms",  "EUC-JP-MS"},
    {"big5",     "BIG5"},
    {"koi8r",    "KOI8-R"},
    {"koi8u",    "KOI8-U"},
    {"cp850",    "CP850"},
    {"cp852",    "CP852"},
    {"cp1256",   "CP1256"},
    {"cp1257",   "CP1257"},
    {"armscii8", "ARMSCII-8"},
    {"geostd8",  "GEORGIAN-PS"},
    {"dec8",     "DEC-MCS"},
    {"hp8",      "HP-ROMAN8"},
    {"macce",    "MAC-CENTRALEUROPE"},
};
/* clang-format on */

static const char *iconv_name(const char *charset)
{
    for (size_t i = 0; charset && i < G_N_ELEMENTS(converted); i++)
        if (strcmp(converted[i].charset, charset) == 0)
            return converted[i].iconv;
    return NULL;
}

static unsigned encoding_of(const char *charset)
{
    for (size_t i = 0; charset && i < sizeof encodings / sizeof *encodings; i++)
        if (strcmp(encodings[i].charset, charset) == 0)
            return encodings[i].encoding;
    return ENC_UTF_8;
}

/* Strings end at NUL in Wireshark 4, so the rest of a text with one in it would be lost. */
static const uint8_t *replace_nul(wmem_allocator_t *pool, const uint8_t *p, uint32_t *n)
{
    static const uint8_t symbol[] = {0xe2, 0x90, 0x80};
    size_t nuls = 0, at = 0;
    for (uint32_t i = 0; i < *n; i++)
        nuls += p[i] == 0;
    if (nuls == 0)
        return p;
    uint8_t *out = wmem_alloc(pool, *n + nuls * sizeof symbol);
    for (uint32_t i = 0; i < *n; i++) {
        if (p[i]) {
            out[at++] = p[i];
        } else {
            memcpy(out + at, symbol, sizeof symbol);
            at += sizeof symbol;
        }
    }
    *n = (uint32_t)at;
    return out;
}

/* Converted characters; NUL becomes its symbol. */
static void append(wmem_strbuf_t *out, const char *text, size_t n)
{
    enum { SYMBOL_FOR_NUL = 0x2400 };
    for (size_t i = 0; i < n; i++) {
        if (text[i])
            wmem_strbuf_append_c(out, text[i]);
        else
            wmem_strbuf_append_unichar(out, SYMBOL_FOR_NUL);
    }
}

/* NULL: this system's iconv does not know the set. */
static const char *convert(wmem_allocator_t *pool, const char *from, const uint8_t *p, uint32_t n)
{
    enum { REPLACEMENT = 0xfffd };
    GIConv iconv = g_iconv_open("UTF-8", from);
    if (iconv == (GIConv)-1)
        return NULL;
    wmem_strbuf_t *out = wmem_strbuf_new(pool, "");
    char *in = wmem_memdup(pool, p, n); /* the declaration wants to write there */
    gsize left = n;
    while (left > 0) {
        char buffer[256], *to = buffer;
        gsize room = sizeof buffer;
        bool stuck = g_iconv(iconv, &in, &left, &to, &room) == (gsize)-1 && errno != E2BIG;
        append(out, buffer, (size_t)(to - buffer));
        if (stuck) {
            wmem_strbuf_append_unichar(out, REPLACEMENT);
            in++;
            left--;
        }
    }
    g_iconv_close(iconv);
    return wmem_strbuf_get_str(out);
}

const char *text_utf8(wmem_allocator_t *pool, enum mw_dialect dialect, uint16_t collation, const uint8_t *p, uint32_t n)
{
    const char *charset = collation ? mw_collation_charset(dialect, collation) : NULL;
    const char *other = iconv_name(charset), *text = NULL;
    unsigned encoding = encoding_of(charset);
    if (n == 0)
        return "";
    if (other)
        text = convert(pool, other, p, n);
    if (text)
        return text;
    if (encoding == ENC_UTF_8)
        p = replace_nul(pool, p, &n);
    tvbuff_t *tvb = tvb_new_real_data(p, n, (int)n);
    text = (const char *)tvb_get_string_enc(pool, tvb, 0, (int)n, encoding);
    tvb_free(tvb);
    return text;
}

const char *text_cut(wmem_allocator_t *pool, const char *text, size_t most)
{
    size_t n = strlen(text);
    if (n <= most)
        return text;
    for (n = most; n > 0 && ((uint8_t)text[n] & 0xc0) == 0x80; n--)
        ;
    return wmem_strdup_printf(pool, "%.*s…", (int)n, text);
}

/* format_text's declaration takes other kinds of char in other versions. */
const char *text_line(wmem_allocator_t *pool, const char *text)
{
    return format_text(pool, (const void *)text, strlen(text));
}
