/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/verdict.h"

#include <string.h>

#include "analyzer/analysis.h"
#include "analyzer/evidence.h"

G_STATIC_ASSERT(POLICY_KEYS <= 32); /* a set of rules is 32 bits */

/* What events have told of a connection that is not over. */
struct open_connection {
    uint64_t ordinal;  /* of its findings */
    uint32_t violated; /* set of rules */
    char plugin[64];   /* the one at work in its login; "" none */
    bool sent;         /* the client sent what proves its password by it, together with the login */
};

static void finding_free(gpointer data)
{
    struct verdict_finding *f = data;
    g_free(f->user);
    g_free(f->seen);
    g_free(f);
}

struct verdict *verdict_new(const struct policy *policy, const struct limits *limits, struct limit_hits *hits)
{
    struct verdict *v = g_new0(struct verdict, 1);
    v->policy = policy;
    v->limits = limits;
    v->hits = hits;
    v->open = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    for (int k = 0; k < POLICY_KEYS; k++)
        v->rules[k].kept = g_ptr_array_new_with_free_func(finding_free);
    return v;
}

void verdict_free(struct verdict *v)
{
    if (!v)
        return;
    for (int k = 0; k < POLICY_KEYS; k++) {
        g_ptr_array_free(v->rules[k].kept, TRUE);
        for (int i = 0; i < VERDICT_CAUSES; i++)
            g_free(v->rules[k].unknowns[i].detail);
    }
    g_hash_table_destroy(v->open);
    sketch_clear(&v->login_us);
    g_free(v);
}

static bool is_rule(const struct verdict *v, enum policy_key key)
{
    return policy_row(key)->class == POLICY_CLASS_RULE && v->policy->values[key].set;
}

bool verdict_has(const struct verdict *v, enum policy_key key)
{
    return policy_row(key)->class == POLICY_CLASS_EVIDENCE || is_rule(v, key);
}

/* -- findings ------------------------------------------------------------------------------------------------------ */

static bool comes_before(const struct verdict_finding *a, const struct verdict_finding *b)
{
    if (a->connection != b->connection)
        return a->connection < b->connection;
    return a->packet != b->packet ? a->packet < b->packet : a->ordinal < b->ordinal;
}

/* Keeps the first findings by connection and packet, however they come. Takes `f`. */
static void keep(struct verdict *v, struct verdict_rule *rule, struct verdict_finding *f)
{
    guint at = rule->kept->len;
    while (at > 0 && comes_before(f, g_ptr_array_index(rule->kept, at - 1)))
        at--;
    g_ptr_array_insert(rule->kept, (gint)at, f);
    if (rule->kept->len > v->limits->check_findings) {
        g_ptr_array_set_size(rule->kept, (gint)rule->kept->len - 1);
        v->hits->check_findings++;
    }
}

static struct open_connection *open_of(struct verdict *v, uint64_t id)
{
    gint64 key = (gint64)id;
    struct open_connection *open = g_hash_table_lookup(v->open, &key);
    if (!open) {
        open = g_new0(struct open_connection, 1);
        g_hash_table_insert(v->open, g_memdup2(&key, sizeof key), open);
    }
    return open;
}

/* Whose the findings of events are is filled in here, when the record is as it may be told (privacy.h). */
static void name_findings(struct verdict *v, const struct connection *c)
{
    uint32_t violated = open_of(v, c->id)->violated;
    for (int k = 0; k < POLICY_KEYS; k++)
        for (guint i = 0; violated >> k & 1 && i < v->rules[k].kept->len; i++) {
            struct verdict_finding *f = g_ptr_array_index(v->rules[k].kept, i);
            if (f->connection != c->id)
                continue;
            f->client = c->client;
            f->server = c->server;
            f->proxied_client = c->proxied_client;
            g_free(f->user);
            f->user = g_strdup(c->user);
        }
}

