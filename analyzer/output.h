/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where results go: a format and a file, or standard output. Each -o is one; there is always at least one. */
#ifndef ANALYZER_OUTPUT_H
#define ANALYZER_OUTPUT_H

#include "analyzer/output_file.h"

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_NDJSON, FORMAT_CSV, FORMAT_MARKDOWN, FORMAT_JUNIT, FORMAT_SARIF, FORMAT_GITHUB, FORMAT_COUNT };

/** Set of formats: 1 << enum format. */
#define FORMAT_BIT(f) (1u << (f))

struct output {
    enum format format;
    struct output_file *file;
    struct sink sink;
    bool terminal; /**< a person is looking */
    bool color;
    size_t width; /**< columns of the terminal, 0: as wide as the data */
};

/** "ndjson". */
const char *format_name(enum format format);

/** The format of that name, or FORMAT_COUNT. */
enum format format_from(const char *name, size_t n);

/** When a result file takes its name. */
enum output_when {
    OUTPUT_WHOLE,  /**< when it is whole: it is written beside its place, so a failure leaves what was there */
    OUTPUT_AT_ONCE /**< at once: others read it while it grows */
};

enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/** Opens a result file, or standard output where `path` is NULL. Returns NULL or a sentence for the user to g_free. */
char *output_open(struct output *out, enum format format, const char *path, enum output_when when,
                  enum color_mode color);

/** Hands on what is pending. Returns 0 or an errno value: EPIPE where nobody reads any more. */
int output_flush(struct output *out);

/** Writes what is pending and closes. `keep`: false throws the file away. Returns NULL, or a sentence about what could
 * not be written to g_free. A reader that went away (EPIPE) is no error. */
char *output_close(struct output *out, bool keep);

/** Writes a text that may hold anything, made safe for a terminal. */
void output_text(struct output *out, const char *text);

/** Writes `first`, and behind it a text that may hold anything, made safe for a terminal: in lines of at most `columns`, broken between
 * words, those that follow begin with `indent` blanks. 0 columns: one line. */
void output_words(struct output *out, size_t columns, const char *first, int indent, const char *text);

/** Writes a text that may hold anything as one line of Markdown: nothing in it is markup, a link, a mention or a cell's end. */
void output_markdown(struct output *out, const char *text);

/** printf to the output. */
void output_printf(struct output *out, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
