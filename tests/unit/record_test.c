/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same calls as JSON, as a row of CSV, and as its header. */
#include "analyzer/record.h"

#include "tests/support/unit.h"

static void write(struct record *r)
{
    GString *text = g_string_new_len("a\0b", 3), *name = g_string_new("program"), *value = g_string_new("mysql");
    record_begin(r);
    record_string(r, "string", "one, \"two\"");
    record_string(r, "no_string", NULL);
    record_text(r, "text", text);
    record_text(r, "no_text", NULL);
    record_int(r, "int", -5);
    record_uint(r, "uint", UINT64_MAX);
    record_uint_if(r, "known", true, 7);
    record_uint_if(r, "unknown", false, 7);
    record_bool(r, "bool", true);
    record_null(r, "null");
    record_instant(r, "instant", 1500000000000000000);
    record_instant(r, "no_instant", 0);
    record_duration(r, "duration", 0);
    record_duration(r, "no_duration", -1);
    record_list(r, "list", true);
    record_list_item(r, "x");
    record_list_text(r, value);
    record_list_end(r);
    record_list(r, "empty_list", true);
    record_list_end(r);
    record_list(r, "no_list", false);
    record_list_end(r);
    record_map(r, "map", true);
    record_map_item(r, name, value);
    record_map_item(r, value, name);
    record_map_end(r);
    record_map(r, "no_map", false);
    record_map_end(r);
    record_end(r);
    g_string_free(text, TRUE);
    g_string_free(name, TRUE);
    g_string_free(value, TRUE);
}

static void as_json(void **state)
{
    (void)state;
    GString *out = g_string_new(NULL);
    struct json json;
    struct record r;
    json_init(&json, sink_string(out), JSON_LINES);
    record_json(&r, &json);
    write(&r);
    assert_int_equal(json_finish(&json), 0);
    assert_string_equal(out->str,
                        "{\"string\":\"one, \\\"two\\\"\",\"no_string\":null,\"text\":\"a\\u0000b\",\"no_text\":null,\"int\":-5,"
                        "\"uint\":18446744073709551615,\"known\":7,\"unknown\":null,\"bool\":true,\"null\":null,"
                        "\"instant\":1500000000000000000,\"no_instant\":null,\"duration\":0,\"no_duration\":null,"
                        "\"list\":[\"x\",\"mysql\"],\"empty_list\":[],\"no_list\":null,"
                        "\"map\":{\"program\":\"mysql\",\"mysql\":\"program\"},\"no_map\":null}\n");
    record_clear(&r);
    g_string_free(out, TRUE);
}

static void as_csv(void **state)
{
    (void)state;
    GString *out = g_string_new(NULL);
    struct csv csv;
    struct record r;
    csv_init(&csv, sink_string(out), false);
    record_csv(&r, &csv);
    r.header = true;
    write(&r);
    r.header = false;
    assert_string_equal(out->str, "string,no_string,text,no_text,int,uint,known,unknown,bool,null,instant,no_instant,duration,"
                                  "no_duration,list,empty_list,no_list,map,no_map\r\n");
    g_string_truncate(out, 0);
    write(&r);
    static const char expected[] = "\"one, \"\"two\"\"\",,\"a\0b\",,-5,18446744073709551615,7,,true,,1500000000000000000,,0,,x;mysql,,,"
                                   "program=mysql;mysql=program,\r\n";
    assert_int_equal(out->len, sizeof expected - 1);
    assert_memory_equal(out->str, expected, sizeof expected - 1);
    record_clear(&r);
    csv_clear(&csv);
    g_string_free(out, TRUE);
}

/* Items that are empty keep their place. */
static void empty_items(void **state)
{
    (void)state;
    static const struct {
        const char *items[4];
        const char *cell;
    } rows[] = {
        {{NULL}, "\r\n"},
        {{"", NULL}, "\"\"\r\n"},
        {{"", "b", NULL}, ";b\r\n"},
        {{"", "", "c", NULL}, ";;c\r\n"},
        {{"a", "", NULL}, "a;\r\n"},
    };
    GString *out = g_string_new(NULL);
    struct csv csv;
    struct record r;
    csv_init(&csv, sink_string(out), false);
    record_csv(&r, &csv);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        g_string_truncate(out, 0);
        record_begin(&r);
        record_list(&r, "list", true);
        for (const char *const *item = rows[i].items; *item; item++)
            record_list_item(&r, *item);
        record_list_end(&r);
        record_end(&r);
        assert_string_equal(out->str, rows[i].cell);
    }
    record_clear(&r);
    csv_clear(&csv);
    g_string_free(out, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_json),
        cmocka_unit_test(as_csv),
        cmocka_unit_test(empty_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
