/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first byte says in what pieces a key log is read; the rest is its text. However it is cut, the same lines are
 * good, and what was read is found again. */
#include "analyzer/tls_secrets.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

/* What a reading told: sums, so that two can be compared. */
struct told {
    const struct tls_secrets *secrets; /* NULL: does not know them yet */
    uint64_t entries, complaints, sum;
};

static void take_entry(void *user, const struct tls_keylog_entry *e)
{
    struct told *told = user;
    REQUIRE(e->n_key > 0 && e->n_key <= TLS_KEYLOG_KEY_MAX && e->n > 0 && e->n <= TLS_KEYLOG_LINE_MAX / 2);
    told->entries++;
    for (size_t i = 0; i < e->n_key; i++)
        told->sum = told->sum * 31 + e->key[i];
    for (size_t i = 0; i < e->n; i++)
        told->sum = told->sum * 31 + e->secret[i];
    if (!told->secrets)
        return;
    size_t n;
    uint8_t premaster[48];
    switch (e->kind) {
    case TLS_KEYLOG_LABEL:
        REQUIRE(e->n_key == 32 && e->label < TLS_LABELS);
        if (tls_secrets_find(told->secrets, e->label, e->key, &n))
            REQUIRE(n > 0 && tls_secrets_know(told->secrets, e->key));
        else
            REQUIRE(e->label > TLS_LABEL_SERVER_TRAFFIC);
        return;
    case TLS_KEYLOG_RSA:
        REQUIRE(e->n_key == 8 && e->n == 48);
        REQUIRE(tls_secrets_premaster(told->secrets, e->key, e->n_key, NULL, 0, 0x0303, premaster));
        return;
    case TLS_KEYLOG_SESSION: REQUIRE(tls_secrets_find_session(told->secrets, e->key, e->n_key)); return;
    }
    abort();
}

static void take_complaint(void *user, unsigned line, const char *why)
{
    struct told *told = user;
    told->complaints++;
    told->sum = told->sum * 31 + line;
    REQUIRE(why && *why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *text = (const char *)data + 1;
    size_t n = size - 1, step = data[0] + 1u;

    struct tls_secrets *secrets = tls_secrets_new(100000);
    size_t new = tls_secrets_add_keylog(secrets, text, n, "", NULL, NULL);
    REQUIRE(new == tls_secrets_count(secrets) && tls_secrets_dropped(secrets) == 0);
    REQUIRE(tls_secrets_add_keylog(secrets, text, n, "", NULL, NULL) == 0);

    struct told whole = {.secrets = secrets}, pieces = {0};
    struct tls_keylog_sink whole_sink = {&whole, take_entry, take_complaint};
    struct tls_keylog_sink pieces_sink = {&pieces, take_entry, take_complaint};
    struct tls_keylog *keylog = malloc(sizeof *keylog);
    tls_keylog_begin(keylog, &whole_sink);
    tls_keylog_push(keylog, text, n);
    tls_keylog_end(keylog);
    REQUIRE(keylog->good == whole.entries && new <= whole.entries);
    tls_keylog_begin(keylog, &pieces_sink);
    for (size_t i = 0; i < n; i += step)
        tls_keylog_push(keylog, text + i, step < n - i ? step : n - i);
    tls_keylog_end(keylog);
    REQUIRE(pieces.entries == whole.entries && pieces.complaints == whole.complaints && pieces.sum == whole.sum);
    free(keylog);
    tls_secrets_free(secrets);
    return 0;
}
