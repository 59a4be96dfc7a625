/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers after the examples of the specification, cut at every length. */
#include "mywire/proxy.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/unit.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

struct example {
    const char *p;
    size_t n;
    enum mw_guess guess;
    const char *source; /* NULL: it does not say */
    uint16_t source_port;
    const char *destination;
    uint16_t destination_port;
};

#define BYTES(text) text, sizeof text - 1

static const struct example examples[] = {
    {BYTES("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n"), MW_YES, "192.168.0.1", 56324, "192.168.0.11", 443},
    {BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), MW_YES, "255.255.255.255", 65535,
     "255.255.255.255", 65535},
    {BYTES("PROXY TCP6 2001:db8::5 ::1 40002 3306\r\n"), MW_YES, "2001:db8::5", 40002, "::1", 3306},
    {BYTES("PROXY TCP6 ffff:f:FFFF:ffff:ffff:ffff:ffff:fff0 1:: 1 2\r\n"), MW_YES,
     "ffff:f:ffff:ffff:ffff:ffff:ffff:fff0", 1, "1::", 2},
    {BYTES("PROXY TCP6 ::ffff:10.0.0.7 :: 1 2\r\n"), MW_YES, "::ffff:10.0.0.7", 1, "::", 2},
    {BYTES("PROXY UNKNOWN\r\n"), MW_YES, NULL, 0, NULL, 0},
    {BYTES("PROXY UNKNOWN ffff:f:1::2 ffff::3 65535 65535\r\n"), MW_YES, NULL, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.168.0.256 192.168.0.11 56324 443\r\n"), MW_NO, NULL, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.168.0.1 192.168.0.11 65536 443\r\n"), MW_NO, NULL, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.168.0.1 192.168.0.11 056 443\r\n"), MW_NO, NULL, 0, NULL, 0},
    {BYTES("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443 \r\n"), MW_NO, NULL, 0, NULL, 0},
    {BYTES("PROXY TCP4 ::1 ::1 56324 443\r\n"), MW_NO, NULL, 0, NULL, 0},
    {BYTES("PROXY TCP6 1:2:3:4:5:6:7 ::1 56324 443\r\n"), MW_NO, NULL, 0, NULL, 0},
    {BYTES("PROXY TCP6 1::2::3 ::1 56324 443\r\n"), MW_NO, NULL, 0, NULL, 0},
    {BYTES("PROXY TCP9 1 2 3 4\r\n"), MW_NO, NULL, 0, NULL, 0},
    {BYTES("PRAXY TCP4"), MW_NO, NULL, 0, NULL, 0},
    {BYTES("GET / HTTP/1.1\r\n"), MW_NO, NULL, 0, NULL, 0},
    {BYTES(SIGNATURE "\x21\x11\0\x0c\xc0\0\x02\x4d\x7f\0\0\x01\xd9\x03\x0c\xea"), MW_YES, "192.0.2.77", 55555,
     "127.0.0.1", 3306},
    {BYTES(SIGNATURE "\x21\x11\0\x10\xc0\0\x02\x4d\x7f\0\0\x01\xd9\x03\x0c\xea\x04\0\x01x"), MW_YES, "192.0.2.77",
     55555, "127.0.0.1", 3306},
    {BYTES(
         SIGNATURE
         "\x21\x21\0\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x9c\x42\x0c\xea"),
     MW_YES, "2001:db8::5", 40002, "::1", 3306},
    {BYTES(SIGNATURE "\x20\0\0\0"), MW_YES, NULL, 0, NULL, 0},
    {BYTES(SIGNATURE "\x21\x31\0\x02zz"), MW_YES, NULL, 0, NULL, 0},
    {BYTES(SIGNATURE "\x21\x11\0\x0b\xc0\0\x02\x4d\x7f\0\0\x01\xd9\x03\x0c"), MW_NO, NULL, 0, NULL, 0},
    {BYTES(SIGNATURE "\x31\x11\0\x0c\xc0\0\x02\x4d\x7f\0\0\x01\xd9\x03\x0c\xea"), MW_NO, NULL, 0, NULL, 0},
};

