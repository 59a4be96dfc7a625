/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tls.h"

#include <string.h>

#include "analyzer/tls_state.h"

static const char *const sentences[] = {
#define TLS_REASON(id, sentence) [TLS_REASON_##id] = sentence,
#include "analyzer/tls_reasons.def"
#undef TLS_REASON
};

const char *tls_reason_sentence(enum tls_reason reason)
{
    return sentences[reason];
}

struct tls *tls_new(struct tls_env *env, void *user)
{
    struct tls *t = g_new0(struct tls, 1);
    t->env = env;
    t->user = user;
    t->facts.alert = -1;
    return t;
}

/* -- handshake ----------------------------------------------------------------------------------------------------- */

static void keep_fact(GByteArray **fact, struct bytes value)
{
    if (*fact || !value.n)
        return;
    *fact = g_byte_array_sized_new((guint)value.n);
    g_byte_array_append(*fact, value.p, (guint)value.n);
}

static void drop_early(struct tls *t)
{
    if (t->early)
        g_byte_array_unref(t->early);
    t->early = NULL;
}

static void read_client_hello(struct tls *t, struct bytes body)
{
    struct tls_client_hello hello;
    tls_parse_client_hello(body, &hello);
    keep_fact(&t->facts.sni, hello.sni);
    /* After a HelloRetryRequest the early data counts for nothing. */
    drop_early(t);
    struct tls_side *s = &t->side[TLS_CLIENT];
    if (s->epoch == EARLY)
        tls_use_opener(s, NULL, CLEAR);
    if (hello.early_data && s->epoch == CLEAR)
        s->epoch = EARLY;
    t->early_taken = t->early_cut = false;
    tls_forget_master(t); /* a handshake may begin before the last one ended */
}

static void read_server_hello(struct tls *t, struct bytes body)
{
    struct tls_server_hello hello;
    tls_parse_server_hello(body, &hello);
    if (hello.retry || !t->agreement.server_hello)
        return;
    tls_forget_master(t); /* of a ServerHello before this one, which no server sends */
    struct tls_facts *f = &t->facts;
    if (!f->version) { /* renegotiation changes nothing of what was told */
        f->version = t->agreement.version;
        f->suite = t->agreement.suite_id;
        f->suite_known = true;
        keep_fact(&f->alpn, tls_first_alpn(hello.alpn));
    }
    if (!tls_is_13(t))
        return;
    f->group = hello.group;
    f->resumed = hello.pre_shared_key ? TLS_RESUMED_YES : TLS_RESUMED_NO;
    tls_enter(t, &t->side[TLS_SERVER], HANDSHAKE);
    struct tls_side *client = &t->side[TLS_CLIENT];
    /* Behind early data the client's next keys are found by trying, if there are any. */
    enum tls_reason reason = TLS_REASON_NONE;
    struct tls_opener *later = client->epoch == EARLY ? tls_find_opener(t, TLS_CLIENT, DATA, &reason) : NULL;
    if (client->epoch != EARLY || (!later && !client->opener))
        tls_enter(t, client, HANDSHAKE);
    tls_opener_free(later);
}

/* The early data that was kept goes on its way. */
static void pass_early(struct tls *t)
{
    if (t->early)
        t->env->sink.data(t->user, TLS_CLIENT, t->early->data, t->early->len, t->early_stamp);
    if (t->early_cut)
        t->env->sink.gap(t->user, TLS_CLIENT, UINT64_MAX, t->early_stamp);
    drop_early(t);
    t->early_cut = false;
}

static void read_finished(struct tls *t, struct tls_side *s, int64_t time_ns)
{
    s->finished = true;
    if (t->side[0].finished && t->side[1].finished && !t->facts.finished_ns)
        t->facts.finished_ns = time_ns;
    /* A client that authenticates later sends another one, which changes nothing. */
    if (tls_is_13(t) && s->epoch == HANDSHAKE)
        tls_enter(t, s, DATA);
}

