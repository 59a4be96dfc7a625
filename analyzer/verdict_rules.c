/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be known of a connection, rule by rule. The rules are policy.def; the answers are three, and "unknown" is
 * the one to give where in doubt. */
#include "analyzer/verdict.h"

#include <string.h>

/* How far a client came, as far as the capture tells. */
enum login {
    LOGIN_SEEN,   /* its login was read */
    LOGIN_NONE,   /* it sent none: it left, or was refused before */
    LOGIN_HIDDEN, /* inside TLS that was not opened */
    LOGIN_BEFORE, /* before the capture */
    LOGIN_LOST,   /* bytes are missing where it would be */
    LOGIN_ONE_WAY,
    LOGIN_X
};

bool verdict_is_closed(const struct connection *c)
{
    if (!c->tls)
        return false;
    switch (c->inside_tls.reason) {
    case TLS_REASON_NONE:
    case TLS_REASON_UNFINISHED: /* nothing was protected yet */
    case TLS_REASON_REFUSED:
    case TLS_REASON_NOT_TLS: /* it is something else: nobody knows what */
    case TLS_REASON_RECORDS_LOST: /* missing bytes are counted as such */ return false;
    default: return true;
    }
}

static bool is_handshake_broken(const struct connection *c)
{
    enum tls_reason reason = c->inside_tls.reason;
    return c->tls && (reason == TLS_REASON_REFUSED || reason == TLS_REASON_UNFINISHED);
}

static enum login login_of(const struct connection *c)
{
    if (c->protocol == PROTOCOL_MYSQLX)
        return LOGIN_X;
    if (c->logged_in)
        return LOGIN_SEEN;
    if (c->state == CONNECTION_MIDSTREAM)
        return LOGIN_BEFORE;
    if (verdict_is_closed(c))
        return LOGIN_HIDDEN;
    if (c->gap_bytes)
        return LOGIN_LOST;
    if (is_handshake_broken(c) || c->auth_result == AUTH_RESULT_ERROR)
        return LOGIN_NONE;
    if (c->tls) /* opened, and yet no login came out; or no TLS */
        return c->ended && c->inside_tls.reason == TLS_REASON_NONE ? LOGIN_NONE : LOGIN_LOST;
    return c->packets[MW_SERVER] > 1 || c->bytes[MW_SERVER] == 0 ? LOGIN_ONE_WAY : LOGIN_NONE;
}

static void unknown(struct judged *out, enum verdict_cause cause)
{
    *out = (struct judged){.judgement = JUDGED_UNKNOWN, .cause = cause};
}

static void satisfied(struct judged *out)
{
    *out = (struct judged){.judgement = JUDGED_SATISFIED};
}

/* Takes `seen`. */
static void violated(struct judged *out, struct connection_place at, char *seen)
{
    *out = (struct judged){.judgement = JUDGED_VIOLATED, .at = at, .seen = seen};
}

/* What keeps the connection's bytes from saying it. Each cause is counted where its allowance is looked at; so keys
 * that would not help are not called for, and bytes are missing only where they are. */
static enum verdict_cause cause_of(const struct connection *c)
{
    if (c->protocol == PROTOCOL_MYSQLX)
        return VERDICT_X_PROTOCOL;
    if (c->state == CONNECTION_MIDSTREAM)
        return VERDICT_MIDSTREAM;
    if (verdict_is_closed(c))
        return VERDICT_UNDECRYPTED;
    if (c->gap_bytes)
        return VERDICT_LOST;
    if (c->damaged_frames)
        return VERDICT_DAMAGED;
    return VERDICT_UNCLEAR;
}

/* A rule about the login that was not read. */
static void no_login(struct judged *out, const struct connection *c, enum login login)
{
    static const enum verdict_cause causes[] = {[LOGIN_HIDDEN] = VERDICT_UNDECRYPTED,
                                                [LOGIN_BEFORE] = VERDICT_MIDSTREAM,
                                                [LOGIN_ONE_WAY] = VERDICT_ONE_WAY,
                                                [LOGIN_X] = VERDICT_X_PROTOCOL};
    if (login == LOGIN_LOST)
        unknown(out, cause_of(c));
    else if (login != LOGIN_NONE)
        unknown(out, causes[login]);
}

/* -- [tls] --------------------------------------------------------------------------------------------------------- */

