/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/decrypt_stream.h"

#include <string.h>

#include "mywire/names.h"

/* Bytes of a packet that may be held: the decoder sees no more of one either. */
enum { HOLD_MAX = 1 << 18 };

/* What stands where a password was. */
enum { COVER = '*' };

/* Bytes that came at once. */
struct piece {
    GByteArray *bytes;
    GByteArray *frame; /* as they were compressed, header included; NULL: they were not, or will not be */
    uint8_t sequence;  /* of the frame */
    bool changed;
    int64_t time_ns;
};

/* One direction. */
struct side {
    GQueue held;   /* of struct piece: not written yet */
    size_t n;      /* bytes of them */
    size_t done;   /* of these, bytes of packets that were shown */
    bool passing;  /* the packet under way is being written as it comes … */
    bool covering; /* … and covered, since it may hold a password */
};

struct decrypt_stream {
    struct decrypt_plan plan;
    struct decrypt_sink sink;
    struct side side[2];
    bool dropped;   /* the SSLRequest is gone */
    bool decided;   /* the server has decided about the login */
    bool command;   /* the client has sent one */
    bool lossy;     /* what a packet is may be misjudged */
    int64_t now_ns; /* when the last bytes came */
    uint64_t masked;
};

struct decrypt_stream *decrypt_stream_new(struct decrypt_plan plan, struct decrypt_sink sink)
{
    struct decrypt_stream *s = g_new0(struct decrypt_stream, 1);
    s->plan = plan;
    s->sink = sink;
    return s;
}

static void free_piece(gpointer item)
{
    struct piece *piece = item;
    g_byte_array_unref(piece->bytes);
    if (piece->frame)
        g_byte_array_unref(piece->frame);
    g_free(piece);
}

void decrypt_stream_free(struct decrypt_stream *s)
{
    if (!s)
        return;
    for (int dir = 0; dir < 2; dir++)
        g_queue_clear_full(&s->side[dir].held, free_piece);
    g_free(s);
}

uint64_t decrypt_stream_masked(const struct decrypt_stream *s)
{
    return s->masked;
}

/* Whether packets of `dir` may have to be changed: of the server until it has decided about the login, of the client at
 * any time, for it may log in again. */
bool decrypt_stream_looks(const struct decrypt_stream *s, enum mw_dir dir)
{
    return dir == MW_CLIENT || !s->decided;
}

/* -- what is held -------------------------------------------------------------------------------------------------- */

/* The byte at that place of what is held, to be changed. */
static uint8_t *touch(struct side *side, size_t at)
{
    for (GList *i = side->held.head; i; i = i->next) {
        struct piece *piece = i->data;
        if (at < piece->bytes->len) {
            piece->changed = true;
            return &piece->bytes->data[at];
        }
        at -= piece->bytes->len;
    }
    g_assert_not_reached();
}

static uint8_t peek(const struct side *side, size_t at)
{
    for (GList *i = side->held.head; i; i = i->next) {
        const struct piece *piece = i->data;
        if (at < piece->bytes->len)
            return piece->bytes->data[at];
        at -= piece->bytes->len;
    }
    g_assert_not_reached();
}

/* Takes bytes out. */
static void cut(struct side *side, size_t at, size_t n)
{
    side->n -= n;
    for (GList *i = side->held.head; i && n > 0; i = i->next) {
        struct piece *piece = i->data;
        if (at >= piece->bytes->len) {
            at -= piece->bytes->len;
            continue;
        }
        size_t here = MIN(n, piece->bytes->len - at);
        g_byte_array_remove_range(piece->bytes, (guint)at, (guint)here);
        piece->changed = true;
        n -= here;
        /* What is left of this piece stands before. */
        at = 0;
    }
}

