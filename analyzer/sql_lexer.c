/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/sql_lexer.h"

#include <string.h>

/* What a byte can be, in any character set. */
enum { SPACE = 1, DIGIT = 2, WORD = 4, HEX = 8, PAIR = 16 /* begins a sign of several bytes */ };
static const uint8_t classes[256] = {
    ['\t' ... '\r'] = SPACE,
    [' '] = SPACE,
    ['0' ... '9'] = DIGIT | WORD | HEX,
    ['A' ... 'F'] = WORD | HEX,
    ['G' ... 'Z'] = WORD,
    ['a' ... 'f'] = WORD | HEX,
    ['g' ... 'z'] = WORD,
    ['_'] = WORD,
    ['<'] = PAIR,
    ['>'] = PAIR,
    ['-'] = PAIR,
    ['!'] = PAIR,
    ['&'] = PAIR,
    ['|'] = PAIR,
    [':'] = PAIR,
    ['$'] = WORD,
    [0x80 ... 0xff] = WORD,
};

enum sql_charset sql_charset_by_name(const char *name)
{
    static const char *const gbk[] = {"gbk", "gb18030", "big5"};
    static const char *const sjis[] = {"sjis", "cp932"};
    for (size_t i = 0; name && i < sizeof gbk / sizeof *gbk; i++)
        if (strcmp(name, gbk[i]) == 0)
            return SQL_CHARSET_GBK;
    for (size_t i = 0; name && i < sizeof sjis / sizeof *sjis; i++)
        if (strcmp(name, sjis[i]) == 0)
            return SQL_CHARSET_SJIS;
    return SQL_CHARSET_PLAIN;
}

uint32_t sql_version_number(const char *version, bool mariadb)
{
    if (mariadb && strncmp(version, "5.5.5-", 6) == 0)
        version += 6;
    uint32_t parts[3] = {0, 0, 0};
    for (int i = 0; i < 3; i++) {
        if (!(classes[(uint8_t)*version] & DIGIT))
            return 0;
        for (; classes[(uint8_t)*version] & DIGIT; version++)
            parts[i] = parts[i] < 1000 ? parts[i] * 10 + (uint32_t)(*version - '0') : parts[i];
        if (i < 2 && *version++ != '.')
            return 0;
    }
    return parts[0] * 10000 + parts[1] * 100 + parts[2];
}

void sql_lexer_init(struct sql_lexer *l, const uint8_t *sql, size_t n, const struct sql_mode *mode)
{
    *l = (struct sql_lexer){.sql = sql, .n = n, .mode = *mode};
}

/* Byte `i` of the text; a NUL behind the end. */
static uint8_t at(const struct sql_lexer *l, size_t i)
{
    return i < l->n ? l->sql[i] : 0;
}

static bool is(const struct sql_lexer *l, size_t i, unsigned class)
{
    return i < l->n && classes[l->sql[i]] & class;
}

size_t sql_character_length(enum sql_charset charset, const uint8_t *p, size_t n)
{
    if (charset == SQL_CHARSET_PLAIN || n < 2)
        return 1;
    uint8_t lead = p[0], trail = p[1];
    if (lead <= 0x80 || lead == 0xff || trail < 0x40 || trail == 0x7f || trail == 0xff)
        return 1;
    return charset == SQL_CHARSET_SJIS && lead >= 0xa0 && lead < 0xe0 ? 1 : 2;
}

static size_t wide(const struct sql_lexer *l, size_t i)
{
    return sql_character_length(l->mode.charset, l->sql + i, l->n - i);
}

/* The end of the word that begins at `i`. */
static size_t word_end(const struct sql_lexer *l, size_t i)
{
    if (l->mode.charset == SQL_CHARSET_PLAIN) {
        while (i < l->n && classes[l->sql[i]] & WORD)
            i++;
        return i;
    }
    while (i < l->n && classes[l->sql[i]] & WORD)
        i += l->sql[i] >= 0x80 ? wide(l, i) : 1;
    return i < l->n ? i : l->n;
}

static size_t digits_end(const struct sql_lexer *l, size_t i)
{
    while (is(l, i, DIGIT))
        i++;
    return i;
}

