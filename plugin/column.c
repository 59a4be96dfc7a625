/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plugin/column.h"

#include <string.h>

/* Longer rows are cut: nobody reads them. */
enum { LENGTH_MAX = 800 };

struct column {
    const char *before;  /* text of an outer protocol that stays */
    wmem_strbuf_t *done; /* all but the last text */
    const char *last;
    unsigned repeated; /* how often `last` stands in a row */
    unsigned hidden;   /* packets beyond the maximum */
};

struct column *column_new(packet_info *pinfo)
{
    struct column *column = wmem_new0(pinfo->pool, struct column);
    column->done = wmem_strbuf_new(pinfo->pool, "");
    col_clear(pinfo->cinfo, COL_INFO);
    column->before = wmem_strdup(pinfo->pool, col_get_text(pinfo->cinfo, COL_INFO));
    return column;
}

/* Controls and what changes the direction of writing have no place in a list of packets. */
static const char *printable(packet_info *pinfo, const char *text)
{
    wmem_strbuf_t *out = wmem_strbuf_new(pinfo->pool, "");
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        wmem_strbuf_append_unichar(out, g_unichar_isprint(c) ? c : '.');
    }
    return wmem_strbuf_get_str(out);
}

static void put_last(const struct column *column, wmem_strbuf_t *out)
{
    if (!column->last)
        return;
    if (wmem_strbuf_get_len(out) > 0)
        wmem_strbuf_append(out, " | ");
    wmem_strbuf_append(out, column->last);
    if (column->repeated > 1)
        wmem_strbuf_append_printf(out, " ×%u", column->repeated);
}

void column_add(struct column *column, packet_info *pinfo, const char *text)
{
    text = printable(pinfo, text);
    if (column->hidden || wmem_strbuf_get_len(column->done) > LENGTH_MAX) {
        column->hidden++;
    } else if (column->last && strcmp(column->last, text) == 0) {
        column->repeated++;
    } else {
        put_last(column, column->done);
        column->last = text;
        column->repeated = 1;
    }
}

void column_show(const struct column *column, packet_info *pinfo)
{
    if (!column->last)
        return;
    wmem_strbuf_t *line = wmem_strbuf_new(pinfo->pool, wmem_strbuf_get_str(column->done));
    put_last(column, line);
    if (column->hidden)
        wmem_strbuf_append_printf(line, " | %u more", column->hidden);
    /* Written whole each time: TCP fences what was there before a further call for the frame, and TLS puts its own
     * words between the records. */
    col_clear_fence(pinfo->cinfo, COL_INFO);
    col_add_fstr(pinfo->cinfo, COL_INFO, "%s%s", column->before, wmem_strbuf_get_str(line));
}
