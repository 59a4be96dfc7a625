/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A decoded packet as lines: a heading with kind, status, notes and summary, the fields, and the message's facts. */
#include "tests/golden/golden.h"

#include <string.h>

#include "mywire/proxy.h"
#include "mywire/xprotocol.h"
#include "tests/support/trace_check.h"

/* Values longer than this are cut: the bytes stand in the input. */
enum { SHOW_MOST = 48 };

struct dump {
    struct text *out;
    struct coverage *coverage;
    int depth;
    bool bits_open; /* the line of a flags field waits for the names of its bits */
    bool line_open;
};

static void end_line(struct dump *d)
{
    if (d->bits_open)
        text_add(d->out, " }");
    if (d->line_open)
        text_add(d->out, "\n");
    d->bits_open = d->line_open = false;
}

static void add_text(struct text *out, const uint8_t *p, uint32_t n)
{
    text_add(out, "\"");
    for (uint32_t i = 0; i < n && i < SHOW_MOST; i++)
        if (p[i] == '"' || p[i] == '\\')
            text_add(out, "\\%c", p[i]);
        else if (p[i] < 0x20 || p[i] >= 0x7f)
            text_add(out, "\\x%02x", p[i]);
        else
            text_add(out, "%c", p[i]);
    text_add(out, n > SHOW_MOST ? "\"... (%u bytes)" : "\"", n);
}

static void add_bytes(struct text *out, const uint8_t *p, uint32_t n)
{
    for (uint32_t i = 0; i < n && i < SHOW_MOST; i++)
        text_add(out, i ? " %02x" : "%02x", p[i]);
    if (n > SHOW_MOST)
        text_add(out, " ... (%u bytes)", n);
    if (n == 0)
        text_add(out, "(empty)");
}

static void add_value(struct text *out, const struct mw_field *f, const struct mw_item *item)
{
    switch (f->type) {
    case MW_FT_HEADING: return;
    case MW_FT_I8:
    case MW_FT_I16:
    case MW_FT_I32:
    case MW_FT_I64: text_add(out, " = %lld", (long long)item->number); break;
    case MW_FT_F32: {
        float v;
        uint32_t bits = (uint32_t)item->number;
        memcpy(&v, &bits, sizeof v);
        text_add(out, " = %.9g", (double)v);
        break;
    }
    case MW_FT_F64: {
        double v;
        memcpy(&v, &item->number, sizeof v);
        text_add(out, " = %.17g", v);
        break;
    }
    case MW_FT_TEXT:
    case MW_FT_TEXTZ:
    case MW_FT_TEXTL:
        text_add(out, " = ");
        add_text(out, item->p, item->n);
        break;
    case MW_FT_BYTES:
        text_add(out, " = ");
        add_bytes(out, item->p, item->n);
        break;
    case MW_FT_IPV4:
    case MW_FT_IPV6: {
        char address[MW_ADDRESS_TEXT];
        mw_address_text(f->type == MW_FT_IPV4 ? 4 : 6, item->p, address);
        text_add(out, " = %s", address);
        break;
    }
    default: text_add(out, f->base == MW_BASE_HEX ? " = 0x%llx" : " = %llu", (unsigned long long)item->number); break;
    }
    if (item->name)
        text_add(out, " (%s)", item->name);
}

/* Of which column, parameter or attribute this is the value. */
static void add_label(struct text *out, const struct mw_item *item)
{
    if (!item->label.p)
        return;
    text_add(out, " of ");
    add_text(out, item->label.p, item->label.n);
}

static void dump_item(void *user, const struct mw_item *item)
{
    struct dump *d = user;
    const struct mw_field *f = mw_field(item->field);
    if (f->type >= MW_FT_BOOL8 && f->type <= MW_FT_BOOL32) {
        if (!item->number)
            return;
        if (d->coverage)
            d->coverage->fields[item->field] = true;
        text_add(d->out, d->bits_open ? " %s" : " { %s", strrchr(f->filter, '.') + 1);
        d->bits_open = true;
        return;
    }
    end_line(d);
    if (d->coverage)
        d->coverage->fields[item->field] = true;
    text_add(d->out, "%*soff=%-4u len=%-4u %s", 2 + 2 * d->depth, "", item->offset, item->length, f->filter);
    add_value(d->out, f, item);
    add_label(d->out, item);
    d->line_open = true;
}

