/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bit i of the result is bit i of the address, turned over if AES says so of the i bits before it: they, filled up to a block
 * with the padding, are encrypted, and the first bit of that counts. */
#include "analyzer/cryptopan.h"

#include <glib.h>
#include <gnutls/crypto.h>
#include <string.h>

#include "analyzer/secret_memory.h"

enum { BLOCK = 16 };

struct cryptopan {
    gnutls_cipher_hd_t aes;
    uint8_t padding[BLOCK];
};

/* One block: CBC with a first block of zeros, which is what GnuTLS has of plain AES. */
static void encrypt(const struct cryptopan *pan, const uint8_t in[BLOCK], uint8_t out[BLOCK])
{
    uint8_t zeros[BLOCK] = {0};
    gnutls_cipher_set_iv(pan->aes, zeros, sizeof zeros);
    if (gnutls_cipher_encrypt2(pan->aes, in, BLOCK, out, BLOCK) != 0)
        g_error("AES of one block failed");
}

struct cryptopan *cryptopan_new(const uint8_t key[CRYPTOPAN_KEY])
{
    struct cryptopan *pan = g_new0(struct cryptopan, 1);
    uint8_t zeros[BLOCK] = {0}, copy[CRYPTOPAN_KEY];
    memcpy(copy, key, sizeof copy);
    const gnutls_datum_t aes = {copy, BLOCK}, iv = {zeros, BLOCK};
    if (gnutls_cipher_init(&pan->aes, GNUTLS_CIPHER_AES_128_CBC, &aes, &iv) != 0)
        g_error("GnuTLS has no AES");
    encrypt(pan, copy + BLOCK, pan->padding);
    secret_wipe(copy, sizeof copy);
    return pan;
}

void cryptopan_free(struct cryptopan *pan)
{
    if (!pan)
        return;
    gnutls_cipher_deinit(pan->aes);
    secret_wipe(pan->padding, sizeof pan->padding);
    g_free(pan);
}

void cryptopan_map(const struct cryptopan *pan, uint8_t *address, unsigned bits)
{
    uint8_t in[BLOCK], out[BLOCK], flip[BLOCK] = {0};
    memcpy(in, pan->padding, sizeof in);
    for (unsigned i = 0; i < bits; i++) {
        encrypt(pan, in, out);
        flip[i / 8] |= (uint8_t)((out[0] >> 7) << (7 - i % 8));
        const uint8_t bit = (uint8_t)(0x80 >> i % 8);
        in[i / 8] = (uint8_t)((in[i / 8] & ~bit) | (address[i / 8] & bit));
    }
    for (unsigned i = 0; i < bits / 8; i++)
        address[i] ^= flip[i];
}
