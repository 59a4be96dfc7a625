/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/cli.h"
#include "analyzer/inputs.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORDS (FORMAT_BIT(FORMAT_TEXT) | FORMAT_BIT(FORMAT_JSON) | FORMAT_BIT(FORMAT_NDJSON) | FORMAT_BIT(FORMAT_CSV))

static const struct cli_command commands[] = {
    {"summary", "what is in here, is it healthy, how much of it could be read",
     FORMAT_BIT(FORMAT_TEXT) | FORMAT_BIT(FORMAT_JSON) | FORMAT_BIT(FORMAT_NDJSON) | FORMAT_BIT(FORMAT_MARKDOWN), true,
     run_summary},
    {"connections", "one record a connection: who, to what, how secured, how it ended", RECORDS, true, run_connections},
    {"handshakes", "the handshake inventory: versions, capabilities, collations, plugins, clients, latencies", RECORDS,
     true, run_handshakes},
    {"commands", "one record a command: SQL, parameters, rows, errors, times", RECORDS, true, run_commands},
    {"packets", "every protocol packet; -V with all fields",
     FORMAT_BIT(FORMAT_TEXT) | FORMAT_BIT(FORMAT_JSON) | FORMAT_BIT(FORMAT_NDJSON), true, run_packets},
    {"follow", "one connection as a readable transcript", FORMAT_BIT(FORMAT_TEXT), true, run_follow},
    {"decrypt", "write the capture with the TLS taken off: TCP that every tool reads", FORMAT_BIT(FORMAT_TEXT), true,
     run_decrypt},
    {"doctor", "what could not be read and why, and what to do next",
     FORMAT_BIT(FORMAT_TEXT) | FORMAT_BIT(FORMAT_JSON), true, run_doctor},
    {"secrets", "TLS secrets in pcapng files: list them, inject a key log, strip them", FORMAT_BIT(FORMAT_TEXT), true,
     run_secrets},
    {"fields", "the registry: every field's filter name, type and meaning", RECORDS, false, run_fields},
};

static const struct cli_command *find_command(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

/* Everything that GOption fills in. */
struct raw_options {
    char **keylogs, **tls_keys, **ports, **outputs, **files;
    char *filter, *tls_key_password, *max_sql, *format, *color;
    char *format_help;
    gint64 rows;
    gboolean keylog_env, only_ports, show_secrets, verbose_fields, offsets, quiet, version;
    gboolean keep_ssl_flag, decompress, mysql_only;
};

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

static enum cli_exit usage_error(const char *format, ...) G_GNUC_PRINTF(1, 2);
static enum cli_exit usage_error(const char *format, ...)
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

/* -- options ------------------------------------------------------------------------------------------------------- */

static bool take_ports(struct cli *cli, char **ports)
{
    cli->ports = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    for (; ports && *ports; ports++) {
        guint64 n;
        if (!g_ascii_string_to_unsigned(*ports, 10, 1, 65535, &n, NULL)) {
            usage_error("-p %s: a port is a number from 1 to 65535.", *ports);
            return false;
        }
        uint16_t port = (uint16_t)n;
        g_array_append_val(cli->ports, port);
    }
    return true;
}

/* A number of bytes: 1000, 64K, 16M, 1G. */
static bool take_size(const char *option, const char *text, uint64_t usual, uint64_t *size)
{
    static const char units[] = "KMG";
    *size = usual;
    if (!text)
        return true;
    char *end;
    errno = 0;
    guint64 n = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &end, 10) : 0;
    const char *unit = n && *end ? strchr(units, g_ascii_toupper(*end)) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    if (n == 0 || errno || (*end && (!unit || end[1])) || n > (UINT64_MAX >> shift)) {
        usage_error("%s %s: a size is a number of bytes, perhaps with K, M or G behind it.", option, text);
        return false;
    }
    *size = n << shift;
    return true;
}

static bool take_color(const char *name, enum color_mode *mode)
{
    static const char *const names[] = {"auto", "always", "never"};
    *mode = COLOR_AUTO;
    for (int i = 0; name && i < 3; i++)
        if (strcmp(name, names[i]) == 0) {
            *mode = i;
            return true;
        }
    if (name)
        usage_error("--color %s: auto, always or never.", name);
    return !name;
}

