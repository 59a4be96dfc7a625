/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "analyzer/conn_state.h"
#include "analyzer/tls_record.h"

/* The well-known port; others are found by the shape of what is said there. */
enum { MYSQL_PORT = 3306 };

/* A connection can span files; how many are told is bounded. */
static void note_file(struct conn *c)
{
    enum { FILES_MAX = 1000 };
    GPtrArray *files = record_of(c)->files;
    if (g_ptr_array_index(files, files->len - 1) != (gpointer)(uintptr_t)c->env->file && files->len < FILES_MAX)
        g_ptr_array_add(files, (gpointer)(uintptr_t)c->env->file);
}

static struct endpoint tcp_end(const struct conn *c, int dir)
{
    return dir == 0 ? c->flow->from : c->flow->to;
}

static int tls_side(const struct conn *c, int dir)
{
    return dir == c->tls_client ? TLS_CLIENT : TLS_SERVER;
}

void conn_push_tls(struct conn *c, int side, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    enum { SMALL = 1024 };
    /* A record in pieces that is not small gets room for the longest one. */
    uint64_t most = n <= SMALL ? n : n + TLS_FRAGMENT_MAX;
    if (budget_take(&c->share, most)) {
        budget_give(&c->share, most);
        tls_push(c->tls, side, p, n, stamp);
    } else {
        tls_gap(c->tls, side, n, false, stamp);
    }
    budget_settle(&c->share, &c->tls_held, tls_held(c->tls));
}

static void set_proxied_client(struct connection *r, const struct mw_proxy *proxy)
{
    if (!proxy || !proxy->family)
        return;
    r->proxied_client = (struct endpoint){.port = proxy->source_port, .family = proxy->family};
    memcpy(r->proxied_client.addr, proxy->source, sizeof proxy->source);
}

/* Detection has decided: the server sends in `server`. What is known of the connection until now goes into a record. */
static struct connection *start_record(struct conn *c, int server)
{
    struct connection *r = connection_new();
    r->share = &c->share;
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
    set_proxied_client(r, c->detector.proxy);
    if (c->env->observer->opened)
        c->env->observer->opened(c->env->observer->user, r);
    return r;
}

