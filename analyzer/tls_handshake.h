/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handshake messages of TLS 1.0 to 1.3, read from beside (RFC 5246 section 7.4, RFC 8446 section 4; extensions: RFC
 * 6066, 7301, 7627, 7366, 8446). Messages are put together from the fragments of handshake records:
 *
 *     type (1) · length (3) · body (length)
 *
 * Everything points into the bytes given. */
#ifndef ANALYZER_TLS_HANDSHAKE_H
#define ANALYZER_TLS_HANDSHAKE_H

#include "analyzer/bytes.h"

/** Types of handshake messages. */
enum tls_message_type {
    TLS_HELLO_REQUEST = 0,
    TLS_CLIENT_HELLO = 1,
    TLS_SERVER_HELLO = 2,
    TLS_NEW_SESSION_TICKET = 4,
    TLS_END_OF_EARLY_DATA = 5,
    TLS_ENCRYPTED_EXTENSIONS = 8,
    TLS_CERTIFICATE = 11,
    TLS_SERVER_KEY_EXCHANGE = 12,
    TLS_SERVER_HELLO_DONE = 14,
    TLS_CLIENT_KEY_EXCHANGE = 16,
    TLS_FINISHED = 20,
    TLS_KEY_UPDATE = 24
};

/** A message. */
struct tls_message {
    uint8_t type;
    struct bytes body;
    const uint8_t *whole; /**< header and body, as they go into the transcript */
    size_t n_whole;
};

/** Messages under way in one direction. All zero is a new one. */
struct tls_messages {
    uint8_t *kept;
    size_t have, room;
    size_t taken; /* bytes of `kept` handed out */
};

/** Longest message that is put together: a chain of certificates fits. */
enum { TLS_MESSAGE_MAX = 256 * 1024 };

/** Adds the fragment of a handshake record. False if a message would be longer than TLS_MESSAGE_MAX: then all is
 * dropped. */
bool tls_messages_push(struct tls_messages *m, const uint8_t *p, size_t n);

/** The next whole message, valid until the next push. False when there is none. */
bool tls_messages_next(struct tls_messages *m, struct tls_message *message);

/** Forgets a message under way: bytes of it were lost. */
void tls_messages_reset(struct tls_messages *m);

/** Gives back memory. */
void tls_messages_clear(struct tls_messages *m);

/** ClientHello. */
struct tls_client_hello {
    uint16_t legacy_version;
    uint16_t version;      /**< highest that it offers, GREASE aside */
    const uint8_t *random; /**< 32 bytes */
    struct bytes session_id;
    struct bytes suites; /**< two bytes each */
    struct bytes ticket; /**< of TLS 1.2: `p` NULL without the extension, empty where a new one is asked for */
    struct bytes sni;    /**< host name */
    struct bytes alpn;   /**< list of vectors of one byte's length */
    bool pre_shared_key, early_data;
    bool has_extensions;
};

/** ServerHello. */
struct tls_server_hello {
    uint16_t version; /**< agreed upon */
    const uint8_t *random;
    struct bytes session_id;
    uint16_t suite;
    uint8_t compression;
    uint16_t group; /**< TLS 1.3; 0 none */
    struct bytes alpn;
    bool retry; /**< a HelloRetryRequest (RFC 8446 section 4.1.3) */
    bool extended_master_secret, encrypt_then_mac, pre_shared_key;
};

/** EncryptedExtensions. */
struct tls_extensions {
    struct bytes alpn;
    bool early_data; /**< the server takes the early data */
};

/** Each returns false if the body is not of its layout: what was read before stays. */
bool tls_parse_client_hello(struct bytes body, struct tls_client_hello *out);
bool tls_parse_server_hello(struct bytes body, struct tls_server_hello *out);
bool tls_parse_encrypted_extensions(struct bytes body, struct tls_extensions *out);

/** The first certificate (DER) of a Certificate message; empty when the list is. `version` tells the layout. */
bool tls_parse_certificate(struct bytes body, uint16_t version, struct bytes *der);

/** The named group of an ECDHE ServerKeyExchange (RFC 8422 section 5.4); 0 if it names none. */
uint16_t tls_parse_key_exchange_group(struct bytes body);

/** The encrypted premaster secret of an RSA ClientKeyExchange (RFC 5246 section 7.4.7.1). */
bool tls_parse_rsa_key_exchange(struct bytes body, struct bytes *encrypted);

/** The ticket of a NewSessionTicket of TLS 1.2 (RFC 5077 section 3.3). */
bool tls_parse_ticket(struct bytes body, struct bytes *ticket);

/** The first name in an ALPN list, or an empty one. */
struct bytes tls_first_alpn(struct bytes list);

#endif
