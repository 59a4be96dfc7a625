/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/conn_state.h"
#include "analyzer/core_memory.h"
#include "analyzer/tls_record.h"

static void tap_settled(const struct conn *c, enum mw_dir dir)
{
    conn_tap_settled(tap_of(c), c->mysql->record, dir, mw_session_ctx(c->mysql->session, dir)->phase);
}

/* Where what a login consists of can be looked at. */
static void note_place(const struct conn *c, const struct mw_event *event)
{
    struct connection *r = c->mysql->record;
    struct connection_place *place = event->kind == MW_EVENT_GREETING      ? &r->greeting_at
                                     : event->kind == MW_EVENT_SSL_REQUEST ? &r->request_at
                                     : event->kind == MW_EVENT_LOGIN       ? &r->login_at
                                                                           : &r->verdict_at;
    if (event->packet && (place != &r->verdict_at || event->kind == MW_EVENT_LOGGED_IN || event->kind == MW_EVENT_LOGIN_FAILED))
        *place = (struct connection_place){c->env->file, event->packet->last.number};
}

static void on_event(void *user, const struct mw_event *event)
{
    struct conn *c = user;
    connection_event(c->mysql->record, event, c->env->converter);
    if (c->env->passwords)
        password_login_event(&c->mysql->record->password, c->env->passwords, c->mysql->record->user, event);
    note_place(c, event);
    legs_event(c->env->legs, c->mysql->record, event);
    if (c->env->observer->event)
        c->env->observer->event(c->env->observer->user, c->mysql->record, event,
                                event->kind == MW_EVENT_COMMAND ? c->mysql->items : NULL);
}

/* The client asked for TLS: what the framer was given and has not read is TLS already. */
static void start_tls(struct conn *c, enum mw_dir dir)
{
    struct mysql *m = c->mysql;
    struct mw_stamp stamp = m->framer[dir].stamp;
    struct mw_slice rest = mw_framer_take_rest(&m->framer[dir]);
    conn_tap_take_back(tap_of(c), m->record, dir, rest.n);
    if (c->tls) {
        c->mode = CONN_OPAQUE;
        return;
    }
    c->tls = tls_new(c->env->tls, c);
    c->tls_client = !c->server;
    if (rest.n)
        conn_push_tls(c, dir == MW_CLIENT ? TLS_CLIENT : TLS_SERVER, rest.p, rest.n, stamp);
}

static void inflate(struct conn *c, enum mw_dir dir, const uint8_t *p, size_t n, struct mw_stamp stamp);

/* Seen from the middle, the first compressed frame tells. */
static void note_algorithm(struct connection *r, enum mw_algorithm algorithm)
{
    static const int kinds[] = {
        [MW_ZLIB] = COMPRESSION_ZLIB, [MW_ZSTD] = COMPRESSION_ZSTD, [MW_EITHER] = COMPRESSION_UNKNOWN};
    r->compression = kinds[algorithm];
}

/* Puts the inflaters below the framers. What the framer of `dir` was given and has not read are frames already. */
static void start_inflating(struct conn *c, enum mw_dir dir, enum mw_algorithm algorithm)
{
    struct mysql *m = c->mysql;
    note_algorithm(m->record, algorithm);
    for (int d = 0; d < 2; d++) {
        m->inflater[d] = g_new(struct mw_inflater, 1);
        mw_inflater_init(m->inflater[d], algorithm, c->env->codec, &m->mem, c->env->limits, c->env->hits);
    }
    struct mw_stamp stamp = m->framer[dir].stamp;
    struct mw_slice rest = mw_framer_take_rest(&m->framer[dir]);
    conn_tap_take_back(tap_of(c), m->record, dir, rest.n);
    if (rest.n)
        inflate(c, dir, rest.p, rest.n, stamp);
}

static void apply_actions(struct conn *c, enum mw_dir dir, unsigned actions)
{
    if (actions & MW_BETWEEN_REPLIES && mw_framer_pending(&c->mysql->framer[MW_SERVER]))
        mw_framer_gap(&c->mysql->framer[MW_SERVER], UINT64_MAX);
    if (actions & MW_START_TLS)
        start_tls(c, dir);
    else if (actions & (MW_START_ZLIB | MW_START_ZSTD))
        start_inflating(c, dir, actions & MW_START_ZLIB ? MW_ZLIB : MW_ZSTD);
}

/* Whether somebody wants the next packet. */
static bool is_looked_at(const struct conn *c, enum mw_dir dir)
{
    const struct conn_observer *observer = c->env->observer;
    return observer->packet && (!observer->only || observer->only == c->mysql->record->id) &&
           (!observer->looks || observer->looks(observer->user, c->mysql->record, dir));
}

