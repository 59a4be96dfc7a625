/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The half of text.h that is about showing: terminals, widths, numbers. */
#include "analyzer/text.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool text_is_hazard(uint32_t character)
{
    if (character < 0x61C)
        return character < 0x20 || (character >= 0x7F && character < 0xA0);
    return character == 0x61C || character == 0x200E || character == 0x200F ||
           (character >= 0x2028 && character <= 0x202E) || (character >= 0x2066 && character <= 0x2069);
}

/* Longest piece in bytes: "\u202e", or a UTF-8 character. */
#define PIECE_MAX 8

/* What stands for the next character of a text on a terminal. */
struct piece {
    char text[PIECE_MAX];
    size_t n;       /* bytes of `text` */
    size_t columns; /* its width */
    size_t taken;   /* bytes of the source that it stands for */
};

static size_t character_columns(uint32_t character)
{
    if (character < 0x300)
        return character != 0xAD;
    return g_unichar_iszerowidth(character) ? 0 : g_unichar_iswide(character) ? 2 : 1;
}

static struct piece next_piece(const uint8_t *p, size_t n)
{
    struct piece piece;
    uint32_t c;
    piece.taken = text_utf8_next(p, n, &c);
    if (piece.taken == 0) {
        piece.taken = 1;
        piece.n = 3;
        piece.columns = 1;
        memcpy(piece.text, "\xEF\xBF\xBD", 3);
    } else if (!text_is_hazard(c)) {
        piece.n = piece.taken;
        piece.columns = character_columns(c);
        memcpy(piece.text, p, piece.n);
    } else {
        const char *format = c == '\n'   ? "\\n"
                             : c == '\t' ? "\\t"
                             : c == '\r' ? "\\r"
                             : c < 0x100 ? "\\x%02x"
                                         : "\\u%04x";
        piece.n = piece.columns = (size_t)g_snprintf(piece.text, sizeof piece.text, format, c);
    }
    return piece;
}

void text_escape_terminal(GString *out, const char *utf8, size_t n)
{
    const uint8_t *p = (const uint8_t *)utf8;
    const uint8_t *end = p + n;
    while (p < end) {
        const uint8_t *start = p;
        while (p < end && *p >= 0x20 && *p < 0x7F)
            p++;
        g_string_append_len(out, (const char *)start, p - start);
        if (p < end) {
            struct piece piece = next_piece(p, (size_t)(end - p));
            g_string_append_len(out, piece.text, (gssize)piece.n);
            p += piece.taken;
        }
    }
}

size_t text_width(const char *utf8, size_t n)
{
    const uint8_t *p = (const uint8_t *)utf8;
    size_t columns = 0;
    while (n > 0) {
        struct piece piece = next_piece(p, n);
        columns += piece.columns;
        p += piece.taken;
        n -= piece.taken;
    }
    return columns;
}

void text_shorten(GString *out, const char *utf8, size_t n, size_t columns)
{
    const uint8_t *p = (const uint8_t *)utf8;
    size_t used = 0;
    size_t combining = 0;
    size_t cut = out->len; /* where "…" goes if the text does not fit */
    if (columns == 0)
        return;
    while (n > 0) {
        struct piece piece = next_piece(p, n);
        combining = piece.columns == 0 ? combining + 1 : 0;
        if (used + piece.columns > columns || combining > TEXT_COMBINING_MAX) {
            g_string_truncate(out, cut);
            g_string_append(out, "\u2026");
            return;
        }
        g_string_append_len(out, piece.text, (gssize)piece.n);
        used += piece.columns;
        if (used < columns)
            cut = out->len;
        p += piece.taken;
        n -= piece.taken;
    }
}

void text_hex(GString *out, const uint8_t *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    gsize start = out->len;
    g_string_set_size(out, start + 2 * n);
    for (size_t i = 0; i < n; i++) {
        out->str[start + 2 * i] = digits[p[i] >> 4];
        out->str[start + 2 * i + 1] = digits[p[i] & 15];
    }
}

/* Tries precisions from `first` to `last` significant digits; `last` always reads back. printf drops trailing zeros, so
 * any number of at most `first` digits comes out at its shortest. */
static size_t shortest(char out[TEXT_NUMBER_MAX], double value, bool single, int first, int last)
{
    for (int precision = first; precision <= last; precision++) {
        char format[8];
        g_snprintf(format, sizeof format, "%%.%dg", precision);
        g_ascii_formatd(out, TEXT_NUMBER_MAX, format, value);
        double back = g_ascii_strtod(out, NULL);
        if (single ? (float)back == (float)value : back == value)
            break;
    }
    return strlen(out);
}

/* NaN, infinities and whole numbers below `limit`, which need no search; false for the others. */
static bool easy_number(char out[TEXT_NUMBER_MAX], double value, double limit)
{
    out[0] = '\0';
    if (!isfinite(value))
        return true;
    if (value == 0 && signbit(value))
        strcpy(out, "-0.0");
    else if (fabs(value) < limit && value == trunc(value))
        g_ascii_formatd(out, TEXT_NUMBER_MAX, "%.0f", value);
    return out[0] != '\0';
}

size_t text_double(char out[TEXT_NUMBER_MAX], double value)
{
    if (easy_number(out, value, 9007199254740992.0))
        return strlen(out);
    /* Subnormal numbers have fewer than 15 digits of precision. */
    return shortest(out, value, false, fabs(value) < DBL_MIN ? 1 : DBL_DIG, DBL_DECIMAL_DIG);
}

size_t text_float(char out[TEXT_NUMBER_MAX], float value)
{
    if (easy_number(out, value, 16777216.0))
        return strlen(out);
    return shortest(out, value, true, fabsf(value) < FLT_MIN ? 1 : FLT_DIG, FLT_DECIMAL_DIG);
}

const char *text_not_a_number(double value)
{
    return isnan(value) ? "NaN" : !isinf(value) ? NULL : value < 0 ? "-Infinity" : "Infinity";
}
