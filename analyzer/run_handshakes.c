/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire handshakes` */
#include "analyzer/cli.h"
#include "analyzer/report_handshakes.h"

static void on_closed(void *user, struct connection *c)
{
    handshakes_add(user, c);
    connection_free(c);
}

enum cli_exit run_handshakes(struct cli *cli)
{
    struct analysis *a = analysis_new();
    struct handshakes *h = handshakes_new();
    const struct conn_observer observer = {.user = h, .closed = on_closed};
    enum cli_exit result = cli_analyze(cli, a, &observer);
    for (guint i = 0; result != CLI_USAGE && i < cli->outputs->len; i++)
        report_handshakes(&g_array_index(cli->outputs, struct output, i), h, a);
    handshakes_free(h);
    analysis_free(a);
    return result;
}
