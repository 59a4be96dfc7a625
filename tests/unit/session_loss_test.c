/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a session says of commands after bytes were lost: nothing exact but what is sure, and everything again from the next
 * sure boundary on. The conversations are written from the protocol's rules: a server answers in order, a reply begins with
 * sequence id 1, and a client that does not pipeline waits for it. */
#include "tests/support/talk.h"

#define QUERY(text) "client 0> 03 \"" text "\""
#define PREPARE     "client 0> 16 \"SELECT ?\""
#define EXECUTE     "client 0> 17 ff ff ff ff 00 01 00 00 00 00 01 08 00 01 00 00 00 00 00 00 00"
#define PREPARE_OK  "server 1> 00 07 00 00 00 01 00 01 00 00 00 00"
#define OK          "server 1> " TALK_OK
#define ERR         "server 1> ff 15 04 \"#28000no\""

static struct talk t;

static void begin(void)
{
    talk_begin(&t, NULL);
    TALK_LOGGED_IN(&t, TALK_PLAIN);
}

/* A result of one column and `rows` rows: sequence ids 1 to rows + 4. */
static void result(unsigned rows)
{
    char line[64];
    talk(&t, "server 1> 01");
    talk(&t, "server 2> " TALK_COLUMN);
    talk(&t, "server 3> " TALK_EOF);
    for (unsigned i = 0; i < rows; i++) {
        snprintf(line, sizeof line, "server %u> 01 31", (i + 4) & 0xff);
        talk(&t, line);
    }
    snprintf(line, sizeof line, "server %u> " TALK_EOF, (rows + 4) & 0xff);
    talk(&t, line);
}

static const struct mw_exchange *done(unsigned i)
{
    assert_true(i < t.done_count);
    return &t.done[i];
}

static bool is(unsigned i, bool seen, bool exact, enum mw_outcome outcome)
{
    return done(i)->seen == seen && done(i)->exact == exact && done(i)->outcome == outcome;
}

