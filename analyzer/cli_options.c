/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/cli_options.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

char **cli_options_split(char **argv)
{
    GPtrArray *out = g_ptr_array_new();
    bool options = true;
    for (char **a = argv; *a; a++) {
        const char *arg = *a;
        options = options && strcmp(arg, "--") != 0;
        if (options && arg[0] == '-' && arg[1] && arg[2] && strchr("kpfFoic", arg[1])) {
            g_ptr_array_add(out, g_strndup(arg, 2));
            arg += 2;
        }
        g_ptr_array_add(out, g_strdup(arg));
    }
    g_ptr_array_add(out, NULL);
    return (char **)g_ptr_array_free(out, FALSE);
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

/* An array of entries for GOption, which copies it. */
#define ENTRIES(...) (const GOptionEntry[]){__VA_ARGS__, {0}}

GOptionContext *cli_options_context(const struct cli_command *command, const char *summary, struct cli *cli)
{
    const struct diff_thresholds usual = diff_thresholds_default();
    cli->text.format_help = format_list(command);
    cli->min_count = (gint64)usual.min_count;
    cli->min_samples = (gint64)usual.min_samples;
    cli->min_slowdown = usual.min_slowdown_us;
    cli->max_slowdown = 100 * usual.max_slowdown;
    cli->max_share_change = 100 * usual.max_share_change;
    const struct {
        unsigned group; /* 0: every command's */
        const GOptionEntry *entries;
    } groups[] = {
        {OPTIONS_INPUT, ENTRIES(
            {"keylog", 'k', 0, G_OPTION_ARG_FILENAME_ARRAY, &cli->keylogs, "TLS key log (SSLKEYLOGFILE format); repeatable", "FILE"},
            {"keylog-env", 0, 0, G_OPTION_ARG_NONE, &cli->keylog_env, "Read the key log that SSLKEYLOGFILE names", NULL},
            {"tls-key", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &cli->tls_keys, "RSA private key of a server (PEM, DER, PKCS#12, pkcs11:); repeatable", "FILE"},
            {"tls-key-password", 0, 0, G_OPTION_ARG_FILENAME, &cli->tls_key_password, "File with the password or PIN of --tls-key", "FILE"},
            {"port", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &cli->text.ports, "MySQL speaks on this port; repeatable", "N"},
            {"only-ports", 0, 0, G_OPTION_ARG_NONE, &cli->only_ports, "Look for MySQL on the ports of -p only", NULL},
            {"filter", 'f', 0, G_OPTION_ARG_STRING, &cli->filter, "Read only packets that match (pcap-filter(7))", "BPF"},
            {"max-memory", 0, 0, G_OPTION_ARG_STRING, &cli->text.max_memory, "Fit all limits into this much memory, 64M at least", "SIZE"})},
        {OPTIONS_PASSWORDS, ENTRIES(
            {"passwords", 0, 0, G_OPTION_ARG_FILENAME, &cli->passwords_file, "Check logins against the passwords in a file of USER:PASSWORD lines", "FILE"})},
        {OPTIONS_TAIL, ENTRIES(
            {"tail", 0, 0, G_OPTION_ARG_NONE, &cli->tail, "Follow the last file while it is written; Ctrl-C ends it", NULL})},
        {OPTIONS_LIVE, ENTRIES(
            {"interface", 'i', 0, G_OPTION_ARG_STRING_ARRAY, &cli->live.interfaces, "Take packets from this one; any is all; repeatable", "IFACE"},
            {"list-interfaces", 0, 0, G_OPTION_ARG_NONE, &cli->live.list, "Show which interfaces there are", NULL},
            {"interval", 0, 0, G_OPTION_ARG_INT64, &cli->live.interval, "Draw anew every so many seconds, 2 unless told; ndjson: a line of status", "SECONDS"},
            {"for", 0, 0, G_OPTION_ARG_INT64, &cli->live.seconds, "Stop after so many seconds", "SECONDS"},
            {"count", 'c', 0, G_OPTION_ARG_INT64, &cli->live.packets, "Stop after so many packets", "N"},
            {"records", 0, 0, G_OPTION_ARG_STRING, &cli->live.records, "ndjson: connections, commands, both unless told, or none", "KINDS"},
            {"snaplen", 0, 0, G_OPTION_ARG_INT64, &cli->live.snaplen, "Bytes taken of each packet, 262144 unless told", "N"},
            {"ring", 0, 0, G_OPTION_ARG_STRING, &cli->live.ring, "Kernel's buffer for each interface, 16M unless told", "SIZE"},
            {"promiscuous", 0, 0, G_OPTION_ARG_NONE, &cli->live.promiscuous, "Take packets for others too: of a mirror port", NULL},
            {"user", 0, 0, G_OPTION_ARG_STRING, &cli->live.user, "Become this user once interfaces are open", "NAME"})},
        {OPTIONS_SECRETS, ENTRIES(
            {"keylog", 'k', 0, G_OPTION_ARG_FILENAME_ARRAY, &cli->keylogs, "inject: the TLS key log (SSLKEYLOGFILE format); repeatable", "FILE"})},
        {OPTIONS_DECRYPT, ENTRIES(
            {"output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &cli->text.outputs, "The pcapng file to write; - is standard output", "FILE"},
            {"decompress", 0, 0, G_OPTION_ARG_NONE, &cli->decompress, "Take compression off, too", NULL},
            {"keep-ssl-flag", 0, 0, G_OPTION_ARG_NONE, &cli->keep_ssl_flag, "Leave CLIENT_SSL set in greetings and logins", NULL},
            {"mysql-only", 0, 0, G_OPTION_ARG_NONE, &cli->mysql_only, "Leave out packets of other traffic", NULL},
            {"show-secrets", 0, 0, G_OPTION_ARG_NONE, &cli->show_secrets, "Do not cover passwords in clear", NULL})},
        {OPTIONS_OUTPUT, ENTRIES(
            {"format", 'F', 0, G_OPTION_ARG_STRING, &cli->text.format, cli->text.format_help, "FORMAT"},
            {"output", 'o', 0, G_OPTION_ARG_FILENAME_ARRAY, &cli->text.outputs, "Write to a file; repeatable, each with its own format", "[FORMAT:]FILE"},
            {"color", 0, 0, G_OPTION_ARG_STRING, &cli->text.color, "auto, always or never", "WHEN"})},
        {0, ENTRIES(
            {"quiet", 'q', 0, G_OPTION_ARG_NONE, &cli->quiet, "No remarks on stderr; errors are still told", NULL},
            {"version", 0, 0, G_OPTION_ARG_NONE, &cli->version, "Print the version", NULL},
            {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &cli->text.operands, NULL, command->operands})},
        {OPTIONS_PACKETS, ENTRIES(
            {"verbose", 'V', 0, G_OPTION_ARG_NONE, &cli->verbose_fields, "All fields of each packet", NULL},
            {"offsets", 0, 0, G_OPTION_ARG_NONE, &cli->offsets, "Offset and length of each field", NULL},
            {"show-secrets", 0, 0, G_OPTION_ARG_NONE, &cli->show_secrets, "Show scrambles and passwords", NULL})},
        {OPTIONS_SQL, ENTRIES(
            {"max-sql", 0, 0, G_OPTION_ARG_STRING, &cli->text.max_sql, "Bytes shown of a statement, 64K unless told, 256K at most", "SIZE"})},
        {OPTIONS_PRIVACY, ENTRIES(
            {"redact", 0, 0, G_OPTION_ARG_NONE, &cli->redact, "No literals: ? stands for each in statements, parameters and errors", NULL},
            {"anonymize", 0, 0, G_OPTION_ARG_FILENAME, &cli->anonymize, "Other addresses and names, the same for the same key; with --redact", "KEYFILE"})},
        {OPTIONS_HANDSHAKES, ENTRIES(
            {"by", 0, 0, G_OPTION_ARG_STRING, &cli->text.by, "An inventory for each value of these facts: user, program, server_version …", "FACT,..."})},
        {OPTIONS_DIFF, ENTRIES(
            {"ignore", 0, 0, G_OPTION_ARG_STRING, &cli->text.ignore, "Do not compare these facts: user, program, tls_cipher …", "FACT,..."},
            {"also", 0, 0, G_OPTION_ARG_STRING, &cli->text.also, "Compare these too: client_ip, server, state …", "FACT,..."},
            {"allow-vanished", 0, 0, G_OPTION_ARG_NONE, &cli->allow_vanished, "What is only in BASE is no finding", NULL},
            {"min-count", 0, 0, G_OPTION_ARG_INT64, &cli->min_count, "Values that occur less often are left out; 1 unless told", "N"},
            {"max-share-change", 0, 0, G_OPTION_ARG_DOUBLE, &cli->max_share_change, "How much a share may change, in points; 20 unless told", "POINTS"},
            {"max-slowdown", 0, 0, G_OPTION_ARG_DOUBLE, &cli->max_slowdown, "How much longer a time may get; 25 unless told", "PERCENT"},
            {"min-slowdown", 0, 0, G_OPTION_ARG_INT64, &cli->min_slowdown, "Times that grow by less are let pass; 500 unless told", "MICROSECONDS"},
            {"min-samples", 0, 0, G_OPTION_ARG_INT64, &cli->min_samples, "Times of fewer are not judged; 20 unless told", "N"})},
        {OPTIONS_CHECK, ENTRIES(
            {"policy", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &cli->policies, "The policy: a file, or the name of a built-in one", "POLICY"},
            {"list-policies", 0, 0, G_OPTION_ARG_NONE, &cli->list_policies, "The built-in policies", NULL},
            {"show-policy", 0, 0, G_OPTION_ARG_STRING, &cli->show_policy, "Print a built-in policy", "NAME"},
            {"make-policy", 0, 0, G_OPTION_ARG_NONE, &cli->make_policy, "Write the policy that a good capture satisfies", NULL})},
        {OPTIONS_FOLLOW, ENTRIES(
            {"rows", 0, 0, G_OPTION_ARG_INT64, &cli->rows, "Show the first N rows of each result", "N"},
            {"show-secrets", 0, 0, G_OPTION_ARG_NONE, &cli->show_secrets, "Show scrambles and passwords", NULL})},
    };
    GOptionContext *context = g_option_context_new(NULL);
    g_option_context_set_summary(context, summary);
    g_option_context_set_description(context, "Exit status: 0 done, 1 findings, 2 usage error, 3 an input could not be read "
                                              "to its end, 4 evidence insufficient.\n");
    for (size_t i = 0; i < G_N_ELEMENTS(groups); i++)
        if (groups[i].group == 0 || command->options & groups[i].group)
            g_option_context_add_main_entries(context, groups[i].entries, NULL);
    g_option_context_set_strict_posix(context, FALSE);
    return context;
}

/* -- taking them ---------------------------------------------------------------------------------------------------- */

static bool take_ports(struct cli *cli, char **ports)
{
    cli->ports = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    for (; ports && *ports; ports++) {
        guint64 n;
        if (!g_ascii_string_to_unsigned(*ports, 10, 1, 65535, &n, NULL)) {
            cli_usage("-p %s: a port is a number from 1 to 65535.", *ports);
            return false;
        }
        uint16_t port = (uint16_t)n;
        g_array_append_val(cli->ports, port);
    }
    return true;
}

bool cli_take_size(const char *option, const char *text, uint64_t usual, uint64_t *size)
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
        cli_usage("%s %s: a size is a number of bytes, perhaps with K, M or G behind it.", option, text);
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
        cli_usage("--color %s: auto, always or never.", name);
    return !name;
}

static bool check_format(const struct cli_command *command, enum format format, const char *given)
{
    if (format != FORMAT_COUNT && command->formats & FORMAT_BIT(format))
        return true;
    char *list = format_list(command);
    cli_usage("%s has no format %s; it has: %s.", command->name, given, list);
    g_free(list);
    return false;
}

/* -o [FORMAT:]FILE. Without a known format before the colon the whole is a file name. */
static bool open_outputs(struct cli *cli, const struct cli_command *command)
{
    enum color_mode color;
    cli->outputs = g_array_new(FALSE, TRUE, sizeof(struct output));
    if (!take_color(cli->text.color, &color))
        return false;
    /* What comes while nobody looks is for programs. */
    bool looked_at = !cli->text.outputs && isatty(STDOUT_FILENO);
    enum format usual = command->options & OPTIONS_LIVE && !looked_at ? FORMAT_NDJSON : FORMAT_TEXT;
    if (cli->text.format) {
        usual = format_from(cli->text.format, strlen(cli->text.format));
        if (!check_format(command, usual, cli->text.format))
            return false;
    }
    char *to_stdout[] = {NULL, NULL};
    char **paths = cli->text.outputs ? cli->text.outputs : to_stdout;
    size_t n = cli->text.outputs ? g_strv_length(cli->text.outputs) : 1;
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
        char *error = output_open(&out, format, path, cli->lasts ? OUTPUT_AT_ONCE : OUTPUT_WHOLE, color);
        if (error) {
            cli_usage("%s", error);
            g_free(error);
            return false;
        }
        g_array_append_val(cli->outputs, out);
    }
    return true;
}

