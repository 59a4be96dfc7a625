/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The summary of a run: what is in here, is it healthy, how much of it could be read. */
#ifndef ANALYZER_REPORT_SUMMARY_H
#define ANALYZER_REPORT_SUMMARY_H

#include "analyzer/analysis.h"
#include "analyzer/command.h"
#include "analyzer/output.h"

/** What is gathered of connections and commands. Its size does not depend on their number. */
struct summary;

/** Nothing yet; `limits` say how many statements are told apart. */
struct summary *summary_new(const struct limits *limits);

/** Counts a connection that is over. */
void summary_add(struct summary *s, const struct connection *c);

/** Counts a command that is over: its time, its error, and its statement. */
void summary_command(struct summary *s, const struct command *c);

/** Writes the summary of a finished run in the output's format: text, Markdown, JSON. */
void summary_write(struct output *out, const struct summary *s, const struct analysis *a);

void summary_free(struct summary *s);

/** Calls of statements that were not kept apart: `hits` of the limit on digests. */
uint64_t summary_digests_over(const struct summary *summary);

#endif
