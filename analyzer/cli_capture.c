/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The capture that a command writes. */
#include "analyzer/cli.h"

#include <string.h>
#include <unistd.h>

enum cli_exit cli_open_capture(const struct cli *cli, struct output_file **out)
{
    const char *path = cli->capture_out;
    if ((!path || strcmp(path, "-") == 0) && isatty(STDOUT_FILENO))
        return cli_usage("The capture that comes out is nothing for a terminal; name a file with -o, or use a pipe.");
    char *error = output_file_open(out, path);
    enum cli_exit result = error ? cli_error(CLI_USAGE, error) : CLI_OK;
    g_free(error);
    return result;
}
