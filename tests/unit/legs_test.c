/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/legs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const uint64_t ssl = UINT64_C(1) << MW_BIT_CLIENT_SSL;

/* A connection to a server at that port, with its greeting. */
static struct connection *greeted(struct legs *legs, uint64_t id, uint16_t port, uint32_t thread_id,
                                  const char *scramble)
{
    struct connection *c = connection_new();
    struct mw_msg msg = {0};
    c->id = id;
    c->server.port = port;
    msg.greeting.thread_id = thread_id;
    msg.greeting.scramble = (struct mw_slice){(const uint8_t *)scramble, 8};
    msg.greeting.scramble_rest = (struct mw_slice){(const uint8_t *)scramble + 8, (uint32_t)strlen(scramble) - 8};
    legs_event(legs, c, &(struct mw_event){.kind = MW_EVENT_GREETING, .msg = &msg});
    return c;
}

static void login(struct legs *legs, struct connection *c, uint64_t caps, uint8_t sequence)
{
    struct mw_packet packet = {.sequence = sequence};
    c->client_spoke = c->logged_in = true;
    c->client_caps = caps;
    legs_event(legs, c, &(struct mw_event){.kind = MW_EVENT_LOGIN, .packet = &packet});
}

static void done(struct legs *legs, struct connection *c, uint64_t ordinal, int64_t sent_us, int64_t last_us)
{
    struct mw_exchange x = {.ordinal = ordinal, .exact = true, .command = 3};
    x.sent.time_ns = sent_us * 1000;
    x.first.number = 1;
    x.last.time_ns = last_us * 1000;
    legs_event(legs, c, &(struct mw_event){.kind = MW_EVENT_DONE, .exchange = &x});
}

static const char scramble[] = "abcdefghijklmnopqrst", other[] = "abcdefghijklmnopqrsu";

static void a_pair(void **state)
{
    (void)state;
    struct legs_sum sum = {0};
    struct legs *legs = legs_new(&sum);
    struct connection *server = greeted(legs, 4, 3306, 11, scramble);
    struct connection *client = greeted(legs, 3, 4006, 11, scramble);
    login(legs, client, ssl | 1, 2);
    login(legs, server, 1, 1);
    client->tls = true;
    done(legs, server, 1, 1100, 1500); /* 400 us, inside 1000 us */
    done(legs, client, 1, 1000, 2000);
    done(legs, client, 2, 3000, 3500); /* its twin is not seen */
    legs_closed(legs, server);
    assert_int_equal(sum.pairs, 0);
    legs_closed(legs, client);
    assert_int_equal(server->paired_with, 3);
    assert_int_equal(client->paired_with, 4);
    assert_int_equal(server->leg, LEG_SERVER);
    assert_int_equal(client->leg, LEG_CLIENT);
    assert_int_equal(client->proxy_added_us / 10, 60);
    assert_int_equal(sum.pairs, 1);
    assert_int_equal(sum.tls_ended, 1);
    assert_int_equal(sum.tls_begun, 0);
    assert_int_equal(sum.ssl_cleared, 1);
    assert_int_equal(sum.sequence_shifted, 1);
    assert_int_equal(sum.capabilities, 0);
    assert_int_equal(sum.collation, 0);
    assert_int_equal(sum.added_us.count, 1);
    connection_free(server);
    connection_free(client);
    sketch_clear(&sum.added_us);
    legs_free(legs);
}

/* No pair: another thread id, another scramble, the same server, one that is over, a third. */
static void no_pair(void **state)
{
    (void)state;
    struct legs_sum sum = {0};
    struct legs *legs = legs_new(&sum);
    struct connection *c[8] = {
        greeted(legs, 1, 3306, 1, scramble),    greeted(legs, 2, 3307, 2, scramble),
        greeted(legs, 3, 3307, 1, other),       greeted(legs, 4, 3306, 1, scramble), /* in place of the first */
        greeted(legs, 5, 3307, 9, "too short"),
    };
    legs_closed(legs, c[0]);
    c[5] = greeted(legs, 6, 3307, 1, scramble); /* with the fourth */
    c[6] = greeted(legs, 7, 3308, 1, scramble); /* a third leg */
    legs_closed(legs, c[6]);
    c[7] = greeted(legs, 8, 3309, 1, scramble); /* the third is over */
    for (size_t i = 0; i < G_N_ELEMENTS(c); i++) {
        static const uint64_t with[] = {0, 0, 0, 6, 0, 4, 0, 0};
        if (i != 0 && i != 6)
            legs_closed(legs, c[i]);
        assert_int_equal(c[i]->paired_with, with[i]);
        connection_free(c[i]);
    }
    assert_int_equal(sum.pairs, 1);
    legs_free(legs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_pair), cmocka_unit_test(no_pair)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
