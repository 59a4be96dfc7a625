/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of one kind to all outputs of a run, each in its format: a table, JSON, a line of NDJSON, a row of CSV. */
#ifndef ANALYZER_RECORDS_H
#define ANALYZER_RECORDS_H

#include "analyzer/analysis.h"
#include "analyzer/record.h"
#include "analyzer/table.h"

/** What the records are. */
struct records_kind {
    const char *plural; /**< event of the JSON document, and the key of its list */
    unsigned schema;
    const void *none; /**< an empty record, from which CSV takes its header */
    void (*write)(struct record *r, const void *item);
    struct table *(*table)(size_t width, bool color);
    void (*row)(struct table *table, const void *item);
};

struct records;

/** Begins on `outputs` (of struct output). */
struct records *records_begin(const GArray *outputs, const struct records_kind *kind);

void records_write(struct records *r, const void *item);

/** Brings the rows of tables to their outputs, where they wait for a page to be full. Rows that come later have no header
 * line. */
void records_flush(struct records *r);

/** Ends every output and frees. The evidence of the run goes with JSON. */
void records_end(struct records *r, const struct analysis *a);

#endif
