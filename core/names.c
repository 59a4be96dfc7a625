/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Look-ups over the `.def` lists.
 *
 * Each list becomes one static table of rows sorted by value; a value that the dialects name differently has a row each,
 * side by side, MySQL's first. Look-ups bisect to the first row of a value and walk the few rows of that value.
 */
#include "mywire/names.h"

#include <string.h>

struct row {
    uint32_t value;
    uint8_t dialect;
    uint8_t extra; /* reply shape of a command, scope of an error */
    const char *name;
    const char *more; /* character set of a collation, SQLSTATE of an error */
};

enum scope { SERVER, XPROTOCOL, CLIENT };

static const struct row commands[] = {
#define MW_COMMAND(code, id, name, dialect, reply) {code, MW_DIALECT_##dialect, MW_REPLY_##reply, name, NULL},
#include "mywire/commands.def"
#undef MW_COMMAND
};
static const struct row collations[] = {
#define MW_COLLATION(id, name, charset, dialect) {id, MW_DIALECT_##dialect, 0, name, charset},
#include "mywire/collations.def"
#undef MW_COLLATION
};
static const struct row errors[] = {
#define MW_ERROR(code, symbol, sqlstate, dialect, scope) {code, MW_DIALECT_##dialect, scope, symbol, sqlstate},
#include "mywire/errors.def"
#undef MW_ERROR
};
static const struct row column_types[] = {
#define MW_COLUMN_TYPE(id, name, dialect) {id, MW_DIALECT_##dialect, 0, "MYSQL_TYPE_" #name, NULL},
#include "mywire/column_types.def"
#undef MW_COLUMN_TYPE
};
static const struct row session_track[] = {
#define MW_SESSION_TRACK(id, name, dialect) {id, MW_DIALECT_##dialect, 0, "SESSION_TRACK_" #name, NULL},
#include "mywire/session_track_types.def"
#undef MW_SESSION_TRACK
};
static const struct row binlog_events[] = {
#define MW_BINLOG_EVENT(id, name, dialect) {id, MW_DIALECT_##dialect, 0, name, NULL},
#include "mywire/binlog_event_types.def"
#undef MW_BINLOG_EVENT
};
static const struct row shutdown_levels[] = {
#define MW_SHUTDOWN_LEVEL(value, name) {value, MW_DIALECT_BOTH, 0, name, NULL},
#include "mywire/shutdown_levels.def"
#undef MW_SHUTDOWN_LEVEL
};
static const struct row capabilities[] = {
#define MW_CAPABILITY(bit, name, dialect) {bit, MW_DIALECT_##dialect, 0, #name, NULL},
#include "mywire/capabilities.def"
#undef MW_CAPABILITY
};
static const struct row status_flags[] = {
#define MW_STATUS(bit, name, dialect) {bit, MW_DIALECT_##dialect, 0, #name, NULL},
#include "mywire/status_flags.def"
#undef MW_STATUS
};

