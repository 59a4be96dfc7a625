/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A chained hash table whose members also stand in one of three lists, all ordered by the last use: of those in which only one
 * side has spoken yet, of the living and of the finished ones. Lists make eviction cheap: the candidates are at their old ends. A
 * flood of SYNs, or of greetings, pushes out its like and not those that talk. */
#include "analyzer/flow.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "analyzer/budget.h"

#define BUCKETS_MIN 1024

/* 100,000 connections at a time are nothing special. */
_Static_assert(sizeof(struct flow) < 400, "a connection stays small");
_Static_assert(sizeof(struct endpoint) == 20, "endpoints compare as bytes");

struct flow_list {
    struct flow *oldest, *newest;
    uint64_t n;
};

/* A SYN with other numbers in a connection of which both sides were seen, or one has spoken. Its receiver answers it with a challenge and
 * goes on (RFC 5961, 4.2), unless it has forgotten the connection: then another segment fits it, and a new connection begins with it. */
struct flow_reopening {
    struct segment segment;
    int dir;
    uint8_t header[60];
    uint8_t data[]; /* of TCP Fast Open, or of somebody who means harm */
};

struct flow_table {
    struct flow_owner owner;
    struct tcp_env env;
    struct flow **buckets;
    uint64_t mask;         /* number of buckets, a power of two, less one */
    struct flow *last;     /* the one that the previous segment belonged to */
    struct flow_list fresh; /* newest at the end that segments come in */
    struct flow_list live;
    struct flow_list finished;
    uint64_t seed[2]; /* hostile input must not be able to choose colliding addresses */
    uint64_t opened;
};

static uint64_t mix(uint64_t a, uint64_t b)
{
    __uint128_t r = (__uint128_t)a * b;
    return (uint64_t)r ^ (uint64_t)(r >> 64);
}

static uint64_t endpoint_hash(const struct flow_table *table, const struct endpoint *e)
{
    uint64_t high, low;
    uint32_t rest;
    memcpy(&high, e->addr, 8);
    memcpy(&low, e->addr + 8, 8);
    memcpy(&rest, (const uint8_t *)e + 16, 4);
    return mix(mix(high ^ table->seed[0], low ^ table->seed[1]) ^ rest, UINT64_C(0x9e3779b97f4a7c15) ^ table->seed[0]);
}

/* The same for both directions. */
static uint64_t segment_hash(const struct flow_table *table, const struct segment *s)
{
    uint64_t sum = endpoint_hash(table, &s->src) + endpoint_hash(table, &s->dst);
    return mix(sum, UINT64_C(0xd6e8feb86659fd93));
}

static bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* Returns 0 or 1, the segment's direction, or -1 if it is of another connection. */
static int flow_direction(const struct flow *flow, const struct segment *s)
{
    if (endpoint_equal(&flow->from, &s->src) && endpoint_equal(&flow->to, &s->dst))
        return 0;
    if (endpoint_equal(&flow->from, &s->dst) && endpoint_equal(&flow->to, &s->src))
        return 1;
    return -1;
}

static void list_remove(struct flow_list *list, struct flow *flow)
{
    *(flow->older ? &flow->older->newer : &list->oldest) = flow->newer;
    *(flow->newer ? &flow->newer->older : &list->newest) = flow->older;
    list->n--;
}

static void list_append(struct flow_list *list, struct flow *flow)
{
    flow->older = list->newest;
    flow->newer = NULL;
    *(list->newest ? &list->newest->newer : &list->oldest) = flow;
    list->newest = flow;
    list->n++;
}

struct flow_table *flow_table_new(const struct flow_owner *owner, const struct limits *limits, struct limit_hits *hits,
                                  struct counters *counters)
{
    struct flow_table *table = calloc(1, sizeof *table);
    if (!table)
        abort();
    table->owner = *owner;
    table->env = (struct tcp_env){.sink = owner->sink, .limits = limits, .hits = hits, .counters = counters};
    table->buckets = calloc(BUCKETS_MIN, sizeof(struct flow *));
    if (!table->buckets)
        abort();
    table->mask = BUCKETS_MIN - 1;
    /* Without entropy the table is only slower on input that was made for that. */
    if (getrandom(table->seed, sizeof table->seed, GRND_NONBLOCK) < 0)
        table->seed[0] = (uintptr_t)table;
    return table;
}

