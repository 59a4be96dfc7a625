/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Column definitions, rows, and binary log events by their header. Part of decode_body.h. */

/* lenenc length · text */
RD struct mw_slice rd_name(struct mw_reader *r, enum mw_field_id field)
{
    return rd_lenenc_text(r, MW_F_FIELD_LENGTH, field);
}

/* MariaDB, extended bit 35: lenenc total · (1 kind · lenenc text) … */
static void rd_extended_metadata(struct mw_reader *r)
{
    bool node = rd_open(r, MW_F_EXTMETA);
    uint64_t total = rd_lenenc(r, MW_F_EXTMETA_LENGTH);
    const uint8_t *begin = r->p;
    if (total > rd_left_wire(r))
        rd_fail(r, total);
    while (rd_ok(r) && (uint64_t)(r->p - begin) < total) {
        uint8_t kind = rd_u8(r, MW_F_EXTMETA_KEY);
        rd_lenenc_text(r, MW_F_EXTMETA_LENGTH, kind == 0 ? MW_F_EXTMETA_TYPE : kind == 1 ? MW_F_EXTMETA_FORMAT : MW_F_PAYLOAD);
    }
    if (rd_ok(r) && (uint64_t)(r->p - begin) > total)
        rd_fail(r, UINT64_MAX);
    rd_close(r, node);
}

RD uint16_t rd_column_flags(struct mw_reader *r, unsigned n)
{
    return (uint16_t)rd_bits(r, n, MW_F_FIELD_FLAGS, MW_F_FLAG_NOT_NULL, MW_F_FLAG_NUM);
}

/* COM_FIELD_LIST: lenenc default, or fb for none */
static void rd_default(struct mw_reader *r)
{
    if (!rd_left_wire(r))
        return;
    if (rd_peek(r) == 0xfb) {
        rd_tell(r, MW_F_ROW_NULL, 1, 0);
        r->p++;
    } else {
        rd_lenenc_text(r, MW_F_FIELD_LENGTH, MW_F_FIELD_DEFAULT);
    }
}

/* ColumnDefinition41: lenenc catalog, schema, table, original table, name, original name · [extended metadata] ·
 *                     lenenc 12 · 2 collation · 4 length · 1 type · 2 flags · 1 decimals · 2 filler · [default] */
static void column_41(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_column *c)
{
    rd_name(r, MW_F_FIELD_CATALOG);
    rd_name(r, MW_F_FIELD_DB);
    rd_name(r, MW_F_FIELD_TABLE);
    struct mw_slice table = rd_name(r, MW_F_FIELD_ORG_TABLE);
    c->name = rd_name(r, MW_F_FIELD_NAME);
    struct mw_slice origin = rd_name(r, MW_F_FIELD_ORG_NAME);
    c->of_table = table.n && origin.n && origin.n == c->name.n && memcmp(origin.p, c->name.p, origin.n) == 0;
    if (mw_ctx_has(ctx, MW_BIT_MARIADB_CLIENT_EXTENDED_METADATA))
        rd_extended_metadata(r);
    rd_lenenc(r, MW_F_FIELD_FIXED);
    c->collation = rd_u16(r, MW_F_FIELD_CHARSET);
    rd_u32(r, MW_F_FIELD_DISPLAY);
    c->type = rd_u8(r, MW_F_FIELD_TYPE);
    c->flags = rd_column_flags(r, 2);
    c->decimals = rd_u8(r, MW_F_FIELD_DECIMALS);
    rd_bytes(r, 2, MW_F_UNUSED);
}

/* ColumnDefinition320: lenenc table, name · 1 + 3 length · 1 + 1 type · 1 + (2 flags · 1 decimals) · [default] */
static void column_320(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_column *c)
{
    rd_name(r, MW_F_FIELD_TABLE);
    c->name = rd_name(r, MW_F_FIELD_NAME);
    rd_u8(r, MW_F_FIELD_FIXED8);
    rd_u24(r, MW_F_FIELD_DISPLAY24);
    rd_u8(r, MW_F_FIELD_FIXED8);
    c->type = rd_u8(r, MW_F_FIELD_TYPE);
    unsigned part = rd_u8(r, MW_F_FIELD_FIXED8);
    c->flags = rd_column_flags(r, part == 2 ? 1 : 2);
    c->decimals = rd_u8(r, MW_F_FIELD_DECIMALS);
    c->collation = ctx->collation;
}

static void decode_column(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_msg *msg)
{
    bool node = rd_open(r, MW_F_FIELD);
    bool is_41 = !(ctx->flags & MW_CTX_LOGIN) || mw_ctx_has(ctx, MW_BIT_CLIENT_PROTOCOL_41);
    if (is_41)
        column_41(r, ctx, &msg->column);
    else
        column_320(r, ctx, &msg->column);
    if (ctx->phase == MW_PHASE_FIELDS)
        rd_default(r);
    rd_end(r);
    rd_close(r, node);
}