#define BOTH(value, name) {value, MW_DIALECT_BOTH, 0, name, NULL}
static const struct row set_options[] = {
    BOTH(0, "MYSQL_OPTION_MULTI_STATEMENTS_ON"),
    BOTH(1, "MYSQL_OPTION_MULTI_STATEMENTS_OFF"),
};
static const struct row cursor_types[] = {
    BOTH(0, "CURSOR_TYPE_NO_CURSOR"),
    BOTH(1, "CURSOR_TYPE_READ_ONLY"),
    BOTH(2, "CURSOR_TYPE_FOR_UPDATE"),
    BOTH(4, "CURSOR_TYPE_SCROLLABLE"),
    BOTH(8, "PARAMETER_COUNT_AVAILABLE"), /* on top of the cursor's type */
    BOTH(9, "CURSOR_TYPE_READ_ONLY | PARAMETER_COUNT_AVAILABLE"),
};
static const struct row responses[] = {
    BOTH(0x00, "OK"),
    BOTH(0xfb, "LOCAL INFILE"),
    BOTH(0xfe, "EOF"),
    BOTH(0xff, "ERR"),
};
static const struct row auth_more[] = {
    BOTH(3, "fast authentication succeeded"),
    BOTH(4, "perform full authentication"),
};
static const struct row auth_requests[] = {
    BOTH(1, "public key request (sha256_password)"),
    BOTH(2, "public key request (caching_sha2_password)"),
};
static const struct row metadata[] = {
    BOTH(0, "RESULTSET_METADATA_NONE"),
    BOTH(1, "RESULTSET_METADATA_FULL"),
};
static const struct row field_attributes[] = {
    BOTH(0, "MARIADB_FIELD_ATTR_DATA_TYPE_NAME"),
    BOTH(1, "MARIADB_FIELD_ATTR_FORMAT_NAME"),
};
static const struct row bulk_indicators[] = {
    BOTH(0, "STMT_INDICATOR_NONE"),
    BOTH(1, "STMT_INDICATOR_NULL"),
    BOTH(2, "STMT_INDICATOR_DEFAULT"),
    BOTH(3, "STMT_INDICATOR_IGNORE"),
};
/* What version 1 calls TCP4, the text of version 2 calls "TCP over IPv4". */
static const struct row proxy_commands[] = {
    BOTH(0, "LOCAL"),
    BOTH(1, "PROXY"),
};
static const struct row proxy_families[] = {
    BOTH(0x00, "UNSPEC"), BOTH(0x11, "TCP4"),        BOTH(0x12, "UDP4"),          BOTH(0x21, "TCP6"),
    BOTH(0x22, "UDP6"),   BOTH(0x31, "UNIX stream"), BOTH(0x32, "UNIX datagram"),
};
static const struct row proxy_tlvs[] = {
    BOTH(0x01, "PP2_TYPE_ALPN"),           BOTH(0x02, "PP2_TYPE_AUTHORITY"),      BOTH(0x03, "PP2_TYPE_CRC32C"),
    BOTH(0x04, "PP2_TYPE_NOOP"),           BOTH(0x05, "PP2_TYPE_UNIQUE_ID"),      BOTH(0x20, "PP2_TYPE_SSL"),
    BOTH(0x21, "PP2_SUBTYPE_SSL_VERSION"), BOTH(0x22, "PP2_SUBTYPE_SSL_CN"),      BOTH(0x23, "PP2_SUBTYPE_SSL_CIPHER"),
    BOTH(0x24, "PP2_SUBTYPE_SSL_SIG_ALG"), BOTH(0x25, "PP2_SUBTYPE_SSL_KEY_ALG"), BOTH(0x30, "PP2_TYPE_NETNS"),
};
static const struct row x_client[] = {
#define MW_X_CLIENT(id, name, message) BOTH(id, #name),
#define MW_X_SERVER(id, name, message)
#include "mywire/x_messages.def"
#undef MW_X_CLIENT
#undef MW_X_SERVER
};
static const struct row x_server[] = {
#define MW_X_CLIENT(id, name, message)
#define MW_X_SERVER(id, name, message) BOTH(id, #name),
#include "mywire/x_messages.def"
#undef MW_X_CLIENT
#undef MW_X_SERVER
};
#undef BOTH

struct table {
    const struct row *rows;
    size_t count;
};
#define TABLE(a) {a, sizeof(a) / sizeof *(a)}
static const struct table tables[MW_NAMES_COUNT] = {
    [MW_NAMES_COMMANDS] = TABLE(commands),
    [MW_NAMES_COLLATIONS] = TABLE(collations),
    [MW_NAMES_ERRORS] = TABLE(errors),
    [MW_NAMES_COLUMN_TYPES] = TABLE(column_types),
    [MW_NAMES_SESSION_TRACK] = TABLE(session_track),
    [MW_NAMES_BINLOG_EVENTS] = TABLE(binlog_events),
    [MW_NAMES_SHUTDOWN_LEVELS] = TABLE(shutdown_levels),
    [MW_NAMES_SET_OPTIONS] = TABLE(set_options),
    [MW_NAMES_CURSOR_TYPES] = TABLE(cursor_types),
    [MW_NAMES_RESPONSES] = TABLE(responses),
    [MW_NAMES_AUTH_MORE] = TABLE(auth_more),
    [MW_NAMES_AUTH_REQUESTS] = TABLE(auth_requests),
    [MW_NAMES_METADATA] = TABLE(metadata),
    [MW_NAMES_FIELD_ATTRIBUTES] = TABLE(field_attributes),
    [MW_NAMES_BULK_INDICATORS] = TABLE(bulk_indicators),
    [MW_NAMES_PROXY_COMMANDS] = TABLE(proxy_commands),
    [MW_NAMES_PROXY_FAMILIES] = TABLE(proxy_families),
    [MW_NAMES_PROXY_TLVS] = TABLE(proxy_tlvs),
    [MW_NAMES_X_CLIENT] = TABLE(x_client),
    [MW_NAMES_X_SERVER] = TABLE(x_server),
};
static const struct table capability_table = TABLE(capabilities);
static const struct table status_table = TABLE(status_flags);

