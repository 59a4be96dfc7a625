/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments that a receiver would not take (RFC 9293, 3.10.7.4; RFC 5961; windows: RFC 7323, 2.2) leave no trace but a count. */
#include "analyzer/tcp_doubt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
/* cmocka needs the above. */
#include <cmocka.h>

#define S SEGMENT_SYN
#define K SEGMENT_ACK
#define F SEGMENT_FIN
#define R SEGMENT_RST

/* A connection in which both sides have windows of WINDOW << SHIFT bytes, and what came out of it. */
enum { WINDOW = 1000, SHIFT = 7, FAR = 10 * 1000 * 1000 };

struct fixture {
    struct limits limits;
    struct limit_hits hits;
    struct counters counters;
    struct tcp_env env;
    struct tcp tcp;
    char text[256];
    size_t n;
    uint64_t number;
};

static void log_data(void *user, int dir, const uint8_t *p, uint32_t n, int64_t time_ns, uint64_t number)
{
    struct fixture *f = user;
    (void)time_ns;
    (void)number;
    f->n += (size_t)snprintf(f->text + f->n, sizeof f->text - f->n, "%d:%.*s ", dir, (int)n, (const char *)p);
}

static void log_gap(void *user, int dir, uint64_t n, enum tcp_gap why, int64_t time_ns, uint64_t number)
{
    struct fixture *f = user;
    (void)why;
    (void)time_ns;
    (void)number;
    f->n += (size_t)snprintf(f->text + f->n, sizeof f->text - f->n, "%d:gap%d ", dir, (int)n);
}

static void log_event(void *user, int dir, enum tcp_event event, int64_t time_ns, uint64_t number)
{
    struct fixture *f = user;
    (void)time_ns;
    (void)number;
    if (event == TCP_FIN || event == TCP_RST)
        f->n += (size_t)snprintf(f->text + f->n, sizeof f->text - f->n, "%d:%s ", dir, event == TCP_FIN ? "FIN" : "RST");
}

static void push(struct fixture *f, int dir, uint8_t flags, uint32_t seq, uint32_t ack, const char *payload)
{
    /* Data offset 6: maximum segment size is left out, window scale and NOP are there. */
    static const uint8_t with_scale[24] = {[12] = 6 << 4, [20] = 1, [21] = 3, [22] = 3, [23] = SHIFT};
    const struct segment s = {.seq = seq,
                              .ack = ack,
                              .flags = flags,
                              .window = WINDOW,
                              .payload = (const uint8_t *)payload,
                              .length = (uint32_t)strlen(payload),
                              .wire_length = (uint32_t)strlen(payload),
                              .tcp = with_scale,
                              .number = ++f->number};
    tcp_push(&f->tcp, &f->env, f, dir, &s);
}

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    f->limits = limits_default();
    f->env = (struct tcp_env){.sink = {log_data, log_gap, log_event},
                              .limits = &f->limits,
                              .hits = &f->hits,
                              .counters = &f->counters};
    push(f, 0, S, 1000, 0, "");
    push(f, 1, S | K, 5000, 1001, "");
    push(f, 0, K, 1001, 5001, "");
    push(f, 1, K, 5001, 1001, "hello");
    push(f, 0, K, 1001, 5006, "login");
}

static void end(struct fixture *f, const char *text, uint64_t ignored)
{
    tcp_finish(&f->tcp, &f->env, f);
    assert_string_equal(f->text, text);
    assert_int_equal(f->counters.ignored_segments, ignored);
    assert_int_equal(f->env.queued, 0);
}

#define SAID "1:hello 0:login "

static void beyond_the_window(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    push(&f, 0, K, 1006 + FAR, 5006, "DROP TABLE");
    push(&f, 1, F | K, 5006 + FAR, 1006, "");
    push(&f, 1, K, 5006, 1006 + FAR, "");
    push(&f, 0, R, 1006 + FAR, 0, "");
    push(&f, 1, R | K, 5006 + FAR / 2, 1006, "");
    push(&f, 1, K, 5006, 1006, "ok");
    push(&f, 0, F | K, 1006, 5008, "");
    push(&f, 1, F | K, 5008, 1007, "");
    end(&f, SAID "1:ok 0:FIN 1:FIN ", 5);
}

/* Within the window nobody can tell; it is as large as the scale says. */
static void within_the_window(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    push(&f, 0, K, 1006 + (WINDOW << SHIFT) / 2, 5006, "x");
    end(&f, SAID "0:gap64000 0:x ", 0);
}

/* Both sides go on elsewhere: the capture has a hole. */
static void the_next_one_confirms(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    push(&f, 1, K, 5006 + FAR, 1006, "rows");
    push(&f, 1, K, 5010 + FAR, 1006, "more");
    end(&f, SAID "1:gap10000000 1:rows 1:more ", 0);
}

static void the_answer_confirms(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    push(&f, 0, K, 1006 + FAR, 5006 + FAR, "ask");
    push(&f, 1, K, 5006 + FAR, 1009 + FAR, "answer");
    push(&f, 0, K, 1009 + FAR, 5012 + FAR, "again");
    assert_int_equal(f.counters.ignored_segments, 0);
    tcp_finish(&f.tcp, &f.env, &f);
    assert_non_null(strstr(f.text, "0:ask "));
    assert_non_null(strstr(f.text, "1:answer "));
    assert_non_null(strstr(f.text, "0:again "));
}

static void a_reset_elsewhere(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    push(&f, 1, R, 5100, 0, "");
    assert_false(tcp_is_over(&f.tcp));
    push(&f, 0, K, 1006, 5006, "ask"); /* the other side does not know yet */
    end(&f, SAID "0:ask 1:RST ", 0);
    begin(&f);
    push(&f, 1, R, 5100, 0, "");
    push(&f, 1, K, 5006, 1006, "ok");
    end(&f, SAID "1:ok ", 1);
}

static void no_memory_for_doubts(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    f.limits.tcp_total_bytes = 0;
    push(&f, 1, K, 5006 + FAR, 1006, "rows");
    push(&f, 1, K, 5010 + FAR, 1006, "more");
    end(&f, SAID, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(beyond_the_window),     cmocka_unit_test(within_the_window),
                                       cmocka_unit_test(the_next_one_confirms), cmocka_unit_test(the_answer_confirms),
                                       cmocka_unit_test(a_reset_elsewhere),     cmocka_unit_test(no_memory_for_doubts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
