/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoder without a trace: the fast path. */
#define MW_TRACED 0
#include "core/decode_body.h"

bool mw_carries_values(const struct mw_ctx *ctx, const struct mw_packet *packet)
{
    bool attributes = mw_ctx_has(ctx, MW_BIT_CLIENT_QUERY_ATTRIBUTES);
    if (packet->have < 2 || kind_from_client(ctx, packet) != MW_KIND_COMMAND)
        return false;
    switch (packet->payload[0]) {
    case MW_COM_STMT_EXECUTE:
    case MW_COM_STMT_BULK_EXECUTE: return ctx->stmt && (ctx->stmt->params > 0 || attributes);
    case MW_COM_QUERY: return attributes && packet->payload[1] != 0;
    default: return false;
    }
}

void mw_decode(const struct mw_ctx *ctx, enum mw_dir dir, const struct mw_packet *packet, struct mw_msg *msg)
{
    decode(ctx, dir, packet, msg, NULL);
}
