/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decoder, compiled twice: decode.c (MW_TRACED 0) and decode_traced.c (MW_TRACED 1). */
#include "core/reader.h"
#include "mywire/decode.h"

#include "core/value.h"

#include "core/decode_connection.h"

#include "core/decode_auth.h"

#include "core/decode_command.h"
#include "core/decode_reply.h"
#include "core/decode_result.h"

/* Longest EOF; a longer packet that begins with fe is a row, or an OK. */
enum { EOF_LONGEST = 8, ROW_FIRST_FE = 0xffffff };

/* What the first packet of a reply, or one of a login, can be by its first byte alone. */
static enum mw_kind kind_of_verdict(const uint8_t *p, uint32_t have, uint64_t length)
{
    switch (p[0]) {
    case 0x00: return MW_KIND_OK;
    case 0xff: return have >= 3 && p[1] == 0xff && p[2] == 0xff ? MW_KIND_PROGRESS : MW_KIND_ERR;
    case 0xfe: return length <= EOF_LONGEST ? MW_KIND_EOF : MW_KIND_UNKNOWN;
    default: return MW_KIND_UNKNOWN;
    }
}

static enum mw_kind kind_of_login_reply(const uint8_t *p, uint32_t have, uint64_t length)
{
    switch (p[0]) {
    case 0x01: return MW_KIND_AUTH_MORE;
    case 0x02: return MW_KIND_AUTH_NEXT_FACTOR;
    case 0xfe: return length == 1 ? MW_KIND_OLD_AUTH_SWITCH : MW_KIND_AUTH_SWITCH;
    case 0x00:
        /* Some plugins' data comes unescaped: an OK has at least 3 bytes, and its integers are small. */
        return length >= 3 ? MW_KIND_OK : MW_KIND_AUTH_MORE;
    case 0xff: return length >= 3 ? kind_of_verdict(p, have, length) : MW_KIND_AUTH_MORE;
    default: return MW_KIND_AUTH_MORE;
    }
}

/* End of a result: EOF, or with CLIENT_DEPRECATE_EOF an OK that begins with fe; ERR; else a row. A text row can begin with
 * fe when its first value is 16 MiB or longer. */
static enum mw_kind kind_of_row(const struct mw_ctx *ctx, const uint8_t *p, uint32_t have, uint64_t length)
{
    if (p[0] == 0xff)
        return kind_of_verdict(p, have, length);
    if (p[0] != 0xfe || length >= ROW_FIRST_FE)
        return MW_KIND_ROW;
    if (mw_ctx_has(ctx, MW_BIT_CLIENT_DEPRECATE_EOF))
        return length == 5 && ctx->reply == MW_REPLY_BINLOG ? MW_KIND_EOF : MW_KIND_OK;
    return length <= EOF_LONGEST ? MW_KIND_EOF : MW_KIND_ROW;
}

/* fe as the answer to COM_SET_OPTION, COM_DEBUG and others: EOF, or a short OK with CLIENT_DEPRECATE_EOF. */
static enum mw_kind kind_of_reply(const struct mw_ctx *ctx, const uint8_t *p, uint32_t have, uint64_t length)
{
    enum mw_kind kind = kind_of_verdict(p, have, length);
    if (kind == MW_KIND_EOF && length == 7)
        return MW_KIND_OK;
    if (ctx->reply == MW_REPLY_PREPARED && kind == MW_KIND_OK)
        return MW_KIND_PREPARE_OK;
    if ((ctx->reply == MW_REPLY_RESULT || ctx->reply == MW_REPLY_BINARY) && kind == MW_KIND_UNKNOWN)
        return p[0] == 0xfb ? MW_KIND_INFILE : MW_KIND_COLUMN_COUNT;
    return kind;
}

