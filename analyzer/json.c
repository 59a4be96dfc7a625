/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text is scanned eight bytes at a time for something that needs care; everything between is copied as it stands. */
#include "analyzer/json.h"

#include "analyzer/text.h"

#include <assert.h>
#include <string.h>

void json_init(struct json *json, struct sink sink, enum json_style style)
{
    json->sink = sink;
    json->style = style;
    json->error = 0;
    json->depth = 0;
    json->objects = 0;
    json->filled = 0;
    json->keyed = false;
    json->done = false;
    json->used = 0;
}

static void pass_on(struct json *json, const char *p, size_t n)
{
    if (json->error == 0 && n > 0)
        json->error = sink_write(json->sink, p, n);
}

static void flush(struct json *json)
{
    pass_on(json, json->buffer, json->used);
    json->used = 0;
}

/* Where the next `n` bytes, at most JSON_BUFFER, can be written; the caller adds to `used` what it has written. */
static inline char *room(struct json *json, size_t n)
{
    if (n > JSON_BUFFER - json->used)
        flush(json);
    return json->buffer + json->used;
}

static void put(struct json *json, const char *p, size_t n)
{
    if (n > JSON_BUFFER - json->used) {
        flush(json);
        if (n > JSON_BUFFER) {
            pass_on(json, p, n);
            return;
        }
    }
    if (n > 0)
        memcpy(json->buffer + json->used, p, n);
    json->used += n;
}

/* What is shorter than SHORT is copied as if it were as long: a copy of a length that the compiler knows is no call. */
enum { SHORT = 8 };

static inline void put_short(struct json *json, const char p[SHORT], size_t n)
{
    memcpy(room(json, SHORT), p, SHORT);
    json->used += n;
}

/* Copies without a call; short texts are most of the output. */
static inline void copy(char *out, const char *p, size_t n)
{
    if (n < SHORT) {
        for (size_t i = 0; i < n; i++)
            out[i] = p[i];
        return;
    }
    for (size_t i = 0; i < n - SHORT; i += SHORT)
        memcpy(out + i, p + i, SHORT);
    memcpy(out + n - SHORT, p + n - SHORT, SHORT); /* once more what stands before it */
}

static inline void put_char(struct json *json, char c)
{
    *room(json, 1) = c;
    json->used++;
}

static void new_line(struct json *json)
{
    if (json->style != JSON_INDENTED)
        return;
    put_char(json, '\n');
    for (unsigned i = 0; i < json->depth; i++)
        put(json, "  ", 2);
}

/* What stands between the previous member of the container and the next one. */
static inline void separate(struct json *json)
{
    if (json->depth == 0)
        return;
    if (json->filled & 1)
        put_char(json, ',');
    json->filled |= 1;
    new_line(json);
}

/* Before every value: an object's member has had its separator before the key. */
static inline void begin_value(struct json *json)
{
    assert(!json->done);
    if (json->depth > 0 && (json->objects & 1)) {
        assert(json->keyed);
        json->keyed = false;
    } else {
        separate(json);
    }
    json->done = json->depth == 0;
}

static void open_container(struct json *json, char bracket, bool object)
{
    assert(json->depth < JSON_DEPTH_MAX);
    begin_value(json);
    json->done = false;
    put_char(json, bracket);
    json->objects = json->objects << 1 | object;
    json->filled <<= 1;
    json->depth++;
}

static void close_container(struct json *json, char bracket, bool object)
{
    assert(json->depth > 0 && (json->objects & 1) == object && !json->keyed);
    (void)object;
    bool filled = json->filled & 1;
    json->objects >>= 1;
    json->filled >>= 1;
    json->depth--;
    if (filled)
        new_line(json);
    put_char(json, bracket);
    json->done = json->depth == 0;
}

void json_object_begin(struct json *json)
{
    open_container(json, '{', true);
}

void json_object_end(struct json *json)
{
    close_container(json, '}', true);
}

void json_array_begin(struct json *json)
{
    open_container(json, '[', false);
}

void json_array_end(struct json *json)
{
    close_container(json, ']', false);
}

int json_finish(struct json *json)
{
    assert(json->done && json->depth == 0 && !json->keyed);
    put_char(json, '\n');
    flush(json);
    json->done = false;
    return json->error;
}

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* Bit 7 of some byte is set if `x` has a zero byte. A carry can only cause a false alarm, never hide a zero. */
static inline uint64_t zero_byte(uint64_t x)
{
    return (x - EACH_BYTE(1)) & ~x & EACH_BYTE(0x80);
}

