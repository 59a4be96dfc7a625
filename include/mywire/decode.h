/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decoding: pure. The same packet and the same snapshot give the same message, whatever was decoded before. */
#ifndef MYWIRE_DECODE_H
#define MYWIRE_DECODE_H

#include "mywire/message.h"

/** Decodes a packet sent by `dir` in the state of `ctx`.
 *
 *  Slices of the message point into the packet. `msg->status` says how it ended: MW_OK; MW_SHORT, less was captured than
 *  the packet had, what is there was decoded; MW_BAD, the bytes contradict the layout, the fields before are good. */
void mw_decode(const struct mw_ctx *ctx, enum mw_dir dir, const struct mw_packet *packet, struct mw_msg *msg);

/** The same, and tells every field to `trace`. The message is equal to that of mw_decode, but for a row whose values
 *  contradict its layout: only a trace has its values read, so only then is it MW_BAD. */
void mw_decode_traced(const struct mw_ctx *ctx, enum mw_dir dir, const struct mw_packet *packet, struct mw_msg *msg,
                      const struct mw_trace *trace);

/** Does a packet of the client carry values, of parameters or query attributes? A look at its first bytes. */
bool mw_carries_values(const struct mw_ctx *ctx, const struct mw_packet *packet);

/** One line about a message, as for Wireshark's Info column: printable ASCII and UTF-8 as it came, without line breaks,
 *  cut to `size` (NUL included) at a character's border. Returns its length. Never shows passwords. */
size_t mw_summary(const struct mw_ctx *ctx, enum mw_dir dir, const struct mw_msg *msg, char *out, size_t size);

/** How sure a look at the first bytes of a direction is. */
enum mw_guess { MW_NO, MW_MAYBE, MW_YES };

/** Do these bytes, at the start of a segment, look like a packet that `dir` sends in the command phase? */
enum mw_guess mw_looks_like_packet(enum mw_dir dir, const uint8_t *p, size_t n);

/** The same for bytes that are known to be MySQL's, after a loss: any command whose packet ends with the segment will do. */
enum mw_guess mw_looks_like_next(enum mw_dir dir, const uint8_t *p, size_t n);

/** The same in the compressed protocol: a frame, stored with such a packet in it, or compressed. */
enum mw_guess mw_looks_like_frame(enum mw_dir dir, const uint8_t *p, size_t n);

/** Do these first bytes of a stream look like a server's greeting, or its ERR in place of one? MAYBE: too few to say. */
enum mw_guess mw_looks_like_greeting(const uint8_t *p, size_t n);

/** … like the notice with which a server of the X Protocol greets (Mysqlx.Notice.ServerHello)? */
enum mw_guess mw_looks_like_x_greeting(const uint8_t *p, size_t n);

/** … like a client's login or SSLRequest (sequence id 1, or 2 inside TLS)? */
enum mw_guess mw_looks_like_login(const uint8_t *p, size_t n);

/** … like a client's command (sequence id 0)? Of use where both sides were cut; weaker than the others. */
enum mw_guess mw_looks_like_command(const uint8_t *p, size_t n);

#endif
