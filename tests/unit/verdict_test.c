/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/verdict.h"

#include "tests/support/unit.h"

#include <string.h>

#include "analyzer/analysis.h"
#include "analyzer/policy_draft.h"
#include "tests/support/talk.h"

/* A policy, its verdict and a run that found nothing wrong with the packets. */
struct bench {
    struct policy *policy;
    struct analysis *analysis;
    struct verdict *verdict;
};

static struct bench bench_new(const char *policy)
{
    char *error;
    struct bench b = {.policy = policy_parse(policy, strlen(policy), "p", "p.ini", &error), .analysis = analysis_new()};
    if (!b.policy)
        fail_msg("%s", error);
    b.verdict = verdict_new(b.policy, &b.analysis->limits, &b.analysis->hits);
    return b;
}

static void bench_free(struct bench *b)
{
    verdict_free(b->verdict);
    policy_free(b->policy);
    analysis_free(b->analysis);
}

/* A whole connection in clear: greeting, login by caching_sha2_password, commands, end. */
static struct connection *plain(uint64_t id)
{
    struct connection *c = connection_new();
    c->id = id;
    c->first_packet = id * 10;
    c->files = g_ptr_array_new();
    g_ptr_array_add(c->files, (gpointer)(uintptr_t) "a.pcap");
    c->exact = c->ended = c->greeted = c->client_spoke = c->logged_in = c->login_whole = true;
    c->state = CONNECTION_COMPLETE;
    c->dialect = MW_DIALECT_MYSQL;
    c->server_version = g_strdup("8.4.3");
    c->server_auth_plugin = g_strdup("caching_sha2_password");
    c->client_caps = MW_CAP(MW_BIT_CLIENT_PLUGIN_AUTH) | MW_CAP(MW_BIT_CLIENT_PROTOCOL_41);
    c->client_collation = 45; /* utf8mb4_general_ci */
    c->user = g_strdup("app");
    c->auth_plugin = g_strdup("caching_sha2_password");
    c->auth_result = AUTH_RESULT_OK;
    c->answered = c->commands = 3;
    c->packets[MW_CLIENT] = c->packets[MW_SERVER] = 10;
    c->bytes[MW_CLIENT] = c->bytes[MW_SERVER] = 100;
    c->syn_ns = 1000000;
    c->verdict_ns = 3000000;
    c->login_at = (struct connection_place){"a.pcap", id * 10 + 5};
    return c;
}

/* The same inside TLS that was opened. */
static struct connection *inside_tls(uint64_t id)
{
    struct connection *c = plain(id);
    c->tls = true;
    c->inside_tls.version = TLS_1_3;
    c->inside_tls.suite = 0x1301; /* TLS_AES_128_GCM_SHA256 */
    c->inside_tls.suite_known = true;
    c->inside_tls.group = 0x001d;
    c->inside_tls.opened = TLS_OPENED_FULL;
    return c;
}

/* … that was not opened: what stands before it in clear is known. */
static struct connection *closed_tls(uint64_t id, enum tls_reason reason)
{
    struct connection *c = inside_tls(id);
    c->inside_tls.opened = TLS_OPENED_NONE;
    c->inside_tls.reason = reason;
    c->opaque = true;
    c->logged_in = c->login_whole = false;
    g_clear_pointer(&c->user, g_free);
    g_clear_pointer(&c->auth_plugin, g_free);
    c->auth_result = AUTH_RESULT_UNKNOWN;
    c->answered = c->commands = 0;
    c->verdict_ns = 0;
    c->login_at.packet = 0;
    return c;
}

/* Seen from the middle. */
static struct connection *midstream(uint64_t id)
{
    struct connection *c = plain(id);
    c->state = CONNECTION_MIDSTREAM;
    c->greeted = c->client_spoke = c->logged_in = c->login_whole = c->exact = false;
    g_clear_pointer(&c->server_version, g_free);
    g_clear_pointer(&c->server_auth_plugin, g_free);
    g_clear_pointer(&c->user, g_free);
    g_clear_pointer(&c->auth_plugin, g_free);
    c->auth_result = AUTH_RESULT_UNKNOWN;
    c->syn_ns = c->verdict_ns = 0;
    return c;
}

