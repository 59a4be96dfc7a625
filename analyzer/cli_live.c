/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `live` is told, and opening interfaces with no more privileges, and no longer, than that needs. */
#include <stdio.h>
#include <string.h>

#include "analyzer/cli_options.h"

enum { SNAPLEN_USUAL = 262144, RING_USUAL = 16 * 1024 * 1024, RING_MAX = 1 << 30 };

/* "connections,commands" */
static bool take_records(struct cli_live *live)
{
    char **kinds = g_strsplit(live->records ? live->records : "connections,commands", ",", -1);
    bool good = true;
    for (char **k = kinds; *k && good; k++) {
        bool connections = strcmp(*k, "connections") == 0, commands = strcmp(*k, "commands") == 0;
        live->tells_connections |= connections;
        live->tells_commands |= commands;
        good = connections || commands || (strcmp(*k, "none") == 0 && k == kinds && !k[1]);
    }
    g_strfreev(kinds);
    if (!good)
        cli_usage("--records %s: connections, commands, both with a comma between them, or none.", live->records);
    return good;
}

static bool take_number(const char *option, gint64 n, gint64 max)
{
    if (n >= 0 && n <= max)
        return true;
    cli_usage("--%s %" G_GINT64_FORMAT ": a number from 1 to %" G_GINT64_FORMAT ".", option, n, max);
    return false;
}

bool cli_take_live(struct cli *cli)
{
    const gint64 century = INT64_C(3155760000), packets_max = INT64_C(1) << 60;
    struct cli_live *live = &cli->live;
    if (live->list)
        return true;
    if (!live->interfaces) {
        char *list = interfaces_list();
        cli_complain("live needs an interface: add -i IFACE. There are:");
        fprintf(stderr, "%s\n", list);
        g_free(list);
        return false;
    }
    if (!take_number("snaplen", live->snaplen, SNAPLEN_USUAL) || !take_number("interval", live->interval, century) ||
        !take_number("for", live->seconds, century) || !take_number("count", live->packets, packets_max) ||
        !take_records(live))
        return false;
    live->tells_status = live->interval > 0;
    live->interval_ns = live->interval * INT64_C(1000000000);
    return true;
}

enum cli_exit cli_live_open(struct cli *cli, struct privileges *who)
{
    struct interfaces_request request = {.names = cli->live.interfaces,
                                         .filter = cli->filter,
                                         .snaplen = cli->live.snaplen ? (uint32_t)cli->live.snaplen : SNAPLEN_USUAL,
                                         .promiscuous = cli->live.promiscuous,
                                         .packets = (uint64_t)cli->live.packets};
    if (!cli_take_size("--ring", cli->live.ring, RING_USUAL, &request.ring))
        return CLI_USAGE;
    if (request.ring > RING_MAX)
        return cli_usage("--ring %s: a ring has 1G at most.", cli->live.ring);
    bool wrong_filter = false;
    char *error = privileges_choose(who, cli->live.user);
    enum cli_exit code = CLI_USAGE;
    if (!error) {
        cli->live.opened = interfaces_open(&request, &error, &wrong_filter);
        code = wrong_filter ? CLI_USAGE : CLI_INPUT; /* an interface that is not there is an input like a file */
    }
    if (!error && who->on_behalf)
        error = privileges_give_up(who);
    if (error && code == CLI_USAGE)
        cli_usage("%s", error);
    else if (error)
        cli_error(code, error);
    enum cli_exit result = error ? code : CLI_OK;
    g_free(error);
    return result;
}

enum cli_exit cli_live_settle(struct privileges *who)
{
    if (who->on_behalf) /* done already */
        return CLI_OK;
    char *error = privileges_give_up(who);
    enum cli_exit result = error ? cli_error(CLI_INPUT, error) : CLI_OK;
    g_free(error);
    return result;
}
