/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of the client, and the packets of a reply that are neither OK, EOF nor ERR. Part of decode_body.h. */

/* Types of parameters or attributes lie before all values: where they are, to be read again beside each value. */
struct param_types {
    const uint8_t *at; /* the next type; NULL: those of the statement */
    bool names;        /* a name follows each */
};

/* Fields of one list of values: attributes of COM_QUERY, or parameters of COM_STMT_EXECUTE. */
struct param_fields {
    enum mw_field_id type, name_length, name, value;
};

static const struct param_fields attribute_fields = {MW_F_QUERY_ATTR_TYPE, MW_F_QUERY_ATTR_NAME_LENGTH,
                                                     MW_F_QUERY_ATTR_NAME, MW_F_QUERY_ATTR};
static const struct param_fields execute_fields = {MW_F_EXEC_TYPE, MW_F_EXEC_NAME_LENGTH, MW_F_EXEC_NAME,
                                                   MW_F_EXEC_PARAM};

/* Reads `count` types, each with its name where there are names. */
RD struct param_types rd_types(struct mw_reader *r, uint64_t count, bool names, const struct param_fields *fields)
{
    struct param_types types = {r->p, names};
    for (uint64_t i = 0; i < count && rd_ok(r); i++) {
        rd_u16(r, fields->type);
        if (names)
            rd_lenenc_text(r, fields->name_length, fields->name);
    }
    return types;
}

/* The next type and its name. They were read in full before. */
RD uint16_t next_type(struct param_types *types, struct mw_slice *name)
{
    const uint8_t *p = types->at;
    uint16_t type = (uint16_t)rd_le(p, 2);
    *name = (struct mw_slice){NULL, 0};
    types->at += 2;
    if (types->names) {
        unsigned size = rd_lenenc_size(p[2]);
        uint64_t n = size == 1 ? p[2] : rd_le(p + 3, size - 1);
        *name = (struct mw_slice){p + 2 + size, (uint32_t)n};
        types->at += size + n;
    }
    return type;
}

/* The values of `count` parameters or attributes. What a statement knows of its parameters counts for the first of them. */
static void rd_params(struct mw_reader *r, uint64_t count, struct mw_slice nulls, struct param_types types,
                      const struct mw_stmt *stmt, const struct param_fields *fields)
{
    for (uint64_t i = 0; i < count && rd_ok(r); i++) {
        const struct mw_param *known = stmt && i < stmt->params ? &stmt->param[i] : NULL;
        struct mw_slice name = {NULL, 0};
        uint16_t type = types.at ? next_type(&types, &name) : known ? known->type : MW_TYPE_NULL;
        r->label = name.n ? name : (struct mw_slice){NULL, 0};
        r->label_collation = r->collation;
        bool node = rd_open(r, fields->value);
        if (known && known->is_long)
            rd_tell_bytes(r, MW_F_EXEC_LONG_DATA, 0, known->value);
        else if (nulls.p[i / 8] >> (i % 8) & 1 || type == MW_TYPE_NULL)
            rd_tell(r, MW_F_VALUE_NULL, 0, 0);
        else
            rd_param(r, type);
        rd_close(r, node);
    }
    r->label = (struct mw_slice){NULL, 0};
}

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
        if (rd_u8(r, MW_F_NEW_TYPES) == 0)
            rd_fail(r, UINT64_MAX); /* a COM_QUERY remembers no types */
        struct param_types types = rd_types(r, count, true, &attribute_fields);
        rd_params(r, count, nulls, types, NULL, &attribute_fields);
    }
    rd_close(r, node);
}

