/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/conn.h"

#include <string.h>

#include "analyzer/core_memory.h"
#include "analyzer/tls_record.h"

/* The well-known port; others are found by the shape of what is said there. */
enum { MYSQL_PORT = 3306 };

enum conn_mode {
    CONN_DETECT, /* not known yet */
    CONN_MYSQL,
    CONN_OPAQUE, /* MySQL, but what follows is not read */
    CONN_X,      /* X Protocol: counted, not read */
    CONN_OTHER   /* another protocol */
};

/* What only a MySQL connection needs. */
struct mysql {
    struct mw_framer framer[2];      /* by enum mw_dir */
    struct mw_inflater *inflater[2]; /* NULL until compression starts */
    struct mw_session *session;
    struct mw_observer observer;
    struct connection *record;
    const struct items *items; /* fields of the packet under way, NULL where they were not asked for */
};

struct conn {
    struct conn_env *env;
    const struct flow *flow;
    struct mysql *mysql;
    struct connection *x;     /* the record, of the X Protocol */
    struct detector detector; /* by directions of TCP */
    enum conn_mode mode;
    uint8_t server;     /* TCP direction in which the server sends */
    struct tls *tls;    /* below all that, once it has begun */
    uint8_t tls_client; /* TCP direction in which the client of TLS sends */
    bool tls_came_off;  /* something was opened */
    bool x_turn;        /* X Protocol: the client is about to speak, or has only begun */
    bool syn_seen;
    int64_t tls_ns; /* of the ClientHello, when TLS came first */
    uint64_t bytes[2]; /* of payload, by direction of TCP */
    struct connection_hole holes[2];
    bool foreign_tls; /* TLS with who knows what in it */
    int64_t syn_ns, established_ns;
    const char *first_file;
};

static const struct conn_tap *tap_of(const struct conn *c)
{
    return c->env->observer->tap;
}

static void tap_settled(const struct conn *c, enum mw_dir dir)
{
    conn_tap_settled(tap_of(c), c->mysql->record, dir, mw_session_ctx(c->mysql->session, dir)->phase);
}

static enum mw_dir role(const struct conn *c, int dir)
{
    return dir == c->server ? MW_SERVER : MW_CLIENT;
}

/* -- MySQL --------------------------------------------------------------------------------------------------------- */

static void on_event(void *user, const struct mw_event *event)
{
    struct conn *c = user;
    connection_event(c->mysql->record, event, c->env->converter);
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
        tls_push(c->tls, dir == MW_CLIENT ? TLS_CLIENT : TLS_SERVER, rest.p, rest.n, stamp);
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
        mw_inflater_init(m->inflater[d], algorithm, c->env->codec, &core_memory, c->env->limits, c->env->hits);
    }
    struct mw_stamp stamp = m->framer[dir].stamp;
    struct mw_slice rest = mw_framer_take_rest(&m->framer[dir]);
    conn_tap_take_back(tap_of(c), m->record, dir, rest.n);
    if (rest.n)
        inflate(c, dir, rest.p, rest.n, stamp);
}

static void apply_actions(struct conn *c, enum mw_dir dir, unsigned actions)
{
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
        if (!mw_framer_next(&m->framer[dir], &packet))
            return;
        take_packet(c, dir, &packet);
    }
}

/* The record, once it is known what this is; NULL before. */
static struct connection *record_of(const struct conn *c)
{
    return c->mysql ? c->mysql->record : c->x;
}

