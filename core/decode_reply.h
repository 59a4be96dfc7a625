/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OK, EOF, ERR and progress reports. Part of decode_body.h. */

/* lenenc length · text, for an entry of the session state */
RD struct mw_slice rd_track_text(struct mw_reader *r, enum mw_field_id length, enum mw_field_id field)
{
    return rd_lenenc_text(r, length, field);
}

/* One entry: 1 type · lenenc length · data by type. Types: session_track_types.def. */
static void rd_track_entry(struct mw_reader *r)
{
    uint8_t type = rd_u8(r, MW_F_TRACK_TYPE);
    bool node = rd_open(r, MW_F_TRACK_DATA);
    uint64_t length = rd_lenenc(r, MW_F_TRACK_DATA_LENGTH);
    if (length > rd_left_wire(r))
        rd_fail(r, length);
    const uint8_t *begin = r->p;
#define ENTRY_LEFT() (rd_ok(r) && (uint64_t)(r->p - begin) < length)
    if (length > 0) {
        switch (type) {
        case MW_TRACK_SYSTEM_VARIABLES:
            while (ENTRY_LEFT()) {
                rd_track_text(r, MW_F_TRACK_VAR_LENGTH, MW_F_TRACK_VAR_NAME);
                rd_track_text(r, MW_F_TRACK_VAR_LENGTH, MW_F_TRACK_VAR_VALUE);
            }
            break;
        case MW_TRACK_SCHEMA: rd_track_text(r, MW_F_TRACK_SCHEMA_LENGTH, MW_F_TRACK_SCHEMA); break;
        case MW_TRACK_STATE_CHANGE: rd_bytes(r, length, MW_F_TRACK_STATE); break; /* bare: "1" */
        case MW_TRACK_GTIDS:
            rd_u8(r, MW_F_TRACK_GTIDS_ENCODING);
            rd_track_text(r, MW_F_TRACK_GTIDS_LENGTH, MW_F_TRACK_GTIDS);
            break;
        case MW_TRACK_TRANSACTION_CHARACTERISTICS:
            rd_track_text(r, MW_F_TRACK_CHARACTERISTICS_LENGTH, MW_F_TRACK_CHARACTERISTICS);
            break;
        case MW_TRACK_TRANSACTION_STATE:
            rd_track_text(r, MW_F_TRACK_TRANSACTION_LENGTH, MW_F_TRACK_TRANSACTION);
            break;
        default: break;
        }
    }
    if (ENTRY_LEFT())
        rd_bytes(r, length - (uint64_t)(r->p - begin), MW_F_PAYLOAD);
#undef ENTRY_LEFT
    if (rd_ok(r) && (uint64_t)(r->p - begin) > length)
        rd_fail(r, UINT64_MAX); /* a string inside reached over the entry's end */
    rd_close(r, node);
}

RD struct mw_slice rd_track(struct mw_reader *r)
{
    bool node = rd_open(r, MW_F_TRACK);
    uint64_t total = rd_lenenc(r, MW_F_TRACK_LENGTH);
    struct mw_slice all = {rd_ok(r) ? r->p : NULL, 0};
    const uint8_t *begin = r->p;
    if (total > rd_left_wire(r))
        rd_fail(r, total);
    while (rd_ok(r) && (uint64_t)(r->p - begin) < total)
        rd_track_entry(r);
    if (all.p)
        all.n = (uint32_t)(r->p - begin);
    rd_close(r, node);
    return all;
}

/* What OK and EOF say of how it went. */
RD void note_end(struct mw_reader *r, const struct mw_ok *ok)
{
    if (ok->warnings)
        rd_note(r, MW_NOTE_WARNINGS);
    if (ok->status & (MW_SERVER_QUERY_NO_INDEX_USED | MW_SERVER_QUERY_NO_GOOD_INDEX_USED))
        rd_note(r, MW_NOTE_NO_INDEX);
    if (ok->status & MW_SERVER_QUERY_WAS_SLOW)
        rd_note(r, MW_NOTE_SLOW);
}

/* OK: 00 or fe · lenenc affected rows · lenenc insert id · 2 status · 2 warnings · [lenenc info] · [session state]
 * Before 4.1: no warnings, status only with CLIENT_TRANSACTIONS. */
