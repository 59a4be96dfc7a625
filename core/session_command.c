/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Effects of commands and their replies: what is outstanding, what was counted, statements and columns. */
#include <string.h>

#include "core/session_state.h"
#include "mywire/statement.h"

/* What a request itself changes, before any answer. */
static void follow_request(struct step *t, struct mw_exchange *e)
{
    struct mw_session *s = t->s;
    const struct mw_request *q = &t->msg->request;
    const struct mw_mem *mem = s->mem;
    e->stmt = stmt_keep(s->ctx[MW_CLIENT].stmt);
    switch (q->command) {
    case MW_COM_QUERY: e->names = mw_statement_charset(q->text); break;
    case MW_COM_CHANGE_USER:
        s->changed_collation = q->login.collation;
        if (q->login.plugin.n)
            session_set_named_plugin(t, q->login.plugin);
        else if (t->msg->status == MW_SHORT) /* its name may have been cut off */
            session_set_plugin(s, (struct mw_slice){NULL, 0});
        break;
    case MW_COM_STMT_PREPARE:
        s->last_unknown = false;
        e->stmt = stmts_preparing(&s->stmts, mem, s->limits, s->hits, q, s->ctx[MW_CLIENT].collation, t->packet->first.number);
        break;
    case MW_COM_STMT_EXECUTE:
    case MW_COM_STMT_BULK_EXECUTE:
        if (q->types.p && !(q->statement_id == STMT_LAST && s->last_unknown))
            stmts_bind(&s->stmts, mem, q->statement_id, q->types, q->types_named);
        stmts_clear_long(&s->stmts, mem, q->statement_id); /* the execution takes what was sent ahead */
        if (e->stmt) {
            /* With the types that it bound, and without the long data: many executions may wait for their answers. */
            const struct mw_stmt *now = stmts_find(&s->stmts, q->statement_id);
            stmts_drop(&s->stmts, mem, e->stmt);
            e->stmt = stmt_keep(now);
        }
        break;
    case MW_COM_STMT_SEND_LONG_DATA:
        if (q->text.p)
            stmts_add_long(&s->stmts, mem, s->limits, s->hits, q->statement_id, q->param, q->text, q->text_length);
        break;
    case MW_COM_STMT_RESET: stmts_clear_long(&s->stmts, mem, q->statement_id); break;
    case MW_COM_STMT_CLOSE: stmts_close(&s->stmts, mem, q->statement_id); break;
    default: break;
    }
}

/* Where the commands that wait for their replies hold too much, the newest goes on without its statement: what it is
 * about was told, but its reply is read as if the statement were not known. */
static void bound_held(struct mw_session *s, struct mw_exchange *e)
{
    if (!e->stmt || s->stmts.held <= s->limits->statement_held)
        return;
    s->hits->statement_held++;
    stmts_drop(&s->stmts, s->mem, e->stmt);
    e->stmt = NULL;
}

/* What an execution is of and what it was given depends on all that the client has said of the statement. */
static void doubt(struct step *t, struct mw_exchange *e)
{
    struct mw_session *s = t->s;
    bool executes = e->command == MW_COM_STMT_EXECUTE || e->command == MW_COM_STMT_BULK_EXECUTE || e->command == MW_COM_STMT_FETCH;
    bool cut = t->msg->status == MW_SHORT && t->packet->have < s->limits->packet_head;
    if (s->doubtful)
        s->doubt_before = t->packet->first.number;
    s->doubtful = false;
    if (cut || t->packet->lost > 0)
        s->doubt_before = t->packet->last.number + 1;
    if (executes && s->doubt_before && (!e->stmt || e->stmt->prepare_packet < s->doubt_before))
        e->exact = false;
}

