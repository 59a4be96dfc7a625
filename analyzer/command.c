/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/command.h"

#include <string.h>

#include "analyzer/command_digest.h"
#include "analyzer/command_values.h"
#include "analyzer/privacy.h"
#include "analyzer/shared_text.h"
#include "analyzer/sql_session.h"
#include "mywire/statement.h"

#define REPLACEMENT "\357\277\275" /* U+FFFD */
enum { REPLACEMENT_BYTES = sizeof REPLACEMENT - 1, ERROR_MESSAGE_FULL = 500 /* servers cut at 512 bytes, perhaps before */ };

/* What is followed of a connection. */
struct followed {
    GQueue inflight; /* of struct command, oldest first */
    const GString *user, *database; /* shared with its commands */
    uint64_t losses;                /* of the session, when `database` was known last */
    struct sql_mode mode;           /* as far as seen; only with digests */
    uint8_t backslashes;            /* a set of BACKSLASH_*, of all replies so far */
    struct budget_share share;      /* what texts and values of commands in flight take of memory */
};

struct command_gatherer {
    uint64_t max_sql;
    const struct limits *limits;
    struct limit_hits *hits;
    void (*done)(void *user, struct command *command);
    void *user;
    const struct privacy *privacy; /* NULL: they tell all */
    struct text_converter *converter;
    struct command_digester *digester; /* NULL: no digests */
    struct shared_texts *texts;
    GString *scratch;
    struct budget budget; /* of commands in flight */
    GHashTable *followed;                /* connection -> struct followed */
    const struct connection *last;       /* the usual case: the same connection again */
    struct followed *last_followed;
};

static void followed_free(void *p)
{
    struct followed *f = p;
    for (struct command *c; (c = g_queue_pop_head(&f->inflight));)
        command_free(c);
    shared_text_drop(f->user);
    shared_text_drop(f->database);
    budget_give(&f->share, f->share.used);
    g_free(f);
}

struct command_gatherer *command_gatherer_new(uint64_t max_sql, const struct limits *limits, struct limit_hits *hits,
                                              void (*done)(void *user, struct command *command), void *user)
{
    struct command_gatherer *g = g_new0(struct command_gatherer, 1);
    g->max_sql = max_sql;
    g->limits = limits;
    g->hits = hits;
    g->done = done;
    g->user = user;
    g->budget = (struct budget){.limit = limits->commands_bytes, .refused = &hits->commands_bytes};
    g->converter = text_converter_new();
    g->texts = shared_texts_new();
    g->scratch = g_string_new(NULL);
    g->followed = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, followed_free);
    return g;
}

void command_gatherer_hide(struct command_gatherer *g, const struct privacy *privacy)
{
    g->privacy = privacy;
}

void command_gatherer_digests(struct command_gatherer *g)
{
    g->digester = command_digester_new();
}

void command_gatherer_free(struct command_gatherer *g)
{
    g_hash_table_destroy(g->followed);
    command_digester_free(g->digester);
    text_converter_free(g->converter);
    shared_texts_free(g->texts);
    g_string_free(g->scratch, TRUE);
    g_free(g);
}

static struct followed *follow(struct command_gatherer *g, const struct connection *connection)
{
    if (g->last == connection)
        return g->last_followed;
    struct followed *f = g_hash_table_lookup(g->followed, connection);
    if (!f) {
        f = g_new0(struct followed, 1);
        bool mariadb = connection->dialect == MW_DIALECT_MARIADB;
        f->mode.flags = mariadb ? SQL_MARIADB : 0;
        f->mode.version = connection->server_version ? sql_version_number(connection->server_version, mariadb) : 0;
        g_queue_init(&f->inflight);
        f->share.all = &g->budget;
        g_hash_table_insert(g->followed, (void *)(uintptr_t)connection, f);
    }
    g->last = connection;
    g->last_followed = f;
    return f;
}

