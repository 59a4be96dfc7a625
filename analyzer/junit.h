/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JUnit XML as Jenkins' and GitLab's readers take it (jenkinsci/xunit-plugin, junit-10.xsd):
 *
 *     testsuites > testsuite > properties, testcase > failure | error | skipped
 *
 * Written in that order. Texts may hold anything: what XML cannot hold is not there. */
#ifndef ANALYZER_JUNIT_H
#define ANALYZER_JUNIT_H

#include "analyzer/output.h"

struct junit_counts {
    unsigned tests, failures, errors, skipped;
};

/** The head of the document and of its only suite; `time_ns` is capture time, 0 unknown. */
void junit_begin(struct output *out, const char *name, const struct junit_counts *counts, int64_t time_ns);

/** All properties, pairs of names and values, NULL behind the last. */
void junit_properties(struct output *out, const char *const *pairs);

/** A case that passed. */
void junit_passed(struct output *out, const char *class, const char *name);

/** A case to which nothing applied. */
void junit_skipped(struct output *out, const char *class, const char *name);

/** A case that did not pass: `element` is "failure" or "error". Takes `message` and `body`. */
void junit_outcome(struct output *out, const char *class, const char *name, const char *element, const char *type,
                   char *message, char *body);

void junit_end(struct output *out);

#endif
