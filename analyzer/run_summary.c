/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire summary` */
#include "analyzer/cli.h"
#include "analyzer/report_summary.h"

static void on_closed(void *user, struct connection *c)
{
    summary_add(user, c);
    connection_free(c);
}

enum cli_exit run_summary(struct cli *cli)
{
    if (cli->tail)
        return run_live(cli);
    struct analysis *a = cli_analysis(cli);
    struct summary *s = summary_new();
    const struct conn_observer observer = {.user = s, .closed = on_closed};
    enum cli_exit result = cli_analyze(cli, a, &observer);
    for (guint i = 0; result != CLI_USAGE && i < cli->outputs->len; i++)
        summary_write(&g_array_index(cli->outputs, struct output, i), s, a);
    summary_free(s);
    analysis_free(a);
    return result;
}
