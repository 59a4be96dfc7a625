/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/table.h"

static const char *const names[FORMAT_COUNT] = {"text", "json", "ndjson", "csv", "markdown"};

const char *format_name(enum format format)
{
    return names[format];
}

enum format format_from(const char *name, size_t n)
{
    for (int f = 0; f < FORMAT_COUNT; f++)
        if (strlen(names[f]) == n && memcmp(names[f], name, n) == 0)
            return f;
    return FORMAT_COUNT;
}

/* A result takes its name only when it is whole; pipes and devices are written as they are. */
static bool is_special(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

char *output_open(struct output *out, enum format format, const char *path, enum color_mode color)
{
    *out = (struct output){.format = format, .path = g_strdup(path), .fd = STDOUT_FILENO};
    if (path) {
        if (!is_special(path))
            out->part = g_strdup_printf("%s.part", path);
        out->fd = open(out->part ? out->part : path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        int error = errno;
        if (out->fd < 0) {
            g_free(out->path);
            g_free(out->part);
            return g_strdup_printf("%s cannot be written: %s; choose another place with -o.", path, g_strerror(error));
        }
    }
    out->terminal = !path && isatty(out->fd);
    out->width = out->terminal ? table_width(out->fd) : 0;
    const char *no_color = g_getenv("NO_COLOR");
    const char *term = g_getenv("TERM");
    bool wanted = out->terminal && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
    out->color = color == COLOR_ALWAYS || (color == COLOR_AUTO && wanted);
    out->file = sink_file_new(out->fd, SINK_FILE_BUFFER);
    out->sink = sink_file_sink(out->file);
    return NULL;
}

char *output_close(struct output *out, bool keep)
{
    int error = sink_file_free(out->file);
    char *sentence = NULL;
    const char *where = out->path ? out->path : "standard output";
    if (out->path && close(out->fd) != 0 && !error)
        error = errno;
    if (out->part) {
        if (keep && !error && rename(out->part, out->path) != 0)
            error = errno;
        if (!keep || error)
            unlink(out->part);
    }
    if (error && error != EPIPE)
        sentence = g_strdup_printf("%s could not be written: %s.", where, g_strerror(error));
    g_free(out->path);
    g_free(out->part);
    out->path = out->part = NULL;
    return sentence;
}

void output_printf(struct output *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    sink_write(out->sink, text, strlen(text));
    g_free(text);
}
