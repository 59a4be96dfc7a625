/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of a connection, private to conn.c (what it is, and what lies below) and conn_mysql.c (MySQL's stages in
 * it). */
#ifndef ANALYZER_CONN_STATE_H
#define ANALYZER_CONN_STATE_H

#include "analyzer/conn.h"

enum conn_mode {
    CONN_DETECT, /* not known yet */
    CONN_MYSQL,
    CONN_OPAQUE, /* MySQL, but what follows is not read */
    CONN_X,      /* X Protocol: counted, not read */
    CONN_OTHER   /* another protocol */
};

/* What only a MySQL connection needs. */
struct mysql {
    struct mw_framer framer[2];      /* by enum mw_dir */
    struct mw_inflater *inflater[2]; /* NULL until compression starts */
    struct mw_session *session;
    struct mw_mem mem; /* in the connection's share */
    bool unannounced; /* what the client asked for was lost: TLS or compression may begin */
    struct mw_observer observer;
    struct connection *record;
    const struct items *items; /* fields of the packet under way, NULL where they were not asked for */
};

struct conn {
    struct conn_env *env;
    const struct flow *flow;
    struct budget_share share; /* of what waits in the stages */
    struct mysql *mysql;
    struct connection *x;     /* the record, of the X Protocol */
    struct detector detector; /* by directions of TCP */
    uint64_t detecting;       /* bytes of the share for it */
    enum conn_mode mode;
    uint8_t server;     /* TCP direction in which the server sends */
    struct tls *tls;    /* below all that, once it has begun */
    uint64_t tls_held;  /* bytes of the share for it */
    uint8_t tls_client; /* TCP direction in which the client of TLS sends */
    bool tls_came_off;  /* something was opened */
    bool x_turn;        /* X Protocol: the client is about to speak, or has only begun */
    bool syn_seen;
    int64_t tls_ns;    /* of the ClientHello, when TLS came first */
    uint64_t bytes[2]; /* of payload, by direction of TCP */
    struct connection_hole holes[2];
    bool foreign_tls; /* TLS with who knows what in it */
    int64_t syn_ns, established_ns;
    const char *first_file;
};

static inline enum mw_dir role(const struct conn *c, int dir)
{
    return dir == c->server ? MW_SERVER : MW_CLIENT;
}

static inline const struct conn_tap *tap_of(const struct conn *c)
{
    return c->env->observer->tap;
}

/* The record, once it is known what this is; NULL before. */
static inline struct connection *record_of(const struct conn *c)
{
    return c->mysql ? c->mysql->record : c->x;
}

/* Hands bytes to TLS; beyond the connection's share of memory they are lost. */
void conn_push_tls(struct conn *c, int side, const uint8_t *p, size_t n, struct mw_stamp stamp);

/* MySQL begins: with its greeting or login, or in the middle. `c->server` and the record are set. */
void conn_mysql_begin(struct conn *c, struct connection *record, enum detect_verdict verdict);

/* Tells the header of the PROXY protocol that detection has, if it has one. */
void conn_mysql_header(struct conn *c);

/* Bytes of TCP direction `tcp_dir`, above TLS. */
void conn_mysql_data(struct conn *c, int tcp_dir, const uint8_t *p, size_t n, struct mw_stamp stamp);

/* `n` of them are missing; UINT64_MAX: nobody knows how many. */
void conn_mysql_gap(struct conn *c, int tcp_dir, uint64_t n, struct mw_stamp stamp);

/* The connection is over: commands that were not answered are told. The record stays. */
void conn_mysql_end(struct conn *c);

#endif
