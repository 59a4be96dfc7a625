/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/conn.h"

#include <string.h>

#include "analyzer/tls_record.h"

/* The well-known port; others are found by the shape of what is said there. */
enum { MYSQL_PORT = 3306 };

/* Bytes of a direction kept until it is known whether this is MySQL. */
enum { FIRST_BYTES = 4096 };

enum conn_mode {
    CONN_DETECT, /* not known yet */
    CONN_MYSQL,
    CONN_OPAQUE, /* MySQL, but what follows is not read */
    CONN_OTHER   /* another protocol */
};

/* First bytes of a direction, while detecting. */
struct first_bytes {
    GByteArray *bytes;
    struct mw_stamp stamp;
};

/* What only a MySQL connection needs. */
struct mysql {
    struct mw_framer framer[2]; /* by enum mw_dir */
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
    struct first_bytes first[2]; /* by direction of TCP */
    enum conn_mode mode;
    uint8_t server; /* TCP direction in which the server sends */
    struct tls *tls; /* below all that, once it has begun */
    uint8_t tls_client; /* TCP direction in which the client of TLS sends */
    bool tls_came_off;  /* something was opened */
    bool syn_seen;
    int64_t tls_ns; /* of the ClientHello, when TLS came first */
    uint64_t bytes[2]; /* of payload, by direction of TCP */
    uint64_t gap_bytes; /* before it was known that this is MySQL */
    int64_t syn_ns, established_ns;
    const char *first_file;
};

static void *core_alloc(void *user, size_t size)
{
    (void)user;
    return g_try_malloc(size);
}

static void core_free(void *user, void *p, size_t size)
{
    (void)user;
    (void)size;
    g_free(p);
}

const struct mw_mem conn_mem = {NULL, core_alloc, core_free};

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

/* Puts the inflaters below the framers. What the framer of `dir` was given and has not read are frames already. */
static void start_inflating(struct conn *c, enum mw_dir dir, enum mw_algorithm algorithm)
{
    struct mysql *m = c->mysql;
    m->record->compression = algorithm == MW_ZLIB ? COMPRESSION_ZLIB : COMPRESSION_ZSTD;
    for (int d = 0; d < 2; d++) {
        m->inflater[d] = g_new(struct mw_inflater, 1);
        mw_inflater_init(m->inflater[d], algorithm, c->env->codec, &conn_mem, c->env->limits, c->env->hits);
    }
    struct mw_stamp stamp = m->framer[dir].stamp;
    struct mw_slice rest = mw_framer_take_rest(&m->framer[dir]);
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

/* Decodes a packet and steps the session; with its fields when somebody looks at them. */
static void take_packet(struct conn *c, enum mw_dir dir, const struct mw_packet *packet)
{
    struct mysql *m = c->mysql;
    const struct conn_observer *observer = c->env->observer;
    const struct mw_ctx *live = mw_session_pin(m->session, dir, packet);
    struct mw_msg msg;
    m->record->packets[dir] += packet->parts;
    bool looked_at = observer->packet && (!observer->only || observer->only == m->record->id);
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
                               .items = c->env->items};
    if (looked_at)
        observer->packet(observer->user, &seen);
    apply_actions(c, dir, step.actions);
}

static void drain(struct conn *c, enum mw_dir dir)
{
    struct mw_packet packet;
    while (c->mode == CONN_MYSQL && mw_framer_next(&c->mysql->framer[dir], &packet))
        take_packet(c, dir, &packet);
}

/* A connection can span files; how many are told is bounded. */
static void note_file(struct conn *c)
{
    enum { FILES_MAX = 1000 };
    GPtrArray *files = c->mysql->record->files;
    if (g_ptr_array_index(files, files->len - 1) != (gpointer)(uintptr_t)c->env->file && files->len < FILES_MAX)
        g_ptr_array_add(files, (gpointer)(uintptr_t)c->env->file);
}

/* Bytes of packets, after everything below was peeled off. */
static void packet_data(struct conn *c, enum mw_dir dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    mw_framer_push(&c->mysql->framer[dir], p, n, stamp);
    drain(c, dir);
}

static void packet_gap(struct conn *c, enum mw_dir dir, uint64_t n)
{
    if (mw_framer_gap(&c->mysql->framer[dir], n))
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
            packet_data(c, dir, frame.data, frame.length, stamp);
            continue;
        }
        c->mysql->record->damaged_frames++;
        packet_gap(c, dir, frame.length);
    }
}

static void mysql_data(struct conn *c, int tcp_dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    enum mw_dir dir = role(c, tcp_dir);
    if (c->mode != CONN_MYSQL)
        return;
    if (c->mysql->inflater[dir])
        inflate(c, dir, p, n, stamp);
    else
        packet_data(c, dir, p, n, stamp);
}

static struct endpoint tcp_end(const struct conn *c, int dir)
{
    return dir == 0 ? c->flow->from : c->flow->to;
}

