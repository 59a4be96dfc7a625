/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mywire/statement.h"

#include <string.h>

#include "core/charset.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(uint8_t c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || c == '$' || c >= 0x80;
}

static void drop(struct mw_slice *s, uint32_t n)
{
    n = n < s->n ? n : s->n;
    s->p += n;
    s->n -= n;
}

/* Length of the quoted string or name at the start. A doubled quote is inside; so is one behind a backslash, but in a name. */
static uint32_t quoted_length(struct mw_slice s)
{
    uint8_t quote = s.p[0];
    uint32_t i = 1;
    while (i < s.n) {
        if (s.p[i] == '\\' && quote != '`') {
            i += 2;
        } else if (s.p[i] != quote) {
            i++;
        } else if (i + 1 < s.n && s.p[i + 1] == quote) {
            i += 2;
        } else {
            return i + 1;
        }
    }
    return s.n;
}

/* Length of the comment at the start, 0 if none stands there. What stands in a version comment counts: its opening alone is taken. */
static uint32_t comment_length(struct mw_slice s)
{
    uint32_t i = 0;
    bool line = s.p[0] == '#' || (s.n >= 2 && s.p[0] == '-' && s.p[1] == '-' && (s.n == 2 || is_space(s.p[2])));
    if (line) {
        while (i < s.n && s.p[i] != '\n')
            i++;
        return i;
    }
    if (s.n < 2 || s.p[0] != '/' || s.p[1] != '*')
        return 0;
    if (s.n > 2 && s.p[2] == '!') {
        for (i = 3; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
            ;
        return i;
    }
    for (i = 2; i + 1 < s.n; i++)
        if (s.p[i] == '*' && s.p[i + 1] == '/')
            return i + 2;
    return s.n;
}

static void skip_blank(struct mw_slice *s)
{
    uint32_t n;
    while (s->n && (is_space(*s->p) ? (n = 1) : (n = comment_length(*s))) > 0)
        drop(s, n);
}

/* Length of what stands at the start: a string, a name in quotes, a comment, or one byte. */
static uint32_t piece_length(struct mw_slice s)
{
    if (s.p[0] == '\'' || s.p[0] == '"' || s.p[0] == '`')
        return quoted_length(s);
    uint32_t n = comment_length(s);
    return n ? n : 1;
}

bool mw_statement_next(struct mw_slice *sql, struct mw_slice *statement)
{
    do {
        skip_blank(sql);
        while (sql->n && *sql->p == ';')
            drop(sql, 1);
    } while (sql->n && (is_space(*sql->p) || comment_length(*sql)));
    if (sql->n == 0)
        return false;
    *statement = (struct mw_slice){sql->p, 0};
    while (sql->n && *sql->p != ';')
        drop(sql, piece_length(*sql));
    statement->n = (uint32_t)(sql->p - statement->p);
    return true;
}

uint32_t mw_statement_placeholders(struct mw_slice sql)
{
    uint32_t count = 0;
    while (sql.n) {
        count += *sql.p == '?';
        drop(&sql, piece_length(sql));
    }
    return count;
}

/* Takes a word, or a sign, if it comes next. */
static bool take(struct mw_slice *s, const char *word)
{
    size_t n = strlen(word);
    skip_blank(s);
    if (s->n < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower(s->p[i]) != (uint8_t)word[i])
            return false;
    if (is_word((uint8_t)word[n - 1]) && s->n > n && is_word(s->p[n]))
        return false;
    drop(s, (uint32_t)n);
    return true;
}

/* The name or string that comes next, its quotes included. */
static struct mw_slice next_name(struct mw_slice *s)
{
    skip_blank(s);
    struct mw_slice name = {s->p, 0};
    if (s->n && (*s->p == '`' || *s->p == '"' || *s->p == '\''))
        name.n = quoted_length(*s);
    else
        while (name.n < s->n && is_word(name.p[name.n]))
            name.n++;
    return name;
}

bool mw_statement_database(struct mw_slice sql, struct mw_slice *name)
{
    bool found = false;
    struct mw_slice statement;
    while (mw_statement_next(&sql, &statement)) {
        if (!take(&statement, "use"))
            continue;
        *name = next_name(&statement);
        found = found || name->n > 0;
    }
    return found;
}

static uint16_t charset_of(struct mw_slice name)
{
    if (name.n >= 2 && (*name.p == '\'' || *name.p == '"' || *name.p == '`'))
        name = (struct mw_slice){name.p + 1, name.n - 2};
    return charset_collation(name);
}

/* character_set_client = x, alone or among other assignments */
static uint16_t assigned_charset(struct mw_slice s)
{
    uint16_t found = 0;
    for (;;) {
        if (!take(&s, "session") && take(&s, "@@") && take(&s, "session"))
            take(&s, ".");
        if (take(&s, "character_set_client")) {
            if (!take(&s, ":="))
                take(&s, "=");
            uint16_t collation = charset_of(next_name(&s));
            found = collation ? collation : found;
        }
        while (s.n && *s.p != ',')
            drop(&s, piece_length(s));
        if (!s.n)
            return found;
        drop(&s, 1);
    }
}

uint16_t mw_statement_charset(struct mw_slice sql)
{
    uint16_t found = 0;
    struct mw_slice s;
    while (mw_statement_next(&sql, &s)) {
        uint16_t collation;
        if (!take(&s, "set"))
            continue;
        struct mw_slice at = s;
        if (take(&s, "names") || take(&s, "charset") || (take(&at, "character") && take(&at, "set") && (s = at, true)))
            collation = charset_of(next_name(&s));
        else
            collation = assigned_charset(s);
        found = collation ? collation : found;
    }
    return found;
}
