/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every row of the transition table is reached by a short talk, and no talk leaves the table. */
#include "mywire/session.h"

#include "tests/support/talk.h"

static struct talk t;

#define LOGIN              TALK_GREETING, TALK_LOGIN("1", TALK_PLAIN), "server 2> " TALK_OK
#define LOGIN_MODERN       TALK_GREETING, TALK_LOGIN("1", TALK_MODERN), "server 2> " TALK_OK
/* CLIENT_OPTIONAL_RESULTSET_METADATA without CLIENT_DEPRECATE_EOF */
#define LOGIN_OPTIONAL     TALK_GREETING, TALK_LOGIN("1", "0d a2 0a 02"), "server 2> " TALK_OK
#define QUERY              "client 0> 03 \"SELECT 1\""
#define MODERN_QUERY       "client 0> 03 00 01 \"SELECT 1\""
#define COUNT              "server 1> 01"
#define COL(sequence)      "server " sequence "> " TALK_COLUMN
#define END(sequence)      "server " sequence "> " TALK_EOF
#define ERR(sequence)      "server " sequence "> ff 25 05 \"#70100interrupted\""
#define PROGRESS(sequence) "server " sequence "> ff ff ff 01 01 02 9a 02 00 l\"copy\""
#define CHANGE             "client 0> 11 z\"other\" 00 00 ff 00 z\"mysql_native_password\""

static const char *const scripts[][12] = {
    {"server 0> ff 69 04 \"blocked\""},
    {"client 1> 05 ae 0b 00 00 00 00 01 ff 00*23"},
    {TALK_LOGIN("1", TALK_PLAIN)},
    {TALK_GREETING, "client 1> 05 ae 0b 00 00 00 00 01 ff 00*23"},
    {TALK_GREETING, "server 1> ff 86 04 \"#08S01timeout\""},
    {TALK_GREETING, TALK_LOGIN("1", TALK_PLAIN), "server 2> fe z\"mysql_native_password\" \"a\"*20 00",
     "client 3> \"P\"*20", "server 4> " TALK_OK},
    {TALK_GREETING, TALK_LOGIN("1", TALK_PLAIN), "server 2> fe", "client 3> z\"ABCDEFGH\"",
     "server 4> ff 15 04 \"#28000denied\""},
    {TALK_GREETING, TALK_LOGIN("1", TALK_PLAIN), "server 2> 02 z\"authentication_webauthn_client\"", "client 3>"},
    {TALK_GREETING, TALK_LOGIN("1", TALK_PLAIN), "server 2> fe z\"caching_sha2_password\" \"a\"*20 00",
     "client 3> \"P\"*32", "server 4> 01 03", "server 5> " TALK_OK},
    {TALK_GREETING, TALK_LOGIN("1", TALK_PLAIN), "server 2> fe z\"caching_sha2_password\" \"a\"*20 00",
     "client 3> \"P\"*32", "server 4> 01 04", "client 5> 02"},
    {LOGIN, CHANGE, "server 1> fe z\"mysql_native_password\" \"a\"*20 00", "client 2> \"P\"*20", "server 3> " TALK_OK},
    {LOGIN, CHANGE, "server 1> fe", "client 2> z\"ABCDEFGH\"", "server 3> ff 15 04 \"#28000denied\""},
    {LOGIN, CHANGE, "server 1> 02 z\"dialog\"", "client 2> z\"pw\"", "server 3> " TALK_OK},
    {LOGIN, CHANGE, "server 1> fe z\"caching_sha2_password\" \"a\"*20 00", "client 2> \"P\"*32", "server 3> 01 04",
     "client 4> 02", "server 5> 01 03", "server 6> " TALK_OK},
    {LOGIN, "client 0> 01"},
    {LOGIN, "client 0> 0e", "server 1> " TALK_OK},
    {LOGIN, QUERY, "server 1> fb \"f\"", "client 2> \"data\"", "client 3>", "server 4> " TALK_OK},
    {LOGIN, QUERY, "server 1> fb \"f\"", ERR("2"), "client 2> \"data\"", "client 3>"},
    {LOGIN, QUERY, "server 1> fb \"f\"", PROGRESS("2"), "server 3> 00 00 00 0a 00 00 00", "server 4> " TALK_OK},
    {LOGIN, QUERY, "server 1> fb \"f\"", "server 2> " TALK_OK},
    {LOGIN, "client 0> 12 04 00 00 00 00 00 01 00 00 00", "server 1> 00 \"event\"", "client 0> ef \"ack\"", END("2")},
    {LOGIN, "client 0> 12 04 00 00 00 00 00 01 00 00 00", ERR("1")},
    {LOGIN, "client 0> 12 04 00 00 00 00 00 01 00 00 00", "client 0> 01"},
    {LOGIN, "client 0> 20", "server 1> 00 \"data\"", ERR("2")},
    {LOGIN, "server 0> ff bf 0f \"#HY000timeout\""},
    {LOGIN, QUERY, PROGRESS("1"), "server 2> 00 00 00 0a 00 00 00", "server 3> " TALK_OK},
    {LOGIN, "client 0> 0d", END("1")},
    {LOGIN, QUERY, ERR("1")},
    {LOGIN, QUERY, "server 1> 02", COL("2"), COL("3"), END("4"), "server 5> 01 31 fb", PROGRESS("6"),
     "server 7> fe 00 00 0a 00", ERR("8")},
    {LOGIN, QUERY, COUNT, COL("2"), END("3"), END("4")},
    {LOGIN, QUERY, COUNT, COL("2"), END("3"), ERR("4")},
    {LOGIN, QUERY, COUNT, ERR("2")},
    {LOGIN, QUERY, COUNT, COL("2"), ERR("3")},
    {LOGIN, "client 0> 17 01 00 00 00 01 01 00 00 00", COUNT, COL("2"), "server 3> fe 00 00 42 00"},
    {LOGIN_OPTIONAL, QUERY, "server 1> 01 00", END("2"), END("3")},
    {LOGIN_MODERN, MODERN_QUERY, COUNT, COL("2"), "server 3> fe 00 00 0a 00 00 00", "server 4> " TALK_OK},
    {LOGIN_MODERN, MODERN_QUERY, COUNT, COL("2"), "server 3> fe 00 00 02 00 00 00"},
    {TALK_GREETING, TALK_LOGIN("1", "0d a2 0a 03"), "server 2> " TALK_OK, QUERY, "server 1> 01 00",
     "server 2> fe 00 00 02 00 00 00"},
    {LOGIN, "client 0> 04 z\"t\"", COL("1"), END("2")},
    {LOGIN_MODERN, "client 0> 04 z\"t\"", COL("1"), "server 2> fe 00 00 02 00 00 00"},
    {LOGIN, "client 0> 04 z\"t\"", ERR("1")},
    {LOGIN, "client 0> 09", "server 1> \"Uptime\""},
    {LOGIN, "client 0> 09", ERR("1")},
    {LOGIN, "client 0> 16 \"?\"", "server 1> 00 01 00 00 00 01 00 02 00 00 00 00", COL("2"), COL("3"), END("4"),
     COL("5"), END("6")},
    {LOGIN, "client 0> 16 \"?\"", "server 1> 00 01 00 00 00 00 00 01 00 00 00 00", COL("2"), END("3")},
    {LOGIN, "client 0> 16 \"?\"", "server 1> 00 01 00 00 00 02 00 00 00 00 00 00", COL("2"), COL("3"), END("4")},
    {LOGIN, "client 0> 16 \"?\"", "server 1> 00 01 00 00 00 00 00 00 00 00 00 00"},
    {LOGIN, "client 0> 16 \"?\"", "server 1> 00 01 00 00 00 01 00 01 00 00 00 00", ERR("2")},
    {LOGIN, "client 0> 16 \"?\"", "server 1> 00 01 00 00 00 01 00 00 00 00 00 00", ERR("2")},
    {LOGIN_MODERN, "client 0> 16 \"?\"", "server 1> 00 01 00 00 00 01 00 02 00 00 00 00", COL("2"), COL("3"), COL("4")},
    {LOGIN_MODERN, "client 0> 16 \"?\"", "server 1> 00 01 00 00 00 02 00 01 00 00 00 00", COL("2"), COL("3"), COL("4")},
    {LOGIN_MODERN, "client 0> 16 \"?\"", "server 1> 00 01 00 00 00 00 00 01 00 00 00 00", COL("2")},
    {LOGIN_OPTIONAL, "client 0> 16 \"?\"", "server 1> 00 01 00 00 00 01 00 01 00 00 00 00 00", END("2"), END("3")},
    {LOGIN_OPTIONAL, "client 0> 16 \"?\"", "server 1> 00 01 00 00 00 01 00 00 00 00 00 00 00", END("2")},
};

