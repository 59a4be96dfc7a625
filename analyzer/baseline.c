/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/baseline.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analyzer/handshakes.h"

/* -- facts --------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *key, *title;
    bool usual, sealed;
} facts[DIFF_FACTS] = {
#define FACT(key, title, usual, sealed) {#key, title, usual, sealed},
#include "analyzer/diff_facts.def"
#undef FACT
};

const char *diff_fact_key(enum diff_fact fact)
{
    return facts[fact].key;
}

const char *diff_fact_title(enum diff_fact fact)
{
    return facts[fact].title;
}

bool diff_fact_is_usual(enum diff_fact fact)
{
    return facts[fact].usual;
}

bool diff_fact_is_sealed(enum diff_fact fact)
{
    return facts[fact].sealed;
}

enum diff_fact diff_fact_from(const char *key, size_t n)
{
    int fact = 0;
    while (fact < DIFF_FACTS && (strlen(facts[fact].key) != n || memcmp(facts[fact].key, key, n) != 0))
        fact++;
    return fact;
}

/* -- building ------------------------------------------------------------------------------------------------------ */

static void value_free(gpointer data)
{
    struct baseline_value *v = data;
    g_free(v->value);
    g_free(v->label);
    g_free(v);
}

static void latency_free(gpointer data)
{
    struct baseline_latency *l = data;
    g_free(l->key);
    g_free(l->label);
    g_free(l);
}

void baseline_free(struct baseline *b)
{
    if (!b)
        return;
    for (int f = 0; f < DIFF_FACTS; f++)
        if (b->values[f])
            g_hash_table_destroy(b->values[f]);
    g_hash_table_destroy(b->latencies);
    g_free(b->file);
    g_free(b->event);
    g_free(b);
}

static void has_fact(struct baseline *b, enum diff_fact fact)
{
    if (!b->values[fact])
        b->values[fact] = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, value_free);
}

/* Counts a value; `value` is taken. */
static void add_value(struct baseline *b, enum diff_fact fact, char *value, const char *label, uint64_t count)
{
    has_fact(b, fact);
    struct baseline_value *v = g_hash_table_lookup(b->values[fact], value);
    if (v) {
        g_free(value);
    } else {
        v = g_new0(struct baseline_value, 1);
        v->value = value;
        v->label = g_strdup(label);
        g_hash_table_insert(b->values[fact], v->value, v);
    }
    v->count += count;
}

/* Shares of the sum; of what does not exclude each other, or is no part of it, of the population. */
static void set_shares(struct baseline *b)
{
    GHashTableIter i;
    gpointer v;
    for (int f = 0; f < DIFF_FACTS; f++) {
        uint64_t total = 0;
        if (!b->values[f])
            continue;
        g_hash_table_iter_init(&i, b->values[f]);
        while (g_hash_table_iter_next(&i, NULL, &v))
            total += ((struct baseline_value *)v)->count;
        if (f == DIFF_capability_server || f == DIFF_capability_client || f == DIFF_digest_error || f == DIFF_error_code)
            total = b->population;
        if (f == DIFF_command_error_code)
            total = b->commands;
        b->totals[f] = total;
        g_hash_table_iter_init(&i, b->values[f]);
        while (g_hash_table_iter_next(&i, NULL, &v))
            ((struct baseline_value *)v)->share =
                total ? MIN((double)((struct baseline_value *)v)->count / (double)total, 1) : 0;
    }
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

/* A count; 0 for anything else. */
static uint64_t count_of(const json_t *object, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(object, key));
    return n > 0 ? (uint64_t)n : 0;
}

/* A text or a number as text, to be freed; NULL for anything else. */
static char *text_of(const json_t *value)
{
    if (json_is_string(value))
        return g_strdup(json_string_value(value));
    return json_is_integer(value) ? g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value)) : NULL;
}

/* [{"value", "count"}] */
static void read_values(struct baseline *b, enum diff_fact fact, const json_t *list)
{
    size_t i;
    json_t *item;
    if (!json_is_array(list))
        return;
    has_fact(b, fact);
    json_array_foreach(list, i, item)
    {
        char *value = text_of(json_object_get(item, "value"));
        if (value)
            add_value(b, fact, value, json_string_value(json_object_get(item, "symbol")), count_of(item, "count"));
    }
}

