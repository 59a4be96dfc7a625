/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expected lines are what Python's json module reads back as the values that were written. */
#include "analyzer/json.h"
#include "analyzer/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect_document(struct json *json, GString *out, const char *expected)
{
    assert_int_equal(json_finish(json), 0);
    assert_string_equal(out->str, expected);
    g_string_truncate(out, 0);
}

static void nesting(void **state)
{
    (void)state;
    GString *out = g_string_new(NULL);
    struct json json;
    json_init(&json, sink_string(out), JSON_LINES);
    for (int again = 0; again < 2; again++) {
        json_object_begin(&json);
        json_put_int(&json, "a", 1);
        json_key(&json, "b");
        json_array_begin(&json);
        json_array_begin(&json);
        json_array_end(&json);
        json_object_begin(&json);
        json_object_end(&json);
        json_object_begin(&json);
        json_put_null(&json, "c");
        json_put_bool(&json, "d", true);
        json_object_end(&json);
        json_text(&json, "x");
        json_bool(&json, false);
        json_array_end(&json);
        json_put_string(&json, "e", NULL);
        json_put_string_n(&json, "f", "yz", 1);
        json_put_uint(&json, "g", 7);
        json_put_double(&json, "h", 0.5);
        json_object_end(&json);
        expect_document(&json, out,
                        "{\"a\":1,\"b\":[[],{},{\"c\":null,\"d\":true},\"x\",false],\"e\":null,\"f\":\"y\","
                        "\"g\":7,\"h\":0.5}\n");
    }
    json_none(&json);
    expect_document(&json, out, "null\n");
    g_string_free(out, TRUE);
}

static void indented(void **state)
{
    (void)state;
    GString *out = g_string_new(NULL);
    struct json json;
    json_init(&json, sink_string(out), JSON_INDENTED);
    json_object_begin(&json);
    json_key(&json, "a");
    json_array_begin(&json);
    json_int(&json, 1);
    json_object_begin(&json);
    json_put_int(&json, "b", 2);
    json_object_end(&json);
    json_array_end(&json);
    json_key(&json, "c");
    json_object_begin(&json);
    json_object_end(&json);
    json_key(&json, "d");
    json_array_begin(&json);
    json_array_end(&json);
    json_object_end(&json);
    /* Python: json.dumps(value, indent=2) */
    expect_document(&json, out,
                    "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}\n");
    g_string_free(out, TRUE);
}

static void deep(void **state)
{
    (void)state;
    GString *out = g_string_new(NULL);
    struct json json;
    json_init(&json, sink_string(out), JSON_LINES);
    for (int i = 0; i < JSON_DEPTH_MAX; i++) {
        if (i % 3 == 0) {
            json_array_begin(&json);
            json_int(&json, i);
        } else {
            json_object_begin(&json);
            json_key(&json, "k");
        }
    }
    json_none(&json);
    for (int i = JSON_DEPTH_MAX; i-- > 0;) {
        if (i % 3 == 0)
            json_array_end(&json);
        else
            json_object_end(&json);
    }
    assert_int_equal(json_finish(&json), 0);
    assert_true(g_str_has_prefix(out->str, "[0,{\"k\":{\"k\":[3,{\"k\":"));
    assert_non_null(strstr(out->str, "[63,null]}}]}}]"));
    assert_true(g_str_has_suffix(out->str, "}}]}}]\n"));
    g_string_free(out, TRUE);
}

static void check_string(const char *text, size_t n, const char *expected)
{
    GString *out = g_string_new(NULL);
    struct json json;
    json_init(&json, sink_string(out), JSON_LINES);
    json_text_n(&json, text, n);
    expect_document(&json, out, expected);
    g_string_free(out, TRUE);
}
#define CHECK(text, expected) check_string(text, sizeof(text) - 1, "\"" expected "\"\n")

