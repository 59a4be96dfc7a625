/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The map of prepared statements: what an id means, which types are bound, which long data waits; and what it may hold. */
#include "core/stmts.h"

#include "tests/support/unit.h"
#include "tests/support/wire.h"

enum { LAST = 0xffffffff };

static struct wire_mem mem;
static struct mw_limits limits;
static struct mw_limit_hits hits;
static struct stmts s;

static int begin(void **state)
{
    (void)state;
    wire_mem_init(&mem);
    limits = MW_LIMITS_DEFAULT;
    hits = (struct mw_limit_hits){0};
    s = (struct stmts){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    stmts_clear(&s, &mem.mem);
    assert_true(mem.live == 0 && mem.blocks == 0);
    return 0;
}

static struct mw_slice text_of(const char *text)
{
    return (struct mw_slice){(const uint8_t *)text, (uint32_t)strlen(text)};
}

static struct mw_stmt *preparing(const char *sql)
{
    struct mw_request q = {.command = MW_COM_STMT_PREPARE, .text = text_of(sql), .text_length = strlen(sql)};
    return stmts_preparing(&s, &mem.mem, &limits, &hits, &q, 45, 17);
}

static struct mw_stmt *prepared(const struct mw_stmt *asked, uint32_t id, uint16_t params)
{
    struct mw_prepare_ok ok = {.statement_id = id, .params = params};
    return stmts_prepared(&s, &mem.mem, &limits, &hits, asked, &ok);
}

/* Prepares and lets go of both references, as a session does when the command is over. */
static bool prepare(const char *sql, uint32_t id, uint16_t params)
{
    struct mw_stmt *asked = preparing(sql);
    struct mw_stmt *stmt = prepared(asked, id, params);
    stmts_drop(&s, &mem.mem, asked);
    stmts_drop(&s, &mem.mem, stmt);
    return stmt != NULL;
}

static void bind(uint32_t id, const char *types, bool names)
{
    uint8_t bytes[64];
    size_t n = wire_bytes(types, bytes, sizeof bytes);
    stmts_bind(&s, &mem.mem, id, (struct mw_slice){bytes, (uint32_t)n}, names);
}

static void add_long(uint32_t id, uint16_t param, const char *data)
{
    stmts_add_long(&s, &mem.mem, &limits, &hits, id, param, text_of(data), strlen(data));
}

static void is(struct mw_slice slice, const char *text)
{
    assert_int_equal(slice.n, strlen(text));
    assert_memory_equal(slice.p, text, slice.n);
}

static void prepare_and_close(void **state)
{
    (void)state;
    assert_null(stmts_find(&s, 1));
    struct mw_stmt *asked = preparing("SELECT ?, '?'");
    assert_true(asked->guessed && asked->params == 1 && asked->collation == 45 && asked->prepare_packet == 17);
    assert_ptr_equal(stmts_find(&s, LAST), asked); /* executed before it is answered */
    struct mw_stmt *stmt = prepared(asked, 7, 2);
    assert_true(stmt->id == 7 && stmt->params == 2 && !stmt->guessed && !stmt->bound && stmt->sql_length == 13);
    is(stmt->sql, "SELECT ?, '?'");
    assert_ptr_equal(stmts_find(&s, 7), stmt);
    assert_ptr_equal(stmts_find(&s, LAST), stmt);
    assert_null(stmts_find(&s, 8));
    stmts_drop(&s, &mem.mem, asked);
    stmts_close(&s, &mem.mem, 7);
    assert_null(stmts_find(&s, 7));
    is(stmt->sql, "SELECT ?, '?'"); /* whoever holds it still has it */
    stmts_drop(&s, &mem.mem, stmt);
    stmts_close(&s, &mem.mem, 7);
    stmts_close(&s, &mem.mem, 99);
    /* The request was not seen. */
    stmt = prepared(NULL, 9, 1);
    assert_true(stmt->sql.n == 0 && stmt->params == 1);
    assert_ptr_equal(stmts_find(&s, LAST), stmt);
    stmts_drop(&s, &mem.mem, stmt);
}

static void same_id_again(void **state)
{
    (void)state;
    assert_true(prepare("SELECT 1", 1, 0) && prepare("SELECT 2", 1, 0));
    is(stmts_find(&s, 1)->sql, "SELECT 2");
    assert_int_equal(s.count, 1);
}

static void many(void **state)
{
    (void)state;
    char sql[32];
    for (uint32_t i = 0; i < 1000; i++) {
        snprintf(sql, sizeof sql, "SELECT %u", i);
        assert_true(prepare(sql, i * 16, 0)); /* ids that fall into few buckets */
    }
    for (uint32_t i = 0; i < 1000; i += 2)
        stmts_close(&s, &mem.mem, i * 16);
    for (uint32_t i = 0; i < 1000; i++) {
        snprintf(sql, sizeof sql, "SELECT %u", i);
        const struct mw_stmt *stmt = stmts_find(&s, i * 16);
        assert_int_equal(stmt != NULL, i % 2);
        if (stmt)
            is(stmt->sql, sql);
    }
    stmts_clear(&s, &mem.mem);
    assert_true(mem.live == 0 && s.bytes == 0);
}

static void binding(void **state)
{
    (void)state;
    prepare("SELECT ?, ?", 1, 2);
    struct mw_stmt *before = stmt_keep(stmts_find(&s, 1));
    bind(1, "0300 fe80", false);
    const struct mw_stmt *bound = stmts_find(&s, 1);
    assert_true(bound != before && bound->bound && bound->param[0].type == 3 && bound->param[1].type == 0x80fe);
    assert_false(before->bound); /* sealed */
    stmts_drop(&s, &mem.mem, before);
    bind(1, "0300 fe80", false);
    assert_ptr_equal(stmts_find(&s, 1), bound); /* the same types make no new object */
    bind(1, "0800 l\"id\" fd00 00 0300 l\"attribute\"", true);
    bound = stmts_find(&s, 1);
    assert_true(bound->param[0].type == 8 && bound->param[1].type == 0xfd && bound->params == 2);
    bind(2, "0300", false); /* nobody knows it */
    stmts_bind(&s, &mem.mem, 1, (struct mw_slice){NULL, 0}, false);
    assert_int_equal(stmts_find(&s, 1)->param[0].type, 8);
}

/* PREPARE and EXECUTE with id -1 in one go: the types belong to the statement when it gets its number. */
static void bound_before_its_answer(void **state)
{
    (void)state;
    struct mw_stmt *asked = preparing("SELECT ?");
    bind(LAST, "0300", false);
    assert_true(stmts_find(&s, LAST)->bound && !asked->bound);
    struct mw_stmt *stmt = prepared(asked, 5, 1);
    assert_true(stmt->bound && stmt->param[0].type == 3 && !stmt->guessed);
    assert_ptr_equal(stmts_find(&s, LAST), stmt);
    stmts_drop(&s, &mem.mem, asked);
    stmts_drop(&s, &mem.mem, stmt);
    /* The text was counted wrong: what was bound is worth nothing. */
    asked = preparing("SELECT ?");
    bind(LAST, "0300", false);
    stmt = prepared(asked, 6, 3);
    assert_true(!stmt->bound && stmt->params == 3);
    stmts_drop(&s, &mem.mem, asked);
    stmts_drop(&s, &mem.mem, stmt);
    /* Two at once: the answer to the first does not make it the last. */
    struct mw_stmt *first = preparing("SELECT 1"), *second = preparing("SELECT 2");
    stmt = prepared(first, 7, 0);
    is(stmts_find(&s, LAST)->sql, "SELECT 2");
    stmts_drop(&s, &mem.mem, stmt);
    stmt = prepared(second, 8, 0);
    assert_int_equal(stmts_find(&s, LAST)->id, 8);
    stmts_drop(&s, &mem.mem, stmt);
    stmts_drop(&s, &mem.mem, first);
    stmts_drop(&s, &mem.mem, second);
}

static void columns(void **state)
{
    (void)state;
    struct columns_builder builder = {0};
    struct mw_msg msg = {.kind = MW_KIND_COLUMN};
    msg.column.name = text_of("a");
    columns_begin(&builder, &mem.mem, &limits, 1);
    columns_add(&builder, &mem.mem, &limits, &msg);
    struct mw_columns *c = columns_seal(&builder, &mem.mem);
    prepare("SELECT ?", 1, 1);
    bind(1, "0300", false);
    stmts_set_columns(&s, &mem.mem, 1, c);
    assert_true(stmts_find(&s, 1)->columns == c && stmts_find(&s, 1)->bound);
    stmts_set_columns(&s, &mem.mem, 1, c);
    stmts_set_columns(&s, &mem.mem, 2, c);
    columns_drop(c, &mem.mem); /* the statement holds it */
    is(stmts_find(&s, 1)->columns->column[0].name, "a");
    bind(1, "0800", false);
    assert_ptr_equal(stmts_find(&s, 1)->columns, c);
}

static void long_data(void **state)
{
    (void)state;
    prepare("INSERT INTO t VALUES (?, ?)", 1, 2);
    add_long(1, 1, "one ");
    add_long(1, 0, "zero");
    add_long(1, 1, "two");
    assert_false(stmts_find(&s, 1)->param[1].is_long); /* only an execution wants it */
    const struct mw_stmt *stmt = stmts_execute(&s, &mem.mem, 1);
    assert_true(stmt->param[0].is_long && stmt->param[1].is_long && stmt->param[1].length == 7);
    is(stmt->param[0].value, "zero");
    is(stmt->param[1].value, "one two");
    bind(1, "fc00 fc00", false); /* makes a new object, which shows it again */
    is(stmts_execute(&s, &mem.mem, 1)->param[1].value, "one two");
    stmts_clear_long(&s, &mem.mem, 1);
    stmt = stmts_execute(&s, &mem.mem, 1);
    assert_true(!stmt->param[0].is_long && !stmt->param[1].is_long && stmt->bound);
    add_long(1, 0, "");
    assert_true(stmts_execute(&s, &mem.mem, 1)->param[0].is_long); /* an empty value is a value */
    stmts_clear_long(&s, &mem.mem, 1);
    stmts_clear_long(&s, &mem.mem, 1);
    add_long(1, 2, "there is no such parameter");
    add_long(3, 0, "there is no such statement");
    assert_false(stmts_execute(&s, &mem.mem, 1)->param[0].is_long);
    assert_null(stmts_execute(&s, &mem.mem, 3));
    add_long(1, 0, "left behind"); /* freed at the end */
}

static void long_data_limits(void **state)
{
    (void)state;
    limits.long_data = 1000;
    prepare("INSERT INTO t VALUES (?)", 1, 1);
    static char part[601];
    memset(part, 'x', 600);
    add_long(1, 0, part);
    add_long(1, 0, part);
    add_long(1, 0, part);
    const struct mw_param *p = &stmts_execute(&s, &mem.mem, 1)->param[0];
    assert_true(p->value.n == 1000 && p->length == 1800 && hits.long_data == 2);
    limits.statement_bytes = 2000;
    for (uint32_t id = 2; id < 50; id++) {
        prepare("DO ?", id, 1);
        for (int i = 0; i < 10; i++)
            add_long(id, 0, part);
    }
    assert_true(hits.statement_bytes > 0 && mem.live < 16384);
}

static void statement_limits(void **state)
{
    (void)state;
    limits.statements = 3;
    limits.statement_text = 10;
    for (uint32_t id = 1; id <= 5; id++)
        assert_int_equal(prepare("SELECT 1 FROM t", id, 0), id <= 3);
    assert_true(hits.statements == 2 && hits.statement_text == 5);
    assert_true(prepare("SELECT 1 FROM t", 3, 0)); /* in place of another */
    is(stmts_find(&s, 1)->sql, "SELECT 1 F");
    assert_int_equal(stmts_find(&s, 1)->sql_length, 15);
    /* A server that claims the most parameters every time. */
    limits = MW_LIMITS_DEFAULT;
    for (uint32_t id = 1; id <= 1000; id++)
        prepare("SELECT 1", id, 65535);
    assert_true(hits.statement_bytes > 900 && mem.live < 2 * (size_t)limits.statement_bytes);
}

/* Memory that ends at every point. */
static void no_memory(void **state)
{
    (void)state;
    for (size_t room = 1; room < 6000; room += 61) {
        mem.room = room;
        for (uint32_t id = 1; id < 40; id++) {
            struct mw_stmt *asked = preparing("SELECT ?, ?"), *stmt = prepared(asked, id, 2);
            bind(id, "0300 0300", false);
            add_long(id, 1, "long data");
            bind(LAST, "0800 0300", false);
            stmts_execute(&s, &mem.mem, id);
            if (id % 3)
                stmts_clear_long(&s, &mem.mem, id);
            stmts_drop(&s, &mem.mem, asked);
            stmts_drop(&s, &mem.mem, stmt);
        }
        mem.room = 0;
        stmts_clear(&s, &mem.mem);
        assert_int_equal(mem.live, 0);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(prepare_and_close), T(same_id_again), T(many),             T(binding),          T(bound_before_its_answer),
        T(columns),           T(long_data),     T(long_data_limits), T(statement_limits), T(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
