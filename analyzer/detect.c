/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/detect.h"

#include "analyzer/tls_record.h"

/* Bytes of a direction kept until it is known what it is: a turn of either side in the middle of things can be as long
 * as a segment under offload. */
enum { FIRST_BYTES = 4096, MIDDLE_BYTES = 65536 + 4096 };

/* Turns of a connection seen from the middle until it is taken for something else. */
enum { TURNS_MAX = 64 };

void detector_forget(struct detector *d)
{
    for (int dir = 0; dir < 2; dir++)
        if (d->first[dir].bytes)
            g_byte_array_unref(g_steal_pointer(&d->first[dir].bytes));
}

size_t detector_held(const struct detector *d)
{
    return (d->first[0].bytes ? d->first[0].bytes->len : 0) + (d->first[1].bytes ? d->first[1].bytes->len : 0);
}

void detector_clear(struct detector *d)
{
    detector_forget(d);
    g_clear_pointer(&d->proxy, g_free);
    g_clear_pointer(&d->header.bytes, g_byte_array_unref);
}

struct detect_first detector_take(struct detector *d, int dir)
{
    struct detect_first first = d->first[dir];
    d->first[dir].bytes = NULL;
    if (first.bytes && first.bytes->len == 0)
        g_byte_array_unref(g_steal_pointer(&first.bytes));
    return first;
}

static void drop(struct detector *d, int dir)
{
    if (d->first[dir].bytes)
        g_byte_array_set_size(d->first[dir].bytes, 0);
}

void detector_gap(struct detector *d, int dir)
{
    drop(d, dir);
    d->speaker = 0; /* what comes next is another turn, even of the other side, if it answers this */
}

static enum mw_guess looks(const struct detector *d, int dir, enum mw_guess (*like)(const uint8_t *, size_t))
{
    const GByteArray *b = d->first[dir].bytes;
    return b && b->len ? like(b->data, b->len) : MW_MAYBE;
}

static enum mw_guess like_reply(const uint8_t *p, size_t n)
{
    return mw_looks_like_packet(MW_SERVER, p, n);
}

static enum mw_guess like_command_frame(const uint8_t *p, size_t n)
{
    return mw_looks_like_frame(MW_CLIENT, p, n);
}

static enum mw_guess like_reply_frame(const uint8_t *p, size_t n)
{
    return mw_looks_like_frame(MW_SERVER, p, n);
}

/* What a load balancer said first. */
static void keep_header(struct detector *d, const struct mw_proxy *proxy, const uint8_t *p, struct mw_stamp stamp)
{
    d->proxy = g_memdup2(proxy, sizeof *proxy);
    d->header = (struct detect_first){g_byte_array_new(), stamp};
    g_byte_array_append(d->header.bytes, p, proxy->length);
}

size_t detector_late_header(struct detector *d, int dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    struct mw_proxy proxy;
    bool first = !d->begun[dir] && !d->proxy;
    d->begun[dir] = true;
    if (!first || mw_proxy_read(p, n, &proxy) != MW_YES)
        return 0;
    keep_header(d, &proxy, p, stamp);
    return proxy.length;
}

/* The header of a PROXY protocol at the very beginning of a direction is taken off. False: more of it has to come. */
static bool take_proxy(struct detector *d, int dir)
{
    struct mw_proxy proxy;
    GByteArray *b = d->first[dir].bytes;
    enum mw_guess guess = mw_proxy_read(b->data, b->len, &proxy);
    if (guess == MW_MAYBE)
        return false;
    d->begun[dir] = true;
    if (guess == MW_NO)
        return true;
    if (!d->proxy)
        keep_header(d, &proxy, b->data, d->first[dir].stamp);
    g_byte_array_remove_range(b, 0, proxy.length);
    return b->len > 0;
}

/* From the first byte of the connection on. */
static enum detect_verdict judge_beginning(const struct detector *d, int dir, int *server)
{
    *server = dir;
    if (looks(d, dir, mw_looks_like_greeting) == MW_YES)
        return DETECT_MYSQL;
    if (looks(d, dir, mw_looks_like_x_greeting) == MW_YES)
        return DETECT_X;
    *server = !dir;
    return looks(d, dir, mw_looks_like_login) == MW_YES ? DETECT_MYSQL : DETECT_NOTHING_YET;
}

