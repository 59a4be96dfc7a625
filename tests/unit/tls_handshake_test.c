/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tls_handshake.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/tls_record.h"
#include "tests/support/unit.h"

/* What the client sends directly after its SSLRequest, as MySQL's manual of the protocol shows it (Protocol::SSLRequest): a
 * TLS 1.0 record of 99 bytes. */
static const uint8_t documented[] = {
    0x16, 0x03, 0x01, 0x00, 0x5e, 0x01, 0x00, 0x00, 0x5a, 0x03, 0x01, 0x4c, 0xa3, 0x49, 0x2e, 0x7a, 0xb5, 0x06, 0x75, 0x68,
    0x5c, 0x30, 0x36, 0x73, 0xf1, 0x82, 0x79, 0x70, 0x58, 0x4c, 0x64, 0xbb, 0x47, 0x7e, 0x90, 0xcd, 0x9b, 0x30, 0xc5, 0x66,
    0x65, 0xda, 0x35, 0x00, 0x00, 0x2c, 0x00, 0x39, 0x00, 0x38, 0x00, 0x35, 0x00, 0x16, 0x00, 0x13, 0x00, 0x0a, 0x00, 0x33,
    0x00, 0x32, 0x00, 0x2f, 0x00, 0x9a, 0x00, 0x99, 0x00, 0x96, 0x00, 0x05, 0x00, 0x04, 0x00, 0x15, 0x00, 0x12, 0x00, 0x09,
    0x00, 0x14, 0x00, 0x11, 0x00, 0x08, 0x00, 0x06, 0x00, 0x03, 0x02, 0x01, 0x00, 0x00, 0x04, 0x00, 0x23, 0x00, 0x00};

static void the_documented_hello_is_read(void **state)
{
    (void)state;
    assert_int_equal(sizeof documented, 99);
    struct tls_records records = {0};
    struct tls_record record;
    tls_records_push(&records, documented, sizeof documented, (struct mw_stamp){1, 1});
    assert_int_equal(tls_records_next(&records, &record), TLS_RECORD_WHOLE);
    assert_int_equal(record.type, TLS_HANDSHAKE);
    assert_int_equal(record.version, 0x0301);
    assert_int_equal(record.n, 94);

    struct tls_messages messages = {0};
    struct tls_message message;
    assert_true(tls_messages_push(&messages, record.p, record.n));
    assert_true(tls_messages_next(&messages, &message));
    assert_int_equal(message.type, TLS_CLIENT_HELLO);
    assert_int_equal(message.n_whole, 94);

    struct tls_client_hello hello;
    assert_true(tls_parse_client_hello(message.body, &hello));
    assert_int_equal(hello.version, 0x0301);
    assert_memory_equal(hello.random, documented + 11, 32);
    assert_int_equal(hello.session_id.n, 0);
    assert_int_equal(hello.suites.n, 2 * 22);
    assert_int_equal(bytes_uint(&hello.suites, 2), 0x0039); /* TLS_DHE_RSA_WITH_AES_256_CBC_SHA */
    assert_true(hello.has_extensions);
    assert_non_null(hello.ticket.p); /* session_ticket, empty: the client wants one */
    assert_int_equal(hello.ticket.n, 0);
    assert_null(hello.sni.p);
    assert_false(hello.pre_shared_key);
    assert_false(tls_messages_next(&messages, &message));
    assert_int_equal(tls_records_next(&records, &record), TLS_RECORD_NONE);
    tls_messages_clear(&messages);
    tls_records_clear(&records);
}

/* Every cut of the hello's body is told as such and reads nothing beyond. */
static void a_cut_hello_is_not_of_its_layout(void **state)
{
    (void)state;
    enum { BODY = 9, FIXED = sizeof documented - BODY - 6 };
    for (size_t n = 0; n < sizeof documented - BODY; n++) {
        uint8_t *copy = n ? malloc(n) : NULL; /* a read beyond it is found by the sanitizer */
        if (n)
            memcpy(copy, documented + BODY, n);
        struct tls_client_hello hello;
        bool whole = tls_parse_client_hello((struct bytes){copy, n, false}, &hello);
        assert_int_equal(whole, n == FIXED); /* without extensions it is one, too */
        free(copy);
    }
}

