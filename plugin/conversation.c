/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plugin/conversation.h"

#include <string.h>

#include <epan/dissectors/packet-tcp.h>

#include "mywire/decode.h"
#include "plugin/registry.h"
#include "plugin/server.h"
#include "plugin/text.h"

/* One direction of a connection. */
struct side {
    bool counted;          /* `next` is known */
    uint32_t next;         /* TCP sequence number of the next byte to take */
    bool lost;             /* bytes are missing: looking for the next packet */
    uint64_t owed;         /* bytes still to come of a packet whose head was shown */
    struct mw_stamp begin; /* where the packet under way began; number 0: none is */
    bool adrift;           /* envelopes are known, but content is missing: looking for the next packet in one */
    uint8_t *part;         /* content of envelopes that belongs to a packet under way … */
    uint32_t part_length, part_room;
};

/* File scope. */
struct connection {
    struct mw_session *session;
    struct exchanges exchanges;
    struct mw_limits limits;
    struct mw_limit_hits hits;
    struct server server;
    uint32_t since;      /* number of its first frame that came here; 0: none */
    bool header;         /* of a PROXY protocol: it was there */
    bool begun;          /* a packet was recognised */
    uint32_t tls;        /* number of the frame with the SSLRequest; 0: none */
    uint32_t compressed; /* number of the frame from which on, behind what was known then, all is envelopes; 0: none */
    enum mw_algorithm algorithm;
    bool inside_tls;
    struct side sides[2];
};

/* Records of a frame, and how far the dissection under way has come in them. The list has file scope, the rest goes
 * with the packet. */
struct frame {
    wmem_array_t *records;
    unsigned next;
    int dir;      /* of a walk that learns; -1: unknown */
    bool inside;  /* it is inside TLS */
    bool tcp;     /* it is directly over TCP, `seq` counts */
    uint32_t seq; /* of its first byte */
    struct column *column;
};

enum { KEY_RECORDS, KEY_FRAME };

/* Wireshark shows segments as they come, unless told otherwise. */
#define LATE_HINT "; if they come later, the preference tcp.reassemble_out_of_order puts them in order"

/* Content of envelopes that is kept for one packet. Envelopes can claim a thousand times their size. */
#define PART_MAX (64u << 20)

/* Most frames hold a packet or two. */
enum { RECORDS_FIRST = 2 };

/* -- memory -------------------------------------------------------------------------------------------------------- */

static void *file_alloc(void *user, size_t size)
{
    (void)user;
    return wmem_alloc(wmem_file_scope(), size);
}

/* Nothing is given back before the file is closed: records point at columns and statements for as long. */
static const struct mw_mem file_memory = {NULL, file_alloc, NULL};

static struct connection *connection_of(packet_info *pinfo)
{
    conversation_t *conversation = find_or_create_conversation(pinfo);
    struct connection *c = conversation_get_proto_data(conversation, registry_protocol());
    if (c)
        return c;
    c = wmem_new0(wmem_file_scope(), struct connection);
    c->limits = MW_LIMITS_DEFAULT;
    c->limits.packet_head = UINT32_MAX; /* Wireshark has the packet in memory anyway, and shows all of it */
    exchanges_init(&c->exchanges);
    c->session = mw_session_new(&file_memory, &c->limits, &c->hits, &c->exchanges.observer);
    conversation_add_proto_data(conversation, registry_protocol(), c);
    return c;
}

bool connection_known(packet_info *pinfo)
{
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);
    return conversation && conversation_get_proto_data(conversation, registry_protocol());
}

static struct frame *frame_of(packet_info *pinfo)
{
    struct frame *f = p_get_proto_data(pinfo->pool, pinfo, registry_protocol(), KEY_FRAME);
    if (f)
        return f;
    f = wmem_new0(pinfo->pool, struct frame);
    f->records = p_get_proto_data(wmem_file_scope(), pinfo, registry_protocol(), KEY_RECORDS);
    if (!f->records) {
        f->records = wmem_array_sized_new(wmem_file_scope(), sizeof(struct record), RECORDS_FIRST);
        p_add_proto_data(wmem_file_scope(), pinfo, registry_protocol(), KEY_RECORDS, f->records);
    }
    p_add_proto_data(pinfo->pool, pinfo, registry_protocol(), KEY_FRAME, f);
    return f;
}