/* Of a packet without a byte to look at only the place in the reply tells. */
static enum mw_kind kind_unseen(const struct mw_ctx *ctx, uint64_t length)
{
    switch (ctx->phase) {
    case MW_PHASE_TEXT: return MW_KIND_STATISTICS;
    case MW_PHASE_ROWS: return length ? MW_KIND_ROW : MW_KIND_UNKNOWN;
    case MW_PHASE_COLUMNS:
    case MW_PHASE_PARAMS:
    case MW_PHASE_RESULT: return length ? MW_KIND_COLUMN : MW_KIND_UNKNOWN;
    default: return length ? MW_KIND_DAMAGED : MW_KIND_UNKNOWN;
    }
}

static enum mw_kind kind_from_server(const struct mw_ctx *ctx, const struct mw_packet *packet)
{
    const uint8_t *p = packet->payload;
    uint32_t have = packet->have;
    uint64_t length = packet->length;
    if (have == 0)
        return kind_unseen(ctx, length);
    switch (ctx->phase) {
    case MW_PHASE_GREETING: return p[0] == 10 || p[0] == 9 ? MW_KIND_GREETING : kind_of_verdict(p, have, length);
    case MW_PHASE_LOGIN_WAIT:
    case MW_PHASE_AUTH:
    case MW_PHASE_REAUTH: return kind_of_login_reply(p, have, length);
    case MW_PHASE_COLUMNS:
    case MW_PHASE_PARAMS:
    case MW_PHASE_RESULT: return p[0] == 0xff ? kind_of_verdict(p, have, length) : MW_KIND_COLUMN;
    case MW_PHASE_FIELDS:
        return p[0] == 0xff || (p[0] == 0xfe && length <= EOF_LONGEST) ? kind_of_reply(ctx, p, have, length)
                                                                       : MW_KIND_COLUMN;
    case MW_PHASE_ROWS: return kind_of_row(ctx, p, have, length);
    case MW_PHASE_TEXT: return p[0] == 0xff && length >= 3 ? MW_KIND_ERR : MW_KIND_STATISTICS;
    case MW_PHASE_BINLOG: return p[0] == 0x00 ? MW_KIND_BINLOG_EVENT : kind_of_verdict(p, have, length);
    case MW_PHASE_STREAM: return p[0] == 0xff ? MW_KIND_ERR : MW_KIND_STREAM;
    case MW_PHASE_STRAY: return MW_KIND_UNKNOWN;
    default: return kind_of_reply(ctx, p, have, length);
    }
}

static enum mw_kind kind_from_client(const struct mw_ctx *ctx, const struct mw_packet *packet)
{
    enum { CAPS = 4 }; /* without them a login cannot be told from a request for TLS */
    bool cut = packet->have < packet->length;
    switch (ctx->phase) {
    case MW_PHASE_SILENT:
    case MW_PHASE_LOGIN:
        if (cut && packet->have < CAPS)
            return MW_KIND_DAMAGED;
        return is_login(ctx, packet) ? MW_KIND_LOGIN : MW_KIND_UNKNOWN;
    case MW_PHASE_AUTH_WAIT:
    case MW_PHASE_AUTH_ANSWER: return MW_KIND_AUTH_RESPONSE;
    case MW_PHASE_FILE: return packet->length ? MW_KIND_FILE_DATA : MW_KIND_FILE_END;
    case MW_PHASE_STREAMING:
        return packet->length == 1 && packet->have && packet->payload[0] == MW_COM_QUIT ? MW_KIND_COMMAND : MW_KIND_STREAM;
    default: return cut && packet->have == 0 ? MW_KIND_DAMAGED : MW_KIND_COMMAND;
    }
}

static void decode_header(struct mw_reader *r, const struct mw_packet *packet)
{
    if (!rd_trace(r))
        return;
    struct mw_item length = {.field = MW_F_PACKET_LENGTH,
                             .length = 3,
                             .number = packet->length < MW_PART_MAX ? packet->length : MW_PART_MAX};
    struct mw_item number = {.field = MW_F_PACKET_NUMBER, .offset = 3, .length = 1, .number = packet->sequence};
    rd_trace(r)->item(rd_trace(r)->user, &length);
    rd_trace(r)->item(rd_trace(r)->user, &number);
}