/* Takes `seen`. */
static void add_finding(struct verdict *v, enum policy_key key, const struct connection *c, struct connection_place at,
                        char *seen)
{
    struct open_connection *open = open_of(v, c->id);
    struct verdict_finding *f = g_new0(struct verdict_finding, 1);
    bool placed = at.packet != 0;
    *f = (struct verdict_finding){.connection = c->id,
                                  .ordinal = ++open->ordinal,
                                  .file = placed     ? at.file
                                          : c->files ? g_ptr_array_index(c->files, 0)
                                                     : NULL,
                                  .packet = placed ? at.packet : c->first_packet,
                                  .seen = seen};
    v->rules[key].findings++;
    open->violated |= 1u << key;
    keep(v, &v->rules[key], f);
}

static void add_unknown(struct verdict *v, enum policy_key key, const struct connection *c, enum verdict_cause cause)
{
    struct verdict_unknown *u = &v->rules[key].unknowns[cause];
    v->rules[key].unknown++;
    if (u->connections++ > 0 && u->connection < c->id)
        return;
    g_free(u->detail);
    u->connection = c->id;
    u->file = c->files ? g_ptr_array_index(c->files, 0) : NULL;
    u->packet = c->first_packet;
    u->detail = cause == VERDICT_UNDECRYPTED ? g_strdup(c->inside_tls.why) : NULL;
}

/* The file under way. */
static const char *last_file(const struct connection *c)
{
    return c->files && c->files->len ? g_ptr_array_index(c->files, c->files->len - 1) : NULL;
}

/* -- what connections tell ----------------------------------------------------------------------------------------- */

static bool is_forbidden(const struct policy_value *value, uint16_t code)
{
    for (guint i = 0; i < value->errors->len; i++)
        if (g_array_index(value->errors, uint16_t, i) == code)
            return true;
    return false;
}

static void take_error(struct verdict *v, const struct connection *c, uint16_t code, struct connection_place at,
                       const char *what)
{
    const char *symbol = mw_error_symbol(c->dialect, code);
    bool forbidden = is_rule(v, POLICY_ERRORS_FORBID) && is_forbidden(&v->policy->values[POLICY_ERRORS_FORBID], code);
    const struct {
        enum policy_key key;
        bool counts;
    } rules[] = {{POLICY_ERRORS_FORBID, forbidden}, {POLICY_ERRORS_MAX, is_rule(v, POLICY_ERRORS_MAX)}};
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
        if (rules[i].counts)
            add_finding(v, rules[i].key, c, at,
                        g_strdup_printf("%u%s%s, %s", code, symbol ? " " : "", symbol ? symbol : "", what));
}

/* A plugin that is not the one by which the login ended. `only`: for this rule; POLICY_KEYS: for all. */
static void take_plugin(struct verdict *v, const struct connection *c, const char *plugin, enum policy_key only,
                        struct connection_place at, const char *what)
{
    static const enum policy_key keys[] = {POLICY_AUTH_FORBID_PLUGIN, POLICY_AUTH_ALLOW_PLUGIN,
                                           POLICY_AUTH_FORBID_PLUGIN_IN_CLEAR};
    char *text = g_utf8_make_valid(plugin, -1);
    for (size_t i = 0; i < G_N_ELEMENTS(keys) && *text; i++) {
        struct judged judged;
        if (!is_rule(v, keys[i]) || (only != POLICY_KEYS && only != keys[i]))
            continue;
        verdict_judge_plugin(v->policy, keys[i], c, text, &judged);
        if (judged.judgement == JUDGED_VIOLATED)
            add_finding(v, keys[i], c, at, g_strdup_printf("%s by %s", what, judged.seen));
        g_free(judged.seen);
    }
    g_free(text);
}

static void take_change_user(struct verdict *v, const struct connection *c, const struct mw_event *e,
                             struct connection_place at)
{
    take_plugin(v, c, mw_session_auth_plugin(e->session), POLICY_KEYS, at, "COM_CHANGE_USER");
    if (e->exchange->outcome == MW_OUTCOME_ERROR && is_rule(v, POLICY_AUTH_MAX_FAILURES)) {
        const char *symbol = mw_error_symbol(c->dialect, e->exchange->error);
        add_finding(
            v, POLICY_AUTH_MAX_FAILURES, c, at,
            g_strdup_printf("COM_CHANGE_USER: %u%s%s", e->exchange->error, symbol ? " " : "", symbol ? symbol : ""));
    }
}

