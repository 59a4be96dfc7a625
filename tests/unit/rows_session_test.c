/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs of rows: passing over them is the same as taking them one by one. */
#include "mywire/session.h"

#include "tests/support/talk.h"

static struct talk t;

/* Rows that are taken out of the framer at once leave the session as if each had been stepped. */
static void rows_passed_over(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {2, 0, 0, 4, 1, '1', 2, 0, 0, 5, 1, '2', 1, 0, 0, 6, 0xfb, 5, 0, 0, 7, 0xfe};
    struct mw_exchange stepped = {0};
    for (int passing = 0; passing < 2; passing++) {
        struct mw_framer framer;
        talk_begin(&t, NULL);
        t.observer.no_rows = true;
        TALK_LOGGED_IN(&t, TALK_PLAIN);
        mw_framer_init(&framer, MW_SERVER, &t.mem.mem, &t.limits, &t.hits);
        mw_framer_push(&framer, bytes, sizeof bytes, (struct mw_stamp){0, 1});
        assert_true(mw_session_pass_rows(t.session, &framer) == 0); /* no command */
        talk(&t, "client 0> 03 \"SELECT 1\"");
        assert_true(mw_session_pass_rows(t.session, &framer) == 0); /* no result yet */
        talk(&t, "server 1> 01");
        talk(&t, "server 2> " TALK_COLUMN);
        talk(&t, "server 3> " TALK_EOF);
        if (passing) {
            assert_true(mw_session_pass_rows(t.session, &framer) == 3);
            assert_true(mw_session_pass_rows(t.session, &framer) == 0);
            t.number += 3;
        } else {
            talk(&t, "server 4> 01 31");
            talk(&t, "server 5> 01 32");
            talk(&t, "server 6> fb");
        }
        talk(&t, "server 7> " TALK_EOF);
        assert_int_equal(t.step.notes, 0);
        assert_true(t.done_count == 1 && t.done[0].rows == 3 && t.done[0].exact);
        if (passing) {
            assert_true(t.done[0].response_bytes == stepped.response_bytes);
            assert_true(t.done[0].first.number == stepped.first.number && t.done[0].last.number == stepped.last.number);
        }
        stepped = t.done[0];
        mw_framer_clear(&framer);
        talk_end(&t);
    }
}

/* Whoever wants to be told of each row is. */
static void rows_told_are_not_passed_over(void **state)
{
    (void)state;
    static const uint8_t row[] = {2, 0, 0, 4, 1, '1'};
    struct mw_framer framer;
    talk_begin(&t, NULL);
    TALK_LOGGED_IN(&t, TALK_PLAIN);
    talk(&t, "client 0> 03 \"SELECT 1\"");
    talk(&t, "server 1> 01");
    talk(&t, "server 2> " TALK_COLUMN);
    talk(&t, "server 3> " TALK_EOF);
    mw_framer_init(&framer, MW_SERVER, &t.mem.mem, &t.limits, &t.hits);
    mw_framer_push(&framer, row, sizeof row, (struct mw_stamp){0, 1});
    assert_true(mw_session_pass_rows(t.session, &framer) == 0 && framer.in_left == sizeof row);
    mw_framer_clear(&framer);
    talk_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_passed_over),
        cmocka_unit_test(rows_told_are_not_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
