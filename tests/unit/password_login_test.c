/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Logins, told packet by packet, and what is said of their passwords. Proofs are of real logins: mariadb118-ed25519,
 * mysql97-plain-caching-sha2-fast, mariadb1011-plain-native-password, mariadb1011-old-password, mariadb118-parsec. What real
 * captures come to as a whole is in tests/passwords_test.py. */
#include "analyzer/password_login.h"

#include "tests/support/talk.h"

static struct talk t;
static struct passwords *passwords;
static struct password_login login;
static const char *user;

static void on_event(void *data, const struct mw_event *event)
{
    talk_event(data, event);
    password_login_event(&login, passwords, user, event);
}

/* `candidates` as in a file. */
static void begin(const char *candidates)
{
    struct limits limits = limits_default();
    passwords = passwords_new(&limits);
    assert_null(passwords_add(passwords, candidates, strlen(candidates)));
    login = (struct password_login){0};
    user = "app";
    talk_begin(&t, NULL);
    t.observer.event = on_event;
}

static void end_with(const char *verdict, const char *reason)
{
    password_login_closed(&login, mw_session_exact(t.session), false);
    const char *got = password_verdict_name(login.verdict), *why = password_reason_key(login.reason);
    assert_string_equal(got ? got : "none", verdict ? verdict : "none");
    assert_string_equal(why ? why : "none", reason ? reason : "none");
    for (size_t i = 0; i < sizeof login.challenge; i++)
        assert_int_equal(login.challenge[i], 0);
    talk_end(&t);
    passwords_free(passwords);
}

#define CHECK(candidates, verdict, reason, ...)                                                                        \
    do {                                                                                                               \
        begin(candidates);                                                                                             \
        talk_lines(&t, (const char *const[]){__VA_ARGS__, NULL});                                                      \
        end_with(verdict, reason);                                                                                     \
    } while (0)

#define GREETING(a, b, plugin)                                                                                         \
    "server 0> 0a z\"9.7.4\" 2a 00 00 00 " a " 00 ff ff ff 02 00 ff df 15 00*10 " b " 00 z\"" plugin "\""
#define MYSQL_GREETING   GREETING("\"n]J6Y(!\\x13\"", "\"YqR2^J|\\x13.\\x047\\x19\"", "caching_sha2_password")
#define NATIVE_GREETING  GREETING("\"WJM#cK.A\"", "\"=MLw1.3S*u28\"", "mysql_native_password")
#define OLD_GREETING     GREETING("\"xG8#FvC)\"", "\"BQP{>`J/Mu(b\"", "mysql_native_password")
#define LOGIN(auth, plugin) "client 1> 0d a2 0a 00 00 00 00 01 ff 00*23 z\"app\" " auth " z\"shop\" z\"" plugin "\""
#define SHA2_PROOF       "20 d4c6d05a6da2738685739609a1d4f4a855582074efb9b3f1970fe2b57f642d7c"
#define NATIVE_PROOF     "14 37ed9a6d3b7f39d966a6a25de15207300cdbfd1b"
#define OK(sequence)     "server " sequence "> " TALK_OK
#define DENIED(sequence) "server " sequence "> ff 15 04 \"#28000Access denied\""
#define SWITCH(data)     "server 2> fe " data
#define ED25519_SWITCH   SWITCH("z\"client_ed25519\" 24028275ab4cdd10f3626a60422f70e3fb74a44970f66e4911f0b37965e83d3a")
#define ED25519_PROOF                                                                                                  \
    "client 3> 7bc5fa9e71b85aada91345d617d284d057db9838a354b8b990677d6491219638"                                       \
    "d2739d6a2fff15fee4a9973c5d428fb93ac8cc7fcf1f1de4e4d3e03b4487a005"
