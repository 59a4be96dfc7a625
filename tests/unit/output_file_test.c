/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file appears whole or not at all. */
#include "tests/support/unit.h"

#include "analyzer/output_file.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    char *folder, *path;
};

static int begin(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    f->folder = g_dir_make_tmp("output-file-test-XXXXXX", NULL);
    f->path = g_build_filename(f->folder, "a", NULL);
    *state = f;
    return 0;
}

static guint entries(const char *folder)
{
    GDir *dir = g_dir_open(folder, 0, NULL);
    guint n = 0;
    while (g_dir_read_name(dir))
        n++;
    g_dir_close(dir);
    return n;
}

static int end(void **state)
{
    struct fixture *f = *state;
    g_unlink(f->path);
    assert_int_equal(g_rmdir(f->folder), 0);
    g_free(f->path);
    g_free(f->folder);
    g_free(f);
    return 0;
}

static void holds(const char *path, const char *text)
{
    char *content;
    assert_true(g_file_get_contents(path, &content, NULL, NULL));
    assert_string_equal(content, text);
    g_free(content);
}

static void write_file(const char *path, const char *text, bool keep)
{
    struct output_file *out;
    assert_null(output_file_open(&out, path));
    assert_int_equal(sink_write(output_file_sink(out), text, strlen(text)), 0);
    assert_null(output_file_close(out, keep));
}

static void test_whole_or_not(void **state)
{
    struct fixture *f = *state;
    write_file(f->path, "thrown away", false);
    assert_int_equal(entries(f->folder), 0);
    struct output_file *out;
    assert_null(output_file_open(&out, f->path));
    sink_write(output_file_sink(out), "first", 5);
    assert_int_not_equal(g_access(f->path, F_OK), 0);
    assert_null(output_file_close(out, true));
    holds(f->path, "first");
    write_file(f->path, "thrown away", false);
    holds(f->path, "first");
    assert_int_equal(entries(f->folder), 1);
}

static void test_replaced(void **state)
{
    struct fixture *f = *state;
    char *link = g_build_filename(f->folder, "link", NULL);
    struct stat st;
    write_file(f->path, "first", true);
    assert_int_equal(g_chmod(f->path, 0640), 0);
    assert_int_equal(symlink("a", link), 0);
    write_file(link, "second", true);
    holds(f->path, "second");
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    g_unlink(link);
    g_free(link);
}

static void test_refused(void **state)
{
    struct fixture *f = *state;
    struct output_file *out;
    char *missing = g_build_filename(f->folder, "no", "where", NULL);
    const char *const places[] = {missing, f->folder};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        char *error = output_file_open(&out, places[i]);
        assert_non_null(error);
        assert_non_null(strstr(error, "choose another place with -o"));
        g_free(error);
    }
    g_free(missing);
    /* A device that is full: the write is what fails, and the device stays. */
    if (g_access("/dev/full", W_OK) == 0) {
        assert_null(output_file_open(&out, "/dev/full"));
        sink_write(output_file_sink(out), "x", 1);
        char *error = output_file_close(out, true);
        assert_non_null(strstr(error, "/dev/full could not be written"));
        g_free(error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole_or_not, begin, end),
        cmocka_unit_test_setup_teardown(test_replaced, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
