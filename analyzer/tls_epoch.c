/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "analyzer/tls_state.h"

void tls_forget_master(struct tls *t)
{
    tls_keyring_return(&t->env->keyring, t->master);
    t->master = NULL;
    t->changed = 0;
}

void tls_give_up(struct tls *t, struct tls_side *s, enum tls_reason reason)
{
    tls_opener_free(s->opener);
    s->opener = NULL;
    s->dead = true;
    s->hunting = false;
    tls_set_reason(t, reason);
}

void tls_use_opener(struct tls_side *s, struct tls_opener *opener, enum epoch epoch)
{
    tls_opener_free(s->opener);
    s->opener = opener;
    s->epoch = epoch;
    s->sequence = 0;
    s->uncertain = 0;
    s->n_tail = 0;
    s->iv_lost = s->padded = false;
    s->overhead = 0; /* until a record proves the keys */
}

struct tls_opener *tls_opener_13(const struct tls_suite *suite, const uint8_t *secret, size_t n)
{
    struct tls_keys keys;
    if (!suite || !tls13_keys(suite, secret, n, &keys))
        return NULL;
    struct tls_opener *opener = tls_opener_new(TLS_1_3, suite, &keys, false);
    explicit_bzero(&keys, sizeof keys);
    return opener;
}

enum tls_label tls_label_of(int dir, enum epoch epoch)
{
    switch (epoch) {
    case EARLY: return TLS_LABEL_CLIENT_EARLY;
    case HANDSHAKE: return dir == TLS_CLIENT ? TLS_LABEL_CLIENT_HANDSHAKE : TLS_LABEL_SERVER_HANDSHAKE;
    default: return dir == TLS_CLIENT ? TLS_LABEL_CLIENT_TRAFFIC : TLS_LABEL_SERVER_TRAFFIC;
    }
}

struct tls_opener *tls_find_opener(struct tls *t, int dir, enum epoch epoch, enum tls_reason *reason)
{
    const struct tls_agreement *a = &t->agreement;
    if (a->version > TLS_1_3)
        *reason = TLS_REASON_VERSION;
    else if (!a->suite || !tls_suite_opens(a->suite, a->version))
        *reason = TLS_REASON_SUITE;
    else {
        size_t n;
        const uint8_t *secret = tls_agreement_secret(a, &t->env->keyring, tls_label_of(dir, epoch), &n, reason);
        if (!secret)
            return NULL;
        struct tls_opener *opener = tls_opener_13(a->suite, secret, n);
        if (!opener)
            *reason = TLS_REASON_BAD_MAC; /* a secret of another suite's length */
        return opener;
    }
    return NULL;
}

void tls_enter(struct tls *t, struct tls_side *s, enum epoch epoch)
{
    enum tls_reason reason = TLS_REASON_NONE;
    int dir = tls_direction(t, s);
    struct tls_opener *opener = tls_find_opener(t, dir, epoch, &reason);
    if (!opener && epoch == HANDSHAKE) {
        /* The data can be opened without its handshake: its first record is found by trying. */
        enum tls_reason ignored;
        opener = tls_find_opener(t, dir, DATA, &ignored);
        epoch = DATA;
        s->hunting = opener != NULL;
    }
    tls_use_opener(s, opener, epoch);
    if (!opener)
        tls_give_up(t, s, reason);
}

/* The master secret, found once for both sides. */
static enum tls_reason find_master(struct tls *t)
{
    if (t->master)
        return TLS_REASON_NONE;
    uint8_t *master = tls_keyring_take(&t->env->keyring);
    enum tls_reason reason =
        master ? tls_agreement_master(&t->agreement, &t->env->keyring, master) : TLS_REASON_NO_MEMORY;
    if (reason == TLS_REASON_NONE)
        t->master = master;
    else
        tls_keyring_return(&t->env->keyring, master);
    return reason;
}

void tls_change_keys(struct tls *t, struct tls_side *s)
{
    int dir = tls_direction(t, s);
    if (t->agreement.server_hello && t->facts.resumed == TLS_RESUMED_UNKNOWN && dir == TLS_SERVER &&
        !t->agreement.incomplete)
        t->facts.resumed = tls_agreement_resumed(&t->agreement) ? TLS_RESUMED_YES : TLS_RESUMED_NO;
    enum tls_reason reason = find_master(t);
    struct tls_keys keys[2] = {0};
    if (reason == TLS_REASON_NONE)
        reason = tls_agreement_keys(&t->agreement, t->master, keys);
    struct tls_opener *opener = NULL;
    if (reason == TLS_REASON_NONE)
        opener = tls_opener_new(t->agreement.version, t->agreement.suite, &keys[dir], t->agreement.encrypt_then_mac);
    explicit_bzero(keys, sizeof keys);
    tls_messages_reset(&s->messages); /* none goes on under other keys */
    tls_use_opener(s, opener, DATA);
    if (!opener)
        tls_give_up(t, s, reason == TLS_REASON_NONE ? TLS_REASON_SUITE : reason);
    else if (dir == TLS_SERVER)
        tls_agreement_remember(&t->agreement, &t->env->keyring, t->master);
    t->changed |= (uint8_t)(1 << dir);
    if (t->changed == 3) {
        tls_forget_master(t);
        tls_agreement_settle(&t->agreement);
    }
}

struct tls_opener *tls_next_generation(struct tls *t, const struct tls_side *s, uint8_t *next, size_t *n)
{
    enum tls_reason ignored;
    const uint8_t *secret = s->secret;
    *n = s->n_secret;
    if (!secret)
        secret =
            tls_agreement_secret(&t->agreement, &t->env->keyring, tls_label_of(tls_direction(t, s), DATA), n, &ignored);
    if (!secret || *n > TLS_SECRET_BYTES_MAX || !t->agreement.suite)
        return NULL;
    memcpy(next, secret, *n);
    return tls13_next_secret(t->agreement.suite, next, *n) ? tls_opener_13(t->agreement.suite, next, *n) : NULL;
}

void tls_use_generation(struct tls *t, struct tls_side *s, struct tls_opener *opener, const uint8_t *secret, size_t n)
{
    if (opener && !s->secret)
        s->secret = tls_keyring_take(&t->env->keyring);
    tls_use_opener(s, opener, DATA);
    if (!opener || !s->secret) {
        tls_give_up(t, s, TLS_REASON_RECORDS_LOST);
        return;
    }
    memcpy(s->secret, secret, n);
    s->n_secret = n;
}

void tls_update_key(struct tls *t, struct tls_side *s)
{
    uint8_t next[TLS_SECRET_BYTES_MAX];
    size_t n;
    struct tls_opener *opener = tls_next_generation(t, s, next, &n);
    tls_use_generation(t, s, opener, next, n);
    explicit_bzero(next, sizeof next);
}
