/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/live_view.h"

#include <string.h>

#include "analyzer/patience.h"
#include "analyzer/sketch.h"
#include "analyzer/tally.h"

enum { STATUS_SCHEMA = 1, KEYS_MAX = 10000 };

/* What is counted, since the beginning. */
struct sums {
    uint64_t packets, bytes, logins, commands;
};

struct live_view {
    const char *what;
    int64_t begun_ns, drawn_ns; /* of patience_now() */
    uint64_t opened, closed, refused, failed, rows;
    struct sums now, drawn;      /* packets and bytes are filled in for a drawing */
    struct sketch recent;        /* microseconds of commands since the last drawing */
    struct tally *users, *verbs; /* by commands */
    struct tally *errors;        /* "1064 ER_PARSE_ERROR" */
    struct tally *calls, *times; /* by digest text; microseconds, and one more each so that none has 0. Or NULL */
};

struct live_view *live_view_new(const char *what, bool statements)
{
    struct live_view *v = g_new0(struct live_view, 1);
    v->what = what;
    v->begun_ns = v->drawn_ns = patience_now();
    v->users = tally_new(KEYS_MAX);
    v->verbs = tally_new(KEYS_MAX);
    v->errors = tally_new(KEYS_MAX);
    v->calls = statements ? tally_new(KEYS_MAX) : NULL;
    v->times = statements ? tally_new(KEYS_MAX) : NULL;
    return v;
}

void live_view_free(struct live_view *v)
{
    tally_free(v->users);
    tally_free(v->verbs);
    tally_free(v->errors);
    tally_free(v->calls);
    tally_free(v->times);
    sketch_clear(&v->recent);
    g_free(v);
}

/* -- gathering ----------------------------------------------------------------------------------------------------- */

void live_view_opened(struct live_view *v)
{
    v->opened++;
}

void live_view_closed(struct live_view *v)
{
    v->closed++;
}

static void count_error(struct live_view *v, enum mw_dialect dialect, uint16_t code)
{
    char text[96];
    const char *symbol = mw_error_symbol(dialect, code);
    g_snprintf(text, sizeof text, "%u%s%s", code, symbol ? " " : "", symbol ? symbol : "");
    tally_add(v->errors, text, strlen(text), 1);
}

void live_view_event(struct live_view *v, const struct mw_event *event)
{
    v->now.logins += event->kind == MW_EVENT_LOGGED_IN;
    v->refused += event->kind == MW_EVENT_LOGIN_FAILED;
}

/* The first word of a statement in capitals, or what the command is without one. */
static void count_verb(struct live_view *v, const struct command *c)
{
    char verb[24];
    size_t n = 0;
    const char *p = c->sql ? c->sql->str : "", *end;
    for (; *p == '(' || g_ascii_isspace(*p) || (p[0] == '/' && p[1] == '*' && p[2] != '!'); p++) {
        if (*p != '/')
            continue;
        end = strstr(p + 2, "*/");
        if (!end)
            break;
        p = end + 1;
    }
    for (; g_ascii_isalpha(p[n]) && n < sizeof verb - 1; n++)
        verb[n] = g_ascii_toupper(p[n]);
    verb[n] = '\0';
    const char *name = command_name(c);
    if (n == 0)
        g_strlcpy(verb, name ? name : "(not seen)", sizeof verb);
    tally_add(v->verbs, verb, strlen(verb), 1);
}

static void count_statement(struct live_view *v, const struct command *c)
{
    if (!v->calls || !c->digest_text || c->duration_us < 0)
        return;
    tally_add(v->calls, c->digest_text->str, c->digest_text->len, 1);
    tally_add(v->times, c->digest_text->str, c->digest_text->len, (uint64_t)c->duration_us + 1);
}

void live_view_command(struct live_view *v, const struct command *c)
{
    v->now.commands++;
    v->rows += c->rows;
    if (c->user)
        tally_add(v->users, c->user->str, c->user->len, 1);
    count_verb(v, c);
    count_statement(v, c);
    sketch_add(&v->recent, c->duration_us);
    if (c->outcome != MW_OUTCOME_ERROR)
        return;
    v->failed++;
    count_error(v, c->dialect, c->error);
}

/* -- showing ------------------------------------------------------------------------------------------------------- */

/* "812/s", "0.5/s" */
static void append_rate(GString *out, uint64_t n, double seconds)
{
    double rate = seconds > 0 ? (double)n / seconds : 0;
    g_string_append_printf(out, rate > 0 && rate < 10 ? "%.1f/s" : "%.0f/s", rate);
}

