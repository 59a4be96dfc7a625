/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private keys in every wrapping that the openssl command makes, and what it encrypted to them. */
#include "analyzer/tls_rsa.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "tests/support/rsa_fixtures.h"
#include "tests/support/unit.h"

/* Files of the test, in a folder of its own. */
struct fixture {
    char *folder;
    GPtrArray *paths;
};

static const char *put(struct fixture *f, const char *name, const void *data, size_t n)
{
    char *path = g_build_filename(f->folder, name, NULL);
    assert_true(g_file_set_contents(path, data, (gssize)n, NULL));
    g_ptr_array_add(f->paths, path);
    return path;
}

static const char *put_text(struct fixture *f, const char *name, const char *text)
{
    return put(f, name, text, strlen(text));
}

static const char *put_base64(struct fixture *f, const char *name, const char *base64)
{
    gsize n;
    guchar *data = g_base64_decode(base64, &n);
    const char *path = put(f, name, data, n);
    g_free(data);
    return path;
}

static int set_up(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    f->folder = g_dir_make_tmp("mywire-rsa-XXXXXX", NULL);
    f->paths = g_ptr_array_new_with_free_func(g_free);
    *state = f;
    return f->folder ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    for (guint i = 0; i < f->paths->len; i++)
        g_unlink(f->paths->pdata[i]);
    g_rmdir(f->folder);
    g_ptr_array_free(f->paths, TRUE);
    g_free(f->folder);
    g_free(f);
    return 0;
}

/* Whether the keys open that text, to the bytes that stand in it. */
static bool opens(const struct tls_rsa *r, const char *encrypted, const char *certificate, uint16_t hello,
                  uint16_t version)
{
    gsize n, n_certificate = 0;
    guchar *text = g_base64_decode(encrypted, &n);
    guchar *der = certificate ? g_base64_decode(certificate, &n_certificate) : NULL;
    uint8_t premaster[48];
    bool good = tls_rsa_decrypt(r, text, n, der, n_certificate, hello, premaster);
    if (good) {
        assert_int_equal(premaster[0] << 8 | premaster[1], version);
        for (uint8_t i = 2; i < 48; i++)
            assert_int_equal(premaster[i], i);
    }
    g_free(text);
    g_free(der);
    return good;
}

static void check_opens(const char *path, const char *password_file)
{
    struct tls_rsa *r = tls_rsa_new();
    assert_int_equal(tls_rsa_count(r), 0);
    assert_false(opens(r, encrypted_0303, NULL, 0x0303, 0x0303));
    assert_null(tls_rsa_read(r, path, password_file));
    assert_int_equal(tls_rsa_count(r), 1);
    assert_true(opens(r, encrypted_0303, NULL, 0x0303, 0x0303));
    assert_true(opens(r, encrypted_0303, certificate_rsa, 0x0303, 0x0303));
    tls_rsa_free(r);
}

static void every_wrapping(void **state)
{
    struct fixture *f = *state;
    const char *password = put_text(f, "password", "correct\r\nanything\n");
    const char *plain[] = {put_text(f, "pkcs1.pem", key_pkcs1_pem), put_base64(f, "pkcs8.der", key_pkcs8_der)};
    const char *sealed[] = {put_text(f, "sealed.pem", key_encrypted_pem), put_base64(f, "key.p12", key_pkcs12)};
    for (size_t i = 0; i < G_N_ELEMENTS(plain); i++) {
        check_opens(plain[i], NULL);
        check_opens(plain[i], password); /* a password that this one of several keys does not need */
    }
    for (size_t i = 0; i < G_N_ELEMENTS(sealed); i++)
        check_opens(sealed[i], password);
    tls_rsa_free(NULL);
}

static void check_refused(const char *path, const char *password_file, const char *wanted)
{
    struct tls_rsa *r = tls_rsa_new();
    char *sentence = tls_rsa_read(r, path, password_file);
    assert_non_null(sentence);
    assert_non_null(strstr(sentence, wanted));
    assert_int_equal(tls_rsa_count(r), 0);
    g_free(sentence);
    tls_rsa_free(r);
}

