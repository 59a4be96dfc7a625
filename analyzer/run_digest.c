/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire digest` */
#include "analyzer/cli.h"
#include "analyzer/report_digest.h"

struct run {
    struct analysis *analysis;
    struct digests *digests; /* NULL until there is a command: --max-memory may change the limit before */
    struct command_gatherer *gatherer;
};

static struct digests *digests_of(struct run *run)
{
    if (!run->digests)
        run->digests = digests_new(run->analysis->limits.digests);
    return run->digests;
}

static void on_done(void *user, struct command *c)
{
    struct run *run = user;
    digests_add(digests_of(run), c);
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
    struct analysis *a = analysis_new();
    struct run run = {.analysis = a};
    run.gatherer = command_gatherer_new(cli->max_sql, &a->limits, &a->hits, on_done, &run);
    command_gatherer_hide(run.gatherer, &cli->privacy);
    command_gatherer_digests(run.gatherer);
    const struct conn_observer observer = {.user = &run, .event = on_event, .closed = on_closed};
    enum cli_exit result = cli_analyze(cli, a, &observer);
    const struct digests *digests = digests_of(&run);
    a->hits.digests += digests->other.calls + digests->other.prepares;
    for (guint i = 0; result != CLI_USAGE && i < cli->outputs->len; i++)
        report_digest(&g_array_index(cli->outputs, struct output, i), digests, a);
    command_gatherer_free(run.gatherer);
    digests_free(run.digests);
    analysis_free(a);
    return result;
}
