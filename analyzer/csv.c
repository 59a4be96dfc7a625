/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/csv.h"

#include "analyzer/text.h"

#include <string.h>

void csv_init(struct csv *csv, struct sink sink, bool terminal)
{
    *csv = (struct csv){.sink = sink, .terminal = terminal};
    csv->row = g_string_new(NULL);
    csv->cell = g_string_new(NULL);
}

void csv_clear(struct csv *csv)
{
    g_string_free(csv->row, TRUE);
    g_string_free(csv->cell, TRUE);
    *csv = (struct csv){0};
}

static void begin_cell(struct csv *csv)
{
    if (csv->started)
        g_string_append_c(csv->row, ',');
    csv->started = true;
}

static const char *skip_digits(const char *p)
{
    while (*p >= '0' && *p <= '9')
        p++;
    return p;
}

/* A sign, digits, a fraction, an exponent, and nothing else: no spreadsheet computes anything with it. */
static bool is_number(const char *p)
{
    p += *p == '+' || *p == '-';
    const char *whole = skip_digits(p);
    if (whole == p)
        return false;
    p = whole;
    if (*p == '.') {
        const char *fraction = skip_digits(p + 1);
        if (fraction == p + 1)
            return false;
        p = fraction;
    }
    if (*p == 'e' || *p == 'E') {
        p += 1 + (p[1] == '+' || p[1] == '-');
        const char *exponent = skip_digits(p);
        if (exponent == p)
            return false;
        p = exponent;
    }
    return *p == '\0';
}

/* The full-width forms are taken for the plain ones by spreadsheets in East Asian locales. */
static bool starts_formula(const char *p)
{
    static const char *const wide[] = {"\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"}; /* = + - @ */
    if (*p != '\0' && strchr("=+-@\t\r\n", *p))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(wide); i++) {
        if (strncmp(p, wide[i], 3) == 0)
            return true;
    }
    return false;
}

void csv_string_n(struct csv *csv, const char *text, size_t n)
{
    begin_cell(csv);
    if (text == NULL)
        return;
    g_string_truncate(csv->cell, 0);
    if (csv->terminal)
        text_escape_terminal(csv->cell, text, n);
    else
        text_repair(csv->cell, text, n);

    /* A number has no NUL inside: is_number() sees the whole cell or says no. */
    const char *cell = csv->cell->str;
    bool number = strlen(cell) == csv->cell->len && is_number(cell);
    bool defuse = starts_formula(cell) && !number;
    bool quote = csv->cell->len == 0;
    for (size_t i = 0; i < csv->cell->len && !quote; i++)
        quote = (uint8_t)cell[i] < 0x20 || cell[i] == 0x7F || cell[i] == '"' || cell[i] == ',';
    /* Readers that trim cells would lose these. */
    quote = quote || cell[0] == ' ' || cell[csv->cell->len - 1] == ' ';

    if (quote)
        g_string_append_c(csv->row, '"');
    if (defuse)
        g_string_append_c(csv->row, '\'');
    for (size_t i = 0; i < csv->cell->len;) {
        const char *stop = memchr(cell + i, '"', csv->cell->len - i);
        size_t end = stop ? (size_t)(stop - cell) + 1 : csv->cell->len;
        g_string_append_len(csv->row, cell + i, (gssize)(end - i));
        if (stop)
            g_string_append_c(csv->row, '"');
        i = end;
    }
    if (quote)
        g_string_append_c(csv->row, '"');
}

void csv_string(struct csv *csv, const char *text)
{
    csv_string_n(csv, text, text ? strlen(text) : 0);
}

void csv_int(struct csv *csv, int64_t value)
{
    begin_cell(csv);
    g_string_append_printf(csv->row, "%" G_GINT64_FORMAT, (gint64)value);
}

void csv_uint(struct csv *csv, uint64_t value)
{
    begin_cell(csv);
    g_string_append_printf(csv->row, "%" G_GUINT64_FORMAT, (guint64)value);
}

void csv_double(struct csv *csv, double value)
{
    char text[TEXT_NUMBER_MAX];
    text_double(text, value);
    begin_cell(csv);
    g_string_append(csv->row, text);
}

void csv_bool(struct csv *csv, bool value)
{
    begin_cell(csv);
    g_string_append(csv->row, value ? "true" : "false");
}

void csv_null(struct csv *csv)
{
    begin_cell(csv);
}

int csv_row_end(struct csv *csv)
{
    g_string_append_len(csv->row, "\r\n", 2);
    if (csv->error == 0)
        csv->error = sink_write(csv->sink, csv->row->str, csv->row->len);
    g_string_truncate(csv->row, 0);
    csv->started = false;
    return csv->error;
}
