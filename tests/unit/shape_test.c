/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognising the protocol. Whatever is recognised in the end is never refused on the way: the first bytes are all
 * there is. */
#include "mywire/decode.h"

#include "tests/support/unit.h"
#include "tests/support/wire.h"

static uint8_t bytes[70000];

static size_t packet(const char *text, uint8_t sequence)
{
    size_t n = wire_bytes(text, bytes + MW_HEADER, sizeof bytes - MW_HEADER);
    assert_true(n != SIZE_MAX);
    bytes[0] = (uint8_t)n, bytes[1] = (uint8_t)(n >> 8), bytes[2] = (uint8_t)(n >> 16), bytes[3] = sequence;
    return n + MW_HEADER;
}

/* Exactly `n` bytes, so that a sanitizer sees a read behind them. */
static enum mw_guess ask(enum mw_guess (*look)(const uint8_t *, size_t), size_t n)
{
    uint8_t *block = malloc(n ? n : 1);
    memcpy(block, bytes, n);
    enum mw_guess guess = look(block, n);
    free(block);
    return guess;
}

static void never_refused_on_the_way(enum mw_guess (*look)(const uint8_t *, size_t), size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ask(look, i) == MW_NO)
            fail_msg("refused after %zu of %zu bytes", i, n);
    assert_int_equal(ask(look, n), MW_YES);
}

#define SALTS "\"abcdefgh\" 00"
#define SALT2 "\"ijklmnopqrst\" 00"

static void greetings(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0a z\"5.5.2-m2\" 52 00 00 00 22 3d 4e 50 29 75 39 56 00 ff ff 08 02 00*14 29 64 40 52 5c 55 78 7a 7c 21 29 4b "
        "00",
        "0a z\"9.7.4-2\" 68 04 00 00 " SALTS " ff ff ff 02 00 ff df 15 00*10 " SALT2 " z\"caching_sha2_password\"",
        "0a z\"5.5.5-10.11.19-MariaDB-0+deb12u1-log\" 6b 01 00 00 " SALTS
        " fe ff 08 02 00 ff 81 15 00*6 1d 00 00 00 " SALT2,
        "0a z\"3.23.58\" 07 00 00 00 " SALTS " 2c 20",
        "0a z\"ProxySQL 2.6\" 07 00 00 00 " SALTS " ff ff ff 02 00 ff df 15 00*10 " SALT2,
        "09 z\"3.20.32\" 07 00 00 00 z\"abcdefgh\"",
        "ff 10 04 \"Too many connections\"",
        "ff 69 04 \"#08004Host is blocked\"",
        "ff 69 04 \"Host is blocked, \" \"and that at some length \"*20", /* over 255 bytes: both bytes of the length */
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        never_refused_on_the_way(mw_looks_like_greeting, packet(texts[i], 0));
}

static void not_greetings(void **state)
{
    (void)state;
    static const char *const raw[] = {
        "16 03 01 02 00 01 00 01 fc 03 03",                            /* TLS */
        "\"SSH-2.0-OpenSSH_9.2\\r\\n\"",                               /* SSH */
        "\"HTTP/1.1 200 OK\\r\\n\"",                                   /* HTTP */
        "\"220 mail.example.org ESMTP\\r\\n\"",                        /* SMTP */
        "05 00 00 00 0b 08 05 1a 00",                                  /* X Protocol */
        "4a 00 00 01 0a z\"9.7.4\" 2a 00 00 00 \"abcdefgh\" 00 ff ff", /* sequence id 1 */
        "00 00 00 00 0a z\"9.7.4\"",                                   /* no payload */
        "4a 00 00 00 0b z\"9.7.4\" 2a 00 00 00",                       /* protocol 11 */
        "4a 00 00 00 0a 01 02 03 04 05 06 07 08",                      /* a version of control characters */
        "1e 00 00 00 0a z\"9.7\" 2a 00 00 00 \"abcdefghi\" ff ff",     /* no NUL behind the scramble */
        "0a 00 00 00 ff 01 00 \"x\"",                                  /* an error number that is none */
        "20 00 10 00 0a z\"9.7\"",                                     /* a megabyte of greeting */
    };
    for (size_t i = 0; i < sizeof raw / sizeof *raw; i++) {
        size_t n = wire_bytes(raw[i], bytes, sizeof bytes);
        assert_true(n != SIZE_MAX);
        if (ask(mw_looks_like_greeting, n) != MW_NO)
            fail_msg("taken for a greeting: %s", raw[i]);
    }
    assert_int_equal(mw_looks_like_greeting(bytes, 0), MW_MAYBE);
}

