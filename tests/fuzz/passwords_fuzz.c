/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A byte that says in what pieces the file of --passwords is read, its length in two, its text; then packets of a login:
 * direction, length, bytes. However the file is cut, the same lines are good. Whatever the packets are, there is a verdict
 * once somebody logs in, and a reason where it was not checked. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/password_file.h"
#include "analyzer/password_login.h"
#include "mywire/decode.h"
#include "tests/support/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

/* What a reading told: sums, so that two can be compared. */
struct told {
    uint64_t entries, line, sum;
};

static void add(struct told *told, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        told->sum = told->sum * 31 + (uint8_t)p[i];
    told->sum = told->sum * 31 + n;
}

static const char *take_entry(void *user, const char *name, size_t n_name, const char *password, size_t n)
{
    struct told *told = user;
    REQUIRE(n_name + n < PASSWORD_LINE_MAX && !memchr(name, ':', n_name) && !memchr(name, 0, n_name));
    told->entries++;
    add(told, name, n_name);
    add(told, password, n);
    return told->entries < 8 ? NULL : "enough";
}

static void take_complaint(void *user, unsigned line, const char *why)
{
    struct told *told = user;
    REQUIRE(told->line == 0 && line > 0 && *why);
    told->line = line;
}

static struct told read_in_pieces(const char *text, size_t n, size_t step)
{
    struct told told = {0};
    struct password_file_sink sink = {&told, take_entry, take_complaint};
    struct password_file *file = malloc(sizeof *file);
    password_file_begin(file, &sink);
    for (size_t i = 0; i < n; i += step)
        password_file_push(file, text + i, step < n - i ? step : n - i);
    password_file_end(file);
    free(file);
    return told;
}

struct watch {
    struct password_login login;
    struct passwords *passwords;
    char user[64];
    bool logged_in;
};

static void on_event(void *data, const struct mw_event *event)
{
    struct watch *w = data;
    if (event->kind == MW_EVENT_LOGIN && !w->login.over) {
        size_t n = MIN(event->msg->login.user.n, sizeof w->user - 1);
        if (n > 0)
            memcpy(w->user, event->msg->login.user.p, n);
        w->user[n] = 0;
        w->logged_in = true;
        for (struct password_candidate *c = passwords_find(w->passwords, w->user); c; c = c->next)
            if (c->hash.kind == PASSWORD_HASH_CACHING_SHA2) /* millions of rounds take seconds */
                c->hash.crypt.rounds %= 16;
    }
    password_login_event(&w->login, w->passwords, w->logged_in ? w->user : NULL, event);
    REQUIRE(w->login.n_challenge <= sizeof w->login.challenge && w->login.n_salt <= sizeof w->login.salt);
    if (w->login.salt[0] && w->login.n_salt && w->login.cost > 1 && w->login.cost <= 7)
        w->login.cost = 1; /* and these, tenths */
}

static void log_in(struct watch *w, const uint8_t *data, size_t size)
{
    struct wire_mem mem;
    struct mw_limits limits = MW_LIMITS_DEFAULT;
    struct mw_limit_hits hits = {0};
    struct mw_observer observer = {.user = w, .event = on_event};
    wire_mem_init(&mem);
    struct mw_session *s = mw_session_new(&mem.mem, &limits, &hits, &observer);
    for (uint64_t number = 1; size > 1; number++) {
        enum mw_dir dir = data[0] & 1 ? MW_SERVER : MW_CLIENT;
        size_t n = MIN(data[1], size - 2);
        struct mw_packet packet = wire_packet(data + 2, n, (uint8_t)(data[0] >> 1));
        packet.length = data[1];
        packet.first = packet.last = (struct mw_stamp){(int64_t)number, number};
        struct mw_msg msg;
        mw_decode(mw_session_pin(s, dir, &packet), dir, &packet, &msg);
        if (mw_session_step(s, dir, &msg, &packet).actions & MW_START_TLS)
            mw_session_tls_started(s);
        data += 2 + n;
        size -= 2 + n;
    }
    password_login_closed(&w->login, mw_session_exact(s), false);
    mw_session_free(s);
    REQUIRE(mem.live == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    size_t step = data[0] + 1u, n = MIN((size_t)(data[1] | data[2] << 8), size - 3);
    const char *text = (const char *)data + 3;
    struct told whole = read_in_pieces(text, n, n + 1), pieces = read_in_pieces(text, n, step);
    REQUIRE(whole.entries == pieces.entries && whole.line == pieces.line && whole.sum == pieces.sum);

    struct limits limits = limits_default();
    limits.passwords_per_user = 4;
    struct watch w = {.passwords = passwords_new(&limits)};
    char *error = passwords_add(w.passwords, text, n);
    REQUIRE(!error || strstr(error, "line "));
    g_free(error);
    log_in(&w, data + 3 + n, size - 3 - n);
    enum password_verdict verdict = w.login.verdict;
    REQUIRE((verdict == PASSWORD_NOT_ASKED) == !w.logged_in && verdict <= PASSWORD_NOT_CHECKABLE && w.login.reason < PASSWORD_REASONS);
    REQUIRE(verdict != PASSWORD_NOT_CHECKABLE || w.login.reason != PASSWORD_REASON_NONE);
    REQUIRE(w.login.over && w.login.n_challenge == 0 && w.login.n_salt == 0);
    passwords_free(w.passwords);
    return 0;
}
