/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Effects of the connection phase: greeting, TLS, login, the exchange of the authentication plugins, the verdict. */
#include <string.h>

#include "core/charset.h"
#include "core/session_state.h"

static void set_known_plugin(struct mw_session *s, enum mw_auth_plugin plugin)
{
    const char *name = mw_auth_plugin_name(plugin);
    session_set_plugin(s, (struct mw_slice){(const uint8_t *)name, (uint32_t)strlen(name)});
}

void session_set_named_plugin(struct step *t, struct mw_slice name)
{
    session_set_plugin(t->s, mw_msg_cuts(t->msg, t->packet, name) ? (struct mw_slice){NULL, 0} : name);
}

void session_greet(struct step *t)
{
    struct mw_session *s = t->s;
    s->greeting_cut = t->msg->status == MW_SHORT;
    const struct mw_greeting *g = &t->msg->greeting;
    session_set_dialect(s, g->dialect);
    if (t->msg->status == MW_OK) /* else not all capabilities were seen */
        session_set_flags(s, MW_CTX_GREETING, 0);
    for (int i = 0; i < 2; i++) {
        s->ctx[i].server_caps = g->caps;
        s->ctx[i].protocol = g->protocol;
    }
    if (g->plugin.n)
        session_set_named_plugin(t, g->plugin);
    else
        set_known_plugin(s, g->caps & MW_CAP(MW_BIT_CLIENT_SECURE_CONNECTION) ? MW_AUTH_MYSQL_NATIVE
                                                                             : MW_AUTH_MYSQL_OLD);
    session_tell(t, MW_EVENT_GREETING, NULL);
}

void session_tls(struct step *t)
{
    t->s->tls = true;
    session_set_flags(t->s, MW_CTX_TLS, 0);
    t->result.actions |= MW_START_TLS;
    session_tell(t, MW_EVENT_SSL_REQUEST, NULL);
}

/* Bits that one side alone decides, or that mean "offered" in one dialect and nothing in the other, fall away by AND. */
void session_login(struct step *t)
{
    struct mw_session *s = t->s;
    const struct mw_login *login = &t->msg->login;
    bool greeted = s->ctx[MW_CLIENT].flags & MW_CTX_GREETING;
    if (!greeted) {
        session_set_flags(s, MW_CTX_GUESSED, 0);
        session_set_dialect(s, login->caps & MW_CAP(MW_BIT_CLIENT_MYSQL) ? MW_DIALECT_MYSQL : MW_DIALECT_MARIADB);
        s->inexact = true;
    }
    s->caps_guessed = t->msg->status == MW_SHORT; /* of what was cut off nothing is known */
    session_set_caps(s, greeted && !s->greeting_cut ? login->caps & s->ctx[MW_CLIENT].server_caps : login->caps);
    session_set_flags(s, MW_CTX_LOGIN, MW_CTX_FIRST);
    s->login_collation = login->collation;
    session_set_collation(s, login->collation);
    if (login->plugin.n)
        session_set_named_plugin(t, login->plugin);
    else if (!login->protocol_41 || !(login->caps & MW_CAP(MW_BIT_CLIENT_SECURE_CONNECTION)))
        set_known_plugin(s, MW_AUTH_MYSQL_OLD);
    else if (!(login->caps & MW_CAP(MW_BIT_CLIENT_PLUGIN_AUTH)))
        set_known_plugin(s, MW_AUTH_MYSQL_NATIVE);
    else if (t->msg->status == MW_SHORT) /* its name may have been cut off */
        session_set_plugin(s, (struct mw_slice){NULL, 0});
    session_tell(t, MW_EVENT_LOGIN, NULL);
}

static void note_path(struct mw_session *s, const struct mw_msg *msg)
{
    switch (msg->auth.step) {
    case MW_STEP_FAST_OK: s->path = MW_PATH_FAST; break;
    case MW_STEP_FULL: s->path = MW_PATH_FULL; break;
    case MW_STEP_KEY_REQUEST:
    case MW_STEP_PUBLIC_KEY:
    case MW_STEP_ENCRYPTED: s->path = MW_PATH_FULL_RSA; break;
    case MW_STEP_CLEARTEXT:
        if (s->ctx[MW_CLIENT].plugin == MW_AUTH_CACHING_SHA2 || s->ctx[MW_CLIENT].plugin == MW_AUTH_SHA256) {
            bool empty = msg->auth.data.n <= 1;
            s->path = empty ? MW_PATH_NONE : s->tls ? MW_PATH_FULL_TLS : MW_PATH_FULL;
        }
        break;
    default: break;
    }
}

void session_switch(struct step *t)
{
    struct mw_session *s = t->s;
    if (t->msg->kind == MW_KIND_OLD_AUTH_SWITCH)
        set_known_plugin(s, MW_AUTH_MYSQL_OLD);
    else
        session_set_named_plugin(t, t->msg->auth.plugin);
    s->path = MW_PATH_NONE;
    session_set_flags(s, MW_CTX_FIRST, 0);
    session_count(t, exchange_head(&s->queue));
    session_tell(t, MW_EVENT_AUTH, exchange_head(&s->queue));
}

void session_auth(struct step *t)
{
    note_path(t->s, t->msg);
    session_count(t, exchange_head(&t->s->queue));
    session_tell(t, MW_EVENT_AUTH, exchange_head(&t->s->queue));
    if (t->dir == MW_CLIENT)
        session_set_flags(t->s, 0, MW_CTX_FIRST);
}

/* system variables among the session state: lenenc name, lenenc value … */
void session_follow_state(struct mw_session *s, const struct mw_ok *ok)
{
    struct mw_slice rest = ok->state, data, name, value;
    uint8_t type;
    while (mw_track_next(&rest, &type, &data))
        while (type == MW_TRACK_SYSTEM_VARIABLES && mw_attribute_next(&data, &name, &value))
            if (name.n == 20 && memcmp(name.p, "character_set_client", 20) == 0) {
                uint16_t collation = charset_collation(value);
                if (collation)
                    session_set_collation(s, collation);
            }
}

unsigned session_compression(const struct mw_session *s)
{
    return mw_ctx_has(&s->ctx[MW_CLIENT], MW_BIT_CLIENT_COMPRESS)                     ? MW_START_ZLIB
           : mw_ctx_has(&s->ctx[MW_CLIENT], MW_BIT_CLIENT_ZSTD_COMPRESSION_ALGORITHM) ? MW_START_ZSTD
                                                                                      : 0;
}

void session_welcome(struct step *t)
{
    struct mw_session *s = t->s;
    session_follow_state(s, &t->msg->ok);
    t->result.actions |= session_compression(s);
    session_tell(t, MW_EVENT_LOGGED_IN, NULL);
}

