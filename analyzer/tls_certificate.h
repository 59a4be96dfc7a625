/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a server's certificate says of itself. Nothing is verified. */
#ifndef ANALYZER_TLS_CERTIFICATE_H
#define ANALYZER_TLS_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TLS_SUBJECT_BYTES_MAX = 1024 };

/** A certificate's facts. */
struct tls_certificate {
    char *subject; /**< RFC 4514: "CN=db1,O=Shop"; UTF-8, at most TLS_SUBJECT_BYTES_MAX bytes; "" if the certificate has
                      none */
    bool has_not_before, has_not_after;  /**< false: unreadable, or beyond what nanoseconds can tell (the year 2262) */
    int64_t not_before_ns, not_after_ns; /**< since the epoch */
};

/** Reads a certificate (X.509, DER, `n` bytes). False if it is none; `out` is empty then. Otherwise the caller clears
 * it. */
bool tls_certificate_read(const uint8_t *der, size_t n, struct tls_certificate *out);

/** Frees what it holds. An empty one is allowed. */
void tls_certificate_clear(struct tls_certificate *certificate);

#endif
