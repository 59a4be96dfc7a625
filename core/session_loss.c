/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows lost bytes: which replies may still come of commands that nobody knows, what is sure again, and from when on.
 *
 * A reply belongs to the oldest command that waits for one. After a loss the session knows that of the commands in its queue,
 * but between two of them (behind the first `ahead`) there may be others, unseen or given up, whose replies come as well: at
 * most `most` of them. What stands behind them is not exact, until one of these shows that no such reply comes any more:
 *
 * - so many replies came while nothing else was outstanding;
 * - a reply came that none of those commands can have;
 * - the client, which has never sent a command before it had the reply to the last one, sends a command after the server
 *   spoke.
 */
#include "core/session_state.h"

enum { ALL_KINDS = (1u << (MW_REPLY_ANYTHING + 1)) - 1, EACH_REPLY_FIRST = 1 };

static unsigned bit(unsigned reply)
{
    return 1u << reply;
}

static void forget_owed(struct mw_session *s)
{
    s->owed.most = 0;
    s->owed.ahead = 0;
    s->owed.kinds = 0;
}

/* Behind the commands in the queue there are others, `most` of them at most. */
static void owe(struct mw_session *s, uint64_t most)
{
    struct owed *o = &s->owed;
    if (o->most == 0)
        o->ahead = s->queue.count;
    o->most = most > OWED_UNKNOWN - o->most ? OWED_UNKNOWN : o->most + most;
    o->kinds = ALL_KINDS;
    s->heard = false;
    s->shaky = true;
}

uint64_t mw_session_losses(const struct mw_session *s)
{
    return s->losses;
}

void session_owe_unknown(struct mw_session *s)
{
    owe(s, OWED_UNKNOWN);
}

void session_miss_command(struct mw_session *s)
{
    s->doubtful = s->last_unknown = true;
    s->losses++;
    owe(s, 1);
}

bool session_is_sure(const struct mw_session *s)
{
    return s->owed.most == 0 || s->owed.ahead > 0;
}

void session_over(const struct step *t, struct mw_exchange *e)
{
    struct mw_session *s = t->s;
    if (!session_is_sure(s))
        e->exact = false;
    session_done(t, e);
    exchange_pop(&s->queue);
    if (s->owed.ahead > 0)
        s->owed.ahead--;
}

void session_lose_outstanding(struct mw_session *s)
{
    struct step t = {.s = s};
    for (struct mw_exchange *e; (e = exchange_head(&s->queue));) {
        e->exact = false;
        e->outcome = MW_OUTCOME_LOST;
        session_over(&t, e);
    }
}

/* Bytes of the server are gone, and with them at least a part of the next reply: of all that were to come, one less comes, and
 * which is not known. */
static void lose_replies(struct mw_session *s)
{
    struct owed *o = &s->owed;
    uint32_t n = s->queue.count;
    s->heard = true;
    if (n == 0)
        return;
    bool next_is_owed = !session_is_sure(s);
    for (uint32_t i = next_is_owed ? 0 : 1; i < n; i++)
        o->kinds |= (uint16_t)bit(exchange_at(&s->queue, i)->reply);
    if (o->most != OWED_UNKNOWN)
        o->most += n - 1;
    s->owed.ahead = 0;
    session_lose_outstanding(s);
    s->ctx[MW_SERVER].phase = (uint8_t)session_next_phase(s);
}

void session_settle(struct step *t)
{
    struct mw_session *s = t->s;
    struct mw_exchange *e = exchange_head(&s->queue);
    /* The reply to the last one has not begun, or has not ended. */
    s->pipelined |= e && e->seen && (!s->heard || !s->shaky);
    if (s->pipelined || (t->msg->request.command == MW_COM_QUIT && !t->msg->request.empty))
        return;
    /* It has the whole reply, so what was taken for one has ended, recognised or not. */
    if (e) {
        session_lose_outstanding(s);
        s->ctx[MW_SERVER].phase = (uint8_t)session_next_phase(s);
    }
    if (s->heard)
        forget_owed(s);
    if (s->shaky)
        t->result.actions |= MW_BETWEEN_REPLIES;
}

/* Replies that commands of a kind cannot have. */
static unsigned excluded(const struct step *t)
{
    enum { PREPARE_OK_BYTES = 12, STATUS_AT = 3, NUL_AT = 9 };
    const struct mw_packet *p = t->packet;
    switch (t->msg->kind) {
    case MW_KIND_COLUMN_COUNT: /* a number and nothing else: no OK, no error, no text, no definition, no binary row */
        return bit(MW_REPLY_SIMPLE) | bit(MW_REPLY_PREPARED) | bit(MW_REPLY_FIELDS) | bit(MW_REPLY_TEXT) | bit(MW_REPLY_ROWS);
    case MW_KIND_PREPARE_OK:
        /* Read as an OK it would have no status at all, and a text with NULs. */
        if (p->length != PREPARE_OK_BYTES || p->have != PREPARE_OK_BYTES || p->payload[STATUS_AT] || p->payload[STATUS_AT + 1] ||
            p->payload[NUL_AT])
            return 0;
        return bit(MW_REPLY_SIMPLE) | bit(MW_REPLY_RESULT) | bit(MW_REPLY_BINARY) | bit(MW_REPLY_FIELDS) | bit(MW_REPLY_TEXT);
    default: return 0;
    }
}

