/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What MySQL's Reference Manual says of lexical structure; what servers make of it is held by tests/digest_test.py. */
#include "tests/support/unit.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/sql_lexer.h"
#include "analyzer/sql_redact.h"

/* "k:SELECT n:a s:, i:1": kinds and texts of all tokens. */
static GString *tokens(const char *sql, size_t n, const struct sql_mode *mode)
{
    static const char kinds[] = "c[]knqi#sd?hu=";
    GString *out = g_string_new(NULL);
    struct sql_lexer lexer;
    struct sql_token t;
    sql_lexer_init(&lexer, (const uint8_t *)sql, n, mode);
    while (sql_lexer_next(&lexer, &t))
        g_string_append_printf(out, "%s%c:%.*s%s", out->len ? " " : "", kinds[t.kind], (int)t.length, sql + t.offset, t.whole ? "" : "…");
    return out;
}

static void check(const char *sql, unsigned flags, uint32_t version, const char *want)
{
    const struct sql_mode mode = {.flags = flags, .version = version};
    GString *got = tokens(sql, strlen(sql), &mode);
    assert_string_equal(got->str, want);
    g_string_free(got, TRUE);
}

static void keywords(void **state)
{
    (void)state;
    for (int word = 1; word < SQL_WORDS; word++) {
        const struct sql_keyword_row *row = sql_keyword_at(word);
        bool hint = row->flags & SQL_KEYWORD_HINT;
        char *lower = g_ascii_strdown(row->name, -1);
        if (sql_keyword_find((const uint8_t *)lower, row->length, hint) != (enum sql_word)word)
            fail_msg("%s: its slot is %u, or the next that is free", row->name, sql_keyword_slot(row->name, hint));
        g_free(lower);
    }
    assert_int_equal(sql_keyword_find((const uint8_t *)"selects", 7, false), SQL_NO_WORD);
    assert_int_equal(sql_keyword_find((const uint8_t *)"bka", 3, false), SQL_NO_WORD);
}

static void words(void **state)
{
    (void)state;
    check("Select a.select, `x``y`.b FROM 1a", 0, 0, "k:Select n:a =:. n:select =:, q:`x``y` =:. n:b k:FROM n:1a");
    check("count(*) count (*) now() now", 0, 0, "k:count =:( =:* =:) n:count =:( =:* =:) k:now =:( =:) n:now");
    check("count (*)", SQL_IGNORE_SPACE, 0, "k:count =:( =:* =:)");
    check("@a @'b' @@global.x u@h.c @", 0, 0, "=:@ h:a =:@ s:'b' =:@@ k:global =:. n:x n:u =:@ h:h.c =:@ h:");
    check("_utf8mb4'x' _foo'x'", 0, 0, "u:_utf8mb4 s:'x' n:_foo s:'x'");
}

static void literals(void **state)
{
    (void)state;
    check("1 1.5 .5 1. 1e5 1.e-5 0x1F 0b01 4294967295 4294967296", 0, 0, "i:1 #:1.5 #:.5 #:1. #:1e5 #:1.e-5 #:0x1F #:0b01 i:4294967295 #:4294967296");
    check("0x1G 0b2 1e t.1", 0, 0, "n:0x1G n:0b2 n:1e n:t =:. n:1");
    check("'a''b' 'c\\'d' \"e\" n'f' x'12' b'1' ? $$g$$ $h$ $$ $h$", 0, 0, "s:'a''b' s:'c\\'d' s:\"e\" s:n'f' s:x'12' s:b'1' ?:? d:$$g$$ d:$h$ $$ $h$");
    check("\"a\"\"b\"", SQL_ANSI_QUOTES, 0, "q:\"a\"\"b\"");
    check("'a\\' 'b'", SQL_NO_BACKSLASH_ESCAPES, 0, "s:'a\\' s:'b'");
    check("'a", 0, 0, "s:'a…");
    check("a <=> b != c <> d || e && f := g -> h ->> i << j", 0, 0, "n:a =:<=> n:b =:!= n:c =:<> n:d =:|| n:e =:&& n:f =::= n:g =:-> n:h =:->> n:i =:<< n:j");
}