/* A command to a known port, or a command on any port and something like its reply. */
static enum detect_verdict judge_middle(const struct detector *d, const struct detect_hints *hints, int dir,
                                        int *server)
{
    const GByteArray *b = d->first[dir].bytes;
    bool from_known = hints->server_port[dir], to_known = hints->server_port[!dir];
    if (hints->middle && !hints->inside_tls && (from_known || to_known) && tls_looks_like_data(b->data, b->len)) {
        *server = from_known ? dir : !dir;
        return DETECT_TLS_MIDSTREAM;
    }
    /* What is a frame is no plain packet: where that has its command are zeros, or no known one. */
    static const struct {
        enum mw_guess (*command)(const uint8_t *, size_t), (*reply)(const uint8_t *, size_t);
        enum detect_verdict verdict;
    } forms[] = {{like_command_frame, like_reply_frame, DETECT_MIDSTREAM_COMPRESSED},
                 {mw_looks_like_command, like_reply, DETECT_MIDSTREAM}};
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        bool compressed = forms[i].verdict == DETECT_MIDSTREAM_COMPRESSED;
        if (compressed && !hints->middle)
            continue; /* it begins behind the login */
        *server = !dir;
        if (to_known && looks(d, dir, forms[i].command) == MW_YES)
            return forms[i].verdict;
        *server = dir;
        bool answers = from_known || looks(d, !dir, forms[i].command) == MW_YES;
        if (answers && looks(d, dir, forms[i].reply) == MW_YES)
            return forms[i].verdict;
    }
    return DETECT_NOTHING_YET;
}

/* Whether nothing that these bytes begin can still become something. */
static bool is_hopeless(const struct detector *d, int dir)
{
    return looks(d, dir, mw_looks_like_greeting) == MW_NO && looks(d, dir, mw_looks_like_x_greeting) == MW_NO &&
           looks(d, dir, mw_looks_like_login) == MW_NO && looks(d, dir, mw_looks_like_command) == MW_NO;
}

/* Keeps the bytes. In the middle what either side says anew begins with a packet, most likely. False: too many without
 * a verdict. */
static bool keep(struct detector *d, const struct detect_hints *hints, int dir, const uint8_t *p, size_t n,
                 struct mw_stamp stamp)
{
    bool turn = d->speaker != dir + 1;
    d->speaker = (uint8_t)(dir + 1);
    if (turn && hints->middle) {
        drop(d, dir);
        if (d->turns++ >= TURNS_MAX)
            return false;
    }
    struct detect_first *first = &d->first[dir];
    if (!first->bytes)
        first->bytes = g_byte_array_new();
    size_t have = first->bytes->len, max = hints->middle ? MIDDLE_BYTES : FIRST_BYTES;
    if (have > 0 && have + n > max) {
        drop(d, dir); /* the next turn may tell */
        return hints->middle;
    }
    if (have == 0)
        first->stamp = stamp;
    g_byte_array_append(first->bytes, p, (guint)n);
    return true;
}

enum detect_verdict detector_push(struct detector *d, const struct detect_hints *hints, int dir, const uint8_t *p,
                                  size_t n, struct mw_stamp stamp, int *server)
{
    if (!keep(d, hints, dir, p, n, stamp))
        return DETECT_OTHER;
    const GByteArray *b = d->first[dir].bytes;
    if (b->len == 0)
        return DETECT_NOTHING_YET;
    if (!d->begun[dir] && !take_proxy(d, dir))
        return DETECT_NOTHING_YET;
    enum mw_guess hello = hints->inside_tls ? MW_NO : tls_looks_like_hello(b->data, b->len);
    *server = !dir;
    if (hello != MW_NO)
        return hello == MW_YES ? DETECT_TLS : DETECT_NOTHING_YET;
    enum detect_verdict verdict = judge_beginning(d, dir, server);
    if (verdict == DETECT_NOTHING_YET)
        verdict = judge_middle(d, hints, dir, server);
    if (verdict != DETECT_NOTHING_YET)
        return verdict;
    /* The server speaks first. A command is something only where the beginning was not seen. */
    return !hints->middle && is_hopeless(d, dir) ? DETECT_OTHER : DETECT_NOTHING_YET;
}
