/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/pcapng_block.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>

/* Room to begin with: reads larger than the buffer of the stream go around that. */
enum { ROOM = 1 << 19 };

struct pcapng_reader {
    FILE *file;
    uint8_t *buffer;
    size_t room, begin, end; /* [begin, end) holds what was read and not handed out */
    size_t out;              /* of these, the block handed out last */
    uint64_t offset;         /* of `begin` in the file */
    uint64_t max_block;
    uint32_t type; /* of the block at `begin`; 0: not known */
    bool ahead, big, inside;
    bool hit_limit;
    enum pcapng_status status;
    int error;
    char problem[128];
};

struct pcapng_reader *pcapng_reader_new(FILE *file, bool ahead, uint64_t max_block)
{
    struct pcapng_reader *r = g_new0(struct pcapng_reader, 1);
    r->file = file;
    r->ahead = ahead;
    r->max_block = MIN(max_block, UINT32_MAX);
    r->room = ROOM;
    r->buffer = g_malloc(r->room);
    return r;
}

void pcapng_reader_free(struct pcapng_reader *r)
{
    if (!r)
        return;
    g_free(r->buffer);
    g_free(r);
}

/* The buffer grows by what the file really holds, not by what a length claims. */
static bool fill(struct pcapng_reader *r, size_t n)
{
    memmove(r->buffer, r->buffer + r->begin, r->end - r->begin);
    r->end -= r->begin;
    r->begin = 0;
    while (r->end < n) {
        if (r->end == r->room) {
            r->room *= 2;
            r->buffer = g_realloc(r->buffer, r->room);
        }
        size_t wanted = r->ahead ? r->room - r->end : MIN(n, r->room) - r->end;
        errno = 0;
        size_t got = fread(r->buffer + r->end, 1, wanted, r->file);
        r->end += got;
        if (got == 0) {
            r->error = ferror(r->file) ? errno : 0;
            r->status = ferror(r->file) ? PCAPNG_IO : r->end == 0 ? PCAPNG_END : PCAPNG_CUT;
            return false;
        }
    }
    return true;
}

/* Makes `n` bytes from `begin` on available; else the status says why not. */
static inline bool need(struct pcapng_reader *r, size_t n)
{
    return r->end - r->begin >= n || fill(r, n);
}

enum pcapng_status pcapng_reader_blame(struct pcapng_reader *r, const char *problem)
{
    g_strlcpy(r->problem, problem, sizeof r->problem);
    return r->status = PCAPNG_BAD;
}

static enum pcapng_status blame_length(struct pcapng_reader *r, const char *format, uint32_t size)
{
    char *problem = g_strdup_printf(format, size);
    pcapng_reader_blame(r, problem);
    g_free(problem);
    return r->status;
}

/* A section header tells its byte order before anything else in it can be read. */
static bool read_order(struct pcapng_reader *r)
{
    if (!need(r, PCAPNG_HEADER + 4))
        return false;
    const uint8_t *magic = r->buffer + r->begin + PCAPNG_HEADER;
    r->big = pcapng_u32(true, magic) == PCAPNG_MAGIC;
    if (!r->big && pcapng_u32(false, magic) != PCAPNG_MAGIC) {
        pcapng_reader_blame(r, "it is a section header without the magic number that tells the byte order");
        return false;
    }
    return true;
}

static enum pcapng_status check_version(struct pcapng_reader *r)
{
    const uint8_t *p = r->buffer + r->begin + PCAPNG_HEADER + 4;
    unsigned major = pcapng_u16(r->big, p), minor = pcapng_u16(r->big, p + 2);
    /* 1.2 was written by mistake and means 1.0. */
    if (major == 1 && (minor == 0 || minor == 2))
        return PCAPNG_OK;
    char *problem = g_strdup_printf("it begins a section in version %u.%u of pcapng, which is not known", major, minor);
    pcapng_reader_blame(r, problem);
    g_free(problem);
    return r->status;
}

