/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each step is one of pt-fingerprint's substitutions, which stands above it, on a copy of the text, in its order. All of them take
 * time in proportion to the text, but for that of UNION, which has a budget. */
#define _GNU_SOURCE /* memmem() */
#include "analyzer/sql_fingerprint.h"

#include <stdbool.h>
#include <string.h>

struct text {
    char *p;
    size_t n;
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(char c)
{
    return g_ascii_isalnum(c) || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t skip_space(struct text t, size_t i)
{
    while (i < t.n && is_space(t.p[i]))
        i++;
    return i;
}

/* Whether `word`, in small letters, stands at `i`, in any case. */
static bool stands(struct text t, size_t i, const char *word)
{
    size_t n = strlen(word);
    return i <= t.n && n <= t.n - i && g_ascii_strncasecmp(t.p + i, word, n) == 0;
}

/* \b in front of a word. */
static bool begins_word(struct text t, size_t i)
{
    return i == 0 || !is_word(t.p[i - 1]);
}

/* -- statements of other kinds ------------------------------------------------------------------------------------- */

/* /\*\w+\.\w+:[0-9]/[0-9]\*\/ */
static bool has_tool_comment(struct text t)
{
    for (size_t i = 0; i + 1 < t.n; i++) {
        if (t.p[i] != '/' || t.p[i + 1] != '*')
            continue;
        size_t k = i + 2, begin = k;
        while (k < t.n && is_word(t.p[k]))
            k++;
        if (k == begin || k >= t.n || t.p[k] != '.')
            continue;
        begin = ++k;
        while (k < t.n && is_word(t.p[k]))
            k++;
        if (k > begin && k + 6 <= t.n && t.p[k] == ':' && is_digit(t.p[k + 1]) && t.p[k + 2] == '/' && is_digit(t.p[k + 3]) &&
            t.p[k + 4] == '*' && t.p[k + 5] == '/')
            return true;
    }
    return false;
}

/* \A\s*(call\s+\S+)\(  →  $1; false if it is none */
static bool take_call(GString *out, struct text t)
{
    size_t begin = skip_space(t, 0), name = skip_space(t, begin + 4), end = name;
    if (!stands(t, begin, "call") || name == begin + 4)
        return false;
    while (end < t.n && !is_space(t.p[end]))
        end++;
    while (end > name + 1 && t.p[end - 1] != '(')
        end--;
    if (end <= name + 1)
        return false;
    for (size_t i = begin; i + 1 < end; i++)
        g_string_append_c(out, g_ascii_tolower(t.p[i]));
    return true;
}

/* \A((?:INSERT|REPLACE)(?: IGNORE)?\s+INTO.+?VALUES\s*\(.*?\))\s*,\s*\(  →  $1 */
static void cut_rows(struct text *t)
{
    size_t i = stands(*t, 0, "insert") ? 6 : stands(*t, 0, "replace") ? 7 : 0;
    if (!i)
        return;
    i += stands(*t, i, " ignore") ? 7 : 0;
    size_t into = skip_space(*t, i);
    if (into == i || !stands(*t, into, "into"))
        return;
    for (i = into + 5; i < t->n; i++) {
        size_t open = (t->p[i] | 32) == 'v' && stands(*t, i, "values") ? skip_space(*t, i + 6) : t->n;
        if (open < t->n && t->p[open] == '(') {
            i = open + 1;
            break;
        }
    }
    for (; i < t->n; i++) {
        size_t comma = t->p[i] == ')' ? skip_space(*t, i + 1) : t->n;
        size_t open = comma < t->n && t->p[comma] == ',' ? skip_space(*t, comma + 1) : t->n;
        if (open < t->n && t->p[open] == '(') {
            t->n = i + 1;
            return;
        }
    }
}

/* \Ause \S+\Z  →  use ? */
static bool take_use(GString *out, struct text t)
{
    size_t end = 4;
    while (end < t.n && !is_space(t.p[end]))
        end++;
    bool newline = end + 1 == t.n && t.p[end] == '\n';
    if (!stands(t, 0, "use ") || end == 4 || !(end == t.n || newline))
        return false;
    g_string_append(out, newline ? "use ?\n" : "use ?");
    return true;
}

/* -- comments and literals: each copies what stays to the front ---------------------------------------------------- */

static const char *find(struct text t, size_t i, const char *what, size_t n)
{
    return i < t.n ? memmem(t.p + i, t.n - i, what, n) : NULL;
}

/* /\*[^!].*?\*\/  →  nothing */
static void drop_comments(struct text *t)
{
    size_t to = 0;
    bool more = true;
    for (size_t i = 0; i < t->n; i++) {
        if (more && i + 2 < t->n && t->p[i] == '/' && t->p[i + 1] == '*' && t->p[i + 2] != '!') {
            const char *end = find(*t, i + 3, "*/", 2);
            if (end) {
                i = (size_t)(end - t->p) + 1;
                continue;
            }
            more = false;
        }
        t->p[to++] = t->p[i];
    }
    t->n = to;
}

/* (?:--|#)[^'"\r\n]*(?=[\r\n]|\Z)  →  nothing */
static void drop_line_comments(struct text *t)
{
    size_t to = 0;
    for (size_t i = 0; i < t->n;) {
        size_t end = i;
        if (t->p[i] == '#' || (t->p[i] == '-' && i + 1 < t->n && t->p[i + 1] == '-')) {
            while (end < t->n && !strchr("'\"\r\n", t->p[end] ? t->p[end] : 'x'))
                end++;
            if (end == t->n || t->p[end] == '\r' || t->p[end] == '\n') {
                i = end;
                continue;
            }
        } else {
            end++;
        }
        memmove(t->p + to, t->p + i, end - i); /* up to the quote no other comment can end */
        to += end - i;
        i = end;
    }
    t->n = to;
}

/* \\["']  →  nothing */
static void drop_escaped_quotes(struct text *t)
{
    size_t to = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (t->p[i] == '\\' && i + 1 < t->n && (t->p[i + 1] == '"' || t->p[i + 1] == '\''))
            i++;
        else
            t->p[to++] = t->p[i];
    }
    t->n = to;
}

/* ".*?"  →  ? */
static void replace_strings(struct text *t, char quote)
{
    size_t to = 0;
    for (size_t i = 0; i < t->n; i++) {
        const char *end = t->p[i] == quote ? find(*t, i + 1, &quote, 1) : NULL;
        if (end)
            i = (size_t)(end - t->p);
        else if (t->p[i] == quote) { /* none later either */
            memmove(t->p + to, t->p + i, t->n - i);
            to += t->n - i;
            break;
        }
        t->p[to++] = end ? '?' : t->p[i];
    }
    t->n = to;
}

/* [0-9+-][0-9a-f.xb+-]*  →  ? */
static void replace_numbers(struct text *t)
{
    size_t to = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (!is_digit(t->p[i]) && t->p[i] != '+' && t->p[i] != '-') {
            t->p[to++] = t->p[i];
            continue;
        }
        while (i + 1 < t->n && (is_digit(t->p[i + 1]) || (t->p[i + 1] >= 'a' && t->p[i + 1] <= 'f') ||
                                (t->p[i + 1] && strchr(".x+-", t->p[i + 1]))))
            i++;
        t->p[to++] = '?';
    }
    t->n = to;
}