/* The end of what is quoted by the byte at `i`: behind the closing quote. */
static size_t quoted_end(const struct sql_lexer *l, size_t i, bool *whole)
{
    uint8_t quote = l->sql[i++];
    bool escapes = quote != '`' && !(l->mode.flags & SQL_NO_BACKSLASH_ESCAPES) && !(quote == '"' && l->mode.flags & SQL_ANSI_QUOTES);
    while (i < l->n) {
        uint8_t c = l->sql[i];
        if (c == quote) {
            if (at(l, i + 1) != quote)
                return i + 1;
            i += 2;
        } else if (c == '\\' && escapes) {
            i++;
            i += i < l->n && l->sql[i] >= 0x80 ? wide(l, i) : 1;
        } else {
            i += c >= 0x80 ? wide(l, i) : 1;
        }
    }
    *whole = false;
    return l->n;
}

/* -- comments ------------------------------------------------------------------------------------------------------ */

static size_t line_end(const struct sql_lexer *l, size_t i)
{
    const uint8_t *end = i < l->n ? memchr(l->sql + i, '\n', l->n - i) : NULL;
    return end ? (size_t)(end - l->sql) : l->n;
}

/* The end of the comment whose content begins at `i`. Comments may be inside of a version comment. */
static size_t comment_end(const struct sql_lexer *l, size_t i, bool nests, bool *whole)
{
    for (; i < l->n; i++) {
        if (l->sql[i] == '*' && at(l, i + 1) == '/')
            return i + 2;
        if (nests && l->sql[i] == '/' && at(l, i + 1) == '*')
            i = comment_end(l, i + 2, false, whole) - 1;
    }
    *whole = false;
    return l->n;
}

/* Whether the server of that mode takes what is in a version comment for code; `i` is behind its number. */
static bool is_code(const struct sql_lexer *l, bool mariadbs, size_t *i)
{
    bool mariadb = l->mode.flags & SQL_MARIADB;
    if (mariadbs && !mariadb)
        return false;
    size_t n = 0;
    uint32_t version = 0;
    while (n < 6 && is(l, *i + n, DIGIT))
        version = version * 10 + (uint32_t)(l->sql[*i + n++] - '0');
    if (n < 5)
        return true;
    *i += n;
    if (mariadb && !mariadbs && version >= 50700 && version <= 99999)
        return false;
    return l->mode.version == 0 || version <= l->mode.version;
}

/* The comment that begins at l->at with a slash and an asterisk. */
static void long_comment(struct sql_lexer *l, struct sql_token *t)
{
    size_t i = l->at + 2;
    t->kind = SQL_COMMENT;
    bool mariadbs = at(l, i) == 'M' && at(l, i + 1) == '!';
    if (at(l, i) != '!' && !(mariadbs && l->mode.flags & SQL_MARIADB)) {
        l->at = comment_end(l, i, false, &t->whole);
        return;
    }
    i += mariadbs ? 2 : 1;
    if (is_code(l, mariadbs, &i)) {
        l->in_code_comment = true;
        l->at = i;
    } else {
        l->at = comment_end(l, i, true, &t->whole);
    }
}

/* -- numbers and words --------------------------------------------------------------------------------------------- */

/* Whether the `n` digits at `i` are a number below 2^32. */
static bool is_small(const struct sql_lexer *l, size_t i, size_t n)
{
    while (n > 1 && l->sql[i] == '0')
        i++, n--;
    return n < 10 || (n == 10 && memcmp(l->sql + i, "4294967295", 10) <= 0);
}

/* The end of an exponent at `i`, or `i`. */
static size_t exponent_end(const struct sql_lexer *l, size_t i)
{
    if ((at(l, i) | 32) != 'e')
        return i;
    size_t digits = i + 1 + (at(l, i + 1) == '+' || at(l, i + 1) == '-');
    return is(l, digits, DIGIT) ? digits_end(l, digits) : i;
}

