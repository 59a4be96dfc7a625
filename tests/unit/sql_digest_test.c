/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The examples of the documentation, limits and ids. tests/digest_test.py has the rest: recordings of a server and of pt-fingerprint. */
#include "tests/support/unit.h"

#include <string.h>

#include "analyzer/sql_digest.h"
#include "analyzer/sql_fingerprint.h"

static void check(const char *sql, const char *want)
{
    const struct sql_mode mode = {0};
    GString *got = g_string_new(NULL);
    assert_true(sql_digest_text(got, (const uint8_t *)sql, strlen(sql), &mode));
    assert_string_equal(got->str, want);
    g_string_free(got, TRUE);
}

/* Reference Manual, "Performance Schema Statement Digests and Sampling" */
static void documented(void **state)
{
    (void)state;
    check("SELECT * FROM orders WHERE customer_id=10 AND quantity>20", "SELECT * FROM `orders` WHERE `customer_id` = ? AND `quantity` > ?");
    check("SELECT * FROM orders WHERE customer_id = 20 AND quantity > 100", "SELECT * FROM `orders` WHERE `customer_id` = ? AND `quantity` > ?");
    check("", "");
    check("-- nothing", "");
}

/* 146 names of one byte and their commas are 1022 bytes, SELECT 2 more. */
static void limit(void **state)
{
    (void)state;
    const struct sql_mode mode = {0};
    GString *sql = g_string_new("select a"), *whole = g_string_new(NULL), *cut = g_string_new(NULL);
    for (int i = 1; i < 146; i++)
        g_string_append(sql, ",a");
    assert_true(sql_digest_text(whole, (const uint8_t *)sql->str, sql->len, &mode));
    g_string_append(sql, ",");
    assert_true(sql_digest_text(cut, (const uint8_t *)sql->str, sql->len, &mode));
    assert_int_equal(cut->len, whole->len + 2);
    g_string_append(sql, "b from t where x = 1");
    g_string_assign(whole, cut->str);
    g_string_truncate(cut, 0);
    assert_false(sql_digest_text(cut, (const uint8_t *)sql->str, sql->len, &mode));
    assert_string_equal(cut->str, whole->str);
    g_string_free(sql, TRUE);
    g_string_free(whole, TRUE);
    g_string_free(cut, TRUE);
}

/* printf 'SELECT ?' | sha256sum; printf 'select ?' | md5sum, which is what pt-query-digest 3.2.1 prints for "select 1" */
static void ids(void **state)
{
    (void)state;
    char id[SQL_DIGEST_ID], fingerprint[SQL_FINGERPRINT_ID];
    sql_digest_id(id, "SELECT ?", 8);
    assert_string_equal(id, "66cbb3a40d4bbd15");
    sql_fingerprint_id(fingerprint, "select ?", 8);
    assert_string_equal(fingerprint, "1FE1379FE2A31B8D16219655761820A2");
}

static void print(const char *sql, const char *want)
{
    GString *got = g_string_new(NULL);
    sql_fingerprint(got, sql, strlen(sql));
    assert_string_equal(got->str, want);
    g_string_free(got, TRUE);
}

/* The manual page of pt-query-digest, "FINGERPRINTS". */
static void fingerprints(void **state)
{
    (void)state;
    print("SELECT name, password FROM user WHERE id='12823';", "select name, password from user where id=?;");
    print("select name,   password from user\n   where id=5;", "select name, password from user where id=?;");
    print("SELECT /*!40001 SQL_NO_CACHE */ * FROM `users`", "mysqldump");
    print("call a(1)", "call a");
    print("insert into abtemp.coxed values (1, 'x'), (2, 'y')", "insert into abtemp.coxed values(?+)");
    print("", "");
}

/* As many SELECTs and UNIONs as fit: nothing here may take time by the square of the text. */
static void unions(void **state)
{
    (void)state;
    GString *sql = g_string_new(NULL), *got = g_string_new(NULL);
    for (int i = 0; i < 20000; i++)
        g_string_append(sql, i % 2 ? "select a union select b " : "select a union select a union select c ");
    sql_fingerprint(got, sql->str, sql->len);
    assert_true(got->len > 0 && got->len <= sql->len);
    g_string_assign(sql, "select a order by b");
    for (int i = 0; i < 200000; i++)
        g_string_append_c(sql, '\v');
    g_string_truncate(got, 0);
    sql_fingerprint(got, sql->str, sql->len);
    assert_int_equal(got->len, sql->len);
    g_string_free(sql, TRUE);
    g_string_free(got, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documented), cmocka_unit_test(limit), cmocka_unit_test(ids), cmocka_unit_test(fingerprints), cmocka_unit_test(unions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
