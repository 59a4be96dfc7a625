/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gzip members, made with zlib. */
#ifndef TESTS_SUPPORT_GZIP_H
#define TESTS_SUPPORT_GZIP_H

#include <glib.h>
#include <zlib.h>

/* Appends one member that holds these bytes. Returns false when zlib refuses. */
static inline gboolean gzip_append(GByteArray *out, const guint8 *p, gsize n)
{
    enum { GZIP = 15 + 16 };
    z_stream z = {0};
    if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return FALSE;
    guint8 *room = g_malloc(n + 1024);
    z.next_in = (Bytef *)(guintptr)p;
    z.avail_in = (uInt)n;
    z.next_out = room;
    z.avail_out = (uInt)(n + 1024);
    gboolean done = deflate(&z, Z_FINISH) == Z_STREAM_END;
    if (done)
        g_byte_array_append(out, room, (guint)z.total_out);
    deflateEnd(&z);
    g_free(room);
    return done;
}

#endif
