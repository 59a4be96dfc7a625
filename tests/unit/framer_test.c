/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets come out of a stream the same however it is cut; parts of 16 MiB join; losses damage as little as they must.
 */
#include "mywire/framer.h"

#include "tests/support/unit.h"
#include "tests/support/wire.h"

struct fixture {
    struct wire_mem mem;
    struct mw_limits limits;
    struct mw_limit_hits hits;
    struct mw_framer framer;
};

static struct fixture f;
static struct mw_packet packet;

static void begin(enum mw_dir dir, uint32_t head)
{
    memset(&f, 0, sizeof f);
    wire_mem_init(&f.mem);
    f.limits = MW_LIMITS_DEFAULT;
    if (head)
        f.limits.packet_head = head;
    mw_framer_init(&f.framer, dir, &f.mem.mem, &f.limits, &f.hits);
}

static void end(void)
{
    mw_framer_clear(&f.framer);
    assert_int_equal(f.mem.live, 0);
}

static void push_at(const void *p, size_t n, uint64_t number)
{
    mw_framer_push(&f.framer, p, n, (struct mw_stamp){(int64_t)number * 10, number});
}

static bool next(void)
{
    return mw_framer_next(&f.framer, &packet);
}

static const uint8_t three[] = {1, 0, 0, 0, 0x0e, 0, 0, 0, 1, 3, 0, 0, 2, 'a', 'b', 'c'};

static void expect_three(int i)
{
    static const uint32_t lengths[] = {1, 0, 3};
    assert_true(packet.length == lengths[i] && packet.have == lengths[i]);
    assert_true(packet.sequence == i && packet.last_sequence == i && packet.parts == 1);
    assert_true(packet.lost == 0 && !packet.broken_parts && packet.payload);
    if (i == 2)
        assert_memory_equal(packet.payload, "abc", 3);
}

static void all_splits(void **state)
{
    (void)state;
    for (size_t at = 0; at <= sizeof three; at++) {
        begin(MW_CLIENT, 0);
        int taken = 0;
        push_at(three, at, 1);
        for (; next(); taken++)
            expect_three(taken);
        push_at(three + at, sizeof three - at, 2);
        for (; next(); taken++) {
            expect_three(taken);
            assert_true(packet.last.number == 2 && (packet.first.number == 1 || packet.first.number == 2));
        }
        assert_int_equal(taken, 3);
        assert_true(f.framer.packets == 3 && !mw_framer_pending(&f.framer));
        end();
    }
}

static void byte_by_byte(void **state)
{
    (void)state;
    begin(MW_CLIENT, 0);
    int taken = 0;
    for (size_t i = 0; i < sizeof three; i++) {
        push_at(three + i, 1, i + 1);
        while (next())
            expect_three(taken++);
    }
    assert_int_equal(taken, 3);
    /* The third packet began with byte 10 of the stream and ended with byte 16. */
    assert_true(packet.first.number == 10 && packet.last.number == 16 && packet.last.time_ns == 160);
    end();
}

static void whole_packets_are_not_copied(void **state)
{
    (void)state;
    begin(MW_CLIENT, 0);
    push_at(three, sizeof three, 1);
    while (next())
        if (packet.have)
            assert_true(packet.payload >= three && packet.payload < three + sizeof three);
    assert_int_equal(f.mem.peak, 0);
    end();
}

/* Pushes a part: its header and `n` bytes of 'x', in pushes of 64 KiB. Returns whether a packet came out. */
static bool push_part(uint32_t n, uint8_t sequence)
{
    static uint8_t block[65536];
    bool out = false;
    memset(block, 'x', sizeof block);
    uint8_t header[] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), sequence};
    push_at(header, sizeof header, 1);
    out |= next();
    while (n > 0) {
        uint32_t some = n < sizeof block ? n : (uint32_t)sizeof block;
        push_at(block, some, 2);
        out |= next();
        n -= some;
    }
    return out;
}

