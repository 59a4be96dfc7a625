/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capture that `mywire decrypt` writes, while its inputs are read for the second time: packets of connections that
 * are not changed as they were, and of the others what their bytes have become. */
#ifndef ANALYZER_DECRYPT_CAPTURE_H
#define ANALYZER_DECRYPT_CAPTURE_H

#include "analyzer/analysis.h"
#include "analyzer/decrypt_stream.h"
#include "analyzer/sink.h"

/** What becomes of a MySQL connection. */
struct decrypt_fate {
    bool changed; /**< `plan` holds; otherwise its packets stay as they are */
    struct decrypt_plan plan;
};

struct decrypt_capture;

/** A capture to `sink`. `fates`: of MySQL connections by id (const uint64_t *), struct decrypt_fate; borrowed.
 * `mysql_only`: packets of others are left out. */
struct decrypt_capture *decrypt_capture_new(struct sink sink, GHashTable *fates, bool mysql_only);

/** Runs the analysis over the inputs of `request` and writes the capture. The analysis says how it ended. */
enum analysis_end decrypt_capture_run(struct decrypt_capture *c, struct analysis *a, struct analysis_request request);

/** Passwords that were covered. */
uint64_t decrypt_capture_masked(const struct decrypt_capture *c);

/** Frees it. The sink stays the caller's. */
void decrypt_capture_free(struct decrypt_capture *c);

#endif
