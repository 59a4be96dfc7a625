/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE 1 /* mlock2(), which sanitizers, unlike mlock(), leave as it is */
#include "analyzer/secret_memory.h"

#include <errno.h>
#include <glib.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The first chunk fits into the 64 KiB that a user may lock on the most frugal systems. */
enum { CHUNK_FIRST = 32 * 1024, CHUNK_MAX = 4 * 1024 * 1024 };

/* Stands at the start of its own mapping. */
struct chunk {
    struct chunk *next;
    size_t size; /* of the mapping */
    size_t used; /* this header included */
};

struct secret_memory {
    struct chunk *chunks; /* the one that is filled stands first */
    size_t max, bytes;
    size_t next_size;
    int unlocked;
};

struct secret_memory *secret_memory_new(size_t max)
{
    struct secret_memory *m = g_new0(struct secret_memory, 1);
    m->max = max;
    m->next_size = CHUNK_FIRST;
    return m;
}

static size_t round_up(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

/* A chunk with room for `n` bytes, which is at most SIZE_MAX / 2. */
static bool add_chunk(struct secret_memory *m, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t left = m->max - m->bytes;
    size_t least = round_up(n + round_up(sizeof(struct chunk), alignof(max_align_t)), page);
    size_t size = MAX(least, MIN(round_up(m->next_size, page), left / page * page));
    if (size > left)
        return false;
    struct chunk *c = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (c == MAP_FAILED)
        return false;
    if (mlock2(c, size, MLOCK_ONFAULT) != 0 && !m->unlocked) /* it is zeros until it is used */
        m->unlocked = errno;
    madvise(c, size, MADV_DONTDUMP);
    c->next = m->chunks;
    c->size = size;
    c->used = round_up(sizeof *c, alignof(max_align_t));
    m->chunks = c;
    m->bytes += size;
    m->next_size = MIN(m->next_size * 2, (size_t)CHUNK_MAX);
    return true;
}

void *secret_memory_alloc(struct secret_memory *m, size_t n)
{
    if (n > SIZE_MAX / 2)
        return NULL;
    n = round_up(n, alignof(max_align_t));
    if ((!m->chunks || m->chunks->size - m->chunks->used < n) && !add_chunk(m, n))
        return NULL;
    void *p = (char *)m->chunks + m->chunks->used;
    m->chunks->used += n;
    return p;
}

size_t secret_memory_bytes(const struct secret_memory *m)
{
    return m->bytes;
}

int secret_memory_unlocked(const struct secret_memory *m)
{
    return m->unlocked;
}

void secret_memory_free(struct secret_memory *m)
{
    if (!m)
        return;
    for (struct chunk *c = m->chunks, *next; c; c = next) {
        size_t size = c->size;
        next = c->next;
        secret_wipe(c, size);
        munmap(c, size); /* unlocks too */
    }
    g_free(m);
}

void secret_wipe(void *p, size_t n)
{
    explicit_bzero(p, n);
}

bool secret_memory_forbid_dumps(void)
{
#ifdef NDEBUG
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
#else
    return false;
#endif
}
