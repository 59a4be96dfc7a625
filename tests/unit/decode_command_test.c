/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands, and the packets around them that are shown whole: facts, and fields where there are any. */
#include "mywire/decode.h"

#include "tests/support/trace_check.h"
#include "tests/support/unit.h"
#include "tests/support/wire.h"

enum { PLAIN = 0xa20d };
#define ATTRIBUTES (PLAIN | MW_CAP(MW_BIT_CLIENT_QUERY_ATTRIBUTES))

static uint8_t bytes[4096];
static struct mw_packet packet;
static struct mw_msg msg;
static struct mw_ctx ctx;

static void decode(uint64_t caps, const char *text)
{
    ctx = (struct mw_ctx){.phase = MW_PHASE_COMMAND, .caps = caps, .flags = MW_CTX_LOGIN, .dialect = MW_DIALECT_MYSQL};
    size_t n = wire_bytes(text, bytes, sizeof bytes);
    assert_true(n != SIZE_MAX);
    packet = wire_packet(bytes, n, 0);
    const char *wrong = trace_check(&ctx, MW_CLIENT, &packet, &msg);
    if (wrong)
        fail_msg("%s: %s", text, wrong);
}

static void is(struct mw_slice s, const char *text)
{
    assert_int_equal(!s.p, !text);
    if (text) {
        assert_int_equal(s.n, strlen(text));
        assert_memory_equal(s.p, text, s.n);
    }
}

static void facts(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        uint8_t command;
        const char *text;
        uint32_t statement;
        uint64_t notes;
    } rows[] = {
        {"01", MW_COM_QUIT, NULL, 0, 0},
        {"03 \"SELECT 1\"", MW_COM_QUERY, "SELECT 1", 0, 0},
        {"03", MW_COM_QUERY, "", 0, 0},
        {"02 \"shop\"", MW_COM_INIT_DB, "shop", 0, 0},
        {"16 \"SELECT ?\"", MW_COM_STMT_PREPARE, "SELECT ?", 0, 0},
        {"17 07000000 00 01000000", MW_COM_STMT_EXECUTE, NULL, 7, 0},
        {"17 ffffffff 00 01000000", MW_COM_STMT_EXECUTE, NULL, 0xffffffff, 0},
        {"18 07000000 0000 \"data\"", MW_COM_STMT_SEND_LONG_DATA, "data", 7, 0},
        {"19 07000000", MW_COM_STMT_CLOSE, NULL, 7, 0},
        {"1a 07000000", MW_COM_STMT_RESET, NULL, 7, 0},
        {"1c 07000000 64000000", MW_COM_STMT_FETCH, NULL, 7, 0},
        {"fa 07000000 8000", MW_COM_STMT_BULK_EXECUTE, NULL, 7, 0},
        {"1b 0000", MW_COM_SET_OPTION, NULL, 0, 0},
        {"77 \"?\"", 0x77, NULL, 0, MW_NOTE_BIT(UNKNOWN_COMMAND)},
        {"19 0700", MW_COM_STMT_CLOSE, NULL, 0, MW_NOTE_BIT(BAD)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        decode(PLAIN, rows[i].bytes);
        const struct mw_request *q = &msg.request;
        assert_true(msg.kind == MW_KIND_COMMAND && q->command == rows[i].command && !q->empty);
        assert_true(q->statement_id == rows[i].statement && msg.notes == rows[i].notes);
        assert_true(q->text_length == q->text.n);
        is(q->text, rows[i].text);
    }
    decode(PLAIN, "");
    assert_true(msg.request.empty && msg.notes == MW_NOTE_BIT(EMPTY_COMMAND) && msg.status == MW_OK);
}

/* The text's length is known although the capture has but a part of it. */
static void cut_query(void **state)
{
    (void)state;
    size_t n = wire_bytes("03 \"SELECT 'abc'\"", bytes, sizeof bytes);
    ctx = (struct mw_ctx){.phase = MW_PHASE_COMMAND, .caps = PLAIN, .flags = MW_CTX_LOGIN};
    for (uint32_t have = 1; have < n; have++) {
        packet = wire_packet(bytes, n, 0);
        packet.have = have;
        assert_null(trace_check(&ctx, MW_CLIENT, &packet, &msg));
        assert_true(msg.status == MW_SHORT && msg.request.text_length == n - 1);
        assert_int_equal(msg.request.text.n, have - 1);
    }
}

