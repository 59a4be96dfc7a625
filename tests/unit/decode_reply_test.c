/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replies: which kind a first byte means in which place, and the facts of each kind. */
#include "mywire/decode.h"

#include "tests/support/trace_check.h"
#include "tests/support/unit.h"
#include "tests/support/wire.h"

static uint8_t bytes[70000];
static struct mw_packet packet;
static struct mw_msg msg;

enum { PLAIN = 0xa20d }; /* PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, CONNECT_WITH_DB */
#define DEPRECATE (PLAIN | MW_CAP(MW_BIT_CLIENT_DEPRECATE_EOF))
#define TRACK     (PLAIN | MW_CAP(MW_BIT_CLIENT_SESSION_TRACK))
#define OPTIONAL  (PLAIN | MW_CAP(MW_BIT_CLIENT_OPTIONAL_RESULTSET_METADATA))
#define CACHE     (PLAIN | MW_CAP(MW_BIT_MARIADB_CLIENT_CACHE_METADATA))

static void decode(enum mw_phase phase, enum mw_reply reply, uint64_t caps, const char *text)
{
    struct mw_ctx ctx = {.phase = (uint8_t)phase, .reply = (uint8_t)reply, .caps = caps, .flags = MW_CTX_LOGIN};
    size_t n = wire_bytes(text, bytes, sizeof bytes);
    assert_true(n != SIZE_MAX);
    packet = wire_packet(bytes, n, 1);
    const char *wrong = trace_check(&ctx, MW_SERVER, &packet, &msg);
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

static void kinds(void **state)
{
    (void)state;
    static const struct {
        enum mw_phase phase;
        enum mw_reply reply;
        uint64_t caps;
        const char *text;
        enum mw_kind kind;
    } rows[] = {
        {MW_PHASE_REPLY, MW_REPLY_RESULT, PLAIN, "00 00 00 02 00 00 00", MW_KIND_OK},
        {MW_PHASE_REPLY, MW_REPLY_RESULT, PLAIN, "05", MW_KIND_COLUMN_COUNT},
        {MW_PHASE_REPLY, MW_REPLY_RESULT, PLAIN, "fc 00 01", MW_KIND_COLUMN_COUNT},
        {MW_PHASE_REPLY, MW_REPLY_RESULT, PLAIN, "fb \"file\"", MW_KIND_INFILE},
        {MW_PHASE_REPLY, MW_REPLY_RESULT, PLAIN, "ff 28 04 \"x\"", MW_KIND_ERR},
        {MW_PHASE_REPLY, MW_REPLY_RESULT, PLAIN, "ff ff ff 01 01 02 9a0200 l\"t\"", MW_KIND_PROGRESS},
        {MW_PHASE_REPLY, MW_REPLY_SIMPLE, PLAIN, "fe 00 00 02 00", MW_KIND_EOF},
        {MW_PHASE_REPLY, MW_REPLY_SIMPLE, DEPRECATE, "fe 00 00 02 00 00 00", MW_KIND_OK},
        {MW_PHASE_REPLY, MW_REPLY_SIMPLE, PLAIN, "05", MW_KIND_UNKNOWN},
        {MW_PHASE_REPLY, MW_REPLY_PREPARED, PLAIN, "00 01000000 0000 0000 00 0000", MW_KIND_PREPARE_OK},
        {MW_PHASE_COLUMNS, MW_REPLY_RESULT, PLAIN, "l\"def\"", MW_KIND_COLUMN},
        {MW_PHASE_COLUMNS, MW_REPLY_RESULT, PLAIN, "00", MW_KIND_COLUMN},
        {MW_PHASE_COLUMNS, MW_REPLY_RESULT, PLAIN, "ff 28 04", MW_KIND_ERR},
        {MW_PHASE_COLUMNS_END, MW_REPLY_RESULT, PLAIN, "fe 00 00 02 00", MW_KIND_EOF},
        {MW_PHASE_ROWS, MW_REPLY_RESULT, PLAIN, "01 31", MW_KIND_ROW},
        {MW_PHASE_ROWS, MW_REPLY_RESULT, PLAIN, "fb", MW_KIND_ROW},
        {MW_PHASE_ROWS, MW_REPLY_RESULT, PLAIN, "fc 2c 01 \"x\"*300", MW_KIND_ROW},
        {MW_PHASE_ROWS, MW_REPLY_BINARY, PLAIN, "00 00 31", MW_KIND_ROW},
        {MW_PHASE_ROWS, MW_REPLY_RESULT, PLAIN, "fe 00 00 02 00", MW_KIND_EOF},
        {MW_PHASE_ROWS, MW_REPLY_RESULT, 0x2005, "fe", MW_KIND_EOF},
        {MW_PHASE_ROWS, MW_REPLY_RESULT, PLAIN, "fe 000000000000 00 00", MW_KIND_ROW}, /* 9 bytes: a length */
        {MW_PHASE_ROWS, MW_REPLY_RESULT, DEPRECATE, "fe 00 00 02 00 00 00", MW_KIND_OK},
        {MW_PHASE_ROWS, MW_REPLY_RESULT, DEPRECATE, "fe 00 00 02 00 00 00 l\"a long text of an OK\"", MW_KIND_OK},
        {MW_PHASE_ROWS, MW_REPLY_RESULT, PLAIN, "ff 28 04 \"x\"", MW_KIND_ERR},
        {MW_PHASE_FIELDS, MW_REPLY_FIELDS, PLAIN, "l\"def\"", MW_KIND_COLUMN},
        {MW_PHASE_FIELDS, MW_REPLY_FIELDS, PLAIN, "fe 00 00 02 00", MW_KIND_EOF},
        {MW_PHASE_FIELDS, MW_REPLY_FIELDS, DEPRECATE, "fe 00 00 02 00 00 00", MW_KIND_OK},
        {MW_PHASE_FILE_WAIT, MW_REPLY_RESULT, PLAIN, "00 00 00 02 00 00 00", MW_KIND_OK},
        {MW_PHASE_TEXT, MW_REPLY_TEXT, PLAIN, "\"Uptime\"", MW_KIND_STATISTICS},
        {MW_PHASE_TEXT, MW_REPLY_TEXT, PLAIN, "", MW_KIND_STATISTICS},
        {MW_PHASE_TEXT, MW_REPLY_TEXT, PLAIN, "ff 17 04", MW_KIND_ERR},
        {MW_PHASE_BINLOG, MW_REPLY_BINLOG, PLAIN, "00 \"event\"", MW_KIND_BINLOG_EVENT},
        {MW_PHASE_BINLOG, MW_REPLY_BINLOG, DEPRECATE, "fe 00 00 02 00", MW_KIND_EOF},
        {MW_PHASE_STREAM, MW_REPLY_ANYTHING, PLAIN, "00 \"data\"", MW_KIND_STREAM},
        {MW_PHASE_STREAM, MW_REPLY_ANYTHING, PLAIN, "ff 28 04", MW_KIND_ERR},
        {MW_PHASE_REPLY, MW_REPLY_RESULT, PLAIN, "", MW_KIND_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        decode(rows[i].phase, rows[i].reply, rows[i].caps, rows[i].text);
        if (msg.kind != rows[i].kind)
            fail_msg("%s in %s: %s", rows[i].text, mw_phase_name(rows[i].phase), mw_kind_name(msg.kind));
    }
}

/* A text row whose first value has 16 MiB or more begins with fe, and its packet is at least that long. */
static void long_row(void **state)
{
    (void)state;
    for (int deprecate = 0; deprecate < 2; deprecate++) {
        struct mw_ctx ctx = {.phase = MW_PHASE_ROWS,
                             .reply = MW_REPLY_RESULT,
                             .flags = MW_CTX_LOGIN,
                             .caps = deprecate ? DEPRECATE : PLAIN};
        size_t n = wire_bytes("fe 00 00 00 01 00 00 00 00 \"x\"*100", bytes, sizeof bytes);
        packet = wire_packet(bytes, n, 1);
        packet.length = 16777216 + 9;
        packet.parts = 2;
        packet.broken_parts = true;
        assert_null(trace_check(&ctx, MW_SERVER, &packet, &msg));
        assert_int_equal(msg.kind, MW_KIND_ROW);
        assert_true(msg.status == MW_SHORT && msg.notes == (MW_NOTE_BIT(SHORT) | MW_NOTE_BIT(SEQUENCE)));
    }
}

static void ok(void **state)
{
    (void)state;
    static const struct {
        uint64_t caps;
        const char *text;
        uint64_t affected, id;
        uint16_t status, warnings;
        bool has_status;
        const char *info;
        uint64_t notes;
    } rows[] = {
        {PLAIN, "00 00 00 02 00 00 00", 0, 0, 2, 0, true, NULL, 0},
        {PLAIN, "00 05 fc 2c 01 22 00 03 00", 5, 300, 0x22, 3, true, NULL,
         MW_NOTE_BIT(WARNINGS) | MW_NOTE_BIT(NO_INDEX)},
        {PLAIN, "00 00 00 02 08 00 00", 0, 0, 0x802, 0, true, NULL, MW_NOTE_BIT(SLOW)},
        {PLAIN, "00 00 00 02 00 00 00 l\"Rows: 1\"", 0, 0, 2, 0, true, "Rows: 1", 0},
        {PLAIN, "00 00 00 02 00 00 00 00", 0, 0, 2, 0, true, "", 0},
        {PLAIN, "00 00 00 02 00 00 00 \"Rows: 1\"", 0, 0, 2, 0, true, "Rows: 1", 0}, /* old servers */
        {0x2005, "00 01 00 02 00", 1, 0, 2, 0, true, NULL, 0},                       /* before 4.1 */
        {0x0005, "00 01 00", 1, 0, 0, 0, false, NULL, 0},
        {0x0005, "00 01 00 l\"text\"", 1, 0, 0, 0, false, "text", 0},
        {PLAIN, "00 fe 0000000001000000 00 02 00 00 00", UINT64_C(1) << 32, 0, 2, 0, true, NULL, 0},
        {TRACK, "00 00 00 02 40 00 00 00 07 01 05 l\"shop\"", 0, 0, 0x4002, 0, true, "", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        decode(MW_PHASE_REPLY, MW_REPLY_RESULT, rows[i].caps, rows[i].text);
        const struct mw_ok *o = &msg.ok;
        assert_true(msg.kind == MW_KIND_OK && msg.status == MW_OK && msg.notes == rows[i].notes);
        assert_true(o->affected_rows == rows[i].affected && o->insert_id == rows[i].id);
        assert_true(o->status == rows[i].status && o->warnings == rows[i].warnings &&
                    o->has_status == rows[i].has_status);
        is(o->info, rows[i].info);
    }
}

static void session_state(void **state)
{
    (void)state;
    decode(MW_PHASE_REPLY, MW_REPLY_RESULT, TRACK,
           "00 00 00 02 40 00 00 00 1f 01 05 l\"shop\" 00 0f l\"autocommit\" l\"OFF\" 02 01 31 63 02 \"??\"");
    assert_int_equal(msg.status, MW_OK);
    struct mw_slice rest = msg.ok.state, data, name, value;
    uint8_t type;
    assert_true(mw_track_next(&rest, &type, &data) && type == MW_TRACK_SCHEMA && data.n == 5);
    assert_true(mw_lenenc_next(&data, &name));
    is(name, "shop");
    assert_true(mw_track_next(&rest, &type, &data) && type == MW_TRACK_SYSTEM_VARIABLES);
    assert_true(mw_attribute_next(&data, &name, &value));
    is(name, "autocommit");
    is(value, "OFF");
    assert_false(mw_attribute_next(&data, &name, &value));
    assert_true(mw_track_next(&rest, &type, &data) && type == MW_TRACK_STATE_CHANGE);
    is(data, "1");
    assert_true(mw_track_next(&rest, &type, &data) && type == 0x63);
    assert_false(mw_track_next(&rest, &type, &data));

    static const char *const broken[] = {
        "00 00 00 02 40 00 00 00 09 01 05 l\"shop\"",     /* the whole is longer than the packet */
        "00 00 00 02 40 00 00 00 07 01 06 l\"shop\"",     /* the entry is */
        "00 00 00 02 40 00 00 00 07 01 03 04 \"abcd\"",   /* the text reaches over its entry */
        "00 00 00 02 40 00 00 00 01 01",                  /* a type and no more */
        "00 00 00 02 40 00 00 00 06 03 04 00 05 \"abc\"", /* a set of GTIDs that is too long */
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        decode(MW_PHASE_REPLY, MW_REPLY_RESULT, TRACK, broken[i]);
        assert_int_equal(msg.status, MW_BAD);
    }
    decode(MW_PHASE_REPLY, MW_REPLY_RESULT, PLAIN, "00 00 00 02 40 00 00"); /* flag without the capability */
    assert_true(msg.status == MW_OK && !msg.ok.state.p);
}

static void eof(void **state)
{
    (void)state;
    decode(MW_PHASE_ROWS, MW_REPLY_RESULT, PLAIN, "fe 03 00 2a 00");
    assert_true(msg.ok.warnings == 3 && msg.ok.status == 0x2a && msg.ok.has_status); /* warnings first here */
    assert_true(msg.notes == (MW_NOTE_BIT(WARNINGS) | MW_NOTE_BIT(NO_INDEX)));
    decode(MW_PHASE_ROWS, MW_REPLY_RESULT, 0x2005, "fe");
    assert_true(msg.status == MW_OK && !msg.ok.has_status);
}

static void err(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint16_t code;
        const char *sqlstate, *message;
        enum mw_status status;
    } rows[] = {
        {"ff 28 04 \"#42000You have an error\"", 1064, "42000", "You have an error", MW_OK},
        {"ff 28 04 \"You have an error\"", 1064, NULL, "You have an error", MW_OK},
        {"ff 28 04 \"#42000\"", 1064, "42000", NULL, MW_OK},
        {"ff 28 04 \"#4200\"", 1064, NULL, "#4200", MW_OK},
        {"ff 28 04", 1064, NULL, NULL, MW_OK},
        {"ff 28", 0, NULL, NULL, MW_BAD},
        {"ff", 0, NULL, NULL, MW_BAD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        decode(MW_PHASE_REPLY, MW_REPLY_RESULT, PLAIN, rows[i].text);
        assert_true(msg.kind == MW_KIND_ERR && msg.status == rows[i].status && msg.err.code == rows[i].code);
        assert_true(msg.notes & MW_NOTE_BIT(ERR));
        is(msg.err.sqlstate, rows[i].sqlstate);
        is(msg.err.message, rows[i].message);
    }
}

static void progress(void **state)
{
    (void)state;
    decode(MW_PHASE_REPLY, MW_REPLY_RESULT, PLAIN, "ff ffff 01 01 02 9a0200 l\"copy to tmp table\"");
    assert_true(msg.progress.stage == 1 && msg.progress.max_stage == 2 && msg.progress.value == 666);
    is(msg.progress.text, "copy to tmp table");
}

static void column_counts(void **state)
{
    (void)state;
    static const struct {
        uint64_t caps;
        const char *text;
        uint64_t columns;
        bool metadata;
        enum mw_status status;
    } rows[] = {
        {PLAIN, "05", 5, true, MW_OK},
        {PLAIN, "fc 2c 01", 300, true, MW_OK},
        {OPTIONAL, "02 01", 2, true, MW_OK},
        {OPTIONAL, "02 00", 2, false, MW_OK},
        {OPTIONAL, "02", 2, true, MW_OK},
        {CACHE, "02 00", 2, false, MW_OK},
        {PLAIN, "fd 000001", 65536, true, MW_BAD},
        {PLAIN, "fd 0000", 0, true, MW_BAD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        decode(MW_PHASE_REPLY, MW_REPLY_RESULT, rows[i].caps, rows[i].text);
        assert_true(msg.kind == MW_KIND_COLUMN_COUNT && msg.status == rows[i].status);
        assert_true(msg.column_count.columns == rows[i].columns && msg.column_count.metadata == rows[i].metadata);
    }
    decode(MW_PHASE_REPLY, MW_REPLY_RESULT, PLAIN, "02 00");
    assert_true(msg.notes == MW_NOTE_BIT(TRAILING));
}

static void prepare_ok(void **state)
{
    (void)state;
    decode(MW_PHASE_REPLY, MW_REPLY_PREPARED, PLAIN, "00 07000000 0200 0300 00 0400");
    const struct mw_prepare_ok *p = &msg.prepare_ok;
    assert_true(p->statement_id == 7 && p->columns == 2 && p->params == 3 && p->warnings == 4 && p->metadata);
    decode(MW_PHASE_REPLY, MW_REPLY_PREPARED, OPTIONAL, "00 07000000 0200 0300 00 0400 00");
    assert_false(p->metadata);
    decode(MW_PHASE_REPLY, MW_REPLY_PREPARED, PLAIN, "00 07000000 0200 0300"); /* before 5.0 */
    assert_true(msg.status == MW_OK && p->params == 3);
    decode(MW_PHASE_REPLY, MW_REPLY_PREPARED, PLAIN, "00 070000");
    assert_int_equal(msg.status, MW_BAD);
}

static void cut_replies(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "00 05 fc 2c 01 22 40 03 00 l\"Rows matched: 3\" 07 01 05 l\"shop\"",
        "00 00 00 02 00 00 00 \"Rows matched: 3\"",
        "fe 03 00 2a 00",
        "ff 28 04 \"#42000You have an error\"",
        "ff ffff 01 01 02 9a0200 l\"copy to tmp table\"",
        "02",
    };
    struct mw_ctx ctx = {.phase = MW_PHASE_REPLY, .reply = MW_REPLY_RESULT, .caps = TRACK, .flags = MW_CTX_LOGIN};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t n = wire_bytes(texts[i], bytes, sizeof bytes);
        for (uint32_t have = 0; have < n; have++) {
            packet = wire_packet(bytes, n, 1);
            packet.have = have;
            assert_null(trace_check(&ctx, MW_SERVER, &packet, &msg));
            assert_int_equal(msg.status, MW_SHORT);
            packet.length = have;
            assert_null(trace_check(&ctx, MW_SERVER, &packet, &msg));
            assert_int_not_equal(msg.status, MW_SHORT);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),         cmocka_unit_test(long_row),      cmocka_unit_test(ok),
        cmocka_unit_test(session_state), cmocka_unit_test(eof),           cmocka_unit_test(err),
        cmocka_unit_test(progress),      cmocka_unit_test(column_counts), cmocka_unit_test(prepare_ok),
        cmocka_unit_test(cut_replies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