static bool is_introducer(const uint8_t *word, size_t n)
{
    static const char names[] = " armscii8 ascii big5 binary cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 cp932 dec8 eucjpms "
                                "euckr gb18030 gb2312 gbk geostd8 greek hebrew hp8 keybcs2 koi8r koi8u latin1 latin2 latin5 "
                                "latin7 macce macroman sjis swe7 tis620 ucs2 ujis utf16 utf16le utf32 utf8 utf8mb3 utf8mb4 ";
    char spaced[12] = " ";
    if (n < 4 || n > 9 || word[0] != '_')
        return false;
    for (size_t i = 1; i < n; i++)
        spaced[i] = (char)(word[i] | (word[i] >= 'A' && word[i] <= 'Z' ? 32 : 0));
    spaced[n] = ' ';
    return strstr(names, spaced) != NULL;
}

/* A word ends at `end`: what stands behind it decides what it is, and what comes next. */
static void word(struct sql_lexer *l, struct sql_token *t, size_t end)
{
    const uint8_t *p = l->sql + l->at;
    size_t n = end - l->at, behind = end;
    t->kind = SQL_NAME;
    l->at = end;
    if (at(l, end) == '.' && is(l, end + 1, WORD)) {
        l->next = SQL_NEXT_DOT;
        return;
    }
    while (l->mode.flags & SQL_IGNORE_SPACE && is(l, behind, SPACE))
        behind++;
    enum sql_word found = sql_keyword_find(p, n, false);
    uint8_t flags = found ? sql_keyword_at(found)->flags : 0;
    if (found && !(flags & SQL_KEYWORD_FUNCTION && at(l, behind) != '(')) {
        t->kind = SQL_WORD;
        t->code = (uint16_t)found;
        l->hints = flags & SQL_KEYWORD_HINTED;
    } else if (is_introducer(p, n)) {
        t->kind = SQL_INTRODUCER;
    }
}

/* A name behind a dot, or one that begins with a digit: no keyword. */
static void name(struct sql_lexer *l, struct sql_token *t)
{
    t->kind = SQL_NAME;
    l->at = word_end(l, l->at);
    if (at(l, l->at) == '.' && is(l, l->at + 1, WORD))
        l->next = SQL_NEXT_DOT;
}

static void fraction(struct sql_lexer *l, struct sql_token *t, size_t i)
{
    t->kind = SQL_NUMBER;
    l->at = exponent_end(l, digits_end(l, i));
}

/* What begins with a digit: a number, or a name. */
static void number(struct sql_lexer *l, struct sql_token *t)
{
    size_t begin = l->at, i = begin;
    if (l->sql[i] == '0' && (at(l, i + 1) == 'x' || at(l, i + 1) == 'b')) {
        bool hex = l->sql[i + 1] == 'x';
        for (i += 2; hex ? is(l, i, HEX) : at(l, i) == '0' || at(l, i) == '1'; i++)
            ;
        if (i > begin + 2 && !is(l, i, WORD)) {
            t->kind = SQL_NUMBER;
            l->at = i;
        } else {
            name(l, t);
        }
        return;
    }
    i = digits_end(l, i);
    if (at(l, i) == '.') {
        fraction(l, t, i + 1);
    } else if (!is(l, i, WORD)) {
        t->kind = is_small(l, begin, i - begin) ? SQL_INTEGER : SQL_NUMBER;
        l->at = i;
    } else if (exponent_end(l, i) > i) {
        fraction(l, t, i);
    } else {
        name(l, t);
    }
}

/* $$ … $$ or $tag$ … $tag$; false if it is none. */
static bool dollar(struct sql_lexer *l, struct sql_token *t)
{
    enum { FIRST_VERSION = 80032 };
    size_t i = l->at + 1;
    if (l->mode.flags & SQL_MARIADB || (l->mode.version && l->mode.version < FIRST_VERSION))
        return false;
    while (is(l, i, WORD) && l->sql[i] != '$')
        i++;
    if (at(l, i) != '$')
        return false;
    size_t n = i + 1 - l->at;
    t->kind = SQL_DOLLAR;
    for (i++; i + n <= l->n; i++) {
        const uint8_t *found = memchr(l->sql + i, '$', l->n - i);
        i = found ? (size_t)(found - l->sql) : l->n;
        if (i + n <= l->n && memcmp(l->sql + i, l->sql + l->at, n) == 0) {
            l->at = i + n;
            return true;
        }
    }
    t->whole = false;
    l->at = l->n;
    return true;
}

