/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What connections are worth under a policy. For each connection and rule there are three answers, violated, satisfied
 * and unknown, beside "does not apply". What was proven stands; what is unknown keeps a rule from passing, unless the
 * policy's [evidence] allows as much. Merging is associative. */
#ifndef ANALYZER_VERDICT_H
#define ANALYZER_VERDICT_H

#include "analyzer/connection.h"
#include "analyzer/limits.h"
#include "analyzer/policy.h"
#include "analyzer/sketch.h"

struct analysis;

/** Why a rule could not be decided for a connection. */
enum verdict_cause {
#define VERDICT_CAUSE(id, name, allowance, one, many) VERDICT_##id,
#include "analyzer/verdict_causes.def"
#undef VERDICT_CAUSE
    VERDICT_CAUSES
};

enum judgement { JUDGED_NOT_APPLICABLE, JUDGED_SATISFIED, JUDGED_VIOLATED, JUDGED_UNKNOWN };

/** What a rule makes of a connection. */
struct judged {
    enum judgement judgement;
    enum verdict_cause cause;   /**< UNKNOWN */
    char *seen;                 /**< VIOLATED: what the traffic had instead; owned */
    struct connection_place at; /**< VIOLATED: where; packet 0: where the connection begins */
};

/** A violation. Texts are UTF-8 and its own, NULL where unknown. */
struct verdict_finding {
    uint64_t connection;
    const char *file; /**< borrowed from the input list */
    uint64_t packet;  /**< number in it; findings are in order of connections and these, and then of: */
    uint64_t ordinal; /**< in the connection */
    struct endpoint client, server, proxied_client; /**< family 0: no load balancer said for whom it speaks */
    char *user;
    char *seen;
};

/** Connections for which a rule could not be decided for one cause; the other members are of the first of them. */
struct verdict_unknown {
    uint64_t connections;
    uint64_t connection;
    const char *file; /**< borrowed */
    uint64_t packet;
    char *detail; /**< why TLS stays closed; NULL: nothing to add */
};

/** A rule over all connections. */
struct verdict_rule {
    uint64_t satisfied, violated, unknown; /**< connections */
    uint64_t findings;                     /**< violations; there may be several in a connection */
    GPtrArray *kept;                       /**< of struct verdict_finding *: the first of them */
    struct verdict_unknown unknowns[VERDICT_CAUSES];
};

struct verdict {
    const struct policy *policy; /**< borrowed */
    const struct limits *limits;
    struct limit_hits *hits;
    struct verdict_rule rules[POLICY_KEYS];
    GHashTable *open; /**< of connections not yet over: what events have told of them */
    uint64_t connections;
    uint64_t judged; /**< about which at least one rule could be decided */
    uint64_t undecrypted, gap_bytes;
    uint64_t undecided; /**< with a rule undecided for another reason */
    uint64_t faulty;    /**< with a violation */
    struct sketch login_us;
};

/** How a rule came out. */
enum verdict_status { VERDICT_PASSED, VERDICT_FAILED, VERDICT_UNDECIDED, VERDICT_NOT_APPLICABLE };

struct verdict *verdict_new(const struct policy *policy, const struct limits *limits, struct limit_hits *hits);
void verdict_free(struct verdict *v);

/** Takes an event of a connection. */
void verdict_event(struct verdict *v, const struct connection *c, const struct mw_event *event);

/** The plugin at work in a connection's login, as of the last event taken; "" unknown. Valid until the next event. */
const char *verdict_plugin(struct verdict *v, const struct connection *c);

/** Takes a connection that is over. */
void verdict_closed(struct verdict *v, const struct connection *c);

/** Adds `from`, of other connections under the same policy, to `into`. No connection may be open. */
void verdict_merge(struct verdict *into, const struct verdict *from);

/** How a rule or a key of [evidence] came out; `a` is the run. Rules that the policy does not have are not to be asked.
 */
enum verdict_status verdict_status(const struct verdict *v, const struct analysis *a, enum policy_key key);

/** Violations of a rule that are findings: those of a counted rule only beyond its number. */
uint64_t verdict_findings(const struct verdict *v, enum policy_key key);

/** Findings of all rules. */
uint64_t verdict_findings_total(const struct verdict *v);

/** Whether the policy has this rule, or this is a key of [evidence], which all have. */
bool verdict_has(const struct verdict *v, enum policy_key key);

/** What is held against a key of [evidence]. */
uint64_t verdict_measure(const struct verdict *v, const struct analysis *a, enum policy_key key);

/** All together: FAILED where there is a finding, else UNDECIDED where something is or an input was not read to its
 * end, else PASSED. */
enum verdict_status verdict_result(const struct verdict *v, const struct analysis *a);

/** "passed", "failed", "undecided", "not_applicable". */
const char *verdict_status_name(enum verdict_status status);

/** "undecrypted" … */
const char *verdict_cause_name(enum verdict_cause cause);

/** "connection is encrypted and was not decrypted", to stand behind a number. */
const char *verdict_cause_sentence(enum verdict_cause cause, uint64_t connections);

/** Whether the policy allows what this cause left undecided. */
bool verdict_cause_is_allowed(const struct verdict *v, const struct analysis *a, enum verdict_cause cause);

/** What a rule makes of a connection that is over, but for [errors]. */
void verdict_judge(const struct policy *policy, enum policy_key key, const struct connection *c, struct judged *out);

/** What a rule on plugins makes of one that decided. */
void verdict_judge_plugin(const struct policy *policy, enum policy_key key, const struct connection *c,
                          const char *plugin, struct judged *out);

/** Whether all that was said after the login could be read; else why not. */
bool verdict_read_all(const struct connection *c, enum verdict_cause *cause);

/** TLS that hides something, other than what is counted as missing bytes. */
bool verdict_is_closed(const struct connection *c);

#endif