/* Decodes a packet and steps the session; with its fields when somebody looks at them. */
static void take_packet(struct conn *c, enum mw_dir dir, const struct mw_packet *packet)
{
    struct mysql *m = c->mysql;
    const struct conn_observer *observer = c->env->observer;
    const struct mw_ctx *live = mw_session_pin(m->session, dir, packet);
    struct mw_msg msg;
    m->record->packets[dir] += packet->parts;
    bool looked_at = is_looked_at(c, dir);
    if (!looked_at && !(observer->values && dir == MW_CLIENT && mw_carries_values(live, packet))) {
        mw_decode(live, dir, packet, &msg);
        apply_actions(c, dir, mw_session_step(m->session, dir, &msg, packet).actions);
        return;
    }
    struct mw_ctx ctx = *live;
    struct mw_trace trace = items_trace(c->env->items);
    items_begin(c->env->items);
    mw_decode_traced(&ctx, dir, packet, &msg, &trace);
    m->items = c->env->items;
    struct mw_step step = mw_session_step(m->session, dir, &msg, packet);
    m->items = NULL;
    struct conn_packet seen = {.connection = m->record,
                               .dir = dir,
                               .ctx = &ctx,
                               .packet = packet,
                               .msg = &msg,
                               .notes = msg.notes | step.notes,
                               .items = c->env->items,
                               .behind = m->framer[dir].in_left};
    if (looked_at)
        observer->packet(observer->user, &seen);
    apply_actions(c, dir, step.actions);
}

static void drain(struct conn *c, enum mw_dir dir)
{
    struct mw_packet packet;
    while (c->mode == CONN_MYSQL) {
        struct mysql *m = c->mysql;
        if (dir == MW_SERVER && !is_looked_at(c, dir))
            m->record->packets[dir] += mw_session_pass_rows(m->session, &m->framer[dir]);
        if (!mw_framer_next(&m->framer[dir], &packet)) {
            if (m->framer[dir].lost_sync)
                mw_session_skipped(m->session, dir);
            return;
        }
        take_packet(c, dir, &packet);
    }
}

/* Bytes of packets, after everything below was peeled off; `frame`: what they were compressed in, or NULL. */
static void packet_data(struct conn *c, enum mw_dir dir, const uint8_t *p, size_t n, struct mw_stamp stamp,
                        const struct mw_frame *frame)
{
    conn_tap_bytes(tap_of(c), c->mysql->record, dir, p, n, stamp, frame);
    mw_framer_push(&c->mysql->framer[dir], p, n, stamp);
    drain(c, dir);
    tap_settled(c, dir);
}

/* Where the next frame begins is not known, in both directions. */
static void lose_frames(struct conn *c)
{
    for (int d = 0; d < 2; d++)
        if (c->mysql->inflater[d])
            mw_inflater_gap(c->mysql->inflater[d], UINT64_MAX);
}

static void packet_gap(struct conn *c, enum mw_dir dir, uint64_t n, const struct mw_frame *damaged)
{
    struct mysql *m = c->mysql;
    bool inside = mw_framer_gap(&m->framer[dir], n);
    conn_tap_gap(tap_of(c), m->record, dir, n, damaged, inside);
    if (inside) {
        drain(c, dir);
        return;
    }
    uint8_t phase = mw_session_ctx(m->session, MW_CLIENT)->phase;
    m->unannounced |= phase == MW_PHASE_SILENT || phase == MW_PHASE_LOGIN;
    unsigned actions = mw_session_gap(m->session, dir);
    apply_actions(c, dir, actions);
    if (actions) /* compression has begun, or will */
        lose_frames(c);
}

/* TLS whose request was lost. */
static void start_missed_tls(struct conn *c, enum mw_dir dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    struct mysql *m = c->mysql;
    c->tls = tls_new(c->env->tls, c);
    c->tls_client = !c->server;
    m->record->tls = true;
    if (dir == MW_CLIENT)
        m->record->inside_tls.start_ns = stamp.time_ns;
    mw_session_tls_missed(m->session);
    for (int d = 0; d < 2; d++)
        mw_framer_clear(&m->framer[d]);
    conn_push_tls(c, dir == MW_CLIENT ? TLS_CLIENT : TLS_SERVER, p, n, stamp);
}

/* The client may have asked for TLS, or for compression, in bytes that were lost. True: these bytes are TLS, and taken. */
static bool find_layer(struct conn *c, enum mw_dir dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    struct mysql *m = c->mysql;
    bool hello = dir == MW_CLIENT ? tls_looks_like_hello(p, n) == MW_YES : tls_looks_like_server_hello(p, n);
    bool tls = !c->tls && (hello || tls_looks_like_data(p, n));
    bool frame = !tls && !m->inflater[dir] && mw_looks_like_frame(dir, p, n) == MW_YES;
    m->unannounced = !tls && !frame && mw_looks_like_next(dir, p, n) != MW_YES;
    if (tls)
        start_missed_tls(c, dir, p, n, stamp);
    if (frame) {
        start_inflating(c, dir, MW_EITHER);
        lose_frames(c);
    }
    return tls;
}