/* [{"name", "server", "client"}] */
static void read_capabilities(struct baseline *b, const json_t *list)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "name"));
        if (name && count_of(item, "server"))
            add_value(b, DIFF_capability_server, g_strdup(name), NULL, count_of(item, "server"));
        if (name && count_of(item, "client"))
            add_value(b, DIFF_capability_client, g_strdup(name), NULL, count_of(item, "client"));
    }
    if (json_is_array(list)) {
        has_fact(b, DIFF_capability_server);
        has_fact(b, DIFF_capability_client);
    }
}

static struct baseline_quantile read_quantile(const json_t *latency, const char *key, const char *range_key)
{
    const json_t *value = json_object_get(latency, key), *range = json_object_get(latency, range_key);
    struct baseline_quantile q = {-1, -1, -1};
    if (json_is_integer(value) && json_integer_value(value) >= 0)
        q.value = json_integer_value(value);
    const json_t *low = json_array_get(range, 0), *high = json_array_get(range, 1);
    if (json_is_integer(low) && json_is_integer(high) && json_integer_value(low) >= 0) {
        q.low = json_integer_value(low);
        q.high = json_integer_value(high);
    }
    return q;
}

static void read_latency(struct baseline *b, const char *key, const char *label, const json_t *latency)
{
    if (!json_is_object(latency) || count_of(latency, "count") == 0 || g_hash_table_contains(b->latencies, key))
        return;
    struct baseline_latency *l = g_new0(struct baseline_latency, 1);
    l->key = g_strdup(key);
    l->label = g_strdup(label);
    l->count = count_of(latency, "count");
    l->p50 = read_quantile(latency, "p50", "p50_range");
    l->p95 = read_quantile(latency, "p95", "p95_range");
    g_hash_table_insert(b->latencies, l->key, l);
}

static void read_evidence(struct baseline *b, const json_t *evidence)
{
    b->undecrypted = count_of(evidence, "undecrypted_connections") + count_of(evidence, "partly_decrypted_connections");
    b->gap_bytes = count_of(evidence, "gap_bytes");
    b->complete = json_is_true(json_object_get(evidence, "complete"));
}

static void read_handshakes(struct baseline *b, const json_t *root)
{
    const json_t *by = json_object_get(root, "by"), *latencies = json_object_get(root, "latency_us");
    for (int f = 0; f < DIFF_FACTS; f++)
        read_values(b, f, json_object_get(by, diff_fact_key(f)));
    read_capabilities(b, json_object_get(by, "capability"));
    for (int p = 0; p < HANDSHAKE_PHASES; p++)
        read_latency(b, handshake_phase_name(p), NULL, json_object_get(latencies, handshake_phase_name(p)));
}

static void read_summary(struct baseline *b, const json_t *root)
{
    b->commands = count_of(root, "commands");
    for (int f = 0; f < DIFF_FACTS; f++)
        read_values(b, f, json_object_get(root, diff_fact_key(f)));
    read_latency(b, "login", NULL, json_object_get(root, "login_us"));
    read_latency(b, "command", NULL, json_object_get(root, "command_us"));
}

/* [{"value", "symbol", "count"}] of a statement: "1062 3f2a…", known as the error and the statement. */
static void read_statement_errors(struct baseline *b, const char *id, const char *text, const json_t *list)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        char *code = text_of(json_object_get(item, "value"));
        const char *symbol = json_string_value(json_object_get(item, "symbol"));
        char *label = g_strdup_printf("%s %s", symbol ? symbol : code, text);
        if (code && count_of(item, "count"))
            add_value(b, DIFF_digest_error, g_strdup_printf("%s %s", code, id), label, count_of(item, "count"));
        g_free(code);
        g_free(label);
    }
}

