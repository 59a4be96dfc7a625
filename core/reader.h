/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only code of the core that touches bytes of a packet. Reading, bounds-checking, naming and telling are one act.
 *
 * The error is sticky: after the first failure reads return 0 and tell nothing, so decoders stay linear. MW_SHORT and
 * MW_BAD are kept apart by `missing`, the bytes that the packet had on the wire behind `end`.
 *
 * A file that includes this header is compiled for one of two uses: MW_TRACED 0 makes `rd_trace` the constant NULL, and
 * everything about traces folds away.
 */
#ifndef MYWIRE_READER_H
#define MYWIRE_READER_H

#include <string.h>

#include "mywire/packet.h"
#include "mywire/trace.h"

#ifndef MW_TRACED
#define MW_TRACED 0
#endif

struct mw_reader {
    const uint8_t *p;
    const uint8_t *base; /* first byte of the payload */
    const uint8_t *end;
    uint64_t missing; /* bytes behind `end` that were on the wire */
    uint64_t notes;
    const struct mw_trace *trace;
    enum mw_status status;
    enum mw_dialect dialect; /* whose names values take */
    uint16_t collation;      /* of the texts */
    struct mw_slice label;   /* name of the column, parameter or attribute whose value is being read */
    uint16_t label_collation;
};

/* Without a trace everything must fold into the decoders; with one, calls cost little beside what the trace does. */
#if MW_TRACED
#define RD static inline __attribute__((unused))
#else
#define RD static inline __attribute__((always_inline, unused))
#endif

/* The trace, or the constant NULL. */
RD const struct mw_trace *rd_trace(const struct mw_reader *r)
{
    return MW_TRACED ? r->trace : NULL;
}

RD struct mw_reader rd_begin(const struct mw_packet *packet, const struct mw_trace *trace)
{
    return (struct mw_reader){.p = packet->payload,
                              .base = packet->payload,
                              .end = packet->payload + packet->have,
                              .missing = packet->length - packet->have,
                              .trace = trace};
}

/* Bytes captured and not read yet; 0 after a failure. */
RD uint32_t rd_left(const struct mw_reader *r)
{
    return r->status == MW_OK ? (uint32_t)(r->end - r->p) : 0;
}

/* Bytes that the packet still has on the wire; 0 after a failure. */
RD uint64_t rd_left_wire(const struct mw_reader *r)
{
    return r->status == MW_OK ? (uint64_t)(r->end - r->p) + r->missing : 0;
}

RD bool rd_ok(const struct mw_reader *r)
{
    return r->status == MW_OK;
}

RD uint32_t rd_offset(const struct mw_reader *r)
{
    return (uint32_t)(r->p - r->base) + MW_HEADER;
}

RD void rd_note_at(struct mw_reader *r, enum mw_note_id note, uint32_t offset, uint32_t length)
{
    r->notes |= UINT64_C(1) << note;
    if (rd_trace(r))
        rd_trace(r)->note(rd_trace(r)->user, note, offset, length);
}

/* A remark at the current place. */
RD void rd_note(struct mw_reader *r, enum mw_note_id note)
{
    rd_note_at(r, note, rd_offset(r), 0);
}

/* Fails for want of `n` bytes: SHORT if the wire had them, BAD if not. */
RD void rd_fail(struct mw_reader *r, uint64_t n)
{
    if (r->status != MW_OK)
        return;
    r->status = n <= (uint64_t)(r->end - r->p) + r->missing ? MW_SHORT : MW_BAD;
    rd_note(r, r->status == MW_SHORT ? MW_NOTE_SHORT : MW_NOTE_BAD);
}

RD bool rd_need(struct mw_reader *r, uint64_t n)
{
    if (r->status == MW_OK && n <= (uint64_t)(r->end - r->p))
        return true;
    rd_fail(r, n);
    return false;
}

RD struct mw_slice rd_label(const struct mw_reader *r, const struct mw_field *f)
{
    return f->flags & MW_FLAG_VALUE ? r->label : (struct mw_slice){NULL, 0};
}