struct column **walk_column(struct walk *walk)
{
    return &walk->frame->column;
}

/* -- the walk ------------------------------------------------------------------------------------------------------ */

static struct mw_stamp stamp_of(const packet_info *pinfo)
{
    return (struct mw_stamp){.time_ns = (int64_t)pinfo->abs_ts.secs * 1000000000 + pinfo->abs_ts.nsecs,
                             .number = pinfo->num};
}

static void start_compression(const struct walk *walk, unsigned actions)
{
    struct connection *c = walk->connection;
    if (c->compressed || !(actions & (MW_START_ZLIB | MW_START_ZSTD)))
        return;
    c->compressed = walk->pinfo->num;
    c->algorithm = actions & MW_START_ZLIB ? MW_ZLIB : MW_ZSTD;
}

/* Bytes of packets are missing in the direction of the walk. */
static void lose_packets(const struct walk *walk)
{
    struct connection *c = walk->connection;
    struct side *side = &c->sides[walk->frame->dir];
    side->part = NULL;
    side->begin.number = 0;
    if (c->begun)
        start_compression(walk, mw_session_gap(c->session, (enum mw_dir)walk->frame->dir));
}

/* From here on it is not known where the next packet, or envelope, begins. */
static void lose(const struct walk *walk)
{
    walk->connection->sides[walk->frame->dir].lost = true;
    lose_packets(walk);
}

/* TCP's number of the walk's first byte against what was taken so far. */
static void check_gap(const struct walk *walk)
{
    struct side *side = &walk->connection->sides[walk->frame->dir];
    uint32_t seq = walk->frame->seq;
    int32_t gap = side->counted ? (int32_t)(seq - side->next) : 0;
    if (gap <= 0)
        return;
    side->begin.number = 0;
    if ((uint64_t)gap <= side->owed) {
        side->owed -= (uint64_t)gap;
        return;
    }
    side->owed = 0;
    lose(walk);
}

void walk_begin(struct walk *walk, dissector_handle_t handle, int parent, const void *data)
{
    struct frame *f = walk->frame = frame_of(walk->pinfo);
    struct connection *c = walk->connection = connection_of(walk->pinfo);
    walk->first = f->next;
    walk->learning = !PINFO_FD_VISITED(walk->pinfo); /* the only place that asks */
    if (!walk->learning)
        return;
    size_t n = tvb_captured_length(walk->tvb);
    if (!c->since)
        c->since = walk->pinfo->num;
    if (!c->server.known && n)
        server_find(&c->server, walk->pinfo, handle, tvb_get_ptr(walk->tvb, 0, (int)n), n);
    f->dir = server_direction(&c->server, walk->pinfo);
    f->inside = parent == proto_get_id_by_filter_name("tls");
    f->tcp = parent == proto_get_id_by_filter_name("tcp") && data;
    if (f->tcp)
        f->seq = ((const struct tcpinfo *)data)->seq;
    if (f->inside && c->tls && !c->inside_tls) {
        c->inside_tls = true;
        mw_session_tls_started(c->session);
    }
    if (f->tcp && f->dir >= 0)
        check_gap(walk);
}

/* 1 content type, change_cipher_spec to application_data · 2 version · 2 length */
static bool looks_like_tls(tvbuff_t *tvb, uint32_t offset)
{
    uint8_t head[3];
    if (bytes_captured(tvb, offset) < sizeof head)
        return false;
    tvb_memcpy(tvb, head, (int)offset, sizeof head);
    return head[0] >= 20 && head[0] <= 23 && head[1] == 3 && head[2] <= 4;
}

/* Such bytes have no record on a later visit, since none was made on the first. */
bool walk_declines(const struct walk *walk)
{
    const struct frame *f = walk->frame;
    bool ours = walk->learning ? walk->connection->begun : f->next < wmem_array_get_count(f->records);
    return !ours && looks_like_tls(walk->tvb, 0);
}

