/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One command and its reply: the record of `mywire commands`. Gathered from the session's events; it never parses. */
#ifndef ANALYZER_COMMAND_H
#define ANALYZER_COMMAND_H

#include "analyzer/conn.h"
#include "analyzer/record.h"
#include "analyzer/sql_digest.h"

/** A value of a parameter or attribute. */
struct command_value {
    enum {
        VALUE_NULL,
        VALUE_INT,
        VALUE_UINT,
        VALUE_FLOAT,
        VALUE_DOUBLE,
        VALUE_TEXT,
        VALUE_BYTES,
        VALUE_SET,      /**< begins a set of a bulk execute */
        VALUE_INDICATOR /**< stands for a value: DEFAULT, IGNORE */
    } kind;
    union {
        int64_t i;
        uint64_t u;
        float f;
        double d;
    };
    GString *text; /**< VALUE_TEXT: UTF-8; VALUE_BYTES: hex; VALUE_INDICATOR: its name; owned */
};

struct command_attribute {
    GString *name;
    struct command_value value;
};

/** Instants in nanoseconds since the epoch, texts in UTF-8, NULL where unknown. */
struct command {
    uint64_t connection, ordinal;
    uint64_t packet; /**< captured packet that the request begins in; of its reply where only that was seen */
    int64_t start_ns;
    bool seen;  /**< the request was */
    bool empty; /**< a request without a command byte */
    uint8_t code;
    enum mw_dialect dialect;
    uint32_t version;    /**< of the server, as sql_mode.version; 0 unknown */
    uint8_t backslashes; /**< what they were in strings, by the replies so far: a set of BACKSLASH_* (sql_session.h); none: unknown */
    const GString *sql; /**< this, names and columns: shared, see shared_text.h */
    uint64_t sql_bytes; /**< true length on the wire */
    bool sql_truncated, has_statement, has_params;
    bool params_truncated; /**< the request was not kept whole: the last parameters or attributes are not told */
    uint32_t statement_id;
    GArray *params;      /**< of struct command_value; NULL: none */
    GArray *param_types; /**< of uint16_t, as on the wire; NULL: none */
    GArray *attributes;  /**< of struct command_attribute; NULL: none */
    GString *argument;   /**< what it asks for beside SQL, in words, where its fields were looked at; NULL: nothing */
    uint16_t prepared_params, prepared_columns; /**< of the statement that it prepared */
    const GString *user, *database;
    enum mw_outcome outcome;
    GPtrArray *columns; /**< of const GString *, of the first result set; NULL: none */
    GByteArray *origins; /**< for each column whether it is a table's under its own name; NULL where nothing is redacted */
    GPtrArray *changes; /**< of const GString *, session state that the replies told; NULL: none */
    uint64_t resultsets, rows, affected_rows, insert_id, warnings;
    uint16_t status, error;
    char *sqlstate;
    GString *message;
    bool message_cut; /**< its end is missing */
    uint64_t invalid_bytes; /**< of its texts, in their character sets */
    const GString *digest_text; /**< without literals, where that was asked for; shared; NULL: no statement, or too much of it missing */
    char digest[SQL_DIGEST_ID]; /**< with digest_text: its id */
    bool digest_cut;            /**< the statement goes on behind the server's limit */
    int asked_modes;            /**< the session's modes, if it succeeds: flags of struct sql_mode; -1 unchanged */
    char *asked_user, *asked_database; /**< what it makes the session's, if it succeeds; "" none, NULL unchanged */
    int64_t first_byte_us, duration_us; /**< since the last byte of the request; -1 unknown */
    uint64_t request_bytes, response_bytes;
    bool exact;
    size_t bytes; /**< memory of the record, roughly */
    size_t extra; /**< … of these, column names and session changes */
    uint64_t counted; /**< … of these, in its connection's share until it ends */
};

struct privacy;

/** Gathers commands from the events of all connections of a run. */
struct command_gatherer;

/** `max_sql`: bytes kept of a statement's text. `done` owns the command that it gets, in the order in which commands end. */
struct command_gatherer *command_gatherer_new(uint64_t max_sql, const struct limits *limits, struct limit_hits *hits,
                                              void (*done)(void *user, struct command *command), void *user);

/** What commands do not tell from here on; `privacy` is borrowed. */
void command_gatherer_hide(struct command_gatherer *g, const struct privacy *privacy);

void command_gatherer_free(struct command_gatherer *g);

/** Commands get their digests, too. Before the first event. */
void command_gatherer_digests(struct command_gatherer *g);

/** Takes an event; `items` are the fields of the request, or NULL. For conn_observer.event. */
void command_gatherer_event(struct command_gatherer *g, const struct connection *connection, const struct mw_event *event,
                            const struct items *items);

/** The connection is over: what was kept for it goes. Before the record is freed. */
void command_gatherer_closed(struct command_gatherer *g, const struct connection *connection);

void command_free(struct command *c);

/** Frees parameters, their types and attributes: there are none then. */
void command_clear_values(struct command *c);

/** Memory of the record, roughly, in bytes. */
size_t command_size(const struct command *c);

/** Writes all keys of the record. */
void report_command(struct record *r, const struct command *c);

/** "COM_QUERY", "COM_UNKNOWN"; NULL where only the answer was seen. */
const char *command_name(const struct command *c);

/** Whether what ended this command says how many rows it changed: the answers to PREPARE and STATISTICS and an EOF do
 * not. */
bool command_counts_rows(const struct command *c);

/** "ok", "resultset" … */
const char *command_outcome_name(enum mw_outcome outcome);

#endif