/* The client left after the greeting. */
static struct connection *left(uint64_t id)
{
    struct connection *c = midstream(id);
    c->state = CONNECTION_ABORTED;
    c->exact = c->greeted = true;
    c->server_version = g_strdup("8.4.3");
    c->auth_result = AUTH_RESULT_INCOMPLETE;
    c->answered = c->commands = 0;
    c->packets[MW_CLIENT] = 0;
    c->packets[MW_SERVER] = 1;
    return c;
}

static const char every_rule[] =
    "[tls]\nrequired=true\nmin-version=TLSv1.2\nforbid-cipher=*CBC*\nrequire-forward-secrecy=true\n"
    "require-aead=true\n[auth]\nforbid-plugin=mysql_native_password\nallow-plugin=caching*\n"
    "forbid-plugin-in-clear=dialog\nmax-failures=0\n[charset]\nallow-client=utf8mb4*\n"
    "[server]\nforbid-dialect=mariadb\nmin-version=8.4\nforbid-default-plugin=mysql_native_password\n"
    "[capabilities]\nclient-forbid=CLIENT_LOCAL_FILES\nclient-require=CLIENT_PLUGIN_AUTH\n"
    "[client]\nrequire-attribute=program_name\n[errors]\nforbid=1045\nmax=0\n"
    "[latency]\nlogin-p99-ms=50\n";

static enum judgement judge_one(struct bench *b, enum policy_key key, struct connection *c, enum verdict_cause *cause)
{
    struct judged judged;
    verdict_judge(b->policy, key, c, &judged);
    *cause = judged.cause;
    g_free(judged.seen);
    return judged.judgement;
}

/* What can be known of each kind of connection, as docs/policies.md has it: s satisfied, v violated, u unknown, - does
 * not apply. */
static void three_answers(void **state)
{
    (void)state;
    static const struct {
        enum policy_key key;
        const char *answers; /* plain, opened, closed, midstream, left, broken TLS handshake */
    } rows[] = {
        {POLICY_TLS_REQUIRED, "vssv--"},
        {POLICY_TLS_MIN_VERSION, "-ss---"},
        {POLICY_TLS_FORBID_CIPHER, "-ss---"},
        {POLICY_TLS_FORWARD_SECRECY, "-ss---"},
        {POLICY_TLS_AEAD, "-ss---"},
        {POLICY_AUTH_FORBID_PLUGIN, "ssuu--"},
        {POLICY_AUTH_ALLOW_PLUGIN, "ssuu--"},
        {POLICY_AUTH_FORBID_PLUGIN_IN_CLEAR, "sssu--"},
        {POLICY_AUTH_MAX_FAILURES, "ssus--"}, /* from the middle, with answers: it had got in */
        {POLICY_CHARSET_ALLOW_CLIENT, "sssu-s"},
        {POLICY_SERVER_FORBID_DIALECT, "sssuss"},
        {POLICY_SERVER_MIN_VERSION, "sssuss"},
        {POLICY_SERVER_FORBID_DEFAULT_PLUGIN, "sssuss"},
        {POLICY_CAPABILITIES_CLIENT_FORBID, "sssu-s"},
        {POLICY_CAPABILITIES_CLIENT_REQUIRE, "sssu-s"},
        {POLICY_CLIENT_REQUIRE_ATTRIBUTE, "vvuu--"},
        {POLICY_LATENCY_LOGIN_P99, "ssuu--"},
    };
    struct bench b = bench_new(every_rule);
    struct connection *kinds[] = {plain(1),     inside_tls(2), closed_tls(3, TLS_REASON_NO_KEYS),
                                  midstream(4), left(5),       closed_tls(6, TLS_REASON_REFUSED)};
    for (size_t r = 0; r < G_N_ELEMENTS(rows); r++)
        for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
            enum verdict_cause cause;
            enum judgement j = judge_one(&b, rows[r].key, kinds[k], &cause);
            if ("-svu"[j] != rows[r].answers[k])
                fail_msg("%s of kind %zu: %c", policy_row(rows[r].key)->id, k, "-svu"[j]);
            if (j == JUDGED_UNKNOWN)
                assert_int_equal(cause, k == 2 ? VERDICT_UNDECRYPTED : VERDICT_MIDSTREAM);
        }
    for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++)
        connection_free(kinds[k]);
    bench_free(&b);
}

