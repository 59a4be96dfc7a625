/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A visitor that holds a traced decode to its promises: ranges inside the packet, children inside their parent, in the
 * order of the bytes. It only counts what is wrong, so that any kind of test can use it. */
#ifndef TESTS_SUPPORT_TRACE_CHECK_H
#define TESTS_SUPPORT_TRACE_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mywire/decode.h"

enum { TRACE_DEPTH = 16 };

struct trace_check {
    struct mw_trace trace;
    const struct mw_packet *packet;
    uint32_t begin[TRACE_DEPTH], end[TRACE_DEPTH]; /* of the nodes that are open; end UINT32_MAX: not known yet */
    uint32_t latest[TRACE_DEPTH];                  /* highest end among the children so far */
    int depth;
    uint32_t last_begin, last_end; /* of the item before */
    enum mw_field_type last_type;
    bool has_last;
    uint64_t notes;
    unsigned items;
    unsigned touched;
    bool foreign;      /* `packet` says how long it is, not where its values lie */
    const char *wrong; /* the first broken promise, or NULL */
};

static inline void trace_check_fail(struct trace_check *c, const char *what)
{
    if (!c->wrong)
        c->wrong = what;
}

static inline unsigned trace_check_sum(const uint8_t *p, uint32_t n)
{
    unsigned sum = 0;
    for (uint32_t i = 0; p && i < n; i++)
        sum += p[i];
    return sum;
}

static inline void trace_check_item(void *user, const struct mw_item *item)
{
    struct trace_check *c = user;
    uint64_t end = (uint64_t)item->offset + item->length;
    if (item->field >= MW_F_COUNT) {
        trace_check_fail(c, "field is in the registry");
        return;
    }
    const struct mw_field *f = mw_field(item->field);
    bool is_bit = f->type >= MW_FT_BOOL8 && f->type <= MW_FT_BOOL32;
    bool is_text = f->type == MW_FT_TEXT || f->type == MW_FT_TEXTZ || f->type == MW_FT_TEXTL || f->type == MW_FT_BYTES;
    if (end > MW_HEADER + (uint64_t)c->packet->have)
        trace_check_fail(c, "item lies inside the packet");
    if (c->depth && (item->offset < c->begin[c->depth - 1] || end > c->end[c->depth - 1]))
        trace_check_fail(c, "item lies inside its parent");
    if (c->depth && !is_bit && item->offset < c->latest[c->depth - 1])
        trace_check_fail(c, "items come in the order of the bytes");
    bool generated = f->flags & MW_FLAG_GENERATED;
    if (item->p && !generated && !c->foreign &&
        (item->n > item->length || item->p < c->packet->payload ||
         item->p + item->n > c->packet->payload + c->packet->have))
        trace_check_fail(c, "value lies inside the item");
    /* Whatever they are borrowed from, these bytes can be read. */
    c->touched += trace_check_sum(item->p, item->n) + trace_check_sum(item->label.p, item->label.n);
    if (item->label.p && !(f->flags & MW_FLAG_VALUE))
        trace_check_fail(c, "only a value has a label");
    if (is_text && item->n && !item->p)
        trace_check_fail(c, "text has bytes");
    if (is_bit && item->number > 1)
        trace_check_fail(c, "a bit is 0 or 1");
    if (f->type == MW_FT_HEADING && item->length && !(f->flags & MW_FLAG_VALUE))
        trace_check_fail(c, "a heading has no length of its own");
    if (c->depth && !is_bit)
        c->latest[c->depth - 1] = (uint32_t)end;
    c->last_begin = item->offset;
    c->last_end = (uint32_t)end;
    c->last_type = f->type;
    c->has_last = true;
    c->items++;
}

