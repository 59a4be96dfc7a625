/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A probe policy, which has every rule that may be written, says what could be decided; what the values are is gathered
 * beside it. Names from the wire get into the file only if they are names. */
#include "analyzer/policy_draft.h"

#include <string.h>

#include "analyzer/verdict.h"

enum { NAMES_MAX = 64 };

static const char probe_text[] =
    "[tls]\nrequired=true\nmin-version=TLSv1\nrequire-forward-secrecy=true\nrequire-aead=true\n"
    "[auth]\nallow-plugin=*\nmax-failures=0\n"
    "[charset]\nallow-client=*\n"
    "[server]\nmin-version=mysql 0;mariadb 0\n"
    "[capabilities]\nclient-require=CLIENT_PROTOCOL_41\nclient-forbid=CLIENT_LOCAL_FILES\n"
    "[client]\nrequire-attribute=program_name\n"
    "[errors]\nmax=0\n";

/* Names, each once; `odd`: there was one that is none, or too many. */
struct names {
    GPtrArray *list;
    bool odd;
};

struct policy_draft {
    struct policy *probe;
    struct limits limits;
    struct limit_hits hits;
    struct verdict *verdict;
    uint16_t tls_version; /* the lowest; 0: none */
    struct names plugins, collations;
    struct names attributes; /* of all logins */
    bool attributes_begun;
    struct policy_version version[3]; /* the lowest, by dialect */
    uint64_t caps_all, caps_any;
    bool caps_begun;
};

static bool is_name(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    return *text && strspn(text, letters) == strlen(text);
}

static bool has(const struct names *names, const char *name)
{
    for (guint i = 0; i < names->list->len; i++)
        if (strcmp(g_ptr_array_index(names->list, i), name) == 0)
            return true;
    return false;
}

static void add(struct names *names, const char *name)
{
    if (!is_name(name) || names->list->len >= NAMES_MAX)
        names->odd = true;
    else if (!has(names, name))
        g_ptr_array_add(names->list, g_strdup(name));
}

struct policy_draft *policy_draft_new(void)
{
    struct policy_draft *d = g_new0(struct policy_draft, 1);
    char *error = NULL;
    d->probe = policy_parse(probe_text, strlen(probe_text), "probe", NULL, &error);
    d->limits = limits_default();
    d->verdict = verdict_new(d->probe, &d->limits, &d->hits);
    struct names *all[] = {&d->plugins, &d->collations, &d->attributes};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        all[i]->list = g_ptr_array_new_with_free_func(g_free);
    return d;
}

void policy_draft_free(struct policy_draft *d)
{
    struct names *all[] = {&d->plugins, &d->collations, &d->attributes};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        g_ptr_array_free(all[i]->list, TRUE);
    verdict_free(d->verdict);
    policy_free(d->probe);
    g_free(d);
}

void policy_draft_event(struct policy_draft *d, const struct connection *c, const struct mw_event *event)
{
    const char *now = mw_session_auth_plugin(event->session);
    bool factor = event->kind == MW_EVENT_AUTH && event->msg && event->msg->kind == MW_KIND_AUTH_NEXT_FACTOR;
    if (factor && *verdict_plugin(d->verdict, c))
        add(&d->plugins, verdict_plugin(d->verdict, c));
    verdict_event(d->verdict, c, event);
    if (event->kind == MW_EVENT_DONE && event->exchange->command == MW_COM_CHANGE_USER &&
        event->exchange->first.number && *now)
        add(&d->plugins, now);
}

static void take_attributes(struct policy_draft *d, const struct connection *c)
{
    struct names now = {.list = g_ptr_array_new_with_free_func(g_free)};
    for (guint i = 0; c->attributes && i < c->attributes->len; i++) {
        const GString *name = g_array_index(c->attributes, struct connection_attribute, i).name;
        if (is_name(name->str) && strlen(name->str) == name->len)
            add(&now, name->str);
    }
    for (guint i = 0; !d->attributes_begun && i < now.list->len; i++)
        add(&d->attributes, g_ptr_array_index(now.list, i));
    for (guint i = d->attributes.list->len; i > 0; i--)
        if (!has(&now, g_ptr_array_index(d->attributes.list, i - 1)))
            g_ptr_array_remove_index(d->attributes.list, i - 1);
    d->attributes_begun = true;
    g_ptr_array_free(now.list, TRUE);
}

