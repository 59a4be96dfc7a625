/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/report_connections.h"

#include <string.h>

#include "analyzer/endpoint.h"

enum { CONNECTION_SCHEMA = 1 };

static void put_address(struct record *r, const char *address_key, const char *port_key, const struct endpoint *e)
{
    char address[ENDPOINT_TEXT];
    endpoint_address(e, address);
    record_string(r, address_key, address);
    record_uint(r, port_key, e->port);
}

static void put_capabilities(struct record *r, const char *key, const char *bits_key, bool known, uint64_t caps,
                             enum mw_dialect dialect)
{
    record_list(r, key, known);
    for (unsigned bit = 0; known && bit < 64; bit++) {
        char unnamed[16];
        if (!(caps >> bit & 1))
            continue;
        const char *name = mw_capability_name(dialect, bit);
        if (!name) {
            g_snprintf(unnamed, sizeof unnamed, "bit %u", bit);
            name = unnamed;
        }
        record_list_item(r, name);
    }
    record_list_end(r);
    record_uint_if(r, bits_key, known, caps);
}

static void put_files(struct record *r, const struct connection *c)
{
    record_list(r, "files", true);
    for (guint i = 0; c->files && i < c->files->len; i++)
        record_list_item(r, g_ptr_array_index(c->files, i));
    record_list_end(r);
}

static void put_greeting(struct record *r, const struct connection *c)
{
    bool whole = c->greeted && !c->short_greeting;
    record_uint_if(r, "protocol_version", c->greeted, c->protocol_version);
    record_string(r, "server_version", c->server_version);
    record_uint_if(r, "thread_id", c->greeted, c->thread_id);
    put_capabilities(r, "server_capabilities", "server_capabilities_bits", c->greeted && c->protocol_version >= 10,
                     c->server_caps, c->dialect);
    record_uint_if(r, "server_collation_id", whole, c->server_collation);
    record_string(r, "server_collation", whole ? mw_collation_name(c->dialect, c->server_collation) : NULL);
    record_list(r, "server_status", whole);
    for (unsigned bit = 0; whole && bit < 16; bit++) {
        const char *name = mw_status_flag_name(c->dialect, bit);
        if (c->server_status >> bit & 1 && name)
            record_list_item(r, name);
    }
    record_list_end(r);
    record_string(r, "server_auth_plugin", c->server_auth_plugin);
}

static void put_login(struct record *r, const struct connection *c)
{
    put_capabilities(r, "client_capabilities", "client_capabilities_bits", c->client_spoke, c->client_caps, c->dialect);
    bool collation = c->client_spoke && c->client_collation;
    record_uint_if(r, "client_collation_id", collation, c->client_collation);
    record_string(r, "client_collation", collation ? mw_collation_name(c->dialect, c->client_collation) : NULL);
    record_uint_if(r, "client_max_packet", c->client_spoke, c->client_max_packet);
    record_string(r, "user", c->user);
    record_string(r, "database", c->database);
    record_string(r, "client_auth_plugin", c->client_auth_plugin);
    record_map(r, "attributes", c->attributes != NULL);
    for (guint i = 0; c->attributes && i < c->attributes->len; i++) {
        const struct connection_attribute *a = &g_array_index(c->attributes, struct connection_attribute, i);
        record_map_item(r, a->name, a->value);
    }
    record_map_end(r);
}

static void put_auth(struct record *r, const struct connection *c)
{
    record_string(r, "auth_plugin", c->auth_plugin);
    record_string(r, "auth_path", connection_path_name(c->auth_path));
    record_string(r, "auth_result", connection_auth_name(c->auth_result));
    bool failed = c->auth_result == AUTH_RESULT_ERROR;
    record_uint_if(r, "error_code", failed && c->error_code, c->error_code); /* 0: it was cut off */
    record_string(r, "error_symbol", failed ? mw_error_symbol(c->dialect, c->error_code) : NULL);
    record_string(r, "sqlstate", c->sqlstate);
    record_text(r, "error_message", c->error_message);
}

static void put_tls(struct record *r, const struct connection *c)
{
    const struct connection_tls *t = &c->inside_tls;
    char scratch[16];
    record_bool(r, "tls", c->tls);
    record_string(r, "tls_version", tls_version_name(t->version));
    record_string(r, "tls_cipher", connection_tls_cipher(t, scratch));
    record_string(r, "tls_group", tls_group_name(t->group));
    if (t->resumed == TLS_RESUMED_UNKNOWN)
        record_null(r, "tls_resumed");
    else
        record_bool(r, "tls_resumed", t->resumed == TLS_RESUMED_YES);
    record_string(r, "tls_sni", t->sni);
    record_string(r, "tls_alpn", t->alpn);
    record_string(r, "tls_server_subject", t->subject);
    char *not_after = connection_tls_not_after(t);
    record_string(r, "tls_server_not_after", not_after);
    g_free(not_after);
    record_string(r, "tls_decrypted", c->tls ? connection_tls_opened_name(t->opened) : NULL);
    record_string(r, "tls_reason", t->why);
}

