/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire connections` */
#include "analyzer/cli.h"
#include "analyzer/records.h"
#include "analyzer/reorder.h"
#include "analyzer/report_connections.h"

/* Connections that are held back to be told in order of their beginning. */
enum { WINDOW = 4096 };

static void write_record(struct record *r, const void *item)
{
    report_connection(r, item);
}

static void add_row(struct table *table, const void *item)
{
    report_connection_row(table, item);
}

static void add_login_row(struct table *table, const void *item)
{
    report_login_row(table, item);
}

static const struct connection none;
static const struct records_kind kind = {"connections", 1, &none, write_record, report_connection_table, add_row};
static const struct records_kind kind_logins = {"connections", 1, &none, write_record, report_login_table, add_login_row};

struct run {
    struct records *records;
    struct reorder *reorder;
};

static void on_ordered(void *user, void *connection)
{
    struct run *run = user;
    records_write(run->records, connection);
    connection_free(connection);
}

static void on_closed(void *user, struct connection *c)
{
    struct run *run = user;
    reorder_push(run->reorder, c->id, c, connection_size(c));
}

static void on_chores(void *user, const struct analysis *a)
{
    const struct run *run = user;
    (void)a;
    records_flush(run->records);
}

enum cli_exit run_connections(struct cli *cli)
{
    struct analysis *a = cli_analysis(cli);
    struct run run = {.records = records_begin(cli->outputs, cli->passwords ? &kind_logins : &kind)};
    run.reorder = reorder_new(cli->lasts ? 0 : WINDOW, a->limits.reorder_bytes, on_ordered, &run);
    const struct conn_observer observer = {.user = &run, .closed = on_closed};
    cli->chores = cli->lasts ? on_chores : NULL; /* else a table is one */
    cli->chores_user = &run;
    enum cli_exit result = cli_analyze(cli, a, &observer);
    reorder_finish(run.reorder);
    records_end(run.records, a);
    analysis_free(a);
    return result;
}
