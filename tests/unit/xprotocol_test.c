/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mywire/xprotocol.h"

#include <string.h>

#include "tests/support/unit.h"

/* mysqlx.proto of MySQL 9.7. */
static void messages_have_names(void **state)
{
    (void)state;
    assert_string_equal(mw_x_message_name(MW_CLIENT, 1), "Mysqlx.Connection.CapabilitiesGet");
    assert_string_equal(mw_x_message_name(MW_CLIENT, 12), "Mysqlx.Sql.StmtExecute");
    assert_string_equal(mw_x_message_name(MW_CLIENT, 46), "Mysqlx.Connection.Compression");
    assert_string_equal(mw_x_message_name(MW_SERVER, 0), "Mysqlx.Ok");
    assert_string_equal(mw_x_message_name(MW_SERVER, 1), "Mysqlx.Error");
    assert_string_equal(mw_x_message_name(MW_SERVER, 13), "Mysqlx.Resultset.Row");
    assert_null(mw_x_message_name(MW_CLIENT, 0));
    assert_null(mw_x_message_name(MW_CLIENT, 47));
    assert_null(mw_x_message_name(MW_SERVER, 5));
    assert_null(mw_x_message_name(MW_SERVER, 46));
}

static enum mw_guess looks(enum mw_dir dir, const char *p, size_t n)
{
    return mw_looks_like_x(dir, (const uint8_t *)p, n);
}

static void headers_are_recognised(void **state)
{
    (void)state;
    assert_int_equal(looks(MW_SERVER, "\5\0\0\0\x0b\x08\5\x1a\0", 9), MW_YES);
    assert_int_equal(looks(MW_CLIENT, "\1\0\0\0\1", 5), MW_YES);
    assert_int_equal(looks(MW_CLIENT, "\1\0\0\0", 4), MW_MAYBE);
    assert_int_equal(looks(MW_CLIENT, "\0\0\0\0\1", 5), MW_NO);
    assert_int_equal(looks(MW_CLIENT, "\1\0\0\0\xff", 5), MW_NO);
    assert_int_equal(looks(MW_CLIENT, "\0\0\0\x41\1", 5), MW_NO);
    assert_int_equal(looks(MW_CLIENT, "GET / HTTP/1.1", 14), MW_NO);
    /* MySQL's own protocol: a greeting, a COM_QUIT. */
    assert_int_equal(looks(MW_SERVER,
                           "\x4b\0\0\0\x0a"
                           "9.7.4-2",
                           12),
                     MW_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(messages_have_names), cmocka_unit_test(headers_are_recognised)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
