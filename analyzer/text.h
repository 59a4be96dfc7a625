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

/** Makes a converter; small until a multi-byte character set is met. */
struct text_converter *text_converter_new(void);

/** Frees a converter; NULL is allowed. */
void text_converter_free(struct text_converter *converter);

/** Appends the `n` bytes at `p` to `out` as UTF-8. `charset` is the server's name of the character set ("utf8mb4",
 * "latin1", "gbk" …), compared without regard to case; NULL and names that no server has are taken as UTF-8, "binary"
 * too (its bytes are mostly text in the client's UTF-8).
 *
 * `out` is valid UTF-8 afterwards if it was before, whatever the bytes, and grows by at most 4 bytes for each. Each
 * byte that means nothing in the character set, and each byte of a character cut off at the end, becomes one U+FFFD and
 * adds one to `*invalid_bytes` (NULL: not counted).
 *
 * Single-byte sets and the Unicode encodings are converted by tables of our own that agree with the servers: latin1 is
 * cp1252 with its five holes mapped to C1 controls; ucs2, utf16 and utf32 are big-endian; utf8mb3 has no four-byte
 * characters. East Asian sets go through iconv. "filename" (file names on the server's disk, never on the wire) is read
 * as ASCII, and so is an East Asian set whose iconv module is not installed. */
void text_to_utf8(struct text_converter *converter, const char *charset, const uint8_t *p, size_t n, GString *out,
                  uint64_t *invalid_bytes);

/** Whether conversion from `charset` is exact here: false for "filename", for unknown names, and for an East Asian set
 * whose iconv module is not installed. NULL is false. */
bool text_charset_is_supported(struct text_converter *converter, const char *charset);

/** Length in bytes (1 to 4) of the valid UTF-8 character at `p`, or 0 if there is none: a stray, overlong, surrogate or
 * too large sequence, or one that the `n` bytes cut off; also when `n` is 0. */
size_t text_utf8_length(const uint8_t *p, size_t n);

/** The first byte at or after `p` that is not printable ASCII with neither quote nor backslash, or `end`. */
const uint8_t *text_skip_plain(const uint8_t *p, const uint8_t *end);

/** Whether a character acts on a terminal or on a reader instead of being shown: C0, DEL, C1, line and paragraph
 * separator, and the directional controls U+061C, U+200E/F, U+202A to U+202E, U+2066 to U+2069. */
bool text_is_hazard(uint32_t character);

/** Appends `n` bytes as text that is safe on a terminal: newline and tab become \n and \t, carriage return \r, other
 * hazards \x1b or \u202e, bytes that are not UTF-8 U+FFFD. A backslash stays as it is: this is for eyes and idempotent,
 * not reversible. */
void text_escape_terminal(GString *out, const char *utf8, size_t n);

/** Columns that text takes on a terminal: 2 for wide East Asian characters, 0 for combining ones. */
size_t text_width(const char *utf8, size_t n);

/** Appends at most `columns` columns of text_escape_terminal(utf8): whole, or its beginning and "…" where something was
 * left out. Looks at no more bytes than it needs, except combining characters. */
void text_shorten(GString *out, const char *utf8, size_t n, size_t columns);

/** Appends bytes as lower-case hexadecimal digits without separators. */
void text_hex(GString *out, const uint8_t *p, size_t n);

#endif