/* Statements are the same in whatever database; their durations are told for each database. */
static void read_digest(struct baseline *b, const json_t *root)
{
    size_t i;
    json_t *item;
    b->connections = count_of(json_object_get(root, "evidence"), "connections");
    b->population = count_of(root, "calls");
    has_fact(b, DIFF_digest);
    has_fact(b, DIFF_digest_error);
    json_array_foreach(json_object_get(root, "digests"), i, item)
    {
        const char *id = json_string_value(json_object_get(item, "digest"));
        const char *text = json_string_value(json_object_get(item, "text"));
        const char *database = json_string_value(json_object_get(item, "database"));
        if (!id || !text || count_of(item, "calls") == 0)
            continue;
        add_value(b, DIFF_digest, g_strdup(id), text, count_of(item, "calls"));
        read_statement_errors(b, id, text, json_object_get(item, "error_codes"));
        char *key = database ? g_strdup_printf("%s %s", id, database) : g_strdup(id);
        read_latency(b, key, text, json_object_get(item, "duration_us"));
        g_free(key);
    }
}

/* Whether the document is one of ours; `error` says if not. */
static bool is_result(const char *file, const json_t *root, char **error)
{
    const char *event = json_string_value(json_object_get(root, "event"));
    const json_t *schema = json_object_get(root, "schema");
    static const char *const events[] = {"handshakes", "summary", "digest", NULL};
    if (!event || !json_is_integer(schema))
        *error = g_strdup_printf("%s is JSON, but no result of mywire: it has no \"event\" or no \"schema\". Save one with "
                                 "`mywire handshakes -F json`.",
                                 file);
    else if (!g_strv_contains(events, event))
        *error = g_strdup_printf("%s holds a result of another kind (%s); diff compares those of handshakes, summary and digest.",
                                 file, event);
    else if (json_integer_value(schema) != 1)
        *error = g_strdup_printf("%s has the layout %" JSON_INTEGER_FORMAT " of %s, and this mywire knows layout 1 only; make "
                                 "it again with this version.",
                                 file, json_integer_value(schema), event);
    return !*error;
}

struct baseline *baseline_parse(const char *file, const char *text, size_t n, char **error)
{
    json_error_t where;
    *error = NULL;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &where);
    if (!root) {
        *error = g_strdup_printf("%s cannot be read as JSON: line %d, column %d: %s.", file, where.line, where.column, where.text);
        return NULL;
    }
    if (!is_result(file, root, error)) {
        json_decref(root);
        return NULL;
    }
    struct baseline *b = g_new0(struct baseline, 1);
    b->file = g_strdup(file);
    b->event = g_strdup(json_string_value(json_object_get(root, "event")));
    b->latencies = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, latency_free);
    b->connections = b->population = count_of(root, "connections");
    read_evidence(b, json_object_get(root, "evidence"));
    if (strcmp(b->event, "handshakes") == 0)
        read_handshakes(b, root);
    else if (strcmp(b->event, "summary") == 0)
        read_summary(b, root);
    else
        read_digest(b, root);
    set_shares(b);
    json_decref(root);
    return b;
}

/* All of a file, at most `most` bytes; NULL with errno. */
static GString *read_all(FILE *in, uint64_t most)
{
    enum { PIECE = 65536 };
    GString *text = g_string_new(NULL);
    size_t n = 1;
    while (n > 0 && text->len <= most) {
        size_t old = text->len;
        g_string_set_size(text, old + PIECE);
        n = fread(text->str + old, 1, PIECE, in);
        g_string_set_size(text, old + n);
    }
    if (!ferror(in) && text->len <= most)
        return text;
    errno = ferror(in) ? errno : EFBIG;
    g_string_free(text, TRUE);
    return NULL;
}

struct baseline *baseline_read(const char *file, uint64_t most, char **error)
{
    bool from_stdin = strcmp(file, "-") == 0;
    FILE *in = from_stdin ? stdin : fopen(file, "rb");
    GString *text = in ? read_all(in, most) : NULL;
    if (!text)
        *error = g_strdup_printf("%s cannot be read: %s.", file, g_strerror(errno));
    if (in && !from_stdin)
        fclose(in);
    if (!text)
        return NULL;
    struct baseline *b = baseline_parse(from_stdin ? "standard input" : file, text->str, text->len, error);
    g_string_free(text, TRUE);
    return b;
}
