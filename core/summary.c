/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line about a message. No stdio here: a small builder that never overruns and knows when it is full. */
#include <string.h>

#include "mywire/decode.h"

struct line {
    char *out;
    size_t size, n;
    bool cut; /* something did not fit */
};

static void put_char(struct line *l, char c)
{
    if (l->n + 1 < l->size && !l->cut)
        l->out[l->n++] = c;
    else
        l->cut = true;
}

static void put(struct line *l, const char *s)
{
    while (s && *s)
        put_char(l, *s++);
}

static void put_number(struct line *l, uint64_t v)
{
    char digits[20];
    int n = 0;
    do
        digits[n++] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    while (n > 0)
        put_char(l, digits[--n]);
}

static void put_hex8(struct line *l, uint8_t v)
{
    put(l, "0x");
    put_char(l, "0123456789abcdef"[v >> 4]);
    put_char(l, "0123456789abcdef"[v & 15]);
}

/* Text from the wire: runs of white space become one space, other control characters a dot. */
static void put_text(struct line *l, struct mw_slice s)
{
    bool space = false;
    for (uint32_t i = 0; s.p && i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            space = true;
            continue;
        }
        if (space && l->n > 0 && l->out[l->n - 1] != ' ')
            put_char(l, ' ');
        space = false;
        put_char(l, c < 0x20 || c == 0x7f ? '.' : (char)c);
    }
}

static void put_named(struct line *l, const char *name, struct mw_slice value)
{
    if (!value.p)
        return;
    put(l, name);
    put_text(l, value);
}

static void put_login(struct line *l, const struct mw_login *login)
{
    put_named(l, " user=", login->user);
    put_named(l, " db=", login->database);
    put_named(l, " plugin=", login->plugin);
}

static void put_plugin(struct line *l, const struct mw_ctx *ctx)
{
    const char *name = mw_auth_plugin_name(ctx->plugin);
    if (name) {
        put(l, " ");
        put(l, name);
    }
}

static void put_step(struct line *l, const struct mw_ctx *ctx, const struct mw_auth *auth)
{
    static const char *const steps[] = {
        [MW_STEP_DATA] = "",
        [MW_STEP_FAST_OK] = ": fast authentication succeeded",
        [MW_STEP_FULL] = ": perform full authentication",
        [MW_STEP_KEY_REQUEST] = ": asks for the public key",
        [MW_STEP_PUBLIC_KEY] = ": public key",
        [MW_STEP_ENCRYPTED] = ": password encrypted with RSA",
        [MW_STEP_CLEARTEXT] = ": password in clear",
    };
    put_plugin(l, ctx);
    put(l, steps[auth->step]);
}

/* " MYSQL_OPTION_MULTI_STATEMENTS_ON", ", 5 rows", " 17" */
static void put_argument(struct line *l, const struct mw_request *q)
{
    const char *option = q->command == MW_COM_SET_OPTION
                             ? mw_name_of(MW_NAMES_SET_OPTIONS, MW_DIALECT_UNKNOWN, q->argument)
                             : NULL;
    bool fetch = q->command == MW_COM_STMT_FETCH;
    put(l, fetch ? ", " : " ");
    if (option)
        put(l, option);
    else
        put_number(l, q->argument);
    if (fetch)
        put(l, q->argument == 1 ? " row" : " rows");
}

static void put_request(struct line *l, const struct mw_ctx *ctx, const struct mw_request *q)
{
    if (q->empty) {
        put(l, "Empty Command");
        return;
    }
    const char *name = mw_command_name(ctx->dialect, q->command);
    if (name) {
        put(l, name);
    } else {
        put(l, "Unknown Command ");
        put_hex8(l, q->command);
    }
    if (q->command == MW_COM_CHANGE_USER)
        put_login(l, &q->login);
    if (q->statement_id) {
        put(l, " statement ");
        put_number(l, q->statement_id);
    }
    if (q->has_argument)
        put_argument(l, q);
    if (q->command == MW_COM_STMT_SEND_LONG_DATA) {
        put(l, " parameter ");
        put_number(l, q->param);
        put(l, ", ");
        put_number(l, q->text_length);
        put(l, " bytes");
    } else if (q->text.n) {
        put(l, " ");
        put_text(l, q->text);
    }
}