static void strings(void **state)
{
    (void)state;
    CHECK("", "");
    CHECK("plain text, longer than eight bytes", "plain text, longer than eight bytes");
    CHECK("a\"b\\c/d", "a\\\"b\\\\c/d");
    CHECK("\b\t\n\v\f\r\x1b\0\x1f", "\\b\\t\\n\\u000b\\f\\r\\u001b\\u0000\\u001f");
    CHECK("12345678\x7f", "12345678\\u007f");
    CHECK("\u00e9\u65e5\U0001F600", "\u00e9\u65e5\U0001F600");
    CHECK("x\u2028y\u2029", "x\\u2028y\\u2029");
    CHECK("\u202e\u2066\u200f\u061c", "\\u202e\\u2066\\u200f\\u061c");
    CHECK("\xc2\x80\xc2\x9b\xc2\xa0", "\\u0080\\u009b\u00a0");
    /* Stray, overlong, surrogate, too large, cut off; each byte counts, as text_to_utf8() counts them. */
    CHECK("a\xff"
          "b",
          "a\uFFFDb");
    CHECK("\xc0\x80", "\uFFFD\uFFFD");
    CHECK("\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD");
    CHECK("\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD");
    CHECK("\xe2\x82", "\uFFFD\uFFFD");
    CHECK("\xe2\x82\xac\xe2\x82", "\u20ac\uFFFD\uFFFD");
}

/* Every special character at every place of the eight-byte step, against every neighbour. */
static void every_byte_everywhere(void **state)
{
    (void)state;
    GString *out = g_string_new(NULL);
    struct json json;
    json_init(&json, sink_string(out), JSON_LINES);
    for (int c = 0; c < 256; c++) {
        for (int place = 0; place < 19; place++) {
            for (int around = 'a'; around != 0; around = around == 'a' ? 0xC3 : around == 0xC3 ? ' ' : 0) {
                char text[19];
                memset(text, around, sizeof text);
                text[place] = (char)c;
                json_text_n(&json, text, sizeof text);
                assert_int_equal(json_finish(&json), 0);
                assert_true(g_utf8_validate(out->str, (gssize)out->len, NULL));
                assert_int_equal(out->str[0], '"');
                assert_string_equal(out->str + out->len - 2, "\"\n");
                for (size_t i = 1; i < out->len - 2; i++) {
                    assert_true((uint8_t)out->str[i] >= 0x20 && out->str[i] != 0x7F && out->str[i] != '"');
                    i += out->str[i] == '\\';
                }
                g_string_truncate(out, 0);
            }
        }
    }
    g_string_free(out, TRUE);
}

static void long_strings(void **state)
{
    (void)state;
    GString *out = g_string_new(NULL);
    GString *text = g_string_new(NULL);
    GString *expected = g_string_new(NULL);
    struct json json;
    json_init(&json, sink_string(out), JSON_LINES);
    for (size_t n = JSON_BUFFER - 8; n < JSON_BUFFER + 8; n++) {
        g_string_set_size(text, n);
        memset(text->str, 'x', n);
        g_string_printf(expected, "[\"%s\",\"%s\\n\"]\n", text->str, text->str);
        json_array_begin(&json);
        json_text(&json, text->str);
        g_string_append_c(text, '\n');
        json_text(&json, text->str);
        json_array_end(&json);
        expect_document(&json, out, expected->str);
    }
    g_string_free(out, TRUE);
    g_string_free(text, TRUE);
    g_string_free(expected, TRUE);
}

