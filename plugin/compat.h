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

/* Bytes from an offset on. Wireshark's own functions of this name's kind give 0 where nothing is captured any more,
 * even if the wire had bytes there. */
static inline uint32_t bytes_on_wire(const tvbuff_t *tvb, uint64_t offset)
{
    uint32_t length = tvb_reported_length(tvb);
    return offset < length ? (uint32_t)(length - offset) : 0;
}

static inline uint32_t bytes_captured(const tvbuff_t *tvb, uint64_t offset)
{
    uint32_t length = tvb_captured_length(tvb);
    return offset < length ? (uint32_t)(length - offset) : 0;
}

/* From packet-tls-utils.h, which needs libgcrypt's headers; exported under this name by all versions. */
extern uint32_t ssl_starttls_post_ack(dissector_handle_t tls, packet_info *pinfo, dissector_handle_t app);

#endif
