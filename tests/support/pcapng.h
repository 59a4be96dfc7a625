/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng written block by block, in either byte order, by the draft's figures; also what contradicts itself. */
#ifndef TESTS_SUPPORT_PCAPNG_H
#define TESTS_SUPPORT_PCAPNG_H

#include <glib.h>
#include <string.h>

/** A file being written. */
struct ng {
    GByteArray *bytes;
    gboolean big;
};

static inline void ng_number(struct ng *f, guint64 value, guint n)
{
    for (guint i = 0; i < n; i++) {
        guint8 byte = (guint8)(value >> 8 * (f->big ? n - 1 - i : i));
        g_byte_array_append(f->bytes, &byte, 1);
    }
}

static inline void ng_data(struct ng *f, const void *data, guint n)
{
    g_byte_array_append(f->bytes, data, n);
    while (f->bytes->len % 4)
        g_byte_array_append(f->bytes, (const guint8 *)"", 1);
}

/** Begins a block; returns where, for ng_end(). */
static inline guint ng_begin(struct ng *f, guint32 type)
{
    guint at = f->bytes->len;
    ng_number(f, type, 4);
    ng_number(f, 0, 4);
    return at;
}

static inline void ng_end(struct ng *f, guint at)
{
    guint all = f->bytes->len, size = all - at + 4;
    ng_number(f, size, 4);
    /* The length stands in front too: written behind, and moved there. */
    memcpy(f->bytes->data + at + 4, f->bytes->data + all, 4);
}

/** `length` of the section in bytes, -1: not specified. */
static inline void ng_section_of(struct ng *f, gint64 length)
{
    guint at = ng_begin(f, 0x0a0d0d0a);
    ng_number(f, 0x1a2b3c4d, 4);
    ng_number(f, 1, 2);
    ng_number(f, 0, 2);
    ng_number(f, (guint64)length, 8);
    ng_end(f, at);
}

static inline void ng_section(struct ng *f)
{
    ng_section_of(f, -1);
}

/** `resolution` < 0: none; `offset` 0: none. */
static inline void ng_interface(struct ng *f, guint16 link_type, guint32 snaplen, int resolution, gint64 offset)
{
    guint at = ng_begin(f, 1);
    ng_number(f, link_type, 2);
    ng_number(f, 0, 2);
    ng_number(f, snaplen, 4);
    ng_number(f, 2, 2); /* if_name, of an odd length */
    ng_number(f, 3, 2);
    ng_data(f, "lo0", 3);
    if (resolution >= 0) {
        guint8 value = (guint8)resolution;
        ng_number(f, 9, 2);
        ng_number(f, 1, 2);
        ng_data(f, &value, 1);
    }
    if (offset) {
        ng_number(f, 14, 2);
        ng_number(f, 8, 2);
        ng_number(f, (guint64)offset, 8);
    }
    ng_number(f, 0, 4);
    ng_end(f, at);
}

static inline void ng_packet(struct ng *f, guint32 interface, guint64 time, const void *data, guint n, guint32 original)
{
    guint at = ng_begin(f, 6);
    ng_number(f, interface, 4);
    ng_number(f, time >> 32, 4);
    ng_number(f, time & 0xffffffff, 4);
    ng_number(f, n, 4);
    ng_number(f, original, 4);
    ng_data(f, data, n);
    ng_end(f, at);
}

static inline void ng_old_packet(struct ng *f, guint16 interface, guint64 time, const void *data, guint n)
{
    guint at = ng_begin(f, 2);
    ng_number(f, interface, 2);
    ng_number(f, 0xffff, 2);
    ng_number(f, time >> 32, 4);
    ng_number(f, time & 0xffffffff, 4);
    ng_number(f, n, 4);
    ng_number(f, n, 4);
    ng_data(f, data, n);
    ng_end(f, at);
}

static inline void ng_simple_packet(struct ng *f, guint32 original, const void *data, guint n)
{
    guint at = ng_begin(f, 3);
    ng_number(f, original, 4);
    ng_data(f, data, n);
    ng_end(f, at);
}

static inline void ng_secrets(struct ng *f, guint32 type, const char *text)
{
    guint at = ng_begin(f, 10);
    ng_number(f, type, 4);
    ng_number(f, strlen(text), 4);
    ng_data(f, text, (guint)strlen(text));
    ng_end(f, at);
}

static inline void ng_other(struct ng *f, guint32 type, guint n)
{
    static const char content[64] = {0};
    guint at = ng_begin(f, type);
    ng_data(f, content, n);
    ng_end(f, at);
}

#endif