static void dump_open(void *user)
{
    struct dump *d = user;
    d->depth++;
}

static void dump_close(void *user, uint32_t end)
{
    struct dump *d = user;
    (void)end;
    d->depth--;
}

static void dump_note(void *user, enum mw_note_id note, uint32_t offset, uint32_t length)
{
    struct dump *d = user;
    end_line(d);
    text_add(d->out, "%*soff=%-4u len=%-4u ! %s\n", 2 + 2 * d->depth, "", offset, length, mw_note(note)->key);
}

static void fact_slice(struct text *out, const char *name, struct mw_slice s)
{
    if (!s.p)
        return;
    text_add(out, " %s=", name);
    add_text(out, s.p, s.n);
}

#define FACT(name, value) text_add(out, " %s=%llu", name, (unsigned long long)(value))

/* Every member of the message, so that two messages can be compared by text although their slices lie elsewhere. */
static void add_facts(struct text *out, const struct mw_msg *m)
{
    const struct mw_login *login = m->kind == MW_KIND_COMMAND ? &m->request.login : &m->login;
    switch (m->kind) {
    case MW_KIND_GREETING:
        FACT("protocol", m->greeting.protocol), FACT("thread", m->greeting.thread_id);
        FACT("collation", m->greeting.collation), FACT("dialect", m->greeting.dialect);
        FACT("status", m->greeting.status), FACT("short", m->greeting.short_form);
        text_add(out, " caps=0x%llx", (unsigned long long)m->greeting.caps);
        fact_slice(out, "version", m->greeting.version), fact_slice(out, "plugin", m->greeting.plugin);
        break;
    case MW_KIND_COMMAND:
        FACT("command", m->request.command), FACT("empty", m->request.empty);
        FACT("statement", m->request.statement_id), FACT("length", m->request.text_length);
        fact_slice(out, "text", m->request.text);
        if (m->request.command == MW_COM_STMT_SEND_LONG_DATA)
            FACT("param", m->request.param);
        if (m->request.has_argument)
            FACT("argument", m->request.argument);
        if (m->request.types.p)
            FACT("types", m->request.types.n), FACT("named", m->request.types_named);
        if (m->request.command != MW_COM_CHANGE_USER)
            break; /* fall through */
    case MW_KIND_LOGIN:
    case MW_KIND_SSL_REQUEST:
        text_add(out, " caps=0x%llx", (unsigned long long)login->caps);
        FACT("max", login->max_packet), FACT("collation", login->collation), FACT("41", login->protocol_41);
        FACT("level", login->zstd_level);
        fact_slice(out, "user", login->user), fact_slice(out, "auth", login->auth);
        fact_slice(out, "database", login->database), fact_slice(out, "plugin", login->plugin);
        fact_slice(out, "attributes", login->attributes);
        break;
    case MW_KIND_AUTH_SWITCH:
    case MW_KIND_OLD_AUTH_SWITCH:
    case MW_KIND_AUTH_NEXT_FACTOR:
    case MW_KIND_AUTH_MORE:
    case MW_KIND_AUTH_RESPONSE:
        FACT("step", m->auth.step);
        fact_slice(out, "plugin", m->auth.plugin), fact_slice(out, "data", m->auth.data);
        break;
    case MW_KIND_OK:
    case MW_KIND_EOF:
        FACT("affected", m->ok.affected_rows), FACT("id", m->ok.insert_id), FACT("status", m->ok.status);
        FACT("has_status", m->ok.has_status), FACT("warnings", m->ok.warnings);
        fact_slice(out, "info", m->ok.info), fact_slice(out, "state", m->ok.state);
        break;
    case MW_KIND_ERR:
        FACT("code", m->err.code);
        fact_slice(out, "sqlstate", m->err.sqlstate), fact_slice(out, "message", m->err.message);
        break;
    case MW_KIND_PROGRESS:
        FACT("stage", m->progress.stage), FACT("stages", m->progress.max_stage), FACT("value", m->progress.value);
        fact_slice(out, "text", m->progress.text);
        break;
    case MW_KIND_COLUMN_COUNT:
        FACT("columns", m->column_count.columns), FACT("metadata", m->column_count.metadata);
        break;
    case MW_KIND_PREPARE_OK:
        FACT("statement", m->prepare_ok.statement_id), FACT("columns", m->prepare_ok.columns);
        FACT("params", m->prepare_ok.params), FACT("metadata", m->prepare_ok.metadata);
        break;
    case MW_KIND_COLUMN:
        FACT("type", m->column.type), FACT("flags", m->column.flags), FACT("collation", m->column.collation);
        FACT("decimals", m->column.decimals);
        fact_slice(out, "name", m->column.name);
        break;
    default: break;
    }
}