/* A finding for a value that is not good, by each rule; what the truth of samples does not have. */
static void violations(void **state)
{
    (void)state;
    struct bench b = bench_new(every_rule);
    struct connection *c = inside_tls(1);
    enum verdict_cause cause;
    c->inside_tls.version = TLS_1_1;
    c->inside_tls.suite = 0x002f; /* TLS_RSA_WITH_AES_128_CBC_SHA */
    c->dialect = MW_DIALECT_MARIADB;
    c->client_collation = 8; /* latin1_swedish_ci */
    c->client_caps = MW_CAP(MW_BIT_CLIENT_LOCAL_FILES);
    c->auth_result = AUTH_RESULT_ERROR;
    c->error_code = 1045;
    c->answered = 0;
    c->verdict_ns = c->syn_ns + 51000000;
    g_free(c->auth_plugin);
    c->auth_plugin = g_strdup("mysql_native_password");
    static const enum policy_key bad[] = {POLICY_TLS_MIN_VERSION,
                                          POLICY_TLS_FORBID_CIPHER,
                                          POLICY_TLS_FORWARD_SECRECY,
                                          POLICY_TLS_AEAD,
                                          POLICY_AUTH_FORBID_PLUGIN,
                                          POLICY_AUTH_ALLOW_PLUGIN,
                                          POLICY_AUTH_MAX_FAILURES,
                                          POLICY_CHARSET_ALLOW_CLIENT,
                                          POLICY_SERVER_FORBID_DIALECT,
                                          POLICY_CAPABILITIES_CLIENT_FORBID,
                                          POLICY_CAPABILITIES_CLIENT_REQUIRE,
                                          POLICY_LATENCY_LOGIN_P99};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_int_equal(judge_one(&b, bad[i], c, &cause), JUDGED_VIOLATED);
    /* Of a server of the wrong kind nothing else is asked. */
    assert_int_equal(judge_one(&b, POLICY_SERVER_MIN_VERSION, c, &cause), JUDGED_NOT_APPLICABLE);
    /* TLS 1.3 with a session resumed without (EC)DHE, and a suite that no list has. */
    c->inside_tls.version = TLS_1_3;
    c->inside_tls.suite = 0x1301;
    c->inside_tls.group = 0;
    c->inside_tls.resumed = TLS_RESUMED_YES;
    assert_int_equal(judge_one(&b, POLICY_TLS_FORWARD_SECRECY, c, &cause), JUDGED_VIOLATED);
    c->inside_tls.resumed = TLS_RESUMED_UNKNOWN; /* the suite was found by trying keys: nobody saw a ServerHello */
    assert_int_equal(judge_one(&b, POLICY_TLS_FORWARD_SECRECY, c, &cause), JUDGED_UNKNOWN);
    c->inside_tls.suite = 0xfefe;
    assert_int_equal(judge_one(&b, POLICY_TLS_AEAD, c, &cause), JUDGED_UNKNOWN);
    connection_free(c);
    bench_free(&b);
}

