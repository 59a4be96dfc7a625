/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates made by the openssl command: the subject and times that it was told, and the subjects as `openssl x509
 * -nameopt RFC2253,-esc_msb` shows them. */
#include "analyzer/tls_certificate.h"

#include <glib.h>
#include <string.h>

#include "tests/support/rsa_fixtures.h"
#include "tests/support/unit.h"

/* Nanoseconds since the epoch. */
static int64_t utc(int year, int month, int day, int hour, int minute, int second)
{
    GDateTime *t = g_date_time_new_utc(year, month, day, hour, minute, second);
    int64_t ns = g_date_time_to_unix(t) * 1000000000;
    g_date_time_unref(t);
    return ns;
}

static bool read_base64(const char *base64, struct tls_certificate *out)
{
    gsize n;
    guchar *der = g_base64_decode(base64, &n);
    bool good = tls_certificate_read(der, n, out);
    g_free(der);
    return good;
}

static void tells_facts(void **state)
{
    (void)state;
    struct tls_certificate c;
    assert_true(read_base64(certificate_rsa, &c));
    assert_string_equal(c.subject, "CN=db1.example,O=K\xc3\xa4se\\, Brot \\+ S\xc3\xb6hne,C=DE");
    assert_true(c.has_not_before && c.has_not_after);
    assert_int_equal(c.not_before_ns, utc(2026, 1, 2, 3, 4, 5));
    assert_int_equal(c.not_after_ns, utc(2036, 1, 2, 3, 4, 5));
    tls_certificate_clear(&c);
    tls_certificate_clear(&c);
}

static void no_subject_no_end(void **state)
{
    (void)state;
    struct tls_certificate c;
    assert_true(read_base64(certificate_nameless, &c));
    assert_string_equal(c.subject, "");
    assert_true(c.has_not_before);
    assert_int_equal(c.not_before_ns, utc(2020, 2, 29, 23, 59, 59));
    assert_false(c.has_not_after); /* 99991231235959Z: none (RFC 5280 section 4.1.2.5) */
    tls_certificate_clear(&c);

    assert_true(read_base64(certificate_millennium, &c));
    assert_string_equal(c.subject, "CN=millennium");
    assert_true(c.has_not_before);
    assert_int_equal(c.not_before_ns, 0);
    assert_false(c.has_not_after); /* the year 3000 in nanoseconds does not fit 64 bits */
    tls_certificate_clear(&c);
}

static void long_subject(void **state)
{
    (void)state;
    struct tls_certificate c;
    assert_true(read_base64(certificate_long, &c));
    size_t n = strlen(c.subject);
    assert_true(n <= TLS_SUBJECT_BYTES_MAX && n >= TLS_SUBJECT_BYTES_MAX - 3);
    assert_true(g_utf8_validate(c.subject, -1, NULL));
    assert_true(g_str_has_prefix(c.subject, "OU=\xc3\xa4\xc3\xb6\xc3\xbc"));
    assert_true(c.has_not_after);
    assert_int_equal(c.not_after_ns, utc(2030, 1, 1, 0, 0, 0));
    tls_certificate_clear(&c);
}

/* The name's bytes replaced by others: whatever GnuTLS makes of them, it is a text. */
static void odd_bytes(void **state)
{
    (void)state;
    static const char *const names[] = {"mill\xff\xfe"
                                        "nium",
                                        "mill\0nnium", "mill\x1b[0nium", "\xc3(mill\xe2\x82xx", "mill\xed\xa0\x80ium"};
    gsize n;
    guchar *der = g_base64_decode(certificate_millennium, &n);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        struct tls_certificate c;
        size_t replaced = 0;
        guchar *changed = g_memdup2(der, n);
        for (size_t at = 0; at + 10 <= n; at++)
            if (memcmp(der + at, "millennium", 10) == 0) {
                memcpy(changed + at, names[i], 10);
                replaced++;
            }
        assert_true(replaced > 0);
        if (tls_certificate_read(changed, n, &c)) {
            assert_non_null(c.subject);
            assert_true(g_utf8_validate(c.subject, -1, NULL));
        }
        tls_certificate_clear(&c);
        g_free(changed);
    }
    g_free(der);
}

static void no_certificates(void **state)
{
    (void)state;
    struct tls_certificate c;
    assert_false(tls_certificate_read((const uint8_t *)"", 0, &c));
    assert_null(c.subject);
    gsize n;
    guchar *der = g_base64_decode(certificate_rsa, &n);
    for (gsize length = 0; length < n; length++) {
        guchar *exact = g_memdup2(der, length);
        assert_false(tls_certificate_read(exact, length, &c));
        assert_null(c.subject);
        g_free(exact);
    }
    g_free(der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_facts), cmocka_unit_test(no_subject_no_end), cmocka_unit_test(long_subject),
        cmocka_unit_test(odd_bytes),   cmocka_unit_test(no_certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