void session_check_owed(const struct step *t)
{
    struct mw_session *s = t->s;
    const struct mw_exchange *e = exchange_head(&s->queue);
    if (session_is_sure(s) || !e || !e->seen)
        return;
    if (t->packet->sequence == EACH_REPLY_FIRST && t->msg->status == MW_OK && (s->owed.kinds & ~excluded(t)) == 0)
        forget_owed(s);
}

bool session_unseen(struct mw_session *s, const struct mw_packet *packet)
{
    struct mw_exchange *e = exchange_push(&s->queue, s->mem, s->limits);
    if (!e)
        return false;
    e->ordinal = ++s->ordinals;
    e->command = MW_COM_QUERY;
    e->reply = MW_REPLY_RESULT;
    e->next_sequence = packet->sequence;
    e->begin = e->sent = packet->first;
    s->ctx[MW_SERVER].phase = MW_PHASE_REPLY;
    if (s->owed.most == 0)
        return true;
    /* It is one of these. */
    if (s->owed.most != OWED_UNKNOWN)
        s->owed.most--;
    s->owed.ahead = s->owed.most > 0;
    return true;
}

static bool answers(uint8_t phase)
{
    switch (phase) {
    case MW_PHASE_IDLE:
    case MW_PHASE_REPLY:
    case MW_PHASE_COLUMNS:
    case MW_PHASE_COLUMNS_END:
    case MW_PHASE_ROWS:
    case MW_PHASE_FIELDS:
    case MW_PHASE_PARAMS:
    case MW_PHASE_PARAMS_END:
    case MW_PHASE_RESULT:
    case MW_PHASE_RESULT_END:
    case MW_PHASE_TEXT: return true;
    default: return false;
    }
}

bool session_is_stray(struct mw_session *s, const struct mw_packet *packet)
{
    struct mw_exchange *e = exchange_head(&s->queue);
    bool first = packet->sequence == EACH_REPLY_FIRST;
    if (!answers(s->ctx[MW_SERVER].phase))
        return false;
    if (e && e->first.number && first && e->next_sequence != EACH_REPLY_FIRST) {
        /* The end of the last reply was not recognised. */
        struct step t = {.s = s};
        e->exact = false;
        e->outcome = MW_OUTCOME_LOST;
        session_over(&t, e);
        s->ctx[MW_SERVER].phase = (uint8_t)session_next_phase(s);
        e = exchange_head(&s->queue);
    }
    if (!e && first)
        session_unseen(s, packet);
    if (!e)
        return !first && packet->sequence != 0; /* 0: the server says goodbye */
    return !e->first.number && !first && packet->sequence != e->next_sequence;
}

void mw_session_tls_missed(struct mw_session *s)
{
    enum { BEHIND_REQUEST = 2 };
    session_lose_outstanding(s);
    forget_owed(s);
    mw_session_tls_started(s);
    session_set_flags(s, 0, MW_CTX_GUESSED | MW_CTX_LOGIN);
    session_set_caps(s, 0);
    s->caps_guessed = s->shaky = s->may_answer = s->doubtful = false;
    s->resync[MW_CLIENT] = s->resync[MW_SERVER] = false;
    s->sequence = BEHIND_REQUEST;
    s->ctx[MW_CLIENT].phase = MW_PHASE_LOGIN;
    s->ctx[MW_SERVER].phase = MW_PHASE_LOGIN_WAIT;
}

void mw_session_skipped(struct mw_session *s, enum mw_dir dir)
{
    if (dir == MW_SERVER)
        lose_replies(s);
}

unsigned mw_session_gap(struct mw_session *s, enum mw_dir dir)
{
    struct mw_ctx *client = &s->ctx[MW_CLIENT];
    bool login = client->phase < MW_PHASE_COMMAND;
    s->inexact = s->shaky = s->may_answer = true;
    s->resync[dir] = true;
    if (login && !(client->flags & MW_CTX_LOGIN)) {
        mw_session_midstream(s);
        return 0;
    }
    login &= !exchange_head(&s->queue);
    if (dir == MW_CLIENT) {
        s->doubtful = s->last_unknown = true;
        s->losses++;
        session_owe_unknown(s);
        client->phase = login ? MW_PHASE_AUTH_WAIT : MW_PHASE_COMMAND;
        return 0;
    }
    session_infer_prepared(s);
    lose_replies(s);
    client->phase = MW_PHASE_COMMAND;
    if (login)
        s->ctx[MW_SERVER].phase = (uint8_t)session_next_phase(s);
    /* A login whose verdict was lost must have succeeded if anything follows it. */
    return login ? session_compression(s) : 0;
}