/* follow ID FILE...: the first operand is no file. */
bool cli_take_connection(struct cli *cli)
{
    guint64 id;
    if (!cli->files || !*cli->files || !g_ascii_string_to_unsigned(*cli->files, 10, 1, G_MAXUINT64, &id, NULL)) {
        cli_usage("follow needs the id of a connection before the files; `mywire connections` shows ids.");
        return false;
    }
    if (cli->rows < 0) {
        cli_usage("--rows %" G_GINT64_FORMAT ": a number of rows is not negative.", cli->rows);
        return false;
    }
    cli->files++;
    cli->connection = id;
    return true;
}

/* secrets list|inject|strip FILE: the first operand is no file. */
bool cli_take_secrets_verb(struct cli *cli)
{
    static const char *const verbs[] = {[SECRETS_LIST] = "list", [SECRETS_INJECT] = "inject", [SECRETS_STRIP] = "strip"};
    size_t verb = 0;
    while (verb < G_N_ELEMENTS(verbs) && cli->files && *cli->files && strcmp(*cli->files, verbs[verb]) != 0)
        verb++;
    if (!cli->files || !*cli->files || verb == G_N_ELEMENTS(verbs)) {
        cli_usage("secrets needs to be told what to do: list, inject or strip.");
        return false;
    }
    cli->secrets_verb = verb;
    cli->files++;
    size_t outputs = cli->text.outputs ? g_strv_length(cli->text.outputs) : 0;
    if (*cli->files && cli->files[1])
        cli_usage("secrets %s takes one file at a time, yet %s was given too.", verbs[verb], cli->files[1]);
    else if (verb == SECRETS_INJECT && !cli->keylogs)
        cli_usage("secrets inject needs the key log: add -k FILE.");
    else if (verb != SECRETS_INJECT && cli->keylogs)
        cli_usage("secrets %s takes no key log; -k is for inject.", verbs[verb]);
    else if (verb != SECRETS_LIST && outputs > 1)
        cli_usage("secrets %s writes one file; -o was given %zu times.", verbs[verb], outputs);
    else {
        cli->writes_capture = verb != SECRETS_LIST;
        cli->capture_out = outputs ? cli->text.outputs[0] : NULL;
        return true;
    }
    return false;
}

