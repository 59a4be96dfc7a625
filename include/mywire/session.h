/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The session: the only writer of state. It is fed messages in the order in which the two sides spoke, answers with
 * actions for the layers below, and tells its observer what happened. */
#ifndef MYWIRE_SESSION_H
#define MYWIRE_SESSION_H

#include "mywire/framer.h"
#include "mywire/limits.h"
#include "mywire/mem.h"
#include "mywire/message.h"

struct mw_session;

/** What the owner must do before it pushes more bytes. A set. */
enum mw_action {
    MW_START_TLS = 1,  /**< what both sides send from here on is TLS, until it is peeled off */
    MW_START_ZLIB = 2, /**< both directions are compressed from the next byte on */
    MW_START_ZSTD = 4,
    MW_DESYNC = 8, /**< state and bytes no longer fit: what follows is guessed */
    MW_BETWEEN_REPLIES = 16 /**< the server is between two replies: a packet of it that has not ended was none */
};

/** How the password was proved. */
enum mw_auth_path { MW_PATH_NONE, MW_PATH_FAST, MW_PATH_FULL, MW_PATH_FULL_RSA, MW_PATH_FULL_TLS };

/** A command and what is known of its reply. */
struct mw_exchange {
    uint64_t ordinal;  /**< 1 for the session's first command */
    bool seen;         /**< the request was seen; false: only its reply */
    bool empty;        /**< a request without a command byte */
    bool exact;        /**< nothing about it was lost or inferred */
    uint8_t command;   /**< enum mw_command */
    uint8_t reply;     /**< enum mw_reply */
    uint8_t next_sequence;
    uint8_t outcome;   /**< enum mw_outcome */
    uint16_t collation; /**< of the SQL text */
    uint16_t names;     /**< collation that SET NAMES of this statement asks for, 0 none */
    uint32_t statement_id;
    const struct mw_stmt *stmt; /**< that it prepares or is about; NULL unknown; for the time of the call */
    struct mw_stamp begin, sent; /**< first and last byte of the request */
    struct mw_stamp first, last; /**< first and last byte of the reply; number 0: none yet */
    uint64_t resultsets, rows, affected_rows, insert_id, warnings;
    uint16_t status;
    uint16_t error;
    uint64_t request_bytes, response_bytes; /**< on the wire, headers included, uncompressed */
};

/** How a command ended, as in the record's `response`. */
enum mw_outcome {
    MW_OUTCOME_NONE, /**< no answer in the protocol */
    MW_OUTCOME_OK,
    MW_OUTCOME_ERROR,
    MW_OUTCOME_RESULTSET,
    MW_OUTCOME_EOF,
    MW_OUTCOME_INFILE,
    MW_OUTCOME_BINLOG,
    MW_OUTCOME_LOST
};

enum mw_event_kind {
    MW_EVENT_GREETING,
    MW_EVENT_SSL_REQUEST,
    MW_EVENT_LOGIN,
    MW_EVENT_AUTH,      /**< a packet of the exchange between login and verdict */
    MW_EVENT_LOGGED_IN,
    MW_EVENT_LOGIN_FAILED,
    MW_EVENT_COMMAND,   /**< a command was sent; `exchange` is it */
    MW_EVENT_REPLY,     /**< a packet of a reply; `exchange` is its command */
    MW_EVENT_DONE,      /**< a command is over; `exchange` is final */
    MW_EVENT_UNSOLICITED /**< the server spoke without a command */
};

/** Everything is borrowed for the time of the call. */
struct mw_event {
    enum mw_event_kind kind;
    enum mw_dir dir;
    const struct mw_packet *packet;     /**< NULL for DONE without a packet (the capture ended) */
    const struct mw_msg *msg;           /**< NULL likewise */
    const struct mw_exchange *exchange; /**< NULL in the connection phase */
    const struct mw_session *session;
};

struct mw_observer {
    void *user;
    void (*event)(void *user, const struct mw_event *event);
    bool no_rows; /**< rows are not told one by one, but with the end of their command as a number: most packets are
                     rows */
};