/* Keeps chains short. Without memory for it they grow instead. */
static void table_grow(struct flow_table *table)
{
    uint64_t mask = table->mask * 2 + 1;
    struct flow **buckets = calloc(mask + 1, sizeof(struct flow *));
    if (!buckets)
        return;
    for (uint64_t i = 0; i <= table->mask; i++) {
        for (struct flow *flow = table->buckets[i], *next; flow; flow = next) {
            next = flow->chain;
            flow->chain = buckets[flow->hash & mask];
            buckets[flow->hash & mask] = flow;
        }
    }
    free(table->buckets);
    table->buckets = buckets;
    table->mask = mask;
}

/* Ends a connection for its owner, once. */
static void flow_end(struct flow_table *table, struct flow *flow, enum flow_end why)
{
    tcp_finish(&flow->tcp, &table->env, flow->conn);
    /* Its end may have waited behind a hole. */
    if (tcp_is_over(&flow->tcp)) {
        table->env.counters->flows_finished++;
        why = FLOW_FINISHED;
    }
    table->owner.close(flow->conn, why);
    flow->conn = NULL;
}

/* Bits of both directions. */
enum { BOTH = 3 };

static struct flow_list *list_of(struct flow_table *table, const struct flow *flow)
{
    return flow->finished ? &table->finished : flow->spoken == BOTH ? &table->live : &table->fresh;
}

static uint64_t table_size(const struct flow_table *table)
{
    return table->fresh.n + table->live.n + table->finished.n;
}

/* Takes out the SYN that was kept. */
static struct flow_reopening *take_reopening(struct flow_table *table, struct flow *flow)
{
    struct flow_reopening *r = flow->reopening;
    flow->reopening = NULL;
    if (r)
        table->env.queued -= r->segment.length;
    return r;
}

static void forget_reopening(struct flow_table *table, struct flow *flow)
{
    table->env.counters->ignored_segments += flow->reopening != NULL;
    free(take_reopening(table, flow));
}

/* Takes a connection out of the table, after ending it for `why` if it is not finished. */
static void flow_drop(struct flow_table *table, struct flow *flow, enum flow_end why)
{
    list_remove(list_of(table, flow), flow);
    if (!flow->finished)
        flow_end(table, flow, why);
    if (table->owner.forgotten)
        table->owner.forgotten(table->owner.user, flow);
    struct flow **link = &table->buckets[flow->hash & table->mask];
    while (*link != flow)
        link = &(*link)->chain;
    *link = flow->chain;
    if (table->last == flow)
        table->last = NULL;
    forget_reopening(table, flow);
    free(flow);
}

/* Seconds, or less than 0 if time went backwards. */
static int64_t elapsed(int64_t from_ns, int64_t to_ns)
{
    int64_t ns;
    if (__builtin_sub_overflow(to_ns, from_ns, &ns))
        return -1;
    return ns < 0 ? -1 : ns / 1000000000;
}

static bool flow_is_idle(const struct flow_table *table, const struct flow *flow, int64_t now_ns)
{
    const struct limits *limits = table->env.limits;
    int64_t seconds = elapsed(flow->last_time_ns, now_ns);
    return seconds >= 0 && (uint64_t)seconds >= (flow->finished ? limits->linger_seconds : limits->idle_seconds);
}

static void flow_drop_idle(struct flow_table *table, struct flow *flow)
{
    if (!flow->finished) {
        table->env.hits->idle_seconds++;
        table->env.counters->flows_evicted_idle++;
    }
    flow_drop(table, flow, FLOW_EVICTED_IDLE);
}

/* Drops what is idle, a few at a time: each segment can add at most one connection, so this keeps up, and one packet
 * with a wrong time cannot end all connections. */
static void table_sweep(struct flow_table *table, int64_t now_ns)
{
    struct flow_list *lists[] = {&table->finished, &table->fresh, &table->live};
    for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++)
        for (int i = 0; i < 2 && lists[l]->oldest && flow_is_idle(table, lists[l]->oldest, now_ns); i++)
            flow_drop_idle(table, lists[l]->oldest);
}

static void table_make_room(struct flow_table *table)
{
    while (table_size(table) > 0 && table_size(table) >= table->env.limits->max_flows) {
        struct flow *finished = table->finished.oldest, *fresh = table->fresh.oldest;
        if (finished && !(fresh && fresh->last_time_ns < finished->last_time_ns)) {
            flow_drop(table, finished, FLOW_FINISHED);
            continue;
        }
        table->env.hits->max_flows++;
        table->env.counters->flows_evicted_lru++;
        flow_drop(table, fresh ? fresh : table->live.oldest, FLOW_EVICTED_LRU);
    }
}

