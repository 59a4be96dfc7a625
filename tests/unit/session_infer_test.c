/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions from the middle on: what both sides agreed on shows in what they send. Layouts: the MySQL source's Protocol
 * pages and MariaDB's Knowledge Base. */
#include "tests/support/talk.h"

#define COLUMN "l\"def\" 00 00 00 l\"a\" 00 0c 3f 00 15 00 00 00 08 81 00 00 00 00"

static struct talk t;

static void begin(void)
{
    talk_begin(&t, NULL);
    mw_session_midstream(t.session);
}

static bool has(unsigned bit)
{
    return mw_session_caps(t.session) >> bit & 1;
}

static enum mw_phase server_phase(void)
{
    return mw_session_ctx(t.session, MW_SERVER)->phase;
}

static void a_result_without_eof(void **state)
{
    (void)state;
    begin();
    talk(&t, "client 0> 03 \"SELECT 1\"");
    talk(&t, "server 1> 01");
    talk(&t, "server 2> " COLUMN);
    assert_int_equal(server_phase(), MW_PHASE_COLUMNS_END);
    talk(&t, "server 3> 01 31");
    assert_true(has(MW_BIT_CLIENT_DEPRECATE_EOF));
    assert_int_equal(t.msg.kind, MW_KIND_ROW);
    talk(&t, "server 4> fe 00 00 02 00 00 00");
    assert_int_equal(t.done_count, 1);
    assert_int_equal(t.done[0].rows, 1);
    assert_int_equal(t.done[0].outcome, MW_OUTCOME_RESULTSET);
    assert_false(t.done[0].exact);
    talk_end(&t);
}

/* No row follows either: the OK that ends the result is longer than an EOF. */
static void an_empty_result_without_eof(void **state)
{
    (void)state;
    begin();
    talk(&t, "client 0> 03 \"SELECT 1 WHERE 0\"");
    talk(&t, "server 1> 01");
    talk(&t, "server 2> " COLUMN);
    talk(&t, "server 3> fe 00 00 02 00 00 00");
    assert_int_equal(t.done_count, 1);
    assert_int_equal(t.done[0].rows, 0);
    talk_end(&t);
}

static void a_result_with_eof(void **state)
{
    (void)state;
    begin();
    talk(&t, "client 0> 03 \"SELECT 1\"");
    talk(&t, "server 1> 01");
    talk(&t, "server 2> " COLUMN);
    talk(&t, "server 3> fe 00 00 02 00");
    talk(&t, "server 4> 01 31");
    talk(&t, "server 5> fe 00 00 02 00");
    assert_false(has(MW_BIT_CLIENT_DEPRECATE_EOF));
    assert_int_equal(t.done_count, 1);
    assert_int_equal(t.done[0].rows, 1);
    talk_end(&t);
}

static void a_prepare_without_eof(void **state)
{
    (void)state;
    begin();
    talk(&t, "client 0> 16 \"SELECT ?\"");
    talk(&t, "server 1> 00 07 00 00 00 01 00 01 00 00 00 00");
    talk(&t, "server 2> " COLUMN);
    assert_int_equal(server_phase(), MW_PHASE_PARAMS_END);
    talk(&t, "server 3> " COLUMN);
    assert_true(has(MW_BIT_CLIENT_DEPRECATE_EOF));
    assert_int_equal(server_phase(), MW_PHASE_IDLE);
    assert_int_equal(t.done_count, 1);
    talk_end(&t);
}

/* The client goes on: so the reply was whole without its EOF. */
static void a_prepare_whose_eof_the_client_does_not_wait_for(void **state)
{
    (void)state;
    static const char *const replies[] = {"server 1> 00 07 00 00 00 01 00 00 00 00 00 00",
                                          "server 1> 00 07 00 00 00 00 00 01 00 00 00 00"};
    for (int i = 0; i < 2; i++) {
        begin();
        talk(&t, "client 0> 16 \"SELECT 1\"");
        talk(&t, replies[i]);
        talk(&t, "server 2> " COLUMN);
        assert_int_equal(server_phase(), i ? MW_PHASE_PARAMS_END : MW_PHASE_RESULT_END);
        talk(&t, "client 0> 0e");
        assert_true(has(MW_BIT_CLIENT_DEPRECATE_EOF));
        assert_int_equal(t.done_count, 1);
        assert_int_equal(t.done[0].outcome, MW_OUTCOME_OK);
        talk(&t, "server 1> 00 00 00 02 00 00 00");
        assert_int_equal(t.done_count, 2);
        talk_end(&t);
    }
}

