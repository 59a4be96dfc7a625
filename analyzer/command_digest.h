/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The digests of commands: texts without literals, made of the bytes on the wire and the session's modes. */
#ifndef ANALYZER_COMMAND_DIGEST_H
#define ANALYZER_COMMAND_DIGEST_H

#include "analyzer/command.h"

/** What of the last texts is remembered, so that those that come again, as prepared ones do, are not read again. */
struct command_digester;

struct command_digester *command_digester_new(void);
void command_digester_free(struct command_digester *digester);

/** Sets the digest of a command whose `sql` is set. `text` are its bytes, `mode` what is known of the session but for the character
 * set, which is that of `collation`. `whole`: none are missing; else there is a digest only if none of them counts. */
void command_digester_take(struct command_digester *digester, struct command *c, const struct sql_mode *mode, uint16_t collation,
                           struct mw_slice text, bool whole);

#endif