/* `dir` said what it was recognised by. */
static void start_mysql(struct conn *c, int dir, int server, enum detect_verdict verdict)
{
    bool midstream = verdict != DETECT_MYSQL;
    conn_mysql_begin(c, start_record(c, server), verdict);
    /* The server greets first; in the middle what decided came last. */
    int order[2] = {midstream ? !dir : server, midstream ? dir : !server};
    for (int i = 0; i < 2; i++) {
        struct detect_first first = detector_take(&c->detector, order[i]);
        if (!first.bytes)
            continue;
        conn_mysql_data(c, order[i], first.bytes->data, first.bytes->len, first.stamp);
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
    conn_push_tls(c, TLS_CLIENT, first.bytes->data, first.bytes->len, first.stamp);
    g_byte_array_unref(first.bytes);
}

/* TLS from the middle on, on a port that speaks MySQL: what can be said is that it is there. */
static void start_inside_tls(struct conn *c, int dir, int server)
{
    struct detect_first first = detector_take(&c->detector, dir);
    detector_forget(&c->detector);
    c->tls = tls_new(c->env->tls, c);
    c->tls_client = (uint8_t)!server;
    start_mysql(c, dir, server, DETECT_MIDSTREAM);
    conn_push_tls(c, tls_side(c, dir), first.bytes->data, first.bytes->len, first.stamp);
    g_byte_array_unref(first.bytes);
}

/* What the detector keeps counts twice, because its buffers grow by doubling. Without memory for it nobody will know. */
static enum detect_verdict push_detector(struct conn *c, const struct detect_hints *hints, int dir, const uint8_t *p,
                                         size_t n, struct mw_stamp stamp, int *server)
{
    if (!budget_take(&c->share, 2 * n))
        return DETECT_OTHER;
    enum detect_verdict verdict = detector_push(&c->detector, hints, dir, p, n, stamp, server);
    uint64_t held = verdict == DETECT_NOTHING_YET ? 2 * detector_held(&c->detector) : 0;
    uint64_t counted = c->detecting + 2 * n;
    budget_give(&c->share, counted - held);
    c->detecting = held;
    return verdict;
}

static void detect(struct conn *c, int dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    struct detect_hints hints = {.middle = !c->syn_seen, .inside_tls = c->tls};
    hints.server_port[0] = is_known_port(c->env, c->flow->from.port);
    hints.server_port[1] = is_known_port(c->env, c->flow->to.port);
    enum detect_verdict verdict = DETECT_OTHER;
    int server = 0;
    if (!c->env->only_ports || hints.server_port[0] || hints.server_port[1])
        verdict = push_detector(c, &hints, dir, p, n, stamp, &server);
    switch (verdict) {
    case DETECT_NOTHING_YET: return;
    case DETECT_MYSQL:
    case DETECT_MIDSTREAM:
    case DETECT_MIDSTREAM_COMPRESSED: start_mysql(c, dir, server, verdict); break;
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
        if (hints.middle && hints.server_port[server]) {
            start_inside_tls(c, dir, server); /* what came before was lost */
            break;
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

/* What the client says first may be a header that was on its way while the server greeted. */
static void mysql_data(struct conn *c, int dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    bool first = dir != c->server && c->syn_seen && !c->detector.begun[dir];
    size_t header = first ? detector_late_header(&c->detector, dir, p, n, stamp) : 0;
    if (header) {
        set_proxied_client(c->mysql->record, c->detector.proxy);
        conn_mysql_header(c);
    }
    if (n > header)
        conn_mysql_data(c, dir, p + header, n - header, stamp);
}

/* Bytes above TCP, or above TLS. */
static void plain_data(struct conn *c, int dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    switch (c->mode) {
    case CONN_MYSQL: mysql_data(c, dir, p, n, stamp); return;
    case CONN_OPAQUE: conn_mysql_data(c, dir, p, n, stamp); return;
    case CONN_X: x_data(c, dir, p, n, stamp); return;
    case CONN_OTHER: c->env->undecided_bytes += n; return;
    case CONN_DETECT: detect(c, dir, p, n, stamp); return;
    }
}

static void plain_gap(struct conn *c, int dir, uint64_t n, struct mw_stamp stamp)
{
    if (c->mysql) {
        conn_mysql_gap(c, dir, n, stamp);
        return;
    }
    c->syn_seen = false; /* what comes next is the middle of something */
    detector_gap(&c->detector, dir);
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
    budget_settle(&c->share, &c->tls_held, 0);
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
    conn_push_tls(c, tls_side(c, dir), p, n, stamp);
    if (record_of(c) && !record_of(c)->hello_at.packet && tls_facts(c->tls)->suite_known)
        record_of(c)->hello_at = (struct connection_place){c->env->file, number};
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
    c->share.all = &env->budget;
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
    r->share = NULL;
    memcpy(r->holes, c->holes, sizeof r->holes);
    r->gap_bytes = c->holes[TCP_GAP_LOST].bytes + c->holes[TCP_GAP_SNAPLEN].bytes;
    if (c->tls)
        finish_tls(c, r);
    connection_finish(r);
    if (c->env->passwords)
        password_login_closed(&r->password, r->exact, connection_login_hidden(r));
    legs_closed(c->env->legs, r);
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
                                   .named_port = is_known_port(c->env, c->flow->from.port) || is_known_port(c->env, c->flow->to.port),
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
        conn_mysql_end(c);
        tell_closed(c, r);
        g_free(c->mysql);
    } else if (c->x) {
        tell_closed(c, c->x);
    }
    tls_free(c->tls);
    budget_give(&c->share, c->share.used);
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