static void query_attributes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *text;
        enum mw_status status;
    } rows[] = {
        {"03 00 01 \"SELECT 1\"", "SELECT 1", MW_OK},
        /* the sample of the layouts: a text and an unsigned 64-bit integer */
        {"03 02 01 00 01 fe00 l\"qa1\" 0880 l\"qa2\" l\"val\" 0700000000000000 \"select 1\"", "select 1", MW_OK},
        {"03 01 01 01 01 0300 l\"n\" \"x\"", "x", MW_OK}, /* NULL has no bytes */
        {"03 09 01 0001 01 0100 00 0100 00 0100 00 0100 00 0100 00 0100 00 0100 00 0100 00 0100 00 0102030405060708 "
         "\"x\"",
         "x", MW_OK},
        {"03 01 01 00 01 0c00 l\"d\" 05", NULL, MW_BAD},
        {"03 01 01 00 01 fe00 40 \"n\"", NULL, MW_BAD},
        {"03 01 01 00 01", NULL, MW_BAD},
        {"03 fe ffffffffffffffff 01", NULL, MW_BAD},
        {"03 01", NULL, MW_BAD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        decode(ATTRIBUTES, rows[i].bytes);
        assert_int_equal(msg.status, rows[i].status);
        is(msg.request.text, rows[i].text);
    }
    decode(PLAIN, "03 00 01 \"x\""); /* without the capability it is all text */
    assert_int_equal(msg.request.text.n, 3);
}

static void change_user(void **state)
{
    (void)state;
    decode(0xbfa20d, "11 z\"other\" 03 \"abc\" z\"shop\" e0 00 z\"my_plugin\" 0e l\"_pid\" l\"12345678\"");
    const struct mw_login *l = &msg.request.login;
    is(l->user, "other");
    is(l->auth, "abc");
    is(l->database, "shop");
    is(l->plugin, "my_plugin");
    struct mw_slice rest = l->attributes, name, value;
    assert_true(mw_attribute_next(&rest, &name, &value) && l->collation == 224);
    is(name, "_pid");
    is(value, "12345678");
    assert_false(mw_attribute_next(&rest, &name, &value));

    decode(0x2005, "11 z\"other\" 00 z\"db\""); /* before 4.1 */
    is(l->user, "other");
    is(l->auth, "");
    is(l->database, "db");
    assert_true(msg.status == MW_OK && l->collation == 0);

    decode(0xbfa20d, "11 z\"other\" 14 \"abc\"");
    assert_int_equal(msg.status, MW_BAD);
}

/* Values of the binary protocol by type: hand-computed bytes. */

struct values {
    struct {
        enum mw_field_id field;
        uint64_t number;
    } got[32];
    int count;
};

static void on_item(void *user, const struct mw_item *item)
{
    struct values *v = user;
    if (item->field >= MW_F_VALUE_I8 && item->field <= MW_F_VALUE_ZONE && v->count < 32) {
        v->got[v->count].field = item->field;
        v->got[v->count++].number = item->number;
    }
}

static void on_node(void *user)
{
    (void)user;
}

static void on_close(void *user, uint32_t end)
{
    (void)user, (void)end;
}

static void on_note(void *user, enum mw_note_id note, uint32_t offset, uint32_t length)
{
    (void)user, (void)note, (void)offset, (void)length;
}