/* Until the label is set back, what is read is the value of this column. NULL: definitions were not sent. */
RD void begin_column(struct mw_reader *r, const struct mw_ctx *ctx, const struct mw_column *c)
{
    r->label = c ? c->name : (struct mw_slice){NULL, 0};
    r->label_collation = ctx->collation;
    r->collation = c ? c->collation : ctx->collation;
}

/* Text row: for each column lenenc text, or fb for NULL */
static void text_row(struct mw_reader *r, const struct mw_ctx *ctx)
{
    for (uint32_t i = 0; rd_ok(r) && rd_left_wire(r); i++) {
        const struct mw_column *c = ctx->columns && i < ctx->columns->count ? &ctx->columns->column[i] : NULL;
        begin_column(r, ctx, c);
        if (rd_left(r) && *r->p == 0xfb) {
            rd_tell(r, MW_F_ROW_NULL, 1, 0);
            r->p++;
        } else {
            bool binary = c && is_binary(c->type, c->collation);
            rd_lenenc_text(r, MW_F_ROW_LENGTH, binary ? MW_F_ROW_BYTES : MW_F_ROW_TEXT);
        }
    }
}

/* Binary row: 00 · NULL bitmap, column i is bit i + 2 · values that are not NULL */
static void binary_row(struct mw_reader *r, const struct mw_ctx *ctx)
{
    const struct mw_columns *columns = ctx->columns;
    rd_u8(r, MW_F_ROW_HEADER);
    if (!columns) {
        if (rd_left_wire(r))
            rd_rest(r, MW_F_PAYLOAD);
        return;
    }
    struct mw_slice nulls = rd_bytes(r, (columns->count + 9) / 8, MW_F_ROW_NULLS);
    for (uint32_t i = 0; i < columns->count && rd_ok(r); i++) {
        const struct mw_column *c = &columns->column[i];
        enum { UNSIGNED_FLAG = 0x20 };
        begin_column(r, ctx, c);
        if (nulls.p[(i + 2) / 8] >> ((i + 2) % 8) & 1)
            rd_tell(r, MW_F_VALUE_NULL, 0, 0);
        else
            rd_value(r, (uint16_t)(c->type | (c->flags & UNSIGNED_FLAG ? MW_TYPE_UNSIGNED : 0)),
                     is_binary(c->type, c->collation), c->decimals);
    }
}

static void decode_row(struct mw_reader *r, const struct mw_ctx *ctx)
{
    bool node = rd_open(r, MW_F_ROW);
    if (ctx->flags & MW_CTX_BINARY)
        binary_row(r, ctx);
    else
        text_row(r, ctx);
    begin_column(r, ctx, NULL);
    rd_end(r);
    rd_close(r, node);
}

/* 00 · [ef · 1 acknowledge] · 4 timestamp · 1 type · 4 server id · 4 size · 4 position · 2 flags · body
 * Semi-sync puts its two bytes before every event; the size in the header tells whether they are there. */
static void decode_event(struct mw_reader *r)
{
    enum { SIZE_AT = 9, HEADER = 19, MAGIC = 0xef };
    bool node = rd_open(r, MW_F_EVENT);
    rd_u8(r, MW_F_RESPONSE_CODE);
    uint64_t left = rd_left_wire(r);
    bool semisync = rd_left(r) >= HEADER + 2 && r->p[0] == MAGIC && rd_le(r->p + SIZE_AT, 4) != left &&
                    rd_le(r->p + 2 + SIZE_AT, 4) == left - 2;
    if (semisync) {
        rd_u8(r, MW_F_EVENT_SEMISYNC);
        rd_u8(r, MW_F_EVENT_ACK);
    }
    rd_u32(r, MW_F_EVENT_TIME);
    rd_u8(r, MW_F_EVENT_TYPE);
    rd_u32(r, MW_F_EVENT_SERVER_ID);
    rd_u32(r, MW_F_EVENT_SIZE);
    rd_u32(r, MW_F_EVENT_POSITION);
    rd_u16(r, MW_F_EVENT_FLAGS);
    if (rd_left_wire(r))
        rd_rest(r, MW_F_PAYLOAD);
    rd_end(r);
    rd_close(r, node);
}

/* What a client sends into a stream. Semi-sync: ef · 8 position · file name */
static void decode_stream(struct mw_reader *r, enum mw_dir dir)
{
    enum { MAGIC = 0xef };
    bool ack = dir == MW_CLIENT && rd_peek(r) == MAGIC && rd_left_wire(r) > 9;
    bool node = rd_open(r, ack ? MW_F_SEMISYNC_ACK : dir == MW_SERVER ? MW_F_RESPONSE : MW_F_REQUEST);
    if (ack) {
        rd_u8(r, MW_F_EVENT_SEMISYNC);
        rd_uint(r, 8, MW_F_BINLOG_POSITION64);
        rd_rest(r, MW_F_BINLOG_FILE);
    } else if (rd_left_wire(r)) {
        rd_rest(r, MW_F_PAYLOAD);
    }
    rd_end(r);
    rd_close(r, node);
}
