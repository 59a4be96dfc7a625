/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire handshakes` */
#include "analyzer/cli.h"
#include "analyzer/report_handshakes.h"

struct run {
    struct handshakes *all;
    struct handshake_groups *groups; /* NULL without --by */
};

static void on_closed(void *user, struct connection *c)
{
    struct run *run = user;
    handshakes_add(run->all, c);
    if (run->groups)
        handshake_groups_add(run->groups, c);
    connection_free(c);
}

enum cli_exit run_handshakes(struct cli *cli)
{
    struct analysis *a = cli_analysis(cli);
    struct run run = {.all = handshakes_new()};
    if (cli->n_by)
        run.groups = handshake_groups_new(cli->by, cli->n_by);
    const struct conn_observer observer = {.user = &run, .closed = on_closed};
    enum cli_exit result = cli_analyze(cli, a, &observer);
    for (guint i = 0; result != CLI_USAGE && i < cli->outputs->len; i++)
        report_handshakes(&g_array_index(cli->outputs, struct output, i), run.all, run.groups, a);
    handshake_groups_free(run.groups);
    handshakes_free(run.all);
    analysis_free(a);
    return result;
}