/* The formats of a command, as its help and complaints list them. */
static char *format_list(const struct cli_command *command)
{
    GString *list = g_string_new(NULL);
    for (int f = 0; f < FORMAT_COUNT; f++)
        if (command->formats & FORMAT_BIT(f))
            g_string_append_printf(list, "%s%s", list->len ? ", " : "", format_name(f));
    return g_string_free(list, FALSE);
}

static bool check_format(const struct cli_command *command, enum format format, const char *given)
{
    if (format != FORMAT_COUNT && command->formats & FORMAT_BIT(format))
        return true;
    char *list = format_list(command);
    usage_error("%s has no format %s; it has: %s.", command->name, given, list);
    g_free(list);
    return false;
}

/* -o [FORMAT:]FILE. Without a known format before the colon the whole is a file name. */
static bool open_outputs(struct cli *cli, const struct cli_command *command, const struct raw_options *raw)
{
    enum color_mode color;
    cli->outputs = g_array_new(FALSE, TRUE, sizeof(struct output));
    if (!take_color(raw->color, &color))
        return false;
    enum format usual = FORMAT_TEXT;
    if (raw->format) {
        usual = format_from(raw->format, strlen(raw->format));
        if (!check_format(command, usual, raw->format))
            return false;
    }
    char *to_stdout[] = {NULL, NULL};
    char **paths = raw->outputs ? raw->outputs : to_stdout;
    size_t n = raw->outputs ? g_strv_length(raw->outputs) : 1;
    for (size_t i = 0; i < n; i++) {
        enum format format = usual;
        const char *path = paths[i];
        const char *colon = path ? strchr(path, ':') : NULL;
        enum format named = colon ? format_from(path, (size_t)(colon - path)) : FORMAT_COUNT;
        if (named != FORMAT_COUNT) {
            format = named;
            path = colon + 1;
            if (!check_format(command, format, format_name(format)))
                return false;
        }
        if (path && strcmp(path, "-") == 0)
            path = NULL;
        struct output out;
        char *error = output_open(&out, format, path, color);
        if (error) {
            usage_error("%s", error);
            g_free(error);
            return false;
        }
        g_array_append_val(cli->outputs, out);
    }
    return true;
}