/* Tells of a field of `length` bytes that begins at the current place. */
RD void rd_tell(const struct mw_reader *r, enum mw_field_id field, uint32_t length, uint64_t number)
{
    if (!rd_trace(r))
        return;
    const struct mw_field *f = mw_field(field);
    struct mw_item item = {.field = field,
                           .offset = rd_offset(r),
                           .length = length,
                           .number = number,
                           .name = f->names ? mw_name_of(f->names, r->dialect, (uint32_t)number) : NULL,
                           .label = rd_label(r, f),
                           .label_collation = r->label_collation};
    rd_trace(r)->item(rd_trace(r)->user, &item);
}

RD void rd_tell_bytes(const struct mw_reader *r, enum mw_field_id field, uint32_t length, struct mw_slice value)
{
    if (!rd_trace(r))
        return;
    struct mw_item item = {.field = field,
                           .offset = rd_offset(r),
                           .length = length,
                           .p = value.p,
                           .n = value.n,
                           .collation = r->collation,
                           .label = rd_label(r, mw_field(field)),
                           .label_collation = r->label_collation};
    rd_trace(r)->item(rd_trace(r)->user, &item);
}

/* Begins a node of a known value and length, GENERATED from the bytes that its children tell one by one. */
RD bool rd_open_value(const struct mw_reader *r, enum mw_field_id field, uint32_t length, struct mw_slice value)
{
    if (!rd_trace(r) || r->status != MW_OK)
        return false;
    rd_tell_bytes(r, field, length, value);
    rd_trace(r)->open(rd_trace(r)->user);
    return true;
}

/* Begins a node; what is read until rd_close are its children. Returns what rd_close wants to know. */
RD bool rd_open(const struct mw_reader *r, enum mw_field_id field)
{
    if (!rd_trace(r) || r->status != MW_OK)
        return false;
    rd_tell(r, field, 0, 0);
    rd_trace(r)->open(rd_trace(r)->user);
    return true;
}

RD void rd_close(const struct mw_reader *r, bool opened)
{
    if (rd_trace(r) && opened)
        rd_trace(r)->close(rd_trace(r)->user, rd_offset(r));
}