static struct flow *flow_new(struct flow_table *table, const struct segment *s, uint64_t hash)
{
    table_make_room(table);
    if (table_size(table) > table->mask)
        table_grow(table);
    struct flow *flow = calloc(1, sizeof *flow);
    if (!flow)
        abort();
    flow->from = s->src;
    flow->to = s->dst;
    flow->first_time_ns = s->time_ns;
    flow->first_number = s->number;
    flow->last_time_ns = s->time_ns;
    flow->ordinal = ++table->opened;
    flow->hash = hash;
    flow->chain = table->buckets[hash & table->mask];
    table->buckets[hash & table->mask] = flow;
    list_append(&table->fresh, flow);
    table->env.counters->flows++;
    flow->conn = table->owner.open(table->owner.user, flow);
    return flow;
}

static struct flow *table_find(const struct flow_table *table, const struct segment *s, uint64_t hash, int *dir)
{
    for (struct flow *flow = table->buckets[hash & table->mask]; flow; flow = flow->chain)
        if (flow->hash == hash && (*dir = flow_direction(flow, s)) >= 0)
            return flow;
    return NULL;
}

/* Ends the connection if the segment cannot belong to it. Returns whether it did. */
static bool flow_is_reused(struct flow_table *table, struct flow *flow, int dir, const struct segment *s)
{
    if (flow_is_idle(table, flow, s->time_ns)) {
        flow_drop_idle(table, flow);
        return true;
    }
    bool opens = (s->flags & (SEGMENT_SYN | SEGMENT_RST)) == SEGMENT_SYN && tcp_judge_syn(&flow->tcp, dir, s) == TCP_OPENING_NEW;
    bool goes_on = flow->finished && !(s->flags & (SEGMENT_SYN | SEGMENT_RST)) && s->wire_length > 0;
    if (!opens && !(goes_on && tcp_is_elsewhere(&flow->tcp, dir, s)))
        return false;
    if (!flow->finished)
        table->env.counters->flows_reused++;
    flow_drop(table, flow, FLOW_REUSED);
    return true;
}

/* Its end was delivered: it is kept for late segments. */
static void flow_is_over(struct flow_table *table, struct flow *flow)
{
    list_remove(list_of(table, flow), flow);
    list_append(&table->finished, flow);
    flow->finished = true;
    flow_end(table, flow, FLOW_FINISHED);
}

/* Keeps a SYN that would begin another connection in the middle of one. Returns whether it is such. */
static bool hold_reopening(struct flow_table *table, struct flow *flow, int dir, const struct segment *s)
{
    bool opens = (s->flags & (SEGMENT_SYN | SEGMENT_RST)) == SEGMENT_SYN;
    bool established = flow->seen == BOTH || flow->spoken;
    if (!opens || flow->finished || !established || flow_is_idle(table, flow, s->time_ns) ||
        tcp_judge_syn(&flow->tcp, dir, s) == TCP_OPENING_SAME)
        return false;
    struct flow_reopening *r = flow->reopening;
    if (r && r->dir == dir && r->segment.seq == s->seq)
        return true; /* sent again */
    forget_reopening(table, flow);
    if (s->length > 0 && !budget_allows(0, s->length, table->env.queued, table->env.limits->tcp_total_bytes)) {
        table->env.hits->tcp_total_bytes++;
        table->env.counters->ignored_segments++;
        return true;
    }
    r = flow->reopening = calloc(1, sizeof *r + s->length);
    if (!r)
        abort();
    *r = (struct flow_reopening){.segment = *s, .dir = dir};
    if (s->tcp)
        memcpy(r->header, s->tcp, (size_t)(s->tcp[12] >> 4) * 4);
    memcpy(r->data, s->payload, s->length);
    r->segment.tcp = s->tcp ? r->header : NULL;
    r->segment.ip = NULL;
    r->segment.payload = r->data;
    table->env.queued += s->length;
    return true;
}

/* Whether the segment goes on where the SYN that was kept began. */
static bool confirms_reopening(const struct flow *flow, int dir, const struct segment *s)
{
    const struct flow_reopening *r = flow->reopening;
    if (!r || (s->flags & SEGMENT_RST))
        return false;
    /* Data of a SYN need not be taken at once (RFC 7413, 4.2). */
    const uint32_t next = r->segment.seq + 1, end = next + r->segment.wire_length;
    return dir == r->dir ? !(s->flags & SEGMENT_SYN) && (s->seq == next || s->seq == end)
                         : (s->flags & SEGMENT_ACK) && (s->ack == next || s->ack == end);
}

/* The connection ends, and the one begins that the SYN opened. */
static struct flow *reopen(struct flow_table *table, struct flow *flow)
{
    struct flow_reopening *r = take_reopening(table, flow);
    uint64_t hash = flow->hash;
    table->env.counters->flows_reused++;
    flow_drop(table, flow, FLOW_REUSED);
    flow = flow_new(table, &r->segment, hash);
    flow->seen = 1;
    tcp_push(&flow->tcp, &table->env, flow->conn, 0, &r->segment);
    free(r);
    return flow;
}

