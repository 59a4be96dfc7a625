/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed captures as plain streams. */
#ifndef ANALYZER_UNPACK_H
#define ANALYZER_UNPACK_H

#include <stdio.h>

/** A stream of what the gzip file `packed` holds, all its members one after the other. Owns `packed`: fclose() closes both. Where the
 *  data is damaged or cut, reading fails with errno EBADMSG. Returns NULL (and leaves `packed`) when there is no memory. */
FILE *unpack_gzip(FILE *packed);

#endif
