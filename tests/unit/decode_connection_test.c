/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Greeting and login: the facts that the session takes from them, and the notes of logins that break the rules. */
#include "mywire/decode.h"

#include "tests/support/trace_check.h"
#include "tests/support/unit.h"
#include "tests/support/wire.h"

static uint8_t bytes[4096];
static struct mw_packet packet;
static struct mw_msg msg;
static struct mw_ctx ctx;

static void decode(enum mw_dir dir, const char *text)
{
    size_t n = wire_bytes(text, bytes, sizeof bytes);
    assert_true(n != SIZE_MAX);
    packet = wire_packet(bytes, n, 0);
    const char *wrong = trace_check(&ctx, dir, &packet, &msg);
    if (wrong)
        fail_msg("%s: %s", text, wrong);
}

static void greeting(const char *text)
{
    ctx = (struct mw_ctx){.phase = MW_PHASE_GREETING};
    decode(MW_SERVER, text);
}

static void login(const char *text)
{
    ctx = (struct mw_ctx){.phase = MW_PHASE_LOGIN,
                          .dialect = MW_DIALECT_MYSQL,
                          .flags = MW_CTX_GREETING,
                          .server_caps = 0xdfffffff,
                          .protocol = 10};
    decode(MW_CLIENT, text);
}

static void is(struct mw_slice s, const char *text)
{
    if (!text) {
        assert_null(s.p);
        return;
    }
    assert_non_null(s.p);
    assert_int_equal(s.n, strlen(text));
    assert_memory_equal(s.p, text, s.n);
}

#define SALTS "\"abcdefgh\" 00"
#define SALT2 "\"ijklmnopqrst\" 00"