const char *verdict_plugin(struct verdict *v, const struct connection *c)
{
    return open_of(v, c->id)->plugin;
}

/* When another factor is asked for, the one before was good, and the verdict does not tell its plugin any more. When
 * the server switches to another plugin, what the client sent by the first one has been on the wire all the same. */
static void take_login(struct verdict *v, const struct connection *c, const struct mw_event *e)
{
    struct open_connection *open = open_of(v, c->id);
    struct connection_place at = {last_file(c), e->packet ? e->packet->last.number : 0};
    enum mw_kind kind = e->msg ? e->msg->kind : MW_KIND_COUNT;
    if (kind == MW_KIND_AUTH_NEXT_FACTOR)
        take_plugin(v, c, open->plugin, POLICY_KEYS, at, "a factor");
    else if ((kind == MW_KIND_AUTH_SWITCH || kind == MW_KIND_OLD_AUTH_SWITCH) && open->sent)
        take_plugin(v, c, open->plugin, POLICY_AUTH_FORBID_PLUGIN_IN_CLEAR, at, "an attempt before a switch");
    const struct mw_slice *proof = kind == MW_KIND_LOGIN     ? &e->msg->login.auth
                                   : kind == MW_KIND_COMMAND ? &e->msg->request.login.auth
                                                             : NULL;
    open->sent = proof && proof->n > 0 && !(proof->n == 1 && proof->p[0] == 0);
    g_strlcpy(open->plugin, mw_session_auth_plugin(e->session), sizeof open->plugin);
}

void verdict_event(struct verdict *v, const struct connection *c, const struct mw_event *e)
{
    bool asks_anew = e->kind == MW_EVENT_COMMAND && e->exchange->command == MW_COM_CHANGE_USER && !e->exchange->empty;
    if (e->kind == MW_EVENT_LOGIN || e->kind == MW_EVENT_AUTH || asks_anew)
        take_login(v, c, e);
    if (e->kind != MW_EVENT_DONE)
        return;
    bool error = e->exchange->outcome == MW_OUTCOME_ERROR;
    bool change_user = e->exchange->seen && e->exchange->command == MW_COM_CHANGE_USER && e->exchange->first.number;
    if (!error && !change_user)
        return;
    struct connection_place at = {last_file(c), e->exchange->last.number};
    const char *name = e->exchange->seen ? mw_command_name(c->dialect, e->exchange->command) : NULL;
    char *what = e->exchange->seen ? g_strdup_printf("command %" G_GUINT64_FORMAT ", %s", e->exchange->ordinal,
                                                     name ? name : "COM_UNKNOWN")
                                   : g_strdup("a command that was not seen");
    if (error)
        take_error(v, c, e->exchange->error, at, what);
    if (change_user)
        take_change_user(v, c, e, at);
    g_free(what);
}

static enum judgement judge(struct verdict *v, enum policy_key key, const struct connection *c,
                            enum verdict_cause *cause)
{
    struct judged judged;
    if (key == POLICY_ERRORS_FORBID || key == POLICY_ERRORS_MAX) {
        if (open_of(v, c->id)->violated & 1u << key)
            return JUDGED_VIOLATED;
        return verdict_read_all(c, cause) ? JUDGED_SATISFIED : JUDGED_UNKNOWN;
    }
    verdict_judge(v->policy, key, c, &judged);
    *cause = judged.cause;
    if (judged.judgement == JUDGED_VIOLATED)
        add_finding(v, key, c, judged.at, judged.seen);
    else if (open_of(v, c->id)->violated & 1u << key)
        return JUDGED_VIOLATED;
    return judged.judgement;
}

