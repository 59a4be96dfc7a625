/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets put in and taken out: what is left is what was there. */
#include "tests/support/unit.h"

#include "analyzer/pcapng_rewrite.h"
#include "tests/support/pcapng.h"

#include <stdio.h>

static struct capture_file open_bytes(const GByteArray *bytes, size_t n, bool ahead)
{
    return (struct capture_file){
        .name = g_strdup("x.pcapng"), .file = fmemopen(bytes->data, n, "rb"), .pcapng = true, .ahead = ahead};
}

static GByteArray *taken(GString *text)
{
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)text->str, (guint)text->len);
    g_string_free(text, TRUE);
    return bytes;
}

static GByteArray *inject(const GByteArray *bytes, size_t n, bool ahead, char **error)
{
    struct capture_file in = open_bytes(bytes, n, ahead);
    GPtrArray *texts = g_ptr_array_new();
    GString *first = g_string_new("CLIENT_RANDOM a b\n"), *second = g_string_new("x"), *out = g_string_new(NULL);
    g_ptr_array_add(texts, first);
    g_ptr_array_add(texts, second);
    *error = pcapng_inject(&in, texts, sink_string(out));
    capture_file_close(&in);
    g_ptr_array_unref(texts);
    g_string_free(first, TRUE);
    g_string_free(second, TRUE);
    return taken(out);
}

static GByteArray *strip(const GByteArray *bytes, size_t n, bool planned, uint64_t *blocks, char **error)
{
    struct capture_file in = open_bytes(bytes, n, planned);
    struct pcapng_stripped plan = {0};
    GString *out = g_string_new(NULL);
    *error = planned ? pcapng_strip_plan(&in, &plan) : NULL;
    capture_file_close(&in);
    in = open_bytes(bytes, n, planned);
    if (!*error)
        *error = pcapng_strip(&in, planned ? &plan : NULL, sink_string(out), blocks);
    if (!*error && planned)
        assert_int_equal(*blocks, plan.blocks);
    capture_file_close(&in);
    if (plan.sections)
        g_array_free(plan.sections, TRUE);
    return taken(out);
}

static void same(const GByteArray *a, const GByteArray *b)
{
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->data, b->data, a->len);
}

/* Two sections; `length` of the first, and secrets (or none) where inject() puts them. */
static struct ng capture(bool big, gint64 length, bool secrets)
{
    struct ng f = {g_byte_array_new(), big};
    ng_section_of(&f, length);
    ng_interface(&f, 1, 0, 9, 0);
    ng_other(&f, 4, 8);
    if (secrets) {
        ng_secrets(&f, 0x544c534b, "CLIENT_RANDOM a b\n");
        ng_secrets(&f, 0x544c534b, "x");
    }
    ng_packet(&f, 0, 1, "abcde", 5, 5);
    f.big = !big;
    ng_section(&f);
    ng_interface(&f, 101, 0, 6, 0);
    ng_packet(&f, 0, 1, "abcdefg", 7, 7);
    return f;
}

static void test_there_and_back(void **state)
{
    (void)state;
    for (int variant = 0; variant < 8; variant++) {
        bool big = variant & 1, ahead = variant & 2;
        gint64 length = variant & 4 ? 124 : -1;
        /* The two blocks have 40 and 24 bytes. */
        struct ng before = capture(big, length, false), after = capture(big, length < 0 ? -1 : length + 64, true);
        char *error;
        uint64_t blocks;
        GByteArray *injected = inject(before.bytes, before.bytes->len, ahead, &error);
        assert_null(error);
        same(injected, after.bytes);
        GByteArray *stripped = strip(injected, injected->len, true, &blocks, &error);
        assert_null(error);
        assert_int_equal(blocks, 2);
        same(stripped, before.bytes);
        g_byte_array_unref(stripped);
        /* Read once only, the length is not known in time. */
        struct ng once = capture(big, -1, false);
        stripped = strip(injected, injected->len, false, &blocks, &error);
        assert_null(error);
        same(stripped, once.bytes);
        g_byte_array_unref(stripped);
        g_byte_array_unref(injected);
        g_byte_array_unref(before.bytes);
        g_byte_array_unref(after.bytes);
        g_byte_array_unref(once.bytes);
    }
}

/* A section without packets gets its secrets at its end. */
static void test_no_packets(void **state)
{
    (void)state;
    for (int sections = 1; sections <= 2; sections++) {
        struct ng before = {g_byte_array_new(), false}, after = {g_byte_array_new(), false};
        char *error;
        ng_section(&before);
        ng_section(&after);
        ng_secrets(&after, 0x544c534b, "CLIENT_RANDOM a b\n");
        ng_secrets(&after, 0x544c534b, "x");
        if (sections == 2) {
            ng_section(&before);
            ng_section(&after);
        }
        GByteArray *injected = inject(before.bytes, before.bytes->len, true, &error);
        assert_null(error);
        same(injected, after.bytes);
        g_byte_array_unref(injected);
        g_byte_array_unref(before.bytes);
        g_byte_array_unref(after.bytes);
    }
}

/* Cut anywhere: inject copies what stands behind the first packet's block as it is; strip wants to see all of it. */
static void test_cut(void **state)
{
    (void)state;
    struct ng whole = capture(false, -1, true);
    const size_t to_packet = 28 + 40 + 20 + 40 + 24, packet = 40;
    for (size_t n = 1; n < whole.bytes->len; n++) {
        char *error;
        uint64_t blocks;
        GByteArray *injected = inject(whole.bytes, n, n & 1, &error);
        if (n >= to_packet + packet) {
            assert_null(error);
            assert_int_equal(injected->len, n + 64);
        }
        g_free(error);
        g_byte_array_unref(injected);
        GByteArray *stripped = strip(whole.bytes, n, n & 1, &blocks, &error);
        bool between = n == 28 || n == 28 + 40 || n == 28 + 40 + 20 || n == to_packet - 24 || n == to_packet ||
                       n == to_packet + packet || n == to_packet + packet + 28 || n == to_packet + packet + 28 + 40;
        assert_int_equal(between, error == NULL);
        /* With a plan nothing comes out of what cannot be read. */
        if (error && n & 1)
            assert_int_equal(stripped->len, 0);
        g_free(error);
        g_byte_array_unref(stripped);
    }
    g_byte_array_unref(whole.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_no_packets),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