#define PARSEC_SWITCH    SWITCH("z\"parsec\" d76b0d7cdc0067049cb5586543bf39763793fe0eacca6b417a3b67600e228cc7")
#define PARSEC_PROOF                                                                                                   \
    "client 5> 8eee9ab0c8dc9d1e6a13665a772a2fdf178abded7f419bb78ca19b3f77226b9a"                                       \
    "5bfa6fc18c569a44aef41928a7e1e3bbed6aea62eeaff0058b22bb29a1765ebb"                                                 \
    "79f2851327ef001e61bd3b82e4529bc04eed0ac8a683d051e1779f95bd3ad90c"
#define CLEAR_SWITCH     SWITCH("z\"mysql_clear_password\"")
#define MANUAL_HASH                                                                                                    \
    "0x244124303035240C7745603626313D613C4C10633E0A104B1E14135A544A7871567245614F48"                                   \
    "72344643546336546F624F6C7861326932752F45622F4F473273597557627139"

static void one_round(void **state)
{
    (void)state;
    CHECK("app:App-pw-1\n", "match", NULL, MYSQL_GREETING, LOGIN(SHA2_PROOF, "caching_sha2_password"), OK("2"));
    CHECK("app:app-pw-1\n", "mismatch", NULL, MYSQL_GREETING, LOGIN(SHA2_PROOF, "caching_sha2_password"), OK("2"));
    CHECK("app:App-pw-1\n", "match", NULL, NATIVE_GREETING, LOGIN(NATIVE_PROOF, "mysql_native_password"), DENIED("2"));
    CHECK("app:*293EB9E59DEB3C6B9932830235C85067BC4BCF9D\n", "match", NULL, NATIVE_GREETING,
          LOGIN(NATIVE_PROOF, "mysql_native_password"), OK("2"));
    CHECK("app:*B69027D44F6E5EDC07F1AEAD1477967B16F28227\n", "mismatch", NULL, NATIVE_GREETING,
          LOGIN(NATIVE_PROOF, "mysql_native_password"), OK("2"));
    /* the server's own word is not needed */
    CHECK("app:App-pw-1\n", "match", NULL, NATIVE_GREETING, LOGIN(NATIVE_PROOF, "mysql_native_password"));
}

static void several_candidates(void **state)
{
    (void)state;
    CHECK("app:x\nother:App-pw-1\napp:App-pw-1\napp:y\n", "match", NULL, NATIVE_GREETING,
          LOGIN(NATIVE_PROOF, "mysql_native_password"), OK("2"));
    CHECK("app:x\napp:y\n", "mismatch", NULL, NATIVE_GREETING, LOGIN(NATIVE_PROOF, "mysql_native_password"), OK("2"));
    CHECK("other:App-pw-1\n", "not_checkable", "no_candidate", NATIVE_GREETING,
          LOGIN(NATIVE_PROOF, "mysql_native_password"), OK("2"));
    /* one that cannot be checked may be the right one */
    CHECK("app:x\napp:606706156665cd86\napp:y\n", "not_checkable", "hash_of_another_plugin", NATIVE_GREETING,
          LOGIN(NATIVE_PROOF, "mysql_native_password"), OK("2"));
    CHECK("app:606706156665cd86\napp:App-pw-1\n", "match", NULL, NATIVE_GREETING,
          LOGIN(NATIVE_PROOF, "mysql_native_password"), OK("2"));
}

