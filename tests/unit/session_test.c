/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session: what it takes from messages, what it tells, and what it must never make up. */
#include "mywire/session.h"

#include "tests/support/talk.h"

static struct talk t;

#define QUERY         "client 0> 03 \"SELECT 1\""
#define COUNT         "server 1> 01"
#define COL(sequence) "server " sequence "> " TALK_COLUMN
#define END(sequence) "server " sequence "> " TALK_EOF
#define ERR(sequence) "server " sequence "> ff 25 05 \"#70100interrupted\""

/* -- the connection phase ------------------------------------------------------------------------------------------ */

static void capabilities_are_agreed_on(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    /* The server offers lower bits 0xa20f only; the client asks for 0x000aa20d. */
    talk(&t, "server 0> 0a z\"5.5.8\" 01 00 00 00 \"a\"*8 00 0f a2 08 02 00 00*13 \"b\"*12 00");
    assert_true(mw_session_caps(t.session) == 0);
    talk(&t, TALK_LOGIN("1", TALK_PLAIN));
    assert_true(mw_session_caps(t.session) == 0xa20d);
    assert_true(talk_noted(&t, MW_NOTE_BIT(CAPS_NOT_OFFERED)));
    assert_string_equal(mw_session_auth_plugin(t.session), "mysql_native_password");
    assert_true(mw_session_exact(t.session));
    talk_end(&t);
}

