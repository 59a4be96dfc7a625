/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lines of a TLS key log (NSS key log format: LABEL, client random, secret), looked at from outside: is it one,
 * which labels, whose connections. Secrets are not taken out. */
#ifndef ANALYZER_KEYLOG_LINES_H
#define ANALYZER_KEYLOG_LINES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum { CLIENT_RANDOM_BYTES = 32 }; /* RFC 8446, 4.1.2 */

/** A line with a secret. Points into the text. */
struct keylog_line {
    const char *label;
    size_t label_length;
    bool has_random; /**< false for RSA lines, which name a key exchange and no connection */
    uint8_t random[CLIENT_RANDOM_BYTES];
};

/** Goes to the next good line of [*at, end) and moves `*at` behind it; comments and what is no key log line are passed
 * over. Returns false when there is no further one. */
bool keylog_next_line(const char **at, const char *end, struct keylog_line *out);

/** A set of client randoms, for keylog_randoms_scan() and g_hash_table_contains(). */
GHashTable *keylog_randoms_new(void);

/** Adds a client random, which is copied. */
void keylog_randoms_add(GHashTable *set, const uint8_t *random);

/** Adds the client randoms of TLS ClientHellos that begin anywhere in the packet. One whose first 43 bytes are in two
 * packets is not found. At most `max` are kept. */
void keylog_randoms_scan(GHashTable *set, const uint8_t *packet, size_t n, guint max);

#endif
