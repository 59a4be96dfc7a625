/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which segments are one connection, and when a connection ends. */
#include "analyzer/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the above. */
#include <cmocka.h>

#define S      SEGMENT_SYN
#define K      SEGMENT_ACK
#define F      SEGMENT_FIN
#define R      SEGMENT_RST
#define SECOND INT64_C(1000000000)

/* What the owner sees, as text: o1 = connection 1 opened, d1:0 = data of it in direction 0, c1:why. */
struct owner {
    char text[4096];
    size_t n;
    uint64_t open;
};

struct conn {
    struct owner *owner;
    uint64_t id;
};

static void add(struct owner *owner, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct owner *owner, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    size_t room = sizeof owner->text - owner->n;
    size_t n = (size_t)vsnprintf(owner->text + owner->n, room, format, ap);
    owner->n += n < room ? n : 0;
    va_end(ap);
}

static void *on_open(void *user, const struct flow *flow)
{
    struct conn *conn = malloc(sizeof *conn);
    *conn = (struct conn){user, flow->ordinal};
    conn->owner->open++;
    add(user, "o%d ", (int)conn->id);
    return conn;
}

static void on_close(void *user, enum flow_end why)
{
    static const char *const names[] = {"finished", "reused", "idle", "lru", "end"};
    struct conn *conn = user;
    conn->owner->open--;
    add(conn->owner, "c%d:%s ", (int)conn->id, names[why]);
    free(conn);
}

static void on_data(void *user, int dir, const uint8_t *p, uint32_t n, int64_t time_ns, uint64_t number)
{
    struct conn *conn = user;
    (void)time_ns;
    (void)number;
    add(conn->owner, "d%d:%d:%.*s ", (int)conn->id, dir, (int)n, (const char *)p);
}

static void on_gap(void *user, int dir, uint64_t n, enum tcp_gap why, int64_t time_ns, uint64_t number)
{
    struct conn *conn = user;
    (void)why;
    (void)time_ns;
    (void)number;
    add(conn->owner, "g%d:%d:%d ", (int)conn->id, dir, (int)n);
}

static void on_event(void *user, int dir, enum tcp_event event, int64_t time_ns, uint64_t number)
{
    (void)user;
    (void)dir;
    (void)event;
    (void)time_ns;
    (void)number;
}

struct fixture {
    struct limits limits;
    struct limit_hits hits;
    struct counters counters;
    struct owner owner;
    struct flow_table *table;
    uint64_t number;
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->limits = limits_default();
    struct flow_owner owner = {
        .open = on_open, .close = on_close, .user = &f->owner, .sink = {on_data, on_gap, on_event}};
    f->table = flow_table_new(&owner, &f->limits, &f->hits, &f->counters);
}

static void end(struct fixture *f)
{
    flow_table_free(f->table);
    assert_int_equal(f->owner.open, 0);
}

/* A segment between client port `port` and the server; `from_server` turns it round. */
static void push(struct fixture *f, int64_t time_ns, uint32_t port, int from_server, uint8_t flags, uint32_t seq,
                 uint32_t ack, const char *payload)
{
    struct endpoint client = {.addr = {10, 0, (uint8_t)(port >> 16), 1}, .port = (uint16_t)port, .family = 4};
    struct endpoint server = {.addr = {10, 0, 0, 2}, .port = 3306, .family = 4};
    struct segment segment = {
        .src = from_server ? server : client,
        .dst = from_server ? client : server,
        .seq = seq,
        .ack = ack,
        .flags = flags,
        .payload = (const uint8_t *)payload,
        .length = (uint32_t)strlen(payload),
        .wire_length = (uint32_t)strlen(payload),
        .time_ns = time_ns,
        .number = ++f->number,
    };
    flow_table_push(f->table, &segment);
}

static void connect(struct fixture *f, uint32_t port, uint32_t isn)
{
    push(f, 0, port, 0, S, isn, 0, "");
    push(f, 0, port, 1, S | K, 5000, isn + 1, "");
    push(f, 0, port, 0, K, isn + 1, 5001, "");
}

