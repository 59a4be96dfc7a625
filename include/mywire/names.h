/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The servers' own names for their numbers. One `.def` list per fact; these are the look-ups. */
#ifndef MYWIRE_NAMES_H
#define MYWIRE_NAMES_H

#include "mywire/base.h"

/** Command codes (`commands.def`): MW_COM_QUERY = 0x03 … Where a code has two meanings the dialect decides. */
enum mw_command {
#define MW_COMMAND(code, id, name, dialect, reply) MW_COM_##id = code,
#include "mywire/commands.def"
#undef MW_COMMAND
};

/** Shape of the reply to a command. */
enum mw_reply {
    MW_REPLY_NOTHING,
    MW_REPLY_SIMPLE,
    MW_REPLY_RESULT,
    MW_REPLY_BINARY,
    MW_REPLY_ROWS,
    MW_REPLY_FIELDS,
    MW_REPLY_PREPARED,
    MW_REPLY_TEXT,
    MW_REPLY_AUTH,
    MW_REPLY_BINLOG,
    MW_REPLY_ANYTHING
};

/** Column types (`column_types.def`), MW_TYPE_TINY … */
enum mw_column_type {
#define MW_COLUMN_TYPE(id, name, dialect) MW_TYPE_##name = id,
#include "mywire/column_types.def"
#undef MW_COLUMN_TYPE
};

/** Capability bits as masks (`capabilities.def`); bits 32 and up are MariaDB's extended ones. */
#define MW_CAP(bit) (UINT64_C(1) << (bit))
enum mw_capability_bit {
#define MW_CAPABILITY(bit, name, dialect) MW_BIT_##name = bit,
#include "mywire/capabilities.def"
#undef MW_CAPABILITY
};

/** Server status flags as masks (`status_flags.def`). */
enum mw_status_flag {
#define MW_STATUS(bit, name, dialect) MW_##name = 1 << (bit),
#include "mywire/status_flags.def"
#undef MW_STATUS
};

/** Session-state entry types (`session_track_types.def`). */
enum mw_session_track {
#define MW_SESSION_TRACK(id, name, dialect) MW_TRACK_##name = id,
#include "mywire/session_track_types.def"
#undef MW_SESSION_TRACK
};

/** Authentication plugins whose exchanges are known (`auth_plugins.def`). */
enum mw_auth_plugin {
    MW_AUTH_UNKNOWN = 0,
#define MW_AUTH_PLUGIN(id, name) MW_AUTH_##id,
#include "mywire/auth_plugins.def"
#undef MW_AUTH_PLUGIN
    MW_AUTH_COUNT
};

/** A number and its name. */
struct mw_name {
    uint32_t value;
    const char *name;
};

/** Lists that a field of `fields.def` can refer to. */
enum mw_names_id {
    MW_NAMES_NONE,
    MW_NAMES_COMMANDS,
    MW_NAMES_COLLATIONS,
    MW_NAMES_ERRORS,
    MW_NAMES_COLUMN_TYPES,
    MW_NAMES_SESSION_TRACK,
    MW_NAMES_BINLOG_EVENTS,
    MW_NAMES_SHUTDOWN_LEVELS,
    MW_NAMES_SET_OPTIONS,
    MW_NAMES_CURSOR_TYPES,
    MW_NAMES_RESPONSES,
    MW_NAMES_AUTH_MORE,
    MW_NAMES_AUTH_REQUESTS,
    MW_NAMES_METADATA,
    MW_NAMES_FIELD_ATTRIBUTES,
    MW_NAMES_BULK_INDICATORS,
    MW_NAMES_PROXY_COMMANDS,
    MW_NAMES_PROXY_FAMILIES,
    MW_NAMES_PROXY_TLVS,
    MW_NAMES_X_CLIENT,
    MW_NAMES_X_SERVER,
    MW_NAMES_COUNT
};

/** Copies a list as `dialect` uses it, one name per value, sorted: at most `max` rows to `out`. Returns the list's size. */
size_t mw_names_copy(enum mw_names_id id, enum mw_dialect dialect, struct mw_name *out, size_t max);

/** The name of `value` in a list as `dialect` uses it, or NULL. UNKNOWN takes MySQL's name, then MariaDB's. */
const char *mw_name_of(enum mw_names_id id, enum mw_dialect dialect, uint32_t value);

/** "COM_QUERY", or NULL for a byte in no list. */
const char *mw_command_name(enum mw_dialect dialect, uint8_t code);

/** The reply a command expects; a byte in no list expects SIMPLE (servers answer ERR 1047). */
enum mw_reply mw_command_reply(enum mw_dialect dialect, uint8_t code);

/** "utf8mb4_0900_ai_ci", or NULL. */
const char *mw_collation_name(enum mw_dialect dialect, uint32_t id);

/** Character set of a collation: "utf8mb4", "binary" …, or NULL. */
const char *mw_collation_charset(enum mw_dialect dialect, uint32_t id);

/** The lowest id of a character set's collations ("utf8" is utf8mb3), 0 if no server knows it. */
uint32_t mw_charset_collation(const char *charset);

/** "ER_ACCESS_DENIED_ERROR", or NULL. Only errors that a server sends. */
const char *mw_error_symbol(enum mw_dialect dialect, uint16_t code);

/** The SQLSTATE that the server documents for a code ("28000"), or NULL. */
const char *mw_error_sqlstate(enum mw_dialect dialect, uint16_t code);

/** "CLIENT_SSL", "MARIADB_CLIENT_PROGRESS" for bits 0 to 63, or NULL. */
const char *mw_capability_name(enum mw_dialect dialect, unsigned bit);

/** "SERVER_STATUS_AUTOCOMMIT" for bits 0 to 15, or NULL. */
const char *mw_status_flag_name(enum mw_dialect dialect, unsigned bit);

/** The plugin with this wire name, or MW_AUTH_UNKNOWN. */
enum mw_auth_plugin mw_auth_plugin_from(struct mw_slice name);

/** The wire name of a plugin, or NULL for MW_AUTH_UNKNOWN. */
const char *mw_auth_plugin_name(enum mw_auth_plugin plugin);

#endif
