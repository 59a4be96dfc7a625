/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plays a stream through framers and a session, as the owner of a connection does, and writes down what comes of it. */
#include "tests/golden/golden.h"

#include <stdlib.h>
#include <string.h>

#include "mywire/compress.h"
#include "mywire/framer.h"
#include "tests/support/wire.h"

struct player {
    struct run *run;
    struct coverage *coverage;
    struct mw_session *session;
    const struct mw_mem *mem;
    const struct mw_limits *limits;
    struct mw_limit_hits *hits;
    struct mw_framer framers[2];
    struct mw_codec *codec;
    struct mw_inflater inflaters[2];
    bool compressed;
    struct text events; /* of the step under way */
    bool quiet;         /* what comes now stands in another stream's expected part */
};

static const char *const event_names[] = {"greeting",     "ssl request", "login", "auth", "logged in",
                                          "login failed", "command",     "reply", "done", "unsolicited"};
static const char *const outcomes[] = {"none", "ok", "error", "resultset", "eof", "infile", "binlog", "lost"};

static void add_exchange(struct text *t, const struct mw_exchange *e)
{
    const char *name = mw_command_name(MW_DIALECT_UNKNOWN, e->command);
    text_add(t, "#%llu %s %s", (unsigned long long)e->ordinal,
             e->empty ? "(empty)"
             : name   ? name
                      : "(unknown)",
             outcomes[e->outcome]);
    text_add(t, " sets=%llu rows=%llu affected=%llu id=%llu warnings=%llu", (unsigned long long)e->resultsets,
             (unsigned long long)e->rows, (unsigned long long)e->affected_rows, (unsigned long long)e->insert_id,
             (unsigned long long)e->warnings);
    text_add(t, " error=%u bytes=%llu/%llu%s%s", e->error, (unsigned long long)e->request_bytes,
             (unsigned long long)e->response_bytes, e->exact ? "" : " inexact", e->seen ? "" : " unseen");
}

static void on_event(void *user, const struct mw_event *event)
{
    struct player *p = user;
    if (event->kind == MW_EVENT_REPLY || event->kind == MW_EVENT_COMMAND)
        return; /* the phases say as much */
    text_add(&p->events, "; %s", event_names[event->kind]);
    if (event->kind == MW_EVENT_DONE) {
        text_add(&p->events, " ");
        add_exchange(&p->events, event->exchange);
    }
}

static void add_step(struct player *p, const struct mw_step *step)
{
    static const char *const actions[] = {"START_TLS", "START_ZLIB", "START_ZSTD", "DESYNC"};
    struct text *out = &p->run->text;
    if (p->quiet) {
        text_free(&p->events);
        return;
    }
    text_add(out, "  => client %s, server %s", mw_phase_name(mw_session_ctx(p->session, MW_CLIENT)->phase),
             mw_phase_name(mw_session_ctx(p->session, MW_SERVER)->phase));
    for (int i = 0; i < 4; i++)
        if (step->actions >> i & 1)
            text_add(out, "; %s", actions[i]);
    for (int i = 0; i < MW_NOTE_COUNT; i++)
        if (step->notes >> i & 1)
            text_add(out, "; ! %s", mw_note(i)->key);
    text_add(out, "%s\n", p->events.p ? p->events.p : "");
    text_free(&p->events);
}

static struct record *remember(struct run *run, enum mw_dir dir, const struct mw_ctx *ctx,
                               const struct mw_packet *packet)
{
    run->records = realloc(run->records, (run->count + 1) * sizeof *run->records);
    struct record *r = &run->records[run->count++];
    *r = (struct record){.dir = dir, .ctx = *ctx, .packet = *packet};
    r->bytes = malloc(packet->have ? packet->have : 1);
    memcpy(r->bytes, packet->payload, packet->have);
    r->packet.payload = r->bytes;
    return r;
}

static void start_inflating(struct player *p, enum mw_dir dir, enum mw_algorithm algorithm);