/* COM_STMT_EXECUTE: 4 statement · 1 flags · 4 iterations · [lenenc count] · [NULL bitmap · 1 new types · types · values] */
static void decode_execute(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_request *q)
{
    enum { COUNT_AVAILABLE = 8, MOST = 65535 };
    const struct mw_stmt *stmt = ctx->stmt;
    bool attributes = mw_ctx_has(ctx, MW_BIT_CLIENT_QUERY_ATTRIBUTES);
    q->statement_id = rd_u32(r, MW_F_STMT_ID);
    uint8_t flags = rd_u8(r, MW_F_EXEC_FLAGS);
    rd_u32(r, MW_F_EXEC_ITER);
    if (!stmt) {
        /* How many parameters there are nobody has told. */
        if (rd_left_wire(r))
            rd_note(r, MW_NOTE_UNKNOWN_STATEMENT);
        return;
    }
    uint64_t count = stmt->params;
    if (attributes && (count > 0 || flags & COUNT_AVAILABLE))
        count = rd_lenenc(r, MW_F_EXEC_COUNT);
    if (count > MOST || (count < stmt->params && rd_ok(r) && !stmt->guessed))
        rd_fail(r, UINT64_MAX);
    if (count == 0 || !rd_ok(r))
        return;
    struct mw_slice nulls = rd_bytes(r, (count + 7) / 8, MW_F_NULL_BITMAP);
    struct param_types types = {NULL, attributes};
    bool bind = rd_u8(r, MW_F_NEW_TYPES);
    if (!rd_ok(r))
        return;
    if (bind) {
        types = rd_types(r, count, attributes, &execute_fields);
        if (rd_ok(r))
            q->types = (struct mw_slice){types.at, (uint32_t)(r->p - types.at)};
        q->types_named = attributes;
    } else if (!stmt->bound) {
        rd_note(r, MW_NOTE_UNBOUND);
        return;
    }
    rd_params(r, count, nulls, types, stmt, &execute_fields);
}

/* COM_STMT_BULK_EXECUTE (MariaDB): 4 statement · 2 flags · [2 type …] · (1 indicator · [value]) … to the end */
static void decode_bulk(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_request *q)
{
    enum { SEND_TYPES = 128 };
    const struct mw_stmt *stmt = ctx->stmt;
    q->statement_id = rd_u32(r, MW_F_STMT_ID);
    uint16_t flags = (uint16_t)rd_bits(r, 2, MW_F_BULK_FLAGS, MW_F_BULK_AUTOID, MW_F_BULK_SENDTYPES);
    if (!rd_ok(r))
        return;
    if (!stmt || stmt->params == 0) {
        if (rd_left_wire(r))
            rd_note(r, MW_NOTE_UNKNOWN_STATEMENT);
        return;
    }
    struct param_types types = {NULL, false};
    if (flags & SEND_TYPES) {
        types = rd_types(r, stmt->params, false, &execute_fields);
        if (rd_ok(r))
            q->types = (struct mw_slice){types.at, (uint32_t)(r->p - types.at)};
    } else if (!stmt->bound) {
        rd_note(r, MW_NOTE_UNBOUND);
        return;
    }
    while (rd_ok(r) && rd_left_wire(r)) {
        struct param_types row = types;
        bool set = rd_open(r, MW_F_BULK_ROW);
        for (uint32_t i = 0; i < stmt->params && rd_ok(r); i++) {
            struct mw_slice name;
            uint16_t type = row.at ? next_type(&row, &name) : stmt->param[i].type;
            bool node = rd_open(r, MW_F_EXEC_PARAM);
            if (rd_u8(r, MW_F_BULK_INDICATOR) == 0)
                rd_param(r, type);
            rd_close(r, node);
        }
        rd_close(r, set);
    }
}

/* A set of GTIDs: 8 sources · (16 uuid · 8 intervals · (8 first · 8 behind the last) …) …; the tagged form is left whole. */
static void rd_gtid_set(struct mw_reader *r, uint32_t length)
{
    bool tagged = rd_left(r) >= 8 && r->p[7] != 0;
    if (tagged || length < 8) {
        rd_bytes(r, length, MW_F_GTID_SET);
        return;
    }
    uint64_t sources = rd_uint(r, 8, MW_F_GTID_SOURCES);
    for (uint64_t i = 0; i < sources && rd_ok(r); i++) {
        rd_bytes(r, 16, MW_F_GTID_UUID);
        uint64_t intervals = rd_uint(r, 8, MW_F_GTID_INTERVALS);
        for (uint64_t k = 0; k < intervals && rd_ok(r); k++) {
            rd_uint(r, 8, MW_F_GTID_FIRST);
            rd_uint(r, 8, MW_F_GTID_END);
        }
    }
}

/* COM_BINLOG_DUMP: 4 position · 2 flags · 4 server id · file name
 * COM_BINLOG_DUMP_GTID: 2 flags · 4 server id · 4 length · file name · 8 position · 4 length · GTID set */
static void decode_binlog_dump(struct mw_reader *r, bool gtid)
{
    if (!gtid)
        rd_u32(r, MW_F_BINLOG_POSITION);
    rd_u16(r, MW_F_BINLOG_FLAGS);
    rd_u32(r, MW_F_BINLOG_SERVER_ID);
    if (!gtid) {
        if (rd_left_wire(r))
            rd_rest(r, MW_F_BINLOG_FILE);
        return;
    }
    rd_bytes(r, rd_u32(r, MW_F_BINLOG_NAME_LENGTH), MW_F_BINLOG_FILE);
    rd_uint(r, 8, MW_F_BINLOG_POSITION64);
    uint32_t length = rd_left_wire(r) ? rd_u32(r, MW_F_GTID_LENGTH) : 0;
    if (length)
        rd_gtid_set(r, length);
}

