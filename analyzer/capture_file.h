/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a capture: a file or standard input, opened, unpacked, and known to begin like a capture. */
#ifndef ANALYZER_CAPTURE_FILE_H
#define ANALYZER_CAPTURE_FILE_H

#include "analyzer/waiting_file.h"

#include <stdbool.h>
#include <stdio.h>

/** An open capture, at its first byte. */
struct capture_file {
    char *name;   /**< for messages */
    FILE *file;   /**< what it holds, unpacked; used by one thread. Who takes it over puts NULL here and closes it */
    char *buffer; /**< of `file`, which must be closed before */
    bool pcapng;  /**< else classic pcap */
    bool ahead;   /**< reading more than is needed now waits for nobody: it is no pipe */
};

/** Opens the capture at `path`, or standard input for "-", plain or compressed. `waiting`: how to wait for what comes
 * through a pipe, or is still being written; it must outlive the file. NULL: the end is the end.
 *
 * Returns NULL, or a sentence for the user (what, where, what to do) that the caller frees with g_free(): the file does
 * not exist, may not be read, is a directory, a terminal, empty, compressed in another way, or no capture. In any case
 * capture_file_close() ends what was begun. */
char *capture_file_open(struct capture_file *f, const char *path, struct waiting *waiting);

/** Closes what is open and frees. */
void capture_file_close(struct capture_file *f);

#endif
