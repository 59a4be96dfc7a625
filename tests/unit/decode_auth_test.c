/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exchange between login and verdict: what a packet is, and what it means for its plugin. */
#include "mywire/decode.h"

#include "tests/support/trace_check.h"
#include "tests/support/unit.h"
#include "tests/support/wire.h"

static uint8_t bytes[4096];
static struct mw_packet packet;
static struct mw_msg msg;

static void decode(enum mw_dir dir, enum mw_auth_plugin plugin, unsigned flags, const char *text)
{
    struct mw_ctx ctx = {.phase = dir == MW_SERVER ? MW_PHASE_AUTH : MW_PHASE_AUTH_ANSWER,
                         .plugin = (uint8_t)plugin,
                         .flags = (uint8_t)(flags | MW_CTX_LOGIN),
                         .caps = 0xa20d};
    size_t n = wire_bytes(text, bytes, sizeof bytes);
    assert_true(n != SIZE_MAX);
    packet = wire_packet(bytes, n, 0);
    const char *wrong = trace_check(&ctx, dir, &packet, &msg);
    if (wrong)
        fail_msg("%s: %s", text, wrong);
}

static void kinds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum mw_kind kind;
    } rows[] = {
        {"fe", MW_KIND_OLD_AUTH_SWITCH},
        {"fe z\"mysql_native_password\" \"a\"*20 00", MW_KIND_AUTH_SWITCH},
        {"01 03", MW_KIND_AUTH_MORE},
        {"02 z\"authentication_webauthn_client\"", MW_KIND_AUTH_NEXT_FACTOR},
        {"00 00 00 02 00 00 00", MW_KIND_OK},
        {"ff 15 04 \"#28000denied\"", MW_KIND_ERR},
        {"60 \"raw token\"", MW_KIND_AUTH_MORE}, /* plugins whose data comes without the 01 */
        {"00", MW_KIND_AUTH_MORE},
        {"ff", MW_KIND_AUTH_MORE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        decode(MW_SERVER, MW_AUTH_UNKNOWN, 0, rows[i].text);
        assert_int_equal(msg.kind, rows[i].kind);
    }
}

static void switches(void **state)
{
    (void)state;
    decode(MW_SERVER, MW_AUTH_UNKNOWN, 0, "fe z\"client_ed25519\" \"n\"*32");
    assert_int_equal(msg.auth.plugin.n, 14);
    assert_int_equal(msg.auth.data.n, 32);
    assert_true(msg.notes == 0 && msg.status == MW_OK);
    decode(MW_SERVER, MW_AUTH_UNKNOWN, 0, "fe z\"mysql_old_password\" z\"abcdefgh\"");
    assert_true(msg.notes == MW_NOTE_BIT(OLD_PASSWORD));
    decode(MW_SERVER, MW_AUTH_UNKNOWN, 0, "fe");
    assert_true(msg.notes == MW_NOTE_BIT(OLD_PASSWORD) && !msg.auth.plugin.p);
    decode(MW_SERVER, MW_AUTH_UNKNOWN, 0, "fe \"dialog\""); /* no NUL: nothing else can follow */
    assert_true(msg.status == MW_OK && msg.auth.plugin.n == 6);
    decode(MW_SERVER, MW_AUTH_UNKNOWN, 0, "fe z\"authentication_kerberos_client\" 09 00 \"short\"");
    assert_int_equal(msg.status, MW_BAD);
}