/* "3.2 MB" */
static void append_bytes(GString *out, double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    size_t unit = 0;
    for (; bytes >= 1000 && unit + 1 < G_N_ELEMENTS(units); unit++)
        bytes /= 1000;
    g_string_append_printf(out, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

static void append_tally(GString *out, const struct tally *tally)
{
    enum { SHOWN = 12 };
    size_t n = tally_size(tally);
    struct tally_row *rows = tally_rows(tally);
    for (size_t i = 0; i < n && i < SHOWN; i++)
        g_string_append_printf(out, "%s%s × %" G_GUINT64_FORMAT, i ? ", " : "", rows[i].n ? rows[i].key : "(empty)",
                               rows[i].count);
    g_free(rows);
}

/* One drawing. */
struct drawing {
    struct screen *screen;
    const struct screen_size *size;
    bool color;
    GString *text; /* of the line under way */
};

static void end_line(struct drawing *d, const char *label)
{
    screen_line(d->screen, d->size, d->color, label, d->text->str);
    g_string_truncate(d->text, 0);
}

static void draw_traffic(struct drawing *d, const struct live_view *v, const struct analysis *a, double seconds)
{
    uint64_t dropped = a->counters.dropped_by_kernel + a->counters.dropped_by_interface;
    g_string_append_printf(d->text, "%" G_GUINT64_FORMAT ", ", v->now.packets);
    append_rate(d->text, v->now.packets - v->drawn.packets, seconds);
    g_string_append(d->text, ", ");
    append_bytes(d->text, (double)v->now.bytes);
    g_string_append(d->text, ", ");
    append_bytes(d->text, seconds > 0 ? (double)(v->now.bytes - v->drawn.bytes) / seconds : 0);
    g_string_append(d->text, "/s");
    if (a->live || dropped)
        g_string_append_printf(d->text, ", %" G_GUINT64_FORMAT " dropped", dropped);
    end_line(d, "Packets");
    g_string_append_printf(d->text, "%" G_GUINT64_FORMAT " open, %" G_GUINT64_FORMAT " ended", v->opened - v->closed,
                           v->closed);
    end_line(d, "Connections");
}

static void draw_work(struct drawing *d, const struct live_view *v, double seconds)
{
    g_string_append_printf(d->text, "%" G_GUINT64_FORMAT " accepted, ", v->now.logins);
    append_rate(d->text, v->now.logins - v->drawn.logins, seconds);
    g_string_append_printf(d->text, ", %" G_GUINT64_FORMAT " refused", v->refused);
    end_line(d, "Logins");
    g_string_append_printf(d->text, "%" G_GUINT64_FORMAT ", ", v->now.commands);
    append_rate(d->text, v->now.commands - v->drawn.commands, seconds);
    g_string_append_printf(d->text, ", %" G_GUINT64_FORMAT " failed, %" G_GUINT64_FORMAT " rows", v->failed, v->rows);
    end_line(d, "Commands");
    if (v->recent.count)
        g_string_append_printf(d->text, "median %.3f ms, p99 %.3f ms, longest %.3f ms",
                               (double)sketch_quantile(&v->recent, 0.5) / 1000,
                               (double)sketch_quantile(&v->recent, 0.99) / 1000, (double)v->recent.max / 1000);
    else
        g_string_append(d->text, "-");
    end_line(d, "  now");
}

static void draw_tally(struct drawing *d, const char *label, const struct tally *tally)
{
    if (tally_size(tally) == 0)
        return;
    append_tally(d->text, tally);
    end_line(d, label);
}

static uint64_t count_of(const struct tally_row *rows, size_t n, const struct tally_row *key)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].n == key->n && memcmp(rows[i].key, key->key, key->n) == 0)
            return rows[i].count;
    return 0;
}

/* The statements that took most time: "38 %, 120 × SELECT …" */
static void draw_busiest(struct drawing *d, const struct live_view *v)
{
    enum { SHOWN = 5 };
    size_t n = v->times ? tally_size(v->times) : 0;
    if (n == 0)
        return;
    struct tally_row *times = tally_rows(v->times), *calls = tally_rows(v->calls);
    double total = (double)tally_total(v->times);
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        g_string_append_printf(d->text, "%2.0f %% of the time, %" G_GUINT64_FORMAT " × ", 100 * (double)times[i].count / total,
                               count_of(calls, n, &times[i]));
        g_string_append_len(d->text, times[i].key, (gssize)times[i].n);
        end_line(d, i ? "" : "Busiest");
    }
    g_free(times);
    g_free(calls);
}

void live_view_draw(struct live_view *v, const struct analysis *a, struct screen *screen,
                    const struct screen_size *size, bool color)
{
    int64_t now = patience_now(), lasted = (now - v->begun_ns) / 1000000000;
    double seconds = (double)(now - v->drawn_ns) / 1e9;
    struct drawing d = {screen, size, color, g_string_new(NULL)};
    v->now.packets = a->counters.packets;
    v->now.bytes = a->counters.bytes;
    screen_begin(screen);
    g_string_append_printf(d.text, "%s, %02d:%02d:%02d; Ctrl-C ends it", v->what, (int)(lasted / 3600),
                           (int)(lasted / 60 % 60), (int)(lasted % 60));
    end_line(&d, "mywire");
    draw_traffic(&d, v, a, seconds);
    draw_work(&d, v, seconds);
    draw_tally(&d, "Users", v->users);
    draw_tally(&d, "Statements", v->verbs);
    draw_tally(&d, "Errors", v->errors);
    draw_busiest(&d, v);
    screen_end(screen);
    g_string_free(d.text, TRUE);
    v->drawn = v->now;
    v->drawn_ns = now;
    sketch_clear(&v->recent);
}

void live_view_json(const struct live_view *v, const struct analysis *a, struct json *j)
{
    json_object_begin(j);
    json_put_string(j, "event", "status");
    json_put_uint(j, "schema", STATUS_SCHEMA);
    json_put_uint(j, "elapsed_us", (uint64_t)(patience_now() - v->begun_ns) / 1000);
    json_put_int_if(j, "end_ns", a->last_ns, a->last_ns);
    json_put_uint(j, "packets", a->counters.packets);
    json_put_uint(j, "bytes", a->counters.bytes);
    json_put_uint(j, "dropped_by_kernel", a->counters.dropped_by_kernel);
    json_put_uint(j, "dropped_by_interface", a->counters.dropped_by_interface);
    json_put_uint(j, "open_connections", v->opened - v->closed);
    json_put_uint(j, "ended_connections", v->closed);
    json_put_uint(j, "logins", v->now.logins);
    json_put_uint(j, "refused_logins", v->refused);
    json_put_uint(j, "commands", v->now.commands);
    json_put_uint(j, "errors", v->failed);
    json_put_uint(j, "rows", v->rows);
    json_object_end(j);
}