/* COM_REGISTER_SLAVE: 4 server id · 1 + n host · 1 + n user · 1 + n password · 2 port · 4 rank · 4 source id */
static void decode_register_slave(struct mw_reader *r)
{
    rd_u32(r, MW_F_BINLOG_SERVER_ID);
    rd_bytes(r, rd_u8(r, MW_F_SLAVE_HOST_LENGTH), MW_F_SLAVE_HOST);
    rd_bytes(r, rd_u8(r, MW_F_SLAVE_USER_LENGTH), MW_F_SLAVE_USER);
    rd_bytes(r, rd_u8(r, MW_F_SLAVE_PASSWORD_LENGTH), MW_F_SLAVE_PASSWORD);
    rd_u16(r, MW_F_SLAVE_PORT);
    rd_u32(r, MW_F_SLAVE_RANK);
    rd_u32(r, MW_F_MASTER_ID);
}

static void decode_body(struct mw_reader *r, const struct mw_ctx *ctx, struct mw_request *q)
{
    switch (q->command) {
    case MW_COM_QUERY:
        /* In the middle of things: no statement begins with 0, an empty list of attributes does. */
        if (mw_ctx_has(ctx, MW_BIT_CLIENT_QUERY_ATTRIBUTES) ||
            (ctx->flags & MW_CTX_GUESSED && rd_left(r) > 2 && r->p[0] == 0 && r->p[1] == 1))
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
    case MW_COM_FIELD_LIST:
        q->text = rd_textz(r, MW_F_TABLE_NAME, true);
        if (rd_left_wire(r))
            rd_rest(r, MW_F_WILDCARD);
        break;
    case MW_COM_REFRESH: rd_bits(r, 1, MW_F_REFRESH, MW_F_RFSH_GRANT, MW_F_RFSH_MASTER); break;
    case MW_COM_SHUTDOWN:
        if (rd_left_wire(r))
            rd_u8(r, MW_F_SHUTDOWN);
        break;
    case MW_COM_PROCESS_KILL:
        q->argument = rd_u32(r, MW_F_THREAD_ID);
        q->has_argument = rd_ok(r);
        break;
    case MW_COM_SET_OPTION:
        q->argument = rd_u16(r, MW_F_OPTION);
        q->has_argument = rd_ok(r);
        break;
    case MW_COM_STMT_EXECUTE: decode_execute(r, ctx, q); break;
    case MW_COM_STMT_BULK_EXECUTE: decode_bulk(r, ctx, q); break;
    case MW_COM_STMT_SEND_LONG_DATA:
        q->statement_id = rd_u32(r, MW_F_STMT_ID);
        q->param = rd_u16(r, MW_F_PARAM_INDEX);
        q->text_length = rd_left_wire(r);
        if (rd_left_wire(r))
            q->text = rd_rest(r, MW_F_LONG_DATA);
        break;
    case MW_COM_STMT_CLOSE:
    case MW_COM_STMT_RESET: q->statement_id = rd_u32(r, MW_F_STMT_ID); break;
    case MW_COM_STMT_FETCH:
        q->statement_id = rd_u32(r, MW_F_STMT_ID);
        q->argument = rd_u32(r, MW_F_NUM_ROWS);
        q->has_argument = rd_ok(r);
        break;
    case MW_COM_CHANGE_USER: change_user(r, ctx, &q->login); break;
    case MW_COM_REGISTER_SLAVE: decode_register_slave(r); break;
    case MW_COM_BINLOG_DUMP: decode_binlog_dump(r, false); break;
    case MW_COM_BINLOG_DUMP_GTID:
        if (ctx->dialect != MW_DIALECT_MARIADB)
            decode_binlog_dump(r, true);
        break;
    default:
        if (!mw_command_name(ctx->dialect, q->command))
            rd_note(r, MW_NOTE_UNKNOWN_COMMAND);
        break;
    }
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
    decode_body(r, ctx, q);
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
static void decode_infile(struct mw_reader *r, struct mw_msg *msg)
{
    bool node = rd_open(r, MW_F_RESPONSE);
    rd_u8(r, MW_F_RESPONSE_CODE);
    if (rd_left_wire(r))
        msg->file = rd_rest(r, MW_F_FILE_NAME);
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
