/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The largest that the protocol allows, made here: packets over 16 MiB, thousands of columns and parameters, a million rows. Right,
 * and in memory that does not grow with them. */
#include "mywire/framer.h"
#include "mywire/session.h"

#include "tests/support/talk.h"

static struct talk t;
static struct mw_framer framers[2];

/* Bytes of a direction as they come off the wire, in segments. */
static void feed(enum mw_dir dir, const uint8_t *p, size_t n)
{
    enum { SEGMENT = 1448 };
    for (size_t at = 0; at < n; at += SEGMENT) {
        struct mw_packet packet;
        t.number++;
        mw_framer_push(&framers[dir], p + at, n - at < SEGMENT ? n - at : SEGMENT, (struct mw_stamp){(int64_t)t.number, t.number});
        while (mw_framer_next(&framers[dir], &packet)) {
            const struct mw_ctx *ctx = mw_session_pin(t.session, dir, &packet);
            mw_decode(ctx, dir, &packet, &t.msg);
            t.step = mw_session_step(t.session, dir, &t.msg, &packet);
            t.packet = packet;
            assert_false(talk_noted(&t, MW_NOTE_BIT(UNEXPECTED) | MW_NOTE_BIT(BAD) | MW_NOTE_BIT(SEQUENCE)));
        }
    }
}

static size_t put_header(uint8_t *p, size_t length, uint8_t sequence)
{
    p[0] = (uint8_t)length, p[1] = (uint8_t)(length >> 8), p[2] = (uint8_t)(length >> 16), p[3] = sequence;
    return MW_HEADER;
}

static void line(enum mw_dir dir, uint8_t sequence, const char *text)
{
    static uint8_t bytes[4096];
    size_t n = wire_bytes(text, bytes + MW_HEADER, sizeof bytes - MW_HEADER);
    assert_true(n != SIZE_MAX);
    put_header(bytes, n, sequence);
    feed(dir, bytes, n + MW_HEADER);
}

static void begin(void)
{
    talk_begin(&t, NULL);
    TALK_LOGGED_IN(&t, TALK_PLAIN);
    for (int d = 0; d < 2; d++)
        mw_framer_init(&framers[d], (enum mw_dir)d, &t.mem.mem, &t.limits, &t.hits);
    t.mem.peak = t.mem.live;
}

static void end(void)
{
    for (int d = 0; d < 2; d++)
        mw_framer_clear(&framers[d]);
    talk_end(&t);
}

/* A payload of `n` bytes in parts of 16 MiB, the last one shorter, perhaps empty. Returns the sequence id of the last. */
static uint8_t feed_parts(enum mw_dir dir, uint8_t sequence, uint8_t *payload, size_t n)
{
    uint8_t header[MW_HEADER];
    for (size_t at = 0;; at += MW_PART_MAX, sequence++) {
        size_t part = n - at < MW_PART_MAX ? n - at : MW_PART_MAX;
        put_header(header, part, sequence);
        feed(dir, header, sizeof header);
        feed(dir, payload + at, part);
        if (part < MW_PART_MAX)
            return sequence;
    }
}

static void seventeen_megabytes(void **state)
{
    (void)state;
    static const size_t sizes[] = {17000000, MW_PART_MAX, MW_PART_MAX - 1, 2 * (size_t)MW_PART_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t n = sizes[i], parts = n / MW_PART_MAX + 1;
        uint8_t *payload = malloc(n);
        begin();
        memset(payload, 'x', n);
        payload[0] = MW_COM_QUERY;
        uint8_t sequence = feed_parts(MW_CLIENT, 0, payload, n);
        assert_true(t.packet.length == n && t.packet.parts == parts && t.msg.request.text_length == n - 1);
        line(MW_SERVER, ++sequence, "01");
        line(MW_SERVER, ++sequence, TALK_COLUMN);
        line(MW_SERVER, ++sequence, TALK_EOF);
        /* A row whose only value fills it: 9 bytes of length, the first fe. */
        uint64_t value = n - 9;
        payload[0] = 0xfe;
        for (int b = 0; b < 8; b++)
            payload[1 + b] = (uint8_t)(value >> (8 * b));
        if (n >= MW_PART_MAX) { /* a shorter one has a length of 4 bytes, and would be an EOF */
            sequence = feed_parts(MW_SERVER, ++sequence, payload, n);
            assert_true(t.msg.kind == MW_KIND_ROW && t.packet.length == n);
        }
        line(MW_SERVER, ++sequence, "03 \"end\"");
        line(MW_SERVER, ++sequence, TALK_EOF);
        assert_true(t.done_count == 1 && t.done[0].rows == (n >= MW_PART_MAX ? 2 : 1) && t.done[0].exact);
        assert_true(t.done[0].request_bytes == n + MW_HEADER * parts);
        assert_true(t.mem.peak < 4 * (size_t)t.limits.packet_head);
        end();
        free(payload);
    }
}