void command_gatherer_closed(struct command_gatherer *g, const struct connection *connection)
{
    g_hash_table_remove(g->followed, connection);
    g->last = NULL;
}

static GString *text(struct command_gatherer *g, struct command *c, uint16_t collation, struct mw_slice s)
{
    return wire_text(g->converter, c->dialect, collation, s, &c->invalid_bytes);
}

/* A name: without NUL by the protocol's own rules. */
static char *name_text(struct command_gatherer *g, struct command *c, uint16_t collation, struct mw_slice s)
{
    GString *out = text(g, c, collation, s);
    return out ? g_string_free(out, FALSE) : NULL;
}

/* A text that probably comes again. Only what is the same in UTF-8, as nearly all is, is remembered. */
static const GString *text_again(struct command_gatherer *g, struct command *c, uint16_t collation, struct mw_slice s)
{
    uint32_t kind = collation | (uint32_t)c->dialect << 16;
    const GString *found = shared_texts_find(g->texts, kind, s);
    if (found)
        return found;
    uint64_t invalid = 0;
    g_string_truncate(g->scratch, 0);
    wire_text_append(g->scratch, g->converter, c->dialect, collation, s, &invalid);
    c->invalid_bytes += invalid;
    found = shared_text_new(g->scratch->str, g->scratch->len);
    if (!invalid && found->len == s.n && s.n && memcmp(found->str, s.p, s.n) == 0)
        shared_texts_remember(g->texts, kind, found);
    return found;
}

/* Sets a name that the commands to come share; NULL: none. */
static void set_name(const GString **place, const char *name)
{
    shared_text_drop(*place);
    *place = name ? shared_text_new(name, strlen(name)) : NULL;
}

/* -- requests ------------------------------------------------------------------------------------------------------ */

static void take_sql(struct command_gatherer *g, struct command *c, uint16_t collation, struct mw_slice sql, uint64_t length)
{
    if (!sql.p)
        return;
    c->sql_bytes = length;
    c->sql_truncated = length > g->max_sql || length > sql.n;
    if (sql.n > g->max_sql)
        sql.n = (uint32_t)g->max_sql;
    shared_text_drop(c->sql);
    c->sql = text_again(g, c, collation, sql);
    /* A cut in the middle of a character is no invalid byte. */
    if (!c->sql_truncated || !g_str_has_suffix(c->sql->str, REPLACEMENT))
        return;
    const GString *whole = c->sql;
    size_t n = whole->len;
    while (n >= REPLACEMENT_BYTES && memcmp(whole->str + n - REPLACEMENT_BYTES, REPLACEMENT, REPLACEMENT_BYTES) == 0)
        n -= REPLACEMENT_BYTES;
    c->sql = shared_text_new(whole->str, n);
    shared_text_drop(whole);
}

/* A statement: its text, and its digest. */
static void take_statement(struct command_gatherer *g, struct followed *f, struct command *c, uint16_t collation, struct mw_slice sql,
                           uint64_t length)
{
    take_sql(g, c, collation, sql, length);
    if (g->digester && sql.p)
        command_digester_take(g->digester, c, &f->mode, collation, sql, length == sql.n);
}

/* A name as written in SQL: without its quotes. */
static char *unquote(GString *name)
{
    char quote = name->len >= 2 && strchr("`\"'", name->str[0]) ? name->str[0] : 0;
    GString *out = g_string_new(NULL);
    for (gsize i = quote ? 1 : 0; i < name->len - (quote ? 1 : 0); i++) {
        g_string_append_c(out, name->str[i]);
        i += quote && name->str[i] == quote; /* doubled */
    }
    g_string_free(name, TRUE);
    return g_string_free(out, FALSE);
}