void verdict_closed(struct verdict *v, const struct connection *c)
{
    bool decided = false, other = false, faulty = false, rules = false;
    gint64 id = (gint64)c->id;
    int64_t login_us = connection_login_us(c);
    if (c->auth_result == AUTH_RESULT_ERROR && c->error_code)
        take_error(v, c, c->error_code, c->verdict_at, c->logged_in ? "login" : "before a login");
    for (int k = 0; k < POLICY_KEYS; k++) {
        enum verdict_cause cause;
        if (!is_rule(v, k))
            continue;
        rules = true;
        switch (judge(v, k, c, &cause)) {
        case JUDGED_NOT_APPLICABLE: break;
        case JUDGED_SATISFIED:
            v->rules[k].satisfied++;
            decided = true;
            break;
        case JUDGED_VIOLATED:
            v->rules[k].violated++;
            decided = true;
            faulty = faulty || policy_row(k)->scope == POLICY_SCOPE_EACH;
            break;
        case JUDGED_UNKNOWN:
            add_unknown(v, k, c, cause);
            other = other || (cause != VERDICT_UNDECRYPTED && cause != VERDICT_LOST);
            break;
        }
    }
    v->connections++;
    v->judged += decided || !rules;
    v->undecided += other;
    v->faulty += faulty;
    v->undecrypted += verdict_is_closed(c);
    v->gap_bytes += c->gap_bytes;
    if (login_us >= 0)
        sketch_add(&v->login_us, login_us);
    name_findings(v, c);
    g_hash_table_remove(v->open, &id);
}

/* -- merging ------------------------------------------------------------------------------------------------------- */

static void merge_unknown(struct verdict_unknown *into, const struct verdict_unknown *from)
{
    if (from->connections && (!into->connections || from->connection < into->connection)) {
        uint64_t connections = into->connections;
        g_free(into->detail);
        *into = *from;
        into->detail = g_strdup(from->detail);
        into->connections = connections;
    }
    into->connections += from->connections;
}

void verdict_merge(struct verdict *into, const struct verdict *from)
{
    for (int k = 0; k < POLICY_KEYS; k++) {
        struct verdict_rule *rule = &into->rules[k];
        const struct verdict_rule *other = &from->rules[k];
        rule->satisfied += other->satisfied;
        rule->violated += other->violated;
        rule->unknown += other->unknown;
        rule->findings += other->findings;
        for (guint i = 0; i < other->kept->len; i++) {
            const struct verdict_finding *f = g_ptr_array_index(other->kept, i);
            struct verdict_finding *copy = g_memdup2(f, sizeof *f);
            copy->user = g_strdup(f->user);
            copy->seen = g_strdup(f->seen);
            keep(into, rule, copy);
        }
        for (int i = 0; i < VERDICT_CAUSES; i++)
            merge_unknown(&rule->unknowns[i], &other->unknowns[i]);
    }
    into->connections += from->connections;
    into->judged += from->judged;
    into->undecrypted += from->undecrypted;
    into->gap_bytes += from->gap_bytes;
    into->undecided += from->undecided;
    into->faulty += from->faulty;
    sketch_merge(&into->login_us, &from->login_us);
}

/* -- how it came out ----------------------------------------------------------------------------------------------- */

uint64_t verdict_measure(const struct verdict *v, const struct analysis *a, enum policy_key key)
{
    switch (key) {
    case POLICY_MAX_UNDECRYPTED: return v->undecrypted + a->diagnosis.named_port_tls;
    case POLICY_MAX_GAP_BYTES: return v->gap_bytes;
    case POLICY_MAX_UNDECIDED: return v->undecided;
    case POLICY_MAX_UNREADABLE:
        return a->counters.cut_headers + a->counters.malformed + a->counters.link_unknown +
               a->counters.fragments_incomplete + a->counters.fragments_unusable;
    case POLICY_MIN_CONNECTIONS: return v->judged;
    default: return 0;
    }
}

static bool is_beyond(const struct verdict *v, const struct analysis *a, enum policy_key key)
{
    uint64_t measure = verdict_measure(v, a, key), allowed = v->policy->values[key].number;
    return key == POLICY_MIN_CONNECTIONS ? measure < allowed : measure > allowed;
}