/* [xb.+-]\?  →  ? */
static void drop_prefixes(struct text *t)
{
    size_t to = 0;
    for (size_t i = 0; i < t->n; i++)
        if (!(t->p[i] && strchr("xb.+-", t->p[i]) && i + 1 < t->n && t->p[i + 1] == '?'))
            t->p[to++] = t->p[i];
        else
            t->p[to++] = t->p[++i];
    t->n = to;
}

/* \A\s+ and a newline at the end  →  nothing;  tr[ \n\t\r\f][ ]s;  small letters */
static void squeeze(struct text *t)
{
    size_t to = 0, i = skip_space(*t, 0);
    t->n -= t->n > i && t->p[t->n - 1] == '\n';
    for (bool space = false; i < t->n; i++) {
        bool now = is_space(t->p[i]) && t->p[i] != '\v';
        if (!now || !space)
            t->p[to++] = now ? ' ' : g_ascii_tolower(t->p[i]);
        space = now;
    }
    t->n = to;
}

/* \bnull\b  →  ? */
static void replace_nulls(struct text *t)
{
    size_t to = 0;
    bool word = false; /* the byte before, as it was */
    for (size_t i = 0; i < t->n; i++) {
        bool null = !word && t->p[i] == 'n' && stands(*t, i, "null") && (i + 4 >= t->n || !is_word(t->p[i + 4]));
        word = is_word(t->p[i]);
        t->p[to++] = null ? '?' : t->p[i];
        i += null ? 3 : 0;
    }
    t->n = to;
}

