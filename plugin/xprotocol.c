/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Layout: 4 length of what follows · 1 type · message */
#include "plugin/xprotocol.h"

#include <string.h>

#include <epan/dissectors/packet-tcp.h>

#include "mywire/xprotocol.h"
#include "plugin/column.h"
#include "plugin/dissect.h"
#include "plugin/registry.h"
#include "plugin/server.h"
#include "plugin/tree.h"

enum { X_PORT = 33060, LENGTH = 4 };

static int protocol = -1;
static dissector_handle_t own_handle;
static dissector_handle_t tls_handle;

/* File scope; set at the first visit of the first segment that tells. */
static struct server *server_of(packet_info *pinfo)
{
    conversation_t *conversation = find_or_create_conversation(pinfo);
    struct server *server = conversation_get_proto_data(conversation, protocol);
    if (server)
        return server;
    server = wmem_new0(wmem_file_scope(), struct server);
    conversation_add_proto_data(conversation, protocol, server);
    return server;
}

/* The column is shared by all messages of a frame. */
static struct column *column_of(packet_info *pinfo)
{
    struct column *column = p_get_proto_data(pinfo->pool, pinfo, protocol, 0);
    if (!column) {
        column = column_new(pinfo);
        p_add_proto_data(pinfo->pool, pinfo, protocol, 0, column);
    }
    return column;
}

/* -- messages ------------------------------------------------------------------------------------------------------ */

/* "Sql.StmtExecute": all of them begin with Mysqlx. */
static const char *name_of(enum mw_dir dir, uint8_t type)
{
    static const char prefix[] = "Mysqlx.";
    const char *name = mw_x_message_name(dir, type);
    return name ? name + sizeof prefix - 1 : "Unknown message";
}

static int dissect_message(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    uint32_t have = tvb_captured_length(tvb), length = tvb_reported_length(tvb);
    const uint8_t *p = tvb_get_ptr(tvb, 0, MW_X_HEADER); /* throws where less was captured */
    enum mw_dir dir = server_direction(server_of(pinfo), pinfo) == MW_SERVER ? MW_SERVER : MW_CLIENT;
    const char *name = name_of(dir, p[LENGTH]);
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "MySQLX");
    column_add(column_of(pinfo), pinfo, name);
    proto_item *item = proto_tree_add_item(tree, protocol, tvb, 0, (int)have, ENC_NA);
    proto_item_append_text(item, ", %s, %u bytes", name, length - MW_X_HEADER);
    if (item) {
        const struct tree_place place = {pinfo, tvb, 0};
        tree_render_x(&place, item, dir, tvb_get_ptr(tvb, 0, (int)have), have, length);
    }
    return (int)have;
}

static unsigned message_length(packet_info *pinfo, tvbuff_t *tvb, int offset, void *data)
{
    (void)pinfo;
    (void)data;
    return LENGTH + tvb_get_letohl(tvb, offset);
}

/* A message that `dir` sends, or the beginning of one. */
static bool looks_like_message(int dir, tvbuff_t *tvb)
{
    uint32_t n = tvb_captured_length(tvb);
    const uint8_t *p = n ? tvb_get_ptr(tvb, 0, (int)n) : (const uint8_t *)"";
    return mw_looks_like_x(dir == MW_SERVER ? MW_SERVER : MW_CLIENT, p, n) != MW_NO;
}

/* 22 handshake · 3 version · … · 1 ClientHello. As a message of the X Protocol this would have more than 16 MiB. */
static bool looks_like_hello(tvbuff_t *tvb)
{
    enum { HANDSHAKE = 22, MAJOR = 3, CLIENT_HELLO = 1, HELLO_AT = 5 };
    uint8_t head[HELLO_AT + 1];
    if (tvb_captured_length(tvb) < sizeof head)
        return false;
    tvb_memcpy(tvb, head, 0, sizeof head);
    return head[0] == HANDSHAKE && head[1] == MAJOR && head[HELLO_AT] == CLIENT_HELLO;
}

/* A client that asked for TLS begins it in a segment of its own, once the server has said yes. */
static int start_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    conversation_t *conversation = find_or_create_conversation(pinfo);
    ssl_starttls_post_ack(tls_handle, pinfo, own_handle);
    conversation_set_dissector_from_frame_number(conversation, pinfo->num, tls_handle);
    return call_dissector(tls_handle, tvb, pinfo, tree);
}

static int dissect_stream_x(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (pinfo->flags.in_error_pkt)
        return 0;
    struct server *server = server_of(pinfo);
    if (!server->known && !PINFO_FD_VISITED(pinfo)) {
        server_find_by_port(server, pinfo, own_handle);
        if (!server->known && looks_like_message(MW_CLIENT, tvb))
            server_is_receiver(server, pinfo);
    }
    int dir = server_direction(server, pinfo);
    if (dir == MW_CLIENT && tls_handle && looks_like_hello(tvb))
        return start_tls(tvb, pinfo, tree);
    if (!looks_like_message(dir, tvb))
        return 0;
    tcp_dissect_pdus(tvb, pinfo, tree, TRUE, LENGTH, message_length, dissect_message, data);
    column_show(column_of(pinfo), pinfo);
    return (int)tvb_captured_length(tvb);
}

static ws_bool dissect_x_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    uint32_t n = tvb_captured_length(tvb);
    if (dissect_options.built_in || n == 0 || mw_looks_like_x_greeting(tvb_get_ptr(tvb, 0, (int)n), n) != MW_YES)
        return FALSE;
    if (!PINFO_FD_VISITED(pinfo))
        server_is_sender(server_of(pinfo), pinfo);
    conversation_set_dissector_from_frame_number(find_or_create_conversation(pinfo), pinfo->num, own_handle);
    return dissect_stream_x(tvb, pinfo, tree, data) > 0;
}

/* -- registration -------------------------------------------------------------------------------------------------- */

void xprotocol_register(void)
{
    protocol = proto_register_protocol("MySQL X Protocol", "MySQLX", "mywire_x");
    own_handle = register_dissector("mywire_x", dissect_stream_x, protocol);
}

void xprotocol_handoff(void)
{
    tls_handle = find_dissector("tls");
    dissector_add_uint_with_preference("tcp.port", X_PORT, own_handle);
    heur_dissector_add("tcp", dissect_x_heuristic, "MySQL X Protocol by its greeting", "mywire_x_tcp", protocol,
                       HEURISTIC_ENABLE);
}
