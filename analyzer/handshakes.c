/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/handshakes.h"

#include <string.h>

#include "analyzer/endpoint.h"

/* Values of a fact that are told apart; programs and users can be many. */
enum { VALUES_MAX = 10000, SCRATCH = HANDSHAKE_SCRATCH };

struct handshakes *handshakes_new(void)
{
    struct handshakes *h = g_new0(struct handshakes, 1);
    for (int i = 0; i < HANDSHAKE_FACTS; i++)
        h->facts[i] = tally_new(VALUES_MAX);
    for (int i = 0; i < HANDSHAKE_PHASES; i++)
        sketch_init(&h->latency[i]);
    return h;
}

void handshakes_free(struct handshakes *h)
{
    if (!h)
        return;
    for (int i = 0; i < HANDSHAKE_FACTS; i++)
        tally_free(h->facts[i]);
    for (int i = 0; i < HANDSHAKE_PHASES; i++)
        sketch_clear(&h->latency[i]);
    g_free(h);
}

/* -- values of facts ----------------------------------------------------------------------------------------------- */

static const char *attribute(const struct connection *c, const char *name)
{
    for (guint i = 0; c->attributes && i < c->attributes->len; i++) {
        const struct connection_attribute *a = &g_array_index(c->attributes, struct connection_attribute, i);
        if (strcmp(a->name->str, name) == 0)
            return a->value->str;
    }
    return NULL;
}

static const char *client_library(const struct connection *c, char *scratch)
{
    const char *name = attribute(c, "_client_name"), *version = attribute(c, "_client_version");
    if (!name || !version)
        return name;
    g_snprintf(scratch, SCRATCH, "%s %s", name, version);
    return scratch;
}

static const char *collation(const struct connection *c, uint16_t id, char *scratch)
{
    const char *name = mw_collation_name(c->dialect, id);
    if (name)
        return name;
    g_snprintf(scratch, SCRATCH, "%u", id);
    return scratch;
}

static const char *number(unsigned n, char *scratch)
{
    g_snprintf(scratch, SCRATCH, "%u", n);
    return scratch;
}

static const char *resumption(enum tls_resumption resumed)
{
    static const char *const names[] = {NULL, "new", "resumed"};
    return names[resumed];
}

static const char *endpoint(const struct endpoint *e, char *scratch)
{
    endpoint_text(e, scratch);
    return scratch;
}

static const char *address(const struct endpoint *e, char *scratch)
{
    endpoint_address(e, scratch);
    return scratch;
}

/* The end of its validity before the subject: handshake_certificate() takes them apart. */
static const char *certificate(const struct connection_tls *tls, char *scratch)
{
    char *not_after = connection_tls_not_after(tls);
    if (not_after && tls->subject)
        g_snprintf(scratch, SCRATCH, "%s %s", not_after, tls->subject);
    bool known = not_after && tls->subject;
    g_free(not_after);
    return known ? scratch : NULL;
}

bool handshake_certificate(const char *value, int64_t now_ns, struct handshake_certificate *out)
{
    enum { NOT_AFTER = 20 };
    const int64_t day = G_GINT64_CONSTANT(86400);
    g_strlcpy(out->not_after, value, sizeof out->not_after);
    GDateTime *time = g_date_time_new_from_iso8601(out->not_after, NULL);
    if (!time)
        return false;
    out->subject = value + NOT_AFTER + 1;
    int64_t left = g_date_time_to_unix(time) - now_ns / G_GINT64_CONSTANT(1000000000);
    out->days_left = left >= 0 ? left / day : -((day - 1 - left) / day);
    g_date_time_unref(time);
    return true;
}

