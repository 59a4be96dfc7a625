/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session. A step looks up the row of transitions.def for what was said, lets its effect update the facts, sets the
 * phases of both sides, and tells the observer. Nothing else writes session state. */
#include "mywire/session.h"

#include <string.h>

#include "core/charset.h"
#include "core/session_state.h"
#include "core/transitions.h"

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

static void lose_outstanding(struct mw_session *s)
{
    struct step t = {.s = s};
    for (struct mw_exchange *e; (e = exchange_head(&s->queue)); exchange_pop(&s->queue)) {
        e->exact = false;
        e->outcome = MW_OUTCOME_LOST;
        session_tell(&t, MW_EVENT_DONE, e);
    }
}

void mw_session_free(struct mw_session *s)
{
    if (!s)
        return;
    lose_outstanding(s);
    exchange_clear(&s->queue, s->mem);
    if (s->mem->free)
        s->mem->free(s->mem->user, s, sizeof *s);
}

const struct mw_ctx *mw_session_ctx(const struct mw_session *s, enum mw_dir dir)
{
    return &s->ctx[dir];
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

/* -- the queue ----------------------------------------------------------------------------------------------------- */

/* Makes the oldest outstanding command the one that the server answers, and gives the phase it expects. */
static enum mw_phase next_phase(struct mw_session *s)
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

/* -- effects of the command phase ---------------------------------------------------------------------------------- */

static void do_push(struct step *t)
{
    struct mw_session *s = t->s;
    const struct mw_request *q = &t->msg->request;
    struct mw_exchange lone = {0};
    enum mw_reply reply = q->empty ? MW_REPLY_SIMPLE : mw_command_reply(s->ctx[MW_CLIENT].dialect, q->command);
    struct mw_exchange *e = reply == MW_REPLY_NOTHING ? &lone : exchange_push(&s->queue, s->mem, s->limits);
    if (!e) {
        s->hits->outstanding++;
        t->result.notes |= MW_NOTE_BIT(QUEUE_FULL);
        s->inexact = true;
        lose_outstanding(s);
        set_flags(s, MW_CTX_GUESSED, 0); /* which replies belong to the lost ones is not known any more */
        e = exchange_push(&s->queue, s->mem, s->limits);
        if (!e)
            return;
    }
    *e = (struct mw_exchange){
        .ordinal = ++s->ordinals,
        .seen = true,
        .empty = q->empty,
        .exact = t->packet->lost == 0 && !(s->ctx[MW_CLIENT].flags & MW_CTX_GUESSED),
        .command = q->command,
        .reply = (uint8_t)reply,
        .next_sequence = (uint8_t)(t->packet->last_sequence + 1),
        .collation = s->ctx[MW_CLIENT].collation,
        .statement_id = q->statement_id,
        .begin = t->packet->first,
        .sent = t->packet->last,
        .request_bytes = t->packet->length + (uint64_t)MW_HEADER * t->packet->parts,
    };
    if (q->command == MW_COM_QUERY && !q->empty)
        e->names = charset_asked(q->text);
    if (q->command == MW_COM_CHANGE_USER && !q->empty) {
        s->changed_collation = q->login.collation;
        if (q->login.plugin.n)
            set_plugin(s, q->login.plugin);
    }
    session_tell(t, MW_EVENT_COMMAND, e);
    if (e == &lone)
        session_tell(t, MW_EVENT_DONE, e);
    else if (s->ctx[MW_SERVER].phase == MW_PHASE_IDLE)
        s->ctx[MW_SERVER].phase = (uint8_t)next_phase(s);
}

static void do_file(struct step *t)
{
    struct mw_exchange *e = exchange_head(&t->s->queue);
    if (!e || t->s->ctx[MW_SERVER].phase != MW_PHASE_FILE_WAIT)
        return;
    e->request_bytes += t->packet->length + (uint64_t)MW_HEADER * t->packet->parts;
    session_tell(t, MW_EVENT_REPLY, e);
}

/* Counts what a packet adds to its command. */
static void count_reply(struct step *t, struct mw_exchange *e)
{
    const struct mw_msg *m = t->msg;
    if (e->first.number == 0)
        e->first = t->packet->first;
    e->last = t->packet->last;
    e->response_bytes += t->packet->length + (uint64_t)MW_HEADER * t->packet->parts;
    switch (m->kind) {
    case MW_KIND_ROW: e->rows++; break;
    case MW_KIND_COLUMN_COUNT:
        e->resultsets++;
        e->outcome = MW_OUTCOME_RESULTSET;
        break;
    case MW_KIND_INFILE: e->outcome = MW_OUTCOME_INFILE; break;
    case MW_KIND_PREPARE_OK:
        e->statement_id = m->prepare_ok.statement_id;
        e->warnings = m->prepare_ok.warnings;
        e->outcome = MW_OUTCOME_OK;
        break;
    case MW_KIND_BINLOG_EVENT:
    case MW_KIND_STREAM: e->outcome = MW_OUTCOME_BINLOG; break;
    case MW_KIND_STATISTICS: e->outcome = MW_OUTCOME_OK; break;
    case MW_KIND_COLUMN: break;
    case MW_KIND_OK:
    case MW_KIND_EOF: {
        bool is_end = t->s->ctx[MW_SERVER].phase == MW_PHASE_ROWS;
        bool eof_reply = e->command == MW_COM_SET_OPTION || e->command == MW_COM_DEBUG || e->command == MW_COM_SHUTDOWN ||
                         e->reply == MW_REPLY_FIELDS;
        if (!is_end && m->kind == MW_KIND_OK) {
            e->affected_rows += m->ok.affected_rows;
            if (m->ok.insert_id)
                e->insert_id = m->ok.insert_id;
        }
        e->warnings = m->ok.warnings;
        e->status = m->ok.status;
        if (e->reply == MW_REPLY_ROWS)
            e->outcome = MW_OUTCOME_RESULTSET;
        else if (e->outcome == MW_OUTCOME_NONE)
            e->outcome = eof_reply ? MW_OUTCOME_EOF : MW_OUTCOME_OK;
        break;
    }
    case MW_KIND_ERR:
        e->error = m->err.code;
        e->outcome = MW_OUTCOME_ERROR;
        break;
    default: break;
    }
    bool structural = m->kind != MW_KIND_ROW && m->kind != MW_KIND_COLUMN && m->kind != MW_KIND_BINLOG_EVENT;
    bool cut = m->status == MW_SHORT && t->packet->have < t->s->limits->packet_head;
    if (t->packet->lost || (structural && (cut || m->status == MW_BAD)))
        e->exact = false;
    if (t->s->ctx[MW_SERVER].flags & MW_CTX_GUESSED)
        e->exact = false;
}

static void finish_command(struct step *t)
{
    struct mw_session *s = t->s;
    struct mw_exchange *e = exchange_head(&s->queue);
    if (!e)
        return;
    bool ok = t->msg->kind == MW_KIND_OK;
    if (ok && e->names)
        set_collation(s, e->names);
    if (ok && e->command == MW_COM_RESET_CONNECTION)
        set_collation(s, s->login_collation);
    if (ok)
        session_follow_state(s, &t->msg->ok);
    session_tell(t, MW_EVENT_DONE, e);
    exchange_pop(&s->queue);
}

static void do_reply(struct step *t, bool last)
{
    struct mw_session *s = t->s;
    struct mw_exchange *e = exchange_head(&s->queue);
    if (!e)
        return;
    count_reply(t, e);
    struct mw_ctx *ctx = &s->ctx[MW_SERVER];
    switch (t->msg->kind) {
    case MW_KIND_COLUMN_COUNT: ctx->left = ctx->columns = (uint32_t)t->msg->column_count.columns; break;
    case MW_KIND_PREPARE_OK: {
        const struct mw_prepare_ok *p = &t->msg->prepare_ok;
        s->prepared_columns = p->columns;
        s->prepared_metadata = p->metadata;
        ctx->left = p->params ? p->params : p->columns;
        break;
    }
    case MW_KIND_COLUMN:
        if (ctx->left)
            ctx->left--;
        if (ctx->left == 0 && (ctx->phase == MW_PHASE_PARAMS))
            ctx->left = s->prepared_columns;
        break;
    case MW_KIND_EOF:
        if (ctx->phase == MW_PHASE_PARAMS_END)
            ctx->left = s->prepared_columns;
        break;
    case MW_KIND_OK:
        if (!last)
            session_follow_state(s, &t->msg->ok);
        break;
    default: break;
    }
    session_tell(t, MW_EVENT_REPLY, e);
    if (last)
        finish_command(t);
}

static void do_changed(struct step *t)
{
    struct mw_session *s = t->s;
    if (s->changed_collation) {
        s->login_collation = s->changed_collation;
        set_collation(s, s->changed_collation);
    }
    do_reply(t, true);
}

static void apply(struct step *t, const struct transition *row)
{
    switch (row->effect) {
    case DO_NOTHING: break;
    case DO_GREET: session_greet(t); break;
    case DO_TLS: session_start_tls(t); break;
    case DO_LOGIN: session_login(t); break;
    case DO_SWITCH: session_switch(t); break;
    case DO_MORE:
    case DO_ANSWER: session_auth(t); break;
    case DO_WELCOME: session_welcome(t); break;
    case DO_REJECT: session_tell(t, MW_EVENT_LOGIN_FAILED, NULL); break;
    case DO_CHANGED: do_changed(t); break;
    case DO_PUSH: do_push(t); break;
    case DO_FILE: do_file(t); break;
    case DO_REPLY: do_reply(t, false); break;
    case DO_POP: do_reply(t, true); break;
    case DO_END:
        t->result.notes |= MW_NOTE_BIT(UNSOLICITED);
        session_tell(t, MW_EVENT_UNSOLICITED, NULL);
        break;
    }
    struct mw_session *s = t->s;
    if (row->client != TO_KEEP)
        s->ctx[MW_CLIENT].phase = row->client;
    if (row->server == TO_NEXT)
        s->ctx[MW_SERVER].phase = (uint8_t)next_phase(s);
    else if (row->server != TO_KEEP)
        s->ctx[MW_SERVER].phase = row->server;
}

/* -- what is in no row --------------------------------------------------------------------------------------------- */

/* The packet fits another state that the session may be in without our having seen how. Returns true when the row is to be
 * looked for again. */
static bool repair(struct step *t)
{
    struct mw_session *s = t->s;
    struct mw_ctx *ctx = &s->ctx[t->dir];
    if (t->dir == MW_SERVER && ctx->phase == MW_PHASE_IDLE && t->msg->kind != MW_KIND_UNKNOWN) {
        /* An answer whose request was not captured. */
        struct mw_exchange *e = exchange_push(&s->queue, s->mem, s->limits);
        if (!e)
            return false;
        e->ordinal = ++s->ordinals;
        e->command = MW_COM_QUERY;
        e->reply = MW_REPLY_RESULT;
        e->next_sequence = (uint8_t)(t->packet->last_sequence + 1);
        e->begin = e->sent = t->packet->first;
        ctx->phase = MW_PHASE_REPLY;
        return true;
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
    if (ctx->phase == MW_PHASE_CLOSED || ctx->phase == MW_PHASE_AUTH_WAIT)
        return; /* nothing depends on it */
    s->inexact = true;
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
        lose_outstanding(s);
        ctx->phase = (uint8_t)next_phase(s);
    }
}

struct mw_step mw_session_step(struct mw_session *s, enum mw_dir dir, const struct mw_msg *msg,
                               const struct mw_packet *packet)
{
    struct step t = {.s = s, .dir = dir, .msg = msg, .packet = packet};
    check_sequence(&t);
    if (s->resync[dir])
        t.result.notes |= MW_NOTE_BIT(RESYNC);
    s->resync[dir] = false;
    if (s->ctx[dir].flags & MW_CTX_GUESSED)
        t.result.notes |= MW_NOTE_BIT(GUESSED);
    if (packet->lost)
        s->inexact = true;
    if (dir == MW_SERVER && msg->kind == MW_KIND_ROW && s->ctx[MW_SERVER].phase == MW_PHASE_ROWS) {
        do_reply(&t, false); /* the row of the table for rows, without the search: most packets are rows */
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

void mw_session_gap(struct mw_session *s, enum mw_dir dir)
{
    s->inexact = true;
    s->resync[dir] = true;
    if (s->ctx[MW_CLIENT].phase < MW_PHASE_COMMAND && !(s->ctx[MW_CLIENT].flags & MW_CTX_LOGIN)) {
        mw_session_midstream(s);
        return;
    }
    if (dir == MW_SERVER)
        lose_outstanding(s);
    s->ctx[MW_CLIENT].phase = MW_PHASE_COMMAND;
    if (!exchange_head(&s->queue))
        s->ctx[MW_SERVER].phase = (uint8_t)next_phase(s);
}

void mw_session_midstream(struct mw_session *s)
{
    s->inexact = true;
    lose_outstanding(s);
    session_guess_login(s);
    s->ctx[MW_CLIENT].phase = MW_PHASE_COMMAND;
    s->ctx[MW_SERVER].phase = (uint8_t)next_phase(s);
}

void mw_session_tls_started(struct mw_session *s)
{
    s->tls = true;
    set_flags(s, MW_CTX_TLS, 0);
}
