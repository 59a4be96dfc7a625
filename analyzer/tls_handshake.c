/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tls_handshake.h"

#include <glib.h>
#include <string.h>

#include "analyzer/tls_suites.h"

enum { MESSAGE_HEADER = 4, RANDOM = 32 };

/* -- messages ------------------------------------------------------------------------------------------------------ */

bool tls_messages_push(struct tls_messages *m, const uint8_t *p, size_t n)
{
    if (m->taken) {
        memmove(m->kept, m->kept + m->taken, m->have - m->taken);
        m->have -= m->taken;
        m->taken = 0;
    }
    if (m->have + n > MESSAGE_HEADER + TLS_MESSAGE_MAX) {
        tls_messages_clear(m);
        return false;
    }
    if (m->have + n > m->room) {
        m->room = MAX(m->have + n, 2 * m->room);
        m->kept = g_realloc(m->kept, m->room);
    }
    if (n)
        memcpy(m->kept + m->have, p, n);
    m->have += n;
    return true;
}

bool tls_messages_next(struct tls_messages *m, struct tls_message *message)
{
    struct bytes rest = {m->kept + m->taken, m->have - m->taken, false};
    if (rest.n < MESSAGE_HEADER)
        return false;
    *message = (struct tls_message){.type = (uint8_t)bytes_uint(&rest, 1), .whole = m->kept + m->taken};
    message->body = bytes_vector(&rest, 3);
    if (rest.bad)
        return false;
    message->n_whole = MESSAGE_HEADER + message->body.n;
    m->taken += message->n_whole;
    return true;
}

void tls_messages_reset(struct tls_messages *m)
{
    m->have = m->taken = 0;
}

void tls_messages_clear(struct tls_messages *m)
{
    g_free(m->kept);
    *m = (struct tls_messages){0};
}

/* -- extensions ---------------------------------------------------------------------------------------------------- */

/* Numbers of the extensions that are read (IANA's TLS ExtensionType Values). */
enum {
    EXT_SERVER_NAME = 0,
    EXT_ALPN = 16,
    EXT_ENCRYPT_THEN_MAC = 22,
    EXT_EXTENDED_MASTER_SECRET = 23,
    EXT_SESSION_TICKET = 35,
    EXT_PRE_SHARED_KEY = 41,
    EXT_EARLY_DATA = 42,
    EXT_SUPPORTED_VERSIONS = 43,
    EXT_KEY_SHARE = 51
};

/* Takes the next extension off the list. */
static bool next_extension(struct bytes *list, uint16_t *type, struct bytes *data)
{
    if (list->n == 0)
        return false;
    *type = (uint16_t)bytes_uint(list, 2);
    *data = bytes_vector(list, 2);
    return !list->bad;
}

/* The first host name: list (2) of · type (1) = 0 · name (2). */
static struct bytes host_name(struct bytes data)
{
    struct bytes list = bytes_vector(&data, 2);
    while (list.n) {
        uint32_t type = bytes_uint(&list, 1);
        struct bytes name = bytes_vector(&list, 2);
        if (type == 0 && !list.bad)
            return name;
    }
    return (struct bytes){0};
}

/* Highest version of supported_versions: list (1) of versions. GREASE values (RFC 8701) are above all versions of TLS.
 */
static uint16_t highest_version(struct bytes data, uint16_t otherwise)
{
    struct bytes list = bytes_vector(&data, 1);
    uint16_t highest = 0;
    while (list.n >= 2) {
        uint16_t version = (uint16_t)bytes_uint(&list, 2);
        if (version <= TLS_1_3 && version > highest)
            highest = version;
    }
    return highest ? highest : otherwise;
}

struct bytes tls_first_alpn(struct bytes list)
{
    return bytes_vector(&list, 1);
}

/* -- bodies -------------------------------------------------------------------------------------------------------- */

/* legacy_version (2) · random (32) · session_id (1) · cipher_suites (2) · compression_methods (1) · extensions (2), may
 * be missing */