static inline bool is_plain(uint8_t c)
{
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/* Some of eight bytes may not be plain; 0 is never wrong. */
static inline uint64_t care(uint64_t x)
{
    uint64_t found = x & EACH_BYTE(0x80);
    found |= (x - EACH_BYTE(0x20)) & ~x & EACH_BYTE(0x80);
    return found | zero_byte(x ^ EACH_BYTE('"')) | zero_byte(x ^ EACH_BYTE('\\')) | zero_byte(x ^ EACH_BYTE(0x7F));
}

/* The first byte that cannot be copied as it is, or `end`. */
static const uint8_t *skip_plain(const uint8_t *p, const uint8_t *end)
{
    while (end - p >= 8) {
        uint64_t x;
        memcpy(&x, p, 8);
        if (care(x))
            break;
        p += 8;
    }
    while (p < end && is_plain(*p))
        p++;
    return p;
}

static void put_escape(struct json *json, uint32_t c)
{
    static const char digits[] = "0123456789abcdef";
    static const char letters[] = "btn\0fr"; /* of the controls from U+0008; 0x0B has none */
    assert(c <= 0xFFFF);
    if (c == '"' || c == '\\') {
        put(json, (const char[]){'\\', (char)c}, 2);
    } else if (c >= 8 && c <= 13 && letters[c - 8]) {
        put(json, (const char[]){'\\', letters[c - 8]}, 2);
    } else {
        put(json, (const char[]){'\\', 'u', digits[c >> 12], digits[c >> 8 & 15], digits[c >> 4 & 15], digits[c & 15]},
            6);
    }
}

/* Nearly all texts are short and plain: tried, and copied, in one pass. False: nothing was written. */
static inline bool put_plain(struct json *json, const uint8_t *p, size_t n)
{
    enum { QUOTES = 2, PLAIN_MAX = 1024 };
    if (n > PLAIN_MAX)
        return false;
    char *out = room(json, n + QUOTES);
    const uint8_t *end = p + n;
    *out++ = '"';
    uint64_t x;
    for (; end - p >= SHORT; p += SHORT, out += SHORT) {
        memcpy(&x, p, SHORT);
        if (care(x))
            return false;
        memcpy(out, &x, SHORT);
    }
    if (p < end && n >= SHORT) { /* once more what stands before the rest */
        size_t back = (size_t)(p + SHORT - end);
        memcpy(&x, p - back, SHORT);
        if (care(x))
            return false;
        memcpy(out - back, &x, SHORT);
        out += end - p;
        p = end;
    }
    for (; p < end; p++) {
        if (!is_plain(*p))
            return false;
        *out++ = (char)*p;
    }
    *out = '"';
    json->used += n + QUOTES;
    return true;
}

static void put_text(struct json *json, const uint8_t *p, size_t n)
{
    if (put_plain(json, p, n))
        return;
    const uint8_t *end = p + n;
    const uint8_t *start = p; /* of what is valid and not copied yet */
    put_char(json, '"');
    while ((p = skip_plain(p, end)) < end) {
        uint32_t c;
        size_t length = text_utf8_next(p, (size_t)(end - p), &c);
        bool escape = length == 1 || (length > 0 && text_is_hazard(c));
        if (length > 0 && !escape) {
            p += length;
            continue;
        }
        put(json, (const char *)start, (size_t)(p - start));
        if (escape)
            put_escape(json, c);
        else
            put(json, "\xEF\xBF\xBD", 3);
        p += escape ? length : 1;
        start = p;
    }
    put(json, (const char *)start, (size_t)(end - start));
    put_char(json, '"');
}

void json_key_n(struct json *json, const char *key, size_t n)
{
    assert(json->depth > 0 && (json->objects & 1) && !json->keyed);
    separate(json);
    put_text(json, (const uint8_t *)key, n);
    put(json, ": ", json->style == JSON_INDENTED ? 2 : 1);
    json->keyed = true;
}

void json_name(struct json *json, const char *name, size_t n)
{
    enum { AROUND = 4 }; /* comma, two quotes, colon */
    assert(json->depth > 0 && (json->objects & 1) && !json->keyed);
    if (json->style == JSON_INDENTED || n + AROUND > JSON_BUFFER) {
        json_key_n(json, name, n);
        return;
    }
    char *p = room(json, n + AROUND);
    if (json->filled & 1)
        *p++ = ',';
    *p++ = '"';
    copy(p, name, n);
    p += n;
    *p++ = '"';
    *p++ = ':';
    json->filled |= 1;
    json->used = (size_t)(p - json->buffer);
    json->keyed = true;
}

void json_key(struct json *json, const char *key)
{
    json_key_n(json, key, strlen(key));
}

void json_text_n(struct json *json, const char *text, size_t n)
{
    if (text == NULL) {
        json_none(json);
        return;
    }
    begin_value(json);
    put_text(json, (const uint8_t *)text, n);
}

void json_text(struct json *json, const char *text)
{
    json_text_n(json, text, text ? strlen(text) : 0);
}

static void put_number(struct json *json, uint64_t value, bool negative)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
        "49505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697"
        "9899";
    enum { LONGEST = 20 }; /* digits, or 19 and a sign */
    if (value < 10 && !negative) {
        put_char(json, (char)('0' + value)); /* most counts are 0 or 1 */
        return;
    }
    char digits[2 * LONGEST]; /* a copy of a length that the compiler knows may go beyond what counts */
    char *end = digits + LONGEST, *p = end;
    for (; value >= 100; value /= 100)
        memcpy(p -= 2, pairs + value % 100 * 2, 2);
    if (value >= 10)
        memcpy(p -= 2, pairs + value * 2, 2);
    else
        *--p = (char)('0' + value);
    if (negative)
        *--p = '-';
    memcpy(room(json, LONGEST), p, LONGEST);
    json->used += (size_t)(end - p);
}

void json_int(struct json *json, int64_t value)
{
    begin_value(json);
    put_number(json, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0);
}

void json_uint(struct json *json, uint64_t value)
{
    begin_value(json);
    put_number(json, value, false);
}

void json_double(struct json *json, double value)
{
    char text[TEXT_NUMBER_MAX];
    size_t n = text_double(text, value);
    begin_value(json);
    put(json, n > 0 ? text : "null", n > 0 ? n : 4);
}

void json_float(struct json *json, float value)
{
    char text[TEXT_NUMBER_MAX];
    size_t n = text_float(text, value);
    begin_value(json);
    put(json, n > 0 ? text : "null", n > 0 ? n : 4);
}

void json_bool(struct json *json, bool value)
{
    begin_value(json);
    put_short(json, value ? "true\0\0\0" : "false\0\0", value ? 4 : 5);
}

void json_none(struct json *json)
{
    begin_value(json);
    put_short(json, "null\0\0\0", 4);
}
