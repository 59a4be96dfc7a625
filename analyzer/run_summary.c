/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire summary` */
#include "analyzer/cli.h"
#include "analyzer/report_summary.h"

struct run {
    struct summary *summary;
    struct command_gatherer *gatherer;
};

static void on_command(void *user, struct command *c)
{
    struct run *run = user;
    summary_command(run->summary, c);
    command_free(c);
}

static void on_event(void *user, const struct connection *connection, const struct mw_event *event, const struct items *items)
{
    struct run *run = user;
    (void)items;
    command_gatherer_event(run->gatherer, connection, event, NULL);
}

static void on_closed(void *user, struct connection *c)
{
    struct run *run = user;
    command_gatherer_closed(run->gatherer, c);
    summary_add(run->summary, c);
    connection_free(c);
}

enum cli_exit run_summary(struct cli *cli)
{
    enum { SQL_MAX = 65536 };
    if (cli->tail)
        return run_live(cli);
    struct analysis *a = cli_analysis(cli);
    struct run run = {.summary = summary_new(&a->limits)};
    run.gatherer = command_gatherer_new(SQL_MAX, &a->limits, &a->hits, on_command, &run);
    command_gatherer_hide(run.gatherer, &cli->privacy);
    command_gatherer_digests(run.gatherer);
    const struct conn_observer observer = {.user = &run, .event = on_event, .closed = on_closed};
    enum cli_exit result = cli_analyze(cli, a, &observer);
    a->hits.digests += summary_digests_over(run.summary);
    for (guint i = 0; result != CLI_USAGE && i < cli->outputs->len; i++)
        summary_write(&g_array_index(cli->outputs, struct output, i), run.summary, a);
    command_gatherer_free(run.gatherer);
    summary_free(run.summary);
    analysis_free(a);
    return result;
}
