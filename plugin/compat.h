/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wireshark's headers, and what differs between its versions 4.0 to 4.6. Every file of the plugin includes this first.
 */
#ifndef MYWIRE_PLUGIN_COMPAT_H
#define MYWIRE_PLUGIN_COMPAT_H

#include <ws_version.h>

#include <wireshark.h>

#include <epan/column-utils.h>
#include <epan/conversation.h>
#include <epan/expert.h>
#include <epan/packet.h>
#include <epan/prefs.h>
#include <epan/proto_data.h>
#include <epan/tfs.h>
#include <epan/value_string.h>

#define WS_AT_LEAST(major, minor)                                                                                      \
    (WIRESHARK_VERSION_MAJOR > (major) || (WIRESHARK_VERSION_MAJOR == (major) && WIRESHARK_VERSION_MINOR >= (minor)))

#if WS_AT_LEAST(4, 4)
#include <wsutil/plugins.h>
typedef bool ws_bool;
#else
typedef gboolean ws_bool;
#endif

/* From packet-tls-utils.h, which needs libgcrypt's headers; exported under this name by all versions. */
extern uint32_t ssl_starttls_post_ack(dissector_handle_t tls, packet_info *pinfo, dissector_handle_t app);

#endif