bool tls_parse_client_hello(struct bytes body, struct tls_client_hello *out)
{
    *out = (struct tls_client_hello){0};
    out->legacy_version = out->version = (uint16_t)bytes_uint(&body, 2);
    out->random = bytes_take(&body, RANDOM);
    out->session_id = bytes_vector(&body, 1);
    out->suites = bytes_vector(&body, 2);
    bytes_vector(&body, 1);
    if (body.bad)
        return false;
    if (body.n == 0)
        return true;
    out->has_extensions = true;
    struct bytes list = bytes_vector(&body, 2), data;
    uint16_t type;
    while (next_extension(&list, &type, &data))
        switch (type) {
        case EXT_SERVER_NAME: out->sni = host_name(data); break;
        case EXT_ALPN: out->alpn = bytes_vector(&data, 2); break;
        case EXT_SESSION_TICKET: out->ticket = data; break;
        case EXT_PRE_SHARED_KEY: out->pre_shared_key = true; break;
        case EXT_EARLY_DATA: out->early_data = true; break;
        case EXT_SUPPORTED_VERSIONS: out->version = highest_version(data, out->legacy_version); break;
        default: break;
        }
    return !body.bad && !list.bad;
}

/* SHA-256 of "HelloRetryRequest": the random of a ServerHello that is one. */
static const uint8_t retry_random[RANDOM] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
                                             0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
                                             0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/* legacy_version (2) · random (32) · session_id (1) · cipher_suite (2) · compression_method (1) · extensions (2), may
 * be missing */
bool tls_parse_server_hello(struct bytes body, struct tls_server_hello *out)
{
    *out = (struct tls_server_hello){0};
    out->version = (uint16_t)bytes_uint(&body, 2);
    out->random = bytes_take(&body, RANDOM);
    out->session_id = bytes_vector(&body, 1);
    out->suite = (uint16_t)bytes_uint(&body, 2);
    out->compression = (uint8_t)bytes_uint(&body, 1);
    if (body.bad)
        return false;
    out->retry = memcmp(out->random, retry_random, RANDOM) == 0;
    if (body.n == 0)
        return true;
    struct bytes list = bytes_vector(&body, 2), data;
    uint16_t type;
    while (next_extension(&list, &type, &data))
        switch (type) {
        case EXT_SUPPORTED_VERSIONS: out->version = (uint16_t)bytes_uint(&data, 2); break;
        case EXT_KEY_SHARE: out->group = (uint16_t)bytes_uint(&data, 2); break;
        case EXT_PRE_SHARED_KEY: out->pre_shared_key = true; break;
        case EXT_EXTENDED_MASTER_SECRET: out->extended_master_secret = true; break;
        case EXT_ENCRYPT_THEN_MAC: out->encrypt_then_mac = true; break;
        case EXT_ALPN: out->alpn = bytes_vector(&data, 2); break;
        default: break;
        }
    return !body.bad && !list.bad;
}

bool tls_parse_encrypted_extensions(struct bytes body, struct tls_extensions *out)
{
    *out = (struct tls_extensions){0};
    struct bytes list = bytes_vector(&body, 2), data;
    uint16_t type;
    while (next_extension(&list, &type, &data))
        switch (type) {
        case EXT_ALPN: out->alpn = bytes_vector(&data, 2); break;
        case EXT_EARLY_DATA: out->early_data = true; break;
        default: break;
        }
    return !body.bad && !list.bad;
}

/* TLS 1.3: request context (1) · list (3) of · certificate (3) · extensions (2). Before: list (3) of certificate (3).
 */
bool tls_parse_certificate(struct bytes body, uint16_t version, struct bytes *der)
{
    *der = (struct bytes){0};
    if (version >= TLS_1_3)
        bytes_vector(&body, 1);
    struct bytes list = bytes_vector(&body, 3);
    if (list.n)
        *der = bytes_vector(&list, 3);
    return !body.bad && !list.bad;
}

/* curve type (1) = 3, named · group (2) · … */
uint16_t tls_parse_key_exchange_group(struct bytes body)
{
    enum { NAMED_CURVE = 3 };
    return bytes_uint(&body, 1) == NAMED_CURVE ? (uint16_t)bytes_uint(&body, 2) : 0;
}

bool tls_parse_rsa_key_exchange(struct bytes body, struct bytes *encrypted)
{
    *encrypted = bytes_vector(&body, 2);
    return !body.bad && body.n == 0;
}

/* lifetime hint (4) · ticket (2) */
bool tls_parse_ticket(struct bytes body, struct bytes *ticket)
{
    bytes_uint(&body, 4);
    *ticket = bytes_vector(&body, 2);
    return !body.bad;
}
