/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that loses its name at once. */
static int open_nameless(const char *folder)
{
    char *name = g_build_filename(folder, ".mywire-XXXXXX", NULL);
    int fd = g_mkstemp_full(name, O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        unlink(name);
    g_free(name);
    return fd;
}

static bool write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno != EINTR)
            return false;
        if (done > 0) {
            p += done;
            n -= (size_t)done;
        }
    }
    return true;
}

/* Copies standard input. Returns 0 or an errno value; `*reading` tells on which side it is. */
static int keep(int to, bool *reading)
{
    enum { BUFFER = 1 << 18 };
    char *buffer = g_malloc(BUFFER);
    int error = 0;
    ssize_t n;
    *reading = true;
    while (!error && (n = read(STDIN_FILENO, buffer, BUFFER)) != 0) {
        if (n < 0 && errno != EINTR) {
            error = errno;
        } else if (n > 0 && !write_all(to, buffer, (size_t)n)) {
            error = errno;
            *reading = false;
        }
    }
    g_free(buffer);
    return error;
}

char *spool_stdin(struct spool *s, const char *output)
{
    struct stat st;
    bool is_file = fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode);
    if (s->fd >= 0)
        return NULL;
    if (is_file || isatty(STDIN_FILENO)) {
        /* Reading a terminal is refused where inputs are opened. */
        s->fd = STDIN_FILENO;
        s->begins = is_file ? lseek(STDIN_FILENO, 0, SEEK_CUR) : 0;
        return NULL;
    }
    bool beside = output && strcmp(output, "-") != 0;
    char *folder = beside ? g_path_get_dirname(output) : g_strdup(g_get_tmp_dir());
    int fd = open_nameless(folder);
    bool reading = false;
    int error = fd < 0 ? errno : keep(fd, &reading);
    char *sentence = NULL;
    if (error && reading)
        sentence = g_strdup_printf("Standard input cannot be read: %s.", g_strerror(error));
    else if (error)
        sentence =
            g_strdup_printf("Standard input is read twice and cannot be kept in %s: %s; write it to a file first.",
                            folder, g_strerror(error));
    if (!error && lseek(fd, 0, SEEK_SET) == 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO)
        s->fd = STDIN_FILENO;
    if (fd >= 0)
        close(fd);
    g_free(folder);
    return sentence;
}

void spool_rewind(const struct spool *s)
{
    if (s->fd >= 0)
        (void)lseek(s->fd, s->begins, SEEK_SET);
}