static void cover(struct side *side, size_t from, size_t to)
{
    size_t begin = 0;
    for (GList *i = side->held.head; i && begin < to; i = i->next) {
        struct piece *piece = i->data;
        size_t end = begin + piece->bytes->len;
        size_t first = MAX(from, begin), last = MIN(to, end);
        if (first < last) {
            memset(piece->bytes->data + (first - begin), COVER, last - first);
            piece->changed = true;
        }
        begin = end;
    }
}

/* Writes the first `n` bytes of a piece; of one that was compressed all. A frame that was changed is stored: that needs
 * no compression, and every reader knows it. */
static void write_piece(const struct decrypt_stream *s, enum mw_dir dir, const struct piece *piece, size_t n)
{
    const GByteArray *bytes = piece->bytes;
    if (piece->frame && !piece->changed) {
        s->sink.data(s->sink.user, dir, piece->frame->data, piece->frame->len, piece->time_ns);
        return;
    }
    if (piece->frame) {
        uint8_t header[MW_FRAME_HEADER];
        mw_frame_header(header, (uint32_t)n, piece->sequence, 0);
        s->sink.data(s->sink.user, dir, header, sizeof header, piece->time_ns);
    }
    if (n)
        s->sink.data(s->sink.user, dir, bytes->data, n, piece->time_ns);
}

/* Writes the first `n` bytes that are held, as far as frames allow. */
static void write_held(struct decrypt_stream *s, enum mw_dir dir, size_t n)
{
    struct side *side = &s->side[dir];
    while (!g_queue_is_empty(&side->held)) {
        struct piece *piece = side->held.head->data;
        size_t here = MIN(n, piece->bytes->len);
        bool whole = here == piece->bytes->len;
        if (!whole && (piece->frame || here == 0))
            return;
        write_piece(s, dir, piece, here);
        side->n -= here;
        side->done -= MIN(here, side->done);
        n -= here;
        if (whole) {
            free_piece(g_queue_pop_head(&side->held));
        } else {
            g_byte_array_remove_range(piece->bytes, 0, (guint)here);
            return;
        }
    }
}

/* -- what packets are changed to ----------------------------------------------------------------------------------- */

/* Clears a capability whose bits of 16 begin at `at`. */
static void clear_bit(struct side *side, size_t at, unsigned bit)
{
    *touch(side, at + bit / 8) &= (uint8_t) ~(1u << bit % 8);
}

/* Clears what does not hold any more. `low` and `high`: where capabilities 0 to 15 and 16 to 31 stand, 0: nowhere. */
static void clear_capabilities(struct decrypt_stream *s, struct side *side, size_t low, size_t high, bool ssl)
{
    if (low && ssl && !s->plan.keep_ssl_flag)
        clear_bit(side, low, MW_BIT_CLIENT_SSL);
    if (low && s->plan.decompress)
        clear_bit(side, low, MW_BIT_CLIENT_COMPRESS);
    if (high && s->plan.decompress)
        clear_bit(side, high, MW_BIT_CLIENT_ZSTD_COMPRESSION_ALGORITHM - 16);
}

/* Where a field stands in what is held, if the packet begins at `start`; 0: the packet has none. */
static size_t find_field(const struct items *items, enum mw_field_id field, size_t start)
{
    for (size_t i = 0; i < items->count; i++)
        if (items->entries[i].item.field == field)
            return start + items->entries[i].item.offset;
    return 0;
}

static void change_greeting(struct decrypt_stream *s, const struct conn_packet *p, size_t start)
{
    clear_capabilities(s, &s->side[MW_SERVER], find_field(p->items, MW_F_CAPS_SERVER, start),
                       find_field(p->items, MW_F_EXTCAPS_SERVER, start), s->plan.ssl_request);
}

