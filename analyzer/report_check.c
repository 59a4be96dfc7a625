/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For people: text and Markdown; and the sentences that all formats share. */
#include "analyzer/report_check.h"

#include <string.h>

#include "analyzer/endpoint.h"
#include "analyzer/evidence.h"
#include "analyzer/text.h"

enum { SHOWN_TEXT = 5, SHOWN_MARKDOWN = 20, COLUMNS = 80 };

/* -- sentences ----------------------------------------------------------------------------------------------------- */

const char *check_result_word(enum verdict_status result)
{
    return result == VERDICT_FAILED ? "FAILED" : result == VERDICT_UNDECIDED ? "UNDECIDED" : "PASSED";
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

bool check_row(const struct check *check, enum policy_key key, enum verdict_status *status)
{
    bool has = verdict_has(check->verdict, key);
    *status = has ? verdict_status(check->verdict, check->analysis, key) : VERDICT_NOT_APPLICABLE;
    return has;
}

/* Rules, without the keys of [evidence], that came out so. */
static uint64_t count_rules(const struct check *check, enum verdict_status wanted)
{
    uint64_t n = 0;
    enum verdict_status status;
    for (int k = 0; k < POLICY_KEYS; k++)
        n += policy_row(k)->class == POLICY_CLASS_RULE && check_row(check, k, &status) && status == wanted;
    return n;
}

char *check_headline(const struct check *check)
{
    const struct verdict *v = check->verdict;
    uint64_t findings = verdict_findings_total(v), failed = count_rules(check, VERDICT_FAILED);
    uint64_t undecided = count_rules(check, VERDICT_UNDECIDED), passed = count_rules(check, VERDICT_PASSED);
    GString *text = g_string_new(v->policy->name);
    if (findings)
        g_string_append_printf(text, ": %" G_GUINT64_FORMAT " finding%s by %" G_GUINT64_FORMAT " rule%s", findings,
                               plural(findings), failed, plural(failed));
    else if (check->result == VERDICT_UNDECIDED)
        g_string_append(text, v->connections ? ": nothing found, but the evidence is not enough"
                                             : ": there is no MySQL traffic to judge");
    else
        g_string_append_printf(text, ": %" G_GUINT64_FORMAT " rule%s passed", passed, plural(passed));
    if (undecided)
        g_string_append_printf(text, ", %" G_GUINT64_FORMAT " rule%s undecided", undecided, plural(undecided));
    g_string_append_printf(text, "; %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " connection%s judged", v->judged,
                           v->connections, plural(v->connections));
    return g_string_free(text, FALSE);
}

char *check_wanted(const struct check *check, enum policy_key key)
{
    const struct policy *policy = check->verdict->policy;
    uint64_t number = policy->values[key].number;
    if (policy_row(key)->class == POLICY_CLASS_RULE)
        return policy_wanted(policy, key);
    if (number == UINT64_MAX)
        return g_strdup("any number");
    return g_strdup_printf("at %s %" G_GUINT64_FORMAT, key == POLICY_MIN_CONNECTIONS ? "least" : "most", number);
}

char *check_measure(const struct check *check, enum policy_key key)
{
    char *wanted = check_wanted(check, key);
    char *text = g_strdup_printf("%" G_GUINT64_FORMAT ", and the policy wants %s",
                                 verdict_measure(check->verdict, check->analysis, key), wanted);
    g_free(wanted);
    return text;
}

char *check_where(uint64_t connection, uint64_t packet, const char *file)
{
    return g_strdup_printf("connection %" G_GUINT64_FORMAT ", packet %" G_GUINT64_FORMAT " of %s", connection, packet,
                           file ? file : "?");
}

char *check_who(const struct verdict_finding *f)
{
    char client[ENDPOINT_TEXT], server[ENDPOINT_TEXT], proxied[ENDPOINT_TEXT] = "";
    endpoint_text(&f->client, client);
    endpoint_text(&f->server, server);
    if (f->proxied_client.family)
        endpoint_text(&f->proxied_client, proxied);
    return g_strdup_printf("%s%s%s%s%s to %s",
                           !f->user   ? ""
                           : *f->user ? f->user
                                      : "(no name)",
                           f->user ? ", " : "", client, *proxied ? " for " : "", proxied, server);
}

char *check_why(const struct verdict_unknown *u, enum verdict_cause cause)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT " %s%s%s", u->connections,
                           verdict_cause_sentence(cause, u->connections), u->detail ? ": " : "",
                           u->detail ? u->detail : "");
}

