/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A shared text lives as long as somebody holds it; what is remembered is found by its bytes and kind, and by nothing
 * else. */
#include "analyzer/shared_text.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/unit.h"

static struct mw_slice slice(const char *text)
{
    return (struct mw_slice){(const uint8_t *)text, (uint32_t)strlen(text)};
}

static void any_bytes(void **state)
{
    (void)state;
    const GString *text = shared_text_new("a\0b", 3);
    assert_int_equal(text->len, 3);
    assert_memory_equal(text->str, "a\0b", 4); /* and a NUL */
    assert_ptr_equal(shared_text_keep(text), text);
    shared_text_drop(text);
    assert_int_equal(text->str[2], 'b');
    shared_text_drop(text);
    const GString *empty = shared_text_new(NULL, 0);
    assert_string_equal(empty->str, "");
    shared_text_drop(empty);
    assert_null(shared_text_keep(NULL));
    shared_text_drop(NULL);
}

static void found_again(void **state)
{
    (void)state;
    struct shared_texts *texts = shared_texts_new();
    const GString *made = shared_text_new("SELECT c FROM t WHERE id = ?", 28);
    assert_null(shared_texts_find(texts, 33, slice(made->str)));
    shared_texts_remember(texts, 33, made);
    const GString *found = shared_texts_find(texts, 33, slice("SELECT c FROM t WHERE id = ?"));
    assert_ptr_equal(found, made);
    assert_null(shared_texts_find(texts, 45, slice(made->str))); /* another character set */
    assert_null(shared_texts_find(texts, 33, slice("SELECT c FROM t WHERE id = 1")));
    assert_null(shared_texts_find(texts, 33, slice("SELECT c FROM t WHERE id = ")));
    shared_text_drop(made);
    shared_texts_free(texts);
    assert_string_equal(found->str, "SELECT c FROM t WHERE id = ?");
    shared_text_drop(found);
    shared_texts_free(NULL);
}

static void neither_empty_nor_long(void **state)
{
    (void)state;
    struct shared_texts *texts = shared_texts_new();
    char *bytes = g_strnfill(SHARED_TEXT_MAX + 1, 'x');
    for (size_t n = SHARED_TEXT_MAX; n <= SHARED_TEXT_MAX + 1; n++) {
        const GString *text = shared_text_new(bytes, n);
        shared_texts_remember(texts, 0, text);
        const GString *found = shared_texts_find(texts, 0, (struct mw_slice){(const uint8_t *)bytes, (uint32_t)n});
        assert_true((found != NULL) == (n == SHARED_TEXT_MAX));
        shared_text_drop(found);
        shared_text_drop(text);
    }
    const GString *empty = shared_text_new("", 0);
    shared_texts_remember(texts, 0, empty);
    assert_null(shared_texts_find(texts, 0, slice("")));
    shared_text_drop(empty);
    g_free(bytes);
    shared_texts_free(texts);
}

/* More texts than places: newer ones take them, and what is found is always what was asked for. */
static void many(void **state)
{
    (void)state;
    struct shared_texts *texts = shared_texts_new();
    char bytes[32];
    unsigned count = 0;
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(bytes, sizeof bytes, "SELECT %u", i);
        const GString *text = shared_text_new(bytes, strlen(bytes));
        shared_texts_remember(texts, i & 1, text);
        shared_text_drop(text);
    }
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(bytes, sizeof bytes, "SELECT %u", i);
        const GString *found = shared_texts_find(texts, i & 1, slice(bytes));
        if (found)
            assert_string_equal(found->str, bytes);
        count += found != NULL;
        shared_text_drop(found);
    }
    assert_true(count > 500 && count <= 1024); /* the hash spreads them */
    shared_texts_free(texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes),
        cmocka_unit_test(found_again),
        cmocka_unit_test(neither_empty_nor_long),
        cmocka_unit_test(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