static void test_both_directions(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    connect(&f, 1, 1000);
    connect(&f, 2, 1000);
    push(&f, 0, 1, 1, K, 5001, 1001, "a");
    push(&f, 0, 2, 1, K, 5001, 1001, "b");
    push(&f, 0, 2, 0, K, 1001, 5002, "c");
    push(&f, 0, 1, 0, K, 1001, 5002, "d");
    assert_int_equal(flow_table_open(f.table), 2);
    flow_table_finish(f.table);
    assert_string_equal(f.owner.text, "o1 o2 d1:1:a d2:1:b d2:0:c d1:0:d c1:end c2:end ");
    end(&f);
}

static void test_ipv6_is_another_address(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct segment s = {
        .flags = K, .payload = (const uint8_t *)"", .src = {.port = 1, .family = 4}, .dst = {.port = 2, .family = 4}};
    flow_table_push(f.table, &s);
    s.src.family = s.dst.family = 6;
    flow_table_push(f.table, &s);
    s.src.addr[15] = 1;
    flow_table_push(f.table, &s);
    struct endpoint src = s.src;
    s.src = s.dst;
    s.dst = src;
    flow_table_push(f.table, &s);
    assert_string_equal(f.owner.text, "o1 o2 o3 ");
    end(&f);
}

static void test_finished_lingers(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    connect(&f, 1, 1000);
    push(&f, 0, 1, 0, F | K, 1001, 5001, "a");
    push(&f, 0, 1, 1, F | K, 5001, 1003, "b");
    assert_string_equal(f.owner.text, "o1 d1:0:a d1:1:b c1:finished ");
    assert_int_equal(flow_table_open(f.table), 0);
    /* The last acknowledgement, everything once more, a reset: nothing new. */
    push(&f, SECOND, 1, 0, K, 1003, 5003, "");
    push(&f, SECOND, 1, 0, S, 1000, 0, "");
    push(&f, SECOND, 1, 0, F | K, 1001, 5001, "a");
    push(&f, SECOND, 1, 1, R, 5003, 0, "");
    assert_string_equal(f.owner.text, "o1 d1:0:a d1:1:b c1:finished ");
    assert_int_equal(f.counters.flows_finished, 1);
    /* Much later it is somebody else, even in the middle of it. */
    push(&f, 500 * SECOND, 1, 0, K, 9000, 8000, "z");
    flow_table_finish(f.table);
    assert_string_equal(f.owner.text, "o1 d1:0:a d1:1:b c1:finished o2 d2:0:z c2:end ");
    end(&f);
}

static void test_port_reuse(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    connect(&f, 1, 1000);
    push(&f, 0, 1, 0, R, 1001, 5001, "");
    /* After its end … */
    connect(&f, 1, 2000);
    push(&f, 0, 1, 0, K, 2001, 5001, "x");
    /* … and without an end; the SYN sent twice is one connection. */
    push(&f, 0, 1, 0, S, 700000, 0, "");
    push(&f, 0, 1, 0, S, 700000, 0, "");
    push(&f, 0, 1, 1, S | K, 9000, 700001, "");
    /* The SYN was not captured: the answer to it tells. */
    push(&f, 0, 1, 1, S | K, 10000, 800001, "");
    push(&f, 0, 1, 0, K, 800001, 10001, "y");
    flow_table_finish(f.table);
    assert_string_equal(f.owner.text, "o1 c1:finished o2 d2:0:x c2:reused o3 c3:reused o4 d4:1:y c4:end ");
    assert_int_equal(f.counters.flows_reused, 2);
    end(&f);
}

