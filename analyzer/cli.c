/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/cli.h"
#include "analyzer/cli_options.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT FORMAT_BIT(FORMAT_TEXT)
#define JSON FORMAT_BIT(FORMAT_JSON)
#define NDJSON FORMAT_BIT(FORMAT_NDJSON)
#define CSV FORMAT_BIT(FORMAT_CSV)
#define MARKDOWN FORMAT_BIT(FORMAT_MARKDOWN)
#define JUNIT FORMAT_BIT(FORMAT_JUNIT)
#define SARIF FORMAT_BIT(FORMAT_SARIF)
#define GITHUB FORMAT_BIT(FORMAT_GITHUB)
#define READING (OPTIONS_INPUT | OPTIONS_OUTPUT)
#define USUAL (READING | OPTIONS_TAIL)
#define RECORDS (USUAL | OPTIONS_PRIVACY)

static const struct cli_command commands[] = {
    {"summary", "what is in here, is it healthy, how much of it could be read", TEXT | JSON | NDJSON | MARKDOWN,
     RECORDS | OPTIONS_PASSWORDS, "FILE...", NULL, run_summary},
    {"connections", "one record a connection: who, to what, how secured, how it ended", TEXT | JSON | NDJSON | CSV,
     RECORDS | OPTIONS_PASSWORDS, "FILE...", NULL, run_connections},
    {"handshakes", "the handshake inventory: versions, capabilities, collations, plugins, clients, latencies",
     TEXT | JSON | NDJSON | CSV, RECORDS | OPTIONS_HANDSHAKES, "FILE...", cli_take_by, run_handshakes},
    {"commands", "one record a command: SQL, parameters, rows, errors, times", TEXT | JSON | NDJSON | CSV,
     RECORDS | OPTIONS_SQL, "FILE...", NULL, run_commands},
    {"digest", "statements without their literals: calls, errors, rows, bytes, latencies, the worst call",
     TEXT | JSON | NDJSON | CSV, RECORDS | OPTIONS_SQL, "FILE...", NULL, run_digest},
    {"packets", "every protocol packet; -V with all fields", TEXT | JSON | NDJSON, USUAL | OPTIONS_PACKETS, "FILE...", NULL,
     run_packets},
    {"follow", "one connection as a readable transcript", TEXT,
     USUAL | OPTIONS_SQL | OPTIONS_FOLLOW | OPTIONS_PASSWORDS, "ID FILE...",
     cli_take_connection, run_follow},
    {"diff", "what changed between two saved results of handshakes, digest or summary (-F json)", TEXT | JSON | MARKDOWN | JUNIT,
     OPTIONS_OUTPUT | OPTIONS_DIFF, "BASE NEW", cli_take_diff, run_diff},
    {"decrypt", "write the capture with the TLS taken off: TCP that every tool reads", TEXT,
     OPTIONS_INPUT | OPTIONS_DECRYPT, "FILE...", cli_take_decrypt, run_decrypt},
    {"check", "does this traffic satisfy a policy? Evidence for each finding", TEXT | JSON | MARKDOWN | JUNIT | SARIF | GITHUB,
     RECORDS | OPTIONS_CHECK, "FILE...", cli_take_policy, run_check},
    {"doctor", "what could not be read and why, and what to do next", TEXT | JSON, USUAL, "FILE...", NULL, run_doctor},
    {"live", "traffic of network interfaces while it passes, until stopped", TEXT | NDJSON,
     READING | OPTIONS_SQL | OPTIONS_PASSWORDS | OPTIONS_LIVE | OPTIONS_PRIVACY, NULL, cli_take_live, run_live},
    {"secrets", "TLS secrets in pcapng files: list them, inject a key log, strip them", TEXT,
     OPTIONS_SECRETS | OPTIONS_OUTPUT, "list|inject|strip FILE", cli_take_secrets_verb, run_secrets},
    {"fields", "the registry: every field's filter name, type and meaning", TEXT | JSON | NDJSON | CSV, OPTIONS_OUTPUT, NULL,
     NULL, run_fields},
};