static void judge_tls(const struct connection *c, struct judged *out)
{
    enum login login = login_of(c);
    struct connection_place nowhere = {0};
    if (c->tls && is_handshake_broken(c))
        return;
    if (c->tls && c->inside_tls.reason == TLS_REASON_NOT_TLS)
        unknown(out, VERDICT_UNCLEAR);
    else if (c->tls)
        satisfied(out);
    else if (login == LOGIN_SEEN)
        violated(out, c->login_at, g_strdup("a login without TLS"));
    else if (login == LOGIN_BEFORE && c->packets[MW_CLIENT] + c->packets[MW_SERVER] > 0)
        violated(out, nowhere, g_strdup("commands without TLS; the login is not in the capture"));
    else
        no_login(out, c, login);
}

/* Whether the handshake was read; else `out` says what that means. */
static bool has_handshake(const struct connection *c, bool known, struct judged *out)
{
    enum login login = login_of(c);
    if (c->tls && known)
        return !is_handshake_broken(c);
    if (c->tls && is_handshake_broken(c))
        return false;
    if (c->tls)
        unknown(out, c->state == CONNECTION_MIDSTREAM || c->inside_tls.reason == TLS_REASON_MIDSTREAM
                         ? VERDICT_MIDSTREAM
                     : c->gap_bytes ? VERDICT_LOST
                                    : VERDICT_UNCLEAR);
    else if (login != LOGIN_SEEN && login != LOGIN_BEFORE) /* these were in clear: there is no TLS to judge */
        no_login(out, c, login);
    return false;
}

static void judge_version(const struct policy_value *wanted, const struct connection *c, struct judged *out)
{
    const struct connection_tls *t = &c->inside_tls;
    if (!has_handshake(c, t->version != 0, out))
        return;
    const char *name = tls_version_name(t->version);
    if (t->version >= wanted->number)
        satisfied(out);
    else
        violated(out, c->hello_at, name ? g_strdup(name) : g_strdup_printf("version 0x%04x", t->version));
}

static bool is_aead(const struct tls_suite *suite)
{
    return strstr(suite->name, "_GCM_") || strstr(suite->name, "_CCM") || strstr(suite->name, "CHACHA20_POLY1305") ||
           tls_cipher_shape(suite->cipher).kind == TLS_CIPHER_AEAD;
}

/* In TLS 1.3 a resumed session may do without (EC)DHE; then the ServerHello has no group. */
static bool has_forward_secrecy(const struct tls_suite *suite, const struct connection_tls *t)
{
    if (t->version >= TLS_1_3)
        return t->group != 0;
    return suite->kx == TLS_KX_DHE || suite->kx == TLS_KX_ECDHE || g_str_has_prefix(suite->name, "TLS_DHE_") ||
           g_str_has_prefix(suite->name, "TLS_ECDHE_");
}

static void judge_suite(enum policy_key key, const struct policy_value *wanted, const struct connection *c,
                        struct judged *out)
{
    const struct connection_tls *t = &c->inside_tls;
    char scratch[16];
    if (!has_handshake(c, t->suite_known, out))
        return;
    const struct tls_suite *suite = tls_suite_find(t->suite);
    const char *name = connection_tls_cipher(t, scratch);
    bool good = false;
    if (!suite) { /* no list has it, so nothing is known of it */
        unknown(out, VERDICT_UNCLEAR);
        return;
    }
    /* Version and suite can be found by trying keys, where the ServerHello with the group is missing. */
    if (key == POLICY_TLS_FORWARD_SECRECY && t->version >= TLS_1_3 && !t->group && t->resumed == TLS_RESUMED_UNKNOWN) {
        unknown(out, c->gap_bytes ? VERDICT_LOST : VERDICT_UNCLEAR);
        return;
    }
    switch (key) {
    case POLICY_TLS_FORBID_CIPHER: good = !policy_like(wanted->list, name); break;
    case POLICY_TLS_FORWARD_SECRECY: good = has_forward_secrecy(suite, t); break;
    default: good = is_aead(suite); break;
    }
    if (good)
        satisfied(out);
    else
        violated(out, c->hello_at,
                 g_strdup_printf("%s%s", name,
                                 key == POLICY_TLS_FORWARD_SECRECY && t->version >= TLS_1_3
                                     ? ", resumed without a key exchange"
                                     : ""));
}

