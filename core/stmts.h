/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The prepared statements of a session. Private to the core. */
#ifndef MYWIRE_CORE_STMTS_H
#define MYWIRE_CORE_STMTS_H

#include "core/columns.h"

/** The id that means the statement prepared last (MariaDB). */
#define STMT_LAST 0xffffffffu

/** A statement and what has been sent ahead for its next execution. */
struct stmt_entry {
    struct mw_stmt *stmt;      /* the current object; the map holds a reference */
    struct stmt_long *pending; /* long data by parameter, in no order */
    bool dirty;                /* `pending` has what `stmt` does not show yet */
    struct stmt_entry *next;   /* same bucket */
};

/** All zero is an empty map. */
struct stmts {
    struct stmt_entry **bucket;
    uint32_t buckets, count;
    uint64_t bytes;       /* of the objects in the map and of long data */
    uint64_t held;        /* of all objects that somebody has a reference to, with their columns */
    struct mw_stmt *last; /* prepared last, perhaps not answered yet: what id -1 means; with a reference */
    const struct mw_stmt *asked; /* not answered yet: what stmts_preparing gave for `last`, which may have types by now */
};

/** A COM_STMT_PREPARE was sent: until its answer it can be executed as -1. Returns its object with a reference for the caller,
 *  or NULL when there is no memory. */
struct mw_stmt *stmts_preparing(struct stmts *s, const struct mw_mem *mem, const struct mw_limits *limits,
                                struct mw_limit_hits *hits, const struct mw_request *request, uint16_t collation, uint64_t packet);

/** It was answered with an id. `text` is what stmts_preparing returned; NULL: the request was not seen. Replaces a statement of
 *  the same id. Returns the object with a reference for the caller; NULL when a limit or memory ended. */
struct mw_stmt *stmts_prepared(struct stmts *s, const struct mw_mem *mem, const struct mw_limits *limits,
                               struct mw_limit_hits *hits, const struct mw_stmt *text, const struct mw_prepare_ok *ok);

/** The statement that an id means; NULL unknown. Borrowed. */
const struct mw_stmt *stmts_find(const struct stmts *s, uint32_t id);

/** The same for its execution: with the long data that was sent ahead in it. */
const struct mw_stmt *stmts_execute(struct stmts *s, const struct mw_mem *mem, uint32_t id);

/** An execution bound types: 2 bytes for each parameter, with `names` a length-encoded name behind each. */
void stmts_bind(struct stmts *s, const struct mw_mem *mem, uint32_t id, struct mw_slice types, bool names);

/** The columns of a statement's result, as prepared or as sent with a result. */
void stmts_set_columns(struct stmts *s, const struct mw_mem *mem, uint32_t id, const struct mw_columns *columns);

/** Long data for a parameter. */
void stmts_add_long(struct stmts *s, const struct mw_mem *mem, const struct mw_limits *limits, struct mw_limit_hits *hits,
                    uint32_t id, uint16_t param, struct mw_slice data, uint64_t length);

/** After an execution, and on COM_STMT_RESET: long data is gone. */
void stmts_clear_long(struct stmts *s, const struct mw_mem *mem, uint32_t id);

void stmts_close(struct stmts *s, const struct mw_mem *mem, uint32_t id);

/** COM_RESET_CONNECTION, COM_CHANGE_USER, the end: no statement is left. */
void stmts_clear(struct stmts *s, const struct mw_mem *mem);

struct mw_stmt *stmt_keep(const struct mw_stmt *stmt);
void stmts_drop(struct stmts *s, const struct mw_mem *mem, const struct mw_stmt *stmt);

#endif