static void logins(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "05 a6 03 00 00 00 00 01 08 00*23 z\"root\" 14 \"P\"*20",
        "05 ae 03 00 00 00 00 01 08 00*23",
        "8c a2 bf 00 00 00 10 00 2d 00*19 1d 00 00 00 z\"app\" 00",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        never_refused_on_the_way(mw_looks_like_login, packet(texts[i], 1));
    size_t n = packet(texts[0], 0); /* the wrong sequence id */
    assert_int_equal(ask(mw_looks_like_login, n), MW_NO);
    n = packet("05 a6 03 00 00 00 00 01 08 01 00*22 z\"root\"", 1); /* filler that is not zero */
    assert_int_equal(ask(mw_looks_like_login, n), MW_NO);
    n = packet("05 a4 03 00 00 00 00 01 08 00*23 z\"root\"", 1); /* no CLIENT_PROTOCOL_41 */
    assert_int_equal(ask(mw_looks_like_login, n), MW_NO);
    n = wire_bytes("16 03 01 02 00 01 00 01 fc 03 03 \"r\"*60", bytes, sizeof bytes);
    assert_int_equal(ask(mw_looks_like_login, n), MW_NO);
}

static void commands(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "03 \"SELECT 1\"",
        "03 \"SELECT\\n\\t1\"",
        "03 00 01 \"SELECT 1\"",
        "16 \"SELECT ?\"",
        "02 \"shop\"",
        "01",
        "0e",
        "17 01 00 00 00 00 01 00 00 00",
        "19 01 00 00 00",
        "1a 01 00 00 00",
        "1c 01 00 00 00 64 00 00 00",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t n = packet(texts[i], 0);
        assert_int_equal(ask(mw_looks_like_command, n), MW_YES);
        assert_int_equal(mw_looks_like_packet(MW_CLIENT, bytes, n), MW_YES);
        bytes[3] = 1;
        assert_int_equal(ask(mw_looks_like_command, n), MW_NO);
    }
    static const char *const others[] = {"", "77 \"abc\"", "03 01 02 03 04 05 06", "19 01", "0e 00"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        size_t n = packet(others[i], 0);
        assert_int_not_equal(ask(mw_looks_like_command, n), MW_YES);
    }
    assert_int_equal(mw_looks_like_command(bytes, 4), MW_MAYBE);
}

static enum mw_guess reply(const char *text)
{
    size_t n = wire_bytes(text, bytes, sizeof bytes);
    assert_true(n != SIZE_MAX);
    return mw_looks_like_packet(MW_SERVER, bytes, n);
}

static void replies(void **state)
{
    (void)state;
    assert_int_equal(reply("07 00 00 01 00 00 00 02 00 00 00"), MW_YES);
    assert_int_equal(reply("01 00 00 01 01 02 00 00 02 01 31"), MW_YES); /* two packets that count up */
    assert_int_equal(reply("01 00 00 01 01 02 00 00 02 01 31 ff 00 00 03 01"),
                     MW_YES);                          /* the third goes on elsewhere */
    assert_int_equal(reply("ff 00 00 01 00"), MW_YES); /* the segment ends inside it */
    assert_int_equal(reply("01 00 00 02 01"), MW_NO);
    assert_int_equal(reply("01 00 00 01 01 02 00 00 07 01 31"), MW_NO);
    assert_int_equal(reply("00 00 ff 01 00 00 00"), MW_NO);
    assert_int_equal(reply("01 00 00 01"), MW_MAYBE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greetings), cmocka_unit_test(not_greetings), cmocka_unit_test(logins),
        cmocka_unit_test(commands),  cmocka_unit_test(replies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