static void parts_join(void **state)
{
    (void)state;
    static const struct {
        uint32_t last;
        uint8_t first_sequence, second_sequence;
        bool broken;
    } rows[] = {
        {0, 0, 1, false}, /* exactly 0xFFFFFF bytes: an empty part ends them */
        {5, 0, 1, false}, {5, 255, 0, false}, {5, 0, 2, true}, {0, 7, 7, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin(MW_SERVER, 0);
        assert_false(push_part(MW_PART_MAX, rows[i].first_sequence));
        assert_true(mw_framer_pending(&f.framer));
        assert_true(push_part(rows[i].last, rows[i].second_sequence));
        assert_true(packet.length == (uint64_t)MW_PART_MAX + rows[i].last && packet.parts == 2);
        assert_int_equal(packet.sequence, rows[i].first_sequence);
        assert_int_equal(packet.last_sequence, rows[i].second_sequence);
        assert_int_equal(packet.broken_parts, rows[i].broken);
        assert_int_equal(packet.have, f.limits.packet_head);
        assert_int_equal(f.hits.packet_head, 1);
        assert_true(f.mem.peak <= 3 * (size_t)f.limits.packet_head);
        push_at(three, sizeof three, 3);
        assert_true(next()); /* the stream goes on */
        expect_three(0);
        end();
    }
}

static void three_parts(void **state)
{
    (void)state;
    begin(MW_CLIENT, 100);
    assert_false(push_part(MW_PART_MAX, 0));
    assert_false(push_part(MW_PART_MAX, 1));
    assert_true(push_part(1, 2));
    assert_true(packet.length == 2 * (uint64_t)MW_PART_MAX + 1 && packet.parts == 3 && packet.have == 100);
    assert_int_equal(packet.last_sequence, 2);
    end();
}

/* The head of a packet is the same, and counted once, in one push, in any two, and byte by byte. */
static void head_limit(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {10, 0, 0, 0, '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'};
    for (uint32_t head = 1; head <= 11; head++)
        for (size_t at = 0; at <= sizeof bytes; at++) {
            begin(MW_CLIENT, head);
            push_at(bytes, at, 1);
            bool got = next();
            push_at(bytes + at, sizeof bytes - at, 2);
            got |= next();
            uint32_t have = head < 10 ? head : 10;
            assert_true(got && packet.length == 10 && packet.have == have && packet.lost == 0);
            assert_memory_equal(packet.payload, bytes + 4, have);
            assert_int_equal(f.hits.packet_head, head < 10);
            end();
        }
    begin(MW_CLIENT, 4);
    for (size_t i = 0; i < sizeof bytes; i++) {
        push_at(bytes + i, 1, i);
        assert_int_equal(next(), i == sizeof bytes - 1);
    }
    assert_int_equal(packet.have, 4);
    assert_int_equal(f.hits.packet_head, 1);
    end();
}

static void gap_inside_a_packet(void **state)
{
    (void)state;
    static const uint8_t head[] = {8, 0, 0, 1, 'a', 'b'}, tail[] = {'g', 'h', 1, 0, 0, 2, 'z'};
    begin(MW_SERVER, 0);
    push_at(head, sizeof head, 1);
    assert_false(next());
    assert_true(mw_framer_gap(&f.framer, 4));
    assert_false(next());
    push_at(tail, sizeof tail, 2);
    assert_true(next());
    assert_true(packet.length == 8 && packet.lost == 4 && packet.have == 2); /* nothing from behind the hole */
    assert_memory_equal(packet.payload, "ab", 2);
    assert_true(next());
    assert_true(packet.sequence == 2 && packet.lost == 0 && packet.have == 1);
    end();
}

static void gap_to_the_end_of_a_packet(void **state)
{
    (void)state;
    static const uint8_t head[] = {8, 0, 0, 1, 'a', 'b'};
    begin(MW_SERVER, 0);
    push_at(head, sizeof head, 1);
    assert_false(next());
    assert_true(mw_framer_gap(&f.framer, 6));
    assert_true(next());
    assert_true(packet.length == 8 && packet.lost == 6 && packet.have == 2);
    assert_false(next());
    push_at(three, sizeof three, 2);
    assert_true(next());
    expect_three(0);
    end();
}

static void gap_behind_a_header(void **state)
{
    (void)state;
    static const uint8_t head[] = {8, 0, 0, 1};
    begin(MW_SERVER, 0);
    push_at(head, sizeof head, 1);
    assert_false(next());
    assert_true(mw_framer_gap(&f.framer, 8));
    assert_true(next());
    assert_true(packet.length == 8 && packet.lost == 8 && packet.have == 0 && packet.payload);
    end();
}

static void gap_over_the_end_of_a_packet(void **state)
{
    (void)state;
    static const uint8_t head[] = {8, 0, 0, 1, 'a', 'b'}, noise[] = {'x', 'y', 'z', 'x', 'y', 'z'};
    static const uint8_t command[] = {1, 0, 0, 0, 0x0e};
    begin(MW_CLIENT, 0);
    push_at(head, sizeof head, 1);
    assert_false(next());
    assert_false(mw_framer_gap(&f.framer, 7));
    assert_false(mw_framer_gap(&f.framer, 1)); /* still lost */
    push_at(noise, sizeof noise, 2);
    assert_false(next());
    assert_int_equal(f.framer.skipped, sizeof noise);
    push_at(command, sizeof command, 3); /* a segment that begins with a packet */
    assert_true(next());
    assert_true(packet.have == 1 && packet.payload[0] == 0x0e && packet.lost == 0 && packet.first.number == 3);
    end();
}

static void gap_between_packets(void **state)
{
    (void)state;
    begin(MW_SERVER, 0);
    assert_false(mw_framer_gap(&f.framer, 1));
    static const uint8_t reply[] = {7, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0}, row[] = {2, 0, 0, 5, 1, '1'};
    push_at(row, sizeof row, 1); /* a reply begins with sequence id 1 */
    assert_false(next());
    push_at(reply, sizeof reply, 2);
    assert_true(next());
    assert_int_equal(packet.sequence, 1);
    end();
}

static void gap_inside_a_header(void **state)
{
    (void)state;
    begin(MW_CLIENT, 0);
    push_at(three, 2, 1);
    assert_false(next());
    assert_false(mw_framer_gap(&f.framer, 2));
    assert_false(mw_framer_pending(&f.framer));
    end();
}

static void gap_between_parts(void **state)
{
    (void)state;
    begin(MW_CLIENT, 0);
    assert_false(push_part(MW_PART_MAX, 0));
    assert_false(mw_framer_gap(&f.framer, 3));
    static const uint8_t command[] = {1, 0, 0, 0, 0x0e};
    push_at(command, sizeof command, 3);
    assert_true(next());
    assert_true(packet.length == 1 && packet.parts == 1 && !packet.broken_parts);
    end();
}

static void rest_is_taken_back(void **state)
{
    (void)state;
    begin(MW_CLIENT, 0);
    push_at(three, sizeof three, 1);
    assert_true(next());
    struct mw_slice rest = mw_framer_take_rest(&f.framer);
    assert_ptr_equal(rest.p, three + 5);
    assert_int_equal(rest.n, sizeof three - 5);
    assert_false(next());
    assert_int_equal(mw_framer_take_rest(&f.framer).n, 0);
    push_at(rest.p, rest.n, 2);
    assert_true(next());
    expect_three(1);
    end();
}

static void without_memory(void **state)
{
    (void)state;
    begin(MW_CLIENT, 0);
    f.mem.room = 1; /* none at all */
    push_at(three, 14, 1);
    assert_true(next() && next());
    assert_false(next());
    push_at(three + 14, 2, 2);
    assert_true(next());
    assert_true(packet.length == 3 && packet.have == 0 && packet.lost == 0); /* known by its length */
    end();
}

static void large_buffers_are_given_back(void **state)
{
    (void)state;
    begin(MW_CLIENT, 0);
    assert_true(push_part(100000, 0));
    assert_int_equal(packet.have, 100000);
    assert_true(f.mem.live >= 100000);
    assert_false(next());
    assert_int_equal(f.mem.live, 0);
    end();
}

/* Only what lies whole in the input and begins like nothing but a row. */
static void rows_are_passed_over(void **state)
{
    (void)state;
    static const struct {
        uint8_t bytes[16];
        size_t n;
        uint64_t packets, passed;
    } rows[] = {
        {{2, 0, 0, 7, 1, 'a', 1, 0, 0, 8, 0}, 11, 2, 11},
        {{2, 0, 0, 7, 1, 'a', 2, 0, 0, 8, 0}, 11, 1, 6},             /* the second goes on */
        {{2, 0, 0, 7, 1, 'a', 1, 0, 0}, 9, 1, 6},                    /* … begins */
        {{2, 0, 0, 7, 1, 'a', 1, 0, 0, 8}, 10, 1, 6},                /* … has its first byte elsewhere */
        {{2, 0, 0, 7, 1, 'a', 0, 0, 0, 8, 1, 0, 0, 9, 0}, 15, 1, 6}, /* … is empty */
        {{2, 0, 0, 7, 1, 'a', 1, 0, 0, 8, 0xfe}, 11, 1, 6},
        {{2, 0, 0, 7, 1, 'a', 1, 0, 0, 8, 0xff}, 11, 1, 6},
        {{2, 0, 0, 7, 1, 'a', 4, 0, 0, 8, 1, 'a', 1, 'b'}, 14, 1, 6}, /* … is longer than what is kept */
        {{0xff, 0xff, 0xff, 7, 1}, 5, 0, 0},
        {{0}, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin(MW_SERVER, 3);
        push_at(rows[i].bytes, rows[i].n, 1);
        struct mw_passed passed = mw_framer_pass_rows(&f.framer, -1);
        assert_true(passed.packets == rows[i].packets && passed.bytes == rows[i].passed);
        assert_true(f.framer.packets == rows[i].packets && f.framer.in_left == rows[i].n - rows[i].passed);
        assert_int_equal(passed.last_sequence, passed.packets ? 6 + passed.packets : 0);
        assert_true(f.hits.packet_head == 0);
        end();
    }
}

/* Where it is not sure what comes, rows count on. */
static void rows_count_on(void **state)
{
    (void)state;
    static const uint8_t rows[] = {1, 0, 0, 255, 0, 1, 0, 0, 0, 0, 1, 0, 0, 7, 0};
    begin(MW_SERVER, 0);
    push_at(rows, sizeof rows, 1);
    assert_true(mw_framer_pass_rows(&f.framer, 254).packets == 0);
    assert_true(mw_framer_pass_rows(&f.framer, 255).packets == 2);
    assert_true(mw_framer_pass_rows(&f.framer, 1).packets == 0);
    assert_true(mw_framer_pass_rows(&f.framer, -1).packets == 1);
    end();
}

/* Not while a packet is under way, and not while the next one is looked for. */
static void rows_are_not_guessed(void **state)
{
    (void)state;
    static const uint8_t row[] = {1, 0, 0, 0, 0};
    begin(MW_SERVER, 0);
    push_at(row, 2, 1);
    assert_false(next());
    push_at(row, sizeof row, 2);
    assert_true(mw_framer_pass_rows(&f.framer, -1).packets == 0);
    end();
    begin(MW_SERVER, 0);
    assert_false(mw_framer_gap(&f.framer, 1));
    push_at(row, sizeof row, 1);
    assert_true(mw_framer_pass_rows(&f.framer, -1).packets == 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_splits),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(whole_packets_are_not_copied),
        cmocka_unit_test(parts_join),
        cmocka_unit_test(three_parts),
        cmocka_unit_test(head_limit),
        cmocka_unit_test(gap_inside_a_packet),
        cmocka_unit_test(gap_to_the_end_of_a_packet),
        cmocka_unit_test(gap_behind_a_header),
        cmocka_unit_test(gap_over_the_end_of_a_packet),
        cmocka_unit_test(gap_between_packets),
        cmocka_unit_test(gap_inside_a_header),
        cmocka_unit_test(gap_between_parts),
        cmocka_unit_test(rest_is_taken_back),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(large_buffers_are_given_back),
        cmocka_unit_test(rows_are_passed_over),
        cmocka_unit_test(rows_count_on),
        cmocka_unit_test(rows_are_not_guessed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