static void decode_ok(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_msg *msg)
{
    struct mw_ok *ok = &msg->ok;
    bool node = rd_open(r, MW_F_RESPONSE);
    rd_u8(r, MW_F_RESPONSE_CODE);
    ok->affected_rows = rd_lenenc(r, MW_F_AFFECTED_ROWS);
    ok->insert_id = rd_lenenc(r, MW_F_INSERT_ID);
    bool is_41 = !(ctx->flags & MW_CTX_LOGIN) || mw_ctx_has(ctx, MW_BIT_CLIENT_PROTOCOL_41);
    if (is_41 || mw_ctx_has(ctx, MW_BIT_CLIENT_TRANSACTIONS)) {
        ok->status = rd_status(r);
        ok->has_status = rd_ok(r);
    }
    if (is_41)
        ok->warnings = rd_u16(r, MW_F_WARNINGS);
    bool has_state = ok->status & MW_SERVER_SESSION_STATE_CHANGED &&
                     (!(ctx->flags & MW_CTX_LOGIN) || mw_ctx_has(ctx, MW_BIT_CLIENT_SESSION_TRACK));
    if (rd_left_wire(r)) {
        /* Old servers send the text without its length. */
        unsigned size = rd_left(r) ? rd_lenenc_size(*r->p) : 1;
        uint64_t n = size && size <= rd_left(r) ? (size == 1 ? *r->p : rd_le(r->p + 1, size - 1)) : 0;
        if (size && (has_state || size > rd_left(r) || n + size == rd_left_wire(r)))
            ok->info = rd_lenenc_text(r, MW_F_MESSAGE_LENGTH, MW_F_MESSAGE);
        else
            ok->info = rd_rest(r, MW_F_MESSAGE);
        if (has_state && rd_left_wire(r))
            ok->state = rd_track(r);
    }
    note_end(r, ok);
    rd_end(r);
    rd_close(r, node);
}

/* EOF: fe · [2 warnings · 2 status] */
static void decode_eof(struct mw_reader *r, struct mw_msg *msg)
{
    struct mw_ok *ok = &msg->ok;
    bool node = rd_open(r, MW_F_RESPONSE);
    rd_u8(r, MW_F_EOF_MARKER);
    if (rd_left_wire(r)) {
        ok->warnings = rd_u16(r, MW_F_WARNINGS);
        ok->status = rd_status(r);
        ok->has_status = rd_ok(r);
    }
    note_end(r, ok);
    rd_end(r);
    rd_close(r, node);
}

/* MariaDB: ff · ffff · 1 strings · 1 stage · 1 stages · 3 thousandths of a percent · lenenc text */
static void decode_progress(struct mw_reader *r, struct mw_msg *msg)
{
    struct mw_progress *p = &msg->progress;
    bool node = rd_open(r, MW_F_PROGRESS);
    rd_u8(r, MW_F_RESPONSE_CODE);
    rd_u16(r, MW_F_ERROR_CODE);
    rd_u8(r, MW_F_PROGRESS_STRINGS);
    p->stage = rd_u8(r, MW_F_PROGRESS_STAGE);
    p->max_stage = rd_u8(r, MW_F_PROGRESS_MAX);
    p->value = rd_u24(r, MW_F_PROGRESS_PERMILLE);
    p->text = rd_lenenc_text(r, MW_F_PROGRESS_LENGTH, MW_F_PROGRESS_TEXT);
    rd_end(r);
    rd_close(r, node);
}

/* ERR: ff · 2 code · ['#' · 5 SQLSTATE] · message. The '#' is the only sure sign of a SQLSTATE. */
static void decode_err(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_msg *msg)
{
    struct mw_err *err = &msg->err;
    bool node = rd_open(r, MW_F_RESPONSE);
    rd_u8(r, MW_F_RESPONSE_CODE);
    err->code = rd_u16(r, MW_F_ERROR_CODE);
    if (rd_left_wire(r) >= 6 && rd_peek(r) == '#') {
        rd_bytes(r, 1, MW_F_SQLSTATE_MARKER);
        err->sqlstate = rd_bytes(r, 5, MW_F_SQLSTATE);
    }
    if (rd_left_wire(r))
        err->message = rd_rest(r, MW_F_ERROR_MESSAGE);
    bool login = ctx->phase == MW_PHASE_AUTH || ctx->phase == MW_PHASE_REAUTH || ctx->phase == MW_PHASE_GREETING ||
                 ctx->phase == MW_PHASE_LOGIN_WAIT;
    rd_note(r, login ? MW_NOTE_LOGIN_FAILED : MW_NOTE_ERR);
    rd_end(r);
    rd_close(r, node);
}
