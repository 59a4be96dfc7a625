/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/unit.h"

#include "analyzer/keylog_lines.h"

#include <string.h>

#define RANDOM "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int lines, randoms;
    } cases[] = {
        {"CLIENT_RANDOM " RANDOM " 01ff\n", 1, 1},
        {"CLIENT_RANDOM " RANDOM " 01ff", 1, 1},
        {"# a comment\r\n\r\nSERVER_TRAFFIC_SECRET_0 " RANDOM " 01ff\r\nEXPORTER_SECRET " RANDOM " aa\n", 2, 2},
        {"RSA 0011223344556677 01ff\n", 1, 0},
        {"", 0, 0},
        {"CLIENT_RANDOM " RANDOM "\n", 0, 0},
        {"CLIENT_RANDOM " RANDOM " \n", 0, 0},
        {"CLIENT_RANDOM " RANDOM " 01f\n", 0, 0},
        {"CLIENT_RANDOM " RANDOM " 01fg\n", 0, 0},
        {"CLIENT_RANDOM " RANDOM " 01ff behind\n", 0, 0},
        {"CLIENT_RANDOM 0011 01ff\n", 0, 0},
        {"CLIENT_RANDOM  " RANDOM " 01ff\n", 0, 0},
        {"RSA " RANDOM " 01ff\n", 0, 0},
        {"client_random " RANDOM " 01ff\n", 0, 0},
        {" " RANDOM " 01ff\n", 0, 0},
        {"-----BEGIN PRIVATE KEY-----\n", 0, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *at = cases[i].text, *end = at + strlen(at);
        struct keylog_line line;
        int lines = 0, randoms = 0;
        while (keylog_next_line(&at, end, &line)) {
            lines++;
            randoms += line.has_random;
            if (line.has_random)
                assert_memory_equal(line.random + 16,
                                    "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16);
        }
        assert_ptr_equal(at, end);
        assert_int_equal(lines, cases[i].lines);
        assert_int_equal(randoms, cases[i].randoms);
    }
}

/* A ClientHello anywhere in a packet, whole up to its random; not what only begins like one. */
static void test_scan(void **state)
{
    (void)state;
    enum { BEFORE = 3, HELLO = 43 };
    uint8_t packet[BEFORE + HELLO] = {22, 22, 3, 22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3};
    for (int i = 0; i < 32; i++)
        packet[BEFORE + 11 + i] = (uint8_t)(200 + i);
    for (size_t n = 0; n <= sizeof packet; n++) {
        uint8_t *exact = g_malloc(n ? n : 1);
        memcpy(exact, packet, n);
        GHashTable *set = keylog_randoms_new();
        keylog_randoms_scan(set, exact, n, 10);
        keylog_randoms_scan(set, exact, n, 10);
        assert_int_equal(g_hash_table_size(set), n == sizeof packet);
        if (n == sizeof packet)
            assert_true(g_hash_table_contains(set, packet + BEFORE + 11));
        g_hash_table_unref(set);
        g_free(exact);
    }
    GHashTable *set = keylog_randoms_new();
    keylog_randoms_scan(set, packet, sizeof packet, 0);
    packet[BEFORE + 5] = 2; /* a ServerHello */
    keylog_randoms_scan(set, packet, sizeof packet, 10);
    assert_int_equal(g_hash_table_size(set), 0);
    g_hash_table_unref(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines), cmocka_unit_test(test_scan)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
