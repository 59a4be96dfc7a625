/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/message_quotes.h"

#include <string.h>

#include "tests/support/unit.h"

/* `quoted`: what should be found; NULL: nothing. */
static void expect(const char *message, bool cut, const char *quoted)
{
    size_t begin, end;
    bool found = message_quotes(message, strlen(message), "'\"", cut, &begin, &end);
    assert_int_equal(found, quoted != NULL);
    if (!quoted)
        return;
    assert_int_equal(end - begin, strlen(quoted));
    assert_memory_equal(message + begin, quoted, end - begin);
}

static void quotes(void **state)
{
    (void)state;
    expect("Duplicate entry 'it's' for key 'PRIMARY'", false, "'it's' for key 'PRIMARY'");
    expect("Table 'a.b' doesn't exist", false, "'a.b'");
    expect("Column count doesn't match", false, NULL);
    expect("the server's limit", false, NULL);
    expect("near 'it's a cut one", false, "'it's a cut one");
    expect("near 'a' and more", true, "'a' and more");
    expect("XML \"a\" 'b' here", false, "\"a\" 'b'");
    expect("near '", false, "'");
    expect("'a'", false, "'a'");
    expect("", false, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(quotes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
