/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mywire/proxy.h"

#include <string.h>

enum { V1_LONGEST = 107, V2_HEAD = 16 };

/* Version 2's byte for family and transport. */
enum { TCP4 = 0x11, TCP6 = 0x21 };

static const uint8_t signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

/* -- version 1: a line of text ------------------------------------------------------------------------------------- */

/* What is left of the line. */
struct text {
    const char *p, *end;
};

static bool take_char(struct text *t, char c)
{
    if (t->p == t->end || *t->p != c)
        return false;
    t->p++;
    return true;
}

/* A number without leading zeros, at most `max`. */
static bool take_number(struct text *t, unsigned max, unsigned *value)
{
    const char *from = t->p;
    for (*value = 0; t->p < t->end && *t->p >= '0' && *t->p <= '9' && *value <= max; t->p++)
        *value = *value * 10 + (unsigned)(*t->p - '0');
    return t->p > from && *value <= max && (*from != '0' || t->p == from + 1);
}

static bool take_ipv4(struct text *t, uint8_t *out)
{
    for (int i = 0; i < 4; i++) {
        unsigned value;
        if ((i && !take_char(t, '.')) || !take_number(t, 255, &value))
            return false;
        out[i] = (uint8_t)value;
    }
    return true;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Groups of up to four digits, one run of zeros left out as "::", perhaps an IPv4 address at the end (RFC 4291
 * section 2.2). */
static bool take_ipv6(struct text *t, uint8_t *out)
{
    uint8_t groups[16] = {0};
    int n = 0, gap = -1;
    if (t->end - t->p >= 2 && t->p[0] == ':' && t->p[1] == ':') {
        gap = 0;
        t->p += 2;
    }
    while (n < 16 && t->p < t->end && hex_digit(*t->p) >= 0) {
        const char *from = t->p;
        unsigned value = 0, digits = 0;
        for (; t->p < t->end && digits < 4 && hex_digit(*t->p) >= 0; t->p++, digits++)
            value = value << 4 | (unsigned)hex_digit(*t->p);
        if (t->p < t->end && *t->p == '.' && n <= 12) {
            t->p = from;
            if (!take_ipv4(t, groups + n))
                return false;
            n += 4;
            break;
        }
        groups[n++] = (uint8_t)(value >> 8);
        groups[n++] = (uint8_t)value;
        if (!take_char(t, ':'))
            break;
        if (gap < 0 && take_char(t, ':'))
            gap = n;
    }
    if (gap < 0 ? n != 16 : n > 14)
        return false;
    int front = gap < 0 ? n : gap;
    memset(out, 0, 16);
    memcpy(out, groups, (size_t)front);
    memcpy(out + 16 - (n - front), groups + front, (size_t)(n - front));
    return true;
}

static bool take_addresses(struct text *t, struct mw_proxy *out)
{
    bool (*take)(struct text *, uint8_t *) = out->family == 4 ? take_ipv4 : take_ipv6;
    unsigned source, destination;
    bool ok = take_char(t, ' ') && take(t, out->source) && take_char(t, ' ') && take(t, out->destination) &&
              take_char(t, ' ') && take_number(t, 65535, &source) && take_char(t, ' ') &&
              take_number(t, 65535, &destination) && t->p == t->end;
    if (!ok)
        return false;
    out->source_port = (uint16_t)source;
    out->destination_port = (uint16_t)destination;
    return true;
}

static enum mw_guess read_v1(const uint8_t *p, size_t n, struct mw_proxy *out)
{
    static const char head[] = "PROXY ", unknown[] = "UNKNOWN", tcp[] = "TCP";
    size_t known = sizeof head - 1;
    if (memcmp(p, head, n < known ? n : known) != 0)
        return MW_NO;
    size_t end = known;
    while (end + 1 < n && end + 1 < V1_LONGEST && !(p[end] == '\r' && p[end + 1] == '\n'))
        end++;
    if (end + 1 >= n)
        return n < V1_LONGEST ? MW_MAYBE : MW_NO;
    if (p[end] != '\r' || p[end + 1] != '\n')
        return MW_NO;
    struct text t = {(const char *)p + known, (const char *)p + end};
    *out = (struct mw_proxy){.version = 1, .length = (uint32_t)end + 2};
    size_t left = (size_t)(t.end - t.p);
    if (left >= sizeof unknown - 1 && memcmp(t.p, unknown, sizeof unknown - 1) == 0)
        return MW_YES;
    if (left < sizeof tcp || memcmp(t.p, tcp, sizeof tcp - 1) != 0 || (t.p[3] != '4' && t.p[3] != '6'))
        return MW_NO;
    out->family = (uint8_t)(t.p[3] - '0');
    out->transport = out->family == 4 ? TCP4 : TCP6;
    t.p += sizeof tcp;
    return take_addresses(&t, out) ? MW_YES : MW_NO;
}

/* -- version 2: bytes ---------------------------------------------------------------------------------------------- */

static uint16_t big_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static enum mw_guess read_v2(const uint8_t *p, size_t n, struct mw_proxy *out)
{
    enum { VERSION_2 = 2, LOCAL = 0, PROXY = 1, INET = 1, INET6 = 2 };
    if (memcmp(p, signature, n < sizeof signature ? n : sizeof signature) != 0)
        return MW_NO;
    if (n < V2_HEAD)
        return MW_MAYBE;
    unsigned command = p[12] & 15, family = p[13] >> 4;
    size_t length = big_u16(p + 14), address = family == INET ? 4 : 16;
    if (p[12] >> 4 != VERSION_2 || command > PROXY)
        return MW_NO;
    if (n < V2_HEAD + length)
        return MW_MAYBE;
    *out = (struct mw_proxy){
        .version = 2, .transport = p[13], .local = command == LOCAL, .length = (uint32_t)(V2_HEAD + length)};
    if (command == LOCAL || (family != INET && family != INET6))
        return MW_YES;
    if (length < 2 * address + 4)
        return MW_NO;
    const uint8_t *at = p + V2_HEAD;
    out->family = family == INET ? 4 : 6;
    memcpy(out->source, at, address);
    memcpy(out->destination, at + address, address);
    out->source_port = big_u16(at + 2 * address);
    out->destination_port = big_u16(at + 2 * address + 2);
    return MW_YES;
}

enum mw_guess mw_proxy_read(const uint8_t *p, size_t n, struct mw_proxy *out)
{
    if (n == 0)
        return MW_MAYBE;
    return p[0] == 'P' ? read_v1(p, n, out) : read_v2(p, n, out);
}
