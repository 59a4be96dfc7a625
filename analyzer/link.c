/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link layers: https://www.tcpdump.org/linktypes.html; VLAN tags: IEEE 802.1Q-2018, 9.3. */
#include "analyzer/link.h"

#include <string.h>

enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_IPV6 = 0x86dd };

/*   0      6      12     14
 *   | dst  | src  | type | ... */
enum peel link_ether(struct layer_cursor *c, struct segment *out)
{
    enum peel need = layer_need(c, 14);
    if (need != PEEL_MORE)
        return need;
    uint16_t type = layer_u16(c->p + 12);
    /* Below 0x0600 it is a length and LLC follows (802.3, 3.2.6), of which SNAP has an EtherType (RFC 1042). */
    if (type < 0x0600) {
        static const uint8_t snap[] = {0xaa, 0xaa, 0x03, 0, 0, 0};
        need = layer_need(c, 22);
        if (need != PEEL_MORE)
            return need;
        if (memcmp(c->p + 14, snap, sizeof snap) != 0)
            return PEEL_OTHER;
        out->nested = true;
        return layer_next(c, 22, LAYER_ETHERTYPE, layer_u16(c->p + 20));
    }
    return layer_next(c, 14, LAYER_ETHERTYPE, type);
}

/*   0     2      4
 *   | TCI | type | ... */
enum peel link_vlan(struct layer_cursor *c, struct segment *out)
{
    (void)out;
    enum peel need = layer_need(c, 4);
    return need != PEEL_MORE ? need : layer_next(c, 4, LAYER_ETHERTYPE, layer_u16(c->p + 2));
}

/*   0             2        4                6         14         16
 *   | packet type | ARPHRD | address length | address | protocol | ... */
enum peel link_cooked(struct layer_cursor *c, struct segment *out)
{
    (void)out;
    enum peel need = layer_need(c, 16);
    return need != PEEL_MORE ? need : layer_next(c, 16, LAYER_ETHERTYPE, layer_u16(c->p + 14));
}

/*   0          2          4           8        10            11               12        20
 *   | protocol | reserved | interface | ARPHRD | packet type | address length | address | ... */
enum peel link_cooked2(struct layer_cursor *c, struct segment *out)
{
    (void)out;
    enum peel need = layer_need(c, 20);
    return need != PEEL_MORE ? need : layer_next(c, 20, LAYER_ETHERTYPE, layer_u16(c->p));
}

enum peel link_null(struct layer_cursor *c, struct segment *out)
{
    (void)out;
    enum peel need = layer_need(c, 4);
    if (need != PEEL_MORE)
        return need;
    /* Families are small numbers, so the order of the bytes shows. */
    uint32_t family = layer_u32(c->p);
    if (family > 0xffff)
        family = __builtin_bswap32(family);
    switch (family) {
    case 2: return layer_next(c, 4, LAYER_ETHERTYPE, ETHERTYPE_IPV4);
    case 10: /* AF_INET6 of Linux, then those of NetBSD and OpenBSD, FreeBSD, macOS */
    case 24:
    case 28:
    case 30: return layer_next(c, 4, LAYER_ETHERTYPE, ETHERTYPE_IPV6);
    default: return PEEL_OTHER;
    }
}

/*   0        1         2
 *   | family | version | resource id | attributes: length (2), type (2), in the recorder's byte order · value · to 4
 * bytes */
enum peel link_nflog(struct layer_cursor *c, struct segment *out)
{
    enum { HEAD = 4, PAYLOAD = 9 /* NFULA_PAYLOAD */ };
    out->nested = true;
    enum peel need = layer_need(c, HEAD);
    if (need != PEEL_MORE)
        return need;
    if (c->p[1] != 0)
        return PEEL_OTHER;
    for (uint32_t at = HEAD;;) {
        need = layer_need(c, at + 4);
        if (need != PEEL_MORE)
            return need;
        uint16_t length = layer_u16(c->p + at), type = layer_u16(c->p + at + 2);
        if (type > 0xff) { /* types are small numbers, so the order of the bytes shows */
            length = __builtin_bswap16(length);
            type = __builtin_bswap16(type);
        }
        if (type == PAYLOAD)
            return layer_next(c, at + 4, LAYER_IP, 0);
        if (length < 4)
            return PEEL_BAD;
        at += (length + 3u) & ~3u;
    }
}

enum peel link_raw(struct layer_cursor *c, struct segment *out)
{
    (void)out;
    enum peel need = layer_need(c, 1);
    if (need != PEEL_MORE)
        return need;
    switch (c->p[0] >> 4) {
    case 4: return layer_next(c, 0, LAYER_ETHERTYPE, ETHERTYPE_IPV4);
    case 6: return layer_next(c, 0, LAYER_ETHERTYPE, ETHERTYPE_IPV6);
    default: return PEEL_BAD;
    }
}