const struct verdict_finding *check_finding(const struct check *check, enum policy_key key, guint i)
{
    const GPtrArray *kept = check->verdict->rules[key].kept;
    return verdict_findings(check->verdict, key) && i < kept->len ? g_ptr_array_index(kept, i) : NULL;
}

/* -- text ---------------------------------------------------------------------------------------------------------- */

static void wrap(struct output *out, const char *first, int indent, const char *text)
{
    output_words(out, COLUMNS, first, indent, text);
}

/* What was seen `times` times, and the first of it. */
static void text_finding(struct output *out, const struct verdict_finding *f, uint64_t times)
{
    char *where = check_where(f->connection, f->packet, f->file);
    char *who = check_who(f);
    char *seen = times == 1 ? g_strdup(f->seen) : g_strdup_printf("%s × %" G_GUINT64_FORMAT ", first:", f->seen, times);
    wrap(out, "  - ", 4, seen);
    wrap(out, "    ", 6, who);
    wrap(out, "    ", 6, where);
    g_free(seen);
    g_free(where);
    g_free(who);
}

/* Findings of a rule by what was seen, each kind with its first one. Returns how many findings were told of. */
static uint64_t text_findings(struct output *out, const struct check *check, enum policy_key key)
{
    const struct verdict_finding *first[SHOWN_TEXT], *f;
    uint64_t times[SHOWN_TEXT] = {0}, told = 0;
    unsigned kinds = 0;
    for (guint i = 0; (f = check_finding(check, key, i)); i++) {
        unsigned kind = 0;
        while (kind < kinds && strcmp(first[kind]->seen, f->seen) != 0)
            kind++;
        if (kind == kinds && kinds < SHOWN_TEXT)
            first[kinds++] = f;
        if (kind < kinds)
            times[kind]++;
    }
    for (unsigned kind = 0; kind < kinds; kind++) {
        text_finding(out, first[kind], times[kind]);
        told += times[kind];
    }
    return told;
}

static void text_rule(struct output *out, const struct check *check, enum policy_key key)
{
    uint64_t n = verdict_findings(check->verdict, key);
    const struct policy_row *row = policy_row(key);
    char *wanted = check_wanted(check, key);
    output_printf(out, "\n%s %s: %" G_GUINT64_FORMAT " finding%s in %" G_GUINT64_FORMAT " connection%s\n",
                  policy_severity_name(row->severity), row->id, n, plural(n), check->verdict->rules[key].violated,
                  plural(check->verdict->rules[key].violated));
    wrap(out, "  wanted: ", 10, wanted);
    uint64_t told = text_findings(out, check, key);
    if (n > told)
        output_printf(out, "  and %" G_GUINT64_FORMAT " more\n", n - told);
    g_free(wanted);
}

/* What keeps a rule from being decided, be it allowed or not. */
static void text_unknown(struct output *out, const struct check *check, enum policy_key key, bool allowed)
{
    for (int i = 0; i < VERDICT_CAUSES; i++) {
        const struct verdict_unknown *u = &check->verdict->rules[key].unknowns[i];
        if (u->connections == 0 || verdict_cause_is_allowed(check->verdict, check->analysis, i) != allowed)
            continue;
        char *why = check_why(u, i);
        char *label = g_strdup_printf("  %s: ", policy_row(key)->id);
        char *where = check_where(u->connection, u->packet, u->file);
        wrap(out, label, 4, why);
        if (!allowed)
            wrap(out, "    see ", 8, where);
        g_free(why);
        g_free(label);
        g_free(where);
    }
}

