/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results do not depend on the order of commands, nor on how they are shared out. What they are is held by
 * tests/digest_command_test.py. */
#include "tests/support/unit.h"

#include <string.h>

#include "analyzer/digests.h"
#include "analyzer/shared_text.h"

enum { COMMANDS = 3000, LIMIT = 20, STATEMENTS = 50 };

/* The i-th of a stream of commands: 50 statements, two databases, durations and errors of all sorts. */
static void fill(struct command *c, unsigned i)
{
    char text[64];
    unsigned x = i * 2654435761u;
    *c = (struct command){.connection = i % 7, .ordinal = i, .packet = i + 1, .start_ns = 1000 + x % 1000, .seen = true, .exact = i % 11 != 0};
    c->code = i % 13 == 0 ? MW_COM_STMT_PREPARE : i % 17 == 0 ? MW_COM_PING : i % 19 == 0 ? MW_COM_STMT_FETCH : MW_COM_QUERY;
    int n = g_snprintf(text, sizeof text, "SELECT `c%u` FROM `t`", x % STATEMENTS);
    c->digest_text = i % 23 == 0 ? NULL : shared_text_new(text, (size_t)n);
    if (c->digest_text)
        sql_digest_id(c->digest, text, (size_t)n);
    c->database = i % 3 == 0 ? shared_text_new("a", 1) : NULL;
    c->sql = shared_text_new(text, (size_t)n);
    c->sql_bytes = (uint64_t)n;
    c->outcome = i % 5 == 0 ? MW_OUTCOME_ERROR : MW_OUTCOME_RESULTSET;
    c->error = i % 5 == 0 ? (uint16_t)(1000 + x % 40) : 0;
    c->rows = x % 9;
    c->first_byte_us = i % 29 == 0 ? -1 : (int64_t)(x % 500);
    c->duration_us = i % 29 == 0 ? -1 : c->first_byte_us + x % 100;
    c->request_bytes = 10 + x % 90;
    c->response_bytes = x % 1000;
}

static void add(struct digests *all, unsigned i)
{
    struct command c;
    fill(&c, i);
    digests_add(all, &c);
    shared_text_drop(c.digest_text);
    shared_text_drop(c.database);
    shared_text_drop(c.sql);
}

static void same_digest(const struct digest *a, const struct digest *b)
{
    assert_string_equal(a->text ? a->text->str : "", b->text ? b->text->str : "");
    assert_string_equal(a->database ? a->database->str : "", b->database ? b->database->str : "");
    assert_int_equal(a->calls, b->calls);
    assert_int_equal(a->prepares, b->prepares);
    assert_int_equal(a->errors, b->errors);
    assert_memory_equal(a->error_codes, b->error_codes, sizeof a->error_codes);
    assert_int_equal(a->other_errors, b->other_errors);
    assert_int_equal(a->rows_sent, b->rows_sent);
    assert_int_equal(a->request_bytes, b->request_bytes);
    assert_int_equal(a->response_bytes, b->response_bytes);
    assert_int_equal(a->inexact, b->inexact);
    assert_true(sketch_is_equal(&a->first_byte, &b->first_byte));
    assert_true(sketch_is_equal(&a->duration, &b->duration));
    assert_int_equal(a->first_seen_ns, b->first_seen_ns);
    assert_int_equal(a->last_seen_ns, b->last_seen_ns);
    assert_int_equal(a->worst.there, b->worst.there);
    assert_int_equal(a->worst.ordinal, b->worst.ordinal);
    assert_int_equal(a->worst.duration_us, b->worst.duration_us);
    assert_string_equal(a->worst.fingerprint_id, b->worst.fingerprint_id);
}

static void same(const struct digests *a, const struct digests *b)
{
    size_t n, m;
    const struct digest **x = digests_rows(a, &n), **y = digests_rows(b, &m);
    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++)
        same_digest(x[i], y[i]);
    same_digest(&a->other, &b->other);
    same_digest(&a->unread, &b->unread);
    assert_int_equal(a->without_sql, b->without_sql);
    assert_int_equal(a->is_cut, b->is_cut);
    g_free(x);
    g_free(y);
}

static void orders(void **state)
{
    (void)state;
    for (size_t limit = LIMIT; limit <= LIMIT * 20; limit *= 20) {
        struct digests *forward = digests_new(limit), *backward = digests_new(limit), *merged = digests_new(limit), *parts[3];
        for (int p = 0; p < 3; p++)
            parts[p] = digests_new(limit);
        for (unsigned i = 0; i < COMMANDS; i++) {
            add(forward, i);
            add(backward, COMMANDS - 1 - i);
            add(parts[(i * 7919) % 3], i);
        }
        for (int p = 2; p >= 0; p--) {
            digests_merge(merged, parts[p]);
            digests_free(parts[p]);
        }
        assert_int_equal(forward->is_cut, limit == LIMIT);
        same(forward, backward);
        same(forward, merged);
        digests_free(forward);
        digests_free(backward);
        digests_free(merged);
    }
}

/* Nothing is lost: entries, the others and the unread ones together are all commands. */
static void complete(void **state)
{
    (void)state;
    struct digests *all = digests_new(LIMIT);
    uint64_t calls = 0, errors = 0, prepares = 0, want_calls = 0, want_errors = 0, want_prepares = 0;
    for (unsigned i = 0; i < COMMANDS; i++) {
        struct command c;
        fill(&c, i);
        want_calls += c.code == MW_COM_QUERY;
        want_prepares += c.code == MW_COM_STMT_PREPARE;
        want_errors += c.code == MW_COM_QUERY && c.outcome == MW_OUTCOME_ERROR;
        digests_add(all, &c);
        shared_text_drop(c.digest_text);
        shared_text_drop(c.database);
        shared_text_drop(c.sql);
    }
    size_t n;
    const struct digest **rows = digests_rows(all, &n);
    assert_int_equal(n, LIMIT);
    for (size_t i = 0; i < n + 2; i++) {
        const struct digest *d = i < n ? rows[i] : i == n ? &all->other : &all->unread;
        uint64_t coded = d->other_errors;
        for (size_t e = 0; e < DIGEST_ERRORS; e++)
            coded += d->error_codes[e].count;
        assert_int_equal(coded, d->errors);
        calls += d->calls;
        errors += d->errors;
        prepares += d->prepares;
    }
    assert_int_equal(calls, want_calls);
    assert_int_equal(errors, want_errors);
    assert_int_equal(prepares, want_prepares);
    g_free(rows);
    digests_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(orders), cmocka_unit_test(complete)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
