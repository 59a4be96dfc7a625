/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are read while they are written: a stream over a file that grows, or over a pipe, whose end is not what
 * is there now but what somebody decides. */
#ifndef ANALYZER_WAITING_FILE_H
#define ANALYZER_WAITING_FILE_H

#include "analyzer/patience.h"

#include <stdio.h>

/** Why a stream ended. */
enum waiting_end {
    WAITING_NOT,       /**< it has not, or a read failed */
    WAITING_EOF,       /**< the pipe's writer closed it */
    WAITING_OVER,      /**< patience was over */
    WAITING_REPLACED,  /**< another file has the name now */
    WAITING_TRUNCATED, /**< it became shorter than what was read of it */
    WAITING_FOLLOWED   /**< another file goes on where this one ended: followed() said so */
};

/** How to wait. Must outlive the stream. */
struct waiting {
    struct patience *patience;
    bool grows; /**< the end of a regular file is not its end */
    /** Whether another file has begun that this one's writer goes on in. Asked at the end of a file that grows; may be
     * NULL. */
    bool (*followed)(void *user);
    void *user;
    enum waiting_end end; /**< why the stream ended */
};

/** A stream over `fd`, which it owns, or NULL with errno. `path` is the file's name, by which it is seen that another
 * file has taken it; NULL for standard input. When patience is over it still reads what is there: of a pipe what comes
 * until the writer is silent, for some seconds at most. */
FILE *waiting_file_open(int fd, const char *path, struct waiting *w);

/** Whether the file is one to wait for: it grows, or is a pipe or a device. */
bool waiting_file_wanted(int fd, const struct waiting *w);

#endif
