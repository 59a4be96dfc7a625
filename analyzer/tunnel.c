/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MPLS: RFC 3032, RFC 4385 (control word). PPPoE: RFC 2516. PPP: RFC 1661, 1662. GRE: RFC 2784, 2890, 2637 (version 1).
 * ERSPAN: draft-foschiano-erspan-03. VXLAN: RFC 7348, draft-ietf-nvo3-vxlan-gpe. GENEVE: RFC 8926. GTP-U: 3GPP
 * TS 29.281. */
#include "analyzer/tunnel.h"

/* EtherTypes that tell what is inside. */
enum { TYPE_IPV4 = 0x0800, TYPE_ETHERNET = 0x6558, TYPE_IPV6 = 0x86dd, TYPE_MPLS = 0x8847, TYPE_ERSPAN2 = 0x88be };

/*   0                                 4
 *   | label (20), TC (3), S (1), TTL (8) | ... */
enum peel tunnel_mpls(struct layer_cursor *c, struct segment *out)
{
    (void)out;
    enum peel need = layer_need(c, 4);
    if (need != PEEL_MORE)
        return need;
    bool last = c->p[2] & 1;
    if (!last)
        return layer_next(c, 4, LAYER_ETHERTYPE, TYPE_MPLS);
    need = layer_need(c, 5);
    if (need != PEEL_MORE)
        return need;
    switch (c->p[4] >> 4) {
    case 4: return layer_next(c, 4, LAYER_ETHERTYPE, TYPE_IPV4);
    case 6: return layer_next(c, 4, LAYER_ETHERTYPE, TYPE_IPV6);
    case 0: /* a control word before Ethernet */
        need = layer_need(c, 8);
        return need != PEEL_MORE ? need : layer_next(c, 8, LAYER_ETHERTYPE, TYPE_ETHERNET);
    default: return layer_next(c, 4, LAYER_ETHERTYPE, TYPE_ETHERNET);
    }
}

/*   0              1      2         4        6
 *   | version,type | code | session | length | PPP protocol | ... */
enum peel tunnel_pppoe(struct layer_cursor *c, struct segment *out)
{
    out->nested = true;
    enum peel need = layer_need(c, 8);
    if (need != PEEL_MORE)
        return need;
    if (c->p[0] != 0x11)
        return PEEL_BAD;
    if (c->p[1] != 0)
        return PEEL_OTHER;
    return layer_next(c, 8, LAYER_PPP, layer_u16(c->p + 6));
}

/*   | address = ff, control = 03 | protocol | ...     the first two may be left out, a protocol below 256 be one byte
 */
enum peel tunnel_ppp(struct layer_cursor *c, struct segment *out)
{
    (void)out;
    enum peel need = layer_need(c, 4);
    if (need != PEEL_MORE)
        return need;
    uint32_t n = c->p[0] == 0xff && c->p[1] == 0x03 ? 2 : 0;
    bool one_byte = c->p[n] & 1; /* the last byte of a protocol is odd, the first one even */
    return layer_next(c, n + (one_byte ? 1 : 2), LAYER_PPP, one_byte ? c->p[n] : layer_u16(c->p + n));
}

/*   0               2          4
 *   | flags,version | protocol | checksum and offset (C) | key (K) | sequence (S) | acknowledgment (A, version 1) | ...
 */
enum peel tunnel_gre(struct layer_cursor *c, struct segment *out)
{
    enum { C = 0x8000, R = 0x4000, K = 0x2000, S = 0x1000, A = 0x0080, VERSION = 7 };
    (void)out;
    enum peel need = layer_need(c, 4);
    if (need != PEEL_MORE)
        return need;
    uint16_t flags = layer_u16(c->p), protocol = layer_u16(c->p + 2);
    unsigned version = flags & VERSION;
    if (version > 1 || flags & R)
        return PEEL_OTHER;
    uint32_t n =
        4 + (flags & C ? 4 : 0) + (flags & K ? 4 : 0) + (flags & S ? 4 : 0) + (version == 1 && flags & A ? 4 : 0);
    need = layer_need(c, n);
    if (need != PEEL_MORE)
        return need;
    /* ERSPAN without a sequence number is type I: the Ethernet frame follows at once. */
    if (protocol == TYPE_ERSPAN2 && !(flags & S))
        protocol = TYPE_ETHERNET;
    return layer_next(c, n, LAYER_ETHERTYPE, protocol);
}

/*   0                              4                  8
 *   | version, VLAN, flags, session | reserved, index | Ethernet */
