/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/reorder.h"

#include <glib.h>

struct entry {
    uint64_t key;
    void *record;
};

/* A binary heap, lowest key on top. */
struct reorder {
    struct entry *heap;
    size_t n, window, capacity;
    void (*out)(void *user, void *record);
    void *user;
};

struct reorder *reorder_new(size_t window, void (*out)(void *user, void *record), void *user)
{
    struct reorder *r = g_new0(struct reorder, 1);
    r->window = window;
    r->out = out;
    r->user = user;
    return r;
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
    r->heap[0] = r->heap[--r->n];
    for (size_t i = 0;;) {
        size_t least = i, left = 2 * i + 1, right = left + 1;
        if (left < r->n && r->heap[left].key < r->heap[least].key)
            least = left;
        if (right < r->n && r->heap[right].key < r->heap[least].key)
            least = right;
        if (least == i)
            break;
        swap(&r->heap[i], &r->heap[least]);
        i = least;
    }
    r->out(r->user, record);
}

void reorder_push(struct reorder *r, uint64_t key, void *record)
{
    if (r->n == r->capacity) {
        r->capacity = r->capacity ? r->capacity * 2 : 64;
        r->heap = g_renew(struct entry, r->heap, r->capacity);
    }
    size_t i = r->n++;
    r->heap[i] = (struct entry){key, record};
    for (; i > 0 && r->heap[i].key < r->heap[(i - 1) / 2].key; i = (i - 1) / 2)
        swap(&r->heap[i], &r->heap[(i - 1) / 2]);
    if (r->n > r->window)
        pop(r);
}

void reorder_finish(struct reorder *r)
{
    while (r->n)
        pop(r);
    g_free(r->heap);
    g_free(r);
}
