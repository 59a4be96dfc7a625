/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of the binary protocol: parameters, query attributes, binary rows. Part of decode_body.h.
 *
 * TINY 1 · SHORT, YEAR 2 · LONG, INT24, FLOAT 4 · LONGLONG, DOUBLE 8 bytes, little endian
 * DATE, DATETIME, TIMESTAMP  1 length 0, 4, 7, 11 or 13 · [2 year · month · day · [hour · minute · second · [4 microseconds
 *                            · [2 zone, signed minutes]]]]
 * TIME  1 length 0, 8 or 12 · [negative · 4 days · hour · minute · second · [4 microseconds]]
 * all others: length-encoded strings
 */

enum { MW_TYPE_UNSIGNED = 0x8000 };

RD void rd_signed(struct mw_reader *r, unsigned n, enum mw_field_id field)
{
    if (!rd_need(r, n))
        return;
    uint64_t sign = UINT64_C(1) << (8 * n - 1);
    rd_tell(r, field, n, (rd_le(r->p, n) ^ sign) - sign);
    r->p += n;
}

RD void rd_integer(struct mw_reader *r, unsigned n, bool is_unsigned, enum mw_field_id positive, enum mw_field_id any)
{
    if (is_unsigned)
        rd_uint(r, n, positive);
    else
        rd_signed(r, n, any);
}

/* The length byte of a temporal value, and the end of what it counts. */
RD uint64_t rd_temporal_length(struct mw_reader *r, enum mw_field_id field, unsigned longest)
{
    uint64_t n = rd_u8(r, field);
    if (n > longest)
        rd_fail(r, UINT64_MAX);
    return n;
}

static void rd_datetime(struct mw_reader *r)
{
    uint64_t n = rd_temporal_length(r, MW_F_VALUE_DATE_LENGTH, 13);
    if (n >= 4) {
        rd_signed(r, 2, MW_F_VALUE_YEAR);
        rd_signed(r, 1, MW_F_VALUE_MONTH);
        rd_signed(r, 1, MW_F_VALUE_DAY);
    }
    if (n >= 7) {
        rd_signed(r, 1, MW_F_VALUE_HOUR);
        rd_signed(r, 1, MW_F_VALUE_MINUTE);
        rd_signed(r, 1, MW_F_VALUE_SECOND);
    }
    if (n >= 11)
        rd_signed(r, 4, MW_F_VALUE_MICROSECOND);
    if (n == 13)
        rd_signed(r, 2, MW_F_VALUE_ZONE);
    else if (n != 0 && n != 4 && n != 7 && n != 11)
        rd_fail(r, UINT64_MAX);
}

static void rd_time(struct mw_reader *r)
{
    uint64_t n = rd_temporal_length(r, MW_F_VALUE_TIME_LENGTH, 12);
    if (n >= 8) {
        rd_u8(r, MW_F_VALUE_TIME_SIGN);
        rd_signed(r, 4, MW_F_VALUE_TIME_DAYS);
        rd_signed(r, 1, MW_F_VALUE_HOUR);
        rd_signed(r, 1, MW_F_VALUE_MINUTE);
        rd_signed(r, 1, MW_F_VALUE_SECOND);
    }
    if (n == 12)
        rd_signed(r, 4, MW_F_VALUE_MICROSECOND);
    else if (n != 0 && n != 8)
        rd_fail(r, UINT64_MAX);
}

/* One value that is not NULL. `type`: column type in the low byte, bit 15 unsigned. `binary`: bytes, not text. */
static void rd_value(struct mw_reader *r, uint16_t type, bool binary)
{
    bool is_unsigned = type & MW_TYPE_UNSIGNED;
    switch (type & 0xff) {
    case MW_TYPE_NULL: break;
    case MW_TYPE_TINY:
    case MW_TYPE_BOOL: rd_integer(r, 1, is_unsigned, MW_F_VALUE_U8, MW_F_VALUE_I8); break;
    case MW_TYPE_SHORT: rd_integer(r, 2, is_unsigned, MW_F_VALUE_U16, MW_F_VALUE_I16); break;
    case MW_TYPE_YEAR: rd_u16(r, MW_F_VALUE_U16); break;
    case MW_TYPE_LONG:
    case MW_TYPE_INT24: rd_integer(r, 4, is_unsigned, MW_F_VALUE_U32, MW_F_VALUE_I32); break;
    case MW_TYPE_LONGLONG: rd_integer(r, 8, is_unsigned, MW_F_VALUE_U64, MW_F_VALUE_I64); break;
    case MW_TYPE_FLOAT: rd_uint(r, 4, MW_F_VALUE_FLOAT); break;
    case MW_TYPE_DOUBLE: rd_uint(r, 8, MW_F_VALUE_DOUBLE); break;
    case MW_TYPE_DATE:
    case MW_TYPE_NEWDATE:
    case MW_TYPE_DATETIME:
    case MW_TYPE_TIMESTAMP: rd_datetime(r); break;
    case MW_TYPE_TIME: rd_time(r); break;
    case MW_TYPE_BIT:
    case MW_TYPE_GEOMETRY:
    case MW_TYPE_VECTOR:
    case MW_TYPE_TINY_BLOB:
    case MW_TYPE_MEDIUM_BLOB:
    case MW_TYPE_LONG_BLOB:
    case MW_TYPE_BLOB: binary = true; /* fall through */
    default: rd_lenenc_text(r, MW_F_VALUE_LENGTH, binary ? MW_F_VALUE_BYTES : MW_F_VALUE_TEXT); break;
    }
}
