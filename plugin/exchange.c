/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plugin/exchange.h"

#include "mywire/columns.h"
#include "plugin/registry.h"
#include "plugin/text.h"

static struct exchange *find(struct exchanges *x, const struct mw_exchange *told)
{
    struct exchange *exchange = wmem_map_lookup(x->outstanding, &told->ordinal);
    if (exchange)
        return exchange;
    exchange = wmem_new0(wmem_file_scope(), struct exchange);
    exchange->ordinal = told->ordinal;
    wmem_map_insert(x->outstanding, &exchange->ordinal, exchange);
    return exchange;
}

static void copy(struct exchange *exchange, const struct mw_exchange *told)
{
    exchange->request = told->seen ? (uint32_t)told->sent.number : 0;
    exchange->sent_ns = told->sent.time_ns;
    exchange->last = (uint32_t)told->last.number;
    exchange->first_ns = told->first.time_ns;
    exchange->last_ns = told->last.time_ns;
    exchange->rows = told->rows;
    exchange->bytes = told->response_bytes;
    exchange->affected = told->affected_rows;
    exchange->warnings = told->warnings;
    exchange->cursor = told->status & MW_SERVER_STATUS_CURSOR_EXISTS && told->command != MW_COM_STMT_FETCH;
    exchange->resultset = told->resultsets > 0 || told->outcome == MW_OUTCOME_RESULTSET;
}

/* A reply is shown in the frame in which its first packet ends, which its first byte may precede. */
static void observe(void *user, const struct mw_event *event)
{
    struct exchanges *x = user;
    if (!event->exchange)
        return;
    struct exchange *exchange = find(x, event->exchange);
    copy(exchange, event->exchange);
    if (event->kind == MW_EVENT_DONE) {
        wmem_map_remove(x->outstanding, &exchange->ordinal);
        x->ended |= exchange == x->now;
        return;
    }
    x->now = exchange;
    x->begun = event->kind == MW_EVENT_COMMAND;
    x->ended = false;
    if (event->dir == MW_SERVER && !exchange->first && event->packet)
        exchange->first = (uint32_t)event->packet->last.number;
}

void exchanges_init(struct exchanges *x)
{
    x->observer = (struct mw_observer){.user = x, .event = observe};
    x->outstanding = wmem_map_new(wmem_file_scope(), wmem_int64_hash, g_int64_equal);
}

void exchanges_step(struct exchanges *x)
{
    x->now = NULL;
    x->begun = x->ended = false;
}

static void add_frame(proto_tree *tree, tvbuff_t *tvb, enum own_field field, uint64_t frame)
{
    if (frame)
        proto_item_set_generated(proto_tree_add_uint(tree, registry_own_field(field), tvb, 0, 0, (uint32_t)frame));
}

static void add_time(proto_tree *tree, tvbuff_t *tvb, enum own_field field, int64_t ns)
{
    nstime_t time = NSTIME_INIT_SECS_NSECS((time_t)(ns / 1000000000), (int)(ns % 1000000000));
    proto_item_set_generated(proto_tree_add_time(tree, registry_own_field(field), tvb, 0, 0, &time));
}

static void add_number(proto_tree *tree, tvbuff_t *tvb, enum own_field field, uint64_t number)
{
    proto_item_set_generated(proto_tree_add_uint64(tree, registry_own_field(field), tvb, 0, 0, number));
}

void exchange_show(const struct exchange *exchange, proto_tree *tree, tvbuff_t *tvb, enum mw_dir dir, bool begins,
                   bool ends)
{
    if (begins)
        add_frame(tree, tvb, OWN_RESPONSE_IN, exchange->first);
    if (dir == MW_CLIENT)
        return; /* also what the client says during a reply: a file, a password */
    add_frame(tree, tvb, OWN_RESPONSE_TO, exchange->request);
    if (!ends)
        return;
    if (exchange->request) {
        add_time(tree, tvb, OWN_TIME_FIRST, exchange->first_ns - exchange->sent_ns);
        add_time(tree, tvb, OWN_TIME_LAST, exchange->last_ns - exchange->sent_ns);
    }
    if (exchange->resultset)
        add_number(tree, tvb, OWN_ROWS, exchange->rows);
    add_number(tree, tvb, OWN_BYTES, exchange->bytes);
}

static const char *statement_text(const struct mw_ctx *ctx, wmem_allocator_t *pool)
{
    const struct mw_stmt *stmt = ctx->stmt;
    if (!stmt || !stmt->sql_length)
        return NULL;
    return text_utf8(pool, ctx->dialect, stmt->collation, stmt->sql.p, stmt->sql.n);
}

void exchange_show_statement(const struct mw_ctx *ctx, proto_tree *tree, tvbuff_t *tvb, packet_info *pinfo)
{
    const struct mw_stmt *stmt = ctx->stmt;
    const char *sql = statement_text(ctx, pinfo->pool);
    if (!sql)
        return;
    proto_item *item = proto_tree_add_string(tree, registry_own_field(OWN_STATEMENT), tvb, 0, 0, sql);
    proto_item_set_generated(item);
    if (stmt->sql_length > stmt->sql.n)
        proto_item_append_text(item, " … (%" PRIu64 " bytes)", stmt->sql_length);
    add_frame(tree, tvb, OWN_PREPARE_IN, stmt->prepare_packet);
}
