/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/unit.h"

#include <string.h>

#include "analyzer/sql_session.h"

static void flags(void **state)
{
    (void)state;
    static const char list[] = "STRICT_TRANS_TABLES,ansi_quotes,NO_BACKSLASH_ESCAPES";
    assert_int_equal(sql_session_flags(list, sizeof list - 1), SQL_ANSI_QUOTES | SQL_NO_BACKSLASH_ESCAPES);
    /* what SELECT @@sql_mode tells after SET sql_mode = 'ansi' */
    static const char ansi[] = "REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ONLY_FULL_GROUP_BY,ANSI";
    assert_int_equal(sql_session_flags(ansi, sizeof ansi - 1), SQL_ANSI_QUOTES | SQL_IGNORE_SPACE | SQL_PIPES_AS_CONCAT);
    assert_int_equal(sql_session_flags("ANSI", 4), SQL_ANSI_QUOTES | SQL_IGNORE_SPACE | SQL_PIPES_AS_CONCAT);
    assert_int_equal(sql_session_flags("", 0), 0);
    assert_int_equal(sql_session_flags(",,", 2), 0);
}

/* -1: no assignment to the session's */
static void check(const char *sql, int want)
{
    const struct sql_mode mode = {.version = 90704};
    unsigned got = 0;
    bool found = sql_session_assigned((const uint8_t *)sql, strlen(sql), &mode, &got);
    assert_int_equal(found ? (int)got : -1, want);
}

static void assignments(void **state)
{
    (void)state;
    check("SET sql_mode = 'ANSI_QUOTES'", SQL_ANSI_QUOTES);
    check("set session SQL_MODE='ansi_quotes,ignore_space', autocommit=1", SQL_ANSI_QUOTES | SQL_IGNORE_SPACE);
    check("SET @@sql_mode := \"ANSI_QUOTES\"", SQL_ANSI_QUOTES);
    check("SET autocommit = 0, @@session.sql_mode = ''", 0);
    check("SET @@local . sql_mode = ANSI_QUOTES;", SQL_ANSI_QUOTES);
    check("set sql_mode = default", 0);
    check("/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;", 0);
    check("SET GLOBAL sql_mode = 'ANSI_QUOTES'", -1);
    check("SET @@global.sql_mode = 'ANSI_QUOTES'", -1);
    check("SET PERSIST sql_mode = 'ANSI_QUOTES', SESSION sql_mode = 'IGNORE_SPACE'", SQL_IGNORE_SPACE);
    check("SET @sql_mode = 'ANSI_QUOTES'", -1);
    check("SET a = sql_mode = 'ANSI_QUOTES'", -1);
    check("SET sql_mode = concat(@@sql_mode, ',ANSI_QUOTES')", -1);
    check("SET sql_mode = @old", -1);
    check("SET sql_mode", -1);
    check("SELECT 'SET sql_mode = 1'", -1);
    check("SET sql_mode = 'ANSI_QUOTES", -1);
    check("", -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(flags), cmocka_unit_test(assignments)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