/* The sequence number behind what was taken. */
static void advance(const struct walk *walk)
{
    const struct frame *f = walk->frame;
    if (!f->tcp || f->dir < 0)
        return;
    struct side *side = &walk->connection->sides[f->dir];
    uint32_t next = f->seq + walk->offset;
    if (!side->counted || (int32_t)(next - side->next) > 0)
        side->next = next;
    side->counted = true;
}

void walk_learnt(struct walk *walk)
{
    advance(walk);
    walk->offset = 0;
    walk->learning = false;
    walk->frame->next = walk->first;
}

static const struct record *keep(struct walk *walk, const struct record *record)
{
    struct frame *f = walk->frame;
    wmem_array_append_one(f->records, *record);
    return wmem_array_index(f->records, f->next++);
}

/* Everything to the end of the data, or `length` bytes. */
static const struct record *keep_bytes(struct walk *walk, enum chunk chunk, uint64_t length, const char *why)
{
    uint32_t left = bytes_on_wire(walk->tvb, walk->offset);
    struct record record = {.chunk = (uint8_t)chunk,
                            .length = length < left ? (uint32_t)length : left,
                            .why = why,
                            .dir = (uint8_t)(walk->frame->dir < 0 ? MW_CLIENT : walk->frame->dir),
                            .dialect = mw_session_ctx(walk->connection->session, MW_SERVER)->dialect};
    return keep(walk, &record);
}

/* Behind a gap: nothing is recognised, and replies may have been in it. */
static const struct record *keep_unread(struct walk *walk, const char *why)
{
    mw_session_skipped(walk->connection->session, (enum mw_dir)walk->frame->dir);
    return keep_bytes(walk, CHUNK_UNREAD, UINT64_MAX, why);
}

static const char *story_of(const struct mw_session *session, const struct mw_msg *msg)
{
    static const char *const paths[] = {
        [MW_PATH_NONE] = "",
        [MW_PATH_FAST] = ", fast path (the hash was cached)",
        [MW_PATH_FULL] = ", full authentication",
        [MW_PATH_FULL_RSA] = ", full authentication with the password under the server's RSA key",
        [MW_PATH_FULL_TLS] = ", full authentication with the password in clear inside TLS",
    };
    const char *wire = mw_session_auth_plugin(session);
    const char *plugin =
        text_utf8(wmem_file_scope(), MW_DIALECT_UNKNOWN, 0, (const uint8_t *)wire, (uint32_t)strlen(wire));
    return wmem_strdup_printf(wmem_file_scope(), "%s%s: %s", plugin[0] ? plugin : "unknown plugin",
                              paths[mw_session_auth_path(session)],
                              msg->kind == MW_KIND_ERR ? "login failed" : "login succeeded");
}

static bool deciding(const struct mw_ctx *ctx)
{
    return ctx->phase == MW_PHASE_AUTH || ctx->phase == MW_PHASE_REAUTH;
}

/* TLS begins behind the packet: in this frame if bytes follow it, else in the next one. Frames up to this one
 * stay ours, so that a later visit of them takes the same way. */
static void start_tls(struct walk *walk, dissector_handle_t handle, dissector_handle_t tls)
{
    walk->connection->tls = walk->pinfo->num;
    ssl_starttls_post_ack(tls, walk->pinfo, handle);
    conversation_t *conversation = find_or_create_conversation(walk->pinfo);
    conversation_set_dissector_from_frame_number(conversation, walk->connection->since, handle);
    conversation_set_dissector_from_frame_number(conversation, walk->pinfo->num + 1, tls);
}