/* The row that was taken: the first of its phase and kind whose phases afterwards are those of the session. */
static bool matches(const struct mw_transition *row, enum mw_phase client_before, enum mw_phase server_before)
{
    enum mw_phase client = row->client == MW_PHASE_COUNT ? client_before : row->client;
    enum mw_phase server = row->next ? MW_PHASE_IDLE : row->server == MW_PHASE_COUNT ? server_before : row->server;
    /* A command that finds the server idle makes it expect its reply. */
    bool begins = strcmp(row->does, "PUSH") == 0;
    return row->phase == t.before && row->kind == t.msg.kind && talk_phase(&t, MW_CLIENT) == client &&
           (begins || talk_phase(&t, MW_SERVER) == server);
}

static void every_row(void **state)
{
    (void)state;
    bool reached[256] = {false};
    struct mw_transition row;
    for (size_t s = 0; s < sizeof scripts / sizeof *scripts; s++) {
        talk_begin(&t, NULL);
        for (int i = 0; i < 12 && scripts[s][i]; i++) {
            enum mw_phase client = talk_phase(&t, MW_CLIENT), server = talk_phase(&t, MW_SERVER);
            talk(&t, scripts[s][i]);
            if (talk_noted(&t, MW_NOTE_BIT(UNEXPECTED)))
                fail_msg("script %zu, line %d: unexpected", s, i);
            size_t r = 0;
            while (mw_transition_at(r, &row) && !matches(&row, client, server))
                r++;
            if (!mw_transition_at(r, &row))
                fail_msg("script %zu, line %d: no row goes from %s by %s to %s, %s", s, i, mw_phase_name(t.before),
                         mw_kind_name(t.msg.kind), mw_phase_name(talk_phase(&t, MW_CLIENT)),
                         mw_phase_name(talk_phase(&t, MW_SERVER)));
            reached[r] = true;
        }
        talk_end(&t);
    }
    int missing = 0;
    for (size_t r = 0; mw_transition_at(r, &row); r++)
        if (!reached[r]) {
            print_message("not reached: %s, %s, %s\n", mw_phase_name(row.phase), mw_kind_name(row.kind), row.condition);
            missing++;
        }
    assert_int_equal(missing, 0);
    assert_false(mw_transition_at(1000, &row));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