/* The SYNs of the second connection were not captured. Retransmissions of the first, and what was on its way when it was reset, are none. */
static void test_port_reuse_unopened(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    connect(&f, 1, 1000);
    push(&f, 0, 1, 0, F | K, 1001, 5001, "x");
    push(&f, 0, 1, 1, F | K, 5001, 1003, "");
    push(&f, 0, 1, 0, F | K, 1001, 5001, "x");
    push(&f, 0, 1, 0, K, 1003, 5002, "");
    assert_string_equal(f.owner.text, "o1 d1:0:x c1:finished ");
    push(&f, 0, 1, 1, K, 60000000, 40000000, "hello");
    push(&f, 0, 1, 0, K, 40000000, 60000005, "y");
    push(&f, 0, 1, 1, R, 60000005, 0, "");
    push(&f, 0, 1, 0, K, 40000001, 60000005, "on its way");
    push(&f, 0, 1, 1, K, 600000000, 400000000, "hello");
    flow_table_finish(f.table);
    assert_string_equal(f.owner.text, "o1 d1:0:x c1:finished o2 d2:0:hello d2:1:y c2:finished o3 d3:0:hello c3:end ");
    assert_int_equal(f.counters.flows_reused, 0);
    end(&f);
}

/* RFC 5961, 4.2: a SYN in the middle of a connection ends it only if its receiver has forgotten that connection. */
static void test_syn_among_talkers(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    connect(&f, 1, 1000);
    push(&f, 0, 1, 0, K, 1001, 5001, "x");
    push(&f, 0, 1, 1, K, 5001, 1002, "y");
    push(&f, 0, 1, 0, S, 700000, 0, "");
    push(&f, 0, 1, 1, S | K, 800000, 700002, "");
    push(&f, 0, 1, 1, K, 5002, 1002, "z");
    assert_int_equal(f.counters.flows_reused, 0);
    assert_int_equal(f.counters.ignored_segments, 1);
    /* Answered, it opens another one. */
    push(&f, 0, 1, 0, S, 900000, 0, "");
    push(&f, 0, 1, 0, S, 900000, 0, "");
    push(&f, 0, 1, 1, S | K, 30000, 900001, "");
    push(&f, 0, 1, 0, K, 900001, 30001, "a");
    push(&f, 0, 1, 1, K, 30001, 900002, "b");
    /* So it does where only one side is captured from then on. */
    push(&f, 0, 1, 0, S, 50000, 0, "");
    push(&f, 0, 1, 0, K, 50001, 1, "c");
    flow_table_finish(f.table);
    assert_string_equal(f.owner.text, "o1 d1:0:x d1:1:y d1:1:z c1:reused o2 d2:0:a d2:1:b c2:reused o3 d3:0:c c3:end ");
    assert_int_equal(f.counters.flows_reused, 2);
    assert_int_equal(f.counters.ignored_segments, 2);
    end(&f);
}

/* The same with data, TCP Fast Open (RFC 7413): it is of the connection that begins, if one does. */
static void test_syn_with_data(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    connect(&f, 1, 1000);
    push(&f, 0, 1, 0, K, 1001, 5001, "x");
    push(&f, 0, 1, 1, K, 5001, 1002, "y");
    push(&f, 0, 1, 0, S, 700000, 0, "evil");
    push(&f, 0, 1, 1, K, 5002, 1002, "z");
    push(&f, 0, 1, 0, S, 900000, 0, "fast");
    push(&f, 0, 1, 1, S | K, 30000, 900005, "");
    push(&f, 0, 1, 0, K, 900005, 30001, "er");
    f.limits.tcp_total_bytes = 0;
    push(&f, 0, 1, 0, S, 700000, 0, "evil");
    flow_table_finish(f.table);
    assert_string_equal(f.owner.text, "o1 d1:0:x d1:1:y d1:1:z c1:reused o2 d2:0:fast d2:0:er c2:end ");
    assert_int_equal(f.counters.ignored_segments, 2);
    assert_int_equal(f.hits.tcp_total_bytes, 1);
    end(&f);
}