/* -- [auth] -------------------------------------------------------------------------------------------------------- */

void verdict_judge_plugin(const struct policy *policy, enum policy_key key, const struct connection *c,
                          const char *plugin, struct judged *out)
{
    bool is_like = policy_like(policy->values[key].list, plugin);
    *out = (struct judged){.judgement = JUDGED_NOT_APPLICABLE};
    if (key == POLICY_AUTH_FORBID_PLUGIN_IN_CLEAR && c->tls)
        satisfied(out);
    else if (is_like == (key == POLICY_AUTH_ALLOW_PLUGIN))
        satisfied(out);
    else
        violated(out, c->verdict_at,
                 g_strdup_printf("%s%s", plugin, key == POLICY_AUTH_FORBID_PLUGIN_IN_CLEAR ? " outside TLS" : ""));
}

static void judge_plugin(const struct policy *policy, enum policy_key key, const struct connection *c,
                         struct judged *out)
{
    enum login login = login_of(c);
    if (key == POLICY_AUTH_FORBID_PLUGIN_IN_CLEAR && c->tls && c->inside_tls.reason != TLS_REASON_NOT_TLS) {
        if (!is_handshake_broken(c))
            satisfied(out);
        return;
    }
    if (login != LOGIN_SEEN)
        no_login(out, c, login);
    else if (c->auth_plugin)
        verdict_judge_plugin(policy, key, c, c->auth_plugin, out);
    else if (cause_of(c) == VERDICT_UNCLEAR)
        unknown(out, VERDICT_UNFINISHED);
    else
        unknown(out, cause_of(c));
}

/* "1045 ER_ACCESS_DENIED_ERROR" */
static char *error_text(const struct connection *c, uint16_t code)
{
    const char *symbol = mw_error_symbol(c->dialect, code);
    return symbol ? g_strdup_printf("%u %s", code, symbol) : g_strdup_printf("%u", code);
}

static void judge_failure(const struct connection *c, struct judged *out)
{
    enum login login = login_of(c);
    if (c->answered > 0 && login != LOGIN_X) /* it got in */
        satisfied(out);
    else if (login != LOGIN_SEEN)
        no_login(out, c, login);
    else if (c->auth_result == AUTH_RESULT_ERROR)
        violated(out, c->verdict_at, error_text(c, c->error_code));
    else if (c->auth_result == AUTH_RESULT_OK)
        satisfied(out);
    else if (cause_of(c) != VERDICT_UNCLEAR)
        unknown(out, cause_of(c));
    else if (!c->ended) /* the verdict may have come later */
        unknown(out, VERDICT_UNFINISHED);
}

/* -- what the client says of itself -------------------------------------------------------------------------------- */

static struct connection_place client_place(const struct connection *c)
{
    return c->logged_in ? c->login_at : c->request_at;
}

static void judge_collation(const struct policy_value *wanted, const struct connection *c, struct judged *out)
{
    const char *name = c->client_collation ? mw_collation_name(c->dialect, c->client_collation) : NULL;
    if (!c->client_spoke)
        no_login(out, c, login_of(c));
    else if (name && policy_like(wanted->list, name))
        satisfied(out);
    else if (c->logged_in && !c->login_whole && !c->client_collation)
        unknown(out, cause_of(c));
    else if (name)
        violated(out, client_place(c), g_strdup(name));
    else
        violated(out, client_place(c),
                 c->client_collation ? g_strdup_printf("collation %u", c->client_collation)
                                     : g_strdup("no collation: the server chooses"));
}

/* The capabilities that a policy names, as they are called where this connection's are; others have other meanings. */
static uint64_t named_bits(const struct policy_value *wanted, const struct connection *c)
{
    uint64_t bits = 0;
    for (unsigned bit = 0; bit < 64; bit++) {
        const char *name = wanted->number >> bit & 1 ? mw_capability_name(c->dialect, bit) : NULL;
        for (guint i = 0; name && i < wanted->list->len; i++)
            if (strcmp(g_ptr_array_index(wanted->list, i), name) == 0)
                bits |= MW_CAP(bit);
    }
    /* One meaning, two names. */
    return bits | (wanted->number & MW_CAP(MW_BIT_CLIENT_SECURE_CONNECTION));
}