static const struct cli_command *find_command(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

void cli_complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    GString *safe = g_string_new(NULL);
    text_escape_terminal(safe, text, strlen(text));
    fprintf(stderr, "mywire: %s\n", safe->str);
    g_string_free(safe, TRUE);
    g_free(text);
}

enum cli_exit cli_usage(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    cli_complain("%s", text);
    fputs("Try `mywire --help`.\n", stderr);
    g_free(text);
    return CLI_USAGE;
}

enum cli_exit cli_error(enum cli_exit code, const char *sentence)
{
    cli_complain("%s", sentence);
    return code;
}

enum cli_exit cli_no_such_connection(uint64_t id, uint64_t connections)
{
    return cli_usage("There is no MySQL connection %" G_GUINT64_FORMAT " among the %" G_GUINT64_FORMAT
                       " in the input; `mywire connections` shows their ids.",
                       id, connections);
}

static enum cli_exit close_outputs(struct cli *cli, bool keep)
{
    enum cli_exit result = CLI_OK;
    for (guint i = 0; cli->outputs && i < cli->outputs->len; i++) {
        char *error = output_close(&g_array_index(cli->outputs, struct output, i), keep);
        if (!error)
            continue;
        cli_complain("%s", error);
        g_free(error);
        result = CLI_USAGE;
    }
    return result;
}

static enum cli_exit run(struct cli *cli, const struct cli_command *command)
{
    enum cli_exit result = cli_options_take(cli, command);
    if (result == CLI_OK)
        result = command->run(cli);
    enum cli_exit written = close_outputs(cli, result != CLI_USAGE);
    return written != CLI_OK ? written : result;
}

/* The command is the first argument, if it names one; a file of that name is written ./summary. */
static const struct cli_command *take_command(char **args)
{
    if (!args[0])
        return NULL;
    const struct cli_command *command = args[1] ? find_command(args[1]) : NULL;
    if (!command)
        return NULL;
    g_free(args[1]);
    for (char **a = args + 1; *a; a++)
        *a = a[1];
    return command;
}

/* A first argument that looks like a command's name and is no file: more likely a misspelt command than a missing capture. */
static bool is_no_command(const char *arg)
{
    return arg && *arg && strspn(arg, "abcdefghijklmnopqrstuvwxyz-") == strlen(arg) && *arg != '-' &&
           access(arg, F_OK) != 0;
}

/* What `--help` begins with: the command's sentence, or all of them. */
static char *summary_of(const struct cli_command *command)
{
    if (command)
        return g_strdup_printf("%s: %s.", command->name, command->help);
    GString *text = g_string_new("Reads MySQL and MariaDB traffic from pcap and pcapng files; - is standard input.\n\nCommands:");
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        g_string_append_printf(text, "\n  %-13s %s", commands[i].name, commands[i].help);
    g_string_append(text, "\n\nWithout a command: summary. `mywire COMMAND --help` shows a command's options.");
    return g_string_free(text, FALSE);
}

int cli_main(int argc, char **argv)
{
    (void)argc;
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of write(), not the end of the program */
    char **args = cli_options_split(argv);
    struct cli cli = {0};
    enum cli_exit result;
    const struct cli_command *named = take_command(args);
    if (!named && is_no_command(args[1])) {
        result = cli_usage("There is no command %s, nor a file of that name.", args[1]);
        g_strfreev(args);
        return result;
    }
    const struct cli_command *command = named ? named : find_command("summary");
    char *title = g_strdup_printf("mywire %s", named ? named->name : "[COMMAND]"); /* the usage line begins so */
    g_set_prgname(title);
    char *summary = summary_of(named);
    GOptionContext *context = cli_options_context(command, summary, &cli);
    GError *error = NULL;
    if (!g_option_context_parse_strv(context, &args, &error)) {
        result = cli_usage("%s.", error->message);
        g_error_free(error);
    } else if (cli.version) {
        puts("mywire " MW_VERSION);
        result = CLI_OK;
    } else {
        result = run(&cli, command);
    }
    g_option_context_free(context);
    g_free(summary);
    g_free(title);
    g_strfreev(args);
    cli_options_free(&cli);
    return result;
}
