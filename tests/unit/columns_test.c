/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions gathered, sealed, shared and given back. */
#include "core/columns.h"

#include "tests/support/unit.h"
#include "tests/support/wire.h"

static struct wire_mem mem;
static struct mw_limits limits;
static struct columns_builder builder;

static struct mw_msg column(const char *name, uint8_t type)
{
    struct mw_msg msg = {.kind = MW_KIND_COLUMN, .status = MW_OK};
    msg.column = (struct mw_column){.name = {(const uint8_t *)name, (uint32_t)strlen(name)},
                                    .type = type,
                                    .collation = 45,
                                    .flags = 0x20,
                                    .decimals = 3};
    return msg;
}

static void add(const char *name, uint8_t type)
{
    struct mw_msg msg = column(name, type);
    columns_add(&builder, &mem.mem, &limits, &msg);
}

static int begin(void **state)
{
    (void)state;
    wire_mem_init(&mem);
    limits = MW_LIMITS_DEFAULT;
    builder = (struct columns_builder){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    assert_true(mem.live == 0 && mem.blocks == 0);
    return 0;
}

static void sealed(void **state)
{
    (void)state;
    char passing[] = "name";
    columns_begin(&builder, &mem.mem, &limits, 3);
    add(passing, 3);
    memset(passing, '#', 4); /* the packet goes, the name stays */
    add("", 8);
    add("caf\xc3\xa9", 253);
    struct mw_columns *c = columns_seal(&builder, &mem.mem);
    assert_true(c && c->count == 3 && c->references == 1);
    assert_true(c->column[0].name.n == 4 && memcmp(c->column[0].name.p, "name", 4) == 0);
    assert_true(c->column[1].name.n == 0 && c->column[1].name.p);
    assert_true(c->column[2].name.n == 5 && memcmp(c->column[2].name.p, "caf\xc3\xa9", 5) == 0);
    assert_true(c->column[2].type == 253 && c->column[2].collation == 45 && c->column[2].flags == 0x20 &&
                c->column[2].decimals == 3);
    assert_int_equal(mem.blocks, 1); /* the builder is empty */
    assert_ptr_equal(columns_keep(c), c);
    columns_drop(c, &mem.mem);
    assert_int_equal(mem.blocks, 1);
    columns_drop(c, &mem.mem);
    columns_drop(NULL, &mem.mem);
    assert_null(columns_keep(NULL));
}

static void not_whole(void **state)
{
    (void)state;
    assert_null(columns_seal(&builder, &mem.mem)); /* nothing begun */
    columns_begin(&builder, &mem.mem, &limits, 2);
    add("a", 3);
    assert_null(columns_seal(&builder, &mem.mem)); /* one is missing */
    columns_begin(&builder, &mem.mem, &limits, 2);
    add("a", 3);
    struct mw_msg cut = column("b", 3);
    cut.status = MW_SHORT;
    columns_add(&builder, &mem.mem, &limits, &cut);
    assert_null(columns_seal(&builder, &mem.mem)); /* one could not be read */
    columns_begin(&builder, &mem.mem, &limits, 1);
    add("a", 3);
    add("one too many", 3);
    struct mw_columns *c = columns_seal(&builder, &mem.mem);
    assert_int_equal(c->count, 1);
    columns_drop(c, &mem.mem);
    columns_begin(&builder, &mem.mem, &limits, 0);
    assert_null(columns_seal(&builder, &mem.mem));
    columns_begin(&builder, &mem.mem, &limits, 2);
    add("thrown away", 3);
    columns_begin(&builder, &mem.mem, &limits, 2); /* another result begins in the middle */
    columns_abandon(&builder, &mem.mem);
    columns_abandon(&builder, &mem.mem);
}

static void limited(void **state)
{
    (void)state;
    limits.columns = 3;
    limits.column_names = 10;
    columns_begin(&builder, &mem.mem, &limits, 4);
    assert_true(mem.live == 0);
    add("a", 3);
    assert_null(columns_seal(&builder, &mem.mem));
    columns_begin(&builder, &mem.mem, &limits, 3);
    add("12345", 3);
    add("67890", 3);
    add("", 3);
    struct mw_columns *c = columns_seal(&builder, &mem.mem);
    assert_non_null(c);
    columns_drop(c, &mem.mem);
    columns_begin(&builder, &mem.mem, &limits, 2);
    add("12345", 3);
    add("678901", 3);
    assert_null(columns_seal(&builder, &mem.mem));
}

/* Memory that ends at every point: less is remembered, nothing is lost track of. */
static void no_memory(void **state)
{
    (void)state;
    for (size_t room = 1; room < 4000; room += 37) {
        mem.room = room;
        columns_begin(&builder, &mem.mem, &limits, 8);
        for (int i = 0; i < 8; i++)
            add("a name of some length, so that names have to grow beyond their first room", 3);
        struct mw_columns *c = columns_seal(&builder, &mem.mem);
        columns_drop(c, &mem.mem);
        assert_int_equal(mem.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sealed, begin, end),
        cmocka_unit_test_setup_teardown(not_whole, begin, end),
        cmocka_unit_test_setup_teardown(limited, begin, end),
        cmocka_unit_test_setup_teardown(no_memory, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
