/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mywire/framer.h"

#include <string.h>

#include "mywire/decode.h"

/* The buffer is given back after the packet: most of the time most connections wait between two. */
enum { FIRST_CAPACITY = 1008 };

void mw_framer_init(struct mw_framer *f, enum mw_dir dir, const struct mw_mem *mem, const struct mw_limits *limits,
                    struct mw_limit_hits *hits)
{
    memset(f, 0, sizeof *f);
    f->dir = dir;
    f->mem = mem;
    f->limits = limits;
    f->hits = hits;
}

static void drop_buffer(struct mw_framer *f)
{
    if (f->buffer && f->mem->free)
        f->mem->free(f->mem->user, f->buffer, f->capacity);
    f->buffer = NULL;
    f->capacity = 0;
}

void mw_framer_clear(struct mw_framer *f)
{
    drop_buffer(f);
    mw_framer_init(f, f->dir, f->mem, f->limits, f->hits);
}

void mw_framer_push(struct mw_framer *f, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    f->in = p;
    f->in_left = n;
    f->stamp = stamp;
}

struct mw_slice mw_framer_take_rest(struct mw_framer *f)
{
    struct mw_slice rest = {f->in, (uint32_t)f->in_left};
    f->in_left = 0;
    return rest;
}

bool mw_framer_pending(const struct mw_framer *f)
{
    return f->inside || f->header_have > 0 || f->more_parts;
}

static bool reserve(struct mw_framer *f, uint32_t need)
{
    if (need <= f->capacity)
        return true;
    uint32_t capacity = f->capacity ? f->capacity : FIRST_CAPACITY;
    while (capacity < need)
        capacity *= 2;
    uint8_t *bigger = f->mem->alloc(f->mem->user, capacity);
    if (!bigger)
        return false;
    if (f->packet.have)
        memcpy(bigger, f->buffer, f->packet.have);
    drop_buffer(f);
    f->buffer = bigger;
    f->capacity = capacity;
    return true;
}

/* Keeps the head of the packet; what goes beyond the limit, or comes behind a hole, is counted only. */
static void keep(struct mw_framer *f, const uint8_t *p, size_t n)
{
    struct mw_packet *k = &f->packet;
    if (k->lost || k->have < k->length - n)
        return;
    size_t room = f->limits->packet_head > k->have ? f->limits->packet_head - k->have : 0;
    if (n > room) {
        f->hits->packet_head++; /* once: from here on more of the packet is there than is kept */
        n = room;
    }
    if (n == 0 || !reserve(f, k->have + (uint32_t)n))
        return;
    memcpy(f->buffer + k->have, p, n);
    k->have += (uint32_t)n;
}

static void begin_part(struct mw_framer *f, const uint8_t *header)
{
    uint32_t length = header[0] | (uint32_t)header[1] << 8 | (uint32_t)header[2] << 16;
    struct mw_packet *k = &f->packet;
    if (f->more_parts) {
        k->broken_parts |= header[3] != (uint8_t)(k->last_sequence + 1);
        k->parts++;
    } else {
        *k = (struct mw_packet){.parts = 1, .sequence = header[3], .first = k->first};
    }
    k->last_sequence = header[3];
    f->more_parts = length == MW_PART_MAX;
    f->part_left = length;
    f->inside = true;
}

static void finish(struct mw_framer *f, struct mw_packet *out)
{
    static const uint8_t nothing[1];
    f->packet.last = f->stamp;
    f->packet.payload = f->packet.have ? f->buffer : nothing;
    *out = f->packet;
    f->packets++;
}

/* A packet that lies whole in the input. */
static bool next_in_place(struct mw_framer *f, struct mw_packet *out)
{
    if (f->in_left < MW_HEADER)
        return false;
    const uint8_t *p = f->in;
    uint32_t length = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
    if (length == MW_PART_MAX || length > f->in_left - MW_HEADER)
        return false;
    uint32_t have = length < f->limits->packet_head ? length : f->limits->packet_head;
    f->hits->packet_head += have < length;
    *out = (struct mw_packet){.payload = p + MW_HEADER,
                              .have = have,
                              .length = length,
                              .parts = 1,
                              .sequence = p[3],
                              .last_sequence = p[3],
                              .first = f->stamp,
                              .last = f->stamp};
    f->in += MW_HEADER + length;
    f->in_left -= MW_HEADER + length;
    f->packets++;
    return true;
}

static void take_header_byte(struct mw_framer *f)
{
    if (f->header_have == 0 && !f->more_parts)
        f->packet.first = f->stamp;
    f->header[f->header_have++] = *f->in++;
    f->in_left--;
}

/* After lost bytes a packet is looked for at the start of a segment, where nearly all of them begin. */
static bool regain_sync(struct mw_framer *f)
{
    if (f->in_left == 0)
        return false;
    if (mw_looks_like_next(f->dir, f->in, f->in_left) == MW_YES) {
        f->lost_sync = false;
        return true;
    }
    f->skipped += f->in_left;
    f->in += f->in_left;
    f->in_left = 0;
    return false;
}

bool mw_framer_next(struct mw_framer *f, struct mw_packet *out)
{
    if (f->capacity && !mw_framer_pending(f))
        drop_buffer(f);
    if (f->lost_sync && !regain_sync(f))
        return false;
    if (!mw_framer_pending(f) && next_in_place(f, out))
        return true;
    while (f->in_left > 0 || (f->inside && f->part_left == 0)) {
        if (!f->inside) {
            take_header_byte(f);
            if (f->header_have < MW_HEADER)
                continue;
            begin_part(f, f->header);
            f->header_have = 0;
        }
        size_t n = f->in_left < f->part_left ? f->in_left : f->part_left;
        f->packet.length += n;
        keep(f, f->in, n);
        f->in += n;
        f->in_left -= n;
        f->part_left -= (uint32_t)n;
        if (f->part_left > 0)
            return false;
        f->inside = false;
        if (!f->more_parts) {
            finish(f, out);
            return true;
        }
    }
    return false;
}

struct mw_passed mw_framer_pass_rows(struct mw_framer *f, int sequence)
{
    enum { END_FIRST = 0xfe, ERR_FIRST = 0xff };
    struct mw_passed passed = {0};
    if (f->lost_sync || mw_framer_pending(f))
        return passed;
    uint32_t longest = f->limits->packet_head < MW_PART_MAX ? (uint32_t)f->limits->packet_head : MW_PART_MAX - 1;
    const uint8_t *p = f->in;
    size_t left = f->in_left;
    while (left > MW_HEADER) {
        uint32_t length = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
        uint8_t first = p[MW_HEADER];
        if (length == 0 || length > longest || length > left - MW_HEADER || first == END_FIRST || first == ERR_FIRST)
            break;
        if (sequence >= 0 && p[3] != (uint8_t)(sequence + passed.packets))
            break;
        passed.last_sequence = p[3];
        passed.packets++;
        p += MW_HEADER + length;
        left -= MW_HEADER + length;
    }
    passed.bytes = f->in_left - left;
    f->in = p;
    f->in_left = left;
    f->packets += passed.packets;
    return passed;
}

bool mw_framer_gap(struct mw_framer *f, uint64_t n)
{
    if (f->lost_sync)
        return false;
    if (f->inside && n <= f->part_left) {
        f->packet.lost += n;
        f->packet.length += n;
        f->part_left -= (uint32_t)n;
        return true;
    }
    f->header_have = 0;
    f->inside = f->more_parts = false;
    f->packet = (struct mw_packet){0};
    f->lost_sync = true;
    return false;
}