/* The plugin that the server asks for last decides: the proof of the one before says nothing. */
static void a_switch(void **state)
{
    (void)state;
    CHECK("app:Ed-pw-2\n", "match", NULL, NATIVE_GREETING, LOGIN(NATIVE_PROOF, "mysql_native_password"), ED25519_SWITCH,
          ED25519_PROOF, OK("4"));
    CHECK("app:App-pw-1\n", "mismatch", NULL, NATIVE_GREETING, LOGIN(NATIVE_PROOF, "mysql_native_password"),
          ED25519_SWITCH, ED25519_PROOF, DENIED("4"));
    CHECK("app:uxlBThl5qNXVOnyD8O2QaNoeNiMJunsm42vN22sY2uk\n", "match", NULL, NATIVE_GREETING,
          LOGIN(NATIVE_PROOF, "mysql_native_password"), ED25519_SWITCH, ED25519_PROOF, OK("4"));
    CHECK("app:App-pw-1\n", "not_checkable", "response_not_seen", NATIVE_GREETING,
          LOGIN(NATIVE_PROOF, "mysql_native_password"), ED25519_SWITCH);
    CHECK("app:Ed-pw-2\n", "not_checkable", "bad_response", NATIVE_GREETING,
          LOGIN(NATIVE_PROOF, "mysql_native_password"), ED25519_SWITCH, "client 3> 00*63", DENIED("4"));
    CHECK("app:password\n", "match", NULL, OLD_GREETING, LOGIN(NATIVE_PROOF, "mysql_native_password"), "server 2> fe",
          "client 3> 52445a5e4f415e53 00", OK("4"));
    CHECK("app:5d2e19393cc5ef67\n", "match", NULL, OLD_GREETING, LOGIN(NATIVE_PROOF, "mysql_native_password"),
          "server 2> fe", "client 3> 52445a5e4f415e53 00", OK("4"));
    CHECK("app:passwort\n", "mismatch", NULL, OLD_GREETING, LOGIN(NATIVE_PROOF, "mysql_native_password"), "server 2> fe",
          "client 3> 52445a5e4f415e53 00", OK("4"));
}

static void parsec(void **state)
{
    (void)state;
    static const char salt[] = "server 4> 01 50 00 61bc47b5e215c588657dfef7bbeb87452421";
    CHECK("app:Parsec-pw-4\n", "match", NULL, NATIVE_GREETING, LOGIN("00", "mysql_native_password"), PARSEC_SWITCH,
          "client 3>", salt, PARSEC_PROOF, OK("6"));
    CHECK("app:parsec-pw-4\n", "mismatch", NULL, NATIVE_GREETING, LOGIN("00", "mysql_native_password"), PARSEC_SWITCH,
          "client 3>", salt, PARSEC_PROOF, OK("6"));
    CHECK("app:P0:YbxHteIVxYhlff73u+uHRSQh:msavnjlorRQWhq0tx3FnFyveEitcD2wug8UPYt9dYwk\n", "match", NULL, NATIVE_GREETING,
          LOGIN("00", "mysql_native_password"), PARSEC_SWITCH, "client 3>", salt, PARSEC_PROOF, OK("6"));
    CHECK("app:Parsec-pw-4\n", "not_checkable", "response_not_seen", NATIVE_GREETING,
          LOGIN("00", "mysql_native_password"), PARSEC_SWITCH, "client 3>", salt, DENIED("5"));
    CHECK("app:Parsec-pw-4\n", "not_checkable", "too_costly", NATIVE_GREETING, LOGIN("00", "mysql_native_password"),
          PARSEC_SWITCH, "client 3>", "server 4> 01 50 08 61bc47b5e215c588657dfef7bbeb87452421", PARSEC_PROOF, OK("6"));
}

/* What is computed for all logins together is bounded: enough for three keys here. What is known is not computed again. */
static void parsec_bounded(void **state)
{
    (void)state;
    static const char *const salts[] = {"61", "61", "62", "61", "63"};
    begin("app:Parsec-pw-4\n");
    passwords_free(passwords);
    struct limits limits = limits_default();
    limits.password_rounds = 3 * 1024;
    passwords = passwords_new(&limits);
    assert_null(passwords_add(passwords, "app:Parsec-pw-4\n", 16));
    for (size_t i = 0; i < 5; i++) {
        char salt[80];
        snprintf(salt, sizeof salt, "server 4> 01 50 00 %sbc47b5e215c588657dfef7bbeb87452421", salts[i]);
        if (i > 0) {
            talk_end(&t);
            talk_begin(&t, NULL);
            t.observer.event = on_event;
            login = (struct password_login){0};
        }
        talk_lines(&t, (const char *const[]){NATIVE_GREETING, LOGIN("00", "mysql_native_password"), PARSEC_SWITCH,
                                             "client 3>", salt, PARSEC_PROOF, OK("6"), NULL});
        assert_int_equal(login.verdict, i == 2   ? PASSWORD_MISMATCH
                                        : i == 4 ? PASSWORD_NOT_CHECKABLE
                                                 : PASSWORD_MATCH);
        assert_int_equal(passwords_refused(passwords), i == 4);
    }
    end_with("not_checkable", "too_costly");
}

