/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run over the inputs: every packet through all stages, once, in order. */
#ifndef ANALYZER_ANALYSIS_H
#define ANALYZER_ANALYSIS_H

#include "analyzer/conn.h"
#include "analyzer/interfaces.h"
#include "analyzer/tls_secrets.h"

struct analysis;
struct privacy;

/** An input and what became of it. */
struct analysis_input {
    char *path;
    int64_t first_time_ns;
    uint64_t packets;
    char *error; /**< a sentence; NULL: read to its end */
};

/** A captured packet and the TCP connection that it is of. Borrowed for the time of the call. */
struct analysis_packet {
    size_t input; /**< which one, in the order in which they are read */
    const struct source *source;
    const struct packet *packet;
    const struct flow *flow; /**< NULL: of none */
    const struct segment *segment; /**< with `flow` */
    int dir; /**< direction of `flow` */
};

/** Who wants the captured packets themselves. */
struct analysis_tap {
    void *user;
    /** Every packet, before what it carries is told. */
    void (*packet)(void *user, const struct analysis_packet *packet);
    /** No packet is of this connection any more. */
    void (*forgotten)(void *user, const struct flow *flow);
};

/** Of a run that does not end with what there is. */
struct analysis_lasting {
    struct patience *patience; /**< pipes are waited for; its chores are set by the run */
    bool tail;                 /**< the last input is followed while it grows, and where its writer goes on */
    char *const *directories;  /**< with `tail`: where captures may appear, NULL-terminated; or NULL */
    struct interfaces *interfaces; /**< read instead of files: owned by the run; `paths` are their names. Or NULL */
    void *user;
    /** Several times a second, between packets or while none comes. */
    void (*chores)(void *user, const struct analysis *a);
    /** Told what the user should know at once: a sentence. */
    void (*remark)(void *user, const char *sentence);
};

/** What a run is asked to do. Borrowed. */
struct analysis_request {
    char *const *paths; /**< NULL-terminated; "-" for standard input */
    const char *filter; /**< BPF, or NULL */
    const uint16_t *ports;
    size_t n_ports;
    bool only_ports;
    struct tls_secrets *secrets; /**< what opens TLS, or NULL */
    struct passwords *passwords; /**< to verify logins with, or NULL */
    const struct analysis_tap *tap; /**< or NULL */
    const struct analysis_lasting *lasting; /**< NULL: the end of the inputs is the end of the run */
    const struct privacy *privacy; /**< what records of connections do not tell; NULL: they tell all */
};

/** How a run ended. */
enum analysis_end {
    ANALYSIS_DONE,       /**< all inputs were read to their ends */
    ANALYSIS_INCOMPLETE, /**< an input could not be read, or not to its end; see the inputs */
    ANALYSIS_USAGE       /**< the filter is no filter; `error` says so */
};

/** The evidence of a run. */
struct analysis {
    GArray *inputs; /**< of struct analysis_input, in the order in which they were read */
    bool live; /**< the inputs are interfaces */
    struct counters counters;
    struct limits limits;
    struct limit_hits hits;
    struct mw_limits core_limits;
    struct mw_limit_hits core_hits;
    int64_t first_ns, last_ns; /**< capture time; 0 without packets */
    uint64_t connections;      /**< MySQL connections */
    uint64_t midstream, undecrypted, partly_decrypted;
    uint64_t not_decrypted[TLS_REASONS]; /**< connections by why not all was decrypted */
    uint64_t damaged_frames;   /**< compressed frames that could not be opened */
    bool passwords_checked;    /**< logins were checked against passwords */
    struct legs_sum legs;       /**< what proxies did */
    struct diagnosis diagnosis; /**< what stood in the way of reading them */
    char *error;               /**< ANALYSIS_USAGE */
};

/** A new run with the default limits. */
struct analysis *analysis_new(void);

/** Reads all inputs, ordered by their first packet's time, and tells `observer`. What could be read is told in any case. */
enum analysis_end analysis_run(struct analysis *a, const struct analysis_request *request,
                               const struct conn_observer *observer);

void analysis_free(struct analysis *a);

#endif
