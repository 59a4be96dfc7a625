/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stage on whole sessions of OpenSSL (tls_traces.def): cut in pieces of any size, with bytes missing anywhere,
 * ended anywhere, with keys missing. What comes out was said, in that order. */
#include "analyzer/tls.h"
#include "analyzer/tls_record.h"

#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

enum { ROOM = 8192, PIECES = 64 };

struct trace {
    const char *name;
    uint16_t version, suite;
    enum tls_resumption resumed;
    const char *keys, *bytes, *said[2];
};

static const struct trace traces[] = {
#define TRACE(name, version, suite, resumed, keys, bytes, client, server)                                              \
    {name, version, suite, resumed, keys, bytes, {client, server}},
#include "tests/unit/tls_traces.def"
#undef TRACE
};
enum { TRACES = sizeof traces / sizeof *traces };

/* A part of a trace that was sent at once. */
struct piece {
    int dir;
    size_t at, n;
};

struct wire {
    uint8_t bytes[ROOM];
    size_t n, pieces;
    struct piece piece[PIECES];
};

/* What came out. */
struct heard {
    char said[2][256]; /* a gap is '?' */
    size_t n[2];
    uint64_t gaps;
};

struct stage {
    struct limits limits;
    struct limit_hits hits;
    struct tls_env env;
    struct tls_secrets *secrets;
    struct heard heard;
    struct tls *tls;
};

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void read_wire(const char *p, struct wire *w)
{
    *w = (struct wire){0};
    for (; *p; p++) {
        if (*p == ' ')
            continue;
        if (*p == '<' || *p == '>') {
            assert_true(w->pieces < PIECES);
            w->piece[w->pieces++] = (struct piece){*p == '<', w->n, 0};
            continue;
        }
        assert_true(w->n < ROOM && w->pieces);
        w->bytes[w->n++] = (uint8_t)(digit(p[0]) << 4 | digit(p[1]));
        w->piece[w->pieces - 1].n++;
        p++;
    }
}

static void on_data(void *user, int dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    struct heard *h = user;
    (void)stamp;
    assert_true(n > 0 && h->n[dir] + n < sizeof h->said[dir]);
    memcpy(h->said[dir] + h->n[dir], p, n);
    h->n[dir] += n;
}

static void on_gap(void *user, int dir, uint64_t n, struct mw_stamp stamp)
{
    struct heard *h = user;
    (void)stamp;
    assert_true(n > 0 && h->n[dir] + 1 < sizeof h->said[dir]);
    h->said[dir][h->n[dir]++] = '?';
    h->gaps++;
}

static void open_stage(struct stage *s, const char *keys)
{
    *s = (struct stage){.limits = limits_default()};
    s->secrets = tls_secrets_new(1000);
    tls_secrets_add_keylog(s->secrets, keys, strlen(keys), "", NULL, NULL);
    s->env = (struct tls_env){
        .sink = {on_data, on_gap}, .limits = &s->limits, .hits = &s->hits, .room = g_malloc(TLS_FRAGMENT_MAX)};
    tls_keyring_init(&s->env.keyring, s->secrets, &s->limits, &s->hits);
    s->tls = tls_new(&s->env, &s->heard);
}

static void close_stage(struct stage *s)
{
    tls_free(s->tls);
    tls_keyring_clear(&s->env.keyring);
    tls_secrets_free(s->secrets);
    g_free(s->env.room);
}

/* Bytes as a heap block of their own, so that a sanitizer sees a read beyond them. */
static void push(struct stage *s, int dir, const uint8_t *p, size_t n)
{
    uint8_t *copy = g_memdup2(p, n);
    tls_push(s->tls, dir, copy, n, (struct mw_stamp){1000, 7});
    g_free(copy);
}

static void push_in_steps(struct stage *s, const struct wire *w, size_t step)
{
    for (size_t i = 0; i < w->pieces; i++)
        for (size_t at = 0; at < w->piece[i].n; at += step)
            push(s, w->piece[i].dir, w->bytes + w->piece[i].at + at, MIN(step, w->piece[i].n - at));
    tls_end(s->tls, TLS_CLIENT);
    tls_end(s->tls, TLS_SERVER);
}

