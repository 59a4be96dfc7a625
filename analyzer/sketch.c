/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The index of a value v > 0 is v itself below 64, else, with e = floor(log2 v), 64·(e - 6) + floor(v / 2^(e - 6)): the
 * values of [2^e, 2^(e + 1)) have the 64 indexes from 64·(e - 5). So e = 6 has index v too, and nothing is left out. */
#include "analyzer/sketch.h"

#include <assert.h>
#include <glib.h>
#include <math.h>
#include <string.h>

/* Memory grows by whole grains, aligned to the grain: its extent depends on the values only, not on their order. */
#define GRAIN 16u

G_STATIC_ASSERT(SKETCH_SPAN % GRAIN == 0);

static uint32_t index_of(int64_t value)
{
    assert(value > 0);
    if (value < 64)
        return (uint32_t)value;
    unsigned e = 63 - (unsigned)__builtin_clzll((unsigned long long)value);
    return 64 * (e - 6) + (uint32_t)(value >> (e - 6));
}

/* The middle of a bucket, rounded down: at most half a bucket, 1/128 of the value, from any value in it. */
static int64_t value_of(uint32_t index)
{
    if (index < 128)
        return index;
    unsigned shift = index / 64 - 1;
    uint64_t low = (uint64_t)(index % 64 + 64) << shift;
    return (int64_t)(low + ((UINT64_C(1) << shift) - 1) / 2);
}

void sketch_init(struct sketch *sketch)
{
    *sketch = (struct sketch){0};
}

void sketch_clear(struct sketch *sketch)
{
    g_free(sketch->buckets);
    sketch_init(sketch);
}

/* The lowest index that is kept apart. */
static uint32_t floor_of(uint32_t highest)
{
    return highest >= SKETCH_SPAN ? highest - SKETCH_SPAN + 1 : 0;
}

/* Extends the range of indexes to [lowest, highest], moves the memory and collapses what falls below the floor. */
static void widen(struct sketch *sketch, uint32_t lowest, uint32_t highest)
{
    if (sketch->buckets) {
        lowest = MIN(lowest, sketch->lowest);
        highest = MAX(highest, sketch->highest);
        if (lowest == sketch->lowest && highest == sketch->highest)
            return;
    }
    sketch->lowest = lowest;
    sketch->highest = highest;
    uint32_t bottom = MAX(lowest, floor_of(highest));
    uint32_t first = bottom / GRAIN * GRAIN;
    uint32_t length = highest / GRAIN * GRAIN + GRAIN - first;
    if (sketch->buckets && sketch->first == first && sketch->length == length) {
        for (uint32_t i = 0; i < bottom - first; i++) {
            sketch->buckets[bottom - first] += sketch->buckets[i];
            sketch->buckets[i] = 0;
        }
        return;
    }
    uint64_t *buckets = g_new0(uint64_t, length);
    for (uint32_t i = 0; i < sketch->length; i++) {
        if (sketch->buckets[i] > 0)
            buckets[MAX(sketch->first + i, bottom) - first] += sketch->buckets[i];
    }
    g_free(sketch->buckets);
    sketch->buckets = buckets;
    sketch->first = first;
    sketch->length = length;
}

static void add_to(struct sketch *sketch, uint32_t index, uint64_t count)
{
    uint32_t bottom = MAX(sketch->lowest, floor_of(sketch->highest));
    sketch->buckets[MAX(index, bottom) - sketch->first] += count;
}

static void add_sum(struct sketch *sketch, uint64_t low, uint64_t high)
{
    sketch->sum_low += low;
    sketch->sum_high += high + (sketch->sum_low < low);
}

bool sketch_add(struct sketch *sketch, int64_t value)
{
    if (value < 0)
        return false;
    if (value == 0) {
        sketch->zeros++;
    } else {
        uint32_t index = index_of(value);
        widen(sketch, index, index);
        add_to(sketch, index, 1);
    }
    sketch->min = sketch->count == 0 ? value : MIN(sketch->min, value);
    sketch->max = MAX(sketch->max, value);
    sketch->count++;
    add_sum(sketch, (uint64_t)value, 0);
    return true;
}

void sketch_merge(struct sketch *into, const struct sketch *from)
{
    if (from->count == 0)
        return;
    if (from->buckets) {
        widen(into, from->lowest, from->highest);
        /* After widen() the other's lowest bucket, which may hold collapsed counts, maps to its own place or higher. */
        for (uint32_t i = 0; i < from->length; i++) {
            if (from->buckets[i] > 0)
                add_to(into, from->first + i, from->buckets[i]);
        }
    }
    into->min = into->count == 0 ? from->min : MIN(into->min, from->min);
    into->max = MAX(into->max, from->max);
    into->zeros += from->zeros;
    into->count += from->count;
    add_sum(into, from->sum_low, from->sum_high);
}

/* The value of a rank: the rank-th smallest, from 1. */
static int64_t sketch_at_rank(const struct sketch *sketch, uint64_t rank)
{
    if (rank <= 1)
        return sketch->min;
    if (rank == sketch->count)
        return sketch->max;
    uint64_t seen = sketch->zeros;
    if (rank <= seen)
        return 0;
    for (uint32_t i = 0; i < sketch->length; i++) {
        seen += sketch->buckets[i];
        if (rank <= seen)
            return CLAMP(value_of(sketch->first + i), sketch->min, sketch->max);
    }
    return sketch->max;
}

int64_t sketch_quantile(const struct sketch *sketch, double q)
{
    if (sketch->count == 0)
        return -1;
    q = q > 0 ? MIN(q, 1.0) : 0;
    uint64_t millionths = (uint64_t)llround(q * 1e6);
    return sketch_at_rank(sketch, (uint64_t)(((unsigned __int128)millionths * sketch->count + 999999) / 1000000));
}

bool sketch_range(const struct sketch *sketch, double q, int64_t *low, int64_t *high)
{
    const double normal = 1.96; /* standard deviations that leave 2.5 % out on each side */
    double n = (double)sketch->count, middle = n * q, spread = normal * sqrt(n * q * (1 - q));
    double first = floor(middle - spread), last = ceil(middle + spread) + 1;
    if (first < 1 || last > n)
        return false;
    *low = sketch_at_rank(sketch, (uint64_t)first);
    *high = sketch_at_rank(sketch, (uint64_t)last);
    return true;
}

int64_t sketch_mean(const struct sketch *sketch)
{
    if (sketch->count == 0)
        return -1;
    unsigned __int128 sum = (unsigned __int128)sketch->sum_high << 64 | sketch->sum_low;
    return (int64_t)((sum + sketch->count / 2) / sketch->count);
}

bool sketch_is_collapsed(const struct sketch *sketch)
{
    return sketch->buckets && sketch->lowest < floor_of(sketch->highest);
}

bool sketch_is_equal(const struct sketch *a, const struct sketch *b)
{
    if (a->count != b->count || a->min != b->min || a->max != b->max || a->sum_low != b->sum_low ||
        a->sum_high != b->sum_high || a->zeros != b->zeros || a->first != b->first || a->length != b->length ||
        a->lowest != b->lowest || a->highest != b->highest)
        return false;
    return a->length == 0 || memcmp(a->buckets, b->buckets, a->length * sizeof *a->buckets) == 0;
}
