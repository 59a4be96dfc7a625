/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A saved result of `handshakes`, `summary` or `digest`, read back to be compared. */
#ifndef ANALYZER_BASELINE_H
#define ANALYZER_BASELINE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum diff_fact {
#define FACT(key, title, usual, sealed) DIFF_##key,
#include "analyzer/diff_facts.def"
#undef FACT
    DIFF_FACTS
};

/** "user" and "User". */
const char *diff_fact_key(enum diff_fact fact);
const char *diff_fact_title(enum diff_fact fact);

/** Whether it is compared without being asked for, and whether only readable connections have it. */
bool diff_fact_is_usual(enum diff_fact fact);
bool diff_fact_is_sealed(enum diff_fact fact);

/** The fact of that key, or DIFF_FACTS. */
enum diff_fact diff_fact_from(const char *key, size_t n);

/** How often a fact had a value. */
struct baseline_value {
    char *value; /**< a digest's id, for digests */
    char *label; /**< what people know it by: the text of a statement, the symbol of an error; NULL: the value says it */
    uint64_t count;
    double share; /**< of those of which the fact is known, 0 to 1 */
};

/** Durations in microseconds; -1 where the result does not tell. */
struct baseline_latency {
    char *key;   /**< "login"; a digest's id */
    char *label; /**< as above */
    uint64_t count;
    struct baseline_quantile {
        int64_t value, low, high; /**< and its range of confidence */
    } p50, p95;
};

/** A result. */
struct baseline {
    char *file;
    char *event;          /**< "handshakes", "summary", "digest" */
    uint64_t connections;
    uint64_t commands;    /**< 0 where the result does not tell */
    uint64_t population;  /**< what counts are shares of: connections, or calls of statements */
    uint64_t undecrypted; /**< connections whose TLS stayed closed, or opened in part */
    uint64_t gap_bytes;
    bool complete;        /**< all inputs were read to their ends */
    GHashTable *values[DIFF_FACTS]; /**< value → struct baseline_value; NULL: the result has no such fact */
    uint64_t totals[DIFF_FACTS];    /**< of what the shares of a fact are */
    GHashTable *latencies;          /**< key → struct baseline_latency */
};

/** Reads a result from `text`, `n` bytes. Returns NULL with a sentence about what is wrong in `error` (g_free). `file` is its name
 * in that sentence. */
struct baseline *baseline_parse(const char *file, const char *text, size_t n, char **error);

/** Reads the file, or standard input for "-", of `most` bytes. The same. */
struct baseline *baseline_read(const char *file, uint64_t most, char **error);

void baseline_free(struct baseline *baseline);

#endif
