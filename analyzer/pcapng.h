/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the blocks of a pcapng file mean: packets with their time and link type, interfaces, secrets. */
#ifndef ANALYZER_PCAPNG_H
#define ANALYZER_PCAPNG_H

#include "analyzer/limits.h"
#include "analyzer/pcapng_block.h"
#include "analyzer/source.h"

/** What a block was. */
enum pcapng_kind {
    PCAPNG_KIND_PACKET,    /**< `packet` */
    PCAPNG_KIND_SECRETS,   /**< `secrets` */
    PCAPNG_KIND_INTERFACE, /**< `packet.link_type` is that of the interface */
    PCAPNG_KIND_OTHER      /**< a section header, or something that is not looked at */
};

/** A block that was read. Pointers are valid until the next one is. */
struct pcapng_item {
    enum pcapng_kind kind;
    struct packet packet;
    struct pcapng_secrets secrets;
};

struct pcapng;

/** Makes a reader of `file`, which stays the caller's; for `ahead` see pcapng_reader_new(). `limits` is copied. */
struct pcapng *pcapng_new(FILE *file, bool ahead, const struct limits *limits);

/** Reads the next block. What is no PCAPNG_OK stays.
 *
 * Packets are numbered as Wireshark numbers frames: over all sections, blocks counted that are frames there and no
 * packets here. A packet's time is in nanoseconds, whatever the interface's unit; finer ones are cut off. A simple
 * packet has time 0. */
enum pcapng_status pcapng_next(struct pcapng *p, struct pcapng_item *out);

/** Describes the interface of the packet read last. `out` is valid until the next block is read. */
void pcapng_interface(const struct pcapng *p, const struct packet *packet, struct capture_interface *out);

/** The sentence about a status that is neither OK nor END, for the user. The caller frees it with g_free(). */
char *pcapng_explain(const struct pcapng *p, const char *name);

/** Adds the limits that ended the reading, if one did. */
void pcapng_count_hits(const struct pcapng *p, struct limit_hits *hits);

/** Frees the reader, not its file. NULL is allowed. */
void pcapng_free(struct pcapng *p);

/** The DLT_ number of a LINKTYPE_ number, as it stands in files, and the reverse. Most are equal. */
int pcapng_link_type(unsigned in_file);
unsigned pcapng_link_type_in_file(int link_type);

/** Nanoseconds since the epoch of a timestamp of an interface with that if_tsresol (0x80 | n: 2^-n s, n: 10^-n s) and
 * if_tsoffset (seconds). What 64 bits cannot hold becomes the nearest that they can. */
int64_t pcapng_time(uint64_t timestamp, uint8_t resolution, int64_t offset);

#endif
