/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts of the wire as UTF-8. */
#ifndef MYWIRE_PLUGIN_TEXT_H
#define MYWIRE_PLUGIN_TEXT_H

#include "plugin/compat.h"

#include "mywire/names.h"

/** The text in the character set of `collation`, as far as Wireshark or iconv have it; all others are taken for UTF-8.
 *  What is no character becomes U+FFFD, NUL becomes U+2400. NUL-terminated, in `pool`. */
const char *text_utf8(wmem_allocator_t *pool, enum mw_dialect dialect, uint16_t collation, const uint8_t *p,
                      uint32_t n);

/** At most `most` bytes of a text in UTF-8, cut between characters, with … where something is left out. Wireshark cuts
 *  what is too long for a line of its tree inside a character. */
const char *text_cut(wmem_allocator_t *pool, const char *text, size_t most);

/** A text with its controls escaped. */
const char *text_line(wmem_allocator_t *pool, const char *text);

#endif
