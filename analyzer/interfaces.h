/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network interfaces that packets are taken from while they pass. Linux; libpcap does the work. */
#ifndef ANALYZER_INTERFACES_H
#define ANALYZER_INTERFACES_H

#include "analyzer/patience.h"
#include "analyzer/source.h"

/** What to take. Borrowed for the time of the call. */
struct interfaces_request {
    char *const *names; /**< NULL-terminated; "any" is all of them */
    const char *filter; /**< BPF, or NULL: applied by the kernel */
    uint32_t snaplen;   /**< bytes kept of each packet */
    uint64_t ring;      /**< bytes of the kernel's buffer, of each interface */
    bool promiscuous;   /**< packets too that are for somebody else */
    uint64_t packets;   /**< so many, and no more; 0: any number */
};

struct interfaces;

/** Opens all of them, which needs privileges; taking packets does not. Returns NULL, and then `*error` is a sentence for
 * the user that the caller frees with g_free(), and `*usage` whether the filter is what is wrong. */
struct interfaces *interfaces_open(const struct interfaces_request *request, char **error, bool *usage);

/** The next packet: its number counts from 1 over all interfaces, its interface is the index of the name. Of what
 * several interfaces have at the time the earliest comes first. When patience is over, what the kernel holds is still
 * told. SOURCE_ERROR: an interface is gone; the others go on if it is asked again. */
enum source_status interfaces_next(struct interfaces *s, struct patience *patience, struct packet *out);

/** What interfaces_next() said SOURCE_ERROR for: the index, and a sentence that is the interfaces' own. */
size_t interfaces_failed(const struct interfaces *s, const char **sentence);

/** Packets that were lost since the last call: by the kernel because the ring was full, and by interfaces or their
 * drivers. */
void interfaces_take_drops(struct interfaces *s, uint64_t *by_kernel, uint64_t *by_interface);

/** Link type and snapshot length of one. */
void interfaces_describe(const struct interfaces *s, uint32_t i, struct capture_interface *out);

void interfaces_close(struct interfaces *s);

/** The interfaces that there are, a line each: name, what it is, addresses; without line end after the last. To be freed
 * with g_free(). */
char *interfaces_list(void);

#endif