static void judge_capabilities(enum policy_key key, const struct policy_value *wanted, const struct connection *c,
                               struct judged *out)
{
    bool require = key == POLICY_CAPABILITIES_CLIENT_REQUIRE;
    if (!c->client_spoke) {
        no_login(out, c, login_of(c));
        return;
    }
    uint64_t has = c->client_caps & named_bits(wanted, c);
    uint64_t bad = require ? wanted->number & ~has : has;
    GString *seen = g_string_new(NULL);
    for (guint i = 0; i < wanted->list->len && bad; i++) {
        const char *name = g_ptr_array_index(wanted->list, i);
        for (unsigned bit = 0; bit < 64; bit++) {
            const char *mysql = mw_capability_name(MW_DIALECT_MYSQL, bit),
                       *mariadb = mw_capability_name(MW_DIALECT_MARIADB, bit);
            bool means = (mysql && strcmp(mysql, name) == 0) || (mariadb && strcmp(mariadb, name) == 0);
            if (means && bad >> bit & 1)
                g_string_append_printf(seen, "%s%s%s", seen->len ? ", " : "", require ? "no " : "", name);
        }
    }
    if (bad)
        violated(out, client_place(c), g_string_free(seen, FALSE));
    else
        satisfied(out);
    if (!bad)
        g_string_free(seen, TRUE);
}

static bool has_attribute(const struct connection *c, const char *name)
{
    for (guint i = 0; c->attributes && i < c->attributes->len; i++)
        if (strcmp(g_array_index(c->attributes, struct connection_attribute, i).name->str, name) == 0)
            return true;
    return false;
}

static void judge_attributes(const struct policy_value *wanted, const struct connection *c, struct judged *out)
{
    enum login login = login_of(c);
    GString *missing = g_string_new(NULL);
    for (guint i = 0; i < wanted->list->len; i++)
        if (!has_attribute(c, g_ptr_array_index(wanted->list, i)))
            g_string_append_printf(missing, "%sno %s", missing->len ? ", " : "",
                                   (const char *)g_ptr_array_index(wanted->list, i));
    if (login != LOGIN_SEEN)
        no_login(out, c, login);
    else if (missing->len == 0)
        satisfied(out);
    else if (!c->login_whole)
        unknown(out, cause_of(c));
    else
        violated(out, c->login_at, g_strdup(missing->str));
    g_string_free(missing, TRUE);
}

/* -- [server] ------------------------------------------------------------------------------------------------------ */

/* A server that refuses before it greets says nothing of itself. */
static bool has_greeting(const struct connection *c, struct judged *out)
{
    if (c->greeted)
        return true;
    if (c->protocol == PROTOCOL_MYSQLX || c->auth_result != AUTH_RESULT_ERROR || c->gap_bytes)
        unknown(out, cause_of(c));
    return false;
}

/* Of a server of the wrong kind that finding is enough. */
static bool is_wrong_kind(const struct policy *policy, const struct connection *c)
{
    const struct policy_value *forbidden = &policy->values[POLICY_SERVER_FORBID_DIALECT];
    return forbidden->set && forbidden->number >> c->dialect & 1;
}

static void judge_server_version(const struct policy *policy, const struct connection *c, struct judged *out)
{
    const struct policy_value *wanted = &policy->values[POLICY_SERVER_MIN_VERSION];
    struct policy_version version;
    if (!has_greeting(c, out) || is_wrong_kind(policy, c))
        return;
    if (!c->server_version || !policy_version_read(c->server_version, &version) || c->dialect == MW_DIALECT_UNKNOWN)
        unknown(out, cause_of(c));
    else if (wanted->versions[c->dialect].n && policy_version_reaches(&version, &wanted->versions[c->dialect]))
        satisfied(out);
    else
        violated(out, c->greeting_at,
                 g_strdup_printf("%s %s", c->dialect == MW_DIALECT_MYSQL ? "MySQL" : "MariaDB", c->server_version));
}

static void judge_dialect(const struct policy_value *forbidden, const struct connection *c, struct judged *out)
{
    if (!has_greeting(c, out))
        return;
    if (c->dialect == MW_DIALECT_UNKNOWN)
        unknown(out, cause_of(c));
    else if (forbidden->number >> c->dialect & 1)
        violated(out, c->greeting_at,
                 g_strdup_printf("%s %s", c->dialect == MW_DIALECT_MYSQL ? "MySQL" : "MariaDB",
                                 c->server_version ? c->server_version : ""));
    else
        satisfied(out);
}

