/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire check`: does this traffic satisfy a policy? */
#include "analyzer/cli.h"
#include "analyzer/policy_draft.h"
#include "analyzer/report_check.h"

static void on_event(void *user, const struct connection *connection, const struct mw_event *event,
                     const struct items *items)
{
    (void)items;
    verdict_event(user, connection, event);
}

static void on_closed(void *user, struct connection *c)
{
    verdict_closed(user, c);
    connection_free(c);
}

/* The first of 2, 1, 3, 4: a proven finding stands, whatever else is missing. */
static enum cli_exit exit_code(enum verdict_status result, enum cli_exit analyzed)
{
    if (analyzed == CLI_USAGE)
        return CLI_USAGE;
    if (result == VERDICT_FAILED)
        return CLI_FINDINGS;
    return analyzed != CLI_OK ? analyzed : result == VERDICT_PASSED ? CLI_OK : CLI_EVIDENCE;
}

static void report(struct output *out, const struct check *check)
{
    switch (out->format) {
    case FORMAT_JSON: report_check_json(out, check); break;
    case FORMAT_JUNIT: report_check_junit(out, check); break;
    case FORMAT_SARIF: report_check_sarif(out, check); break;
    case FORMAT_GITHUB: report_check_github(out, check); break;
    case FORMAT_MARKDOWN: report_check_markdown(out, check); break;
    default: report_check_text(out, check); break;
    }
}

static enum cli_exit run_policy(struct cli *cli)
{
    struct analysis *a = cli_analysis(cli);
    struct verdict *verdict = verdict_new(cli->policy, &a->limits, &a->hits);
    const struct conn_observer observer = {.user = verdict, .event = on_event, .closed = on_closed};
    enum cli_exit analyzed = cli_analyze(cli, a, &observer);
    struct check check = {.verdict = verdict, .analysis = a, .result = verdict_result(verdict, a)};
    check.exit_code = exit_code(check.result, analyzed);
    for (guint i = 0; check.exit_code != CLI_USAGE && i < cli->outputs->len; i++)
        report(&g_array_index(cli->outputs, struct output, i), &check);
    enum cli_exit result = (enum cli_exit)check.exit_code;
    verdict_free(verdict);
    analysis_free(a);
    return result;
}

static void on_draft_event(void *user, const struct connection *connection, const struct mw_event *event,
                           const struct items *items)
{
    (void)items;
    policy_draft_event(user, connection, event);
}

static void on_draft_closed(void *user, struct connection *c)
{
    policy_draft_closed(user, c);
    connection_free(c);
}

/* The policy that a good capture satisfies. */
static enum cli_exit run_draft(struct cli *cli)
{
    struct analysis *a = cli_analysis(cli);
    struct policy_draft *draft = policy_draft_new();
    const struct conn_observer observer = {.user = draft, .event = on_draft_event, .closed = on_draft_closed};
    enum cli_exit result = cli_analyze(cli, a, &observer);
    GString *text = g_string_new(NULL);
    if (result != CLI_USAGE && !policy_draft_write(draft, a, text)) {
        cli_complain("There is no connection that says anything, so no policy can be made of it.");
        result = result == CLI_OK ? CLI_EVIDENCE : result;
    }
    for (guint i = 0; result != CLI_USAGE && i < cli->outputs->len; i++) {
        struct output *out = &g_array_index(cli->outputs, struct output, i);
        sink_write(out->sink, text->str, text->len);
    }
    g_string_free(text, TRUE);
    policy_draft_free(draft);
    analysis_free(a);
    return result;
}

enum cli_exit run_check(struct cli *cli)
{
    struct output *out = &g_array_index(cli->outputs, struct output, 0);
    const struct policy_builtin *b;
    for (guint i = 0; i < cli->outputs->len && !cli->policy; i++)
        if (g_array_index(cli->outputs, struct output, i).format != FORMAT_TEXT)
            return cli_usage("A policy is text; other formats are for checks.");
    if (cli->list_policies) {
        for (size_t i = 0; (b = policy_builtin(i)); i++) {
            char *error = NULL;
            struct policy *policy = policy_load(b->name, &error);
            output_printf(out, "%-13s %s\n", b->name, policy->values[POLICY_DESCRIPTION].text);
            policy_free(policy);
        }
        return CLI_OK;
    }
    if (cli->show_policy) {
        output_printf(out, "%s", policy_builtin_find(cli->show_policy)->text);
        return CLI_OK;
    }
    return cli->make_policy ? run_draft(cli) : run_policy(cli);
}