void flow_table_push(struct flow_table *table, const struct segment *s)
{
    int dir = -1;
    uint64_t hash = 0;
    struct flow *flow = table->last;
    if (flow)
        dir = flow_direction(flow, s);
    if (dir < 0) {
        hash = segment_hash(table, s);
        flow = table_find(table, s, hash, &dir);
    } else {
        hash = flow->hash;
    }
    if (flow && confirms_reopening(flow, dir, s)) {
        flow = reopen(table, flow);
        dir = flow_direction(flow, s);
    } else if (flow && hold_reopening(table, flow, dir, s)) {
        return;
    } else if (flow && flow_is_reused(table, flow, dir, s)) {
        flow = NULL;
    }
    if (!flow) {
        if (s->flags & SEGMENT_RST) {
            /* It says only that there is no connection. */
            table->env.counters->ignored_segments++;
            return;
        }
        flow = flow_new(table, s, hash);
        dir = 0;
    }
    table->last = flow;
    if (!flow->finished) {
        /* Packets can be out of order in time; the latest counts. */
        if (s->time_ns > flow->last_time_ns)
            flow->last_time_ns = s->time_ns;
        struct flow_list *was = list_of(table, flow);
        flow->seen |= (uint8_t)(1 << dir);
        if (s->wire_length > 0)
            flow->spoken |= (uint8_t)(1 << dir);
        if (list_of(table, flow)->newest != flow) {
            list_remove(was, flow);
            list_append(list_of(table, flow), flow);
        }
    }
    if (table->owner.seen)
        table->owner.seen(table->owner.user, flow, dir, s);
    tcp_push(&flow->tcp, &table->env, flow->conn, dir, s);
    if (!flow->finished && tcp_is_over(&flow->tcp))
        flow_is_over(table, flow);
    table_sweep(table, s->time_ns);
}

/* A wait begins with a segment, so it is among connections used lately that one can be over. */
static void age_recent(struct flow_table *table, const struct flow_list *list, int64_t now_ns)
{
    enum { CALLS_MS = 5000 }; /* much longer than from one call to the next */
    const int64_t recent = ((int64_t)table->env.limits->tcp_hold_ms + CALLS_MS) * 1000000;
    for (struct flow *flow = list->newest, *older; flow && now_ns - flow->last_time_ns < recent; flow = older) {
        older = flow->older;
        if (!tcp_is_waiting(&flow->tcp))
            continue;
        tcp_age(&flow->tcp, &table->env, flow->conn, now_ns);
        if (tcp_is_over(&flow->tcp))
            flow_is_over(table, flow);
    }
}

void flow_table_age(struct flow_table *table, int64_t now_ns)
{
    enum { ROUNDS = 500 }; /* a second of silence then ends some thousands of connections */
    for (int i = 0; i < ROUNDS; i++)
        table_sweep(table, now_ns);
    age_recent(table, &table->fresh, now_ns);
    age_recent(table, &table->live, now_ns);
}

static int flow_compare(const void *a, const void *b)
{
    const struct flow *x = *(struct flow *const *)a, *y = *(struct flow *const *)b;
    return x->ordinal < y->ordinal ? -1 : x->ordinal > y->ordinal;
}

void flow_table_finish(struct flow_table *table)
{
    while (table->finished.oldest)
        flow_drop(table, table->finished.oldest, FLOW_FINISHED);
    uint64_t n = flow_table_open(table);
    struct flow **flows = n ? malloc(n * sizeof *flows) : NULL;
    if (flows) {
        uint64_t i = 0;
        for (struct flow *flow = table->fresh.oldest; flow; flow = flow->newer)
            flows[i++] = flow;
        for (struct flow *flow = table->live.oldest; flow; flow = flow->newer)
            flows[i++] = flow;
        qsort(flows, n, sizeof *flows, flow_compare);
        for (i = 0; i < n; i++)
            flow_drop(table, flows[i], FLOW_END);
        free(flows);
    }
    while (table->fresh.oldest)
        flow_drop(table, table->fresh.oldest, FLOW_END);
    while (table->live.oldest)
        flow_drop(table, table->live.oldest, FLOW_END);
}

uint64_t flow_table_open(const struct flow_table *table)
{
    return table->fresh.n + table->live.n;
}

void flow_table_free(struct flow_table *table)
{
    if (!table)
        return;
    flow_table_finish(table);
    free(table->buckets);
    free(table);
}
