/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One writer for records, whatever the format: what is written once here is a member in JSON and a cell in CSV. */
#ifndef ANALYZER_RECORD_H
#define ANALYZER_RECORD_H

#include <string.h>

#include "analyzer/csv.h"
#include "analyzer/json.h"

struct record {
    struct json *json; /**< JSON and NDJSON, else NULL */
    struct csv *csv;   /**< CSV, else NULL */
    bool header;       /**< CSV: write the keys instead of the values */
    bool open;         /**< JSON: the list or map under way is one, not null */
    bool filled;       /**< CSV: … has an item, perhaps an empty one */
    GString *list;     /**< CSV: the list or map under way */
};

/** A record in JSON or in CSV; free with record_clear. */
void record_json(struct record *r, struct json *json);
void record_csv(struct record *r, struct csv *csv);
void record_clear(struct record *r);

void record_begin(struct record *r);
void record_end(struct record *r);

/** Values by key, a name of our own; `n` is its length. NULL texts are null. The functions below them take literals, whose length
 *  the compiler knows. */
void record_string_n(struct record *r, const char *key, size_t n, const char *value);
void record_int_n(struct record *r, const char *key, size_t n, int64_t value);
void record_uint_n(struct record *r, const char *key, size_t n, uint64_t value);
void record_bool_n(struct record *r, const char *key, size_t n, bool value);
void record_null_n(struct record *r, const char *key, size_t n);
void record_list_n(struct record *r, const char *key, size_t n, bool known);
void record_map_n(struct record *r, const char *key, size_t n, bool known);

static inline void record_string(struct record *r, const char *key, const char *value)
{
    record_string_n(r, key, strlen(key), value);
}

/** A text that may hold anything, NUL too; NULL is null. */
void record_text_n(struct record *r, const char *key, size_t n, const GString *value);

static inline void record_text(struct record *r, const char *key, const GString *value)
{
    record_text_n(r, key, strlen(key), value);
}

static inline void record_int(struct record *r, const char *key, int64_t value)
{
    record_int_n(r, key, strlen(key), value);
}

static inline void record_uint(struct record *r, const char *key, uint64_t value)
{
    record_uint_n(r, key, strlen(key), value);
}

static inline void record_bool(struct record *r, const char *key, bool value)
{
    record_bool_n(r, key, strlen(key), value);
}

static inline void record_null(struct record *r, const char *key)
{
    record_null_n(r, key, strlen(key));
}

/** `known`: false writes null. */
static inline void record_uint_if(struct record *r, const char *key, bool known, uint64_t value)
{
    if (known)
        record_uint_n(r, key, strlen(key), value);
    else
        record_null_n(r, key, strlen(key));
}

/** Instants: 0 is null. */
static inline void record_instant(struct record *r, const char *key, int64_t ns)
{
    if (ns)
        record_int_n(r, key, strlen(key), ns);
    else
        record_null_n(r, key, strlen(key));
}

/** Durations: negative is null. */
static inline void record_duration(struct record *r, const char *key, int64_t us)
{
    if (us >= 0)
        record_int_n(r, key, strlen(key), us);
    else
        record_null_n(r, key, strlen(key));
}

/** A list of texts (CSV: joined by ";"; an empty one is no text, and one empty text is ""), or null. */
static inline void record_list(struct record *r, const char *key, bool known)
{
    record_list_n(r, key, strlen(key), known);
}
void record_list_item(struct record *r, const char *value);
void record_list_text(struct record *r, const GString *value);
void record_list_end(struct record *r);

/** A map of texts (CSV: name=value joined by ";"), or null. */
static inline void record_map(struct record *r, const char *key, bool known)
{
    record_map_n(r, key, strlen(key), known);
}
void record_map_item(struct record *r, const GString *name, const GString *value);
void record_map_end(struct record *r);

#endif