static void values(void **state)
{
    (void)state;
    static const struct {
        const char *type, *value;
        struct {
            enum mw_field_id field;
            int64_t number;
        } expected[11];
    } rows[] = {
        {"0100", "ff", {{MW_F_VALUE_I8, -1}}},
        {"0180", "ff", {{MW_F_VALUE_U8, 255}}},
        {"0200", "0080", {{MW_F_VALUE_I16, -32768}}},
        {"0280", "0080", {{MW_F_VALUE_U16, 32768}}},
        {"0d00", "ea07", {{MW_F_VALUE_U16, 2026}}},
        {"0300", "ffffff7f", {{MW_F_VALUE_I32, 2147483647}}},
        {"0380", "feffffff", {{MW_F_VALUE_U32, 4294967294}}},
        {"0900", "000080ff", {{MW_F_VALUE_I32, -8388608}}},
        {"0800", "0000000000000080", {{MW_F_VALUE_I64, INT64_MIN}}},
        {"0880", "ffffffffffffff7f", {{MW_F_VALUE_U64, INT64_MAX}}},
        {"0400", "0000c03f", {{MW_F_VALUE_FLOAT, 0x3fc00000}}},
        {"0500", "00000000000004c0", {{MW_F_VALUE_DOUBLE, INT64_C(-4610560118520545280)}}},
        {"0a00",
         "04 ea07 0b 14",
         {{MW_F_VALUE_DATETIME, 0},
          {MW_F_VALUE_DATE_LENGTH, 4}, {MW_F_VALUE_YEAR, 2026}, {MW_F_VALUE_MONTH, 11}, {MW_F_VALUE_DAY, 20}}},
        {"0c00", "00", {{MW_F_VALUE_DATETIME, 0},
          {MW_F_VALUE_DATE_LENGTH, 0}}},
        {"0700",
         "0d ea07 0b 14 01 02 03 01000000 a6ff",
         {{MW_F_VALUE_DATETIME, 0},
          {MW_F_VALUE_DATE_LENGTH, 13},
          {MW_F_VALUE_YEAR, 2026},
          {MW_F_VALUE_MONTH, 11},
          {MW_F_VALUE_DAY, 20},
          {MW_F_VALUE_HOUR, 1},
          {MW_F_VALUE_MINUTE, 2},
          {MW_F_VALUE_SECOND, 3},
          {MW_F_VALUE_MICROSECOND, 1},
          {MW_F_VALUE_ZONE, -90}}},
        {"0b00",
         "08 01 22000000 16 3b 3b",
         {{MW_F_VALUE_DATETIME, 0},
          {MW_F_VALUE_TIME_LENGTH, 8},
          {MW_F_VALUE_TIME_SIGN, 1},
          {MW_F_VALUE_TIME_DAYS, 34},
          {MW_F_VALUE_HOUR, 22},
          {MW_F_VALUE_MINUTE, 59},
          {MW_F_VALUE_SECOND, 59}}},
        {"f600", "l\"3.14\"", {{MW_F_VALUE_LENGTH, 4}, {MW_F_VALUE_TEXT, 0}}},
        {"fc00", "l\"abc\"", {{MW_F_VALUE_LENGTH, 3}, {MW_F_VALUE_BYTES, 0}}},
        {"0600", "", {{MW_F_VALUE_NULL, 0}}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200];
        snprintf(text, sizeof text, "03 01 01 00 01 %s 00 %s \"x\"", rows[i].type, rows[i].value);
        decode(ATTRIBUTES, text);
        is(msg.request.text, "x");
        struct values v = {.count = 0};
        struct mw_trace trace = {&v, on_item, on_node, on_close, on_note};
        mw_decode_traced(&ctx, MW_CLIENT, &packet, &msg, &trace);
        int n = 0;
        for (; n < 11 && rows[i].expected[n].field; n++) {
            assert_int_equal(v.got[n].field, rows[i].expected[n].field);
            assert_true((int64_t)v.got[n].number == rows[i].expected[n].number);
        }
        assert_int_equal(v.count, n);
    }
}

static void broken_temporals(void **state)
{
    (void)state;
    for (int length = 0; length < 256; length++) {
        static const int dates[] = {0, 4, 7, 11, 13}, times[] = {0, 8, 12};
        for (int time = 0; time < 2; time++) {
            bool right = false;
            for (size_t i = 0; i < (time ? 3u : 5u); i++)
                right |= (time ? times : dates)[i] == length;
            char text[100];
            snprintf(text, sizeof text, "03 01 01 00 01 %s 00 %02x 00*%d \"x\"", time ? "0b00" : "0c00", length,
                     length);
            decode(ATTRIBUTES, text);
            assert_int_equal(msg.status, right ? MW_OK : MW_BAD);
        }
    }
}

static void files_and_streams(void **state)
{
    (void)state;
    ctx = (struct mw_ctx){.phase = MW_PHASE_FILE, .flags = MW_CTX_LOGIN, .caps = PLAIN};
    size_t n = wire_bytes("\"1\\tone\\n\"", bytes, sizeof bytes);
    packet = wire_packet(bytes, n, 2);
    assert_null(trace_check(&ctx, MW_CLIENT, &packet, &msg));
    assert_true(msg.kind == MW_KIND_FILE_DATA && msg.status == MW_OK);
    packet = wire_packet(bytes, 0, 3);
    assert_null(trace_check(&ctx, MW_CLIENT, &packet, &msg));
    assert_int_equal(msg.kind, MW_KIND_FILE_END);
    ctx.phase = MW_PHASE_STREAMING;
    bytes[0] = MW_COM_QUIT;
    packet = wire_packet(bytes, 1, 0);
    assert_null(trace_check(&ctx, MW_CLIENT, &packet, &msg));
    assert_int_equal(msg.kind, MW_KIND_COMMAND);
    packet = wire_packet(bytes, 5, 0);
    assert_null(trace_check(&ctx, MW_CLIENT, &packet, &msg));
    assert_int_equal(msg.kind, MW_KIND_STREAM);
    ctx.phase = MW_PHASE_COMMAND; /* not a byte captured: nothing is said about the command */
    packet = wire_packet(bytes, 0, 0);
    packet.length = 30;
    assert_null(trace_check(&ctx, MW_CLIENT, &packet, &msg));
    assert_true(msg.kind == MW_KIND_DAMAGED && msg.status == MW_SHORT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts),
        cmocka_unit_test(cut_query),
        cmocka_unit_test(query_attributes),
        cmocka_unit_test(change_user),
        cmocka_unit_test(values),
        cmocka_unit_test(broken_temporals),
        cmocka_unit_test(files_and_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