/* Texts of options are kept by `raw`: GOption borrows them. */
static GOptionContext *make_context(const struct cli_command *command, struct raw_options *raw)
{
    bool secrets = command && command->run == run_secrets;
    bool decrypts = command && command->run == run_decrypt;
    bool reads = !command || (command->takes_files && !secrets);
    raw->format_help = format_list(command ? command : find_command("summary"));
    const GOptionEntry input[] = {
        {"keylog", 'k', 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->keylogs, "TLS key log (SSLKEYLOGFILE format); repeatable", "FILE"},
        {"keylog-env", 0, 0, G_OPTION_ARG_NONE, &raw->keylog_env, "Read the key log that SSLKEYLOGFILE names", NULL},
        {"tls-key", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->tls_keys, "RSA private key of a server (PEM, DER, PKCS#12, pkcs11:); repeatable", "FILE"},
        {"tls-key-password", 0, 0, G_OPTION_ARG_FILENAME, &raw->tls_key_password, "File with the password or PIN of --tls-key", "FILE"},
        {"port", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &raw->ports, "MySQL speaks on this port; repeatable", "N"},
        {"only-ports", 0, 0, G_OPTION_ARG_NONE, &raw->only_ports, "Look for MySQL on the ports of -p only", NULL},
        {"filter", 'f', 0, G_OPTION_ARG_STRING, &raw->filter, "Read only packets that match (pcap-filter(7))", "BPF"},
        {0},
    };
    const GOptionEntry output[] = {
        {"format", 'F', 0, G_OPTION_ARG_STRING, &raw->format, raw->format_help, "FORMAT"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->outputs, "Write to a file; repeatable, each with its own format", "[FORMAT:]FILE"},
        {"color", 0, 0, G_OPTION_ARG_STRING, &raw->color, "auto, always or never", "WHEN"},
        {0},
    };
    const GOptionEntry common[] = {
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &raw->quiet, "No remarks on stderr; errors are still told", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &raw->version, "Print the version", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->files, NULL,
         secrets                                 ? "list|inject|strip FILE"
         : command && command->run == run_follow ? "ID FILE..."
         : reads                                 ? "FILE..."
                                                 : NULL},
        {0},
    };
    const GOptionEntry packets[] = {
        {"verbose", 'V', 0, G_OPTION_ARG_NONE, &raw->verbose_fields, "All fields of each packet", NULL},
        {"offsets", 0, 0, G_OPTION_ARG_NONE, &raw->offsets, "Offset and length of each field", NULL},
        {"show-secrets", 0, 0, G_OPTION_ARG_NONE, &raw->show_secrets, "Show scrambles and passwords", NULL},
        {0},
    };
    const GOptionEntry sql[] = {
        {"max-sql", 0, 0, G_OPTION_ARG_STRING, &raw->max_sql, "Bytes shown of a statement, 64K unless told, 256K at most", "SIZE"},
        {0},
    };
    const GOptionEntry keylogs[] = {
        {"keylog", 'k', 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->keylogs, "inject: the TLS key log (SSLKEYLOGFILE format); repeatable", "FILE"},
        {0},
    };
    const GOptionEntry follow[] = {
        {"rows", 0, 0, G_OPTION_ARG_INT64, &raw->rows, "Show the first N rows of each result", "N"},
        {"show-secrets", 0, 0, G_OPTION_ARG_NONE, &raw->show_secrets, "Show scrambles and passwords", NULL},
        {0},
    };
    const GOptionEntry decrypt[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->outputs, "The pcapng file to write; - is standard output", "FILE"},
        {"decompress", 0, 0, G_OPTION_ARG_NONE, &raw->decompress, "Take compression off, too", NULL},
        {"keep-ssl-flag", 0, 0, G_OPTION_ARG_NONE, &raw->keep_ssl_flag, "Leave CLIENT_SSL set in greetings and logins", NULL},
        {"mysql-only", 0, 0, G_OPTION_ARG_NONE, &raw->mysql_only, "Leave out packets of other traffic", NULL},
        {"show-secrets", 0, 0, G_OPTION_ARG_NONE, &raw->show_secrets, "Do not cover passwords in clear", NULL},
        {0},
    };
    GOptionContext *context = g_option_context_new(NULL);
    GString *summary = g_string_new(NULL);
    if (command) {
        g_string_printf(summary, "%s: %s.", command->name, command->help);
    } else {
        g_string_append(summary, "Reads MySQL and MariaDB traffic from pcap and pcapng files; - is standard input.\n\nCommands:");
        for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
            g_string_append_printf(summary, "\n  %-13s %s", commands[i].name, commands[i].help);
        g_string_append(summary, "\n\nWithout a command: summary. `mywire COMMAND --help` shows a command's options.");
    }
    g_option_context_set_summary(context, summary->str);
    g_option_context_set_description(context, "Exit status: 0 done, 1 findings, 2 usage error, 3 an input could not be read "
                                              "to its end, 4 evidence insufficient.\n");
    if (reads)
        g_option_context_add_main_entries(context, input, NULL);
    if (secrets)
        g_option_context_add_main_entries(context, keylogs, NULL);
    g_option_context_add_main_entries(context, decrypts ? decrypt : output, NULL);
    g_option_context_add_main_entries(context, common, NULL);
    if (command && command->run == run_packets)
        g_option_context_add_main_entries(context, packets, NULL);
    if (command && (command->run == run_commands || command->run == run_follow))
        g_option_context_add_main_entries(context, sql, NULL);
    if (command && command->run == run_follow)
        g_option_context_add_main_entries(context, follow, NULL);
    char *title = g_strdup_printf("mywire %s", command ? command->name : "[COMMAND]"); /* the usage line begins so */
    g_set_prgname(title);
    g_free(title);
    g_option_context_set_strict_posix(context, FALSE);
    g_string_free(summary, TRUE);
    return context;
}

/* -- running ------------------------------------------------------------------------------------------------------- */

enum cli_exit cli_usage(const char *sentence)
{
    return usage_error("%s", sentence);
}

enum cli_exit cli_error(enum cli_exit code, const char *sentence)
{
    cli_complain("%s", sentence);
    return code;
}

enum cli_exit cli_no_such_connection(uint64_t id, uint64_t connections)
{
    return usage_error("There is no MySQL connection %" G_GUINT64_FORMAT " among the %" G_GUINT64_FORMAT
                       " in the input; `mywire connections` shows their ids.",
                       id, connections);
}

