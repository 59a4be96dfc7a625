/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plugin/server.h"

#include "mywire/proxy.h"

static void set(struct server *server, const address *address, uint32_t port)
{
    copy_address_wmem(wmem_file_scope(), &server->address, address);
    server->port = port;
    server->known = true;
}

void server_is_receiver(struct server *server, const packet_info *pinfo)
{
    set(server, &pinfo->dst, pinfo->destport);
}

void server_is_sender(struct server *server, const packet_info *pinfo)
{
    set(server, &pinfo->src, pinfo->srcport);
}

bool server_port_of(dissector_handle_t handle, uint32_t port)
{
    return dissector_get_uint_handle(find_dissector_table("tcp.port"), port) == handle;
}

void server_find_by_port(struct server *server, const packet_info *pinfo, dissector_handle_t handle)
{
    bool from = server_port_of(handle, pinfo->srcport), to = server_port_of(handle, pinfo->destport);
    if (from && !to)
        server_is_sender(server, pinfo);
    else if (to && !from)
        server_is_receiver(server, pinfo);
}

/* What is said tells more than the port, which may be anybody's. A load balancer speaks to the server, unless what
 * follows says otherwise. */
void server_find(struct server *server, const packet_info *pinfo, dissector_handle_t handle, const uint8_t *p, size_t n)
{
    struct mw_proxy proxy;
    bool header = mw_proxy_read(p, n, &proxy) == MW_YES;
    if (header) {
        p += proxy.length;
        n -= proxy.length;
    }
    if (mw_looks_like_greeting(p, n) == MW_YES)
        server_is_sender(server, pinfo);
    else if (mw_looks_like_login(p, n) == MW_YES)
        server_is_receiver(server, pinfo);
    else
        server_find_by_port(server, pinfo, handle);
    if (server->known)
        return;
    if (header || mw_looks_like_packet(MW_CLIENT, p, n) == MW_YES)
        server_is_receiver(server, pinfo);
    else if (mw_looks_like_packet(MW_SERVER, p, n) == MW_YES)
        server_is_sender(server, pinfo);
}

int server_direction(const struct server *server, const packet_info *pinfo)
{
    if (!server->known)
        return -1;
    bool from_server = pinfo->srcport == server->port && addresses_equal(&pinfo->src, &server->address);
    return from_server ? MW_SERVER : MW_CLIENT;
}