/* The value in the middle of a text row of 4,096 columns, as its field says it. */
struct last {
    uint32_t values, n;
    char value[16], label[16];
};

static void on_item(void *user, const struct mw_item *item)
{
    struct last *l = user;
    if (item->field != MW_F_ROW_TEXT && item->field != MW_F_VALUE_I32)
        return;
    l->values++;
    l->n = (uint32_t)item->number;
    snprintf(l->value, sizeof l->value, "%.*s", (int)item->n, item->p ? (const char *)item->p : "");
    snprintf(l->label, sizeof l->label, "%.*s", (int)item->label.n, item->label.p ? (const char *)item->label.p : "");
}

static void on_open(void *user)
{
    (void)user;
}

static void on_close(void *user, uint32_t at)
{
    (void)user, (void)at;
}

static void on_note(void *user, enum mw_note_id note, uint32_t offset, uint32_t length)
{
    (void)user, (void)note, (void)offset, (void)length;
}

static void thousands_of_columns(void **state)
{
    (void)state;
    static const uint32_t counts[] = {4096, 65535};
    for (int c = 0; c < 2; c++) {
        uint32_t count = counts[c];
        begin();
        line(MW_CLIENT, 0, "03 \"SELECT * FROM t\"");
        char text[200];
        uint8_t sequence = 1;
        snprintf(text, sizeof text, "fc %02x%02x", count & 255, count >> 8);
        line(MW_SERVER, sequence++, text);
        for (uint32_t i = 0; i < count; i++) {
            snprintf(text, sizeof text, "l\"def\" 00 00 00 l\"c%u\" 00 0c 3f 00 0b 00 00 00 03 00 00 00 00 00", i);
            line(MW_SERVER, sequence++, text);
        }
        line(MW_SERVER, sequence++, TALK_EOF);
        uint8_t *row = malloc(count * 8 + MW_HEADER);
        size_t n = MW_HEADER;
        for (uint32_t i = 0; i < count; i++) {
            int digits = snprintf((char *)row + n + 1, 7, "%u", i);
            row[n] = (uint8_t)digits;
            n += 1 + (size_t)digits;
        }
        put_header(row, n - MW_HEADER, sequence++);
        struct last last = {0};
        struct mw_trace trace = {&last, on_item, on_open, on_close, on_note};
        struct mw_packet packet = wire_packet(row + MW_HEADER, n - MW_HEADER, 0);
        struct mw_msg msg;
        mw_decode_traced(mw_session_pin(t.session, MW_SERVER, &packet), MW_SERVER, &packet, &msg, &trace);
        snprintf(text, sizeof text, "%u", count - 1);
        assert_true(msg.status == MW_OK && last.values == count);
        assert_string_equal(last.value, text);
        assert_true(last.label[0] == 'c');
        assert_string_equal(last.label + 1, text);
        feed(MW_SERVER, row, n);
        line(MW_SERVER, sequence++, TALK_EOF);
        assert_true(t.done_count == 1 && t.done[0].rows == 1 && t.done[0].exact && t.hits.columns == 0);
        assert_true(t.mem.peak < count * 200 + 4 * (size_t)t.limits.packet_head);
        end();
        free(row);
    }
}

