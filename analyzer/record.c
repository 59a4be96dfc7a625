/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/record.h"

void record_json(struct record *r, struct json *json)
{
    *r = (struct record){.json = json};
}

void record_csv(struct record *r, struct csv *csv)
{
    *r = (struct record){.csv = csv, .list = g_string_new(NULL)};
}

void record_clear(struct record *r)
{
    if (r->list)
        g_string_free(r->list, TRUE);
}

void record_begin(struct record *r)
{
    if (r->json)
        json_object_begin(r->json);
}

void record_end(struct record *r)
{
    if (r->json)
        json_object_end(r->json);
    else
        csv_row_end(r->csv);
}

/* Writes the key where the format has one. False: the value has no place (a CSV header). */
static bool key_of(struct record *r, const char *key, size_t n)
{
    if (r->json)
        json_name(r->json, key, n);
    else if (r->header)
        csv_string(r->csv, key);
    return r->json || !r->header;
}

void record_string_n(struct record *r, const char *key, size_t n, const char *value)
{
    if (!key_of(r, key, n))
        return;
    if (r->json)
        json_text(r->json, value);
    else if (value)
        csv_string(r->csv, value);
    else
        csv_null(r->csv);
}

void record_text_n(struct record *r, const char *key, size_t n, const GString *value)
{
    if (!value) {
        record_null_n(r, key, n);
        return;
    }
    if (!key_of(r, key, n))
        return;
    if (r->json)
        json_text_n(r->json, value->str, value->len);
    else
        csv_string_n(r->csv, value->str, value->len);
}

void record_int_n(struct record *r, const char *key, size_t n, int64_t value)
{
    if (!key_of(r, key, n))
        return;
    if (r->json)
        json_int(r->json, value);
    else
        csv_int(r->csv, value);
}

void record_uint_n(struct record *r, const char *key, size_t n, uint64_t value)
{
    if (!key_of(r, key, n))
        return;
    if (r->json)
        json_uint(r->json, value);
    else
        csv_uint(r->csv, value);
}

void record_bool_n(struct record *r, const char *key, size_t n, bool value)
{
    if (!key_of(r, key, n))
        return;
    if (r->json)
        json_bool(r->json, value);
    else
        csv_bool(r->csv, value);
}

void record_null_n(struct record *r, const char *key, size_t n)
{
    if (!key_of(r, key, n))
        return;
    if (r->json)
        json_none(r->json);
    else
        csv_null(r->csv);
}

/* Lists and maps: `json_open` opens the container in JSON; in CSV the text is gathered and written at the end. */
static void container(struct record *r, const char *key, size_t n, bool known, void (*json_open)(struct json *))
{
    if (!key_of(r, key, n))
        return;
    r->open = known;
    r->filled = false;
    if (!r->json)
        g_string_truncate(r->list, 0);
    else if (known)
        json_open(r->json);
    else
        json_none(r->json);
}

void record_list_n(struct record *r, const char *key, size_t n, bool known)
{
    container(r, key, n, known, json_array_begin);
}

static void append(struct record *r, const char *value, size_t n)
{
    g_string_append_len(r->list, value, (gssize)n);
}

static void separate(struct record *r)
{
    if (r->filled)
        g_string_append_c(r->list, ';');
    r->filled = true;
}

void record_list_item(struct record *r, const char *value)
{
    if (r->json) {
        json_text(r->json, value);
    } else if (!r->header) {
        separate(r);
        append(r, value, strlen(value));
    }
}

void record_list_text(struct record *r, const GString *value)
{
    if (r->json) {
        json_text_n(r->json, value->str, value->len);
    } else if (!r->header) {
        separate(r);
        append(r, value->str, value->len);
    }
}

static void container_end(struct record *r)
{
    if (r->header)
        return;
    if (r->filled)
        csv_string_n(r->csv, r->list->str, r->list->len);
    else
        csv_null(r->csv);
}

void record_list_end(struct record *r)
{
    if (!r->json)
        container_end(r);
    else if (r->open)
        json_array_end(r->json);
}

void record_map_n(struct record *r, const char *key, size_t n, bool known)
{
    container(r, key, n, known, json_object_begin);
}

void record_map_item(struct record *r, const GString *name, const GString *value)
{
    if (r->json) {
        json_key_n(r->json, name->str, name->len);
        json_text_n(r->json, value->str, value->len);
    } else if (!r->header) {
        separate(r);
        append(r, name->str, name->len);
        append(r, "=", 1);
        append(r, value->str, value->len);
    }
}

void record_map_end(struct record *r)
{
    if (!r->json)
        container_end(r);
    else if (r->open)
        json_object_end(r->json);
}
