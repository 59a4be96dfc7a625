/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What results do not tell when others are to read them: literals (--redact), names and addresses (--anonymize). Records are changed
 * before anything is made of them, so every command and format is covered. */
#ifndef ANALYZER_PRIVACY_H
#define ANALYZER_PRIVACY_H

#include "analyzer/anonymizer.h"
#include "analyzer/command.h"

/** All zero: everything is told. */
struct privacy {
    bool redact;                   /**< literals become ?; so do values of parameters, attributes and session changes */
    struct anonymizer *anonymizer; /**< addresses and names are replaced; or NULL. Goes with `redact` */
};

/** Changes the record of a connection: addresses, user, database, SNI and certificate, the error message, and the values of
 * attributes but for those that say what software it is. */
void privacy_connection(const struct privacy *privacy, struct connection *c);

/** Changes the record of a command: its text, values and message, session changes, names of columns that can be literals; user,
 * database, and names in the message. Names inside statements stay, but that of USE. */
void privacy_command(const struct privacy *privacy, struct command *c);

#endif