/* "user app, database shop", "parameter 1, 5000 bytes", "MYSQL_OPTION_MULTI_STATEMENTS_ON", "7 rows" */
static void take_argument(struct command *c, const struct mw_request *q, const struct items *items)
{
    GString *s = g_string_new(NULL);
    if (q->command == MW_COM_STMT_SEND_LONG_DATA)
        g_string_printf(s, "parameter %u, %" G_GUINT64_FORMAT " bytes", q->param, q->text_length);
    else if (q->command == MW_COM_CHANGE_USER)
        g_string_printf(s, "user %s%s%s", c->asked_user ? c->asked_user : "?",
                        c->asked_database && *c->asked_database ? ", database " : "",
                        c->asked_database ? c->asked_database : "");
    for (size_t i = 0; i < items->count; i++) {
        const struct mw_item *item = &items->entries[i].item;
        unsigned number = (unsigned)item->number;
        switch (item->field) {
        case MW_F_OPTION:
        case MW_F_SHUTDOWN:
            if (item->name)
                g_string_append(s, item->name);
            else
                g_string_append_printf(s, "%u", number);
            break;
        case MW_F_THREAD_ID: g_string_append_printf(s, "thread %u", number); break;
        case MW_F_REFRESH: g_string_append_printf(s, "0x%02x", number); break;
        case MW_F_NUM_ROWS: g_string_append_printf(s, "%u row%s", number, number == 1 ? "" : "s"); break;
        default: break;
        }
    }
    if (s->len)
        c->argument = s;
    else
        g_string_free(s, TRUE);
}

static void take_request(struct command_gatherer *g, struct followed *f, struct command *c, const struct mw_event *event,
                         const struct items *items)
{
    const struct mw_request *q = &event->msg->request;
    const struct mw_exchange *e = event->exchange;
    uint16_t asked = q->command == MW_COM_CHANGE_USER && q->login.collation ? q->login.collation : e->collation;
    struct mw_slice name;
    switch (q->command) {
    case MW_COM_QUERY:
        take_statement(g, f, c, e->collation, q->text, q->text_length);
        unsigned flags;
        if (g->digester && q->text.p && sql_session_assigned(q->text.p, q->text.n, &f->mode, &flags))
            c->asked_modes = (int)flags;
        if (mw_statement_database(q->text, &name))
            c->asked_database = unquote(text(g, c, e->collation, name));
        break;
    case MW_COM_STMT_PREPARE: take_statement(g, f, c, e->collation, q->text, q->text_length); break;
    case MW_COM_INIT_DB:
        take_sql(g, c, e->collation, q->text, q->text_length);
        c->asked_database = name_text(g, c, e->collation, q->text);
        break;
    case MW_COM_CREATE_DB:
    case MW_COM_DROP_DB:
    case MW_COM_FIELD_LIST: take_sql(g, c, e->collation, q->text, q->text.n); break;
    case MW_COM_CHANGE_USER:
        c->asked_user = name_text(g, c, asked, q->login.user);
        c->asked_database = q->login.database.n ? name_text(g, c, asked, q->login.database) : g_strdup("");
        break;
    default: break;
    }
    if (event->msg->status != MW_OK) { /* a name that may be cut is none */
        if (c->asked_user)
            set_name(&f->user, NULL);
        g_clear_pointer(&c->asked_user, g_free);
        if (c->asked_database)
            *c->asked_database = 0; /* settle() takes an empty one for unknown */
    }
    if (e->stmt && e->stmt->sql_length && q->command != MW_COM_STMT_PREPARE)
        take_statement(g, f, c, e->stmt->collation, e->stmt->sql, e->stmt->sql_length);
    c->has_statement = q->command >= MW_COM_STMT_EXECUTE && q->command <= MW_COM_STMT_RESET;
    c->has_statement |= q->command == MW_COM_STMT_FETCH || q->command == MW_COM_STMT_BULK_EXECUTE;
    c->statement_id = q->statement_id;
    bool executes = q->command == MW_COM_STMT_EXECUTE || q->command == MW_COM_STMT_BULK_EXECUTE;
    c->has_params = executes && e->stmt && !(event->msg->notes & (MW_NOTE_BIT(UNBOUND) | MW_NOTE_BIT(UNKNOWN_STATEMENT)));
    c->params_truncated = items && event->msg->status != MW_OK;
    if (items) {
        command_values_take(c, items, e->stmt, g->converter);
        take_argument(c, q, items);
    }
}

