/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can open TLS: secrets by client random, from key logs and Decryption Secrets Blocks, and RSA private keys. All of it is in
 * locked memory that is wiped before it is given back (secret_memory.h). */
#ifndef ANALYZER_TLS_SECRETS_H
#define ANALYZER_TLS_SECRETS_H

#include "analyzer/tls_schedule.h"

/** Kinds of secret, by the labels of the NSS key log format (draft-ietf-tls-keylogfile); `tls_labels.def` is the list. */
enum tls_label {
#define LABEL(id, name, kept) TLS_LABEL_##id,
#include "analyzer/tls_labels.def"
#undef LABEL
    TLS_LABELS
};

struct tls_secrets;

/** Told of each line that is no key log line: `where` is the file, `line` from 1, `why` a clause ("the secret is not
 * hexadecimal"). Never told what stands there. */
typedef void (*tls_secrets_complaint)(void *user, const char *where, unsigned line, const char *why);

struct tls_secrets *tls_secrets_new(void);

/** Reads a key log in memory: a file's or a block's whole text. Lines may end in CR LF, comments and empty lines are skipped,
 * wrong lines are complained of (`complain` may be NULL) and left out. `where` is for complaints. Returns how many secrets
 * were new. */
size_t tls_secrets_add_keylog(struct tls_secrets *s, const char *text, size_t n, const char *where,
                              tls_secrets_complaint complain, void *user);

/** Reads a key log file. Returns NULL, or a sentence for the user that the caller frees. A file without any good line is an
 * error too. */
char *tls_secrets_read_keylog(struct tls_secrets *s, const char *path, tls_secrets_complaint complain, void *user);

/** Reads a private key: PEM, DER, PKCS#12 (`password_file` may be NULL: no password) or a `pkcs11:` URL. Returns NULL, or a
 * sentence for the user that the caller frees: not found, not a key, wrong password, no RSA key. */
char *tls_secrets_read_key(struct tls_secrets *s, const char *path, const char *password_file);

/** The secret of that label and client random (32 bytes) with its length, or NULL. It belongs to `s`. */
const uint8_t *tls_secrets_find(const struct tls_secrets *s, enum tls_label label, const uint8_t *client_random, size_t *n);

/** Whether anything is known about that client random. */
bool tls_secrets_know(const struct tls_secrets *s, const uint8_t *client_random);

/** Opens an RSA ClientKeyExchange: by an `RSA` line of a key log, else by the private key that fits the server's certificate
 * (DER; n_certificate 0: not seen), else by every private key. `hello_version` is the version that the ClientHello offered and
 * the premaster secret must begin with. False: none opens it. `premaster` takes 48 bytes; the caller wipes it. */
bool tls_secrets_premaster(const struct tls_secrets *s, const uint8_t *encrypted, size_t n, const uint8_t *certificate,
                           size_t n_certificate, uint16_t hello_version, uint8_t *premaster);

/** How many secrets of key logs, and how many private keys there are. */
size_t tls_secrets_count(const struct tls_secrets *s);
size_t tls_secrets_keys(const struct tls_secrets *s);

/** Wipes and frees. NULL is allowed. */
void tls_secrets_free(struct tls_secrets *s);

#endif
