/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A few lines at the bottom of a terminal that are drawn again and again in the same place, without flicker: each time
 * one write, which puts new text over old and clears only what is left of that. */
#ifndef ANALYZER_SCREEN_H
#define ANALYZER_SCREEN_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

struct screen {
    GString *text;  /**< what goes out */
    unsigned lines; /**< that stand there */
};

/** Terminal columns and lines for drawing. */
struct screen_size {
    size_t columns, lines;
};

/** Begins a drawing. */
void screen_begin(struct screen *s);

/** Adds a line: `label`, bold where `color`, and `value`, cut to `size`; both safe for a terminal. What has no room below
 * the others is left out. */
void screen_line(struct screen *s, const struct screen_size *size, bool color, const char *label, const char *value);

/** Ends the drawing: `text` is what to write to the terminal. */
void screen_end(struct screen *s);

/** Makes `text` what removes the lines that stand there, so that something else can be written in their place. */
void screen_remove(struct screen *s);

void screen_clear(struct screen *s);

#endif