static void all_parameters(void **state)
{
    (void)state;
    enum { COUNT = 65535, SIZE = 12 + COUNT / 8 + COUNT * 6 };
    begin();
    t.limits.packet_head = SIZE; /* to read the last of them */
    line(MW_CLIENT, 0, "16 \"INSERT INTO t VALUES (?)\"");
    line(MW_SERVER, 1, "00 01000000 0000 ffff 00 0000");
    uint8_t sequence = 2;
    for (int i = 0; i < COUNT; i++)
        line(MW_SERVER, sequence++, TALK_COLUMN);
    line(MW_SERVER, sequence, TALK_EOF);
    assert_true(t.done_count == 1 && t.done[0].outcome == MW_OUTCOME_OK);
    uint8_t *execute = calloc(1, MW_HEADER + SIZE);
    for (int round = 0; round < 2; round++) { /* with types, and by those of before */
        uint8_t *p = execute + MW_HEADER;
        *p++ = MW_COM_STMT_EXECUTE;
        memcpy(p, "\x01\0\0\0\0\x01\0\0\0", 9), p += 9;
        p += (COUNT + 7) / 8;
        *p++ = round == 0;
        for (int i = 0; i < COUNT && round == 0; i++)
            *p++ = MW_TYPE_LONG, *p++ = 0;
        for (int i = 0; i < COUNT; i++, p += 4)
            p[0] = (uint8_t)i, p[1] = (uint8_t)(i >> 8), p[2] = p[3] = 0;
        size_t n = (size_t)(p - execute);
        struct last last = {0};
        struct mw_trace trace = {&last, on_item, on_open, on_close, on_note};
        struct mw_packet packet = wire_packet(execute + MW_HEADER, n - MW_HEADER, 0);
        struct mw_msg msg;
        mw_decode_traced(mw_session_pin(t.session, MW_CLIENT, &packet), MW_CLIENT, &packet, &msg, &trace);
        assert_true(msg.status == MW_OK && msg.notes == 0 && last.values == COUNT && last.n == COUNT - 1);
        put_header(execute, n - MW_HEADER, 0);
        feed(MW_CLIENT, execute, n);
        line(MW_SERVER, 1, TALK_OK);
        assert_int_equal(t.done_count, round + 2);
    }
    free(execute);
    assert_true(t.mem.peak < 20u << 20);
    end();
}

static void a_million_rows(void **state)
{
    (void)state;
    begin();
    line(MW_CLIENT, 0, "03 \"SELECT a FROM t\"");
    line(MW_SERVER, 1, "01");
    line(MW_SERVER, 2, TALK_COLUMN);
    line(MW_SERVER, 3, TALK_EOF);
    uint8_t sequence = 4, rows[1000 * 12];
    size_t settled = 0;
    for (int block = 0; block < 1000; block++) {
        size_t n = 0;
        for (int i = 0; i < 1000; i++) {
            n += put_header(rows + n, 8, sequence++);
            memcpy(rows + n, "\7" "1234567", 8);
            n += 8;
        }
        feed(MW_SERVER, rows, n);
        if (block == 1)
            settled = t.mem.peak;
    }
    line(MW_SERVER, sequence++, TALK_EOF);
    assert_true(t.done_count == 1 && t.done[0].rows == 1000000 && t.done[0].exact);
    assert_true(t.done[0].response_bytes == 1000000 * 12 + 5 + 4 + 23 + 9 + 9);
    assert_int_equal(t.mem.peak, settled);
    end();
}

/* More commands without an answer than are followed: said, counted, bounded, and the session goes on. */
static void pipelining_without_end(void **state)
{
    (void)state;
    begin();
    unsigned full = 0;
    for (int i = 0; i < 100000; i++) {
        line(MW_CLIENT, 0, "16 \"SELECT ?, ?\"");
        full += talk_noted(&t, MW_NOTE_BIT(QUEUE_FULL)) != 0;
    }
    assert_true(full > 90 && full == t.hits.outstanding);
    assert_true(t.mem.peak < (size_t)t.limits.outstanding * 1024);
    assert_int_equal(t.events[MW_EVENT_COMMAND], 100000);
    line(MW_CLIENT, 0, "0e");
    end();
    assert_int_equal(t.events[MW_EVENT_DONE], 100001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seventeen_megabytes), cmocka_unit_test(thousands_of_columns),   cmocka_unit_test(all_parameters),
        cmocka_unit_test(a_million_rows),      cmocka_unit_test(pipelining_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
