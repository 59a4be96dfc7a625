/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/charset.h"

#include <string.h>

/* Longest charset name with room to spare. */
enum { NAME_MAX_LENGTH = 32 };

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

uint16_t charset_collation(struct mw_slice charset)
{
    char name[NAME_MAX_LENGTH + 1];
    if (!charset.p || charset.n == 0 || charset.n > NAME_MAX_LENGTH)
        return 0;
    for (uint32_t i = 0; i < charset.n; i++)
        name[i] = (char)lower(charset.p[i]);
    name[charset.n] = 0;
    return (uint16_t)mw_charset_collation(name);
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(uint8_t c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
}

static void skip_space(struct mw_slice *s)
{
    while (s->n && is_space(*s->p))
        s->p++, s->n--;
}

/* Takes a word if it is the next one. */
static bool take(struct mw_slice *s, const char *word)
{
    skip_space(s);
    size_t n = strlen(word);
    if (s->n < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower(s->p[i]) != (uint8_t)word[i])
            return false;
    if (is_word((uint8_t)word[n - 1]) && s->n > n && is_word(s->p[n]))
        return false;
    s->p += n;
    s->n -= (uint32_t)n;
    return true;
}

static struct mw_slice take_name(struct mw_slice *s)
{
    skip_space(s);
    if (s->n && (*s->p == '\'' || *s->p == '"' || *s->p == '`'))
        s->p++, s->n--;
    struct mw_slice name = {s->p, 0};
    while (name.n < s->n && is_word(name.p[name.n]))
        name.n++;
    return name;
}

uint16_t charset_asked(struct mw_slice sql)
{
    if (!sql.p || !take(&sql, "set"))
        return 0;
    if (take(&sql, "names") || take(&sql, "charset"))
        return charset_collation(take_name(&sql));
    struct mw_slice at = sql;
    if (take(&at, "character") && take(&at, "set"))
        return charset_collation(take_name(&at));
    if (!take(&sql, "session") && take(&sql, "@@") && take(&sql, "session"))
        take(&sql, ".");
    if (!take(&sql, "character_set_client"))
        return 0;
    if (!take(&sql, ":="))
        take(&sql, "=");
    return charset_collation(take_name(&sql));
}
