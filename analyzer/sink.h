/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where output goes: one function that takes bytes. Writers (JSON, CSV, tables) know nothing else about files. */
#ifndef ANALYZER_SINK_H
#define ANALYZER_SINK_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Takes bytes in order. Passed by value; `user` must outlive every writer that holds a copy. */
struct sink {
    /** Takes all `n` bytes and returns 0, or returns an errno value (ENOSPC, EPIPE …): then nothing more needs to come,
     * and every later call returns an error too. */
    int (*write)(void *user, const char *p, size_t n);
    void *user; /**< handed to `write` */
};

/** Writes `n` bytes. Returns 0 or an errno value. */
static inline int sink_write(struct sink sink, const char *p, size_t n)
{
    return sink.write(sink.user, p, n);
}

/** A buffer in front of a file descriptor. One thread at a time. */
struct sink_file;

/** Default size of the buffer in bytes. */
#define SINK_FILE_BUFFER ((size_t)64 * 1024)

/** Makes a sink over `fd`, which stays the caller's (it is never closed here). `buffer` is the buffer's size in bytes,
 * at least 1. The process must ignore SIGPIPE, or it dies before EPIPE can be reported. A descriptor in non-blocking
 * mode is waited for. */
struct sink_file *sink_file_new(int fd, size_t buffer);

/** The sink to hand to writers; valid until sink_file_free(). */
struct sink sink_file_sink(struct sink_file *file);

/** Writes out what is buffered. Returns 0, or the errno value of the first write that failed since the beginning; the
 * error stays, and nothing is written after it. */
int sink_file_flush(struct sink_file *file);

/** The error to tell the user: the errno value of the first write that failed, the first time this is called after it;
 * 0 if there was none, or if it has been taken already. Does not flush. */
int sink_file_take_error(struct sink_file *file);

/** Bytes that reached the descriptor. */
uint64_t sink_file_written(const struct sink_file *file);

/** Flushes and frees; NULL is allowed. Returns like sink_file_take_error(). */
int sink_file_free(struct sink_file *file);

/** A sink that appends to `text`, which stays the caller's. Never fails. */
struct sink sink_string(GString *text);

#endif