static void take_packet(struct player *p, enum mw_dir dir, const struct mw_packet *packet)
{
    struct record *r = remember(p->run, dir, mw_session_pin(p->session, dir, packet), packet);
    struct mw_msg msg;
    const char *wrong = golden_decode(&r->ctx, dir, &r->packet, &r->text, &msg, p->coverage);
    if (wrong && !p->run->wrong)
        p->run->wrong = wrong;
    if (!p->quiet)
        text_add(&p->run->text, "%s%s", p->run->text.n ? "\n" : "", r->text.p);
    struct mw_step step = mw_session_step(p->session, dir, &msg, &r->packet);
    if (p->coverage)
        p->coverage->notes |= step.notes;
    add_step(p, &step);
    if (step.actions & (MW_START_ZLIB | MW_START_ZSTD))
        start_inflating(p, dir, step.actions & MW_START_ZLIB ? MW_ZLIB : MW_ZSTD);
}

static void push_packets(struct player *p, enum mw_dir dir, const uint8_t *bytes, size_t n)
{
    struct mw_packet packet;
    mw_framer_push(&p->framers[dir], bytes, n, (struct mw_stamp){1, 1});
    while (mw_framer_next(&p->framers[dir], &packet))
        take_packet(p, dir, &packet);
}

static void lose_packets(struct player *p, enum mw_dir dir, uint64_t n)
{
    if (mw_framer_gap(&p->framers[dir], n)) {
        push_packets(p, dir, (const uint8_t *)"", 0);
        return;
    }
    p->run->lost_sync = true;
    unsigned actions = mw_session_gap(p->session, dir);
    text_add(&p->run->text, "\n%s: ", dir == MW_CLIENT ? "client" : "server");
    if (n == UINT64_MAX)
        text_add(&p->run->text, "frames are lost\n");
    else
        text_add(&p->run->text, "%llu bytes are lost\n", (unsigned long long)n);
    add_step(p, &(struct mw_step){.actions = actions});
    if (actions & (MW_START_ZLIB | MW_START_ZSTD))
        start_inflating(p, dir, actions & MW_START_ZLIB ? MW_ZLIB : MW_ZSTD);
}

static void push_frames(struct player *p, enum mw_dir dir, const uint8_t *bytes, size_t n)
{
    struct mw_frame frame;
    enum mw_frame_status status;
    mw_inflater_push(&p->inflaters[dir], bytes, n);
    while ((status = mw_inflater_next(&p->inflaters[dir], &frame)) != MW_FRAME_NONE) {
        if (!p->quiet)
            text_add(&p->run->text, "\n%s frame %u: %u bytes%s, as sent %u%s\n", dir == MW_CLIENT ? "client" : "server",
                     frame.sequence, frame.length, frame.stored ? ", stored" : "", frame.sent,
                     status == MW_FRAME_DAMAGED ? "   ! frame_damaged" : "");
        if (status == MW_FRAME_DATA) {
            push_packets(p, dir, frame.data, frame.length);
            continue;
        }
        if (p->coverage)
            p->coverage->notes |= MW_NOTE_BIT(FRAME_DAMAGED);
        lose_packets(p, dir, frame.length);
    }
}

/* Puts the inflaters below the framers: what is pushed from here on are frames. */
static void start_inflating(struct player *p, enum mw_dir dir, enum mw_algorithm algorithm)
{
    p->compressed = true;
    for (int d = 0; d < 2; d++)
        mw_inflater_init(&p->inflaters[d], algorithm, p->codec, p->mem, p->limits, p->hits);
    struct mw_slice rest = mw_framer_take_rest(&p->framers[dir]);
    push_frames(p, dir, rest.p, rest.n);
}

