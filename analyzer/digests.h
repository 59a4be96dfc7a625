/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements without their literals, and what was seen of those that are alike: one entry for a digest text in a database, as in
 * performance_schema's events_statements_summary_by_digest.
 *
 * Every statistic is an associative and commutative merge. At most `limit` entries are kept apart, chosen as tally.h chooses keys: those
 * with the smallest hashes; an entry of the result has counted all its commands. The others are together in one.
 */
#ifndef ANALYZER_DIGESTS_H
#define ANALYZER_DIGESTS_H

#include "analyzer/command.h"
#include "analyzer/sketch.h"

/** Error codes counted apart for each entry: the smallest ones. */
#define DIGEST_ERRORS 16

/** Bytes kept of a sample's text, and of its fingerprint, at most; --max-sql may be less. */
#define DIGEST_SAMPLE_BYTES 8192

struct digest_error {
    uint16_t code;
    uint64_t count;
};

/** The call that took longest; of several the earliest, then that of the smaller connection id. */
struct digest_sample {
    bool there;
    uint64_t connection, ordinal, packet;
    int64_t start_ns, first_byte_us, duration_us; /**< durations: -1 unknown */
    uint64_t rows;
    uint16_t error;
    enum mw_dialect dialect;
    const GString *sql; /**< shared */
    uint64_t sql_bytes; /**< true length */
    bool sql_truncated;
    char *fingerprint;  /**< pt's; NULL: not all of the text is known, or it is too long */
    char fingerprint_id[33]; /**< "": not all of the text is known */
};

struct digest {
    const GString *text;     /**< shared; NULL: entries that were not kept apart, or calls without a digest */
    const GString *database; /**< shared; NULL unknown or none */
    char id[SQL_DIGEST_ID];
    bool cut;                /**< the statements go on behind the server's limit */
    uint64_t calls;          /**< COM_QUERY, COM_STMT_EXECUTE, COM_STMT_BULK_EXECUTE */
    uint64_t prepares;       /**< COM_STMT_PREPARE; of these nothing else is counted */
    uint64_t errors, warnings;
    uint64_t rows_sent;      /**< those that cursors fetch, too */
    uint64_t rows_affected;
    uint64_t request_bytes, response_bytes;
    uint64_t inexact;        /**< calls of which something was lost or inferred */
    struct digest_error error_codes[DIGEST_ERRORS]; /**< ascending, as many as have a count */
    uint64_t other_errors;   /**< of codes that are not there */
    struct sketch first_byte, duration; /**< µs */
    int64_t first_seen_ns, last_seen_ns;
    struct digest_sample worst;
    uint64_t hash;           /**< private */
};

/** The entries, and what is beside them. */
struct digests {
    size_t limit;
    GHashTable *table;       /* private */
    struct digest *largest;  /* private */
    struct digest other;     /**< entries that were not kept apart; its texts are NULL */
    bool is_cut;             /**< there are such */
    struct digest unread;    /**< calls whose text is not known whole: longer than what is kept, or lost */
    uint64_t without_sql;    /**< commands that are no statements: COM_PING, COM_QUIT … */
};

/** No entries yet, at most `limit` >= 1. */
struct digests *digests_new(size_t limit);

void digests_free(struct digests *digests);

/** Counts a command that is over. */
void digests_add(struct digests *digests, const struct command *c);

/** Adds `from`, with the same limit, to `into`. */
void digests_merge(struct digests *into, const struct digests *from);

/** The entries by descending sum of durations, then calls, then text and database; an array that the caller frees with g_free, `n`
 *  long. */
const struct digest **digests_rows(const struct digests *digests, size_t *n);

/** Sum of the durations of an entry, µs; the largest number if it does not fit. */
uint64_t digest_total_us(const struct digest *digest);

#endif
