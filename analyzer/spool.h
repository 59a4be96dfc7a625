/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Standard input, made readable twice: what is a file is read from where it stood; the rest is kept in a file that has
 * no name, so that nothing of it stays. */
#ifndef ANALYZER_SPOOL_H
#define ANALYZER_SPOOL_H

#include <sys/types.h>

/** Standard input between two readings. */
struct spool {
    int fd;       /**< -1: nothing was prepared */
    off_t begins; /**< where in it the input begins */
};

/** Prepares standard input. What must be kept is written beside `output`, or where temporary files belong if that is
 * NULL or "-": it takes as much room as the input. Returns NULL, or a sentence for the user that the caller frees with
 * g_free(). */
char *spool_stdin(struct spool *s, const char *output);

/** Sets standard input to its beginning. */
void spool_rewind(const struct spool *s);

#endif
