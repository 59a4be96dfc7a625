/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RSA private keys of servers: read from files and tokens, matched to certificates, used on encrypted premaster
 * secrets. GnuTLS holds them, in memory that it wipes but does not lock; a token's key never leaves the token. */
#ifndef ANALYZER_TLS_RSA_H
#define ANALYZER_TLS_RSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A set of private keys. */
struct tls_rsa;

struct tls_rsa *tls_rsa_new(void);

/** Adds a key: PEM or DER (PKCS#1, PKCS#8, PKCS#12), or a `pkcs11:` URL. The first line of `password_file` is the
 * password or the token's PIN; NULL: none is needed. Returns NULL, or a sentence for the user, which begins with the
 * path and which the caller frees with g_free(). */
char *tls_rsa_read(struct tls_rsa *r, const char *path, const char *password_file);

/** How many there are. */
size_t tls_rsa_count(const struct tls_rsa *r);

/** Decrypts a premaster secret into 48 bytes, which the caller wipes: with the key that fits the certificate (DER;
 * n_certificate 0: not seen), else with each. It must begin with `hello_version`, or, where the key fits, with a lower
 * version. False: no key opens it; what `premaster` holds is undefined then. */
bool tls_rsa_decrypt(const struct tls_rsa *r, const uint8_t *encrypted, size_t n, const uint8_t *certificate,
                     size_t n_certificate, uint16_t hello_version, uint8_t *premaster);

/** Wipes and frees. NULL is allowed. */
void tls_rsa_free(struct tls_rsa *r);

#endif