static struct command *new_command(const struct connection *connection, struct followed *f, const struct mw_event *event)
{
    const struct mw_exchange *e = event->exchange;
    struct command *c = g_new0(struct command, 1);
    if (f->losses != mw_session_losses(event->session)) { /* one of them may have chosen others */
        set_name(&f->user, NULL);
        set_name(&f->database, NULL);
    }
    f->losses = mw_session_losses(event->session);
    c->connection = connection->id;
    c->ordinal = e->ordinal;
    c->asked_modes = -1;
    c->dialect = connection->dialect;
    c->version = f->mode.version;
    c->seen = e->seen;
    c->empty = e->empty;
    c->code = e->command;
    c->packet = e->begin.number;
    c->start_ns = e->begin.time_ns;
    c->user = shared_text_keep(f->user);
    c->database = shared_text_keep(f->database);
    return c;
}

/* -- replies ------------------------------------------------------------------------------------------------------- */

static void drop_text(gpointer text)
{
    shared_text_drop(text);
}

/* Adds a text to a list of the command, as long as there is room. Takes the reference. */
static void add_text(struct command_gatherer *g, struct followed *f, struct command *c, GPtrArray **list, const GString *added)
{
    size_t n = added->len + 1 + sizeof *added;
    if (c->extra + n > g->limits->command_bytes) {
        g->hits->command_bytes++;
        shared_text_drop(added);
        return;
    }
    if (!budget_take(&f->share, n)) {
        shared_text_drop(added);
        return;
    }
    c->counted += n;
    if (!*list)
        *list = g_ptr_array_new_with_free_func(drop_text);
    g_ptr_array_add(*list, (gpointer)(uintptr_t)added);
    c->extra += n;
}

/* Adds "name=value", the name being in `scratch`. */
static void add_change(struct command_gatherer *g, struct followed *f, struct command *c, struct mw_slice value)
{
    g_string_append_c(g->scratch, '=');
    wire_text_append(g->scratch, g->converter, c->dialect, 0, value, &c->invalid_bytes);
    add_text(g, f, c, &c->changes, shared_text_new(g->scratch->str, g->scratch->len));
}

/* Session state of an OK: "autocommit=ON", "schema=shop", "gtids=…", "transaction_state=T_______" … */
static void take_changes(struct command_gatherer *g, struct followed *f, struct command *c, const struct mw_ok *ok)
{
    static const char *const names[] = {[MW_TRACK_SCHEMA] = "schema",
                                        [MW_TRACK_STATE_CHANGE] = "state_change",
                                        [MW_TRACK_GTIDS] = "gtids",
                                        [MW_TRACK_TRANSACTION_CHARACTERISTICS] = "transaction_characteristics",
                                        [MW_TRACK_TRANSACTION_STATE] = "transaction_state"};
    struct mw_slice rest = ok->state, data, name, value;
    uint8_t type;
    while (mw_track_next(&rest, &type, &data)) {
        if (type == MW_TRACK_SYSTEM_VARIABLES) {
            while (mw_attribute_next(&data, &name, &value)) {
                g_string_truncate(g->scratch, 0);
                wire_text_append(g->scratch, g->converter, c->dialect, 0, name, &c->invalid_bytes);
                if (strcmp(g->scratch->str, "sql_mode") == 0)
                    c->asked_modes = (int)sql_session_flags((const char *)value.p, value.n);
                add_change(g, f, c, value);
            }
            continue;
        }
        if (type >= G_N_ELEMENTS(names) || !names[type])
            continue;
        if (type == MW_TRACK_GTIDS && data.n) /* behind the byte that says how they are written */
            data.p++, data.n--;
        value = data;
        if (type != MW_TRACK_STATE_CHANGE && !mw_lenenc_next(&data, &value))
            continue;
        g_string_assign(g->scratch, names[type]);
        add_change(g, f, c, value);
        if (type == MW_TRACK_SCHEMA) {
            char *database = value.n ? name_text(g, c, 0, value) : NULL;
            set_name(&f->database, database);
            g_free(database);
        }
    }
}