/* Switches the facts of a list on or off. */
static bool take_facts(const char *option, const char *list, bool facts[DIFF_FACTS], bool on)
{
    char **names = list ? g_strsplit(list, ",", -1) : NULL;
    bool good = true;
    for (char **name = names; good && name && *name; name++) {
        enum diff_fact fact = diff_fact_from(*name, strlen(*name));
        good = fact != DIFF_FACTS;
        if (good) {
            facts[fact] = on;
            continue;
        }
        GString *known = g_string_new(NULL);
        for (int f = 0; f < DIFF_FACTS; f++)
            g_string_append_printf(known, "%s%s", f ? ", " : "", diff_fact_key(f));
        cli_usage("%s %s: \"%s\" is no fact; there are %s.", option, list, *name, known->str);
        g_string_free(known, TRUE);
    }
    g_strfreev(names);
    return good;
}

/* diff BASE NEW */
bool cli_take_diff(struct cli *cli)
{
    if (!cli->files || g_strv_length(cli->files) != 2) {
        cli_usage("diff needs two results, the base and the new one, as `mywire handshakes -F json` writes them.");
        return false;
    }
    if (strcmp(cli->files[0], "-") == 0 && strcmp(cli->files[1], "-") == 0) {
        cli_usage("diff cannot read both results from standard input.");
        return false;
    }
    const struct {
        const char *option;
        double value;
    } numbers[] = {{"--min-count", (double)cli->min_count},       {"--min-samples", (double)cli->min_samples},
                   {"--min-slowdown", (double)cli->min_slowdown}, {"--max-slowdown", cli->max_slowdown},
                   {"--max-share-change", cli->max_share_change}};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (!(numbers[i].value >= 0)) {
            cli_usage("%s %g: a threshold is not negative.", numbers[i].option, numbers[i].value);
            return false;
        }
    cli->thresholds = diff_thresholds_default();
    cli->thresholds.allow_vanished = cli->allow_vanished;
    cli->thresholds.min_count = (uint64_t)cli->min_count;
    cli->thresholds.min_samples = (uint64_t)cli->min_samples;
    cli->thresholds.min_slowdown_us = cli->min_slowdown;
    cli->thresholds.max_slowdown = cli->max_slowdown / 100;
    cli->thresholds.max_share_change = cli->max_share_change / 100;
    return take_facts("--ignore", cli->text.ignore, cli->thresholds.facts, false) &&
           take_facts("--also", cli->text.also, cli->thresholds.facts, true);
}

