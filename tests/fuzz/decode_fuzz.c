/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 24 bytes that make a snapshot, then a packet's payload. Decoding is pure, bounded, and equal with and without a
 * trace. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/trace_check.h"

enum { CONTEXT = 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t le(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

/* A line of summary must end, hold no control character and no half of a UTF-8 character that was whole. */
static void check_summary(const struct mw_ctx *ctx, enum mw_dir dir, const struct mw_msg *msg, size_t room)
{
    char *line = malloc(room + 1);
    size_t n = mw_summary(ctx, dir, msg, line, room);
    if ((room == 0 && n != 0) || (room > 0 && (n >= room || line[n] != 0)))
        abort();
    for (size_t i = 0; i < n; i++)
        if ((uint8_t)line[i] < 0x20 || line[i] == 0x7f)
            abort();
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < CONTEXT)
        return 0;
    struct mw_ctx ctx;
    memset(&ctx, 0, sizeof ctx);
    ctx.caps = le(data, 5);
    ctx.server_caps = le(data + 5, 5);
    ctx.phase = (uint8_t)(data[10] % MW_PHASE_COUNT);
    enum mw_dir dir = data[11] & 1 ? MW_SERVER : MW_CLIENT;
    ctx.dialect = data[11] >> 1 & 3;
    ctx.protocol = data[12];
    ctx.plugin = (uint8_t)(data[13] % MW_AUTH_COUNT);
    ctx.command = data[14];
    ctx.reply = (uint8_t)(data[15] % (MW_REPLY_ANYTHING + 1));
    ctx.flags = data[16] & 63;
    ctx.left = data[17];
    ctx.columns = data[18];
    ctx.collation = (uint16_t)le(data + 19, 2);

    struct mw_packet packet = {.have = (uint32_t)(size - CONTEXT), .parts = 1, .broken_parts = data[22] & 1};
    uint64_t missing = data[21] & 1 ? le(data + 22, 2) : 0;
    packet.length = packet.have + missing;
    packet.lost = data[21] & 2 ? missing : 0;
    /* A block of exactly that size: reads behind it are found. */
    uint8_t *payload = malloc(packet.have ? packet.have : 1);
    memcpy(payload, data + CONTEXT, packet.have);
    packet.payload = payload;

    struct mw_msg msg;
    trace_require(&ctx, dir, &packet, &msg);
    static const size_t rooms[] = {0, 1, 2, 20, 80, 400};
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
        check_summary(&ctx, dir, &msg, rooms[i]);
    mw_looks_like_greeting(payload, packet.have);
    mw_looks_like_login(payload, packet.have);
    mw_looks_like_packet(dir, payload, packet.have);
    free(payload);
    return 0;
}
