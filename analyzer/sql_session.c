/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/sql_session.h"

#include <glib.h>
#include <string.h>

#include "mywire/names.h"

unsigned sql_session_flags(const char *value, size_t n)
{
    static const struct {
        const char *name;
        unsigned flags;
    } modes[] = {{"ANSI_QUOTES", SQL_ANSI_QUOTES},
                 {"NO_BACKSLASH_ESCAPES", SQL_NO_BACKSLASH_ESCAPES},
                 {"IGNORE_SPACE", SQL_IGNORE_SPACE},
                 {"PIPES_AS_CONCAT", SQL_PIPES_AS_CONCAT},
                 {"HIGH_NOT_PRECEDENCE", SQL_HIGH_NOT_PRECEDENCE},
                 {"ANSI", SQL_ANSI_QUOTES | SQL_IGNORE_SPACE | SQL_PIPES_AS_CONCAT}};
    unsigned flags = 0;
    for (size_t i = 0, end; i < n; i = end + 1) {
        const char *comma = memchr(value + i, ',', n - i);
        end = comma ? (size_t)(comma - value) : n;
        for (size_t m = 0; m < G_N_ELEMENTS(modes); m++)
            if (strlen(modes[m].name) == end - i && g_ascii_strncasecmp(modes[m].name, value + i, end - i) == 0)
                flags |= modes[m].flags;
    }
    return flags;
}

static bool next(struct sql_lexer *lexer, struct sql_token *t)
{
    while (sql_lexer_next(lexer, t))
        if (t->kind != SQL_COMMENT)
            return true;
    *t = (struct sql_token){.kind = SQL_COMMENT};
    return false;
}

static bool is_sign(const struct sql_token *t, unsigned code)
{
    return t->kind == SQL_SIGN && t->code == code;
}

/* `t` is behind the name: = or := and a text or DEFAULT, and then the end of the assignment. */
static bool take_value(struct sql_lexer *lexer, struct sql_token *t, unsigned *flags)
{
    struct sql_token value;
    if ((!is_sign(t, '=') && !is_sign(t, SQL_SIGN_SET)) || !next(lexer, &value))
        return false;
    next(lexer, t);
    if (t->kind != SQL_COMMENT && !is_sign(t, ',') && !is_sign(t, ';'))
        return false;
    const char *p = (const char *)lexer->sql + value.offset;
    bool text = (value.kind == SQL_STRING || value.kind == SQL_QUOTED_NAME) && (*p == '\'' || *p == '"') && value.whole;
    if (text)
        *flags = sql_session_flags(p + 1, value.length - 2);
    else if (value.kind == SQL_WORD && value.code == SQL_WORD_DEFAULT)
        *flags = 0;
    else if (value.kind == SQL_NAME) /* SET sql_mode = ansi_quotes */
        *flags = sql_session_flags(p, value.length);
    else
        return false;
    return true;
}

bool sql_session_assigned(const uint8_t *sql, size_t n, const struct sql_mode *mode, unsigned *flags)
{
    static const char name[] = "sql_mode";
    struct sql_lexer lexer;
    struct sql_token t;
    bool found = false, global = false, begins = true; /* … of an assignment */
    sql_lexer_init(&lexer, sql, n, mode);
    if (!next(&lexer, &t) || t.kind != SQL_WORD || t.code != SQL_WORD_SET)
        return false;
    for (next(&lexer, &t); t.kind != SQL_COMMENT && !is_sign(&t, ';');) {
        if (begins && t.kind == SQL_WORD &&
            (t.code == SQL_WORD_GLOBAL || t.code == SQL_WORD_PERSIST || t.code == SQL_WORD_PERSIST_ONLY)) {
            global = true;
        } else if (begins && (is_sign(&t, '@') || is_sign(&t, '.') ||
                              (t.kind == SQL_WORD && (t.code == SQL_WORD_SESSION || t.code == SQL_WORD_LOCAL)))) {
            global = global || (is_sign(&t, '@') && t.length == 1); /* a user's variable */
        } else {
            bool is_it = begins && t.kind == SQL_NAME && t.length == sizeof name - 1 &&
                         g_ascii_strncasecmp((const char *)sql + t.offset, name, sizeof name - 1) == 0;
            begins = is_sign(&t, ',');
            global = begins ? false : global;
            if (is_it) {
                next(&lexer, &t);
                found = (!global && take_value(&lexer, &t, flags)) || found;
                continue;
            }
        }
        next(&lexer, &t);
    }
    return found;
}

void sql_session_told(struct sql_mode *mode, uint16_t status)
{
    bool plain = status & MW_SERVER_STATUS_NO_BACKSLASH_ESCAPES;
    mode->flags = (mode->flags & ~(unsigned)SQL_NO_BACKSLASH_ESCAPES) | (plain ? SQL_NO_BACKSLASH_ESCAPES : 0);
    if (mode->flags & SQL_MARIADB && status & MW_SERVER_STATUS_ANSI_QUOTES)
        mode->flags |= SQL_ANSI_QUOTES;
}

uint8_t sql_session_backslashes(uint16_t status)
{
    struct sql_mode mode = {0};
    sql_session_told(&mode, status);
    return mode.flags & SQL_NO_BACKSLASH_ESCAPES ? BACKSLASH_PLAIN : BACKSLASH_ESCAPES;
}
