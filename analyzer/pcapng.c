/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/pcapng.h"

#include "analyzer/pcapng_write.h"

#include <glib.h>

/* Lengths of bodies without data and options, and codes of options. */
enum {
    INTERFACE_MIN = 8,
    PACKET_MIN = 20, /* of the old packet block too */
    SIMPLE_MIN = 4,
    OPTION_END = 0,
    OPTION_RESOLUTION = 9,
    OPTION_OFFSET = 14,
    MICROSECONDS = 6,
    NANOSECONDS = 9
};

/** Of one section; its number is its place in it. */
struct interface {
    int link_type;
    uint32_t snaplen;   /* 0: no limit */
    uint8_t resolution; /* if_tsresol */
    int64_t offset;     /* if_tsoffset, seconds */
    uint8_t *options;   /* what else is said of it, in little endian */
    uint32_t n_options;
};

struct pcapng {
    struct pcapng_reader *reader;
    struct interface *interfaces;
    size_t n_interfaces, room;
    uint32_t interfaces_before; /* in earlier sections */
    uint64_t max_interfaces;
    uint64_t frames;
    bool too_many_interfaces;
};

struct pcapng *pcapng_new(FILE *file, bool ahead, const struct limits *limits)
{
    struct pcapng *p = g_new0(struct pcapng, 1);
    p->reader = pcapng_reader_new(file, ahead, limits->pcapng_block_bytes);
    p->max_interfaces = limits->pcapng_interfaces;
    return p;
}

/* Their numbers go on in the next section. */
static void forget_interfaces(struct pcapng *p)
{
    for (size_t i = 0; i < p->n_interfaces; i++)
        g_free(p->interfaces[i].options);
    p->interfaces_before += (uint32_t)p->n_interfaces;
    p->n_interfaces = 0;
}

void pcapng_free(struct pcapng *p)
{
    if (!p)
        return;
    pcapng_reader_free(p->reader);
    forget_interfaces(p);
    g_free(p->interfaces);
    g_free(p);
}

char *pcapng_explain(const struct pcapng *p, const char *name)
{
    return pcapng_reader_explain(p->reader, name, p->frames);
}

void pcapng_count_hits(const struct pcapng *p, struct limit_hits *hits)
{
    hits->pcapng_block_bytes += pcapng_reader_hit_limit(p->reader);
    hits->pcapng_interfaces += p->too_many_interfaces;
}

/* -- link types and times ------------------------------------------------------------------------------------------ */

/* Where a platform had a number of its own for a link type, files have another. */
static const struct link_number {
    unsigned in_file;
    int link_type;
} link_numbers[] = {
    {100, 11}, /* ATM */
    {101, 12}, /* raw IP */
    {102, 15}, /* SLIP of BSD/OS */
    {103, 16}, /* PPP of BSD/OS */
    {106, 19}, /* ATM, Linux */
};

int pcapng_link_type(unsigned in_file)
{
    for (size_t i = 0; i < G_N_ELEMENTS(link_numbers); i++)
        if (link_numbers[i].in_file == in_file)
            return link_numbers[i].link_type;
    return (int)in_file;
}

unsigned pcapng_link_type_in_file(int link_type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(link_numbers); i++)
        if (link_numbers[i].link_type == link_type)
            return link_numbers[i].in_file;
    return (unsigned)link_type;
}

int64_t pcapng_time(uint64_t timestamp, uint8_t resolution, int64_t offset)
{
    const __int128 second = 1000000000;
    unsigned n = resolution & 0x7f;
    __int128 ns;
    if (resolution & 0x80) {
        /* At most 94 bits, so that no shift loses any. */
        ns = n < 128 ? (__int128)timestamp * second >> n : 0;
    } else {
        ns = timestamp;
        for (; n < NANOSECONDS; n++)
            ns *= 10;
        for (; n > NANOSECONDS && ns; n--)
            ns /= 10;
    }
    ns += offset * second;
    return ns > INT64_MAX ? INT64_MAX : ns < INT64_MIN ? INT64_MIN : (int64_t)ns;
}

