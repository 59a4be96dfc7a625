/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server reduces while it reads: each token is put on a stack, and its top is replaced by what it stands for. A name is a
 * wall: nothing in front of it is looked at again. */
#include "analyzer/sql_digest.h"

#include <stddef.h>
#include <string.h>

/* Codes on the stack: keywords as they are, signs from SIGN on, and these. */
enum {
    SIGN = 2048,
    VALUE = 4096, /* ? */
    VALUES,       /* ?, ... */
    ROW_OF_ONE,   /* (?) */
    ROWS_OF_ONE,
    ROW, /* (...) */
    ROWS,
    IN_LIST, /* IN (...) */
    NAME,
    COLUMN_NUMBER,
    INTRODUCER,
    DOLLAR,
    HINT_OPEN,
    HINT_CLOSE,
    HINT_EQUALS
};

struct entry {
    uint16_t code;
    bool tight; /* no space behind it */
    const uint8_t *p; /* NAME, COLUMN_NUMBER: as in the text */
    size_t n;
};

enum { ENTRIES = SQL_DIGEST_BYTES / 2, DEPTHS = 64 };

struct digest {
    size_t count;
    size_t wall;  /* entries below are not looked at */
    size_t bytes; /* as the server counts */
    bool full;
    bool values;  /* a NULL that comes next is a value */
    bool high_not;
    bool change;  /* CHANGE … TO x = NULL, where it never is */
    unsigned depth;
    uint64_t lists;  /* by depth: inside of ORDER BY, GROUP BY, PARTITION BY */
    bool element;    /* of such a list begins here */
    bool candidate;  /* the top is a number and could be that of a column, which is decided by what follows … */
    struct entry number; /* … and then it is this */
    struct entry entries[ENTRIES]; /* last: not cleared */
};

static uint16_t peek(const struct digest *d, size_t i)
{
    return d->count > d->wall + i ? d->entries[d->count - 1 - i].code : 0;
}

static void pop(struct digest *d, size_t n)
{
    d->count -= n;
    d->bytes -= 2 * n;
}

static void push(struct digest *d, struct entry entry)
{
    size_t cost = entry.code == NAME ? 4 + entry.n : entry.code == COLUMN_NUMBER ? 6 : 2;
    if (d->full || d->bytes + cost > SQL_DIGEST_BYTES) {
        d->full = true;
        return;
    }
    d->bytes += cost;
    d->entries[d->count++] = entry;
    if (entry.code == NAME)
        d->wall = d->count;
}

static void push_code(struct digest *d, unsigned code)
{
    push(d, (struct entry){.code = (uint16_t)code, .tight = code == SIGN + '@'});
}

/* Signs that an expression follows. */
static bool is_operator(unsigned code)
{
    switch (code - SIGN) {
    case '(':
    case ',':
    case '=':
    case '<':
    case '>':
    case '|':
    case '&':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '^':
    case SQL_SIGN_LE:
    case SQL_SIGN_GE:
    case SQL_SIGN_NE:
    case SQL_SIGN_SAME:
    case SQL_SIGN_LEFT:
    case SQL_SIGN_RIGHT:
    case SQL_SIGN_AND:
    case SQL_SIGN_OR: return true;
    default: return false;
    }
}

static bool has_flag(unsigned code, unsigned flag)
{
    return code && code < SQL_WORDS && sql_keyword_at(code)->flags & flag;
}

/* -- reductions ---------------------------------------------------------------------------------------------------- */

static void push_value(struct digest *d)
{
    uint16_t before = peek(d, 1);
    if (peek(d, 0) == SIGN + ',' && (before == VALUE || before == VALUES)) {
        pop(d, 2);
        push_code(d, VALUES);
    } else {
        push_code(d, VALUE);
    }
}

/* Signs in front of a number are part of it where no other operand stands before them. Returns whether there were any. */
static bool pop_signs(struct digest *d)
{
    bool found = false;
    while ((peek(d, 0) == SIGN + '-' || peek(d, 0) == SIGN + '+') && !d->full &&
           (is_operator(peek(d, 1)) || has_flag(peek(d, 1), SQL_KEYWORD_SIGNS))) {
        pop(d, 1);
        found = true;
    }
    return found;
}

