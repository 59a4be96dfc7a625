/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/analysis.h"

#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/core_memory.h"
#include "analyzer/peel.h"
#include "analyzer/privacy.h"
#include "analyzer/rotation.h"
#include "analyzer/secret_memory.h"
#include "analyzer/tls_record.h"
#include "analyzer/waiting_file.h"

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
    const struct privacy *privacy;
};

static void relay_opened(void *user, const struct connection *connection)
{
    struct relay *r = user;
    r->observer->opened(r->observer->user, connection);
}

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

static void relay_header(void *user, const struct conn_packet *header)
{
    struct relay *r = user;
    r->observer->header(r->observer->user, header);
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
    if (r->privacy)
        privacy_connection(r->privacy, c);
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

static void add_input(struct analysis *a, const char *path)
{
    struct analysis_input input = {.path = g_strdup(path)};
    g_array_append_val(a->inputs, input);
}

/* Several files are one stream: the earliest first. A single one is not opened twice: it may be a pipe. */
static void order_inputs(struct analysis *a, const struct analysis_request *request)
{
    for (char *const *path = request->paths; *path; path++)
        add_input(a, *path);
    if (a->inputs->len < 2 || a->live)
        return;
    bool tail = request->lasting && request->lasting->tail;
    for (guint i = 0; i < a->inputs->len; i++) {
        struct analysis_input *input = &g_array_index(a->inputs, struct analysis_input, i);
        /* Unreadable ones last, standard input too: it cannot be looked at twice. But no missing one is followed. */
        input->first_time_ns = INT64_MAX;
        if (strcmp(input->path, "-") && !source_first_time(input->path, &input->first_time_ns) && tail &&
            access(input->path, R_OK) != 0)
            input->first_time_ns = INT64_MIN;
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
    bool indexed;
};

/* … and again and again in key logs that are being written. */
static bool index_secrets(void *user)
{
    struct later_secrets *later = user;
    const GArray *inputs = later->analysis->inputs;
    tls_secrets_read_more(later->secrets);
    for (guint i = 0; i < inputs->len && !later->analysis->live && !later->indexed; i++) {
        const char *path = g_array_index(inputs, struct analysis_input, i).path;
        if (strcmp(path, "-") != 0)
            source_index_secrets(path, take_secrets, later->secrets);
    }
    later->indexed = true;
    return tls_secrets_grow(later->secrets);
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

/* -- reading ------------------------------------------------------------------------------------------------------- */

/* The reading of the inputs. */
struct run {
    struct analysis *a;
    const struct analysis_request *request;
    struct conn_env *env;
    struct defrag *defrag;
    struct flow_table *flows;
    struct tapping *tapping;

    /* Of a run that lasts. */
    const struct analysis_lasting *lasting; /* or NULL */
    struct rotation *rotation;
    struct source *source;
    int64_t packet_ns; /* capture time of the last packet, 0 before the first … */
    int64_t seen_ns;   /* … and when it was read; 0: since the last chores */
    const char *next;  /* the file that goes on where the one under way ends */
};

static struct analysis_input *input_at(const struct run *r, size_t i)
{
    return &g_array_index(r->a->inputs, struct analysis_input, i);
}

static void count_drops(struct run *r)
{
    uint64_t by_kernel, by_interface;
    if (!r->source || !source_interfaces(r->source))
        return;
    interfaces_take_drops(source_interfaces(r->source), &by_kernel, &by_interface);
    r->a->counters.dropped_by_kernel += by_kernel;
    r->a->counters.dropped_by_interface += by_interface;
}

/* Capture time goes on where no packet tells it. */
static void on_chores(void *user)
{
    struct run *r = user;
    int64_t now = patience_now();
    if (!r->seen_ns)
        r->seen_ns = now;
    if (r->packet_ns)
        flow_table_age(r->flows, r->packet_ns + (now - r->seen_ns));
    count_drops(r);
    r->lasting->chores(r->lasting->user, r->a);
}

/* Who writes a key log does so when it has seen the packet that the keys are agreed on by: the packets are read a little
 * later than they come. Those behind have become older by then, so all are late by as much. */
static void wait_for_keys(const struct run *r, const struct packet *packet)
{
    enum { LATE_MS = 300 };
    struct timespec now;
    if (!r->lasting || !tls_secrets_grow(r->request->secrets))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t age_ms = (now.tv_sec * INT64_C(1000000000) + now.tv_nsec - packet->time_ns) / 1000000;
    if (age_ms >= 0 && age_ms < LATE_MS)
        poll(NULL, 0, (int)(LATE_MS - age_ms));
}

static void take(struct run *r, size_t i, struct source *source, const struct packet *packet)
{
    struct analysis *a = r->a;
    struct segment segment;
    wait_for_keys(r, packet);
    if (!a->first_ns || packet->time_ns < a->first_ns)
        a->first_ns = packet->time_ns;
    if (packet->time_ns > a->last_ns)
        a->last_ns = packet->time_ns;
    input_at(r, i)->packets++;
    enum peel outcome = peel_packet(packet, r->defrag, &segment);
    peel_count(&a->counters, packet, outcome);
    r->tapping->now = (struct analysis_packet){.input = i, .source = source, .packet = packet};
    r->tapping->told = false;
    if (outcome == PEEL_TCP)
        flow_table_push(r->flows, &segment);
    if (r->tapping->tap && !r->tapping->told)
        r->tapping->tap->packet(r->tapping->tap->user, &r->tapping->now);
    r->packet_ns = packet->time_ns;
    r->seen_ns = 0;
}

/* Whoever ended the run does not wait for all that may still be there. */
static bool is_too_late(const struct run *r)
{
    const int64_t last_words = INT64_C(3000000000);
    if (!r->lasting)
        return false;
    patience_breathe(r->lasting->patience);
    return r->lasting->patience->over && patience_now() > r->lasting->patience->over_ns + last_words;
}

static void read_input(struct run *r, size_t i, struct source *source)
{
    struct packet packet;
    enum source_status status = SOURCE_PACKET;
    bool too_late = false;
    while (!too_late && (status = source_next(source, &packet)) == SOURCE_PACKET) {
        take(r, i, source, &packet);
        too_late = is_too_late(r);
    }
    if (too_late)
        input_at(r, i)->error = g_strdup_printf("%s was not read to its end: it was stopped before.", input_at(r, i)->path);
    else if (status == SOURCE_ERROR)
        input_at(r, i)->error = g_strdup(source_error(source));
    source_count_hits(source, &r->a->hits);
}

static void read_interfaces(struct run *r)
{
    struct packet packet;
    const char *sentence;
    enum source_status status;
    struct source *source = r->source = source_of_interfaces(r->lasting->interfaces, r->lasting->patience);
    while ((status = source_next(source, &packet)) != SOURCE_END) {
        if (status == SOURCE_ERROR) {
            size_t i = interfaces_failed(r->lasting->interfaces, &sentence);
            input_at(r, i)->error = g_strdup(sentence);
            continue;
        }
        r->env->file = input_at(r, packet.interface)->path;
        take(r, packet.interface, source, &packet);
    }
    count_drops(r);
    source_close(source);
    r->source = NULL;
}

static bool on_followed(void *user)
{
    struct run *r = user;
    r->next = r->rotation ? rotation_next(r->rotation) : NULL;
    return r->next != NULL;
}

/* The file that was followed ended: another one goes on. */
static void go_on(struct run *r, size_t i, enum waiting_end why)
{
    const char *path = why == WAITING_FOLLOWED ? r->next : input_at(r, i)->path;
    char *remark = NULL;
    if (why == WAITING_REPLACED || why == WAITING_TRUNCATED)
        remark = g_strdup_printf("%s %s; going on with %s.", path,
                                 why == WAITING_REPLACED ? "was replaced by another file" : "was begun anew",
                                 why == WAITING_REPLACED ? "that one" : "its new packets");
    else if (why == WAITING_FOLLOWED)
        remark = g_strdup_printf("Going on with %s.", path);
    if (remark) {
        r->lasting->remark(r->lasting->user, remark);
        add_input(r->a, path);
    }
    g_free(remark);
}

/* Reads a file. Returns false where the filter is wrong. */
static bool read_file(struct run *r, size_t i)
{
    struct waiting waiting = {.patience = r->lasting ? r->lasting->patience : NULL, .followed = on_followed, .user = r};
    const char *path = input_at(r, i)->path;
    bool usage = false;
    char *error = NULL;
    waiting.grows = r->lasting && r->lasting->tail && i == r->a->inputs->len - 1;
    if (r->lasting && r->lasting->patience->over) {
        input_at(r, i)->error = g_strdup_printf("%s was not read: it was stopped before.", path);
        return true;
    }
    if (r->rotation)
        rotation_know(r->rotation, path);
    struct source *source =
        source_open_waiting(path, r->request->filter, r->lasting ? &waiting : NULL, &error, &usage);
    r->env->file = path;
    if (source && r->request->secrets)
        source_on_secrets(source, take_secrets, r->request->secrets);
    if (source)
        read_input(r, i, source);
    else if (usage)
        r->a->error = error;
    else if (waiting.end == WAITING_OVER) /* before its header was there */
        g_free(error);
    else
        input_at(r, i)->error = error;
    source_close(source);
    if (waiting.grows && !usage)
        go_on(r, i, waiting.end);
    return !usage;
}

/* The directories are empty: the recorder has not begun. */
static void wait_for_first(struct run *r)
{
    while (!on_followed(r))
        if (patience_wait(r->lasting->patience, NULL, 0, PATIENCE_CHORES_MS) == PATIENCE_OVER)
            return;
    add_input(r->a, r->next);
}

static enum analysis_end read_all(struct run *r)
{
    struct analysis *a = r->a;
    bool usage = false;
    if (r->lasting) {
        r->lasting->patience->chores = on_chores;
        r->lasting->patience->user = r;
    }
    if (r->lasting && r->lasting->tail && r->lasting->directories)
        r->rotation = rotation_new(r->lasting->directories);
    for (guint i = 0; r->rotation && i < a->inputs->len; i++)
        rotation_know(r->rotation, input_at(r, i)->path);
    if (a->inputs->len == 0 && r->rotation)
        wait_for_first(r);
    if (a->live)
        read_interfaces(r);
    for (guint i = 0; !a->live && i < a->inputs->len && !usage; i++)
        usage = !read_file(r, i);
    rotation_free(r->rotation);
    if (r->lasting)
        r->lasting->patience->chores = NULL;
    for (guint i = 0; i < a->inputs->len && !usage; i++)
        if (input_at(r, i)->error)
            return ANALYSIS_INCOMPLETE;
    return usage ? ANALYSIS_USAGE : ANALYSIS_DONE;
}

enum analysis_end analysis_run(struct analysis *a, const struct analysis_request *request,
                               const struct conn_observer *observer)
{
    struct relay relay = {a, observer, request->privacy};
    struct conn_observer counted = {.user = &relay,
                                    .opened = observer->opened ? relay_opened : NULL,
                                    .event = observer->event ? relay_event : NULL,
                                    .packet = observer->packet ? relay_packet : NULL,
                                    .header = observer->header ? relay_header : NULL,
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
    struct later_secrets later = {a, request->secrets, false};
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
    a->passwords_checked = request->passwords != NULL;
    a->live = request->lasting && request->lasting->interfaces;
    order_inputs(a, request);
    struct run run = {.a = a,
                      .request = request,
                      .env = &env,
                      .defrag = defrag,
                      .flows = flows,
                      .tapping = &tapping,
                      .lasting = request->lasting};
    enum analysis_end end = read_all(&run);
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