/* Loops and 128 bits are for the rare; nearly all files count in these two units. */
static inline int64_t time_of(const struct interface *i, uint64_t timestamp)
{
    if (i->offset == 0 && i->resolution == MICROSECONDS && timestamp <= INT64_MAX / 1000)
        return (int64_t)timestamp * 1000;
    if (i->offset == 0 && i->resolution == NANOSECONDS && timestamp <= INT64_MAX)
        return (int64_t)timestamp;
    return pcapng_time(timestamp, i->resolution, i->offset);
}

/* -- interfaces ---------------------------------------------------------------------------------------------------- */

/* Options: code and length, 16 bits each, and the value, padded to 4 bytes. They end with the block or with code 0. */
static bool read_interface_options(struct interface *i, const struct pcapng_block *b, const uint8_t *at)
{
    const uint8_t *end = b->bytes + b->size - 4;
    while (end - at >= 4) {
        uint16_t code = pcapng_u16(b->big, at), n = pcapng_u16(b->big, at + 2);
        at += 4;
        if (code == OPTION_END)
            return true;
        if (pcapng_padded(n) > (uint64_t)(end - at))
            return false;
        if (code == OPTION_RESOLUTION && n != 1)
            return false;
        if (code == OPTION_OFFSET && n != 8)
            return false;
        if (code == OPTION_RESOLUTION)
            i->resolution = *at;
        else if (code == OPTION_OFFSET)
            i->offset = (int64_t)pcapng_u64(b->big, at);
        at += pcapng_padded(n);
    }
    return true;
}

/* What is known to read the same in both byte orders, or is a number of 64 bits; times are told in nanoseconds, so what
 * the file says of their unit does not hold any more. */
static enum pcapng_option interface_option(uint16_t code)
{
    enum { NAME = 2, DESCRIPTION, IPV4, IPV6, MAC, EUI, SPEED, FILTER = 11, OS, HARDWARE = 15, SENT, RECEIVED };
    switch (code) {
    case PCAPNG_COMMENT:
    case NAME:
    case DESCRIPTION:
    case IPV4:
    case IPV6:
    case MAC:
    case EUI:
    case FILTER:
    case OS:
    case HARDWARE: return PCAPNG_OPTION_BYTES;
    case SPEED:
    case SENT:
    case RECEIVED: return PCAPNG_OPTION_U64;
    default: return PCAPNG_OPTION_DROPPED;
    }
}

static void keep_options(struct interface *i, const struct pcapng_block *b, const uint8_t *at)
{
    enum { KEPT_MAX = 4096 }; /* of an interface: names are short */
    GByteArray *options = g_byte_array_new();
    pcapng_copy_options(options, b->big, at, (size_t)(b->bytes + b->size - 4 - at), interface_option);
    if (options->len > KEPT_MAX)
        g_byte_array_set_size(options, 0);
    i->n_options = options->len;
    i->options = g_byte_array_free(options, i->n_options == 0);
}

static enum pcapng_status read_interface(struct pcapng *p, const struct pcapng_block *b, struct pcapng_item *out)
{
    const uint8_t *body = b->bytes + PCAPNG_HEADER;
    if (b->size - PCAPNG_OVERHEAD < INTERFACE_MIN)
        return pcapng_reader_blame(p->reader, "it is too short for the description of an interface");
    if (p->n_interfaces == p->max_interfaces) {
        p->too_many_interfaces = true;
        return pcapng_reader_blame(p->reader, "it describes one interface more than any section should have");
    }
    struct interface i = {.link_type = pcapng_link_type(pcapng_u16(b->big, body)),
                          .snaplen = pcapng_u32(b->big, body + 4),
                          .resolution = MICROSECONDS};
    if (!read_interface_options(&i, b, body + INTERFACE_MIN))
        return pcapng_reader_blame(p->reader, "an option of its interface has a wrong length");
    keep_options(&i, b, body + INTERFACE_MIN);
    if (p->n_interfaces == p->room) {
        p->room = p->room ? 2 * p->room : 4;
        p->interfaces = g_renew(struct interface, p->interfaces, p->room);
    }
    p->interfaces[p->n_interfaces++] = i;
    out->kind = PCAPNG_KIND_INTERFACE;
    out->packet.link_type = i.link_type;
    return PCAPNG_OK;
}

