/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The analysis as the command line asks for it, and what it says on stderr. */
#include "analyzer/cli.h"
#include "analyzer/inputs.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Says what of the directories was not read. Returns whether each had a capture. */
static bool tell_directories(const struct cli *cli, const GArray *notes)
{
    bool all = true;
    for (guint i = 0; i < notes->len; i++) {
        const struct inputs_note *note = &g_array_index(notes, struct inputs_note, i);
        bool waits = cli->tail; /* for the first one to come */
        all = all && (note->captures || waits);
        if (!note->captures && !waits)
            cli_complain("The directory %s has no capture in it; name another one, or files.", note->directory);
        else if (note->others && !cli->quiet)
            cli_complain("In %s %u file%s left out: no capture%s.", note->directory, note->others,
                         note->others == 1 ? " is" : "s are", note->others == 1 ? "" : "s");
    }
    return all;
}

/* Several times a second, where the run lasts: what has come is seen, and nobody works for a reader that went away. */
static void on_chores(void *user, const struct analysis *a)
{
    struct cli *cli = user;
    if (cli->chores)
        cli->chores(cli->chores_user, a);
    for (guint i = 0; cli->outputs && i < cli->outputs->len; i++)
        if (output_flush(&g_array_index(cli->outputs, struct output, i)) != 0)
            patience_end(&cli->patience);
}

static void on_remark(void *user, const char *sentence)
{
    const struct cli *cli = user;
    if (!cli->quiet)
        cli_complain("%s", sentence);
}

/* Whether an input is a pipe, which is waited for. */
static bool has_pipe(char *const *paths)
{
    struct stat st;
    for (; *paths; paths++)
        if ((strcmp(*paths, "-") == 0 ? fstat(STDIN_FILENO, &st) : stat(*paths, &st)) == 0 &&
            (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
            return true;
    return false;
}

/* The directories among what was named: a NULL-terminated list of their names, which stay the notes'. */
static char **directories_of(const GArray *notes)
{
    char **list = g_new0(char *, notes->len + 1);
    for (guint i = 0; i < notes->len; i++)
        list[i] = g_array_index(notes, struct inputs_note, i).directory;
    return list;
}

struct analysis_request cli_request(struct cli *cli, char *const *paths)
{
    return (struct analysis_request){.paths = paths,
                                     .filter = cli->filter,
                                     .ports = (const uint16_t *)(void *)cli->ports->data,
                                     .n_ports = cli->ports->len,
                                     .only_ports = cli->only_ports,
                                     .secrets = cli->secrets,
                                     .passwords = cli->passwords,

                                     .privacy = &cli->privacy};
}

struct analysis *cli_analysis(const struct cli *cli)
{
    struct analysis *a = analysis_new();
    if (cli->max_memory)
        limits_fit(&a->limits, cli->max_memory);
    return a;
}

enum cli_exit cli_analyze(struct cli *cli, struct analysis *a, const struct conn_observer *observer)
{
    GArray *notes;
    char *none[] = {NULL};
    struct interfaces *interfaces = g_steal_pointer(&cli->live.opened);
    char **paths = interfaces ? g_strdupv(cli->live.interfaces) : NULL;
    char **files = inputs_expand(interfaces ? none : cli->files, &notes);
    if (interfaces)
        g_strfreev(files);
    else
        paths = files;
    bool all = tell_directories(cli, notes);
    char **directories = directories_of(notes);
    struct analysis_request request = cli_request(cli, paths);
    const struct analysis_lasting lasting = {.patience = &cli->patience,
                                             .tail = cli->tail,
                                             .directories = directories,
                                             .interfaces = interfaces,
                                             .user = cli,
                                             .chores = on_chores,
                                             .remark = on_remark};
    if (cli->lasts || has_pipe(paths)) {
        request.lasting = &lasting;
        patience_begin(&cli->patience, (uint64_t)cli->live.seconds);
    }
    enum analysis_end end = analysis_run(a, &request, observer);
    if (request.lasting)
        patience_finish(&cli->patience);
    if (cli->chores)
        cli->chores(cli->chores_user, NULL);
    g_free(directories);
    inputs_notes_free(notes);
    g_strfreev(paths);
    if (end == ANALYSIS_USAGE) {
        cli_usage("%s", a->error);
        return CLI_USAGE;
    }
    for (guint i = 0; i < a->inputs->len; i++) {
        const struct analysis_input *input = &g_array_index(a->inputs, struct analysis_input, i);
        if (input->error)
            cli_complain("%s", input->error);
    }
    if (a->connections == 0 && a->counters.packets > 0 && cli->only_ports && !cli->quiet)
        cli_complain("No MySQL or MariaDB traffic was found on the ports of -p in %" G_GUINT64_FORMAT
                 " packets; without --only-ports others are looked at too.",
                 a->counters.packets);
    else if (a->connections == 0 && a->counters.packets > 0 && !cli->quiet)
        cli_complain("No MySQL or MariaDB traffic was found in %" G_GUINT64_FORMAT " packets (%" G_GUINT64_FORMAT
                 " TCP connections); if it is there on an unusual port and the logins are not, name the port with -p.",
                 a->counters.packets, a->counters.flows);
    else if (a->counters.packets == 0 && end == ANALYSIS_DONE && all && !cli->quiet)
        cli_complain("There is no packet in the input%s.", cli->filter ? " that matches the filter" : "");
    return end == ANALYSIS_INCOMPLETE || !all ? CLI_INPUT : CLI_OK;
}
