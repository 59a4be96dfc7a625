/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/stmts.h"

#include <string.h>

#include "core/reader.h"
#include "mywire/statement.h"

enum { BUCKETS_FIRST = 16 };

/* Long data of a parameter, gathered from several packets. */
struct stmt_long {
    struct stmt_long *next;
    uint16_t param;
    uint32_t used, size;
    uint64_t length; /* true */
    uint8_t *bytes;  /* behind this */
};

static void give_back(const struct mw_mem *mem, void *p, size_t size)
{
    if (p && mem->free)
        mem->free(mem->user, p, size);
}

struct mw_stmt *stmt_keep(const struct mw_stmt *stmt)
{
    struct mw_stmt *own = (struct mw_stmt *)(uintptr_t)stmt;
    if (own)
        own->references++;
    return own;
}

/* Columns that several objects have count for each. */
static uint64_t held_by(const struct mw_stmt *stmt)
{
    return stmt->size + (stmt->columns ? stmt->columns->size : 0);
}

void stmts_drop(struct stmts *s, const struct mw_mem *mem, const struct mw_stmt *stmt)
{
    struct mw_stmt *own = (struct mw_stmt *)(uintptr_t)stmt;
    if (!own || --own->references > 0)
        return;
    s->held -= held_by(own);
    columns_drop(own->columns, mem);
    give_back(mem, own, own->size);
}

/* A new object with one reference: the facts of `like` (may be NULL), its text, and room for `params` parameters and `extra` bytes
 * behind them, whose place is returned in `room`. */
static struct mw_stmt *stmt_new(struct stmts *s, const struct mw_mem *mem, const struct mw_stmt *like,
                                struct mw_slice sql, uint32_t params, size_t extra, uint8_t **room)
{
    size_t size = sizeof(struct mw_stmt) + params * sizeof(struct mw_param) + sql.n + extra;
    struct mw_stmt *stmt = mem->alloc(mem->user, size);
    if (!stmt)
        return NULL;
    memset(stmt, 0, sizeof *stmt + params * sizeof(struct mw_param));
    if (like) {
        *stmt = *like;
        memcpy(stmt->param, like->param, (params < like->params ? params : like->params) * sizeof(struct mw_param));
        columns_keep(stmt->columns);
    }
    uint8_t *text = (uint8_t *)&stmt->param[params];
    if (sql.n)
        memcpy(text, sql.p, sql.n);
    stmt->sql = (struct mw_slice){text, sql.n};
    stmt->params = params;
    stmt->references = 1;
    stmt->size = size;
    s->held += held_by(stmt);
    if (room)
        *room = text + sql.n;
    return stmt;
}

/* -- the map ------------------------------------------------------------------------------------------------------- */

static struct stmt_entry **find_place(const struct stmts *s, uint32_t id)
{
    struct stmt_entry **place = &s->bucket[id & (s->buckets - 1)];
    while (*place && (*place)->stmt->id != id)
        place = &(*place)->next;
    return place;
}

static struct stmt_entry *find_entry(const struct stmts *s, uint32_t id)
{
    if (id == STMT_LAST && s->last)
        id = s->last->id;
    return s->buckets ? *find_place(s, id) : NULL;
}

static bool grow(struct stmts *s, const struct mw_mem *mem)
{
    uint32_t buckets = s->buckets ? s->buckets * 2 : BUCKETS_FIRST;
    struct stmt_entry **bucket = mem->alloc(mem->user, buckets * sizeof *bucket);
    if (!bucket)
        return false;
    memset(bucket, 0, buckets * sizeof *bucket);
    for (uint32_t i = 0; i < s->buckets; i++)
        for (struct stmt_entry *e = s->bucket[i], *next; e; e = next) {
            next = e->next;
            e->next = bucket[e->stmt->id & (buckets - 1)];
            bucket[e->stmt->id & (buckets - 1)] = e;
        }
    give_back(mem, s->bucket, s->buckets * sizeof *s->bucket);
    s->bucket = bucket;
    s->buckets = buckets;
    return true;
}

static void drop_long(struct stmts *s, const struct mw_mem *mem, struct stmt_entry *e)
{
    for (struct stmt_long *l = e->pending, *next; l; l = next) {
        next = l->next;
        s->bytes -= l->size;
        give_back(mem, l, sizeof *l + l->size);
    }
    e->pending = NULL;
}

static void set_stmt(struct stmts *s, const struct mw_mem *mem, struct stmt_entry *e, struct mw_stmt *stmt)
{
    if (s->last == e->stmt) {
        stmts_drop(s, mem, s->last);
        s->last = stmt_keep(stmt);
    }
    s->bytes += stmt->size;
    s->bytes -= e->stmt->size;
    stmts_drop(s, mem, e->stmt);
    e->stmt = stmt;
}

static void remove_entry(struct stmts *s, const struct mw_mem *mem, struct stmt_entry **place)
{
    struct stmt_entry *e = *place;
    *place = e->next;
    drop_long(s, mem, e);
    s->bytes -= e->stmt->size;
    s->count--;
    stmts_drop(s, mem, e->stmt);
    give_back(mem, e, sizeof *e);
}

