/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/pcapng_write.h"

#include "analyzer/pcapng.h"

/* Codes of options. */
enum { END_OF_OPTIONS = 0, APPLICATION = 4, INTERFACE_NAME = 2, RESOLUTION = 9 };

enum { NANOSECONDS = 9, OPTION_MAX = 65535 };

struct pcapng_writer {
    struct sink sink;
    GByteArray *block; /* the one being written; reused */
    uint32_t interfaces;
};

void pcapng_put_u32(bool big, uint8_t *p, uint32_t value)
{
    value = big ? GUINT32_TO_BE(value) : GUINT32_TO_LE(value);
    memcpy(p, &value, sizeof value);
}

void pcapng_put_u64(bool big, uint8_t *p, uint64_t value)
{
    value = big ? GUINT64_TO_BE(value) : GUINT64_TO_LE(value);
    memcpy(p, &value, sizeof value);
}

static void put16(GByteArray *out, bool big, uint16_t value)
{
    value = big ? GUINT16_TO_BE(value) : GUINT16_TO_LE(value);
    g_byte_array_append(out, (const guint8 *)&value, sizeof value);
}

static void put32(GByteArray *out, bool big, uint32_t value)
{
    uint8_t p[4];
    pcapng_put_u32(big, p, value);
    g_byte_array_append(out, p, sizeof p);
}

static void put_padded(GByteArray *out, const void *data, uint32_t n)
{
    static const guint8 zeros[4];
    g_byte_array_append(out, data, n);
    g_byte_array_append(out, zeros, (guint)(pcapng_padded(n) - n));
}

static void put_option(GByteArray *out, bool big, uint16_t code, const void *value, size_t n)
{
    uint16_t length = (uint16_t)MIN(n, OPTION_MAX);
    put16(out, big, code);
    put16(out, big, length);
    put_padded(out, value, length);
}

void pcapng_copy_options(GByteArray *out, bool big, const uint8_t *options, size_t n,
                         enum pcapng_option (*kind)(uint16_t code))
{
    enum { OPTION_HEADER = 4 };
    while (n >= OPTION_HEADER) {
        uint16_t code = pcapng_u16(big, options), length = pcapng_u16(big, options + 2);
        const uint8_t *value = options + OPTION_HEADER;
        if (code == END_OF_OPTIONS || pcapng_padded(length) > n - OPTION_HEADER)
            return;
        uint8_t number[8];
        enum pcapng_option what = kind(code);
        if (what == PCAPNG_OPTION_BYTES) {
            put_option(out, false, code, value, length);
        } else if (what == PCAPNG_OPTION_U32 && length == 4) {
            pcapng_put_u32(false, number, pcapng_u32(big, value));
            put_option(out, false, code, number, length);
        } else if (what == PCAPNG_OPTION_U64 && length == 8) {
            pcapng_put_u64(false, number, pcapng_u64(big, value));
            put_option(out, false, code, number, length);
        }
        options = value + pcapng_padded(length);
        n -= OPTION_HEADER + (size_t)pcapng_padded(length);
    }
}

/* The length of a block is known when it is written: begin_block() leaves room for it. Returns where the block begins.
 */
static guint begin_block(GByteArray *out, bool big, uint32_t type)
{
    guint at = out->len;
    put32(out, big, type);
    put32(out, big, 0);
    return at;
}

static void end_block(GByteArray *out, bool big, guint at)
{
    uint32_t size = out->len - at + 4;
    put32(out, big, size);
    pcapng_put_u32(big, out->data + at + 4, size);
}

void pcapng_put_secrets(GByteArray *out, bool big, const char *text, uint32_t n)
{
    guint at = begin_block(out, big, PCAPNG_SECRETS);
    put32(out, big, PCAPNG_TLS_KEY_LOG);
    put32(out, big, n);
    put_padded(out, text, n);
    end_block(out, big, at);
}

static guint begin(struct pcapng_writer *w, uint32_t type)
{
    g_byte_array_set_size(w->block, 0);
    return begin_block(w->block, false, type);
}

static int end(struct pcapng_writer *w, guint at)
{
    end_block(w->block, false, at);
    return sink_write(w->sink, (const char *)w->block->data, w->block->len);
}

