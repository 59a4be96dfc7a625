/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of a PROXY header. https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt
 *
 *     v1: "PROXY " · "TCP4" or "TCP6" · SP source SP destination SP port SP port CR LF; "UNKNOWN" … CR LF
 *     v2: signature (12) · version (4 bits), command (4 bits) · family (4 bits), transport (4 bits) · length (2)
 *         4 and 6: source, destination (4 or 16 each) · ports (2 each); UNIX: source, destination (108 each) · TLVs
 *     TLV: type (1) · length (2) · value; of PP2_TYPE_SSL: client (1) · verify (4) · TLVs
 */
#define MW_TRACED 1
#include "core/reader.h"
#include "mywire/proxy.h"

enum { SIGNATURE_1 = 6, SIGNATURE_2 = 12, TLV_HEAD = 3, UNIX_PATH = 108 };

/* -- version 1 ----------------------------------------------------------------------------------------------------- */

/* Bytes up to the next space, or to the line's end. */
static uint32_t word(const struct mw_reader *r)
{
    uint32_t n = 0, left = rd_left(r);
    while (n < left && r->p[n] != ' ' && r->p[n] != '\r')
        n++;
    return n;
}

static void take_number_text(struct mw_reader *r, enum mw_field_id field, uint64_t number)
{
    uint32_t n = word(r);
    rd_tell(r, field, n, number);
    r->p += n;
    r->p += rd_peek(r) == ' ';
}

static void take_address_text(struct mw_reader *r, enum mw_field_id field, const uint8_t *address, uint32_t size)
{
    uint32_t n = word(r);
    rd_tell_bytes(r, field, n, (struct mw_slice){address, size});
    r->p += n;
    r->p += rd_peek(r) == ' ';
}

static void decode_line(struct mw_reader *r, const struct mw_proxy *proxy)
{
    enum { LINE_END = 2 };
    rd_bytes(r, SIGNATURE_1, MW_F_PROXY_SIGNATURE);
    rd_tell(r, MW_F_PROXY_VERSION, 0, 1);
    take_number_text(r, MW_F_PROXY_FAMILY, proxy->transport);
    if (proxy->family) {
        bool ipv4 = proxy->family == 4;
        uint32_t size = ipv4 ? 4 : 16;
        take_address_text(r, ipv4 ? MW_F_PROXY_SOURCE4 : MW_F_PROXY_SOURCE6, proxy->source, size);
        take_address_text(r, ipv4 ? MW_F_PROXY_DESTINATION4 : MW_F_PROXY_DESTINATION6, proxy->destination, size);
        take_number_text(r, MW_F_PROXY_SOURCE_PORT, proxy->source_port);
        take_number_text(r, MW_F_PROXY_DESTINATION_PORT, proxy->destination_port);
    } else if (rd_left(r) > LINE_END) {
        rd_bytes(r, rd_left(r) - LINE_END, MW_F_PROXY_UNKNOWN);
    }
    r->p = r->end;
}

/* -- version 2 ----------------------------------------------------------------------------------------------------- */

static bool is_text(uint8_t type)
{
    enum { ALPN = 0x01, AUTHORITY = 0x02, SSL_FIRST = 0x21, SSL_LAST = 0x25, NETNS = 0x30 };
    return type == ALPN || type == AUTHORITY || type == NETNS || (type >= SSL_FIRST && type <= SSL_LAST);
}

/* Up to `end`. What holds others of its kind does so once. */
static void decode_tlvs(struct mw_reader *r, const uint8_t *end, bool inside)
{
    enum { SSL = 0x20, SSL_HEAD = 5 };
    while (r->p < end) {
        if (end - r->p < TLV_HEAD) {
            rd_note(r, MW_NOTE_TRAILING);
            rd_bytes(r, (uint64_t)(end - r->p), MW_F_TRAILING);
            return;
        }
        bool opened = rd_open(r, MW_F_PROXY_TLV);
        uint8_t type = rd_u8(r, MW_F_PROXY_TLV_TYPE);
        uint32_t length = (uint32_t)rd_uint_be(r, 2, MW_F_PROXY_TLV_LENGTH), left = (uint32_t)(end - r->p);
        if (length > left) {
            rd_note(r, MW_NOTE_BAD);
            rd_bytes(r, left, MW_F_PROXY_TLV_VALUE);
        } else if (type == SSL && !inside && length >= SSL_HEAD) {
            const uint8_t *value_end = r->p + length;
            rd_u8(r, MW_F_PROXY_TLV_SSL);
            rd_uint_be(r, 4, MW_F_PROXY_TLV_VERIFY);
            decode_tlvs(r, value_end, true);
        } else if (length) {
            rd_bytes(r, length, is_text(type) ? MW_F_PROXY_TLV_TEXT : MW_F_PROXY_TLV_VALUE);
        }
        rd_close(r, opened);
    }
}

static void take_path(struct mw_reader *r, enum mw_field_id field)
{
    const uint8_t *nul = memchr(r->p, 0, UNIX_PATH);
    rd_tell_bytes(r, field, UNIX_PATH, (struct mw_slice){r->p, nul ? (uint32_t)(nul - r->p) : UNIX_PATH});
    r->p += UNIX_PATH;
}

static void take_address(struct mw_reader *r, enum mw_field_id field, uint32_t size)
{
    rd_tell_bytes(r, field, size, (struct mw_slice){r->p, size});
    r->p += size;
}

