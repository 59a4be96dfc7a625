/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the core's memory comes from: file scope in Wireshark, a capped pool in the analyzer. */
#ifndef MYWIRE_MEM_H
#define MYWIRE_MEM_H

#include <stddef.h>

struct mw_mem {
    void *user;
    /** Returns `size` bytes, not cleared, or NULL when there are none: the core then goes on with less. */
    void *(*alloc)(void *user, size_t size);
    /** Takes back what `alloc` gave. NULL where memory is freed as a whole. */
    void (*free)(void *user, void *p, size_t size);
};

#endif
