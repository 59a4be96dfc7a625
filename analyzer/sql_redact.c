/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/sql_redact.h"

/* Whether a comment is one, and not an end of a version comment whose content is code: slash, asterisk, !, number or the closing. */
static bool is_comment(const uint8_t *p, size_t n)
{
    if (p[0] == '*')
        return false;
    if (n < 3 || p[0] != '/' || (p[2] != '!' && p[2] != 'M'))
        return true;
    for (size_t i = p[2] == 'M' ? 4 : 3; i < n; i++)
        if (!g_ascii_isdigit(p[i]))
            return true;
    return false;
}

/* Whether something stands for it. */
static bool append(GString *out, const struct sql_token *t, const uint8_t *p)
{
    switch (t->kind) {
    case SQL_INTEGER:
    case SQL_NUMBER:
    case SQL_STRING:
    case SQL_DOLLAR: g_string_append_c(out, '?'); return true;
    case SQL_QUOTED_NAME:
        if (*p != '"')
            break;
        g_string_append_c(out, '?');
        return true;
    case SQL_COMMENT:
        if (!is_comment(p, t->length))
            break;
        g_string_append(out, "/*?*/");
        return true;
    default: break;
    }
    g_string_append_len(out, (const char *)p, (gssize)t->length);
    return false;
}

void sql_redact(GString *out, const uint8_t *sql, size_t n, const struct sql_mode *mode, GString *literals)
{
    struct sql_lexer lexer;
    struct sql_token token;
    size_t end = 0;
    sql_lexer_init(&lexer, sql, n, mode);
    while (sql_lexer_next(&lexer, &token)) {
        g_string_append_len(out, (const char *)sql + end, (gssize)(token.offset - end));
        if (append(out, &token, sql + token.offset) && literals) {
            g_string_append_len(literals, (const char *)sql + token.offset, (gssize)token.length);
            g_string_append_c(literals, '\n');
        }
        end = token.offset + token.length;
    }
    g_string_append_len(out, (const char *)sql + end, (gssize)(n - end));
}

void sql_redact_either(GString *out, const uint8_t *sql, size_t n, const struct sql_mode modes[2], GString *literals)
{
    GString *texts[2];
    for (int i = 0; i < 2; i++) {
        texts[i] = g_string_sized_new(n);
        sql_redact(texts[i], sql, n, &modes[i], literals);
    }
    if (g_string_equal(texts[0], texts[1])) {
        g_string_append_len(out, texts[0]->str, (gssize)texts[0]->len);
    } else {
        gsize same = 0;
        while (same < MIN(texts[0]->len, texts[1]->len) && texts[0]->str[same] == texts[1]->str[same])
            same++;
        while (same > 0 && ((uint8_t)texts[0]->str[same] & 0xc0) == 0x80)
            same--; /* no part of a character */
        while (same > 0 && texts[0]->str[same - 1] == '?')
            same--;
        g_string_append_len(out, texts[0]->str, (gssize)same);
        g_string_append_c(out, '?');
    }
    g_string_free(texts[0], TRUE);
    g_string_free(texts[1], TRUE);
}
