/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoder without a trace: the fast path. */
#define MW_TRACED 0
#include "core/decode_body.h"

void mw_decode(const struct mw_ctx *ctx, enum mw_dir dir, const struct mw_packet *packet, struct mw_msg *msg)
{
    decode(ctx, dir, packet, msg, NULL);
}
