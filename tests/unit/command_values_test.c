/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of parameters and attributes, from the fields of requests as they are on the wire. */
#include "analyzer/command_values.h"

#include "analyzer/text.h"
#include "mywire/decode.h"
#include "tests/support/unit.h"
#include "tests/support/wire.h"

enum { PARAMS = 3 };
#define ATTRIBUTES (0xa20d | MW_CAP(MW_BIT_CLIENT_QUERY_ATTRIBUTES))

static struct {
    struct mw_stmt stmt;
    struct mw_param param[PARAMS];
} known;

/* Decodes a request with `params` known parameters (-1: no statement) and takes its values. */
static struct command *take(uint64_t caps, int params, bool bound, const char *bytes)
{
    uint8_t payload[400];
    size_t n = wire_bytes(bytes, payload, sizeof payload);
    assert_true(n != SIZE_MAX);
    struct mw_stmt *stmt = params < 0 ? NULL : &known.stmt;
    if (stmt) {
        known.stmt.params = (uint32_t)params;
        known.stmt.bound = bound;
    }
    struct mw_ctx ctx = {.caps = caps, .phase = MW_PHASE_COMMAND, .flags = MW_CTX_LOGIN, .collation = 45, .stmt = stmt};
    struct mw_packet packet = wire_packet(payload, n, 0);
    struct items items = {0};
    struct mw_trace trace = items_trace(&items);
    struct mw_msg msg;
    items_begin(&items);
    mw_decode_traced(&ctx, MW_CLIENT, &packet, &msg, &trace);
    struct command *c = g_new0(struct command, 1);
    c->code = msg.request.command;
    struct text_converter *converter = text_converter_new();
    command_values_take(c, &items, stmt, converter);
    text_converter_free(converter);
    items_clear(&items);
    return c;
}

/* The list as SQL literals, sets of a bulk execute in brackets. */
static char *sql_of(const GArray *values)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; values && i < values->len; i++) {
        const struct command_value *v = &g_array_index(values, struct command_value, i);
        if (i)
            g_string_append_c(out, ' ');
        if (v->kind == VALUE_SET)
            g_string_append(out, "|");
        command_value_sql(out, v);
    }
    return g_string_free(out, FALSE);
}

static void params_are(struct command *c, const char *expected)
{
    char *got = sql_of(c->params);
    assert_string_equal(got, expected);
    g_free(got);
    command_free(c);
}

static void execute(void **state)
{
    (void)state;
    params_are(take(0xa20d, 3, false, "17 01000000 00 01000000 02 01 0300 0600 fd00 feffffff l\"it's \\\\ \\0\""),
               "-2 NULL 'it\\'s \\\\ \\0'");
    params_are(take(0xa20d, 3, false, "17 01000000 00 01000000 00 01 0400 0500 0880 0000c03f 00000000000004c0 ff*8"),
               "1.5 -2.5 18446744073709551615");
    params_are(take(0xa20d, 3, false, "17 01000000 00 01000000 00 01 fc00 0a00 0b00 l\"\\x00\\xff\" 04ea070b14 00"),
               "x'00ff' '2026-11-20' '00:00:00'");
    params_are(take(0xa20d, 0, false, "17 01000000 00 01000000"), "");
    params_are(take(0xa20d, -1, false, "17 01000000 00 01000000 00 01 0300 05000000"), "");
    known.param[0].type = MW_TYPE_TINY;
    params_are(take(0xa20d, 1, true, "17 01000000 00 01000000 00 00 05"), "5");
    params_are(take(0xa20d, 1, false, "17 01000000 00 01000000 00 00 05"), ""); /* of which type nobody knows */
}

static void long_data(void **state)
{
    (void)state;
    known.param[1] = (struct mw_param){.is_long = true, .value = {(const uint8_t *)"ab", 2}, .length = 2};
    params_are(take(0xa20d, 2, false, "17 01000000 00 01000000 00 01 0300 fc00 05000000"), "5 x'6162'");
    known.param[1] = (struct mw_param){0};
}