void session_push(struct step *t)
{
    struct mw_session *s = t->s;
    session_infer_no_eof(s); /* a client speaks when it has the whole reply */
    session_settle(t);
    const struct mw_request *q = &t->msg->request;
    struct mw_exchange lone = {0};
    enum mw_reply reply = q->empty ? MW_REPLY_SIMPLE : mw_command_reply(s->ctx[MW_CLIENT].dialect, q->command);
    struct mw_exchange *e = reply == MW_REPLY_NOTHING ? &lone : exchange_push(&s->queue, s->mem, s->limits);
    if (!e) {
        s->hits->outstanding++;
        t->result.notes |= MW_NOTE_BIT(QUEUE_FULL);
        s->inexact = true;
        session_lose_outstanding(s);
        session_owe_unknown(s); /* which replies belong to the lost ones is not known any more */
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
    if (!q->empty)
        follow_request(t, e);
    doubt(t, e);
    session_tell(t, MW_EVENT_COMMAND, e);
    bound_held(s, e);
    if (e == &lone) {
        session_done(t, e);
        return;
    }
    s->heard = false;
    if (s->ctx[MW_SERVER].phase == MW_PHASE_IDLE)
        s->ctx[MW_SERVER].phase = (uint8_t)session_next_phase(s);
}

void session_file(struct step *t)
{
    struct mw_exchange *e = exchange_head(&t->s->queue);
    if (!e || t->s->ctx[MW_SERVER].phase != MW_PHASE_FILE_WAIT)
        return;
    e->request_bytes += t->packet->length + (uint64_t)MW_HEADER * t->packet->parts;
    session_tell(t, MW_EVENT_REPLY, e);
}

void session_count(const struct step *t, struct mw_exchange *e)
{
    uint64_t bytes = t->packet->length + (uint64_t)MW_HEADER * t->packet->parts;
    if (!e)
        return;
    if (t->dir == MW_CLIENT) {
        e->request_bytes += bytes;
        return;
    }
    if (e->first.number == 0)
        e->first = t->packet->first;
    e->last = t->packet->last;
    e->response_bytes += bytes;
}

/* Counts what a packet adds to its command. */
static void count_reply(struct step *t, struct mw_exchange *e)
{
    const struct mw_msg *m = t->msg;
    session_count(t, e);
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
        /* Of an unseen request it is not known whether what looks like an OK is one. */
        if (e->seen && !is_end && m->kind == MW_KIND_OK) {
            e->affected_rows += m->ok.affected_rows;
            if (m->ok.insert_id)
                e->insert_id = m->ok.insert_id;
        }
        if (e->seen) {
            e->warnings = m->ok.warnings;
            e->status = m->ok.status;
        }
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
    if (e->names && e->outcome != MW_OUTCOME_ERROR)
        session_set_collation(s, e->names);
    if (ok && e->command == MW_COM_RESET_CONNECTION)
        session_set_collation(s, s->login_collation);
    if (ok && (e->command == MW_COM_RESET_CONNECTION || e->command == MW_COM_CHANGE_USER))
        stmts_clear(&s->stmts, s->mem);
    if (ok)
        session_follow_state(s, &t->msg->ok);
    session_over(t, e);
}

/* The statement that an execution is of, as it is known now. With id -1 another one may have been prepared since. */
static const struct mw_stmt *statement_now(const struct mw_session *s, const struct mw_exchange *e)
{
    const struct mw_stmt *then = e->stmt, *now = then ? stmts_find(&s->stmts, e->statement_id) : NULL;
    if (!now || now->sql_length != then->sql_length || now->sql.n != then->sql.n)
        return NULL;
    return now->sql.n == 0 || memcmp(now->sql.p, then->sql.p, now->sql.n) == 0 ? now : NULL;
}

/* A result begins. Without definitions its columns are those that the statement had before. */
static void begin_result(struct step *t, const struct mw_exchange *e)
{
    struct mw_session *s = t->s;
    const struct mw_column_count *c = &t->msg->column_count;
    const struct mw_columns *columns = NULL;
    s->ctx[MW_SERVER].left = (uint32_t)c->columns;
    if (c->metadata) {
        columns_begin(&s->builder, s->mem, s->limits, (uint32_t)c->columns);
    } else if (e->stmt) {
        const struct mw_stmt *stmt = statement_now(s, e);
        columns = stmt ? stmt->columns : e->stmt->columns;
        if (columns && columns->count != c->columns)
            columns = NULL;
    }
    session_set_columns(s, columns_keep(columns));
}

static void begin_prepared(struct step *t, struct mw_exchange *e)
{
    struct mw_session *s = t->s;
    const struct mw_prepare_ok *p = &t->msg->prepare_ok;
    s->prepared_columns = p->columns;
    s->prepared_metadata = p->metadata;
    s->ctx[MW_SERVER].left = p->params ? p->params : p->columns;
    struct mw_stmt *stmt = stmts_prepared(&s->stmts, s->mem, s->limits, s->hits, session_is_sure(s) ? e->stmt : NULL, p);
    if (stmt) {
        stmts_drop(&s->stmts, s->mem, e->stmt);
        e->stmt = stmt;
    }
    columns_begin(&s->builder, s->mem, s->limits, p->metadata ? p->columns : 0);
}

/* A definition: of a result, of a statement's parameters (of which nothing is kept), or of its columns. */
static void take_column(struct step *t, const struct mw_exchange *e)
{
    struct mw_session *s = t->s;
    struct mw_ctx *ctx = &s->ctx[MW_SERVER];
    if (ctx->left)
        ctx->left--;
    if (ctx->phase == MW_PHASE_PARAMS) {
        if (ctx->left == 0)
            ctx->left = s->prepared_columns;
        return;
    }
    if (ctx->phase == MW_PHASE_FIELDS)
        return;
    columns_add(&s->builder, s->mem, s->limits, t->msg);
    if (ctx->left > 0)
        return;
    struct mw_columns *columns = columns_seal(&s->builder, s->mem);
    bool too_much = columns && s->stmts.held + columns->size > s->limits->statement_held;
    s->hits->statement_held += too_much;
    if (columns && !too_much && session_is_sure(s) && statement_now(s, e))
        stmts_set_columns(&s->stmts, s->mem, e->statement_id, columns);
    if (ctx->phase == MW_PHASE_COLUMNS)
        session_set_columns(s, columns);
    else
        columns_drop(columns, s->mem);
}

void session_reply(struct step *t, bool last)
{
    struct mw_session *s = t->s;
    struct mw_exchange *e = exchange_head(&s->queue);
    if (!e)
        return;
    count_reply(t, e);
    session_check_owed(t);
    struct mw_ctx *ctx = &s->ctx[MW_SERVER];
    switch (t->msg->kind) {
    case MW_KIND_COLUMN_COUNT: begin_result(t, e); break;
    case MW_KIND_PREPARE_OK: begin_prepared(t, e); break;
    case MW_KIND_COLUMN: take_column(t, e); break;
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
    if (t->msg->kind != MW_KIND_ROW || !s->observer || !s->observer->no_rows)
        session_tell(t, MW_EVENT_REPLY, e);
    if (last)
        finish_command(t);
}

void session_changed(struct step *t)
{
    struct mw_session *s = t->s;
    if (s->changed_collation) {
        s->login_collation = s->changed_collation;
        session_set_collation(s, s->changed_collation);
    }
    session_reply(t, true);
}