static void push_closing(struct digest *d)
{
    uint16_t inside = peek(d, 0);
    if ((inside != VALUE && inside != VALUES) || peek(d, 1) != SIGN + '(' || d->full) {
        push_code(d, SIGN + ')');
        return;
    }
    pop(d, 2);
    if (peek(d, 0) == SQL_WORD_IN) {
        pop(d, 1);
        push_code(d, IN_LIST);
        return;
    }
    unsigned row = inside == VALUE ? ROW_OF_ONE : ROW;
    if (peek(d, 0) == SIGN + ',' && (peek(d, 1) == row || peek(d, 1) == row + 1)) {
        pop(d, 2);
        row++;
    }
    push_code(d, row);
}

/* -- what the grammar knows: NULLs that are no values, numbers that are no values ------------------------------------ */

/* Whether a word goes on with the expression before it. */
static bool continues(unsigned word)
{
    switch (word) {
    case SQL_WORD_IS:
    case SQL_WORD_COLLATE:
    case SQL_WORD_IN:
    case SQL_WORD_LIKE:
    case SQL_WORD_BETWEEN:
    case SQL_WORD_AND:
    case SQL_WORD_OR:
    case SQL_WORD_XOR:
    case SQL_WORD_DIV:
    case SQL_WORD_MOD:
    case SQL_WORD_NOT:
    case SQL_WORD_REGEXP:
    case SQL_WORD_RLIKE:
    case SQL_WORD_MEMBER:
    case SQL_WORD_SOUNDS: return true;
    default: return false;
    }
}

/* Whether a word ends a list of columns to order or group by. */
static bool ends_list(unsigned word)
{
    switch (word) {
    case SQL_WORD_LIMIT:
    case SQL_WORD_HAVING:
    case SQL_WORD_WINDOW:
    case SQL_WORD_QUALIFY:
    case SQL_WORD_ROWS:
    case SQL_WORD_RANGE:
    case SQL_WORD_GROUPS:
    case SQL_WORD_FOR:
    case SQL_WORD_LOCK:
    case SQL_WORD_INTO:
    case SQL_WORD_UNION:
    case SQL_WORD_EXCEPT:
    case SQL_WORD_INTERSECT:
    case SQL_WORD_SEPARATOR:
    case SQL_WORD_WITH:
    case SQL_WORD_SELECT: return true;
    default: return false;
    }
}

/* The number on top turns out to be a column's, or not, by the token behind it; NULL: the end. */
static void settle_number(struct digest *d, const struct sql_token *t)
{
    if (!d->candidate)
        return;
    d->candidate = false;
    if (d->full || (t && t->kind == SQL_WORD && continues(t->code)) ||
        (t && t->kind == SQL_SIGN && t->code != ',' && t->code != ')' && t->code != ';'))
        return;
    pop(d, 1);
    push(d, d->number);
}

static uint64_t bit(const struct digest *d)
{
    return d->depth < DEPTHS ? UINT64_C(1) << d->depth : 0;
}

/* Keeps track of lists of columns; `before` is what was on top. */
static void follow_lists(struct digest *d, const struct sql_token *t, uint16_t before)
{
    d->element = false;
    if (t->kind == SQL_WORD && t->code == SQL_WORD_BY) {
        d->element = before == SQL_WORD_ORDER || before == SQL_WORD_GROUP || before == SQL_WORD_PARTITION;
        d->lists |= d->element ? bit(d) : 0;
    } else if (t->kind == SQL_WORD && ends_list(t->code)) {
        d->lists &= ~bit(d);
    } else if (t->kind == SQL_SIGN && t->code == '(') {
        d->depth++;
        d->element = before == SQL_WORD_ROLLUP || before == SQL_WORD_CUBE;
        d->lists = (d->lists & ~bit(d)) | (d->element ? bit(d) : 0);
    } else if (t->kind == SQL_SIGN && t->code == ')') {
        d->lists &= ~bit(d);
        d->depth -= d->depth > 0;
    } else if (t->kind == SQL_SIGN && t->code == ';') {
        d->lists &= ~bit(d);
    } else if (t->kind == SQL_SIGN && t->code == ',') {
        d->element = d->lists & bit(d);
    }
}