static void refusals(void **state)
{
    struct fixture *f = *state;
    const char *wrong = put_text(f, "wrong", "incorrect\n");
    const char *sealed[] = {put_text(f, "sealed.pem", key_encrypted_pem), put_base64(f, "key.p12", key_pkcs12)};
    for (size_t i = 0; i < G_N_ELEMENTS(sealed); i++) {
        check_refused(sealed[i], NULL,
                      "the key is encrypted; name a file with its password by --tls-key-password FILE.");
        check_refused(sealed[i], wrong, "the password of --tls-key-password does not open this key.");
        check_refused(sealed[i], "/nowhere/password",
                      "/nowhere/password: the file cannot be read: No such file or directory.");
    }
    check_refused("/nowhere/key", NULL, "/nowhere/key: the file cannot be read: No such file or directory.");
    check_refused(f->folder, NULL, "the file cannot be read: Is a directory.");
    check_refused(put_text(f, "ec.pem", key_ec_pem), NULL, "this is a key for EC/ECDSA;");
    check_refused(put_text(f, "empty", ""), NULL, "this is no private key in PEM, DER or PKCS#12");
    check_refused(put_text(f, "text", "hello"), wrong, "this is no private key in PEM, DER or PKCS#12");
    check_refused(put_text(f, "cut.pem", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"), NULL,
                  "the private key in this file cannot be used: ");
    check_refused(put_base64(f, "certificate.der", certificate_rsa), NULL,
                  "this is no private key in PEM, DER or PKCS#12");
    char *pem = g_strdup_printf("-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n", certificate_rsa);
    check_refused(put_text(f, "certificate.pem", pem), NULL, "this is no private key in PEM, DER or PKCS#12");
    g_free(pem);
    char *zeros = g_malloc0(2000000);
    check_refused(put(f, "large", zeros, 2000000), NULL, "the file is too large");
    g_free(zeros);
    /* A PIN in a URL is not shown. */
    struct tls_rsa *r = tls_rsa_new();
    char *sentence = tls_rsa_read(r, "pkcs11:token=none;object=none?pin-value=81459", NULL);
    assert_non_null(strstr(sentence, "pkcs11:token=none;object=none?pin-value=***: "));
    assert_null(strstr(sentence, "81459"));
    g_free(sentence);
    tls_rsa_free(r);
}

static void which_key_and_version(void **state)
{
    struct fixture *f = *state;
    struct tls_rsa *r = tls_rsa_new();
    assert_null(tls_rsa_read(r, put_text(f, "other.pem", key_other_pem), NULL));
    assert_false(opens(r, encrypted_0303, NULL, 0x0303, 0x0303));
    assert_false(opens(r, encrypted_0303, certificate_rsa, 0x0303, 0x0303));
    assert_true(opens(r, encrypted_other, NULL, 0x0303, 0x0303));
    assert_null(tls_rsa_read(r, put_text(f, "key.pem", key_pkcs1_pem), NULL));
    assert_int_equal(tls_rsa_count(r), 2);
    assert_true(opens(r, encrypted_0303, NULL, 0x0303, 0x0303));
    assert_true(opens(r, encrypted_other, NULL, 0x0303, 0x0303));
    assert_true(opens(r, encrypted_0303, certificate_rsa, 0x0303, 0x0303));
    assert_true(opens(r, encrypted_0303, certificate_millennium, 0x0303, 0x0303)); /* no key fits: every one is tried */
    assert_true(opens(r, encrypted_0303, "AAAA", 0x0303, 0x0303));

    /* The offered version; below it only if the key is the certificate's. */
    assert_true(opens(r, encrypted_0301, NULL, 0x0301, 0x0301));
    assert_false(opens(r, encrypted_0301, NULL, 0x0303, 0x0301));
    assert_true(opens(r, encrypted_0301, certificate_rsa, 0x0303, 0x0301));
    assert_false(opens(r, encrypted_0303, certificate_rsa, 0x0301, 0x0303));

    assert_false(opens(r, encrypted_short, NULL, 0x0303, 0x0303));
    assert_false(opens(r, encrypted_short, certificate_rsa, 0x0303, 0x0303));
    assert_false(opens(r, "", NULL, 0x0303, 0x0303));
    assert_false(opens(r, "AAAA", certificate_rsa, 0x0303, 0x0303));
    tls_rsa_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_wrapping, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(which_key_and_version, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