static inline void trace_check_open(void *user)
{
    struct trace_check *c = user;
    if (!c->has_last || c->depth == TRACE_DEPTH) {
        trace_check_fail(c, "open follows an item, at bounded depth");
        return;
    }
    c->begin[c->depth] = c->latest[c->depth] = c->last_begin;
    c->end[c->depth] = c->last_type == MW_FT_HEADING ? UINT32_MAX : c->last_end;
    c->depth++;
    c->has_last = false;
}

static inline void trace_check_close(void *user, uint32_t end)
{
    struct trace_check *c = user;
    if (c->depth == 0) {
        trace_check_fail(c, "close has its open");
        return;
    }
    c->depth--;
    if (end < c->latest[c->depth] || end < c->begin[c->depth] || end > c->end[c->depth])
        trace_check_fail(c, "a node ends behind its children and inside its parent");
    if (end > MW_HEADER + (uint64_t)c->packet->have)
        trace_check_fail(c, "a node ends inside the packet");
    if (c->depth && end > c->latest[c->depth - 1])
        c->latest[c->depth - 1] = end;
    c->has_last = false;
}

static inline void trace_check_note(void *user, enum mw_note_id note, uint32_t offset, uint32_t length)
{
    struct trace_check *c = user;
    if (note >= MW_NOTE_COUNT)
        trace_check_fail(c, "note is in the list");
    else
        c->notes |= UINT64_C(1) << note;
    if ((uint64_t)offset + length > MW_HEADER + (uint64_t)c->packet->have)
        trace_check_fail(c, "note lies inside the packet");
}

/* Decodes plain, and traced under watch. Returns the broken promise, or NULL; `msg` is the plain decode's message. */
static inline const char *trace_check(const struct mw_ctx *ctx, enum mw_dir dir, const struct mw_packet *packet,
                                      struct mw_msg *msg)
{
    struct trace_check c = {.trace = {&c, trace_check_item, trace_check_open, trace_check_close, trace_check_note},
                            .packet = packet};
    struct mw_msg traced;
    struct mw_ctx before = *ctx;
    memset(msg, 0, sizeof *msg);
    memset(&traced, 0, sizeof traced);
    mw_decode(ctx, dir, packet, msg);
    mw_decode_traced(ctx, dir, packet, &traced, &c.trace);
    if (c.depth != 0)
        trace_check_fail(&c, "every node is closed");
    if (c.notes != traced.notes)
        trace_check_fail(&c, "notes told are the message's notes");
    if (traced.kind == MW_KIND_ROW && traced.status == MW_BAD) {
        /* Without a trace rows are counted, not read: only the traced decode can see what is wrong inside. */
        if (msg->kind != MW_KIND_ROW || msg->status == MW_BAD)
            trace_check_fail(&c, "a row is counted when nobody looks");
    } else if (traced.kind == MW_KIND_ROW) {
        if (msg->kind != MW_KIND_ROW || msg->status != traced.status || msg->notes & ~traced.notes)
            trace_check_fail(&c, "a row is counted when nobody looks");
    } else if (memcmp(msg, &traced, sizeof *msg) != 0) {
        trace_check_fail(&c, "traced message equals the plain one");
    }
    if (memcmp(&before, ctx, sizeof before) != 0)
        trace_check_fail(&c, "the snapshot is as it was");
    if (msg->status > MW_BAD || msg->kind >= MW_KIND_COUNT)
        trace_check_fail(&c, "status and kind are in range");
    if (msg->status == MW_SHORT && packet->have == packet->length)
        trace_check_fail(&c, "a whole packet is not short");
    return c.wrong;
}

/* For fuzzers: the same, and a broken promise ends the program. */
static inline void trace_require(const struct mw_ctx *ctx, enum mw_dir dir, const struct mw_packet *packet,
                                 struct mw_msg *msg)
{
    const char *wrong = trace_check(ctx, dir, packet, msg);
    if (!wrong)
        return;
    fprintf(stderr, "%s in %s: broken promise: %s\n", mw_kind_name(msg->kind), mw_phase_name(ctx->phase), wrong);
    abort();
}

#endif