static void take_message(struct tls *t, struct tls_side *s, const struct tls_message *message, struct mw_stamp stamp)
{
    int dir = tls_direction(t, s);
    const struct tls_secrets *secrets = t->env->keyring.secrets;
    struct tls_extensions extensions;
    tls_agreement_message(&t->agreement, dir, message, secrets && tls_secrets_keys(secrets) > 0);
    switch (message->type) {
    case TLS_CLIENT_HELLO: read_client_hello(t, message->body); break;
    case TLS_SERVER_HELLO: read_server_hello(t, message->body); break;
    case TLS_ENCRYPTED_EXTENSIONS:
        tls_parse_encrypted_extensions(message->body, &extensions);
        keep_fact(&t->facts.alpn, tls_first_alpn(extensions.alpn));
        if (dir == TLS_SERVER && extensions.early_data && t->side[TLS_CLIENT].epoch == EARLY) {
            t->early_taken = true;
            pass_early(t);
        }
        break;
    case TLS_CERTIFICATE:
        if (dir == TLS_SERVER && t->agreement.certificate)
            keep_fact(&t->facts.certificate,
                      (struct bytes){t->agreement.certificate->data, t->agreement.certificate->len, false});
        break;
    case TLS_SERVER_KEY_EXCHANGE:
        if (!t->facts.group && t->agreement.suite && t->agreement.suite->kx == TLS_KX_ECDHE)
            t->facts.group = tls_parse_key_exchange_group(message->body);
        break;
    case TLS_END_OF_EARLY_DATA:
        if (dir == TLS_CLIENT && s->epoch == EARLY) {
            pass_early(t);
            tls_enter(t, s, HANDSHAKE);
        }
        break;
    case TLS_FINISHED: read_finished(t, s, stamp.time_ns); break;
    case TLS_KEY_UPDATE:
        if (tls_is_13(t) && s->epoch == DATA)
            tls_update_key(t, s);
        break;
    default: break;
    }
}

/* -- what is missing ----------------------------------------------------------------------------------------------- */

/* Whether a record's content is as long as the record, but for what the last one had too: not with the padding of CBC.
 */
static bool keeps_length(const struct tls_side *s)
{
    return s->overhead && s->epoch == DATA && !s->hunting && !s->padded;
}

/* Nothing is missing any more that has not been told. */
static void forget_missing(struct tls_side *s)
{
    s->missing = s->owed = 0;
    s->vague = false;
}

/* Content is missing before what comes now. What was passed over but took no number was no record. */
static void tell_missing(struct tls *t, struct tls_side *s, struct mw_stamp stamp)
{
    uint64_t overhead = s->owed * s->overhead;
    bool known = keeps_length(s) && !s->vague && s->missing > overhead;
    if (s->missing && s->owed)
        t->env->sink.gap(t->user, tls_direction(t, s), known ? s->missing - overhead : UINT64_MAX, stamp);
    forget_missing(s);
}

/* How much is missing will be known once the next record is opened, if ever. Before the other side goes on it must be
 * told all the same: what it says may depend on that, unless it is the first to say something. */
static void tell_unknown(struct tls *t, struct tls_side *s, struct mw_stamp stamp)
{
    uint64_t searching = s->records.passed + s->records.missing;
    if (!t->content && s == &t->side[TLS_CLIENT]) /* its Finished, or more: that is known by the next number */
        return;
    if (t->content && (s->missing || searching > s->searched))
        t->env->sink.gap(t->user, tls_direction(t, s), UINT64_MAX, stamp);
    forget_missing(s);
    s->searched = searching;
}

/* A record of known length is not opened. */
static void lose_record(struct tls *t, struct tls_side *s, const struct tls_record *record)
{
    enum { KEY_UPDATE = 5 };
    uint64_t bytes = TLS_HEADER + record->n;
    struct mw_stamp stamp = record->stamp;
    bool maybe_update = tls_is_13(t) && bytes == s->overhead + KEY_UPDATE;
    if (s->missing || !keeps_length(s) || maybe_update) {
        s->missing += bytes;
        return;
    }
    s->told++;
    if (record->type != TLS_APPLICATION_DATA)
        return;
    if (bytes > s->overhead)
        t->env->sink.gap(t->user, tls_direction(t, s), bytes - s->overhead, stamp);
}

/* -- content ------------------------------------------------------------------------------------------------------- */

static void take_alert(struct tls *t, struct tls_side *s, const uint8_t *p, size_t n)
{
    enum { FATAL = 2, CLOSE_NOTIFY = 0 };
    if (n != 2)
        return;
    if (p[1] == CLOSE_NOTIFY) {
        s->over = true;
    } else if (p[0] == FATAL || tls_is_13(t)) {
        if (t->facts.alert < 0)
            t->facts.alert = p[1];
    }
}