static void comments(void **state)
{
    (void)state;
    check("1 # a\n2 -- b\n3 --4 /* c */ 5", 0, 0, "i:1 c:# a i:2 c:-- b i:3 =:- =:- i:4 c:/* c */ i:5");
    check("/*!50000 1*/ /*!90705 2 /* 3 */ */ /*! 4 */", 0, 90704, "c:/*!50000 i:1 c:*/ c:/*!90705 2 /* 3 */ */ c:/*! i:4 c:*/");
    check("/*!50701 1*/ /*M!100100 2*/ /*M!100200 3*/", SQL_MARIADB, 100108, "c:/*!50701 1*/ c:/*M!100100 i:2 c:*/ c:/*M!100200 3*/");
    check("/*M! 1*/ /* 2", 0, 0, "c:/*M! 1*/ c:/* 2…");
    check("select /*+ BKA(t1@q) */ /*+ no */ 1", 0, 0, "k:select [:/*+ k:BKA =:( n:t1 =:@ n:q =:) ]:*/ c:/*+ no */ i:1");
}

static void charsets(void **state)
{
    (void)state;
    const struct sql_mode gbk = {.charset = sql_charset_by_name("gbk")}, sjis = {.charset = sql_charset_by_name("sjis")}, plain = {0};
    static const char text[] = "'\xd5\x5c' , 1"; /* a character of GBK whose second byte is a backslash; in UTF-8 it escapes the quote */
    GString *s = tokens(text, sizeof text - 1, &gbk);
    assert_string_equal(s->str, "s:'\xd5\x5c' =:, i:1");
    g_string_free(s, TRUE);
    s = tokens(text, sizeof text - 1, &plain);
    assert_string_equal(s->str, "s:'\xd5\x5c' , 1…");
    g_string_free(s, TRUE);
    s = tokens("'\x95\x5c'\xb1\xb2", 6, &sjis); /* single bytes behind it: half-width kana */
    assert_string_equal(s->str, "s:'\x95\x5c' n:\xb1\xb2");
    g_string_free(s, TRUE);
    assert_int_equal(sql_charset_by_name("utf8mb4"), SQL_CHARSET_PLAIN);
    assert_int_equal(sql_charset_by_name(NULL), SQL_CHARSET_PLAIN);
}

static void versions(void **state)
{
    (void)state;
    assert_int_equal(sql_version_number("9.7.4", false), 90704);
    assert_int_equal(sql_version_number("8.0.36-28.1 Percona", false), 80036);
    assert_int_equal(sql_version_number("5.5.5-10.11.19-MariaDB-log", true), 101119);
    assert_int_equal(sql_version_number("11.8.9-MariaDB", true), 110809);
    assert_int_equal(sql_version_number("x", false), 0);
    assert_int_equal(sql_version_number("9.7", false), 0);
    assert_int_equal(sql_version_number("", false), 0);
}

static void redacted(const char *sql, unsigned flags, const char *want)
{
    GString *out = g_string_new(NULL);
    const struct sql_mode mode = {.flags = flags};
    sql_redact(out, (const uint8_t *)sql, strlen(sql), &mode, NULL);
    assert_string_equal(out->str, want);
    g_string_free(out, TRUE);
}

/* Where a backslash may be one or not. */
static void either(const char *sql, const char *want)
{
    GString *out = g_string_new(NULL);
    const struct sql_mode modes[2] = {{0}, {.flags = SQL_NO_BACKSLASH_ESCAPES}};
    sql_redact_either(out, (const uint8_t *)sql, strlen(sql), modes, NULL);
    assert_string_equal(out->str, want);
    g_string_free(out, TRUE);
}

static void redact_either(void **state)
{
    (void)state;
    either("select 'a\\\\', b", "select ?, b");
    either("select a, 'b\\', c, 'd'", "select a, ?");
    either("select 'it\\'s', b", "select ?");
    either("", "");
}

static void redact(void **state)
{
    (void)state;
    redacted("select  a1,\n'x', -1.5 from `t 2` where b=0x12 -- it's\nand c in (1,2)", 0,
             "select  a1,\n?, -? from `t 2` where b=? /*?*/\nand c in (?,?)");
    redacted("create user 'u'@h identified by 'secret'", 0, "create user ?@h identified by ?");
    redacted("set @a = _utf8mb4'x', password = \"y\"", 0, "set @a = _utf8mb4?, password = ?");
    redacted("select \"x\"", SQL_ANSI_QUOTES, "select ?");
    redacted("/*!50000 select 1*/ /* password 2 */ /*+ 3 */", 0, "/*!50000 select ?*/ /*?*/ /*?*/");
    redacted("select 'cut of", 0, "select ?");
    redacted("select /* cut of", 0, "select /*?*/");
    redacted("select /*+ SET_VAR(a = 'x') */ $$ y $$ ", 0, "select /*+ SET_VAR(a = ?) */ ? ");
    redacted("", 0, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keywords), cmocka_unit_test(words),    cmocka_unit_test(literals), cmocka_unit_test(comments),
        cmocka_unit_test(charsets), cmocka_unit_test(versions), cmocka_unit_test(redact), cmocka_unit_test(redact_either),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