/* Whether a NULL behind this token is a value. */
static bool values_follow(const struct digest *d, const struct sql_token *t, uint16_t before)
{
    if (t->kind == SQL_SIGN)
        return is_operator(SIGN + t->code) || t->code == SQL_SIGN_SET || t->code == SQL_SIGN_CONCAT ||
               t->code == '!' || t->code == '~';
    if (t->kind != SQL_WORD)
        return false;
    if (t->code == SQL_WORD_NOT)
        return d->values;
    if (t->code == SQL_WORD_ON)
        return before != SQL_WORD_NULL && before != SQL_WORD_ABSENT;
    return sql_keyword_at(t->code)->flags & SQL_KEYWORD_VALUES;
}

/* -- tokens -------------------------------------------------------------------------------------------------------- */

static void push_word(struct digest *d, const struct sql_token *t)
{
    if (d->count == 0)
        d->change = t->code == SQL_WORD_CHANGE;
    if (t->code == SQL_WORD_NULL && d->values && !d->change)
        push_value(d);
    else if (t->code == SQL_WORD_NOT && d->high_not)
        push_code(d, SIGN + '!');
    else
        push_code(d, t->code);
}

static void push_name(struct digest *d, const struct sql_token *t, const uint8_t *p)
{
    size_t n = t->length;
    if (t->kind == SQL_QUOTED_NAME) {
        n -= t->whole ? 2 : 1;
        p++;
    }
    push(d, (struct entry){.code = NAME, .p = p, .n = n});
}

static void push_number(struct digest *d, const struct sql_token *t, const uint8_t *p)
{
    bool element = d->element;
    bool is_signed = pop_signs(d);
    push_value(d);
    if (t->kind != SQL_INTEGER || !element || is_signed || d->full || d->entries[d->count - 1].code != VALUE)
        return;
    size_t n = t->length;
    while (n > 1 && *p == '0')
        p++, n--;
    d->candidate = true;
    d->number = (struct entry){.code = COLUMN_NUMBER, .p = p, .n = n};
}

/* In hints names stand close to the @ of their query block; points, and @ without a name, go. */
static void push_hint(struct digest *d, const struct sql_token *t, const uint8_t *sql, size_t n)
{
    switch (t->kind) {
    case SQL_HINT_OPEN: push_code(d, HINT_OPEN); break;
    case SQL_HINT_CLOSE:
        if (peek(d, 0) == HINT_OPEN && !d->full)
            pop(d, 1);
        else
            push_code(d, HINT_CLOSE);
        break;
    case SQL_SIGN:
        if (t->code == '@' && d->count && d->entries[d->count - 1].code == NAME && sql[t->offset - 1] > ' ')
            d->entries[d->count - 1].tight = true;
        if (t->code == '.' || (t->code == '@' && (t->offset + 1 >= n || sql[t->offset + 1] <= ' ')))
            break;
        if (t->code == ')')
            push_closing(d);
        else
            push_code(d, t->code == '=' ? HINT_EQUALS : SIGN + t->code);
        break;
    case SQL_NUMBER: pop_signs(d); push_value(d); break;
    case SQL_STRING: push_value(d); break;
    case SQL_WORD: push_code(d, t->code); break;
    default: push_name(d, t, sql + t->offset); break;
    }
}

static void push_sign(struct digest *d, const struct sql_token *t)
{
    if (t->code == ')') {
        push_closing(d);
        return;
    }
    push_code(d, SIGN + t->code);
    if (t->code == '@' && t->length == 2)
        push_code(d, SIGN + '@');
}

