/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of the client, and the packets of a reply that are neither OK, EOF nor ERR. Part of decode_body.h. */

/* Attributes of a COM_QUERY: lenenc count · lenenc sets · [NULL bitmap · 1 new types · (2 type · lenenc name) … · values] */
static void rd_query_attributes(struct mw_reader *r)
{
    enum { MOST = 65535 };
    bool node = rd_open(r, MW_F_QUERY_ATTRS);
    uint64_t count = rd_lenenc(r, MW_F_QUERY_ATTRS_COUNT);
    rd_lenenc(r, MW_F_QUERY_ATTRS_SETS);
    if (count > MOST)
        rd_fail(r, UINT64_MAX);
    if (rd_ok(r) && count > 0) {
        struct mw_slice nulls = rd_bytes(r, (count + 7) / 8, MW_F_NULL_BITMAP);
        rd_u8(r, MW_F_NEW_TYPES);
        const uint8_t *types = r->p;
        for (uint64_t i = 0; i < count && rd_ok(r); i++) {
            rd_u16(r, MW_F_QUERY_ATTR_TYPE);
            rd_lenenc_text(r, MW_F_QUERY_ATTR_NAME_LENGTH, MW_F_QUERY_ATTR_NAME);
        }
        /* The types lie behind us and were read in full: walk them again, one for each value. */
        for (uint64_t i = 0; i < count && rd_ok(r); i++) {
            uint16_t type = (uint16_t)rd_le(types, 2);
            unsigned size = rd_lenenc_size(types[2]);
            types += 2 + size + (size == 1 ? types[2] : rd_le(types + 3, size - 1));
            bool attr = rd_open(r, MW_F_QUERY_ATTR);
            if (nulls.p[i / 8] >> (i % 8) & 1)
                rd_tell(r, MW_F_VALUE_NULL, 0, 0);
            else
                rd_value(r, type, false);
            rd_close(r, attr);
        }
    }
    rd_close(r, node);
}

static void decode_request(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_msg *msg)
{
    struct mw_request *q = &msg->request;
    bool node = rd_open(r, MW_F_REQUEST);
    if (rd_left_wire(r) == 0) {
        q->empty = true;
        rd_note(r, MW_NOTE_EMPTY_COMMAND);
        rd_close(r, node);
        return;
    }
    q->command = rd_u8(r, MW_F_COMMAND);
    switch (q->command) {
    case MW_COM_QUERY:
        if (mw_ctx_has(ctx, MW_BIT_CLIENT_QUERY_ATTRIBUTES))
            rd_query_attributes(r); /* fall through */
    case MW_COM_STMT_PREPARE:
        q->text_length = rd_left_wire(r);
        q->text = rd_rest(r, MW_F_QUERY);
        break;
    case MW_COM_INIT_DB:
    case MW_COM_CREATE_DB:
    case MW_COM_DROP_DB:
        q->text_length = rd_left_wire(r);
        q->text = rd_rest(r, MW_F_SCHEMA);
        break;
    case MW_COM_STMT_EXECUTE:
    case MW_COM_STMT_SEND_LONG_DATA:
    case MW_COM_STMT_CLOSE:
    case MW_COM_STMT_RESET:
    case MW_COM_STMT_FETCH:
    case MW_COM_STMT_BULK_EXECUTE: q->statement_id = rd_u32(r, MW_F_STMT_ID); break;
    case MW_COM_CHANGE_USER: change_user(r, ctx, &q->login); break;
    default:
        if (!mw_command_name(ctx->dialect, q->command))
            rd_note(r, MW_NOTE_UNKNOWN_COMMAND);
        break;
    }
    if (rd_left_wire(r))
        rd_rest(r, MW_F_PAYLOAD);
    rd_end(r);
    rd_close(r, node);
}

/* lenenc columns · [1 metadata follows] */
static void decode_column_count(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_msg *msg)
{
    struct mw_column_count *c = &msg->column_count;
    bool node = rd_open(r, MW_F_RESPONSE);
    c->columns = rd_lenenc(r, MW_F_NUM_FIELDS);
    c->metadata = true;
    bool flag = mw_ctx_has(ctx, MW_BIT_CLIENT_OPTIONAL_RESULTSET_METADATA) ||
                mw_ctx_has(ctx, MW_BIT_MARIADB_CLIENT_CACHE_METADATA) || ctx->flags & MW_CTX_GUESSED;
    if (flag && rd_left_wire(r))
        c->metadata = rd_u8(r, MW_F_METADATA) != 0;
    if (c->columns > 65535)
        rd_fail(r, UINT64_MAX);
    rd_end(r);
    rd_close(r, node);
}

/* 00 · 4 statement id · 2 columns · 2 parameters · 1 filler · 2 warnings · [1 metadata follows] */
static void decode_prepare_ok(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_msg *msg)
{
    struct mw_prepare_ok *p = &msg->prepare_ok;
    bool node = rd_open(r, MW_F_RESPONSE);
    rd_u8(r, MW_F_RESPONSE_CODE);
    p->statement_id = rd_u32(r, MW_F_STMT_ID);
    p->columns = rd_u16(r, MW_F_NUM_FIELDS16);
    p->params = rd_u16(r, MW_F_NUM_PARAMS);
    p->metadata = true;
    if (rd_left_wire(r))
        rd_bytes(r, 1, MW_F_UNUSED);
    if (rd_left_wire(r))
        p->warnings = rd_u16(r, MW_F_WARNINGS);
    if (mw_ctx_has(ctx, MW_BIT_CLIENT_OPTIONAL_RESULTSET_METADATA) && rd_left_wire(r))
        p->metadata = rd_u8(r, MW_F_METADATA) != 0;
    rd_end(r);
    rd_close(r, node);
}

/* fb · file name */
static void decode_infile(struct mw_reader *r)
{
    bool node = rd_open(r, MW_F_RESPONSE);
    rd_u8(r, MW_F_RESPONSE_CODE);
    if (rd_left_wire(r))
        rd_rest(r, MW_F_FILE_NAME);
    rd_end(r);
    rd_close(r, node);
}

/* Packets whose bytes are not taken apart: told whole, under one field. */
static void decode_whole(struct mw_reader *r, enum mw_field_id node_field, enum mw_field_id field)
{
    bool node = rd_open(r, node_field);
    if (rd_left_wire(r))
        rd_rest(r, field);
    rd_end(r);
    rd_close(r, node);
}