/* Reads a copy of exactly `n` bytes, so that a sanitizer sees every byte too far. */
static enum mw_guess read_copy(const struct example *e, size_t n, struct mw_proxy *out)
{
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, e->p, n);
    enum mw_guess guess = mw_proxy_read(copy, n, out);
    free(copy);
    return guess;
}

static void assert_address(const struct mw_proxy *proxy, const uint8_t *got, const char *want)
{
    uint8_t address[16] = {0};
    assert_int_equal(inet_pton(proxy->family == 4 ? AF_INET : AF_INET6, want, address), 1);
    assert_memory_equal(got, address, sizeof address);
}

static void headers_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *e = &examples[i];
        struct mw_proxy proxy = {0};
        print_message("  %zu\n", i);
        assert_int_equal(read_copy(e, e->n, &proxy), e->guess);
        if (e->guess != MW_YES)
            continue;
        assert_int_equal(proxy.length, e->n);
        assert_int_equal(proxy.family != 0, e->source != NULL);
        if (!e->source)
            continue;
        assert_address(&proxy, proxy.source, e->source);
        assert_address(&proxy, proxy.destination, e->destination);
        assert_int_equal(proxy.source_port, e->source_port);
        assert_int_equal(proxy.destination_port, e->destination_port);
        for (size_t n = 0; n < e->n; n++)
            assert_int_equal(read_copy(e, n, &proxy), MW_MAYBE);
    }
}

static void a_line_ends(void **state)
{
    (void)state;
    char line[200] = "PROXY TCP4 ";
    memset(line + 11, '1', sizeof line - 11);
    struct mw_proxy proxy;
    assert_int_equal(mw_proxy_read((const uint8_t *)line, 106, &proxy), MW_MAYBE);
    assert_int_equal(mw_proxy_read((const uint8_t *)line, sizeof line, &proxy), MW_NO);
}

/* As the C library writes them. */
static void addresses_as_text(void **state)
{
    static const char *const addresses[] = {"192.0.2.1", "0.0.0.0", "255.255.255.255"};
    static const char *const addresses6[] = {"::",
                                             "::1",
                                             "1::",
                                             "2001:db8::5",
                                             "1:2:3:4:5:6:7:8",
                                             "1:0:0:2::3",
                                             "1::2:0:0:3:4",
                                             "1:0:2:3:4:5:6:7",
                                             "fe80::1:0:0:1",
                                             "::ffff:10.0.0.7",
                                             "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
    (void)state;
    uint8_t bytes[16];
    char text[MW_ADDRESS_TEXT], want[INET6_ADDRSTRLEN];
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        assert_int_equal(inet_pton(AF_INET, addresses[i], bytes), 1);
        assert_int_equal(mw_address_text(4, bytes, text), strlen(addresses[i]));
        assert_string_equal(text, addresses[i]);
    }
    for (size_t i = 0; i < sizeof addresses6 / sizeof *addresses6; i++) {
        assert_int_equal(inet_pton(AF_INET6, addresses6[i], bytes), 1);
        size_t n = mw_address_text(6, bytes, text);
        assert_int_equal(n, strlen(text));
        assert_string_equal(text, inet_ntop(AF_INET6, bytes, want, sizeof want));
    }
}

/* The longest: it fits. */
static void summaries_fit(void **state)
{
    (void)state;
    struct mw_proxy proxy = {
        .version = 2, .transport = 0x21, .family = 6, .source_port = 65535, .destination_port = 65535};
    memset(proxy.source, 0xfe, sizeof proxy.source);
    memset(proxy.destination, 0xfe, sizeof proxy.destination);
    char text[MW_PROXY_SUMMARY];
    size_t n = mw_proxy_summary(&proxy, text);
    assert_int_equal(n, strlen(text));
    assert_true(n < sizeof text);
    assert_string_equal(text, "PROXY v2 TCP6 [fefe:fefe:fefe:fefe:fefe:fefe:fefe:fefe]:65535 → "
                              "[fefe:fefe:fefe:fefe:fefe:fefe:fefe:fefe]:65535");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(headers_are_read), cmocka_unit_test(a_line_ends),
                                       cmocka_unit_test(addresses_as_text), cmocka_unit_test(summaries_fit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
