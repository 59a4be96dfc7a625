/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pieces of a TLS connection: two bytes say the direction (0x8000), whether the bytes are missing (0x4000) and how many
 * they are; then they follow, if they are not. The keys are those of the recorded sessions, which are the seeds. What
 * comes out of TLS 1.3 was said there: nobody can make up a record without the keys. */
#include "analyzer/tls.h"
#include "analyzer/tls_record.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

static const char keys[] =
#define TRACE(name, version, suite, resumed, keys, bytes, client, server) keys
#include "tests/unit/tls_traces.def"
#undef TRACE
    ;

/* What was said. */
static const char *const said[] = {
#define TRACE(name, version, suite, resumed, keys, bytes, client, server) client, server,
#include "tests/unit/tls_traces.def"
#undef TRACE
};

struct heard {
    const struct tls *tls;
    uint64_t bytes;
};

static void on_data(void *user, int dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    struct heard *h = user;
    /* With another suite in the ServerHello the MAC of earlier versions can fit where the cipher does not. */
    bool known = tls_facts(h->tls)->version != TLS_1_3;
    (void)stamp;
    REQUIRE(n > 0 && (dir == 0 || dir == 1));
    for (size_t i = 0; i < sizeof said / sizeof *said && !known; i++)
        for (const char *at = said[i]; *at && !known; at++)
            known = strncmp(at, (const char *)p, n) == 0;
    REQUIRE(known);
    h->bytes += n;
}

static void on_gap(void *user, int dir, uint64_t n, struct mw_stamp stamp)
{
    (void)user;
    (void)stamp;
    REQUIRE(n > 0 && (dir == 0 || dir == 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct limits limits = limits_default();
    struct limit_hits hits = {0};
    struct tls_secrets *secrets = tls_secrets_new(1000);
    tls_secrets_add_keylog(secrets, keys, strlen(keys), "", NULL, NULL);
    limits.tls_lost_records = 16; /* so that inputs stay quick */
    limits.tls_trials = 256;
    struct tls_env env = {
        .sink = {on_data, on_gap}, .limits = &limits, .hits = &hits, .room = malloc(TLS_FRAGMENT_MAX)};
    tls_keyring_init(&env.keyring, secrets, &limits, &hits);
    struct heard heard = {0};
    struct tls *tls = tls_new(&env, &heard);
    heard.tls = tls;
    for (size_t at = 0; size - at >= 2;) {
        unsigned head = (unsigned)data[at] << 8 | data[at + 1];
        size_t n = head & 0x3fff;
        at += 2;
        struct mw_stamp stamp = {(int64_t)at, at};
        if (head & 0x4000) {
            if (n)
                tls_gap(tls, head >> 15, n, n % 2, stamp);
            continue;
        }
        n = n < size - at ? n : size - at;
        uint8_t *copy = malloc(n ? n : 1); /* of its own, so that a sanitizer sees a read beyond it */
        memcpy(copy, data + at, n);
        if (n)
            tls_push(tls, head >> 15, copy, n, stamp);
        free(copy);
        at += n;
        REQUIRE(heard.bytes <= at);
    }
    tls_end(tls, TLS_CLIENT);
    tls_end(tls, TLS_SERVER);
    REQUIRE((tls_opened(tls) == TLS_OPENED_FULL) == (tls_why(tls) == TLS_REASON_NONE));
    REQUIRE(tls_reason_sentence(tls_why(tls)));
    REQUIRE(heard.bytes == 0 || tls_opened(tls) != TLS_OPENED_NONE);
    tls_free(tls);
    tls_keyring_clear(&env.keyring);
    tls_secrets_free(secrets);
    free(env.room);
    return 0;
}
