/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line for people: what it says, that it never breaks, and that it keeps passwords to itself. */
#include "mywire/decode.h"

#include "tests/support/unit.h"
#include "tests/support/wire.h"

static uint8_t bytes[8192];
static char line[4096];

static size_t summary(const struct mw_ctx *ctx, enum mw_dir dir, const char *text, size_t room)
{
    size_t n = wire_bytes(text, bytes, sizeof bytes);
    assert_true(n != SIZE_MAX);
    struct mw_packet packet = wire_packet(bytes, n, 0);
    struct mw_msg msg;
    mw_decode(ctx, dir, &packet, &msg);
    memset(line, '~', sizeof line);
    size_t length = mw_summary(ctx, dir, &msg, line, room);
    assert_true(room == 0 ? length == 0 : length < room && line[length] == 0 && strlen(line) == length);
    assert_int_equal(line[room], '~'); /* not a byte too many */
    return length;
}

static const struct mw_ctx command = {.phase = MW_PHASE_COMMAND, .caps = 0xa20d, .flags = MW_CTX_LOGIN};
static const struct mw_ctx login = {.phase = MW_PHASE_LOGIN};
static const struct mw_ctx answer = {
    .phase = MW_PHASE_AUTH_ANSWER, .plugin = MW_AUTH_MYSQL_CLEAR, .flags = MW_CTX_LOGIN};
static const struct mw_ctx reply = {
    .phase = MW_PHASE_REPLY, .reply = MW_REPLY_RESULT, .caps = 0xa20d, .flags = MW_CTX_LOGIN};
static const struct mw_ctx prepared = {
    .phase = MW_PHASE_REPLY, .reply = MW_REPLY_PREPARED, .caps = 0xa20d, .flags = MW_CTX_LOGIN};
static const struct mw_ctx greeting = {.phase = MW_PHASE_GREETING};

static void lines(void **state)
{
    (void)state;
    static const struct {
        const struct mw_ctx *ctx;
        enum mw_dir dir;
        const char *bytes, *line;
    } rows[] = {
        {&greeting, MW_SERVER, "0a z\"9.7.4\" 2a000000 \"abcdefgh\" 00 ff ff",
         "Server Greeting protocol=10 version=9.7.4 thread=42"},
        {&login, MW_CLIENT, "0da20800 00000001 ff 00*23 z\"app\" 06 \"secret\" z\"shop\" z\"mysql_clear_password\"",
         "Login Request user=app db=shop plugin=mysql_clear_password"},
        {&answer, MW_CLIENT, "z\"secret\"", "Auth Response mysql_clear_password: password in clear"},
        {&command, MW_CLIENT, "03 \"SELECT 1\"", "COM_QUERY SELECT 1"},
        {&command, MW_CLIENT, "03 \"SELECT\\n\\t  1\\r\\n FROM t  \"", "COM_QUERY SELECT 1 FROM t"},
        {&command, MW_CLIENT, "03 \"a\\0b\\x1b[31m\\x7f\"", "COM_QUERY a.b.[31m."},
        {&command, MW_CLIENT, "03 \"gr\\xc3\\xbcn\"", "COM_QUERY gr\xc3\xbcn"},
        {&command, MW_CLIENT, "17 07000000 00 01000000", "COM_STMT_EXECUTE statement 7"},
        {&command, MW_CLIENT, "77", "Unknown Command 0x77"},
        {&command, MW_CLIENT, "", "Empty Command"},
        {&command, MW_CLIENT, "11 z\"other\" 06 \"secret\" z\"shop\" ff 00", "COM_CHANGE_USER user=other db=shop"},
        {&reply, MW_SERVER, "00 00 00 02 00 00 00", "OK"},
        {&reply, MW_SERVER, "00 05 07 0a 00 02 00", "OK affected=5 insert_id=7 warnings=2 more results"},
        {&reply, MW_SERVER, "ff 15 04 \"#28000Access denied\"",
         "ERR 1045 ER_ACCESS_DENIED_ERROR (28000): Access denied"},
        {&reply, MW_SERVER, "ff 01 00 \"odd\"", "ERR 1: odd"},
        {&reply, MW_SERVER, "ff ffff 01 01 02 9a0200 l\"copy to tmp table\"",
         "Progress Report stage 1/2 0% copy to tmp table"},
        {&reply, MW_SERVER, "05", "Column Count 5"},
        {&reply, MW_SERVER, "fb \"/etc/hosts\"", "LOCAL INFILE Request /etc/hosts"},
        {&command, MW_CLIENT, "03", "COM_QUERY"},
        {&prepared, MW_SERVER, "00 07000000 0200 0300 00 0000", "Prepare OK statement 7 params=3 columns=2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        summary(rows[i].ctx, rows[i].dir, rows[i].bytes, 200);
        assert_string_equal(line, rows[i].line);
    }
}

static void no_passwords(void **state)
{
    (void)state;
    static const struct {
        const struct mw_ctx *ctx;
        const char *bytes;
    } rows[] = {
        {&login, "0da20800 00000001 ff 00*23 z\"app\" 06 \"secret\" z\"shop\" z\"mysql_clear_password\""},
        {&login, "0920 ffffff z\"old\" z\"secret\" z\"shop\""},
        {&answer, "z\"secret\""},
        {&command, "11 z\"other\" 06 \"secret\" z\"shop\" ff 00"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        summary(rows[i].ctx, MW_CLIENT, rows[i].bytes, 200);
        assert_null(strstr(line, "secret"));
    }
}

/* Cut anywhere, the line ends at the border of a character, and is the beginning of the whole line. */
static void cut_at_a_border(void **state)
{
    (void)state;
    static const char text[] = "03 \"a\\xc3\\xbc\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80z\"";
    static const size_t ends[] = {10, 11, 13, 16, 20, 21}; /* "COM_QUERY " and each character's end */
    char whole[64];
    summary(&command, MW_CLIENT, text, 64);
    strcpy(whole, line);
    assert_int_equal(strlen(whole), 21);
    for (size_t room = 0; room < 40; room++) {
        size_t n = summary(&command, MW_CLIENT, text, room);
        if (room == 0)
            continue;
        assert_memory_equal(line, whole, n);
        size_t best = room - 1 < 10 ? room - 1 : 10;
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
            if (ends[i] < room)
                best = ends[i];
        assert_int_equal(n, best); /* no shorter than it has to be */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(no_passwords),
        cmocka_unit_test(cut_at_a_border),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
