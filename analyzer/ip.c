/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IPv4 (RFC 791), IPv6 (RFC 8200), AH (RFC 4302), TCP header (RFC 9293, 3.1). */
#include "analyzer/ip.h"

#include <string.h>

/* Segmentation offload and big TCP stay far below this; without a length field nothing else bounds a packet. */
#define PACKET_MAX (1 << 22)

static void set_addresses(struct segment *out, const uint8_t *src, const uint8_t *dst, uint32_t n, uint8_t family)
{
    out->src = (struct endpoint){.family = family};
    out->dst = (struct endpoint){.family = family};
    memcpy(out->src.addr, src, n);
    memcpy(out->dst.addr, dst, n);
}

/* The header of a packet, perhaps inside of another's. */
static void set_ip(struct segment *out, const uint8_t *p)
{
    out->nested |= out->ip != NULL;
    out->ip = p;
}

/* Bounds the cursor to the packet whose length field says `length`. It may also claim more than the layers below had:
 * then some tool cut the packet without saying so, and the rest counts as cut. */
static enum peel bound(struct layer_cursor *c, uint32_t length)
{
    c->wire = length;
    if (c->captured > length)
        c->captured = length;
    return PEEL_MORE;
}

/* A fragment, whose payload the cursor stands at. Goes on with the packet that it completes. */
static enum peel join(struct layer_cursor *c, const struct segment *addresses, uint32_t id,
                      const struct defrag_piece *piece)
{
    struct defrag_key key = {.id = id, .family = addresses->src.family};
    struct defrag_whole whole;
    memcpy(key.src, addresses->src.addr, sizeof key.src);
    memcpy(key.dst, addresses->dst.addr, sizeof key.dst);
    if (key.family == 4)
        key.protocol = piece->protocol;
    if (!c->defrag || !defrag_push(c->defrag, &key, piece, &whole))
        return PEEL_FRAGMENT;
    c->p = whole.p;
    c->captured = c->wire = whole.n;
    return layer_next(c, 0, LAYER_PROTOCOL, whole.protocol);
}

/*   0             1     2              4    6              8     9          10         12    16    20
 *   | version,IHL | TOS | total length | id | flags,offset | TTL | protocol | checksum | src | dst | options... */
enum peel ip_v4(struct layer_cursor *c, struct segment *out)
{
    enum peel need = layer_need(c, 20);
    if (need != PEEL_MORE)
        return need;
    const uint8_t *p = c->p;
    uint32_t header = (uint32_t)(p[0] & 15) * 4;
    uint32_t total = layer_u16(p + 2);
    if (p[0] >> 4 != 4 || header < 20)
        return PEEL_BAD;
    if (total == 0)
        total = c->wire;
    if (total < header || total > PACKET_MAX)
        return PEEL_BAD;
    bound(c, total);
    need = layer_need(c, header);
    if (need != PEEL_MORE)
        return need;
    set_addresses(out, p + 12, p + 16, 4, 4);
    set_ip(out, p);
    /* MF or an offset: only a whole packet has both zero. */
    uint16_t fragment = layer_u16(p + 6);
    if (fragment & 0x3fff) {
        const struct defrag_piece piece = {.offset = (uint32_t)(fragment & 0x1fff) * 8,
                                           .more = fragment & 0x2000,
                                           .protocol = p[9],
                                           .p = p + header,
                                           .captured = c->captured - header,
                                           .length = c->wire - header,
                                           .time_ns = c->time_ns};
        return join(c, out, layer_u16(p + 4), &piece);
    }
    return layer_next(c, header, LAYER_PROTOCOL, p[9]);
}

/*   0                     4                6             7           8     24    40
 *   | version,class,label | payload length | next header | hop limit | src | dst | ... */
enum peel ip_v6(struct layer_cursor *c, struct segment *out)
{
    enum peel need = layer_need(c, 40);
    if (need != PEEL_MORE)
        return need;
    const uint8_t *p = c->p;
    if (p[0] >> 4 != 6)
        return PEEL_BAD;
    uint32_t length = layer_u16(p + 4);
    uint32_t total = length ? 40 + length : c->wire;
    if (total > PACKET_MAX)
        return PEEL_BAD;
    bound(c, total);
    set_addresses(out, p + 8, p + 24, 16, 6);
    set_ip(out, p);
    return layer_next(c, 40, LAYER_PROTOCOL, p[6]);
}

/*   0             1        2
 *   | next header | length | ...     length: in units of 8 bytes, without the first */
enum peel ip_options(struct layer_cursor *c, struct segment *out)
{
    (void)out;
    enum peel need = layer_need(c, 8);
    if (need != PEEL_MORE)
        return need;
    const uint8_t *p = c->p;
    uint32_t header = ((uint32_t)p[1] + 1) * 8;
    need = layer_need(c, header);
    return need != PEEL_MORE ? need : layer_next(c, header, LAYER_PROTOCOL, p[0]);
}

/*   0             1          2          4    8
 *   | next header | reserved | offset,M | id | ... */
enum peel ip_fragment(struct layer_cursor *c, struct segment *out)
{
    enum peel need = layer_need(c, 8);
    if (need != PEEL_MORE)
        return need;
    const uint8_t *p = c->p;
    uint16_t fragment = layer_u16(p + 2);
    if (fragment & 0xfff9) {
        const struct defrag_piece piece = {.offset = fragment & 0xfff8,
                                           .more = fragment & 1,
                                           .protocol = p[0],
                                           .p = p + 8,
                                           .captured = c->captured - 8,
                                           .length = c->wire - 8,
                                           .time_ns = c->time_ns};
        return join(c, out, layer_u32(p + 4), &piece);
    }
    return layer_next(c, 8, LAYER_PROTOCOL, p[0]);
}

/*   0             1        2
 *   | next header | length | ...     length: in units of 4 bytes, without the first two */
enum peel ip_auth(struct layer_cursor *c, struct segment *out)
{
    (void)out;
    enum peel need = layer_need(c, 12);
    if (need != PEEL_MORE)
        return need;
    const uint8_t *p = c->p;
    uint32_t header = ((uint32_t)p[1] + 2) * 4;
    if (header < 12)
        return PEEL_BAD;
    need = layer_need(c, header);
    return need != PEEL_MORE ? need : layer_next(c, header, LAYER_PROTOCOL, p[0]);
}

/*   0          2          4     8     12             13      14       16         18       20
 *   | src port | dst port | seq | ack | data offset  | flags | window | checksum | urgent | options... */
enum peel ip_tcp(struct layer_cursor *c, struct segment *out)
{
    enum peel need = layer_need(c, 20);
    if (need != PEEL_MORE)
        return need;
    const uint8_t *p = c->p;
    uint32_t header = (uint32_t)(p[12] >> 4) * 4;
    if (header < 20)
        return PEEL_BAD;
    need = layer_need(c, header);
    if (need != PEEL_MORE)
        return need;
    out->tcp = p;
    out->src.port = layer_u16(p);
    out->dst.port = layer_u16(p + 2);
    out->seq = layer_u32(p + 4);
    out->ack = layer_u32(p + 8);
    out->flags = p[13] & 0x3f;
    out->window = layer_u16(p + 14);
    out->payload = p + header;
    out->length = c->captured - header;
    out->wire_length = c->wire - header;
    return PEEL_TCP;
}
