/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for keys: locked, so that it is never written to swap, left out of core dumps, and wiped before it is given
 * back. */
#ifndef ANALYZER_SECRET_MEMORY_H
#define ANALYZER_SECRET_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/** An arena: what was taken from it goes back all at once. It grows in chunks; the first one comes with the first use.
 */
struct secret_memory;

/** An empty arena that never maps more than `max` bytes. */
struct secret_memory *secret_memory_new(size_t max);

/** `n` bytes of zeros, aligned for any type, or NULL: the maximum is reached, or the system has no more. They belong to
 * `m`. */
void *secret_memory_alloc(struct secret_memory *m, size_t n);

/** Bytes mapped now. */
size_t secret_memory_bytes(const struct secret_memory *m);

/** 0, or the errno of the first refusal to lock (EPERM, ENOMEM, EAGAIN: see RLIMIT_MEMLOCK in mlock(2)). The memory is
 * used all the same: the user should hear of it, once. */
int secret_memory_unlocked(const struct secret_memory *m);

/** Wipes and gives back everything. NULL is allowed. */
void secret_memory_free(struct secret_memory *m);

/** Overwrites `n` bytes with zeros, whatever the optimizer thinks of it. */
void secret_wipe(void *p, size_t n);

/** From here on the kernel writes no core dump of this process and lets no other process of the same user look into it.
 * A debug build (without NDEBUG) stays open: it is there to be looked into. Returns whether the process is closed. */
bool secret_memory_forbid_dumps(void);

#endif