static void text_undecided(struct output *out, const struct check *check)
{
    enum verdict_status status;
    bool begun = false;
    for (int k = 0; k < POLICY_KEYS; k++) {
        bool rule = policy_row(k)->class == POLICY_CLASS_RULE;
        if (!check_row(check, k, &status) || (status != VERDICT_UNDECIDED && !(rule && status == VERDICT_FAILED)))
            continue;
        bool open = false; /* also of a rule that failed for others */
        for (int i = 0; i < VERDICT_CAUSES && rule; i++)
            open = open || (check->verdict->rules[k].unknowns[i].connections &&
                            !verdict_cause_is_allowed(check->verdict, check->analysis, i));
        if (rule && !open)
            continue;
        if (!begun)
            output_printf(out, "\nNot decided\n");
        begun = true;
        if (rule) {
            text_unknown(out, check, k, false);
        } else {
            char *label = g_strdup_printf("  %s: ", policy_row(k)->id);
            char *measure = check_measure(check, k);
            wrap(out, label, 4, measure);
            g_free(label);
            g_free(measure);
        }
    }
    if (begun)
        output_printf(out, "  `mywire doctor` says what to do about what could not be read.\n");
}

/* What is not decided, and may be. */
static void text_allowed(struct output *out, const struct check *check)
{
    bool any = false;
    for (int k = 0; k < POLICY_KEYS; k++)
        for (int i = 0; i < VERDICT_CAUSES && verdict_has(check->verdict, k); i++)
            any = any || (check->verdict->rules[k].unknowns[i].connections &&
                          verdict_cause_is_allowed(check->verdict, check->analysis, i));
    if (any)
        output_printf(out, "Not decided, and allowed so by [evidence]:\n");
    for (int k = 0; k < POLICY_KEYS && any; k++)
        text_unknown(out, check, k, true);
}

static void text_names(struct output *out, const struct check *check, enum verdict_status wanted, const char *label)
{
    enum verdict_status status;
    GString *names = g_string_new(NULL);
    for (int k = 0; k < POLICY_KEYS; k++)
        if (policy_row(k)->class == POLICY_CLASS_RULE && check_row(check, k, &status) && status == wanted)
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", policy_row(k)->id);
    if (names->len)
        wrap(out, label, 2, names->str);
    g_string_free(names, TRUE);
}

/* Traffic that may be MySQL, and was not taken for it: no part of the verdict, and not to be overlooked. */
static void strangers(struct output *out, const struct check *check, const char *before)
{
    const struct diagnosis *d = &check->analysis->diagnosis;
    const struct {
        uint64_t n;
        const char *one, *many;
    } kinds[] = {{d->foreign_tls.count, "TLS connection was not looked into: what is inside is not judged",
                  "TLS connections were not looked into: what is inside is not judged"},
                 {d->suspected.count,
                  "TCP connection may be the middle of MySQL and is not judged; name its port with -p",
                  "TCP connections may be the middle of MySQL and are not judged; name the ports with -p"}};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        char *label = g_strdup_printf("%s%" G_GUINT64_FORMAT " ", before, kinds[i].n);
        if (kinds[i].n)
            wrap(out, label, 4, kinds[i].n == 1 ? kinds[i].one : kinds[i].many);
        g_free(label);
    }
}

void report_check_text(struct output *out, const struct check *check)
{
    enum verdict_status status;
    char *headline = check_headline(check);
    char *label = g_strdup_printf("%s ", check_result_word(check->result));
    wrap(out, label, 2, headline);
    g_free(label);
    g_free(headline);
    for (int k = 0; k < POLICY_KEYS; k++)
        if (check_row(check, k, &status) && status == VERDICT_FAILED)
            text_rule(out, check, k);
    text_undecided(out, check);
    output_printf(out, "\n");
    text_names(out, check, VERDICT_PASSED, "Passed: ");
    text_names(out, check, VERDICT_NOT_APPLICABLE, "Nothing to apply to: ");
    text_allowed(out, check);
    evidence_text(out, check->analysis);
    strangers(out, check, "  ");
}

/* -- Markdown ------------------------------------------------------------------------------------------------------ */

/* A cell; takes `text`. */
static void cell(struct output *out, char *text)
{
    output_printf(out, " ");
    output_markdown(out, text);
    output_printf(out, " |");
    g_free(text);
}

