/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/junit.h"

#include <string.h>

#include "analyzer/text.h"

/* Text for XML 1.0, in content or an attribute: what XML cannot hold, control characters and U+FFFE, U+FFFF, is not
 * there. Line ends are kept for content. */
static void xml(struct output *out, const char *text, bool lines)
{
    GString *safe = g_string_new(NULL);
    char **parts = lines ? g_strsplit(text, "\n", -1) : NULL;
    for (char **p = parts; p && *p; p++) {
        if (p != parts)
            g_string_append_c(safe, '\n');
        text_escape_terminal(safe, *p, strlen(*p));
    }
    if (!parts)
        text_escape_terminal(safe, text, strlen(text));
    g_strfreev(parts);
    GString *escaped = g_string_new(NULL);
    for (const char *p = safe->str; *p; p = g_utf8_next_char(p)) {
        gunichar character = g_utf8_get_char(p);
        switch (character) {
        case '<': g_string_append(escaped, "&lt;"); break;
        case '>': g_string_append(escaped, "&gt;"); break;
        case '&': g_string_append(escaped, "&amp;"); break;
        case '"': g_string_append(escaped, "&quot;"); break;
        default: g_string_append_unichar(escaped, character == 0xfffe || character == 0xffff ? 0xfffd : character);
        }
    }
    output_printf(out, "%s", escaped->str);
    g_string_free(safe, TRUE);
    g_string_free(escaped, TRUE);
}

static void attribute(struct output *out, const char *name, const char *value)
{
    output_printf(out, " %s=\"", name);
    xml(out, value, false);
    output_printf(out, "\"");
}

void junit_begin(struct output *out, const char *name, const struct junit_counts *c, int64_t time_ns)
{
    output_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    attribute(out, "name", name);
    output_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" time=\"0\">\n  <testsuite", c->tests, c->failures, c->errors);
    attribute(out, "name", name);
    output_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"0\"", c->tests, c->failures, c->errors,
                  c->skipped);
    GDateTime *time = time_ns ? g_date_time_new_from_unix_utc(time_ns / 1000000000) : NULL;
    char *text = time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%S") : NULL;
    if (text)
        attribute(out, "timestamp", text);
    g_free(text);
    if (time)
        g_date_time_unref(time);
    output_printf(out, ">\n");
}

void junit_properties(struct output *out, const char *const *pairs)
{
    output_printf(out, "    <properties>\n");
    for (; *pairs; pairs += 2) {
        output_printf(out, "      <property");
        attribute(out, "name", pairs[0]);
        attribute(out, "value", pairs[1]);
        output_printf(out, "/>\n");
    }
    output_printf(out, "    </properties>\n");
}

static void begin_case(struct output *out, const char *class, const char *name)
{
    output_printf(out, "    <testcase");
    attribute(out, "name", name);
    attribute(out, "classname", class);
    output_printf(out, " time=\"0\"");
}

void junit_passed(struct output *out, const char *class, const char *name)
{
    begin_case(out, class, name);
    output_printf(out, "/>\n");
}

void junit_skipped(struct output *out, const char *class, const char *name)
{
    begin_case(out, class, name);
    output_printf(out, ">\n      <skipped/>\n    </testcase>\n");
}

void junit_outcome(struct output *out, const char *class, const char *name, const char *element, const char *type,
                   char *message, char *body)
{
    begin_case(out, class, name);
    output_printf(out, ">\n      <%s", element);
    attribute(out, "message", message);
    attribute(out, "type", type);
    output_printf(out, ">");
    xml(out, body, true);
    output_printf(out, "</%s>\n    </testcase>\n", element);
    g_free(message);
    g_free(body);
}

void junit_end(struct output *out)
{
    output_printf(out, "  </testsuite>\n</testsuites>\n");
}