static void check_whole(struct stage *s, const struct trace *trace)
{
    for (int dir = 0; dir < 2; dir++) {
        assert_int_equal(s->heard.n[dir], strlen(trace->said[dir]));
        assert_memory_equal(s->heard.said[dir], trace->said[dir], s->heard.n[dir]);
    }
    const struct tls_facts *f = tls_facts(s->tls);
    assert_int_equal(f->version, trace->version);
    assert_int_equal(f->suite, trace->suite);
    assert_int_equal(f->resumed, trace->resumed);
    assert_int_equal(f->finished_ns, 1000);
    assert_int_equal(f->alert, -1);
    assert_int_equal(tls_opened(s->tls), TLS_OPENED_FULL);
    assert_int_equal(tls_why(s->tls), TLS_REASON_NONE);
}

static void sessions_are_opened_in_pieces_of_any_size(void **state)
{
    (void)state;
    static const size_t steps[] = {1, 2, 3, 5, 7, 64, 1000, ROOM};
    for (size_t i = 0; i < TRACES; i++) {
        struct wire w;
        read_wire(traces[i].bytes, &w);
        for (size_t k = 0; k < G_N_ELEMENTS(steps); k++) {
            struct stage s;
            open_stage(&s, traces[i].keys);
            push_in_steps(&s, &w, steps[k]);
            check_whole(&s, &traces[i]);
            close_stage(&s);
        }
    }
}

/* What was heard is what was said, but for gaps: between two of them a part of it, each behind the one before. Records
 * carry a sentence each, which begins with a control character: none is told in part. */
static void check_true(const struct stage *s, const struct trace *trace, bool gaps_are_told)
{
    for (int dir = 0; dir < 2; dir++) {
        const char *said = trace->said[dir], *heard = s->heard.said[dir], *end = heard + s->heard.n[dir];
        bool gap = false;
        while (heard < end) {
            if (*heard == '?') {
                gap = true;
                heard++;
                continue;
            }
            size_t n = 1;
            while (heard + n < end && (unsigned char)heard[n] >= ' ' && heard[n] != '?')
                n++;
            while (*said && (strncmp(said, heard, n) != 0 || (unsigned char)said[n] >= ' ')) {
                assert_true(gap || !gaps_are_told);
                said++;
            }
            assert_true(*said);
            said += n;
            heard += n;
            gap = false;
        }
    }
}

/* `n` bytes from `from` on are missing of what was sent. */
static void push_with_hole(struct stage *s, const struct wire *w, size_t from, size_t n, bool cut)
{
    size_t end = from + n;
    for (size_t i = 0; i < w->pieces; i++) {
        struct piece p = w->piece[i];
        size_t stop = p.at + p.n;
        size_t before = from > p.at ? MIN(from, stop) - p.at : 0;
        if (before)
            push(s, p.dir, w->bytes + p.at, before);
        size_t hole_begins = MAX(p.at, from), hole_ends = MIN(stop, end);
        if (hole_begins < hole_ends)
            tls_gap(s->tls, p.dir, hole_ends - hole_begins, cut, (struct mw_stamp){1000, 7});
        size_t after = end > p.at ? end : p.at;
        if (after < stop && end > p.at)
            push(s, p.dir, w->bytes + after, stop - after);
        else if (after < stop && !before)
            push(s, p.dir, w->bytes + p.at, p.n);
    }
    tls_end(s->tls, TLS_CLIENT);
    tls_end(s->tls, TLS_SERVER);
}

static void missing_bytes_make_nothing_untrue(void **state)
{
    (void)state;
    static const size_t holes[] = {1, 6, 40, 300, 1500};
    for (size_t i = 0; i < TRACES; i++) {
        struct wire w;
        read_wire(traces[i].bytes, &w);
        for (size_t k = 0; k < G_N_ELEMENTS(holes); k++)
            for (size_t at = 0; at < w.n; at += 1 + holes[k] / 8) {
                struct stage s;
                open_stage(&s, traces[i].keys);
                push_with_hole(&s, &w, at, holes[k], at % 2);
                check_true(&s, &traces[i], false);
                if (tls_opened(s.tls) != TLS_OPENED_FULL)
                    assert_int_not_equal(tls_why(s.tls), TLS_REASON_NONE);
                close_stage(&s);
            }
    }
}

