/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts from the wire as UTF-8. They may hold any character, NUL too, so they go with their length. */
#ifndef ANALYZER_WIRE_TEXT_H
#define ANALYZER_WIRE_TEXT_H

#include "analyzer/text.h"
#include "mywire/names.h"

/** Appends a text in the character set of a collation (0: taken for UTF-8) to `out`. `invalid` counts its invalid bytes; may be NULL. */
static inline void wire_text_append(GString *out, struct text_converter *converter, enum mw_dialect dialect, uint16_t collation,
                                    struct mw_slice s, uint64_t *invalid)
{
    uint64_t uncounted = 0;
    const char *charset = collation ? mw_collation_charset(dialect, collation) : NULL;
    text_to_utf8(converter, charset, s.p, s.n, out, invalid ? invalid : &uncounted);
}

/** A new text to g_string_free, without room to spare: the records of many connections hold such. NULL for an absent field. */
static inline GString *wire_text(struct text_converter *converter, enum mw_dialect dialect, uint16_t collation, struct mw_slice s,
                                 uint64_t *invalid)
{
    if (!s.p)
        return NULL;
    uint64_t uncounted = 0;
    const char *charset = collation ? mw_collation_charset(dialect, collation) : NULL;
    return text_utf8_new(converter, charset, s.p, s.n, invalid ? invalid : &uncounted);
}

/** Frees a text; NULL is allowed. */
static inline void wire_text_free(GString *text)
{
    if (text)
        g_string_free(text, TRUE);
}

/** For lists of texts. */
static inline void wire_text_destroy(gpointer text)
{
    wire_text_free(text);
}

#endif
