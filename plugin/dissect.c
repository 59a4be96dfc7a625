/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layout: 3 length · 1 sequence id · payload; a payload of 0xFFFFFF bytes is continued by the next part. */
#include "plugin/dissect.h"

#include <string.h>

#include "mywire/decode.h"
#include "plugin/line.h"
#include "plugin/registry.h"
#include "plugin/server.h"
#include "plugin/text.h"
#include "plugin/tree.h"

/* Bytes of a packet that are joined and decoded; what is longer shows its head. The servers' maximum is 1 GiB. */
#define JOINED_MAX (64u << 20)

/* Bytes that a heuristic looks at. */
enum { LOOK = 4096 };

/* Longest summary of a packet in the Info column, and behind its node in the tree. */
enum { SUMMARY_MAX = 512, NODE_MAX = 100 };

struct options dissect_options = {.desegment = TRUE, .built_in = FALSE};

static dissector_handle_t own_handle;
static dissector_handle_t tls_handle;
static int built_in_protocol = -1;

void dissect_handoff(dissector_handle_t own)
{
    own_handle = own;
    tls_handle = find_dissector("tls");
    built_in_protocol = proto_registrar_get_id_byname("mysql");
}

/* -- framing ------------------------------------------------------------------------------------------------------- */

static uint32_t min_u32(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

/* The first header, and the payloads of all parts behind it. */
static void join_parts(packet_info *pinfo, tvbuff_t *tvb, uint32_t offset, struct span *span)
{
    uint32_t total = min_u32(span->packet.length, JOINED_MAX), have = 0;
    uint8_t *joined = wmem_alloc(pinfo->pool, MW_HEADER + total);
    tvb_memcpy(tvb, joined, (int)offset, MW_HEADER);
    for (uint32_t part = 0; part < span->packet.parts && have < total; part++) {
        uint32_t length = tvb_get_letoh24(tvb, (int)offset);
        uint32_t there = min_u32(bytes_captured(tvb, offset + MW_HEADER), length);
        uint32_t n = min_u32(there, total - have);
        tvb_memcpy(tvb, joined + MW_HEADER + have, (int)(offset + MW_HEADER), n);
        have += n;
        if (n < length)
            break;
        offset += MW_HEADER + length;
    }
    span->tvb = tvb_new_child_real_data(tvb, joined, MW_HEADER + have, (int)(MW_HEADER + have));
    span->base = 0;
    span->packet.have = have;
    span->packet.payload = joined + MW_HEADER;
}

/* Reads headers from `offset` on to the end of the packet, or of the data. */
static void read_headers(tvbuff_t *tvb, uint32_t offset, struct span *span)
{
    uint32_t at = offset, length;
    do {
        uint32_t left = bytes_on_wire(tvb, at);
        if (bytes_captured(tvb, at) < MW_HEADER) {
            span->missing = left < MW_HEADER && at != offset ? MW_HEADER - left : 0;
            return;
        }
        length = tvb_get_letoh24(tvb, (int)at);
        uint8_t sequence = *tvb_get_ptr(tvb, (int)at + 3, 1);
        if (at == offset)
            span->packet.sequence = sequence;
        else
            span->packet.broken_parts |= sequence != (uint8_t)(span->packet.last_sequence + 1);
        span->packet.last_sequence = sequence;
        span->packet.parts++;
        span->packet.length += length;
        span->wire += MW_HEADER + length;
        span->readable = true;
        if (left - MW_HEADER < length) {
            span->missing = length - (left - MW_HEADER);
            return;
        }
        at += MW_HEADER + length;
    } while (length == MW_PART_MAX);
    span->whole = true;
}

static void read_span(packet_info *pinfo, tvbuff_t *tvb, uint32_t offset, struct span *span)
{
    static const uint8_t nothing[1];
    *span = (struct span){.tvb = tvb, .base = offset};
    read_headers(tvb, offset, span);
    if (!span->readable)
        return;
    if (span->packet.parts > 1 && span->whole) {
        join_parts(pinfo, tvb, offset, span);
        return;
    }
    uint32_t there = bytes_captured(tvb, offset + MW_HEADER);
    span->packet.have = min_u32(there, span->packet.length);
    span->packet.payload =
        span->packet.have ? tvb_get_ptr(tvb, (int)(offset + MW_HEADER), (int)span->packet.have) : nothing;
}

/* -- showing ------------------------------------------------------------------------------------------------------- */

static void show_dialect(packet_info *pinfo, const struct record *record)
{
    col_set_str(pinfo->cinfo, COL_PROTOCOL, record->dialect == MW_DIALECT_MARIADB ? "MariaDB" : "MySQL");
}

static void show_summary(struct walk *walk, const struct record *record, const struct mw_packet *packet,
                         const struct mw_msg *msg, proto_item *item)
{
    char raw[SUMMARY_MAX];
    packet_info *pinfo = walk->pinfo;
    size_t n = mw_summary(&record->ctx, (enum mw_dir)record->dir, msg, raw, sizeof raw);
    const char *text =
        text_utf8(pinfo->pool, record->dialect, record->ctx.collation, (const uint8_t *)raw, (uint32_t)n);
    line_add(*walk_column(walk), pinfo, record, packet, msg, text);
    proto_item_append_text(item, ", %s", text_cut(pinfo->pool, text, NODE_MAX));
}

/* The filter `mysql` goes on matching. */
static void mark_built_in(proto_tree *tree, tvbuff_t *tvb, uint32_t offset, uint32_t length)
{
    if (built_in_protocol <= 0)
        return;
    proto_item *item = proto_tree_add_item(tree, built_in_protocol, tvb, (int)offset, (int)length, ENC_NA);
    proto_item_set_hidden(item);
}

static proto_item *add_node(proto_tree *tree, tvbuff_t *tvb, uint32_t offset, uint32_t length)
{
    proto_item *item = proto_tree_add_item(tree, registry_protocol(), tvb, (int)offset, (int)length, ENC_NA);
    mark_built_in(proto_item_add_subtree(item, registry_packet_tree()), tvb, offset, length);
    return item;
}

static void show_packet(struct walk *walk, proto_tree *tree, const struct span *span, const struct record *record)
{
    struct mw_msg msg;
    proto_item *item = NULL;
    const char *more = "";
    if (span->tvb != walk->tvb)
        add_new_data_source(walk->pinfo, span->tvb, "Joined MySQL packet");
    if (tree) {
        const struct tree_place place = {walk->pinfo, span->tvb, span->base};
        item = add_node(tree, span->tvb, span->base, MW_HEADER + span->packet.have);
        more = tree_render(&place, item, &record->ctx, (enum mw_dir)record->dir, &span->packet, record->notes, &msg);
        proto_tree *node = proto_item_add_subtree(item, registry_packet_tree());
        exchange_show_statement(&record->ctx, node, span->tvb, walk->pinfo);
        if (record->exchange)
            exchange_show(record->exchange, node, span->tvb, (enum mw_dir)record->dir, record->begins, record->ends);
        if (record->story)
            proto_item_set_generated(
                proto_tree_add_string(node, registry_own_field(OWN_AUTH_SUMMARY), span->tvb, 0, 0, record->story));
    } else {
        mw_decode(&record->ctx, (enum mw_dir)record->dir, &span->packet, &msg);
    }
    show_summary(walk, record, &span->packet, &msg, item);
    proto_item_append_text(item, "%s", more);
}

static void show_bytes(struct walk *walk, proto_tree *tree, uint32_t length, const struct record *record)
{
    static const struct {
        enum own_field field;
        const char *text;
    } kinds[] = {
        [CHUNK_REST] = {OWN_REST, "Rest of a packet"},
        [CHUNK_PART] = {OWN_PART, "Part of a packet"},
        [CHUNK_UNREAD] = {OWN_UNREAD, "Undecoded data"},
    };
    enum chunk chunk = record ? (enum chunk)record->chunk : CHUNK_UNREAD;
    uint32_t there = min_u32(length, bytes_captured(walk->tvb, walk->offset));
    uint32_t start = min_u32(walk->offset, tvb_captured_length(walk->tvb)); /* all of it can be cut off */
    column_add(*walk_column(walk), walk->pinfo, kinds[chunk].text);
    proto_item *node = add_node(tree, walk->tvb, start, there);
    proto_item_append_text(node, ", %s", kinds[chunk].text);
    proto_item *item =
        proto_tree_add_item(proto_item_add_subtree(node, registry_packet_tree()),
                            registry_own_field(kinds[chunk].field), walk->tvb, (int)start, (int)there, ENC_NA);
    if (chunk == CHUNK_UNREAD && record && record->why)
        expert_add_info_format(walk->pinfo, item, registry_own_note(OWN_NOTE_UNREAD), "%s", record->why);
}

/* -- the walk ------------------------------------------------------------------------------------------------------ */

/* The protocol that hands us the data. Layers only pile up, so earlier calls of ours for the same frame stand there
 * too. */
static int parent_protocol(const packet_info *pinfo)
{
    wmem_list_frame_t *layer = wmem_list_tail(pinfo->layers);
    while (layer && GPOINTER_TO_INT(wmem_list_frame_data(layer)) == registry_protocol())
        layer = wmem_list_frame_prev(layer);
    return layer ? GPOINTER_TO_INT(wmem_list_frame_data(layer)) : -1;
}

static void wait_for_more(const struct walk *walk, uint32_t missing)
{
    walk->pinfo->desegment_offset = (int)walk->offset;
    walk->pinfo->desegment_len = missing ? missing : DESEGMENT_ONE_MORE_SEGMENT;
}

/* What follows an SSLRequest in the same segment. TLS asks for reassembly in our place, and writes behind our text. */
static void call_tls(struct walk *walk, proto_tree *tree)
{
    packet_info *pinfo = walk->pinfo;
    column_show(*walk_column(walk), pinfo);
    *walk_column(walk) = NULL;
    col_set_fence(pinfo->cinfo, COL_INFO);
    pinfo->can_desegment = pinfo->saved_can_desegment;
    call_dissector(tls_handle, tvb_new_subset_remaining(walk->tvb, (int)walk->offset), pinfo, tree);
    if (pinfo->desegment_len)
        pinfo->desegment_offset += (int)walk->offset;
}

/* Returns false where the walk ends, waiting for more. */
static bool walk_packet(struct walk *walk, proto_tree *tree)
{
    struct span span;
    read_span(walk->pinfo, walk->tvb, walk->offset, &span);
    const struct record *record = walk_record(walk, &span, own_handle, tls_handle);
    if (!record && !span.whole && walk->can_wait && !walk->content) {
        wait_for_more(walk, span.missing);
        return false;
    }
    uint32_t left = tvb_reported_length(walk->tvb) - walk->offset;
    uint32_t length = !record ? left : record->chunk == CHUNK_PACKET ? min_u32(span.wire, left) : record->length;
    DISSECTOR_ASSERT(length > 0);
    if (!walk->learning && record && record->chunk == CHUNK_TLS) {
        call_tls(walk, tree);
    } else if (!walk->learning) {
        if (record)
            show_dialect(walk->pinfo, record);
        if (record && record->chunk == CHUNK_PACKET)
            show_packet(walk, tree, &span, record);
        else
            show_bytes(walk, tree, length, record);
    }
    walk->offset += length;
    return true;
}

/* The packets in an envelope, the first perhaps begun in earlier ones. */
static void walk_content(const struct walk *outside, proto_tree *tree, const struct record *record,
                         const struct envelope *envelope)
{
    packet_info *pinfo = outside->pinfo;
    uint32_t length = record->carried_length + envelope->length;
    const uint8_t *bytes = envelope->data;
    if (record->carried_length) {
        uint8_t *joined = wmem_alloc(pinfo->pool, length);
        memcpy(joined, record->carried, record->carried_length);
        memcpy(joined + record->carried_length, envelope->data, envelope->length);
        bytes = joined;
    }
    struct walk walk = *outside;
    walk.tvb = tvb_new_child_real_data(outside->tvb, bytes, length, (int)length);
    walk.offset = 0;
    walk.content = true;
    if (!walk.learning)
        add_new_data_source(pinfo, walk.tvb, "Decompressed MySQL");
    while (walk.offset < length)
        walk_packet(&walk, tree);
}

/* Returns false where the walk ends, waiting for more. */
static bool walk_compressed_frame(struct walk *walk, proto_tree *tree, enum mw_algorithm algorithm)
{
    struct envelope envelope;
    envelope_read(walk->tvb, walk->offset, &envelope);
    if (envelope.whole)
        envelope_open(walk->pinfo, walk->tvb, walk->offset, algorithm, &envelope);
    const struct record *record = walk_envelope(walk, &envelope);
    if (!record && !envelope.whole && walk->can_wait) {
        wait_for_more(walk, envelope.missing);
        return false;
    }
    uint32_t left = tvb_reported_length(walk->tvb) - walk->offset, length = record ? record->length : left;
    DISSECTOR_ASSERT(length > 0);
    if (record && record->chunk == CHUNK_ENVELOPE) {
        if (!walk->learning) {
            uint32_t there = min_u32(length, bytes_captured(walk->tvb, walk->offset));
            show_dialect(walk->pinfo, record);
            envelope_show(walk->pinfo, add_node(tree, walk->tvb, walk->offset, there), walk->tvb, walk->offset,
                          algorithm, &envelope);
            if (!envelope.data)
                column_add(*walk_column(walk), walk->pinfo, "Damaged compressed frame");
        }
        if (envelope.data && envelope.length)
            walk_content(walk, tree, record, &envelope);
    } else if (!walk->learning) {
        if (record)
            show_dialect(walk->pinfo, record);
        show_bytes(walk, tree, length, record);
    }
    walk->offset += length;
    return true;
}

static void show_header(struct walk *walk, proto_tree *tree, const struct mw_proxy *proxy)
{
    char summary[MW_PROXY_SUMMARY];
    packet_info *pinfo = walk->pinfo;
    mw_proxy_summary(proxy, summary);
    column_add(*walk_column(walk), pinfo, summary);
    proto_item *item = add_node(tree, walk->tvb, walk->offset, proxy->length);
    proto_item_append_text(item, ", %s", summary);
    const struct tree_place place = {pinfo, walk->tvb, walk->offset};
    if (item)
        tree_render_header(&place, item, tvb_get_ptr(walk->tvb, (int)walk->offset, (int)proxy->length), proxy);
}

/* What stands in front of the first packet. Returns false where the walk ends, waiting for more. */
static bool walk_to_packets(struct walk *walk, proto_tree *tree)
{
    struct mw_proxy proxy;
    enum mw_guess guess = walk_header(walk, &proxy);
    if (guess == MW_MAYBE)
        wait_for_more(walk, 0);
    if (guess != MW_YES)
        return guess == MW_NO;
    const struct record *record = walk_header_record(walk, &proxy);
    if (!walk->learning) {
        show_dialect(walk->pinfo, record);
        show_header(walk, tree, &proxy);
    }
    walk->offset += proxy.length;
    return true;
}

static void walk_all(struct walk *walk, proto_tree *tree)
{
    enum mw_algorithm algorithm;
    bool more = walk_to_packets(walk, tree);
    while (more && walk->offset < tvb_reported_length(walk->tvb)) {
        if (walk_compressed(walk, &algorithm))
            more = walk_compressed_frame(walk, tree, algorithm);
        else
            more = walk_packet(walk, tree);
    }
}

int dissect_stream(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (pinfo->flags.in_error_pkt)
        return 0; /* a quotation in an ICMP error is no part of the stream */
    struct walk walk = {.tvb = tvb, .pinfo = pinfo, .can_wait = dissect_options.desegment && pinfo->can_desegment > 0};
    walk_begin(&walk, own_handle, parent_protocol(pinfo), data);
    if (walk_declines(&walk))
        return 0;
    if (walk.learning) {
        walk_all(&walk, NULL);
        walk_learnt(&walk);
    }
    if (!*walk_column(&walk))
        *walk_column(&walk) = column_new(pinfo);
    walk_all(&walk, tree);
    if (*walk_column(&walk))
        column_show(*walk_column(&walk), pinfo);
    return (int)tvb_captured_length(tvb);
}

/* -- heuristics ---------------------------------------------------------------------------------------------------- */

/* Of the header of a PROXY protocol alone it is not known who speaks behind it: it is ours if the client meant one of
 * our ports. */
static bool looks_like_us(tvbuff_t *tvb)
{
    struct mw_proxy proxy;
    uint32_t n = min_u32(tvb_captured_length(tvb), LOOK);
    if (n == 0)
        return false;
    const uint8_t *p = tvb_get_ptr(tvb, 0, (int)n);
    if (mw_proxy_read(p, n, &proxy) == MW_YES) {
        if (proxy.family && server_port_of(own_handle, proxy.destination_port))
            return true;
        p += proxy.length;
        n -= proxy.length;
    }
    return mw_looks_like_greeting(p, n) == MW_YES || mw_looks_like_login(p, n) == MW_YES;
}

ws_bool dissect_tcp_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (dissect_options.built_in || !looks_like_us(tvb))
        return FALSE;
    /* Frames before this one were another's, that of a PROXY protocol perhaps, and stay so. */
    conversation_set_dissector_from_frame_number(find_or_create_conversation(pinfo), pinfo->num, own_handle);
    return dissect_stream(tvb, pinfo, tree, data) > 0;
}

/* TLS asks again for each record unless it has an application of its own. */
ws_bool dissect_tls_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (dissect_options.built_in || (!connection_known(pinfo) && !looks_like_us(tvb)))
        return FALSE;
    return dissect_stream(tvb, pinfo, tree, data) > 0;
}