static void numbers(void **state)
{
    (void)state;
    GString *out = g_string_new(NULL);
    struct json json;
    json_init(&json, sink_string(out), JSON_LINES);
    json_array_begin(&json);
    json_int(&json, 0);
    json_int(&json, -1);
    json_int(&json, INT64_MIN);
    json_int(&json, INT64_MAX);
    json_uint(&json, UINT64_MAX);
    json_uint(&json, (UINT64_C(1) << 53) + 1);
    json_array_end(&json);
    expect_document(&json, out,
                    "[0,-1,-9223372036854775808,9223372036854775807,18446744073709551615,9007199254740993]\n");
    json_array_begin(&json);
    json_double(&json, 0.1);
    json_double(&json, 3);
    json_double(&json, -0.0);
    json_double(&json, 1e300);
    json_double(&json, 0.1 + 0.2);
    json_double(&json, 5e-324);
    json_double(&json, 1.7976931348623157e308);
    json_double(&json, 9007199254740991.0);
    json_double(&json, NAN);
    json_double(&json, INFINITY);
    json_double(&json, -INFINITY);
    json_float(&json, 0.1f);
    json_float(&json, 16777216.0f);
    json_float(&json, 3.4028235e38f);
    json_float(&json, 1e-45f);
    json_float(&json, NAN);
    json_array_end(&json);
    /* Python: repr() of the same numbers; numpy.float32 for the last ones. */
    expect_document(&json, out,
                    "[0.1,3,-0.0,1e+300,0.30000000000000004,5e-324,1.7976931348623157e+308,9007199254740991,"
                    "null,null,null,0.1,16777216,3.4028235e+38,1e-45,null]\n");
    g_string_free(out, TRUE);
}

static void doubles_read_back(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        double value;
        memcpy(&value, &bits, sizeof value);
        char text[TEXT_NUMBER_MAX];
        size_t n = text_double(text, value);
        assert_int_equal(n, strlen(text));
        assert_true(isfinite(value) ? strtod(text, NULL) == value : n == 0);
        float single;
        memcpy(&single, &bits, sizeof single);
        n = text_float(text, single);
        assert_true(isfinite(single) ? strtof(text, NULL) == single : n == 0);
    }
}

static int fail_after(void *user, const char *p, size_t n)
{
    size_t *left = user;
    (void)p;
    if (n > *left)
        return ENOSPC;
    *left -= n;
    return 0;
}

static void errors(void **state)
{
    (void)state;
    size_t left = 10;
    struct json json;
    json_init(&json, (struct sink){fail_after, &left}, JSON_LINES);
    json_text(&json, "12345");
    assert_int_equal(json_finish(&json), 0);
    json_text(&json, "12345");
    assert_int_equal(json_finish(&json), ENOSPC);
    left = 100;
    json_none(&json);
    assert_int_equal(json_finish(&json), ENOSPC);
    assert_int_equal(left, 100);
}

