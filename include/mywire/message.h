/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts of a packet that state machine and statistics need. Presentation takes fields from a trace instead. */
#ifndef MYWIRE_MESSAGE_H
#define MYWIRE_MESSAGE_H

#include "mywire/context.h"
#include "mywire/packet.h"
#include "mywire/trace.h"

enum mw_kind {
#define MW_MESSAGE(id, name) MW_KIND_##id,
#include "mywire/messages.def"
#undef MW_MESSAGE
    MW_KIND_COUNT
};

/** "Login Request". `kind` must be below MW_KIND_COUNT. */
const char *mw_kind_name(enum mw_kind kind);

/** GREETING */
struct mw_greeting {
    struct mw_slice version;
    struct mw_slice plugin; /**< name; p NULL when absent */
    struct mw_slice scramble, scramble_rest; /**< secret: its first 8 bytes, and what follows them with a NUL */
    uint64_t caps;          /**< 32 bits, MariaDB's extended ones above */
    uint32_t thread_id;
    uint16_t status;
    uint8_t protocol;
    uint8_t collation;
    uint8_t dialect;     /**< enum mw_dialect, by version text and extended capabilities */
    bool short_form;     /**< ends behind the lower capabilities (3.23) or is HandshakeV9: the fields above are not known */
};

/** LOGIN, SSL_REQUEST (up to `collation`), and the body of COM_CHANGE_USER (from `collation` on, with 16 bits) */
struct mw_login {
    uint64_t caps;
    uint32_t max_packet;
    uint16_t collation;
    bool protocol_41;
    struct mw_slice user;
    struct mw_slice auth;       /**< authentication data */
    struct mw_slice database;   /**< p NULL when absent */
    struct mw_slice plugin;     /**< p NULL when absent */
    struct mw_slice attributes; /**< lenenc name, lenenc value, …: read with mw_attribute_next; p NULL when absent */
    uint8_t zstd_level;         /**< 0 when absent */
};

/** AUTH_SWITCH, AUTH_NEXT_FACTOR, AUTH_MORE, AUTH_RESPONSE */
struct mw_auth {
    struct mw_slice plugin; /**< name that the server asks for; p NULL otherwise */
    struct mw_slice data;
    uint8_t step; /**< enum mw_auth_step */
};

/** What a packet of the exchange means, as far as the plugin is known. */
enum mw_auth_step {
    MW_STEP_DATA,            /**< nothing special */
    MW_STEP_FAST_OK,         /**< caching_sha2_password: the hash was cached */
    MW_STEP_FULL,            /**< caching_sha2_password: full authentication wanted */
    MW_STEP_KEY_REQUEST,     /**< client asks for the RSA key */
    MW_STEP_PUBLIC_KEY,      /**< server sends it */
    MW_STEP_ENCRYPTED,       /**< password under RSA */
    MW_STEP_CLEARTEXT        /**< password in clear */
};

/** OK, EOF */
struct mw_ok {
    uint64_t affected_rows;
    uint64_t insert_id;
    struct mw_slice info;
    struct mw_slice state; /**< session state entries: read with mw_track_next; p NULL when absent */
    uint16_t status;
    uint16_t warnings;
    bool has_status;
};

/** ERR */
struct mw_err {
    uint16_t code;
    struct mw_slice sqlstate; /**< five characters without #, p NULL when absent */
    struct mw_slice message;
};

/** PROGRESS */
struct mw_progress {
    uint8_t stage, max_stage;
    uint32_t value; /**< thousandths of a percent */
    struct mw_slice text;
};

/** COMMAND */
struct mw_request {
    uint8_t command; /**< enum mw_command */
    bool empty;      /**< no command byte at all */
    struct mw_slice text;   /**< SQL, schema, table, long data */
    uint64_t text_length;   /**< true length, ≥ text.n */
    uint32_t statement_id;
    uint16_t param;          /**< COM_STMT_SEND_LONG_DATA: index; `text` is the data */
    bool has_argument;       /**< `argument` is known */
    uint32_t argument;       /**< COM_PROCESS_KILL: thread id; COM_SET_OPTION: the option; COM_STMT_FETCH: rows asked for */
    bool types_named;        /**< a name follows each type */
    struct mw_slice types;   /**< executions that bind: the types of all parameters; p NULL otherwise */
    struct mw_login login;  /**< COM_CHANGE_USER */
};

/** COLUMN_COUNT */
struct mw_column_count {
    uint64_t columns;
    bool metadata; /**< definitions follow */
};

/** PREPARE_OK */
struct mw_prepare_ok {
    uint32_t statement_id;
    uint16_t columns, params, warnings;
    bool metadata;
};

struct mw_msg {
    enum mw_kind kind;
    enum mw_status status;
    uint64_t notes; /**< set of 1 << enum mw_note_id */
    union {
        struct mw_greeting greeting;
        struct mw_login login;
        struct mw_auth auth;
        struct mw_ok ok;
        struct mw_err err;
        struct mw_progress progress;
        struct mw_request request;
        struct mw_column_count column_count;
        struct mw_prepare_ok prepare_ok;
        struct mw_column column;
        struct mw_slice file; /**< INFILE: name that the server asks for */
    };
};

/** Takes the next attribute off `rest`. Returns false at the end, or where the bytes are no attribute any more. */
bool mw_attribute_next(struct mw_slice *rest, struct mw_slice *name, struct mw_slice *value);

/** Takes the next session-state entry off `rest`: its type and data. Returns false at the end or where it is broken. */
bool mw_track_next(struct mw_slice *rest, uint8_t *type, struct mw_slice *data);

/** Takes a length-encoded string off `rest`. Returns false at the end or where it is broken. */
bool mw_lenenc_next(struct mw_slice *rest, struct mw_slice *text);

/** Whether the capture ends in this text of the message: what is there is its beginning, or all of it. `packet` is the message's. */
static inline bool mw_msg_cuts(const struct mw_msg *msg, const struct mw_packet *packet, struct mw_slice text)
{
    return msg->status == MW_SHORT && text.p && text.p + text.n == packet->payload + packet->have;
}

#endif