/* Each part that was sent at once is lost once: whatever of a direction is missing between what is told has a gap. */
static void lost_parts_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < TRACES; i++) {
        struct wire w;
        read_wire(traces[i].bytes, &w);
        for (size_t lost = 0; lost < w.pieces; lost++) {
            struct stage s;
            open_stage(&s, traces[i].keys);
            push_with_hole(&s, &w, w.piece[lost].at, w.piece[lost].n, false);
            check_true(&s, &traces[i], true);
            close_stage(&s);
        }
    }
}

static void sessions_may_end_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < TRACES; i++) {
        struct wire w;
        read_wire(traces[i].bytes, &w);
        for (size_t n = 0; n < w.n; n += 3) {
            struct wire shorter = w;
            shorter.n = n;
            while (shorter.pieces && shorter.piece[shorter.pieces - 1].at >= n)
                shorter.pieces--;
            if (shorter.pieces)
                shorter.piece[shorter.pieces - 1].n = n - shorter.piece[shorter.pieces - 1].at;
            struct stage s;
            open_stage(&s, traces[i].keys);
            push_in_steps(&s, &shorter, ROOM);
            check_true(&s, &traces[i], true);
            assert_int_equal(s.heard.gaps, 0);
            close_stage(&s);
        }
    }
}

/* Each byte is damaged once: the record that it is in is not told. */
static void damaged_bytes_make_nothing_untrue(void **state)
{
    (void)state;
    for (size_t i = 0; i < TRACES; i++) {
        struct wire w;
        read_wire(traces[i].bytes, &w);
        for (size_t at = 0; at < w.n; at += 2) {
            struct stage s;
            w.bytes[at] ^= 0x11;
            open_stage(&s, traces[i].keys);
            push_in_steps(&s, &w, ROOM);
            check_true(&s, &traces[i], false);
            close_stage(&s);
            w.bytes[at] ^= 0x11;
        }
    }
}

static void reasons(void **state)
{
    (void)state;
    for (size_t i = 0; i < TRACES; i++) {
        struct wire w;
        struct stage s;
        read_wire(traces[i].bytes, &w);
        open_stage(&s, "");
        push_in_steps(&s, &w, ROOM);
        assert_int_equal(tls_why(s.tls), TLS_REASON_NO_KEYS);
        assert_int_equal(tls_opened(s.tls), TLS_OPENED_NONE);
        assert_int_equal(tls_facts(s.tls)->suite, traces[i].suite);
        assert_int_equal(s.heard.n[0] + s.heard.n[1], 0);
        assert_true(tls_is_closed(s.tls));
        close_stage(&s);

        open_stage(&s, traces[(i + 1) % TRACES].keys);
        push_in_steps(&s, &w, ROOM);
        assert_int_equal(tls_why(s.tls), TLS_REASON_NO_KEY_FOR_RANDOM);
        close_stage(&s);

        /* Wrong secrets, of the right length. */
        char *wrong = g_strdup(traces[i].keys);
        for (char *line = wrong; *line; line = strchr(line, '\n') + 1)
            for (char *p = line + strcspn(line, "\n") - 8; *p != '\n'; p++)
                *p = *p == '0' ? '1' : '0';
        open_stage(&s, wrong);
        push_in_steps(&s, &w, ROOM);
        assert_int_equal(tls_why(s.tls), TLS_REASON_BAD_MAC);
        assert_int_equal(s.heard.n[0] + s.heard.n[1], 0);
        close_stage(&s);
        g_free(wrong);

        /* The middle of the session, from its last part but three on. */
        open_stage(&s, traces[i].keys);
        for (size_t k = w.pieces - 4; k < w.pieces; k++)
            push(&s, w.piece[k].dir, w.bytes + w.piece[k].at, w.piece[k].n);
        assert_int_equal(tls_why(s.tls), TLS_REASON_MIDSTREAM);
        close_stage(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_are_opened_in_pieces_of_any_size),
        cmocka_unit_test(missing_bytes_make_nothing_untrue),
        cmocka_unit_test(lost_parts_are_told),
        cmocka_unit_test(sessions_may_end_anywhere),
        cmocka_unit_test(damaged_bytes_make_nothing_untrue),
        cmocka_unit_test(reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
