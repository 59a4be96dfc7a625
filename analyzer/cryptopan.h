/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Crypto-PAn: addresses replaced so that two that share their first n bits still do (Xu, Fan, Ammar, Moon: "Prefix-Preserving
 * IP Address Anonymization", ICNP 2002). The same key gives the same addresses. */
#ifndef ANALYZER_CRYPTOPAN_H
#define ANALYZER_CRYPTOPAN_H

#include <stdint.h>

enum { CRYPTOPAN_KEY = 32 };

struct cryptopan;

/** `key`: 16 bytes of AES key, 16 bytes of which the padding is made. */
struct cryptopan *cryptopan_new(const uint8_t key[CRYPTOPAN_KEY]);

/** Wipes the key and frees. NULL is allowed. */
void cryptopan_free(struct cryptopan *pan);

/** Replaces an address of `bits`, 32 or 128, in network byte order. */
void cryptopan_map(const struct cryptopan *pan, uint8_t *address, unsigned bits);

#endif
