/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plugin/tree.h"

#include <string.h>

#include "mywire/xprotocol.h"
#include "plugin/registry.h"
#include "plugin/text.h"
#include "plugin/value.h"

/* Deepest nesting that gets a subtree of its own; what is deeper goes into the innermost of them. */
enum { DEPTH_MAX = 16 };

/* Bytes of a column's name and of its value in a line of the tree; Wireshark's lines hold 240. */
enum { LABEL_MAX = 64, VALUE_MAX = 160 };

/* Bytes of a row's values in the line of its packet. */
enum { TOLD_MAX = 120 };

struct remark {
    proto_item *item; /* NULL: the field at its place was not told yet */
    uint32_t offset;
};

struct sink {
    const struct tree_place *place;
    enum mw_dialect dialect;
    proto_tree *trees[DEPTH_MAX];
    proto_item *nodes[DEPTH_MAX]; /* the item that each tree hangs from */
    unsigned depth;               /* of the innermost open node; can exceed DEPTH_MAX */
    proto_item *last;
    struct mw_item last_item;
    wmem_strbuf_t *told; /* of a row its values, of a column its name */
    uint64_t noted;      /* set of remarks below */
    struct remark remarks[MW_NOTE_COUNT];
};

static proto_tree *current(const struct sink *s)
{
    return s->trees[s->depth < DEPTH_MAX ? s->depth : DEPTH_MAX - 1];
}

/* -- items --------------------------------------------------------------------------------------------------------- */

static proto_item *add_named(proto_tree *tree, int id, tvbuff_t *tvb, int start, const struct mw_item *item,
                             const struct mw_field *field)
{
    const char *format = field->base == MW_BASE_HEX ? "%s (0x%02x)" : "%s (%u)";
    return proto_tree_add_uint_format_value(tree, id, tvb, start, (int)item->length, (uint32_t)item->number, format,
                                            item->name, (unsigned)item->number);
}

/* Some strings are counted and hold their terminator too. */
static const char *text_of(const struct sink *s, const struct mw_item *item, bool terminated)
{
    uint32_t n = item->n;
    if (terminated && n > 0 && item->p[n - 1] == 0)
        n--;
    return text_utf8(s->place->pinfo->pool, s->dialect, item->collation, item->p, n);
}

static proto_item *add_item(const struct sink *s, const struct mw_item *item)
{
    const struct mw_field *field = mw_field(item->field);
    proto_tree *tree = current(s);
    tvbuff_t *tvb = s->place->tvb;
    int id = registry_field(item->field), start = (int)(s->place->base + item->offset), length = (int)item->length;
    switch (field->type) {
    case MW_FT_HEADING: return proto_tree_add_item(tree, id, tvb, start, length, ENC_NA);
    case MW_FT_U8:
    case MW_FT_U16:
    case MW_FT_U24:
    case MW_FT_U32:
        if (item->name)
            return add_named(tree, id, tvb, start, item, field);
        return proto_tree_add_uint(tree, id, tvb, start, length, (uint32_t)item->number);
    case MW_FT_U64: return proto_tree_add_uint64(tree, id, tvb, start, length, item->number);
    case MW_FT_I8:
    case MW_FT_I16:
    case MW_FT_I32: return proto_tree_add_int(tree, id, tvb, start, length, (int32_t)item->number);
    case MW_FT_I64: return proto_tree_add_int64(tree, id, tvb, start, length, (int64_t)item->number);
    case MW_FT_F32: return proto_tree_add_float(tree, id, tvb, start, length, value_float(item));
    case MW_FT_F64: return proto_tree_add_double(tree, id, tvb, start, length, value_double(item));
    case MW_FT_BOOL8:
    case MW_FT_BOOL16:
    case MW_FT_BOOL32: return proto_tree_add_boolean(tree, id, tvb, start, length, item->number ? field->mask : 0);
    case MW_FT_TEXT:
    case MW_FT_TEXTZ:
    case MW_FT_TEXTL:
        return proto_tree_add_string(tree, id, tvb, start, length, text_of(s, item, field->type == MW_FT_TEXTZ));
    case MW_FT_TIME32: {
        nstime_t time = NSTIME_INIT_SECS_NSECS((time_t)item->number, 0);
        return proto_tree_add_time(tree, id, tvb, start, length, &time);
    }
    case MW_FT_IPV4: {
        ws_in4_addr address;
        memcpy(&address, item->p, sizeof address);
        return proto_tree_add_ipv4(tree, id, tvb, start, length, address);
    }
    case MW_FT_IPV6: return proto_tree_add_ipv6(tree, id, tvb, start, length, (const ws_in6_addr *)item->p);
    case MW_FT_COUNT: break;
    case MW_FT_BYTES: return proto_tree_add_bytes_with_length(tree, id, tvb, start, length, item->p, (int)item->n);
    }
    return NULL;
}

/* -- the trace ----------------------------------------------------------------------------------------------------- */

/* "column = value" */
static void name_value(const struct sink *s, const struct mw_item *item)
{
    wmem_allocator_t *pool = s->place->pinfo->pool;
    const char *label = value_label(pool, s->dialect, item);
    const char *value = text_cut(pool, value_text(pool, s->dialect, item), VALUE_MAX);
    if (label)
        proto_item_set_text(s->last, "%s = %s", text_cut(pool, label, LABEL_MAX), value);
    if (wmem_strbuf_get_len(s->told) < TOLD_MAX)
        wmem_strbuf_append_printf(s->told, "%s%s", wmem_strbuf_get_len(s->told) ? ", " : " ", value);
}