const char *golden_decode(const struct mw_ctx *ctx, enum mw_dir dir, const struct mw_packet *packet, struct text *out,
                          struct mw_msg *msg, struct coverage *coverage)
{
    static const char *const statuses[] = {"OK", "SHORT", "BAD"};
    const char *wrong = trace_check(ctx, dir, packet, msg);
    char summary[100];
    struct text fields = {0};
    struct dump d = {.out = &fields, .coverage = coverage};
    struct mw_trace trace = {&d, dump_item, dump_open, dump_close, dump_note};
    struct mw_msg again;
    memset(&again, 0, sizeof again);
    mw_decode_traced(ctx, dir, packet, &again, &trace);
    end_line(&d);
    mw_summary(ctx, dir, msg, summary, sizeof summary);
    text_add(out, "%s %u: %s", dir == MW_CLIENT ? "client" : "server", packet->sequence, summary);
    text_add(out, again.status == MW_OK ? "\n" : "   [%s]\n", statuses[again.status]);
    text_add(out, "%s  facts:", fields.p ? fields.p : "");
    text_free(&fields);
    add_facts(out, msg);
    text_add(out, "\n");
    if (coverage)
        coverage->notes |= again.notes;
    return wrong;
}

/* -- what is no packet --------------------------------------------------------------------------------------------- */

static uint64_t decode_layer(const struct chunk *c, const struct mw_proxy *proxy, const struct mw_trace *trace)
{
    return c->layer == PROXY ? mw_proxy_decode_traced(c->bytes, proxy, trace)
                             : mw_x_decode_traced(c->dir, c->bytes, (uint32_t)c->n, c->n, trace);
}

const char *golden_decode_layer(const struct chunk *c, struct text *out, struct coverage *coverage)
{
    struct mw_proxy proxy = {0};
    char summary[MW_PROXY_SUMMARY];
    struct dump d = {.out = out, .coverage = coverage};
    struct mw_trace trace = {&d, dump_item, dump_open, dump_close, dump_note};
    if (c->layer == PROXY) {
        if (mw_proxy_read(c->bytes, c->n, &proxy) != MW_YES || proxy.length != c->n)
            return "a header is recognised, and all of it";
        mw_proxy_summary(&proxy, summary);
        text_add(out, "%s\n", summary);
    } else {
        const char *name = c->n >= MW_X_HEADER ? mw_x_message_name(c->dir, c->bytes[4]) : NULL;
        if (mw_looks_like_x(c->dir, c->bytes, c->n) != MW_YES || !name)
            return "a message of the X Protocol is recognised";
        text_add(out, "x %s: %s\n", c->dir == MW_CLIENT ? "client" : "server", name);
    }
    uint64_t notes = decode_layer(c, &proxy, &trace);
    end_line(&d);
    if (coverage)
        coverage->notes |= notes;
    /* Offsets count from the first byte; the checker's packets have their header before it. */
    struct mw_packet packet = {.payload = c->bytes, .have = (uint32_t)c->n - MW_HEADER, .length = c->n - MW_HEADER};
    struct trace_check check = {
        .trace = {&check, trace_check_item, trace_check_open, trace_check_close, trace_check_note},
        .packet = &packet,
        .foreign = true};
    decode_layer(c, &proxy, &check.trace);
    if (check.depth != 0)
        trace_check_fail(&check, "every node is closed");
    if (check.notes != notes)
        trace_check_fail(&check, "notes told are those returned");
    return check.wrong;
}