/* A candidate is derived again for another salt, and the right thing is remembered. */
static void parsec_again(void **state)
{
    (void)state;
    static const char other[] = "server 4> 01 50 00 71bc47b5e215c588657dfef7bbeb87452421",
                      salt[] = "server 4> 01 50 00 61bc47b5e215c588657dfef7bbeb87452421";
    static const char *const salts[] = {salt, salt, other, salt};
    begin("app:Parsec-pw-4\n");
    for (size_t i = 0; i < 4; i++) {
        if (i > 0) {
            talk_end(&t);
            talk_begin(&t, NULL);
            t.observer.event = on_event;
            login = (struct password_login){0};
        }
        talk_lines(&t, (const char *const[]){NATIVE_GREETING, LOGIN("00", "mysql_native_password"), PARSEC_SWITCH,
                                             "client 3>", salts[i], PARSEC_PROOF, OK("6"), NULL});
        assert_int_equal(login.verdict, salts[i] == salt ? PASSWORD_MATCH : PASSWORD_MISMATCH);
    }
    end_with("match", NULL);
}

static void in_clear(void **state)
{
    (void)state;
    CHECK("app:se:cret\n", "match", NULL, NATIVE_GREETING, LOGIN("00", "mysql_native_password"), CLEAR_SWITCH,
          "client 3> z\"se:cret\"", OK("4"));
    CHECK("app:secret\n", "mismatch", NULL, NATIVE_GREETING, LOGIN("00", "mysql_native_password"), CLEAR_SWITCH,
          "client 3> z\"se:cret\"", OK("4"));
    CHECK("app:secret\n", "mismatch", "no_password", NATIVE_GREETING, LOGIN("00", "mysql_native_password"), CLEAR_SWITCH,
          "client 3> 00", OK("4"));
    /* caching_sha2_password in full, behind a tunnel: the hash tells now, not before */
    CHECK("app:" MANUAL_HASH "\n", "match", NULL, MYSQL_GREETING, LOGIN(SHA2_PROOF, "caching_sha2_password"),
          "server 2> 01 04", "client 3> z\"secret\"", OK("4"));
    CHECK("app:" MANUAL_HASH "\n", "mismatch", NULL, MYSQL_GREETING, LOGIN(SHA2_PROOF, "caching_sha2_password"),
          "server 2> 01 04", "client 3> z\"secret2\"", OK("4"));
    CHECK("app:" MANUAL_HASH "\n", "not_checkable", "hash_not_enough", MYSQL_GREETING,
          LOGIN(SHA2_PROOF, "caching_sha2_password"), "server 2> 01 03", OK("3"));
}

static void under_rsa(void **state)
{
    (void)state;
    CHECK("app:App-pw-1\n", "match", NULL, MYSQL_GREETING, LOGIN(SHA2_PROOF, "caching_sha2_password"),
          "server 2> 01 04", "client 3> 02", "server 4> 01 \"-----BEGIN PUBLIC KEY-----\"", "client 5> 55*256", OK("6"));
    CHECK("app:x\n", "mismatch", NULL, MYSQL_GREETING, LOGIN(SHA2_PROOF, "caching_sha2_password"), "server 2> 01 04",
          "client 3> 02", "server 4> 01 \"-----BEGIN PUBLIC KEY-----\"", "client 5> 55*256", OK("6"));
    CHECK("app:" MANUAL_HASH "\n", "not_checkable", "rsa", MYSQL_GREETING, LOGIN(SHA2_PROOF, "caching_sha2_password"),
          "server 2> 01 04", "client 3> 02", "server 4> 01 \"-----BEGIN PUBLIC KEY-----\"", "client 5> 55*256", OK("6"));
    CHECK("app:x\n", "not_checkable", "rsa", MYSQL_GREETING, LOGIN(SHA2_PROOF, "caching_sha2_password"),
          SWITCH("z\"sha256_password\" \"abcdefghijklmnopqrst\" 00"), "client 3> 01",
          "server 4> 01 \"-----BEGIN PUBLIC KEY-----\"", "client 5> 55*256", OK("6"));
}

