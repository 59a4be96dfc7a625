/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of kinds and phases, and the walks over attributes and session state. */
#include "mywire/message.h"

#include "tests/support/unit.h"
#include "tests/support/wire.h"

static uint8_t bytes[1024];

static struct mw_slice slice(const char *text)
{
    size_t n = wire_bytes(text, bytes, sizeof bytes);
    assert_true(n != SIZE_MAX);
    return (struct mw_slice){bytes, (uint32_t)n};
}

static bool is(struct mw_slice s, const char *text)
{
    return s.p && s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(mw_kind_name(MW_KIND_GREETING), "Server Greeting");
    assert_string_equal(mw_kind_name(MW_KIND_COMMAND), "Request");
    assert_string_equal(mw_phase_name(MW_PHASE_SILENT), "SILENT");
    assert_string_equal(mw_phase_name(MW_PHASE_CLOSED), "CLOSED");
    for (int i = 0; i < MW_KIND_COUNT; i++)
        assert_true(mw_kind_name((enum mw_kind)i)[0]);
    for (int i = 0; i < MW_PHASE_COUNT; i++)
        assert_true(mw_phase_name((enum mw_phase)i)[0]);
}

static void attributes(void **state)
{
    (void)state;
    struct mw_slice rest = slice("l\"_os\" l\"Linux\" l\"_pid\" 00 00 l\"nameless\""), name, value;
    assert_true(mw_attribute_next(&rest, &name, &value) && is(name, "_os") && is(value, "Linux"));
    assert_true(mw_attribute_next(&rest, &name, &value) && is(name, "_pid") && is(value, ""));
    assert_true(mw_attribute_next(&rest, &name, &value) && is(name, "") && is(value, "nameless"));
    assert_false(mw_attribute_next(&rest, &name, &value));
    assert_int_equal(rest.n, 0);

    rest = slice("l\"name\""); /* without a value */
    assert_false(mw_attribute_next(&rest, &name, &value));
    rest = slice("l\"name\" 09 \"short\"");
    assert_false(mw_attribute_next(&rest, &name, &value));
    assert_int_equal(rest.n, 0);
    rest = (struct mw_slice){NULL, 0};
    assert_false(mw_attribute_next(&rest, &name, &value));
}

static void lengths(void **state)
{
    (void)state;
    struct mw_slice rest = slice("fc 03 00 \"abc\" fd 02 00 00 \"de\" fe 01 00 00 00 00 00 00 00 \"f\""), s;
    assert_true(mw_lenenc_next(&rest, &s) && is(s, "abc"));
    assert_true(mw_lenenc_next(&rest, &s) && is(s, "de"));
    assert_true(mw_lenenc_next(&rest, &s) && is(s, "f"));
    assert_false(mw_lenenc_next(&rest, &s));
    static const char *const broken[] = {"fb", "ff", "fc 01", "fe ff ff ff ff ff ff ff ff \"x\"", "05 \"abcd\""};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        rest = slice(broken[i]);
        assert_false(mw_lenenc_next(&rest, &s));
        assert_false(mw_lenenc_next(&rest, &s)); /* and it stays so */
    }
}

static void session_state(void **state)
{
    (void)state;
    struct mw_slice rest = slice("01 05 l\"shop\" 02 00 ff 02 \"??\""), data;
    uint8_t type;
    assert_true(mw_track_next(&rest, &type, &data) && type == 1 && data.n == 5);
    assert_true(mw_track_next(&rest, &type, &data) && type == 2 && data.n == 0);
    assert_true(mw_track_next(&rest, &type, &data) && type == 255 && is(data, "??"));
    assert_false(mw_track_next(&rest, &type, &data));
    rest = slice("01 05 \"abc\"");
    assert_false(mw_track_next(&rest, &type, &data));
    rest = slice("01");
    assert_false(mw_track_next(&rest, &type, &data));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(attributes),
        cmocka_unit_test(lengths),
        cmocka_unit_test(session_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
