/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/screen.h"

#include "analyzer/text.h"

#include <string.h>

/* To the first column of the first line that stands there. */
static void go_home(struct screen *s)
{
    if (!s->text)
        s->text = g_string_new(NULL);
    g_string_assign(s->text, "\r");
    if (s->lines)
        g_string_append_printf(s->text, "\033[%uA", s->lines);
    s->lines = 0;
}

void screen_begin(struct screen *s)
{
    go_home(s);
}

void screen_line(struct screen *s, const struct screen_size *size, bool color, const char *label, const char *value)
{
    enum { LABEL = 14, SPARE = 1 }; /* the cursor needs a line of its own; the last column stays free: some terminals wrap there */
    if (s->lines + 1 + SPARE > size->lines)
        return;
    size_t room = size->columns > LABEL + SPARE ? size->columns - LABEL - SPARE : 1;
    g_string_append_printf(s->text, "%s%-*s%s", color ? "\033[1m" : "", LABEL, label, color ? "\033[0m" : "");
    text_shorten(s->text, value, strlen(value), room);
    g_string_append(s->text, "\033[K\n");
    s->lines++;
}

void screen_end(struct screen *s)
{
    g_string_append(s->text, "\033[J"); /* lines of a longer drawing before */
}

void screen_remove(struct screen *s)
{
    go_home(s);
    g_string_append(s->text, "\033[J");
}

void screen_clear(struct screen *s)
{
    if (s->text)
        g_string_free(s->text, TRUE);
    *s = (struct screen){0};
}
