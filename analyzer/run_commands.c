/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire commands` */
#include <string.h>

#include "analyzer/cli.h"
#include "analyzer/command.h"
#include "analyzer/records.h"
#include "analyzer/reorder.h"

/* Commands that are held back to be told in order of their beginning. */
enum { WINDOW = 4096 };

static void write_record(struct record *r, const void *item)
{
    report_command(r, item);
}

static struct table *new_table(size_t width, bool color)
{
    static const struct table_column columns[] = {
        {"CONN", TABLE_RIGHT, 0},  {"#", TABLE_RIGHT, 0},    {"COMMAND", 0, 0},
        {"ms", TABLE_RIGHT, 0},    {"ROWS", TABLE_RIGHT, 0}, {"RESULT", TABLE_TRUNCATE, 0},
        {"SQL", TABLE_TRUNCATE, 0},
    };
    return table_new(columns, G_N_ELEMENTS(columns), width, color);
}

/* "1064 ER_PARSE_ERROR", "3 affected", "resultset" */
static void cell_result(struct table *t, const struct command *c)
{
    char text[128];
    if (c->outcome == MW_OUTCOME_ERROR) {
        const char *symbol = mw_error_symbol(c->dialect, c->error);
        g_snprintf(text, sizeof text, "%u %s", c->error, symbol ? symbol : "");
        table_cell(t, text, TABLE_BAD);
    } else if (c->outcome == MW_OUTCOME_OK && c->affected_rows) {
        g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT " affected", c->affected_rows);
        table_cell(t, text, TABLE_PLAIN);
    } else {
        table_cell(t, command_outcome_name(c->outcome), c->outcome == MW_OUTCOME_LOST ? TABLE_STRONG : TABLE_PLAIN);
    }
}

static void add_row(struct table *t, const void *item)
{
    enum { SQL_SHOWN = 200 };
    const struct command *c = item;
    const char *name = command_name(c);
    char text[32];
    table_row(t);
    table_cell_int(t, (int64_t)c->connection, TABLE_PLAIN);
    table_cell_int(t, (int64_t)c->ordinal, TABLE_PLAIN);
    table_cell(t, name ? name : "-", TABLE_PLAIN);
    g_snprintf(text, sizeof text, "%.3f", (double)c->duration_us / 1000);
    table_cell(t, c->duration_us >= 0 ? text : "-", TABLE_PLAIN);
    table_cell_int(t, (int64_t)c->rows, TABLE_PLAIN);
    cell_result(t, c);
    GString *sql = g_string_new(NULL);
    if (c->sql)
        text_shorten(sql, c->sql->str, c->sql->len, SQL_SHOWN);
    if (c->sql_truncated && !g_str_has_suffix(sql->str, "…"))
        g_string_append(sql, "…");
    table_cell(t, sql->str, TABLE_PLAIN);
    g_string_free(sql, TRUE);
}

static const struct command none;
static const struct records_kind kind = {"commands", 1, &none, write_record, new_table, add_row};

struct run {
    struct records *records;
    struct reorder *reorder;
    struct command_gatherer *gatherer;
};

static void on_ordered(void *user, void *command)
{
    struct run *run = user;
    records_write(run->records, command);
    command_free(command);
}

/* By time of the request; commands of one connection keep their order at equal times. */
static void on_done(void *user, struct command *c)
{
    struct run *run = user;
    reorder_push(run->reorder, (uint64_t)c->start_ns, c, c->bytes);
}

static void on_event(void *user, const struct connection *connection, const struct mw_event *event,
                     const struct items *items)
{
    struct run *run = user;
    command_gatherer_event(run->gatherer, connection, event, items);
}

static void on_closed(void *user, struct connection *c)
{
    struct run *run = user;
    command_gatherer_closed(run->gatherer, c);
    connection_free(c);
}

static void on_chores(void *user, const struct analysis *a)
{
    const struct run *run = user;
    (void)a;
    records_flush(run->records);
}

enum cli_exit run_commands(struct cli *cli)
{
    struct analysis *a = cli_analysis(cli);
    struct run run = {.records = records_begin(cli->outputs, &kind)};
    run.reorder = reorder_new(cli->lasts ? 0 : WINDOW, a->limits.reorder_bytes, on_ordered, &run);
    run.gatherer = command_gatherer_new(cli->max_sql, &a->limits, &a->hits, on_done, &run);
    command_gatherer_hide(run.gatherer, &cli->privacy);
    command_gatherer_digests(run.gatherer);
    const struct conn_observer observer = {.user = &run, .event = on_event, .values = true, .closed = on_closed};
    cli->chores = cli->lasts ? on_chores : NULL; /* else a table is one */
    cli->chores_user = &run;
    enum cli_exit result = cli_analyze(cli, a, &observer);
    reorder_finish(run.reorder);
    records_end(run.records, a);
    command_gatherer_free(run.gatherer);
    analysis_free(a);
    return result;
}