/* What was lost, damaged, one-sided or cut is unknown, by a cause whose allowance counts it. */
static void missing(void **state)
{
    (void)state;
    struct bench b = bench_new(every_rule);
    enum verdict_cause cause;
    struct connection *c = plain(1);
    c->gap_bytes = 10;
    c->login_whole = false;
    g_clear_pointer(&c->auth_plugin, g_free);
    assert_int_equal(judge_one(&b, POLICY_AUTH_FORBID_PLUGIN, c, &cause), JUDGED_UNKNOWN);
    assert_int_equal(cause, VERDICT_LOST);
    assert_int_equal(judge_one(&b, POLICY_CLIENT_REQUIRE_ATTRIBUTE, c, &cause), JUDGED_UNKNOWN);
    assert_int_equal(judge_one(&b, POLICY_TLS_REQUIRED, c, &cause), JUDGED_VIOLATED);
    assert_false(verdict_read_all(c, &cause));
    c->gap_bytes = 0; /* no byte is missing: the client did not wait for the verdict */
    c->auth_result = AUTH_RESULT_INCOMPLETE;
    assert_int_equal(judge_one(&b, POLICY_AUTH_FORBID_PLUGIN, c, &cause), JUDGED_UNKNOWN);
    assert_int_equal(cause, VERDICT_UNFINISHED);
    connection_free(c);

    c = left(2);
    c->packets[MW_SERVER] = 5; /* the server goes on talking to somebody who is not there */
    assert_int_equal(judge_one(&b, POLICY_TLS_REQUIRED, c, &cause), JUDGED_UNKNOWN);
    assert_int_equal(cause, VERDICT_ONE_WAY);
    connection_free(c);

    c = plain(3);
    c->protocol = PROTOCOL_MYSQLX;
    c->greeted = c->client_spoke = c->logged_in = false;
    for (int k = 0; k < POLICY_KEYS; k++)
        if (policy_row(k)->class == POLICY_CLASS_RULE && k != POLICY_ERRORS_FORBID && k != POLICY_ERRORS_MAX) {
            c->verdict_ns = 0;
            assert_int_equal(judge_one(&b, k, c, &cause), JUDGED_UNKNOWN);
            assert_int_equal(cause, VERDICT_X_PROTOCOL);
        }
    connection_free(c);

    c = closed_tls(4, TLS_REASON_NOT_TLS); /* what follows the SSLRequest may be anything */
    assert_int_equal(judge_one(&b, POLICY_TLS_REQUIRED, c, &cause), JUDGED_UNKNOWN);
    assert_int_equal(judge_one(&b, POLICY_AUTH_FORBID_PLUGIN_IN_CLEAR, c, &cause), JUDGED_UNKNOWN);
    assert_int_equal(cause, VERDICT_UNCLEAR);
    connection_free(c);

    c = closed_tls(5, TLS_REASON_MIDSTREAM); /* TLS from the middle: no key would help */
    c->state = CONNECTION_MIDSTREAM;
    c->greeted = c->client_spoke = c->inside_tls.suite_known = false;
    c->inside_tls.version = 0;
    assert_int_equal(judge_one(&b, POLICY_TLS_REQUIRED, c, &cause), JUDGED_SATISFIED);
    assert_int_equal(judge_one(&b, POLICY_TLS_MIN_VERSION, c, &cause), JUDGED_UNKNOWN);
    assert_int_equal(cause, VERDICT_MIDSTREAM);
    assert_int_equal(judge_one(&b, POLICY_AUTH_FORBID_PLUGIN, c, &cause), JUDGED_UNKNOWN);
    assert_int_equal(cause, VERDICT_MIDSTREAM);
    connection_free(c);
    bench_free(&b);
}

static void take(struct bench *b, struct connection *c)
{
    verdict_closed(b->verdict, c);
    connection_free(c);
}

/* Encrypted connections, up to as many as are allowed. */
static void allowances(void **state)
{
    (void)state;
    struct bench b =
        bench_new("[auth]\nforbid-plugin=dialog\n[evidence]\nmax-undecrypted-connections=1\nmin-connections=2\n");
    take(&b, inside_tls(1));
    take(&b, closed_tls(2, TLS_REASON_NO_KEYS));
    assert_int_equal(verdict_status(b.verdict, b.analysis, POLICY_AUTH_FORBID_PLUGIN), VERDICT_PASSED);
    assert_int_equal(verdict_status(b.verdict, b.analysis, POLICY_MAX_UNDECRYPTED), VERDICT_PASSED);
    assert_int_equal(verdict_status(b.verdict, b.analysis, POLICY_MIN_CONNECTIONS), VERDICT_UNDECIDED);
    assert_int_equal(verdict_result(b.verdict, b.analysis), VERDICT_UNDECIDED);
    take(&b, plain(3));
    assert_int_equal(verdict_result(b.verdict, b.analysis), VERDICT_PASSED);
    b.analysis->counters.cut_headers = 1;
    assert_int_equal(verdict_result(b.verdict, b.analysis), VERDICT_UNDECIDED);
    b.analysis->counters.cut_headers = 0;
    take(&b, closed_tls(4, TLS_REASON_NO_KEYS));
    assert_int_equal(verdict_status(b.verdict, b.analysis, POLICY_AUTH_FORBID_PLUGIN), VERDICT_UNDECIDED);
    assert_int_equal(verdict_result(b.verdict, b.analysis), VERDICT_UNDECIDED);
    struct connection *c = plain(5);
    g_free(c->auth_plugin);
    c->auth_plugin = g_strdup("dialog");
    take(&b, c);
    assert_int_equal(verdict_result(b.verdict, b.analysis), VERDICT_FAILED);
    bench_free(&b);
}

