/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire diff BASE NEW` */
#include "analyzer/cli.h"
#include "analyzer/diff.h"
#include "analyzer/report_diff.h"

#include <string.h>

static struct baseline *read_side(const char *file)
{
    char *error = NULL;
    struct baseline *b = baseline_read(file, limits_default().baseline_bytes, &error);
    if (error)
        cli_complain("%s", error);
    g_free(error);
    return b;
}

static enum cli_exit compare(struct cli *cli, const struct baseline *base, const struct baseline *now)
{
    if (strcmp(base->event, now->event) != 0)
        return cli_usage("%s is a result of %s, %s one of %s: compare two of the same command.", base->file, base->event,
                         now->file, now->event);
    struct diff *d = diff_new(base, now, &cli->thresholds);
    for (guint i = 0; i < cli->outputs->len; i++)
        report_diff(&g_array_index(cli->outputs, struct output, i), d);
    enum cli_exit result = d->counts[DIFF_BEYOND] ? CLI_FINDINGS : CLI_OK;
    diff_free(d);
    const struct baseline *empty = base->population == 0 ? base : now->population == 0 ? now : NULL;
    if (empty && result == CLI_OK)
        return cli_error(CLI_EVIDENCE, "One of the results is of no connection at all, so there is nothing to compare.");
    return result;
}

enum cli_exit run_diff(struct cli *cli)
{
    struct baseline *base = read_side(cli->files[0]);
    struct baseline *now = read_side(cli->files[1]);
    enum cli_exit result = base && now ? compare(cli, base, now) : CLI_INPUT;
    baseline_free(base);
    baseline_free(now);
    return result;
}
