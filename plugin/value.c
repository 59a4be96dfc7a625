/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plugin/value.h"

#include <inttypes.h>
#include <string.h>

#include "plugin/text.h"

/* Bytes of a binary value that are written out. */
enum { BYTES_SHOWN = 32 };

bool value_is(const struct mw_item *item)
{
    return mw_field(item->field)->flags & MW_FLAG_VALUE;
}

float value_float(const struct mw_item *item)
{
    uint32_t low = (uint32_t)item->number;
    float value;
    memcpy(&value, &low, sizeof value);
    return value;
}

double value_double(const struct mw_item *item)
{
    double value;
    memcpy(&value, &item->number, sizeof value);
    return value;
}

/* The shortest digits that read back as the same number. */
static const char *number_text(wmem_allocator_t *pool, double value, bool single)
{
    enum { FLOAT_MIN_DIGITS = 6, FLOAT_MAX_DIGITS = 9, DOUBLE_MIN_DIGITS = 15, DOUBLE_MAX_DIGITS = 17 };
    int digits = single ? FLOAT_MIN_DIGITS : DOUBLE_MIN_DIGITS, most = single ? FLOAT_MAX_DIGITS : DOUBLE_MAX_DIGITS;
    char text[G_ASCII_DTOSTR_BUF_SIZE], format[16];
    for (;; digits++) {
        snprintf(format, sizeof format, "%%.%dg", digits);
        g_ascii_formatd(text, sizeof text, format, value);
        double back = g_ascii_strtod(text, NULL);
        if (digits == most || (single ? (float)back == (float)value : back == value))
            return wmem_strdup(pool, text);
    }
}

static const char *bytes_text(wmem_allocator_t *pool, const uint8_t *p, uint32_t n)
{
    wmem_strbuf_t *text = wmem_strbuf_new(pool, "0x");
    for (uint32_t i = 0; i < n && i < BYTES_SHOWN; i++)
        wmem_strbuf_append_printf(text, "%02x", p[i]);
    if (n > BYTES_SHOWN)
        wmem_strbuf_append_printf(text, "… (%u bytes)", n);
    return wmem_strbuf_get_str(text);
}

const char *value_text(wmem_allocator_t *pool, enum mw_dialect dialect, const struct mw_item *item)
{
    const struct mw_field *field = mw_field(item->field);
    switch (field->type) {
    case MW_FT_HEADING: return "NULL";
    case MW_FT_I8:
    case MW_FT_I16:
    case MW_FT_I32:
    case MW_FT_I64: return wmem_strdup_printf(pool, "%" PRId64, (int64_t)item->number);
    case MW_FT_F32: return number_text(pool, (double)value_float(item), true);
    case MW_FT_F64: return number_text(pool, value_double(item), false);
    case MW_FT_TEXT:
    case MW_FT_TEXTZ:
    case MW_FT_TEXTL:
        return wmem_strdup_printf(pool, "'%s'",
                                  text_line(pool, text_utf8(pool, dialect, item->collation, item->p, item->n)));
    case MW_FT_BYTES: return bytes_text(pool, item->p, item->n);
    default: return wmem_strdup_printf(pool, "%" PRIu64, item->number);
    }
}

const char *value_label(wmem_allocator_t *pool, enum mw_dialect dialect, const struct mw_item *item)
{
    if (!item->label.p)
        return NULL;
    return text_line(pool, text_utf8(pool, dialect, item->label_collation, item->label.p, item->label.n));
}