static void add_column(struct command_gatherer *g, struct followed *f, struct command *c, uint16_t collation,
                       const struct mw_column *column)
{
    const uint8_t of_table = column->of_table;
    guint before = c->columns ? c->columns->len : 0;
    add_text(g, f, c, &c->columns, text_again(g, c, collation, column->name));
    if (!g->privacy || !g->privacy->redact || !c->columns || c->columns->len == before)
        return;
    if (!c->origins)
        c->origins = g_byte_array_new();
    g_byte_array_append(c->origins, &of_table, 1);
}

static void take_reply(struct command_gatherer *g, struct followed *f, struct command *c, const struct mw_event *event)
{
    const struct mw_msg *m = event->msg;
    uint16_t collation = mw_session_ctx(event->session, MW_SERVER)->collation;
    switch (m->kind) {
    case MW_KIND_COLUMN:
        if (event->exchange->resultsets > 1 || event->exchange->reply == MW_REPLY_PREPARED)
            break;
        if (m->column.name.p)
            add_column(g, f, c, collation, &m->column);
        break;
    case MW_KIND_OK: take_changes(g, f, c, &m->ok); break;
    case MW_KIND_PREPARE_OK:
        c->prepared_params = m->prepare_ok.params;
        c->prepared_columns = m->prepare_ok.columns;
        break;
    case MW_KIND_ERR:
        wire_text_free(c->message);
        g_free(c->sqlstate);
        c->message = text(g, c, collation, m->err.message);
        c->sqlstate = name_text(g, c, 0, m->err.sqlstate);
        c->message_cut = m->status != MW_OK || m->err.message.n >= ERROR_MESSAGE_FULL;
        break;
    default: break;
    }
}

/* Counts a command that waits for its reply; without memory for its texts and values it goes on without them. */
static void hold(struct followed *f, struct command *c)
{
    uint64_t n = command_size(c);
    if (budget_take(&f->share, n)) {
        c->counted = n;
        return;
    }
    c->params_truncated |= c->params || c->attributes;
    command_clear_values(c);
    if (c->sql) {
        c->sql_truncated = c->sql_bytes > 0;
        shared_text_drop(c->sql);
        c->sql = shared_text_new("", 0);
    }
}

/* What a success changes for the commands that come. Where several statements went in one command and one of them failed, it is
 * not known which of them counted. */
static void settle(struct followed *f, const struct command *c)
{
    bool lost = c->outcome == MW_OUTCOME_LOST, failed = c->outcome == MW_OUTCOME_ERROR || lost;
    if (c->asked_database && (!failed || lost || c->resultsets > 0))
        set_name(&f->database, failed || !*c->asked_database ? NULL : c->asked_database);
    if (c->asked_user && (!failed || lost))
        set_name(&f->user, lost ? NULL : c->asked_user);
    bool renewed = !failed && (c->code == MW_COM_CHANGE_USER || c->code == MW_COM_RESET_CONNECTION);
    if (renewed || (c->asked_modes >= 0 && !failed))
        f->mode.flags = (f->mode.flags & SQL_MARIADB) | (c->asked_modes >= 0 ? (unsigned)c->asked_modes : 0);
    bool told = c->outcome == MW_OUTCOME_OK || c->outcome == MW_OUTCOME_RESULTSET || c->outcome == MW_OUTCOME_EOF;
    told = told && c->code != MW_COM_STMT_PREPARE && c->code != MW_COM_STATISTICS;
    if (told)
        sql_session_told(&f->mode, c->status);
    /* Before the reply the statement may have been read the one way, behind it the other; after one that was not seen nothing is known. */
    if (c->outcome == MW_OUTCOME_LOST || !c->seen)
        f->backslashes = 0;
    else if (told)
        f->backslashes |= sql_session_backslashes(c->status);
}