/* -- lists --------------------------------------------------------------------------------------------------------- */

static size_t skip(struct text t, size_t i, char also)
{
    while (i < t.n && (is_space(t.p[i]) || t.p[i] == ',' || t.p[i] == also))
        i++;
    return i;
}

/* (?:[\s,]*\([\s?,]*\))+ : where it ends, or `i` */
static size_t lists_end(struct text t, size_t i)
{
    for (;;) {
        size_t open = skip(t, i, ',');
        if (open >= t.n || t.p[open] != '(')
            return i;
        size_t close = skip(t, open + 1, '?');
        if (close >= t.n || t.p[close] != ')')
            return i;
        i = close + 1;
    }
}

/* \b(in|values?)(?:[\s,]*\([\s?,]*\))+  →  $1(?+). What is written is never ahead of what is read: "in()" is shorter than "in(?+)",
 * so it goes to another place. */
static void collapse_lists(GString *out, struct text t)
{
    for (size_t i = 0; i < t.n;) {
        size_t word = 0, end = 0;
        if ((t.p[i] == 'i' || t.p[i] == 'v') && begins_word(t, i)) {
            word = stands(t, i, "in") ? 2 : stands(t, i, "values") ? 6 : stands(t, i, "value") ? 5 : 0;
            end = word ? lists_end(t, i + word) : 0;
        }
        if (word && end > i + word) {
            g_string_append_len(out, t.p + i, (gssize)word);
            g_string_append(out, "(?+)");
            i = end;
        } else {
            g_string_append_c(out, t.p[i++]);
        }
    }
}

/* Length of (\sunion(?:\sall)?)\s with \1 behind it, at `i`; 0 if it does not stand there. `kept`: that of the parenthesis. */
static size_t repetition(struct text t, size_t begin, size_t first, size_t i, size_t *kept, size_t *budget)
{
    if (i >= t.n || !is_space(t.p[i]) || !stands(t, i + 1, "union"))
        return 0;
    bool all = i + 6 < t.n && is_space(t.p[i + 6]) && stands(t, i + 7, "all");
    for (int tries = all ? 2 : 1; tries > 0; tries--) {
        size_t n = tries == 2 ? 10 : 6;
        size_t at = i + n + 1;
        if (at > t.n || !is_space(t.p[i + n]) || first > t.n - at)
            continue;
        *budget -= MIN(*budget, first);
        if (memcmp(t.p + begin, t.p + at, first) == 0) {
            *kept = n;
            return n + 1 + first;
        }
    }
    return 0;
}

/* \b(select\s.*?)(?:(\sunion(?:\sall)?)\s\1)+  →  $1 /\*repeat$2*\/ */
static void collapse_unions(GString *out, struct text t)
{
    size_t budget = 64 * 1024 * 1024; /* bytes compared */
    for (size_t i = 0; i < t.n;) {
        size_t end = 0, first = 0, kept = 0, last = 0;
        if (t.p[i] == 's' && stands(t, i, "select") && begins_word(t, i) && i + 6 < t.n && is_space(t.p[i + 6])) {
            const char *at = find(t, i + 7, "union", 5);
            for (; at && budget && !end; at = find(t, (size_t)(at - t.p) + 1, "union", 5)) {
                size_t p = (size_t)(at - t.p) - 1;
                if (p < i + 7)
                    continue;
                budget -= MIN(budget, 16);
                size_t n = repetition(t, i, p - i, p, &kept, &budget);
                for (first = p - i, end = n ? p : 0; n; n = repetition(t, i, first, end, &kept, &budget)) {
                    last = end;
                    end += n;
                }
            }
        }
        if (end) {
            g_string_append_len(out, t.p + i, (gssize)first);
            g_string_append(out, " /*repeat");
            g_string_append_len(out, t.p + last, (gssize)kept);
            g_string_append(out, "*/");
            i = end;
        } else {
            g_string_append_c(out, t.p[i++]);
        }
    }
}