static const struct record *take_packet(struct walk *walk, const struct span *span, dissector_handle_t handle,
                                        dissector_handle_t tls)
{
    struct connection *c = walk->connection;
    enum mw_dir dir = (enum mw_dir)walk->frame->dir;
    struct side *side = &c->sides[dir];
    struct mw_packet packet = span->packet;
    struct record record = {.chunk = CHUNK_PACKET,
                            .dir = (uint8_t)dir,
                            .whole = span->whole,
                            .ctx = *mw_session_pin(c->session, dir, &packet)};
    packet.last = stamp_of(walk->pinfo);
    packet.first = side->begin.number ? side->begin : packet.last;
    side->begin.number = 0;

    struct mw_msg msg;
    mw_decode(&record.ctx, dir, &packet, &msg);
    exchanges_step(&c->exchanges);
    struct mw_step step = mw_session_step(c->session, dir, &msg, &packet);
    record.exchange = c->exchanges.now;
    record.begins = c->exchanges.begun;
    record.ends = c->exchanges.ended;
    record.notes = step.notes;
    record.dialect = mw_session_ctx(c->session, dir)->dialect;
    if (dir == MW_SERVER && deciding(&record.ctx) && !deciding(mw_session_ctx(c->session, MW_SERVER)))
        record.story = story_of(c->session, &msg);
    if (step.actions & MW_START_TLS && tls && !walk->frame->inside)
        start_tls(walk, handle, tls);
    start_compression(walk, step.actions);
    uint64_t here = bytes_on_wire(walk->tvb, walk->offset);
    if (span->wire > here)
        side->owed = span->wire - here;
    return keep(walk, &record);
}

/* The first packet of a connection. Neither greeting nor login: the capture begins inside. */
static enum mw_guess begin(struct connection *c, enum mw_dir dir, const uint8_t *p, size_t n)
{
    enum mw_guess guess = dir == MW_SERVER ? mw_looks_like_greeting(p, n) : mw_looks_like_login(p, n);
    if (guess == MW_NO && mw_looks_like_packet(dir, p, n) == MW_YES) {
        mw_session_midstream(c->session);
        guess = MW_YES;
    }
    c->begun = guess == MW_YES;
    return guess;
}

/* The first packet behind a gap. */
static bool regain(enum mw_dir dir, const uint8_t *p, size_t n)
{
    return mw_looks_like_next(dir, p, n) == MW_YES || (dir == MW_CLIENT && mw_looks_like_login(p, n) == MW_YES);
}

/* What stands here and is no packet, as far as the state of the connection tells. */
static const struct record *take_other(struct walk *walk)
{
    struct connection *c = walk->connection;
    struct frame *f = walk->frame;
    if (f->dir < 0)
        return keep_bytes(walk, CHUNK_UNREAD, UINT64_MAX, "Neither greeting, login nor command: the side is not known");
    struct side *side = &c->sides[f->dir];
    int32_t old = f->tcp && side->counted ? (int32_t)(side->next - (f->seq + walk->offset)) : 0;
    if (old > 0)
        return keep_bytes(
            walk, CHUNK_UNREAD, (uint64_t)old,
            "These bytes come late or again; the preference tcp.reassemble_out_of_order puts them in order");
    if (c->tls == walk->pinfo->num && !f->inside)
        return keep_bytes(walk, CHUNK_TLS, UINT64_MAX, NULL);
    if (c->tls && !f->inside)
        return keep_bytes(walk, CHUNK_UNREAD, UINT64_MAX, "TLS that Wireshark's dissector did not take");
    if (side->owed) {
        uint64_t here = bytes_on_wire(walk->tvb, walk->offset), owed = side->owed;
        side->owed -= owed < here ? owed : here;
        return keep_bytes(walk, CHUNK_REST, owed, NULL);
    }
    return NULL;
}

/* -- the header of a PROXY protocol ---------------------------------------------------------------------------------
 */

static const struct record *peek(const struct walk *walk)
{
    const struct frame *f = walk->frame;
    return f->next < wmem_array_get_count(f->records) ? wmem_array_index(f->records, f->next) : NULL;
}

/* Nothing of the direction was taken, and nothing is known of the connection. */
static bool at_beginning(const struct walk *walk)
{
    const struct frame *f = walk->frame;
    const struct connection *c = walk->connection;
    const struct side *side = f->dir < 0 ? NULL : &c->sides[f->dir];
    return !c->begun && !c->header && f->tcp && !f->inside && (!side || !side->counted || side->next == f->seq);
}

