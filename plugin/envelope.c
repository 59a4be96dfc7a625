/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layout: 3 length as sent · 1 sequence id · 3 length before compression, 0: stored as it is · data */
#include "plugin/envelope.h"

#include "plugin/registry.h"

/* Working memory of the decompressors: no state of any connection. Kept while a file is open. */
static struct mw_codec *codec;

static void *heap_alloc(void *user, size_t size)
{
    (void)user;
    return g_try_malloc(size);
}

static void heap_free(void *user, void *p, size_t size)
{
    (void)user;
    (void)size;
    g_free(p);
}

static const struct mw_mem heap = {NULL, heap_alloc, heap_free};

static void *packet_alloc(void *pool, size_t size)
{
    return wmem_alloc(pool, size);
}

static void close_file(void)
{
    mw_codec_free(codec);
    codec = NULL;
}

void envelope_register(void)
{
    register_cleanup_routine(close_file);
}

void envelope_read(tvbuff_t *tvb, uint32_t offset, struct envelope *envelope)
{
    enum { SEQUENCE_AT = 3, LENGTH_AT = 4 };
    uint32_t left = bytes_on_wire(tvb, offset);
    *envelope = (struct envelope){.missing = left < MW_FRAME_HEADER ? MW_FRAME_HEADER - left : 0};
    if (bytes_captured(tvb, offset) < MW_FRAME_HEADER)
        return;
    uint32_t sent = tvb_get_letoh24(tvb, (int)offset), before = tvb_get_letoh24(tvb, (int)offset + LENGTH_AT);
    envelope->readable = true;
    envelope->sequence = *tvb_get_ptr(tvb, (int)offset + SEQUENCE_AT, 1);
    envelope->wire = MW_FRAME_HEADER + sent;
    envelope->stored = before == 0;
    envelope->length = before ? before : sent;
    envelope->whole = envelope->wire <= left;
    envelope->missing = envelope->whole ? 0 : envelope->wire - left;
}

void envelope_open(packet_info *pinfo, tvbuff_t *tvb, uint32_t offset, enum mw_algorithm algorithm,
                   struct envelope *envelope)
{
    const struct mw_mem pool = {pinfo->pool, packet_alloc, NULL};
    const struct mw_limits limits = MW_LIMITS_DEFAULT;
    struct mw_limit_hits hits = {0};
    struct mw_inflater inflater;
    struct mw_frame frame;
    if (bytes_captured(tvb, offset) < envelope->wire)
        return;
    if (!codec)
        codec = mw_codec_new(&heap);
    if (!codec)
        return;
    mw_inflater_init(&inflater, algorithm, codec, &pool, &limits, &hits);
    mw_inflater_push(&inflater, tvb_get_ptr(tvb, (int)offset, (int)envelope->wire), envelope->wire);
    if (mw_inflater_next(&inflater, &frame) == MW_FRAME_DATA)
        envelope->data = frame.data;
    envelope->excessive = hits.inflated > 0;
}

void envelope_show(packet_info *pinfo, proto_item *node, tvbuff_t *tvb, uint32_t offset, enum mw_algorithm algorithm,
                   const struct envelope *envelope)
{
    static const char *const names[] = {[MW_ZLIB] = "zlib", [MW_ZSTD] = "zstd"};
    enum { LENGTH = 3, SEQUENCE = 1 };
    proto_tree *tree = proto_item_add_subtree(node, registry_packet_tree());
    int at = (int)offset;
    uint32_t sent = envelope->wire - MW_FRAME_HEADER;
    proto_tree_add_uint(tree, registry_own_field(OWN_SENT_LENGTH), tvb, at, LENGTH, sent);
    at += LENGTH;
    proto_tree_add_uint(tree, registry_own_field(OWN_FRAME_NUMBER), tvb, at, SEQUENCE, envelope->sequence);
    at += SEQUENCE;
    proto_tree_add_uint(tree, registry_own_field(OWN_CONTENT_LENGTH), tvb, at, LENGTH,
                        envelope->stored ? 0 : envelope->length);
    at += LENGTH;
    uint32_t there = MIN(sent, bytes_captured(tvb, (uint32_t)at));
    proto_item *data = proto_tree_add_item(tree, registry_own_field(OWN_COMPRESSED), tvb, at, (int)there, ENC_NA);
    if (envelope->stored)
        proto_item_append_text(node, ", Compressed Frame %u: %u bytes, stored", envelope->sequence, sent);
    else
        proto_item_append_text(node, ", Compressed Frame %u: %s, %u bytes for %u", envelope->sequence, names[algorithm],
                               sent, envelope->length);
    if (envelope->data)
        return;
    proto_item_append_text(node, ", not opened");
    if (envelope->excessive)
        expert_add_info_format(pinfo, data, registry_note(MW_NOTE_FRAME_DAMAGED),
                               "Not opened: %u bytes claim to become %u, more than %s can make of them", sent,
                               envelope->length, names[algorithm]);
    else if (there < sent)
        expert_add_info_format(pinfo, data, registry_note(MW_NOTE_FRAME_DAMAGED),
                               "Not opened: only %u of %u compressed bytes were captured", there, sent);
    else
        expert_add_info_format(pinfo, data, registry_note(MW_NOTE_FRAME_DAMAGED),
                               "Damaged: this does not decompress with %s to %u bytes", names[algorithm],
                               envelope->length);
}
