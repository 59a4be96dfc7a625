/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two directions in chunks: a byte says what comes (direction, length, loss), then the bytes. Memory stays bounded and
 * is given back, the ordinals of commands increase, and every command that was told is told to be done, once. */
#include <stdlib.h>
#include <string.h>

#include "mywire/framer.h"
#include "mywire/session.h"
#include "tests/support/trace_check.h"
#include "tests/support/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two heads of packets, the queue, the session: far below this. */
enum { ROOM = 1 << 18, HEAD = 4096, OUTSTANDING = 16, STATEMENTS = 8, STATEMENT_BYTES = 8192 };

struct watch {
    uint64_t told, done, last_command;
    const struct mw_ctx *ctx;
};

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

static void on_event(void *user, const struct mw_event *event)
{
    struct watch *w = user;
    const struct mw_exchange *e = event->exchange;
    REQUIRE(event->session);
    switch (event->kind) {
    case MW_EVENT_COMMAND:
        REQUIRE(e && e->seen && e->ordinal > w->last_command);
        w->last_command = e->ordinal;
        w->told++;
        break;
    case MW_EVENT_REPLY: REQUIRE(e && event->packet && event->msg); break;
    case MW_EVENT_DONE:
        REQUIRE(e && e->ordinal > 0);
        REQUIRE(!event->packet == !event->msg);
        REQUIRE(e->outcome != MW_OUTCOME_LOST || !e->exact);
        w->done += e->seen;
        break;
    case MW_EVENT_AUTH: break;
    default: REQUIRE(!e && event->packet && event->msg); break;
    }
}

static void take(struct mw_session *s, enum mw_dir dir, const struct mw_packet *packet)
{
    struct mw_ctx ctx = *mw_session_pin(s, dir, packet);
    struct mw_msg msg;
    REQUIRE(ctx.phase < MW_PHASE_COUNT && packet->have <= packet->length && packet->have <= HEAD);
    trace_require(&ctx, dir, packet, &msg);
    struct mw_step step = mw_session_step(s, dir, &msg, packet);
    REQUIRE(step.actions < 32);
    REQUIRE(step.notes >> MW_NOTE_COUNT == 0);
    if (step.actions & MW_START_TLS)
        mw_session_tls_started(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_mem mem;
    struct mw_limits limits = MW_LIMITS_DEFAULT;
    struct mw_limit_hits hits = {0};
    struct watch watch = {0};
    struct mw_observer observer = {.user = &watch, .event = on_event};
    struct mw_framer framers[2];
    limits.packet_head = HEAD;
    limits.outstanding = OUTSTANDING;
    limits.statements = STATEMENTS;
    limits.statement_bytes = STATEMENT_BYTES;
    limits.long_data = 64;
    limits.columns = 64;
    limits.column_names = 256;
    wire_mem_init(&mem);
    mem.room = ROOM;
    struct mw_session *s = mw_session_new(&mem.mem, &limits, &hits, &observer);
    for (int d = 0; d < 2; d++)
        mw_framer_init(&framers[d], (enum mw_dir)d, &mem.mem, &limits, &hits);
    struct mw_stamp stamp = {1, 1};
    while (size > 1) {
        enum mw_dir dir = data[0] & 1 ? MW_SERVER : MW_CLIENT;
        bool lost = (data[0] & 6) == 6;
        size_t n = data[1];
        data += 2, size -= 2;
        if (!lost && n > size)
            n = size;
        struct mw_packet packet;
        uint8_t *block = malloc(n ? n : 1);
        bool in_sync = true;
        if (lost)
            in_sync = mw_framer_gap(&framers[dir], n);
        else
            memcpy(block, data, n);
        mw_framer_push(&framers[dir], block, lost ? 0 : n, stamp);
        while (mw_framer_next(&framers[dir], &packet))
            take(s, dir, &packet);
        if (framers[dir].lost_sync)
            mw_session_skipped(s, dir);
        if (!in_sync)
            mw_session_gap(s, dir);
        free(block);
        if (!lost)
            data += n, size -= n;
        stamp.number++, stamp.time_ns += 1000;
    }
    if (size == 1)
        mw_session_midstream(s);
    mw_session_free(s);
    for (int d = 0; d < 2; d++)
        mw_framer_clear(&framers[d]);
    REQUIRE(watch.told == watch.done);
    REQUIRE(mem.live == 0 && mem.blocks == 0);
    return 0;
}