enum mw_guess walk_header(const struct walk *walk, struct mw_proxy *proxy)
{
    const struct record *record = walk->learning ? NULL : peek(walk);
    uint32_t n = bytes_captured(walk->tvb, 0);
    if (walk->content || walk->offset || n == 0 || (record && record->chunk != CHUNK_HEADER) ||
        (walk->learning && !at_beginning(walk)))
        return MW_NO;
    enum mw_guess guess = mw_proxy_read(tvb_get_ptr(walk->tvb, 0, (int)n), n, proxy);
    if (guess == MW_MAYBE)
        return walk->can_wait && n == tvb_reported_length(walk->tvb) ? MW_MAYBE : MW_NO;
    return guess == MW_YES && (walk->learning || record) ? MW_YES : MW_NO;
}

const struct record *walk_header_record(struct walk *walk, const struct mw_proxy *proxy)
{
    if (!walk->learning) {
        const struct record *record = peek(walk);
        walk->frame->next++;
        return record;
    }
    walk->connection->header = true;
    return keep_bytes(walk, CHUNK_HEADER, proxy->length, NULL);
}

/* -- envelopes ----------------------------------------------------------------------------------------------------- */

/* Does the packet that begins with the side's part end in these `n` bytes? Looks at the headers of its parts. */
static bool completes(const struct side *side, const uint8_t *p, uint32_t n)
{
    uint64_t at = 0, total = (uint64_t)side->part_length + n;
    uint32_t length;
    do {
        if (at + MW_HEADER > total)
            return false;
        length = 0;
        for (unsigned i = 0; i < 3; i++) {
            uint64_t k = at + i;
            length |= (uint32_t)(k < side->part_length ? side->part[k] : p[k - side->part_length]) << 8 * i;
        }
        at += MW_HEADER + length;
    } while (length == MW_PART_MAX);
    return at <= total;
}

static void add_part(struct side *side, const uint8_t *p, uint32_t n)
{
    if (!side->part)
        side->part_length = side->part_room = 0;
    if (side->part_room - side->part_length < n) {
        side->part_room = MAX(side->part_length + n, side->part_room * 2);
        side->part = wmem_realloc(wmem_file_scope(), side->part, side->part_room);
    }
    memcpy(side->part + side->part_length, p, n);
    side->part_length += n;
}

static const struct record *learn_envelope(struct walk *walk, const struct envelope *envelope)
{
    struct connection *c = walk->connection;
    const struct record *other = take_other(walk);
    if (other)
        return other;
    enum mw_dir dir = (enum mw_dir)walk->frame->dir;
    struct side *side = &c->sides[dir];
    const uint8_t *data = envelope->data;
    if (side->lost) {
        if (walk->offset > 0 || !data || !regain(dir, data, envelope->length))
            return keep_unread(walk, "Bytes are missing before these, and no compressed frame begins here" LATE_HINT);
        side->lost = side->adrift = false;
    }
    if (!envelope->whole && walk->can_wait)
        return NULL;
    if (!envelope->readable) {
        lose(walk);
        return keep_bytes(walk, CHUNK_UNREAD, UINT64_MAX, "The capture ends before the compressed frame's header does");
    }
    uint32_t here = bytes_on_wire(walk->tvb, walk->offset);
    struct record record = {.chunk = CHUNK_ENVELOPE,
                            .dir = (uint8_t)dir,
                            .whole = envelope->whole,
                            .length = MIN(envelope->wire, here),
                            .dialect = mw_session_ctx(c->session, MW_SERVER)->dialect};
    side->owed = envelope->wire - record.length;
    if (!data) {
        side->adrift = true;
        lose_packets(walk);
    } else if (side->part && completes(side, data, envelope->length)) {
        record.carried = side->part;
        record.carried_length = side->part_length;
        side->part = NULL;
    }
    return keep(walk, &record);
}