/* Inside TLS that stays closed there may be some, if the client offered it; so there may where bytes are missing. */
static bool knows_compression(const struct connection *c)
{
    const uint64_t either = MW_CAP(MW_BIT_CLIENT_COMPRESS) | MW_CAP(MW_BIT_CLIENT_ZSTD_COMPRESSION_ALGORITHM);
    if (c->compression != COMPRESSION_NONE || c->logged_in)
        return true;
    if (c->client_spoke && !(c->client_caps & either))
        return true;
    return c->greeted && !c->tls && !c->gap_bytes;
}

void report_connection(struct record *r, const struct connection *c)
{
    bool readable = !c->opaque;
    record_begin(r);
    record_string(r, "event", "connection");
    record_uint(r, "schema", CONNECTION_SCHEMA);
    record_uint(r, "id", c->id);
    put_files(r, c);
    record_uint(r, "first_packet", c->first_packet);
    record_instant(r, "start_ns", c->start_ns);
    record_instant(r, "end_ns", c->end_ns);
    put_address(r, "client_ip", "client_port", &c->client);
    put_address(r, "server_ip", "server_port", &c->server);
    if (c->proxied_client.family) {
        put_address(r, "proxied_client_ip", "proxied_client_port", &c->proxied_client);
    } else {
        record_null(r, "proxied_client_ip");
        record_null(r, "proxied_client_port");
    }
    record_string(r, "state", connection_state_name(c->state));
    record_string(r, "closed_by", connection_close_name(c->closed_by));
    record_string(r, "protocol", connection_protocol_name(c));
    record_string(r, "dialect", connection_dialect_name(c->dialect));
    put_greeting(r, c);
    put_login(r, c);
    put_auth(r, c);
    put_tls(r, c);
    record_string(r, "compression", knows_compression(c) ? connection_compression_name(c) : NULL);
    record_uint_if(r, "zstd_level", c->zstd_level > 0, c->zstd_level);
    record_uint(r, "damaged_frames", c->damaged_frames);
    record_duration(r, "tcp_connect_us", connection_tcp_connect_us(c));
    record_duration(r, "greeting_us", connection_greeting_us(c));
    record_duration(r, "tls_us", connection_tls_us(c));
    record_duration(r, "auth_us", connection_auth_us(c));
    record_duration(r, "login_us", connection_login_us(c));
    record_uint_if(r, "commands", readable, c->commands);
    record_uint_if(r, "errors", readable, c->errors);
    record_uint_if(r, "warnings", readable, c->warnings);
    record_uint_if(r, "rows", readable, c->rows);
    record_uint(r, "client_bytes", c->bytes[MW_CLIENT]);
    record_uint(r, "server_bytes", c->bytes[MW_SERVER]);
    record_uint(r, "client_packets", c->packets[MW_CLIENT]);
    record_uint(r, "server_packets", c->packets[MW_SERVER]);
    record_uint(r, "gap_bytes", c->gap_bytes);
    record_uint(r, "invalid_bytes", c->invalid_bytes);
    static const char *const legs[] = {NULL, "client", "server"};
    record_uint_if(r, "paired_with", c->paired_with > 0, c->paired_with);
    record_string(r, "leg", legs[c->leg]);
    record_duration(r, "proxy_added_us", c->paired_with ? c->proxy_added_us : -1);
    record_string(r, "password_check", password_verdict_name(c->password.verdict));
    record_string(r, "password_check_reason", password_reason_key(c->password.reason));
    record_bool(r, "exact", c->exact);
    record_end(r);
}

struct table *report_connection_table(size_t width, bool color)
{
    static const struct table_column columns[] = {
        {"ID", TABLE_RIGHT, 0},    {"CLIENT", TABLE_TRUNCATE, 0},  {"SERVER", TABLE_TRUNCATE, 0},
        {"USER", TABLE_TRUNCATE, 0}, {"DATABASE", TABLE_TRUNCATE, 0}, {"VERSION", TABLE_TRUNCATE, 0},
        {"TLS", 0, 0},             {"PLUGIN", TABLE_TRUNCATE, 0},  {"LOGIN", TABLE_TRUNCATE, 0},
        {"ms", TABLE_RIGHT, 0},    {"CMDS", TABLE_RIGHT, 0},       {"ERRS", TABLE_RIGHT, 0},
        {"STATE", TABLE_TRUNCATE, 0},
    };
    return table_new(columns, G_N_ELEMENTS(columns), width, color);
}

