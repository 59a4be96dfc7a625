/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/anonymizer.h"

#include "analyzer/cryptopan.h"
#include "analyzer/endpoint.h"
#include "tests/support/unit.h"

#include <arpa/inet.h>

/* The key and the addresses of the sample that comes with Crypto-PAn 1.0. */
static void the_authors_sample(void **state)
{
    (void)state;
    static const uint8_t key[CRYPTOPAN_KEY] = {21,  34,  23,  141, 51,  164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
                                               216, 152, 143, 131, 121, 121, 101, 39,  98, 87, 76, 45, 42, 132, 34,  2};
    static const char *const pairs[][2] = {
        {"128.11.68.132", "135.242.180.132"},   {"129.118.74.4", "134.136.186.123"},    {"130.132.252.244", "133.68.164.234"},
        {"141.223.7.43", "141.167.8.160"},      {"141.233.145.108", "141.129.237.235"}, {"152.163.225.39", "151.140.114.167"},
        {"156.29.3.236", "147.225.12.42"},      {"165.247.96.84", "162.9.99.234"},      {"166.107.77.190", "160.132.178.185"},
        {"192.102.249.13", "252.138.62.131"},
    };
    struct cryptopan *pan = cryptopan_new(key);
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        uint8_t address[4];
        char text[INET_ADDRSTRLEN];
        assert_int_equal(inet_pton(AF_INET, pairs[i][0], address), 1);
        cryptopan_map(pan, address, 32);
        assert_string_equal(inet_ntop(AF_INET, address, text, sizeof text), pairs[i][1]);
    }
    cryptopan_free(pan);
}

static unsigned common_bits(const uint8_t *a, const uint8_t *b, unsigned n)
{
    unsigned i = 0;
    while (i < n && !((a[i / 8] ^ b[i / 8]) & (0x80 >> i % 8)))
        i++;
    return i;
}

static void prefixes_are_kept(void **state)
{
    (void)state;
    static const uint8_t key[32] = "a key of thirty-two bytes, or so";
    struct anonymizer *a = anonymizer_new(key, sizeof key);
    for (unsigned same = 0; same < 128; same++) {
        struct endpoint x = {.family = 6, .port = 7}, y = {.family = 6, .port = 8};
        for (int i = 0; i < 16; i++)
            x.addr[i] = y.addr[i] = (uint8_t)(i * 37 + same);
        y.addr[same / 8] ^= (uint8_t)(0x80 >> same % 8);
        struct endpoint again = x;
        anonymizer_address(a, &x);
        anonymizer_address(a, &y);
        assert_int_equal(common_bits(x.addr, y.addr, 128), same);
        assert_int_equal(x.port, 7);
        anonymizer_address(a, &again);
        assert_memory_equal(again.addr, x.addr, 16);
    }
    anonymizer_free(a);
}

/* By Python's hmac: of "mywire names" under the key, and of "app" under that. */
static void names(void **state)
{
    (void)state;
    static const uint8_t key[32] = "a key of thirty-two bytes, or so", other[32] = "another key of 32 bytes, you see";
    struct anonymizer *a = anonymizer_new(key, sizeof key), *b = anonymizer_new(other, sizeof other);
    char *app = anonymizer_name(a, "app", 3), *again = anonymizer_name(a, "app", 3), *theirs = anonymizer_name(b, "app", 3);
    char *nobody = anonymizer_name(a, "", 0);
    assert_string_equal(app, "h_2d658938dca5");
    assert_string_equal(again, app);
    assert_string_not_equal(theirs, app);
    assert_string_equal(nobody, "");
    g_free(app);
    g_free(again);
    g_free(theirs);
    g_free(nobody);
    anonymizer_free(a);
    anonymizer_free(b);
}

static void expect_message(struct anonymizer *a, const char *message, const char *wanted)
{
    static const char *const known[] = {"app", NULL};
    char *got = anonymizer_message(a, message, strlen(message), known, 2);
    assert_string_equal(got, wanted);
    g_free(got);
}

static void messages(void **state)
{
    (void)state;
    static const uint8_t key[32] = "a key of thirty-two bytes, or so";
    struct anonymizer *a = anonymizer_new(key, sizeof key);
    struct endpoint e = {.family = 4, .addr = {127, 0, 0, 1}};
    char address[ENDPOINT_TEXT];
    anonymizer_address(a, &e);
    endpoint_address(&e, address);
    char *app = anonymizer_name(a, "app", 3), *odd = anonymizer_name(a, "a'b'@'h", 7), *cut = anonymizer_name(a, "app", 3);
    char *wanted = g_strdup_printf("Access denied for user '%s'@'%s' (using password: YES)", app, address);
    expect_message(a, "Access denied for user 'app'@'127.0.0.1' (using password: YES)", wanted);
    g_free(wanted);
    wanted = g_strdup_printf("Access denied for user '%s' (using password: YES)", odd);
    expect_message(a, "Access denied for user 'a'b'@'h' (using password: YES)", wanted);
    g_free(wanted);
    wanted = g_strdup_printf("Unknown database '%s", cut);
    expect_message(a, "Unknown database 'app", wanted);
    g_free(wanted);
    wanted = g_strdup_printf("Table `%s`.\"%s\" doesn't exist", app, app);
    expect_message(a, "Table `app`.\"app\" doesn't exist", wanted);
    g_free(wanted);
    wanted = g_strdup_printf("FUNCTION %s.f: no role (%s) at %s.", app, app, address);
    expect_message(a, "FUNCTION app.f: no role (app) at 127.0.0.1.", wanted);
    g_free(wanted);
    expect_message(a, "Table '?' doesn't exist", "Table '?' doesn't exist");
    expect_message(a, "Version 8.4.3 of applications doesn't fit.", "Version 8.4.3 of applications doesn't fit.");
    expect_message(a, "Too many connections", "Too many connections");
    expect_message(a, "", "");
    g_free(app);
    g_free(odd);
    g_free(cut);
    anonymizer_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_authors_sample), cmocka_unit_test(prefixes_are_kept),
                                       cmocka_unit_test(names), cmocka_unit_test(messages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