static bool covers(const struct mw_item *item, uint32_t offset)
{
    return offset >= item->offset && offset - item->offset < item->length;
}

static void on_item(void *user, const struct mw_item *item)
{
    struct sink *s = user;
    s->last = add_item(s, item);
    if (value_is(item))
        name_value(s, item);
    else if (item->field == MW_F_FIELD_NAME)
        wmem_strbuf_append_printf(s->told, " %s", text_line(s->place->pinfo->pool, text_of(s, item, false)));
    if (mw_field(item->field)->flags & MW_FLAG_GENERATED && item->length == 0)
        proto_item_set_generated(s->last);
    s->last_item = *item;
    for (int i = 0; i < MW_NOTE_COUNT && s->noted; i++)
        if (s->noted >> i & 1 && !s->remarks[i].item && covers(item, s->remarks[i].offset))
            s->remarks[i].item = s->last;
}

static void on_open(void *user)
{
    struct sink *s = user;
    if (++s->depth >= DEPTH_MAX)
        return;
    s->nodes[s->depth] = s->last;
    s->trees[s->depth] = proto_item_add_subtree(s->last, registry_tree(s->last_item.field));
}

static void on_close(void *user, uint32_t end)
{
    struct sink *s = user;
    if (s->depth < DEPTH_MAX)
        proto_item_set_end(s->nodes[s->depth], s->place->tvb, (int)(s->place->base + end));
    s->depth--;
}

/* A remark belongs to the field told last if it lies in it, or to the field that will be told at its place. */
static void on_note(void *user, enum mw_note_id note, uint32_t offset, uint32_t length)
{
    struct sink *s = user;
    (void)length;
    s->noted |= UINT64_C(1) << note;
    s->remarks[note] = (struct remark){covers(&s->last_item, offset) ? s->last : NULL, offset};
}

/* -- remarks ------------------------------------------------------------------------------------------------------- */

static void add_remark(const struct sink *s, enum mw_note_id note, proto_item *item, const struct mw_msg *msg)
{
    packet_info *pinfo = s->place->pinfo;
    if (note != MW_NOTE_ERR || !msg || msg->kind != MW_KIND_ERR) {
        expert_add_info(pinfo, item, registry_note(note));
        return;
    }
    const char *symbol = mw_error_symbol(s->dialect, msg->err.code);
    expert_add_info_format(pinfo, item, registry_note(note), "%s: %u%s%s", mw_note(note)->text, msg->err.code,
                           symbol ? " " : "", symbol ? symbol : "");
}

static struct sink sink_begin(const struct tree_place *place, proto_item *item, enum mw_dialect dialect)
{
    struct sink sink = {
        .place = place, .dialect = dialect, .last = item, .told = wmem_strbuf_new(place->pinfo->pool, "")};
    sink.nodes[0] = item;
    sink.trees[0] = proto_item_add_subtree(item, registry_packet_tree());
    return sink;
}

/* `msg`: of a packet; else NULL. */
static void add_remarks(const struct sink *s, uint64_t notes, proto_item *item, const struct mw_msg *msg)
{
    for (int i = 0; i < MW_NOTE_COUNT; i++)
        if ((s->noted | notes) >> i & 1)
            add_remark(s, (enum mw_note_id)i, s->remarks[i].item ? s->remarks[i].item : item, msg);
}

const char *tree_render(const struct tree_place *place, proto_item *item, const struct mw_ctx *ctx, enum mw_dir dir,
                        const struct mw_packet *packet, uint64_t notes, struct mw_msg *msg)
{
    struct sink sink = sink_begin(place, item, ctx->dialect);
    const struct mw_trace trace = {.user = &sink, .item = on_item, .open = on_open, .close = on_close, .note = on_note};
    mw_decode_traced(ctx, dir, packet, msg, &trace);
    add_remarks(&sink, notes, item, msg);
    return msg->kind == MW_KIND_ROW || msg->kind == MW_KIND_COLUMN
               ? text_cut(place->pinfo->pool, wmem_strbuf_get_str(sink.told), TOLD_MAX)
               : "";
}

void tree_render_header(const struct tree_place *place, proto_item *item, const uint8_t *p,
                        const struct mw_proxy *proxy)
{
    struct sink sink = sink_begin(place, item, MW_DIALECT_UNKNOWN);
    const struct mw_trace trace = {.user = &sink, .item = on_item, .open = on_open, .close = on_close, .note = on_note};
    mw_proxy_decode_traced(p, proxy, &trace);
    add_remarks(&sink, 0, item, NULL);
}

void tree_render_x(const struct tree_place *place, proto_item *item, enum mw_dir dir, const uint8_t *p, uint32_t have,
                   uint64_t length)
{
    struct sink sink = sink_begin(place, item, MW_DIALECT_UNKNOWN);
    const struct mw_trace trace = {.user = &sink, .item = on_item, .open = on_open, .close = on_close, .note = on_note};
    mw_x_decode_traced(dir, p, have, length, &trace);
    add_remarks(&sink, 0, item, NULL);
}
