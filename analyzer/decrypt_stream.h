/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rewrites the bytes of one MySQL connection for life without TLS: the session goes through, its packets are shown to
 * it by the observer of the connection, and what stands in them of TLS (and of compression, where that is to go) is
 * taken out; passwords in clear are covered.
 *
 * Bytes are held only as long as a packet that may have to be changed is not complete. */
#ifndef ANALYZER_DECRYPT_STREAM_H
#define ANALYZER_DECRYPT_STREAM_H

#include "analyzer/conn.h"

/** What is to be done to a connection. */
struct decrypt_plan {
    bool tls;           /**< TLS comes off */
    bool ssl_request;   /**< … which an SSLRequest began: it is dropped, and what follows it is numbered anew */
    bool keep_ssl_flag; /**< CLIENT_SSL stays in greeting and login */
    bool decompress;    /**< compression comes off as well */
    bool show_secrets;  /**< passwords in clear stay */
};

/** Where the bytes go. */
struct decrypt_sink {
    void (*data)(void *user, enum mw_dir dir, const uint8_t *p, size_t n, int64_t time_ns);
    /** `n` bytes are not there. */
    void (*gap)(void *user, enum mw_dir dir, uint64_t n);
    void *user;
};

/** A gap whose length nobody knows is written as one of 16 MiB: longer than what can be missing of any packet, so that
 * readers look for the next one. */
#define DECRYPT_UNKNOWN_GAP (UINT64_C(1) << 24)

struct decrypt_stream;

/** A new stream. Free with decrypt_stream_free(). */
struct decrypt_stream *decrypt_stream_new(struct decrypt_plan plan, struct decrypt_sink sink);

/** Whether packets of `dir` must be shown. */
bool decrypt_stream_looks(const struct decrypt_stream *s, enum mw_dir dir);

/* As in struct conn_tap and struct conn_observer: */

/** Bytes come. */
void decrypt_stream_bytes(struct decrypt_stream *s, const struct conn_bytes *bytes);
/** The last `n` of them are no packets. */
void decrypt_stream_take_back(struct decrypt_stream *s, enum mw_dir dir, size_t n);
/** A packet among them. */
void decrypt_stream_packet(struct decrypt_stream *s, const struct conn_packet *packet);
/** All packets that they hold were shown: what needs no more is written. */
void decrypt_stream_settled(struct decrypt_stream *s, enum mw_dir dir, enum mw_phase phase);
/** Bytes are missing. */
void decrypt_stream_gap(struct decrypt_stream *s, enum mw_dir dir, uint64_t n, const struct mw_frame *damaged,
                        bool inside);
/** Nothing follows in `dir`: writes what is held of a packet that never ended. */
void decrypt_stream_end(struct decrypt_stream *s, enum mw_dir dir);

/** Passwords that were covered so far. */
uint64_t decrypt_stream_masked(const struct decrypt_stream *s);

/** Frees. NULL is allowed. */
void decrypt_stream_free(struct decrypt_stream *s);

#endif
