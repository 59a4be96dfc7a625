/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/doctor.h"

#include <string.h>

#include "analyzer/evidence.h"

const char *doctor_severity_name(enum doctor_severity severity)
{
    static const char *const names[] = {"error", "warning", "note"};
    return names[severity];
}

/* -- texts --------------------------------------------------------------------------------------------------------- */

/* A word of a shell: quoted where it must be. */
static void put_word(GString *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+=:@%,";
    if (*word && strspn(word, plain) == strlen(word)) {
        g_string_append(out, word);
        return;
    }
    char *quoted = g_shell_quote(word);
    g_string_append(out, quoted);
    g_free(quoted);
}

/* ": most traffic is to the ports 443 (1200 bytes), 6379 (80 bytes)"; nothing where there was none. */
static void put_ports(GString *out, const struct tally *ports)
{
    enum { SHOWN = 3 };
    size_t n = ports ? tally_size(ports) : 0;
    struct tally_row *rows = n ? tally_rows(ports) : NULL;
    if (n)
        g_string_append(out, n == 1 ? ": all traffic is to port " : ": most traffic is to the ports ");
    for (size_t i = 0; i < n && i < SHOWN; i++)
        g_string_append_printf(out, "%s%s (%" G_GUINT64_FORMAT " bytes)", i ? ", " : "", rows[i].key, rows[i].count);
    g_free(rows);
}

/* The server's port of the example; else the one with most traffic that was no MySQL; else the usual one. */
static void put_port(GString *out, const struct analysis *a, const struct diagnosis_case *example)
{
    struct tally_row *rows = a->diagnosis.ports ? tally_rows(a->diagnosis.ports) : NULL;
    if (example && example->port)
        g_string_append_printf(out, "%u", example->port);
    else
        g_string_append(out, rows ? rows[0].key : "3306");
    g_free(rows);
}

static void put_file(GString *out, const struct analysis *a, const struct diagnosis_case *example)
{
    if (a->live) /* advice is for a file that does not exist yet */
        put_word(out, "new.pcap");
    else if (example && example->file)
        put_word(out, example->file);
    else if (a->inputs->len)
        put_word(out, g_array_index(a->inputs, struct analysis_input, 0).path);
}

/* Fills in what doctor.def says. */
static char *fill_in(const char *text, const struct analysis *a, uint64_t count, const struct diagnosis_case *example)
{
    GString *out = g_string_new(NULL);
    for (; *text; text++) {
        if (*text != '%') {
            g_string_append_c(out, *text);
            continue;
        }
        switch (*++text) {
        case 'N': g_string_append_printf(out, "%" G_GUINT64_FORMAT, count); break;
        case 'B': g_string_append_printf(out, "%" G_GUINT64_FORMAT, example ? example->bytes : 0); break;
        case 'C': g_string_append_printf(out, "%" G_GUINT64_FORMAT, example ? example->connection : 0); break;
        case 'F': put_file(out, a, example); break;
        case 'P': put_port(out, a, example); break;
        case 'T': put_ports(out, a->diagnosis.ports); break;
        default: g_assert_not_reached();
        }
    }
    return g_string_free(out, FALSE);
}

/* -- findings ------------------------------------------------------------------------------------------------------ */

static struct doctor_finding *add(GArray *findings, const char *id, enum doctor_severity severity, uint64_t count,
                                  const struct diagnosis_case *example)
{
    struct doctor_finding f = {.id = id, .severity = severity, .count = count};
    if (example)
        f.example = *example;
    g_array_append_val(findings, f);
    return &g_array_index(findings, struct doctor_finding, findings->len - 1);
}

static void add_tls(GArray *findings, const struct analysis *a, const char *reason_id, enum tls_reason reason,
                    enum doctor_severity severity, const char *advice, const char *command)
{
    const struct diagnosis_case *k = &a->diagnosis.tls[reason];
    if (k->count == 0)
        return;
    char *lower = g_ascii_strdown(reason_id, -1);
    char *id = g_strconcat("tls.", lower, NULL);
    g_free(lower);
    struct doctor_finding *f = add(findings, id, severity, k->count, k);
    f->own_id = id;
    f->sentence = g_strdup_printf("%" G_GUINT64_FORMAT " connection%s TLS could not be opened, or not all of it: %s",
                                  k->count, k->count == 1 ? "'s" : "s'", tls_reason_sentence(reason));
    f->advice = fill_in(advice, a, k->count, k);
    f->command = fill_in(command, a, k->count, k);
}

/* A limit of the core bounds what is kept of a packet or a session, one of the analyzer what is remembered at a time.
 */
