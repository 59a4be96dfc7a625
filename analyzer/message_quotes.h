/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What servers quote in their messages: values, names, pieces of statements. A quote is ', " or `, not the apostrophe of "doesn't" and
 * "server's". What is quoted may hold quotes of its own; servers do not escape them. */
#ifndef ANALYZER_MESSAGE_QUOTES_H
#define ANALYZER_MESSAGE_QUOTES_H

#include <stdbool.h>
#include <stddef.h>

/** The next quote of a message at or behind `from`, any of `signs`; `n` if there is none. */
size_t message_quote_next(const char *message, size_t n, size_t from, const char *signs);

/** All that can be quoted: from the first quote, `begin`, to behind the last, `end`. Up to the end of the message where there is but
 * one quote, or where the message is `cut`, so that the last quote may be in what is quoted. False: there is none. */
bool message_quotes(const char *message, size_t n, const char *signs, bool cut, size_t *begin, size_t *end);

#endif