static void judge_default_plugin(const struct policy *policy, const struct connection *c, struct judged *out)
{
    const struct policy_value *forbidden = &policy->values[POLICY_SERVER_FORBID_DEFAULT_PLUGIN];
    if (!has_greeting(c, out) || is_wrong_kind(policy, c))
        return;
    if (c->server_auth_plugin && policy_like(forbidden->list, c->server_auth_plugin))
        violated(out, c->greeting_at, g_strdup_printf("default plugin %s", c->server_auth_plugin));
    else if (!c->server_auth_plugin && c->gap_bytes)
        unknown(out, cause_of(c));
    else
        satisfied(out);
}

/* -- the rest ------------------------------------------------------------------------------------------------------ */

static void judge_latency(const struct policy_value *wanted, const struct connection *c, struct judged *out)
{
    enum login login = login_of(c);
    int64_t us = connection_login_us(c);
    if (us >= 0 && us <= (int64_t)wanted->number)
        satisfied(out);
    else if (us >= 0)
        violated(out, c->verdict_at, g_strdup_printf("%.3f ms", (double)us / 1000));
    else if (login != LOGIN_SEEN)
        no_login(out, c, login);
    else if (c->verdict_ns && !c->syn_ns)
        unknown(out, VERDICT_MIDSTREAM);
    else if (!c->verdict_ns && c->ended && cause_of(c) == VERDICT_UNCLEAR)
        return; /* the client did not wait for it */
    else
        unknown(out, cause_of(c) == VERDICT_UNCLEAR ? VERDICT_UNFINISHED : cause_of(c));
}

bool verdict_read_all(const struct connection *c, enum verdict_cause *cause)
{
    bool broken = is_handshake_broken(c);
    *cause = cause_of(c);
    if (c->protocol == PROTOCOL_MYSQLX || verdict_is_closed(c) || c->gap_bytes || c->damaged_frames)
        return false;
    if (c->state == CONNECTION_MIDSTREAM || (c->opaque && !broken) || (!c->exact && !broken))
        return false;
    if (login_of(c) == LOGIN_ONE_WAY) {
        *cause = VERDICT_ONE_WAY;
        return false;
    }
    return true;
}

void verdict_judge(const struct policy *policy, enum policy_key key, const struct connection *c, struct judged *out)
{
    const struct policy_value *value = &policy->values[key];
    *out = (struct judged){.judgement = JUDGED_NOT_APPLICABLE};
    switch (key) {
    case POLICY_TLS_REQUIRED: judge_tls(c, out); break;
    case POLICY_TLS_MIN_VERSION: judge_version(value, c, out); break;
    case POLICY_TLS_FORBID_CIPHER:
    case POLICY_TLS_FORWARD_SECRECY:
    case POLICY_TLS_AEAD: judge_suite(key, value, c, out); break;
    case POLICY_AUTH_FORBID_PLUGIN:
    case POLICY_AUTH_ALLOW_PLUGIN:
    case POLICY_AUTH_FORBID_PLUGIN_IN_CLEAR: judge_plugin(policy, key, c, out); break;
    case POLICY_AUTH_MAX_FAILURES: judge_failure(c, out); break;
    case POLICY_CHARSET_ALLOW_CLIENT: judge_collation(value, c, out); break;
    case POLICY_SERVER_FORBID_DIALECT: judge_dialect(value, c, out); break;
    case POLICY_SERVER_MIN_VERSION: judge_server_version(policy, c, out); break;
    case POLICY_SERVER_FORBID_DEFAULT_PLUGIN: judge_default_plugin(policy, c, out); break;
    case POLICY_CAPABILITIES_CLIENT_FORBID:
    case POLICY_CAPABILITIES_CLIENT_REQUIRE: judge_capabilities(key, value, c, out); break;
    case POLICY_CLIENT_REQUIRE_ATTRIBUTE: judge_attributes(value, c, out); break;
    case POLICY_LATENCY_LOGIN_P99: judge_latency(value, c, out); break;
    default: break;
    }
}