/* follow ID FILE...: the first operand is no file. */
static bool take_connection(struct cli *cli, const struct raw_options *raw)
{
    guint64 id;
    if (!cli->files || !*cli->files || !g_ascii_string_to_unsigned(*cli->files, 10, 1, G_MAXUINT64, &id, NULL)) {
        usage_error("follow needs the id of a connection before the files; `mywire connections` shows ids.");
        return false;
    }
    if (raw->rows < 0) {
        usage_error("--rows %" G_GINT64_FORMAT ": a number of rows is not negative.", raw->rows);
        return false;
    }
    cli->files++;
    cli->connection = id;
    cli->rows = (uint64_t)raw->rows;
    return true;
}

/* secrets list|inject|strip FILE: the first operand is no file. */
static bool take_secrets_verb(struct cli *cli, const struct raw_options *raw)
{
    static const char *const verbs[] = {[SECRETS_LIST] = "list", [SECRETS_INJECT] = "inject", [SECRETS_STRIP] = "strip"};
    size_t verb = 0;
    while (verb < G_N_ELEMENTS(verbs) && cli->files && *cli->files && strcmp(*cli->files, verbs[verb]) != 0)
        verb++;
    if (!cli->files || !*cli->files || verb == G_N_ELEMENTS(verbs)) {
        usage_error("secrets needs to be told what to do: list, inject or strip.");
        return false;
    }
    cli->secrets_verb = verb;
    cli->files++;
    size_t outputs = raw->outputs ? g_strv_length(raw->outputs) : 0;
    if (*cli->files && cli->files[1])
        usage_error("secrets %s takes one file at a time, yet %s was given too.", verbs[verb], cli->files[1]);
    else if (verb == SECRETS_INJECT && !raw->keylogs)
        usage_error("secrets inject needs the key log: add -k FILE.");
    else if (verb != SECRETS_INJECT && raw->keylogs)
        usage_error("secrets %s takes no key log; -k is for inject.", verbs[verb]);
    else if (verb != SECRETS_LIST && outputs > 1)
        usage_error("secrets %s writes one file; -o was given %zu times.", verbs[verb], outputs);
    else {
        cli->capture_out = outputs ? raw->outputs[0] : NULL;
        return true;
    }
    return false;
}

/* Says what of the directories was not read. Returns whether each had a capture. */
static bool tell_directories(const struct cli *cli, const GArray *notes)
{
    bool all = true;
    for (guint i = 0; i < notes->len; i++) {
        const struct inputs_note *note = &g_array_index(notes, struct inputs_note, i);
        all = all && note->captures;
        if (!note->captures)
            cli_complain("The directory %s has no capture in it; name another one, or files.", note->directory);
        else if (note->others && !cli->quiet)
            cli_complain("In %s %u file%s left out: no capture%s.", note->directory, note->others,
                         note->others == 1 ? " is" : "s are", note->others == 1 ? "" : "s");
    }
    return all;
}

/* decrypt -o OUT FILE... */
static bool take_decrypt(struct cli *cli, const struct raw_options *raw)
{
    size_t outputs = raw->outputs ? g_strv_length(raw->outputs) : 0;
    if (outputs == 0)
        usage_error("decrypt needs the file to write: add -o FILE, or -o - for standard output.");
    else if (outputs > 1)
        usage_error("decrypt writes one file; -o was given %zu times.", outputs);
    else
        cli->capture_out = raw->outputs[0];
    return outputs == 1;
}

struct analysis_request cli_request(struct cli *cli, char *const *paths)
{
    return (struct analysis_request){.paths = paths,
                                     .filter = cli->filter,
                                     .ports = (const uint16_t *)(void *)cli->ports->data,
                                     .n_ports = cli->ports->len,
                                     .only_ports = cli->only_ports,
                                     .secrets = cli->secrets};
}

