/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can open TLS: secrets by client random, from key logs and Decryption Secrets Blocks, and RSA private keys.
 * Secrets are in locked memory that is wiped before it is given back (secret_memory.h); private keys are in GnuTLS's
 * (tls_rsa.h).
 *
 * Adding and finding are for one thread at a time; finding alone changes nothing and is for any number. */
#ifndef ANALYZER_TLS_SECRETS_H
#define ANALYZER_TLS_SECRETS_H

#include "analyzer/tls_keylog.h"

struct tls_secrets;

/** Told of each line that is no key log line: `where` is the file, `line` from 1, `why` a clause ("the secret is not
 * hexadecimal") that stays. Never told what stands there. */
typedef void (*tls_secrets_complaint)(void *user, const char *where, unsigned line, const char *why);

/** Holds `max` secrets at most (the limit `tls_secrets`); those that come later are dropped and counted. */
struct tls_secrets *tls_secrets_new(uint64_t max);

/** Reads a key log in memory: a file's or a block's whole text. Lines may end in CR LF, comments and empty lines are
 * skipped, wrong lines are complained of (`complain` may be NULL) and left out. `where` is for complaints. Returns how
 * many secrets were new. A second secret for what has one already is passed over. */
size_t tls_secrets_add_keylog(struct tls_secrets *s, const char *text, size_t n, const char *where,
                              tls_secrets_complaint complain, void *user);

/** Reads a key log file. Returns NULL, or a sentence for the user, which begins with the path and which the caller
 * frees with g_free(): the file cannot be read, or has no good line. What was read before an error stays. */
char *tls_secrets_read_keylog(struct tls_secrets *s, const char *path, tls_secrets_complaint complain, void *user);

/** From now on tls_secrets_read_more() looks at that key log, for what comes behind that which stands there
 * now. A file that cannot be opened is passed over. */
void tls_secrets_follow_keylog(struct tls_secrets *s, const char *path);

/** Whether key logs are followed. */
bool tls_secrets_grow(const struct tls_secrets *s);

/** Takes the whole lines that were written to followed key logs in the meantime; wrong ones are passed over. */
void tls_secrets_read_more(struct tls_secrets *s);

/** Reads a private key: PEM, DER, PKCS#12 (`password_file` may be NULL: no password) or a `pkcs11:` URL. Returns NULL,
 * or a sentence for the user, which begins with the path and which the caller frees with g_free(): not found, not a
 * key, wrong password, no RSA key. */
char *tls_secrets_read_key(struct tls_secrets *s, const char *path, const char *password_file);

/** The secret of that label and client random (32 bytes) with its length, or NULL: unknown, or not kept
 * (tls_labels.def). It belongs to `s`. */
const uint8_t *tls_secrets_find(const struct tls_secrets *s, enum tls_label label, const uint8_t *client_random,
                                size_t *n);

/** The master secret (48 bytes) of the session with that id, or NULL. It belongs to `s`. */
const uint8_t *tls_secrets_find_session(const struct tls_secrets *s, const uint8_t *id, size_t n_id);

/** Whether anything is known about that client random. */
bool tls_secrets_know(const struct tls_secrets *s, const uint8_t *client_random);

/** Opens an RSA ClientKeyExchange: by an `RSA` line of a key log, else by the private key that fits the server's
 * certificate (DER; n_certificate 0: not seen), else by every private key. `encrypted` is the encrypted premaster
 * secret without its length. `hello_version` is the version that the ClientHello offered and the premaster secret must
 * begin with (RFC 5246 section 7.4.7.1); where the key fits the certificate, a lower version is accepted too, as some
 * old clients send. False: none opens it. `premaster` takes 48 bytes; the caller wipes it. */
bool tls_secrets_premaster(const struct tls_secrets *s, const uint8_t *encrypted, size_t n, const uint8_t *certificate,
                           size_t n_certificate, uint16_t hello_version, uint8_t *premaster);

/** How many secrets of key logs, and how many private keys there are. */
size_t tls_secrets_count(const struct tls_secrets *s);
size_t tls_secrets_keys(const struct tls_secrets *s);

/** How many secrets were dropped at the limit: its hits. */
uint64_t tls_secrets_dropped(const struct tls_secrets *s);

/** 0, or the errno of the first refusal to lock the secrets in memory; see secret_memory_unlocked(). */
int tls_secrets_unlocked(const struct tls_secrets *s);

/** Wipes and frees. NULL is allowed. */
void tls_secrets_free(struct tls_secrets *s);

#endif
