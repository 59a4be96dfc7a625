/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire live`, and `mywire summary --tail`: traffic while it passes. */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "analyzer/cli.h"
#include "analyzer/command.h"
#include "analyzer/live_view.h"
#include "analyzer/report_connections.h"
#include "analyzer/report_summary.h"

/* An output of lines: records as they end. */
struct writer {
    struct output *out;
    struct json json;
    struct record record;
};

struct run {
    const struct cli *cli;
    struct writer *writers; /* of those outputs that are NDJSON */
    size_t n;
    struct summary *summary;
    struct live_view *view;
    struct command_gatherer *gatherer;
    struct screen screen;
    struct output *terminal; /* that the view is drawn on, or NULL */
    int64_t due_ns;          /* of the next drawing, or line of status */
};

/* -- what happens -------------------------------------------------------------------------------------------------- */

static void on_command(void *user, struct command *c)
{
    struct run *run = user;
    live_view_command(run->view, c);
    summary_command(run->summary, c);
    for (size_t i = 0; run->cli->live.tells_commands && i < run->n; i++) {
        report_command(&run->writers[i].record, c);
        json_finish(&run->writers[i].json);
    }
    command_free(c);
}

static void on_opened(void *user, const struct connection *connection)
{
    struct run *run = user;
    (void)connection;
    live_view_opened(run->view);
}

static void on_event(void *user, const struct connection *connection, const struct mw_event *event,
                     const struct items *items)
{
    struct run *run = user;
    live_view_event(run->view, event);
    command_gatherer_event(run->gatherer, connection, event, items);
}

static void on_closed(void *user, struct connection *c)
{
    struct run *run = user;
    live_view_closed(run->view);
    command_gatherer_closed(run->gatherer, c);
    summary_add(run->summary, c);
    for (size_t i = 0; run->cli->live.tells_connections && i < run->n; i++) {
        report_connection(&run->writers[i].record, c);
        json_finish(&run->writers[i].json);
    }
    connection_free(c);
}

/* -- now and then -------------------------------------------------------------------------------------------------- */

static struct screen_size terminal_size(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return (struct screen_size){80, 24};
    return (struct screen_size){size.ws_col, size.ws_row};
}

static void draw(struct run *run, const struct analysis *a)
{
    struct screen_size size = terminal_size();
    live_view_draw(run->view, a, &run->screen, &size, run->terminal->color);
    sink_write(run->terminal->sink, run->screen.text->str, run->screen.text->len);
}

static void on_chores(void *user, const struct analysis *a)
{
    struct run *run = user;
    int64_t now = patience_now();
    if (!a && run->terminal) {
        screen_remove(&run->screen);
        sink_write(run->terminal->sink, run->screen.text->str, run->screen.text->len);
        output_flush(run->terminal);
    }
    if (!a || now < run->due_ns)
        return;
    const int64_t usual_ns = INT64_C(2000000000);
    run->due_ns = now + (run->cli->live.interval_ns ? run->cli->live.interval_ns : usual_ns);
    if (run->terminal)
        draw(run, a);
    for (size_t i = 0; run->cli->live.tells_status && i < run->n; i++) {
        live_view_json(run->view, a, &run->writers[i].json);
        json_finish(&run->writers[i].json);
    }
}

/* -- the run ------------------------------------------------------------------------------------------------------- */

static void begin(struct run *run)
{
    const char *term = g_getenv("TERM");
    bool moves = term && strcmp(term, "dumb") != 0; /* its cursor does */
    run->writers = g_new0(struct writer, run->cli->outputs->len);
    for (guint i = 0; i < run->cli->outputs->len; i++) {
        struct output *out = &g_array_index(run->cli->outputs, struct output, i);
        if (out->format == FORMAT_TEXT && out->terminal && moves)
            run->terminal = out;
        if (out->format != FORMAT_NDJSON)
            continue;
        struct writer *w = &run->writers[run->n++];
        w->out = out;
        json_init(&w->json, out->sink, JSON_LINES);
        record_json(&w->record, &w->json);
    }
}

static void end(struct run *run, const struct analysis *a)
{
    for (size_t i = 0; i < run->n; i++)
        record_clear(&run->writers[i].record);
    for (guint i = 0; i < run->cli->outputs->len; i++)
        summary_write(&g_array_index(run->cli->outputs, struct output, i), run->summary, a);
    g_free(run->writers);
    screen_clear(&run->screen);
}

enum cli_exit run_live(struct cli *cli)
{
    if (cli->live.list) {
        char *list = interfaces_list();
        for (guint i = 0; i < cli->outputs->len; i++)
            output_printf(&g_array_index(cli->outputs, struct output, i), "%s\n", list);
        g_free(list);
        return CLI_OK;
    }
    char *what = g_strjoinv(", ", cli->tail ? cli->files : cli->live.interfaces);
    struct analysis *a = cli_analysis(cli);
    struct run run = {.cli = cli, .summary = summary_new(&a->limits)};
    run.gatherer = command_gatherer_new(cli->max_sql, &a->limits, &a->hits, on_command, &run);
    command_gatherer_hide(run.gatherer, &cli->privacy);
    begin(&run);
    run.view = live_view_new(what, run.terminal != NULL);
    command_gatherer_digests(run.gatherer);
    const struct conn_observer observer = {.user = &run,
                                           .opened = on_opened,
                                           .event = on_event,
                                           .values = run.n > 0 && cli->live.tells_commands,
                                           .closed = on_closed};
    cli->chores = on_chores;
    cli->chores_user = &run;
    enum cli_exit result = cli_analyze(cli, a, &observer);
    a->hits.digests += summary_digests_over(run.summary);
    end(&run, a);
    command_gatherer_free(run.gatherer);
    live_view_free(run.view);
    summary_free(run.summary);
    analysis_free(a);
    g_free(what);
    return result;
}