/* 99 of 100: with 200 logins two may be slow, and what is not known may be either. */
static void quantile(void **state)
{
    (void)state;
    struct bench b = bench_new("[latency]\nlogin-p99-ms=10\n[evidence]\nmax-undecrypted-connections=1\n");
    for (uint64_t id = 1; id <= 200; id++) {
        struct connection *c = plain(id);
        c->verdict_ns = c->syn_ns + (id <= 2 ? 11 : 10) * 1000000;
        take(&b, c);
    }
    assert_int_equal(verdict_status(b.verdict, b.analysis, POLICY_LATENCY_LOGIN_P99), VERDICT_PASSED);
    take(&b, closed_tls(201, TLS_REASON_NO_KEYS)); /* allowed */
    assert_int_equal(verdict_status(b.verdict, b.analysis, POLICY_LATENCY_LOGIN_P99), VERDICT_PASSED);
    take(&b, closed_tls(202, TLS_REASON_NO_KEYS)); /* two of 202 slow, two unknown */
    assert_int_equal(verdict_status(b.verdict, b.analysis, POLICY_LATENCY_LOGIN_P99), VERDICT_UNDECIDED);
    struct connection *c = plain(203);
    c->verdict_ns = c->syn_ns + 20000000;
    take(&b, c); /* three of 203 slow, even if both unknown ones were fast */
    assert_int_equal(verdict_status(b.verdict, b.analysis, POLICY_LATENCY_LOGIN_P99), VERDICT_FAILED);
    assert_int_equal(verdict_findings(b.verdict, POLICY_LATENCY_LOGIN_P99), 3);
    bench_free(&b);
}

/* The first findings are kept, in whatever order connections end and shards are merged. */
static void bounded_and_merged(void **state)
{
    (void)state;
    enum { CONNECTIONS = 60, KEPT = 7 };
    struct bench all = bench_new("[tls]\nrequired=true\n"), odd = bench_new("[tls]\nrequired=true\n"),
                 even = bench_new("[tls]\nrequired=true\n");
    struct bench *benches[] = {&all, &odd, &even};
    for (size_t i = 0; i < G_N_ELEMENTS(benches); i++)
        benches[i]->analysis->limits.check_findings = KEPT;
    for (uint64_t i = 0; i < CONNECTIONS; i++) {
        uint64_t id = i * 37 % CONNECTIONS + 1; /* each once, mixed */
        take(&all, plain(id));
        take(id % 2 ? &odd : &even, plain(id));
    }
    take(&all, closed_tls(61, TLS_REASON_NOT_TLS));
    take(&odd, closed_tls(61, TLS_REASON_NOT_TLS));
    verdict_merge(even.verdict, odd.verdict);
    struct verdict_rule *a = &all.verdict->rules[POLICY_TLS_REQUIRED], *m = &even.verdict->rules[POLICY_TLS_REQUIRED];
    assert_int_equal(a->findings, CONNECTIONS);
    assert_int_equal(m->findings, CONNECTIONS);
    assert_int_equal(a->kept->len, KEPT);
    assert_int_equal(m->kept->len, KEPT);
    for (guint i = 0; i < KEPT; i++) {
        const struct verdict_finding *x = g_ptr_array_index(a->kept, i), *y = g_ptr_array_index(m->kept, i);
        assert_int_equal(x->connection, i + 1);
        assert_int_equal(y->connection, i + 1);
        assert_int_equal(x->packet, (i + 1) * 10 + 5);
        assert_string_equal(x->seen, y->seen);
    }
    assert_int_equal(m->unknowns[VERDICT_UNCLEAR].connections, 1);
    assert_int_equal(m->unknowns[VERDICT_UNCLEAR].connection, 61);
    assert_int_equal(even.verdict->connections, all.verdict->connections);
    assert_int_equal(even.verdict->judged, all.verdict->judged);
    assert_int_equal(all.analysis->hits.check_findings, CONNECTIONS - KEPT);
    for (size_t i = 0; i < G_N_ELEMENTS(benches); i++)
        bench_free(benches[i]);
}

/* What a verdict and a draft are told of a session. */
struct heard {
    struct bench *bench;
    struct policy_draft *draft;
    const struct connection *connection;
};

static void hear(void *user, const struct mw_event *event)
{
    struct heard *h = user;
    verdict_event(h->bench->verdict, h->connection, event);
    policy_draft_event(h->draft, h->connection, event);
}

/* A password in clear as the first of two factors: the login ends by the second one. The exchange is that of
 * tests/golden/auth-specified.md. */
