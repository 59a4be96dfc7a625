/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and addresses that say nobody's name: the same for the same, as long as the key is the same. */
#ifndef ANALYZER_ANONYMIZER_H
#define ANALYZER_ANONYMIZER_H

#include <glib.h>

#include "analyzer/segment.h"

/** Bytes that a key file has at least, and at most. */
enum { ANONYMIZER_KEY_MIN = 16, ANONYMIZER_KEY_MAX = 4096 };

struct anonymizer;

/** With a key of any `n` bytes. */
struct anonymizer *anonymizer_new(const uint8_t *key, size_t n);

/** With the content of a file as key. NULL with a sentence about what is wrong in `error` (g_free). */
struct anonymizer *anonymizer_read(const char *file, char **error);

/** Wipes the key and frees. NULL is allowed. */
void anonymizer_free(struct anonymizer *a);

/** Replaces an address; ports stay. Addresses with the same prefix keep one in common (cryptopan.h). */
void anonymizer_address(struct anonymizer *a, struct endpoint *e);

/** What stands for a text: "h_" and 12 hex digits of HMAC-SHA-256, to be freed. Empty stays empty. */
char *anonymizer_name(struct anonymizer *a, const char *text, size_t n);

/** A server's message with everything in quotes replaced: addresses as such, names as anonymizer_name() does; '?' stays. Where quotes
 * do not stand as messages have them, all between the first and the last is one name. In a message without quotes these are replaced:
 * addresses, the `known` names (`n_known` of them, some may be NULL), and the name before a dot. To be freed. */
char *anonymizer_message(struct anonymizer *a, const char *message, size_t n, const char *const *known, size_t n_known);

#endif