static void markdown_rows(struct output *out, const struct check *check)
{
    enum verdict_status status;
    output_printf(out, "| rule | result | findings | wanted |\n|---|---|---:|---|\n");
    for (int k = 0; k < POLICY_KEYS; k++) {
        bool rule = policy_row(k)->class == POLICY_CLASS_RULE;
        if (!check_row(check, k, &status) || (!rule && status == VERDICT_PASSED))
            continue;
        output_printf(out, "| `%s` | %s | %" G_GUINT64_FORMAT " |", policy_row(k)->id,
                      status == VERDICT_FAILED           ? "**failed**"
                      : status == VERDICT_UNDECIDED      ? "**undecided**"
                      : status == VERDICT_NOT_APPLICABLE ? "does not apply"
                                                         : "passed",
                      rule ? verdict_findings(check->verdict, k) : 0);
        cell(out, check_wanted(check, k));
        output_printf(out, "\n");
    }
}

static void markdown_findings(struct output *out, const struct check *check, enum policy_key key)
{
    const struct verdict_finding *f;
    uint64_t n = verdict_findings(check->verdict, key);
    output_printf(out, "\n## %s (%s)\n\n%s.\n\n| seen | who | where |\n|---|---|---|\n", policy_row(key)->id,
                  policy_severity_name(policy_row(key)->severity), policy_row(key)->title);
    for (guint i = 0; i < SHOWN_MARKDOWN && (f = check_finding(check, key, i)); i++) {
        output_printf(out, "|");
        cell(out, g_strdup(f->seen));
        cell(out, check_who(f));
        cell(out, check_where(f->connection, f->packet, f->file));
        output_printf(out, "\n");
    }
    if (n > SHOWN_MARKDOWN)
        output_printf(out, "\nAnd %" G_GUINT64_FORMAT " more.\n", n - SHOWN_MARKDOWN);
    output_printf(out, "\n%s\n", policy_row(key)->help);
}

static void markdown_undecided(struct output *out, const struct check *check)
{
    enum verdict_status status;
    bool begun = false;
    for (int k = 0; k < POLICY_KEYS; k++) {
        if (!check_row(check, k, &status))
            continue;
        if (policy_row(k)->class == POLICY_CLASS_EVIDENCE && status == VERDICT_UNDECIDED) {
            char *measure = check_measure(check, k);
            output_printf(out, "%s- `%s`: ", begun ? "" : "\n## Not decided\n\n", policy_row(k)->id);
            output_markdown(out, measure);
            output_printf(out, "\n");
            g_free(measure);
            begun = true;
        }
        for (int i = 0; i < VERDICT_CAUSES && policy_row(k)->class == POLICY_CLASS_RULE; i++) {
            const struct verdict_unknown *u = &check->verdict->rules[k].unknowns[i];
            if (u->connections == 0 || verdict_cause_is_allowed(check->verdict, check->analysis, i))
                continue;
            char *why = check_why(u, i), *where = check_where(u->connection, u->packet, u->file);
            output_printf(out, "%s- `%s`: ", begun ? "" : "\n## Not decided\n\n", policy_row(k)->id);
            output_markdown(out, why);
            output_printf(out, " (");
            output_markdown(out, where);
            output_printf(out, ")\n");
            g_free(why);
            g_free(where);
            begun = true;
        }
    }
}

void report_check_markdown(struct output *out, const struct check *check)
{
    enum verdict_status status;
    char *headline = check_headline(check);
    output_printf(out, "# mywire check: %s\n\n", check_result_word(check->result));
    output_markdown(out, headline);
    output_printf(out, ".\n\n");
    g_free(headline);
    markdown_rows(out, check);
    for (int k = 0; k < POLICY_KEYS; k++)
        if (check_row(check, k, &status) && status == VERDICT_FAILED)
            markdown_findings(out, check, k);
    markdown_undecided(out, check);
    output_printf(out, "\n");
    evidence_head(out, check->analysis);
    if (evidence_incomplete(check->analysis))
        output_printf(out, "An input could not be read, or not to its end: this is incomplete.\n");
    strangers(out, check, "");
}
