/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session seen from its middle: what both sides agreed on shows in what they send. Each rule looks for bytes that
 * cannot be there under the capabilities guessed until now, and that the capability it adds explains. */
#include <string.h>

#include "core/session_state.h"

enum { EOF_BYTES = 5, EOF_HEADER = 0xfe, ERR_HEADER = 0xff };

static void add_caps(struct mw_session *s, uint64_t set, uint64_t clear)
{
    session_set_caps(s, (s->ctx[MW_CLIENT].caps & ~clear) | set);
}

/* The oldest command's reply is over. */
static void finish(struct mw_session *s)
{
    struct step t = {.s = s};
    struct mw_exchange *e = exchange_head(&s->queue);
    if (e)
        session_over(&t, e);
    s->ctx[MW_SERVER].phase = (uint8_t)session_next_phase(s);
}

void session_infer_prepared(struct mw_session *s)
{
    uint8_t phase = s->ctx[MW_SERVER].phase;
    bool last = phase == MW_PHASE_RESULT_END || (phase == MW_PHASE_PARAMS_END && s->prepared_columns == 0);
    if (s->caps_guessed && last)
        finish(s);
}

void session_infer_no_eof(struct mw_session *s)
{
    struct mw_ctx *ctx = &s->ctx[MW_SERVER];
    uint8_t phase = ctx->phase;
    bool end = phase == MW_PHASE_COLUMNS_END || phase == MW_PHASE_PARAMS_END || phase == MW_PHASE_RESULT_END;
    if (!s->caps_guessed || !end)
        return;
    add_caps(s, MW_CAP(MW_BIT_CLIENT_DEPRECATE_EOF), 0);
    if (phase == MW_PHASE_COLUMNS_END) {
        ctx->phase = MW_PHASE_ROWS;
    } else if (phase == MW_PHASE_PARAMS_END && s->prepared_columns > 0 && s->prepared_metadata) {
        ctx->left = s->prepared_columns;
        ctx->phase = MW_PHASE_RESULT;
    } else {
        finish(s);
    }
}

/* An EOF ought to come here, and something else does. */
static void infer_deprecate_eof(struct mw_session *s, const struct mw_packet *packet)
{
    if (packet->have == 0)
        return;
    bool eof = packet->length == EOF_BYTES && packet->payload[0] == EOF_HEADER;
    if (!eof && packet->payload[0] != ERR_HEADER)
        session_infer_no_eof(s);
}

/* COM_QUERY: parameter count · parameter set count = 1 …, where a statement would begin. No statement has this as its
 * second byte. */
static void infer_query_attributes(struct mw_session *s, const struct mw_packet *packet)
{
    enum { COUNT_MAX = 0xfa };
    const uint8_t *p = packet->payload;
    bool none = packet->have >= 2 && p[1] == 0 && (packet->have < 3 || p[2] == 1);
    bool some = packet->have >= 4 && p[1] <= COUNT_MAX && p[2] == 1;
    if (packet->have < 2 || p[0] != MW_COM_QUERY || !(none || some))
        return;
    add_caps(s, MW_CAP(MW_BIT_CLIENT_QUERY_ATTRIBUTES), 0);
    session_set_dialect(s, MW_DIALECT_MYSQL);
}

/* A column count of two bytes says, too, whether definitions follow: MySQL before the count, MariaDB behind it. */
static void infer_metadata(struct mw_session *s, const struct mw_packet *packet)
{
    const uint64_t mysql = MW_CAP(MW_BIT_CLIENT_OPTIONAL_RESULTSET_METADATA),
                   mariadb = MW_CAP(MW_BIT_MARIADB_CLIENT_CACHE_METADATA);
    const uint8_t *p = packet->payload;
    enum { COUNT_MAX = 0xfa, BEGINS_REPLY = 1 };
    if (packet->sequence != BEGINS_REPLY || packet->length != 2 || packet->have != 2 || p[0] > COUNT_MAX || p[1] > COUNT_MAX)
        return;
    if (p[0] <= 1 && p[1] > 0 && (p[1] > 1 || !(s->ctx[MW_CLIENT].caps & mariadb))) {
        add_caps(s, mysql, mariadb);
        if (p[1] > 1 || p[0] == 0)
            session_set_dialect(s, MW_DIALECT_MYSQL);
    } else if (p[0] > 1 && p[1] <= 1) {
        add_caps(s, mariadb, mysql);
        session_set_dialect(s, MW_DIALECT_MARIADB);
    }
}

/* Passes over a text with a length of one byte. */
static bool skip_text(const struct mw_packet *packet, uint32_t *at)
{
    if (*at >= packet->have || packet->payload[*at] > 0xfa)
        return false;
    *at += 1u + packet->payload[*at];
    return *at < packet->have;
}

/* A column definition: six texts, and then the length 12, unless MariaDB's extended metadata stands between. */
static void infer_extended_metadata(struct mw_session *s, const struct mw_packet *packet)
{
    enum { TEXTS = 6, FIXED = 12, REST = 13 };
    uint32_t at = 0;
    for (int i = 0; i < TEXTS; i++)
        if (!skip_text(packet, &at))
            return;
    if (packet->payload[at] == FIXED && at + REST == packet->length)
        return;
    if (!skip_text(packet, &at) || packet->payload[at] != FIXED || at + REST != packet->length)
        return;
    add_caps(s, MW_CAP(MW_BIT_MARIADB_CLIENT_EXTENDED_METADATA), 0);
    session_set_dialect(s, MW_DIALECT_MARIADB);
}

/* Commands begin with sequence id 0. What counts on from the server's packet answers it: a question of the
 * authentication, or the request for a file. */
static void infer_answer(struct mw_session *s, const struct mw_packet *packet)
{
    struct mw_ctx *ctx = &s->ctx[MW_CLIENT];
    const struct mw_exchange *e = exchange_head(&s->queue);
    bool commands = ctx->phase == MW_PHASE_COMMAND || ctx->phase == MW_PHASE_FILE;
    bool login = ctx->phase == MW_PHASE_AUTH_ANSWER || ctx->phase == MW_PHASE_AUTH_WAIT;
    if (!commands && !login)
        return;
    if (packet->sequence == 0)
        ctx->phase = MW_PHASE_COMMAND;
    else if (login || (e && e->command == MW_COM_CHANGE_USER) || s->ordinals == 0)
        ctx->phase = MW_PHASE_AUTH_ANSWER;
    else
        ctx->phase = MW_PHASE_FILE;
}

void session_infer(struct mw_session *s, enum mw_dir dir, const struct mw_packet *packet)
{
    if (s->may_answer && dir == MW_CLIENT)
        infer_answer(s, packet);
    if (!s->caps_guessed)
        return;
    if (dir == MW_CLIENT) {
        if (s->ctx[MW_CLIENT].phase == MW_PHASE_COMMAND)
            infer_query_attributes(s, packet);
        return;
    }
    infer_deprecate_eof(s, packet);
    switch (s->ctx[MW_SERVER].phase) {
    case MW_PHASE_REPLY:
    case MW_PHASE_IDLE: infer_metadata(s, packet); break;
    case MW_PHASE_COLUMNS:
    case MW_PHASE_PARAMS:
    case MW_PHASE_RESULT: infer_extended_metadata(s, packet); break;
    default: break;
    }
}
