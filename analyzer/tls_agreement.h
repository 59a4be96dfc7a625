/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both sides of a TLS connection agree upon in a handshake, as far as its keys depend on it; and those keys, from
 * whatever secrets there are. */
#ifndef ANALYZER_TLS_AGREEMENT_H
#define ANALYZER_TLS_AGREEMENT_H

#include <glib.h>

#include "analyzer/tls_handshake.h"
#include "analyzer/tls_keyring.h"
#include "analyzer/tls_schedule.h"

/** Why something stays closed. */
enum tls_reason {
#define TLS_REASON(id, sentence) TLS_REASON_##id,
#include "analyzer/tls_reasons.def"
#undef TLS_REASON
    TLS_REASONS
};

/** Suites of TLS 1.3 that are remembered of an offer: there are five that can be opened. */
enum { TLS_OFFERED_MAX = 5 };

/** One handshake. All zero is a new one; tls_agreement_clear() before it is given up. */
struct tls_agreement {
    bool client_hello, server_hello;
    uint16_t offered_version; /**< in the ClientHello's head; an RSA premaster secret begins with it */
    uint16_t version;         /**< agreed; 0 before the ServerHello */
    uint16_t suite_id;
    const struct tls_suite *suite; /**< NULL when no list has it */
    const struct tls_suite
        *offered[TLS_OFFERED_MAX]; /**< suites of TLS 1.3 that can be opened, in the client's order */
    uint8_t client_random[TLS_RANDOM_BYTES], server_random[TLS_RANDOM_BYTES];
    bool extended_master_secret, encrypt_then_mac, compressed;
    bool settled;            /**< both sides have changed keys: what follows is of no handshake, until a ClientHello */
    bool hello_done;         /**< the server sent ServerHelloDone: not resumed */
    bool incomplete;         /**< bytes of it are missing */
    bool snaplen;            /**< … cut off by the recorder */
    GByteArray *session_id;  /**< the server's; NULL none */
    GByteArray *ticket_used; /**< the client's, NULL none */
    GByteArray *ticket_new;  /**< the server's, NULL none */
    GByteArray *certificate; /**< of the server, DER; NULL not seen */
    GByteArray *exchange;    /**< body of the ClientKeyExchange */
    GByteArray *transcript;  /**< messages up to and including ClientKeyExchange; NULL when none can be needed */
};

/** Takes a message of direction `dir` (0 client, 1 server), in the order in which they were sent. `keep`: an RSA key
 * may have to open it, so the transcript is kept. */
void tls_agreement_message(struct tls_agreement *a, int dir, const struct tls_message *message, bool keep);

/** Whether the server took up an earlier session. Known of TLS 1.2 and before once the server changes keys. */
bool tls_agreement_resumed(const struct tls_agreement *a);

/** The master secret, TLS 1.0 to 1.2: to be asked for when the first side changes keys. It takes TLS_MASTER_BYTES,
 * which the caller wipes. */
enum tls_reason tls_agreement_master(const struct tls_agreement *a, struct tls_keyring *ring, uint8_t *master);

/** The keys of both directions, which the caller wipes. */
enum tls_reason tls_agreement_keys(const struct tls_agreement *a, const uint8_t *master, struct tls_keys keys[2]);

/** Remembers the master secret for connections that resume this session. A ticket comes after the client has changed
 * keys, so this is for when the server does. */
void tls_agreement_remember(const struct tls_agreement *a, struct tls_keyring *ring, const uint8_t *master);

/** Both sides have changed keys: gives back what only they depended on. */
void tls_agreement_settle(struct tls_agreement *a);

/** Secret of TLS 1.3 by label; NULL with the reason where it is not known. It belongs to the keyring. */
const uint8_t *tls_agreement_secret(const struct tls_agreement *a, struct tls_keyring *ring, enum tls_label label,
                                    size_t *n, enum tls_reason *reason);

/** Gives back memory and begins anew. */
void tls_agreement_clear(struct tls_agreement *a);

#endif
