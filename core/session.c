/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session. A step looks up the row of transitions.def for what was said, lets its effect update the facts, sets the
 * phases of both sides, and tells the observer. Nothing else writes session state. */
#include "mywire/session.h"

#include <string.h>

#include "core/session_state.h"

struct mw_session *mw_session_new(const struct mw_mem *mem, const struct mw_limits *limits, struct mw_limit_hits *hits,
                                  const struct mw_observer *observer)
{
    struct mw_session *s = mem->alloc(mem->user, sizeof *s);
    if (!s)
        return NULL;
    memset(s, 0, sizeof *s);
    s->mem = mem;
    s->limits = limits;
    s->hits = hits;
    s->observer = observer;
    s->ctx[MW_CLIENT].phase = MW_PHASE_SILENT;
    s->ctx[MW_SERVER].phase = MW_PHASE_GREETING;
    return s;
}

void session_tell(const struct step *t, enum mw_event_kind kind, const struct mw_exchange *exchange)
{
    if (!t->s->observer)
        return;
    struct mw_event event = {.kind = kind,
                             .dir = t->dir,
                             .packet = t->packet,
                             .msg = t->msg,
                             .exchange = exchange,
                             .session = t->s};
    t->s->observer->event(t->s->observer->user, &event);
}

void session_done(const struct step *t, struct mw_exchange *e)
{
    session_tell(t, MW_EVENT_DONE, e);
    stmts_drop(&t->s->stmts, t->s->mem, e->stmt);
    e->stmt = NULL;
}

void mw_session_free(struct mw_session *s)
{
    if (!s)
        return;
    session_lose_outstanding(s);
    exchange_clear(&s->queue, s->mem);
    stmts_clear(&s->stmts, s->mem);
    columns_abandon(&s->builder, s->mem);
    columns_drop(s->columns, s->mem);
    for (int d = 0; d < 2; d++) {
        columns_drop(s->pinned_columns[d], s->mem);
        stmts_drop(&s->stmts, s->mem, s->pinned_stmt[d]);
    }
    if (s->mem->free)
        s->mem->free(s->mem->user, s, sizeof *s);
}

const struct mw_ctx *mw_session_ctx(const struct mw_session *s, enum mw_dir dir)
{
    return &s->ctx[dir];
}

/* The statement that a command of the client is about: the decoder needs what earlier packets said of it. */
static const struct mw_stmt *statement_of(struct mw_session *s, const struct mw_packet *packet)
{
    const struct mw_ctx *ctx = &s->ctx[MW_CLIENT];
    enum { ID_AT = 1, ID_END = 5 };
    if (!packet || packet->have < ID_END || (ctx->phase != MW_PHASE_COMMAND && ctx->phase != MW_PHASE_STREAMING))
        return NULL;
    const uint8_t *p = packet->payload + ID_AT;
    uint32_t id = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    switch (packet->payload[0]) {
    case MW_COM_STMT_EXECUTE:
    case MW_COM_STMT_BULK_EXECUTE:
        if (id == STMT_LAST && s->last_unknown)
            return NULL;
        return stmts_execute(&s->stmts, s->mem, id);
    case MW_COM_STMT_FETCH:
    case MW_COM_STMT_RESET:
    case MW_COM_STMT_CLOSE: return stmts_find(&s->stmts, id);
    default: return NULL;
    }
}

const struct mw_ctx *mw_session_pin(struct mw_session *s, enum mw_dir dir, const struct mw_packet *packet)
{
    struct mw_ctx *ctx = &s->ctx[dir];
    s->stray = dir == MW_SERVER && s->shaky && session_is_stray(s, packet);
    if (s->stray) {
        s->stray_ctx = *ctx;
        s->stray_ctx.phase = MW_PHASE_STRAY;
        return &s->stray_ctx;
    }
    if (s->caps_guessed || s->may_answer)
        session_infer(s, dir, packet);
    if (dir == MW_CLIENT)
        ctx->stmt = statement_of(s, packet);
    if (s->pinned_columns[dir] != ctx->columns) {
        columns_drop(s->pinned_columns[dir], s->mem);
        s->pinned_columns[dir] = columns_keep(ctx->columns);
    }
    if (s->pinned_stmt[dir] != ctx->stmt) {
        stmts_drop(&s->stmts, s->mem, s->pinned_stmt[dir]);
        s->pinned_stmt[dir] = stmt_keep(ctx->stmt);
    }
    return ctx;
}

