/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of the command line: what GOption knows of them, and what is made of them. */
#ifndef ANALYZER_CLI_OPTIONS_H
#define ANALYZER_CLI_OPTIONS_H

#include "analyzer/cli.h"
#include "analyzer/privileges.h"

/** Makes two arguments of "-p3306", because GOption knows "-p 3306" only. The caller frees the copy with g_strfreev(). */
char **cli_options_split(char **argv);

/** What GOption needs to fill in `cli` for a command; `summary` is the one's sentence, or the list of commands. */
GOptionContext *cli_options_context(const struct cli_command *command, const char *summary, struct cli *cli);

/** Takes what was filled in: numbers, sizes, keys, outputs. Returns CLI_OK, or CLI_USAGE after what is wrong was said. */
enum cli_exit cli_options_take(struct cli *cli, const struct cli_command *command);

/** Frees what `cli` owns, but for open outputs. */
void cli_options_free(struct cli *cli);

/** A number of bytes: 1000, 64K, 16M, 1G; `usual` where `text` is NULL. False: what is wrong was said. */
bool cli_take_size(const char *option, const char *text, uint64_t usual, uint64_t *size);

/** Opens the interfaces of `live` before outputs are opened, and gives up privileges as far as files are those of
 * `who`'s user; cli_live_settle() gives up the rest. Both return CLI_OK, or what is wrong has been said. */
enum cli_exit cli_live_open(struct cli *cli, struct privileges *who);
enum cli_exit cli_live_settle(struct privileges *who);

/* What only some commands have. */
bool cli_take_connection(struct cli *cli);   /**< follow ID FILE... */
bool cli_take_secrets_verb(struct cli *cli); /**< secrets list|inject|strip FILE */
bool cli_take_diff(struct cli *cli);         /**< diff BASE NEW */
bool cli_take_by(struct cli *cli);           /**< handshakes --by FACT,… */
bool cli_take_live(struct cli *cli);         /**< live -i IFACE... */
bool cli_take_decrypt(struct cli *cli);      /**< decrypt -o OUT FILE... */
bool cli_take_policy(struct cli *cli);       /**< check --policy P FILE... */

#endif
