/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where packets come from. Capture files: pcap (micro- and nanoseconds, either byte order) and pcapng (any number of
 * sections and interfaces), plain or compressed, from a file, also one that grows, or standard input; and interfaces. */
#ifndef ANALYZER_SOURCE_H
#define ANALYZER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** One captured packet. `data` belongs to the source and is valid until its next call. */
struct packet {
    uint64_t number; /**< in its file, from 1, as Wireshark counts; packets that the filter left out are counted too */
    int64_t time_ns; /**< nanoseconds since the epoch */
    int link_type;   /**< DLT_ number of what `data` begins with */
    const uint8_t *data; /**< first byte of the link layer */
    uint32_t captured;   /**< bytes at `data` */
    uint32_t original;   /**< bytes that the packet had on the wire, never less than `captured` */
    uint32_t interface;  /**< that it came in by: its number in the file, over all sections, from 0 */
    /** Options of the packet (comments, flags …) as they stand in a pcapng file, `big` endian or little; may be
     * malformed. */
    const uint8_t *options;
    uint32_t n_options;
    bool big;
};

/** An interface that packets came in by. */
struct capture_interface {
    int link_type;
    uint32_t snaplen;       /**< 0: no limit */
    const uint8_t *options; /**< as in little-endian pcapng files: name, description … but nothing of the time */
    uint32_t n_options;
};

/** What source_next() came to. */
enum source_status {
    SOURCE_PACKET, /**< `out` holds the next packet */
    SOURCE_END,    /**< the file ended where it should */
    SOURCE_ERROR   /**< the rest cannot be read; source_error() says why */
};

struct source;
struct interfaces;
struct patience;
struct waiting;

/** Opens the capture at `path`, or standard input for "-".
 *
 * `filter` is a BPF expression (pcap-filter(7)) or NULL for all packets.
 * Returns a source that the caller closes with source_close(), or NULL: then `*error` is a sentence for the user (what,
 * where, what to do), which the caller frees with g_free(), and `*usage` (may be NULL) tells whether the filter is what
 * is wrong (true) or the input (false). */
struct source *source_open(const char *path, const char *filter, char **error, bool *usage);

/** The same for what comes through a pipe or is still being written: source_next() waits for it as `waiting` says
 * (waiting_file.h), which must outlive the source. What stands half written at the end then is no error where waiting
 * came to its end because patience is over. */
struct source *source_open_waiting(const char *path, const char *filter, struct waiting *waiting, char **error,
                                   bool *usage);

/** A source over interfaces, which it owns. After SOURCE_ERROR, which is of one of them, source_next() goes on with the
 * others. */
struct source *source_of_interfaces(struct interfaces *interfaces, struct patience *patience);

/** The interfaces of such a source, else NULL. */
struct interfaces *source_interfaces(const struct source *source);

/** Reads the next packet into `out`. After SOURCE_END or SOURCE_ERROR it returns the same again. */
enum source_status source_next(struct source *source, struct packet *out);

/** Takes the time of the first packet of the capture at `path`, INT64_MAX where there is none yet. Returns false if it
 * cannot be opened. */
bool source_first_time(const char *path, int64_t *time_ns);

/** Told of the text of a TLS key log that stands in a capture (in a Decryption Secrets Block of pcapng). The text is
 * valid during the call only, and not terminated. It may have been told before: by source_index_secrets(), or in
 * another block. */
typedef void (*source_secrets)(void *user, const char *text, size_t n);

/** Has `fn` told the secrets that source_next() meets from now on: each before the packets that stand behind it,
 * whatever the filter leaves out. */
void source_on_secrets(struct source *source, source_secrets fn, void *user);

/** Tells `fn` all secrets of the capture at `path` without reading its packets: those too that stand behind the packets
 * that need them. Standard input ("-"), pipes and classic pcap tell none, and what cannot be read is passed over in
 * silence: reading its packets says what is wrong. Costs a pass over the file: about 0.15 s a gigabyte that is cached,
 * if it is not compressed. */
void source_index_secrets(const char *path, source_secrets fn, void *user);

struct limit_hits;

/** Adds the limits that ended the reading, if one did. */
void source_count_hits(const struct source *source, struct limit_hits *hits);

/** The sentence for the user after SOURCE_ERROR, else NULL. It belongs to the source. Not of interfaces, which tell
 * themselves. */
const char *source_error(const struct source *source);

/** Describes the interface of the packet that source_next() told last; valid until its next call. */
void source_interface(const struct source *source, const struct packet *packet, struct capture_interface *out);

/** Closes the file and frees the source. NULL is allowed. */
void source_close(struct source *source);

#endif