void session_set_columns(struct mw_session *s, const struct mw_columns *columns)
{
    columns_drop(s->columns, s->mem);
    s->columns = s->ctx[MW_SERVER].columns = columns;
}

bool mw_session_exact(const struct mw_session *s)
{
    return !s->inexact;
}

const char *mw_session_auth_plugin(const struct mw_session *s)
{
    return s->plugin;
}

enum mw_auth_path mw_session_auth_path(const struct mw_session *s)
{
    return s->path;
}

uint64_t mw_session_caps(const struct mw_session *s)
{
    return s->ctx[MW_CLIENT].caps;
}

/* -- facts that both snapshots share ------------------------------------------------------------------------------- */

void session_set_flags(struct mw_session *s, unsigned set, unsigned clear)
{
    for (int i = 0; i < 2; i++)
        s->ctx[i].flags = (uint8_t)((s->ctx[i].flags & ~clear) | set);
}

void session_set_collation(struct mw_session *s, uint16_t collation)
{
    s->ctx[MW_CLIENT].collation = s->ctx[MW_SERVER].collation = collation;
}

void session_set_caps(struct mw_session *s, uint64_t caps)
{
    s->ctx[MW_CLIENT].caps = s->ctx[MW_SERVER].caps = caps;
}

void session_set_dialect(struct mw_session *s, enum mw_dialect dialect)
{
    s->ctx[MW_CLIENT].dialect = s->ctx[MW_SERVER].dialect = (uint8_t)dialect;
}

void session_set_plugin(struct mw_session *s, struct mw_slice name)
{
    size_t n = name.n < sizeof s->plugin - 1 ? name.n : sizeof s->plugin - 1;
    if (n)
        memcpy(s->plugin, name.p, n);
    s->plugin[n] = 0;
    s->ctx[MW_CLIENT].plugin = s->ctx[MW_SERVER].plugin = (uint8_t)mw_auth_plugin_from(name);
}

/* Makes the oldest outstanding command the one that the server answers, and gives the phase it expects. */
enum mw_phase session_next_phase(struct mw_session *s)
{
    static const uint8_t first_of[] = {
        [MW_REPLY_NOTHING] = MW_PHASE_IDLE,   [MW_REPLY_SIMPLE] = MW_PHASE_REPLY,  [MW_REPLY_RESULT] = MW_PHASE_REPLY,
        [MW_REPLY_BINARY] = MW_PHASE_REPLY,   [MW_REPLY_ROWS] = MW_PHASE_ROWS,     [MW_REPLY_FIELDS] = MW_PHASE_FIELDS,
        [MW_REPLY_PREPARED] = MW_PHASE_REPLY, [MW_REPLY_TEXT] = MW_PHASE_TEXT,     [MW_REPLY_AUTH] = MW_PHASE_REAUTH,
        [MW_REPLY_BINLOG] = MW_PHASE_BINLOG,  [MW_REPLY_ANYTHING] = MW_PHASE_STREAM,
    };
    struct mw_ctx *ctx = &s->ctx[MW_SERVER];
    const struct mw_exchange *e = exchange_head(&s->queue);
    /* What comes without a command is read as the answer to an unseen one. */
    ctx->command = e ? e->command : MW_COM_QUERY;
    ctx->reply = e ? e->reply : MW_REPLY_RESULT;
    bool binary = ctx->reply == MW_REPLY_BINARY || ctx->reply == MW_REPLY_ROWS;
    ctx->flags = (uint8_t)((ctx->flags & ~MW_CTX_BINARY) | (binary ? MW_CTX_BINARY : 0));
    /* Rows of a cursor have the columns of the execution that opened it. */
    session_set_columns(s, e && e->reply == MW_REPLY_ROWS && e->stmt ? columns_keep(e->stmt->columns) : NULL);
    return e ? first_of[e->reply] : MW_PHASE_IDLE;
}