static void greetings(void **state)
{
    (void)state;
    static const struct {
        const char *text, *version, *plugin;
        uint64_t caps;
        uint32_t thread;
        uint16_t status;
        uint8_t protocol, collation;
        enum mw_dialect dialect;
        bool short_form;
    } rows[] = {
        /* The worked example of MySQL's documentation. */
        {"0a z\"5.5.2-m2\" 52 00 00 00 22 3d 4e 50 29 75 39 56 00 ff ff 08 02 00*14 29 64 40 52 5c 55 78 7a 7c 21 29 "
         "4b 00",
         "5.5.2-m2", NULL, 0xffff, 82, 2, 10, 8, MW_DIALECT_MYSQL, false},
        {"0a z\"9.7.4-2\" 68 04 00 00 " SALTS " ff ff ff 02 00 ff df 15 00*10 " SALT2 " z\"caching_sha2_password\"",
         "9.7.4-2", "caching_sha2_password", 0xdfffffff, 1128, 2, 10, 255, MW_DIALECT_MYSQL, false},
        {"0a z\"5.5.5-10.11.19-MariaDB\" 6b 01 00 00 " SALTS " fe ff 08 02 00 ff 81 15 00*6 1d 00 00 00 " SALT2
         " z\"mysql_native_password\"",
         "5.5.5-10.11.19-MariaDB", "mysql_native_password", UINT64_C(0x1d81fffffe), 363, 2, 10, 8, MW_DIALECT_MARIADB,
         false},
        /* Extended capabilities tell a MariaDB under another name; a name tells one without them. */
        {"0a z\"11.8.9-proxy\" 01 00 00 00 " SALTS " fe ff 2d 02 00 ff 81 15 00*6 3d 00 00 00 " SALT2 " 00",
         "11.8.9-proxy", "", UINT64_C(0x3d81fffffe), 1, 2, 10, 45, MW_DIALECT_MARIADB, false},
        {"0a z\"5.5.68-MariaDB\" 01 00 00 00 " SALTS " ff f7 08 02 00 0f 80 15 00*10 " SALT2
         " \"mysql_native_password\"",
         "5.5.68-MariaDB", "mysql_native_password", 0x800ff7ff, 1, 2, 10, 8, MW_DIALECT_MARIADB, false},
        /* Bit 0 set: what stands there is filler, whatever it holds. */
        {"0a z\"9.7.4\" 01 00 00 00 " SALTS " ff ff ff 02 00 ff df 15 00*6 3d 00 00 00 " SALT2 " 00", "9.7.4", "",
         0xdfffffff, 1, 2, 10, 255, MW_DIALECT_MYSQL, false},
        {"0a z\"3.23.58\" 07 00 00 00 " SALTS " 2c 20", "3.23.58", NULL, 0x202c, 7, 0, 10, 0, MW_DIALECT_MYSQL, true},
        {"09 z\"3.20.32\" 07 00 00 00 z\"abcdefgh\"", "3.20.32", NULL, 0, 7, 0, 9, 0, MW_DIALECT_MYSQL, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        greeting(rows[i].text);
        const struct mw_greeting *g = &msg.greeting;
        assert_true(msg.kind == MW_KIND_GREETING && msg.status == MW_OK && msg.notes == 0);
        is(g->version, rows[i].version);
        is(g->plugin, rows[i].plugin);
        assert_true(g->caps == rows[i].caps && g->thread_id == rows[i].thread && g->status == rows[i].status);
        assert_true(g->protocol == rows[i].protocol && g->collation == rows[i].collation);
        assert_true(g->dialect == rows[i].dialect && g->short_form == rows[i].short_form);
    }
}

static void errors_in_place_of_a_greeting(void **state)
{
    (void)state;
    greeting("ff 69 04 \"Host is blocked\"");
    assert_true(msg.kind == MW_KIND_ERR && msg.err.code == 1129 && msg.notes == MW_NOTE_BIT(LOGIN_FAILED));
    is(msg.err.sqlstate, NULL);
    is(msg.err.message, "Host is blocked");
    greeting("ff 10 04 \"#08004Too many connections\"");
    is(msg.err.sqlstate, "08004");
    is(msg.err.message, "Too many connections");
    greeting("0a \"9.7\"");
    assert_true(msg.status == MW_BAD && msg.notes & MW_NOTE_BIT(NO_TERMINATOR));
    greeting("42");
    assert_int_equal(msg.kind, MW_KIND_UNKNOWN);
}

#define HEAD  " ff ff ff 00 2d 00*23 z\"root\" "
#define P20   "\"A\"*20 "
#define ATTRS "0e l\"_pid\" l\"12345678\" "

static void logins(void **state)
{
    (void)state;
    static const struct {
        const char *text, *auth, *database, *plugin;
        uint32_t attributes; /* bytes of them */
        uint8_t level;
        uint64_t notes;
    } rows[] = {
        {"0da23a00" HEAD "14 " P20 "z\"sys\" 00 " ATTRS, "AAAAAAAAAAAAAAAAAAAA", "sys", "", 14, 0, 0},
        {"05a23a00" HEAD "14 " P20 "00 00 " ATTRS, "AAAAAAAAAAAAAAAAAAAA", "", "", 14, 0, MW_NOTE_BIT(CAPS_MISMATCH)},
        {"0da23a00" HEAD "14 " P20 "z\"my_plugin\" " ATTRS, "AAAAAAAAAAAAAAAAAAAA", NULL, "my_plugin", 14, 0,
         MW_NOTE_BIT(CAPS_MISMATCH)},
        {"05a21a00" HEAD "00 z\"my_plugin\"", "", NULL, "my_plugin", 0, 0, 0},
        {"0da20a00" HEAD "14 " P20 "00 z\"sys\" z\"p\"", "AAAAAAAAAAAAAAAAAAAA", "sys", "p", 0, 0,
         MW_NOTE_BIT(AUTH_LENGTH)},
        {"0da20a00" HEAD "c8 " P20 "z\"sys\" z\"p\"", "AAAAAAAAAAAAAAAAAAAA", "sys", "p", 0, 0,
         MW_NOTE_BIT(AUTH_LENGTH)},
        {"0da21a00" HEAD "14 " P20 "z\"sys\" z\"p\" 08 l\"_pid\" l\"12345678\"", "AAAAAAAAAAAAAAAAAAAA", "sys", "p", 14,
         0, MW_NOTE_BIT(ATTRS_LENGTH)},
        {"0da21a04" HEAD "14 " P20 "z\"sys\" z\"p\" " ATTRS "16", "AAAAAAAAAAAAAAAAAAAA", "sys", "p", 14, 22, 0},
        {"0d220000" HEAD "z\"secret\" z\"sys\"", "secret", "sys", NULL, 0, 0, 0}, /* no CLIENT_SECURE_CONNECTION */
        {"05a22800" HEAD "fc 03 00 \"abc\" z\"p\"", "abc", NULL, "p", 0, 0, 0},   /* a length of three bytes */
        {"05a20800" HEAD "07 z\"secret\" z\"mysql_clear_password\"", NULL, NULL, "mysql_clear_password", 0, 0,
         MW_NOTE_BIT(CLEARTEXT_PASSWORD)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        login(rows[i].text);
        const struct mw_login *l = &msg.login;
        assert_true(msg.kind == MW_KIND_LOGIN && msg.status == MW_OK && l->protocol_41);
        assert_true(l->max_packet == 0xffffff && l->collation == 45 && l->zstd_level == rows[i].level);
        is(l->user, "root");
        if (rows[i].auth)
            is(l->auth, rows[i].auth);
        is(l->database, rows[i].database);
        is(l->plugin, rows[i].plugin);
        assert_int_equal(l->attributes.n, rows[i].attributes);
        assert_true(msg.notes == rows[i].notes);
    }
}

static void capabilities(void **state)
{
    (void)state;
    login("0ca2bf00 00000010 2d 00*19 1d000000 z\"u\" 00 00 00 00"); /* MariaDB: bit 0 clear, extended ones behind */
    assert_true(msg.login.caps == UINT64_C(0x1d00bfa20c));
    assert_true(msg.notes & MW_NOTE_BIT(CAPS_NOT_OFFERED));
    login("0da2bf00 00000010 2d 00*19 1d000000 z\"u\" 00 00 00 00"); /* bit 0 set: filler */
    assert_true(msg.login.caps == 0xbfa20d);
    ctx.server_caps = 0x0000a20d;
    decode(MW_CLIENT, "0da20200 00000010 2d 00*23 z\"u\" 00");
    assert_true(msg.notes & MW_NOTE_BIT(CAPS_NOT_OFFERED));
    ctx.flags = 0; /* without a greeting nothing was offered or not */
    decode(MW_CLIENT, "0da20200 00000010 2d 00*23 z\"u\" 00");
    assert_false(msg.notes & MW_NOTE_BIT(CAPS_NOT_OFFERED));
}

static void requests_for_tls(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum mw_kind kind;
        uint64_t notes;
    } rows[] = {
        {"05ae0300 00000001 08 00*23", MW_KIND_SSL_REQUEST, 0}, /* of the documentation */
        {"05ae0300 00000001 08 00*27", MW_KIND_SSL_REQUEST, MW_NOTE_BIT(SSL_LENGTH) | MW_NOTE_BIT(TRAILING)},
        {"05ae0300", MW_KIND_SSL_REQUEST, MW_NOTE_BIT(SSL_LENGTH)},
        {"0508 ffffff", MW_KIND_SSL_REQUEST, 0}, /* before 4.1 */
        {"05ae0300" HEAD "14 " P20, MW_KIND_LOGIN, MW_NOTE_BIT(SSL_IGNORED)},
        {"05a60300" HEAD "14 " P20, MW_KIND_LOGIN, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        login(rows[i].text);
        assert_int_equal(msg.kind, rows[i].kind);
        assert_true(msg.notes == rows[i].notes && msg.status == MW_OK);
    }
    ctx.flags |= MW_CTX_TLS; /* inside TLS the bit is as it should be */
    decode(MW_CLIENT, "05ae0300" HEAD "14 " P20);
    assert_true(msg.kind == MW_KIND_LOGIN && msg.notes == 0);
}

static void logins_before_41(void **state)
{
    (void)state;
    static const struct {
        const char *text, *user, *auth, *database;
    } rows[] = {
        {"0920 ffffff z\"old\" z\"ABCDEFGH\" z\"shop\"", "old", "ABCDEFGH", "shop"},
        {"0920 ffffff z\"old\" z\"ABCDEFGH\" \"shop\"", "old", "ABCDEFGH", "shop"},
        {"0500 ffffff z\"old\" \"ABCDEFGH\"", "old", "ABCDEFGH", NULL},
        {"0500 ffffff z\"old\" 00", "old", "", NULL},
        {"0500 ffffff z\"old\"", "old", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        login(rows[i].text);
        assert_true(msg.kind == MW_KIND_LOGIN && msg.status == MW_OK && !msg.login.protocol_41 && msg.notes == 0);
        assert_true(msg.login.max_packet == 0xffffff && msg.login.caps < 0x10000);
        is(msg.login.user, rows[i].user);
        is(msg.login.auth, rows[i].auth);
        is(msg.login.database, rows[i].database);
    }
}

/* Of a login that says too little nothing may be made up. */
static void cut_logins(void **state)
{
    (void)state;
    size_t n = wire_bytes("0da23a00" HEAD "14 " P20 "z\"sys\" 00 " ATTRS, bytes, sizeof bytes);
    for (uint32_t have = 0; have < n; have++) {
        packet = wire_packet(bytes, n, 1);
        packet.have = have;
        assert_null(trace_check(&ctx, MW_CLIENT, &packet, &msg));
        assert_int_equal(msg.status, MW_SHORT);
        assert_int_equal(msg.kind, have < 4 ? MW_KIND_DAMAGED : MW_KIND_LOGIN);
        if (have >= 41)
            is(msg.login.user, "root");
    }
}

/* A length that the whole packet has no room for is known to be wrong in the cut one too. */
static void cut_wrong_length(void **state)
{
    (void)state;
    size_t n = wire_bytes("0da20a00" HEAD "c8 " P20 "z\"sys\" z\"p\"", bytes, sizeof bytes);
    packet = wire_packet(bytes, n, 1);
    packet.have = (uint32_t)n - 1;
    assert_null(trace_check(&ctx, MW_CLIENT, &packet, &msg));
    assert_true(msg.status == MW_SHORT && msg.notes == (MW_NOTE_BIT(AUTH_LENGTH) | MW_NOTE_BIT(SHORT)));
    is(msg.login.auth, "AAAAAAAAAAAAAAAAAAAA");
    is(msg.login.database, "sys");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greetings),        cmocka_unit_test(errors_in_place_of_a_greeting),
        cmocka_unit_test(logins),           cmocka_unit_test(capabilities),
        cmocka_unit_test(requests_for_tls), cmocka_unit_test(logins_before_41),
        cmocka_unit_test(cut_logins),       cmocka_unit_test(cut_wrong_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