/* A fact of --by that is none, once too often, or one too many: false, and it was said. */
static bool take_by_fact(struct cli *cli, const char *name)
{
    enum handshake_fact fact = handshake_fact_from(name, strlen(name));
    bool again = false;
    for (size_t i = 0; i < cli->n_by; i++)
        again = again || cli->by[i] == fact;
    if (fact == HANDSHAKE_FACTS) {
        GString *known = g_string_new(NULL);
        for (int f = 0; f < HANDSHAKE_FACTS; f++)
            g_string_append_printf(known, "%s%s", f ? ", " : "", handshake_fact_key(f));
        cli_usage("--by %s: \"%s\" is no fact; there are %s.", cli->text.by, name, known->str);
        g_string_free(known, TRUE);
    } else if (again) {
        cli_usage("--by %s: %s stands there twice.", cli->text.by, name);
    } else if (cli->n_by == HANDSHAKE_BY_MAX) {
        cli_usage("--by %s: %d facts at once are the most.", cli->text.by, HANDSHAKE_BY_MAX);
    } else {
        cli->by[cli->n_by++] = fact;
        return true;
    }
    return false;
}

/* handshakes --by user,program */
bool cli_take_by(struct cli *cli)
{
    char **names = cli->text.by ? g_strsplit(cli->text.by, ",", -1) : NULL;
    bool good = !names || *names;
    if (!good)
        cli_usage("--by needs a fact, as in --by user,program.");
    for (char **name = names; good && name && *name; name++)
        good = take_by_fact(cli, *name);
    g_strfreev(names);
    return good;
}

