/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/sink.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

struct sink_file {
    int fd;
    int error;        /* errno of the first write that failed */
    bool taken;       /* somebody has been told */
    uint64_t written; /* bytes the descriptor has taken */
    size_t used;      /* bytes waiting in `buffer` */
    size_t size;
    char buffer[];
};

struct sink_file *sink_file_new(int fd, size_t buffer)
{
    assert(buffer > 0);
    struct sink_file *file = g_malloc(sizeof *file + buffer);
    *file = (struct sink_file){.fd = fd, .size = buffer};
    return file;
}

static int write_out(struct sink_file *file, const char *p, size_t n)
{
    while (n > 0 && file->error == 0) {
        ssize_t done = write(file->fd, p, n);
        if (done > 0) {
            file->written += (size_t)done;
            p += done;
            n -= (size_t)done;
        } else if (done == 0) {
            file->error = EIO;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd ready = {.fd = file->fd, .events = POLLOUT};
            poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            file->error = errno;
        }
    }
    return file->error;
}

int sink_file_flush(struct sink_file *file)
{
    size_t n = file->used;
    file->used = 0;
    return write_out(file, file->buffer, n);
}

static int file_write(void *user, const char *p, size_t n)
{
    struct sink_file *file = user;
    if (n > file->size - file->used && sink_file_flush(file) != 0)
        return file->error;
    if (n >= file->size)
        return write_out(file, p, n);
    if (n > 0)
        memcpy(file->buffer + file->used, p, n);
    file->used += n;
    return file->error;
}

struct sink sink_file_sink(struct sink_file *file)
{
    return (struct sink){.write = file_write, .user = file};
}

int sink_file_take_error(struct sink_file *file)
{
    if (file->taken || file->error == 0)
        return 0;
    file->taken = true;
    return file->error;
}

uint64_t sink_file_written(const struct sink_file *file)
{
    return file->written;
}

int sink_file_free(struct sink_file *file)
{
    if (file == NULL)
        return 0;
    sink_file_flush(file);
    int error = sink_file_take_error(file);
    g_free(file);
    return error;
}

static int string_write(void *user, const char *p, size_t n)
{
    g_string_append_len(user, p, (gssize)n);
    return 0;
}

struct sink sink_string(GString *text)
{
    return (struct sink){.write = string_write, .user = text};
}