void stmts_close(struct stmts *s, const struct mw_mem *mem, uint32_t id)
{
    if (id == STMT_LAST && s->last)
        id = s->last->id;
    struct stmt_entry **place = s->buckets ? find_place(s, id) : NULL;
    if (place && *place)
        remove_entry(s, mem, place);
}

void stmts_clear(struct stmts *s, const struct mw_mem *mem)
{
    for (uint32_t i = 0; i < s->buckets; i++)
        while (s->bucket[i])
            remove_entry(s, mem, &s->bucket[i]);
    give_back(mem, s->bucket, s->buckets * sizeof *s->bucket);
    stmts_drop(s, mem, s->last);
    *s = (struct stmts){.held = s->held}; /* what others hold is still there */
}

/* -- preparing ----------------------------------------------------------------------------------------------------- */

static void set_last(struct stmts *s, const struct mw_mem *mem, const struct mw_stmt *stmt)
{
    struct mw_stmt *kept = stmt_keep(stmt);
    stmts_drop(s, mem, s->last);
    s->last = kept;
}

struct mw_stmt *stmts_preparing(struct stmts *s, const struct mw_mem *mem, const struct mw_limits *limits,
                                struct mw_limit_hits *hits, const struct mw_request *request, uint16_t collation, uint64_t packet)
{
    struct mw_slice sql = request->text;
    if (sql.n > limits->statement_text) {
        sql.n = limits->statement_text;
        hits->statement_text++;
    }
    uint32_t params = mw_statement_placeholders(request->text);
    struct mw_stmt *stmt = stmt_new(s, mem, NULL, sql, params <= UINT16_MAX ? params : 0, 0, NULL);
    if (!stmt)
        return NULL;
    stmt->id = STMT_LAST;
    stmt->guessed = true;
    stmt->sql_length = request->text_length;
    stmt->collation = collation;
    stmt->prepare_packet = packet;
    set_last(s, mem, stmt);
    s->asked = stmt;
    return stmt;
}

struct mw_stmt *stmts_prepared(struct stmts *s, const struct mw_mem *mem, const struct mw_limits *limits,
                               struct mw_limit_hits *hits, const struct mw_stmt *text, const struct mw_prepare_ok *ok)
{
    stmts_close(s, mem, ok->statement_id);
    if (s->count >= limits->statements) {
        hits->statements++;
        return NULL;
    }
    if (s->count >= s->buckets && !grow(s, mem))
        return NULL;
    /* Executed as -1 before this answer, it has types already. */
    bool is_last = text && text == s->asked;
    const struct mw_stmt *like = is_last ? s->last : text;
    struct mw_slice sql = like ? like->sql : (struct mw_slice){NULL, 0};
    uint64_t bare = s->bytes + sizeof(struct mw_stmt) + ok->params * sizeof(struct mw_param);
    if (bare + sql.n > limits->statement_bytes) {
        hits->statement_bytes++;
        sql.n = 0;
        if (bare > limits->statement_bytes)
            return NULL;
    }
    struct stmt_entry *e = mem->alloc(mem->user, sizeof *e);
    struct mw_stmt *stmt = e ? stmt_new(s, mem, like, sql, ok->params, 0, NULL) : NULL;
    if (!stmt) {
        give_back(mem, e, sizeof *e);
        return NULL;
    }
    stmt->id = ok->statement_id;
    stmt->guessed = false;
    if (like && (!like->bound || like->params != ok->params)) {
        stmt->bound = false;
        memset(stmt->param, 0, ok->params * sizeof *stmt->param);
    }
    *e = (struct stmt_entry){.stmt = stmt};
    *find_place(s, stmt->id) = e;
    s->count++;
    s->bytes += stmt->size;
    if (is_last || !text) {
        set_last(s, mem, stmt);
        s->asked = NULL;
    }
    return stmt_keep(stmt);
}

/* -- executing ----------------------------------------------------------------------------------------------------- */

/* A new object that shows the long data sent ahead. */
static void show_long(struct stmts *s, const struct mw_mem *mem, struct stmt_entry *e)
{
    size_t bytes = 0;
    uint8_t *room;
    for (const struct stmt_long *l = e->pending; l; l = l->next)
        bytes += l->used;
    struct mw_stmt *stmt = stmt_new(s, mem, e->stmt, e->stmt->sql, e->stmt->params, bytes, &room);
    if (!stmt)
        return;
    for (uint32_t i = 0; i < stmt->params; i++) {
        stmt->param[i].is_long = false;
        stmt->param[i].value = (struct mw_slice){NULL, 0};
        stmt->param[i].length = 0;
    }
    for (struct stmt_long *l = e->pending; l; l = l->next) {
        if (l->param >= stmt->params)
            continue;
        struct mw_param *p = &stmt->param[l->param];
        memcpy(room, l->bytes, l->used);
        p->is_long = true;
        p->value = (struct mw_slice){room, l->used};
        p->length = l->length;
        room += l->used;
    }
    set_stmt(s, mem, e, stmt);
    e->dirty = false;
}

