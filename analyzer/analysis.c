/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/analysis.h"

#include <string.h>

#include "analyzer/core_memory.h"
#include "analyzer/peel.h"
#include "analyzer/secret_memory.h"
#include "analyzer/tls_record.h"

struct analysis *analysis_new(void)
{
    struct analysis *a = g_new0(struct analysis, 1);
    a->inputs = g_array_new(FALSE, TRUE, sizeof(struct analysis_input));
    a->limits = limits_default();
    a->core_limits = mw_limits_default();
    return a;
}

void analysis_free(struct analysis *a)
{
    if (!a)
        return;
    for (guint i = 0; i < a->inputs->len; i++) {
        g_free(g_array_index(a->inputs, struct analysis_input, i).path);
        g_free(g_array_index(a->inputs, struct analysis_input, i).error);
    }
    g_array_free(a->inputs, TRUE);
    sketch_clear(&a->legs.added_us);
    diagnosis_clear(&a->diagnosis);
    g_free(a->error);
    g_free(a);
}

/* Between the stages and the caller's observer: counts what the evidence needs. */
struct relay {
    struct analysis *analysis;
    const struct conn_observer *observer;
};

static void relay_event(void *user, const struct connection *connection, const struct mw_event *event,
                        const struct items *items)
{
    struct relay *r = user;
    r->observer->event(r->observer->user, connection, event, items);
}

static void relay_packet(void *user, const struct conn_packet *packet)
{
    struct relay *r = user;
    r->observer->packet(r->observer->user, packet);
}

static bool relay_looks(void *user, const struct connection *connection, enum mw_dir dir)
{
    struct relay *r = user;
    return r->observer->looks(r->observer->user, connection, dir);
}

static void relay_closed(void *user, struct connection *c)
{
    struct relay *r = user;
    struct analysis *a = r->analysis;
    a->connections++;
    diagnosis_add(&a->diagnosis, c);
    a->midstream += c->state == CONNECTION_MIDSTREAM;
    a->damaged_frames += c->damaged_frames;
    a->undecrypted += c->tls && c->inside_tls.opened == TLS_OPENED_NONE;
    a->not_decrypted[c->inside_tls.reason] += c->tls && c->inside_tls.reason != TLS_REASON_NONE;
    a->partly_decrypted += c->tls && c->inside_tls.opened == TLS_OPENED_PARTIAL;
    if (r->observer->closed)
        r->observer->closed(r->observer->user, c);
    else
        connection_free(c);
}

static int by_first_time(const void *a, const void *b)
{
    const struct analysis_input *x = a, *y = b;
    return x->first_time_ns < y->first_time_ns ? -1 : x->first_time_ns > y->first_time_ns;
}

/* Several files are one stream: the earliest first. A single one is not opened twice: it may be a pipe. */
static void order_inputs(struct analysis *a, const struct analysis_request *request)
{
    for (char *const *path = request->paths; *path; path++) {
        struct analysis_input input = {.path = g_strdup(*path)};
        g_array_append_val(a->inputs, input);
    }
    if (a->inputs->len < 2)
        return;
    for (guint i = 0; i < a->inputs->len; i++) {
        struct analysis_input *input = &g_array_index(a->inputs, struct analysis_input, i);
        struct packet packet;
        char *error = NULL;
        input->first_time_ns = INT64_MAX; /* unreadable ones last, standard input too: it cannot be looked at twice */
        struct source *source = strcmp(input->path, "-") ? source_open(input->path, NULL, &error, NULL) : NULL;
        if (source && source_next(source, &packet) == SOURCE_PACKET)
            input->first_time_ns = packet.time_ns;
        source_close(source);
        g_free(error);
    }
    /* Equal times keep the order of the command line. */
    for (guint i = 1; i < a->inputs->len; i++)
        for (guint j = i; j > 0; j--) {
            struct analysis_input *x = &g_array_index(a->inputs, struct analysis_input, j - 1);
            struct analysis_input *y = &g_array_index(a->inputs, struct analysis_input, j);
            if (by_first_time(x, y) <= 0)
                break;
            struct analysis_input t = *x;
            *x = *y;
            *y = t;
        }
}

/* Secrets that a capture carries itself. Wrong lines are left out: `mywire secrets list` tells of them. */
static void take_secrets(void *user, const char *text, size_t n)
{
    secret_memory_forbid_dumps();
    tls_secrets_add_keylog(user, text, n, NULL, NULL, NULL);
}

/* Secrets count from the start wherever they stand in whichever file. Those before the packets come with them; the others are
 * looked for when the first connection lacks one, so captures without TLS are not read twice. */
struct later_secrets {
    const struct analysis *analysis;
    struct tls_secrets *secrets;
};

static void index_secrets(void *user)
{
    const struct later_secrets *later = user;
    const GArray *inputs = later->analysis->inputs;
    for (guint i = 0; i < inputs->len; i++) {
        const char *path = g_array_index(inputs, struct analysis_input, i).path;
        if (strcmp(path, "-") != 0)
            source_index_secrets(path, take_secrets, later->secrets);
    }
}

/* The packet under way, for the tap. It is told once: with its connection as soon as that is found. */
struct tapping {
    const struct analysis_tap *tap;
    struct analysis_packet now;
    bool told;
};

