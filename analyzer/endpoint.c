/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/endpoint.h"

#include <arpa/inet.h>
#include <glib.h>

void endpoint_address(const struct endpoint *e, char *out)
{
    if (!inet_ntop(e->family == 6 ? AF_INET6 : AF_INET, e->addr, out, ENDPOINT_TEXT))
        out[0] = 0;
}

void endpoint_text(const struct endpoint *e, char *out)
{
    char address[ENDPOINT_TEXT];
    endpoint_address(e, address);
    g_snprintf(out, ENDPOINT_TEXT, e->family == 6 ? "[%s]:%u" : "%s:%u", address, e->port);
}
