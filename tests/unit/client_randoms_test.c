/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/unit.h"

#include "analyzer/client_randoms.h"

#include <string.h>

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
        GHashTable *set = client_randoms_new();
        client_randoms_scan(set, exact, n, 10);
        client_randoms_scan(set, exact, n, 10);
        assert_int_equal(g_hash_table_size(set), n == sizeof packet);
        if (n == sizeof packet)
            assert_true(g_hash_table_contains(set, packet + BEFORE + 11));
        g_hash_table_unref(set);
        g_free(exact);
    }
    GHashTable *set = client_randoms_new();
    client_randoms_scan(set, packet, sizeof packet, 0);
    packet[BEFORE + 5] = 2; /* a ServerHello */
    client_randoms_scan(set, packet, sizeof packet, 10);
    assert_int_equal(g_hash_table_size(set), 0);
    g_hash_table_unref(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_scan)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
