/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ctrl-C and its like as a wish: the first one is noticed where it suits, the second one ends the program at once.
 *
 * A handler has no variable to leave a note in that is not global. What it changes is what signals do from then on: the
 * first one makes all of them deadly again, and that is what stop_asked() sees. */
#ifndef ANALYZER_STOP_H
#define ANALYZER_STOP_H

#include <stdbool.h>

/** Takes SIGINT and SIGTERM, and SIGHUP unless it is ignored (nohup(1)). Calls that wait return EINTR then. */
void stop_arm(void);

/** Makes all of them deadly again. */
void stop_disarm(void);

/** Whether one of them has come since stop_arm(), which must have been called. */
bool stop_asked(void);

#endif
