/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A streaming JSON writer: values go out as they come, nothing is allocated and no tree is built.
 *
 *     struct json json;
 *     json_init(&json, sink, JSON_LINES);
 *     json_object_begin(&json);
 *     json_put_string(&json, "command", "COM_QUERY");
 *     json_key(&json, "rows"), json_uint(&json, rows);
 *     json_object_end(&json);
 *     error = json_finish(&json);            // newline, flush; ready for the next record
 *
 * None of these functions may have the name of one of jansson's, which reads JSON for us: the linker would give the library
 * ours for its own.
 *
 * The writer cannot fail in the middle: the first error of the sink is kept and returned by json_finish(). Wrong
 * nesting (a value without a key in an object, a key in an array, an unclosed object) is a bug of the caller and
 * asserts.
 */
#ifndef ANALYZER_JSON_H
#define ANALYZER_JSON_H

#include "analyzer/sink.h"

enum json_style {
    JSON_LINES,   /**< compact: one document a line (NDJSON) */
    JSON_INDENTED /**< two spaces a level, for `json` output */
};

/** Deepest nesting of objects and arrays. */
#define JSON_DEPTH_MAX 64

/** Bytes collected before the sink is called. */
#define JSON_BUFFER 4096

/** A writer. The members are private; it needs no clean-up. */
struct json {
    struct sink sink;
    enum json_style style;
    int error;        /**< first error of the sink; 0 while all is well */
    unsigned depth;   /**< open objects and arrays */
    uint64_t objects; /**< bit 0: the innermost container is an object; bit 1: the one around it … */
    uint64_t filled;  /**< the same order: the container has a member already */
    bool keyed;       /**< a key stands and its value is due */
    bool done;        /**< the document's value is complete */
    size_t used;      /**< bytes in `buffer` */
    char buffer[JSON_BUFFER];
};

/** Starts a writer on `sink`, which must outlive it. */
void json_init(struct json *json, struct sink sink, enum json_style style);

/** Ends the document with a newline and passes everything to the sink; the writer is then ready for another document.
 * Asserts that exactly one value was written and all is closed. Returns 0 or the first error (errno value) since
 * json_init(); after an error nothing reaches the sink any more. */
int json_finish(struct json *json);

/** Opens and closes an object. */
void json_object_begin(struct json *json);
void json_object_end(struct json *json);

/** Opens and closes an array. */
void json_array_begin(struct json *json);
void json_array_end(struct json *json);

/** The key of the next value; NUL-terminated, any bytes (treated as json_text_n() does). Duplicate keys are not
 * noticed. */
void json_key(struct json *json, const char *key);

/** A key of `n` bytes, which may hold anything. */
void json_key_n(struct json *json, const char *key, size_t n);

/** A key of `n` plain ASCII characters that need no escape: one of our own names. Faster. */
void json_name(struct json *json, const char *name, size_t n);

/** A NUL-terminated string; NULL writes null. */
void json_text(struct json *json, const char *text);

/** A string of `n` bytes, which may hold anything: what comes out is always valid. Each byte that is not part of valid
 * UTF-8 becomes U+FFFD. Control characters (C0, DEL, C1), U+2028, U+2029 and the directional controls that
 * text_is_hazard() knows are written as escapes, so that nothing acts on a terminal. NULL writes null. */
void json_text_n(struct json *json, const char *text, size_t n);

/** Integers are exact over their whole range: never written as a floating-point number or a string. */
void json_int(struct json *json, int64_t value);
void json_uint(struct json *json, uint64_t value);

/** The shortest decimal number that reads back as the same double; NaN and infinities, which JSON lacks, write null. */
void json_double(struct json *json, double value);

/** The same for single precision: 0.1f is written 0.1, not 0.10000000149011612. */
void json_float(struct json *json, float value);

void json_bool(struct json *json, bool value);
void json_none(struct json *json);

/** Key and value in one call. */
static inline void json_put_string(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    json_text(json, text);
}

static inline void json_put_string_n(struct json *json, const char *key, const char *text, size_t n)
{
    json_key(json, key);
    json_text_n(json, text, n);
}

static inline void json_put_int(struct json *json, const char *key, int64_t value)
{
    json_key(json, key);
    json_int(json, value);
}

static inline void json_put_uint(struct json *json, const char *key, uint64_t value)
{
    json_key(json, key);
    json_uint(json, value);
}

static inline void json_put_double(struct json *json, const char *key, double value)
{
    json_key(json, key);
    json_double(json, value);
}

static inline void json_put_bool(struct json *json, const char *key, bool value)
{
    json_key(json, key);
    json_bool(json, value);
}

/** The value, or null where it is not known. */
static inline void json_put_uint_if(struct json *json, const char *key, bool known, uint64_t value)
{
    json_key(json, key);
    known ? json_uint(json, value) : json_none(json);
}

static inline void json_put_int_if(struct json *json, const char *key, bool known, int64_t value)
{
    json_key(json, key);
    known ? json_int(json, value) : json_none(json);
}

static inline void json_put_null(struct json *json, const char *key)
{
    json_key(json, key);
    json_none(json);
}

#endif