/* Three in flight: after the gap two replies at most are still of these. */
static void pipelined_then_the_server_is_lost(void **state)
{
    (void)state;
    begin();
    talk(&t, QUERY("SELECT 1"));
    talk(&t, QUERY("SELECT 2"));
    talk(&t, QUERY("SELECT 3"));
    mw_session_gap(t.session, MW_SERVER);
    assert_int_equal(t.done_count, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_true(is(i, true, false, MW_OUTCOME_LOST));
    result(2);
    assert_true(is(3, false, false, MW_OUTCOME_RESULTSET)); /* the second's, or the third's */
    talk(&t, QUERY("SELECT 4"));
    talk(&t, QUERY("SELECT 5"));
    result(3); /* the third's, perhaps */
    assert_true(is(4, true, false, MW_OUTCOME_RESULTSET));
    result(4);
    assert_true(is(5, true, false, MW_OUTCOME_RESULTSET));
    result(5); /* nothing is outstanding: so this was one of theirs, and the last that could come has come */
    assert_true(is(6, false, false, MW_OUTCOME_RESULTSET));
    talk(&t, QUERY("SELECT 6"));
    talk(&t, QUERY("SELECT 7"));
    result(6);
    result(7);
    assert_true(is(7, true, true, MW_OUTCOME_RESULTSET) && done(7)->rows == 6);
    assert_true(is(8, true, true, MW_OUTCOME_RESULTSET) && done(8)->rows == 7);
    talk_end(&t);
}

/* A client that waits has the whole reply when it goes on: one gap costs one command. */
static void one_command_is_lost(void **state)
{
    (void)state;
    begin();
    talk(&t, QUERY("SELECT 1"));
    talk(&t, "server 1> 01");
    mw_session_gap(t.session, MW_SERVER);
    assert_true(is(0, true, false, MW_OUTCOME_LOST));
    talk(&t, "server 9> 01 31"); /* the rest of it */
    talk(&t, "server 10> " TALK_EOF);
    assert_int_equal(t.done_count, 1);
    assert_true(talk_noted(&t, MW_NOTE_BIT(STRAY)));
    talk(&t, QUERY("SELECT 2"));
    result(2);
    assert_true(is(1, true, true, MW_OUTCOME_RESULTSET) && done(1)->rows == 2);
    talk_end(&t);
}

/* COM_STMT_PREPARE and an execution of what it prepares, in one go. */
static void prepare_and_execute(void **state)
{
    (void)state;
    begin();
    talk(&t, PREPARE);
    talk(&t, EXECUTE);
    mw_session_gap(t.session, MW_SERVER);
    assert_int_equal(t.done_count, 2);
    talk(&t, PREPARE);
    talk(&t, EXECUTE);
    /* Of the two that were lost only the execution can still be answered, and not with this. */
    talk(&t, PREPARE_OK);
    talk(&t, "server 2> " TALK_COLUMN);
    talk(&t, "server 3> " TALK_EOF);
    talk(&t, "server 4> " TALK_COLUMN);
    talk(&t, "server 5> " TALK_EOF);
    assert_true(is(2, true, true, MW_OUTCOME_OK) && done(2)->statement_id == 7);
    result(1);
    assert_true(is(3, true, true, MW_OUTCOME_RESULTSET));
    talk_end(&t);

    begin();
    talk(&t, PREPARE);
    talk(&t, EXECUTE);
    mw_session_gap(t.session, MW_SERVER);
    talk(&t, PREPARE);
    talk(&t, EXECUTE);
    talk(&t, ERR); /* whose? */
    assert_true(is(2, true, false, MW_OUTCOME_ERROR));
    talk(&t, ERR);
    assert_true(is(3, true, false, MW_OUTCOME_ERROR));
    talk(&t, ERR); /* the third of three that were to come */
    assert_true(is(4, false, false, MW_OUTCOME_ERROR));
    talk(&t, QUERY("SELECT 1"));
    result(1);
    assert_true(is(5, true, true, MW_OUTCOME_RESULTSET));
    talk_end(&t);
}

/* What was outstanding before the client's bytes were lost is answered first. */
static void pipelined_then_the_client_is_lost(void **state)
{
    (void)state;
    begin();
    talk(&t, QUERY("SELECT 1"));
    talk(&t, QUERY("SELECT 2"));
    mw_session_gap(t.session, MW_CLIENT);
    talk(&t, QUERY("SELECT 4"));
    result(1);
    result(2);
    assert_true(is(0, true, true, MW_OUTCOME_RESULTSET) && done(0)->rows == 1);
    assert_true(is(1, true, true, MW_OUTCOME_RESULTSET) && done(1)->rows == 2);
    result(3); /* the lost one's, or SELECT 4's */
    assert_true(is(2, true, false, MW_OUTCOME_RESULTSET));
    talk(&t, QUERY("SELECT 5")); /* this client does not wait: nothing is ever sure again */
    result(4);
    assert_true(is(3, true, false, MW_OUTCOME_RESULTSET));
    talk_end(&t);
}

static void a_client_that_waits_is_lost(void **state)
{
    (void)state;
    begin();
    talk(&t, QUERY("SELECT 1"));
    result(1);
    mw_session_gap(t.session, MW_CLIENT); /* SELECT 2 */
    result(2);
    assert_true(is(1, false, false, MW_OUTCOME_RESULTSET));
    talk(&t, QUERY("SELECT 3"));
    result(3);
    assert_true(is(2, true, true, MW_OUTCOME_RESULTSET) && done(2)->rows == 3);

    /* The server said nothing in between: perhaps the lost command waits as well. */
    mw_session_gap(t.session, MW_CLIENT);
    talk(&t, QUERY("SELECT 5"));
    result(4);
    assert_true(is(3, true, false, MW_OUTCOME_RESULTSET));
    result(5);
    assert_true(is(4, false, false, MW_OUTCOME_RESULTSET));
    talk(&t, QUERY("SELECT 6"));
    result(6);
    assert_true(is(5, true, true, MW_OUTCOME_RESULTSET) && done(5)->rows == 6);
    talk_end(&t);
}

/* The server's bytes that could not be read were a reply, too. */
static void bytes_that_were_skipped_count(void **state)
{
    (void)state;
    begin();
    mw_session_gap(t.session, MW_CLIENT);
    mw_session_skipped(t.session, MW_SERVER);
    talk(&t, QUERY("SELECT 2"));
    result(1);
    assert_true(is(0, true, true, MW_OUTCOME_RESULTSET));
    talk_end(&t);
}

/* A packet of which not one byte was captured may be a command. */
static void an_unreadable_command(void **state)
{
    (void)state;
    begin();
    talk(&t, QUERY("SELECT 1"));
    talk_packet(&t, MW_CLIENT, 0, 0, 20);
    talk(&t, QUERY("SELECT 3"));
    result(1);
    assert_true(is(0, true, true, MW_OUTCOME_RESULTSET));
    result(2);
    assert_true(is(1, true, false, MW_OUTCOME_RESULTSET));
    result(3);
    assert_true(is(2, false, false, MW_OUTCOME_RESULTSET));
    talk(&t, QUERY("SELECT 4")); /* it was one at most, and it was answered */
    result(4);
    assert_true(is(3, true, true, MW_OUTCOME_RESULTSET));
    talk_end(&t);
}

/* What id -1 means is not known while a COM_STMT_PREPARE may be missing. */
static void the_last_statement(void **state)
{
    (void)state;
    begin();
    talk(&t, PREPARE);
    talk(&t, "server 1> 00 07 00 00 00 00 00 00 00 00 00 00");
    talk(&t, EXECUTE);
    assert_non_null(t.last.stmt);
    talk(&t, OK);
    mw_session_gap(t.session, MW_CLIENT);
    talk(&t, EXECUTE);
    assert_null(t.last.stmt);
    talk(&t, OK);
    assert_false(done(2)->exact);
    talk(&t, PREPARE);
    talk(&t, "server 1> 00 08 00 00 00 00 00 00 00 00 00 00");
    talk(&t, EXECUTE);
    assert_non_null(t.last.stmt);
    talk(&t, OK);
    assert_true(is(4, true, true, MW_OUTCOME_OK));
    talk_end(&t);
}

/* The reply to which an id belongs is not sure: so its text is not, either. */
static void whose_statement(void **state)
{
    (void)state;
    begin();
    talk(&t, PREPARE);
    talk(&t, "client 0> 16 \"SELECT 2\"");
    mw_session_gap(t.session, MW_SERVER);
    talk(&t, "client 0> 16 \"SELECT 3\"");
    talk(&t, "server 1> 00 07 00 00 00 00 00 00 00 00 00 00");
    assert_true(is(2, true, false, MW_OUTCOME_OK));
    talk(&t, "client 0> 17 07 00 00 00 00 01 00 00 00");
    assert_true(!t.last.stmt || t.last.stmt->sql_length == 0);
    talk_end(&t);
}

/* An error in answer to a lost command does not end the session; one with sequence id 0 does. */
static void errors_without_a_command(void **state)
{
    (void)state;
    begin();
    mw_session_gap(t.session, MW_CLIENT);
    talk(&t, ERR);
    assert_true(is(0, false, false, MW_OUTCOME_ERROR));
    talk(&t, QUERY("SELECT 1"));
    result(1);
    assert_true(is(1, true, true, MW_OUTCOME_RESULTSET));
    talk(&t, "server 0> ff bf 0f \"#HY000gone\"");
    assert_int_equal(t.events[MW_EVENT_UNSOLICITED], 1);
    assert_int_equal(talk_phase(&t, MW_CLIENT), MW_PHASE_CLOSED);
    talk_end(&t);
}

/* A reply whose end was missed: the next one begins with sequence id 1. Rows may have that id, too. */
static void the_next_reply_begins(void **state)
{
    (void)state;
    begin();
    mw_session_gap(t.session, MW_CLIENT);
    talk(&t, QUERY("SELECT 1"));
    talk(&t, "server 1> 01");
    talk(&t, "server 2> " TALK_COLUMN);
    talk(&t, OK);
    assert_true(is(0, true, false, MW_OUTCOME_LOST));
    assert_true(is(1, false, false, MW_OUTCOME_OK));
    talk(&t, QUERY("SELECT 2"));
    result(300);
    assert_true(is(2, true, true, MW_OUTCOME_RESULTSET) && done(2)->rows == 300);
    talk_end(&t);
}

/* From the middle of a login on: what is left of it is no command and no reply. */
static void the_rest_of_a_login(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    mw_session_midstream(t.session);
    talk(&t, "server 2> 01 03");
    talk(&t, "server 3> " TALK_OK);
    assert_int_equal(t.done_count, 0);
    assert_int_equal(mw_session_caps(t.session) & MW_CAP(MW_BIT_CLIENT_OPTIONAL_RESULTSET_METADATA), 0);
    talk(&t, QUERY("SELECT 1"));
    result(1);
    assert_true(is(0, true, false, MW_OUTCOME_RESULTSET) && done(0)->rows == 1);
    talk_end(&t);

    talk_begin(&t, NULL);
    mw_session_midstream(t.session);
    talk(&t, "client 3> \"P\"*20");
    assert_int_equal(t.events[MW_EVENT_COMMAND], 0);
    talk_end(&t);
}

/* The server's definitions are all there, and then bytes are lost: an EOF among them or not, the statement is prepared. */
static void a_statement_is_prepared(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    mw_session_midstream(t.session);
    talk(&t, PREPARE);
    talk(&t, "server 1> 00 07 00 00 00 00 00 01 00 00 00 00");
    talk(&t, "server 2> " TALK_COLUMN);
    mw_session_gap(t.session, MW_SERVER);
    assert_true(is(0, true, false, MW_OUTCOME_OK));
    talk_end(&t);
}

/* Behind the greeting bytes of the client are lost, and what follows turns out to be TLS: inside it the login comes. */
static void tls_was_asked_for(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    talk(&t, TALK_GREETING);
    mw_session_gap(t.session, MW_CLIENT);
    mw_session_tls_missed(t.session);
    assert_int_equal(talk_phase(&t, MW_CLIENT), MW_PHASE_LOGIN);
    talk(&t, TALK_LOGIN("2", TALK_PLAIN));
    assert_false(talk_noted(&t, MW_NOTE_BIT(SEQUENCE)));
    talk(&t, "server 3> " TALK_OK);
    assert_int_equal(t.events[MW_EVENT_LOGGED_IN], 1);
    talk(&t, QUERY("SELECT 1"));
    result(1);
    assert_true(is(0, true, true, MW_OUTCOME_RESULTSET));
    assert_false(mw_session_exact(t.session));
    talk_end(&t);
}

/* The client's answer to the authentication is lost; the verdict is not. */
static void an_answer_is_lost(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    talk(&t, TALK_GREETING);
    talk(&t, TALK_LOGIN("1", TALK_PLAIN));
    talk(&t, "server 2> fe z\"mysql_native_password\" \"a\"*20 00");
    mw_session_gap(t.session, MW_CLIENT);
    talk(&t, "server 4> " TALK_OK);
    assert_int_equal(t.events[MW_EVENT_LOGGED_IN], 1);
    talk(&t, QUERY("SELECT 1"));
    result(1);
    assert_true(is(0, true, true, MW_OUTCOME_RESULTSET));
    talk_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipelined_then_the_server_is_lost),
        cmocka_unit_test(one_command_is_lost),
        cmocka_unit_test(prepare_and_execute),
        cmocka_unit_test(pipelined_then_the_client_is_lost),
        cmocka_unit_test(a_client_that_waits_is_lost),
        cmocka_unit_test(bytes_that_were_skipped_count),
        cmocka_unit_test(an_unreadable_command),
        cmocka_unit_test(the_last_statement),
        cmocka_unit_test(whose_statement),
        cmocka_unit_test(errors_without_a_command),
        cmocka_unit_test(the_next_reply_begins),
        cmocka_unit_test(the_rest_of_a_login),
        cmocka_unit_test(a_statement_is_prepared),
        cmocka_unit_test(tls_was_asked_for),
        cmocka_unit_test(an_answer_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