static void decode_bytes(struct mw_reader *r, const struct mw_proxy *proxy)
{
    enum { UNIX = 3 };
    rd_bytes(r, SIGNATURE_2, MW_F_PROXY_SIGNATURE);
    uint8_t both = rd_peek(r);
    rd_tell(r, MW_F_PROXY_VERSION, 0, both >> 4);
    rd_tell(r, MW_F_PROXY_COMMAND, 1, both & 15);
    r->p++;
    rd_u8(r, MW_F_PROXY_FAMILY);
    uint64_t length = rd_uint_be(r, 2, MW_F_PROXY_LENGTH);
    if (proxy->family) {
        bool ipv4 = proxy->family == 4;
        uint32_t size = ipv4 ? 4 : 16;
        take_address(r, ipv4 ? MW_F_PROXY_SOURCE4 : MW_F_PROXY_SOURCE6, size);
        take_address(r, ipv4 ? MW_F_PROXY_DESTINATION4 : MW_F_PROXY_DESTINATION6, size);
        rd_uint_be(r, 2, MW_F_PROXY_SOURCE_PORT);
        rd_uint_be(r, 2, MW_F_PROXY_DESTINATION_PORT);
    } else if (!proxy->local && proxy->transport >> 4 == UNIX && length >= 2 * UNIX_PATH) {
        take_path(r, MW_F_PROXY_SOURCE_UNIX);
        take_path(r, MW_F_PROXY_DESTINATION_UNIX);
    } else if (length) {
        rd_bytes(r, length, MW_F_PROXY_DISCARDED);
    }
    decode_tlvs(r, r->end, false);
}

uint64_t mw_proxy_decode_traced(const uint8_t *p, const struct mw_proxy *proxy, const struct mw_trace *trace)
{
    /* The reader's offsets count from a packet's header, which stands before `base`; here is none. */
    struct mw_reader reader = {.p = p, .base = p + MW_HEADER, .end = p + proxy->length, .trace = trace}, *r = &reader;
    bool opened = rd_open(r, MW_F_PROXY);
    if (proxy->version == 1)
        decode_line(r, proxy);
    else
        decode_bytes(r, proxy);
    rd_close(r, opened);
    return r->notes;
}

/* -- text ---------------------------------------------------------------------------------------------------------- */

struct line {
    char *out;
    size_t n;
};

static void put(struct line *l, const char *text)
{
    size_t n = strlen(text);
    memcpy(l->out + l->n, text, n);
    l->n += n;
    l->out[l->n] = 0;
}

static void put_number(struct line *l, unsigned value, unsigned base)
{
    char digits[10], *d = digits + sizeof digits;
    *--d = 0;
    do
        *--d = "0123456789abcdef"[value % base];
    while (value /= base);
    put(l, d);
}

static void put_ipv4(struct line *l, const uint8_t *a)
{
    for (int i = 0; i < 4; i++) {
        put(l, i ? "." : "");
        put_number(l, a[i], 10);
    }
}

static unsigned group(const uint8_t *a, int i)
{
    return (unsigned)a[2 * i] << 8 | a[2 * i + 1];
}

/* The longest run of zeros, of two groups at least, the first of equals, becomes "::". */
static void put_ipv6(struct line *l, const uint8_t *a)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    enum { GROUPS = 8 };
    int best = -1, best_n = 1;
    if (memcmp(a, mapped, sizeof mapped) == 0) {
        put(l, "::ffff:");
        put_ipv4(l, a + sizeof mapped);
        return;
    }
    for (int i = 0, n; i < GROUPS; i += n ? n : 1) {
        for (n = 0; i + n < GROUPS && group(a, i + n) == 0;)
            n++;
        if (n > best_n) {
            best = i;
            best_n = n;
        }
    }
    for (int i = 0; i < GROUPS; i++) {
        if (i == best) {
            put(l, "::");
            i += best_n - 1;
            continue;
        }
        put(l, i && i != best + best_n ? ":" : "");
        put_number(l, group(a, i), 16);
    }
}

size_t mw_address_text(int family, const uint8_t *address, char out[MW_ADDRESS_TEXT])
{
    struct line l = {.out = out};
    if (family == 4)
        put_ipv4(&l, address);
    else
        put_ipv6(&l, address);
    return l.n;
}

static void put_end(struct line *l, const struct mw_proxy *proxy, const uint8_t *address, unsigned port)
{
    bool ipv6 = proxy->family == 6;
    put(l, ipv6 ? " [" : " ");
    l->n += mw_address_text(proxy->family, address, l->out + l->n);
    put(l, ipv6 ? "]:" : ":");
    put_number(l, port, 10);
}

size_t mw_proxy_summary(const struct mw_proxy *proxy, char out[MW_PROXY_SUMMARY])
{
    struct line l = {.out = out};
    const char *family = mw_name_of(MW_NAMES_PROXY_FAMILIES, MW_DIALECT_UNKNOWN, proxy->transport);
    put(&l, proxy->version == 1 ? "PROXY v1 " : "PROXY v2 ");
    put(&l, proxy->local                                   ? "LOCAL"
            : proxy->version == 1 && proxy->transport == 0 ? "UNKNOWN"
            : family                                       ? family
                                                           : "unknown family");
    if (proxy->family) {
        put_end(&l, proxy, proxy->source, proxy->source_port);
        put(&l, " →");
        put_end(&l, proxy, proxy->destination, proxy->destination_port);
    }
    return l.n;
}
