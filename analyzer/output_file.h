/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that is there when it is whole, and otherwise not: written under another name in its folder, then renamed. */
#ifndef ANALYZER_OUTPUT_FILE_H
#define ANALYZER_OUTPUT_FILE_H

#include "analyzer/sink.h"

struct output_file;

/** Begins the file `path`; NULL and "-" are standard output, and a pipe or a device is written as it is. What stood
 * under that name stays there until output_file_close(), so an input may be its own output. A file that is replaced
 * keeps its permissions; behind a symbolic link it is the link's goal that is replaced.
 *
 * Returns NULL and the file in `*out`, or a sentence for the user that the caller frees with g_free(). */
char *output_file_open(struct output_file **out, const char *path);

/** The same, but what is written is there at once under its name: for results of a run that lasts, which others read
 * meanwhile. What stood there is gone. */
char *output_file_open_at_once(struct output_file **out, const char *path);

/** Hands on what is buffered. Returns 0, or an errno value: of the first write that failed, or EPIPE where nobody reads
 * any more. */
int output_file_flush(struct output_file *f);

/** The sink to write to; valid until output_file_close(). */
struct sink output_file_sink(struct output_file *f);

/** Whether it is standard output. */
bool output_file_is_stdout(const struct output_file *f);

/** Ends the file and frees `f`. `keep`: what was written is brought to the disk and takes the name; otherwise, and
 * where any write failed, nothing of it stays (but on standard output, pipes and devices, where it is gone). Returns
 * NULL, or a sentence about what could not be written for the user that the caller frees with g_free(). A reader that
 * went away (EPIPE) is no error. */
char *output_file_close(struct output_file *f, bool keep);

#endif
