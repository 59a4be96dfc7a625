/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions with prepared statements: what rows and executions are read with. */
#include "mywire/session.h"

#include "tests/support/talk.h"

static struct talk t;

/* CLIENT_OPTIONAL_RESULTSET_METADATA without CLIENT_DEPRECATE_EOF */
#define OPTIONAL "0d a2 0a 02"
#define COLUMN(name) "l\"def\" 00 00 00 l\"" name "\" 00 0c 3f 00 0b 00 00 00 03 00 00 00 00 00"
#define PREPARE      "client 0> 16 \"SELECT a, b FROM t WHERE c = ?\"", "server 1> 00 01000000 0200 0100 00 0000",           \
                "server 2> " COLUMN("?"), "server 3> " TALK_EOF, "server 4> " COLUMN("a"), "server 5> " COLUMN("b"), \
                "server 6> " TALK_EOF
#define EXECUTE(flags) "client 0> 17 01000000 " flags " 01000000 00 01 0300 05000000"

static void lines(const char *const *l)
{
    for (; *l; l++) {
        talk(&t, *l);
        if (talk_noted(&t, MW_NOTE_BIT(UNEXPECTED) | MW_NOTE_BIT(BAD) | MW_NOTE_BIT(SEQUENCE)))
            fail_msg("%s: a note", *l);
    }
}

#define LINES(...) lines((const char *const[]){__VA_ARGS__, NULL})

static void columns_are(const char *first, uint32_t count)
{
    const struct mw_columns *c = mw_session_ctx(t.session, MW_SERVER)->columns;
    if (!first) {
        assert_null(c);
        return;
    }
    assert_non_null(c);
    assert_int_equal(c->count, count);
    assert_int_equal(c->column[0].name.n, strlen(first));
    assert_memory_equal(c->column[0].name.p, first, strlen(first));
}

static const struct mw_exchange *last_done(void)
{
    return &t.done[t.done_count - 1];
}

#define MARIADB                                                                                                        \
    "server 0> 0a z\"11.8.9-MariaDB\" 2a 00 00 00 \"abcdefgh\" 00 fe ff 2d 02 00 ff 81 15 00*6 3d 00 00 00 "             \
    "\"ijklmnopqrst\" 00 z\"mysql_native_password\""

static void begin_with(const char *greeting, const char *caps)
{
    talk_begin(&t, NULL);
    talk(&t, greeting);
    char login[300];
    snprintf(login, sizeof login, TALK_LOGIN("1", "%s"), caps);
    talk(&t, login);
    talk(&t, "server 2> " TALK_OK);
}

static void begin(const char *caps)
{
    begin_with(TALK_GREETING, caps);
}

/* The definitions that an execution sends win over those of the prepare; rows of COM_STMT_FETCH have them too. */
static void cursor(void **state)
{
    (void)state;
    begin(TALK_PLAIN);
    LINES(PREPARE);
    columns_are(NULL, 0);
    LINES(EXECUTE("01"), "server 1> 02", "server 2> " COLUMN("x"), "server 3> " COLUMN("b"));
    columns_are("x", 2);
    LINES("server 4> fe 0000 4200");
    assert_int_equal(last_done()->outcome, MW_OUTCOME_RESULTSET);
    LINES("client 0> 1c 01000000 02000000");
    columns_are("x", 2);
    assert_true(mw_session_ctx(t.session, MW_SERVER)->flags & MW_CTX_BINARY);
    LINES("server 1> 00 00 01000000 02000000", "server 2> 00 0c", "server 3> fe 0000 4200");
    assert_true(last_done()->rows == 2 && last_done()->command == MW_COM_STMT_FETCH);
    LINES("client 0> 1c 01000000 02000000", "server 1> fe 0000 8200", "client 0> 19 01000000");
    assert_int_equal(last_done()->outcome, MW_OUTCOME_NONE);
    LINES("client 0> 1c 01000000 02000000", "server 1> ff db04 \"#HY000Unknown statement\"");
    assert_int_equal(last_done()->error, 1243);
    talk_end(&t);
}

/* No definitions: those that the statement had are taken, unless their number is another. */
static void without_metadata(void **state)
{
    (void)state;
    begin(OPTIONAL);
    LINES("client 0> 16 \"SELECT a, b FROM t WHERE c = ?\"", "server 1> 00 01000000 0200 0100 00 0000 01", "server 2> " COLUMN("?"),
          "server 3> " TALK_EOF, "server 4> " COLUMN("a"), "server 5> " COLUMN("b"), "server 6> " TALK_EOF);
    LINES(EXECUTE("00"), "server 1> 02 00", "server 2> " TALK_EOF);
    columns_are("a", 2);
    LINES("server 3> 00 00 01000000 02000000", "server 4> " TALK_EOF);
    LINES(EXECUTE("00"), "server 1> 03 00", "server 2> " TALK_EOF);
    columns_are(NULL, 0);
    LINES("server 3> " TALK_EOF);
    /* A query's result without definitions has none at all. */
    LINES("client 0> 03 \"SELECT 1\"", "server 1> 02 00", "server 2> " TALK_EOF);
    columns_are(NULL, 0);
    LINES("server 3> l\"1\" l\"2\"", "server 4> " TALK_EOF);
    talk_end(&t);
}