/* Returns how many bytes of the packet are gone. */
static size_t change_login(struct decrypt_stream *s, const struct conn_packet *p, size_t start)
{
    struct side *side = &s->side[MW_CLIENT];
    size_t low = start + MW_HEADER;
    if (p->packet->length < 2)
        return 0;
    bool wide = p->msg->login.protocol_41 && p->packet->length >= 4;
    clear_capabilities(s, side, low, wide ? low + 2 : 0, s->plan.tls);
    size_t level = s->plan.decompress ? find_field(p->items, MW_F_ZSTD_LEVEL, start) : 0;
    if (!level)
        return 0;
    /* The field goes with its capability. */
    size_t length = (size_t)p->packet->length - 1;
    for (int i = 0; i < 3; i++)
        *touch(side, start + (size_t)i) = (uint8_t)(length >> 8 * i);
    cut(side, level, 1);
    return 1;
}

/* Whether what that plugin's client says first in a login is a password, or may be for all that is known. */
static bool speaks_clear(enum mw_auth_plugin plugin)
{
    switch (plugin) {
    case MW_AUTH_MYSQL_CLEAR:
    case MW_AUTH_DIALOG:
    case MW_AUTH_SHA256:
    case MW_AUTH_OPENID_CONNECT:
    case MW_AUTH_UNKNOWN: return true;
    default: return false;
    }
}

/* Covers a value of the packet that begins at `start`, but for zeros behind it. */
static void mask(struct decrypt_stream *s, const struct conn_packet *p, size_t start, const uint8_t *value, size_t n)
{
    const uint8_t *payload = p->packet->payload;
    while (n > 0 && value && value[n - 1] == 0)
        n--;
    if (n == 0 || !value || value < payload || value + n > payload + p->packet->have)
        return;
    size_t at = start + MW_HEADER + (size_t)(value - payload);
    cover(&s->side[MW_CLIENT], at, at + n);
    s->masked++;
}

static void mask_login(struct decrypt_stream *s, const struct conn_packet *p, const struct mw_login *login,
                       size_t start)
{
    /* Without a name it is the session's, and without any it is a hash of old. A lone byte of sha256_password asks for
     * the server's key. */
    enum mw_auth_plugin plugin =
        login->plugin.p ? mw_auth_plugin_from(login->plugin) : (enum mw_auth_plugin)p->ctx->plugin;
    if ((login->plugin.p || plugin != MW_AUTH_UNKNOWN) && speaks_clear(plugin) &&
        (plugin != MW_AUTH_SHA256 || login->auth.n > 1))
        mask(s, p, start, login->auth.p, login->auth.n);
}

static bool is_password(const struct conn_packet *p, enum mw_field_id field)
{
    switch (field) {
    case MW_F_AUTH_PASSWORD:
    case MW_F_SLAVE_PASSWORD: return true;
    case MW_F_AUTH_TOKEN: return p->ctx->plugin == MW_AUTH_OPENID_CONNECT;
    case MW_F_AUTH_ANSWER: return p->ctx->plugin == MW_AUTH_UNKNOWN;
    default: return false;
    }
}

/* Covers the passwords in a packet of the client. */
static void mask_packet(struct decrypt_stream *s, const struct conn_packet *p, size_t start, size_t end)
{
    if (p->msg->kind == MW_KIND_LOGIN)
        mask_login(s, p, &p->msg->login, start);
    else if (p->msg->kind == MW_KIND_COMMAND && p->msg->request.command == MW_COM_CHANGE_USER)
        mask_login(s, p, &p->msg->request.login, start);
    for (size_t i = 0; i < p->items->count; i++) {
        const struct mw_item *item = &p->items->entries[i].item;
        if (is_password(p, item->field))
            mask(s, p, start, item->p, item->n);
    }
    switch (p->msg->kind) {
    case MW_KIND_LOGIN:
    case MW_KIND_SSL_REQUEST:
    case MW_KIND_AUTH_RESPONSE:
    case MW_KIND_FILE_DATA:
    case MW_KIND_FILE_END:
    case MW_KIND_STREAM: return;
    default: break;
    }
    /* An answer amid a login that is not recognised as one, for bytes are missing. */
    if (p->packet->sequence != 0 && (s->lossy || !s->decided)) {
        cover(&s->side[MW_CLIENT], start + MW_HEADER, end);
        s->masked++;
    }
}