static void finish(struct command_gatherer *g, struct followed *f, struct command *c, const struct mw_exchange *e)
{
    c->outcome = e->outcome;
    c->resultsets = e->resultsets;
    c->rows = e->rows;
    c->affected_rows = e->affected_rows;
    c->insert_id = e->insert_id;
    c->warnings = e->warnings;
    c->status = e->status;
    c->error = e->error;
    if (c->code == MW_COM_STMT_PREPARE && e->outcome == MW_OUTCOME_OK) {
        c->has_statement = true;
        c->statement_id = e->statement_id;
    }
    budget_give(&f->share, c->counted);
    bool answered = e->first.number != 0;
    c->first_byte_us = answered && e->seen ? connection_us(e->sent.time_ns, e->first.time_ns) : -1;
    c->duration_us = answered && e->seen && e->outcome != MW_OUTCOME_LOST ? connection_us(e->sent.time_ns, e->last.time_ns) : -1;
    c->request_bytes = e->request_bytes;
    c->response_bytes = e->response_bytes;
    c->exact = e->exact;
    c->bytes = command_size(c);
    settle(f, c);
    c->backslashes = f->backslashes;
    if (g->privacy)
        privacy_command(g->privacy, c);
    g->done(g->user, c);
}

/* The command of an exchange: the oldest in flight, unless its request was not seen. */
static struct command *command_of(const struct connection *connection, struct followed *f, const struct mw_event *event)
{
    struct command *c = g_queue_peek_head(&f->inflight);
    if (c && c->ordinal == event->exchange->ordinal)
        return c;
    c = new_command(connection, f, event);
    g_queue_push_head(&f->inflight, c);
    return c;
}

/* Whether the fields of a login before this one were captured. */
static bool is_whole(const struct mw_msg *msg, struct mw_slice next)
{
    return msg->status == MW_OK || next.n > 0;
}

void command_gatherer_event(struct command_gatherer *g, const struct connection *connection, const struct mw_event *event,
                            const struct items *items)
{
    struct followed *f;
    switch (event->kind) {
    case MW_EVENT_LOGIN:
        f = follow(g, connection);
        set_name(&f->user, is_whole(event->msg, event->msg->login.auth) ? connection->user : NULL);
        set_name(&f->database, is_whole(event->msg, event->msg->login.plugin) ? connection->database : NULL);
        sql_session_told(&f->mode, connection->server_status);
        break;
    case MW_EVENT_COMMAND: {
        f = follow(g, connection);
        struct command *c = new_command(connection, f, event);
        if (!c->empty)
            take_request(g, f, c, event, items);
        hold(f, c);
        /* What needs no answer is over before those that still wait for theirs. */
        if (event->exchange->reply == MW_REPLY_NOTHING && !c->empty)
            g_queue_push_head(&f->inflight, c);
        else
            g_queue_push_tail(&f->inflight, c);
        break;
    }
    case MW_EVENT_AUTH:
    case MW_EVENT_REPLY:
        if (!event->exchange || !event->msg)
            break;
        f = follow(g, connection);
        take_reply(g, f, command_of(connection, f, event), event);
        break;
    case MW_EVENT_DONE: {
        f = follow(g, connection);
        struct command *c = command_of(connection, f, event);
        g_queue_pop_head(&f->inflight);
        finish(g, f, c, event->exchange);
        break;
    }
    case MW_EVENT_LOGGED_IN:
        if (event->msg && event->msg->kind == MW_KIND_OK)
            follow(g, connection)->backslashes |= sql_session_backslashes(event->msg->ok.status);
        break;
    default: break;
    }
}