/* decrypt -o OUT FILE... */
bool cli_take_decrypt(struct cli *cli)
{
    size_t outputs = cli->text.outputs ? g_strv_length(cli->text.outputs) : 0;
    cli->writes_capture = true;
    if (outputs == 0)
        cli_usage("decrypt needs the file to write: add -o FILE, or -o - for standard output.");
    else if (outputs > 1)
        cli_usage("decrypt writes one file; -o was given %zu times.", outputs);
    else
        cli->capture_out = cli->text.outputs[0];
    return outputs == 1;
}

/* check --policy P FILE..., or one of its other three uses. */
bool cli_take_policy(struct cli *cli)
{
    int uses = !!cli->policies + !!cli->show_policy + !!cli->make_policy + !!cli->list_policies;
    char *error = NULL;
    cli->needs_no_file = cli->show_policy || cli->list_policies;
    if (uses == 0)
        cli_usage("check needs a policy: add --policy FILE or --policy NAME; --list-policies lists what is built in.");
    else if (uses > 1)
        cli_usage("--policy, --show-policy, --list-policies and --make-policy do not go together.");
    else if (cli->policies && cli->policies[1])
        cli_usage("check takes one policy at a time, yet --policy %s was given too.", cli->policies[1]);
    else if (cli->needs_no_file && cli->files && *cli->files)
        cli_usage("%s takes no file, yet %s was given.", cli->show_policy ? "--show-policy" : "--list-policies", *cli->files);
    else if (cli->show_policy && !policy_builtin_find(cli->show_policy))
        cli_usage("--show-policy %s: there is no built-in policy of that name; --list-policies lists them.", cli->show_policy);
    else if (cli->policies && !(cli->policy = policy_load(cli->policies[0], &error)))
        cli_usage("--policy %s", error);
    else
        return true;
    g_free(error);
    return false;
}