static void take(struct digest *d, const struct sql_token *t, const uint8_t *sql, size_t n)
{
    if (t->in_hint) {
        push_hint(d, t, sql, n);
        return;
    }
    settle_number(d, t);
    uint16_t before = d->count ? d->entries[d->count - 1].code : 0;
    const uint8_t *p = sql + t->offset;
    switch (t->kind) {
    case SQL_WORD: push_word(d, t); break;
    case SQL_NAME:
    case SQL_QUOTED_NAME: push_name(d, t, p); break;
    case SQL_INTEGER:
    case SQL_NUMBER: push_number(d, t, p); break;
    case SQL_STRING:
        if (strchr("xXbB", *p))
            pop_signs(d);
        push_value(d);
        break;
    case SQL_PLACEHOLDER:
    case SQL_HOST: push_value(d); break;
    case SQL_DOLLAR: push_code(d, DOLLAR); break;
    case SQL_INTRODUCER: push_code(d, INTRODUCER); break;
    case SQL_SIGN: push_sign(d, t); break;
    default: break;
    }
    d->values = values_follow(d, t, before);
    follow_lists(d, t, before);
}

/* -- text ---------------------------------------------------------------------------------------------------------- */

static void write_name(GString *out, const struct entry *e, const uint8_t *sql, enum sql_charset charset)
{
    bool quoted = e->p > sql && (e->p[-1] == '`' || e->p[-1] == '"');
    uint8_t quote = quoted ? e->p[-1] : 0;
    g_string_append_c(out, '`');
    if (!quoted || !memchr(e->p, quote, e->n)) {
        g_string_append_len(out, (const char *)e->p, (gssize)e->n);
        g_string_append_c(out, '`');
        return;
    }
    for (size_t i = 0; i < e->n;) {
        size_t length = sql_character_length(charset, e->p + i, e->n - i);
        g_string_append_len(out, (const char *)e->p + i, (gssize)length);
        i += length;
        if (length == 1 && e->p[i - 1] == quote && i < e->n && e->p[i] == quote)
            i++;
    }
    g_string_append_c(out, '`');
}

static const char *sign_text(unsigned code, char one[2])
{
    static const char *const texts[] = {"<=", ">=", "!=", "<=>", "<<", ">>", "&&", "||", "||", ":=", "->", "->>"};
    if (code >= SQL_SIGN_LE)
        return texts[code - SQL_SIGN_LE];
    one[0] = (char)code;
    one[1] = '\0';
    return one;
}

static void write_entry(GString *out, const struct entry *e, const uint8_t *sql, enum sql_charset charset)
{
    static const char *const texts[] = {"?",       "?, ...", "(?)",        "(?) /* , ... */", "(...)", "(...) /* , ... */",
                                        "IN (...)", "",       "",           "(_charset)",      "(unknown)", "/*+",
                                        "*/",       "="};
    char one[2];
    if (e->code == NAME)
        write_name(out, e, sql, charset);
    else if (e->code == COLUMN_NUMBER)
        g_string_append_len(out, (const char *)e->p, (gssize)e->n);
    else if (e->code >= VALUE)
        g_string_append(out, texts[e->code - VALUE]);
    else if (e->code >= SIGN)
        g_string_append(out, sign_text(e->code - SIGN, one));
    else
        g_string_append(out, sql_keyword_at(e->code)->shown);
}

bool sql_digest_text(GString *out, const uint8_t *sql, size_t n, const struct sql_mode *mode)
{
    struct digest d;
    memset(&d, 0, offsetof(struct digest, entries));
    d.high_not = mode->flags & SQL_HIGH_NOT_PRECEDENCE;
    struct sql_lexer lexer;
    struct sql_token token;
    sql_lexer_init(&lexer, sql, n, mode);
    while (!d.full && sql_lexer_next(&lexer, &token))
        if (token.kind != SQL_COMMENT && !(token.kind == SQL_SIGN && token.code == 0))
            take(&d, &token, sql, n);
    settle_number(&d, NULL);
    while (peek(&d, 0) == SIGN + ';')
        pop(&d, 1);
    for (size_t i = 0; i < d.count; i++) {
        write_entry(out, &d.entries[i], sql, mode->charset);
        if (!d.entries[i].tight && i + 1 < d.count)
            g_string_append_c(out, ' ');
    }
    return !d.full;
}

void sql_digest_id(char id[SQL_DIGEST_ID], const char *text, size_t n)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)text, (gssize)n);
    g_strlcpy(id, g_checksum_get_string(sum), SQL_DIGEST_ID);
    g_checksum_free(sum);
}
