/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a run that lasts waits: for packets or bytes to come, until somebody ends it, with its chores done meanwhile. */
#ifndef ANALYZER_PATIENCE_H
#define ANALYZER_PATIENCE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Milliseconds between chores: what is done then is seen within a second. */
enum { PATIENCE_CHORES_MS = 200 };

/** One for a run. */
struct patience {
    /** What is done now and then, between two packets or while none comes; set by who has chores. */
    void (*chores)(void *user);
    void *user;
    bool over;       /**< nothing more is waited for */
    int64_t over_ns; /**< since when, on the clock of patience_now() */
    int64_t end_ns;  /**< when it is over by itself; 0: never */
    int64_t due_ns;  /**< of the next chores */
    unsigned breaths;
};

/** What patience_wait() came to. */
enum patience_wait {
    PATIENCE_READY, /**< a descriptor has something to say */
    PATIENCE_LATER, /**< nothing yet */
    PATIENCE_OVER   /**< somebody ended it, or its time has come */
};

/** Begins, and takes the signals that end it (stop.h). `seconds`: 0 for ever. */
void patience_begin(struct patience *p, uint64_t seconds);

/** Gives the signals back: from here on each ends the program. */
void patience_finish(struct patience *p);

/** Nanoseconds on a clock that only goes forward, from an arbitrary instant on. */
int64_t patience_now(void);

/** Ends it as a signal would. */
void patience_end(struct patience *p);

/** Waits for one of `n` descriptors, at most `ms` milliseconds and never longer than to the next chores, which it does
 * when they are due. */
enum patience_wait patience_wait(struct patience *p, struct pollfd *fds, size_t n, int ms);

/** Looks at the clock and for signals, and does the chores that are due. */
void patience_look(struct patience *p);

/** To be called with every packet: looks every so many times. */
static inline void patience_breathe(struct patience *p)
{
    enum { PACKETS = 64 };
    if (++p->breaths % PACKETS == 0)
        patience_look(p);
}

#endif
