/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session's state and the effects of transitions.def on it. Private to the core: session*.c alone write it. */
#ifndef MYWIRE_SESSION_STATE_H
#define MYWIRE_SESSION_STATE_H

#include "core/exchange.h"
#include "core/stmts.h"
#include "core/transitions.h"
#include "mywire/session.h"

/* Replies that may come of commands that are not in the queue: session_loss.c. */
struct owed {
    uint64_t most;  /* … at most; 0: none, OWED_UNKNOWN: nobody knows */
    uint32_t ahead; /* commands in the queue whose replies come before */
    uint16_t kinds; /* what those commands may be: bits by enum mw_reply */
};

#define OWED_UNKNOWN UINT64_MAX

struct mw_session {
    const struct mw_mem *mem;
    const struct mw_limits *limits;
    struct mw_limit_hits *hits;
    const struct mw_observer *observer;

    struct mw_ctx ctx[2]; /* by direction; all but `phase`, `left`, `columns` and `stmt` are equal in both */
    uint16_t login_collation;   /* what COM_RESET_CONNECTION goes back to */
    uint16_t changed_collation; /* asked for by the COM_CHANGE_USER under way */
    uint16_t prepared_columns;  /* of the COM_STMT_PREPARE under way */
    bool prepared_metadata;
    bool inexact;
    bool shaky;        /* something was lost, or the beginning was not seen: what comes next need not be what is expected */
    bool heard;        /* the server has spoken since the client's last command, or since bytes of the client were lost */
    bool pipelined;    /* the client has sent a command before it had the reply to the last one */
    bool stray;        /* the packet that was pinned last is of a reply whose beginning is not known */
    bool last_unknown; /* bytes of the client were lost since the last COM_STMT_PREPARE: nobody knows what id -1 means */
    bool may_answer;   /* what the server asked for may have been lost: the client's sequence ids tell */
    bool doubtful;     /* bytes of the client were lost before its next packet */
    bool greeting_cut; /* its capabilities may not be all */
    bool caps_guessed; /* nobody told the capabilities: packets may show others (session_infer.c) */
    bool resync[2]; /* by direction: bytes were lost, and nothing was recognised since */
    bool tls;
    uint8_t sequence; /* expected next in the connection phase */
    uint8_t path;     /* enum mw_auth_path */
    char plugin[64];  /* name as on the wire */
    uint64_t ordinals;
    uint64_t doubt_before; /* statements prepared before this captured packet, and their long data, may be others than known */
    struct exchange_queue queue;
    struct owed owed;
    uint64_t losses; /* of bytes of the client that may have been commands */
    struct stmts stmts;
    struct columns_builder builder;   /* definitions that are arriving */
    const struct mw_columns *columns; /* of the rows under way; with a reference */
    /* What the last packet of a direction was decoded with, kept until the next one: fields told of it may point there. */
    const struct mw_columns *pinned_columns[2];
    const struct mw_stmt *pinned_stmt[2];
    struct mw_ctx stray_ctx;
};

/* What a step under way knows. */
struct step {
    struct mw_session *s;
    enum mw_dir dir;
    const struct mw_msg *msg;
    const struct mw_packet *packet;
    struct mw_step result;
};


/** Tells the observer. */
void session_tell(const struct step *t, enum mw_event_kind kind, const struct mw_exchange *exchange);

/** Tells the observer that a command is over, and lets go of what it held. */
void session_done(const struct step *t, struct mw_exchange *e);

/** The same for the oldest outstanding command, which leaves the queue. */
void session_over(const struct step *t, struct mw_exchange *e);

/** Facts that both snapshots share. */
void session_set_flags(struct mw_session *s, unsigned set, unsigned clear);
void session_set_collation(struct mw_session *s, uint16_t collation);
void session_set_caps(struct mw_session *s, uint64_t caps);
void session_set_dialect(struct mw_session *s, enum mw_dialect dialect);
void session_set_plugin(struct mw_session *s, struct mw_slice name);

/** The same of the name in the step's message; unknown where it is cut off. */
void session_set_named_plugin(struct step *t, struct mw_slice name);

/** Follows the system variables among the session state of an OK. */
void session_follow_state(struct mw_session *s, const struct mw_ok *ok);

/** Makes the oldest outstanding command the one that the server answers, and gives the phase it expects. */
enum mw_phase session_next_phase(struct mw_session *s);

/** All outstanding commands are over without an end that was seen. */
void session_lose_outstanding(struct mw_session *s);

/** What is lost, and what is sure behind it: session_loss.c. */

/** Replies to an unknown number of commands, sent behind those in the queue, may come. */
void session_owe_unknown(struct mw_session *s);

/** The client sent a packet of which nothing is known. */
void session_miss_command(struct mw_session *s);

/** Whether the next reply is that of the oldest command in the queue, for sure. */
bool session_is_sure(const struct mw_session *s);

/** The client sends a command: what does that tell about the replies before it? */
void session_settle(struct step *t);

/** A packet of a reply: can it be of a command that is not in the queue? */
void session_check_owed(const struct step *t);

/** A reply begins whose command was not seen. False: no room. */
bool session_unseen(struct mw_session *s, const struct mw_packet *packet);

/** Whether the server's next packet belongs to a reply whose beginning is not known. Where it shows that the last reply has
 *  ended, or that one begins whose command was not seen, that is taken up. */
bool session_is_stray(struct mw_session *s, const struct mw_packet *packet);

/** Capabilities that nobody told. */
void session_guess_login(struct mw_session *s);

/** Makes these the columns of the rows that come; takes over the reference. */
void session_set_columns(struct mw_session *s, const struct mw_columns *columns);

/** Bytes of the server are lost behind the last definition of a statement: whether an EOF was among them or not, it is prepared. */
void session_infer_prepared(struct mw_session *s);

/** Looks at a packet before it is decoded, in a session of which something is guessed. */
void session_infer(struct mw_session *s, enum mw_dir dir, const struct mw_packet *packet);

/** The EOF that ought to follow definitions does not come: the session goes on as if it had. */
void session_infer_no_eof(struct mw_session *s);

/** Effects of the connection phase: session_login.c. */
void session_greet(struct step *t);
void session_tls(struct step *t);
void session_login(struct step *t);
void session_switch(struct step *t);
void session_auth(struct step *t);
void session_welcome(struct step *t);

/** The action that starts the compression that was agreed on, or 0. */
unsigned session_compression(const struct mw_session *s);

/** Counts a packet of a COM_CHANGE_USER's exchange into it. */
void session_count(const struct step *t, struct mw_exchange *e);

/** Effects of commands and replies: session_command.c. */
void session_push(struct step *t);
void session_file(struct step *t);
void session_reply(struct step *t, bool last);
void session_changed(struct step *t);

#endif