/* A connection can span files; how many are told is bounded. */
static void note_file(struct conn *c)
{
    enum { FILES_MAX = 1000 };
    GPtrArray *files = record_of(c)->files;
    if (g_ptr_array_index(files, files->len - 1) != (gpointer)(uintptr_t)c->env->file && files->len < FILES_MAX)
        g_ptr_array_add(files, (gpointer)(uintptr_t)c->env->file);
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

static void packet_gap(struct conn *c, enum mw_dir dir, uint64_t n, const struct mw_frame *damaged)
{
    bool inside = mw_framer_gap(&c->mysql->framer[dir], n);
    conn_tap_gap(tap_of(c), c->mysql->record, dir, n, damaged, inside);
    if (inside)
        drain(c, dir);
    else
        apply_actions(c, dir, mw_session_gap(c->mysql->session, dir));
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
}

static void mysql_data(struct conn *c, int tcp_dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    enum mw_dir dir = role(c, tcp_dir);
    if (c->mode != CONN_MYSQL) {
        conn_tap_bytes(tap_of(c), c->mysql->record, dir, p, n, stamp, NULL);
        tap_settled(c, dir);
    } else if (c->mysql->inflater[dir]) {
        inflate(c, dir, p, n, stamp);
    } else {
        packet_data(c, dir, p, n, stamp, NULL);
    }
}

static struct endpoint tcp_end(const struct conn *c, int dir)
{
    return dir == 0 ? c->flow->from : c->flow->to;
}

static int tls_side(const struct conn *c, int dir)
{
    return dir == c->tls_client ? TLS_CLIENT : TLS_SERVER;
}

/* Detection has decided: the server sends in `server`. What is known of the connection until now goes into a record. */
static struct connection *start_record(struct conn *c, int server)
{
    struct connection *r = connection_new();
    const struct mw_proxy *proxy = c->detector.proxy;
    c->server = (uint8_t)server;
    r->exact = true;
    r->id = c->flow->ordinal;
    r->files = g_ptr_array_new();
    g_ptr_array_add(r->files, (gpointer)(uintptr_t)c->first_file);
    r->bytes[MW_CLIENT] = c->bytes[!server];
    r->bytes[MW_SERVER] = c->bytes[server];
    r->tls = c->tls != NULL;
    r->inside_tls.start_ns = c->tls_ns;
    r->first_packet = c->flow->first_number;
    r->start_ns = c->flow->first_time_ns;
    r->client = tcp_end(c, !server);
    r->server = tcp_end(c, server);
    r->syn_ns = c->syn_ns;
    r->established_ns = c->established_ns;
    if (proxy && proxy->family) {
        r->proxied_client = (struct endpoint){.port = proxy->source_port, .family = proxy->family};
        memcpy(r->proxied_client.addr, proxy->source, sizeof proxy->source);
    }
    return r;
}

static void start_mysql(struct conn *c, int server, enum detect_verdict verdict)
{
    bool midstream = verdict != DETECT_MYSQL;
    struct mysql *m = c->mysql = g_new0(struct mysql, 1);
    c->mode = CONN_MYSQL;
    m->record = start_record(c, server);
    conn_tap_preamble(tap_of(c), m->record, &c->detector.header);
    m->observer = (struct mw_observer){.user = c, .event = on_event, .no_rows = true};
    m->session = mw_session_new(&core_memory, c->env->limits, c->env->hits, &m->observer);
    for (int d = 0; d < 2; d++)
        mw_framer_init(&m->framer[d], (enum mw_dir)d, &core_memory, c->env->limits, c->env->hits);
    if (midstream)
        mw_session_midstream(m->session);
    if (verdict == DETECT_MIDSTREAM_COMPRESSED)
        start_inflating(c, MW_CLIENT, MW_EITHER);
    /* The side that was recognised by what it said first comes first: the client in the middle, else the server. */
    int order[2] = {midstream ? !server : server, midstream ? server : !server};
    for (int i = 0; i < 2; i++) {
        struct detect_first first = detector_take(&c->detector, order[i]);
        if (!first.bytes)
            continue;
        mysql_data(c, order[i], first.bytes->data, first.bytes->len, first.stamp);
        g_byte_array_unref(first.bytes);
    }
}

/* -- detection ----------------------------------------------------------------------------------------------------- */

static bool is_known_port(const struct conn_env *env, uint16_t port)
{
    for (size_t i = 0; i < env->n_ports; i++)
        if (env->ports[i] == port)
            return true;
    return port == MYSQL_PORT && !env->only_ports;
}

/* Puts TLS below what is not known yet. */
static void insert_tls(struct conn *c, int client)
{
    struct detect_first first = detector_take(&c->detector, client);
    detector_forget(&c->detector);
    c->detector.begun[0] = c->detector.begun[1] = true; /* no load balancer speaks inside */
    c->tls = tls_new(c->env->tls, c);
    c->tls_client = (uint8_t)client;
    c->tls_ns = first.stamp.time_ns;
    tls_push(c->tls, TLS_CLIENT, first.bytes->data, first.bytes->len, first.stamp);
    g_byte_array_unref(first.bytes);
}

/* TLS from the middle on, on a port that speaks MySQL: what can be said is that it is there. */
static void start_inside_tls(struct conn *c, int dir, int server)
{
    struct detect_first first = detector_take(&c->detector, dir);
    detector_forget(&c->detector);
    c->tls = tls_new(c->env->tls, c);
    c->tls_client = (uint8_t)!server;
    start_mysql(c, server, DETECT_MIDSTREAM);
    tls_push(c->tls, tls_side(c, dir), first.bytes->data, first.bytes->len, first.stamp);
    g_byte_array_unref(first.bytes);
}

static void detect(struct conn *c, int dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    struct detect_hints hints = {.middle = !c->syn_seen, .inside_tls = c->tls};
    hints.server_port[0] = is_known_port(c->env, c->flow->from.port);
    hints.server_port[1] = is_known_port(c->env, c->flow->to.port);
    enum detect_verdict verdict = DETECT_OTHER;
    int server = 0;
    if (!c->env->only_ports || hints.server_port[0] || hints.server_port[1])
        verdict = detector_push(&c->detector, &hints, dir, p, n, stamp, &server);
    switch (verdict) {
    case DETECT_NOTHING_YET: return;
    case DETECT_MYSQL:
    case DETECT_MIDSTREAM:
    case DETECT_MIDSTREAM_COMPRESSED: start_mysql(c, server, verdict); break;
    case DETECT_TLS_MIDSTREAM: start_inside_tls(c, dir, server); break;
    case DETECT_X:
        c->mode = CONN_X;
        c->x = start_record(c, server);
        c->x->protocol = PROTOCOL_MYSQLX;
        break;
    case DETECT_TLS: /* it is looked into where a key may open it, and kept if MySQL is inside */
        if (tls_keyring_has_keys(&c->env->tls->keyring)) {
            insert_tls(c, !server);
            return;
        }
        c->foreign_tls = true;
        c->mode = CONN_OTHER;
        break;
    case DETECT_OTHER: c->mode = CONN_OTHER; break;
    }
    if (c->mode != CONN_DETECT)
        detector_forget(&c->detector);
}

/* Nothing of the X Protocol is read but where TLS begins in it: at the beginning of what the client says after the
 * server. */
static void x_data(struct conn *c, int dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    if (c->tls)
        return;
    if (dir == c->server) {
        detector_forget(&c->detector);
        c->x_turn = true;
        return;
    }
    struct detect_first *first = &c->detector.first[dir];
    if (!c->x_turn)
        return;
    if (!first->bytes)
        *first = (struct detect_first){g_byte_array_new(), stamp};
    g_byte_array_append(first->bytes, p, (guint)n);
    enum mw_guess hello = tls_looks_like_hello(first->bytes->data, first->bytes->len);
    c->x_turn = hello == MW_MAYBE;
    if (hello == MW_YES) {
        c->x->tls = true;
        insert_tls(c, dir);
        c->x->inside_tls.start_ns = c->tls_ns;
    }
    if (hello != MW_MAYBE)
        detector_forget(&c->detector);
}

/* Bytes above TCP, or above TLS. */
static void plain_data(struct conn *c, int dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    switch (c->mode) {
    case CONN_MYSQL:
    case CONN_OPAQUE: mysql_data(c, dir, p, n, stamp); return;
    case CONN_X: x_data(c, dir, p, n, stamp); return;
    case CONN_OTHER: c->env->undecided_bytes += n; return;
    case CONN_DETECT: detect(c, dir, p, n, stamp); return;
    }
}

static void plain_gap(struct conn *c, int dir, uint64_t n, struct mw_stamp stamp)
{
    if (!c->mysql) {
        c->syn_seen = false; /* what comes next is the middle of something */
        detector_gap(&c->detector, dir);
        return;
    }
    enum mw_dir side = role(c, dir);
    if (c->mode != CONN_MYSQL)
        return;
    struct mw_inflater *inflater = c->mysql->inflater[side];
    if (!inflater)
        packet_gap(c, side, n, NULL);
    else if (mw_inflater_gap(inflater, n))
        inflate(c, side, NULL, 0, stamp);
    else
        packet_gap(c, side, UINT64_MAX, NULL); /* how much the frames would have become nobody knows */
}

/* -- TLS ----------------------------------------------------------------------------------------------------------- */

/* The session goes on inside TLS once that proves to be readable. */
static void tls_comes_off(struct conn *c)
{
    if (!c->tls_came_off && c->mysql)
        mw_session_tls_started(c->mysql->session);
    c->tls_came_off = true;
}

static void on_tls_data(void *user, int side, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    struct conn *c = user;
    tls_comes_off(c);
    plain_data(c, side == TLS_CLIENT ? c->tls_client : !c->tls_client, p, n, stamp);
}

static void on_tls_gap(void *user, int side, uint64_t n, struct mw_stamp stamp)
{
    struct conn *c = user;
    tls_comes_off(c);
    plain_gap(c, side == TLS_CLIENT ? c->tls_client : !c->tls_client, n, stamp);
}

/* Nothing will come out of it, so nobody will ever know what it was. */
static void forget_closed_tls(struct conn *c)
{
    if (c->mysql || c->x || (c->mode != CONN_OTHER && !tls_is_closed(c->tls)))
        return;
    tls_free(c->tls);
    c->tls = NULL;
    c->foreign_tls = c->mode != CONN_OTHER;
    c->mode = CONN_OTHER;
}

/* -- TCP ----------------------------------------------------------------------------------------------------------- */

static void on_data(void *user, int dir, const uint8_t *p, uint32_t n, int64_t time_ns, uint64_t number)
{
    struct conn *c = user;
    struct mw_stamp stamp = {time_ns, number};
    c->bytes[dir] += n;
    if (record_of(c)) {
        record_of(c)->bytes[role(c, dir)] += n;
        note_file(c);
    }
    if (!c->tls) {
        plain_data(c, dir, p, n, stamp);
        return;
    }
    tls_push(c->tls, tls_side(c, dir), p, n, stamp);
    forget_closed_tls(c);
}

static void on_gap(void *user, int dir, uint64_t n, enum tcp_gap why, int64_t time_ns, uint64_t number)
{
    struct conn *c = user;
    struct mw_stamp stamp = {time_ns, number};
    connection_hole_add(&c->holes[why], n, c->env->file, number);
    if (c->tls)
        tls_gap(c->tls, tls_side(c, dir), n, why == TCP_GAP_SNAPLEN, stamp);
    else
        plain_gap(c, dir, n, stamp);
}

static void on_tcp_event(void *user, int dir, enum tcp_event event, int64_t time_ns, uint64_t number)
{
    struct conn *c = user;
    struct connection *r = record_of(c);
    (void)number;
    switch (event) {
    case TCP_SYN:
        c->syn_seen = true;
        c->syn_ns = time_ns;
        if (r)
            r->syn_ns = time_ns;
        break;
    case TCP_SYNACK: c->syn_seen = true; break;
    case TCP_ESTABLISHED:
        c->established_ns = time_ns;
        if (r)
            r->established_ns = time_ns;
        break;
    case TCP_FIN:
    case TCP_RST:
        if (c->tls)
            tls_end(c->tls, tls_side(c, dir));
        if (r)
            connection_ended(r, role(c, dir), event == TCP_RST);
        if (c->mysql)
            conn_tap_ended(tap_of(c), r, role(c, dir), event == TCP_RST, time_ns);
        break;
    }
}

static void *on_open(void *user, const struct flow *flow)
{
    struct conn_env *env = user;
    struct conn *c = g_new0(struct conn, 1);
    c->env = env;
    c->flow = flow;
    c->first_file = env->file;
    return c;
}

static void finish_tls(struct conn *c, struct connection *r)
{
    connection_tls_fill(&r->inside_tls, c->tls);
    if (c->mode == CONN_OPAQUE) /* TLS inside TLS */
        connection_tls_nested(&r->inside_tls);
    r->opaque = r->inside_tls.opened == TLS_OPENED_NONE || c->mode == CONN_OPAQUE;
}

static void tell_closed(struct conn *c, struct connection *r)
{
    r->end_ns = c->flow->last_time_ns;
    memcpy(r->holes, c->holes, sizeof r->holes);
    r->gap_bytes = c->holes[TCP_GAP_LOST].bytes + c->holes[TCP_GAP_SNAPLEN].bytes;
    if (c->tls)
        finish_tls(c, r);
    connection_finish(r);
    if (c->env->observer->closed)
        c->env->observer->closed(c->env->observer->user, r);
    else
        connection_free(r);
}

static void tell_stranger(const struct conn *c)
{
    struct diagnosis_stranger s = {.detector = &c->detector,
                                   .file = c->first_file,
                                   .packet = c->flow->first_number,
                                   .ports = {c->flow->from.port, c->flow->to.port},
                                   .bytes = {c->bytes[0], c->bytes[1]},
                                   .from_the_middle = !c->syn_seen,
                                   .tls = c->foreign_tls || c->tls};
    diagnosis_stranger(c->env->diagnosis, &s);
}

static void on_close(void *conn, enum flow_end why)
{
    struct conn *c = conn;
    (void)why;
    for (int dir = 0; c->tls && dir < 2; dir++)
        tls_end(c->tls, dir);
    if (!record_of(c))
        tell_stranger(c);
    detector_clear(&c->detector);
    if (c->mysql) {
        struct connection *r = c->mysql->record;
        r->exact = mw_session_exact(c->mysql->session);
        mw_session_free(c->mysql->session); /* tells of commands that were not answered */
        for (int d = 0; d < 2; d++) {
            struct mw_inflater *inflater = c->mysql->inflater[d];
            mw_framer_clear(&c->mysql->framer[d]);
            if (inflater && r->compression == COMPRESSION_UNKNOWN)
                note_algorithm(r, inflater->algorithm);
            if (inflater)
                mw_inflater_clear(inflater);
            g_free(inflater);
        }
        tell_closed(c, r);
        g_free(c->mysql);
    } else if (c->x) {
        tell_closed(c, c->x);
    }
    tls_free(c->tls);
    g_free(c);
}

void conn_own(struct flow_owner *owner, struct conn_env *env)
{
    env->tls->sink = (struct tls_sink){on_tls_data, on_tls_gap};
    *owner = (struct flow_owner){.open = on_open,
                                 .close = on_close,
                                 .user = env,
                                 .sink = {.data = on_data, .gap = on_gap, .event = on_tcp_event}};
}
