/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* fopencookie */
#include "analyzer/waiting_file.h"

#include <errno.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Milliseconds between looks at a file that grows; and how long a pipe whose writer was told to end, too, may be silent,
 * and go on. */
enum { LOOK_MS = 100, SILENCE_MS = 1000, LAST_WORDS_MS = 3000 };

struct stream {
    struct waiting *w;
    int fd;
    char *path;
    bool grows;
    off_t at;       /* bytes read */
    bool last_look; /* the reason to end is there: what has been written before is still read */
};

static bool is_regular(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

bool waiting_file_wanted(int fd, const struct waiting *w)
{
    return w && (w->grows || !is_regular(fd));
}

/* Why the file will not grow any more. */
static enum waiting_end reason_to_end(const struct stream *s)
{
    struct stat open, named;
    if (s->w->patience->over)
        return WAITING_OVER;
    if (fstat(s->fd, &open) == 0 && open.st_size < s->at)
        return WAITING_TRUNCATED;
    if (s->path && stat(s->path, &named) == 0 && fstat(s->fd, &open) == 0 &&
        (named.st_dev != open.st_dev || named.st_ino != open.st_ino))
        return WAITING_REPLACED;
    if (s->w->followed && s->w->followed(s->w->user))
        return WAITING_FOLLOWED;
    return WAITING_NOT;
}

static ssize_t read_growing(struct stream *s, char *out, size_t n)
{
    for (;;) {
        ssize_t got = read(s->fd, out, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got > 0)
            s->at += got;
        if (got != 0)
            return got;
        /* The reason may be older than what was written in the meantime, so look once more after it is known. */
        enum waiting_end why = s->last_look ? s->w->end : reason_to_end(s);
        if (s->last_look)
            return 0;
        s->w->end = why;
        s->last_look = why != WAITING_NOT;
        if (!s->last_look)
            patience_wait(s->w->patience, NULL, 0, LOOK_MS);
    }
}

/* Who ends a pipeline with Ctrl-C ends all of it; the one in front may still hand on what it has. */
static bool wait_for_last_words(struct stream *s)
{
    int64_t left = s->w->patience->over_ns / 1000000 + LAST_WORDS_MS - patience_now() / 1000000;
    struct pollfd in = {.fd = s->fd, .events = POLLIN};
    return left > 0 && poll(&in, 1, (int)MIN(left, SILENCE_MS)) > 0;
}

static ssize_t read_pipe(struct stream *s, char *out, size_t n)
{
    for (;;) {
        struct pollfd in = {.fd = s->fd, .events = POLLIN};
        enum patience_wait what = patience_wait(s->w->patience, &in, 1, PATIENCE_CHORES_MS);
        if (what == PATIENCE_LATER)
            continue;
        if (what == PATIENCE_OVER && !wait_for_last_words(s)) {
            s->w->end = WAITING_OVER;
            return 0;
        }
        ssize_t got = read(s->fd, out, n);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got == 0)
            s->w->end = s->w->patience->over ? WAITING_OVER : WAITING_EOF;
        return got;
    }
}

static ssize_t read_stream(void *cookie, char *out, size_t n)
{
    struct stream *s = cookie;
    return s->grows ? read_growing(s, out, n) : read_pipe(s, out, n);
}

static int close_stream(void *cookie)
{
    struct stream *s = cookie;
    int result = close(s->fd);
    g_free(s->path);
    g_free(s);
    return result;
}

FILE *waiting_file_open(int fd, const char *path, struct waiting *w)
{
    struct stream *s = g_new0(struct stream, 1);
    *s = (struct stream){.w = w, .fd = fd, .path = g_strdup(path), .grows = is_regular(fd)};
    w->end = WAITING_NOT;
    const cookie_io_functions_t functions = {.read = read_stream, .close = close_stream};
    FILE *file = fopencookie(s, "rb", functions);
    if (!file) {
        g_free(s->path);
        g_free(s);
    }
    return file;
}