static void misuse(void **state)
{
    (void)state;
#ifndef NDEBUG
    /* An assertion ends the process: each case in a child that must die of SIGABRT. */
    for (int wrong = 0; wrong < 6; wrong++) {
        pid_t child = fork();
        if (child == 0) {
            struct json json;
            GString *out = g_string_new(NULL);
            signal(SIGABRT, SIG_DFL);
            dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
            json_init(&json, sink_string(out), JSON_LINES);
            switch (wrong) {
            case 0: json_object_begin(&json), json_int(&json, 1); break;
            case 1: json_array_begin(&json), json_key(&json, "a"); break;
            case 2: json_object_begin(&json), json_key(&json, "a"), json_object_end(&json); break;
            case 3: json_object_begin(&json), json_array_end(&json); break;
            case 4: json_array_begin(&json), json_finish(&json); break;
            case 5: json_none(&json), json_none(&json); break;
            }
            _exit(0);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
#else
    skip();
#endif
}

static void file_sink(void **state)
{
    (void)state;
    int fds[2];
    char got[64] = "";
    assert_int_equal(pipe(fds), 0);
    struct sink_file *file = sink_file_new(fds[1], 8);
    struct sink sink = sink_file_sink(file);
    assert_int_equal(sink_write(sink, "abc", 3), 0);
    assert_int_equal(sink_file_written(file), 0);
    assert_int_equal(sink_write(sink, "defgh", 5), 0);
    assert_int_equal(sink_write(sink, "0123456789", 10), 0);
    assert_int_equal(sink_write(sink, "", 0), 0);
    assert_int_equal(sink_write(sink, "z", 1), 0);
    assert_int_equal(sink_file_written(file), 18);
    assert_int_equal(sink_file_flush(file), 0);
    assert_int_equal(read(fds[0], got, sizeof got), 19);
    assert_string_equal(got, "abcdefgh0123456789z");

    /* A reader that has gone: told once. */
    signal(SIGPIPE, SIG_IGN);
    close(fds[0]);
    assert_int_equal(sink_write(sink, "abc", 3), 0);
    assert_int_equal(sink_file_flush(file), EPIPE);
    assert_int_equal(sink_write(sink, "abc", 3), EPIPE);
    assert_int_equal(sink_file_take_error(file), EPIPE);
    assert_int_equal(sink_file_take_error(file), 0);
    assert_int_equal(sink_file_free(file), 0);
    close(fds[1]);

    int full = open("/dev/full", O_WRONLY);
    if (full >= 0) {
        file = sink_file_new(full, SINK_FILE_BUFFER);
        assert_int_equal(sink_write(sink_file_sink(file), "abc", 3), 0);
        assert_int_equal(sink_file_free(file), ENOSPC);
        close(full);
    }
    assert_int_equal(sink_file_free(NULL), 0);
}

/* A slow reader behind a non-blocking descriptor gets everything. */
static void nonblocking_sink(void **state)
{
    (void)state;
    int fds[2];
    enum { TOTAL = 1 << 20 };
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
    pid_t child = fork();
    if (child == 0) {
        char buffer[4096];
        size_t total = 0;
        close(fds[1]);
        for (ssize_t n; (n = read(fds[0], buffer, sizeof buffer)) > 0;)
            total += (size_t)n;
        _exit(total == TOTAL ? 0 : 1);
    }
    close(fds[0]);
    char *data = g_malloc0(TOTAL);
    struct sink_file *file = sink_file_new(fds[1], 1000);
    for (size_t i = 0; i < TOTAL; i += 512)
        assert_int_equal(sink_write(sink_file_sink(file), data + i, 512), 0);
    assert_int_equal(sink_file_free(file), 0);
    close(fds[1]);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    g_free(data);
}

/* Every number of digits, with every amount of room before the buffer is full; what stands beside stays. */
static void digits_at_the_edge(void **state)
{
    (void)state;
    GString *out = g_string_new(NULL);
    GString *expected = g_string_new(NULL);
    struct json json;
    json_init(&json, sink_string(out), JSON_LINES);
    for (size_t before = JSON_BUFFER - 40; before <= JSON_BUFFER + 1; before++) {
        uint64_t value = 7;
        for (int digits = 1; digits <= 19; digits++, value = value * 10 + (uint64_t)digits % 10) {
            char *text = g_strnfill(before, 'y');
            g_string_printf(expected,
                            "[\"%s\",%" PRIu64 ",-%" PRIu64
                            ",{\"k\":\"a\",\"a longer key\":\"plain text, é\"},true,null]\n",
                            text, value, value);
            json_array_begin(&json);
            json_text(&json, text);
            json_uint(&json, value);
            json_int(&json, (int64_t)-value);
            json_object_begin(&json);
            json_name(&json, "k", 1);
            json_text(&json, "a");
            json_name(&json, "a longer key", 12);
            json_text(&json, "plain text, é");
            json_object_end(&json);
            json_bool(&json, true);
            json_none(&json);
            json_array_end(&json);
            expect_document(&json, out, expected->str);
            g_free(text);
        }
    }
    g_string_free(out, TRUE);
    g_string_free(expected, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nesting),
        cmocka_unit_test(indented),
        cmocka_unit_test(deep),
        cmocka_unit_test(strings),
        cmocka_unit_test(long_strings),
        cmocka_unit_test(every_byte_everywhere),
        cmocka_unit_test(numbers),
        cmocka_unit_test(doubles_read_back),
        cmocka_unit_test(errors),
        cmocka_unit_test(misuse),
        cmocka_unit_test(file_sink),
        cmocka_unit_test(nonblocking_sink),
        cmocka_unit_test(digits_at_the_edge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
