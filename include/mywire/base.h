/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words that every other header of the core uses. */
#ifndef MYWIRE_BASE_H
#define MYWIRE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MW_VERSION "0.1.0"

/** Bytes that belong to somebody else: valid as long as the packet, or the object, they were taken from. */
struct mw_slice {
    const uint8_t *p; /**< NULL when the field was absent; an empty field has a pointer */
    uint32_t n;       /**< length in bytes */
};

/** Who speaks. */
enum mw_dir { MW_CLIENT = 0, MW_SERVER = 1 };

/** Which server family's tables apply. The values are a mask, so a table row can say BOTH. */
enum mw_dialect {
    MW_DIALECT_UNKNOWN = 0,
    MW_DIALECT_MYSQL = 1,
    MW_DIALECT_MARIADB = 2,
    MW_DIALECT_BOTH = 3
};

/** How reading a packet ended. */
enum mw_status {
    MW_OK = 0,
    MW_SHORT, /**< the capture holds less than the packet had: snaplen, loss, or a limit of ours */
    MW_BAD    /**< the bytes contradict the protocol */
};

#endif
