/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/connection.h"

#include <string.h>

struct connection *connection_new(void)
{
    return g_new0(struct connection, 1);
}

void connection_free(struct connection *c)
{
    if (!c)
        return;
    g_free(c->server_version);
    g_free(c->server_auth_plugin);
    g_free(c->user);
    g_free(c->database);
    g_free(c->client_auth_plugin);
    g_free(c->auth_plugin);
    g_free(c->sqlstate);
    wire_text_free(c->error_message);
    if (c->files)
        g_ptr_array_free(c->files, TRUE);
    if (c->attributes) {
        for (guint i = 0; i < c->attributes->len; i++) {
            wire_text_free(g_array_index(c->attributes, struct connection_attribute, i).name);
            wire_text_free(g_array_index(c->attributes, struct connection_attribute, i).value);
        }
        g_array_free(c->attributes, TRUE);
    }
    connection_tls_clear(&c->inside_tls);
    g_free(c);
}

/* An attribute beside its texts: two of GLib's strings, and its place. */
enum { ATTRIBUTE_BYTES = 128 };

static size_t length(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

size_t connection_size(const struct connection *c)
{
    size_t n = sizeof *c + connection_tls_size(&c->inside_tls) + length(c->server_version) + length(c->server_auth_plugin) + length(c->user) +
               length(c->database) + length(c->client_auth_plugin) + length(c->auth_plugin) + (c->error_message ? c->error_message->len : 0);
    for (guint i = 0; c->attributes && i < c->attributes->len; i++) {
        const struct connection_attribute *a = &g_array_index(c->attributes, struct connection_attribute, i);
        n += ATTRIBUTE_BYTES + a->name->len + a->value->len;
    }
    return n;
}

/* Whether there is memory for more texts of it. What is refused is unknown. */
static bool has_room(struct connection *c, size_t n)
{
    return !c->share || budget_take(c->share, n);
}

/* A text without NUL by the protocol's own rules, as UTF-8; NULL for an absent field. */
static char *text(struct connection *c, struct text_converter *converter, uint16_t collation, struct mw_slice s)
{
    GString *out = has_room(c, s.n) ? wire_text(converter, c->dialect, collation, s, &c->invalid_bytes) : NULL;
    return out ? g_string_free(out, FALSE) : NULL;
}

/* The same of a field of the event's message; NULL as well for what the capture cuts off. */
static char *field(struct connection *c, const struct mw_event *e, struct text_converter *converter, uint16_t collation, struct mw_slice s)
{
    return mw_msg_cuts(e->msg, e->packet, s) ? NULL : text(c, converter, collation, s);
}

static void on_greeting(struct connection *c, const struct mw_event *e, struct text_converter *converter)
{
    const struct mw_greeting *g = &e->msg->greeting;
    c->greeted = true;
    bool cut = mw_msg_cuts(e->msg, e->packet, g->version); /* it may go on with "-MariaDB" */
    c->dialect = cut && g->dialect == MW_DIALECT_MYSQL ? MW_DIALECT_UNKNOWN : g->dialect;
    c->protocol_version = g->protocol;
    c->short_greeting = g->short_form;
    c->server_version = field(c, e, converter, 0, g->version);
    c->thread_id = g->thread_id;
    c->server_caps = g->caps;
    c->server_collation = g->collation;
    c->server_status = g->status;
    if (g->plugin.n)
        c->server_auth_plugin = field(c, e, converter, 0, g->plugin);
    c->greeting_ns = e->packet->last.time_ns;
}

static void read_attributes(struct connection *c, struct text_converter *converter, uint16_t collation,
                            struct mw_slice attributes)
{
    if (!attributes.p)
        return;
    c->attributes = g_array_new(FALSE, FALSE, sizeof(struct connection_attribute));
    struct mw_slice name, value;
    while (mw_attribute_next(&attributes, &name, &value) && has_room(c, ATTRIBUTE_BYTES + name.n + value.n)) {
        struct connection_attribute a = {wire_text(converter, c->dialect, collation, name, &c->invalid_bytes),
                                         wire_text(converter, c->dialect, collation, value, &c->invalid_bytes)};
        g_array_append_val(c->attributes, a);
    }
}

static void on_login(struct connection *c, const struct mw_event *e, struct text_converter *converter)
{
    const struct mw_login *login = &e->msg->login;
    if (!c->greeted)
        c->dialect = mw_session_ctx(e->session, MW_CLIENT)->dialect;
    c->client_spoke = c->logged_in = true;
    c->login_whole = e->msg->status == MW_OK;
    c->client_caps = login->caps;
    c->client_max_packet = login->max_packet;
    c->client_collation = login->collation;
    c->user = field(c, e, converter, login->collation, login->user);
    if (login->database.n)
        c->database = field(c, e, converter, login->collation, login->database);
    if (login->plugin.n)
        c->client_auth_plugin = field(c, e, converter, 0, login->plugin);
    read_attributes(c, converter, login->collation, login->attributes);
    c->zstd_level = login->zstd_level;
    c->login_ns = e->packet->first.time_ns;
}

static void on_ssl_request(struct connection *c, const struct mw_event *e)
{
    const struct mw_login *login = &e->msg->login;
    c->tls = true;
    c->client_spoke = true;
    c->client_caps = login->caps;
    c->client_max_packet = login->max_packet;
    c->client_collation = login->collation;
    c->inside_tls.start_ns = e->packet->first.time_ns;
}

static void on_verdict(struct connection *c, const struct mw_event *e, struct text_converter *converter)
{
    c->verdict_ns = e->packet->last.time_ns;
    if (c->logged_in && mw_session_auth_plugin(e->session)[0]) {
        const char *plugin = mw_session_auth_plugin(e->session);
        c->auth_plugin = text(c, converter, 0, (struct mw_slice){(const uint8_t *)plugin, (uint32_t)strlen(plugin)});
        c->auth_path = mw_session_auth_path(e->session);
    }
    if (e->kind == MW_EVENT_LOGGED_IN) {
        c->auth_result = AUTH_RESULT_OK;
        return;
    }
    const struct mw_err *err = &e->msg->err;
    c->auth_result = AUTH_RESULT_ERROR;
    c->error_code = err->code;
    c->sqlstate = text(c, converter, 0, err->sqlstate);
    if (has_room(c, err->message.n))
        c->error_message = wire_text(converter, c->dialect, c->client_collation, err->message, &c->invalid_bytes);
}

void connection_event(struct connection *c, const struct mw_event *e, struct text_converter *converter)
{
    switch (e->kind) {
    case MW_EVENT_GREETING: on_greeting(c, e, converter); break;
    case MW_EVENT_SSL_REQUEST: on_ssl_request(c, e); break;
    case MW_EVENT_LOGIN: on_login(c, e, converter); break;
    case MW_EVENT_LOGGED_IN:
    case MW_EVENT_LOGIN_FAILED: on_verdict(c, e, converter); break;
    case MW_EVENT_COMMAND:
        c->commands++;
        if (e->exchange->command == MW_COM_QUIT && !e->exchange->empty)
            c->closed_by = CLOSED_BY_QUIT;
        break;
    case MW_EVENT_DONE:
        c->rows += e->exchange->rows;
        c->warnings += e->exchange->warnings;
        c->errors += e->exchange->outcome == MW_OUTCOME_ERROR;
        c->answered += e->exchange->first.number != 0;
        break;
    case MW_EVENT_AUTH:
    case MW_EVENT_REPLY:
    case MW_EVENT_UNSOLICITED: break;
    }
}

void connection_hole_add(struct connection_hole *hole, uint64_t n, const char *file, uint64_t packet)
{
    if (hole->bytes == 0)
        *hole = (struct connection_hole){.file = file, .packet = packet};
    hole->bytes += n;
}

void connection_ended(struct connection *c, enum mw_dir dir, bool reset)
{
    if (!c->ended && c->closed_by == CLOSED_BY_NONE)
        c->closed_by = reset ? CLOSED_BY_RESET : dir == MW_SERVER ? CLOSED_BY_SERVER_FIN : CLOSED_BY_CLIENT_FIN;
    c->ended = true;
}

/* TLS itself did not come about: no login went through it. */
static bool tls_failed(const struct connection *c)
{
    return c->tls && (c->inside_tls.reason == TLS_REASON_REFUSED || c->inside_tls.reason == TLS_REASON_UNFINISHED);
}

bool connection_login_hidden(const struct connection *c)
{
    return c->tls && c->greeted && !c->logged_in && c->protocol == PROTOCOL_MYSQL &&
           c->inside_tls.opened != TLS_OPENED_FULL && !tls_failed(c);
}

void connection_finish(struct connection *c)
{
    bool welcome = c->auth_result == AUTH_RESULT_OK || c->answered > 0; /* the verdict itself may have been lost */
    if (c->logged_in && c->auth_result == AUTH_RESULT_UNKNOWN && !welcome)
        c->auth_result = AUTH_RESULT_INCOMPLETE;
    if (!c->client_spoke && !c->tls && c->greeted && c->auth_result == AUTH_RESULT_UNKNOWN && !welcome)
        c->auth_result = AUTH_RESULT_INCOMPLETE;
    /* Behind closed TLS the login is taken to have gone well, unless TLS itself did not. */
    bool refused = tls_failed(c);
    bool over = c->ended || c->closed_by == CLOSED_BY_QUIT;
    if (c->protocol == PROTOCOL_MYSQLX) {
        c->opaque = true;
        c->state = over ? CONNECTION_COMPLETE : CONNECTION_OPEN;
        c->exact = c->exact && c->gap_bytes == 0;
        return;
    }
    if (c->auth_result == AUTH_RESULT_ERROR)
        c->state = CONNECTION_REJECTED;
    else if (!c->greeted)
        c->state = CONNECTION_MIDSTREAM;
    else if (!over)
        c->state = CONNECTION_OPEN;
    else if (welcome || (c->opaque && !refused))
        c->state = CONNECTION_COMPLETE;
    else
        c->state = CONNECTION_ABORTED;
    c->exact = c->exact && c->gap_bytes == 0;
}

int64_t connection_tcp_connect_us(const struct connection *c)
{
    return connection_us(c->syn_ns, c->established_ns);
}

int64_t connection_greeting_us(const struct connection *c)
{
    return connection_us(c->established_ns, c->greeting_ns);
}

int64_t connection_tls_us(const struct connection *c)
{
    return connection_us(c->inside_tls.start_ns, c->inside_tls.finished_ns);
}

int64_t connection_auth_us(const struct connection *c)
{
    return connection_us(c->login_ns, c->verdict_ns);
}

int64_t connection_login_us(const struct connection *c)
{
    return connection_us(c->syn_ns, c->verdict_ns);
}

const char *connection_state_name(enum connection_state state)
{
    static const char *const names[] = {"complete", "midstream", "rejected", "aborted", "open"};
    return names[state];
}

const char *connection_close_name(enum connection_close close)
{
    static const char *const names[] = {"none", "quit", "client_fin", "server_fin", "reset"};
    return names[close];
}

const char *connection_auth_name(enum connection_auth result)
{
    static const char *const names[] = {NULL, "ok", "error", "incomplete"};
    return names[result];
}

const char *connection_path_name(enum mw_auth_path path)
{
    static const char *const names[] = {NULL, "fast", "full", "full_rsa", "full_tls"};
    return names[path];
}

const char *connection_protocol_name(const struct connection *c)
{
    return c->protocol == PROTOCOL_MYSQLX ? "mysqlx" : "mysql";
}

const char *connection_dialect_name(enum mw_dialect dialect)
{
    return dialect == MW_DIALECT_MYSQL ? "mysql" : dialect == MW_DIALECT_MARIADB ? "mariadb" : "unknown";
}

const char *connection_compression_name(const struct connection *c)
{
    static const char *const names[] = {"none", "zlib", "zstd", NULL};
    return names[c->compression];
}
