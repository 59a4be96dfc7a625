/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys and passwords that the command line names: loaded before any input is read, so that a mistake in them is one of usage. */
#include "analyzer/cli.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/secret_memory.h"

enum { COMPLAINTS_SHOWN = 10 };

/* What was wrong with a key log. */
struct complaints {
    uint64_t n;
    struct {
        unsigned line;
        const char *why;
    } first[COMPLAINTS_SHOWN];
};

static void remember(void *user, const char *where, unsigned line, const char *why)
{
    (void)where;
    struct complaints *c = user;
    if (c->n < COMPLAINTS_SHOWN) {
        c->first[c->n].line = line;
        c->first[c->n].why = why;
    }
    c->n++;
}

/* Says what is wrong with a file of an option. */
static enum cli_exit refuse(const char *option, char *error)
{
    char *sentence = g_strdup_printf("%s %s", option, error);
    enum cli_exit result = cli_usage("%s", sentence);
    g_free(sentence);
    g_free(error);
    return result;
}

static enum cli_exit load_keylog(struct cli *cli, const char *option, const char *path)
{
    struct complaints c = {0};
    struct stat st;
    if (cli->lasts)
        tls_secrets_follow_keylog(cli->secrets, path);
    char *error = tls_secrets_read_keylog(cli->secrets, path, remember, &c);
    if (error && cli->lasts && stat(path, &st) == 0 && st.st_size == 0)
        g_clear_pointer(&error, g_free); /* nobody has written to it yet */
    if (error) { /* of a file that is no key log the first line says enough */
        if (c.n > 0 && !cli->quiet)
            cli_complain("%s line %u: %s", path, c.first[0].line, c.first[0].why);
        return refuse(option, error);
    }
    for (uint64_t i = 0; i < MIN(c.n, COMPLAINTS_SHOWN) && !cli->quiet; i++)
        cli_complain("%s line %u: %s; the other lines are used", path, c.first[i].line, c.first[i].why);
    if (c.n > COMPLAINTS_SHOWN && !cli->quiet)
        cli_complain("%s: %" G_GUINT64_FORMAT " more lines are wrong; the other lines are used", path,
                     c.n - COMPLAINTS_SHOWN);
    return CLI_OK;
}

/* `unlocked`: the errno of the refusal, or 0. */
static void tell_unlocked(const struct cli *cli, const char *what, int unlocked)
{
    if (unlocked && !cli->quiet)
        cli_complain(
            "The memory for %s cannot be locked (%s), so they may reach the swap space; raise the limit with "
            "`ulimit -l`, or run where there is no swap.",
            what, g_strerror(unlocked));
}

enum cli_exit cli_load_keys(struct cli *cli)
{
    cli->secrets = tls_secrets_new(limits_default().tls_secrets);
    if (cli->tls_key_password && !cli->tls_keys)
        return cli_usage("--tls-key-password is for a key: add --tls-key FILE.");
    if (cli->tls_key_password && g_access(cli->tls_key_password, R_OK) != 0)
        return refuse("--tls-key-password",
                      g_strdup_printf("%s: the file cannot be read: %s.", cli->tls_key_password, g_strerror(errno)));
    const char *from_environment = cli->keylog_env ? g_getenv("SSLKEYLOGFILE") : NULL;
    if (cli->keylog_env && (!from_environment || !*from_environment))
        return cli_usage("--keylog-env reads the file that the variable SSLKEYLOGFILE names, and it is not set.");
    cli->keys_given = cli->keylogs || cli->tls_keys || cli->keylog_env;
    if (!cli->keys_given)
        return CLI_OK;
    secret_memory_forbid_dumps();
    enum cli_exit result = CLI_OK;
    for (char **path = cli->keylogs; path && *path && result == CLI_OK; path++)
        result = load_keylog(cli, "--keylog", *path);
    if (from_environment && result == CLI_OK)
        result = load_keylog(cli, "--keylog-env", from_environment);
    for (char **path = cli->tls_keys; path && *path && result == CLI_OK; path++) {
        char *error = tls_secrets_read_key(cli->secrets, *path, cli->tls_key_password);
        if (error)
            result = refuse("--tls-key", error);
    }
    if (result == CLI_OK)
        tell_unlocked(cli, "keys", tls_secrets_unlocked(cli->secrets));
    return result;
}

enum cli_exit cli_load_passwords(struct cli *cli)
{
    if (!cli->passwords_file)
        return CLI_OK;
    const struct limits limits = limits_default();
    secret_memory_forbid_dumps();
    cli->passwords = passwords_new(&limits);
    char *error = passwords_read(cli->passwords, cli->passwords_file);
    if (error)
        return refuse("--passwords", error);
    tell_unlocked(cli, "passwords", passwords_unlocked(cli->passwords));
    return CLI_OK;
}
