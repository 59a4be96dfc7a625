/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/decrypt_capture.h"

#include "analyzer/pcapng_write.h"
#include "analyzer/source.h"
#include "analyzer/tcp_synth.h"

#include <string.h>

/* A connection that is changed. */
struct session {
    uint64_t id;
    struct decrypt_capture *capture;
    struct decrypt_stream *stream;
    struct tcp_synth tcp;
    struct endpoint from; /* sender of direction 0 of TCP */
    int client;           /* direction of TCP in which the client sends, once something of it came */
};

struct decrypt_capture {
    struct pcapng_writer *writer;
    GHashTable *fates;
    GHashTable *sessions;   /* by id */
    struct session *last;   /* that was looked up */
    GHashTable *interfaces; /* of the inputs: number of input and interface → that of the output */
    bool mysql_only;
    uint64_t masked;
};

/* -- interfaces ---------------------------------------------------------------------------------------------------- */

/* The interface of a packet in the output: described when its first packet comes. */
static uint32_t interface_of(struct decrypt_capture *c, const struct analysis_packet *p)
{
    uint64_t key = (uint64_t)p->input << 32 | p->packet->interface;
    uint32_t *known = g_hash_table_lookup(c->interfaces, &key);
    if (known)
        return *known;
    struct capture_interface interface;
    source_interface(p->source, p->packet, &interface);
    uint32_t *id = g_new(uint32_t, 1);
    pcapng_writer_interface_as(c->writer, interface.link_type, interface.snaplen, interface.options,
                               interface.n_options, id);
    g_hash_table_insert(c->interfaces, g_memdup2(&key, sizeof key), id);
    return *id;
}

/* For packets that are taken out of a tunnel, or were put together: one for each input. */
static uint32_t raw_interface_of(struct decrypt_capture *c, size_t input)
{
    enum { RAW_IP = 12 };
    uint64_t key = (uint64_t)input << 32 | UINT32_MAX;
    uint32_t *known = g_hash_table_lookup(c->interfaces, &key);
    if (known)
        return *known;
    uint32_t *id = g_new(uint32_t, 1);
    pcapng_writer_interface(c->writer, RAW_IP, 0, "out of tunnels and fragments", id);
    g_hash_table_insert(c->interfaces, g_memdup2(&key, sizeof key), id);
    return *id;
}

/* -- sessions ------------------------------------------------------------------------------------------------------ */

static void write_packet(void *user, uint32_t interface, int64_t time_ns, const uint8_t *data, size_t n)
{
    struct decrypt_capture *c = user;
    pcapng_writer_packet(c->writer, interface, time_ns, data, (uint32_t)n, (uint32_t)n, NULL);
}

static struct tcp_synth_sink packets(struct session *s)
{
    return (struct tcp_synth_sink){write_packet, s->capture};
}

static int tcp_direction(const struct session *s, enum mw_dir dir)
{
    return dir == MW_CLIENT ? s->client : !s->client;
}

static void on_data(void *user, enum mw_dir dir, const uint8_t *p, size_t n, int64_t time_ns)
{
    struct session *s = user;
    tcp_synth_data(&s->tcp, tcp_direction(s, dir), p, n, time_ns, packets(s));
}

static void on_gap(void *user, enum mw_dir dir, uint64_t n)
{
    struct session *s = user;
    tcp_synth_gap(&s->tcp, tcp_direction(s, dir), n);
}

static void free_session(gpointer item)
{
    struct session *s = item;
    s->capture->masked += decrypt_stream_masked(s->stream);
    decrypt_stream_free(s->stream);
    tcp_synth_clear(&s->tcp);
    g_free(s);
}

/* The session of that connection, or NULL where its packets stay as they are. */
static struct session *find_session(struct decrypt_capture *c, uint64_t id)
{
    if (!c->last || c->last->id != id)
        c->last = g_hash_table_lookup(c->sessions, &id);
    return c->last;
}

static struct session *begin_session(struct decrypt_capture *c, const struct flow *flow,
                                     const struct decrypt_plan *plan)
{
    struct session *s = g_new0(struct session, 1);
    s->id = flow->ordinal;
    s->capture = c;
    s->from = flow->from;
    s->stream = decrypt_stream_new(*plan, (struct decrypt_sink){on_data, on_gap, s});
    g_hash_table_insert(c->sessions, &s->id, s);
    c->last = s;
    return s;
}

/* The session of a record, whose client is known. */
static struct session *session_of(struct decrypt_capture *c, const struct connection *connection)
{
    struct session *s = find_session(c, connection->id);
    if (s)
        s->client = memcmp(&connection->client, &s->from, sizeof s->from) != 0;
    return s;
}

/* -- what the connections tell ------------------------------------------------------------------------------------- */

static void on_bytes(void *user, const struct conn_bytes *bytes)
{
    struct session *s = session_of(user, bytes->connection);
    if (s)
        decrypt_stream_bytes(s->stream, bytes);
}

/* What a load balancer said stays in front. */
static void on_preamble(void *user, const struct conn_bytes *bytes)
{
    struct session *s = session_of(user, bytes->connection);
    if (s)
        on_data(s, bytes->dir, bytes->p, bytes->n, bytes->stamp.time_ns);
}

