/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dissector: data of one direction in, packets into the tree. */
#ifndef MYWIRE_PLUGIN_DISSECT_H
#define MYWIRE_PLUGIN_DISSECT_H

#include "plugin/compat.h"

/** What the user chose. */
struct options {
    ws_bool desegment;
    ws_bool built_in; /**< leave MySQL's port to Wireshark's own dissector, and claim nothing */
};

extern struct options dissect_options;

/** Looks up the handles that are needed: our own, TLS, and the built-in's protocol. Once, after all are registered. */
void dissect_handoff(dissector_handle_t own);

/** For dissector handles. */
int dissect_stream(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

/** For the lists of heuristic dissectors, over TCP and over TLS. */
ws_bool dissect_tcp_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);
ws_bool dissect_tls_heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

#endif
