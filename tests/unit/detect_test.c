/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What connections speak: MySQL from its beginning and in the middle, and what is none of it. */
#include "analyzer/detect.h"

#include <string.h>

#include "tests/support/unit.h"

#define GREETING                                                                                                       \
    "\x4a\0\0\0\x0a"                                                                                                   \
    "8.0.36\0\x08\0\0\0abcdefgh\0\xff\xf7\xff\x02\0\xff\xdf\x15\0\0\0\0\0\0\0\0\0\0abcdefghijkl\0caching_sha2_"        \
    "password"
#define QUERY    "\x09\0\0\0\x03SELECT 1"
#define REPLY    "\x01\0\0\1\1\x05\0\0\2aaaaa"
#define PROXY    "PROXY TCP4 192.0.2.1 192.0.2.2 4000 3306\r\n"
#define X_HELLO  "\x05\0\0\0\x0b\x08\x05\x1a\0"
#define HELLO    "\x16\x03\x01\0\x5e\x01\0\0\x5a\x03\x01"
#define TLS_DATA "\x17\x03\x03\0\x18zzzzzzzzzzzzzzzzzzzzzzzz"

enum { TO_SERVER = 0, FROM_SERVER = 1 };

static struct detector d;
static struct detect_hints hints;
static int server;

static enum detect_verdict say_n(int dir, const char *p, size_t n)
{
    return detector_push(&d, &hints, dir, (const uint8_t *)p, n, (struct mw_stamp){1, 1}, &server);
}

#define SAY(dir, text) say_n(dir, text, sizeof text - 1)

static void begin(bool middle, bool known_port)
{
    memset(&d, 0, sizeof d);
    hints = (struct detect_hints){.middle = middle, .server_port = {false, known_port}};
    server = -1;
}

static void end(void)
{
    detector_clear(&d);
}

static void a_greeting_tells_at_every_split(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < sizeof GREETING - 1; cut++) {
        begin(false, false);
        enum detect_verdict verdict = cut ? say_n(FROM_SERVER, GREETING, cut) : DETECT_NOTHING_YET;
        assert_true(verdict == DETECT_NOTHING_YET || verdict == DETECT_MYSQL);
        if (verdict == DETECT_NOTHING_YET)
            assert_int_equal(say_n(FROM_SERVER, GREETING + cut, sizeof GREETING - 1 - cut), DETECT_MYSQL);
        assert_int_equal(server, FROM_SERVER);
        struct detect_first first = detector_take(&d, FROM_SERVER);
        assert_memory_equal(first.bytes->data, GREETING, first.bytes->len);
        g_byte_array_unref(first.bytes);
        end();
    }
}

static void a_proxy_header_is_taken_off(void **state)
{
    (void)state;
    for (size_t cut = 1; cut < sizeof PROXY - 1; cut++) {
        begin(false, false);
        assert_int_equal(say_n(TO_SERVER, PROXY, cut), DETECT_NOTHING_YET);
        assert_null(d.proxy);
        assert_int_equal(say_n(TO_SERVER, PROXY + cut, sizeof PROXY - 1 - cut), DETECT_NOTHING_YET);
        assert_int_equal(d.proxy->source_port, 4000);
        assert_int_equal(SAY(FROM_SERVER, GREETING), DETECT_MYSQL);
        assert_null(detector_take(&d, TO_SERVER).bytes);
        end();
    }
    begin(false, false);
    assert_int_equal(SAY(TO_SERVER, PROXY HELLO), DETECT_TLS);
    assert_int_equal(server, FROM_SERVER);
    end();
}

