/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tls_agreement.h"

#include <string.h>

/* Longest transcript that is kept: the certificates of both sides fit. */
enum { TRANSCRIPT_MAX = 512 * 1024 };

static void drop(GByteArray **bytes)
{
    if (*bytes)
        g_byte_array_unref(*bytes);
    *bytes = NULL;
}

static void set(GByteArray **bytes, struct bytes from)
{
    drop(bytes);
    if (!from.n)
        return;
    *bytes = g_byte_array_sized_new((guint)from.n);
    g_byte_array_append(*bytes, from.p, (guint)from.n);
}

void tls_agreement_clear(struct tls_agreement *a)
{
    tls_agreement_settle(a);
    *a = (struct tls_agreement){0};
}

static void on_client_hello(struct tls_agreement *a, struct bytes body)
{
    struct tls_client_hello hello;
    /* A second one after a HelloRetryRequest goes on with the first's handshake; in renegotiation another handshake
     * begins. Nothing that is remembered of the first is missing in the second. */
    tls_agreement_clear(a);
    if (!tls_parse_client_hello(body, &hello) && !hello.random) {
        a->incomplete = true;
        return;
    }
    a->client_hello = true;
    a->offered_version = hello.legacy_version;
    memcpy(a->client_random, hello.random, TLS_RANDOM_BYTES);
    set(&a->ticket_used, hello.ticket);
    size_t n = 0;
    while (hello.suites.n >= 2 && n < TLS_OFFERED_MAX) {
        const struct tls_suite *suite = tls_suite_find((uint16_t)bytes_uint(&hello.suites, 2));
        if (suite && suite->kx == TLS_KX_13 && suite->cipher != TLS_CIPHER_OTHER)
            a->offered[n++] = suite;
    }
}

static void on_server_hello(struct tls_agreement *a, struct bytes body)
{
    struct tls_server_hello hello;
    if (!tls_parse_server_hello(body, &hello) && !hello.random) {
        a->incomplete = true;
        return;
    }
    if (hello.retry)
        return;
    a->server_hello = true;
    a->version = hello.version;
    a->suite_id = hello.suite;
    a->suite = tls_suite_find(hello.suite);
    a->extended_master_secret = hello.extended_master_secret;
    a->encrypt_then_mac = hello.encrypt_then_mac;
    a->compressed = hello.compression != 0;
    memcpy(a->server_random, hello.random, TLS_RANDOM_BYTES);
    set(&a->session_id, hello.session_id);
}

void tls_agreement_message(struct tls_agreement *a, int dir, const struct tls_message *message, bool keep)
{
    struct bytes part = {0};
    switch (message->type) {
    case TLS_CLIENT_HELLO:
        if (dir == 0)
            on_client_hello(a, message->body);
        break;
    case TLS_SERVER_HELLO:
        if (dir == 1)
            on_server_hello(a, message->body);
        break;
    case TLS_CERTIFICATE:
        if (dir == 1 && tls_parse_certificate(message->body, a->version, &part))
            set(&a->certificate, part);
        break;
    case TLS_SERVER_HELLO_DONE: a->hello_done = true; break;
    case TLS_CLIENT_KEY_EXCHANGE:
        if (dir == 0)
            set(&a->exchange, message->body);
        break;
    case TLS_NEW_SESSION_TICKET:
        if (dir == 1 && a->version < TLS_1_3 && tls_parse_ticket(message->body, &part))
            set(&a->ticket_new, part);
        break;
    default: break;
    }
    /* The transcript that counts ends with ClientKeyExchange (RFC 7627 section 3), and HelloRequest is in none. */
    bool after = a->settled || (a->exchange && message->type != TLS_CLIENT_KEY_EXCHANGE);
    if (!keep || after || message->type == TLS_HELLO_REQUEST || a->version >= TLS_1_3)
        return;
    if (!a->transcript)
        a->transcript = g_byte_array_new();
    if (a->transcript->len + message->n_whole > TRANSCRIPT_MAX)
        a->incomplete = true;
    else
        g_byte_array_append(a->transcript, message->whole, (guint)message->n_whole);
}

bool tls_agreement_resumed(const struct tls_agreement *a)
{
    return a->server_hello && !a->hello_done && !a->incomplete;
}

/* -- TLS 1.0 to 1.2 ------------------------------------------------------------------------------------------------ */

/* Why a hello was not seen. */
static enum tls_reason why_no_hello(const struct tls_agreement *a)
{
    bool begun = a->client_hello || a->server_hello || a->incomplete;
    return a->snaplen ? TLS_REASON_SNAPLEN : begun ? TLS_REASON_HANDSHAKE_LOST : TLS_REASON_MIDSTREAM;
}

/* What is missing where no secret was found. */
static enum tls_reason why_no_master(const struct tls_agreement *a, const struct tls_secrets *s)
{
    if (!s || (tls_secrets_count(s) == 0 && tls_secrets_keys(s) == 0))
        return TLS_REASON_NO_KEYS;
    if (tls_secrets_keys(s) == 0)
        return TLS_REASON_NO_KEY_FOR_RANDOM;
    if (a->suite->kx != TLS_KX_RSA)
        return tls_secrets_count(s) == 0 ? TLS_REASON_FORWARD_SECRECY : TLS_REASON_NO_KEY_FOR_RANDOM;
    if (a->incomplete)
        return a->snaplen ? TLS_REASON_SNAPLEN : TLS_REASON_HANDSHAKE_LOST;
    return tls_agreement_resumed(a) ? TLS_REASON_RESUMED_UNSEEN : TLS_REASON_WRONG_RSA_KEY;
}

