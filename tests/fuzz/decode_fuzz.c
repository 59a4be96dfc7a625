/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 24 bytes that make a snapshot, then the objects that it points to, then a packet's payload. Decoding is pure, bounded, and equal with and without a
 * trace. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/trace_check.h"

enum { CONTEXT = 24, COLUMN = 6, PARAM = 3 };

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

/* Definitions of `n` columns, in a block of exactly that size. */
static struct mw_columns *make_columns(const uint8_t *p, uint32_t n)
{
    struct mw_columns *columns = malloc(sizeof *columns + n * sizeof columns->column[0]);
    *columns = (struct mw_columns){.count = n, .references = 1};
    for (uint32_t i = 0; i < n; i++, p += COLUMN)
        columns->column[i] = (struct mw_column){.name = {(const uint8_t *)"column", p[0] % 7},
                                                .collation = (uint16_t)le(p + 1, 1),
                                                .flags = (uint16_t)le(p + 2, 2),
                                                .type = p[4],
                                                .decimals = p[5]};
    return columns;
}

static struct mw_stmt *make_stmt(const uint8_t *p, uint32_t n, unsigned flags)
{
    struct mw_stmt *stmt = malloc(sizeof *stmt + n * sizeof stmt->param[0]);
    *stmt = (struct mw_stmt){.id = 1, .references = 1, .params = n, .guessed = flags & 1, .bound = flags & 2};
    for (uint32_t i = 0; i < n; i++, p += PARAM) {
        struct mw_param *param = &stmt->param[i];
        *param = (struct mw_param){.type = (uint16_t)le(p, 2), .is_long = p[2] & 1};
        if (param->is_long) {
            param->value = (struct mw_slice){(const uint8_t *)"long data", p[2] % 10};
            param->length = p[2];
        }
    }
    return stmt;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < CONTEXT)
        return 0;
    const uint8_t *objects = data + CONTEXT;
    uint32_t columns = data[18] & 1 ? data[18] >> 1 & 15 : 0, params = data[23] & 1 ? data[23] >> 3 & 15 : 0;
    size_t begin = CONTEXT + columns * COLUMN + params * PARAM;
    if (size < begin)
        return 0;
    struct mw_columns *own_columns = data[18] & 1 ? make_columns(objects, columns) : NULL;
    struct mw_stmt *own_stmt = data[23] & 1 ? make_stmt(objects + columns * COLUMN, params, data[23] >> 1) : NULL;
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
    ctx.columns = own_columns;
    ctx.stmt = own_stmt;
    ctx.collation = (uint16_t)le(data + 19, 2);

    struct mw_packet packet = {.have = (uint32_t)(size - begin), .parts = 1, .broken_parts = data[22] & 1};
    uint64_t missing = data[21] & 1 ? le(data + 22, 2) : 0;
    packet.length = packet.have + missing;
    packet.lost = data[21] & 2 ? missing : 0;
    /* A block of exactly that size: reads behind it are found. */
    uint8_t *payload = malloc(packet.have ? packet.have : 1);
    memcpy(payload, data + begin, packet.have);
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
    free(own_columns);
    free(own_stmt);
    return 0;
}
