/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "analyzer/sql_lexer.h"

enum { SLOTS = 4096, LONGEST = 40 };

static const struct sql_keyword_row rows[SQL_WORDS] = {
#define KEYWORD(slot, id, name, shown, flags) [SQL_WORD_##id] = {name, shown, sizeof(name) - 1, flags},
#include "analyzer/sql_keywords.def"
#undef KEYWORD
};

static const uint16_t slots[SLOTS] = {
#define KEYWORD(slot, id, name, shown, flags) [slot] = SQL_WORD_##id,
#include "analyzer/sql_keywords.def"
#undef KEYWORD
};

const struct sql_keyword_row *sql_keyword_at(enum sql_word word)
{
    return &rows[word];
}

static unsigned slot_of(const char *upper, size_t n, bool in_hint)
{
    uint32_t h = in_hint ? 0xa5 : 0;
    for (size_t i = 0; i < n; i++)
        h = h * 31 + (uint8_t)upper[i];
    return (h ^ h >> 15) & (SLOTS - 1);
}

unsigned sql_keyword_slot(const char *name, bool in_hint)
{
    return slot_of(name, strlen(name), in_hint);
}

enum sql_word sql_keyword_find(const uint8_t *word, size_t n, bool in_hint)
{
    char upper[LONGEST];
    if (n < 2 || n > LONGEST)
        return SQL_NO_WORD;
    for (size_t i = 0; i < n; i++)
        upper[i] = (char)(word[i] - (word[i] >= 'a' && word[i] <= 'z' ? 32 : 0));
    for (unsigned slot = slot_of(upper, n, in_hint); slots[slot]; slot = (slot + 1) % SLOTS) {
        const struct sql_keyword_row *row = &rows[slots[slot]];
        if (row->length == n && memcmp(row->name, upper, n) == 0 && in_hint == ((row->flags & SQL_KEYWORD_HINT) != 0))
            return slots[slot];
    }
    return SQL_NO_WORD;
}