static void cell(struct table *table, const char *text, enum table_meaning meaning)
{
    table_cell(table, text ? text : "-", text ? meaning : TABLE_DIM);
}

/* "ok", "ok (fast)", "1045 ER_ACCESS_DENIED_ERROR" */
static void cell_verdict(struct table *table, const struct connection *c)
{
    char text[128];
    const char *path = connection_path_name(c->auth_path);
    switch (c->auth_result) {
    case AUTH_RESULT_OK:
        g_snprintf(text, sizeof text, "ok%s%s%s", path ? " (" : "", path ? path : "", path ? ")" : "");
        cell(table, text, TABLE_GOOD);
        break;
    case AUTH_RESULT_ERROR: {
        const char *symbol = mw_error_symbol(c->dialect, c->error_code);
        g_snprintf(text, sizeof text, "%u %s", c->error_code, symbol ? symbol : "");
        cell(table, text, TABLE_BAD);
        break;
    }
    default: cell(table, connection_auth_name(c->auth_result), TABLE_PLAIN); break;
    }
}

static void cell_password(struct table *table, const struct connection *c)
{
    static const char *const said[] = {NULL, "matches", "other", "not checked"};
    static const enum table_meaning meanings[] = {TABLE_DIM, TABLE_GOOD, TABLE_BAD, TABLE_PLAIN};
    cell(table, c->password.reason == PASSWORD_REASON_NO_PASSWORD ? "none sent" : said[c->password.verdict], meanings[c->password.verdict]);
}

static void cell_count(struct table *table, bool known, uint64_t n, enum table_meaning meaning)
{
    if (known)
        table_cell_int(table, (int64_t)n, meaning);
    else
        cell(table, NULL, TABLE_DIM);
}

static void cell_tls(struct table *table, const struct connection *c)
{
    const char *version = tls_version_name(c->inside_tls.version);
    cell(table, !c->tls ? "no" : version ? version : "yes", c->tls ? TABLE_GOOD : TABLE_DIM);
}

static void cell_login_ms(struct table *table, const struct connection *c)
{
    char text[32];
    int64_t us = connection_login_us(c);
    g_snprintf(text, sizeof text, "%.1f", (double)us / 1000);
    cell(table, us >= 0 ? text : NULL, TABLE_PLAIN);
}

/* Who, to whom. */
static void cells_ends(struct table *table, const struct connection *c)
{
    char text[ENDPOINT_TEXT];
    table_cell_int(table, (int64_t)c->id, TABLE_PLAIN);
    endpoint_text(&c->client, text);
    cell(table, text, TABLE_PLAIN);
    endpoint_text(&c->server, text);
    cell(table, text, TABLE_PLAIN);
    cell(table, c->user, TABLE_STRONG);
}

void report_connection_row(struct table *table, const struct connection *c)
{
    table_row(table);
    cells_ends(table, c);
    cell(table, c->database, TABLE_PLAIN);
    cell(table, c->server_version, TABLE_PLAIN);
    cell_tls(table, c);
    cell(table, c->auth_plugin ? c->auth_plugin : c->client_auth_plugin, TABLE_PLAIN);
    cell_verdict(table, c);
    cell_login_ms(table, c);
    cell_count(table, !c->opaque, c->commands, TABLE_PLAIN);
    cell_count(table, !c->opaque, c->errors, c->errors ? TABLE_BAD : TABLE_PLAIN);
    cell(table, connection_state_name(c->state), c->state == CONNECTION_COMPLETE ? TABLE_PLAIN : TABLE_STRONG);
}

struct table *report_login_table(size_t width, bool color)
{
    static const struct table_column columns[] = {
        {"ID", TABLE_RIGHT, 0}, {"CLIENT", TABLE_TRUNCATE, 0}, {"SERVER", TABLE_TRUNCATE, 0},
        {"USER", TABLE_TRUNCATE, 0}, {"TLS", 0, 0}, {"PLUGIN", TABLE_TRUNCATE, 0},
        {"PASSWORD", 0, 0}, {"LOGIN", TABLE_TRUNCATE, 0},
    };
    return table_new(columns, G_N_ELEMENTS(columns), width, color);
}

void report_login_row(struct table *table, const struct connection *c)
{
    table_row(table);
    cells_ends(table, c);
    cell_tls(table, c);
    cell(table, c->auth_plugin ? c->auth_plugin : c->client_auth_plugin, TABLE_PLAIN);
    cell_password(table, c);
    cell_verdict(table, c);
}
