/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two sides that talk through a session, a line at a time:
 *
 *     talk(&t, "server 0> 0a z\"9.7.4\" …");
 *
 * Every packet is decoded under watch (trace_check.h) and stepped. What came of it stands in the struct. */
#ifndef TESTS_SUPPORT_TALK_H
#define TESTS_SUPPORT_TALK_H

#include "mywire/session.h"
#include "tests/support/trace_check.h"
#include "tests/support/unit.h"
#include "tests/support/wire.h"

enum { TALK_MOST = 1 << 16, TALK_DONE = 64 };

struct talk {
    struct wire_mem mem;
    struct mw_limits limits;
    struct mw_limit_hits hits;
    struct mw_observer observer;
    struct mw_session *session;

    uint8_t bytes[TALK_MOST];
    struct mw_packet packet; /* the last one */
    struct mw_msg msg;
    struct mw_step step;
    enum mw_phase before; /* phase of its side before it */
    uint64_t number;      /* packets so far */

    unsigned events[MW_EVENT_UNSOLICITED + 1]; /* how many of each kind */
    struct mw_exchange done[TALK_DONE];        /* commands that are over */
    unsigned done_count;
    struct mw_exchange last; /* the exchange of the last event that had one */
};

static inline void talk_event(void *user, const struct mw_event *event)
{
    struct talk *t = user;
    t->events[event->kind]++;
    if (event->exchange)
        t->last = *event->exchange;
    if (event->kind == MW_EVENT_DONE && t->done_count < TALK_DONE)
        t->done[t->done_count++] = *event->exchange;
}

/* `limits` NULL: the defaults. */
WIRE void talk_begin(struct talk *t, const struct mw_limits *limits)
{
    memset(t, 0, sizeof *t);
    wire_mem_init(&t->mem);
    t->limits = limits ? *limits : MW_LIMITS_DEFAULT;
    t->observer = (struct mw_observer){.user = t, .event = talk_event};
    t->session = mw_session_new(&t->mem.mem, &t->limits, &t->hits, &t->observer);
    assert_non_null(t->session);
}

WIRE void talk_end(struct talk *t)
{
    mw_session_free(t->session);
    assert_int_equal(t->mem.live, 0);
}

/* A packet whose payload is in `bytes`; `length` on the wire. */
WIRE void talk_packet(struct talk *t, enum mw_dir dir, uint8_t sequence, size_t have, uint64_t length)
{
    t->number++;
    t->packet = wire_packet(t->bytes, have, sequence);
    t->packet.length = length;
    t->packet.first = t->packet.last = (struct mw_stamp){(int64_t)t->number * 1000, t->number};
    struct mw_ctx ctx = *mw_session_pin(t->session, dir, &t->packet);
    t->before = ctx.phase;
    const char *wrong = trace_check(&ctx, dir, &t->packet, &t->msg);
    if (wrong)
        fail_msg("%s", wrong);
    t->step = mw_session_step(t->session, dir, &t->msg, &t->packet);
}

/* One line, "client 0> 0e". */
WIRE void talk(struct talk *t, const char *line)
{
    enum mw_dir dir = line[0] == 'c' ? MW_CLIENT : MW_SERVER;
    char *rest;
    uint8_t sequence = (uint8_t)strtoul(line + 6, &rest, 10);
    assert_true(rest[0] == '>');
    size_t n = wire_bytes(rest + 1, t->bytes, sizeof t->bytes);
    if (n == SIZE_MAX)
        fail_msg("cannot read: %s", line);
    talk_packet(t, dir, sequence, n, n);
}

/* Lines up to a NULL. */
WIRE void talk_lines(struct talk *t, const char *const *lines)
{
    for (; *lines; lines++)
        talk(t, *lines);
}

WIRE enum mw_phase talk_phase(const struct talk *t, enum mw_dir dir)
{
    return mw_session_ctx(t->session, dir)->phase;
}

WIRE bool talk_noted(const struct talk *t, uint64_t note_bit)
{
    return (t->step.notes | t->msg.notes) & note_bit;
}

#define TALK_OK     "00 00 00 02 00 00 00"
#define TALK_EOF    "fe 00 00 02 00"
#define TALK_COLUMN "l\"def\" 00 00 00 l\"a\" 00 0c 3f 00 15 00 00 00 08 81 00 00 00 00"
#define TALK_GREETING                                                                                                  \
    "server 0> 0a z\"9.7.4\" 2a 00 00 00 \"abcdefgh\" 00 ff ff ff 02 00 ff df 15 00*10 \"ijklmnopqrst\" 00 "           \
    "z\"caching_sha2_password\""
/* Capabilities as four bytes of hex, lowest first; then user app, 20 bytes of proof, database shop. */
#define TALK_LOGIN(sequence, caps)                                                                                     \
    "client " sequence "> " caps " 00 00 00 01 ff 00*23 z\"app\" 14 \"A\"*20 z\"shop\" z\"mysql_native_password\""

/* A session that has logged in with `caps`. */
#define TALK_LOGGED_IN(t, caps)                                                                                        \
    do {                                                                                                               \
        talk(t, TALK_GREETING);                                                                                        \
        talk(t, TALK_LOGIN("1", caps));                                                                                \
        talk(t, "server 2> " TALK_OK);                                                                                 \
        assert_int_equal((t)->events[MW_EVENT_LOGGED_IN], 1);                                                          \
    } while (0)

/* Without and with CLIENT_DEPRECATE_EOF; the latter also with CLIENT_QUERY_ATTRIBUTES and CLIENT_SESSION_TRACK. */
#define TALK_PLAIN  "0d a2 0a 00"
#define TALK_MODERN "0d a2 8a 09"

#endif
