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

/* -- dates and times ----------------------------------------------------------------------------------------------- */

enum { DECIMALS_NOT_FIXED = 31 };

/* A text being made; large enough for every temporal value. */
struct temporal_text {
    char s[48];
    uint32_t n;
};

RD void put_digits(struct temporal_text *t, uint64_t v, unsigned digits)
{
    char reverse[20];
    unsigned n = 0;
    while (v > 0 || n < digits) {
        reverse[n++] = (char)('0' + v % 10);
        v /= 10;
    }
    while (n > 0)
        t->s[t->n++] = reverse[--n];
}

RD void put_clock(struct temporal_text *t, uint64_t hours, const uint8_t *minute_second, uint32_t microseconds,
                  uint8_t decimals)
{
    put_digits(t, hours, 2);
    t->s[t->n++] = ':';
    put_digits(t, minute_second ? minute_second[0] : 0, 2);
    t->s[t->n++] = ':';
    put_digits(t, minute_second ? minute_second[1] : 0, 2);
    /* As many digits as the column has; where that is not known, all if there is a fraction. */
    unsigned digits = decimals < 7 ? decimals : microseconds ? 6 : 0;
    if (digits == 0)
        return;
    t->s[t->n++] = '.';
    uint32_t power = 1000000;
    while (digits-- > 0) {
        power /= 10;
        t->s[t->n++] = (char)('0' + microseconds / power % 10);
    }
}

/* `p`: the `n` bytes behind the length byte. */
static struct temporal_text datetime_text(const uint8_t *p, uint64_t n, bool date_only, uint8_t decimals)
{
    struct temporal_text t = {.n = 0};
    put_digits(&t, n >= 4 ? rd_le(p, 2) : 0, 4);
    t.s[t.n++] = '-';
    put_digits(&t, n >= 4 ? p[2] : 0, 2);
    t.s[t.n++] = '-';
    put_digits(&t, n >= 4 ? p[3] : 0, 2);
    if (date_only && n <= 4)
        return t;
    t.s[t.n++] = ' ';
    put_clock(&t, n >= 7 ? p[4] : 0, n >= 7 ? p + 5 : NULL, n >= 11 ? (uint32_t)rd_le(p + 7, 4) : 0, decimals);
    if (n == 13) {
        int zone = (int16_t)rd_le(p + 11, 2);
        unsigned minutes = (unsigned)(zone < 0 ? -zone : zone);
        t.s[t.n++] = zone < 0 ? '-' : '+';
        put_digits(&t, minutes / 60, 2);
        t.s[t.n++] = ':';
        put_digits(&t, minutes % 60, 2);
    }
    return t;
}

static struct temporal_text time_text(const uint8_t *p, uint64_t n, uint8_t decimals)
{
    struct temporal_text t = {.n = 0};
    if (n >= 8 && p[0])
        t.s[t.n++] = '-';
    uint64_t hours = n >= 8 ? rd_le(p + 1, 4) * 24 + p[5] : 0;
    put_clock(&t, hours, n >= 8 ? p + 6 : NULL, n == 12 ? (uint32_t)rd_le(p + 8, 4) : 0, decimals);
    return t;
}

/* The length byte of a temporal value, if it is one of those that exist and its bytes are all there. */
RD bool temporal_length(struct mw_reader *r, uint32_t lengths, uint64_t *n)
{
    if (!rd_need(r, 1))
        return false;
    *n = *r->p;
    if (*n > 13 || !(lengths >> *n & 1)) {
        rd_fail(r, UINT64_MAX);
        return false;
    }
    return rd_need(r, 1 + *n);
}

static void rd_datetime(struct mw_reader *r, bool date_only, uint8_t decimals)
{
    uint64_t n;
    if (!temporal_length(r, 1 << 0 | 1 << 4 | 1 << 7 | 1 << 11 | 1 << 13, &n))
        return;
    struct temporal_text text = datetime_text(r->p + 1, n, date_only, decimals);
    bool node = rd_open_value(r, MW_F_VALUE_DATETIME, (uint32_t)n + 1, (struct mw_slice){(uint8_t *)text.s, text.n});
    rd_signed(r, 1, MW_F_VALUE_DATE_LENGTH);
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
    rd_close(r, node);
}

static void rd_time(struct mw_reader *r, uint8_t decimals)
{
    uint64_t n;
    if (!temporal_length(r, 1 << 0 | 1 << 8 | 1 << 12, &n))
        return;
    struct temporal_text text = time_text(r->p + 1, n, decimals);
    bool node = rd_open_value(r, MW_F_VALUE_DATETIME, (uint32_t)n + 1, (struct mw_slice){(uint8_t *)text.s, text.n});
    rd_signed(r, 1, MW_F_VALUE_TIME_LENGTH);
    if (n >= 8) {
        rd_u8(r, MW_F_VALUE_TIME_SIGN);
        rd_signed(r, 4, MW_F_VALUE_TIME_DAYS);
        rd_signed(r, 1, MW_F_VALUE_HOUR);
        rd_signed(r, 1, MW_F_VALUE_MINUTE);
        rd_signed(r, 1, MW_F_VALUE_SECOND);
    }
    if (n == 12)
        rd_signed(r, 4, MW_F_VALUE_MICROSECOND);
    rd_close(r, node);
}

/* ------------------------------------------------------------------------------------------------------------------ */

/* Does this type hold bytes, whatever its collation? */
RD bool is_bytes_type(uint8_t type)
{
    return type == MW_TYPE_BIT || type == MW_TYPE_GEOMETRY || type == MW_TYPE_VECTOR;
}

/* Bytes, not text: types that hold nothing else, and strings and blobs without a character set (collation 63, binary). */
RD bool is_binary(uint8_t type, uint16_t collation)
{
    enum { BINARY = 63 };
    if (is_bytes_type(type))
        return true;
    bool string = type == MW_TYPE_VARCHAR || type == MW_TYPE_STRING || type == MW_TYPE_VAR_STRING ||
                  (type >= MW_TYPE_TINY_BLOB && type <= MW_TYPE_BLOB);
    return string && collation == BINARY;
}

/* One value that is not NULL. `type`: column type in the low byte, bit 15 unsigned. `binary`: a string is bytes. */
static void rd_value(struct mw_reader *r, uint16_t type, bool binary, uint8_t decimals)
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
    case MW_TYPE_NEWDATE: rd_datetime(r, true, decimals); break;
    case MW_TYPE_DATETIME:
    case MW_TYPE_TIMESTAMP: rd_datetime(r, false, decimals); break;
    case MW_TYPE_TIME: rd_time(r, decimals); break;
    default: rd_lenenc_text(r, MW_F_VALUE_LENGTH, binary ? MW_F_VALUE_BYTES : MW_F_VALUE_TEXT); break;
    }
}

/* A parameter or attribute: what a client sends as a blob is bytes. */
RD void rd_param(struct mw_reader *r, uint16_t type)
{
    uint8_t t = (uint8_t)type;
    rd_value(r, type, is_bytes_type(t) || (t >= MW_TYPE_TINY_BLOB && t <= MW_TYPE_BLOB), DECIMALS_NOT_FIXED);
}
