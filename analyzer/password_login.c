/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/password_login.h"

#include <string.h>

#include "analyzer/password_crypto.h"
#include "analyzer/secret_memory.h"

/* What a client's packet is for its plugin. */
enum answer {
    ANSWER_NOTHING, /* it proves nothing, or not yet */
    ANSWER_EMPTY,   /* no password */
    ANSWER_PROOF,
    ANSWER_CLEAR,
    ANSWER_RSA,
    ANSWER_OTHER /* of a plugin without passwords */
};

/* A client's packet under judgement. */
struct judged {
    struct password_login *login;
    struct passwords *passwords;
    enum mw_auth_plugin plugin;
    enum answer answer;
    const uint8_t *p;
    size_t n;
};

struct finding {
    enum password_verdict verdict;
    enum password_reason reason;
};

static const struct finding match = {PASSWORD_MATCH, PASSWORD_REASON_NONE};

static struct finding not_checkable(enum password_reason reason)
{
    return (struct finding){PASSWORD_NOT_CHECKABLE, reason};
}

static struct finding found(enum password_proof proof)
{
    return proof == PASSWORD_NO_ALGORITHM ? not_checkable(PASSWORD_REASON_NO_ALGORITHM)
           : proof == PASSWORD_RIGHT      ? match
                                          : (struct finding){PASSWORD_MISMATCH, PASSWORD_REASON_NONE};
}

/* caching_sha2_password and sha256_password: core/decode_auth.h has the exchange. */
static enum answer sha2_answer(struct mw_slice data, bool tls, bool proof_comes, uint8_t key_request)
{
    enum { RSA_MIN = 128 };
    if (data.n == 0 || (data.n == 1 && data.p[0] == 0))
        return ANSWER_EMPTY;
    if (proof_comes && data.n == PASSWORD_PROOF_SHA2)
        return ANSWER_PROOF;
    if (data.n == 1 && data.p[0] == key_request)
        return ANSWER_NOTHING;
    return tls || data.n < RSA_MIN ? ANSWER_CLEAR : ANSWER_RSA;
}

static enum answer answer_of(enum mw_auth_plugin plugin, struct mw_slice data, bool tls, bool first)
{
    bool nul = data.n == 1 && data.p[0] == 0;
    switch (plugin) {
    case MW_AUTH_MYSQL_NATIVE:
    case MW_AUTH_MYSQL_OLD: return data.n == 0 || nul ? ANSWER_EMPTY : ANSWER_PROOF;
    case MW_AUTH_CACHING_SHA2: return sha2_answer(data, tls, first, 2);
    case MW_AUTH_SHA256: return sha2_answer(data, tls, false, 1);
    case MW_AUTH_MYSQL_CLEAR:
    case MW_AUTH_DIALOG: return nul ? ANSWER_EMPTY : data.n == 0 ? ANSWER_NOTHING : ANSWER_CLEAR;
    case MW_AUTH_ED25519:
    case MW_AUTH_PARSEC: return data.n == 0 ? ANSWER_NOTHING : ANSWER_PROOF;
    default: return ANSWER_OTHER;
    }
}

/* Whether challenge and proof have the lengths of the plugin. */
static struct finding check_shape(const struct judged *j)
{
    static const struct {
        enum mw_auth_plugin plugin;
        size_t challenge, proof;
    } shapes[] = {
        {MW_AUTH_MYSQL_NATIVE, PASSWORD_CHALLENGE, PASSWORD_PROOF_NATIVE},
        {MW_AUTH_MYSQL_OLD, PASSWORD_CHALLENGE_OLD, PASSWORD_PROOF_OLD},
        {MW_AUTH_CACHING_SHA2, PASSWORD_CHALLENGE, PASSWORD_PROOF_SHA2},
        {MW_AUTH_ED25519, PASSWORD_CHALLENGE_KEY, PASSWORD_PROOF_ED25519},
        {MW_AUTH_PARSEC, PASSWORD_CHALLENGE_KEY, PASSWORD_PROOF_PARSEC},
    };
    const struct password_login *l = j->login;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        if (shapes[i].plugin != j->plugin)
            continue;
        bool terminated = j->plugin == MW_AUTH_MYSQL_OLD && j->n == PASSWORD_PROOF_OLD + 1;
        if (l->n_challenge < shapes[i].challenge || (j->plugin == MW_AUTH_PARSEC && l->n_salt == 0))
            return not_checkable(PASSWORD_REASON_CHALLENGE_NOT_SEEN);
        if (j->n != shapes[i].proof && !terminated)
            return not_checkable(PASSWORD_REASON_BAD_RESPONSE);
        return match;
    }
    return not_checkable(PASSWORD_REASON_PLUGIN);
}