static void tap_segment(void *user, const struct flow *flow, int dir, const struct segment *segment)
{
    struct tapping *t = ((const struct conn_env *)user)->user;
    t->now.flow = flow;
    t->now.dir = dir;
    t->now.segment = segment;
    t->told = true;
    t->tap->packet(t->tap->user, &t->now);
}

static void tap_forgotten(void *user, const struct flow *flow)
{
    struct tapping *t = ((const struct conn_env *)user)->user;
    t->tap->forgotten(t->tap->user, flow);
}

static void read_input(struct analysis *a, struct analysis_input *input, struct source *source,
                       struct defrag *defrag, struct flow_table *flows, struct tapping *tapping)
{
    struct packet packet;
    struct segment segment;
    enum source_status status;
    while ((status = source_next(source, &packet)) == SOURCE_PACKET) {
        if (!a->first_ns || packet.time_ns < a->first_ns)
            a->first_ns = packet.time_ns;
        if (packet.time_ns > a->last_ns)
            a->last_ns = packet.time_ns;
        input->packets++;
        enum peel outcome = peel_packet(&packet, defrag, &segment);
        peel_count(&a->counters, &packet, outcome);
        tapping->now = (struct analysis_packet){.input = tapping->now.input, .source = source, .packet = &packet};
        tapping->told = false;
        if (outcome == PEEL_TCP)
            flow_table_push(flows, &segment);
        if (tapping->tap && !tapping->told)
            tapping->tap->packet(tapping->tap->user, &tapping->now);
    }
    if (status == SOURCE_ERROR)
        input->error = g_strdup(source_error(source));
    source_count_hits(source, &a->hits);
}

enum analysis_end analysis_run(struct analysis *a, const struct analysis_request *request,
                               const struct conn_observer *observer)
{
    struct relay relay = {a, observer};
    struct conn_observer counted = {.user = &relay,
                                    .event = observer->event ? relay_event : NULL,
                                    .packet = observer->packet ? relay_packet : NULL,
                                    .values = observer->values,
                                    .only = observer->only,
                                    .looks = observer->looks ? relay_looks : NULL,
                                    .tap = observer->tap,
                                    .closed = relay_closed};
    struct items items = {0};
    struct tapping tapping = {.tap = request->tap};
    struct tls_env tls = {.limits = &a->limits, .hits = &a->hits, .room = g_malloc(TLS_FRAGMENT_MAX)};
    struct conn_env env = {.observer = &counted,
                           .limits = &a->core_limits,
                           .hits = &a->core_hits,
                           .counters = &a->counters,
                           .budget = {.limit = a->limits.connection_bytes, .refused = &a->hits.connection_bytes},
                           .converter = text_converter_new(),
                           .codec = mw_codec_new(&core_memory),
                           .items = &items,
                           .legs = legs_new(&a->legs),
                           .passwords = request->passwords,
                           .diagnosis = &a->diagnosis,
                           .ports = request->ports,
                           .n_ports = request->n_ports,
                           .only_ports = request->only_ports,
                           .tls = &tls,
                           .user = &tapping};
    tls_keyring_init(&tls.keyring, request->secrets, &a->limits, &a->hits);
    struct later_secrets later = {a, request->secrets};
    tls.keyring.more = request->secrets ? index_secrets : NULL;
    tls.keyring.user = &later;
    struct flow_owner owner;
    conn_own(&owner, &env);
    if (request->tap) {
        owner.seen = tap_segment;
        owner.forgotten = tap_forgotten;
    }
    struct flow_table *flows = flow_table_new(&owner, &a->limits, &a->hits, &a->counters);
    struct defrag *defrag = defrag_new(&a->limits, &a->hits, &a->counters);
    enum analysis_end end = ANALYSIS_DONE;

    a->passwords_checked = request->passwords != NULL;
    order_inputs(a, request);
    for (guint i = 0; i < a->inputs->len && end != ANALYSIS_USAGE; i++) {
        struct analysis_input *input = &g_array_index(a->inputs, struct analysis_input, i);
        bool usage = false;
        char *error = NULL;
        struct source *source = source_open(input->path, request->filter, &error, &usage);
        env.file = input->path;
        tapping.now.input = i;
        if (source && request->secrets)
            source_on_secrets(source, take_secrets, request->secrets);
        if (source)
            read_input(a, input, source, defrag, flows, &tapping);
        else if (usage)
            a->error = error;
        else
            input->error = error;
        source_close(source);
        if (usage)
            end = ANALYSIS_USAGE;
        else if (input->error)
            end = ANALYSIS_INCOMPLETE;
    }
    flow_table_finish(flows);
    flow_table_free(flows);
    legs_free(env.legs);
    defrag_free(defrag);
    if (request->secrets)
        a->hits.tls_secrets += tls_secrets_dropped(request->secrets);
    if (request->passwords)
        a->hits.password_rounds += passwords_refused(request->passwords);
    text_converter_free(env.converter);
    mw_codec_free(env.codec);
    items_clear(&items);
    tls_keyring_clear(&tls.keyring);
    g_free(tls.room);
    return end;
}