static void quoted(struct sql_lexer *l, struct sql_token *t, size_t i)
{
    uint8_t quote = l->sql[i];
    t->kind = quote == '`' || (quote == '"' && l->mode.flags & SQL_ANSI_QUOTES) ? SQL_QUOTED_NAME : SQL_STRING;
    l->at = quoted_end(l, i, &t->whole);
}

/* -- signs --------------------------------------------------------------------------------------------------------- */

static void sign(struct sql_lexer *l, struct sql_token *t)
{
    static const struct {
        char text[4];
        uint16_t code;
    } signs[] = {{"<=>", SQL_SIGN_SAME}, {"->>", SQL_SIGN_JSON_TEXT}, {"<=", SQL_SIGN_LE},  {">=", SQL_SIGN_GE},
                 {"<>", SQL_SIGN_NE},    {"!=", SQL_SIGN_NE},         {"<<", SQL_SIGN_LEFT}, {">>", SQL_SIGN_RIGHT},
                 {"&&", SQL_SIGN_AND},   {"||", SQL_SIGN_OR},         {":=", SQL_SIGN_SET},  {"->", SQL_SIGN_JSON}};
    t->kind = SQL_SIGN;
    t->code = l->sql[l->at];
    size_t n = 1;
    for (size_t i = 0; classes[t->code] & PAIR && i < sizeof signs / sizeof *signs; i++) {
        size_t length = strlen(signs[i].text);
        if (l->at + length <= l->n && memcmp(l->sql + l->at, signs[i].text, length) == 0) {
            t->code = signs[i].code;
            if (t->code == SQL_SIGN_OR && l->mode.flags & SQL_PIPES_AS_CONCAT)
                t->code = SQL_SIGN_CONCAT;
            n = length;
            break;
        }
    }
    l->at += n;
}

/* An @, and what is expected behind it. */
static void at_sign(struct sql_lexer *l, struct sql_token *t)
{
    uint8_t next = at(l, l->at + 1);
    t->kind = SQL_SIGN;
    t->code = '@';
    l->at++;
    if (next == '@') {
        l->at++;
        l->next = at(l, l->at) == '`' ? SQL_NEXT_ANY : SQL_NEXT_VARIABLE;
    } else if (next != '\'' && next != '"' && next != '`') {
        l->next = SQL_NEXT_HOST;
    }
}

/* -- hints --------------------------------------------------------------------------------------------------------- */

static bool opens_hint(const struct sql_lexer *l)
{
    return at(l, l->at) == '/' && at(l, l->at + 1) == '*' && at(l, l->at + 2) == '+';
}

static void hint_word(struct sql_lexer *l, struct sql_token *t)
{
    size_t digits = digits_end(l, l->at), end = word_end(l, l->at);
    bool size = digits > l->at && digits + 1 == end && strchr("kKmMgG", l->sql[digits]);
    enum sql_word found = sql_keyword_find(l->sql + l->at, end - l->at, true);
    t->kind = SQL_NAME;
    if (digits == end || size) {
        t->kind = SQL_NUMBER;
        if (at(l, end) == '.')
            end = digits_end(l, end + 1);
    } else if (found) {
        t->kind = SQL_WORD;
        t->code = (uint16_t)found;
    }
    l->at = end;
}

static void hint(struct sql_lexer *l, struct sql_token *t)
{
    uint8_t c = l->sql[l->at];
    t->in_hint = true;
    if (c == '*' && at(l, l->at + 1) == '/') {
        t->kind = SQL_HINT_CLOSE;
        l->at += 2;
        l->in_hint = false;
    } else if (c == '\'' || c == '"' || c == '`') {
        quoted(l, t, l->at);
    } else if (classes[c] & WORD) {
        hint_word(l, t);
    } else {
        t->kind = SQL_SIGN;
        t->code = c;
        l->at++;
    }
}

/* -- tokens -------------------------------------------------------------------------------------------------------- */

