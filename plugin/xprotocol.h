/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The X Protocol (port 33060): messages by name, on its port and by a server's greeting on any. What is in them is not
 * read. A protocol of its own, so that nobody takes it for MySQL's. No state but who the server is: a message has all
 * it needs. */
#ifndef MYWIRE_PLUGIN_XPROTOCOL_H
#define MYWIRE_PLUGIN_XPROTOCOL_H

#include "plugin/compat.h"

/** Registers the protocol. Once, at start. */
void xprotocol_register(void);

/** Looks up what is needed and takes the port. Once, after all are registered. */
void xprotocol_handoff(void);

#endif
