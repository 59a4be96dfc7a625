/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text from the wire: conversion from the servers' character sets to UTF-8, and making it safe and short for eyes. */
#ifndef ANALYZER_TEXT_H
#define ANALYZER_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Converts to UTF-8; holds the open iconv descriptors. One thread at a time: every worker has its own. */
struct text_converter;

/** Makes a converter; small until an East Asian character set is met. */
struct text_converter *text_converter_new(void);

/** Frees a converter; NULL is allowed. */
void text_converter_free(struct text_converter *converter);

/** Appends the `n` bytes at `p` to `out` as UTF-8. `charset` is the server's name of the character set ("utf8mb4",
 * "latin1", "gbk" …), compared without regard to case; NULL and names that no server has are taken as UTF-8, "binary"
 * too (its bytes are mostly text in the client's UTF-8).
 *
 * `out` is valid UTF-8 afterwards if it was before, whatever the bytes, and grows by at most 3 bytes for each. Each
 * byte that means nothing in the character set, and each byte of a character cut off at the end, becomes one U+FFFD and
 * adds one to `*invalid_bytes` (NULL: not counted).
 *
 * Single-byte sets and the Unicode encodings are converted by tables of our own that agree with the servers: latin1 is
 * cp1252 with its five holes mapped to C1 controls; ucs2, utf16 and utf32 are big-endian; utf8 and utf8mb3 have no
 * four-byte characters. East Asian sets go through iconv, with the servers' structure: a well-formed pair without a
 * character is two invalid bytes, ASCII is ASCII even in sjis. Known differences to the servers: the full-width
 * backslash of sjis and ujis stays full-width, ujis has no private characters (F5A1 and up), and some symbols of big5
 * (A1xx, A2xx, C6xx to C8xx) are glibc's. "filename" (file names on the server's disk, never on the wire) is read as
 * ASCII, and so is an East Asian set whose iconv module is not installed. */
void text_to_utf8(struct text_converter *converter, const char *charset, const uint8_t *p, size_t n, GString *out,
                  uint64_t *invalid_bytes);

/** The same as a new text, to g_string_free, that takes no more memory than it needs. */
GString *text_utf8_new(struct text_converter *converter, const char *charset, const uint8_t *p, size_t n,
                       uint64_t *invalid_bytes);

/** Whether conversion from `charset` is exact here: false for "filename", for unknown names, and for an East Asian set
 * whose iconv module is not installed. NULL is false. */
bool text_charset_is_supported(struct text_converter *converter, const char *charset);

/** Reads the UTF-8 character at `p`: returns its length in bytes (1 to 4) and stores its code point, or returns 0 if
 * there is no valid one: a stray, overlong, surrogate or too large sequence, or one that the `n` bytes cut off; also
 * when `n` is 0. `character` may be NULL. */
size_t text_utf8_next(const uint8_t *p, size_t n, uint32_t *character);

/** Appends `n` bytes of what should be UTF-8; each byte that is not valid becomes U+FFFD. Returns their number. */
uint64_t text_repair(GString *out, const char *utf8, size_t n);

/** Whether a character acts on a terminal or on a reader instead of being shown: C0, DEL, C1, line and paragraph
 * separator, and the directional controls U+061C, U+200E/F, U+202A to U+202E, U+2066 to U+2069. */
bool text_is_hazard(uint32_t character);

/** Appends `n` bytes as text that is safe on a terminal: newline and tab become \n and \t, carriage return \r, other
 * hazards \x1b or \u202e, bytes that are not UTF-8 U+FFFD. A backslash stays as it is: this is for eyes and idempotent,
 * not reversible. */
void text_escape_terminal(GString *out, const char *utf8, size_t n);

/** Columns that text takes on a terminal: 2 for wide East Asian characters, 0 for combining ones. */
size_t text_width(const char *utf8, size_t n);

/** Most combining characters in a row that text_shorten() keeps. */
#define TEXT_COMBINING_MAX 8

/** Appends at most `columns` columns of text_escape_terminal(utf8): whole, or its beginning and "…" where something was
 * left out. Never cuts a character or an escape, and looks at no more bytes than it needs. */
void text_shorten(GString *out, const char *utf8, size_t n, size_t columns);

/** Room for a number of text_double(). */
#define TEXT_NUMBER_MAX 40

/** Writes the shortest decimal number that reads back as the same double ("0.1", "-0.0", "1e+300"; a whole number below
 * 2^53 without point) and a NUL, in any locale. Returns its length; 0, and the empty text, for NaN and infinities. */
size_t text_double(char out[TEXT_NUMBER_MAX], double value);

/** The same for single precision: 0.1f gives 0.1, not 0.10000000149011612. */
size_t text_float(char out[TEXT_NUMBER_MAX], float value);

/** "NaN", "Infinity", "-Infinity" for what has no digits; NULL for numbers. */
const char *text_not_a_number(double value);

/** Appends bytes as lower-case hexadecimal digits without separators. */
void text_hex(GString *out, const uint8_t *p, size_t n);

#endif
