/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/legs.h"

#include <string.h>

/* Commands of a leg that wait for their twin: the other leg is at most so many behind. */
enum { RECENT = 8 };

struct timing {
    uint64_t ordinal; /* 0: none */
    uint8_t command;
    int64_t sent_ns, last_ns;
};

/* What is compared at the end, kept because one of the two ends first. */
struct side {
    bool tls, spoke, logged_in;
    uint64_t server_caps, client_caps;
    uint16_t collation;
    uint8_t sequence;
    struct timing recent[RECENT];
};

struct legs_pair {
    uint64_t ids[2];
    struct side side[2]; /* by order of greetings: server's leg, client's leg */
    struct sketch added_us;
    int open;
};

struct legs {
    GHashTable *waiting; /* hash of the greeting → connection that is open and alone */
    struct legs_sum *sum;
};

struct legs *legs_new(struct legs_sum *sum)
{
    struct legs *legs = g_new0(struct legs, 1);
    legs->waiting = g_hash_table_new(g_int64_hash, g_int64_equal);
    legs->sum = sum;
    return legs;
}

void legs_free(struct legs *legs)
{
    g_hash_table_destroy(legs->waiting);
    g_free(legs);
}

/* FNV-1a. Two connections that were made to collide could as well have the same scramble. */
static guint64 hash(guint64 h, const void *p, size_t n)
{
    const uint8_t *bytes = p;
    for (size_t i = 0; i < n; i++)
        h = (h ^ bytes[i]) * G_GUINT64_CONSTANT(0x100000001b3);
    return h;
}

static bool same_end(const struct endpoint *a, const struct endpoint *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void on_greeting(struct legs *legs, struct connection *c, const struct mw_greeting *g)
{
    enum { SCRAMBLE_MIN = 20 };
    if (g->scramble.n + g->scramble_rest.n < SCRAMBLE_MIN || c->greeting_hash)
        return;
    guint64 h = hash(G_GUINT64_CONSTANT(0xcbf29ce484222325), &g->thread_id, sizeof g->thread_id);
    h = hash(hash(h, g->scramble.p, g->scramble.n), g->scramble_rest.p, g->scramble_rest.n);
    c->greeting_hash = h;
    struct connection *first = g_hash_table_lookup(legs->waiting, &c->greeting_hash);
    if (first && !same_end(&first->server, &c->server)) {
        g_hash_table_remove(legs->waiting, &c->greeting_hash);
        struct legs_pair *pair = g_new0(struct legs_pair, 1);
        pair->ids[0] = first->id;
        pair->ids[1] = c->id;
        pair->open = 2;
        first->pair = c->pair = pair;
        first->leg = LEG_SERVER;
        c->leg = LEG_CLIENT;
        return;
    }
    g_hash_table_replace(legs->waiting, &c->greeting_hash, c);
}

/* The login's sequence id is known when it comes, which is after the greetings of both legs. */
static void on_login(struct connection *c, const struct mw_event *event)
{
    c->pair->side[c->leg == LEG_CLIENT].sequence = event->packet->sequence;
}

static void on_done(struct connection *c, const struct mw_exchange *x)
{
    bool client = c->leg == LEG_CLIENT;
    struct legs_pair *pair = c->pair;
    if (!x->exact || x->first.number == 0)
        return;
    struct timing mine = {x->ordinal, x->command, x->sent.time_ns, x->last.time_ns};
    pair->side[client].recent[x->ordinal % RECENT] = mine;
    const struct timing *twin = &pair->side[!client].recent[x->ordinal % RECENT];
    if (twin->ordinal != mine.ordinal || twin->command != mine.command)
        return;
    const struct timing *outer = client ? &mine : twin, *inner = client ? twin : &mine;
    sketch_add(&pair->added_us, ((outer->last_ns - outer->sent_ns) - (inner->last_ns - inner->sent_ns)) / 1000);
}

void legs_event(struct legs *legs, struct connection *c, const struct mw_event *event)
{
    if (event->kind == MW_EVENT_GREETING)
        on_greeting(legs, c, &event->msg->greeting);
    else if (c->pair && event->kind == MW_EVENT_LOGIN)
        on_login(c, event);
    else if (c->pair && event->kind == MW_EVENT_DONE)
        on_done(c, event->exchange);
}

static void compare(struct legs_sum *sum, const struct legs_pair *pair)
{
    const struct side *server = &pair->side[0], *client = &pair->side[1];
    const uint64_t ssl = UINT64_C(1) << MW_BIT_CLIENT_SSL;
    bool spoke = server->spoke && client->spoke, logged_in = server->logged_in && client->logged_in;
    sum->pairs++;
    sum->tls_ended += client->tls && !server->tls;
    sum->tls_begun += server->tls && !client->tls;
    sum->ssl_cleared += spoke && client->client_caps & ssl && !(server->client_caps & ssl);
    sum->sequence_shifted += logged_in && client->sequence != server->sequence;
    sum->capabilities += ((client->server_caps ^ server->server_caps) & ~ssl) ||
                         (spoke && ((client->client_caps ^ server->client_caps) & ~ssl));
    sum->collation += spoke && client->collation != server->collation;
    sketch_merge(&sum->added_us, &pair->added_us);
}

void legs_closed(struct legs *legs, struct connection *c)
{
    struct legs_pair *pair = c->pair;
    if (!pair) {
        if (c->greeting_hash && g_hash_table_lookup(legs->waiting, &c->greeting_hash) == c)
            g_hash_table_remove(legs->waiting, &c->greeting_hash);
        return;
    }
    struct side *mine = &pair->side[c->leg == LEG_CLIENT];
    mine->tls = c->tls;
    mine->spoke = c->client_spoke;
    mine->logged_in = c->logged_in;
    mine->server_caps = c->server_caps;
    mine->client_caps = c->client_caps;
    mine->collation = c->client_collation;
    c->paired_with = pair->ids[c->leg == LEG_SERVER];
    c->proxy_added_us = pair->added_us.count ? sketch_quantile(&pair->added_us, 0.5) : -1;
    c->pair = NULL;
    if (--pair->open > 0)
        return;
    compare(legs->sum, pair);
    sketch_clear(&pair->added_us);
    g_free(pair);
}
