/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of --passwords: which lines are good, what is said of the others, and who has which candidates. */
#include "analyzer/passwords.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/unit.h"

static struct passwords *some(uint64_t max, uint64_t per_user)
{
    struct limits limits = limits_default();
    limits.passwords = max;
    limits.passwords_per_user = per_user;
    return passwords_new(&limits);
}

static void add(struct passwords *p, const char *text)
{
    char *error = passwords_add(p, text, strlen(text));
    if (error)
        fail_msg("%s", error);
}

/* The candidates of a user, one after the other, joined by |. */
static void has(const struct passwords *p, const char *user, const char *wanted)
{
    GString *s = g_string_new(NULL);
    const struct password_candidate *c = passwords_find(p, user);
    if (!wanted)
        assert_null(c);
    for (; c; c = c->next) {
        g_string_append_len(s, c->text, (gssize)c->n);
        if (c->next)
            g_string_append_c(s, '|');
    }
    assert_string_equal(s->str, wanted ? wanted : "");
    g_string_free(s, TRUE);
}

static void good_lines(void **state)
{
    (void)state;
    struct passwords *p = some(100, 16);
    add(p, "\xef\xbb\xbf# a comment: with a colon\n"
           "app:secret\n"
           "\r\n"
           "dos:secret\r\n"
           "colons:a:b::c\n"
           "blanks: a b \t\n"
           "empty:\n"
           ":anonymous\n"
           "app:other\n"
           "hash:#no comment\n"
           "gr\xc3\xbc\xc3\x9f:\xc3\xa9\n"
           "last:without line end");
    has(p, "app", "secret|other");
    has(p, "dos", "secret");
    has(p, "colons", "a:b::c");
    has(p, "blanks", " a b \t");
    has(p, "", "anonymous");
    has(p, "hash", "#no comment");
    has(p, "gr\xc3\xbc\xc3\x9f", "\xc3\xa9");
    has(p, "last", "without line end");
    has(p, "nobody", NULL);
    has(p, "App", NULL);
    assert_non_null(passwords_find(p, "empty"));
    has(p, "empty", "");
    assert_int_equal(passwords_count(p), 10);
    passwords_free(p);
}

static void hashes_are_seen(void **state)
{
    (void)state;
    struct passwords *p = some(100, 16);
    add(p, "a:*B69027D44F6E5EDC07F1AEAD1477967B16F28227\nb:P0:YbxHteIVxYhlff73u+uHRSQh:msavnjlorRQWhq0tx3FnFyveEitcD2wug8UPYt9dYwk\nc:x\n");
    assert_int_equal(passwords_find(p, "a")->hash.kind, PASSWORD_HASH_NATIVE);
    assert_int_equal(passwords_find(p, "b")->hash.kind, PASSWORD_HASH_PARSEC);
    assert_int_equal(passwords_find(p, "c")->hash.kind, PASSWORD_HASH_NONE);
    passwords_free(p);
}

/* Nothing of what stands in the file is in the complaint. */
static void refuses(const char *text, size_t n, const char *wanted)
{
    struct passwords *p = some(4, 2);
    char *error = passwords_add(p, text, n);
    assert_non_null(error);
    if (!strstr(error, wanted))
        fail_msg("%s: not %s", error, wanted);
    assert_null(strstr(error, "secret"));
    g_free(error);
    passwords_free(p);
}

static void wrong_lines(void **state)
{
    (void)state;
    refuses("# x\nsecret\n", 11, "line 2: there is no colon");
    refuses("a:secret\nb:sec\0ret\n", 19, "line 2: it holds a NUL byte");
    refuses("a:secret1\na:secret2\na:secret3\n", 30, "line 3: there are too many passwords for this user");
    refuses("a:secret\nb:secret\nc:secret\nd:secret\ne:secret\n", 45, "line 5: there are more passwords");
    GString *s = g_string_new("secret:");
    while (s->len < 4097)
        g_string_append_c(s, 'x');
    refuses(s->str, s->len, "line 1: it is longer than 4096 bytes");
    g_string_truncate(s, 4096);
    struct passwords *p = some(4, 2);
    add(p, s->str);
    assert_int_equal(passwords_find(p, "secret")->n, 4096 - 7);
    passwords_free(p);
    g_string_free(s, TRUE);
}

static void files(void **state)
{
    (void)state;
    char path[] = "/tmp/passwords_test.XXXXXX", wanted[128];
    int file = g_mkstemp(path);
    struct passwords *p = some(100, 16);
    char *error = passwords_read(p, path);
    g_snprintf(wanted, sizeof wanted, "%s: there is no password in this file; each line is USER:PASSWORD.", path);
    assert_string_equal(error, wanted);
    g_free(error);
    assert_int_equal(write(file, "app:secret\nsecret", 17), 17);
    error = passwords_read(p, path);
    g_snprintf(wanted, sizeof wanted, "%s: line 2: there is no colon", path);
    assert_memory_equal(error, wanted, strlen(wanted));
    g_free(error);
    assert_int_equal(ftruncate(file, 11), 0);
    assert_null(passwords_read(p, path));
    has(p, "app", "secret|secret");
    close(file);
    g_unlink(path);
    error = passwords_read(p, path);
    g_snprintf(wanted, sizeof wanted, "%s: the file cannot be read: ", path);
    assert_memory_equal(error, wanted, strlen(wanted));
    g_free(error);
    passwords_free(p);
    passwords_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(good_lines), cmocka_unit_test(hashes_are_seen),
                                       cmocka_unit_test(wrong_lines), cmocka_unit_test(files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
