/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire digest` */
#include "analyzer/cli.h"
#include "analyzer/report_digest.h"

struct run {
    struct digests *digests;
    struct command_gatherer *gatherer;
};

static void on_done(void *user, struct command *c)
{
    struct run *run = user;
    digests_add(run->digests, c);
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
    connection_free(c);
}

enum cli_exit run_digest(struct cli *cli)
{
    struct analysis *a = cli_analysis(cli);
    struct run run = {.digests = digests_new(a->limits.digests)};
    run.gatherer = command_gatherer_new(cli->max_sql, &a->limits, &a->hits, on_done, &run);
    command_gatherer_hide(run.gatherer, &cli->privacy);
    command_gatherer_digests(run.gatherer);
    const struct conn_observer observer = {.user = &run, .event = on_event, .closed = on_closed};
    enum cli_exit result = cli_analyze(cli, a, &observer);
    a->hits.digests += run.digests->other.calls + run.digests->other.prepares;
    for (guint i = 0; result != CLI_USAGE && i < cli->outputs->len; i++)
        report_digest(&g_array_index(cli->outputs, struct output, i), run.digests, a);
    command_gatherer_free(run.gatherer);
    digests_free(run.digests);
    analysis_free(a);
    return result;
}
