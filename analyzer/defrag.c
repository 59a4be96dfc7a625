/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/defrag.h"

#include <glib.h>
#include <string.h>

/* A packet is no longer than its length field can say; jumbograms are not fragmented (RFC 2675). */
enum { WHOLE_MAX = 65535, RANGES_MAX = 1024 };

struct range {
    uint32_t from, to; /* received bytes: from ≤ i < to */
};

struct datagram {
    struct defrag_key key;
    GList link; /* in the list of all, oldest first */
    int64_t time_ns;
    uint8_t *bytes;
    uint32_t room;
    uint32_t total; /* 0: the last piece has not come */
    uint8_t protocol;
    bool overlaps;
    GArray *ranges; /* of struct range, sorted, apart */
};

struct defrag {
    const struct limits *limits;
    struct limit_hits *hits;
    struct counters *counters;
    GHashTable *by_key; /* of struct datagram */
    GQueue all;         /* oldest first */
    uint64_t bytes;     /* memory of all */
    GPtrArray *done;    /* wholes of the packet under way: buffers */
};

static guint hash_key(gconstpointer p)
{
    const uint8_t *bytes = p;
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < sizeof(struct defrag_key); i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3;
    return (guint)(hash ^ hash >> 32);
}

static gboolean equal_keys(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(struct defrag_key)) == 0;
}

struct defrag *defrag_new(const struct limits *limits, struct limit_hits *hits, struct counters *counters)
{
    struct defrag *d = g_new0(struct defrag, 1);
    d->limits = limits;
    d->hits = hits;
    d->counters = counters;
    d->by_key = g_hash_table_new(hash_key, equal_keys);
    g_queue_init(&d->all);
    d->done = g_ptr_array_new_with_free_func(g_free);
    return d;
}

void defrag_begin(struct defrag *d)
{
    if (d->done->len)
        g_ptr_array_set_size(d->done, 0);
}

static void forget(struct defrag *d, struct datagram *g)
{
    g_hash_table_remove(d->by_key, &g->key);
    g_queue_unlink(&d->all, &g->link);
    d->bytes -= sizeof *g + g->room;
    g_array_free(g->ranges, TRUE);
    g_free(g->bytes);
    g_free(g);
}

static void give_up(struct defrag *d, struct datagram *g)
{
    d->counters->fragments_incomplete++;
    forget(d, g);
}

static struct datagram *oldest(const struct defrag *d)
{
    return d->all.head ? d->all.head->data : NULL;
}

static struct datagram *find(struct defrag *d, const struct defrag_key *key, int64_t time_ns)
{
    int64_t patience = (int64_t)d->limits->fragment_seconds * 1000000000;
    for (struct datagram *g; (g = oldest(d)) && time_ns - g->time_ns > patience;)
        give_up(d, g);
    struct datagram *g = g_hash_table_lookup(d->by_key, key);
    if (g)
        return g;
    if (d->all.length >= d->limits->fragment_packets) {
        d->hits->fragment_packets++;
        give_up(d, oldest(d));
    }
    g = g_new0(struct datagram, 1);
    g->key = *key;
    g->time_ns = time_ns;
    g->link.data = g;
    g->ranges = g_array_new(FALSE, FALSE, sizeof(struct range));
    g_queue_push_tail_link(&d->all, &g->link);
    g_hash_table_insert(d->by_key, &g->key, g);
    d->bytes += sizeof *g;
    return g;
}

/* Makes room for the whole up to `end`; older ones have to go where there is not enough for all. False: this one has
 * to. */
static bool make_room(struct defrag *d, struct datagram *g, uint32_t end)
{
    if (end <= g->room)
        return true;
    uint32_t room = MIN(MAX(end, 2 * g->room), WHOLE_MAX);
    while (d->bytes + (room - g->room) > d->limits->fragment_bytes) {
        d->hits->fragment_bytes++;
        struct datagram *victim = oldest(d);
        if (victim == g)
            return false;
        give_up(d, victim);
    }
    g->bytes = g_realloc(g->bytes, room);
    d->bytes += room - g->room;
    g->room = room;
    return true;
}

/* Copies what of the piece is new; what was there before stays. */
static void fill(struct datagram *g, const struct defrag_piece *piece)
{
    uint32_t from = piece->offset, end = piece->offset + piece->length;
    struct range merged = {from, end};
    guint i = 0;
    while (i < g->ranges->len && g_array_index(g->ranges, struct range, i).to < from)
        i++;
    guint first = i;
    for (; i < g->ranges->len; i++) {
        struct range r = g_array_index(g->ranges, struct range, i);
        if (r.from > end)
            break;
        if (r.from > from) /* a hole before it, filled by the piece */
            memcpy(g->bytes + from, piece->p + (from - piece->offset), r.from - from);
        g->overlaps |= r.from < end && r.to > piece->offset;
        from = MAX(from, r.to);
        merged.from = MIN(merged.from, r.from);
        merged.to = MAX(merged.to, r.to);
    }
    if (from < end)
        memcpy(g->bytes + from, piece->p + (from - piece->offset), end - from);
    if (i > first)
        g_array_remove_range(g->ranges, first, i - first);
    g_array_insert_val(g->ranges, first, merged);
}

static bool is_whole(const struct datagram *g)
{
    return g->total && g->ranges->len == 1 && g_array_index(g->ranges, struct range, 0).from == 0 &&
           g_array_index(g->ranges, struct range, 0).to >= g->total;
}

bool defrag_push(struct defrag *d, const struct defrag_key *key, const struct defrag_piece *piece,
                 struct defrag_whole *whole)
{
    d->counters->fragments++;
    uint32_t end = piece->offset + piece->length;
    /* All but the last one are in units of 8 bytes; what the recorder cut off would have to be invented. */
    bool wrong =
        piece->length == 0 || end > WHOLE_MAX || (piece->more && piece->length % 8) || piece->captured < piece->length;
    if (wrong) {
        d->counters->fragments_unusable++;
        return false;
    }
    struct datagram *g = find(d, key, piece->time_ns);
    if (!make_room(d, g, end) || g->ranges->len >= RANGES_MAX) {
        give_up(d, g);
        return false;
    }
    bool overlapped = g->overlaps;
    fill(g, piece);
    d->counters->fragment_overlaps += g->overlaps && !overlapped;
    if (!piece->more && !g->total)
        g->total = end;
    if (piece->offset == 0)
        g->protocol = piece->protocol;
    if (!is_whole(g))
        return false;
    *whole = (struct defrag_whole){g->bytes, g->total, g->protocol};
    g_ptr_array_add(d->done, g->bytes);
    d->bytes -= g->room;
    g->bytes = NULL;
    g->room = 0;
    d->counters->fragments_joined++;
    forget(d, g);
    return true;
}

void defrag_free(struct defrag *d)
{
    if (!d)
        return;
    while (oldest(d))
        give_up(d, oldest(d));
    g_hash_table_destroy(d->by_key);
    g_ptr_array_free(d->done, TRUE);
    g_free(d);
}
