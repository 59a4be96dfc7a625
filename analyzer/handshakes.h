/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handshake inventory: what connections had in common, counted. Merging is associative. */
#ifndef ANALYZER_HANDSHAKES_H
#define ANALYZER_HANDSHAKES_H

#include "analyzer/connection.h"
#include "analyzer/sketch.h"
#include "analyzer/tally.h"

enum handshake_fact {
#define FACT(key, title, value) HANDSHAKE_##key,
#include "analyzer/handshake_facts.def"
#undef FACT
    HANDSHAKE_FACTS
};

/** Phases of a login whose durations are gathered. */
enum handshake_phase { PHASE_TCP_CONNECT, PHASE_GREETING, PHASE_TLS, PHASE_AUTH, PHASE_LOGIN, HANDSHAKE_PHASES };

struct handshake_capability {
    uint64_t server, client, both; /**< connections in which they offered, asked, or both */
};

struct handshakes {
    uint64_t connections;
    uint64_t greeted, spoke, both; /**< of these, in which the server's, the client's, both sides' capabilities are known */
    struct tally *facts[HANDSHAKE_FACTS];
    struct handshake_capability capabilities[2][64]; /**< by dialect: MySQL (and unknown), MariaDB */
    struct sketch latency[HANDSHAKE_PHASES];         /**< microseconds */
};

struct handshakes *handshakes_new(void);
void handshakes_free(struct handshakes *h);

/** Counts a finished connection. */
void handshakes_add(struct handshakes *h, const struct connection *c);

/** Adds `from` to `into`. */
void handshakes_merge(struct handshakes *into, const struct handshakes *from);

/** Bytes that handshake_fact_value() may need. */
#define HANDSHAKE_SCRATCH 1200

/** The value of a fact, which may be in `scratch`, or NULL where it is not known of the connection. */
const char *handshake_fact_value(const struct connection *c, enum handshake_fact fact, char *scratch);

/** "server_version" and "Server version". */
const char *handshake_fact_key(enum handshake_fact fact);
const char *handshake_fact_title(enum handshake_fact fact);

/** The fact of that key, or HANDSHAKE_FACTS. */
enum handshake_fact handshake_fact_from(const char *key, size_t n);

/** A value of the fact tls_certificate. */
struct handshake_certificate {
    const char *subject; /**< borrowed from the value */
    char not_after[21];  /**< "2027-01-31T12:00:00Z" */
    int64_t days_left;   /**< whole days from the time given; negative: over since that many, begun ones counted */
};

/** Takes such a value apart; `now_ns` is capture time. False if it is none. */
bool handshake_certificate(const char *value, int64_t now_ns, struct handshake_certificate *out);

/** "tcp_connect". */
const char *handshake_phase_name(enum handshake_phase phase);

/** Name and counts of capability row `i` in order of bits, MySQL's name before MariaDB's where both occurred under different
 *  names. False behind the last. Rows that nobody offered or asked for are left out. */
bool handshakes_capability_at(const struct handshakes *h, size_t i, const char **name, struct handshake_capability *out);

#endif