static void put_ok(struct line *l, const struct mw_ok *ok, bool rows)
{
    if (rows && ok->affected_rows) {
        put(l, " affected=");
        put_number(l, ok->affected_rows);
    }
    if (rows && ok->insert_id) {
        put(l, " insert_id=");
        put_number(l, ok->insert_id);
    }
    if (ok->warnings) {
        put(l, " warnings=");
        put_number(l, ok->warnings);
    }
    if (ok->status & MW_SERVER_MORE_RESULTS_EXISTS)
        put(l, " more results");
}

static void put_err(struct line *l, const struct mw_ctx *ctx, const struct mw_err *err)
{
    const char *symbol = mw_error_symbol(ctx->dialect, err->code);
    put(l, " ");
    put_number(l, err->code);
    if (symbol) {
        put(l, " ");
        put(l, symbol);
    }
    put_named(l, " (", err->sqlstate);
    if (err->sqlstate.p)
        put(l, ")");
    put_named(l, ": ", err->message);
}

/* UTF-8: a byte 11xxxxxx begins a character, bytes 10xxxxxx continue it. */
static void drop_half_character(struct line *l)
{
    size_t lead = l->n;
    while (lead > 0 && ((uint8_t)l->out[lead - 1] & 0xc0) == 0x80)
        lead--;
    if (lead == 0)
        return;
    uint8_t c = (uint8_t)l->out[lead - 1];
    size_t more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
    if (l->n - lead < more)
        l->n = lead - 1;
}

size_t mw_summary(const struct mw_ctx *ctx, enum mw_dir dir, const struct mw_msg *msg, char *out, size_t size)
{
    struct line line = {.out = out, .size = size}, *l = &line;
    if (size == 0)
        return 0;
    (void)dir;
    if (msg->kind != MW_KIND_COMMAND)
        put(l, mw_kind_name(msg->kind));
    switch (msg->kind) {
    case MW_KIND_GREETING:
        put(l, " protocol=");
        put_number(l, msg->greeting.protocol);
        put_named(l, " version=", msg->greeting.version);
        put(l, " thread=");
        put_number(l, msg->greeting.thread_id);
        break;
    case MW_KIND_LOGIN: put_login(l, &msg->login); break;
    case MW_KIND_AUTH_SWITCH:
    case MW_KIND_AUTH_NEXT_FACTOR: put_named(l, " ", msg->auth.plugin); break;
    case MW_KIND_AUTH_MORE:
    case MW_KIND_AUTH_RESPONSE: put_step(l, ctx, &msg->auth); break;
    case MW_KIND_COMMAND: put_request(l, ctx, &msg->request); break;
    case MW_KIND_OK: put_ok(l, &msg->ok, true); break;
    case MW_KIND_EOF: put_ok(l, &msg->ok, false); break;
    case MW_KIND_ERR: put_err(l, ctx, &msg->err); break;
    case MW_KIND_PROGRESS:
        put(l, " stage ");
        put_number(l, msg->progress.stage);
        put(l, "/");
        put_number(l, msg->progress.max_stage);
        put(l, " ");
        put_number(l, msg->progress.value / 1000);
        put(l, "% ");
        put_text(l, msg->progress.text);
        break;
    case MW_KIND_COLUMN_COUNT:
        put(l, " ");
        put_number(l, msg->column_count.columns);
        break;
    case MW_KIND_INFILE: put_named(l, " ", msg->file); break;
    case MW_KIND_PREPARE_OK:
        put(l, " statement ");
        put_number(l, msg->prepare_ok.statement_id);
        put(l, " params=");
        put_number(l, msg->prepare_ok.params);
        put(l, " columns=");
        put_number(l, msg->prepare_ok.columns);
        break;
    default: break;
    }
    if (l->cut)
        drop_half_character(l);
    out[l->n] = 0;
    return l->n;
}
