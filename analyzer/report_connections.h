/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of `mywire connections`. */
#ifndef ANALYZER_REPORT_CONNECTIONS_H
#define ANALYZER_REPORT_CONNECTIONS_H

#include "analyzer/connection.h"
#include "analyzer/record.h"
#include "analyzer/table.h"

/** Writes all keys of a connection's record. With `r->header` set: its keys, `c` may be an empty record. */
void report_connection(struct record *r, const struct connection *c);

/** The table of connections, empty: add rows with report_connection_row. */
struct table *report_connection_table(size_t width, bool color);

void report_connection_row(struct table *table, const struct connection *c);

/** The table of --passwords: what a login is about, and whether its password matches. */
struct table *report_login_table(size_t width, bool color);

void report_login_row(struct table *table, const struct connection *c);

#endif
