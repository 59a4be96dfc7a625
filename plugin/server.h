/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which end of a connection is the server, and so who sends a segment. */
#ifndef MYWIRE_PLUGIN_SERVER_H
#define MYWIRE_PLUGIN_SERVER_H

#include "plugin/compat.h"

#include "mywire/base.h"

/** All zero: not known. The address has file scope. */
struct server {
    bool known;
    address address;
    uint32_t port;
};

/** The receiver of this segment is the server; its sender is. */
void server_is_receiver(struct server *server, const packet_info *pinfo);
void server_is_sender(struct server *server, const packet_info *pinfo);

/** Is `handle` the dissector of this TCP port? */
bool server_port_of(dissector_handle_t handle, uint32_t port);

/** By the ports that `handle` is registered for; nothing where both ends or none have one. */
void server_find_by_port(struct server *server, const packet_info *pinfo, dissector_handle_t handle);

/** By what is said first, `n` bytes of MySQL, else by the ports. */
void server_find(struct server *server, const packet_info *pinfo, dissector_handle_t handle, const uint8_t *p,
                 size_t n);

/** Who sends this segment: enum mw_dir, or -1: not known. */
int server_direction(const struct server *server, const packet_info *pinfo);

#endif