/* 99 of 100 logins: at most one in 100 may be slower. */
static bool too_many_slow(uint64_t slow, uint64_t all)
{
    return slow * 100 > all;
}

uint64_t verdict_findings(const struct verdict *v, enum policy_key key)
{
    const struct verdict_rule *r = &v->rules[key];
    if (policy_row(key)->scope == POLICY_SCOPE_EACH)
        return r->findings;
    if (key == POLICY_LATENCY_LOGIN_P99)
        return too_many_slow(r->violated, r->satisfied + r->violated + r->unknown) ? r->findings : 0;
    return r->findings > v->policy->values[key].number ? r->findings : 0;
}

uint64_t verdict_findings_total(const struct verdict *v)
{
    uint64_t n = 0;
    for (int k = 0; k < POLICY_KEYS; k++)
        n += is_rule(v, k) ? verdict_findings(v, k) : 0;
    return n;
}

bool verdict_cause_is_allowed(const struct verdict *v, const struct analysis *a, enum verdict_cause cause)
{
    static const enum policy_key allowances[] = {
#define VERDICT_CAUSE(id, name, allowance, one, many) POLICY_##allowance,
#include "analyzer/verdict_causes.def"
#undef VERDICT_CAUSE
    };
    return !is_beyond(v, a, allowances[cause]);
}

static bool is_undecided(const struct verdict *v, const struct analysis *a, enum policy_key key)
{
    const struct verdict_rule *r = &v->rules[key];
    bool beyond = false;
    for (int i = 0; i < VERDICT_CAUSES; i++)
        beyond = beyond || (r->unknowns[i].connections && !verdict_cause_is_allowed(v, a, i));
    if (key == POLICY_LATENCY_LOGIN_P99) /* enough fast ones decide whatever the others were */
        return beyond && too_many_slow(r->violated + r->unknown, r->satisfied + r->violated + r->unknown);
    return beyond;
}

enum verdict_status verdict_status(const struct verdict *v, const struct analysis *a, enum policy_key key)
{
    const struct verdict_rule *r = &v->rules[key];
    if (policy_row(key)->class == POLICY_CLASS_EVIDENCE)
        return is_beyond(v, a, key) ? VERDICT_UNDECIDED : VERDICT_PASSED;
    if (verdict_findings(v, key))
        return VERDICT_FAILED;
    if (is_undecided(v, a, key))
        return VERDICT_UNDECIDED;
    return r->satisfied + r->violated + r->unknown ? VERDICT_PASSED : VERDICT_NOT_APPLICABLE;
}

enum verdict_status verdict_result(const struct verdict *v, const struct analysis *a)
{
    bool undecided = evidence_incomplete(a) > 0;
    for (int k = 0; k < POLICY_KEYS; k++) {
        if (!verdict_has(v, k))
            continue;
        enum verdict_status status = verdict_status(v, a, k);
        if (status == VERDICT_FAILED)
            return VERDICT_FAILED;
        undecided = undecided || status == VERDICT_UNDECIDED;
    }
    return undecided ? VERDICT_UNDECIDED : VERDICT_PASSED;
}

const char *verdict_status_name(enum verdict_status status)
{
    static const char *const names[] = {"passed", "failed", "undecided", "not_applicable"};
    return names[status];
}

const char *verdict_cause_name(enum verdict_cause cause)
{
    static const char *const names[] = {
#define VERDICT_CAUSE(id, name, allowance, one, many) name,
#include "analyzer/verdict_causes.def"
#undef VERDICT_CAUSE
    };
    return names[cause];
}

const char *verdict_cause_sentence(enum verdict_cause cause, uint64_t connections)
{
    static const char *const sentences[][2] = {
#define VERDICT_CAUSE(id, name, allowance, one, many) {one, many},
#include "analyzer/verdict_causes.def"
#undef VERDICT_CAUSE
    };
    return sentences[cause][connections != 1];
}