static void the_middle_is_found_at_the_next_exchange(void **state)
{
    (void)state;
    static char row[60000]; /* of a result that began before: longer than what is kept of a beginning */
    begin(true, false);
    for (int i = 0; i < 5; i++)
        assert_int_equal(say_n(FROM_SERVER, row, sizeof row), DETECT_NOTHING_YET);
    assert_int_equal(SAY(TO_SERVER, QUERY), DETECT_NOTHING_YET);
    assert_int_equal(SAY(FROM_SERVER, REPLY), DETECT_MIDSTREAM);
    assert_int_equal(server, FROM_SERVER);
    struct detect_first first = detector_take(&d, TO_SERVER);
    assert_int_equal(first.bytes->len, sizeof QUERY - 1);
    g_byte_array_unref(first.bytes);
    end();
    begin(true, true);
    assert_int_equal(SAY(TO_SERVER, QUERY), DETECT_MIDSTREAM);
    assert_int_equal(server, FROM_SERVER);
    end();
}

/* A load balancer's header may be the first that is captured. */
static void a_proxy_header_in_the_middle(void **state)
{
    (void)state;
    begin(true, true);
    assert_int_equal(SAY(TO_SERVER, PROXY), DETECT_NOTHING_YET);
    assert_int_equal(SAY(FROM_SERVER, GREETING), DETECT_MYSQL);
    assert_int_equal(d.proxy->source_port, 4000);
    assert_null(detector_take(&d, TO_SERVER).bytes);
    end();
}

/* The rest of a login, and then a command: what was lost in between was the server's turn. */
static void a_gap_is_a_turn(void **state)
{
    (void)state;
    begin(true, true);
    assert_int_equal(SAY(TO_SERVER, "\x03\0\0\x03" "abc"), DETECT_NOTHING_YET);
    detector_gap(&d, FROM_SERVER);
    assert_int_equal(SAY(TO_SERVER, QUERY), DETECT_MIDSTREAM);
    end();
}

static void patience_ends(void **state)
{
    (void)state;
    begin(true, false);
    enum detect_verdict verdict = DETECT_NOTHING_YET;
    int turns = 0;
    for (; verdict == DETECT_NOTHING_YET; turns++)
        verdict = turns % 2 ? SAY(FROM_SERVER, "+OK\r\n") : SAY(TO_SERVER, "*1\r\n$4\r\nPING\r\n");
    assert_int_equal(verdict, DETECT_OTHER);
    assert_in_range(turns, 10, 100);
    end();
}

static void others_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        int dir;
        const char *p;
        size_t n;
        enum detect_verdict verdict;
    } cases[] = {
        {TO_SERVER, "GET / HTTP/1.1\r\n", 16, DETECT_OTHER},
        {TO_SERVER, "*1\r\n$4\r\nPING\r\n", 14, DETECT_OTHER},
        {TO_SERVER, "\0\0\0\x54\0\x03\0\0user\0app\0", 17, DETECT_OTHER}, /* PostgreSQL's StartupMessage */
        {FROM_SERVER, "SSH-2.0-OpenSSH_9.2\r\n", 21, DETECT_OTHER},
        {FROM_SERVER, X_HELLO, sizeof X_HELLO - 1, DETECT_X},
        {TO_SERVER, HELLO, sizeof HELLO - 1, DETECT_TLS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(false, false);
        assert_int_equal(say_n(cases[i].dir, cases[i].p, cases[i].n), cases[i].verdict);
        end();
    }
    begin(true, true);
    assert_int_equal(SAY(FROM_SERVER, TLS_DATA), DETECT_TLS_MIDSTREAM);
    assert_int_equal(server, FROM_SERVER);
    end();
    begin(true, false); /* on any port it could be anything */
    assert_int_equal(SAY(FROM_SERVER, TLS_DATA), DETECT_NOTHING_YET);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_greeting_tells_at_every_split),
        cmocka_unit_test(a_proxy_header_is_taken_off),
        cmocka_unit_test(the_middle_is_found_at_the_next_exchange),
        cmocka_unit_test(a_proxy_header_in_the_middle),
        cmocka_unit_test(a_gap_is_a_turn),
        cmocka_unit_test(patience_ends),
        cmocka_unit_test(others_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
