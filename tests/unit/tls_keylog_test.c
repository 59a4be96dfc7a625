/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key logs: what each line is taken for, however the text is cut. */
#include "analyzer/tls_keylog.h"

#include <glib.h>
#include <string.h>

#include "tests/support/unit.h"

/* What a text comes to: a line of text each for entries and complaints. */
static void write_hex(GString *out, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(out, "%02x", p[i]);
}

static void take_entry(void *user, const struct tls_keylog_entry *e)
{
    GString *out = user;
    if (e->kind == TLS_KEYLOG_LABEL)
        g_string_append_printf(out, "label %d ", e->label);
    else
        g_string_append(out, e->kind == TLS_KEYLOG_RSA ? "rsa " : "session ");
    write_hex(out, e->key, e->n_key);
    g_string_append_c(out, ' ');
    write_hex(out, e->secret, e->n);
    g_string_append_c(out, '\n');
}

static void take_complaint(void *user, unsigned line, const char *why)
{
    g_string_append_printf(user, "%u: %s\n", line, why);
}

/* Reads `text` in pieces of `step`. The caller frees what comes of it. */
static char *read_text(const char *text, size_t n, size_t step, size_t *good)
{
    GString *out = g_string_new(NULL);
    struct tls_keylog_sink sink = {out, take_entry, take_complaint};
    struct tls_keylog *k = g_new(struct tls_keylog, 1);
    tls_keylog_begin(k, &sink);
    for (size_t i = 0; i < n; i += step)
        tls_keylog_push(k, text + i, MIN(step, n - i));
    tls_keylog_end(k);
    for (size_t i = 0; i < sizeof k->line; i++)
        assert_int_equal(k->line[i], 0);
    if (good)
        *good = k->good;
    g_free(k);
    return g_string_free(out, FALSE);
}

static void check(const char *text, const char *wanted)
{
    static const size_t steps[] = {1, 2, 7, 100000};
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        char *got = read_text(text, strlen(text), steps[i], NULL);
        assert_string_equal(got, wanted);
        g_free(got);
    }
}

#define R   "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define S32 "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
#define S48 S32 "404142434445464748494a4b4c4d4e4f"

/* The key log of a recording of MySQL 9.7 clients (OpenSSL), into which noise was written; CR LF at the ends of lines.
 */
static void partial_log(void **state)
{
    (void)state;
#define R13  "62ff23de6b9f9f108bc582eef43cdce9246c847b77b55bf88b8a1f690d9c9884"
#define R12  "d9df53312d9f28f3cefff5f9871f4916542fabd8ddc3cd703c38e6276cd06893"
#define AB16 "abababababababababababababababab"
#define CD16 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
#define T12  "12121212121212121212121212121212"
#define T34  "34343434343434343434343434343434"
    static const char text[] =
        "# key log with noise\r\n"
        "\r\n"
        "CLIENT_RANDOM 00 11\r\n"
        "not a key line at all\r\n"
        "CLIENT_RANDOM " AB16 AB16 " " CD16 CD16 CD16 "\r\n"
        "EXPORTER_SECRET " T12 T12 " " T34 T34 "\r\n"
        "SERVER_HANDSHAKE_TRAFFIC_SECRET " R13 " 89abf74e5a8e33940047e650a7766f8e322ca8a05d5692226df0d4459f2de2ca\r\n"
        "EXPORTER_SECRET " R13 " b2297f2a15101d5a8bbae27e6df2372eb22861bb78074e483e16a9adb1bc4e3c\r\n"
        "SERVER_TRAFFIC_SECRET_0 " R13 " 5c481ef2ce26ce36d8adb51b058403ecf793daa4adfb1e7d681030cceed39ed5\r\n"
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET " R13 " 5b7e74972c53b9f65844c45427968648889eb38869ede82796e3fd3ff6b39efa\r\n"
        "CLIENT_TRAFFIC_SECRET_0 " R13 " 475317b9a0f3f95dbc7fb7091a6e51faadb63335d77dc64e6269940b15dccc52\r\n"
        "CLIENT_RANDOM " R12
        " 090d16e4c11cc302ce919acc2a8f79c4518399e8494f3ed1148d08b2d85809ea2b52d82879dda593fa67d43543145f5a\r\n";
    char *wanted = g_strdup_printf(
        "3: the client random is not 32 bytes long\n"
        "4: it is no line of a key log\n"
        "label %d " AB16 AB16 " " CD16 CD16 CD16 "\n"
        "label %d " T12 T12 " " T34 T34 "\n"
        "label %d " R13 " 89abf74e5a8e33940047e650a7766f8e322ca8a05d5692226df0d4459f2de2ca\n"
        "label %d " R13 " b2297f2a15101d5a8bbae27e6df2372eb22861bb78074e483e16a9adb1bc4e3c\n"
        "label %d " R13 " 5c481ef2ce26ce36d8adb51b058403ecf793daa4adfb1e7d681030cceed39ed5\n"
        "label %d " R13 " 5b7e74972c53b9f65844c45427968648889eb38869ede82796e3fd3ff6b39efa\n"
        "label %d " R13 " 475317b9a0f3f95dbc7fb7091a6e51faadb63335d77dc64e6269940b15dccc52\n"
        "label %d " R12
        " 090d16e4c11cc302ce919acc2a8f79c4518399e8494f3ed1148d08b2d85809ea2b52d82879dda593fa67d43543145f5a\n",
        TLS_LABEL_MASTER, TLS_LABEL_EXPORTER, TLS_LABEL_SERVER_HANDSHAKE, TLS_LABEL_EXPORTER, TLS_LABEL_SERVER_TRAFFIC,
        TLS_LABEL_CLIENT_HANDSHAKE, TLS_LABEL_CLIENT_TRAFFIC, TLS_LABEL_MASTER);
    check(text, wanted);
    g_free(wanted);
}