/* A system variable, or what of it is before a dot: GLOBAL. */
static bool variable(struct sql_lexer *l, struct sql_token *t)
{
    size_t end = word_end(l, l->at);
    if (end == l->at)
        return false;
    enum sql_word found = sql_keyword_find(l->sql + l->at, end - l->at, false);
    bool keyword = found && !(sql_keyword_at(found)->flags & SQL_KEYWORD_FUNCTION);
    t->kind = keyword ? SQL_WORD : SQL_NAME;
    t->code = keyword ? (uint16_t)found : 0;
    l->at = end;
    l->next = at(l, end) == '.' ? SQL_NEXT_DOT : SQL_NEXT_ANY;
    return true;
}

/* A token that depends on the one before; false if there is none. */
static bool expected(struct sql_lexer *l, struct sql_token *t)
{
    int next = l->next;
    l->next = SQL_NEXT_ANY;
    switch (next) {
    case SQL_NEXT_DOT:
        t->kind = SQL_SIGN;
        t->code = '.';
        l->at++;
        l->next = SQL_NEXT_NAME;
        return true;
    case SQL_NEXT_NAME:
        if (!is(l, l->at, WORD))
            return false;
        name(l, t);
        return true;
    case SQL_NEXT_HOST:
        t->kind = SQL_HOST;
        while (is(l, l->at, WORD) || at(l, l->at) == '.')
            l->at += l->sql[l->at] >= 0x80 ? wide(l, l->at) : 1;
        return true;
    case SQL_NEXT_VARIABLE: return variable(l, t);
    default: return false;
    }
}

static bool skip_space(struct sql_lexer *l)
{
    while (l->at < l->n && classes[l->sql[l->at]] & SPACE)
        l->at++;
    return l->at < l->n;
}

static bool is_control(uint8_t c)
{
    return c < 0x20 || c == 0x7f;
}

static void any(struct sql_lexer *l, struct sql_token *t)
{
    uint8_t c = l->sql[l->at], next = at(l, l->at + 1);
    if (classes[c] & DIGIT) {
        number(l, t);
    } else if (next == '\'' && strchr("nNxXbB", c) && c) {
        quoted(l, t, l->at + 1);
    } else if (classes[c] & WORD) {
        if (c != '$' || !dollar(l, t))
            word(l, t, word_end(l, l->at));
    } else if (c == '\'' || c == '"' || c == '`') {
        quoted(l, t, l->at);
    } else if (c == '#' || (c == '-' && next == '-' && (at(l, l->at + 2) == ' ' || is_control(at(l, l->at + 2))))) {
        t->kind = SQL_COMMENT;
        l->at = line_end(l, l->at);
    } else if (c == '/' && next == '*') {
        long_comment(l, t);
    } else if (c == '*' && next == '/' && l->in_code_comment) {
        t->kind = SQL_COMMENT;
        l->in_code_comment = false;
        l->at += 2;
    } else if (c == '.' && is(l, l->at + 1, DIGIT)) {
        fraction(l, t, l->at + 1);
    } else if (c == '@') {
        at_sign(l, t);
    } else if (c == '?') {
        t->kind = SQL_PLACEHOLDER;
        l->at++;
    } else {
        if (c == '.')
            l->next = is(l, l->at + 1, WORD) ? SQL_NEXT_NAME : SQL_NEXT_ANY;
        sign(l, t);
    }
}

bool sql_lexer_next(struct sql_lexer *l, struct sql_token *t)
{
    *t = (struct sql_token){.whole = true, .offset = l->at};
    if (l->next == SQL_NEXT_ANY || !expected(l, t)) {
        if (!skip_space(l))
            return false;
        *t = (struct sql_token){.whole = true, .offset = l->at};
        bool hints = l->hints;
        l->hints = false;
        if (l->in_hint) {
            hint(l, t);
        } else if (hints && opens_hint(l)) {
            t->kind = SQL_HINT_OPEN;
            t->in_hint = l->in_hint = true;
            l->at += 3;
        } else {
            any(l, t);
        }
    }
    l->at = l->at < l->n ? l->at : l->n;
    t->length = l->at - t->offset;
    return true;
}
