/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of a TLS connection, private to tls.c (what the bytes mean), tls_epoch.c (which keys are in force) and
 * tls_search.c (opening a record). */
#ifndef ANALYZER_TLS_STATE_H
#define ANALYZER_TLS_STATE_H

#include "analyzer/tls.h"
#include "analyzer/tls_crypto.h"
#include "analyzer/tls_record.h"

/* Shortest record that takes a sequence number: header and a tag of 8 bytes. It bounds how many records lost bytes can
 * have held. */
enum { RECORD_MIN = TLS_HEADER + 8 };

/* Early data that waits for the server to take it. */
enum { EARLY_MAX = 65536 };

/* Longest block and MAC of a cipher whose records are chained. */
enum { TLS_TAIL = 64 };

/* What protects a direction's records: TLS 1.3 has all four, earlier versions CLEAR and DATA. */
enum epoch { CLEAR, EARLY, HANDSHAKE, DATA };

struct tls_side {
    struct tls_records records;
    struct tls_messages messages;
    struct tls_opener *opener; /* NULL: none yet, or no key */
    enum epoch epoch;
    bool hunting;       /* TLS 1.3: only the keys of DATA are there, and no record of it was seen yet */
    bool finished;      /* its Finished was seen */
    bool over;          /* close_notify: nothing follows */
    bool dead;          /* nothing of it will be opened any more */
    uint64_t sequence;  /* of the next record, if none was lost */
    uint64_t uncertain; /* records that may have been lost before it */
    uint64_t missing;   /* bytes lost or not opened since the last record that was, not told yet; headers too */
    uint64_t searched;  /* bytes that the record layer has passed over so far without an end, told already */
    uint64_t owed;      /* records that held them, as far as it is known */
    bool vague;         /* … and other records since, so how much was content is not known */
    uint64_t told;      /* records lost since the last one that was opened, of which the sink has been told */
    uint64_t overhead;  /* of a record that is not padded: header and all that is not content; 0: it varies, or none was
                           opened */
    uint64_t tries;     /* attempts since a record was opened */
    uint64_t opened, closed; /* protected records; of TLS 1.3 no opened ones of the handshake */
    uint64_t skipped;        /* records that took a number and were not opened, since the last that was */
    uint64_t hunted;         /* records that were not opened while hunting */
    uint8_t tail[TLS_TAIL];  /* last bytes of the last protected record: the next one's IV in CBC of TLS 1.0 */
    size_t n_tail;
    bool dubious;    /* the record opened, but with an IV that nothing vouches for */
    bool iv_lost;    /* … and it was lost: the first block of the next record cannot be opened */
    bool padded;     /* TLS 1.3: a record was padded, so the length of one that is missing tells nothing */
    uint8_t *secret; /* after a KeyUpdate: of this generation, in secret memory; NULL: that of the key log */
    size_t n_secret;
};

struct tls {
    struct tls_env *env;
    void *user;
    struct tls_side side[2];
    struct tls_agreement agreement;
    uint8_t *master;   /* of the handshake under way, until both sides have changed keys: in secret memory */
    uint8_t changed;   /* bit by direction: has changed keys */
    GByteArray *early; /* early data, until it is known that the server took it */
    bool early_taken;  /* it did: what comes is passed on */
    bool early_cut;    /* more came than is kept */
    struct mw_stamp early_stamp;
    struct tls_facts facts;
    enum tls_reason reason;
    bool content; /* some was passed on */
    bool lossy;   /* bytes were missing in the handshake, not to be told as anything else */
};

static inline bool tls_is_13(const struct tls *t)
{
    return t->agreement.version >= TLS_1_3;
}

static inline int tls_direction(const struct tls *t, const struct tls_side *s)
{
    return s == &t->side[TLS_SERVER];
}

/* The first reason is the one that the others follow from. */
static inline void tls_set_reason(struct tls *t, enum tls_reason reason)
{
    if (t->reason == TLS_REASON_NONE)
        t->reason = reason;
}

/* tls_epoch.c */

/* Nothing of the side will be opened any more. */
void tls_give_up(struct tls *t, struct tls_side *s, enum tls_reason reason);

/* Goes on with `opener`, which may be NULL, from sequence number 0. */
void tls_use_opener(struct tls_side *s, struct tls_opener *opener, enum epoch epoch);

/* The label of a direction's secret of TLS 1.3. */
enum tls_label tls_label_of(int dir, enum epoch epoch);

/* An opener from a traffic secret of TLS 1.3; NULL if the secret's length is not the suite's. */
struct tls_opener *tls_opener_13(const struct tls_suite *suite, const uint8_t *secret, size_t n);

/* An opener for an epoch of TLS 1.3; NULL with the reason. */
struct tls_opener *tls_find_opener(struct tls *t, int dir, enum epoch epoch, enum tls_reason *reason);

/* The ServerHello, or a side's Finished, moves a side of TLS 1.3 to the next epoch. */
void tls_enter(struct tls *t, struct tls_side *s, enum epoch epoch);

/* The keys of TLS 1.0 to 1.2 come into force for a side. */
void tls_change_keys(struct tls *t, struct tls_side *s);

/* The next generation of a side's secret: an opener for it, and the secret in `next` (TLS_SECRET_BYTES_MAX). */
struct tls_opener *tls_next_generation(struct tls *t, const struct tls_side *s, uint8_t *next, size_t *n);

/* Goes on with a generation's opener; its secret is kept for the one after it. */
void tls_use_generation(struct tls *t, struct tls_side *s, struct tls_opener *opener, const uint8_t *secret, size_t n);

/* A KeyUpdate was sent. */
void tls_update_key(struct tls *t, struct tls_side *s);

/* Forgets the master secret of the handshake under way. */
void tls_forget_master(struct tls *t);

/* tls_search.c */

/* Opens a record with what is in force or, after a loss, may be in force by now. `*sequence` is its number; where the
 * keys are others than before, the side goes on with them. */
bool tls_search(struct tls *t, struct tls_side *s, const struct tls_record *record, uint64_t *sequence,
                struct tls_plain *plain);

#endif