/* -- sequence ids -------------------------------------------------------------------------------------------------- */

static void check_sequence(struct step *t)
{
    struct mw_session *s = t->s;
    struct mw_exchange *e = exchange_head(&s->queue);
    uint8_t phase = s->ctx[t->dir].phase;
    uint8_t *expected = &s->sequence, zero = 0;
    if (t->dir == MW_CLIENT && (phase == MW_PHASE_COMMAND || phase == MW_PHASE_STREAMING || phase == MW_PHASE_CLOSED))
        expected = &zero;
    else if (e)
        expected = &e->next_sequence;
    else if (phase == MW_PHASE_IDLE || phase == MW_PHASE_CLOSED)
        return;
    if (phase == MW_PHASE_FILE && s->ctx[MW_SERVER].phase != MW_PHASE_FILE_WAIT)
        return; /* the server has answered already; the rest of the file belongs to no command */
    if (phase == MW_PHASE_SILENT)
        *expected = t->packet->sequence; /* the greeting was not seen */
    if (t->packet->sequence != *expected && !(s->ctx[t->dir].flags & MW_CTX_GUESSED))
        t->result.notes |= MW_NOTE_BIT(SEQUENCE);
    *expected = (uint8_t)(t->packet->last_sequence + 1);
    if (phase == MW_PHASE_STREAMING && e)
        e->next_sequence = *expected; /* a replica's acknowledgement: the source counts on from it */
}

/* -- conditions ---------------------------------------------------------------------------------------------------- */

static bool eof_deprecated(const struct mw_session *s)
{
    return mw_ctx_has(&s->ctx[MW_SERVER], MW_BIT_CLIENT_DEPRECATE_EOF);
}

static bool is_stream(const struct step *t)
{
    enum mw_reply reply = mw_command_reply(t->s->ctx[MW_CLIENT].dialect, t->msg->request.command);
    return !t->msg->request.empty && (reply == MW_REPLY_BINLOG || reply == MW_REPLY_ANYTHING);
}

static bool holds(const struct step *t, enum condition condition)
{
    const struct mw_session *s = t->s;
    const struct mw_msg *m = t->msg;
    const struct mw_prepare_ok *p = &m->prepare_ok;
    bool prepare_ok = m->kind == MW_KIND_PREPARE_OK;
    uint16_t columns = prepare_ok ? p->columns : s->prepared_columns;
    bool metadata = prepare_ok ? p->metadata : s->prepared_metadata;
    switch (condition) {
    case IF_ALWAYS: return true;
    case IF_MORE:
        return m->kind == MW_KIND_COLUMN ? s->ctx[MW_SERVER].left > 1 : m->ok.status & MW_SERVER_MORE_RESULTS_EXISTS;
    case IF_CURSOR: return m->ok.status & MW_SERVER_STATUS_CURSOR_EXISTS;
    case IF_EOF_NEXT: return !eof_deprecated(s);
    case IF_DEFS: return m->column_count.metadata && m->column_count.columns > 0;
    case IF_PARAMS: return p->params > 0 && metadata;
    case IF_PARAMS_EOF: return p->params > 0 && !eof_deprecated(s);
    case IF_COLUMNS: return columns > 0 && metadata;
    case IF_COLUMNS_EOF: return columns > 0 && !eof_deprecated(s);
    case IF_FAST: return m->auth.step == MW_STEP_FAST_OK;
    case IF_WAITING: return s->ctx[MW_SERVER].phase == MW_PHASE_FILE_WAIT;
    case IF_QUIT: return m->request.command == MW_COM_QUIT && !m->request.empty;
    case IF_STREAM: return is_stream(t);
    }
    return false;
}