static void types(void **state)
{
    (void)state;
    struct command *c = take(0xa20d, 2, false, "17 01000000 00 01000000 00 01 0380 fe00 05000000 l\"x\"");
    assert_int_equal(c->param_types->len, 2);
    char scratch[64];
    assert_string_equal(command_type_name(g_array_index(c->param_types, uint16_t, 0), scratch), "MYSQL_TYPE_LONG unsigned");
    assert_string_equal(command_type_name(g_array_index(c->param_types, uint16_t, 1), scratch), "MYSQL_TYPE_STRING");
    assert_string_equal(command_type_name(0x77, scratch), "type 119");
    command_free(c);
    known.param[0].type = MW_TYPE_TINY; /* relied upon from before */
    c = take(0xa20d, 1, true, "17 01000000 00 01000000 00 00 05");
    assert_true(c->param_types->len == 1 && g_array_index(c->param_types, uint16_t, 0) == MW_TYPE_TINY);
    command_free(c);
}

/* What is behind the statement's own parameters are attributes. */
static void attributes(void **state)
{
    (void)state;
    struct command *c = take(ATTRIBUTES, 1, false,
                             "17 01000000 08 01000000 03 02 01 0800 00 fd00 l\"nil\" fd00 l\"trace\" 0700000000000000 l\"abc\"");
    assert_true(c->params->len == 1 && c->attributes->len == 2 && c->param_types->len == 1);
    const struct command_attribute *a = &g_array_index(c->attributes, struct command_attribute, 0);
    assert_string_equal(a[0].name->str, "nil");
    assert_int_equal(a[0].value.kind, VALUE_NULL);
    assert_string_equal(a[1].name->str, "trace");
    assert_string_equal(a[1].value.text->str, "abc");
    params_are(c, "7");
    c = take(ATTRIBUTES, -1, false, "03 01 01 00 01 0800 l\"n\" 2a00000000000000 \"SELECT 1\"");
    assert_true(!c->params && c->attributes->len == 1);
    assert_int_equal(g_array_index(c->attributes, struct command_attribute, 0).value.i, 42);
    command_free(c);
}

static void bulk(void **state)
{
    (void)state;
    params_are(take(0xa20d, 2, false, "fa 01000000 8000 0300 fd00 00 05000000 00 l\"x\" 01 02 03 00 l\"y\""),
               "| 5 'x' | NULL STMT_INDICATOR_DEFAULT | STMT_INDICATOR_IGNORE 'y'");
}

static void json_is(struct command *c, const char *expected)
{
    GString *out = g_string_new(NULL);
    struct json json;
    json_init(&json, sink_string(out), JSON_LINES);
    json_array_begin(&json);
    for (guint i = 0; i < c->params->len; i++)
        command_value_json(&json, &g_array_index(c->params, struct command_value, i));
    json_array_end(&json);
    assert_int_equal(json_finish(&json), 0);
    assert_string_equal(out->str, expected);
    g_string_free(out, TRUE);
    command_free(c);
}

static void as_json(void **state)
{
    (void)state;
    json_is(take(0xa20d, 3, false, "17 01000000 00 01000000 02 01 0300 0600 fc00 feffffff l\"ab\""),
            "[-2,null,{\"hex\":\"6162\"}]\n");
}

/* What a client may send and neither JSON nor SQL has a number for; it is not NULL. */
static void not_numbers(void **state)
{
    (void)state;
    static const char bytes[] = "17 01000000 00 01000000 00 01 0400 0500 0500 0000c07f 000000000000f07f 000000000000f0ff";
    params_are(take(0xa20d, 3, false, bytes), "NaN Infinity -Infinity");
    json_is(take(0xa20d, 3, false, bytes), "[\"NaN\",\"Infinity\",\"-Infinity\"]\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(execute),    cmocka_unit_test(long_data), cmocka_unit_test(types),
        cmocka_unit_test(attributes), cmocka_unit_test(bulk),      cmocka_unit_test(as_json),
        cmocka_unit_test(not_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