static void no_password(void **state)
{
    (void)state;
    CHECK("app:\n", "match", NULL, NATIVE_GREETING, LOGIN("00", "mysql_native_password"), OK("2"));
    CHECK("app:x\n", "mismatch", "no_password", NATIVE_GREETING, LOGIN("00", "mysql_native_password"), DENIED("2"));
    CHECK("app:\n", "match", NULL, MYSQL_GREETING, LOGIN("01 00", "caching_sha2_password"), OK("2"));
    CHECK("app:\n", "mismatch", NULL, MYSQL_GREETING, LOGIN(SHA2_PROOF, "caching_sha2_password"), DENIED("2"));
}

static void not_told(void **state)
{
    (void)state;
    CHECK("app:App-pw-1\n", NULL, NULL, NATIVE_GREETING);
    CHECK("app:App-pw-1\n", NULL, NULL, "server 0> ff 10 04 \"Too many connections\"");
    CHECK("app:App-pw-1\n", "not_checkable", "challenge_not_seen", LOGIN(NATIVE_PROOF, "mysql_native_password"), OK("2"));
    CHECK("app:App-pw-1\n", "not_checkable", "plugin", NATIVE_GREETING, LOGIN(NATIVE_PROOF, "mysql_native_password"),
          SWITCH("z\"auth_gssapi_client\" z\"host\""), "client 3> \"token\"", OK("4"));
    CHECK("app:App-pw-1\n", "not_checkable", "plugin", NATIVE_GREETING, LOGIN("00", "mysql_native_password"),
          SWITCH("z\"tomorrows_plugin\" \"abcd\""), "client 3> \"proof\"", OK("4"));
    CHECK("app:App-pw-1\n", "not_checkable", "multi_factor", NATIVE_GREETING,
          LOGIN(NATIVE_PROOF, "mysql_native_password"), "server 2> 02 z\"authentication_webauthn_client\"", "client 3> 01",
          OK("4"));
}

/* What COM_CHANGE_USER proves is not the login's. */
static void change_user(void **state)
{
    (void)state;
    CHECK("app:App-pw-1\n", "match", NULL, NATIVE_GREETING, LOGIN(NATIVE_PROOF, "mysql_native_password"), OK("2"),
          "client 0> 11 z\"app\" 00 00 2d 00 z\"mysql_native_password\"",
          "server 1> fe z\"mysql_native_password\" \"abcdefghijklmnopqrst\" 00", "client 2> \"A\"*20", DENIED("3"));
}

/* Where bytes are missing a match is one all the same, but that nothing fits is not known. */
static void losses(void **state)
{
    (void)state;
    begin("app:App-pw-1\n");
    talk(&t, NATIVE_GREETING);
    talk(&t, LOGIN(NATIVE_PROOF, "mysql_native_password"));
    password_login_closed(&login, false, false);
    end_with("match", NULL);
    begin("app:x\n");
    talk(&t, NATIVE_GREETING);
    talk(&t, LOGIN(NATIVE_PROOF, "mysql_native_password"));
    password_login_closed(&login, false, false);
    end_with("not_checkable", "lost");
    begin("app:x\n");
    talk(&t, NATIVE_GREETING);
    password_login_closed(&login, true, true);
    end_with("not_checkable", "encrypted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_round), cmocka_unit_test(several_candidates), cmocka_unit_test(a_switch),
        cmocka_unit_test(parsec),    cmocka_unit_test(parsec_again), cmocka_unit_test(parsec_bounded),       cmocka_unit_test(in_clear),
        cmocka_unit_test(under_rsa), cmocka_unit_test(no_password),        cmocka_unit_test(not_told),
        cmocka_unit_test(change_user), cmocka_unit_test(losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
