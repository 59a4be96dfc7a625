/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "analyzer/tls_state.h"

/* Tries one opener with the sequence numbers from `first` to `last`. Returns the one that fits in `*sequence`. */
static bool try_numbers(struct tls *t, struct tls_side *s, struct tls_opener *opener, uint64_t first, uint64_t last,
                        const struct tls_record *record, uint64_t *sequence, struct tls_plain *plain)
{
    bool chained = tls_opener_chained(opener);
    bool stream = tls_opener_streams(opener);
    if (stream) /* every attempt moves the key stream on */
        last = first;
    for (uint64_t q = first; q <= last; q++) {
        if (chained && !stream && s->n_tail)
            tls_opener_skip(opener, s->tail, s->n_tail);
        if (tls_opener_open(opener, q, record->type, record->version, record->p, record->n, t->env->room, plain) ==
            TLS_OPENED) {
            *sequence = q;
            return true;
        }
        s->tries++;
    }
    return false;
}

/* The side may have moved on without our seeing it: to the next epoch of TLS 1.3. */
static bool try_next_epoch(struct tls *t, struct tls_side *s, const struct tls_record *record, uint64_t *sequence,
                           struct tls_plain *plain)
{
    for (enum epoch epoch = s->epoch + 1; tls_is_13(t) && epoch <= DATA; epoch++) {
        enum tls_reason ignored;
        struct tls_opener *opener = tls_find_opener(t, tls_direction(t, s), epoch, &ignored);
        if (!opener)
            continue;
        if (try_numbers(t, s, opener, 0, s->uncertain, record, sequence, plain)) {
            tls_use_opener(s, opener, epoch);
            return true;
        }
        tls_opener_free(opener);
    }
    return false;
}

/* A KeyUpdate may have been lost. */
static bool try_next_generation(struct tls *t, struct tls_side *s, const struct tls_record *record, uint64_t *sequence,
                                struct tls_plain *plain)
{
    uint8_t next[TLS_SECRET_BYTES_MAX];
    size_t n;
    struct tls_opener *opener = tls_next_generation(t, s, next, &n);
    bool ok = opener && try_numbers(t, s, opener, 0, s->uncertain, record, sequence, plain);
    if (ok)
        tls_use_generation(t, s, opener, next, n);
    else
        tls_opener_free(opener);
    explicit_bzero(next, sizeof next);
    return ok;
}

/* No ServerHello was seen: before it in early data, in a capture of one direction, or because it was lost. The client's
 * offer tells what to try. */
static bool try_offer(struct tls *t, struct tls_side *s, const struct tls_record *record, uint64_t *sequence,
                      struct tls_plain *plain)
{
    struct tls_agreement *a = &t->agreement;
    enum epoch first = s->opener ? s->epoch + 1 : s->epoch == EARLY ? EARLY : HANDSHAKE;
    for (enum epoch epoch = first; epoch <= DATA; epoch++) {
        size_t n;
        enum tls_reason ignored;
        const uint8_t *secret =
            tls_agreement_secret(a, &t->env->keyring, tls_label_of(tls_direction(t, s), epoch), &n, &ignored);
        for (int i = 0; secret && i < TLS_OFFERED_MAX && a->offered[i]; i++) {
            struct tls_opener *opener = tls_opener_13(a->offered[i], secret, n);
            if (opener && try_numbers(t, s, opener, 0, s->uncertain, record, sequence, plain)) {
                tls_use_opener(s, opener, epoch);
                if (epoch != EARLY) {
                    a->suite = a->offered[i];
                    a->suite_id = a->suite->id;
                    a->version = TLS_1_3;
                    t->facts.version = TLS_1_3;
                    t->facts.suite = a->suite_id;
                    t->facts.suite_known = true;
                }
                return true;
            }
            tls_opener_free(opener);
        }
    }
    return false;
}

bool tls_search(struct tls *t, struct tls_side *s, const struct tls_record *record, uint64_t *sequence,
                struct tls_plain *plain)
{
    *sequence = s->sequence;
    bool ok =
        s->opener && try_numbers(t, s, s->opener, s->sequence, s->sequence + s->uncertain, record, sequence, plain);
    if (!ok && s->epoch < DATA && t->agreement.server_hello)
        ok = try_next_epoch(t, s, record, sequence, plain);
    if (!ok && s->epoch == DATA && s->uncertain && s->opener && tls_is_13(t))
        ok = try_next_generation(t, s, record, sequence, plain);
    if (!ok && !t->agreement.server_hello)
        ok = try_offer(t, s, record, sequence, plain);
    s->dubious = ok && s->iv_lost && !tls_opener_covers_iv(s->opener);
    s->iv_lost = !ok && s->opener && tls_opener_chained(s->opener); /* it may have been damaged */
    s->n_tail = MIN(record->n, TLS_TAIL);
    memcpy(s->tail, record->p + record->n - s->n_tail, s->n_tail);
    return ok;
}
