/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking the protection off records: one opener for one direction of one epoch. */
#ifndef ANALYZER_TLS_CRYPTO_H
#define ANALYZER_TLS_CRYPTO_H

#include "analyzer/tls_schedule.h"

struct tls_opener;

/** What came of a record. */
enum tls_open {
    TLS_OPENED,
    TLS_BAD_MAC,  /**< wrong key, wrong sequence number, or damaged bytes */
    TLS_BAD_SHAPE /**< too short or too long for this protection */
};

/** A record's content. */
struct tls_plain {
    uint8_t type; /**< content type; of TLS 1.3 the inner one */
    const uint8_t *p;
    size_t n;
};

/** An opener, or NULL if the suite's cipher is TLS_CIPHER_OTHER or GnuTLS does not have it. `keys` are copied and may
 * be wiped. `encrypt_then_mac` counts for CBC suites. The caller frees it with tls_opener_free(). */
struct tls_opener *tls_opener_new(uint16_t version, const struct tls_suite *suite, const struct tls_keys *keys,
                                  bool encrypt_then_mac);

/** Opens one record: `p`, `n` its fragment, `sequence` its number in this direction and epoch, `type` and `version` as
 * in its header. `room` (n bytes at least, may be `p` itself where the record may be overwritten) takes the content, to
 * which `out` points. On failure nothing of the content is told, and whatever `room` held is undefined.
 *
 * A record can be tried again with another sequence number if `room` is not `p`: ciphers without a state of their own
 * (all AEAD, CBC from TLS 1.1 on) leave the opener as it was. RC4 and CBC of TLS 1.0 go on with the stream, also if the
 * record fails: then the next one can still be opened. */
enum tls_open tls_opener_open(struct tls_opener *opener, uint64_t sequence, uint8_t type, uint16_t version,
                              const uint8_t *p, size_t n, uint8_t *room, struct tls_plain *out);

/** Whether opening depends on the records before (RC4, CBC of TLS 1.0): no search for the sequence number is possible
 * by trying the same record again. */
bool tls_opener_chained(const struct tls_opener *opener);

/** Whether it is a chained one whose key stream goes on with every attempt: RC4. */
bool tls_opener_streams(const struct tls_opener *opener);

/** Whether a record does not open with a wrong IV: the MAC covers what it changes. */
bool tls_opener_covers_iv(const struct tls_opener *opener);

/** How many bytes a record is longer than its content, header included, where that is always the same; 0: padding
 * makes it vary. TLS 1.3 may pad too: this is without. */
size_t tls_opener_overhead(const struct tls_opener *opener);

/** Passes over a record of a chained cipher that is not given to tls_opener_open(). CBC needs the last bytes of its
 * fragment (a block, and with encrypt_then_mac the MAC, at least), RC4 the length of all of it and no bytes: `p` may be
 * NULL then. Other ciphers need not be told. */
void tls_opener_skip(struct tls_opener *opener, const uint8_t *p, size_t n);

/** Wipes the keys and frees. NULL is allowed. */
void tls_opener_free(struct tls_opener *opener);

#endif