static void take_data(struct tls *t, struct tls_side *s, const struct tls_plain *plain, struct mw_stamp stamp)
{
    struct tls_side *other = &t->side[!tls_direction(t, s)];
    if (plain->n == 0)
        return;
    tell_unknown(t, other, stamp);
    t->content = true;
    if (s->epoch != EARLY || t->early_taken) {
        t->env->sink.data(t->user, tls_direction(t, s), plain->p, plain->n, stamp);
        return;
    }
    if (!t->early)
        t->early = g_byte_array_new();
    t->early_cut |= t->early->len + plain->n > EARLY_MAX;
    if (!t->early_cut)
        g_byte_array_append(t->early, plain->p, (guint)plain->n);
    t->early_stamp = stamp;
}

/* TLS 1.3 sends ChangeCipherSpec for the sake of middleboxes, perhaps before its ServerHello: then it means nothing. */
static bool may_become_13(const struct tls *t)
{
    return t->agreement.client_hello && !t->agreement.server_hello && t->agreement.offered[0];
}

static void take_content(struct tls *t, struct tls_side *s, const struct tls_plain *plain, struct mw_stamp stamp)
{
    struct tls_message message;
    switch (plain->type) {
    case TLS_CHANGE_CIPHER_SPEC:
        if (!tls_is_13(t) && !may_become_13(t))
            tls_change_keys(t, s);
        break;
    case TLS_ALERT: take_alert(t, s, plain->p, plain->n); break;
    case TLS_HANDSHAKE:
        if (!tls_messages_push(&s->messages, plain->p, plain->n))
            t->agreement.incomplete = true;
        while (tls_messages_next(&s->messages, &message))
            take_message(t, s, &message, stamp);
        if (s->messages.taken == s->messages.have)
            tls_messages_clear(&s->messages); /* handshakes are rare */
        break;
    case TLS_APPLICATION_DATA: take_data(t, s, plain, stamp); break;
    default: break;
    }
}

/* -- opening ------------------------------------------------------------------------------------------------------- */

static bool is_rc4(const struct tls_side *s)
{
    return s->opener && tls_opener_streams(s->opener);
}

static void not_opened(struct tls *t, struct tls_side *s, const struct tls_record *record)
{
    if (s->hunting) { /* a record of the handshake, unless the key is wrong */
        s->hunted++;
    } else if (is_rc4(s)) { /* the next number is the next, and the key stream has gone on */
        s->closed++;
        s->sequence++;
        s->skipped++;
        lose_record(t, s, record);
    } else {
        s->closed++;
        lose_record(t, s, record);
        s->uncertain = MIN(s->uncertain + 1, t->env->limits->tls_lost_records);
    }
    if (s->tries < t->env->limits->tls_trials)
        return;
    t->env->hits->tls_trials++;
    tls_give_up(t, s, s->opened ? TLS_REASON_RECORDS_LOST : TLS_REASON_BAD_MAC);
}

static void open_record(struct tls *t, struct tls_side *s, const struct tls_record *record)
{
    struct tls_plain plain;
    uint64_t sequence;
    if (!tls_search(t, s, record, &sequence, &plain)) {
        not_opened(t, s, record);
        return;
    }
    uint64_t lost = sequence - s->sequence + s->skipped;
    s->owed += lost > s->told ? lost - s->told : 0;
    s->uncertain = s->skipped = s->told = 0;
    s->tries = 0;
    if (s->dubious) { /* a record of this number, but its first block is not known */
        s->sequence = sequence;
        s->uncertain = 1;
        s->closed++;
        lose_record(t, s, record);
        return;
    }
    if (s->epoch == HANDSHAKE)
        forget_missing(s);
    else if (plain.type != TLS_APPLICATION_DATA)
        s->vague |= s->missing > 0;
    else if (plain.n)
        tell_missing(t, s, record->stamp);
    s->overhead = tls_opener_overhead(s->opener);
    s->padded |= TLS_HEADER + record->n - plain.n != s->overhead;
    s->sequence = sequence + 1;
    s->hunting = false;
    s->opened += s->epoch != HANDSHAKE;
    if (s->epoch != EARLY && tls_direction(t, s) == TLS_CLIENT)
        drop_early(t); /* nobody said that the server took it */
    take_content(t, s, &plain, record->stamp);
}

