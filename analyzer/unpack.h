/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed captures as plain streams: gzip, zstd, lz4 and xz, recognised by their first bytes. */
#ifndef ANALYZER_UNPACK_H
#define ANALYZER_UNPACK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** A way of compressing. */
struct packing;

/** Bytes that are enough to recognise one. */
enum { PACKING_MAGIC = 6 };

/** The way in which a file that begins with these bytes is compressed; NULL: in none that is known. */
const struct packing *packing_find(const uint8_t *magic, size_t n);

/** "gzip": the name of the way, and of the program that does it. */
const char *packing_name(const struct packing *packing);

/** A stream of what the file `packed` holds, all its members or frames one after the other. Owns `packed`: fclose() closes both.
 *  Where the data is damaged or cut, reading fails with errno EBADMSG; where the file cannot be read, with EIO. Returns NULL (and leaves
 *  `packed`) with errno ENOTSUP if this way is known by name only (bzip2), or ENOMEM. */
FILE *unpack(const struct packing *packing, FILE *packed);

#endif
