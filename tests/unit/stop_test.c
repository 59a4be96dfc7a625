/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/unit.h"

#include "analyzer/patience.h"
#include "analyzer/stop.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void first_is_a_wish(void **state)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    (void)state;
    for (int i = 0; i < 3; i++) {
        stop_arm();
        assert_false(stop_asked());
        raise(signals[i]);
        assert_true(stop_asked());
    }
}

/* Of whichever kind. */
static void second_ends(void **state)
{
    int status;
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        stop_arm();
        raise(SIGINT);
        raise(SIGTERM);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
}

static void nohup_is_heeded(void **state)
{
    (void)state;
    signal(SIGHUP, SIG_IGN);
    stop_arm();
    raise(SIGHUP);
    assert_false(stop_asked());
    signal(SIGHUP, SIG_DFL);
}

static void count(void *user)
{
    ++*(int *)user;
}

static void patience(void **state)
{
    struct patience p;
    int chores = 0, pipes[2];
    (void)state;
    assert_int_equal(pipe(pipes), 0);
    patience_begin(&p, 0);
    p.chores = count;
    p.user = &chores;
    struct pollfd in = {.fd = pipes[0], .events = POLLIN};
    while (!chores) /* they are done while nothing comes */
        assert_int_equal(patience_wait(&p, &in, 1, 1000), PATIENCE_LATER);
    assert_int_equal(write(pipes[1], "", 1), 1);
    assert_int_equal(patience_wait(&p, &in, 1, 1000), PATIENCE_READY);
    raise(SIGTERM);
    assert_int_equal(patience_wait(&p, &in, 1, 1000), PATIENCE_OVER);
    assert_true(p.over && p.over_ns <= patience_now());
    patience_begin(&p, 1);
    while (patience_wait(&p, NULL, 0, 1000) != PATIENCE_OVER)
        ;
    assert_true(patience_now() >= p.end_ns);
    patience_finish(&p);
    close(pipes[0]);
    close(pipes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(first_is_a_wish), cmocka_unit_test(second_ends),
                                       cmocka_unit_test(nohup_is_heeded), cmocka_unit_test(patience)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
