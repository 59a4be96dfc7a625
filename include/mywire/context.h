/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What decoding a packet needs to know about its session: a snapshot, copied freely and never followed back. */
#ifndef MYWIRE_CONTEXT_H
#define MYWIRE_CONTEXT_H

#include "mywire/columns.h"

enum mw_phase {
#define MW_PHASE(id, side, text) MW_PHASE_##id,
#include "mywire/phases.def"
#undef MW_PHASE
    MW_PHASE_COUNT
};

/** "COLUMNS_END". `phase` must be below MW_PHASE_COUNT. */
const char *mw_phase_name(enum mw_phase phase);

enum mw_ctx_flag {
    MW_CTX_TLS = 1,         /**< an SSLRequest was seen: what comes now is, or was, inside TLS */
    MW_CTX_GREETING = 2,    /**< the greeting was seen, `server_caps` is the server's word */
    MW_CTX_LOGIN = 4,       /**< the login was seen, `caps` is what both agreed on */
    MW_CTX_GUESSED = 8,     /**< capabilities or position are inferred */
    MW_CTX_BINARY = 16,     /**< rows of the result under way are binary */
    MW_CTX_FIRST = 32       /**< the plugin has not spoken yet after its switch (or the greeting) */
};

/** One side's view. POD, at most 64 bytes: the plugin keeps one for each packet. */
struct mw_ctx {
    uint64_t caps;        /**< capabilities in force; before the login those of nobody: 0 */
    uint64_t server_caps; /**< capabilities of the greeting */
    const struct mw_columns *columns; /**< of the rows under way; NULL: definitions were not sent, or not seen */
    const struct mw_stmt *stmt;       /**< that a command of the client executes; NULL unknown */
    uint32_t left;        /**< definitions still to come, this one included */
    uint16_t collation;   /**< of texts that the client sends, 0 unknown */
    uint8_t phase;        /**< enum mw_phase */
    uint8_t dialect;      /**< enum mw_dialect */
    uint8_t protocol;     /**< 9 or 10, 0 unknown */
    uint8_t plugin;       /**< enum mw_auth_plugin whose turn it is */
    uint8_t command;      /**< enum mw_command that the reply belongs to */
    uint8_t reply;        /**< enum mw_reply of it */
    uint8_t flags;        /**< enum mw_ctx_flag */
};

_Static_assert(sizeof(struct mw_ctx) <= 64, "snapshots are kept for every packet");

static inline bool mw_ctx_has(const struct mw_ctx *ctx, unsigned bit)
{
    return ctx->caps >> bit & 1;
}

#endif
