/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tls_sessions.h"

#include <string.h>

#include "analyzer/secret_memory.h"
#include "tests/support/unit.h"

static void the_oldest_session_makes_room(void **state)
{
    (void)state;
    struct secret_memory *memory = secret_memory_new(1 << 20);
    uint64_t hits = 0;
    struct tls_sessions *s = tls_sessions_new(memory, 3, &hits);
    uint8_t name[2] = {7}, master[48];
    assert_null(tls_sessions_find(s, name, 2));
    for (int i = 0; i < 5; i++) {
        name[1] = (uint8_t)i;
        memset(master, i, sizeof master);
        tls_sessions_put(s, name, 2, master);
    }
    assert_int_equal(hits, 2);
    for (int i = 0; i < 5; i++) {
        name[1] = (uint8_t)i;
        const uint8_t *found = tls_sessions_find(s, name, 2);
        if (i < 2) {
            assert_null(found);
            continue;
        }
        assert_non_null(found);
        assert_int_equal(found[0], i);
        assert_int_equal(found[47], i);
    }
    memset(master, 99, sizeof master);
    tls_sessions_put(s, name, 2, master);
    assert_int_equal(hits, 2);
    assert_int_equal(tls_sessions_find(s, name, 2)[0], 99);
    tls_sessions_free(s);
    secret_memory_free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_oldest_session_makes_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
