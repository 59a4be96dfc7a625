/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct output_file {
    char *path;   /* as given, for messages; NULL: standard output */
    char *target; /* what the whole file is renamed to; NULL: `fd` is what it should be */
    char *part;   /* what is written until then */
    int fd;
    struct sink_file *sink;
};

static void free_output(struct output_file *f)
{
    g_free(f->path);
    g_free(f->target);
    g_free(f->part);
    g_free(f);
}

/* Opens a new file beside the target, so that renaming it stays within the file system. */
static int open_part(struct output_file *f, const struct stat *replaced)
{
    /* Random, so that two programs that write the same file do not write into each other's. */
    for (int attempt = 0; attempt < 100; attempt++) {
        g_free(f->part);
        f->part = g_strdup_printf("%s.%08x.part", f->target, g_random_int());
        /* Nobody may read a private file's successor while it is written. */
        f->fd = open(f->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, replaced ? 0600 : 0666);
        if (f->fd >= 0 || errno != EEXIST)
            break;
    }
    if (f->fd >= 0 && replaced && fchmod(f->fd, replaced->st_mode & 07777) != 0) {
        int error = errno;
        close(f->fd);
        unlink(f->part);
        errno = error;
        f->fd = -1;
    }
    return f->fd;
}

static int open_target(struct output_file *f, bool at_once)
{
    struct stat st;
    bool there = stat(f->path, &st) == 0;
    if (there && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    if (there && !S_ISREG(st.st_mode))
        return open(f->path, O_WRONLY | O_CLOEXEC);
    if (at_once)
        return open(f->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    char *resolved = there ? realpath(f->path, NULL) : NULL;
    f->target = g_strdup(resolved ? resolved : f->path);
    free(resolved);
    return open_part(f, there ? &st : NULL);
}

static char *open_output(struct output_file **out, const char *path, bool at_once)
{
    struct output_file *f = g_new0(struct output_file, 1);
    f->fd = STDOUT_FILENO;
    if (path && strcmp(path, "-") != 0) {
        f->path = g_strdup(path);
        f->fd = open_target(f, at_once);
    }
    if (f->fd < 0) {
        char *error =
            g_strdup_printf("%s cannot be written: %s; choose another place with -o.", path, g_strerror(errno));
        free_output(f);
        return error;
    }
    f->sink = sink_file_new(f->fd, SINK_FILE_BUFFER);
    *out = f;
    return NULL;
}

char *output_file_open(struct output_file **out, const char *path)
{
    return open_output(out, path, false);
}

char *output_file_open_at_once(struct output_file **out, const char *path)
{
    return open_output(out, path, true);
}

int output_file_flush(struct output_file *f)
{
    struct pollfd reader = {.fd = f->fd};
    int error = sink_file_flush(f->sink);
    if (!error && poll(&reader, 1, 0) > 0 && reader.revents & POLLERR)
        error = EPIPE;
    return error;
}

struct sink output_file_sink(struct output_file *f)
{
    return sink_file_sink(f->sink);
}

bool output_file_is_stdout(const struct output_file *f)
{
    return !f->path;
}

/* A name is on the disk when its folder is. Some file systems cannot be asked for that; the file is whole all the same.
 */
static void sync_folder(const char *path)
{
    char *folder = g_path_get_dirname(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    g_free(folder);
}

char *output_file_close(struct output_file *f, bool keep)
{
    int error = sink_file_free(f->sink);
    if (keep && !error && f->target && fsync(f->fd) != 0)
        error = errno;
    if (f->path && close(f->fd) != 0 && !error)
        error = errno;
    if (f->target) {
        if (keep && !error && rename(f->part, f->target) != 0)
            error = errno;
        if (!keep || error)
            unlink(f->part);
        else
            sync_folder(f->target);
    }
    char *sentence = NULL;
    if (error && error != EPIPE)
        sentence =
            g_strdup_printf("%s could not be written: %s.", f->path ? f->path : "standard output", g_strerror(error));
    free_output(f);
    return sentence;
}
