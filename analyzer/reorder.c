/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/reorder.h"

#include <glib.h>

struct entry {
    uint64_t key;
    uint64_t arrival; /* equal keys leave in the order in which they came */
    void *record;
    size_t bytes;
};

/* A binary heap, lowest key on top. */
struct reorder {
    struct entry *heap;
    size_t n, window, capacity;
    size_t bytes, bytes_max;
    uint64_t arrivals;
    void (*out)(void *user, void *record);
    void *user;
};

struct reorder *reorder_new(size_t window, size_t bytes, void (*out)(void *user, void *record), void *user)
{
    struct reorder *r = g_new0(struct reorder, 1);
    r->window = window;
    r->bytes_max = bytes;
    r->out = out;
    r->user = user;
    return r;
}

static int before(const struct entry *a, const struct entry *b)
{
    return a->key != b->key ? a->key < b->key : a->arrival < b->arrival;
}

static void swap(struct entry *a, struct entry *b)
{
    struct entry t = *a;
    *a = *b;
    *b = t;
}

static void pop(struct reorder *r)
{
    void *record = r->heap[0].record;
    r->bytes -= r->heap[0].bytes;
    r->heap[0] = r->heap[--r->n];
    for (size_t i = 0;;) {
        size_t least = i, left = 2 * i + 1, right = left + 1;
        if (left < r->n && before(&r->heap[left], &r->heap[least]))
            least = left;
        if (right < r->n && before(&r->heap[right], &r->heap[least]))
            least = right;
        if (least == i)
            break;
        swap(&r->heap[i], &r->heap[least]);
        i = least;
    }
    r->out(r->user, record);
}

void reorder_push(struct reorder *r, uint64_t key, void *record, size_t bytes)
{
    if (r->n == r->capacity) {
        r->capacity = r->capacity ? r->capacity * 2 : 64;
        r->heap = g_renew(struct entry, r->heap, r->capacity);
    }
    size_t i = r->n++;
    r->heap[i] = (struct entry){key, r->arrivals++, record, bytes};
    for (; i > 0 && before(&r->heap[i], &r->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&r->heap[i], &r->heap[(i - 1) / 2]);
    r->bytes += bytes;
    while (r->n > r->window || (r->bytes > r->bytes_max && r->n > 0))
        pop(r);
}

void reorder_finish(struct reorder *r)
{
    while (r->n)
        pop(r);
    g_free(r->heap);
    g_free(r);
}
