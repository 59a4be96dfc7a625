/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy that a good capture satisfies, and little else does: what all its connections had in common. */
#ifndef ANALYZER_POLICY_DRAFT_H
#define ANALYZER_POLICY_DRAFT_H

#include "analyzer/analysis.h"
#include "analyzer/policy.h"

struct policy_draft;

struct policy_draft *policy_draft_new(void);
void policy_draft_free(struct policy_draft *d);

/** Takes an event of a connection. */
void policy_draft_event(struct policy_draft *d, const struct connection *c, const struct mw_event *event);

/** Takes a connection that is over. */
void policy_draft_closed(struct policy_draft *d, const struct connection *c);

/** Appends the policy file; `a` is the run. False where there is nothing to make it of. */
bool policy_draft_write(const struct policy_draft *d, const struct analysis *a, GString *out);

#endif
