/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The NSS key log format (SSLKEYLOGFILE), line by line: text goes in by push, entries and complaints come out. */
#ifndef ANALYZER_TLS_KEYLOG_H
#define ANALYZER_TLS_KEYLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Kinds of secret, by their labels; `tls_labels.def` is the list. */
enum tls_label {
#define LABEL(id, name, kept, bytes) TLS_LABEL_##id,
#include "analyzer/tls_labels.def"
#undef LABEL
    TLS_LABELS
};

/** What a line's secret belongs to. */
enum tls_keylog_kind {
    TLS_KEYLOG_LABEL,  /**< LABEL CLIENT_RANDOM SECRET: the key is a client random, 32 bytes */
    TLS_KEYLOG_RSA,    /**< RSA KEY PREMASTER: the key is the first 8 bytes of the encrypted premaster secret */
    TLS_KEYLOG_SESSION /**< RSA Session-ID:KEY Master-Key:MASTER: the key is a session id, 1 to 32 bytes */
};

enum { TLS_KEYLOG_KEY_MAX = 32, TLS_KEYLOG_LINE_MAX = 4096 };

/** A line's content. It is gone with the next line. */
struct tls_keylog_entry {
    enum tls_keylog_kind kind;
    enum tls_label label; /**< of TLS_KEYLOG_LABEL */
    const uint8_t *key, *secret;
    size_t n_key, n;
};

/** Whom a reader tells. */
struct tls_keylog_sink {
    void *user;
    /** A good line. */
    void (*entry)(void *user, const struct tls_keylog_entry *entry);
    /** A wrong line, counted from 1; `why` is a clause that stays, and shows nothing of what stands there. May be NULL.
     */
    void (*complain)(void *user, unsigned line, const char *why);
};

/** A reader. It holds a line at most, and that in itself: keep it in secret memory. */
struct tls_keylog {
    const struct tls_keylog_sink *sink;
    size_t good; /**< lines told as entries */
    size_t n;    /**< bytes in `line` */
    unsigned number;
    bool too_long;
    char line[TLS_KEYLOG_LINE_MAX];
};

/** The label as it stands in a key log: "CLIENT_RANDOM". */
const char *tls_label_name(enum tls_label label);

/** Begins a file or block. `sink` must stay. */
void tls_keylog_begin(struct tls_keylog *k, const struct tls_keylog_sink *sink);

/** Takes the next piece of text, cut anywhere. Lines end in LF or CR LF; blanks around them, empty lines, comments (#)
 * and a byte order mark are passed over; of a line longer than TLS_KEYLOG_LINE_MAX nothing is used. */
void tls_keylog_push(struct tls_keylog *k, const char *text, size_t n);

/** The text ends: takes a last line without line end, and wipes what is held. */
void tls_keylog_end(struct tls_keylog *k);

#endif