/* \blimit \?(?:, ?\?| offset \?)?  →  limit ?, the first alone */
static void shorten_limit(GString *out)
{
    struct text t = {out->str, out->len};
    for (const char *at = find(t, 0, "limit ?", 7); at; at = find(t, (size_t)(at - t.p) + 1, "limit ?", 7)) {
        size_t i = (size_t)(at - t.p);
        if (!begins_word(t, i))
            continue;
        i += 7;
        size_t n = stands(t, i, ",?") ? 2 : stands(t, i, ", ?") ? 3 : stands(t, i, " offset ?") ? 9 : 0;
        g_string_erase(out, (gssize)i, (gssize)n);
        return;
    }
}

/* Behind the first \bORDER BY : \s+ASC  →  nothing, wherever something stands before it */
static void drop_ascending(GString *out)
{
    struct text t = {out->str, out->len};
    const char *at = find(t, 0, "order by ", 9);
    while (at && !begins_word(t, (size_t)(at - t.p)))
        at = find(t, (size_t)(at - t.p) + 1, "order by ", 9);
    if (!at)
        return;
    size_t to = (size_t)(at - t.p) + 9, from = to, earliest = to + 1;
    for (size_t word = from; from < t.n; from++) {
        if (from >= word)
            word = skip_space(t, from); /* behind all of the space, which is looked through once */
        if (from >= earliest && from < word && stands(t, word, "asc")) {
            from = word + 2;
            earliest = from + 2;
        } else {
            t.p[to++] = t.p[from];
        }
    }
    g_string_truncate(out, to);
}

/* -- all of it ----------------------------------------------------------------------------------------------------- */

static void reduce(GString *out, struct text t)
{
    cut_rows(&t);
    drop_comments(&t);
    drop_line_comments(&t);
    if (take_use(out, t))
        return;
    drop_escaped_quotes(&t);
    replace_strings(&t, '"');
    replace_strings(&t, '\'');
    replace_numbers(&t);
    drop_prefixes(&t);
    squeeze(&t);
    replace_nulls(&t);
    GString *lists = g_string_sized_new(t.n), *all = g_string_sized_new(t.n);
    collapse_lists(lists, t);
    collapse_unions(all, (struct text){lists->str, lists->len});
    shorten_limit(all);
    drop_ascending(all);
    g_string_append_len(out, all->str, (gssize)all->len);
    g_string_free(lists, TRUE);
    g_string_free(all, TRUE);
}

void sql_fingerprint(GString *out, const char *sql, size_t n)
{
    static const char dump[] = "SELECT /*!40001 SQL_NO_CACHE */ * FROM `", administrator[] = "administrator command: ";
    struct text t = {g_malloc(n + 1), n};
    memcpy(t.p, sql, n);
    if (n >= sizeof dump - 1 && memcmp(sql, dump, sizeof dump - 1) == 0)
        g_string_append(out, "mysqldump");
    else if (has_tool_comment(t))
        g_string_append(out, "percona-toolkit");
    else if (n >= sizeof administrator - 1 && memcmp(sql, administrator, sizeof administrator - 1) == 0)
        g_string_append_len(out, sql, (gssize)n);
    else if (!take_call(out, t))
        reduce(out, t);
    g_free(t.p);
}

void sql_fingerprint_id(char id[SQL_FINGERPRINT_ID], const char *fingerprint, size_t n)
{
    char *sum = g_compute_checksum_for_data(G_CHECKSUM_MD5, (const guchar *)fingerprint, n);
    for (int i = 0; i < SQL_FINGERPRINT_ID; i++)
        id[i] = g_ascii_toupper(sum[i]);
    g_free(sum);
}
