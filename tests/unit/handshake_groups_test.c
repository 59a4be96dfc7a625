/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/handshake_groups.h"

static const enum handshake_fact by[] = {HANDSHAKE_user, HANDSHAKE_tls};

/* A connection of a user, who is not known where NULL. */
static struct connection *connection_of(const char *user, bool tls)
{
    struct connection *c = connection_new();
    c->user = g_strdup(user);
    c->client_spoke = true;
    c->tls = tls;
    c->exact = true;
    return c;
}

static void add(struct handshake_groups *groups, const char *user, bool tls)
{
    struct connection *c = connection_of(user, tls);
    handshake_groups_add(groups, c);
    connection_free(c);
}

static void unknown_is_not_empty(void **state)
{
    (void)state;
    size_t n;
    struct handshake_groups *groups = handshake_groups_new(by, 2);
    add(groups, NULL, true);
    add(groups, "", true);
    add(groups, "app", false);
    add(groups, "app", false);
    add(groups, "app", true);
    const struct handshake_group **rows = handshake_groups_rows(groups, &n);
    assert_int_equal(n, 4);
    assert_string_equal(rows[0]->values[0], "app");
    assert_string_equal(rows[0]->values[1], "no");
    assert_int_equal(rows[0]->handshakes->connections, 2);
    assert_null(rows[1]->values[0]);
    assert_string_equal(rows[2]->values[0], "");
    assert_string_equal(rows[3]->values[0], "app");
    assert_string_equal(rows[3]->values[1], "yes");
    assert_null(handshake_groups_other(groups));
    g_free(rows);
    handshake_groups_free(groups);
}

/* More groups than are kept: in whatever order they come, in one shard or in three, the result is the same. */
static void shards_merge_to_the_same(void **state)
{
    (void)state;
    enum { USERS = 3 * HANDSHAKE_GROUPS_MAX, SHARDS = 3 };
    struct handshake_groups *whole = handshake_groups_new(by, 1), *merged = handshake_groups_new(by, 1);
    struct handshake_groups *shards[SHARDS];
    for (int s = 0; s < SHARDS; s++)
        shards[s] = handshake_groups_new(by, 1);
    char user[32];
    for (int i = 0; i < 2 * USERS; i++) {
        g_snprintf(user, sizeof user, "user%d", i * 7919 % USERS);
        add(whole, user, false);
        g_snprintf(user, sizeof user, "user%d", (2 * USERS - 1 - i) % USERS);
        add(shards[i % SHARDS], user, false);
    }
    for (int s = SHARDS; s-- > 0;) {
        handshake_groups_merge(merged, shards[s]);
        handshake_groups_free(shards[s]);
    }
    size_t n, m;
    const struct handshake_group **a = handshake_groups_rows(whole, &n), **b = handshake_groups_rows(merged, &m);
    assert_int_equal(n, HANDSHAKE_GROUPS_MAX);
    assert_int_equal(m, n);
    uint64_t sum = handshake_groups_other(whole)->connections;
    assert_int_equal(handshake_groups_other(merged)->connections, sum);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(a[i]->values[0], b[i]->values[0]);
        assert_int_equal(a[i]->handshakes->connections, b[i]->handshakes->connections);
        assert_int_equal(a[i]->handshakes->connections, 2);
        sum += a[i]->handshakes->connections;
    }
    assert_int_equal(sum, 2 * USERS);
    g_free(a);
    g_free(b);
    handshake_groups_free(whole);
    handshake_groups_free(merged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(unknown_is_not_empty), cmocka_unit_test(shards_merge_to_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
