/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of client randoms: those of ClientHellos in packets, and those that secrets are for. */
#ifndef ANALYZER_CLIENT_RANDOMS_H
#define ANALYZER_CLIENT_RANDOMS_H

#include <glib.h>
#include <stdint.h>

enum { CLIENT_RANDOM_BYTES = 32 }; /* RFC 8446, 4.1.2 */

/** A set of client randoms, for client_randoms_scan() and g_hash_table_contains(). */
GHashTable *client_randoms_new(void);

/** Adds a client random, which is copied. */
void client_randoms_add(GHashTable *set, const uint8_t *random);

/** Adds the client randoms of TLS ClientHellos that begin anywhere in the packet. One whose first 43 bytes are in two
 * packets is not found. At most `max` are kept. */
void client_randoms_scan(GHashTable *set, const uint8_t *packet, size_t n, guint max);

#endif