/* Detection has decided: the server sends in `server`. Bytes kept so far go through the stages. */
static void start_mysql(struct conn *c, int server, bool midstream)
{
    struct mysql *m = c->mysql = g_new0(struct mysql, 1);
    c->mode = CONN_MYSQL;
    c->server = (uint8_t)server;
    m->record = connection_new();
    m->record->exact = true;
    m->record->id = c->flow->ordinal;
    m->record->files = g_ptr_array_new();
    g_ptr_array_add(m->record->files, (gpointer)(uintptr_t)c->first_file);
    m->record->bytes[MW_CLIENT] = c->bytes[!server];
    m->record->bytes[MW_SERVER] = c->bytes[server];
    m->record->gap_bytes = c->gap_bytes;
    m->record->tls = c->tls != NULL;
    m->record->inside_tls.start_ns = c->tls_ns;
    m->record->first_packet = c->flow->first_number;
    m->record->start_ns = c->flow->first_time_ns;
    m->record->client = tcp_end(c, !server);
    m->record->server = tcp_end(c, server);
    m->record->syn_ns = c->syn_ns;
    m->record->established_ns = c->established_ns;
    m->observer = (struct mw_observer){.user = c, .event = on_event, .no_rows = true};
    m->session = mw_session_new(&conn_mem, c->env->limits, c->env->hits, &m->observer);
    for (int d = 0; d < 2; d++)
        mw_framer_init(&m->framer[d], (enum mw_dir)d, &conn_mem, c->env->limits, c->env->hits);
    if (midstream)
        mw_session_midstream(m->session);
    /* The side that was recognised by what it said first comes first: the client in the middle, else the server. */
    int order[2] = {midstream ? !server : server, midstream ? server : !server};
    for (int i = 0; i < 2; i++) {
        struct first_bytes first = c->first[order[i]];
        c->first[order[i]].bytes = NULL;
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

static void forget_first(struct conn *c)
{
    for (int d = 0; d < 2; d++) {
        if (c->first[d].bytes)
            g_byte_array_unref(c->first[d].bytes);
        c->first[d].bytes = NULL;
    }
}

static enum mw_guess looks(const struct conn *c, int dir, enum mw_guess (*like)(const uint8_t *, size_t))
{
    const GByteArray *b = c->first[dir].bytes;
    return b ? like(b->data, b->len) : MW_MAYBE;
}

static enum mw_guess like_reply(const uint8_t *p, size_t n)
{
    return mw_looks_like_packet(MW_SERVER, p, n);
}

static bool starts_with_tls(struct conn *c, int dir);
static void start_inside_tls(struct conn *c, int dir, int server);

/* Looks at what direction `dir` has said so far. */
static void detect(struct conn *c, int dir)
{
    bool server_port[2] = {is_known_port(c->env, c->flow->from.port), is_known_port(c->env, c->flow->to.port)};
    if (c->env->only_ports && !server_port[0] && !server_port[1]) {
        c->mode = CONN_OTHER;
        return;
    }
    if (starts_with_tls(c, dir))
        return;
    if (!c->tls && !c->syn_seen && (server_port[0] || server_port[1]) && c->first[dir].bytes &&
        tls_looks_like_data(c->first[dir].bytes->data, c->first[dir].bytes->len)) {
        start_inside_tls(c, dir, server_port[1]);
        return;
    }
    enum mw_guess greeting = looks(c, dir, mw_looks_like_greeting);
    if (greeting == MW_YES) {
        start_mysql(c, dir, false);
        return;
    }
    if (looks(c, dir, mw_looks_like_login) == MW_YES) {
        start_mysql(c, !dir, false);
        return;
    }
    enum mw_guess command = looks(c, dir, mw_looks_like_command);
    bool from_known = server_port[dir ? 1 : 0], to_known = server_port[dir ? 0 : 1];
    /* In the middle: a command to a known port, or a command on any port and something like its reply. */
    if (command == MW_YES && to_known) {
        start_mysql(c, !dir, true);
    } else if (looks(c, dir, like_reply) == MW_YES &&
               ((c->first[!dir].bytes && looks(c, !dir, mw_looks_like_command) == MW_YES) || from_known)) {
        start_mysql(c, dir, true);
    } else if (greeting == MW_NO && command == MW_NO) {
        bool hopeful = (from_known || to_known) && !c->syn_seen;
        if (!hopeful)
            c->mode = CONN_OTHER;
        else if (c->first[dir].bytes) /* the next segment may begin with a packet */
            g_byte_array_set_size(c->first[dir].bytes, 0);
    }
    if (c->mode == CONN_OTHER)
        forget_first(c);
}

/* Bytes above TCP, or above TLS. */
static void plain_data(struct conn *c, int dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    switch (c->mode) {
    case CONN_MYSQL:
    case CONN_OPAQUE: mysql_data(c, dir, p, n, stamp); return;
    case CONN_OTHER: c->env->undecided_bytes += n; return;
    case CONN_DETECT: break;
    }
    struct first_bytes *first = &c->first[dir];
    if (!first->bytes)
        first->bytes = g_byte_array_new();
    if (first->bytes->len == 0)
        first->stamp = stamp;
    if (first->bytes->len + n > FIRST_BYTES && first->bytes->len > 0) {
        c->mode = CONN_OTHER;
        forget_first(c);
        return;
    }
    g_byte_array_append(first->bytes, p, (guint)n);
    detect(c, dir);
}

static void plain_gap(struct conn *c, int dir, uint64_t n, struct mw_stamp stamp)
{
    if (!c->mysql) {
        c->syn_seen = false; /* what comes next is the middle of something */
        if (c->first[dir].bytes)
            g_byte_array_set_size(c->first[dir].bytes, 0);
        return;
    }
    enum mw_dir side = role(c, dir);
    if (c->mode != CONN_MYSQL)
        return;
    struct mw_inflater *inflater = c->mysql->inflater[side];
    if (!inflater)
        packet_gap(c, side, n);
    else if (mw_inflater_gap(inflater, n))
        inflate(c, side, NULL, 0, stamp);
    else
        packet_gap(c, side, UINT64_MAX); /* how much the frames would have become nobody knows */
}

/* -- TLS ----------------------------------------------------------------------------------------------------------- */

static int tls_side(const struct conn *c, int dir)
{
    return dir == c->tls_client ? TLS_CLIENT : TLS_SERVER;
}

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

/* TLS from the first byte. It is looked into where a key may open it, and kept if MySQL is inside. */
static bool starts_with_tls(struct conn *c, int dir)
{
    enum mw_guess hello = c->tls || !c->first[dir].bytes ? MW_NO : looks(c, dir, tls_looks_like_hello);
    if (hello == MW_NO || !tls_keyring_has_keys(&c->env->tls->keyring))
        return false;
    if (hello == MW_MAYBE)
        return true;
    c->tls = tls_new(c->env->tls, c);
    c->tls_client = (uint8_t)dir;
    struct first_bytes first = c->first[dir];
    c->first[dir].bytes = NULL;
    forget_first(c);
    c->tls_ns = first.stamp.time_ns;
    tls_push(c->tls, TLS_CLIENT, first.bytes->data, first.bytes->len, first.stamp);
    g_byte_array_unref(first.bytes);
    return true;
}

/* TLS from the middle on, on a port that speaks MySQL: what can be said is that it is there. */
static void start_inside_tls(struct conn *c, int dir, int server)
{
    struct first_bytes first = c->first[dir];
    c->first[dir].bytes = NULL;
    forget_first(c);
    c->tls = tls_new(c->env->tls, c);
    c->tls_client = (uint8_t)!server;
    start_mysql(c, server, true);
    tls_push(c->tls, tls_side(c, dir), first.bytes->data, first.bytes->len, first.stamp);
    g_byte_array_unref(first.bytes);
}

/* Nothing will come out of it, so nobody will ever know what it was. */
static void forget_closed_tls(struct conn *c)
{
    if (c->mysql || (c->mode != CONN_OTHER && !tls_is_closed(c->tls)))
        return;
    tls_free(c->tls);
    c->tls = NULL;
    c->mode = CONN_OTHER;
}

/* -- TCP ----------------------------------------------------------------------------------------------------------- */

static void on_data(void *user, int dir, const uint8_t *p, uint32_t n, int64_t time_ns, uint64_t number)
{
    struct conn *c = user;
    struct mw_stamp stamp = {time_ns, number};
    c->bytes[dir] += n;
    if (c->mysql) {
        c->mysql->record->bytes[role(c, dir)] += n;
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
    if (c->mysql)
        c->mysql->record->gap_bytes += n;
    else
        c->gap_bytes += n;
    if (c->tls)
        tls_gap(c->tls, tls_side(c, dir), n, why == TCP_GAP_SNAPLEN, stamp);
    else
        plain_gap(c, dir, n, stamp);
}

static void on_tcp_event(void *user, int dir, enum tcp_event event, int64_t time_ns, uint64_t number)
{
    struct conn *c = user;
    struct connection *r = c->mysql ? c->mysql->record : NULL;
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
        if (r && !r->ended && r->closed_by == CLOSED_BY_NONE)
            r->closed_by = event == TCP_RST             ? CLOSED_BY_RESET
                           : role(c, dir) == MW_SERVER ? CLOSED_BY_SERVER_FIN
                                                       : CLOSED_BY_CLIENT_FIN;
        if (r)
            r->ended = true;
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

static void on_close(void *conn, enum flow_end why)
{
    struct conn *c = conn;
    (void)why;
    if (c->tls)
        tls_end(c->tls);
    forget_first(c);
    if (c->mysql) {
        struct connection *r = c->mysql->record;
        r->end_ns = c->flow->last_time_ns;
        r->exact = mw_session_exact(c->mysql->session);
        mw_session_free(c->mysql->session); /* tells of commands that were not answered */
        for (int d = 0; d < 2; d++) {
            mw_framer_clear(&c->mysql->framer[d]);
            if (c->mysql->inflater[d])
                mw_inflater_clear(c->mysql->inflater[d]);
            g_free(c->mysql->inflater[d]);
        }
        if (c->tls)
            finish_tls(c, r);
        connection_finish(r);
        if (c->env->observer->closed)
            c->env->observer->closed(c->env->observer->user, r);
        else
            connection_free(r);
        g_free(c->mysql);
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