/* -- records ------------------------------------------------------------------------------------------------------- */

/* A record that nothing protects. */
static void take_clear(struct tls *t, struct tls_side *s, const struct tls_record *record)
{
    struct tls_plain plain = {record->type, record->p, record->n};
    take_content(t, s, &plain, record->stamp);
}

static void take_closed(struct tls *t, struct tls_side *s, const struct tls_record *record)
{
    s->closed++;
    if (record->type == TLS_APPLICATION_DATA)
        s->missing += TLS_HEADER + record->n;
    /* The first protected record of TLS 1.2 and before is Finished, key or not. */
    if (!tls_is_13(t) && record->type == TLS_HANDSHAKE && !s->finished)
        read_finished(t, s, record->stamp.time_ns);
}

/* Application data, so the keys were changed, and that was lost: Finished at least took a number since. */
static void miss_change(struct tls *t, struct tls_side *s, const struct tls_record *record)
{
    uint64_t records = s->uncertain;
    tls_change_keys(t, s);
    s->sequence = 1;
    s->uncertain = records;
    s->iv_lost = s->opener && tls_opener_chained(s->opener);
    if (is_rc4(s))
        tls_give_up(t, s, TLS_REASON_RECORDS_LOST);
    if (s->dead)
        take_closed(t, s, record);
    else
        open_record(t, s, record);
}

static void take_record(struct tls *t, struct tls_side *s, const struct tls_record *record)
{
    bool protected =
        s->epoch != CLEAR && (record->type == TLS_APPLICATION_DATA || !(tls_is_13(t) || s->epoch == EARLY));
    if (s->over)
        return;
    if (s->dead && (protected || s->epoch == CLEAR)) {
        take_closed(t, s, record);
    } else if (protected) {
        open_record(t, s, record);
    } else if (tls_is_13(t) && s->epoch >= HANDSHAKE && record->type == TLS_HANDSHAKE) {
        s->closed++; /* nobody sends this in clear any more */
    } else if (record->type != TLS_APPLICATION_DATA) {
        take_clear(t, s, record);
    } else if (t->agreement.client_hello && !t->agreement.server_hello) {
        open_record(t, s, record);
    } else if (t->agreement.client_hello && s->epoch == CLEAR) {
        miss_change(t, s, record);
    } else {
        s->closed++;
        tls_set_reason(t, t->agreement.snaplen                                   ? TLS_REASON_SNAPLEN
                          : t->agreement.client_hello || t->agreement.incomplete ? TLS_REASON_HANDSHAKE_LOST
                                                                                 : TLS_REASON_MIDSTREAM);
    }
}

/* At most that many protected records are missing. */
static void on_lost(struct tls *t, struct tls_side *s, uint64_t records)
{
    s->uncertain += records;
    s->n_tail = 0;
    s->iv_lost = s->opener && tls_opener_chained(s->opener) && !is_rc4(s);
    if (s->uncertain > t->env->limits->tls_lost_records) {
        s->uncertain = t->env->limits->tls_lost_records;
        t->env->hits->tls_lost_records++;
    }
    tls_messages_reset(&s->messages);
}

/* A record whose bytes are not all there. */
static void take_damaged(struct tls *t, struct tls_side *s, const struct tls_record *record)
{
    bool rc4 = is_rc4(s);
    if (rc4) {
        tls_opener_skip(s->opener, NULL, record->n);
        s->sequence++;
        s->skipped++;
    }
    on_lost(t, s, rc4 ? 0 : 1);
    lose_record(t, s, record);
}

/* `n` bytes that held records, nobody knows which. */
static void take_lost(struct tls *t, struct tls_side *s, uint64_t n)
{
    if (is_rc4(s))
        tls_give_up(t, s, TLS_REASON_RECORDS_LOST);
    s->missing += n - MIN(n, s->searched);
    s->searched = 0;
    on_lost(t, s, n / RECORD_MIN + 1);
}