static bool master_from_premaster(const struct tls_agreement *a, const uint8_t *premaster, size_t n_premaster,
                                  uint8_t *master)
{
    uint8_t hash[TLS_SECRET_BYTES_MAX];
    if (!a->extended_master_secret)
        return tls_master_secret(a->version, a->suite, premaster, n_premaster, a->client_random, a->server_random,
                                 master);
    if (!a->transcript || a->incomplete)
        return false;
    size_t n = tls_transcript_hash(a->version, a->suite, a->transcript->data, a->transcript->len, hash);
    return n && tls_extended_master_secret(a->version, a->suite, premaster, n_premaster, hash, n, master);
}

/* By an RSA key, from the ClientKeyExchange. */
static bool master_from_exchange(const struct tls_agreement *a, const struct tls_secrets *s, uint8_t *master)
{
    struct bytes encrypted;
    if (!a->exchange || a->suite->kx != TLS_KX_RSA ||
        !tls_parse_rsa_key_exchange((struct bytes){a->exchange->data, a->exchange->len, false}, &encrypted))
        return false;
    uint8_t premaster[TLS_MASTER_BYTES];
    bool ok = tls_secrets_premaster(s, encrypted.p, encrypted.n, a->certificate ? a->certificate->data : NULL,
                                    a->certificate ? a->certificate->len : 0, a->offered_version, premaster) &&
              master_from_premaster(a, premaster, sizeof premaster, master);
    explicit_bzero(premaster, sizeof premaster);
    return ok;
}

static const uint8_t *master_of_session(const struct tls_agreement *a, struct tls_keyring *ring)
{
    const uint8_t *master = NULL;
    if (a->ticket_used)
        master = tls_sessions_find(ring->sessions, a->ticket_used->data, a->ticket_used->len);
    if (!master && a->session_id)
        master = tls_sessions_find(ring->sessions, a->session_id->data, a->session_id->len);
    return master;
}

static bool find_master(const struct tls_agreement *a, struct tls_keyring *ring, uint8_t *master)
{
    size_t n = TLS_MASTER_BYTES;
    const uint8_t *known = tls_secrets_find(ring->secrets, TLS_LABEL_MASTER, a->client_random, &n);
    if (!known && a->session_id)
        known = tls_secrets_find_session(ring->secrets, a->session_id->data, a->session_id->len);
    if (!known && tls_agreement_resumed(a))
        known = master_of_session(a, ring);
    if (known) {
        memcpy(master, known, TLS_MASTER_BYTES);
        return true;
    }
    const uint8_t *premaster = tls_secrets_find(ring->secrets, TLS_LABEL_PREMASTER, a->client_random, &n);
    if (premaster)
        return master_from_premaster(a, premaster, n, master);
    return master_from_exchange(a, ring->secrets, master);
}

enum tls_reason tls_agreement_master(const struct tls_agreement *a, struct tls_keyring *ring, uint8_t *master)
{
    if (!a->client_hello || !a->server_hello)
        return why_no_hello(a);
    if (a->version < TLS_1_0 || a->version > TLS_1_2)
        return TLS_REASON_VERSION;
    if (!a->suite || !tls_suite_opens(a->suite, a->version))
        return TLS_REASON_SUITE;
    if (a->compressed)
        return TLS_REASON_COMPRESSION;
    if (ring->secrets && (find_master(a, ring, master) || (tls_keyring_ask(ring) && find_master(a, ring, master))))
        return TLS_REASON_NONE;
    explicit_bzero(master, TLS_MASTER_BYTES);
    return why_no_master(a, ring->secrets);
}

enum tls_reason tls_agreement_keys(const struct tls_agreement *a, const uint8_t *master, struct tls_keys keys[2])
{
    return tls_key_block(a->version, a->suite, master, a->client_random, a->server_random, keys) ? TLS_REASON_NONE
                                                                                                 : TLS_REASON_SUITE;
}

void tls_agreement_remember(const struct tls_agreement *a, struct tls_keyring *ring, const uint8_t *master)
{
    if (a->session_id)
        tls_sessions_put(ring->sessions, a->session_id->data, a->session_id->len, master);
    if (a->ticket_new)
        tls_sessions_put(ring->sessions, a->ticket_new->data, a->ticket_new->len, master);
}

void tls_agreement_settle(struct tls_agreement *a)
{
    drop(&a->session_id);
    drop(&a->ticket_used);
    drop(&a->ticket_new);
    drop(&a->certificate);
    drop(&a->exchange);
    drop(&a->transcript);
    a->settled = true;
}

/* -- TLS 1.3 ------------------------------------------------------------------------------------------------------- */

const uint8_t *tls_agreement_secret(const struct tls_agreement *a, struct tls_keyring *ring, enum tls_label label,
                                    size_t *n, enum tls_reason *reason)
{
    const struct tls_secrets *s = ring->secrets;
    if (!a->client_hello) {
        *reason = why_no_hello(a);
        return NULL;
    }
    const uint8_t *secret = s ? tls_secrets_find(s, label, a->client_random, n) : NULL;
    if (s && !secret && tls_keyring_ask(ring))
        secret = tls_secrets_find(s, label, a->client_random, n);
    if (secret)
        return secret;
    if (!s || (tls_secrets_count(s) == 0 && tls_secrets_keys(s) == 0))
        *reason = TLS_REASON_NO_KEYS;
    else if (tls_secrets_know(s, a->client_random))
        *reason = TLS_REASON_NO_TRAFFIC_SECRET;
    else if (tls_secrets_count(s) == 0)
        *reason = TLS_REASON_FORWARD_SECRECY;
    else
        *reason = TLS_REASON_NO_KEY_FOR_RANDOM;
    return NULL;
}