const char *handshake_fact_value(const struct connection *c, enum handshake_fact fact, char *scratch)
{
    switch (fact) {
#define FACT(key, title, value)                                                                                        \
    case HANDSHAKE_##key:                                                                                              \
        return value;
#include "analyzer/handshake_facts.def"
#undef FACT
    case HANDSHAKE_FACTS: break;
    }
    return NULL;
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void add_capabilities(struct handshakes *h, const struct connection *c)
{
    uint64_t server = c->greeted ? c->server_caps : 0, client = c->client_spoke ? c->client_caps : 0;
    struct handshake_capability *rows = h->capabilities[c->dialect == MW_DIALECT_MARIADB];
    h->greeted += c->greeted;
    h->spoke += c->client_spoke;
    h->both += c->greeted && c->client_spoke;
    for (unsigned bit = 0; bit < 64; bit++) {
        bool offers = server >> bit & 1, asks = client >> bit & 1;
        rows[bit].server += offers;
        rows[bit].client += asks;
        rows[bit].both += offers && asks;
    }
}

void handshakes_add(struct handshakes *h, const struct connection *c)
{
    char scratch[SCRATCH];
    h->connections++;
    for (int i = 0; i < HANDSHAKE_FACTS; i++) {
        const char *value = handshake_fact_value(c, i, scratch);
        if (value)
            tally_add(h->facts[i], value, strlen(value), 1);
    }
    add_capabilities(h, c);
    const int64_t us[HANDSHAKE_PHASES] = {
        [PHASE_TCP_CONNECT] = connection_tcp_connect_us(c),
        [PHASE_GREETING] = connection_greeting_us(c),
        [PHASE_TLS] = connection_tls_us(c),
        [PHASE_AUTH] = connection_auth_us(c),
        [PHASE_LOGIN] = connection_login_us(c),
    };
    for (int i = 0; i < HANDSHAKE_PHASES; i++)
        if (us[i] >= 0)
            sketch_add(&h->latency[i], us[i]);
}

void handshakes_merge(struct handshakes *into, const struct handshakes *from)
{
    into->connections += from->connections;
    into->greeted += from->greeted;
    into->spoke += from->spoke;
    into->both += from->both;
    for (int i = 0; i < HANDSHAKE_FACTS; i++)
        tally_merge(into->facts[i], from->facts[i]);
    for (int d = 0; d < 2; d++)
        for (int bit = 0; bit < 64; bit++) {
            into->capabilities[d][bit].server += from->capabilities[d][bit].server;
            into->capabilities[d][bit].client += from->capabilities[d][bit].client;
            into->capabilities[d][bit].both += from->capabilities[d][bit].both;
        }
    for (int i = 0; i < HANDSHAKE_PHASES; i++)
        sketch_merge(&into->latency[i], &from->latency[i]);
}

const char *handshake_fact_key(enum handshake_fact fact)
{
    static const char *const keys[] = {
#define FACT(key, title, value) #key,
#include "analyzer/handshake_facts.def"
#undef FACT
    };
    return keys[fact];
}

enum handshake_fact handshake_fact_from(const char *key, size_t n)
{
    int fact = 0;
    while (fact < HANDSHAKE_FACTS &&
           (strlen(handshake_fact_key(fact)) != n || memcmp(handshake_fact_key(fact), key, n) != 0))
        fact++;
    return fact;
}

const char *handshake_fact_title(enum handshake_fact fact)
{
    static const char *const titles[] = {
#define FACT(key, title, value) title,
#include "analyzer/handshake_facts.def"
#undef FACT
    };
    return titles[fact];
}

const char *handshake_phase_name(enum handshake_phase phase)
{
    static const char *const names[] = {"tcp_connect", "greeting", "tls", "auth", "login"};
    return names[phase];
}

static bool occurred(const struct handshake_capability *row)
{
    return row->server || row->client;
}

bool handshakes_capability_at(const struct handshakes *h, size_t i, const char **name, struct handshake_capability *out)
{
    static const enum mw_dialect dialects[2] = {MW_DIALECT_MYSQL, MW_DIALECT_MARIADB};
    size_t n = 0;
    for (unsigned bit = 0; bit < 64; bit++) {
        const char *names[2] = {mw_capability_name(dialects[0], bit), mw_capability_name(dialects[1], bit)};
        bool same = names[0] == names[1] || (names[0] && names[1] && strcmp(names[0], names[1]) == 0);
        for (int d = 0; d < 2; d++) {
            struct handshake_capability row = h->capabilities[d][bit];
            if (same && d == 1)
                break; /* counted with MySQL's */
            if (same) {
                row.server += h->capabilities[1][bit].server;
                row.client += h->capabilities[1][bit].client;
                row.both += h->capabilities[1][bit].both;
            }
            if (!names[d] || !occurred(&row))
                continue;
            if (n++ == i) {
                *name = names[d];
                *out = row;
                return true;
            }
        }
    }
    return false;
}
