/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoder with a trace: every field is told as it is read. */
#define MW_TRACED 1
#include "core/decode_body.h"

void mw_decode_traced(const struct mw_ctx *ctx, enum mw_dir dir, const struct mw_packet *packet, struct mw_msg *msg,
                      const struct mw_trace *trace)
{
    decode(ctx, dir, packet, msg, trace);
}
