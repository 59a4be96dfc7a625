/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files: pcap (micro- and nanoseconds, either byte order) and pcapng, from a file or standard input. */
#ifndef ANALYZER_SOURCE_H
#define ANALYZER_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

/** One captured packet. `data` belongs to the source and is valid until its next call. */
struct packet {
    uint64_t number;     /**< in its file, from 1; packets that the filter left out are counted too */
    int64_t time_ns;     /**< nanoseconds since the epoch */
    int link_type;       /**< DLT_ number of what `data` begins with */
    const uint8_t *data; /**< first byte of the link layer */
    uint32_t captured;   /**< bytes at `data` */
    uint32_t original;   /**< bytes that the packet had on the wire, never less than `captured` */
};

/** What source_next() came to. */
enum source_status {
    SOURCE_PACKET, /**< `out` holds the next packet */
    SOURCE_END,    /**< the file ended where it should */
    SOURCE_ERROR   /**< the rest cannot be read; source_error() says why */
};

struct source;

/** Opens the capture at `path`, or standard input for "-".
 *
 * `filter` is a BPF expression (pcap-filter(7)) or NULL for all packets.
 * Returns a source that the caller closes with source_close(), or NULL: then `*error` is a sentence for the user (what,
 * where, what to do), which the caller frees with g_free(), and `*usage` (may be NULL) tells whether the filter is what
 * is wrong (true) or the input (false). */
struct source *source_open(const char *path, const char *filter, char **error, bool *usage);

/** Reads the next packet into `out`. After SOURCE_END or SOURCE_ERROR it returns the same again. */
enum source_status source_next(struct source *source, struct packet *out);

/** The sentence for the user after SOURCE_ERROR, else NULL. It belongs to the source. */
const char *source_error(const struct source *source);

/** Closes the file and frees the source. NULL is allowed. */
void source_close(struct source *source);

#endif