enum cli_exit cli_analyze(struct cli *cli, struct analysis *a, const struct conn_observer *observer)
{
    GArray *notes;
    char **paths = inputs_expand(cli->files, &notes);
    bool all = tell_directories(cli, notes);
    inputs_notes_free(notes);
    struct analysis_request request = cli_request(cli, paths);
    enum analysis_end end = analysis_run(a, &request, observer);
    g_strfreev(paths);
    if (end == ANALYSIS_USAGE) {
        usage_error("%s", a->error);
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

static enum cli_exit run(struct cli *cli, const struct cli_command *command, const struct raw_options *raw)
{
    cli->files = raw->files;
    cli->filter = raw->filter;
    cli->only_ports = raw->only_ports;
    cli->keylogs = raw->keylogs;
    cli->tls_keys = raw->tls_keys;
    cli->tls_key_password = raw->tls_key_password;
    cli->keylog_env = raw->keylog_env;
    cli->show_secrets = raw->show_secrets;
    cli->verbose_fields = raw->verbose_fields;
    cli->offsets = raw->offsets;
    cli->quiet = raw->quiet;
    cli->keep_ssl_flag = raw->keep_ssl_flag;
    cli->decompress = raw->decompress;
    cli->mysql_only = raw->mysql_only;
    enum { MAX_SQL = 65536 };
    if (!take_ports(cli, raw->ports) || !take_size("--max-sql", raw->max_sql, MAX_SQL, &cli->max_sql))
        return CLI_USAGE;
    if (raw->only_ports && cli->ports->len == 0)
        return usage_error("--only-ports needs the ports: add -p N.");
    if (command->run == run_follow && !take_connection(cli, raw))
        return CLI_USAGE;
    if (command->run == run_secrets && !take_secrets_verb(cli, raw))
        return CLI_USAGE;
    if (command->run == run_decrypt && !take_decrypt(cli, raw))
        return CLI_USAGE;
    if (command->takes_files && (!cli->files || !*cli->files))
        return usage_error("%s needs a capture file, or - for standard input.", command->name);
    if (!command->takes_files && cli->files && *cli->files)
        return usage_error("%s takes no file, yet %s was given.", command->name, *cli->files);
    if (command->takes_files && cli_load_keys(cli) != CLI_OK)
        return CLI_USAGE;
    bool writes_capture =
        command->run == run_decrypt || (command->run == run_secrets && cli->secrets_verb != SECRETS_LIST);
    if (!writes_capture && !open_outputs(cli, command, raw)) {
        close_outputs(cli, false);
        return CLI_USAGE;
    }
    enum cli_exit result = command->run(cli);
    enum cli_exit written = close_outputs(cli, result != CLI_USAGE);
    return written != CLI_OK ? written : result;
}

static void free_options(struct raw_options *raw)
{
    char **lists[] = {raw->keylogs, raw->tls_keys, raw->ports, raw->outputs, raw->files};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        g_strfreev(lists[i]);
    g_free(raw->filter);
    g_free(raw->tls_key_password);
    g_free(raw->max_sql);
    g_free(raw->format);
    g_free(raw->color);
    g_free(raw->format_help);
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

/* GOption knows "-p 3306" only: makes two arguments of "-p3306". */
static char **split_short_options(char **argv)
{
    GPtrArray *out = g_ptr_array_new();
    bool options = true;
    for (char **a = argv; *a; a++) {
        const char *arg = *a;
        options = options && strcmp(arg, "--") != 0;
        if (options && arg[0] == '-' && arg[1] && arg[2] && strchr("kpfFo", arg[1])) {
            g_ptr_array_add(out, g_strndup(arg, 2));
            arg += 2;
        }
        g_ptr_array_add(out, g_strdup(arg));
    }
    g_ptr_array_add(out, NULL);
    return (char **)g_ptr_array_free(out, FALSE);
}

int cli_main(int argc, char **argv)
{
    (void)argc;
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of write(), not the end of the program */
    char **args = split_short_options(argv);
    struct raw_options raw = {0};
    struct cli cli = {0};
    enum cli_exit result;
    const struct cli_command *command = take_command(args);
    if (!command && is_no_command(args[1])) {
        result = usage_error("There is no command %s, nor a file of that name.", args[1]);
        g_strfreev(args);
        return result;
    }
    GOptionContext *context = make_context(command, &raw);
    GError *error = NULL;
    if (!g_option_context_parse_strv(context, &args, &error)) {
        result = usage_error("%s.", error->message);
        g_error_free(error);
    } else if (raw.version) {
        puts("mywire " MW_VERSION);
        result = CLI_OK;
    } else {
        result = run(&cli, command ? command : find_command("summary"), &raw);
    }
    g_option_context_free(context);
    g_strfreev(args);
    free_options(&raw);
    tls_secrets_free(cli.secrets);
    if (cli.ports)
        g_array_free(cli.ports, TRUE);
    if (cli.outputs)
        g_array_free(cli.outputs, TRUE);
    return result;
}
