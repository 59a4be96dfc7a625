/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of one direction in, TLS records out (RFC 8446 section 5.1, the same since TLS 1.0):
 *
 *     type (1) · version (2) · length (2) · fragment (length)
 *
 *     tls_records_push(&records, bytes, n, stamp);
 *     while ((what = tls_records_next(&records, &record)) != TLS_RECORD_NONE) …
 *
 * A record that lies whole in the bytes pushed is not copied. Nothing is opened here. */
#ifndef ANALYZER_TLS_RECORD_H
#define ANALYZER_TLS_RECORD_H

#include "mywire/decode.h"

/** Content types (RFC 8446 appendix B.1). */
enum tls_type { TLS_CHANGE_CIPHER_SPEC = 20, TLS_ALERT = 21, TLS_HANDSHAKE = 22, TLS_APPLICATION_DATA = 23 };

/** Length of a header, and of the longest fragment: 2^14 and the 2048 bytes that TLS 1.2 allows protection to add. */
enum { TLS_HEADER = 5, TLS_FRAGMENT_MAX = 16384 + 2048 };

/** A record. `p` is valid until the next call. */
struct tls_record {
    uint8_t type;
    uint16_t version;
    const uint8_t *p; /**< the fragment */
    size_t n;
    struct mw_stamp stamp; /**< of the bytes that ended it */
};

/** What tls_records_next() came to. */
enum tls_record_status {
    TLS_RECORD_NONE,    /**< more bytes are needed */
    TLS_RECORD_WHOLE,   /**< `record` is the next one */
    TLS_RECORD_DAMAGED, /**< the header was seen, bytes of the fragment are missing: `n` is its length on the wire, `p`
                           NULL */
    TLS_RECORD_LOST     /**< bytes were lost or passed over until something looked like a record again: `n` of them */
};

/** One direction. All zero is a new one. */
struct tls_records {
    const uint8_t *in; /* pushed and not taken */
    size_t in_left;
    struct mw_stamp stamp; /* of `in` */
    uint8_t *kept;         /* a record that began in earlier bytes: header and fragment, NULL while none */
    size_t have, room;     /* bytes in it, and of it */
    uint64_t missing; /* bytes of the fragment under way that were lost */
    uint64_t passed;  /* bytes lost or passed over since the last record */
    bool searching;
    bool returned; /* the record in `kept` was handed out */
};

/** Whether the bytes can begin a record: as many of the header as are there fit. */
bool tls_record_plausible(const uint8_t *p, size_t n);

/** Whether a direction that begins with these bytes begins with a ClientHello. */
enum mw_guess tls_looks_like_hello(const uint8_t *p, size_t n);

/** … with a ServerHello. */
bool tls_looks_like_server_hello(const uint8_t *p, size_t n);

/** Whether the bytes of a direction, seen from somewhere in the middle, begin with protected application data. */
bool tls_looks_like_data(const uint8_t *p, size_t n);

/** Hands in the next bytes; they must stay until tls_records_next() has returned TLS_RECORD_NONE. */
void tls_records_push(struct tls_records *r, const uint8_t *p, size_t n, struct mw_stamp stamp);

/** `n` bytes are missing here. Call tls_records_next() afterwards. */
void tls_records_gap(struct tls_records *r, uint64_t n, struct mw_stamp stamp);

/** The next record. */
enum tls_record_status tls_records_next(struct tls_records *r, struct tls_record *record);

/** Gives back memory. */
void tls_records_clear(struct tls_records *r);

#endif
