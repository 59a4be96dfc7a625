/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts of the IANA registries and of the RFCs that define the suites. */
#include "analyzer/tls_suites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const uint16_t suites[] = {
#define SUITE(id, name, kx, cipher, mac, prf) id,
#include "analyzer/tls_suites.def"
#undef SUITE
};

static const uint16_t groups[] = {
#define GROUP(id, name) id,
#include "analyzer/tls_groups.def"
#undef GROUP
};

static bool has(const struct tls_suite *suite, const char *part)
{
    return strstr(suite->name, part) != NULL;
}

static void sorted_and_found(void **state)
{
    (void)state;
    size_t n = sizeof suites / sizeof *suites;
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            assert_true(suites[i] > suites[i - 1]);
        const struct tls_suite *suite = tls_suite_find(suites[i]);
        assert_non_null(suite);
        assert_int_equal(suite->id, suites[i]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(suite->name, tls_suite_find(suites[j])->name);
    }
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        if (i > 0)
            assert_true(groups[i] > groups[i - 1]);
        assert_non_null(tls_group_name(groups[i]));
    }
}

/* IANA's names say what a suite is made of. */
static void names_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        const struct tls_suite *suite = tls_suite_find(suites[i]);
        struct tls_cipher_shape shape = tls_cipher_shape(suite->cipher);
        const char *cipher = strstr(suite->name, "_WITH_");
        assert_int_equal(suite->kx == TLS_KX_RSA, !strncmp(suite->name, "TLS_RSA_WITH_", 13));
        assert_int_equal(suite->kx == TLS_KX_ANON, has(suite, "_anon_") && !has(suite, "EXPORT"));
        assert_int_equal(suite->kx == TLS_KX_PSK, has(suite, "_PSK_"));
        if (shape.kind == TLS_CIPHER_CLOSED)
            continue;
        assert_int_equal(shape.kind == TLS_CIPHER_AEAD,
                         has(suite, "GCM") || has(suite, "CCM") || has(suite, "POLY1305"));
        assert_int_equal(shape.kind == TLS_CIPHER_BLOCK, has(suite, "CBC"));
        assert_int_equal(shape.tag == 8, has(suite, "CCM_8"));
        if (has(suite, "_256_") || has(suite, "CHACHA20"))
            assert_int_equal(shape.key, 32);
        else if (has(suite, "_128_"))
            assert_int_equal(shape.key, 16);
        else if (has(suite, "3DES"))
            assert_int_equal(shape.key, 24);
        else
            assert_int_equal(suite->cipher, TLS_CIPHER_NULL);
        if (shape.kind == TLS_CIPHER_AEAD) {
            assert_int_equal(suite->mac, TLS_HASH_NONE);
        } else if (suite->id != 0) {
            size_t n = strlen(cipher);
            size_t bytes = !strcmp(cipher + n - 4, "_MD5")     ? 16
                           : !strcmp(cipher + n - 4, "_SHA")   ? 20
                           : !strcmp(cipher + n - 6, "SHA256") ? 32
                                                               : 48;
            assert_int_equal(tls_hash_bytes(suite->mac), bytes);
        }
        if (suite->id != 0)
            assert_int_equal(suite->prf, has(suite, "SHA384") ? TLS_HASH_SHA384 : TLS_HASH_SHA256);
    }
}

