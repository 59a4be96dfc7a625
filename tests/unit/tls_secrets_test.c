/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets by what they belong to: from key logs in memory and in files, up to the limit, many at once. */
#include "analyzer/tls_secrets.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/unit.h"

#define R13   "62ff23de6b9f9f108bc582eef43cdce9246c847b77b55bf88b8a1f690d9c9884"
#define R12   "d9df53312d9f28f3cefff5f9871f4916542fabd8ddc3cd703c38e6276cd06893"
#define M12   "090d16e4c11cc302ce919acc2a8f79c4518399e8494f3ed1148d08b2d85809ea2b52d82879dda593fa67d43543145f5a"
#define T13   "475317b9a0f3f95dbc7fb7091a6e51faadb63335d77dc64e6269940b15dccc52"
#define OTHER "111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"

static const char log_text[] =
    "# two sessions\r\n"
    "no line\r\n"
    "EXPORTER_SECRET " R13 " b2297f2a15101d5a8bbae27e6df2372eb22861bb78074e483e16a9adb1bc4e3c\r\n"
    "CLIENT_TRAFFIC_SECRET_0 " R13 " " T13 "\r\n"
    "CLIENT_RANDOM " R12 " " M12 "\r\n"
    "RSA 0011223344556677 " M12 "\r\n"
    "RSA Session-ID:0123456789 Master-Key:" M12 "\r\n";

static uint8_t *unhex(const char *text, uint8_t *out)
{
    for (size_t i = 0; text[2 * i]; i++)
        out[i] = (uint8_t)(g_ascii_xdigit_value(text[2 * i]) << 4 | g_ascii_xdigit_value(text[2 * i + 1]));
    return out;
}

/* The secret of a label and client random is `wanted`; NULL: there is none. */
static void check(const struct tls_secrets *s, enum tls_label label, const char *client_random, const char *wanted)
{
    uint8_t key[64], bytes[64];
    size_t n = 0;
    const uint8_t *secret = tls_secrets_find(s, label, unhex(client_random, key), &n);
    if (!wanted) {
        assert_null(secret);
        return;
    }
    assert_non_null(secret);
    assert_int_equal(n, strlen(wanted) / 2);
    assert_memory_equal(secret, unhex(wanted, bytes), n);
}

static void count_line(void *user, const char *where, unsigned line, const char *why)
{
    assert_string_equal(where, "here");
    assert_int_equal(line, 2);
    assert_string_equal(why, "it is no line of a key log");
    ++*(int *)user;
}

static void finds_what_was_added(void **state)
{
    (void)state;
    struct tls_secrets *s = tls_secrets_new(1000);
    check(s, TLS_LABEL_MASTER, R12, NULL);
    int complaints = 0;
    assert_int_equal(tls_secrets_add_keylog(s, log_text, strlen(log_text), "here", count_line, &complaints), 4);
    assert_int_equal(complaints, 1);
    assert_int_equal(tls_secrets_count(s), 4);
    assert_int_equal(tls_secrets_keys(s), 0);
    check(s, TLS_LABEL_MASTER, R12, M12);
    check(s, TLS_LABEL_CLIENT_TRAFFIC, R13, T13);
    check(s, TLS_LABEL_SERVER_TRAFFIC, R13, NULL);
    check(s, TLS_LABEL_EXPORTER, R13, NULL); /* of no use for records: not kept */
    check(s, TLS_LABEL_MASTER, R13, NULL);

    uint8_t key[64], bytes[64];
    assert_true(tls_secrets_know(s, unhex(R12, key)));
    assert_true(tls_secrets_know(s, unhex(R13, key)));
    key[31] ^= 1;
    assert_false(tls_secrets_know(s, key));

    const uint8_t *master = tls_secrets_find_session(s, unhex("0123456789", key), 5);
    assert_non_null(master);
    assert_memory_equal(master, unhex(M12, bytes), 48);
    assert_null(tls_secrets_find_session(s, key, 4));
    assert_null(tls_secrets_find_session(s, key, 0));
    memset(key, 0, sizeof key);
    unhex("0123456789", key);
    assert_null(tls_secrets_find_session(s, key, 6)); /* the length is part of the id */
    assert_null(tls_secrets_find_session(s, key, 33));

    uint8_t premaster[48], encrypted[256] = {0};
    unhex("0011223344556677", encrypted);
    assert_true(tls_secrets_premaster(s, encrypted, sizeof encrypted, NULL, 0, 0x0303, premaster));
    assert_memory_equal(premaster, bytes, 48);
    encrypted[0] = 1;
    assert_false(tls_secrets_premaster(s, encrypted, sizeof encrypted, NULL, 0, 0x0303, premaster));
    assert_false(tls_secrets_premaster(s, encrypted, 7, NULL, 0, 0x0303, premaster));
    tls_secrets_free(s);
    tls_secrets_free(NULL);
}

