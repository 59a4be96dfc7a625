/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/policy.h"

#include "tests/support/unit.h"

#include <string.h>

#include "analyzer/tls_suites.h"
#include "mywire/names.h"

static struct policy *parse(const char *text)
{
    char *error;
    struct policy *p = policy_parse(text, strlen(text), "p", "p.ini", &error);
    if (!p)
        fail_msg("%s", error);
    return p;
}

static void refused(const char *text, const char *sentence)
{
    char *error;
    struct policy *p = policy_parse(text, strlen(text), "p", "p.ini", &error);
    assert_null(p);
    assert_string_equal(error, sentence);
    g_free(error);
}

/* The example of the contract, key by key. */
static void example(void **state)
{
    (void)state;
    struct policy *p =
        parse("[policy]\nname = my-service\n"
              "[tls]\nrequired = true\nmin-version = TLSv1.2\nforbid-cipher = *CBC*;*RC4*;*3DES*\n"
              "require-forward-secrecy = true\n"
              "[auth]\nforbid-plugin = mysql_native_password;mysql_old_password;mysql_clear_password\n"
              "max-failures = 0\n"
              "[charset]\nallow-client = utf8mb4*\n"
              "[server]\nmin-version = 8.4\n"
              "[capabilities]\nclient-forbid = CLIENT_LOCAL_FILES\nclient-require = CLIENT_DEPRECATE_EOF\n"
              "[client]\nrequire-attribute = program_name\n"
              "[errors]\nforbid = 1040;1045\nmax = 0\n"
              "[latency]\nlogin-p99-ms = 50\n"
              "[evidence]\nmax-undecrypted-connections = 3\nmax-gap-bytes = 17\nmin-connections = 2\n");
    const struct policy_value *v = p->values;
    assert_string_equal(p->name, "my-service");
    assert_true(v[POLICY_TLS_REQUIRED].set);
    assert_int_equal(v[POLICY_TLS_REQUIRED].line, 4);
    assert_int_equal(v[POLICY_TLS_MIN_VERSION].number, TLS_1_2);
    assert_int_equal(v[POLICY_TLS_FORBID_CIPHER].list->len, 3);
    assert_true(policy_like(v[POLICY_TLS_FORBID_CIPHER].list, "TLS_RSA_WITH_AES_128_CBC_SHA"));
    assert_false(policy_like(v[POLICY_TLS_FORBID_CIPHER].list, "TLS_AES_128_GCM_SHA256"));
    assert_true(v[POLICY_TLS_FORWARD_SECRECY].set);
    assert_false(v[POLICY_TLS_AEAD].set);
    assert_int_equal(v[POLICY_AUTH_FORBID_PLUGIN].list->len, 3);
    assert_true(v[POLICY_AUTH_MAX_FAILURES].set);
    assert_true(policy_like(v[POLICY_CHARSET_ALLOW_CLIENT].list, "utf8mb4_0900_ai_ci"));
    assert_false(policy_like(v[POLICY_CHARSET_ALLOW_CLIENT].list, "utf8mb3_general_ci"));
    assert_int_equal(v[POLICY_SERVER_MIN_VERSION].versions[MW_DIALECT_MYSQL].part[1], 4);
    assert_int_equal(v[POLICY_SERVER_MIN_VERSION].versions[MW_DIALECT_MARIADB].n, 0);
    assert_true(v[POLICY_CAPABILITIES_CLIENT_FORBID].number == MW_CAP(MW_BIT_CLIENT_LOCAL_FILES));
    assert_true(v[POLICY_CAPABILITIES_CLIENT_REQUIRE].number == MW_CAP(MW_BIT_CLIENT_DEPRECATE_EOF));
    assert_string_equal(g_ptr_array_index(v[POLICY_CLIENT_REQUIRE_ATTRIBUTE].list, 0), "program_name");
    assert_int_equal(v[POLICY_ERRORS_FORBID].errors->len, 2);
    assert_int_equal(g_array_index(v[POLICY_ERRORS_FORBID].errors, uint16_t, 1), 1045);
    assert_int_equal(v[POLICY_LATENCY_LOGIN_P99].number, 50000);
    assert_int_equal(v[POLICY_MAX_UNDECRYPTED].number, 3);
    assert_int_equal(v[POLICY_MAX_GAP_BYTES].number, 17);
    assert_int_equal(v[POLICY_MIN_CONNECTIONS].number, 2);
    policy_free(p);
}

/* What stands for a key of [evidence] that is missing. */
static void usual_evidence(void **state)
{
    (void)state;
    struct policy *p = parse("[tls]\nrequired = true\n[evidence]\nmax-gap-bytes = unlimited\n");
    assert_int_equal(p->values[POLICY_MAX_UNDECRYPTED].number, 0);
    assert_true(p->values[POLICY_MAX_GAP_BYTES].number == UINT64_MAX);
    assert_int_equal(p->values[POLICY_MAX_UNDECIDED].number, 0);
    assert_int_equal(p->values[POLICY_MAX_UNREADABLE].number, 0);
    assert_int_equal(p->values[POLICY_MIN_CONNECTIONS].number, 1);
    assert_string_equal(p->name, "p");
    policy_free(p);
}