/* All that the format's documents, NSS, OpenSSL and Wireshark know. */
static void every_kind(void **state)
{
    (void)state;
    static const char *const hashed[] = {
        [TLS_LABEL_CLIENT_EARLY] = "CLIENT_EARLY_TRAFFIC_SECRET",
        [TLS_LABEL_CLIENT_HANDSHAKE] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        [TLS_LABEL_SERVER_HANDSHAKE] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        [TLS_LABEL_CLIENT_TRAFFIC] = "CLIENT_TRAFFIC_SECRET_0",
        [TLS_LABEL_SERVER_TRAFFIC] = "SERVER_TRAFFIC_SECRET_0",
        [TLS_LABEL_CLIENT_TRAFFIC_N] = "CLIENT_TRAFFIC_SECRET_N",
        [TLS_LABEL_SERVER_TRAFFIC_N] = "SERVER_TRAFFIC_SECRET_N",
        [TLS_LABEL_EARLY_EXPORTER] = "EARLY_EXPORTER_SECRET",
        [TLS_LABEL_EXPORTER] = "EXPORTER_SECRET",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(hashed); i++) {
        if (!hashed[i])
            continue;
        char *text = g_strdup_printf("%s " R " " S32 "\n%s " R " " S48 "\n", hashed[i], hashed[i]);
        char *wanted = g_strdup_printf("label %zu " R " " S32 "\nlabel %zu " R " " S48 "\n", i, i);
        check(text, wanted);
        g_free(text);
        g_free(wanted);
    }
    char *wanted =
        g_strdup_printf("label %d " R " " S48 "\nlabel %d " R " 0303aa\nlabel %d " R " " S32 "\nlabel %d " R " fe0d\n"
                        "rsa 1122334455667788 " S48 "\nsession ab " S48 "\nsession " R " " S48 "\n",
                        TLS_LABEL_MASTER, TLS_LABEL_PREMASTER, TLS_LABEL_ECH_SECRET, TLS_LABEL_ECH_CONFIG);
    check("CLIENT_RANDOM " R " " S48 "\nPMS_CLIENT_RANDOM " R " 0303aa\nECH_SECRET " R " " S32 "\nECH_CONFIG " R
          " fe0d\n"
          "RSA 1122334455667788 " S48 "\nRSA Session-ID:ab Master-Key:" S48 "\nRSA Session-ID:" R " Master-Key:" S48,
          wanted);
    g_free(wanted);
}

static void blanks_and_comments(void **state)
{
    (void)state;
    char *wanted = g_strdup_printf("label %d " R " " S48 "\n", TLS_LABEL_MASTER);
    check("CLIENT_RANDOM " R " " S48, wanted); /* no line end */
    check("\xef\xbb\xbf"
          "CLIENT_RANDOM " R " " S48 "\r\n",
          wanted);
    check(" \t CLIENT_RANDOM\t" R "   " S48 " \t\r\n", wanted);
    check("\n\r\n   \n# CLIENT_RANDOM\n  #x\nCLIENT_RANDOM " R " " S48 "\n#", wanted);
    g_free(wanted);
    check("", "");
    check("\n\n\n", "");
    check("\xef\xbb\xbf", "");
    check("CLIENT_RANDOM 000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F " S32
          "404142434445464748494a4b4c4D4E4f\n",
          "label 0 " R " " S48 "\n"); /* digits of either case */
}