static void duplicates(void **state)
{
    (void)state;
    struct tls_secrets *s = tls_secrets_new(1000);
    assert_int_equal(tls_secrets_add_keylog(s, log_text, strlen(log_text), "", NULL, NULL), 4);
    assert_int_equal(tls_secrets_add_keylog(s, log_text, strlen(log_text), "", NULL, NULL), 0);
    static const char again[] = "CLIENT_RANDOM " R12 " " OTHER "\nCLIENT_RANDOM " R13 " " OTHER "\n";
    assert_int_equal(tls_secrets_add_keylog(s, again, strlen(again), "", NULL, NULL), 1);
    check(s, TLS_LABEL_MASTER, R12, M12);
    check(s, TLS_LABEL_MASTER, R13, OTHER);
    assert_int_equal(tls_secrets_dropped(s), 0);
    tls_secrets_free(s);
}

/* Client random `i`, hexadecimal. */
static void add_line(GString *text, unsigned i)
{
    g_string_append_printf(text, "CLIENT_RANDOM %056x%08x %088x%08x\n", 0, i, 0, ~i);
}

static void check_number(const struct tls_secrets *s, unsigned i, bool there)
{
    char *key = g_strdup_printf("%056x%08x", 0, i), *secret = g_strdup_printf("%088x%08x", 0, ~i);
    check(s, TLS_LABEL_MASTER, key, there ? secret : NULL);
    g_free(key);
    g_free(secret);
}

static void keeps_to_its_limit(void **state)
{
    (void)state;
    struct tls_secrets *s = tls_secrets_new(100);
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < 150; i++)
        add_line(text, i);
    assert_int_equal(tls_secrets_add_keylog(s, text->str, text->len, "", NULL, NULL), 100);
    assert_int_equal(tls_secrets_dropped(s), 50);
    check_number(s, 0, true);
    check_number(s, 99, true);
    check_number(s, 100, false);
    tls_secrets_free(s);
    /* Long ones reach the bound of memory before that of their number. */
    s = tls_secrets_new(1000);
    g_string_truncate(text, 0);
    for (unsigned i = 0; i < 1000; i++)
        g_string_append_printf(text, "PMS_CLIENT_RANDOM %056x%08x %03800x\n", 0, i, i);
    size_t new = tls_secrets_add_keylog(s, text->str, text->len, "", NULL, NULL);
    assert_true(new > 0 && new < 1000);
    assert_int_equal(new + tls_secrets_dropped(s), 1000);
    tls_secrets_free(s);
    g_string_free(text, TRUE);
}

static void many(void **state)
{
    (void)state;
    enum { MANY = 200000 };
    struct tls_secrets *s = tls_secrets_new(MANY);
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < MANY; i++)
        add_line(text, i);
    assert_int_equal(tls_secrets_add_keylog(s, text->str, text->len, "", NULL, NULL), MANY);
    assert_int_equal(tls_secrets_count(s), MANY);
    for (unsigned i = 0; i < MANY; i += 7)
        check_number(s, i, true);
    for (unsigned i = MANY; i < MANY + 1000; i++)
        check_number(s, i, false);
    tls_secrets_free(s);
    g_string_free(text, TRUE);
}

static void files(void **state)
{
    (void)state;
    GError *error = NULL;
    char *folder = g_dir_make_tmp("mywire-secrets-XXXXXX", &error), *path = g_build_filename(folder, "keys.txt", NULL);
    struct tls_secrets *s = tls_secrets_new(1000);
    char *sentence = tls_secrets_read_keylog(s, path, NULL, NULL);
    assert_non_null(strstr(sentence, "keys.txt: the file cannot be read: No such file or directory."));
    g_free(sentence);
    sentence = tls_secrets_read_keylog(s, folder, NULL, NULL);
    assert_non_null(strstr(sentence, ": the file cannot be read: Is a directory."));
    g_free(sentence);

    assert_true(g_file_set_contents(path, "# nothing yet\nCLIENT_RANDOM 00 11\n", -1, NULL));
    sentence = tls_secrets_read_keylog(s, path, NULL, NULL);
    assert_true(g_str_has_prefix(sentence, path));
    assert_non_null(strstr(sentence, "there is no line of a key log in this file"));
    g_free(sentence);
    assert_int_equal(tls_secrets_count(s), 0);

    GString *text = g_string_new(log_text);
    for (unsigned i = 0; i < 500; i++) /* longer than a read */
        add_line(text, i);
    assert_true(g_file_set_contents(path, text->str, (gssize)text->len, NULL));
    assert_null(tls_secrets_read_keylog(s, path, NULL, NULL));
    assert_int_equal(tls_secrets_count(s), 504);
    check(s, TLS_LABEL_MASTER, R12, M12);
    check_number(s, 499, true);
    assert_null(tls_secrets_read_keylog(s, path, NULL, NULL)); /* all known: still a key log */
    assert_int_equal(tls_secrets_count(s), 504);

    g_string_free(text, TRUE);
    tls_secrets_free(s);
    g_unlink(path);
    g_rmdir(folder);
    g_free(path);
    g_free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_added),
        cmocka_unit_test(duplicates),
        cmocka_unit_test(keeps_to_its_limit),
        cmocka_unit_test(many),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