static void auth_paths(void **state)
{
    (void)state;
    static const struct {
        const char *lines[8];
        enum mw_auth_path path;
        const char *plugin;
    } rows[] = {
        {{"server 2> " TALK_OK}, MW_PATH_NONE, "mysql_native_password"},
        {{"server 2> fe z\"caching_sha2_password\" \"a\"*20 00", "client 3> \"P\"*32", "server 4> 01 03"},
         MW_PATH_FAST,
         "caching_sha2_password"},
        {{"server 2> fe z\"caching_sha2_password\" \"a\"*20 00", "client 3> \"P\"*32", "server 4> 01 04"},
         MW_PATH_FULL,
         "caching_sha2_password"},
        {{"server 2> fe z\"caching_sha2_password\" \"a\"*20 00", "client 3> \"P\"*32", "server 4> 01 04",
          "client 5> 02", "server 6> 01 \"-----BEGIN PUBLIC KEY-----\"", "client 7> \"R\"*256"},
         MW_PATH_FULL_RSA,
         "caching_sha2_password"},
        {{"server 2> fe z\"sha256_password\" \"a\"*20 00", "client 3> 01"}, MW_PATH_FULL_RSA, "sha256_password"},
        {{"server 2> fe z\"sha256_password\" \"a\"*20 00", "client 3> 00"}, MW_PATH_NONE, "sha256_password"},
        {{"server 2> fe z\"caching_sha2_password\" \"a\"*20 00", "client 3> \"P\"*32", "server 4> 01 04",
          "client 5> 02", "server 6> fe z\"mysql_native_password\" \"a\"*20 00"},
         MW_PATH_NONE,
         "mysql_native_password"}, /* what the plugin before did does not count */
        {{"server 2> fe"}, MW_PATH_NONE, "mysql_old_password"},
        {{"server 2> fe z\"nobody_knows\""}, MW_PATH_NONE, "nobody_knows"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        talk_begin(&t, NULL);
        talk(&t, TALK_GREETING);
        talk(&t, TALK_LOGIN("1", TALK_PLAIN));
        talk_lines(&t, rows[i].lines);
        assert_int_equal(mw_session_auth_path(t.session), rows[i].path);
        assert_string_equal(mw_session_auth_plugin(t.session), rows[i].plugin);
        assert_false(talk_noted(&t, MW_NOTE_BIT(SEQUENCE)));
        talk_end(&t);
    }
}

static void tls_and_compression(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    talk(&t, TALK_GREETING);
    talk(&t, "client 1> 2d aa 0a 00 00 00 00 01 ff 00*23");
    assert_int_equal(t.step.actions, MW_START_TLS);
    mw_session_tls_started(t.session);
    talk(&t, TALK_LOGIN("2", "2d aa 0a 00"));
    assert_int_equal(t.msg.kind, MW_KIND_LOGIN);
    assert_false(talk_noted(&t, MW_NOTE_BIT(SSL_IGNORED) | MW_NOTE_BIT(SEQUENCE)));
    talk(&t, "server 3> fe z\"sha256_password\" \"a\"*20 00");
    talk(&t, "client 4> z\"secret\"");
    assert_false(talk_noted(&t, MW_NOTE_BIT(CLEARTEXT_PASSWORD)));
    assert_int_equal(mw_session_auth_path(t.session), MW_PATH_FULL_TLS);
    talk(&t, "server 5> " TALK_OK);
    assert_int_equal(t.step.actions, MW_START_ZLIB);
    talk_end(&t);

    talk_begin(&t, NULL);
    talk(&t, TALK_GREETING);
    talk(&t, TALK_LOGIN("1", "0d a2 0a 04"));
    talk(&t, "server 2> " TALK_OK);
    assert_int_equal(t.step.actions, MW_START_ZSTD);
    talk_end(&t);
}

static void login_lost(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    talk(&t, TALK_GREETING);
    talk(&t, "server 2> " TALK_OK);
    assert_true(talk_noted(&t, MW_NOTE_BIT(GUESSED)));
    assert_false(mw_session_exact(t.session));
    assert_int_equal(t.events[MW_EVENT_LOGGED_IN], 1);
    assert_true(mw_session_caps(t.session) & MW_CAP(MW_BIT_CLIENT_PROTOCOL_41));
    talk(&t, "client 0> 0e");
    talk(&t, "server 1> " TALK_OK);
    assert_true(t.done_count == 1 && !t.done[0].exact);
    talk_end(&t);
}

static void midstream(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    mw_session_midstream(t.session);
    assert_int_equal(talk_phase(&t, MW_CLIENT), MW_PHASE_COMMAND);
    assert_int_equal(talk_phase(&t, MW_SERVER), MW_PHASE_IDLE);
    talk(&t, QUERY);
    assert_true(talk_noted(&t, MW_NOTE_BIT(GUESSED)));
    talk(&t, COUNT);
    talk(&t, COL("2"));
    talk(&t, END("3"));
    talk(&t, "server 4> 01 31");
    talk(&t, END("5"));
    assert_true(t.done_count == 1 && t.done[0].rows == 1 && t.done[0].seen && !t.done[0].exact);
    assert_false(mw_session_exact(t.session));
    talk_end(&t);
}

/* -- commands ------------------------------------------------------------------------------------------------------ */

static void facts_of_a_command(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    TALK_LOGGED_IN(&t, TALK_PLAIN);
    talk(&t, QUERY);
    assert_true(t.last.ordinal == 1 && t.last.seen && t.last.exact && t.last.command == MW_COM_QUERY);
    assert_int_equal(t.last.request_bytes, 4 + 1 + 8);
    assert_int_equal(t.last.begin.number, 4);
    talk(&t, "server 1> 00 02 fc 2c 01 02 00 03 00");
    const struct mw_exchange *e = &t.done[0];
    assert_int_equal(t.done_count, 1);
    assert_int_equal(e->outcome, MW_OUTCOME_OK);
    assert_true(e->affected_rows == 2 && e->insert_id == 300 && e->warnings == 3 && e->status == 2 && e->error == 0);
    assert_true(e->response_bytes == 4 + 9 && e->resultsets == 0 && e->rows == 0);
    assert_true(e->first.number == 5 && e->last.number == 5);
    talk_end(&t);
}

static void outcomes(void **state)
{
    (void)state;
    static const struct {
        const char *lines[8];
        enum mw_outcome outcome;
        uint64_t sets, rows, affected;
        uint16_t error;
    } rows[] = {
        {{QUERY, "server 1> " TALK_OK}, MW_OUTCOME_OK, 0, 0, 0, 0},
        {{QUERY, ERR("1")}, MW_OUTCOME_ERROR, 0, 0, 0, 1317},
        {{QUERY, COUNT, COL("2"), END("3"), "server 4> 01 31", "server 5> 01 32", END("6")},
         MW_OUTCOME_RESULTSET,
         1,
         2,
         0,
         0},
        {{QUERY, COUNT, COL("2"), END("3"), "server 4> 01 31", ERR("5")}, MW_OUTCOME_ERROR, 1, 1, 0, 1317},
        {{QUERY, COUNT, COL("2"), END("3"), "server 4> fe 00 00 0a 00", "server 5> 00 03 00 0a 00 00 00",
          "server 6> 00 04 00 02 00 00 00"},
         MW_OUTCOME_RESULTSET,
         1,
         0,
         7,
         0},
        {{QUERY, "server 1> fb \"f\"", "client 2> \"x\"", "client 3>", "server 4> 00 05 00 02 00 00 00"},
         MW_OUTCOME_INFILE,
         0,
         0,
         5,
         0},
        {{QUERY, "server 1> fb \"f\"", "client 2>", "server 3> ff 02 00 \"refused\""}, MW_OUTCOME_ERROR, 0, 0, 0, 2},
        {{"client 0> 1b 00 00", END("1")}, MW_OUTCOME_EOF, 0, 0, 0, 0},
        {{"client 0> 09", "server 1> \"Uptime\""}, MW_OUTCOME_OK, 0, 0, 0, 0},
        {{"client 0> 04 z\"t\"", COL("1"), END("2")}, MW_OUTCOME_EOF, 0, 0, 0, 0},
        {{"client 0> 1c 01 00 00 00 01 00 00 00", "server 1> 00 00 31", "server 2> fe 00 00 82 00"},
         MW_OUTCOME_RESULTSET,
         0,
         1,
         0,
         0},
        {{"client 0> 16 \"?\"", "server 1> 00 07 00 00 00 00 00 00 00 00 00 00"}, MW_OUTCOME_OK, 0, 0, 0, 0},
        {{"client 0> 12 00*10", "server 1> 00 \"event\"", END("2")}, MW_OUTCOME_BINLOG, 0, 0, 0, 0},
        {{"client 0> 19 01 00 00 00"}, MW_OUTCOME_NONE, 0, 0, 0, 0},
        {{"client 0> 18 01 00 00 00 00 00 \"long\""}, MW_OUTCOME_NONE, 0, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        talk_begin(&t, NULL);
        TALK_LOGGED_IN(&t, TALK_PLAIN);
        talk_lines(&t, rows[i].lines);
        assert_int_equal(t.done_count, 1);
        const struct mw_exchange *e = &t.done[0];
        assert_int_equal(e->outcome, rows[i].outcome);
        assert_true(e->resultsets == rows[i].sets && e->rows == rows[i].rows && e->affected_rows == rows[i].affected);
        assert_true(e->error == rows[i].error && e->exact);
        assert_int_equal(talk_phase(&t, MW_SERVER), MW_PHASE_IDLE);
        talk_end(&t);
    }
}

/* The OK that ends rows is the rows' end, not the answer of a statement that changed some. */
static void end_of_rows_affects_nothing(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    TALK_LOGGED_IN(&t, TALK_MODERN);
    talk(&t, "client 0> 03 00 01 \"SELECT 1\"");
    talk(&t, COUNT);
    talk(&t, COL("2"));
    talk(&t, "server 3> 01 31");
    talk(&t, "server 4> fe 05 07 02 00 01 00");
    assert_true(t.done_count == 1 && t.done[0].affected_rows == 0 && t.done[0].insert_id == 0 && t.done[0].rows == 1);
    assert_int_equal(t.done[0].warnings, 1);
    talk_end(&t);
}

static void pipelining(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    TALK_LOGGED_IN(&t, TALK_PLAIN);
    talk(&t, QUERY);
    talk(&t, "client 0> 19 01 00 00 00"); /* no reply: over at once */
    talk(&t, "client 0> 16 \"?\"");
    talk(&t, "client 0> 09");
    assert_true(t.done_count == 1 && t.done[0].ordinal == 2);
    talk(&t, ERR("1"));
    assert_int_equal(talk_phase(&t, MW_SERVER), MW_PHASE_REPLY);
    assert_int_equal(mw_session_ctx(t.session, MW_SERVER)->reply, MW_REPLY_PREPARED);
    talk(&t, "server 1> 00 01 00 00 00 00 00 00 00 00 00 00");
    assert_int_equal(talk_phase(&t, MW_SERVER), MW_PHASE_TEXT);
    talk(&t, "server 1> \"Uptime\"");
    assert_int_equal(t.done_count, 4);
    static const uint64_t order[] = {2, 1, 3, 4};
    for (int i = 0; i < 4; i++)
        assert_true(t.done[i].ordinal == order[i] && t.done[i].exact);
    talk_end(&t);
}

static void many_outstanding(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    TALK_LOGGED_IN(&t, TALK_PLAIN);
    for (int i = 0; i < 50; i++)
        talk(&t, "client 0> 0e");
    for (int i = 0; i < 50; i++) {
        talk(&t, "server 1> " TALK_OK);
        assert_false(talk_noted(&t, MW_NOTE_BIT(SEQUENCE)));
        assert_true(t.done[i].ordinal == (uint64_t)i + 1 && t.done[i].begin.number == (uint64_t)i + 4);
    }
    assert_int_equal(talk_phase(&t, MW_SERVER), MW_PHASE_IDLE);
    talk_end(&t);
}

static void queue_full(void **state)
{
    (void)state;
    struct mw_limits limits = MW_LIMITS_DEFAULT;
    limits.outstanding = 3;
    talk_begin(&t, &limits);
    TALK_LOGGED_IN(&t, TALK_PLAIN);
    for (int i = 0; i < 3; i++) {
        talk(&t, "client 0> 0e");
        assert_false(talk_noted(&t, MW_NOTE_BIT(QUEUE_FULL)));
    }
    talk(&t, "client 0> 0e");
    assert_true(talk_noted(&t, MW_NOTE_BIT(QUEUE_FULL)));
    assert_true(t.hits.outstanding == 1 && t.done_count == 3 && t.done[0].outcome == MW_OUTCOME_LOST);
    talk(&t, "server 1> " TALK_OK); /* whose answer this is, nobody knows */
    assert_true(t.done_count == 4 && !t.done[3].exact && !mw_session_exact(t.session));
    talk_end(&t);
}

static void sequence_notes(void **state)
{
    (void)state;
    static const struct {
        const char *lines[4];
        bool noted;
    } rows[] = {
        {{"client 0> 0e", "server 1> " TALK_OK}, false},
        {{"client 1> 0e"}, true},
        {{"client 0> 0e", "server 0> " TALK_OK}, true},
        {{"client 0> 0e", "server 2> " TALK_OK}, true},
        {{"client 255> 0e", "server 0> " TALK_OK}, false}, /* the note stood at the command; 255 wraps to 0 */
        {{"server 0> ff bf 0f \"#HY000timeout\""}, false}, /* unsolicited: no command, no expectation */
        {{QUERY, "server 1> fb \"f\"", "client 2> \"x\"", "client 4> \"x\""}, true},
        {{QUERY, "server 1> fb \"f\"", "server 2> ff 02 00 \"no\"", "client 2> \"x\""}, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        talk_begin(&t, NULL);
        TALK_LOGGED_IN(&t, TALK_PLAIN);
        for (int l = 0; l < 4 && rows[i].lines[l]; l++)
            talk(&t, rows[i].lines[l]);
        assert_int_equal(talk_noted(&t, MW_NOTE_BIT(SEQUENCE)), rows[i].noted);
        talk_end(&t);
    }
}

static void unsolicited(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    TALK_LOGGED_IN(&t, TALK_PLAIN);
    talk(&t, "server 0> ff bf 0f \"#HY000timeout\"");
    assert_true(talk_noted(&t, MW_NOTE_BIT(UNSOLICITED)) && t.events[MW_EVENT_UNSOLICITED] == 1);
    assert_int_equal(talk_phase(&t, MW_CLIENT), MW_PHASE_CLOSED);
    assert_true(t.done_count == 0 && mw_session_exact(t.session));
    talk_end(&t);
}

static void answer_without_its_command(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    TALK_LOGGED_IN(&t, TALK_PLAIN);
    talk(&t, "server 1> " TALK_OK);
    assert_true(t.done_count == 1 && !t.done[0].seen && !t.done[0].exact && t.events[MW_EVENT_COMMAND] == 0);
    assert_false(mw_session_exact(t.session));
    talk_end(&t);
}

static void broken_replies(void **state)
{
    (void)state;
    static const struct {
        const char *lines[4];
        bool desync;
    } rows[] = {
        {{"client 0> 0e", "server 1> 2a \"?\""}, true},              /* neither OK nor ERR */
        {{QUERY, "server 1> fd 00 00 01"}, true},                    /* 65536 columns */
        {{QUERY, "server 1> fc 01"}, true},                          /* half a count */
        {{QUERY, COUNT, COL("2"), "server 3> 01 31"}, true},         /* a row in place of the EOF */
        {{"client 0> 0e", "server 1>"}, true},                       /* nothing at all */
        {{"client 0> 0e", "server 1> 00 fb 00 02 00 00 00"}, false}, /* an OK whose fields are broken */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        talk_begin(&t, NULL);
        TALK_LOGGED_IN(&t, TALK_PLAIN);
        for (int l = 0; l < 4 && rows[i].lines[l]; l++)
            talk(&t, rows[i].lines[l]);
        assert_int_equal(t.step.actions, rows[i].desync ? MW_DESYNC : 0);
        assert_true(t.done_count == 1 && !t.done[0].exact);
        assert_int_equal(talk_phase(&t, MW_SERVER), MW_PHASE_IDLE);
        talk(&t, "client 0> 0e"); /* and on it goes */
        talk(&t, "server 1> " TALK_OK);
        assert_true(t.done_count == 2 && t.done[1].outcome == MW_OUTCOME_OK);
        talk_end(&t);
    }
}

static void cut_commands_are_not_invented(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    TALK_LOGGED_IN(&t, TALK_PLAIN);
    talk_packet(&t, MW_CLIENT, 0, 0, 20); /* nothing of it was captured */
    assert_int_equal(t.msg.kind, MW_KIND_DAMAGED);
    assert_int_equal(t.events[MW_EVENT_COMMAND], 0);
    talk(&t, "server 1> " TALK_OK);
    assert_true(t.done_count == 1 && !t.done[0].seen);
    talk_end(&t);
}

static void gaps(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    TALK_LOGGED_IN(&t, TALK_PLAIN);
    talk(&t, QUERY);
    mw_session_gap(t.session, MW_SERVER);
    assert_true(t.done_count == 1 && t.done[0].outcome == MW_OUTCOME_LOST && !t.done[0].exact);
    assert_int_equal(talk_phase(&t, MW_SERVER), MW_PHASE_IDLE);
    talk(&t, "client 0> 0e");
    assert_false(talk_noted(&t, MW_NOTE_BIT(RESYNC)));
    talk(&t, "server 1> " TALK_OK);
    assert_true(talk_noted(&t, MW_NOTE_BIT(RESYNC)) && t.done_count == 2 && t.done[1].exact);
    talk(&t, "client 0> 0e");
    talk(&t, "server 1> " TALK_OK);
    assert_false(talk_noted(&t, MW_NOTE_BIT(RESYNC))); /* said once */
    talk(&t, "client 0> 0e");
    mw_session_gap(t.session, MW_CLIENT); /* what the server is answering is not lost */
    talk(&t, "server 1> " TALK_OK);
    assert_true(t.done_count == 4 && t.done[3].outcome == MW_OUTCOME_OK && !mw_session_exact(t.session));
    talk_end(&t);

    talk_begin(&t, NULL); /* before any login: as a capture that begins in the middle */
    mw_session_gap(t.session, MW_SERVER);
    assert_int_equal(talk_phase(&t, MW_CLIENT), MW_PHASE_COMMAND);
    talk_end(&t);
}

static void change_user(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    TALK_LOGGED_IN(&t, TALK_PLAIN);
    assert_int_equal(mw_session_ctx(t.session, MW_CLIENT)->collation, 255);
    talk(&t, "client 0> 11 z\"other\" 00 00 08 00 z\"mysql_native_password\"");
    talk(&t, "server 1> fe z\"mysql_native_password\" \"a\"*20 00");
    talk(&t, "client 2> \"P\"*20");
    talk(&t, "server 3> ff 15 04 \"#28000denied\"");
    assert_int_equal(mw_session_ctx(t.session, MW_CLIENT)->collation, 255);
    assert_true(t.done_count == 1 && t.done[0].error == 1045);
    talk(&t, "client 0> 11 z\"other\" 00 00 08 00 z\"mysql_native_password\"");
    talk(&t, "server 1> " TALK_OK);
    assert_int_equal(mw_session_ctx(t.session, MW_CLIENT)->collation, 8);
    assert_true(t.done_count == 2 && t.done[1].outcome == MW_OUTCOME_OK && t.done[1].command == MW_COM_CHANGE_USER);
    assert_int_equal(t.events[MW_EVENT_AUTH], 2);
    talk_end(&t);
}

static void character_set(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    TALK_LOGGED_IN(&t, TALK_MODERN);
    const struct mw_ctx *ctx = mw_session_ctx(t.session, MW_CLIENT);
    talk(&t, "client 0> 03 00 01 \"SET NAMES big5\"");
    assert_int_equal(ctx->collation, 255); /* not before the server agrees */
    talk(&t, "server 1> " TALK_OK);
    assert_int_equal(ctx->collation, 1);
    talk(&t, "client 0> 03 00 01 \"SET NAMES latin1\"");
    talk(&t, ERR("1"));
    assert_int_equal(ctx->collation, 1);
    talk(&t, "client 0> 1f");
    talk(&t, "server 1> " TALK_OK);
    assert_int_equal(ctx->collation, 255);     /* COM_RESET_CONNECTION goes back to the login's */
    talk(&t, "client 0> 03 00 01 \"CALL p\""); /* session state tells what no statement did */
    talk(&t, "server 1> 00 00 00 02 40 00 00 00 1d 00 1b l\"character_set_client\" l\"utf32\"");
    assert_string_equal(mw_collation_charset(MW_DIALECT_MYSQL, ctx->collation), "utf32");
    talk_end(&t);
}

static void parts_count_their_headers(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    TALK_LOGGED_IN(&t, TALK_PLAIN);
    struct mw_msg msg;
    static uint8_t sql[100] = {MW_COM_QUERY};
    struct mw_packet p = wire_packet(sql, sizeof sql, 0);
    p.length = (uint64_t)MW_PART_MAX + 7;
    p.parts = 2;
    p.last_sequence = 1;
    mw_decode(mw_session_ctx(t.session, MW_CLIENT), MW_CLIENT, &p, &msg);
    mw_session_step(t.session, MW_CLIENT, &msg, &p);
    assert_true(t.last.request_bytes == (uint64_t)MW_PART_MAX + 7 + 8);
    talk(&t, "server 2> " TALK_OK); /* counts on from the last part */
    assert_false(talk_noted(&t, MW_NOTE_BIT(SEQUENCE)));
    talk_end(&t);
}

static void outstanding_at_the_end(void **state)
{
    (void)state;
    talk_begin(&t, NULL);
    TALK_LOGGED_IN(&t, TALK_PLAIN);
    talk(&t, QUERY);
    talk(&t, "client 0> 0e");
    mw_session_free(t.session);
    assert_true(t.done_count == 2 && t.done[0].ordinal == 1 && t.done[1].ordinal == 2);
    assert_true(t.done[0].outcome == MW_OUTCOME_LOST && t.done[1].outcome == MW_OUTCOME_LOST);
    assert_int_equal(t.mem.live, 0);
}

/* An observer that wants no rows gets everything else, and their number. */
static void rows_not_told(void **state)
{
    (void)state;
    static const char *const lines[] = {QUERY,    COUNT, COL("2"), END("3"), "server 4> 01 \"1\"", "server 5> 01 \"2\"",
                                        END("6"), NULL};
    for (int quiet = 0; quiet < 2; quiet++) {
        talk_begin(&t, NULL);
        t.observer.no_rows = quiet;
        TALK_LOGGED_IN(&t, TALK_PLAIN);
        unsigned before = t.events[MW_EVENT_REPLY];
        talk_lines(&t, lines);
        assert_int_equal(t.events[MW_EVENT_REPLY] - before, quiet ? 4 : 6);
        assert_true(t.done_count == 1 && t.done[0].rows == 2 && t.done[0].exact);
        talk_end(&t);
    }
}

static void without_observer_or_memory(void **state)
{
    (void)state;
    struct wire_mem mem;
    struct mw_limits limits = MW_LIMITS_DEFAULT;
    struct mw_limit_hits hits = {0};
    wire_mem_init(&mem);
    struct mw_session *s = mw_session_new(&mem.mem, &limits, &hits, NULL);
    uint8_t ping = MW_COM_PING;
    struct mw_packet p = wire_packet(&ping, 1, 0);
    struct mw_msg msg;
    mw_session_midstream(s);
    mem.room = mem.live; /* the queue cannot grow beyond its first command */
    for (int i = 0; i < 3; i++) {
        mw_decode(mw_session_ctx(s, MW_CLIENT), MW_CLIENT, &p, &msg);
        struct mw_step step = mw_session_step(s, MW_CLIENT, &msg, &p);
        assert_int_equal(!!(step.notes & MW_NOTE_BIT(QUEUE_FULL)), i > 0);
    }
    mw_session_free(s);
    assert_int_equal(mem.live, 0);
    mem.room = 1;
    assert_null(mw_session_new(&mem.mem, &limits, &hits, NULL));
    mw_session_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capabilities_are_agreed_on),
        cmocka_unit_test(auth_paths),
        cmocka_unit_test(tls_and_compression),
        cmocka_unit_test(login_lost),
        cmocka_unit_test(midstream),
        cmocka_unit_test(facts_of_a_command),
        cmocka_unit_test(outcomes),
        cmocka_unit_test(end_of_rows_affects_nothing),
        cmocka_unit_test(pipelining),
        cmocka_unit_test(many_outstanding),
        cmocka_unit_test(queue_full),
        cmocka_unit_test(sequence_notes),
        cmocka_unit_test(unsolicited),
        cmocka_unit_test(answer_without_its_command),
        cmocka_unit_test(broken_replies),
        cmocka_unit_test(cut_commands_are_not_invented),
        cmocka_unit_test(gaps),
        cmocka_unit_test(change_user),
        cmocka_unit_test(character_set),
        cmocka_unit_test(parts_count_their_headers),
        cmocka_unit_test(outstanding_at_the_end),
        cmocka_unit_test(rows_not_told),
        cmocka_unit_test(without_observer_or_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
