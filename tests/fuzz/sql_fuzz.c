/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First byte: the modes; second: the character set; the rest: SQL. Tokens are in order and all that is between them is space; what
 * is made of them has bounded length, and does not depend on the literals. */
#include <stdlib.h>
#include <string.h>

#include "analyzer/sql_digest.h"
#include "analyzer/sql_fingerprint.h"
#include "analyzer/sql_redact.h"

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

static void check_tokens(const uint8_t *sql, size_t n, const struct sql_mode *mode)
{
    struct sql_lexer lexer;
    struct sql_token t;
    size_t end = 0;
    sql_lexer_init(&lexer, sql, n, mode);
    while (sql_lexer_next(&lexer, &t)) {
        REQUIRE(t.offset >= end && t.offset <= n && t.length <= n - t.offset);
        REQUIRE(t.length > 0 || t.kind == SQL_HOST);
        REQUIRE(t.whole || t.offset + t.length == n);
        for (; end < t.offset; end++)
            REQUIRE(g_ascii_isspace(sql[end]) || sql[end] == '\v');
        end = t.offset + t.length;
    }
    for (; end < n; end++)
        REQUIRE(g_ascii_isspace(sql[end]) || sql[end] == '\v');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const struct sql_mode mode = {.flags = data[0] & 63, .charset = data[1] % 3, .version = data[1] & 0x80 ? 90704 : 0};
    const uint8_t *sql = data + 2;
    size_t n = size - 2;
    check_tokens(sql, n, &mode);
    GString *text = g_string_new(NULL), *out = g_string_new(NULL);
    sql_digest_text(text, sql, n, &mode);
    /* a byte of a name counts as one, any other token as two, and none is longer than 34 with its space */
    REQUIRE(text->len <= SQL_DIGEST_BYTES / 2 * 36);
    sql_redact(out, sql, n, &mode, NULL);
    REQUIRE(out->len <= 5 * n);
    GString *again = g_string_new(NULL); /* nothing is left to take out */
    sql_redact(again, (const uint8_t *)out->str, out->len, &mode, NULL);
    REQUIRE(g_string_equal(out, again));
    g_string_truncate(again, 0); /* of two modes no more is told than of one, but for the last ? */
    const struct sql_mode modes[2] = {mode, {.flags = mode.flags ^ SQL_NO_BACKSLASH_ESCAPES, .charset = mode.charset, .version = mode.version}};
    sql_redact_either(again, sql, n, modes, NULL);
    REQUIRE(again->len == 0 || memcmp(again->str, out->str, again->len - 1) == 0);
    g_string_free(again, TRUE);
    g_string_truncate(out, 0);
    sql_fingerprint(out, (const char *)sql, n);
    REQUIRE(out->len <= n + n / 2 + 16);
    g_string_free(text, TRUE);
    g_string_free(out, TRUE);
    return 0;
}
