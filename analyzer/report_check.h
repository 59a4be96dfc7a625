/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `mywire check` found, for people, programs and CI systems. */
#ifndef ANALYZER_REPORT_CHECK_H
#define ANALYZER_REPORT_CHECK_H

#include "analyzer/analysis.h"
#include "analyzer/output.h"
#include "analyzer/verdict.h"

/** A finished check. Borrowed. */
struct check {
    const struct verdict *verdict;
    const struct analysis *analysis;
    enum verdict_status result;
    int exit_code;
};

void report_check_text(struct output *out, const struct check *check);
void report_check_markdown(struct output *out, const struct check *check);
void report_check_json(struct output *out, const struct check *check);

/** JUnit XML: a test case for each rule; a finding is a failure, undecided an error. */
void report_check_junit(struct output *out, const struct check *check);

/** SARIF 2.1.0 (OASIS, docs.oasis-open.org/sarif/sarif/v2.1.0). */
void report_check_sarif(struct output *out, const struct check *check);

/** Workflow commands of GitHub Actions: an annotation for each rule that did not pass. */
void report_check_github(struct output *out, const struct check *check);

/* What they share. Texts are to be freed with g_free() and hold what the wire holds: each format escapes them. */

/** "mysql-9: 3 findings by 2 rules in 1 of 5 connections" */
char *check_headline(const struct check *check);

/** "FAILED", "passed" … */
const char *check_result_word(enum verdict_status result);

/** Whether a key of [evidence] or a rule is reported, and in `status` how. */
bool check_row(const struct check *check, enum policy_key key, enum verdict_status *status);

/** What a rule or a key of [evidence] wants: "TLSv1.2 or later", "at most 0". */
char *check_wanted(const struct check *check, enum policy_key key);

/** "connection 3, packet 12 of db.pcapng" */
char *check_where(uint64_t connection, uint64_t packet, const char *file);

/** "app, 10.0.0.1:4711 to 10.0.0.2:3306" */
char *check_who(const struct verdict_finding *f);

/** Why something was not decided: "1 connection is encrypted and was not decrypted: no keys were given". */
char *check_why(const struct verdict_unknown *u, enum verdict_cause cause);

/** What a key of [evidence] measured: "2, at most 0 are allowed". */
char *check_measure(const struct check *check, enum policy_key key);

/** Finding `i` of a rule, of those that are kept; NULL behind the last and where the rule did not fail. */
const struct verdict_finding *check_finding(const struct check *check, enum policy_key key, guint i);

#endif
