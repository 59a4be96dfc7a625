/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of a session and the facts that both of its snapshots share. Private to the core: session.c steps, session_login.c
 * has the effects of the connection phase. */
#ifndef MYWIRE_SESSION_STATE_H
#define MYWIRE_SESSION_STATE_H

#include <string.h>

#include "core/exchange.h"

struct mw_session {
    const struct mw_mem *mem;
    const struct mw_limits *limits;
    struct mw_limit_hits *hits;
    const struct mw_observer *observer;

    struct mw_ctx ctx[2]; /* by direction; all but `phase`, `left` and `columns` are equal in both */
    uint64_t client_caps;
    uint16_t login_collation;   /* what COM_RESET_CONNECTION goes back to */
    uint16_t changed_collation; /* asked for by the COM_CHANGE_USER under way */
    uint16_t prepared_columns;  /* of the COM_STMT_PREPARE under way */
    bool prepared_metadata;
    bool inexact;
    bool resync[2]; /* by direction: bytes were lost, and nothing was recognised since */
    bool tls;
    uint8_t sequence; /* expected next in the connection phase */
    uint8_t path;     /* enum mw_auth_path */
    char plugin[64];  /* name as on the wire */
    uint64_t ordinals;
    struct exchange_queue queue;
};

/* What a step under way knows. */
struct step {
    struct mw_session *s;
    enum mw_dir dir;
    const struct mw_msg *msg;
    const struct mw_packet *packet;
    struct mw_step result;
};

static inline void session_tell(const struct step *t, enum mw_event_kind kind, const struct mw_exchange *exchange)
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
static inline void set_flags(struct mw_session *s, unsigned set, unsigned clear)
{
    for (int i = 0; i < 2; i++)
        s->ctx[i].flags = (uint8_t)((s->ctx[i].flags & ~clear) | set);
}

static inline void set_collation(struct mw_session *s, uint16_t collation)
{
    s->ctx[MW_CLIENT].collation = s->ctx[MW_SERVER].collation = collation;
}

static inline void set_caps(struct mw_session *s, uint64_t caps)
{
    s->ctx[MW_CLIENT].caps = s->ctx[MW_SERVER].caps = caps;
}

static inline void set_dialect(struct mw_session *s, enum mw_dialect dialect)
{
    s->ctx[MW_CLIENT].dialect = s->ctx[MW_SERVER].dialect = (uint8_t)dialect;
}

static inline void set_plugin(struct mw_session *s, struct mw_slice name)
{
    size_t n = name.n < sizeof s->plugin - 1 ? name.n : sizeof s->plugin - 1;
    if (n)
        memcpy(s->plugin, name.p, n);
    s->plugin[n] = 0;
    s->ctx[MW_CLIENT].plugin = s->ctx[MW_SERVER].plugin = (uint8_t)mw_auth_plugin_from(name);
}

static inline void set_known_plugin(struct mw_session *s, enum mw_auth_plugin plugin)
{
    const char *name = mw_auth_plugin_name(plugin);
    set_plugin(s, (struct mw_slice){(const uint8_t *)name, (uint32_t)strlen(name)});
}

/* -- effects of the connection phase (session_login.c) ------------------------------------------------------------- */

void session_greet(struct step *t);
void session_start_tls(struct step *t);
void session_login(struct step *t);
void session_switch(struct step *t);
void session_auth(struct step *t);
void session_welcome(struct step *t);

/** What an OK's session state says about the character set. */
void session_follow_state(struct mw_session *s, const struct mw_ok *ok);

/** Takes the capabilities that nearly every session of the last ten years has agreed on: nobody told. */
void session_guess_login(struct mw_session *s);

#endif