static void drain(struct tls *t, struct tls_side *s)
{
    struct tls_record record;
    enum tls_record_status status;
    while ((status = tls_records_next(&s->records, &record)) != TLS_RECORD_NONE) {
        if (status == TLS_RECORD_WHOLE) {
            take_record(t, s, &record);
            continue;
        }
        if (s->epoch == CLEAR) {
            t->agreement.incomplete = true;
            if (status == TLS_RECORD_LOST)
                take_lost(t, s, record.n);
            else
                on_lost(t, s, 1);
        } else if (status == TLS_RECORD_DAMAGED) {
            take_damaged(t, s, &record);
        } else {
            take_lost(t, s, record.n);
        }
    }
}

void tls_push(struct tls *t, int dir, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    struct tls_side *s = &t->side[dir];
    tls_records_push(&s->records, p, n, stamp);
    drain(t, s);
}

void tls_gap(struct tls *t, int dir, uint64_t n, bool snaplen, struct mw_stamp stamp)
{
    struct tls_side *s = &t->side[dir];
    if (s->epoch == CLEAR) {
        t->agreement.incomplete = true;
        t->agreement.snaplen |= snaplen;
    } else {
        t->lossy = true;
    }
    tls_records_gap(&s->records, n, stamp);
    drain(t, s);
}

void tls_end(struct tls *t, int dir)
{
    tell_unknown(t, &t->side[dir], (struct mw_stamp){0});
}

/* -- facts --------------------------------------------------------------------------------------------------------- */

const struct tls_facts *tls_facts(const struct tls *t)
{
    return &t->facts;
}

bool tls_is_closed(const struct tls *t)
{
    return t->side[0].dead && t->side[1].dead;
}

/* Protected records that stayed closed. A hunt that found nothing has had the wrong key. */
static uint64_t closed(const struct tls_side *s)
{
    return s->closed + (s->hunting ? s->hunted : 0);
}

enum tls_opened tls_opened(const struct tls *t)
{
    const struct tls_side *c = &t->side[0], *s = &t->side[1];
    if (!c->opened && !s->opened)
        return TLS_OPENED_NONE;
    bool all = !closed(c) && !closed(s) && !c->dead && !s->dead && !t->lossy;
    return all ? TLS_OPENED_FULL : TLS_OPENED_PARTIAL;
}

enum tls_reason tls_why(const struct tls *t)
{
    const struct tls_side *c = &t->side[0], *s = &t->side[1];
    if (tls_opened(t) == TLS_OPENED_FULL)
        return TLS_REASON_NONE;
    if (t->reason != TLS_REASON_NONE)
        return t->reason;
    if (c->opened || s->opened)
        return TLS_REASON_RECORDS_LOST;
    if (closed(c) || closed(s))
        return t->agreement.server_hello ? TLS_REASON_BAD_MAC
               : t->agreement.snaplen    ? TLS_REASON_SNAPLEN
                                         : TLS_REASON_HANDSHAKE_LOST;
    if (t->facts.alert >= 0)
        return TLS_REASON_REFUSED;
    if (t->lossy)
        return TLS_REASON_RECORDS_LOST;
    if (t->agreement.snaplen)
        return TLS_REASON_SNAPLEN;
    if (t->agreement.incomplete)
        return TLS_REASON_HANDSHAKE_LOST;
    if (c->records.passed || s->records.passed || c->records.searching)
        return TLS_REASON_NOT_TLS;
    return TLS_REASON_UNFINISHED;
}

size_t tls_held(const struct tls *t)
{
    size_t n = (t->early ? t->early->len : 0) + (t->agreement.transcript ? t->agreement.transcript->len : 0);
    for (int dir = 0; dir < 2; dir++)
        n += t->side[dir].records.room + t->side[dir].messages.room;
    return n;
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    for (int dir = 0; dir < 2; dir++) {
        struct tls_side *s = &t->side[dir];
        tls_records_clear(&s->records);
        tls_messages_clear(&s->messages);
        tls_opener_free(s->opener);
        tls_keyring_return(&t->env->keyring, s->secret);
    }
    tls_agreement_clear(&t->agreement);
    drop_early(t);
    GByteArray *facts[] = {t->facts.sni, t->facts.alpn, t->facts.certificate};
    for (size_t i = 0; i < G_N_ELEMENTS(facts); i++)
        if (facts[i])
            g_byte_array_unref(facts[i]);
    tls_forget_master(t);
    g_free(t);
}
