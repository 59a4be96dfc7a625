/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For digest_test.py: lines of `FLAGS CHARSET HEX` (the numbers of sql_lexer.h; SQL in hexadecimal) on stdin, lines of
 * `HEX HEX ID` on stdout: digest text, pt's fingerprint, pt's id. The server is 9.7.4. */
#include <stdio.h>
#include <stdlib.h>

#include "analyzer/sql_digest.h"
#include "analyzer/sql_fingerprint.h"

static void print_hex(const GString *s)
{
    for (gsize i = 0; i < s->len; i++)
        printf("%02x", (unsigned char)s->str[i]);
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    GString *sql = g_string_new(NULL), *text = g_string_new(NULL);
    while (getline(&line, &room, stdin) > 0) {
        char *p = line;
        struct sql_mode mode = {.version = 90704};
        mode.flags = (unsigned)strtoul(p, &p, 10);
        mode.charset = (enum sql_charset)strtoul(p, &p, 10);
        g_string_truncate(sql, 0);
        for (p += *p == ' '; g_ascii_isxdigit(p[0]) && g_ascii_isxdigit(p[1]); p += 2)
            g_string_append_c(sql, (char)(g_ascii_xdigit_value(p[0]) << 4 | g_ascii_xdigit_value(p[1])));
        g_string_truncate(text, 0);
        sql_digest_text(text, (const uint8_t *)sql->str, sql->len, &mode);
        print_hex(text);
        putchar(' ');
        g_string_truncate(text, 0);
        sql_fingerprint(text, sql->str, sql->len);
        print_hex(text);
        char id[SQL_FINGERPRINT_ID];
        sql_fingerprint_id(id, text->str, text->len);
        printf(" %s\n", id);
    }
    g_string_free(sql, TRUE);
    g_string_free(text, TRUE);
    free(line);
    return 0;
}
