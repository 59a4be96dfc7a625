/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/message_quotes.h"

#include <glib.h>
#include <string.h>

/* "doesn't", "server's" */
static bool is_apostrophe(const char *m, size_t n, size_t at)
{
    if (m[at] != '\'' || at == 0 || at + 1 >= n || !g_ascii_isalpha(m[at - 1]))
        return false;
    return (m[at + 1] == 's' || (m[at + 1] == 't' && m[at - 1] == 'n')) && (at + 2 == n || !g_ascii_isalnum(m[at + 2]));
}

size_t message_quote_next(const char *m, size_t n, size_t from, const char *signs)
{
    for (size_t i = from; i < n; i++)
        if (m[i] && strchr(signs, m[i]) && !is_apostrophe(m, n, i))
            return i;
    return n;
}

bool message_quotes(const char *m, size_t n, const char *signs, bool cut, size_t *begin, size_t *end)
{
    *begin = message_quote_next(m, n, 0, signs);
    *end = n;
    size_t last = n;
    for (size_t i = *begin; !cut && i < n; i = message_quote_next(m, n, i + 1, signs))
        last = i;
    if (last > *begin && last < n)
        *end = last + 1;
    return *begin < n;
}