/* Interfaces need privileges, outputs should not have them. */
static enum cli_exit open_live(struct cli *cli, const struct cli_command *command)
{
    struct privileges who;
    if (cli->text.format && !check_format(command, format_from(cli->text.format, strlen(cli->text.format)), cli->text.format))
        return CLI_USAGE;
    enum cli_exit result = cli_live_open(cli, &who);
    if (result == CLI_OK && !open_outputs(cli, command))
        result = CLI_USAGE;
    return result == CLI_OK ? cli_live_settle(&who) : result;
}

static bool take_privacy(struct cli *cli)
{
    char *error = NULL;
    cli->privacy.redact = cli->redact || cli->anonymize;
    if (!cli->anonymize)
        return true;
    cli->privacy.anonymizer = anonymizer_read(cli->anonymize, &error);
    if (error)
        cli_usage("--anonymize %s", error);
    g_free(error);
    return cli->privacy.anonymizer != NULL;
}

enum cli_exit cli_options_take(struct cli *cli, const struct cli_command *command)
{
    enum { MAX_SQL = 65536 };
    cli->files = cli->text.operands;
    cli->lasts = cli->tail || command->options & OPTIONS_LIVE;
    if (!take_ports(cli, cli->text.ports) || !cli_take_size("--max-sql", cli->text.max_sql, MAX_SQL, &cli->max_sql) ||
        !cli_take_size("--max-memory", cli->text.max_memory, 0, &cli->max_memory))
        return CLI_USAGE;
    if (cli->max_memory && cli->max_memory < LIMITS_MEMORY_MIN)
        return cli_usage("--max-memory %s: 64M is the least.", cli->text.max_memory);
    if (cli->only_ports && cli->ports->len == 0)
        return cli_usage("--only-ports needs the ports: add -p N.");
    if (command->take && !command->take(cli))
        return CLI_USAGE;
    if (!take_privacy(cli))
        return CLI_USAGE;
    if (command->operands && !cli->needs_no_file && (!cli->files || !*cli->files))
        return cli_usage("%s needs a capture file, or - for standard input.", command->name);
    if (!command->operands && cli->files && *cli->files)
        return cli_usage("%s takes no file, yet %s was given.", command->name, *cli->files);
    bool reads = command->operands || command->options & OPTIONS_LIVE;
    if (reads && (cli_load_keys(cli) != CLI_OK || cli_load_passwords(cli) != CLI_OK))
        return CLI_USAGE;
    if (command->options & OPTIONS_LIVE && !cli->live.list)
        return open_live(cli, command);
    return cli->writes_capture || open_outputs(cli, command) ? CLI_OK : CLI_USAGE;
}

void cli_options_free(struct cli *cli)
{
    char **lists[] = {cli->policies, cli->keylogs, cli->tls_keys, cli->text.ports, cli->text.outputs, cli->text.operands};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        g_strfreev(lists[i]);
    policy_free(cli->policy);
    char *texts[] = {cli->show_policy, cli->filter,      cli->tls_key_password, cli->passwords_file,
                     cli->text.max_sql, cli->text.max_memory, cli->text.by, cli->text.ignore, cli->text.also,
                     cli->live.ring,    cli->live.user,       cli->live.records,
                     cli->text.format,  cli->text.color,      cli->text.format_help};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(cli->live.interfaces);
    if (cli->live.opened)
        interfaces_close(cli->live.opened);
    g_free(cli->anonymize);
    anonymizer_free(cli->privacy.anonymizer);
    tls_secrets_free(cli->secrets);
    passwords_free(cli->passwords);
    if (cli->ports)
        g_array_free(cli->ports, TRUE);
    if (cli->outputs)
        g_array_free(cli->outputs, TRUE);
}