static const struct transition *find_row(const struct step *t)
{
    size_t count;
    const struct transition *row = transition_rows(t->s->ctx[t->dir].phase, &count);
    for (; count > 0; row++, count--)
        if (row->kind == t->msg->kind && holds(t, row->condition))
            return row;
    return NULL;
}

static void apply(struct step *t, const struct transition *row)
{
    switch (row->effect) {
    case DO_NOTHING: break;
    case DO_GREET: session_greet(t); break;
    case DO_TLS: session_tls(t); break;
    case DO_LOGIN: session_login(t); break;
    case DO_SWITCH: session_switch(t); break;
    case DO_MORE:
    case DO_ANSWER: session_auth(t); break;
    case DO_WELCOME: session_welcome(t); break;
    case DO_REJECT: session_tell(t, MW_EVENT_LOGIN_FAILED, NULL); break;
    case DO_CHANGED: session_changed(t); break;
    case DO_PUSH: session_push(t); break;
    case DO_FILE: session_file(t); break;
    case DO_REPLY: session_reply(t, false); break;
    case DO_POP: session_reply(t, true); break;
    case DO_END:
        t->result.notes |= MW_NOTE_BIT(UNSOLICITED);
        session_tell(t, MW_EVENT_UNSOLICITED, NULL);
        break;
    }
    struct mw_session *s = t->s;
    if (row->client != TO_KEEP)
        s->ctx[MW_CLIENT].phase = row->client;
    if (row->server == TO_NEXT)
        s->ctx[MW_SERVER].phase = (uint8_t)session_next_phase(s);
    else if (row->server != TO_KEEP)
        s->ctx[MW_SERVER].phase = row->server;
}

/* Capabilities that nobody told: what nearly every session of the last ten years has agreed on. */
void session_guess_login(struct mw_session *s)
{
    const uint64_t usual = MW_CAP(MW_BIT_CLIENT_PROTOCOL_41) | MW_CAP(MW_BIT_CLIENT_SECURE_CONNECTION) |
                           MW_CAP(MW_BIT_CLIENT_TRANSACTIONS) | MW_CAP(MW_BIT_CLIENT_MULTI_RESULTS) |
                           MW_CAP(MW_BIT_CLIENT_PLUGIN_AUTH);
    session_set_flags(s, MW_CTX_GUESSED | MW_CTX_LOGIN, 0);
    if (s->ctx[MW_CLIENT].caps)
        return;
    s->caps_guessed = true;
    session_set_caps(s, usual);
}

/* -- what is in no row --------------------------------------------------------------------------------------------- */

/* The packet fits another state that the session may be in without our having seen how. Returns true when the row is to be
 * looked for again. */
static bool repair(struct step *t)
{
    struct mw_session *s = t->s;
    struct mw_ctx *ctx = &s->ctx[t->dir];
    if (t->dir == MW_SERVER && ctx->phase == MW_PHASE_IDLE && t->msg->kind != MW_KIND_UNKNOWN) {
        return session_unseen(s, t->packet); /* an answer whose request was not captured */
    }
    if (t->dir == MW_SERVER && ctx->phase == MW_PHASE_LOGIN_WAIT) {
        ctx->phase = MW_PHASE_AUTH; /* the login was lost */
        session_guess_login(s);
        return true;
    }
    return false;
}