enum pcapng_status pcapng_reader_next(struct pcapng_reader *r, struct pcapng_block *out)
{
    if (r->status != PCAPNG_OK)
        return r->status;
    r->begin += r->out;
    r->offset += r->out;
    r->out = 0;
    r->type = 0;
    if (!need(r, PCAPNG_HEADER))
        return r->status;
    uint32_t type = pcapng_u32(r->big, r->buffer + r->begin);
    r->type = type;
    if (type == PCAPNG_SECTION) {
        if (!read_order(r))
            return r->status;
    } else if (!r->inside) {
        return pcapng_reader_blame(r, "the file does not begin with a section header");
    }
    uint32_t size = pcapng_u32(r->big, r->buffer + r->begin + 4);
    if (size < PCAPNG_OVERHEAD || size % 4 || (type == PCAPNG_SECTION && size < PCAPNG_SECTION_MIN))
        return blame_length(r, "a block of its kind cannot be %u bytes long", size);
    if (size > r->max_block) {
        r->hit_limit = true;
        return blame_length(r, "it claims %u bytes, more than any block should have", size);
    }
    if (!need(r, size))
        return r->status;
    const uint8_t *bytes = r->buffer + r->begin;
    uint32_t again = pcapng_u32(r->big, bytes + size - 4);
    if (again != size)
        return blame_length(r, "its two lengths differ, the first is %u", size);
    if (type == PCAPNG_SECTION && check_version(r) != PCAPNG_OK)
        return r->status;
    r->inside = true;
    r->out = size;
    *out = (struct pcapng_block){r->offset, type, size, bytes, r->big};
    return PCAPNG_OK;
}

size_t pcapng_reader_raw(struct pcapng_reader *r, const uint8_t **bytes)
{
    r->begin += r->out;
    r->offset += r->out;
    r->out = 0;
    r->type = 0;
    if (r->status != PCAPNG_OK || !need(r, 1))
        return 0;
    *bytes = r->buffer + r->begin;
    return r->out = r->end - r->begin;
}

enum pcapng_status pcapng_reader_status(const struct pcapng_reader *r)
{
    return r->status;
}

bool pcapng_reader_hit_limit(const struct pcapng_reader *r)
{
    return r->hit_limit;
}

char *pcapng_reader_explain(const struct pcapng_reader *r, const char *name, uint64_t packets)
{
    const char *before = packets ? "the packets before it were read" : "no packet was read";
    /* A type that did not get read is most likely that of a packet, as most are. */
    char *what = r->type == 0 || pcapng_is_packet(r->type) ? g_strdup_printf("packet %" PRIu64, packets + 1)
                 : packets                                 ? g_strdup_printf("a block after packet %" PRIu64, packets)
                                                           : g_strdup("a block before the first packet");
    uint64_t end = r->offset + (r->end - r->begin);
    char *text = NULL;
    switch (r->status) {
    case PCAPNG_CUT:
        text = g_strdup_printf("%s ends in the middle of %s (at byte %" PRIu64 "); %s. "
                               "Record or copy it again if the rest matters.",
                               name, what, end, before);
        break;
    case PCAPNG_BAD:
        what[0] = g_ascii_toupper(what[0]);
        text = g_strdup_printf("%s of %s (at byte %" PRIu64 ") cannot be read: %s; %s. "
                               "The file is damaged there; copy it again if the rest matters.",
                               what, name, r->offset, r->problem, before);
        break;
    default:
        if (r->error == EBADMSG)
            text =
                g_strdup_printf("%s cannot be decompressed any further than %s: its compressed data is damaged or cut; %s. "
                                "Copy it again if the rest matters.",
                                name, what, before);
        else
            text = g_strdup_printf("%s cannot be read any further than %s (at byte %" PRIu64 "): %s; %s. "
                                   "Check the disk or the connection that it comes from.",
                                   name, what, end, g_strerror(r->error), before);
    }
    g_free(what);
    return text;
}

bool pcapng_is_frame(uint32_t type)
{
    switch (type) {
    case PCAPNG_PACKET:
    case PCAPNG_SIMPLE_PACKET:
    case PCAPNG_OLD_PACKET:
    case 9:     /* systemd journal export */
    case 0x204: /* Sysdig events, */
    case 0x216: /* their second version, */
    case 0x221: /* and large ones */
    case 0xbad: /* custom blocks, to be copied by who does not know them */
    case 0x40000bad: /* or not */ return true;
    default: return false;
    }
}

bool pcapng_block_secrets(const struct pcapng_block *block, struct pcapng_secrets *out)
{
    const uint8_t *body = block->bytes + PCAPNG_HEADER;
    if (block->size < PCAPNG_SECRETS_MIN)
        return false;
    *out = (struct pcapng_secrets){
        .type = pcapng_u32(block->big, body), .n = pcapng_u32(block->big, body + 4), .data = body + 8};
    return pcapng_padded(out->n) <= block->size - PCAPNG_SECRETS_MIN;
}