const struct mw_stmt *stmts_find(const struct stmts *s, uint32_t id)
{
    const struct stmt_entry *e = find_entry(s, id);
    return e ? e->stmt : id == STMT_LAST ? s->last : NULL;
}

const struct mw_stmt *stmts_execute(struct stmts *s, const struct mw_mem *mem, uint32_t id)
{
    struct stmt_entry *e = find_entry(s, id);
    if (e && e->dirty)
        show_long(s, mem, e);
    return stmts_find(s, id);
}

void stmts_bind(struct stmts *s, const struct mw_mem *mem, uint32_t id, struct mw_slice types, bool names)
{
    struct stmt_entry *e = find_entry(s, id);
    const struct mw_stmt *old = e ? e->stmt : id == STMT_LAST ? s->last : NULL;
    if (!old || !types.p)
        return;
    struct mw_reader r = {.p = types.p, .base = types.p, .end = types.p + types.n};
    bool same = old->bound;
    for (int round = 0; round < 2; round++) {
        /* First look whether anything changes: drivers send the same types with every execution. */
        struct mw_stmt *stmt = round ? stmt_new(s, mem, old, old->sql, old->params, 0, NULL) : NULL;
        if (round && !stmt)
            return;
        r.p = types.p;
        for (uint32_t i = 0; i < old->params && rd_ok(&r); i++) {
            uint16_t type = rd_u16(&r, MW_F_PAYLOAD);
            if (names)
                rd_lenenc_text(&r, MW_F_PAYLOAD, MW_F_PAYLOAD);
            same = same && old->param[i].type == type;
            if (stmt && rd_ok(&r))
                stmt->param[i].type = type;
        }
        if (same)
            return;
        if (!stmt)
            continue;
        stmt->bound = true;
        if (e) {
            for (uint32_t i = 0; i < stmt->params; i++) /* the values lie in the old object */
                stmt->param[i].value = (struct mw_slice){NULL, 0};
            e->dirty = e->pending != NULL;
            set_stmt(s, mem, e, stmt);
        } else {
            set_last(s, mem, stmt);
            stmts_drop(s, mem, stmt);
        }
    }
}

void stmts_set_columns(struct stmts *s, const struct mw_mem *mem, uint32_t id, const struct mw_columns *columns)
{
    struct stmt_entry *e = find_entry(s, id);
    if (!e || e->stmt->columns == columns)
        return;
    struct mw_stmt *stmt = stmt_new(s, mem, e->stmt, e->stmt->sql, e->stmt->params, 0, NULL);
    if (!stmt)
        return;
    for (uint32_t i = 0; i < stmt->params; i++)
        stmt->param[i].value = (struct mw_slice){NULL, 0};
    s->held -= held_by(stmt);
    columns_drop(stmt->columns, mem);
    stmt->columns = columns_keep(columns);
    s->held += held_by(stmt);
    e->dirty = e->pending != NULL;
    set_stmt(s, mem, e, stmt);
}

void stmts_add_long(struct stmts *s, const struct mw_mem *mem, const struct mw_limits *limits, struct mw_limit_hits *hits,
                    uint32_t id, uint16_t param, struct mw_slice data, uint64_t length)
{
    struct stmt_entry *e = find_entry(s, id);
    if (!e || param >= e->stmt->params)
        return; /* the server answers the execution with an error */
    struct stmt_long **place = &e->pending;
    while (*place && (*place)->param != param)
        place = &(*place)->next;
    struct stmt_long *l = *place;
    uint32_t used = l ? l->used : 0;
    uint32_t n = data.n;
    if (n > limits->long_data - used || s->bytes + n > limits->statement_bytes) {
        hits->long_data++;
        n = s->bytes >= limits->statement_bytes ? 0 : limits->long_data - used < n ? limits->long_data - used : 0;
        if (n == 0 && !l)
            return;
    }
    enum { FIRST = 256, MOST = 1 << 30 };
    if ((uint64_t)used + n > MOST)
        return;
    if (!l || used + n > l->size) {
        uint32_t size = used + n < FIRST ? FIRST : (used + n) * 2;
        struct stmt_long *bigger = mem->alloc(mem->user, sizeof *bigger + size);
        if (!bigger)
            return;
        *bigger = (struct stmt_long){.next = l ? l->next : NULL, .param = param, .used = used, .size = size,
                                     .length = l ? l->length : 0, .bytes = (uint8_t *)bigger + sizeof *bigger};
        if (used)
            memcpy(bigger->bytes, l->bytes, used);
        s->bytes += size - (l ? l->size : 0);
        if (l)
            give_back(mem, l, sizeof *l + l->size);
        *place = l = bigger;
    }
    if (n)
        memcpy(l->bytes + used, data.p, n);
    l->used += n;
    l->length += length;
    e->dirty = true;
}

void stmts_clear_long(struct stmts *s, const struct mw_mem *mem, uint32_t id)
{
    struct stmt_entry *e = find_entry(s, id);
    if (!e || !e->pending)
        return;
    drop_long(s, mem, e);
    show_long(s, mem, e); /* without any */
}