static void query_attributes(void **state)
{
    (void)state;
    begin();
    talk(&t, "client 0> 03 00 01 \"SELECT 1\"");
    assert_true(has(MW_BIT_CLIENT_QUERY_ATTRIBUTES));
    assert_int_equal(mw_session_ctx(t.session, MW_CLIENT)->dialect, MW_DIALECT_MYSQL);
    assert_int_equal(t.msg.request.text_length, 8);
    talk_end(&t);
    begin();
    talk(&t, "client 0> 03 \"SELECT 1\"");
    assert_false(has(MW_BIT_CLIENT_QUERY_ATTRIBUTES));
    talk_end(&t);
}

static void who_says_whether_definitions_follow(void **state)
{
    (void)state;
    begin();
    talk(&t, "client 0> 03 \"SELECT 1,2\"");
    talk(&t, "server 1> 00 02"); /* MySQL: none, of two columns */
    assert_true(has(MW_BIT_CLIENT_OPTIONAL_RESULTSET_METADATA));
    assert_int_equal(t.msg.column_count.columns, 2);
    assert_false(t.msg.column_count.metadata);
    talk_end(&t);
    begin();
    talk(&t, "client 0> 03 \"SELECT 1,2\"");
    talk(&t, "server 1> 02 00"); /* MariaDB: of two columns, none */
    assert_true(has(MW_BIT_MARIADB_CLIENT_CACHE_METADATA));
    assert_int_equal(t.msg.column_count.columns, 2);
    assert_false(t.msg.column_count.metadata);
    assert_int_equal(mw_session_ctx(t.session, MW_SERVER)->dialect, MW_DIALECT_MARIADB);
    talk_end(&t);
}

static void extended_metadata(void **state)
{
    (void)state;
    begin();
    talk(&t, "client 0> 03 \"SELECT j\"");
    talk(&t, "server 1> 01");
    talk(&t, "server 2> l\"def\" 00 00 00 l\"j\" 00 06 01 04 \"json\" 0c 2d 00 15 00 00 00 fb 00 00 00 00 00");
    assert_true(has(MW_BIT_MARIADB_CLIENT_EXTENDED_METADATA));
    assert_int_equal(t.msg.status, MW_OK);
    assert_int_equal(t.msg.column.type, 0xfb);
    talk_end(&t);
}

/* What both sides have said is not doubted. */
static void a_login_that_was_seen_counts(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    talk(&t, "server 0> 0a z\"8.0.36\" 08 00 00 00 \"abcdefgh\" 00 ff f7 ff 02 00 ff df 15 00*10 \"abcdefghijkl\" 00 "
             "z\"mysql_native_password\"");
    talk(&t, "client 1> 05 a2 0a 00 00 00 00 01 2d 00*23 z\"u\" 00 z\"mysql_native_password\"");
    talk(&t, "server 2> 00 00 00 02 00 00 00");
    uint64_t caps = mw_session_caps(t.session);
    talk(&t, "client 0> 03 00 01 \"SELECT 1\"");
    assert_int_equal(mw_session_caps(t.session), caps);
    talk_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_without_eof),
        cmocka_unit_test(an_empty_result_without_eof),
        cmocka_unit_test(a_result_with_eof),
        cmocka_unit_test(a_prepare_without_eof),
        cmocka_unit_test(a_prepare_whose_eof_the_client_does_not_wait_for),
        cmocka_unit_test(query_attributes),
        cmocka_unit_test(who_says_whether_definitions_follow),
        cmocka_unit_test(extended_metadata),
        cmocka_unit_test(a_login_that_was_seen_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