/* The same where one side alone was captured. */
static void test_syn_one_way(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    push(&f, 0, 1, 0, S, 1000, 0, "");
    push(&f, 0, 1, 0, K, 1001, 5001, "");
    push(&f, 0, 1, 0, S, 3000, 0, ""); /* nothing was said yet: the client tries again */
    push(&f, 0, 1, 0, K, 3001, 5001, "x");
    push(&f, 0, 1, 0, S, 700000, 0, "");
    push(&f, 0, 1, 1, S | K, 800000, 77, "");
    push(&f, 0, 1, 0, K, 3002, 5001, "y");
    push(&f, 0, 1, 0, S, 50000, 0, "");
    push(&f, 0, 1, 0, K, 50001, 5001, "c");
    flow_table_finish(f.table);
    assert_string_equal(f.owner.text, "o1 c1:reused o2 d2:0:x d2:0:y c2:reused o3 d3:0:c c3:end ");
    assert_int_equal(f.counters.flows_reused, 2);
    end(&f);
}

static void test_end_behind_a_hole(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    connect(&f, 1, 1000);
    push(&f, 0, 1, 0, F | K, 1003, 5001, "c");
    push(&f, 0, 1, 1, F | K, 5001, 1005, "");
    flow_table_finish(f.table);
    assert_string_equal(f.owner.text, "o1 g1:0:2 d1:0:c c1:finished ");
    end(&f);
}

static void test_idle(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    f.limits.idle_seconds = 10;
    push(&f, 0, 1, 0, K, 1, 1, "a");
    push(&f, 5 * SECOND, 2, 0, K, 1, 1, "b");
    push(&f, 9 * SECOND, 1, 0, K, 2, 1, "c");
    /* Time that goes back a little ends nothing and rejuvenates nothing. */
    push(&f, 8 * SECOND, 1, 0, K, 3, 1, "d");
    push(&f, 16 * SECOND, 3, 0, K, 1, 1, "e");
    push(&f, 19 * SECOND, 1, 0, K, 4, 1, "f");
    flow_table_finish(f.table);
    assert_string_equal(f.owner.text,
                        "o1 d1:0:a o2 d2:0:b d1:0:c d1:0:d o3 d3:0:e c2:idle c1:idle o4 d4:0:f c3:end c4:end ");
    assert_int_equal(f.counters.flows_evicted_idle, 2);
    assert_int_equal(f.hits.idle_seconds, 2);
    end(&f);
}

static void test_one_wrong_time_does_not_end_all(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    for (uint32_t port = 1; port <= 100; port++)
        push(&f, 0, port, 0, K, 1, 1, "a");
    push(&f, INT64_MAX, 50, 0, K, 2, 1, "a");
    push(&f, INT64_MIN, 60, 0, K, 2, 1, "a");
    assert_true(flow_table_open(f.table) >= 95);
    end(&f);
}

static void test_lru(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    f.limits.max_flows = 3;
    for (uint32_t port = 1; port <= 3; port++)
        push(&f, 0, port, 0, K, 1, 1, "");
    push(&f, 0, 1, 1, K, 1, 1, "");
    push(&f, 0, 4, 0, K, 1, 1, "");
    assert_string_equal(f.owner.text, "o1 o2 o3 c2:lru o4 ");
    assert_int_equal(f.hits.max_flows, 1);
    /* A finished one makes room first. */
    push(&f, 0, 1, 0, R, 1, 0, "");
    push(&f, 0, 5, 0, K, 1, 1, "");
    assert_string_equal(f.owner.text, "o1 o2 o3 c2:lru o4 c1:finished o5 ");
    assert_int_equal(f.counters.flows_evicted_lru, 1);
    end(&f);
}

/* Of those in which one side alone has spoken, the oldest goes, also before a finished one that is younger. */
static void test_flood_spares_talkers(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    f.limits.max_flows = 3;
    push(&f, 0, 1, 0, K, 1, 1, "a");
    push(&f, 0, 1, 1, K, 1, 2, "b");
    push(&f, 1, 2, 0, S, 1, 0, "");
    push(&f, 2, 3, 0, R | K, 1, 0, "");
    push(&f, 2, 3, 0, K, 1, 0, "c");
    push(&f, 3, 4, 0, S, 1, 0, "");
    push(&f, 4, 3, 0, R | K, 2, 0, "");
    push(&f, 5, 5, 0, S, 1, 0, "");
    assert_string_equal(f.owner.text, "o1 d1:0:a d1:1:b o2 o3 d3:0:c c2:lru o4 c3:finished c4:lru o5 ");
    assert_int_equal(f.hits.max_flows, 2);
    for (uint32_t port = 10; port < 100; port++)
        push(&f, 6, port, 0, S, 1, 0, "");
    push(&f, 7, 1, 0, K, 2, 2, "d");
    assert_int_equal(strcmp(f.owner.text + f.owner.n - 7, "d1:0:d "), 0);
    end(&f);
}

