/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What changed between two saved results, and whether that is beyond the thresholds. */
#ifndef ANALYZER_DIFF_H
#define ANALYZER_DIFF_H

#include "analyzer/baseline.h"

/** What is let pass. */
struct diff_thresholds {
    bool facts[DIFF_FACTS];    /**< which are compared */
    bool allow_vanished;       /**< what is only in the base is no finding */
    uint64_t min_count;        /**< values that occur less often are not told */
    double max_share_change;   /**< by how much a share may rise or fall, 0 to 1 */
    double max_slowdown;       /**< by which part of itself a duration may grow: 0.25 is a quarter */
    int64_t min_slowdown_us;   /**< smaller growth is none */
    uint64_t min_samples;      /**< durations of fewer are not judged */
};

/** Those that hold unless told otherwise. */
struct diff_thresholds diff_thresholds_default(void);

enum diff_kind { DIFF_NEW, DIFF_VANISHED, DIFF_SHARE, DIFF_SLOWER, DIFF_FASTER };

/** DIFF_UNSURE: beyond the thresholds, but chance could do that too. */
enum diff_verdict { DIFF_BEYOND, DIFF_WITHIN, DIFF_UNSURE, DIFF_VERDICTS };

/** A change; the pointers are into the two results. */
struct diff_change {
    enum diff_kind kind;
    enum diff_verdict verdict;
    enum diff_fact fact;                             /**< of a value */
    const struct baseline_value *base, *now;         /**< NULL where it does not occur, and for durations */
    const struct baseline_latency *latency[2];       /**< of the base and of the new one; NULL for values */
    struct baseline_quantile quantile[2];
    const char *quantile_name;                       /**< "p50" */
};

/** The difference. */
struct diff {
    const struct baseline *base, *now;
    struct diff_thresholds thresholds;
    bool compared[DIFF_FACTS]; /**< both tell the fact */
    GArray *changes;  /**< of struct diff_change: beyond the thresholds first, then by kind of fact and value */
    GPtrArray *notes; /**< sentences: what could not be compared, and what to keep in mind */
    size_t counts[DIFF_VERDICTS];
};

/** Compares two results of the same event, which must outlive the difference. */
struct diff *diff_new(const struct baseline *base, const struct baseline *now, const struct diff_thresholds *thresholds);

void diff_free(struct diff *diff);

/** "user.new", "tls.share", "login.p95": stable. To be freed. */
char *diff_rule(const struct diff_change *change);

/** "User", "login": what the change is about. */
const char *diff_subject(const struct diff_change *change);

/** The value or statement, as people know it; for other durations the quantile. */
const char *diff_object(const struct diff_change *change);

/** "beyond", "within", "unsure". */
const char *diff_verdict_name(enum diff_verdict verdict);

/** "User root is new: 3 of 120 connections (2.5 %)." To be freed. */
char *diff_sentence(const struct diff *diff, const struct diff_change *change);

#endif
