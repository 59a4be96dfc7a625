/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known about one MySQL connection: the record of `mywire connections`, and what handshake statistics are made of.
 * Filled from the session's events; it never parses. */
#ifndef ANALYZER_CONNECTION_H
#define ANALYZER_CONNECTION_H

#include "analyzer/budget.h"
#include "analyzer/connection_tls.h"
#include "analyzer/password_login.h"
#include "analyzer/segment.h"
#include "analyzer/tcp.h"
#include "analyzer/wire_text.h"
#include "mywire/session.h"

enum connection_state {
    CONNECTION_COMPLETE,  /**< from the greeting to its end */
    CONNECTION_MIDSTREAM, /**< the capture begins inside it */
    CONNECTION_REJECTED,  /**< the server refused the login, or the client before it */
    CONNECTION_ABORTED,   /**< it ended before the server had decided */
    CONNECTION_OPEN       /**< its end is not in the capture */
};

enum connection_close { CLOSED_BY_NONE, CLOSED_BY_QUIT, CLOSED_BY_CLIENT_FIN, CLOSED_BY_SERVER_FIN, CLOSED_BY_RESET };

enum connection_auth { AUTH_RESULT_UNKNOWN, AUTH_RESULT_OK, AUTH_RESULT_ERROR, AUTH_RESULT_INCOMPLETE };

struct connection_attribute {
    GString *name, *value; /**< UTF-8 */
};

/** Bytes that are missing for one reason, and where the first are noticed. */
struct connection_hole {
    uint64_t bytes;
    const char *file; /**< borrowed from the input list */
    uint64_t packet;
};

/** A captured packet. */
struct connection_place {
    const char *file; /**< borrowed from the input list */
    uint64_t packet;  /**< number in it; 0: not seen */
};

/** Instants are nanoseconds since the epoch, 0 where not seen. Texts are UTF-8, NULL where unknown. */
struct connection {
    uint64_t id;           /**< from 1, in order of the first packet */
    GPtrArray *files; /**< of const char *, borrowed from the input list: those with packets of it, in order */
    uint64_t first_packet; /**< number in its file */
    int64_t start_ns, end_ns;
    struct endpoint client, server;
    struct endpoint proxied_client; /**< for whom a load balancer said that it speaks; family 0: nobody */
    enum { PROTOCOL_MYSQL, PROTOCOL_MYSQLX } protocol; /**< of the X Protocol only the outside is known */
    enum connection_state state;
    enum connection_close closed_by;
    bool ended; /**< FIN or RST was seen */

    enum mw_dialect dialect;
    bool greeted; /**< the greeting was seen: the next block is known */
    uint8_t protocol_version;
    bool short_greeting; /**< … but for collation, status and plugin */
    char *server_version;
    uint32_t thread_id;
    uint64_t server_caps;
    uint16_t server_collation;
    uint16_t server_status;
    char *server_auth_plugin;

    bool client_spoke; /**< SSLRequest or login seen: capabilities, packet size and collation are known */
    bool logged_in;    /**< the login itself was seen: the next block is known */
    bool login_whole;  /**< … to its end: what it does not have was not sent */
    uint64_t client_caps;
    uint32_t client_max_packet;
    uint16_t client_collation;
    char *user, *database, *client_auth_plugin;
    GArray *attributes; /**< of struct connection_attribute; NULL when the client sent none */
    uint8_t zstd_level;

    char *auth_plugin;
    enum mw_auth_path auth_path;
    enum connection_auth auth_result;
    uint16_t error_code;
    char *sqlstate;
    GString *error_message;
    struct password_login password; /**< whether a password that was given fits */

    bool tls;
    struct connection_tls inside_tls; /**< with `tls` */
    enum { COMPRESSION_NONE, COMPRESSION_ZLIB, COMPRESSION_ZSTD, COMPRESSION_UNKNOWN /* there is one */ } compression;
    uint64_t damaged_frames; /**< compressed frames that could not be opened */
    bool opaque; /**< what follows the login cannot be read: commands and rows are unknown */

    int64_t syn_ns, established_ns, greeting_ns, login_ns, verdict_ns;
    /** The packets in which they end: greeting, SSLRequest, ServerHello (or what the server's version became known by),
     * login, the verdict on it. */
    struct connection_place greeting_at, request_at, hello_at, login_at, verdict_at;

    uint64_t commands, errors, warnings, rows;
    uint64_t answered; /**< commands whose reply was seen */
    uint64_t bytes[2], packets[2]; /**< by enum mw_dir: stream bytes, protocol packets */
    uint64_t gap_bytes;
    struct connection_hole holes[2]; /**< what of them is why, by enum tcp_gap */
    uint64_t invalid_bytes; /**< bytes of texts that are invalid in their character set */
    bool exact;

    struct budget_share *share; /**< what its texts take of memory comes from there; NULL: nobody counts. Until it is closed */

    uint64_t greeting_hash; /**< of scramble and thread id; private to legs.c, like `pair` */
    struct legs_pair *pair;
    uint64_t paired_with; /**< id of the other leg of a proxy; 0 none */
    enum { LEG_NONE, LEG_CLIENT, LEG_SERVER } leg; /**< with a pair: whether the client or the server is its far end */
    int64_t proxy_added_us; /**< with a pair: median of what the proxy added to its commands; -1 unknown */
};

/** A new record, all unknown. */
struct connection *connection_new(void);

void connection_free(struct connection *c);

/** Memory of the record, roughly, in bytes. */
size_t connection_size(const struct connection *c);

/** Takes an event of the connection's session. `converter` turns texts into UTF-8. */
void connection_event(struct connection *c, const struct mw_event *event, struct text_converter *converter);

/** Counts `n` missing bytes that are noticed there. */
void connection_hole_add(struct connection_hole *hole, uint64_t n, const char *file, uint64_t packet);

/** The sender of `dir` ended it, by RST or by FIN; the first end counts. */
void connection_ended(struct connection *c, enum mw_dir dir, bool reset);

/** Settles state, exactness and the verdict on the login when the connection is over for the analyzer. */
void connection_finish(struct connection *c);

/** The client may have logged in inside TLS that was not opened. Known once it is finished. */
bool connection_login_hidden(const struct connection *c);

/** Duration between two instants in microseconds, or -1 where one was not seen. */
static inline int64_t connection_us(int64_t from_ns, int64_t to_ns)
{
    return from_ns && to_ns && to_ns >= from_ns ? (to_ns - from_ns) / 1000 : -1;
}

/** Phase durations in microseconds, -1 unknown. */
int64_t connection_tcp_connect_us(const struct connection *c);
int64_t connection_greeting_us(const struct connection *c);
int64_t connection_tls_us(const struct connection *c);
int64_t connection_auth_us(const struct connection *c);
int64_t connection_login_us(const struct connection *c);

/** Names as in the records; NULL where unknown. */
const char *connection_state_name(enum connection_state state);
const char *connection_close_name(enum connection_close close);
const char *connection_auth_name(enum connection_auth result);
const char *connection_path_name(enum mw_auth_path path);
const char *connection_protocol_name(const struct connection *c);
const char *connection_dialect_name(enum mw_dialect dialect);
const char *connection_compression_name(const struct connection *c);

#endif
