/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First byte: the character set; the rest: text. Whatever it is, UTF-8 comes out, of bounded length, and what is made
 * of it is safe where it goes. */
#include "analyzer/csv.h"
#include "analyzer/json.h"
#include "analyzer/text.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

static const char *const charsets[] = {
    NULL,     "nonsense", "armscii8", "ascii",   "big5",    "binary", "cp1250",   "cp1251",  "cp1256",
    "cp1257", "cp850",    "cp852",    "cp866",   "cp932",   "dec8",   "eucjpms",  "euckr",   "filename",
    "gb2312", "gb18030",  "gbk",      "geostd8", "greek",   "hebrew", "hp8",      "keybcs2", "koi8r",
    "koi8u",  "latin1",   "latin2",   "latin5",  "latin7",  "macce",  "macroman", "sjis",    "swe7",
    "tis620", "ucs2",     "ujis",     "utf16",   "utf16le", "utf32",  "utf8",     "utf8mb3", "utf8mb4",
};

static bool has_hazard(const GString *text)
{
    for (const char *p = text->str; p < text->str + text->len; p = g_utf8_next_char(p)) {
        if (text_is_hazard(g_utf8_get_char(p)))
            return true;
    }
    return false;
}

/* A JSON string and a newline: quotes at both ends only, known escapes only, nothing raw that acts. */
static void check_json(GString *json)
{
    REQUIRE(json->len >= 3 && json->str[0] == '"' && g_str_has_suffix(json->str, "\"\n"));
    g_string_truncate(json, json->len - 2);
    REQUIRE(strlen(json->str) == json->len && g_utf8_validate(json->str, (gssize)json->len, NULL));
    REQUIRE(!has_hazard(json));
    for (const char *p = json->str + 1; *p; p++) {
        REQUIRE(*p != '"');
        if (*p != '\\')
            continue;
        p++;
        REQUIRE(*p && strchr("\"\\/bfnrtu", *p));
        for (int i = 0; *p == 'u' && i < 4; i++)
            REQUIRE(g_ascii_isxdigit(p[1 + i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *charset = charsets[data[0] % G_N_ELEMENTS(charsets)];
    const uint8_t *p = data + 1;
    size_t n = size - 1;

    struct text_converter *converter = text_converter_new();
    GString *text = g_string_new(NULL);
    uint64_t invalid = 0;
    text_to_utf8(converter, charset, p, n, text, &invalid);
    /* g_utf8_validate_len() refuses NUL, which is a character of every set. */
    for (size_t i = 0; i < text->len;) {
        size_t length = text_utf8_next((const uint8_t *)text->str + i, text->len - i, NULL);
        REQUIRE(length > 0);
        i += length;
    }
    REQUIRE(text->len <= 3 * n && invalid <= n);

    /* JSON of the raw bytes, not of the repaired text. */
    GString *out = g_string_new(NULL);
    struct json json;
    json_init(&json, sink_string(out), JSON_LINES);
    json_text_n(&json, (const char *)p, n);
    REQUIRE(json_finish(&json) == 0 && out->len <= 6 * n + 3);
    check_json(out);

    g_string_truncate(out, 0);
    text_escape_terminal(out, (const char *)p, n);
    REQUIRE(out->len <= 4 * n && g_utf8_validate(out->str, (gssize)out->len, NULL) && !has_hazard(out));

    size_t whole = text_width((const char *)p, n);
    size_t columns = size % 50;
    g_string_truncate(out, 0);
    text_shorten(out, (const char *)p, n, columns);
    REQUIRE(text_width(out->str, out->len) <= MIN(columns, whole));
    REQUIRE(g_utf8_validate(out->str, (gssize)out->len, NULL) && !has_hazard(out));

    g_string_truncate(out, 0);
    struct csv csv;
    csv_init(&csv, sink_string(out), size % 2);
    csv_string_n(&csv, (const char *)p, n);
    REQUIRE(csv_row_end(&csv) == 0 && g_str_has_suffix(out->str + out->len - 2, "\r\n"));
    REQUIRE(!strchr("=@", out->str[out->str[0] == '"']) || out->str[out->str[0] == '"'] == '\0');
    csv_clear(&csv);

    g_string_free(out, TRUE);
    g_string_free(text, TRUE);
    text_converter_free(converter);
    return 0;
}