RD void decode(const struct mw_ctx *ctx, enum mw_dir dir, const struct mw_packet *packet, struct mw_msg *msg,
               const struct mw_trace *trace)
{
    struct mw_reader reader = rd_begin(packet, trace), *r = &reader;
    r->dialect = ctx->dialect;
    r->collation = ctx->collation;
    msg->status = MW_OK;
    msg->notes = 0;
    msg->kind = dir == MW_SERVER ? kind_from_server(ctx, packet) : kind_from_client(ctx, packet);
    decode_header(r, packet);
    if (packet->lost) /* what came before the hole is decoded, like the head of a packet that snaplen cut */
        rd_note(r, MW_NOTE_LOST);
    if (packet->broken_parts)
        rd_note(r, MW_NOTE_SEQUENCE);
    if (msg->kind == MW_KIND_ROW && !rd_trace(r)) {
        /* Rows are counted, not read, when nobody looks. */
        msg->status = packet->have < packet->length ? MW_SHORT : MW_OK;
        msg->notes = r->notes | (msg->status == MW_SHORT ? MW_NOTE_BIT(SHORT) : 0);
        return;
    }
    if (msg->kind != MW_KIND_ROW)
        memset(&msg->greeting, 0, sizeof *msg - offsetof(struct mw_msg, greeting));
    switch (msg->kind) {
    case MW_KIND_GREETING: decode_greeting(r, msg); break;
    case MW_KIND_LOGIN: decode_login(r, ctx, packet, msg); break;
    case MW_KIND_AUTH_SWITCH:
    case MW_KIND_OLD_AUTH_SWITCH:
    case MW_KIND_AUTH_NEXT_FACTOR: decode_auth_switch(r, msg); break;
    case MW_KIND_AUTH_MORE: decode_auth_more(r, ctx, msg, packet->have > 0 && packet->payload[0] == 1); break;
    case MW_KIND_AUTH_RESPONSE: decode_auth_response(r, ctx, msg); break;
    case MW_KIND_COMMAND: decode_request(r, ctx, msg); break;
    case MW_KIND_OK: decode_ok(r, ctx, msg); break;
    case MW_KIND_EOF: decode_eof(r, msg); break;
    case MW_KIND_ERR: decode_err(r, ctx, msg); break;
    case MW_KIND_PROGRESS: decode_progress(r, msg); break;
    case MW_KIND_COLUMN_COUNT: decode_column_count(r, ctx, msg); break;
    case MW_KIND_PREPARE_OK: decode_prepare_ok(r, ctx, msg); break;
    case MW_KIND_COLUMN: decode_column(r, ctx, msg); break;
    case MW_KIND_ROW: decode_row(r, ctx); break;
    case MW_KIND_BINLOG_EVENT: decode_event(r); break;
    case MW_KIND_STREAM: decode_stream(r, dir); break;
    case MW_KIND_INFILE: decode_infile(r, msg); break;
    case MW_KIND_STATISTICS: decode_whole(r, MW_F_RESPONSE, MW_F_MESSAGE); break;
    case MW_KIND_FILE_DATA:
    case MW_KIND_FILE_END: decode_whole(r, MW_F_REQUEST, MW_F_FILE_DATA); break;
    case MW_KIND_UNKNOWN:
        rd_note(r, ctx->phase == MW_PHASE_STRAY ? MW_NOTE_STRAY : MW_NOTE_UNKNOWN); /* fall through */
    default: decode_whole(r, dir == MW_SERVER ? MW_F_RESPONSE : MW_F_REQUEST, MW_F_PAYLOAD); break;
    }
    msg->status = r->status;
    msg->notes = r->notes;
}