static void on_take_back(void *user, const struct connection *connection, enum mw_dir dir, size_t n)
{
    struct session *s = session_of(user, connection);
    if (s)
        decrypt_stream_take_back(s->stream, dir, n);
}

static void on_settled(void *user, const struct connection *connection, enum mw_dir dir, enum mw_phase phase)
{
    struct session *s = session_of(user, connection);
    if (s)
        decrypt_stream_settled(s->stream, dir, phase);
}

static void on_missing(void *user, const struct connection *connection, enum mw_dir dir, uint64_t n,
                       const struct mw_frame *damaged, bool inside)
{
    struct session *s = session_of(user, connection);
    if (s)
        decrypt_stream_gap(s->stream, dir, n, damaged, inside);
}

static void on_ended(void *user, const struct connection *connection, enum mw_dir dir, bool reset, int64_t time_ns)
{
    struct session *s = session_of(user, connection);
    if (!s)
        return;
    decrypt_stream_end(s->stream, dir);
    if (reset)
        tcp_synth_reset(&s->tcp, tcp_direction(s, dir), time_ns, packets(s));
    else
        tcp_synth_fin(&s->tcp, tcp_direction(s, dir), time_ns, packets(s));
}

static bool looks(void *user, const struct connection *connection, enum mw_dir dir)
{
    const struct session *s = find_session(user, connection->id);
    return s && decrypt_stream_looks(s->stream, dir);
}

static void on_mysql(void *user, const struct conn_packet *packet)
{
    struct session *s = session_of(user, packet->connection);
    if (s)
        decrypt_stream_packet(s->stream, packet);
}

static void on_closed(void *user, struct connection *connection)
{
    struct session *s = session_of(user, connection);
    for (int dir = 0; s && dir < 2; dir++)
        decrypt_stream_end(s->stream, (enum mw_dir)dir);
    if (s)
        tcp_synth_settle(&s->tcp, packets(s));
    connection_free(connection);
}

/* -- what the inputs hold ------------------------------------------------------------------------------------------ */

static void copy_packet(struct decrypt_capture *c, const struct analysis_packet *p)
{
    const struct packet *packet = p->packet;
    pcapng_writer_packet_as(c->writer, interface_of(c, p), packet->time_ns, packet->data, packet->captured,
                            packet->original, packet->options, packet->n_options, packet->big);
}

static void on_packet(void *user, const struct analysis_packet *p)
{
    struct decrypt_capture *c = user;
    const struct decrypt_fate *fate = p->flow ? g_hash_table_lookup(c->fates, &p->flow->ordinal) : NULL;
    if (!fate || !fate->changed) {
        if (fate || !c->mysql_only)
            copy_packet(c, p);
        return;
    }
    struct session *s = find_session(c, p->flow->ordinal);
    if (!s)
        s = begin_session(c, p->flow, &fate->plan);
    bool plain = tcp_synth_is_plain(p->packet->data, p->packet->captured, p->segment);
    uint32_t interface = plain ? interface_of(c, p) : raw_interface_of(c, p->input);
    tcp_synth_see(&s->tcp, p->dir, plain ? p->packet->data : NULL, p->segment, interface, tcp_is_waiting(&p->flow->tcp),
                  packets(s));
    /* Of what comes behind the end of a connection only a reset is worth telling. */
    if (p->flow->finished && p->segment->flags & SEGMENT_RST)
        tcp_synth_reset(&s->tcp, p->dir, p->packet->time_ns, packets(s));
}

static void on_forgotten(void *user, const struct flow *flow)
{
    struct decrypt_capture *c = user;
    c->last = NULL;
    g_hash_table_remove(c->sessions, &flow->ordinal);
}

/* -- the capture --------------------------------------------------------------------------------------------------- */

struct decrypt_capture *decrypt_capture_new(struct sink sink, GHashTable *fates, bool mysql_only)
{
    struct decrypt_capture *c = g_new0(struct decrypt_capture, 1);
    c->writer = pcapng_writer_new(sink, "mywire " MW_VERSION);
    c->fates = fates;
    c->sessions = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_session);
    c->interfaces = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    c->mysql_only = mysql_only;
    return c;
}

enum analysis_end decrypt_capture_run(struct decrypt_capture *c, struct analysis *a, struct analysis_request request)
{
    const struct conn_tap tap = {.user = c,
                                 .bytes = on_bytes,
                                 .preamble = on_preamble,
                                 .take_back = on_take_back,
                                 .settled = on_settled,
                                 .gap = on_missing,
                                 .ended = on_ended};
    const struct conn_observer observer = {
        .user = c, .packet = on_mysql, .looks = looks, .closed = on_closed, .tap = &tap};
    const struct analysis_tap captured = {.user = c, .packet = on_packet, .forgotten = on_forgotten};
    request.tap = &captured;
    return analysis_run(a, &request, &observer);
}

uint64_t decrypt_capture_masked(const struct decrypt_capture *c)
{
    return c->masked;
}

void decrypt_capture_free(struct decrypt_capture *c)
{
    g_hash_table_destroy(c->sessions);
    g_hash_table_destroy(c->interfaces);
    pcapng_writer_free(c->writer);
    g_free(c);
}