RD uint64_t rd_le(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

RD uint64_t rd_uint(struct mw_reader *r, unsigned n, enum mw_field_id field)
{
    if (!rd_need(r, n))
        return 0;
    uint64_t v = rd_le(r->p, n);
    rd_tell(r, field, n, v);
    r->p += n;
    return v;
}

RD uint8_t rd_u8(struct mw_reader *r, enum mw_field_id field)
{
    return (uint8_t)rd_uint(r, 1, field);
}

RD uint16_t rd_u16(struct mw_reader *r, enum mw_field_id field)
{
    return (uint16_t)rd_uint(r, 2, field);
}

RD uint32_t rd_u24(struct mw_reader *r, enum mw_field_id field)
{
    return (uint32_t)rd_uint(r, 3, field);
}

RD uint32_t rd_u32(struct mw_reader *r, enum mw_field_id field)
{
    return (uint32_t)rd_uint(r, 4, field);
}

/* Big endian, as the PROXY protocol has its numbers. */
RD uint64_t rd_uint_be(struct mw_reader *r, unsigned n, enum mw_field_id field)
{
    uint64_t v = 0;
    if (!rd_need(r, n))
        return 0;
    for (unsigned i = 0; i < n; i++)
        v = v << 8 | r->p[i];
    rd_tell(r, field, n, v);
    r->p += n;
    return v;
}

/* A flags field and its bits, the rows `first` to `last` of fields.def. */
RD uint64_t rd_bits(struct mw_reader *r, unsigned n, enum mw_field_id field, enum mw_field_id first, enum mw_field_id last)
{
    if (!rd_need(r, n))
        return 0;
    uint64_t v = rd_le(r->p, n);
    rd_tell(r, field, n, v);
    if (rd_trace(r)) {
        rd_trace(r)->open(rd_trace(r)->user);
        for (enum mw_field_id bit = first; bit <= last; bit++)
            rd_tell(r, bit, n, (v & mw_field(bit)->mask) != 0);
        r->p += n;
        rd_close(r, true);
    } else {
        r->p += n;
    }
    return v;
}

/* Size of the length-encoded integer that begins with `first`; 0: none begins so (NULL marker, ERR). */
RD unsigned rd_lenenc_size(uint8_t first)
{
    return first < 0xfb ? 1 : first == 0xfc ? 3 : first == 0xfd ? 4 : first == 0xfe ? 9 : 0;
}

RD uint64_t rd_lenenc(struct mw_reader *r, enum mw_field_id field)
{
    if (!rd_need(r, 1))
        return 0;
    unsigned n = rd_lenenc_size(*r->p);
    if (n == 0) {
        r->status = MW_BAD;
        rd_note(r, MW_NOTE_BAD);
        return 0;
    }
    if (!rd_need(r, n))
        return 0;
    uint64_t v = n == 1 ? *r->p : rd_le(r->p + 1, n - 1);
    rd_tell(r, field, n, v);
    r->p += n;
    return v;
}

/* `n` bytes as text or bytes. When the capture ends inside, what is there is told and returned. */
RD struct mw_slice rd_bytes(struct mw_reader *r, uint64_t n, enum mw_field_id field)
{
    if (r->status != MW_OK)
        return (struct mw_slice){NULL, 0};
    uint32_t left = rd_left(r);
    if (n <= left) {
        struct mw_slice s = {r->p, (uint32_t)n};
        rd_tell_bytes(r, field, s.n, s);
        r->p += s.n;
        return s;
    }
    struct mw_slice s = {NULL, 0};
    bool cut = n <= left + r->missing;
    if (cut) {
        s = (struct mw_slice){r->p, left};
        if (left > 0)
            rd_tell_bytes(r, field, s.n, s);
    }
    rd_fail(r, n);
    if (cut)
        r->p = r->end; /* nodes that are still open end behind what was told */
    return s;
}

/* Everything to the end of the packet; an empty field when nothing is left. */
RD struct mw_slice rd_rest(struct mw_reader *r, enum mw_field_id field)
{
    return rd_bytes(r, rd_left_wire(r), field);
}

/* Text up to a NUL, which is read too. Without one: to the end of the packet, with a note unless `or_rest`. */
RD struct mw_slice rd_textz(struct mw_reader *r, enum mw_field_id field, bool or_rest)
{
    if (r->status != MW_OK)
        return (struct mw_slice){NULL, 0};
    uint32_t left = rd_left(r);
    const uint8_t *nul = left ? memchr(r->p, 0, left) : NULL;
    if (!nul) {
        if (r->missing == 0 && !or_rest)
            rd_note(r, MW_NOTE_NO_TERMINATOR);
        return rd_rest(r, field);
    }
    struct mw_slice s = {r->p, (uint32_t)(nul - r->p)};
    rd_tell_bytes(r, field, s.n + 1, s);
    r->p = nul + 1;
    return s;
}

/* A length-encoded string: its length and its bytes. */
RD struct mw_slice rd_lenenc_text(struct mw_reader *r, enum mw_field_id length, enum mw_field_id field)
{
    uint64_t n = rd_lenenc(r, length);
    return rd_bytes(r, n, field);
}

RD uint8_t rd_peek(const struct mw_reader *r)
{
    return rd_left(r) ? *r->p : 0;
}

/* The end of a packet: what is left is told, and a capture that ends before the packet is SHORT. */
RD void rd_end(struct mw_reader *r)
{
    if (r->status != MW_OK)
        return;
    if (rd_left(r) > 0) {
        rd_note_at(r, MW_NOTE_TRAILING, rd_offset(r), rd_left(r));
        struct mw_slice s = {r->p, rd_left(r)};
        rd_tell_bytes(r, MW_F_TRAILING, s.n, s);
        r->p = r->end;
    }
    if (r->missing > 0)
        rd_fail(r, 1);
}

#endif
