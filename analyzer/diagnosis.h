/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stood in the way of reading connections, gathered as they end: for each trouble how many, and the first one as
 * an example to look at. Its size does not depend on the input. */
#ifndef ANALYZER_DIAGNOSIS_H
#define ANALYZER_DIAGNOSIS_H

#include "analyzer/connection.h"
#include "analyzer/detect.h"
#include "analyzer/tally.h"

/** One kind of trouble. The other members are of the first connection that was counted. */
struct diagnosis_case {
    uint64_t count;      /**< connections */
    uint64_t bytes;      /**< of payload, all together, where that means something */
    uint64_t connection; /**< id; 0: it has no record */
    const char *file;    /**< borrowed from the input list; NULL nothing to look at */
    uint64_t packet;     /**< number in that file; 0: the whole file */
    uint16_t port;       /**< of the server */
};

struct diagnosis {
    uint64_t connections;
    uint64_t whole;   /**< all of it was read, and nothing had to be guessed */
    uint64_t unread;  /**< commands and rows are unknown */
    uint64_t inexact; /**< with gaps or guesses; may be unread too */
    struct diagnosis_case tls[TLS_REASONS];
    struct diagnosis_case midstream, one_way, lost, snaplen, damaged, x, guessed;
    struct diagnosis_case suspected;   /**< no MySQL by what was seen, but maybe the middle of it */
    struct diagnosis_case foreign_tls; /**< TLS from the first byte on, with something unknown in it */
    uint64_t named_port_tls;           /**< of these, on a port where MySQL speaks */
    struct tally *ports; /**< payload of connections that were no MySQL, by the server's port; NULL none */
};

/** A connection of which no record was made. */
struct diagnosis_stranger {
    const struct detector *detector; /**< with the bytes that were kept, if any */
    const char *file;
    uint64_t packet;
    uint16_t ports[2]; /**< by direction: the sender's */
    uint64_t bytes[2];
    bool from_the_middle;
    bool named_port; /**< MySQL speaks on one of the ports, by its number or by an option */
    bool tls;
};

/** Counts a connection that is over. */
void diagnosis_add(struct diagnosis *d, const struct connection *c);

/** Counts a TCP connection in which no MySQL was found. */
void diagnosis_stranger(struct diagnosis *d, const struct diagnosis_stranger *s);

/** Frees what it holds. */
void diagnosis_clear(struct diagnosis *d);

#endif
