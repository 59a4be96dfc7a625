/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Column definitions and prepared statements as sealed objects: built while their packets arrive, published once complete,
 * never written again. A snapshot pins them by pointer. */
#ifndef MYWIRE_COLUMNS_H
#define MYWIRE_COLUMNS_H

#include "mywire/names.h"

/** What decoding a value needs to know of its column. */
struct mw_column {
    struct mw_slice name; /**< alias, as the client asked for it; belongs to the object */
    uint16_t collation;   /**< 63: bytes */
    uint16_t flags;       /**< column_flags.def */
    uint8_t type;         /**< enum mw_column_type */
    uint8_t decimals;
    bool of_table; /**< a table's column under its own name: no expression, no alias */
};

/** Definitions of a result, or of a statement's parameters. */
struct mw_columns {
    uint32_t count;
    uint32_t references; /**< of the session; not for readers */
    size_t size;         /**< of the allocation */
    struct mw_column column[];
};

/** A statement as COM_STMT_PREPARE made it, with what later commands bound. A new binding makes a new object. */
struct mw_stmt {
    uint32_t id;
    uint32_t references; /**< of the session; not for readers */
    size_t size;         /**< of the allocation */
    struct mw_slice sql; /**< belongs to the object; perhaps only the head of the text */
    uint64_t sql_length; /**< true length */
    uint16_t collation;  /**< of the text */
    uint64_t prepare_packet; /**< captured packet of the COM_STMT_PREPARE, 0 unknown */
    bool guessed;        /**< `params` is counted in the text: the reply to the prepare was not seen yet */
    bool bound;          /**< `param[].type` are known from an execution */
    uint32_t params;
    const struct mw_columns *columns; /**< of its result; NULL unknown */
    struct mw_param {
        uint16_t type;          /**< column type, bit 15 unsigned */
        bool is_long;           /**< sent ahead with COM_STMT_SEND_LONG_DATA: not in the next execute */
        struct mw_slice value;  /**< of long data: what is kept of it; belongs to the object */
        uint64_t length;        /**< of long data: true length */
    } param[];
};

#endif