enum peel tunnel_erspan2(struct layer_cursor *c, struct segment *out)
{
    (void)out;
    enum peel need = layer_need(c, 8);
    return need != PEEL_MORE ? need : layer_next(c, 8, LAYER_ETHERTYPE, TYPE_ETHERNET);
}

/*   0                               4           8                          12
 *   | version, VLAN, flags, session | timestamp | SGT, flags, …, O (1) | 8 more with O | Ethernet */
enum peel tunnel_erspan3(struct layer_cursor *c, struct segment *out)
{
    (void)out;
    enum peel need = layer_need(c, 12);
    if (need != PEEL_MORE)
        return need;
    uint32_t n = c->p[11] & 1 ? 20 : 12;
    need = layer_need(c, n);
    return need != PEEL_MORE ? need : layer_next(c, n, LAYER_ETHERTYPE, TYPE_ETHERNET);
}

/*   0          2          4        6          8
 *   | src port | dst port | length | checksum | ... */
enum peel tunnel_udp(struct layer_cursor *c, struct segment *out)
{
    (void)out;
    enum peel need = layer_need(c, 8);
    return need != PEEL_MORE ? need : layer_next(c, 8, LAYER_UDP, layer_u16(c->p + 2));
}

/*   0       1          4     7
 *   | flags | reserved | VNI | reserved | Ethernet */
enum peel tunnel_vxlan(struct layer_cursor *c, struct segment *out)
{
    enum { VNI = 0x08 };
    (void)out;
    enum peel need = layer_need(c, 8);
    if (need != PEEL_MORE)
        return need;
    if (!(c->p[0] & VNI))
        return PEEL_OTHER;
    return layer_next(c, 8, LAYER_ETHERTYPE, TYPE_ETHERNET);
}

/*   0       1          3               4     7
 *   | flags | reserved | next protocol | VNI | reserved | ... */
enum peel tunnel_vxlan_gpe(struct layer_cursor *c, struct segment *out)
{
    static const uint16_t types[] = {0, TYPE_IPV4, TYPE_IPV6, TYPE_ETHERNET};
    (void)out;
    enum peel need = layer_need(c, 8);
    if (need != PEEL_MORE)
        return need;
    uint8_t next = c->p[3];
    if (next == 0 || next >= sizeof types / sizeof *types)
        return PEEL_OTHER;
    return layer_next(c, 8, LAYER_ETHERTYPE, types[next]);
}

/*   0                       1       2          4     7          8
 *   | version, option words | flags | protocol | VNI | reserved | options | ... */
enum peel tunnel_geneve(struct layer_cursor *c, struct segment *out)
{
    (void)out;
    enum peel need = layer_need(c, 8);
    if (need != PEEL_MORE)
        return need;
    if (c->p[0] >> 6)
        return PEEL_OTHER;
    uint32_t n = 8 + (uint32_t)(c->p[0] & 0x3f) * 4;
    need = layer_need(c, n);
    return need != PEEL_MORE ? need : layer_next(c, n, LAYER_ETHERTYPE, layer_u16(c->p + 2));
}

/* Passes over the extension headers; the first is of `type`, 0 none. */
static enum peel gtp_extensions(const struct layer_cursor *c, uint32_t *n, uint8_t type)
{
    while (type) {
        enum peel need = layer_need(c, *n + 1);
        if (need != PEEL_MORE)
            return need;
        uint32_t words = c->p[*n];
        if (words == 0)
            return PEEL_BAD;
        need = layer_need(c, *n + words * 4);
        if (need != PEEL_MORE)
            return need;
        *n += words * 4;
        type = c->p[*n - 1];
    }
    return PEEL_MORE;
}

/*   0              1      2        4      8
 *   | version, PT, E, S, PN | type | length | TEID | sequence (2), N-PDU (1), next extension (1): with E, S or PN | …
 * An extension: length in words (1) · content · next extension (1) */
enum peel tunnel_gtp(struct layer_cursor *c, struct segment *out)
{
    enum { VERSION_1 = 0x20, VERSION = 0xe0, PT = 0x10, E = 0x04, OPTIONAL = 0x07, G_PDU = 0xff };
    (void)out;
    enum peel need = layer_need(c, 8);
    if (need != PEEL_MORE)
        return need;
    uint8_t flags = c->p[0];
    if ((flags & VERSION) != VERSION_1 || !(flags & PT) || c->p[1] != G_PDU)
        return PEEL_OTHER;
    uint32_t n = flags & OPTIONAL ? 12 : 8;
    need = layer_need(c, n);
    if (need == PEEL_MORE && flags & E)
        need = gtp_extensions(c, &n, c->p[11]);
    if (need != PEEL_MORE)
        return need;
    return layer_next(c, n, LAYER_IP, 0);
}