/** What a step did. */
struct mw_step {
    unsigned actions; /**< set of enum mw_action */
    uint64_t notes;   /**< notes that only the session can make: sequence, unexpected, guessed … */
};

/** A new session. `mem`, `limits`, `hits` and `observer` must outlive it; `observer` may be NULL. NULL: no memory. */
struct mw_session *mw_session_new(const struct mw_mem *mem, const struct mw_limits *limits, struct mw_limit_hits *hits,
                                  const struct mw_observer *observer);

/** Ends the session: outstanding commands are told as lost. */
void mw_session_free(struct mw_session *s);

/** The snapshot for decoding `packet`, which `dir` sent next, with the objects that it needs. Copy it to keep it; its objects stay
 *  until the next call for the same direction, or as long as mem->free is NULL. Where the capture did not show what both sides agreed on, the
 *  packet's first bytes may: the session takes that up before, and may tell that a command is over. Call it once a packet, in order, and
 *  mw_session_step after it. */
const struct mw_ctx *mw_session_pin(struct mw_session *s, enum mw_dir dir, const struct mw_packet *packet);

/** The live state of a side, for looking at. */
const struct mw_ctx *mw_session_ctx(const struct mw_session *s, enum mw_dir dir);

/** Takes a message that was decoded with the snapshot of its direction. */
struct mw_step mw_session_step(struct mw_session *s, enum mw_dir dir, const struct mw_msg *msg,
                               const struct mw_packet *packet);

/** Takes the server's next rows out of its framer without looking at each, where rows are expected and the observer is
 *  not told of them one by one (no_rows). The session is as if they had been decoded and stepped; their notes are not
 *  told. Returns how many: 0 wherever something else may come. Most packets are rows. */
uint64_t mw_session_pass_rows(struct mw_session *s, struct mw_framer *framer);

/** Bytes of a direction came in which no packet was recognised after a loss: replies that were in them are lost, too. */
void mw_session_skipped(struct mw_session *s, enum mw_dir dir);

/** Bytes of a direction were lost, and the position in its packets with them (mw_framer_gap returned false). Commands
 *  outstanding are told as lost; the session goes on at the next packet that is recognised. Returns actions, as a step does: where the
 *  verdict on the login was lost, compression may have begun. */
unsigned mw_session_gap(struct mw_session *s, enum mw_dir dir);

/** The capture begins inside this session: nothing of the login was seen. */
void mw_session_midstream(struct mw_session *s);

/** Did TLS come off? The session goes on at the login, inside. No-op unless START_TLS was asked for. */
void mw_session_tls_started(struct mw_session *s);

/** TLS begins though its request was not seen: bytes of the client were lost behind the greeting. The session goes on at the login,
 *  inside. */
void mw_session_tls_missed(struct mw_session *s);

/** Everything was seen and nothing inferred. */
bool mw_session_exact(const struct mw_session *s);

/** How often commands of the client may have been lost so far: what they would have changed is not known. */
uint64_t mw_session_losses(const struct mw_session *s);

/** The plugin that decides, or decided, about the login: its name on the wire; empty when nothing is known. */
const char *mw_session_auth_plugin(const struct mw_session *s);
enum mw_auth_path mw_session_auth_path(const struct mw_session *s);

/** Capabilities that both sides agreed on; 0 before the login. */
uint64_t mw_session_caps(const struct mw_session *s);

/** One row of the transition table. */
struct mw_transition {
    enum mw_phase phase;       /**< of the side that speaks */
    enum mw_kind kind;         /**< what it says */
    const char *condition;     /**< "" always, or a word: see core/transitions.def */
    enum mw_phase client, server; /**< phases afterwards; MW_PHASE_COUNT: unchanged */
    bool next;                 /**< the server's phase is what the next outstanding command expects */
    const char *does;          /**< effects, words joined by + */
};

/** Row `i` of the table, in order of search. Returns false behind the last. */
bool mw_transition_at(size_t i, struct mw_transition *out);

#endif