static void unexpected(struct step *t)
{
    struct mw_session *s = t->s;
    struct mw_ctx *ctx = &s->ctx[t->dir];
    t->result.notes |= MW_NOTE_BIT(UNEXPECTED);
    bool junk = t->msg->kind == MW_KIND_UNKNOWN && (ctx->phase == MW_PHASE_LOGIN || ctx->phase == MW_PHASE_SILENT);
    if (ctx->phase == MW_PHASE_CLOSED || ctx->phase == MW_PHASE_AUTH_WAIT || junk)
        return; /* nothing depends on it: what is in place of a login the server will refuse */
    s->inexact = s->shaky = true;
    if (t->msg->kind == MW_KIND_DAMAGED && t->dir == MW_CLIENT)
        session_miss_command(s);
    if (repair(t)) {
        t->result.notes |= MW_NOTE_BIT(GUESSED);
        const struct transition *row = find_row(t);
        if (row) {
            apply(t, row);
            return;
        }
    }
    if (t->dir == MW_SERVER && exchange_head(&s->queue)) {
        t->result.actions |= MW_DESYNC;
        if (s->queue.count > 1 || s->pipelined)
            session_owe_unknown(s); /* where the replies before that ended is not known */
        s->owed.ahead = 0;
        s->heard = true;
        session_lose_outstanding(s);
        ctx->phase = (uint8_t)session_next_phase(s);
    }
}

struct mw_step mw_session_step(struct mw_session *s, enum mw_dir dir, const struct mw_msg *msg,
                               const struct mw_packet *packet)
{
    struct step t = {.s = s, .dir = dir, .msg = msg, .packet = packet};
    s->heard |= dir == MW_SERVER;
    if (s->stray) {
        s->stray = false;
        s->inexact = true;
        return t.result;
    }
    const struct mw_exchange *e = exchange_head(&s->queue);
    if (s->shaky && dir == MW_SERVER && e && !e->first.number)
        t.result.notes |= !e->seen || !session_is_sure(s) ? MW_NOTE_BIT(GUESSED) : 0;
    check_sequence(&t);
    if (s->resync[dir])
        t.result.notes |= MW_NOTE_BIT(RESYNC);
    s->resync[dir] = false;
    if (s->ctx[dir].flags & MW_CTX_GUESSED)
        t.result.notes |= MW_NOTE_BIT(GUESSED);
    if (packet->lost)
        s->inexact = true;
    if (dir == MW_SERVER && msg->kind == MW_KIND_ROW && s->ctx[MW_SERVER].phase == MW_PHASE_ROWS) {
        session_reply(&t, false); /* the row of the table for rows, without the search: most packets are rows */
        return t.result;
    }
    /* A column count that cannot be read would lead anywhere. */
    bool count_is_bad = msg->kind == MW_KIND_COLUMN_COUNT && msg->status == MW_BAD;
    const struct transition *row = count_is_bad ? NULL : find_row(&t);
    if (row)
        apply(&t, row);
    else
        unexpected(&t);
    return t.result;
}

uint64_t mw_session_pass_rows(struct mw_session *s, struct mw_framer *framer)
{
    struct mw_exchange *e = exchange_head(&s->queue);
    if (s->ctx[MW_SERVER].phase != MW_PHASE_ROWS || !e || (s->observer && !s->observer->no_rows))
        return 0;
    struct mw_passed rows = mw_framer_pass_rows(framer, s->shaky ? e->next_sequence : -1);
    if (rows.packets == 0)
        return 0;
    if (e->first.number == 0)
        e->first = framer->stamp;
    e->last = framer->stamp;
    e->next_sequence = (uint8_t)(rows.last_sequence + 1);
    e->response_bytes += rows.bytes;
    e->rows += rows.packets;
    s->resync[MW_SERVER] = false;
    return rows.packets;
}

void mw_session_midstream(struct mw_session *s)
{
    s->inexact = s->shaky = s->may_answer = s->doubtful = true;
    session_lose_outstanding(s);
    session_owe_unknown(s);
    s->heard = true; /* before the capture begins, if the client waits */
    session_guess_login(s);
    s->ctx[MW_CLIENT].phase = MW_PHASE_COMMAND;
    s->ctx[MW_SERVER].phase = (uint8_t)session_next_phase(s);
}

void mw_session_tls_started(struct mw_session *s)
{
    s->tls = true;
    session_set_flags(s, MW_CTX_TLS, 0);
}