static void spots(void **state)
{
    (void)state;
    static const struct {
        uint16_t id;
        const char *name;
        enum tls_kx kx;
        enum tls_cipher cipher;
        enum tls_hash mac;
    } facts[] = {
        {0x0005, "TLS_RSA_WITH_RC4_128_SHA", TLS_KX_RSA, TLS_CIPHER_RC4_128, TLS_HASH_SHA1},
        {0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", TLS_KX_RSA, TLS_CIPHER_3DES_CBC, TLS_HASH_SHA1},
        {0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", TLS_KX_RSA, TLS_CIPHER_AES_128_CBC, TLS_HASH_SHA1},
        {0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256", TLS_KX_RSA, TLS_CIPHER_AES_256_CBC, TLS_HASH_SHA256},
        {0x0096, "TLS_RSA_WITH_SEED_CBC_SHA", TLS_KX_RSA, TLS_CIPHER_OTHER, TLS_HASH_SHA1},
        {0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", TLS_KX_RSA, TLS_CIPHER_AES_256_GCM, TLS_HASH_NONE},
        {0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", TLS_KX_DHE, TLS_CIPHER_AES_256_GCM, TLS_HASH_NONE},
        {0x1301, "TLS_AES_128_GCM_SHA256", TLS_KX_13, TLS_CIPHER_AES_128_GCM, TLS_HASH_NONE},
        {0x1303, "TLS_CHACHA20_POLY1305_SHA256", TLS_KX_13, TLS_CIPHER_CHACHA20_POLY1305, TLS_HASH_NONE},
        {0x1305, "TLS_AES_128_CCM_8_SHA256", TLS_KX_13, TLS_CIPHER_AES_128_CCM_8, TLS_HASH_NONE},
        {0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", TLS_KX_ECDHE, TLS_CIPHER_AES_256_CBC, TLS_HASH_SHA384},
        {0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", TLS_KX_ECDHE, TLS_CIPHER_AES_128_GCM, TLS_HASH_NONE},
        {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", TLS_KX_ECDHE, TLS_CIPHER_AES_128_GCM, TLS_HASH_NONE},
        {0xc060, "TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256", TLS_KX_ECDHE, TLS_CIPHER_OTHER, TLS_HASH_NONE},
        {0xc07a, "TLS_RSA_WITH_CAMELLIA_128_GCM_SHA256", TLS_KX_RSA, TLS_CIPHER_CAMELLIA_128_GCM, TLS_HASH_NONE},
        {0xc0aa, "TLS_PSK_DHE_WITH_AES_128_CCM_8", TLS_KX_PSK, TLS_CIPHER_AES_128_CCM_8, TLS_HASH_NONE},
        {0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", TLS_KX_ECDHE, TLS_CIPHER_CHACHA20_POLY1305,
         TLS_HASH_NONE},
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const struct tls_suite *suite = tls_suite_find(facts[i].id);
        assert_non_null(suite);
        assert_string_equal(suite->name, facts[i].name);
        assert_int_equal(suite->kx, facts[i].kx);
        assert_int_equal(suite->cipher, facts[i].cipher);
        assert_int_equal(suite->mac, facts[i].mac);
    }
    assert_string_equal(tls_suite_find(0x00ff)->name, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV");
    assert_null(tls_suite_find(0x0a0a)); /* GREASE, RFC 8701 */
    assert_null(tls_suite_find(0xffff));
}

static void groups_named(void **state)
{
    (void)state;
    assert_string_equal(tls_group_name(23), "secp256r1");
    assert_string_equal(tls_group_name(26), "brainpoolP256r1");
    assert_string_equal(tls_group_name(29), "x25519");
    assert_string_equal(tls_group_name(30), "x448");
    assert_string_equal(tls_group_name(256), "ffdhe2048");
    assert_string_equal(tls_group_name(4588), "X25519MLKEM768");
    assert_null(tls_group_name(0));
    assert_null(tls_group_name(0x0a0a));
}

static void versions(void **state)
{
    (void)state;
    assert_string_equal(tls_version_name(0x0300), "SSLv3");
    assert_string_equal(tls_version_name(0x0301), "TLSv1");
    assert_string_equal(tls_version_name(0x0302), "TLSv1.1");
    assert_string_equal(tls_version_name(0x0303), "TLSv1.2");
    assert_string_equal(tls_version_name(0x0304), "TLSv1.3");
    assert_null(tls_version_name(0x0305));
    assert_null(tls_version_name(0x7f1c));

    const struct tls_suite *cbc = tls_suite_find(0x002f), *gcm = tls_suite_find(0xc02f), *of13 = tls_suite_find(0x1301);
    assert_false(tls_suite_opens(cbc, TLS_SSL3));
    assert_true(tls_suite_opens(cbc, TLS_1_0));
    assert_true(tls_suite_opens(cbc, TLS_1_2));
    assert_false(tls_suite_opens(cbc, TLS_1_3));
    assert_false(tls_suite_opens(gcm, TLS_1_1)); /* RFC 5288 section 4 */
    assert_true(tls_suite_opens(gcm, TLS_1_2));
    assert_false(tls_suite_opens(of13, TLS_1_2));
    assert_true(tls_suite_opens(of13, TLS_1_3));
    assert_false(tls_suite_opens(tls_suite_find(0x0096), TLS_1_2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorted_and_found), cmocka_unit_test(names_agree), cmocka_unit_test(spots),
        cmocka_unit_test(groups_named),     cmocka_unit_test(versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
