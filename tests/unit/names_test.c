/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Known values come from the servers' headers and information_schema; the rest is the shape of the tables. */
#include "mywire/names.h"

#include <string.h>

#include "tests/support/unit.h"

static struct mw_slice text(const char *s)
{
    return (struct mw_slice){(const uint8_t *)s, (uint32_t)strlen(s)};
}

/* Every list as every dialect has it: sorted, each value once, each with the name that the look-up gives. */
static void lists(void **state)
{
    (void)state;
    static struct mw_name rows[4096];
    for (int id = MW_NAMES_NONE + 1; id < MW_NAMES_COUNT; id++) {
        size_t both = mw_names_copy((enum mw_names_id)id, MW_DIALECT_UNKNOWN, rows, 4096);
        for (int dialect = MW_DIALECT_UNKNOWN; dialect <= MW_DIALECT_BOTH; dialect++) {
            size_t n = mw_names_copy((enum mw_names_id)id, (enum mw_dialect)dialect, rows, 4096);
            assert_in_range(n, 1, both);
            for (size_t i = 0; i < n; i++) {
                assert_true(rows[i].name && rows[i].name[0]);
                if (i > 0)
                    assert_true(rows[i - 1].value < rows[i].value);
                assert_ptr_equal(mw_name_of((enum mw_names_id)id, (enum mw_dialect)dialect, rows[i].value),
                                 rows[i].name);
            }
            /* A short array gets the first rows, and the same count. */
            struct mw_name one = {0};
            assert_int_equal(mw_names_copy((enum mw_names_id)id, (enum mw_dialect)dialect, &one, 1), n);
            assert_int_equal(one.value, rows[0].value);
            assert_int_equal(mw_names_copy((enum mw_names_id)id, (enum mw_dialect)dialect, NULL, 0), n);
        }
    }
    assert_int_equal(mw_names_copy(MW_NAMES_NONE, MW_DIALECT_BOTH, rows, 1), 0);
    assert_null(mw_name_of(MW_NAMES_NONE, MW_DIALECT_BOTH, 0));
    assert_null(mw_name_of(MW_NAMES_COUNT, MW_DIALECT_BOTH, 0));
}

/* The tables themselves: bisection wants them sorted, MySQL's row first, and no two rows of a value for one dialect. */
static void tables_are_sorted(void **state)
{
    (void)state;
    static const struct {
        uint32_t value;
        unsigned dialect;
    } rows[] = {
#define MW_ERROR(code, symbol, sqlstate, dialect, scope) {code, MW_DIALECT_##dialect},
#include "mywire/errors.def"
#undef MW_ERROR
        {0, 0}, /* between tables */
#define MW_COLLATION(id, name, charset, dialect) {id, MW_DIALECT_##dialect},
#include "mywire/collations.def"
#undef MW_COLLATION
        {0, 0},
#define MW_COMMAND(code, id, name, dialect, reply) {code, MW_DIALECT_##dialect},
#include "mywire/commands.def"
#undef MW_COMMAND
        {0, 0},
#define MW_COLUMN_TYPE(id, name, dialect) {id, MW_DIALECT_##dialect},
#include "mywire/column_types.def"
#undef MW_COLUMN_TYPE
        {0, 0},
#define MW_CAPABILITY(bit, name, dialect) {bit, MW_DIALECT_##dialect},
#include "mywire/capabilities.def"
#undef MW_CAPABILITY
        {0, 0},
#define MW_STATUS(bit, name, dialect) {bit, MW_DIALECT_##dialect},
#include "mywire/status_flags.def"
#undef MW_STATUS
        {0, 0},
#define MW_BINLOG_EVENT(id, name, dialect) {id, MW_DIALECT_##dialect},
#include "mywire/binlog_event_types.def"
#undef MW_BINLOG_EVENT
        {0, 0},
#define MW_SESSION_TRACK(id, name, dialect) {id, MW_DIALECT_##dialect},
#include "mywire/session_track_types.def"
#undef MW_SESSION_TRACK
    };
    for (size_t i = 1; i < sizeof rows / sizeof *rows; i++) {
        if (!rows[i].dialect || !rows[i - 1].dialect)
            continue;
        if (rows[i].value == rows[i - 1].value) {
            assert_int_equal(rows[i - 1].dialect, MW_DIALECT_MYSQL);
            assert_int_equal(rows[i].dialect, MW_DIALECT_MARIADB);
        } else {
            assert_true(rows[i - 1].value < rows[i].value);
        }
    }
}