struct pcapng_writer *pcapng_writer_new(struct sink sink, const char *application)
{
    struct pcapng_writer *w = g_new0(struct pcapng_writer, 1);
    w->sink = sink;
    w->block = g_byte_array_new();
    guint at = begin(w, PCAPNG_SECTION);
    put32(w->block, false, PCAPNG_MAGIC);
    put16(w->block, false, 1);
    put16(w->block, false, 0);
    /* The length of the section: not known. */
    put32(w->block, false, UINT32_MAX);
    put32(w->block, false, UINT32_MAX);
    put_option(w->block, false, APPLICATION, application, strlen(application));
    put_option(w->block, false, END_OF_OPTIONS, "", 0);
    end(w, at);
    return w;
}

int pcapng_writer_interface(struct pcapng_writer *w, int link_type, uint32_t snaplen, const char *name, uint32_t *id)
{
    static const uint8_t resolution = NANOSECONDS;
    guint at = begin(w, PCAPNG_INTERFACE);
    put16(w->block, false, (uint16_t)pcapng_link_type_in_file(link_type));
    put16(w->block, false, 0);
    put32(w->block, false, snaplen);
    if (name)
        put_option(w->block, false, INTERFACE_NAME, name, strlen(name));
    put_option(w->block, false, RESOLUTION, &resolution, sizeof resolution);
    put_option(w->block, false, END_OF_OPTIONS, "", 0);
    *id = w->interfaces++;
    return end(w, at);
}

int pcapng_writer_interface_as(struct pcapng_writer *w, int link_type, uint32_t snaplen, const uint8_t *options,
                               size_t n, uint32_t *id)
{
    static const uint8_t resolution = NANOSECONDS;
    guint at = begin(w, PCAPNG_INTERFACE);
    put16(w->block, false, (uint16_t)pcapng_link_type_in_file(link_type));
    put16(w->block, false, 0);
    put32(w->block, false, snaplen);
    g_byte_array_append(w->block, options, (guint)n);
    put_option(w->block, false, RESOLUTION, &resolution, sizeof resolution);
    put_option(w->block, false, END_OF_OPTIONS, "", 0);
    *id = w->interfaces++;
    return end(w, at);
}

int pcapng_writer_secrets(struct pcapng_writer *w, const char *text, size_t n)
{
    g_byte_array_set_size(w->block, 0);
    pcapng_put_secrets(w->block, false, text, (uint32_t)n);
    return sink_write(w->sink, (const char *)w->block->data, w->block->len);
}

/* Begins the block of a packet; its options follow. Returns where it begins. */
static guint begin_packet(struct pcapng_writer *w, uint32_t id, int64_t time_ns, const uint8_t *data, uint32_t captured,
                          uint32_t original)
{
    uint64_t time = time_ns < 0 ? 0 : (uint64_t)time_ns;
    guint at = begin(w, PCAPNG_PACKET);
    put32(w->block, false, id);
    put32(w->block, false, (uint32_t)(time >> 32));
    put32(w->block, false, (uint32_t)time);
    put32(w->block, false, captured);
    put32(w->block, false, original);
    put_padded(w->block, data, captured);
    return at;
}

/* Hashes and verdicts are bytes of a kind of their own: the first one says how to read the others. */
static enum pcapng_option packet_option(uint16_t code)
{
    enum { FLAGS = 2, HASH, DROPPED, ID, QUEUE };
    switch (code) {
    case PCAPNG_COMMENT:
    case HASH: return PCAPNG_OPTION_BYTES;
    case FLAGS:
    case QUEUE: return PCAPNG_OPTION_U32;
    case DROPPED:
    case ID: return PCAPNG_OPTION_U64;
    default: return PCAPNG_OPTION_DROPPED;
    }
}

int pcapng_writer_packet_as(struct pcapng_writer *w, uint32_t id, int64_t time_ns, const uint8_t *data,
                            uint32_t captured, uint32_t original, const uint8_t *options, size_t n, bool big)
{
    guint at = begin_packet(w, id, time_ns, data, captured, original), before = w->block->len;
    if (n)
        pcapng_copy_options(w->block, big, options, n, packet_option);
    if (w->block->len > before)
        put_option(w->block, false, END_OF_OPTIONS, "", 0);
    return end(w, at);
}

int pcapng_writer_packet(struct pcapng_writer *w, uint32_t id, int64_t time_ns, const uint8_t *data, uint32_t captured,
                         uint32_t original, const char *comment)
{
    guint at = begin_packet(w, id, time_ns, data, captured, original);
    if (comment) {
        put_option(w->block, false, PCAPNG_COMMENT, comment, strlen(comment));
        put_option(w->block, false, END_OF_OPTIONS, "", 0);
    }
    return end(w, at);
}

void pcapng_writer_free(struct pcapng_writer *w)
{
    if (!w)
        return;
    g_byte_array_unref(w->block);
    g_free(w);
}