static void test_lone_reset(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    push(&f, 0, 1, 1, R | K, 0, 1001, "");
    assert_string_equal(f.owner.text, "");
    assert_int_equal(f.counters.ignored_segments, 1);
    end(&f);
}

static void test_many(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    enum { MANY = 100000 };
    for (uint32_t i = 0; i < MANY; i++)
        push(&f, i, i, 0, S, i, 0, "");
    assert_int_equal(flow_table_open(f.table), MANY);
    for (uint32_t i = 0; i < MANY; i++)
        push(&f, i, i, 1, S | K, 5000, i + 1, "");
    assert_int_equal(f.counters.flows, MANY);
    for (uint32_t i = 0; i < MANY; i += 2)
        push(&f, i, i, 0, R, i + 1, 0, "");
    assert_int_equal(flow_table_open(f.table), MANY / 2);
    end(&f);
}

/* The server's answer came and the question is missing: when nothing more comes, it is told all the same, once it is too
 * late for the question. */
static void test_age(void **state)
{
    struct fixture fixture, *f = &fixture;
    (void)state;
    begin(f);
    push(f, 1 * SECOND, 1, 0, S, 100, 0, "");
    push(f, 1 * SECOND, 1, 1, S | K, 500, 101, "");
    push(f, 1 * SECOND, 1, 0, K, 101, 501, "");
    push(f, 2 * SECOND, 1, 1, K, 501, 104, "yes");
    assert_string_equal(f->owner.text, "o1 ");
    flow_table_age(f->table, 2 * SECOND + SECOND / 2);
    assert_string_equal(f->owner.text, "o1 ");
    flow_table_age(f->table, 3 * SECOND);
    assert_string_equal(f->owner.text, "o1 g1:0:3 d1:1:yes ");
    flow_table_age(f->table, (int64_t)f->limits.idle_seconds * SECOND);
    assert_string_equal(f->owner.text, "o1 g1:0:3 d1:1:yes ");
    flow_table_age(f->table, (int64_t)(f->limits.idle_seconds + 2) * SECOND);
    assert_string_equal(f->owner.text, "o1 g1:0:3 d1:1:yes c1:idle ");
    end(f);
}

/* The end waits with it. */
static void test_age_ends(void **state)
{
    struct fixture fixture, *f = &fixture;
    (void)state;
    begin(f);
    push(f, 1 * SECOND, 1, 0, S, 100, 0, "");
    push(f, 1 * SECOND, 1, 1, S | K, 500, 101, "");
    push(f, 1 * SECOND, 1, 0, K, 101, 501, "");
    push(f, 2 * SECOND, 1, 1, K | F, 501, 104, "yes");
    push(f, 2 * SECOND, 1, 0, K | F, 104, 505, "");
    flow_table_age(f->table, 4 * SECOND);
    assert_string_equal(f->owner.text, "o1 g1:0:3 d1:1:yes c1:finished ");
    end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_directions),
        cmocka_unit_test(test_ipv6_is_another_address),
        cmocka_unit_test(test_finished_lingers),
        cmocka_unit_test(test_port_reuse),
        cmocka_unit_test(test_port_reuse_unopened),
        cmocka_unit_test(test_syn_among_talkers),
        cmocka_unit_test(test_syn_with_data),
        cmocka_unit_test(test_syn_one_way),
        cmocka_unit_test(test_end_behind_a_hole),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_one_wrong_time_does_not_end_all),
        cmocka_unit_test(test_lru),
        cmocka_unit_test(test_flood_spares_talkers),
        cmocka_unit_test(test_lone_reset),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_age_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