static struct finding check_parsec(const struct judged *j, struct password_candidate *c)
{
    const struct password_login *l = j->login;
    bool known = c->derived && c->cost == l->cost && c->n_salt == l->n_salt && memcmp(c->salt, l->salt, l->n_salt) == 0;
    if (l->cost > PASSWORD_PARSEC_COST_MAX)
        return not_checkable(PASSWORD_REASON_TOO_COSTLY);
    if (!known) {
        if (!passwords_spend(j->passwords, l->cost))
            return not_checkable(PASSWORD_REASON_TOO_COSTLY);
        c->derived = password_parsec_derive(c->text, c->n, l->salt, l->n_salt, l->cost, c->key);
        c->cost = l->cost;
        c->n_salt = l->n_salt;
        memcpy(c->salt, l->salt, l->n_salt);
    }
    if (!c->derived)
        return not_checkable(PASSWORD_REASON_NO_ALGORITHM);
    return found(password_parsec_key(c->key, l->challenge, j->p));
}

/* Some clients take the NUL behind the challenge of a switch for a part of it. The server asks for more then. */
static struct finding check_sha2(const struct judged *j, const struct password_candidate *c)
{
    const struct password_login *l = j->login;
    struct finding f = found(password_sha2(c->text, c->n, l->challenge, PASSWORD_CHALLENGE, j->p));
    if (f.verdict == PASSWORD_MISMATCH && l->n_challenge == PASSWORD_CHALLENGE + 1 && l->challenge[PASSWORD_CHALLENGE] == 0 &&
        password_sha2(c->text, c->n, l->challenge, PASSWORD_CHALLENGE + 1, j->p) == PASSWORD_RIGHT)
        return (struct finding){PASSWORD_MATCH, PASSWORD_REASON_NUL_HASHED};
    return f;
}

static struct finding check_password(const struct judged *j, struct password_candidate *c)
{
    const uint8_t *challenge = j->login->challenge;
    uint32_t words[2];
    if (j->answer == ANSWER_CLEAR) {
        size_t n = j->n - (j->p[j->n - 1] == 0);
        return found(n == c->n && memcmp(j->p, c->text, n) == 0 ? PASSWORD_RIGHT : PASSWORD_WRONG);
    }
    switch (j->plugin) {
    case MW_AUTH_MYSQL_NATIVE: return found(password_native(c->text, c->n, challenge, j->p));
    case MW_AUTH_MYSQL_OLD: {
        password_old_words(c->text, c->n, words);
        struct finding f = found(password_old_hash(words, challenge, j->p));
        secret_wipe(words, sizeof words);
        return f;
    }
    case MW_AUTH_CACHING_SHA2: return check_sha2(j, c);
    case MW_AUTH_ED25519: return found(password_ed25519(c->text, c->n, challenge, j->p));
    case MW_AUTH_PARSEC: return check_parsec(j, c);
    default: return not_checkable(PASSWORD_REASON_PLUGIN);
    }
}

