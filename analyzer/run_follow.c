/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire follow ID`: one connection as a transcript that reads like a session in the client. */
#include <string.h>

#include "analyzer/cli.h"
#include "analyzer/command_values.h"
#include "analyzer/endpoint.h"
#include "analyzer/report_packets.h"
#include "analyzer/table.h"
#include "analyzer/wire_text.h"

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
    GString *asked;                /* the plugin that the server asked for in a COM_CHANGE_USER under way */
    uint64_t file_bytes;           /* of the file that the command under way sent */
    uint64_t gap_bytes, damaged_frames; /* told so far */
    int64_t start_ns;
    bool found;
    bool compressed, password_told;
    bool inexact;    /* … that the command before was */
};

enum { INDENT = 13 }; /* where a line goes on behind the time */

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
                report_label_text(f->report, p->ctx->dialect, item, name);
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

/* More columns than fit side by side: a line each, as the client's \G does. */
static void show_upright(const struct follow *f, const struct result *r)
{
    size_t widest = 0;
    for (guint i = 0; i < r->names->len; i++) {
        const char *name = g_ptr_array_index(r->names, i);
        widest = MAX(widest, text_width(name, strlen(name)));
    }
    for (guint i = 0; i < r->rows->len; i++) {
        const GPtrArray *row = g_ptr_array_index(r->rows, i);
        tellf(f, 0, DIM, "*** row %u ***", i + 1);
        for (guint k = 0; k < row->len && k < r->names->len; k++) {
            const char *name = g_ptr_array_index(r->names, k), *value = g_ptr_array_index(row, k);
            GString *line = g_string_new(NULL);
            g_string_append_printf(line, "%*s%s: ", INDENT + (int)(widest - text_width(name, strlen(name))), "", name);
            paint(f, line, value ? PLAIN : DIM, value ? value : "NULL", value ? strlen(value) : 4);
            output_printf(f->out, "%s\n", line->str);
            g_string_free(line, TRUE);
        }
    }
}

static void show_result(const struct follow *f, const struct result *r)
{
    enum { CELL_MOST = 60, CELL_LEAST = 8 };
    if (r->rows->len == 0 || r->names->len == 0)
        return;
    if (f->out->width && f->out->width < INDENT + r->names->len * CELL_LEAST) {
        show_upright(f, r);
        return;
    }
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

/* Behind the name of a command: the text of its statement, or what else it asks for. */
static void append_what(GString *s, const struct command *c)
{
    if (c->sql) {
        g_string_append_c(s, ' ');
        g_string_append_len(s, c->sql->str, (gssize)c->sql->len);
    } else if (c->has_statement)
        g_string_append_printf(s, " statement %u", c->statement_id);
    if (c->sql_truncated)
        g_string_append(s, "…");
    if (c->argument)
        g_string_append_printf(s, "%s%s", c->sql ? "  -- " : c->has_statement ? ", " : " ", c->argument->str);
}

/* "  -- (1, 'x')", and for a bulk execute a pair of parentheses for each set */
static void append_params(GString *s, const struct command *c)
{
    if (!c->params || c->params->len == 0)
        return;
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

/* The statement with its parameters filled in behind it: SELECT … WHERE id = ?   -- (1, 'x') */
static void show_request(const struct follow *f, const struct command *c)
{
    const char *name = command_name(c);
    GString *s = g_string_new(NULL);
    if (c->code == MW_COM_QUERY && c->seen && !c->empty) {
        if (c->sql)
            g_string_append_len(s, c->sql->str, (gssize)c->sql->len);
        g_string_append(s, c->sql_truncated ? "…;" : ";");
    } else {
        g_string_append_printf(s, "[%s]", name ? name : "request not captured");
        append_what(s, c);
    }
    append_params(s, c);
    for (guint i = 0; c->attributes && i < c->attributes->len; i++) {
        const struct command_attribute *a = &g_array_index(c->attributes, struct command_attribute, i);
        g_string_append(s, "  -- ");
        g_string_append_len(s, a->name->str, (gssize)a->name->len);
        g_string_append(s, " = ");
        command_value_sql(s, &a->value);
    }
    tell(f, c->start_ns, BOLD, s->str, s->len);
    g_string_free(s, TRUE);
}

/* "ERROR 1064 (42000): message", as the client has it. */
static GString *error_text(unsigned code, const char *sqlstate, const GString *message)
{
    GString *s = g_string_new(NULL);
    g_string_printf(s, "ERROR %u", code);
    if (sqlstate)
        g_string_append_printf(s, " (%s)", sqlstate);
    g_string_append(s, ": ");
    if (message)
        g_string_append_len(s, message->str, (gssize)message->len);
    return s;
}

static const char *plural(guint64 n)
{
    return n == 1 ? "" : "s";
}

/* What a command without an error came to: "3 rows", "OK, 1 affected" … */
static GString *result_text(const struct follow *f, const struct command *c)
{
    GString *s = g_string_new(NULL);
    bool executes = c->code == MW_COM_QUERY || c->code == MW_COM_STMT_EXECUTE || c->code == MW_COM_STMT_BULK_EXECUTE;
    switch (c->outcome) {
    case MW_OUTCOME_RESULTSET:
        if (c->status & MW_SERVER_STATUS_CURSOR_EXISTS && c->code == MW_COM_STMT_EXECUTE && c->rows == 0)
            g_string_append(s, "cursor opened");
        else
            g_string_append_printf(s, "%" G_GUINT64_FORMAT " row%s", c->rows, plural(c->rows));
        if (c->resultsets > 1)
            g_string_append_printf(s, " in %" G_GUINT64_FORMAT " results", c->resultsets);
        if (c->affected_rows)
            g_string_append_printf(s, ", %" G_GUINT64_FORMAT " affected", c->affected_rows);
        break;
    case MW_OUTCOME_OK:
    case MW_OUTCOME_EOF:
    case MW_OUTCOME_INFILE:
        g_string_append(s, "OK");
        if (c->code == MW_COM_STMT_PREPARE)
            g_string_append_printf(s, ", statement %u: %u parameter%s, %u column%s", c->statement_id,
                                   c->prepared_params, plural(c->prepared_params), c->prepared_columns,
                                   plural(c->prepared_columns));
        else if (executes && c->seen && command_counts_rows(c))
            g_string_append_printf(s, ", %" G_GUINT64_FORMAT " affected", c->affected_rows);
        if (c->insert_id)
            g_string_append_printf(s, ", last insert id %" G_GUINT64_FORMAT, c->insert_id);
        if (c->outcome == MW_OUTCOME_INFILE && f->file_bytes)
            g_string_append_printf(s, ", %" G_GUINT64_FORMAT " bytes of the file", f->file_bytes);
        else if (c->outcome == MW_OUTCOME_INFILE)
            g_string_append(s, ", the client sent nothing of the file");
        break;
    default: g_string_append(s, command_outcome_name(c->outcome)); break;
    }
    return s;
}

static void show_reply(struct follow *f, const struct command *c)
{
    GString *s = NULL;
    enum color color = DIM;
    if (c->outcome == MW_OUTCOME_ERROR) {
        s = error_text(c->error, c->sqlstate, c->message);
        color = RED;
    } else if (c->outcome == MW_OUTCOME_LOST) {
        s = g_string_new("no end of the reply was seen");
        if (c->rows)
            g_string_append_printf(s, ", %" G_GUINT64_FORMAT " row%s until then", c->rows, plural(c->rows));
        color = RED;
    } else if (c->outcome != MW_OUTCOME_NONE) {
        s = result_text(f, c);
    }
    if (s) {
        if (c->duration_us >= 0)
            g_string_append_printf(s, " in %.3f ms", (double)c->duration_us / 1000);
        if (c->warnings)
            g_string_append_printf(s, ", warnings: %" G_GUINT64_FORMAT, c->warnings);
        tell(f, 0, color, s->str, s->len);
        g_string_free(s, TRUE);
    }
    for (guint i = 0; c->changes && i < c->changes->len; i++) {
        const GString *change = g_ptr_array_index(c->changes, i);
        GString *line = g_string_new("session: ");
        g_string_append_len(line, change->str, (gssize)change->len);
        tell(f, 0, DIM, line->str, line->len);
        g_string_free(line, TRUE);
    }
    /* Where a reply or a request is missing, that was just said. */
    if (!c->exact && !f->inexact && c->outcome != MW_OUTCOME_LOST && c->seen)
        tellf(f, 0, RED, "packets before this were not captured: what follows is inferred");
    f->inexact = !c->exact;
}

static void on_done(void *user, struct command *c)
{
    struct follow *f = user;
    if (c->connection == f->id) {
        show_request(f, c);
        for (guint i = 0; f->rows && i < f->results->len; i++)
            show_result(f, g_ptr_array_index(f->results, i));
        if (f->asked->len)
            tellf(f, 0, PLAIN, "server asks for %s", f->asked->str);
        show_reply(f, c);
        g_ptr_array_set_size(f->results, 0);
        g_string_truncate(f->asked, 0);
        f->file_bytes = 0;
    }
    command_free(c);
}

/* -- the connection ------------------------------------------------------------------------------------------------ */

/* An error that answers no command. */
static void show_error(const struct follow *f, const struct connection *c, const struct mw_event *event)
{
    const struct mw_err *err = &event->msg->err;
    uint16_t collation = mw_session_ctx(event->session, MW_SERVER)->collation;
    struct text_converter *converter = f->report->converter;
    GString *state = wire_text(converter, c->dialect, 0, err->sqlstate, NULL);
    GString *message = wire_text(converter, c->dialect, collation, err->message, NULL);
    GString *s = error_text(err->code, state ? state->str : NULL, message);
    tell(f, event->packet->last.time_ns, RED, s->str, s->len);
    g_string_free(s, TRUE);
    wire_text_free(state);
    wire_text_free(message);
}

/* What --passwords tells of the login, once. */
static void show_password(struct follow *f, const struct connection *c, int64_t time_ns)
{
    static const char *const said[] = {
        [PASSWORD_MATCH] = "the client's password is one of those given",
        [PASSWORD_MISMATCH] = "the client's password is none of those given",
        [PASSWORD_NOT_CHECKABLE] = "the client's password was not checked"};
    const struct password_login *p = &c->password;
    const char *why = p->verdict == PASSWORD_MATCH && c->auth_result == AUTH_RESULT_ERROR
                          ? "if it is the account's, the login failed for another reason"
                          : password_reason_sentence(p->reason);
    if (p->verdict != PASSWORD_NOT_ASKED && !f->password_told)
        tellf(f, time_ns, PLAIN, "%s%s%s", said[p->verdict], *why ? ": " : "", why);
    f->password_told = true;
}

static void show_login(struct follow *f, const struct connection *c, const struct mw_event *event)
{
    char client[64], server[64];
    switch (event->kind) {
    case MW_EVENT_GREETING:
        endpoint_text(&c->client, client);
        endpoint_text(&c->server, server);
        tellf(f, event->packet->last.time_ns, PLAIN, "%s to %s: server %s, thread %u", client, server,
              c->server_version ? c->server_version : "?", c->thread_id);
        break;
    case MW_EVENT_SSL_REQUEST: tellf(f, event->packet->last.time_ns, PLAIN, "TLS begins"); break;
    case MW_EVENT_LOGIN:
        tellf(f, event->packet->last.time_ns, PLAIN, "login as %s%s%s", c->user ? c->user : "?", c->database ? ", database " : "",
              c->database ? c->database : "");
        break;
    case MW_EVENT_AUTH:
        if (event->msg->kind != MW_KIND_AUTH_SWITCH && event->msg->kind != MW_KIND_AUTH_NEXT_FACTOR)
            break;
        if (event->exchange) /* told with its COM_CHANGE_USER */
            g_string_assign(f->asked, mw_session_auth_plugin(event->session));
        else
            tellf(f, event->packet->last.time_ns, PLAIN, "server asks for %s", mw_session_auth_plugin(event->session));
        break;
    case MW_EVENT_LOGGED_IN:
        tellf(f, event->packet->last.time_ns, PLAIN, "logged in with %s%s%s", c->auth_plugin ? c->auth_plugin : "?",
              connection_path_name(c->auth_path) ? ", " : "",
              connection_path_name(c->auth_path) ? connection_path_name(c->auth_path) : "");
        break;
    case MW_EVENT_LOGIN_FAILED:
    case MW_EVENT_UNSOLICITED: show_error(f, c, event); break;
    default: break;
    }
    if (event->kind == MW_EVENT_LOGGED_IN || event->kind == MW_EVENT_LOGIN_FAILED)
        show_password(f, c, event->packet->last.time_ns);
}

/* What happened below the packets: compression, frames that could not be opened, bytes that were lost. */
static void show_below(struct follow *f, const struct connection *c, int64_t time_ns)
{
    if (c->compression != COMPRESSION_NONE && !f->compressed)
        tellf(f, time_ns, PLAIN, "compressed with %s from here on", connection_compression_name(c));
    f->compressed = c->compression != COMPRESSION_NONE;
    if (c->damaged_frames > f->damaged_frames)
        tellf(f, time_ns, RED, "! a compressed frame could not be opened");
    f->damaged_frames = c->damaged_frames;
    if (c->gap_bytes > f->gap_bytes)
        tellf(f, time_ns, RED, "! %" G_GUINT64_FORMAT " bytes were not captured", c->gap_bytes - f->gap_bytes);
    f->gap_bytes = c->gap_bytes;
}

static void on_event(void *user, const struct connection *c, const struct mw_event *event, const struct items *items)
{
    struct follow *f = user;
    if (c->id != f->id)
        return;
    if (!f->found)
        f->start_ns = c->start_ns;
    f->found = true;
    show_below(f, c, event->packet ? event->packet->first.time_ns : c->end_ns);
    if (event->packet && event->msg)
        show_login(f, c, event);
    command_gatherer_event(f->gatherer, c, event, items);
}

/* Oddities of packets stand where they happened; errors and warnings of statements are told with their command. */
static void on_packet(void *user, const struct conn_packet *p)
{
    const uint64_t told = MW_NOTE_BIT(ERR) | MW_NOTE_BIT(LOGIN_FAILED) | MW_NOTE_BIT(WARNINGS) | MW_NOTE_BIT(NO_INDEX) |
                          MW_NOTE_BIT(SLOW) | MW_NOTE_BIT(UNSOLICITED) | MW_NOTE_BIT(GUESSED) | MW_NOTE_BIT(STRAY);
    struct follow *f = user;
    if (p->msg->kind == MW_KIND_COLUMN_COUNT)
        current_result(f, true);
    if (p->msg->kind == MW_KIND_ROW && f->rows)
        add_row(f, p);
    if (p->msg->kind == MW_KIND_FILE_DATA)
        f->file_bytes += p->packet->length;
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
        show_below(f, c, c->end_ns);
        show_password(f, c, c->end_ns);
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
    struct analysis *a = cli_analysis(cli);
    struct follow f = {.out = &g_array_index(cli->outputs, struct output, 0), .id = cli->connection, .rows = cli->rows};
    f.gatherer = command_gatherer_new(cli->max_sql, &a->limits, &a->hits, on_done, &f);
    f.report = report_packets_new(true, false, cli->show_secrets);
    f.results = g_ptr_array_new_with_free_func(result_free);
    f.asked = g_string_new(NULL);
    const struct conn_observer observer = {
        .user = &f, .event = on_event, .values = true, .packet = on_packet, .only = f.id, .closed = on_closed};
    enum cli_exit result = cli_analyze(cli, a, &observer);
    command_gatherer_free(f.gatherer);
    report_packets_free(f.report);
    g_ptr_array_free(f.results, TRUE);
    g_string_free(f.asked, TRUE);
    if (!f.found && result == CLI_OK)
        result = cli_no_such_connection(f.id, a->connections);
    analysis_free(a);
    return result;
}
