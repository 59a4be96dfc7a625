/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/charset.h"
#include "mywire/statement.h"

#include <string.h>

#include "tests/support/unit.h"

static struct mw_slice text(const char *s)
{
    return (struct mw_slice){(const uint8_t *)s, (uint32_t)strlen(s)};
}

static void statements(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *charset; /* NULL: the statement sets none */
    } rows[] = {
        {"SET NAMES utf8mb4", "utf8mb4"},
        {"set names 'utf8mb4'", "utf8mb4"},
        {"SET NAMES \"latin1\" COLLATE latin1_german1_ci", "latin1"},
        {"  SET\n\tNAMES\r\n big5;", "big5"},
        {"SET NAMES utf8", "utf8mb3"},
        {"SET NAMES binary", "binary"},
        {"SET NAMES UTF8MB4", "utf8mb4"},
        {"SET CHARACTER SET gbk", "gbk"},
        {"SET CHARSET koi8r", "koi8r"},
        {"SET CHARSET 'koi8r'", "koi8r"},
        {"SET character_set_client = latin2", "latin2"},
        {"SET character_set_client=latin2, autocommit=1", "latin2"},
        {"SET SESSION character_set_client = 'latin2'", "latin2"},
        {"SET @@character_set_client := latin2", "latin2"},
        {"SET @@session.character_set_client = latin2", "latin2"},
        {"SET NAMES DEFAULT", NULL},
        {"SET NAMES klingon", NULL},
        {"SET NAMES", NULL},
        {"SET NAMESutf8", NULL},
        {"SETNAMES utf8", NULL},
        {"SET character_set_results = latin2", NULL},
        {"SET @names = 'utf8'", NULL},
        {"SET CHARACTER", NULL},
        {"SELECT 'SET NAMES utf8'", NULL},
        {"SE", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint16_t id = mw_statement_charset(text(rows[i].sql));
        const char *charset = mw_collation_charset(MW_DIALECT_UNKNOWN, id);
        if (rows[i].charset && (!charset || strcmp(charset, rows[i].charset) != 0))
            fail_msg("%s: %s", rows[i].sql, charset ? charset : "none");
        if (!rows[i].charset && id != 0)
            fail_msg("%s: %s", rows[i].sql, charset);
    }
    assert_int_equal(mw_statement_charset((struct mw_slice){NULL, 0}), 0);
}

/* A statement that is cut anywhere names no other character set than it would whole. */
static void cut_statements(void **state)
{
    (void)state;
    static const char sql[] = "SET @@session.character_set_client = utf8mb4";
    for (uint32_t n = 0; n < sizeof sql - 1; n++) {
        uint16_t id = mw_statement_charset((struct mw_slice){(const uint8_t *)sql, n});
        assert_true(id == 0 || strcmp(mw_collation_charset(MW_DIALECT_UNKNOWN, id), "utf8mb3") == 0);
    }
}

static void names(void **state)
{
    (void)state;
    assert_int_equal(charset_collation(text("big5")), 1);
    assert_int_equal(charset_collation(text("BIG5")), 1);
    assert_int_equal(charset_collation(text("nothing")), 0);
    assert_int_equal(charset_collation(text("")), 0);
    assert_int_equal(charset_collation(text("a_name_that_is_longer_than_any_character_set")), 0);
    assert_int_equal(charset_collation((struct mw_slice){NULL, 0}), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements),
        cmocka_unit_test(cut_statements),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