static void out_parameters(void **state)
{
    (void)state;
    begin(TALK_PLAIN);
    LINES("client 0> 16 \"CALL p(?)\"", "server 1> 00 01000000 0000 0100 00 0000", "server 2> " COLUMN("?"), "server 3> " TALK_EOF,
          EXECUTE("00"), "server 1> 01", "server 2> " COLUMN("row"), "server 3> fe 0000 0a00", "server 4> 00 00 01000000",
          "server 5> fe 0000 0a00", "server 6> 01", "server 7> " COLUMN("out"), "server 8> fe 0000 0a10");
    columns_are("out", 1);
    LINES("server 9> 00 00 02000000", "server 10> fe 0000 0a10", "server 11> " TALK_OK);
    assert_true(last_done()->resultsets == 2 && last_done()->rows == 2 && last_done()->exact);
    assert_int_equal(last_done()->outcome, MW_OUTCOME_RESULTSET);
    talk_end(&t);
}

/* Executed before its id is known: the ? of the text are counted, and types stay when the answer comes. */
static void pipelined(void **state)
{
    (void)state;
    begin(TALK_PLAIN);
    talk(&t, "client 0> 16 \"SELECT ? /* ? */\"");
    talk(&t, "client 0> 17 ffffffff 00 01000000 00 01 0300 05000000");
    assert_true(t.msg.request.types.n == 2 && t.msg.status == MW_OK);
    LINES("server 1> 00 09000000 0100 0100 00 0000", "server 2> " COLUMN("?"), "server 3> " TALK_EOF, "server 4> " COLUMN("p"),
          "server 5> " TALK_EOF, "server 1> 01", "server 2> " COLUMN("x"), "server 3> " TALK_EOF);
    columns_are("x", 1);
    LINES("server 4> 00 00 05000000", "server 5> " TALK_EOF);
    assert_true(last_done()->rows == 1 && last_done()->exact);
    LINES("client 0> 17 09000000 00 01000000 00 00 06000000");
    assert_false(talk_noted(&t, MW_NOTE_BIT(UNBOUND) | MW_NOTE_BIT(UNKNOWN_STATEMENT)));
    talk_end(&t);
}

/* Two of them at once: the columns of the first result are not those of the second statement. */
static void pipelined_twice(void **state)
{
    (void)state;
    begin(OPTIONAL);
    talk(&t, "client 0> 16 \"SELECT a FROM t\"");
    talk(&t, "client 0> 17 ffffffff 00 01000000");
    talk(&t, "client 0> 16 \"SELECT b FROM t\"");
    talk(&t, "client 0> 17 ffffffff 00 01000000");
    LINES("server 1> 00 01000000 0100 0000 00 0000 01", "server 2> " COLUMN("a"), "server 3> " TALK_EOF, "server 1> 01 01",
          "server 2> " COLUMN("a"), "server 3> " TALK_EOF, "server 4> " TALK_EOF);
    LINES("server 1> 00 02000000 0100 0000 00 0000 01", "server 2> " COLUMN("b"), "server 3> " TALK_EOF, "server 1> 01 00",
          "server 2> " TALK_EOF);
    columns_are("b", 1);
    LINES("server 3> " TALK_EOF);
    LINES("client 0> 17 01000000 00 01000000", "server 1> 01 00", "server 2> " TALK_EOF);
    columns_are("a", 1);
    talk_end(&t);
}

/* Prepared one after the other without waiting: what is held stays within its bound, and the replies find their
 * commands. */
static void pipelined_many(void **state)
{
    enum { MANY = 200, TEXT = 3000, HELD = 20000 };
    (void)state;
    for (int bounded = 0; bounded < 2; bounded++) {
        begin(OPTIONAL);
        if (bounded)
            t.limits.statement_held = HELD;
        size_t before = t.mem.live;
        for (unsigned i = 0; i < MANY; i++) {
            memset(t.bytes, 'x', TEXT);
            t.bytes[0] = MW_COM_STMT_PREPARE;
            t.bytes[1] = '?';
            talk_packet(&t, MW_CLIENT, 0, TEXT, TEXT);
            assert_non_null(t.last.stmt); /* told all the same */
        }
        size_t held = t.mem.live - before, ring = 2 * MANY * sizeof(struct mw_exchange);
        if (bounded)
            assert_true(held < HELD + 2 * TEXT + ring && t.hits.statement_held > 0);
        else
            assert_true(held > MANY * TEXT && t.hits.statement_held == 0);
        for (unsigned i = 0; i < MANY; i++) {
            char ok[64];
            snprintf(ok, sizeof ok, "server 1> 00 %02x000000 0000 0000 00 0000 00", i & 0x3f);
            LINES(ok);
            assert_true(last_done()->outcome == MW_OUTCOME_OK && last_done()->exact);
        }
        LINES("client 0> 17 01000000 00 01000000");
        assert_false(talk_noted(&t, MW_NOTE_BIT(UNKNOWN_STATEMENT)));
        talk_end(&t);
    }
}