void policy_draft_closed(struct policy_draft *d, const struct connection *c)
{
    const struct connection_tls *t = &c->inside_tls;
    struct policy_version version;
    struct judged judged;
    verdict_closed(d->verdict, c);
    verdict_judge(d->probe, POLICY_TLS_MIN_VERSION, c, &judged);
    if (judged.judgement == JUDGED_SATISFIED || judged.judgement == JUDGED_VIOLATED)
        d->tls_version = d->tls_version ? MIN(d->tls_version, t->version) : t->version;
    g_free(judged.seen);
    if (c->auth_plugin)
        add(&d->plugins, c->auth_plugin);
    if (c->client_spoke) {
        const char *collation = c->client_collation ? mw_collation_name(c->dialect, c->client_collation) : NULL;
        add(&d->collations, collation ? collation : "");
        d->caps_all = d->caps_begun ? d->caps_all & c->client_caps : c->client_caps;
        d->caps_any |= c->client_caps;
        d->caps_begun = true;
    }
    if (c->logged_in)
        take_attributes(d, c);
    if (c->greeted && c->dialect != MW_DIALECT_UNKNOWN && c->server_version &&
        policy_version_read(c->server_version, &version)) {
        struct policy_version *lowest = &d->version[c->dialect];
        if (lowest->n == 0 || !policy_version_reaches(&version, lowest))
            *lowest = version;
    }
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

/* Something was decided by this rule. */
static bool is_known(const struct policy_draft *d, enum policy_key key)
{
    return d->verdict->rules[key].satisfied + d->verdict->rules[key].violated > 0;
}

static void put_names(GString *out, const char *key, const struct names *names)
{
    if (names->odd)
        g_string_append_printf(out, "# %s: left out, there is a name that is none\n", key);
    if (names->odd || names->list->len == 0)
        return;
    g_string_append_printf(out, "%s = ", key);
    for (guint i = 0; i < names->list->len; i++)
        g_string_append_printf(out, "%s%s", i ? ";" : "", (const char *)g_ptr_array_index(names->list, i));
    g_string_append_c(out, '\n');
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_tls(const struct policy_draft *d, GString *out)
{
    const struct {
        enum policy_key key;
        const char *line;
    } flags[] = {{POLICY_TLS_FORWARD_SECRECY, "require-forward-secrecy = true\n"},
                 {POLICY_TLS_AEAD, "require-aead = true\n"}};
    GString *section = g_string_new(NULL);
    if (is_known(d, POLICY_TLS_REQUIRED) && d->verdict->rules[POLICY_TLS_REQUIRED].violated == 0)
        g_string_append(section, "required = true\n");
    if (d->tls_version && tls_version_name(d->tls_version))
        g_string_append_printf(section, "min-version = %s\n", tls_version_name(d->tls_version));
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
        if (is_known(d, flags[i].key) && d->verdict->rules[flags[i].key].violated == 0)
            g_string_append(section, flags[i].line);
    if (section->len)
        g_string_append_printf(out, "\n[tls]\n%s", section->str);
    g_string_free(section, TRUE);
}

static void put_server(const struct policy_draft *d, GString *out)
{
    static const char *const names[] = {[MW_DIALECT_MYSQL] = "mysql", [MW_DIALECT_MARIADB] = "mariadb"};
    GString *list = g_string_new(NULL);
    for (int dialect = MW_DIALECT_MYSQL; dialect <= MW_DIALECT_MARIADB; dialect++) {
        const struct policy_version *v = &d->version[dialect];
        if (v->n == 0)
            continue;
        g_string_append_printf(list, "%s%s ", list->len ? ";" : "", names[dialect]);
        for (unsigned i = 0; i < v->n; i++)
            g_string_append_printf(list, "%s%u", i ? "." : "", v->part[i]);
    }
    if (list->len)
        g_string_append_printf(out, "\n[server]\nmin-version = %s\n", list->str);
    g_string_free(list, TRUE);
}

/* What clients need to know of the protocol, and what they better do not ask for; both dialects have these names. */
static void put_capabilities(const struct policy_draft *d, GString *out)
{
    static const struct mw_name features[] = {
#define FEATURE(name) {MW_BIT_##name, #name}
        FEATURE(CLIENT_PROTOCOL_41),   FEATURE(CLIENT_PLUGIN_AUTH),
        FEATURE(CLIENT_CONNECT_ATTRS), FEATURE(CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA),
        FEATURE(CLIENT_SESSION_TRACK), FEATURE(CLIENT_DEPRECATE_EOF),
    };
    static const struct mw_name risks[] = {FEATURE(CLIENT_LOCAL_FILES), FEATURE(CLIENT_MULTI_STATEMENTS)};
#undef FEATURE
    GString *require = g_string_new(NULL), *forbid = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(features); i++)
        if (d->caps_all >> features[i].value & 1)
            g_string_append_printf(require, "%s%s", require->len ? ";" : "", features[i].name);
    for (size_t i = 0; i < G_N_ELEMENTS(risks); i++)
        if (!(d->caps_any >> risks[i].value & 1))
            g_string_append_printf(forbid, "%s%s", forbid->len ? ";" : "", risks[i].name);
    if (d->caps_begun && (require->len || forbid->len))
        g_string_append(out, "\n[capabilities]\n");
    if (d->caps_begun && forbid->len)
        g_string_append_printf(out, "client-forbid = %s\n", forbid->str);
    if (d->caps_begun && require->len)
        g_string_append_printf(out, "client-require = %s\n", require->str);
    g_string_free(require, TRUE);
    g_string_free(forbid, TRUE);
}

static void put_evidence(const struct policy_draft *d, const struct analysis *a, GString *out)
{
    static const enum policy_key keys[] = {POLICY_MAX_UNDECRYPTED, POLICY_MAX_GAP_BYTES, POLICY_MAX_UNDECIDED,
                                           POLICY_MAX_UNREADABLE};
    g_string_append(out, "\n[evidence]\n");
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        uint64_t n = verdict_measure(d->verdict, a, keys[i]);
        if (n)
            g_string_append(
                out, "# As much is missing in the capture that this was made of; a better one could do with less.\n");
        g_string_append_printf(out, "%s = %" G_GUINT64_FORMAT "\n", policy_row(keys[i])->key, n);
    }
    g_string_append(out, "min-connections = 1\n");
}

