/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cursor over big-endian bytes, as TLS writes them. Its error is sticky: after a read beyond the end all reads give 0
 * or nothing. */
#ifndef ANALYZER_BYTES_H
#define ANALYZER_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes not read yet. Borrowed. */
struct bytes {
    const uint8_t *p;
    size_t n;
    bool bad; /**< something was read that was not there */
};

/** The next `n` bytes, or NULL. */
static inline const uint8_t *bytes_take(struct bytes *b, size_t n)
{
    if (b->bad || n > b->n) {
        b->bad = true;
        b->n = 0;
        return NULL;
    }
    const uint8_t *p = b->p;
    b->p += n;
    b->n -= n;
    return p;
}

/** An integer of `width` bytes, 1 to 4. */
static inline uint32_t bytes_uint(struct bytes *b, unsigned width)
{
    const uint8_t *p = bytes_take(b, width);
    uint32_t value = 0;
    for (unsigned i = 0; p && i < width; i++)
        value = value << 8 | p[i];
    return value;
}

/** A vector: a length of `width` bytes and that many bytes. */
static inline struct bytes bytes_vector(struct bytes *b, unsigned width)
{
    size_t n = bytes_uint(b, width);
    const uint8_t *p = bytes_take(b, n);
    return p ? (struct bytes){p, n, false} : (struct bytes){NULL, 0, b->bad};
}

#endif