static void steps(void **state)
{
    (void)state;
    static const struct {
        enum mw_dir dir;
        enum mw_auth_plugin plugin;
        unsigned flags;
        const char *text;
        enum mw_auth_step step;
        uint64_t notes;
    } rows[] = {
        {MW_SERVER, MW_AUTH_CACHING_SHA2, 0, "01 03", MW_STEP_FAST_OK, 0},
        {MW_SERVER, MW_AUTH_CACHING_SHA2, 0, "01 04", MW_STEP_FULL, 0},
        {MW_SERVER, MW_AUTH_CACHING_SHA2, 0, "01 05", MW_STEP_DATA, 0},
        {MW_SERVER, MW_AUTH_CACHING_SHA2, 0, "01 \"-----BEGIN PUBLIC KEY-----\"", MW_STEP_PUBLIC_KEY, 0},
        {MW_SERVER, MW_AUTH_SHA256, 0, "01 \"-----BEGIN PUBLIC KEY-----\"", MW_STEP_PUBLIC_KEY, 0},
        {MW_SERVER, MW_AUTH_DIALOG, 0, "01 05 \"Password: \"", MW_STEP_DATA, 0},
        {MW_SERVER, MW_AUTH_PARSEC, 0, "01 50 00 \"s\"*18", MW_STEP_DATA, 0},
        {MW_SERVER, MW_AUTH_PARSEC, 0, "01 50", MW_STEP_DATA, MW_NOTE_BIT(BAD)},
        {MW_CLIENT, MW_AUTH_CACHING_SHA2, MW_CTX_FIRST, "\"P\"*32", MW_STEP_DATA, 0},
        {MW_CLIENT, MW_AUTH_CACHING_SHA2, 0, "\"P\"*32", MW_STEP_CLEARTEXT, MW_NOTE_BIT(CLEARTEXT_PASSWORD)},
        {MW_CLIENT, MW_AUTH_CACHING_SHA2, 0, "\"R\"*128", MW_STEP_ENCRYPTED, 0}, /* the shortest key */
        {MW_CLIENT, MW_AUTH_CACHING_SHA2, 0, "02", MW_STEP_KEY_REQUEST, 0},
        {MW_CLIENT, MW_AUTH_CACHING_SHA2, 0, "\"R\"*256", MW_STEP_ENCRYPTED, 0},
        {MW_CLIENT, MW_AUTH_CACHING_SHA2, 0, "00", MW_STEP_CLEARTEXT, 0}, /* an empty password is no secret */
        {MW_CLIENT, MW_AUTH_CACHING_SHA2, MW_CTX_TLS, "z\"secret\"", MW_STEP_CLEARTEXT, 0},
        {MW_CLIENT, MW_AUTH_SHA256, 0, "01", MW_STEP_KEY_REQUEST, 0},
        {MW_CLIENT, MW_AUTH_SHA256, 0, "\"R\"*256", MW_STEP_ENCRYPTED, 0},
        {MW_CLIENT, MW_AUTH_SHA256, MW_CTX_TLS, "z\"secret\"", MW_STEP_CLEARTEXT, 0},
        {MW_CLIENT, MW_AUTH_MYSQL_CLEAR, 0, "z\"secret\"", MW_STEP_CLEARTEXT, MW_NOTE_BIT(CLEARTEXT_PASSWORD)},
        {MW_CLIENT, MW_AUTH_MYSQL_CLEAR, MW_CTX_TLS, "z\"secret\"", MW_STEP_CLEARTEXT, 0},
        {MW_CLIENT, MW_AUTH_MYSQL_CLEAR, 0, "00", MW_STEP_CLEARTEXT, 0},
        {MW_CLIENT, MW_AUTH_DIALOG, 0, "z\"secret\"", MW_STEP_CLEARTEXT, MW_NOTE_BIT(CLEARTEXT_PASSWORD)},
        {MW_CLIENT, MW_AUTH_MYSQL_NATIVE, 0, "\"P\"*20", MW_STEP_DATA, 0},
        {MW_CLIENT, MW_AUTH_MYSQL_OLD, 0, "z\"ABCDEFGH\"", MW_STEP_DATA, 0},
        {MW_CLIENT, MW_AUTH_ED25519, 0, "\"S\"*64", MW_STEP_DATA, 0},
        {MW_CLIENT, MW_AUTH_PARSEC, 0, "", MW_STEP_DATA, 0},
        {MW_CLIENT, MW_AUTH_PARSEC, 0, "\"c\"*32 \"S\"*64", MW_STEP_DATA, 0},
        {MW_CLIENT, MW_AUTH_WEBAUTHN, 0, "02 02 l\"a\" l\"s\" l\"a\" l\"s\" l\"{}\"", MW_STEP_DATA, 0},
        {MW_CLIENT, MW_AUTH_WEBAUTHN, 0, "02 fe ffffffffffffffff l\"a\" l\"s\"", MW_STEP_DATA, MW_NOTE_BIT(BAD)},
        {MW_CLIENT, MW_AUTH_UNKNOWN, 0, "\"anything\"", MW_STEP_DATA, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        decode(rows[i].dir, rows[i].plugin, rows[i].flags, rows[i].text);
        if (msg.auth.step != rows[i].step || msg.notes != rows[i].notes)
            fail_msg("row %zu: step %d, notes %llx", i, msg.auth.step, (unsigned long long)msg.notes);
    }
}

static void verdicts(void **state)
{
    (void)state;
    decode(MW_SERVER, MW_AUTH_MYSQL_NATIVE, 0, "ff 15 04 \"#28000Access denied\"");
    assert_true(msg.err.code == 1045 && msg.notes == MW_NOTE_BIT(LOGIN_FAILED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),
        cmocka_unit_test(switches),
        cmocka_unit_test(steps),
        cmocka_unit_test(verdicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