static void factors(void **state)
{
    (void)state;
    struct talk *t = test_malloc(sizeof *t);
    struct bench b = bench_new("[auth]\nforbid-plugin-in-clear=mysql_clear_password\n");
    struct connection *c = plain(1);
    struct heard heard = {&b, policy_draft_new(), c};
    talk_begin(t, NULL);
    t->observer = (struct mw_observer){.user = &heard, .event = hear};
    talk(t, TALK_GREETING);
    talk(t, "client 1> 0d a2 2a 10 00 00 00 01 ff 00*23 z\"app\" 03 z\"pw\" z\"shop\" z\"mysql_clear_password\"");
    talk(t, "server 2> 02 z\"authentication_webauthn_client\" 01 20 \"n\"*32 l\"mysql.com\"");
    talk(t, "client 3> 01");
    talk(t, "server 4> 01 \"credential\"");
    talk(t, "client 5> 02 01 l\"authenticator\" l\"signature\" l\"{}\"");
    talk(t, "server 6> " TALK_OK);
    g_free(c->auth_plugin);
    c->auth_plugin = g_strdup(mw_session_auth_plugin(t->session));
    assert_string_equal(c->auth_plugin, "authentication_webauthn_client");
    policy_draft_closed(heard.draft, c);
    take(&b, c);
    assert_int_equal(verdict_findings(b.verdict, POLICY_AUTH_FORBID_PLUGIN_IN_CLEAR), 1);
    const struct verdict_finding *f = g_ptr_array_index(b.verdict->rules[POLICY_AUTH_FORBID_PLUGIN_IN_CLEAR].kept, 0);
    assert_string_equal(f->seen, "a factor by mysql_clear_password outside TLS");
    assert_int_equal(f->packet, 3);
    assert_string_equal(f->user, "app");
    GString *text = g_string_new(NULL);
    assert_true(policy_draft_write(heard.draft, b.analysis, text));
    assert_non_null(strstr(text->str, "allow-plugin = authentication_webauthn_client;mysql_clear_password\n"));
    g_string_free(text, TRUE);
    policy_draft_free(heard.draft);
    talk_end(t);
    test_free(t);
    bench_free(&b);
}

/* A client whose default sends the password in clear, before the server asks for another plugin. */
static void switched(void **state)
{
    (void)state;
    static const struct {
        const char *login;
        bool tls;
        uint64_t findings;
    } cases[] = {
        {"03 z\"pw\" z\"shop\" z\"mysql_clear_password\"", false, 1},
        {"03 z\"pw\" z\"shop\" z\"mysql_clear_password\"", true, 0},
        {"00 z\"shop\" z\"mysql_clear_password\"", false, 0}, /* it sent nothing yet */
        {"14 \"A\"*20 z\"shop\" z\"mysql_native_password\"", false, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct talk *t = test_malloc(sizeof *t);
        struct bench b =
            bench_new("[auth]\nforbid-plugin-in-clear=mysql_clear_password\nforbid-plugin=mysql_clear_password\n");
        struct connection *c = cases[i].tls ? inside_tls(1) : plain(1);
        struct heard heard = {&b, policy_draft_new(), c};
        talk_begin(t, NULL);
        t->observer = (struct mw_observer){.user = &heard, .event = hear};
        talk(t, TALK_GREETING);
        char *login = g_strdup_printf("client 1> 0d a2 2a 10 00 00 00 01 ff 00*23 z\"app\" %s", cases[i].login);
        talk(t, login);
        talk(t, "server 2> fe z\"caching_sha2_password\" \"s\"*20 00");
        talk(t, "client 3> \"p\"*32");
        talk(t, "server 4> 01 03");
        talk(t, "server 5> " TALK_OK);
        take(&b, c);
        assert_int_equal(verdict_findings(b.verdict, POLICY_AUTH_FORBID_PLUGIN_IN_CLEAR), cases[i].findings);
        assert_int_equal(verdict_findings(b.verdict, POLICY_AUTH_FORBID_PLUGIN), 0); /* it did not decide */
        g_free(login);
        policy_draft_free(heard.draft);
        talk_end(t);
        test_free(t);
        bench_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_answers), cmocka_unit_test(violations), cmocka_unit_test(missing),
        cmocka_unit_test(allowances),    cmocka_unit_test(quantile),   cmocka_unit_test(bounded_and_merged),
        cmocka_unit_test(factors),       cmocka_unit_test(switched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