/* -- packets ------------------------------------------------------------------------------------------------------- */

static enum pcapng_status read_packet(struct pcapng *p, const struct pcapng_block *b, struct pcapng_item *out)
{
    const uint8_t *body = b->bytes + PCAPNG_HEADER;
    uint32_t n = b->size - PCAPNG_OVERHEAD, min = b->type == PCAPNG_SIMPLE_PACKET ? SIMPLE_MIN : PACKET_MIN;
    if (n < min)
        return pcapng_reader_blame(p->reader, "its block is too short for the header of a packet");
    uint32_t id = b->type == PCAPNG_PACKET       ? pcapng_u32(b->big, body)
                  : b->type == PCAPNG_OLD_PACKET ? pcapng_u16(b->big, body)
                                                 : 0;
    if (id >= p->n_interfaces)
        return pcapng_reader_blame(p->reader, "its interface is not described before it");
    const struct interface *i = &p->interfaces[id];
    struct packet *packet = &out->packet;
    if (b->type == PCAPNG_SIMPLE_PACKET) {
        packet->original = pcapng_u32(b->big, body);
        packet->captured = i->snaplen ? MIN(packet->original, i->snaplen) : packet->original;
        packet->time_ns = 0;
    } else {
        packet->captured = pcapng_u32(b->big, body + 12);
        packet->original = MAX(packet->captured, pcapng_u32(b->big, body + 16));
        packet->time_ns = time_of(i, (uint64_t)pcapng_u32(b->big, body + 4) << 32 | pcapng_u32(b->big, body + 8));
    }
    if (packet->captured > n - min)
        return pcapng_reader_blame(p->reader, "it is longer than the block that holds it");
    packet->number = ++p->frames;
    packet->link_type = i->link_type;
    packet->data = body + min;
    packet->interface = p->interfaces_before + id;
    packet->big = b->big;
    packet->options = NULL;
    packet->n_options = 0;
    if (b->type != PCAPNG_SIMPLE_PACKET && pcapng_padded(packet->captured) < n - min) {
        packet->options = packet->data + pcapng_padded(packet->captured);
        packet->n_options = n - min - (uint32_t)pcapng_padded(packet->captured);
    }
    out->kind = PCAPNG_KIND_PACKET;
    return PCAPNG_OK;
}

void pcapng_interface(const struct pcapng *p, const struct packet *packet, struct capture_interface *out)
{
    const struct interface *i = &p->interfaces[packet->interface - p->interfaces_before];
    *out = (struct capture_interface){i->link_type, i->snaplen, i->options, i->n_options};
}

enum pcapng_status pcapng_next(struct pcapng *p, struct pcapng_item *out)
{
    struct pcapng_block block;
    enum pcapng_status status = pcapng_reader_next(p->reader, &block);
    if (status != PCAPNG_OK)
        return status;
    if (pcapng_is_packet(block.type))
        return read_packet(p, &block, out);
    out->kind = PCAPNG_KIND_OTHER;
    switch (block.type) {
    case PCAPNG_SECTION: forget_interfaces(p); break;
    case PCAPNG_INTERFACE: return read_interface(p, &block, out);
    case PCAPNG_SECRETS:
        if (!pcapng_block_secrets(&block, &out->secrets))
            return pcapng_reader_blame(p->reader, "its secrets are longer than the block that holds them");
        out->kind = PCAPNG_KIND_SECRETS;
        break;
    default: p->frames += pcapng_is_frame(block.type); break;
    }
    return PCAPNG_OK;
}