/* A packet in the content of envelopes. What is not complete goes with what the next envelope holds. */
static const struct record *learn_content(struct walk *walk, const struct span *span, dissector_handle_t handle,
                                          dissector_handle_t tls)
{
    enum mw_dir dir = (enum mw_dir)walk->frame->dir;
    struct side *side = &walk->connection->sides[dir];
    uint32_t n = bytes_captured(walk->tvb, walk->offset);
    const uint8_t *p = tvb_get_ptr(walk->tvb, (int)walk->offset, (int)n);
    if (side->adrift) {
        if (walk->offset > 0 || !regain(dir, p, n))
            return keep_unread(walk, "Bytes are missing before these, and no packet begins here");
        side->adrift = false;
    }
    if (!side->part && span->whole)
        return take_packet(walk, span, handle, tls);
    if (n > PART_MAX - (side->part ? side->part_length : 0)) {
        side->adrift = true;
        lose_packets(walk);
        return keep_bytes(walk, CHUNK_UNREAD, UINT64_MAX,
                          "A packet that takes more than 64 MiB of compressed frames is not joined");
    }
    if (!side->begin.number)
        side->begin = stamp_of(walk->pinfo);
    add_part(side, p, n);
    return keep_bytes(walk, CHUNK_PART, UINT64_MAX, NULL);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static const struct record *learn(struct walk *walk, const struct span *span, dissector_handle_t handle,
                                  dissector_handle_t tls)
{
    struct connection *c = walk->connection;
    const struct record *other = take_other(walk);
    if (other)
        return other;
    struct side *side = &c->sides[walk->frame->dir];
    enum mw_dir dir = (enum mw_dir)walk->frame->dir;
    size_t n = bytes_captured(walk->tvb, walk->offset);
    const uint8_t *p = n ? tvb_get_ptr(walk->tvb, (int)walk->offset, (int)n) : (const uint8_t *)"";
    bool wait = !span->whole && walk->can_wait;
    if (!c->begun && c->header && walk->offset && looks_like_tls(walk->tvb, walk->offset))
        return keep_bytes(walk, CHUNK_TLS, UINT64_MAX, NULL);
    if (!c->begun) {
        enum mw_guess guess = begin(c, dir, p, n);
        if (guess == MW_NO || (guess == MW_MAYBE && !span->readable && !wait))
            return keep_bytes(walk, CHUNK_UNREAD, UINT64_MAX, "No packet is recognised in these bytes");
        c->begun |= !wait;
    } else if (side->lost) {
        if (walk->offset > 0 || !regain(dir, p, n))
            return keep_unread(walk, "Bytes are missing before these, and no packet begins here" LATE_HINT);
        side->lost = false;
    }
    if (wait) {
        if (!side->begin.number)
            side->begin = stamp_of(walk->pinfo);
        return NULL;
    }
    if (!span->readable) {
        lose(walk);
        return keep_bytes(walk, CHUNK_UNREAD, UINT64_MAX, "The capture ends before the packet's header does");
    }
    return take_packet(walk, span, handle, tls);
}

/* The next record. `chunk` is what the bytes were read as, perhaps not whole. */
static const struct record *recall(struct walk *walk, enum chunk chunk, bool whole)
{
    const struct record *record = peek(walk);
    if (!record || (record->chunk == chunk && record->whole && !whole))
        return NULL; /* it belongs to a later call for this frame */
    walk->frame->next++;
    return record;
}

const struct record *walk_record(struct walk *walk, const struct span *span, dissector_handle_t handle,
                                 dissector_handle_t tls)
{
    if (!walk->learning)
        return recall(walk, CHUNK_PACKET, span->whole);
    return walk->content ? learn_content(walk, span, handle, tls) : learn(walk, span, handle, tls);
}

const struct record *walk_envelope(struct walk *walk, const struct envelope *envelope)
{
    return walk->learning ? learn_envelope(walk, envelope) : recall(walk, CHUNK_ENVELOPE, envelope->whole);
}

/* A later visit without a record waits for more: behind all that the frame has told, as the first visit did. */
bool walk_compressed(const struct walk *walk, enum mw_algorithm *algorithm)
{
    const struct connection *c = walk->connection;
    const struct record *record = walk->learning ? NULL : peek(walk);
    *algorithm = c->algorithm;
    if (walk->content)
        return false;
    if (record)
        return record->chunk == CHUNK_ENVELOPE;
    return c->compressed && walk->pinfo->num >= c->compressed;
}
