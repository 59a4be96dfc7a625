/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registry as a whole: what every reader of fields.def relies on. */
#include "mywire/field.h"

#include <ctype.h>
#include <string.h>

#include "mywire/trace.h"
#include "tests/support/unit.h"

static unsigned width(enum mw_field_type type)
{
    return type == MW_FT_BOOL8 ? 8 : type == MW_FT_BOOL16 ? 16 : type == MW_FT_BOOL32 ? 32 : 0;
}

static void rows_are_complete(void **state)
{
    (void)state;
    for (int i = 0; i < MW_F_COUNT; i++) {
        const struct mw_field *f = mw_field((enum mw_field_id)i);
        assert_true(f->label[0] && f->help[0] && f->type < MW_FT_COUNT);
        assert_true(strncmp(f->filter, "mysql.", 6) == 0 || strncmp(f->filter, "mariadb.", 8) == 0 ||
                    strncmp(f->filter, "mywire.", 7) == 0);
        for (const char *c = f->filter; *c; c++)
            assert_true(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '.' || *c == '_');
        bool is_number = (f->type >= MW_FT_U8 && f->type <= MW_FT_I64);
        assert_int_equal(f->base != MW_BASE_NA, is_number);
        if (f->names)
            assert_true(is_number);
        assert_true((f->flags & ~(unsigned)(MW_FLAG_SECRET | MW_FLAG_GENERATED | MW_FLAG_VALUE)) == 0);
    }
}

static void filters_are_unique(void **state)
{
    (void)state;
    for (int i = 0; i < MW_F_COUNT; i++)
        for (int j = i + 1; j < MW_F_COUNT; j++)
            assert_string_not_equal(mw_field((enum mw_field_id)i)->filter, mw_field((enum mw_field_id)j)->filter);
}

static void masks_are_single_bits(void **state)
{
    (void)state;
    for (int i = 0; i < MW_F_COUNT; i++) {
        const struct mw_field *f = mw_field((enum mw_field_id)i);
        if (!width(f->type)) {
            assert_int_equal(f->mask, 0);
            continue;
        }
        assert_true(f->mask && (f->mask & (f->mask - 1)) == 0);
        assert_true(width(f->type) == 32 || f->mask >> width(f->type) == 0);
    }
}

/* rd_bits walks a group from its first row to its last: same width, bits upward, none left out. */
static void groups_stand_together(void **state)
{
    (void)state;
    static const struct {
        enum mw_field_id first, last;
        unsigned bits;
    } groups[] = {
        {MW_F_CAPS_LP, MW_F_CAPS_SC, 16},
        {MW_F_CAPS_MS, MW_F_CAPS_RO, 16},
        {MW_F_MDBCAPS_PR, MW_F_MDBCAPS_BU, 6},
        {MW_F_STAT_IT, MW_F_STAT_AQ, 16},
        {MW_F_FLAG_NOT_NULL, MW_F_FLAG_NUM, 16},
        {MW_F_RFSH_GRANT, MW_F_RFSH_MASTER, 8},
    };
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
        assert_int_equal(groups[g].last - groups[g].first + 1, groups[g].bits);
        for (unsigned bit = 0; bit < groups[g].bits; bit++) {
            const struct mw_field *f = mw_field((enum mw_field_id)(groups[g].first + bit));
            assert_int_equal(f->mask, 1u << bit);
            assert_int_equal(f->type, mw_field(groups[g].first)->type);
        }
    }
}

static void secrets(void **state)
{
    (void)state;
    static const enum mw_field_id secret[] = {
        MW_F_SALT,
        MW_F_SALT2,
        MW_F_PASSWD,
        MW_F_AUTH_DATA,
        MW_F_AUTH_ANSWER,
        MW_F_AUTH_SCRAMBLE,
        MW_F_AUTH_PROOF,
        MW_F_AUTH_SIGNATURE,
        MW_F_AUTH_CLIENT_SCRAMBLE,
        MW_F_AUTH_PASSWORD,
        MW_F_AUTH_ENCRYPTED,
        MW_F_AUTH_TOKEN,
        MW_F_AUTH_PARSEC_SALT,
        MW_F_AUTH_CHALLENGE,
        MW_F_AUTH_CREDENTIAL,
        MW_F_AUTH_ASSERTION,
        MW_F_AUTH_JSON,
        MW_F_SLAVE_PASSWORD,
    };
    static const enum mw_field_id open[] = {MW_F_USER, MW_F_SCHEMA, MW_F_QUERY, MW_F_AUTH_PUBLIC_KEY, MW_F_AUTH_NAME};
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
        assert_int_equal(mw_field(secret[i])->flags & MW_FLAG_SECRET, MW_FLAG_SECRET);
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        assert_int_equal(mw_field(open[i])->flags & MW_FLAG_SECRET, 0);
}

/* Names and types that Wireshark's built-in dissector has: columns and filters of people depend on them. */
static void built_in_names(void **state)
{
    (void)state;
    static const struct {
        enum mw_field_id id;
        const char *filter;
        enum mw_field_type type;
    } rows[] = {
        {MW_F_QUERY, "mysql.query", MW_FT_TEXT},
        {MW_F_USER, "mysql.user", MW_FT_TEXTZ},
        {MW_F_COMMAND, "mysql.command", MW_FT_U8},
        {MW_F_ERROR_CODE, "mysql.error_code", MW_FT_U16},
        {MW_F_CAPS_SL, "mysql.caps.sl", MW_FT_BOOL16},
        {MW_F_THREAD_ID, "mysql.thread_id", MW_FT_U32},
        {MW_F_PACKET_LENGTH, "mysql.packet_length", MW_FT_U24},
        {MW_F_STMT_ID, "mysql.stmt_id", MW_FT_U32},
        {MW_F_FIELD_NAME, "mysql.field.name", MW_FT_TEXT},
        {MW_F_FIELD_TYPE, "mysql.field.type", MW_FT_U8},
        {MW_F_ROW_TEXT, "mysql.row.text", MW_FT_TEXT},
        {MW_F_ROW_NULLS, "mysql.row.nullbuffer", MW_FT_BYTES},
        {MW_F_VALUE_I64, "mysql.exec.field.longlong", MW_FT_I64},
        {MW_F_EVENT_TYPE, "mysql.binlog.event_header.event_type", MW_FT_U8},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(mw_field(rows[i].id)->filter, rows[i].filter);
        assert_int_equal(mw_field(rows[i].id)->type, rows[i].type);
    }
}

static void notes(void **state)
{
    (void)state;
    for (int i = 0; i < MW_NOTE_COUNT; i++) {
        const struct mw_note *n = mw_note((enum mw_note_id)i);
        assert_true(n->key[0] && n->text[0] && n->severity <= MW_SEVERITY_ERROR);
        for (int j = i + 1; j < MW_NOTE_COUNT; j++)
            assert_string_not_equal(n->key, mw_note((enum mw_note_id)j)->key);
    }
    assert_int_equal(mw_note(MW_NOTE_BAD)->severity, MW_SEVERITY_ERROR);
    assert_string_equal(mw_note(MW_NOTE_SEQUENCE)->key, "sequence");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_complete),
        cmocka_unit_test(filters_are_unique),
        cmocka_unit_test(masks_are_single_bits),
        cmocka_unit_test(groups_stand_together),
        cmocka_unit_test(secrets),
        cmocka_unit_test(built_in_names),
        cmocka_unit_test(notes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
