/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Wireshark calls when it loads the plugin: names, preferences, ports. */
#include "plugin/compat.h"

#include "mywire/base.h"
#include "plugin/dissect.h"
#include "plugin/envelope.h"
#include "plugin/registry.h"
#include "plugin/xprotocol.h"

enum { MYSQL_PORT = 3306 };

WS_DLL_PUBLIC_DEF const char plugin_version[] = MW_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

WS_DLL_PUBLIC void plugin_register(void);
#if WS_AT_LEAST(4, 4)
WS_DLL_PUBLIC uint32_t plugin_describe(void);
#endif

static dissector_handle_t own_handle;
static dissector_handle_t built_in_handle;

/* -- port 3306 ----------------------------------------------------------------------------------------------------- */

/* A port of the list goes to us, or with the preference to the built-in, unless the user's Decode As says otherwise. */
static void assert_port(uint32_t port, void *user)
{
    (void)user;
    dissector_table_t table = find_dissector_table("tcp.port");
    dissector_handle_t now = dissector_get_uint_handle(table, port);
    dissector_handle_t wanted = dissect_options.built_in && built_in_handle ? built_in_handle : own_handle;
    bool decode_as = now != dissector_get_default_uint_handle("tcp.port", port);
    if (!decode_as && now != wanted)
        dissector_add_uint("tcp.port", port, wanted);
}

/* Before each file. By then preferences and Decode As are read: a built-in whose port list was changed has taken its
 * old ports out of the table, ours among them. */
static void assert_ports(void)
{
    range_t *ports = prefs_get_range_value("mywire", "tcp.port");
    if (ports)
        range_foreach(ports, assert_port, NULL);
}

/* -- registration -------------------------------------------------------------------------------------------------- */

static void register_preferences(int protocol)
{
    module_t *module = prefs_register_protocol(protocol, NULL);
    prefs_register_bool_preference(
        module, "desegment", "Reassemble packets that span several TCP segments",
        "Needs \"Allow subdissectors to reassemble TCP streams\" in the TCP protocol's settings too.",
        &dissect_options.desegment);
    prefs_register_bool_preference(
        module, "built_in", "Use Wireshark's built-in MySQL dissector instead",
        "Hands the port back to the built-in dissector and looks for MySQL on no other port.",
        &dissect_options.built_in);
}

static void register_protocol(void)
{
    int protocol = registry_register();
    own_handle = register_dissector("mywire", dissect_stream, protocol);
    register_preferences(protocol);
    register_init_routine(assert_ports);
    envelope_register();
    xprotocol_register();
}

static void register_handoff(void)
{
    built_in_handle = dissector_get_uint_handle(find_dissector_table("tcp.port"), MYSQL_PORT);
    dissect_handoff(own_handle);
    xprotocol_handoff();
    dissector_add_uint_with_preference("tcp.port", MYSQL_PORT, own_handle);
    dissector_add_for_decode_as("tls.port", own_handle);
    heur_dissector_add("tcp", dissect_tcp_heuristic, "MySQL or MariaDB by its greeting or login", "mywire_tcp",
                       registry_protocol(), HEURISTIC_ENABLE);
    heur_dissector_add("tls", dissect_tls_heuristic, "MySQL or MariaDB inside a TLS tunnel", "mywire_tls",
                       registry_protocol(), HEURISTIC_ENABLE);
}

void plugin_register(void)
{
    static const proto_plugin plugin = {register_protocol, register_handoff};
    proto_register_plugin(&plugin);
}

#if WS_AT_LEAST(4, 4)
uint32_t plugin_describe(void)
{
    return WS_PLUGIN_DESC_DISSECTOR | WS_PLUGIN_DESC_EPAN;
}
#endif
