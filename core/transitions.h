/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The transition table's rows as data. Private to the core. */
#ifndef MYWIRE_TRANSITIONS_H
#define MYWIRE_TRANSITIONS_H

#include "mywire/message.h"

enum condition {
    IF_ALWAYS,
    IF_MORE,
    IF_CURSOR,
    IF_EOF_NEXT,
    IF_DEFS,
    IF_PARAMS,
    IF_PARAMS_EOF,
    IF_COLUMNS,
    IF_COLUMNS_EOF,
    IF_FAST,
    IF_WAITING,
    IF_QUIT,
    IF_STREAM
};

enum effect {
    DO_NOTHING,
    DO_GREET,
    DO_TLS,
    DO_LOGIN,
    DO_SWITCH,
    DO_MORE,
    DO_ANSWER,
    DO_WELCOME,
    DO_REJECT,
    DO_CHANGED,
    DO_PUSH,
    DO_FILE,
    DO_REPLY,
    DO_POP,
    DO_END
};

/* Besides the phases themselves. */
enum { TO_KEEP = MW_PHASE_COUNT, TO_NEXT };

struct transition {
    uint8_t phase, kind, condition, client, server, effect;
};

/** The rows of a phase, which stand together in the table; sets their number. */
const struct transition *transition_rows(enum mw_phase phase, size_t *count);

#endif