static void built_in(void **state)
{
    (void)state;
    static const char *const names[] = {"mysql-8.4", "mysql-9", "mariadb-11", "no-cleartext", "modern-tls"};
    const struct policy_builtin *b;
    size_t n = 0;
    for (; (b = policy_builtin(n)); n++) {
        char *error;
        struct policy *p = policy_load(b->name, &error);
        assert_non_null(p);
        assert_string_equal(p->name, names[n]);
        assert_string_equal(b->name, names[n]);
        assert_null(p->source);
        assert_true(p->values[POLICY_DESCRIPTION].set);
        policy_free(p);
    }
    assert_int_equal(n, G_N_ELEMENTS(names));
}

/* A line of a mistake is found behind comments, empty lines and CR LF. */
static void lines(void **state)
{
    (void)state;
    refused("# [a]\r\n\r\n[tls]\r\n  # b = c\r\nmin = 1\r\n",
            "p.ini line 5: [tls] has no key min; it has: required, min-version, "
            "forbid-cipher, require-forward-secrecy, require-aead.");
    refused("[tls]\nrequired[de] = true\n",
            "p.ini line 2: [tls] has no key required[de]; it has: required, min-version, "
            "forbid-cipher, require-forward-secrecy, require-aead.");
    refused("[tls]\nrequired = true\n[tls]\nrequired = true\n",
            "p.ini line 4: required in [tls] stands in line 2 already.");
    refused("[auth]\nmax-failures = 18446744073709551616\n", "p.ini line 2: 18446744073709551616 is no number.");
    refused("[latency]\nlogin-p99-ms = 0x10\n", "p.ini line 2: 0x10 is no number of milliseconds above 0.");
    refused("[latency]\nlogin-p99-ms = nan\n", "p.ini line 2: nan is no number of milliseconds above 0.");
    refused("[auth]\nforbid-plugin = ;;\n", "p.ini line 2: the list has no item.");
    struct policy *p = parse("\r\n[tls]\r\nrequired=true\r\n[latency]\r\nlogin-p99-ms\t=\t1.5\r\n");
    assert_int_equal(p->values[POLICY_LATENCY_LOGIN_P99].number, 1500);
    assert_int_equal(p->values[POLICY_LATENCY_LOGIN_P99].line, 5);
    policy_free(p);
}

/* Versions as the servers of the samples and others greet. */
static void versions(void **state)
{
    (void)state;
    static const struct {
        const char *text, *least;
        bool reaches;
    } cases[] = {
        {"8.4.3", "8.4", true},
        {"8.4.0", "8.4", true},
        {"8.0.36-28", "8.4", false},
        {"8.0.36-28", "8.0.36", true},
        {"9.7.4-2", "8.4", true},
        {"10.2.1", "9.9.9", true},
        {"5.5.5-10.11.19-MariaDB-0+deb12u1-log", "10.11", true},
        {"5.5.5-10.11.19-MariaDB-0+deb12u1-log", "11", false},
        {"11.8.9-MariaDB-4 from Debian-log", "11", true},
        {"5.5.5-m3", "5.5.5", true},
        {"8.0.mysql_aurora.3.04.0", "8.0", true},
        {"8.0.mysql_aurora.3.04.0", "8.0.1", false},
        {"8", "8.0.0", true},
        {"99999999999999999999.1", "8", true},
    };
    struct policy_version version, least;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_true(policy_version_read(cases[i].text, &version));
        assert_true(policy_version_read(cases[i].least, &least));
        assert_int_equal(policy_version_reaches(&version, &least), cases[i].reaches);
    }
    assert_false(policy_version_read("proxy", &version));
    assert_false(policy_version_read("", &version));
}

static void globs(void **state)
{
    (void)state;
    static const struct {
        const char *glob, *name;
        bool like;
    } cases[] = {
        {"utf8mb4*", "utf8mb4_0900_ai_ci", true},
        {"utf8mb4*", "utf8mb4", true},
        {"utf8mb4*", "utf8", false},
        {"*CBC*", "TLS_RSA_WITH_AES_128_CBC_SHA", true},
        {"*cbc*", "TLS_RSA_WITH_AES_128_CBC_SHA", true},
        {"*_anon_*", "TLS_DH_anon_WITH_RC4_128_MD5", true},
        {"*SHA", "TLS_RSA_WITH_AES_128_CBC_SHA256", false},
        {"*SHA*6", "TLS_SHA_SHA256", true},
        {"d?alog", "dialog", true},
        {"d?alog", "dalog", false},
        {"dialog", "dialogs", false},
        {"", "", true},
        {"", "x", false},
        {"*", "", true},
        {"**", "x", true},
        {"?", "", false},
        {"*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GPtrArray *one = g_ptr_array_new();
        g_ptr_array_add(one, (gpointer)(uintptr_t)cases[i].glob);
        if (policy_like(one, cases[i].name) != cases[i].like)
            fail_msg("%s of %s", cases[i].glob, cases[i].name);
        g_ptr_array_free(one, TRUE);
    }
}

static void nearest(void **state)
{
    (void)state;
    static const char *const names[] = {"required", "min-version"};
    assert_string_equal(policy_nearest("requierd", names, 2), "required");
    assert_string_equal(policy_nearest("min_version", names, 2), "min-version");
    assert_null(policy_nearest("something else", names, 2));
    assert_null(policy_nearest("", names, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example), cmocka_unit_test(usual_evidence), cmocka_unit_test(built_in),
        cmocka_unit_test(lines),   cmocka_unit_test(versions),       cmocka_unit_test(globs),
        cmocka_unit_test(nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
