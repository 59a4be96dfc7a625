/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire follow ID`: one connection as a transcript that reads like a session in the client. */
#include <string.h>

#include "analyzer/cli.h"
#include "analyzer/command_values.h"
#include "analyzer/report_connections.h"
#include "analyzer/report_packets.h"
#include "analyzer/table.h"

/* Rows of one result set that are shown, as text. */
struct result {
    GPtrArray *names; /* of char * */
    GPtrArray *rows;  /* of GPtrArray of char *, NULL for NULL */
    uint64_t count;
};

struct follow {
    struct output *out;
    uint64_t id, rows;
    struct command_gatherer *gatherer;
    struct report_packets *report; /* for values */
    GPtrArray *results;            /* of struct result: of the command under way */
    int64_t start_ns;
    enum mw_dialect dialect;
    bool found;
};

enum color { PLAIN, BOLD, RED, DIM };

static void paint(const struct follow *f, GString *s, enum color color, const char *text, size_t n)
{
    static const char *const codes[] = {"", "\033[1m", "\033[31m", "\033[2m"};
    bool on = f->out->color && color != PLAIN;
    if (on)
        g_string_append(s, codes[color]);
    text_escape_terminal(s, text, n);
    if (on)
        g_string_append(s, "\033[0m");
}

/* "   0.044707  text" */
static void tell(const struct follow *f, int64_t time_ns, enum color color, const char *text, size_t n)
{
    GString *line = g_string_new(NULL);
    if (time_ns)
        g_string_append_printf(line, "%11.6f  ", (double)(time_ns - f->start_ns) / 1e9);
    else
        g_string_append(line, "             ");
    paint(f, line, color, text, n);
    g_string_append_c(line, '\n');
    sink_write(f->out->sink, line->str, line->len);
    g_string_free(line, TRUE);
}

static void tellf(const struct follow *f, int64_t time_ns, enum color color, const char *format, ...) G_GNUC_PRINTF(4, 5);
static void tellf(const struct follow *f, int64_t time_ns, enum color color, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    tell(f, time_ns, color, text, strlen(text));
    g_free(text);
}

/* -- rows ---------------------------------------------------------------------------------------------------------- */

static void row_free(gpointer row)
{
    if (row)
        g_ptr_array_free(row, TRUE);
}

static void result_free(gpointer p)
{
    struct result *r = p;
    g_ptr_array_free(r->names, TRUE);
    g_ptr_array_free(r->rows, TRUE);
    g_free(r);
}

static struct result *current_result(struct follow *f, bool begin)
{
    if (!begin && f->results->len)
        return g_ptr_array_index(f->results, f->results->len - 1);
    struct result *r = g_new0(struct result, 1);
    r->names = g_ptr_array_new_with_free_func(g_free);
    r->rows = g_ptr_array_new_with_free_func(row_free);
    g_ptr_array_add(f->results, r);
    return r;
}

static void add_row(struct follow *f, const struct conn_packet *p)
{
    struct result *r = current_result(f, false);
    r->count++;
    if (r->rows->len >= f->rows)
        return;
    GPtrArray *row = g_ptr_array_new_with_free_func(g_free);
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < p->items->count; i++) {
        const struct mw_item *item = &p->items->entries[i].item;
        const struct mw_field *field = mw_field(item->field);
        if (!(field->flags & MW_FLAG_VALUE))
            continue;
        if (r->names->len == row->len) {
            GString *name = g_string_new(NULL);
            if (item->label.p)
                text_escape_terminal(name, (const char *)item->label.p, item->label.n);
            else
                g_string_printf(name, "column %u", row->len + 1);
            g_ptr_array_add(r->names, g_string_free(name, FALSE));
        }
        g_string_truncate(text, 0);
        if (field->type != MW_FT_HEADING)
            report_value_text(f->report, p->ctx->dialect, item, text);
        g_ptr_array_add(row, field->type == MW_FT_HEADING ? NULL : g_strdup(text->str));
    }
    g_string_free(text, TRUE);
    g_ptr_array_add(r->rows, row);
}

static void show_result(const struct follow *f, const struct result *r)
{
    enum { INDENT = 13, CELL_MOST = 60 };
    if (r->rows->len == 0 || r->names->len == 0)
        return;
    struct table_column *columns = g_new0(struct table_column, r->names->len);
    for (guint i = 0; i < r->names->len; i++)
        columns[i] = (struct table_column){g_ptr_array_index(r->names, i), TABLE_TRUNCATE, 0};
    size_t width = f->out->width > INDENT ? f->out->width - INDENT : 0;
    struct table *t = table_new(columns, r->names->len, width, f->out->color);
    GString *cell = g_string_new(NULL);
    for (guint i = 0; i < r->rows->len; i++) {
        const GPtrArray *row = g_ptr_array_index(r->rows, i);
        table_row(t);
        for (guint k = 0; k < row->len && k < r->names->len; k++) {
            const char *value = g_ptr_array_index(row, k);
            g_string_truncate(cell, 0);
            if (value)
                text_shorten(cell, value, strlen(value), CELL_MOST);
            table_cell(t, value ? cell->str : "NULL", value ? TABLE_PLAIN : TABLE_DIM);
        }
    }
    g_string_truncate(cell, 0);
    table_print(t, sink_string(cell));
    char **lines = g_strsplit(cell->str, "\n", -1);
    for (char **line = lines; *line && (**line || line[1]); line++)
        output_printf(f->out, "%*s%s\n", INDENT, "", *line);
    g_strfreev(lines);
    g_string_free(cell, TRUE);
    table_free(t);
    g_free(columns);
}

/* -- commands ------------------------------------------------------------------------------------------------------ */

/* The statement with its parameters filled in behind it: SELECT … WHERE id = ?   -- (1, 'x') */
static void show_request(const struct follow *f, const struct command *c)
{
    const char *name = command_name(c);
    GString *s = g_string_new(NULL);
    bool plain = c->code == MW_COM_QUERY && c->seen && !c->empty;
    if (!plain)
        g_string_append_printf(s, "[%s] ", name ? name : "request not captured");
    if (c->sql)
        g_string_append_len(s, c->sql->str, (gssize)c->sql->len);
    if (c->sql_truncated)
        g_string_append(s, "…");
    if (plain)
        g_string_append_c(s, ';');
    if (c->params && c->params->len) {
        g_string_append(s, "  -- (");
        for (guint i = 0; i < c->params->len; i++) {
            const struct command_value *v = &g_array_index(c->params, struct command_value, i);
            const struct command_value *next = i + 1 < c->params->len ? v + 1 : NULL;
            if (v->kind == VALUE_SET) {
                g_string_append(s, i ? "), (" : "");
                continue;
            }
            command_value_sql(s, v);
            if (next && next->kind != VALUE_SET)
                g_string_append(s, ", ");
        }
        g_string_append_c(s, ')');
    }
    for (guint i = 0; c->attributes && i < c->attributes->len; i++) {
        const struct command_attribute *a = &g_array_index(c->attributes, struct command_attribute, i);
        g_string_append_printf(s, "  -- %s = ", a->name->str);
        command_value_sql(s, &a->value);
    }
    tell(f, c->start_ns, BOLD, s->str, s->len);
    g_string_free(s, TRUE);
}

static void show_reply(const struct follow *f, const struct command *c)
{
    char time[48] = "";
    if (c->duration_us >= 0)
        g_snprintf(time, sizeof time, " in %.3f ms", (double)c->duration_us / 1000);
    const char *warned = c->warnings ? ", warnings: " : "";
    char warnings[32] = "";
    if (c->warnings)
        g_snprintf(warnings, sizeof warnings, "%" G_GUINT64_FORMAT, c->warnings);
    switch (c->outcome) {
    case MW_OUTCOME_ERROR:
        tellf(f, 0, RED, "ERROR %u%s%s%s: %s%s", c->error, c->sqlstate ? " (" : "", c->sqlstate ? c->sqlstate : "",
              c->sqlstate ? ")" : "", c->message ? c->message->str : "", time);
        break;
    case MW_OUTCOME_RESULTSET:
        tellf(f, 0, DIM, "%" G_GUINT64_FORMAT " row%s%s%s%s%s", c->rows, c->rows == 1 ? "" : "s",
              c->resultsets > 1 ? " in several results" : "", time, warned, warnings);
        break;
    case MW_OUTCOME_OK:
        tellf(f, 0, DIM, "OK, %" G_GUINT64_FORMAT " affected%s%s%s", c->affected_rows, time, warned, warnings);
        break;
    case MW_OUTCOME_NONE: break;
    default: tellf(f, 0, DIM, "%s%s%s%s", command_outcome_name(c->outcome), time, warned, warnings); break;
    }
    for (guint i = 0; c->changes && i < c->changes->len; i++)
        tellf(f, 0, DIM, "session: %s", ((const GString *)g_ptr_array_index(c->changes, i))->str);
    if (!c->exact)
        tellf(f, 0, RED, "not all of this was captured");
}

static void on_done(void *user, struct command *c)
{
    struct follow *f = user;
    if (c->connection == f->id) {
        show_request(f, c);
        for (guint i = 0; f->rows && i < f->results->len; i++)
            show_result(f, g_ptr_array_index(f->results, i));
        show_reply(f, c);
        g_ptr_array_set_size(f->results, 0);
    }
    command_free(c);
}

/* -- the connection ------------------------------------------------------------------------------------------------ */

static void show_login(struct follow *f, const struct connection *c, const struct mw_event *event)
{
    char client[64], server[64];
    switch (event->kind) {
    case MW_EVENT_GREETING:
        report_endpoint(&c->client, client);
        report_endpoint(&c->server, server);
        tellf(f, event->packet->last.time_ns, PLAIN, "%s to %s: server %s, thread %u", client, server,
              c->server_version ? c->server_version : "?", c->thread_id);
        break;
    case MW_EVENT_SSL_REQUEST: tellf(f, event->packet->last.time_ns, PLAIN, "TLS begins"); break;
    case MW_EVENT_LOGIN:
        tellf(f, event->packet->last.time_ns, PLAIN, "login as %s%s%s", c->user ? c->user : "?", c->database ? ", database " : "",
              c->database ? c->database : "");
        break;
    case MW_EVENT_AUTH:
        if (event->msg->kind == MW_KIND_AUTH_SWITCH || event->msg->kind == MW_KIND_AUTH_NEXT_FACTOR)
            tellf(f, event->packet->last.time_ns, PLAIN, "server asks for %s", mw_session_auth_plugin(event->session));
        break;
    case MW_EVENT_LOGGED_IN:
        tellf(f, event->packet->last.time_ns, PLAIN, "logged in with %s%s%s%s", c->auth_plugin ? c->auth_plugin : "?",
              connection_path_name(c->auth_path) ? ", " : "",
              connection_path_name(c->auth_path) ? connection_path_name(c->auth_path) : "",
              c->compression == COMPRESSION_NONE ? "" : ", compressed from here on");
        break;
    case MW_EVENT_LOGIN_FAILED:
    case MW_EVENT_UNSOLICITED:
        tellf(f, event->packet->last.time_ns, RED, "ERROR %u: %.*s", event->msg->err.code, (int)event->msg->err.message.n,
              (const char *)event->msg->err.message.p);
        break;
    default: break;
    }
}

static void on_event(void *user, const struct connection *c, const struct mw_event *event, const struct items *items)
{
    struct follow *f = user;
    if (c->id != f->id)
        return;
    if (!f->found)
        f->start_ns = c->start_ns;
    f->found = true;
    if (event->packet && event->msg)
        show_login(f, c, event);
    command_gatherer_event(f->gatherer, c, event, items);
}

/* Oddities of packets stand where they happened; errors and warnings of statements are told with their command. */
static void on_packet(void *user, const struct conn_packet *p)
{
    const uint64_t told = MW_NOTE_BIT(ERR) | MW_NOTE_BIT(LOGIN_FAILED) | MW_NOTE_BIT(WARNINGS) | MW_NOTE_BIT(NO_INDEX) |
                          MW_NOTE_BIT(SLOW) | MW_NOTE_BIT(UNSOLICITED) | MW_NOTE_BIT(GUESSED);
    struct follow *f = user;
    if (p->msg->kind == MW_KIND_COLUMN_COUNT)
        current_result(f, true);
    if (p->msg->kind == MW_KIND_ROW && f->rows)
        add_row(f, p);
    for (int i = 0; i < MW_NOTE_COUNT; i++)
        if ((p->notes & ~told) >> i & 1)
            tellf(f, p->packet->last.time_ns, RED, "! packet %" G_GUINT64_FORMAT ": %s", p->packet->last.number,
                  mw_note(i)->text);
}

static void on_closed(void *user, struct connection *c)
{
    struct follow *f = user;
    command_gatherer_closed(f->gatherer, c);
    if (c->id == f->id) {
        if (c->inside_tls.why)
            tellf(f, c->end_ns, PLAIN, "%s: %s", c->opaque ? "the rest is encrypted" : "not all of it was decrypted",
                  c->inside_tls.why);
        tellf(f, c->end_ns, PLAIN, "%s (%s)", connection_state_name(c->state), connection_close_name(c->closed_by));
    }
    connection_free(c);
}

enum cli_exit run_follow(struct cli *cli)
{
    if (cli->outputs->len > 1)
        return cli_usage("follow writes one transcript: give one -o.");
    struct analysis *a = analysis_new();
    struct follow f = {.out = &g_array_index(cli->outputs, struct output, 0), .id = cli->connection, .rows = cli->rows};
    f.gatherer = command_gatherer_new(cli->max_sql, &a->limits, &a->hits, on_done, &f);
    f.report = report_packets_new(true, false, cli->show_secrets);
    f.results = g_ptr_array_new_with_free_func(result_free);
    const struct conn_observer observer = {
        .user = &f, .event = on_event, .values = true, .packet = on_packet, .only = f.id, .closed = on_closed};
    enum cli_exit result = cli_analyze(cli, a, &observer);
    command_gatherer_free(f.gatherer);
    report_packets_free(f.report);
    g_ptr_array_free(f.results, TRUE);
    if (!f.found && result == CLI_OK)
        result = cli_no_such_connection(f.id, a->connections);
    analysis_free(a);
    return result;
}
