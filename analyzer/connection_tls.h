/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the record of a connection says of its TLS. */
#ifndef ANALYZER_CONNECTION_TLS_H
#define ANALYZER_CONNECTION_TLS_H

#include "analyzer/tls.h"

/** Texts are UTF-8, NULL where unknown. */
struct connection_tls {
    uint16_t version; /**< 0 unknown */
    uint16_t suite;
    bool suite_known;
    uint16_t group; /**< 0 unknown or none */
    enum tls_resumption resumed;
    enum tls_opened opened;
    enum tls_reason reason;
    char *why; /**< the reason in words; NULL: all was opened */
    char *sni, *alpn, *subject;
    int64_t not_after_ns; /**< end of the server certificate's validity */
    bool has_not_after;
    int64_t start_ns,
        finished_ns; /**< from the SSLRequest, or the ClientHello without one, until both sides had finished */
};

/** Fills in what `tls` knows. What was there before is freed, but for the times. */
void connection_tls_fill(struct connection_tls *out, const struct tls *tls);

/** There is TLS inside the TLS that was opened. */
void connection_tls_nested(struct connection_tls *c);

/** Frees the texts. */
void connection_tls_clear(struct connection_tls *c);

/** Memory of the texts. */
size_t connection_tls_size(const struct connection_tls *c);

/** IANA's name of the suite, or "0x1234" in `scratch` (16 bytes); NULL unknown. */
const char *connection_tls_cipher(const struct connection_tls *c, char *scratch);

/** The end of the certificate's validity, "2027-01-31T12:00:00Z"; to be freed with g_free(). NULL unknown. */
char *connection_tls_not_after(const struct connection_tls *c);

/** "full", "partial", "none". */
const char *connection_tls_opened_name(enum tls_opened opened);

#endif
