/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* fopencookie */
#include "analyzer/unpack.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>
#include <zlib.h>

enum { INPUT = 65536, GZIP = 15 + 16 /* largest window, gzip header */ };

struct gzip {
    FILE *packed;
    z_stream z;
    bool inside; /* a member has begun and not ended */
    unsigned char input[INPUT];
};

/* More of the file. False at its end. */
static bool fill(struct gzip *g)
{
    if (g->z.avail_in > 0)
        return true;
    g->z.next_in = g->input;
    g->z.avail_in = (uInt)fread(g->input, 1, sizeof g->input, g->packed);
    return g->z.avail_in > 0;
}

static ssize_t gzip_read(void *cookie, char *out, size_t size)
{
    struct gzip *g = cookie;
    g->z.next_out = (unsigned char *)out;
    g->z.avail_out = (uInt)MIN(size, INT_MAX);
    uInt wanted = g->z.avail_out;
    while (g->z.avail_out == wanted) {
        if (!fill(g)) {
            if (!g->inside && !ferror(g->packed))
                return 0;
            errno = ferror(g->packed) ? EIO : EBADMSG;
            return -1;
        }
        g->inside = true;
        int status = inflate(&g->z, Z_NO_FLUSH);
        if (status == Z_STREAM_END) {
            g->inside = false;
            inflateReset(&g->z);
        } else if (status != Z_OK) {
            errno = EBADMSG;
            return -1;
        }
    }
    return (ssize_t)(wanted - g->z.avail_out);
}

static int gzip_close(void *cookie)
{
    struct gzip *g = cookie;
    inflateEnd(&g->z);
    int result = fclose(g->packed);
    g_free(g);
    return result;
}

FILE *unpack_gzip(FILE *packed)
{
    struct gzip *g = g_try_new0(struct gzip, 1);
    if (!g || inflateInit2(&g->z, GZIP) != Z_OK) {
        g_free(g);
        return NULL;
    }
    g->packed = packed;
    FILE *file = fopencookie(g, "rb", (cookie_io_functions_t){.read = gzip_read, .close = gzip_close});
    if (!file) {
        inflateEnd(&g->z);
        g_free(g);
    }
    return file;
}
