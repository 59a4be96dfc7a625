/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does what a client proves at its login fit a password that was given? Fed with the session's events; answers are
 * checked as they come and never kept. With several rounds, the last plugin's counts: it decides. */
#ifndef ANALYZER_PASSWORD_LOGIN_H
#define ANALYZER_PASSWORD_LOGIN_H

#include "analyzer/passwords.h"
#include "mywire/session.h"

enum password_verdict { PASSWORD_NOT_ASKED, PASSWORD_MATCH, PASSWORD_MISMATCH, PASSWORD_NOT_CHECKABLE };

enum password_reason {
#define PASSWORD_REASON(id, key, sentence) PASSWORD_REASON_##id,
#include "analyzer/password_reasons.def"
#undef PASSWORD_REASON
    PASSWORD_REASONS
};

/** Of one connection. Zeros at its beginning. */
struct password_login {
    enum password_verdict verdict;
    enum password_reason reason;
    /* What the server asked, until it has decided. */
    uint8_t challenge[32], n_challenge;
    uint8_t salt[32], n_salt, cost; /* parsec */
    bool begun, over; /* the login was seen; the server has decided */
    bool factors;
};

/** Takes an event. `user` is the login's, UTF-8, NULL before it. */
void password_login_event(struct password_login *l, struct passwords *passwords, const char *user,
                          const struct mw_event *event);

/** The connection is over. `exact`: nothing was lost; `hidden`: there may be a login inside TLS that was not opened. */
void password_login_closed(struct password_login *l, bool exact, bool hidden);

/** "match", "mismatch", "not_checkable"; NULL: nobody asked, or there was no login. */
const char *password_verdict_name(enum password_verdict verdict);

/** The key in records, NULL for none, and what it means: a clause. */
const char *password_reason_key(enum password_reason reason);
const char *password_reason_sentence(enum password_reason reason);

#endif
