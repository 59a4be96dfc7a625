/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plugin/line.h"

#include <string.h>

#include "mywire/decode.h"
#include "plugin/text.h"
#include "plugin/value.h"

/* Bytes of a prepared statement, of an error, of a parameter and of all of them. */
enum { SQL_MAX = 320, ERROR_MAX = 240, PARAM_MAX = 40, PARAMS_MAX = 160 };

/* -- requests ------------------------------------------------------------------------------------------------------ */

struct params {
    wmem_allocator_t *pool;
    enum mw_dialect dialect;
    wmem_strbuf_t *text;
};

static void add_param(struct params *p, const char *label, const char *value)
{
    size_t n = wmem_strbuf_get_len(p->text);
    if (n > PARAMS_MAX)
        return;
    wmem_strbuf_append_printf(p->text, "%s%s%s%s", n ? ", " : "", label ? label : "", label ? "=" : "",
                              text_cut(p->pool, value, PARAM_MAX));
    if (wmem_strbuf_get_len(p->text) > PARAMS_MAX)
        wmem_strbuf_append(p->text, ", …");
}

/* Sets of parameters of a bulk execute follow each other; what stands for a value in them is told by its name. */
static void on_item(void *user, const struct mw_item *item)
{
    struct params *p = user;
    if (value_is(item))
        add_param(p, value_label(p->pool, p->dialect, item), value_text(p->pool, p->dialect, item));
    else if (item->field == MW_F_BULK_INDICATOR && item->number)
        add_param(p, NULL, item->number == 1 ? "NULL" : item->name ? item->name : "?");
}

static void on_open(void *user)
{
    (void)user;
}

static void on_close(void *user, uint32_t end)
{
    (void)user;
    (void)end;
}

static void on_note(void *user, enum mw_note_id note, uint32_t offset, uint32_t length)
{
    (void)user;
    (void)note;
    (void)offset;
    (void)length;
}

static const char *params_of(packet_info *pinfo, const struct mw_ctx *ctx, const struct mw_packet *packet)
{
    struct params p = {pinfo->pool, ctx->dialect, wmem_strbuf_new(pinfo->pool, "")};
    const struct mw_trace trace = {&p, on_item, on_open, on_close, on_note};
    struct mw_msg msg;
    if (!mw_carries_values(ctx, packet))
        return "";
    mw_decode_traced(ctx, MW_CLIENT, packet, &msg, &trace);
    return wmem_strdup_printf(pinfo->pool, " [%s]", wmem_strbuf_get_str(p.text));
}

static const char *request_line(packet_info *pinfo, const struct mw_ctx *ctx, const struct mw_packet *packet,
                                const struct mw_msg *msg, const char *summary)
{
    const char *name = mw_command_name(ctx->dialect, msg->request.command);
    if (msg->request.empty || !name)
        return summary;
    const struct mw_stmt *stmt = ctx->stmt;
    if (stmt && stmt->sql.n) {
        const char *sql = text_utf8(pinfo->pool, ctx->dialect, stmt->collation, stmt->sql.p, stmt->sql.n);
        const char *rows = msg->request.command == MW_COM_STMT_FETCH && msg->request.has_argument
                               ? wmem_strdup_printf(pinfo->pool, "%u row%s: ", msg->request.argument,
                                                    msg->request.argument == 1 ? "" : "s")
                               : "";
        return wmem_strdup_printf(pinfo->pool, "%s %s%s%s", name, rows, text_cut(pinfo->pool, sql, SQL_MAX),
                                  params_of(pinfo, ctx, packet));
    }
    size_t behind = strlen(name) + 1;
    bool bare = msg->request.command == MW_COM_QUERY && strlen(summary) > behind;
    return bare ? summary + behind : summary;
}

/* -- replies ------------------------------------------------------------------------------------------------------- */

static const char *time_text(wmem_allocator_t *pool, const struct exchange *exchange)
{
    if (!exchange->request)
        return "";
    double ms = (double)(exchange->last_ns - exchange->sent_ns) / 1e6;
    if (ms < 1)
        return wmem_strdup_printf(pool, " %.3f ms", ms);
    return ms < 1000 ? wmem_strdup_printf(pool, " %.1f ms", ms) : wmem_strdup_printf(pool, " %.2f s", ms / 1000);
}

static const char *counted(wmem_allocator_t *pool, uint64_t n, const char *one, const char *many)
{
    return n ? wmem_strdup_printf(pool, " %" PRIu64 " %s", n, n == 1 ? one : many) : "";
}

/* How the reply went that ends here. */
static const char *outcome_line(wmem_allocator_t *pool, const struct exchange *exchange, const struct mw_msg *msg,
                                const char *summary)
{
    const char *time = time_text(pool, exchange);
    bool ended = msg->kind == MW_KIND_OK || msg->kind == MW_KIND_EOF;
    if (!ended && msg->kind != MW_KIND_COLUMN && msg->kind != MW_KIND_COLUMN_COUNT)
        return wmem_strdup_printf(pool, "%s%s", text_cut(pool, summary, ERROR_MAX), time);
    const char *affected = counted(pool, exchange->affected, "affected", "affected"),
               *warnings = counted(pool, exchange->warnings, "warning", "warnings");
    if (exchange->cursor && !exchange->rows)
        return wmem_strdup_printf(pool, "OK cursor open%s%s", warnings, time);
    if (exchange->resultset)
        return wmem_strdup_printf(pool, "%" PRIu64 " row%s%s%s%s", exchange->rows, exchange->rows == 1 ? "" : "s",
                                  affected, warnings, time);
    return wmem_strdup_printf(pool, "OK%s%s%s", affected, warnings, time);
}

void line_add(struct column *column, packet_info *pinfo, const struct record *record, const struct mw_packet *packet,
              const struct mw_msg *msg, const char *summary)
{
    if (msg->kind == MW_KIND_COMMAND) {
        column_add(column, pinfo, request_line(pinfo, &record->ctx, packet, msg, summary));
        return;
    }
    bool ends = record->dir == MW_SERVER && record->exchange && record->ends;
    if (!ends || msg->kind == MW_KIND_COLUMN || msg->kind == MW_KIND_COLUMN_COUNT)
        column_add(column, pinfo, summary);
    if (ends)
        column_add(column, pinfo, outcome_line(pinfo->pool, record->exchange, msg, summary));
}