static void wrong_lines(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"CLIENT_RANDOM", "the client random is missing"},
        {"CLIENT_RANDOM " R, "the secret is missing"},
        {"CLIENT_RANDOM " R " " S48 " 00", "there is something after the secret"},
        {"CLIENT_RANDOM " R "0 " S48, "the client random is not 32 bytes long"},
        {"CLIENT_RANDOM " R "00 " S48, "the client random is not 32 bytes long"},
        {"CLIENT_RANDOM x" R " " S48, "the client random is not hexadecimal"},
        {"CLIENT_RANDOM " R " g" S48, "the secret is not hexadecimal"},
        {"CLIENT_RANDOM " R " " S32, "the secret is not 48 bytes long"},
        {"CLIENT_RANDOM " R " " S48 "0", "the secret is not 48 bytes long"},
        {"CLIENT_TRAFFIC_SECRET_0 " R " " S32 "00", "the secret is neither 32 nor 48 bytes long"},
        {"CLIENT_TRAFFIC_SECRET_0 " R " 0", "the secret is neither 32 nor 48 bytes long"},
        {"PMS_CLIENT_RANDOM " R " 123", "the secret has an odd number of digits"},
        {"CLIENT_RANDOM_X " R " " S48, "the label is not known"},
        {"client_random " R " " S48, "it is no line of a key log"},
        {"CLIENT", "it is no line of a key log"},
        {"RSA", "RSA is not followed by two words"},
        {"RSA 1122334455667788", "RSA is not followed by two words"},
        {"RSA 1122334455667788 " S48 " 00", "RSA is not followed by two words"},
        {"RSA 11223344556677 " S48, "the begin of the encrypted premaster secret is not 8 bytes in hexadecimal"},
        {"RSA 1122334455667788 " S32, "the secret is not 48 bytes long"},
        {"RSA Session-ID: Master-Key:" S48, "the session id is not 1 to 32 bytes in hexadecimal"},
        {"RSA Session-ID:" R "00 Master-Key:" S48, "the session id is not 1 to 32 bytes in hexadecimal"},
        {"RSA Session-ID:00 " S48, "there is no Master-Key: after the session id"},
        {"RSA Session-ID:00 Master-Key:", "the secret is not 48 bytes long"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *text = g_strdup_printf("#\n%s\nCLIENT_RANDOM " R " " S48, cases[i][0]);
        char *wanted = g_strdup_printf("2: %s\nlabel 0 " R " " S48 "\n", cases[i][1]);
        check(text, wanted);
        g_free(text);
        g_free(wanted);
    }
    static const char zero[] = "CLIENT_RANDOM " R "\0 " S48 "\n";
    size_t good;
    char *got = read_text(zero, sizeof zero - 1, 5, &good);
    assert_string_equal(got, "1: the client random is not hexadecimal\n");
    assert_int_equal(good, 0);
    g_free(got);
}

/* A line cut short is never a good one: every prefix of a good line is wrong. */
static void every_prefix(void **state)
{
    (void)state;
    static const char *const lines[] = {"CLIENT_RANDOM " R " " S48, "RSA 1122334455667788 " S48,
                                        "RSA Session-ID:" R " Master-Key:" S48};
    for (size_t l = 0; l < G_N_ELEMENTS(lines); l++)
        for (size_t n = 1; n <= strlen(lines[l]); n++) {
            size_t good;
            char *got = read_text(lines[l], n, 3, &good);
            assert_int_equal(good, n == strlen(lines[l]));
            assert_true(good || g_str_has_prefix(got, "1: "));
            g_free(got);
        }
}

static void endless_lines(void **state)
{
    (void)state;
    enum { LONG = 3000000 };
    GString *text = g_string_new("CLIENT_RANDOM " R " ");
    while (text->len < LONG)
        g_string_append(text, "00");
    g_string_append(text, "\n# ");
    while (text->len < 2 * LONG)
        g_string_append_c(text, 'x');
    g_string_append(text, "\nCLIENT_RANDOM " R " " S48 "\n");
    while (text->len < 3 * LONG)
        g_string_append_c(text, ' ');
    static const size_t steps[] = {997, 8192, 3 * LONG};
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        char *got = read_text(text->str, text->len, steps[i], NULL);
        assert_string_equal(got, "1: it is longer than 4096 bytes\nlabel 0 " R " " S48
                                 "\n4: it is longer than 4096 bytes\n");
        g_free(got);
    }
    g_string_free(text, TRUE);
    /* The longest line that is used. */
    text = g_string_new("PMS_CLIENT_RANDOM " R " ");
    while (text->len + 2 <= TLS_KEYLOG_LINE_MAX)
        g_string_append(text, "ab");
    g_string_append_c(text, '\n');
    size_t good;
    g_free(read_text(text->str, text->len, 100, &good));
    assert_int_equal(good, 1);
    g_string_free(text, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(partial_log), cmocka_unit_test(every_kind),   cmocka_unit_test(blanks_and_comments),
        cmocka_unit_test(wrong_lines), cmocka_unit_test(every_prefix), cmocka_unit_test(endless_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
