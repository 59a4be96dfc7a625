/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tap at a connection: the bytes that its packets are made of, for who writes them anew. */
#ifndef ANALYZER_CONN_TAP_H
#define ANALYZER_CONN_TAP_H

#include "analyzer/connection.h"
#include "analyzer/detect.h"
#include "mywire/compress.h"
#include "mywire/context.h"

/** Bytes of a direction, in the order of the stream, above TLS and compression. Borrowed for the time of the call. */
struct conn_bytes {
    const struct connection *connection;
    enum mw_dir dir;
    const uint8_t *p;
    size_t n; /**< > 0 */
    struct mw_stamp stamp;
    const struct mw_frame *frame; /**< the compressed frame that these are the content of; NULL: not compressed */
};

/** Who wants to know the bytes that packets are made of. Packets that end in them are told after bytes() and before
 * settled(). */
struct conn_tap {
    void *user;
    void (*bytes)(void *user, const struct conn_bytes *bytes);
    /** What stood before the first packet of a connection, once: the header of a PROXY protocol. */
    void (*preamble)(void *user, const struct conn_bytes *bytes);
    /** The last `n` of the bytes are no packets: TLS or compressed frames begin there. */
    void (*take_back)(void *user, const struct connection *connection, enum mw_dir dir, size_t n);
    /** All packets that the bytes so far complete have been told. `phase`: what is expected of `dir` next. */
    void (*settled)(void *user, const struct connection *connection, enum mw_dir dir, enum mw_phase phase);
    /** `n` bytes are missing here; UINT64_MAX: nobody knows how many. `damaged`: the compressed frame that they were,
     * or NULL. `inside`: the packet under way goes on behind them. */
    void (*gap)(void *user, const struct connection *connection, enum mw_dir dir, uint64_t n,
                const struct mw_frame *damaged, bool inside);
    /** FIN or RST of `dir`. */
    void (*ended)(void *user, const struct connection *connection, enum mw_dir dir, bool reset, int64_t time_ns);
};

/* What a connection tells its tap, if there is one. */

static inline void conn_tap_preamble(const struct conn_tap *tap, const struct connection *c,
                                     const struct detect_first *header)
{
    if (!tap || !header->bytes)
        return;
    struct conn_bytes bytes = {c, MW_CLIENT, header->bytes->data, header->bytes->len, header->stamp, NULL};
    tap->preamble(tap->user, &bytes);
}

static inline void conn_tap_bytes(const struct conn_tap *tap, const struct connection *c, enum mw_dir dir,
                                  const uint8_t *p, size_t n, struct mw_stamp stamp, const struct mw_frame *frame)
{
    struct conn_bytes bytes = {c, dir, p, n, stamp, frame};
    if (tap && n)
        tap->bytes(tap->user, &bytes);
}

static inline void conn_tap_take_back(const struct conn_tap *tap, const struct connection *c, enum mw_dir dir, size_t n)
{
    if (tap && n)
        tap->take_back(tap->user, c, dir, n);
}

static inline void conn_tap_settled(const struct conn_tap *tap, const struct connection *c, enum mw_dir dir,
                                    enum mw_phase phase)
{
    if (tap)
        tap->settled(tap->user, c, dir, phase);
}

static inline void conn_tap_gap(const struct conn_tap *tap, const struct connection *c, enum mw_dir dir, uint64_t n,
                                const struct mw_frame *damaged, bool inside)
{
    if (tap)
        tap->gap(tap->user, c, dir, n, damaged, inside);
}

static inline void conn_tap_ended(const struct conn_tap *tap, const struct connection *c, enum mw_dir dir, bool reset,
                                  int64_t time_ns)
{
    if (tap)
        tap->ended(tap->user, c, dir, reset, time_ns);
}

#endif
