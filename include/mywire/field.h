/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registry: every field of the protocol, from `fields.def`. */
#ifndef MYWIRE_FIELD_H
#define MYWIRE_FIELD_H

#include "mywire/names.h"

enum mw_field_id {
#define MW_FIELD(id, filter, label, type, base, names, mask, flags, help) MW_F_##id,
#include "mywire/fields.def"
#undef MW_FIELD
    MW_F_COUNT
};

enum mw_field_type {
    MW_FT_HEADING, /**< a node that has children and no value */
    MW_FT_U8,
    MW_FT_U16,
    MW_FT_U24,
    MW_FT_U32,
    MW_FT_U64, /**< eight bytes, or a length-encoded integer */
    MW_FT_I8,
    MW_FT_I16,
    MW_FT_I32,
    MW_FT_I64,
    MW_FT_F32,    /**< `number` of an item holds the bits of the float */
    MW_FT_F64,    /**< … of the double */
    MW_FT_BOOL8,  /**< a bit of a flags field of 1 byte */
    MW_FT_BOOL16, /**< … of 2 bytes */
    MW_FT_BOOL32, /**< … of 4 bytes */
    MW_FT_TEXT,
    MW_FT_TEXTZ,
    MW_FT_TEXTL,
    MW_FT_BYTES,
    MW_FT_TIME32, /**< seconds since the epoch */
    MW_FT_IPV4,   /**< `p` of an item holds its 4 bytes, in network byte order */
    MW_FT_IPV6,   /**< … its 16 bytes */
    MW_FT_COUNT
};

enum mw_field_base { MW_BASE_NA, MW_BASE_DEC, MW_BASE_HEX };

enum { MW_FLAG_NA = 0, MW_FLAG_SECRET = 1, MW_FLAG_GENERATED = 2, MW_FLAG_VALUE = 4, MW_FLAG_GENERATED_VALUE = 6 };

/** One row of `fields.def`. */
struct mw_field {
    const char *filter; /**< display filter name, also the JSON key of `mywire packets` */
    const char *label;
    const char *help;
    enum mw_field_type type;
    enum mw_field_base base;
    enum mw_names_id names; /**< names of the values, MW_NAMES_NONE if there are none */
    uint32_t mask;          /**< the bit, for BOOL types */
    unsigned flags;         /**< MW_FLAG_SECRET: shown only on request; MW_FLAG_GENERATED: no bytes of its own;
                                 MW_FLAG_VALUE: of a column, parameter or attribute */
};

/** The row of a field. `id` must be below MW_F_COUNT. */
const struct mw_field *mw_field(enum mw_field_id id);

#endif