static void messages_are_joined_and_split(void **state)
{
    (void)state;
    const uint8_t two[] = {20, 0, 0, 3, 'a', 'b', 'c', 24, 0, 0, 1, 1};
    for (size_t cut = 0; cut <= sizeof two; cut++) {
        struct tls_messages messages = {0};
        struct tls_message message;
        int seen = 0;
        for (int part = 0; part < 2; part++) {
            assert_true(tls_messages_push(&messages, part ? two + cut : two, part ? sizeof two - cut : cut));
            while (tls_messages_next(&messages, &message)) {
                assert_int_equal(message.type, seen ? TLS_KEY_UPDATE : TLS_FINISHED);
                assert_int_equal(message.body.n, seen ? 1 : 3);
                seen++;
            }
        }
        assert_int_equal(seen, 2);
        tls_messages_clear(&messages);
    }
}

static void a_message_without_end_is_dropped(void **state)
{
    (void)state;
    const uint8_t head[] = {11, 0xff, 0xff, 0xff};
    uint8_t fill[16384] = {0};
    struct tls_messages messages = {0};
    struct tls_message message;
    assert_true(tls_messages_push(&messages, head, sizeof head));
    bool held = true;
    for (int i = 0; i < 20 && held; i++)
        held = tls_messages_push(&messages, fill, sizeof fill);
    assert_false(held);
    assert_int_equal(messages.room, 0);
    assert_false(tls_messages_next(&messages, &message));
    tls_messages_clear(&messages);
}

/* RFC 8448 section 3: ServerHello of the simple 1-RTT handshake. */
static void a_server_hello_of_13_is_read(void **state)
{
    (void)state;
    static const uint8_t body[] = {
        0x03, 0x03, 0xa6, 0xaf, 0x06, 0xa4, 0x12, 0x18, 0x60, 0xdc, 0x5e, 0x6e, 0x60, 0x24, 0x9c, 0xd3, 0x4c, 0x95,
        0x93, 0x0c, 0x8a, 0xc5, 0xcb, 0x14, 0x34, 0xda, 0xc1, 0x55, 0x77, 0x2e, 0xd3, 0xe2, 0x69, 0x28, 0x00, 0x13,
        0x01, 0x00, 0x00, 0x2e, 0x00, 0x33, 0x00, 0x24, 0x00, 0x1d, 0x00, 0x20, 0xc9, 0x82, 0x88, 0x76, 0x11, 0x20,
        0x95, 0xfe, 0x66, 0x76, 0x2b, 0xdb, 0xf7, 0xc6, 0x72, 0xe1, 0x56, 0xd6, 0xcc, 0x25, 0x3b, 0x83, 0x3d, 0xf1,
        0xdd, 0x69, 0xb1, 0xb0, 0x4e, 0x75, 0x1f, 0x0f, 0x00, 0x2b, 0x00, 0x02, 0x03, 0x04};
    struct tls_server_hello hello;
    assert_true(tls_parse_server_hello((struct bytes){body, sizeof body, false}, &hello));
    assert_int_equal(hello.version, 0x0304);
    assert_int_equal(hello.suite, 0x1301);
    assert_int_equal(hello.group, 0x001d);
    assert_false(hello.retry);
    assert_false(hello.pre_shared_key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_hello_is_read),     cmocka_unit_test(a_cut_hello_is_not_of_its_layout),
        cmocka_unit_test(messages_are_joined_and_split),    cmocka_unit_test(a_message_without_end_is_dropped),
        cmocka_unit_test(a_server_hello_of_13_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