/* Rows of MySQL come first, so the first row that `dialect` admits is the right one for UNKNOWN too. */
static const struct row *find(const struct table *t, enum mw_dialect dialect, uint32_t value)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (t->rows[mid].value < value)
            low = mid + 1;
        else
            high = mid;
    }
    unsigned mask = dialect == MW_DIALECT_UNKNOWN ? MW_DIALECT_BOTH : dialect;
    for (; low < t->count && t->rows[low].value == value; low++)
        if (t->rows[low].dialect & mask)
            return &t->rows[low];
    return NULL;
}

static const char *name_or_null(const struct row *row)
{
    return row ? row->name : NULL;
}

const char *mw_name_of(enum mw_names_id id, enum mw_dialect dialect, uint32_t value)
{
    return id > MW_NAMES_NONE && id < MW_NAMES_COUNT ? name_or_null(find(&tables[id], dialect, value)) : NULL;
}

size_t mw_names_copy(enum mw_names_id id, enum mw_dialect dialect, struct mw_name *out, size_t max)
{
    if (id <= MW_NAMES_NONE || id >= MW_NAMES_COUNT)
        return 0;
    size_t n = 0;
    for (size_t i = 0; i < tables[id].count; i++) {
        const struct row *row = &tables[id].rows[i];
        if (row != find(&tables[id], dialect, row->value))
            continue;
        if (n < max)
            out[n] = (struct mw_name){row->value, row->name};
        n++;
    }
    return n;
}

const char *mw_command_name(enum mw_dialect dialect, uint8_t code)
{
    const struct row *row = find(&tables[MW_NAMES_COMMANDS], dialect, code);
    return name_or_null(row ? row : find(&tables[MW_NAMES_COMMANDS], MW_DIALECT_UNKNOWN, code));
}

enum mw_reply mw_command_reply(enum mw_dialect dialect, uint8_t code)
{
    const struct row *row = find(&tables[MW_NAMES_COMMANDS], dialect, code);
    return row ? (enum mw_reply)row->extra : MW_REPLY_SIMPLE;
}

const char *mw_collation_name(enum mw_dialect dialect, uint32_t id)
{
    return mw_name_of(MW_NAMES_COLLATIONS, dialect, id);
}

const char *mw_collation_charset(enum mw_dialect dialect, uint32_t id)
{
    const struct row *row = find(&tables[MW_NAMES_COLLATIONS], dialect, id);
    return row ? row->more : NULL;
}

uint32_t mw_charset_collation(const char *charset)
{
    if (strcmp(charset, "utf8") == 0)
        charset = "utf8mb3";
    for (size_t i = 0; i < sizeof collations / sizeof *collations; i++)
        if (strcmp(collations[i].more, charset) == 0)
            return collations[i].value;
    return 0;
}

static const struct row *server_error(enum mw_dialect dialect, uint16_t code)
{
    const struct row *row = find(&tables[MW_NAMES_ERRORS], dialect, code);
    return row && row->extra != CLIENT ? row : NULL;
}

const char *mw_error_symbol(enum mw_dialect dialect, uint16_t code)
{
    return name_or_null(server_error(dialect, code));
}

const char *mw_error_sqlstate(enum mw_dialect dialect, uint16_t code)
{
    const struct row *row = server_error(dialect, code);
    return row && row->more[0] ? row->more : NULL;
}

const char *mw_capability_name(enum mw_dialect dialect, unsigned bit)
{
    const struct row *row = find(&capability_table, dialect, bit);
    return name_or_null(row ? row : find(&capability_table, MW_DIALECT_UNKNOWN, bit));
}

const char *mw_status_flag_name(enum mw_dialect dialect, unsigned bit)
{
    return name_or_null(find(&status_table, dialect, bit));
}

static const char *const auth_plugins[MW_AUTH_COUNT] = {
    NULL,
#define MW_AUTH_PLUGIN(id, name) name,
#include "mywire/auth_plugins.def"
#undef MW_AUTH_PLUGIN
};

enum mw_auth_plugin mw_auth_plugin_from(struct mw_slice name)
{
    for (int i = 1; i < MW_AUTH_COUNT; i++)
        if (name.p && strlen(auth_plugins[i]) == name.n && memcmp(auth_plugins[i], name.p, name.n) == 0)
            return (enum mw_auth_plugin)i;
    return MW_AUTH_UNKNOWN;
}

const char *mw_auth_plugin_name(enum mw_auth_plugin plugin)
{
    return plugin > MW_AUTH_UNKNOWN && plugin < MW_AUTH_COUNT ? auth_plugins[plugin] : NULL;
}