static void add_limit(GArray *findings, const struct analysis *a, bool core, const char *name, uint64_t hits,
                      const char *meaning)
{
    if (hits == 0)
        return;
    char *id = g_strconcat("limit.", name, NULL);
    struct doctor_finding *f = add(findings, id, core ? DOCTOR_NOTE : DOCTOR_WARNING, hits, NULL);
    f->own_id = id;
    f->sentence =
        g_strdup_printf("limit %s was hit %" G_GUINT64_FORMAT " time%s: %s", name, hits, hits == 1 ? "" : "s", meaning);
    f->advice = g_strdup(
        core
            ? "Memory is bounded: what goes beyond is counted and not kept. Look at the connections that are not exact."
            : "Memory is bounded, so something was given up. Read a part: fewer hosts or less time.");
    f->command =
        fill_in(core ? "mywire connections -F ndjson %F" : "mywire summary -f 'tcp port %P' %F", a, hits, NULL);
}

/* The first input that was not read to its end. */
static struct diagnosis_case broken_input(const GArray *inputs)
{
    struct diagnosis_case k = {0};
    for (guint i = 0; i < inputs->len && !k.file; i++)
        if (g_array_index(inputs, struct analysis_input, i).error)
            k.file = g_array_index(inputs, struct analysis_input, i).path;
    return k;
}

static int by_severity(const void *x, const void *y)
{
    const struct doctor_finding *a = x, *b = y;
    return (int)a->severity - (int)b->severity;
}

GArray *doctor_findings(const struct analysis *a)
{
    const struct diagnosis *d = &a->diagnosis;
    GArray *findings = g_array_new(FALSE, TRUE, sizeof(struct doctor_finding));
    struct diagnosis_case broken = broken_input(a->inputs);
#define FINDING(name, level, amount, which, one, many, what, how)                                                      \
    if ((amount) > 0) {                                                                                                \
        uint64_t n = (amount);                                                                                         \
        const struct diagnosis_case *k = (which);                                                                      \
        struct doctor_finding *f = add(findings, name, DOCTOR_##level, n, k);                                          \
        f->sentence = fill_in(n == 1 ? (one) : (many), a, n, k);                                                       \
        f->advice = fill_in(what, a, n, k);                                                                            \
        f->command = fill_in(how, a, n, k);                                                                            \
    }
#define TLS_FINDING(reason, level, what, how)                                                                          \
    add_tls(findings, a, #reason, TLS_REASON_##reason, DOCTOR_##level, what, how);
#include "analyzer/doctor.def"
#undef FINDING
#undef TLS_FINDING
#define LIMIT(id, name, value, meaning) add_limit(findings, a, false, name, a->hits.id, meaning);
#include "analyzer/limits.def"
#undef LIMIT
#define MW_LIMIT(id, value, meaning) add_limit(findings, a, true, #id, a->core_hits.id, meaning);
#include "mywire/limits.def"
#undef MW_LIMIT
    g_array_sort(findings, by_severity);
    return findings;
}

void doctor_free(GArray *findings)
{
    for (guint i = 0; i < findings->len; i++) {
        struct doctor_finding *f = &g_array_index(findings, struct doctor_finding, i);
        g_free(f->own_id);
        g_free(f->sentence);
        g_free(f->advice);
        g_free(f->command);
    }
    g_array_free(findings, TRUE);
}

char *doctor_verdict(const struct analysis *a)
{
    const struct diagnosis *d = &a->diagnosis;
    if (d->connections == 0)
        return g_strdup("no MySQL connection was found");
    if (d->whole == d->connections)
        return g_strdup(evidence_incomplete(a) ? "all connections, as far as the input goes" : "all of it");
    return g_strdup_printf("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " connections whole; %" G_GUINT64_FORMAT
                           " only up to their login, %" G_GUINT64_FORMAT " with gaps or guesses",
                           d->whole, d->connections, d->unread, d->inexact);
}

void doctor_json(struct json *j, const GArray *findings)
{
    json_array_begin(j);
    for (guint i = 0; i < findings->len; i++) {
        const struct doctor_finding *f = &g_array_index(findings, struct doctor_finding, i);
        const struct diagnosis_case *k = &f->example;
        json_object_begin(j);
        json_put_string(j, "id", f->id);
        json_put_string(j, "severity", doctor_severity_name(f->severity));
        json_put_uint(j, "count", f->count);
        json_put_string(j, "sentence", f->sentence);
        json_put_string(j, "advice", f->advice);
        json_put_string(j, "command", f->command);
        json_key(j, "connection");
        k->connection ? json_uint(j, k->connection) : json_none(j);
        json_put_string(j, "file", k->file);
        json_key(j, "packet");
        k->packet ? json_uint(j, k->packet) : json_none(j);
        json_object_end(j);
    }
    json_array_end(j);
}