/* The same bound holds for the columns of statements. */
static void columns_held(void **state)
{
    (void)state;
    begin(OPTIONAL);
    t.limits.statement_held = 300; /* the statement, not its columns */
    LINES(PREPARE, EXECUTE("00"), "server 1> 02 00");
    columns_are(NULL, 0);
    assert_true(t.hits.statement_held > 0);
    LINES("server 2> " TALK_EOF, "server 3> " TALK_EOF);
    assert_true(last_done()->resultsets == 1 && last_done()->rows == 0);
    talk_end(&t);
}

static void bulk(void **state)
{
    (void)state;
    begin_with(MARIADB, "0c a2 0a 00");
    LINES("client 0> 16 \"INSERT INTO t VALUES (?, ?)\"", "server 1> 00 01000000 0000 0200 00 0000", "server 2> " COLUMN("?"),
          "server 3> " COLUMN("?"), "server 4> " TALK_EOF,
          "client 0> fa 01000000 8000 0300 fd00 00 05000000 00 01\"x\" 01 02", "server 1> 00 02 00 02 00 00 00");
    assert_true(last_done()->affected_rows == 2 && last_done()->command == MW_COM_STMT_BULK_EXECUTE);
    /* Unit results: a row for each set of parameters, read in binary. */
    LINES("client 0> fa 01000000 4000 00 05000000 01", "server 1> 02", "server 2> " COLUMN("Id"), "server 3> " COLUMN("Affected_rows"),
          "server 4> " TALK_EOF);
    columns_are("Id", 2);
    assert_true(mw_session_ctx(t.session, MW_SERVER)->flags & MW_CTX_BINARY);
    LINES("server 5> 00 00 01000000 01000000", "server 6> " TALK_EOF);
    assert_true(last_done()->rows == 1 && last_done()->exact);
    talk_end(&t);
}

static void error_among_rows(void **state)
{
    (void)state;
    begin(TALK_PLAIN);
    LINES(PREPARE, EXECUTE("00"), "server 1> 02", "server 2> " COLUMN("a"), "server 3> " COLUMN("b"), "server 4> " TALK_EOF,
          "server 5> 00 00 01000000 02000000", "server 6> ff 2505 \"#70100interrupted\"");
    assert_true(last_done()->rows == 1 && last_done()->error == 1317 && last_done()->outcome == MW_OUTCOME_ERROR);
    assert_int_equal(talk_phase(&t, MW_SERVER), MW_PHASE_IDLE);
    talk_end(&t);
}

/* Long data stands in the next execution alone; what the observer holds until the answer does not. */
static void long_data(void **state)
{
    (void)state;
    begin(TALK_PLAIN);
    LINES("client 0> 16 \"INSERT INTO t VALUES (?)\"", "server 1> 00 01000000 0000 0100 00 0000", "server 2> " COLUMN("?"),
          "server 3> " TALK_EOF, "client 0> 18 01000000 0000 \"long\"");
    assert_int_equal(last_done()->command, MW_COM_STMT_SEND_LONG_DATA);
    LINES("client 0> 17 01000000 00 01000000 00 01 fc00");
    const struct mw_stmt *stmt = mw_session_ctx(t.session, MW_CLIENT)->stmt;
    assert_true(stmt->param[0].is_long && stmt->param[0].length == 4);
    LINES("server 1> " TALK_OK, "client 0> 17 01000000 00 01000000 00 00 l\"x\"", "server 1> " TALK_OK);
    assert_false(mw_session_ctx(t.session, MW_CLIENT)->stmt->param[0].is_long);
    LINES("client 0> 18 01000000 0000 \"gone\"", "client 0> 1a 01000000", "server 1> " TALK_OK,
          "client 0> 17 01000000 00 01000000 00 00 l\"x\"", "server 1> " TALK_OK);
    assert_false(mw_session_ctx(t.session, MW_CLIENT)->stmt->param[0].is_long);
    talk_end(&t);
}

/* COM_RESET_CONNECTION and COM_CHANGE_USER leave no statement. */
static void all_gone(void **state)
{
    (void)state;
    static const char *const ends[] = {"client 0> 1f", "client 0> 11 z\"other\" 00 00 ff 00 z\"mysql_native_password\""};
    for (int i = 0; i < 2; i++) {
        begin(TALK_PLAIN);
        LINES(PREPARE, ends[i], "server 1> " TALK_OK);
        talk(&t, "client 0> 17 01000000 00 01000000 00 00 05000000");
        assert_true(talk_noted(&t, MW_NOTE_BIT(UNKNOWN_STATEMENT)));
        talk_end(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cursor),           cmocka_unit_test(without_metadata), cmocka_unit_test(out_parameters),
        cmocka_unit_test(pipelined),        cmocka_unit_test(pipelined_twice),  cmocka_unit_test(bulk),
        cmocka_unit_test(error_among_rows), cmocka_unit_test(long_data),        cmocka_unit_test(all_gone),
        cmocka_unit_test(pipelined_many),   cmocka_unit_test(columns_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
