/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/patience.h"

#include "analyzer/stop.h"

#include <time.h>

#define MILLISECOND INT64_C(1000000)

int64_t patience_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void patience_begin(struct patience *p, uint64_t seconds)
{
    const uint64_t seconds_max = INT64_MAX / 2 / 1000000000;
    int64_t now = patience_now();
    *p = (struct patience){.due_ns = now + PATIENCE_CHORES_MS * MILLISECOND};
    if (seconds)
        p->end_ns = now + (int64_t)(seconds < seconds_max ? seconds : seconds_max) * 1000000000;
    stop_arm();
}

void patience_finish(struct patience *p)
{
    p->over = true;
    stop_disarm();
}

void patience_end(struct patience *p)
{
    if (!p->over)
        p->over_ns = patience_now();
    p->over = true;
}

void patience_look(struct patience *p)
{
    int64_t now = patience_now();
    if (stop_asked() || (p->end_ns && now >= p->end_ns))
        patience_end(p);
    if (now < p->due_ns)
        return;
    p->due_ns = now + PATIENCE_CHORES_MS * MILLISECOND;
    if (p->chores)
        p->chores(p->user);
}

enum patience_wait patience_wait(struct patience *p, struct pollfd *fds, size_t n, int ms)
{
    patience_look(p);
    if (p->over)
        return PATIENCE_OVER;
    int64_t left = (p->due_ns - patience_now()) / MILLISECOND + 1;
    /* A signal between the look and the call is noticed at the next look. */
    int ready = poll(fds, n, left < 0 ? 0 : left < ms ? (int)left : ms);
    patience_look(p);
    return ready > 0 ? PATIENCE_READY : p->over ? PATIENCE_OVER : PATIENCE_LATER;
}