/* -- packets ------------------------------------------------------------------------------------------------------- */

/* Whether packets of `dir` still count on from the SSLRequest. */
static bool is_numbered(const struct decrypt_stream *s, enum mw_dir dir)
{
    return s->dropped && (dir == MW_SERVER ? !s->decided : !s->command && !s->decided);
}

/* Learns how far the session is. */
static void follow(struct decrypt_stream *s, const struct conn_packet *p)
{
    switch (p->msg->kind) {
    case MW_KIND_UNKNOWN:
    case MW_KIND_DAMAGED:
    case MW_KIND_GREETING:
    case MW_KIND_AUTH_SWITCH:
    case MW_KIND_OLD_AUTH_SWITCH:
    case MW_KIND_AUTH_MORE:
    case MW_KIND_AUTH_NEXT_FACTOR:
    case MW_KIND_PROGRESS: break;
    default: s->decided |= p->dir == MW_SERVER;
    }
    s->command |= p->msg->kind == MW_KIND_COMMAND && p->packet->sequence == 0;
}

void decrypt_stream_packet(struct decrypt_stream *s, const struct conn_packet *p)
{
    struct side *side = &s->side[p->dir];
    size_t end = side->n - MIN(p->behind, side->n), size = MW_HEADER + (size_t)p->packet->length, gone = 0;
    bool whole = p->packet->parts == 1 && p->packet->lost == 0 && size <= end && end - size >= side->done;
    size_t start = whole ? end - size : end;
    /* What stands before it belongs to none that was recognised. */
    bool unsafe = p->dir == MW_CLIENT && !s->plan.show_secrets && !s->command;
    if (side->covering || (unsafe && !side->passing))
        cover(side, MIN(side->done, start), start);
    if (whole && is_numbered(s, p->dir) && !(p->dir == MW_CLIENT && p->msg->kind == MW_KIND_COMMAND))
        --*touch(side, start + 3);
    if (whole && p->dir == MW_CLIENT && !s->plan.show_secrets)
        mask_packet(s, p, start, end);
    if (whole && p->msg->kind == MW_KIND_GREETING && p->dir == MW_SERVER) {
        change_greeting(s, p, start);
    } else if (whole && p->msg->kind == MW_KIND_LOGIN) {
        gone = change_login(s, p, start);
    } else if (whole && p->msg->kind == MW_KIND_SSL_REQUEST && s->plan.ssl_request) {
        cut(side, start, size);
        gone = size;
        s->dropped = true;
    }
    follow(s, p);
    side->done = end - gone;
    side->passing = side->covering = false;
}

/* -- bytes --------------------------------------------------------------------------------------------------------- */

void decrypt_stream_bytes(struct decrypt_stream *s, const struct conn_bytes *b)
{
    struct side *side = &s->side[b->dir];
    bool framed = b->frame && !s->plan.decompress;
    if (!decrypt_stream_looks(s, b->dir) && !framed && side->n == 0) {
        s->sink.data(s->sink.user, b->dir, b->p, b->n, b->stamp.time_ns);
        return;
    }
    struct piece *last = g_queue_peek_tail(&side->held);
    side->n += b->n;
    s->now_ns = b->stamp.time_ns;
    if (last && !framed && !last->frame && last->time_ns == b->stamp.time_ns) {
        g_byte_array_append(last->bytes, b->p, (guint)b->n);
        return;
    }
    struct piece *piece = g_new0(struct piece, 1);
    piece->time_ns = b->stamp.time_ns;
    piece->bytes = g_byte_array_sized_new((guint)b->n);
    g_byte_array_append(piece->bytes, b->p, (guint)b->n);
    if (framed) {
        uint8_t header[MW_FRAME_HEADER];
        guint n = b->frame->sent - MW_FRAME_HEADER;
        mw_frame_header(header, (uint32_t)n, b->frame->sequence, b->frame->stored ? 0 : b->frame->length);
        piece->sequence = b->frame->sequence;
        piece->frame = g_byte_array_sized_new(b->frame->sent);
        g_byte_array_append(piece->frame, header, sizeof header);
        g_byte_array_append(piece->frame, b->frame->body, n);
    }
    g_queue_push_tail(&side->held, piece);
}