static void errors(void **state)
{
    (void)state;
    static const struct {
        enum mw_dialect dialect;
        uint16_t code;
        const char *symbol, *sqlstate;
    } rows[] = {
        {MW_DIALECT_MYSQL, 1045, "ER_ACCESS_DENIED_ERROR", "28000"},
        {MW_DIALECT_MARIADB, 1045, "ER_ACCESS_DENIED_ERROR", "28000"},
        {MW_DIALECT_UNKNOWN, 1045, "ER_ACCESS_DENIED_ERROR", "28000"},
        {MW_DIALECT_MYSQL, 1040, "ER_CON_COUNT_ERROR", "08004"},
        {MW_DIALECT_MYSQL, 1062, "ER_DUP_ENTRY", "23000"},
        {MW_DIALECT_MYSQL, 1064, "ER_PARSE_ERROR", "42000"},
        {MW_DIALECT_MYSQL, 1146, "ER_NO_SUCH_TABLE", "42S02"},
        {MW_DIALECT_MYSQL, 1213, "ER_LOCK_DEADLOCK", "40001"},
        {MW_DIALECT_MYSQL, 4031, "ER_CLIENT_INTERACTION_TIMEOUT", "HY000"},
        {MW_DIALECT_MARIADB, 4031, "ER_REFERENCED_TRG_DOES_NOT_EXIST", "HY000"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(mw_error_symbol(rows[i].dialect, rows[i].code), rows[i].symbol);
        assert_string_equal(mw_error_sqlstate(rows[i].dialect, rows[i].code), rows[i].sqlstate);
    }
    assert_null(mw_error_symbol(MW_DIALECT_MYSQL, 0));
    assert_null(mw_error_sqlstate(MW_DIALECT_MYSQL, 0));
    assert_null(mw_error_symbol(MW_DIALECT_MYSQL, 65535));
    assert_null(mw_error_symbol(MW_DIALECT_MYSQL, 2013)); /* CR_SERVER_LOST: only a client says that */
}

static void collations(void **state)
{
    (void)state;
    static const struct {
        enum mw_dialect dialect;
        uint32_t id;
        const char *name, *charset;
    } rows[] = {
        {MW_DIALECT_MYSQL, 255, "utf8mb4_0900_ai_ci", "utf8mb4"},
        {MW_DIALECT_MYSQL, 8, "latin1_swedish_ci", "latin1"},
        {MW_DIALECT_MARIADB, 8, "latin1_swedish_ci", "latin1"},
        {MW_DIALECT_BOTH, 45, "utf8mb4_general_ci", "utf8mb4"},
        {MW_DIALECT_BOTH, 63, "binary", "binary"},
        {MW_DIALECT_MARIADB, 2304, "utf8mb4_uca1400_ai_ci", "utf8mb4"},
        {MW_DIALECT_MARIADB, 224, "utf8mb4_unicode_ci", "utf8mb4"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(mw_collation_name(rows[i].dialect, rows[i].id), rows[i].name);
        assert_string_equal(mw_collation_charset(rows[i].dialect, rows[i].id), rows[i].charset);
    }
    assert_null(mw_collation_name(MW_DIALECT_MYSQL, 2304));
    assert_null(mw_collation_name(MW_DIALECT_BOTH, 0));
    assert_null(mw_collation_charset(MW_DIALECT_BOTH, 60000));
    assert_string_equal(mw_collation_charset(MW_DIALECT_BOTH, mw_charset_collation("utf8mb4")), "utf8mb4");
    assert_string_equal(mw_collation_charset(MW_DIALECT_BOTH, mw_charset_collation("utf8")), "utf8mb3");
    assert_int_equal(mw_charset_collation("big5"), 1);
    assert_int_equal(mw_charset_collation("binary"), 63);
    assert_int_equal(mw_charset_collation("klingon"), 0);
    assert_int_equal(mw_charset_collation(""), 0);
}

static void commands(void **state)
{
    (void)state;
    static const struct {
        enum mw_dialect dialect;
        uint8_t code;
        const char *name;
        enum mw_reply reply;
    } rows[] = {
        {MW_DIALECT_UNKNOWN, 0x00, "COM_SLEEP", MW_REPLY_SIMPLE},
        {MW_DIALECT_UNKNOWN, 0x01, "COM_QUIT", MW_REPLY_NOTHING},
        {MW_DIALECT_UNKNOWN, 0x03, "COM_QUERY", MW_REPLY_RESULT},
        {MW_DIALECT_MYSQL, 0x04, "COM_FIELD_LIST", MW_REPLY_FIELDS},
        {MW_DIALECT_MYSQL, 0x09, "COM_STATISTICS", MW_REPLY_TEXT},
        {MW_DIALECT_MYSQL, 0x11, "COM_CHANGE_USER", MW_REPLY_AUTH},
        {MW_DIALECT_MYSQL, 0x16, "COM_STMT_PREPARE", MW_REPLY_PREPARED},
        {MW_DIALECT_MYSQL, 0x17, "COM_STMT_EXECUTE", MW_REPLY_BINARY},
        {MW_DIALECT_MYSQL, 0x18, "COM_STMT_SEND_LONG_DATA", MW_REPLY_NOTHING},
        {MW_DIALECT_MYSQL, 0x19, "COM_STMT_CLOSE", MW_REPLY_NOTHING},
        {MW_DIALECT_MYSQL, 0x1c, "COM_STMT_FETCH", MW_REPLY_ROWS},
        {MW_DIALECT_MYSQL, 0x1e, "COM_BINLOG_DUMP_GTID", MW_REPLY_BINLOG},
        {MW_DIALECT_MARIADB, 0x1e, "COM_UNIMPLEMENTED", MW_REPLY_SIMPLE},
        {MW_DIALECT_MYSQL, 0x20, "COM_CLONE", MW_REPLY_ANYTHING},
        {MW_DIALECT_MARIADB, 0xfa, "COM_STMT_BULK_EXECUTE", MW_REPLY_BINARY},
        {MW_DIALECT_MARIADB, 0xff, "COM_END", MW_REPLY_SIMPLE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(mw_command_name(rows[i].dialect, rows[i].code), rows[i].name);
        assert_int_equal(mw_command_reply(rows[i].dialect, rows[i].code), rows[i].reply);
    }
    /* The other dialect's name is better than none; its reply is not. */
    assert_string_equal(mw_command_name(MW_DIALECT_MYSQL, 0xfa), "COM_STMT_BULK_EXECUTE");
    assert_int_equal(mw_command_reply(MW_DIALECT_MYSQL, 0xfa), MW_REPLY_SIMPLE);
    assert_null(mw_command_name(MW_DIALECT_BOTH, 0x77));
    assert_int_equal(mw_command_reply(MW_DIALECT_BOTH, 0x77), MW_REPLY_SIMPLE);
}

static void bit_names(void **state)
{
    (void)state;
    assert_string_equal(mw_capability_name(MW_DIALECT_MYSQL, 0), "CLIENT_LONG_PASSWORD");
    assert_string_equal(mw_capability_name(MW_DIALECT_MARIADB, 0), "CLIENT_MYSQL");
    assert_string_equal(mw_capability_name(MW_DIALECT_BOTH, 11), "CLIENT_SSL");
    assert_string_equal(mw_capability_name(MW_DIALECT_MYSQL, 15), "CLIENT_RESERVED2");
    assert_string_equal(mw_capability_name(MW_DIALECT_MARIADB, 15), "CLIENT_SECURE_CONNECTION");
    assert_string_equal(mw_capability_name(MW_DIALECT_MARIADB, 24), "CLIENT_DEPRECATE_EOF");
    assert_string_equal(mw_capability_name(MW_DIALECT_MARIADB, 25), "CLIENT_OPTIONAL_RESULTSET_METADATA");
    assert_string_equal(mw_capability_name(MW_DIALECT_MARIADB, 32), "MARIADB_CLIENT_PROGRESS");
    assert_string_equal(mw_capability_name(MW_DIALECT_MARIADB, 36), "MARIADB_CLIENT_CACHE_METADATA");
    assert_null(mw_capability_name(MW_DIALECT_BOTH, 63));
    for (unsigned bit = 0; bit <= 37; bit++)
        assert_non_null(mw_capability_name(MW_DIALECT_UNKNOWN, bit));
    assert_string_equal(mw_status_flag_name(MW_DIALECT_MYSQL, 0), "SERVER_STATUS_IN_TRANS");
    assert_string_equal(mw_status_flag_name(MW_DIALECT_MYSQL, 3), "SERVER_MORE_RESULTS_EXISTS");
    assert_string_equal(mw_status_flag_name(MW_DIALECT_MARIADB, 15), "SERVER_STATUS_ANSI_QUOTES");
    assert_null(mw_status_flag_name(MW_DIALECT_MYSQL, 15));
    assert_null(mw_status_flag_name(MW_DIALECT_BOTH, 2));
    assert_int_equal(MW_SERVER_MORE_RESULTS_EXISTS, 8);
    assert_int_equal(MW_SERVER_SESSION_STATE_CHANGED, 0x4000);
}

static void small_lists(void **state)
{
    (void)state;
    static const struct {
        enum mw_names_id id;
        enum mw_dialect dialect;
        uint32_t value;
        const char *name;
    } rows[] = {
        {MW_NAMES_COLUMN_TYPES, MW_DIALECT_BOTH, 253, "MYSQL_TYPE_VAR_STRING"},
        {MW_NAMES_COLUMN_TYPES, MW_DIALECT_MYSQL, 245, "MYSQL_TYPE_JSON"},
        {MW_NAMES_SESSION_TRACK, MW_DIALECT_MYSQL, 1, "SESSION_TRACK_SCHEMA"},
        {MW_NAMES_BINLOG_EVENTS, MW_DIALECT_MYSQL, 33, "GTID_LOG_EVENT"},
        {MW_NAMES_BINLOG_EVENTS, MW_DIALECT_MARIADB, 162, "GTID_EVENT"},
        {MW_NAMES_SHUTDOWN_LEVELS, MW_DIALECT_BOTH, 16, "SHUTDOWN_WAIT_ALL_BUFFERS"},
        {MW_NAMES_SET_OPTIONS, MW_DIALECT_BOTH, 1, "MYSQL_OPTION_MULTI_STATEMENTS_OFF"},
        {MW_NAMES_CURSOR_TYPES, MW_DIALECT_BOTH, 1, "CURSOR_TYPE_READ_ONLY"},
        {MW_NAMES_RESPONSES, MW_DIALECT_BOTH, 0xfe, "EOF"},
        {MW_NAMES_METADATA, MW_DIALECT_BOTH, 0, "RESULTSET_METADATA_NONE"},
        {MW_NAMES_AUTH_MORE, MW_DIALECT_BOTH, 4, "perform full authentication"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(mw_name_of(rows[i].id, rows[i].dialect, rows[i].value), rows[i].name);
    assert_null(mw_name_of(MW_NAMES_BINLOG_EVENTS, MW_DIALECT_MARIADB, 33));
}

static void auth_plugins(void **state)
{
    (void)state;
    for (int i = 1; i < MW_AUTH_COUNT; i++)
        assert_int_equal(mw_auth_plugin_from(text(mw_auth_plugin_name((enum mw_auth_plugin)i))), i);
    assert_int_equal(mw_auth_plugin_from(text("mysql_native_password")), MW_AUTH_MYSQL_NATIVE);
    assert_int_equal(mw_auth_plugin_from(text("mysql_native_passwor")), MW_AUTH_UNKNOWN);
    assert_int_equal(mw_auth_plugin_from(text("")), MW_AUTH_UNKNOWN);
    assert_int_equal(mw_auth_plugin_from((struct mw_slice){NULL, 0}), MW_AUTH_UNKNOWN);
    assert_null(mw_auth_plugin_name(MW_AUTH_UNKNOWN));
    assert_null(mw_auth_plugin_name(MW_AUTH_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),       cmocka_unit_test(tables_are_sorted), cmocka_unit_test(errors),
        cmocka_unit_test(collations),  cmocka_unit_test(commands),          cmocka_unit_test(bit_names),
        cmocka_unit_test(small_lists), cmocka_unit_test(auth_plugins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
