/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/password_file.h"

#include <string.h>

#include "analyzer/secret_memory.h"

/* Returns NULL, or what is wrong. */
static const char *take_entry(struct password_file *f, const char *p, size_t n)
{
    if (f->too_long)
        return "it is longer than 4096 bytes; a line is USER:PASSWORD";
    if (n > 0 && p[n - 1] == '\r')
        n--;
    if (n == 0 || p[0] == '#')
        return NULL;
    if (memchr(p, 0, n))
        return "it holds a NUL byte; write the file as UTF-8 text";
    const char *colon = memchr(p, ':', n);
    if (!colon)
        return "there is no colon in it; a line is USER:PASSWORD, and a comment begins with #";
    size_t n_name = (size_t)(colon - p);
    return f->sink->entry(f->sink->user, p, n_name, colon + 1, n - n_name - 1);
}

static void take_line(struct password_file *f)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t skip = ++f->number == 1 && f->n >= 3 && memcmp(f->line, mark, 3) == 0 ? 3 : 0;
    if (f->failed)
        return;
    const char *why = take_entry(f, f->line + skip, f->n - skip);
    if (!why)
        return;
    f->failed = true;
    f->sink->complain(f->sink->user, f->number, why);
}

void password_file_begin(struct password_file *f, const struct password_file_sink *sink)
{
    memset(f, 0, sizeof *f);
    f->sink = sink;
}

void password_file_push(struct password_file *f, const char *text, size_t n)
{
    while (n > 0) {
        const char *end = memchr(text, '\n', n);
        size_t part = end ? (size_t)(end - text) : n;
        size_t room = sizeof f->line - f->n;
        size_t fits = part < room ? part : room;
        memcpy(f->line + f->n, text, fits);
        f->n += fits;
        f->too_long |= fits < part;
        if (end) {
            take_line(f);
            f->n = 0;
            f->too_long = false;
            part++;
        }
        text += part;
        n -= part;
    }
}

void password_file_end(struct password_file *f)
{
    if (f->n > 0)
        take_line(f);
    f->n = 0;
    f->too_long = false;
    secret_wipe(f->line, sizeof f->line);
}
