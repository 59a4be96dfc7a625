/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader: little-endian integers, length-encoded ones by the table of the protocol, and two kinds of failure. */
#define MW_TRACED 1
#include "core/reader.h"

#include "tests/support/unit.h"
#include "tests/support/wire.h"

struct seen {
    struct mw_item items[64];
    int count, opens, closes;
    uint32_t closed_at;
    uint64_t notes;
};

static void on_item(void *user, const struct mw_item *item)
{
    struct seen *s = user;
    s->items[s->count++] = *item;
}

static void on_open(void *user)
{
    ((struct seen *)user)->opens++;
}

static void on_close(void *user, uint32_t end)
{
    ((struct seen *)user)->closes++;
    ((struct seen *)user)->closed_at = end;
}

static void on_note(void *user, enum mw_note_id note, uint32_t offset, uint32_t length)
{
    (void)offset, (void)length;
    ((struct seen *)user)->notes |= UINT64_C(1) << note;
}

static struct seen seen;
static const struct mw_trace trace = {&seen, on_item, on_open, on_close, on_note};
static uint8_t bytes[1024];
static struct mw_packet packet;

/* A reader over these bytes, of which `missing` more were on the wire. */
static struct mw_reader over(const char *text, uint64_t missing)
{
    memset(&seen, 0, sizeof seen);
    packet = wire_packet(bytes, wire_bytes(text, bytes, sizeof bytes), 0);
    packet.length += missing;
    return rd_begin(&packet, &trace);
}

static void integers(void **state)
{
    (void)state;
    struct mw_reader r = over("01 0203 040506 0708090a 0b0c0d0e0f101112", 0);
    assert_int_equal(rd_u8(&r, MW_F_PROTOCOL), 1);
    assert_int_equal(rd_u16(&r, MW_F_ERROR_CODE), 0x0302);
    assert_int_equal(rd_u24(&r, MW_F_MAX_PACKET_320), 0x060504);
    assert_int_equal(rd_u32(&r, MW_F_THREAD_ID), 0x0a090807);
    assert_true(rd_uint(&r, 8, MW_F_VALUE_U64) == UINT64_C(0x1211100f0e0d0c0b));
    assert_true(rd_ok(&r) && rd_left(&r) == 0);
    static const uint32_t offsets[] = {4, 5, 7, 10, 14}, lengths[] = {1, 2, 3, 4, 8};
    assert_int_equal(seen.count, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(seen.items[i].offset, offsets[i]);
        assert_int_equal(seen.items[i].length, lengths[i]);
    }
}

static void length_encoded(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum mw_status status;
        uint64_t value;
        uint32_t length;
    } rows[] = {
        {"00", MW_OK, 0, 1},
        {"fa", MW_OK, 250, 1},
        {"fb", MW_BAD, 0, 0},
        {"fc fb00", MW_OK, 251, 3},
        {"fc ffff", MW_OK, 65535, 3},
        {"fd 000001", MW_OK, 65536, 4},
        {"fd ffffff", MW_OK, 0xffffff, 4},
        {"fe 0000000100000000", MW_OK, 16777216, 9},
        {"fe ffffffffffffffff", MW_OK, UINT64_MAX, 9},
        {"ff", MW_BAD, 0, 0},
        {"fc 00", MW_BAD, 0, 0},
        {"fd 0000", MW_BAD, 0, 0},
        {"fe 00000000000000", MW_BAD, 0, 0},
        {"", MW_BAD, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mw_reader r = over(rows[i].text, 0);
        assert_true(rd_lenenc(&r, MW_F_AFFECTED_ROWS) == rows[i].value);
        assert_int_equal(r.status, rows[i].status);
        assert_int_equal(seen.count, rows[i].status == MW_OK);
        if (seen.count)
            assert_int_equal(seen.items[0].length, rows[i].length);
    }
}

/* Every read that wants more than there is: SHORT when the wire had it, BAD when not. */
static void short_and_bad(void **state)
{
    (void)state;
    for (uint64_t missing = 0; missing < 4; missing++) {
        struct mw_reader r = over("01 02", missing);
        assert_int_equal(rd_u32(&r, MW_F_THREAD_ID), 0);
        assert_int_equal(r.status, missing >= 2 ? MW_SHORT : MW_BAD);
        assert_true(r.notes == (missing >= 2 ? MW_NOTE_BIT(SHORT) : MW_NOTE_BIT(BAD)));
        assert_int_equal(seen.count, 0);
    }
}

static void error_is_sticky(void **state)
{
    (void)state;
    struct mw_reader r = over("01 02 03", 0);
    rd_u32(&r, MW_F_THREAD_ID);
    uint64_t notes = r.notes;
    assert_int_equal(rd_u8(&r, MW_F_PROTOCOL), 0);
    assert_true(rd_lenenc(&r, MW_F_AFFECTED_ROWS) == 0);
    assert_null(rd_bytes(&r, 1, MW_F_PAYLOAD).p);
    assert_null(rd_rest(&r, MW_F_PAYLOAD).p);
    assert_null(rd_textz(&r, MW_F_USER, true).p);
    assert_int_equal(rd_bits(&r, 2, MW_F_SERVER_STATUS, MW_F_STAT_IT, MW_F_STAT_AQ), 0);
    assert_false(rd_open(&r, MW_F_RESPONSE));
    rd_end(&r);
    assert_int_equal(rd_left(&r), 0);
    assert_true(rd_left_wire(&r) == 0 && rd_peek(&r) == 0);
    assert_true(r.notes == notes && r.status == MW_BAD);
    assert_int_equal(seen.count + seen.opens, 0);
}