bool policy_draft_write(const struct policy_draft *d, const struct analysis *a, GString *out)
{
    const struct verdict *v = d->verdict;
    if (v->judged == 0)
        return false;
    const struct names *sorted[] = {&d->plugins, &d->collations, &d->attributes};
    for (size_t i = 0; i < G_N_ELEMENTS(sorted); i++)
        g_ptr_array_sort(sorted[i]->list, by_name);
    g_string_append_printf(
        out,
        "# Made by mywire check --make-policy of a capture with %" G_GUINT64_FORMAT
        " connection%s: what they have in common.\n# Read it before you rely on it, and take out what was chance.\n",
        v->connections, v->connections == 1 ? "" : "s");
    put_tls(d, out);
    if (is_known(d, POLICY_AUTH_ALLOW_PLUGIN) || is_known(d, POLICY_AUTH_MAX_FAILURES))
        g_string_append(out, "\n[auth]\n");
    if (is_known(d, POLICY_AUTH_ALLOW_PLUGIN))
        put_names(out, "allow-plugin", &d->plugins);
    if (is_known(d, POLICY_AUTH_MAX_FAILURES))
        g_string_append_printf(out, "max-failures = %" G_GUINT64_FORMAT "\n",
                               v->rules[POLICY_AUTH_MAX_FAILURES].findings);
    if (is_known(d, POLICY_CHARSET_ALLOW_CLIENT)) {
        g_string_append(out, "\n[charset]\n");
        put_names(out, "allow-client", &d->collations);
    }
    put_server(d, out);
    put_capabilities(d, out);
    if (is_known(d, POLICY_CLIENT_REQUIRE_ATTRIBUTE) && d->attributes.list->len) {
        g_string_append(out, "\n[client]\n");
        put_names(out, "require-attribute", &d->attributes);
    }
    if (is_known(d, POLICY_ERRORS_MAX))
        g_string_append_printf(out, "\n[errors]\nmax = %" G_GUINT64_FORMAT "\n", v->rules[POLICY_ERRORS_MAX].findings);
    if (v->login_us.count)
        g_string_append_printf(
            out,
            "\n# The slowest login took %.3f ms; choose what is slow where you check.\n#[latency]\n#login-p99-ms = …\n",
            (double)v->login_us.max / 1000);
    put_evidence(d, a, out);
    return true;
}
