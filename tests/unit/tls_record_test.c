/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tls_record.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/unit.h"

enum { RECORDS = 6 };

/* Records of growing length; the fragment of record i consists of bytes i + 1, which begin no record. */
static size_t make_stream(uint8_t *out)
{
    static const size_t lengths[RECORDS] = {1, 40, 300, 0, 1000, 17};
    size_t at = 0;
    for (int i = 0; i < RECORDS; i++) {
        const uint8_t header[] = {TLS_APPLICATION_DATA, 3, 3, (uint8_t)(lengths[i] >> 8), (uint8_t)lengths[i]};
        memcpy(out + at, header, sizeof header);
        memset(out + at + TLS_HEADER, i + 1, lengths[i]);
        at += TLS_HEADER + lengths[i];
    }
    return at;
}

struct seen {
    int whole, damaged, lost;
    uint64_t bytes; /* of records and of what was told lost */
    uint8_t last;   /* first byte of the last record with content */
};

static void drain(struct tls_records *r, struct seen *seen)
{
    struct tls_record record;
    enum tls_record_status status;
    while ((status = tls_records_next(r, &record)) != TLS_RECORD_NONE)
        switch (status) {
        case TLS_RECORD_WHOLE:
            seen->whole++;
            seen->bytes += TLS_HEADER + record.n;
            for (size_t i = 0; i < record.n; i++)
                assert_int_equal(record.p[i], record.p[0]);
            if (record.n)
                seen->last = record.p[0];
            break;
        case TLS_RECORD_DAMAGED:
            seen->damaged++;
            seen->bytes += TLS_HEADER + record.n;
            assert_null(record.p);
            break;
        case TLS_RECORD_LOST:
            seen->lost++;
            seen->bytes += record.n;
            break;
        case TLS_RECORD_NONE: break;
        }
}

static void push(struct tls_records *r, const uint8_t *p, size_t n, struct seen *seen)
{
    uint8_t *copy = malloc(n ? n : 1); /* exactly as long, for the sanitizer */
    memcpy(copy, p, n);
    tls_records_push(r, copy, n, (struct mw_stamp){1, 1});
    drain(r, seen);
    free(copy);
}

static void records_are_the_same_at_every_split(void **state)
{
    (void)state;
    uint8_t stream[2000];
    size_t n = make_stream(stream);
    for (size_t step = 1; step <= n; step = step < 20 ? step + 1 : step + 97) {
        struct tls_records r = {0};
        struct seen seen = {0};
        for (size_t at = 0; at < n; at += step)
            push(&r, stream + at, at + step < n ? step : n - at, &seen);
        assert_int_equal(seen.whole, RECORDS);
        assert_int_equal(seen.damaged + seen.lost, 0);
        assert_int_equal(seen.bytes, n);
        tls_records_clear(&r);
    }
}

/* Wherever bytes are missing, all bytes are accounted for, and the last record is found again. */
static void every_loss_is_survived(void **state)
{
    (void)state;
    uint8_t stream[2000];
    size_t n = make_stream(stream);
    for (size_t from = 0; from < n - 22; from += 7)
        for (size_t lost = 1; from + lost <= n - 22; lost += 13) {
            struct tls_records r = {0};
            struct seen seen = {0};
            push(&r, stream, from, &seen);
            tls_records_gap(&r, lost, (struct mw_stamp){2, 2});
            drain(&r, &seen);
            push(&r, stream + from + lost, n - from - lost, &seen);
            assert_int_equal(seen.last, RECORDS);
            assert_int_equal(seen.bytes, n);
            assert_true(seen.damaged + seen.lost >= 1);
            tls_records_clear(&r);
        }
}

static void a_loss_inside_a_record_costs_that_record(void **state)
{
    (void)state;
    uint8_t stream[2000];
    size_t n = make_stream(stream), at = 6 + 45 + 100;
    struct tls_records r = {0};
    struct seen seen = {0};
    push(&r, stream, at, &seen);
    tls_records_gap(&r, 50, (struct mw_stamp){2, 2});
    push(&r, stream + at + 50, n - at - 50, &seen);
    assert_int_equal(seen.whole, RECORDS - 1);
    assert_int_equal(seen.damaged, 1);
    assert_int_equal(seen.lost, 0);
    tls_records_clear(&r);
}

static void what_is_no_record_is_passed_over(void **state)
{
    (void)state;
    uint8_t stream[4000];
    memset(stream, 0xee, 1500);
    size_t n = 1500 + make_stream(stream + 1500);
    for (size_t step = 1; step <= n; step = step < 9 ? step + 1 : step + 171) {
        struct tls_records r = {0};
        struct seen seen = {0};
        for (size_t at = 0; at < n; at += step)
            push(&r, stream + at, at + step < n ? step : n - at, &seen);
        assert_int_equal(seen.whole, RECORDS);
        assert_int_equal(seen.lost, 1);
        assert_int_equal(seen.bytes, n);
        tls_records_clear(&r);
    }
}

static void a_hello_is_recognised_by_its_first_ten_bytes(void **state)
{
    (void)state;
    const uint8_t hello[] = {22, 3, 1, 0, 94, 1, 0, 0, 90, 3, 1};
    for (size_t n = 0; n < 10; n++)
        assert_int_equal(tls_looks_like_hello(hello, n), MW_MAYBE);
    assert_int_equal(tls_looks_like_hello(hello, 10), MW_YES);
    const uint8_t greeting[] = {74, 0, 0, 0, 10, '8', '.', '0', '.', '1'};
    assert_int_equal(tls_looks_like_hello(greeting, sizeof greeting), MW_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_the_same_at_every_split),
        cmocka_unit_test(every_loss_is_survived),
        cmocka_unit_test(a_loss_inside_a_record_costs_that_record),
        cmocka_unit_test(what_is_no_record_is_passed_over),
        cmocka_unit_test(a_hello_is_recognised_by_its_first_ten_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
