/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire decrypt`: reads the inputs twice. The first time tells what can be opened, the second time writes. */
#include "analyzer/cli.h"
#include "analyzer/decrypt_capture.h"
#include "analyzer/output_file.h"
#include "analyzer/spool.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the first reading found. */
struct survey {
    const struct cli *cli;
    GHashTable *requests; /* ids of connections whose client asked for TLS */
    GHashTable *fates;    /* of MySQL connections by id: struct decrypt_fate */
    uint64_t opened, partly, closed, inflated;
    uint64_t x;                /* of the closed, those of the X Protocol … */
    uint64_t why[TLS_REASONS]; /* … and the others */
};

static void on_event(void *user, const struct connection *connection, const struct mw_event *event,
                     const struct items *items)
{
    struct survey *survey = user;
    (void)items;
    if (event->kind == MW_EVENT_SSL_REQUEST)
        g_hash_table_add(survey->requests, g_memdup2(&connection->id, sizeof connection->id));
}

static void on_closed(void *user, struct connection *c)
{
    struct survey *survey = user;
    const struct cli *cli = survey->cli;
    bool opened = c->tls && c->inside_tls.opened != TLS_OPENED_NONE && c->protocol == PROTOCOL_MYSQL;
    bool inflate = cli->decompress && c->compression != COMPRESSION_NONE && (opened || !c->tls);
    bool asked = g_hash_table_remove(survey->requests, &c->id);
    survey->opened += opened;
    survey->partly += opened && c->inside_tls.opened == TLS_OPENED_PARTIAL;
    survey->closed += c->tls && !opened;
    if (c->tls && c->protocol == PROTOCOL_MYSQLX)
        survey->x++;
    else if (c->tls && !opened)
        survey->why[c->inside_tls.reason]++;
    survey->inflated += inflate;
    if (opened || inflate || cli->mysql_only) {
        struct decrypt_fate *fate = g_new0(struct decrypt_fate, 1);
        fate->changed = opened || inflate;
        fate->plan = (struct decrypt_plan){.tls = opened,
                                           .ssl_request = opened && asked,
                                           .keep_ssl_flag = cli->keep_ssl_flag,
                                           .decompress = inflate,
                                           .show_secrets = cli->show_secrets};
        g_hash_table_insert(survey->fates, g_memdup2(&c->id, sizeof c->id), fate);
    }
    connection_free(c);
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* Says what came off and what did not. */
static void tell(const struct cli *cli, const struct survey *survey, const struct analysis *a, uint64_t masked)
{
    if (cli->quiet)
        return;
    GString *text = g_string_new(NULL);
    if (survey->opened + survey->closed == 0) {
        if (a->connections)
            g_string_append(text, "No connection uses TLS; there was nothing to take off.");
    } else {
        g_string_append(text, "TLS was taken off ");
        if (survey->opened)
            g_string_append_printf(text, "%" G_GUINT64_FORMAT " connection%s", survey->opened, plural(survey->opened));
        else
            g_string_append(text, "no connection");
        if (survey->partly)
            g_string_append_printf(text, ", %" G_GUINT64_FORMAT " of them in part: what was not opened is missing",
                                   survey->partly);
        g_string_append_c(text, '.');
    }
    if (text->len)
        cli_complain("%s", text->str);
    if (survey->closed) {
        cli_complain("%" G_GUINT64_FORMAT " connection%s stay%s encrypted and went through unchanged%s", survey->closed,
                     plural(survey->closed), survey->closed == 1 ? "s" : "",
                     cli->keys_given ? "; why:" : "; a key log opens them: -k FILE. Why:");
        for (size_t i = 0; i < TLS_REASONS; i++)
            if (survey->why[i])
                cli_complain("  %" G_GUINT64_FORMAT ": %s", survey->why[i], tls_reason_sentence(i));
        if (survey->x)
            cli_complain("  %" G_GUINT64_FORMAT ": the X Protocol, which is not written anew", survey->x);
    }
    if (survey->inflated)
        cli_complain("%" G_GUINT64_FORMAT " connection%s decompressed.", survey->inflated,
                     survey->inflated == 1 ? " was" : "s were");
    if (masked)
        cli_complain("%" G_GUINT64_FORMAT " password%s in clear %s covered with asterisks; --show-secrets leaves %s.",
                     masked, plural(masked), masked == 1 ? "is" : "are", masked == 1 ? "it" : "them");
    g_string_free(text, TRUE);
}

/* Writes the capture. */
static enum cli_exit write_capture(struct cli *cli, struct survey *survey, const struct analysis *first)
{
    struct output_file *out;
    enum cli_exit result = cli_open_capture(cli, &out);
    if (result != CLI_OK)
        return result;
    struct analysis *a = cli_analysis(cli);
    struct decrypt_capture *capture = decrypt_capture_new(output_file_sink(out), survey->fates, cli->mysql_only);
    char **paths = g_new0(char *, first->inputs->len + 1); /* directories have become files by now */
    for (guint i = 0; i < first->inputs->len; i++)
        paths[i] = g_array_index(first->inputs, struct analysis_input, i).path;
    enum analysis_end end = decrypt_capture_run(capture, a, cli_request(cli, paths));
    g_free(paths);
    /* What the first reading found, this one finds again; an input that broke in between must be told. */
    bool changed = a->counters.packets != first->counters.packets;
    uint64_t masked = decrypt_capture_masked(capture);
    decrypt_capture_free(capture);
    analysis_free(a);
    if (changed)
        result =
            cli_error(CLI_INPUT, "The input changed while it was read; nothing was written. Copy it, then try again.");
    char *error = output_file_close(out, result == CLI_OK);
    if (error)
        result = cli_error(CLI_USAGE, error);
    else if (result == CLI_OK)
        tell(cli, survey, first, masked);
    g_free(error);
    return result == CLI_OK && end == ANALYSIS_INCOMPLETE ? CLI_INPUT : result;
}

/* Makes sure that the inputs can be read twice. */
static enum cli_exit prepare(struct cli *cli, struct spool *spool)
{
    char *error = NULL;
    enum cli_exit result = CLI_OK;
    for (char **path = cli->files; *path && !error; path++) {
        struct stat st;
        if (strcmp(*path, "-") == 0)
            error = spool_stdin(spool, cli->capture_out);
        else if (stat(*path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
            error = g_strdup_printf("%s is read twice, which a pipe or a device does not allow; give it as standard "
                                    "input, which is kept in a temporary file: mywire decrypt - < %s",
                                    *path, *path);
        if (error)
            result = cli_usage("%s", error);
    }
    g_free(error);
    return result;
}

enum cli_exit run_decrypt(struct cli *cli)
{
    struct survey survey = {.cli = cli,
                            .requests = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL),
                            .fates = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free)};
    const struct conn_observer observer = {.user = &survey, .event = on_event, .closed = on_closed};
    struct analysis *a = cli_analysis(cli);
    struct spool spool = {.fd = -1};
    enum cli_exit result = prepare(cli, &spool);
    if (result == CLI_OK)
        result = cli_analyze(cli, a, &observer);
    enum cli_exit read = result;
    /* A file that has not one packet is no capture to write. */
    bool readable = result == CLI_OK || (result == CLI_INPUT && a->counters.packets > 0);
    if (readable) {
        spool_rewind(&spool);
        result = write_capture(cli, &survey, a);
    }
    analysis_free(a);
    g_hash_table_destroy(survey.requests);
    g_hash_table_destroy(survey.fates);
    return result == CLI_OK ? read : result;
}