void decrypt_stream_take_back(struct decrypt_stream *s, enum mw_dir dir, size_t n)
{
    struct side *side = &s->side[dir];
    n = MIN(n, side->n);
    cut(side, side->n - n, n);
    side->done = MIN(side->done, side->n);
}

/* Whether the packet that begins what is left, `tail` bytes of it, may have to be changed once it is whole. */
static bool must_hold(const struct decrypt_stream *s, enum mw_dir dir, enum mw_phase phase, size_t tail)
{
    const struct side *side = &s->side[dir];
    if (dir == MW_SERVER)
        return !s->decided;
    if (!s->command)
        return true;
    if (s->plan.show_secrets || phase == MW_PHASE_FILE || phase == MW_PHASE_STREAMING)
        return false;
    if (phase != MW_PHASE_COMMAND || tail <= MW_HEADER)
        return true;
    uint8_t command = peek(side, side->done + MW_HEADER);
    return command == MW_COM_CHANGE_USER || command == MW_COM_REGISTER_SLAVE ||
           (s->lossy && peek(side, side->done + 3) != 0);
}

/* Lets the packet under way go though it is not whole: its header, and what may be a password covered. */
static void let_go(struct decrypt_stream *s, enum mw_dir dir)
{
    struct side *side = &s->side[dir];
    size_t payload = MIN(side->done + MW_HEADER, side->n);
    if (side->n > side->done + 3 && is_numbered(s, dir))
        --*touch(side, side->done + 3);
    side->covering = dir == MW_CLIENT && !s->plan.show_secrets;
    side->passing = true;
    if (side->covering)
        cover(side, payload, side->n);
}

void decrypt_stream_settled(struct decrypt_stream *s, enum mw_dir dir, enum mw_phase phase)
{
    struct side *side = &s->side[dir];
    size_t tail = side->n - side->done;
    if (tail > 0 && side->covering)
        cover(side, side->done, side->n);
    if (tail > 0 && !side->passing) {
        if (!must_hold(s, dir, phase, tail)) {
            side->passing = true;
        } else if (tail <= HOLD_MAX) {
            write_held(s, dir, side->done);
            return;
        } else {
            let_go(s, dir);
        }
    }
    write_held(s, dir, side->n);
}

void decrypt_stream_end(struct decrypt_stream *s, enum mw_dir dir)
{
    struct side *side = &s->side[dir];
    size_t tail = side->n - side->done;
    if (tail > 0 && !side->passing && must_hold(s, dir, MW_PHASE_COMMAND, tail))
        let_go(s, dir);
    write_held(s, dir, side->n);
}

void decrypt_stream_gap(struct decrypt_stream *s, enum mw_dir dir, uint64_t n, const struct mw_frame *damaged,
                        bool inside)
{
    struct side *side = &s->side[dir];
    decrypt_stream_end(s, dir);
    s->lossy = true;
    side->passing = inside;
    side->covering &= inside;
    if (damaged && !s->plan.decompress) {
        /* Its header was seen: with it, readers know how much is missing. */
        uint8_t header[MW_FRAME_HEADER];
        size_t sent = damaged->sent - MW_FRAME_HEADER;
        mw_frame_header(header, (uint32_t)sent, damaged->sequence, damaged->length == sent ? 0 : damaged->length);
        s->sink.data(s->sink.user, dir, header, sizeof header, s->now_ns);
        n = sent;
    }
    s->sink.gap(s->sink.user, dir, n == UINT64_MAX ? DECRYPT_UNKNOWN_GAP : n);
}