static void inflate(struct conn *c, enum mw_dir dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    struct mw_inflater *inflater = c->mysql->inflater[dir];
    struct mw_frame frame;
    enum mw_frame_status status;
    mw_inflater_push(inflater, p, n);
    while ((status = mw_inflater_next(inflater, &frame)) != MW_FRAME_NONE) {
        if (status == MW_FRAME_DATA) {
            packet_data(c, dir, frame.data, frame.length, stamp, &frame);
            continue;
        }
        c->mysql->record->damaged_frames++;
        packet_gap(c, dir, frame.length, &frame);
    }
    if (inflater->searching && n)
        mw_session_skipped(c->mysql->session, dir);
}

void conn_mysql_data(struct conn *c, int tcp_dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    enum mw_dir dir = role(c, tcp_dir);
    if (c->mode == CONN_MYSQL && c->mysql->unannounced && find_layer(c, dir, p, n, stamp))
        return;
    if (c->mode != CONN_MYSQL) {
        conn_tap_bytes(tap_of(c), c->mysql->record, dir, p, n, stamp, NULL);
        tap_settled(c, dir);
    } else if (c->mysql->inflater[dir]) {
        inflate(c, dir, p, n, stamp);
    } else {
        packet_data(c, dir, p, n, stamp, NULL);
    }
}

void conn_mysql_gap(struct conn *c, int tcp_dir, uint64_t n, struct mw_stamp stamp)
{
    enum mw_dir dir = role(c, tcp_dir);
    if (c->mode != CONN_MYSQL)
        return;
    struct mw_inflater *inflater = c->mysql->inflater[dir];
    if (!inflater)
        packet_gap(c, dir, n, NULL);
    else if (mw_inflater_gap(inflater, n))
        inflate(c, dir, NULL, 0, stamp);
    else
        packet_gap(c, dir, UINT64_MAX, NULL); /* how much the frames would have become nobody knows */
}

/* The header that detection took off, with its fields. */
static void tell_header(const struct conn *c)
{
    const struct conn_observer *observer = c->env->observer;
    const struct detect_first *first = &c->detector.header;
    if (!observer->header || !first->bytes || (observer->only && observer->only != c->mysql->record->id))
        return;
    const struct mw_ctx nothing = {0};
    const struct mw_packet packet = {.payload = first->bytes->data,
                                     .have = first->bytes->len,
                                     .length = first->bytes->len,
                                     .first = first->stamp,
                                     .last = first->stamp};
    struct mw_trace trace = items_trace(c->env->items);
    items_begin(c->env->items);
    uint64_t notes = mw_proxy_decode_traced(packet.payload, c->detector.proxy, &trace);
    const struct conn_packet seen = {.connection = c->mysql->record,
                                     .dir = MW_CLIENT,
                                     .ctx = &nothing,
                                     .packet = &packet,
                                     .notes = notes,
                                     .items = c->env->items,
                                     .proxy = c->detector.proxy};
    observer->header(observer->user, &seen);
}

void conn_mysql_header(struct conn *c)
{
    conn_tap_preamble(tap_of(c), c->mysql->record, &c->detector.header);
    tell_header(c);
}

void conn_mysql_begin(struct conn *c, struct connection *record, enum detect_verdict verdict)
{
    bool midstream = verdict != DETECT_MYSQL;
    struct mysql *m = c->mysql = g_new0(struct mysql, 1);
    c->mode = CONN_MYSQL;
    m->record = record;
    conn_mysql_header(c);
    m->observer = (struct mw_observer){.user = c, .event = on_event, .no_rows = true};
    m->mem = core_memory_of(&c->share);
    m->session = mw_session_new(&m->mem, c->env->limits, c->env->hits, &m->observer);
    for (int d = 0; d < 2; d++)
        mw_framer_init(&m->framer[d], (enum mw_dir)d, &m->mem, c->env->limits, c->env->hits);
    if (midstream) {
        mw_session_midstream(m->session);
        for (int d = 0; d < 2; d++) /* what is said first may be the rest of something */
            mw_framer_gap(&m->framer[d], UINT64_MAX);
    }
    if (c->tls_came_off)
        mw_session_tls_started(m->session);
    if (verdict == DETECT_MIDSTREAM_COMPRESSED)
        start_inflating(c, MW_CLIENT, MW_EITHER);
    lose_frames(c);
}

void conn_mysql_end(struct conn *c)
{
    struct mysql *m = c->mysql;
    m->record->exact = mw_session_exact(m->session);
    mw_session_free(m->session);
    for (int d = 0; d < 2; d++) {
        struct mw_inflater *inflater = m->inflater[d];
        mw_framer_clear(&m->framer[d]);
        if (inflater && m->record->compression == COMPRESSION_UNKNOWN)
            note_algorithm(m->record, inflater->algorithm);
        if (inflater)
            mw_inflater_clear(inflater);
        g_free(inflater);
    }
}