static struct finding check_hash(const struct judged *j, const struct password_candidate *c)
{
    static const enum mw_auth_plugin plugins[] = {
        [PASSWORD_HASH_NATIVE] = MW_AUTH_MYSQL_NATIVE,       [PASSWORD_HASH_OLD] = MW_AUTH_MYSQL_OLD,
        [PASSWORD_HASH_CACHING_SHA2] = MW_AUTH_CACHING_SHA2, [PASSWORD_HASH_SHA256] = MW_AUTH_SHA256,
        [PASSWORD_HASH_ED25519] = MW_AUTH_ED25519,           [PASSWORD_HASH_PARSEC] = MW_AUTH_PARSEC};
    const uint8_t *challenge = j->login->challenge;
    if (plugins[c->hash.kind] != j->plugin)
        return not_checkable(PASSWORD_REASON_OTHER_HASH);
    switch (c->hash.kind) {
    case PASSWORD_HASH_NATIVE: return found(password_native_hash(c->hash.native, challenge, j->p));
    case PASSWORD_HASH_OLD: return found(password_old_hash(c->hash.old, challenge, j->p));
    case PASSWORD_HASH_ED25519: return found(password_ed25519_key(c->hash.key, challenge, j->p));
    case PASSWORD_HASH_PARSEC: return found(password_parsec_key(c->hash.key, challenge, j->p));
    default: {
        size_t n = j->n - (j->p[j->n - 1] == 0);
        return j->answer == ANSWER_CLEAR ? found(password_crypt((const char *)j->p, n, &c->hash))
                                         : not_checkable(PASSWORD_REASON_HASH_ONLY);
    }
    }
}

/* Any candidate that matches does; where none does, one that could not be checked might. */
static struct finding check_candidates(const struct judged *j, struct password_candidate *candidates)
{
    struct finding result = {PASSWORD_MISMATCH, PASSWORD_REASON_NONE};
    if (j->answer == ANSWER_EMPTY) {
        for (const struct password_candidate *c = candidates; c; c = c->next)
            if (c->n == 0)
                return match;
        return (struct finding){PASSWORD_MISMATCH, PASSWORD_REASON_NO_PASSWORD};
    }
    if (j->answer == ANSWER_PROOF) {
        struct finding shape = check_shape(j);
        if (shape.verdict != PASSWORD_MATCH)
            return shape;
    }
    for (struct password_candidate *c = candidates; c; c = c->next) {
        struct finding f = check_password(j, c);
        if (f.verdict != PASSWORD_MATCH && c->hash.kind != PASSWORD_HASH_NONE)
            f = check_hash(j, c);
        if (f.verdict == PASSWORD_MATCH)
            return f;
        if (f.verdict == PASSWORD_NOT_CHECKABLE)
            result = f;
    }
    return result;
}

static void set(struct password_login *l, struct finding f)
{
    l->verdict = f.verdict;
    l->reason = f.reason;
}

/* A packet of the client that answers the challenge; `first` behind greeting or switch. */
static void judge(struct password_login *l, struct passwords *passwords, const char *user,
                  const struct mw_event *event, struct mw_slice data, bool first)
{
    const struct mw_ctx *ctx = mw_session_ctx(event->session, MW_CLIENT);
    struct judged j = {l, passwords, (enum mw_auth_plugin)ctx->plugin, ANSWER_OTHER, data.p, data.n};
    struct password_candidate *candidates = user ? passwords_find(passwords, user) : NULL;
    j.answer = answer_of(j.plugin, data, ctx->flags & MW_CTX_TLS, first);
    if (event->msg->status != MW_OK)
        set(l, not_checkable(PASSWORD_REASON_RESPONSE_NOT_SEEN));
    else if (j.answer == ANSWER_OTHER) /* the plugin's name itself may be cut off */
        set(l, not_checkable(j.plugin == MW_AUTH_UNKNOWN && !mw_session_exact(event->session) ? PASSWORD_REASON_LOST
                                                                                              : PASSWORD_REASON_PLUGIN));
    else if (!candidates)
        set(l, not_checkable(PASSWORD_REASON_NO_CANDIDATE));
    else if (j.answer == ANSWER_RSA) { /* a proof before may have told more */
        if (l->reason == PASSWORD_REASON_RESPONSE_NOT_SEEN || l->reason == PASSWORD_REASON_HASH_ONLY)
            set(l, not_checkable(PASSWORD_REASON_RSA));
    } else if (j.answer != ANSWER_NOTHING && l->verdict != PASSWORD_MATCH)
        set(l, check_candidates(&j, candidates));
}

static void take_challenge(struct password_login *l, struct mw_slice a, struct mw_slice b)
{
    size_t n = a.n < sizeof l->challenge ? a.n : sizeof l->challenge;
    size_t more = b.n < sizeof l->challenge - n ? b.n : sizeof l->challenge - n;
    if (n > 0)
        memcpy(l->challenge, a.p, n);
    if (more > 0)
        memcpy(l->challenge + n, b.p, more);
    l->n_challenge = (uint8_t)(n + more);
}

