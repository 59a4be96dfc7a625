/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TLS of one connection, read from beside: ordered bytes of both directions in, what they protect out, as far as
 * secrets are given. What stands in clear is read in any case.
 *
 * After a loss the stage goes on at the next record whose place and sequence number are found by trying: within bounds.
 */
#ifndef ANALYZER_TLS_H
#define ANALYZER_TLS_H

#include "analyzer/limits.h"
#include "analyzer/tls_agreement.h"
#include "mywire/packet.h"

/** Directions: 0 from the TLS client, 1 from the server. */
enum { TLS_CLIENT = 0, TLS_SERVER = 1 };

/** Where application data goes. The functions must not call back into the stage. */
struct tls_sink {
    /** `n` > 0 bytes in order; `p` is valid during the call. `stamp` is of the bytes that ended the record. */
    void (*data)(void *user, int dir, const uint8_t *p, size_t n, struct mw_stamp stamp);
    /** `n` bytes are missing here; UINT64_MAX: nobody knows how many. */
    void (*gap)(void *user, int dir, uint64_t n, struct mw_stamp stamp);
};

/** What the TLS connections of a worker share. The pointers outlive the connections. */
struct tls_env {
    struct tls_sink sink;
    struct tls_keyring keyring;
    const struct limits *limits;
    struct limit_hits *hits;
    uint8_t *room; /**< TLS_FRAGMENT_MAX bytes for the record under way */
};

/** How much of the protected records was opened. */
enum tls_opened { TLS_OPENED_NONE, TLS_OPENED_PARTIAL, TLS_OPENED_FULL };

/** Whether the connection took up an earlier session. */
enum tls_resumption { TLS_RESUMED_UNKNOWN, TLS_RESUMED_NO, TLS_RESUMED_YES };

/** What is known of the connection. Texts are bytes as on the wire; NULL unknown. */
struct tls_facts {
    uint16_t version; /**< 0 unknown */
    uint16_t suite;
    bool suite_known; /**< any number is a suite */
    uint16_t group;   /**< 0 unknown or none */
    enum tls_resumption resumed;
    GByteArray *sni, *alpn, *certificate;
    int alert;           /**< of the one that ended it, -1 none: RFC 8446 section 6 */
    int64_t finished_ns; /**< when both sides had finished the handshake; 0 not seen */
};

struct tls;

/** A new connection; `user` is handed to the sink. */
struct tls *tls_new(struct tls_env *env, void *user);

/** `n` bytes of direction `dir`, in order. */
void tls_push(struct tls *t, int dir, const uint8_t *p, size_t n, struct mw_stamp stamp);

/** `n` bytes are missing; `snaplen`: the recorder cut them off. */
void tls_gap(struct tls *t, int dir, uint64_t n, bool snaplen, struct mw_stamp stamp);

/** Nothing comes any more in direction `dir`: tells the sink of what is still missing there. */
void tls_end(struct tls *t, int dir);

const struct tls_facts *tls_facts(const struct tls *t);
enum tls_opened tls_opened(const struct tls *t);

/** Why not all was opened; NONE if all was. */
enum tls_reason tls_why(const struct tls *t);

/** The sentence of a reason. */
const char *tls_reason_sentence(enum tls_reason reason);

/** Bytes that wait in it for more. */
size_t tls_held(const struct tls *t);

/** Whether no application data can come any more: a reason is known for both directions. */
bool tls_is_closed(const struct tls *t);

/** Wipes and frees. NULL is allowed. */
void tls_free(struct tls *t);

#endif