static void texts(void **state)
{
    (void)state;
    struct mw_reader r = over("z\"ab\" z\"\" \"cd\"", 0);
    struct mw_slice s = rd_textz(&r, MW_F_USER, false);
    assert_int_equal(s.n, 2);
    assert_int_equal(seen.items[0].length, 3);
    assert_int_equal(seen.items[0].n, 2);
    s = rd_textz(&r, MW_F_USER, false);
    assert_true(s.p && s.n == 0);
    assert_int_equal(seen.items[1].length, 1);
    s = rd_textz(&r, MW_F_USER, false);
    assert_int_equal(s.n, 2);
    assert_true(r.notes == MW_NOTE_BIT(NO_TERMINATOR) && rd_ok(&r));

    r = over("\"cd\"", 0);
    assert_int_equal(rd_textz(&r, MW_F_USER, true).n, 2);
    assert_true(r.notes == 0);

    r = over("\"cd\"", 5); /* the NUL may be among what is missing */
    s = rd_textz(&r, MW_F_USER, false);
    assert_int_equal(s.n, 2);
    assert_int_equal(r.status, MW_SHORT);
    assert_int_equal(seen.count, 1);

    r = over("", 5);
    assert_int_equal(rd_textz(&r, MW_F_USER, false).n, 0);
    assert_int_equal(r.status, MW_SHORT);
    assert_int_equal(seen.count, 0);
}

static void strings_with_a_length(void **state)
{
    (void)state;
    struct mw_reader r = over("l\"abc\" 05 \"de\"", 3);
    assert_int_equal(rd_lenenc_text(&r, MW_F_VALUE_LENGTH, MW_F_VALUE_TEXT).n, 3);
    struct mw_slice s = rd_lenenc_text(&r, MW_F_VALUE_LENGTH, MW_F_VALUE_TEXT);
    assert_int_equal(r.status, MW_SHORT);
    assert_int_equal(s.n, 2);
    assert_memory_equal(s.p, "de", 2);
    assert_int_equal(seen.count, 4);

    r = over("06 \"de\"", 3); /* behind the packet's end, captured or not */
    s = rd_lenenc_text(&r, MW_F_VALUE_LENGTH, MW_F_VALUE_TEXT);
    assert_int_equal(r.status, MW_BAD);
    assert_null(s.p);
    assert_int_equal(seen.count, 1);

    r = over("fe ffffffffffffffff 00", 0);
    rd_lenenc_text(&r, MW_F_VALUE_LENGTH, MW_F_VALUE_TEXT);
    assert_int_equal(r.status, MW_BAD);
}

static void bits(void **state)
{
    (void)state;
    struct mw_reader r = over("02 40", 0);
    assert_int_equal(rd_bits(&r, 2, MW_F_SERVER_STATUS, MW_F_STAT_IT, MW_F_STAT_AQ), 0x4002);
    assert_int_equal(seen.count, 17);
    assert_int_equal(seen.opens, 1);
    assert_int_equal(seen.closed_at, 6);
    for (int i = 1; i < 17; i++) {
        assert_int_equal(seen.items[i].offset, 4);
        assert_int_equal(seen.items[i].number, i - 1 == 1 || i - 1 == 14);
    }
}

static void nodes(void **state)
{
    (void)state;
    struct mw_reader r = over("01 02 03", 4);
    bool node = rd_open(&r, MW_F_RESPONSE);
    rd_u8(&r, MW_F_RESPONSE_CODE);
    rd_bytes(&r, 6, MW_F_PAYLOAD);
    rd_close(&r, node);
    assert_int_equal(seen.opens, 1);
    assert_int_equal(seen.closes, 1);
    assert_int_equal(seen.closed_at, 7); /* behind the two bytes of the cut field */
}

static void ends(void **state)
{
    (void)state;
    struct mw_reader r = over("01", 0);
    rd_u8(&r, MW_F_PROTOCOL);
    rd_end(&r);
    assert_true(rd_ok(&r) && r.notes == 0);

    r = over("01 02 03", 0);
    rd_u8(&r, MW_F_PROTOCOL);
    rd_end(&r);
    assert_true(rd_ok(&r) && r.notes == MW_NOTE_BIT(TRAILING));
    assert_int_equal(seen.items[1].field, MW_F_TRAILING);
    assert_int_equal(seen.items[1].length, 2);

    r = over("01", 1);
    rd_u8(&r, MW_F_PROTOCOL);
    rd_end(&r);
    assert_int_equal(r.status, MW_SHORT);
}

static void names_of_values(void **state)
{
    (void)state;
    struct mw_reader r = over("03 1504", 0);
    r.dialect = MW_DIALECT_MARIADB;
    rd_u8(&r, MW_F_COMMAND);
    rd_u16(&r, MW_F_ERROR_CODE);
    assert_string_equal(seen.items[0].name, "COM_QUERY");
    assert_string_equal(seen.items[1].name, "ER_ACCESS_DENIED_ERROR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),      cmocka_unit_test(length_encoded),
        cmocka_unit_test(short_and_bad), cmocka_unit_test(error_is_sticky),
        cmocka_unit_test(texts),         cmocka_unit_test(strings_with_a_length),
        cmocka_unit_test(bits),          cmocka_unit_test(nodes),
        cmocka_unit_test(ends),          cmocka_unit_test(names_of_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