static void push(struct player *p, enum mw_dir dir, const uint8_t *bytes, size_t n)
{
    /* A block of its own for each push: whoever keeps a pointer into it is found out by a sanitizer. */
    uint8_t *block = malloc(n ? n : 1);
    memcpy(block, bytes, n);
    if (p->compressed)
        push_frames(p, dir, block, n);
    else
        push_packets(p, dir, block, n);
    free(block);
}

static void lose(struct player *p, const struct chunk *c)
{
    if (!p->compressed)
        lose_packets(p, c->dir, c->n);
    else if (mw_inflater_gap(&p->inflaters[c->dir], c->n))
        push_frames(p, c->dir, (const uint8_t *)"", 0);
    else
        lose_packets(p, c->dir, UINT64_MAX); /* how much the frames would have become nobody knows */
}

static void play(struct player *p, const struct chunk *c, size_t before, struct cut cut)
{
    p->quiet = c->prelude;
    if (c->midstream) {
        mw_session_midstream(p->session);
        return;
    }
    if (!c->bytes) {
        lose(p, c);
        return;
    }
    if (c->layer != PACKETS) {
        if (p->quiet)
            return;
        text_add(&p->run->text, "%s", p->run->text.n ? "\n" : "");
        const char *wrong = golden_decode_layer(c, &p->run->text, p->coverage);
        if (wrong && !p->run->wrong)
            p->run->wrong = wrong;
        return;
    }
    size_t at = 0;
    while (at < c->n) {
        size_t n = cut.by_byte ? 1 : c->n - at;
        if (cut.at > before + at && cut.at < before + c->n)
            n = cut.at - before - at;
        push(p, c->dir, c->bytes + at, n);
        at += n;
    }
}

/* Memory that stays until run_free, for the objects that snapshots point to. */
static void *keep_alloc(void *user, size_t size)
{
    struct run *run = user;
    run->kept = realloc(run->kept, (run->kept_count + 1) * sizeof *run->kept);
    return run->kept[run->kept_count++] = malloc(size);
}

void golden_run(const struct stream *s, struct cut cut, struct run *run, struct coverage *coverage)
{
    *run = (struct run){0};
    struct wire_mem counting;
    struct mw_mem keeping = {.user = run, .alloc = keep_alloc};
    struct mw_limits limits = MW_LIMITS_DEFAULT;
    struct mw_limit_hits hits = {0};
    wire_mem_init(&counting);
    const struct mw_mem *mem = cut.keep ? &keeping : &counting.mem;
    if (s->outstanding)
        limits.outstanding = s->outstanding;
    if (s->packet_head)
        limits.packet_head = s->packet_head;
    struct player p = {.run = run, .coverage = coverage, .mem = mem, .limits = &limits, .hits = &hits};
    struct mw_observer observer = {.user = &p, .event = on_event};
    p.codec = mw_codec_new(mem);
    p.session = mw_session_new(mem, &limits, &hits, &observer);
    for (int d = 0; d < 2; d++)
        mw_framer_init(&p.framers[d], (enum mw_dir)d, mem, &limits, &hits);
    size_t before = 0;
    for (size_t i = 0; i < s->count; i++) {
        play(&p, &s->chunks[i], before, cut);
        before += s->chunks[i].bytes ? s->chunks[i].n : 0;
    }
    p.quiet = false;
    mw_session_free(p.session);
    if (p.events.p) /* told at the end: commands without their reply */
        text_add(&run->text, "\nend%s\n", p.events.p);
    text_free(&p.events);
    for (int d = 0; d < 2; d++) {
        mw_framer_clear(&p.framers[d]);
        if (p.compressed)
            mw_inflater_clear(&p.inflaters[d]);
    }
    mw_codec_free(p.codec);
    if (counting.live && !run->wrong)
        run->wrong = "all memory is given back";
}

void run_free(struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        free(run->records[i].bytes);
        text_free(&run->records[i].text);
    }
    for (size_t i = 0; i < run->kept_count; i++)
        free(run->kept[i]);
    free(run->kept);
    free(run->records);
    text_free(&run->text);
}