static void on_auth(struct password_login *l, struct passwords *passwords, const char *user,
                    const struct mw_event *event)
{
    const struct mw_auth *auth = &event->msg->auth;
    switch (event->msg->kind) {
    case MW_KIND_AUTH_NEXT_FACTOR: l->factors = true; break;
    case MW_KIND_AUTH_SWITCH: take_challenge(l, auth->data, (struct mw_slice){NULL, 0}); /* fall through */
    case MW_KIND_OLD_AUTH_SWITCH: /* the greeting's challenge stays */
        l->n_salt = 0;
        set(l, not_checkable(PASSWORD_REASON_RESPONSE_NOT_SEEN));
        break;
    case MW_KIND_AUTH_MORE:
        if (mw_session_ctx(event->session, MW_SERVER)->plugin == MW_AUTH_PARSEC && auth->data.n > 2 &&
            auth->data.n - 2 <= sizeof l->salt && auth->data.p[0] == 'P' && event->msg->status == MW_OK) {
            l->cost = auth->data.p[1];
            l->n_salt = (uint8_t)(auth->data.n - 2);
            memcpy(l->salt, auth->data.p + 2, l->n_salt);
        }
        break;
    case MW_KIND_AUTH_RESPONSE:
        judge(l, passwords, user, event, auth->data, mw_session_ctx(event->session, MW_CLIENT)->flags & MW_CTX_FIRST);
        break;
    default: break;
    }
}

/* What is certain holds even where packets are missing; that nothing fits does not. */
static void settle(struct password_login *l, bool exact)
{
    if (l->factors)
        set(l, not_checkable(PASSWORD_REASON_MULTI_FACTOR));
    else if (l->verdict == PASSWORD_MISMATCH && !exact)
        set(l, not_checkable(PASSWORD_REASON_LOST));
    secret_wipe(l->challenge, sizeof l->challenge);
    secret_wipe(l->salt, sizeof l->salt);
    l->n_challenge = l->n_salt = 0;
    l->over = true;
}

void password_login_event(struct password_login *l, struct passwords *passwords, const char *user,
                          const struct mw_event *event)
{
    if (l->over || !event->msg)
        return;
    switch (event->kind) {
    case MW_EVENT_GREETING:
        take_challenge(l, event->msg->greeting.scramble, event->msg->greeting.scramble_rest);
        break;
    case MW_EVENT_LOGIN:
        l->begun = true;
        set(l, not_checkable(PASSWORD_REASON_RESPONSE_NOT_SEEN));
        judge(l, passwords, user, event, event->msg->login.auth, true);
        break;
    case MW_EVENT_AUTH:
        if (l->begun && !event->exchange) /* else it belongs to a COM_CHANGE_USER */
            on_auth(l, passwords, user, event);
        break;
    case MW_EVENT_LOGGED_IN:
    case MW_EVENT_LOGIN_FAILED: settle(l, mw_session_exact(event->session)); break;
    default: break;
    }
}

void password_login_closed(struct password_login *l, bool exact, bool hidden)
{
    if (!l->over)
        settle(l, exact);
    if (l->verdict == PASSWORD_NOT_ASKED && hidden)
        set(l, not_checkable(PASSWORD_REASON_ENCRYPTED));
}

const char *password_verdict_name(enum password_verdict verdict)
{
    static const char *const names[] = {NULL, "match", "mismatch", "not_checkable"};
    return names[verdict];
}

const char *password_reason_key(enum password_reason reason)
{
    static const char *const keys[] = {
#define PASSWORD_REASON(id, key, sentence) key,
#include "analyzer/password_reasons.def"
#undef PASSWORD_REASON
    };
    return keys[reason];
}

const char *password_reason_sentence(enum password_reason reason)
{
    static const char *const sentences[] = {
#define PASSWORD_REASON(id, key, sentence) sentence,
#include "analyzer/password_reasons.def"
#undef PASSWORD_REASON
    };
    return sentences[reason];
}
