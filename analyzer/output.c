/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/table.h"
#include "analyzer/text.h"

static const char *const names[FORMAT_COUNT] = {"text", "json", "ndjson", "csv", "markdown", "junit", "sarif", "github"};

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

char *output_open(struct output *out, enum format format, const char *path, enum output_when when,
                  enum color_mode color)
{
    *out = (struct output){.format = format};
    char *error = (when == OUTPUT_AT_ONCE ? output_file_open_at_once : output_file_open)(&out->file, path);
    if (error)
        return error;
    out->terminal = output_file_is_stdout(out->file) && isatty(STDOUT_FILENO);
    out->width = out->terminal ? table_width(STDOUT_FILENO) : 0;
    const char *no_color = g_getenv("NO_COLOR");
    const char *term = g_getenv("TERM");
    bool wanted = out->terminal && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
    out->color = color == COLOR_ALWAYS || (color == COLOR_AUTO && wanted);
    out->sink = output_file_sink(out->file);
    return NULL;
}

int output_flush(struct output *out)
{
    return output_file_flush(out->file);
}

char *output_close(struct output *out, bool keep)
{
    char *error = output_file_close(out->file, keep);
    out->file = NULL;
    return error;
}

void output_text(struct output *out, const char *text)
{
    GString *safe = g_string_new(NULL);
    text_escape_terminal(safe, text, strlen(text));
    sink_write(out->sink, safe->str, safe->len);
    g_string_free(safe, TRUE);
}

void output_words(struct output *out, size_t columns, const char *first, int indent, const char *text)
{
    GString *safe = g_string_new(NULL);
    text_escape_terminal(safe, text, strlen(text));
    char **words = g_strsplit(safe->str, " ", -1);
    size_t column = text_width(first, strlen(first));
    bool begun = false;
    output_printf(out, "%s", first);
    for (char **w = words; *w; w++) {
        size_t width = text_width(*w, strlen(*w));
        if (begun && columns && column + 1 + width > columns) {
            output_printf(out, "\n%*s", indent, "");
            column = (size_t)indent;
            begun = false;
        }
        output_printf(out, "%s%s", begun ? " " : "", *w);
        column += width + begun;
        begun = true;
    }
    output_printf(out, "\n");
    g_strfreev(words);
    g_string_free(safe, TRUE);
}

void output_markdown(struct output *out, const char *text)
{
    GString *safe = g_string_new(NULL), *escaped = g_string_new(NULL);
    text_escape_terminal(safe, text, strlen(text));
    for (const char *p = safe->str; *p; p++) {
        if (*p == '<' || *p == '>' || *p == '&' || *p == '@')
            g_string_append_printf(escaped, "&#%d;", *p);
        else if (strchr("\\`*_[]|~#!", *p))
            g_string_append_printf(escaped, "\\%c", *p);
        else
            g_string_append_c(escaped, *p);
    }
    sink_write(out->sink, escaped->str, escaped->len);
    g_string_free(safe, TRUE);
    g_string_free(escaped, TRUE);
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
