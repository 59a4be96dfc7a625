/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/doctor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static struct connection *connection(uint64_t id)
{
    struct connection *c = connection_new();
    c->id = id;
    c->first_packet = id * 10;
    c->files = g_ptr_array_new();
    g_ptr_array_add(c->files, (gpointer)(uintptr_t) "a file.pcap");
    c->server.port = 3307;
    c->bytes[MW_CLIENT] = c->bytes[MW_SERVER] = 100;
    c->exact = true;
    return c;
}

static void add(struct analysis *a, struct connection *c)
{
    a->counters.flows++;
    a->counters.packets++;
    a->counters.tcp_segments++;
    diagnosis_add(&a->diagnosis, c);
    connection_free(c);
}

static const struct doctor_finding *at(const GArray *findings, guint i)
{
    return &g_array_index(findings, struct doctor_finding, i);
}

static void nothing_wrong(void **state)
{
    (void)state;
    struct analysis *a = analysis_new();
    add(a, connection(1));
    GArray *findings = doctor_findings(a);
    assert_int_equal(findings->len, 0);
    char *verdict = doctor_verdict(a);
    assert_string_equal(verdict, "all of it");
    g_free(verdict);
    doctor_free(findings);
    analysis_free(a);
}

/* Every reason why TLS stays closed has advice. */
static void every_reason(void **state)
{
    (void)state;
    for (int reason = TLS_REASON_NONE + 1; reason < TLS_REASONS; reason++) {
        struct analysis *a = analysis_new();
        struct connection *c = connection(7);
        c->tls = true;
        c->inside_tls.reason = reason;
        add(a, c);
        GArray *findings = doctor_findings(a);
        assert_int_equal(findings->len, 1);
        assert_true(g_str_has_prefix(at(findings, 0)->id, "tls."));
        assert_non_null(strstr(at(findings, 0)->sentence, tls_reason_sentence(reason)));
        assert_true(strlen(at(findings, 0)->advice) > 10);
        assert_int_equal(at(findings, 0)->example.connection, 7);
        assert_int_equal(at(findings, 0)->example.packet, 70);
        doctor_free(findings);
        analysis_free(a);
    }
}

/* The worst first; the first connection is the example; a name with a space is quoted for the shell. */
static void order_and_example(void **state)
{
    (void)state;
    struct analysis *a = analysis_new();
    struct connection *c = connection(1);
    c->holes[TCP_GAP_SNAPLEN] = (struct connection_hole){500, "a file.pcap", 12};
    c->gap_bytes = 500;
    c->exact = false;
    add(a, c);
    for (uint64_t id = 2; id < 4; id++) {
        c = connection(id);
        c->tls = c->opaque = true;
        c->inside_tls.reason = TLS_REASON_NO_KEYS;
        add(a, c);
    }
    a->hits.max_flows = 3;
    a->core_hits.packet_head = 1;
    GArray *findings = doctor_findings(a);
    assert_int_equal(findings->len, 4);
    assert_string_equal(at(findings, 0)->id, "tls.no_keys");
    assert_int_equal(at(findings, 0)->count, 2);
    assert_int_equal(at(findings, 0)->example.connection, 2);
    assert_string_equal(at(findings, 0)->command, "mywire doctor -k keys.txt 'a file.pcap'");
    assert_string_equal(at(findings, 1)->id, "capture.snaplen");
    assert_string_equal(at(findings, 1)->sentence,
                        "1 connection lacks 500 bytes that the recorder's snapshot length cut off");
    assert_string_equal(at(findings, 1)->command, "tcpdump -i any -s 0 -w new.pcap tcp port 3307");
    assert_int_equal(at(findings, 1)->example.packet, 12);
    assert_string_equal(at(findings, 2)->id, "limit.max_flows");
    assert_int_equal(at(findings, 3)->severity, DOCTOR_NOTE);
    char *verdict = doctor_verdict(a);
    assert_string_equal(verdict, "0 of 3 connections whole; 2 only up to their login, 1 with gaps or guesses");
    g_free(verdict);
    doctor_free(findings);
    analysis_free(a);
}

static void directions(void **state)
{
    (void)state;
    static const struct {
        uint64_t client, server, packets;
        enum connection_state state;
        bool one_way;
    } cases[] = {
        {100, 0, 0, CONNECTION_MIDSTREAM, true}, /* the server would speak first */
        {0, 100, 5, CONNECTION_COMPLETE, true},  /* it answers what is not there */
        {0, 100, 2, CONNECTION_REJECTED, false}, /* a greeting and an error: the client never spoke */
        {0, 100, 1, CONNECTION_ABORTED, false},  /* the client left at the greeting */
        {100, 100, 5, CONNECTION_COMPLETE, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct diagnosis d = {0};
        struct connection *c = connection(1);
        c->bytes[MW_CLIENT] = cases[i].client;
        c->bytes[MW_SERVER] = cases[i].server;
        c->packets[MW_SERVER] = cases[i].packets;
        c->state = cases[i].state;
        diagnosis_add(&d, c);
        assert_int_equal(d.one_way.count, cases[i].one_way);
        connection_free(c);
        diagnosis_clear(&d);
    }
}

/* No MySQL: the busiest port is named. */
static void strangers(void **state)
{
    (void)state;
    struct analysis *a = analysis_new();
    struct detector detector = {0};
    static const struct {
        uint16_t from, to;
        uint64_t bytes;
        bool middle;
    } flows[] = {{40000, 6379, 100, false}, {443, 50000, 900, true}, {40001, 443, 50, false}, {40002, 80, 0, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(flows); i++) {
        struct diagnosis_stranger s = {.detector = &detector,
                                       .file = "x.pcap",
                                       .packet = i + 1,
                                       .ports = {flows[i].from, flows[i].to},
                                       .bytes = {flows[i].bytes, 0},
                                       .from_the_middle = flows[i].middle};
        diagnosis_stranger(&a->diagnosis, &s);
    }
    a->counters.packets = a->counters.tcp_segments = 10;
    a->counters.flows = 4;
    GArray *findings = doctor_findings(a);
    assert_int_equal(findings->len, 1);
    assert_string_equal(at(findings, 0)->id, "mysql.none");
    assert_string_equal(at(findings, 0)->sentence,
                        "4 TCP connections were read and no MySQL found in them: most traffic is to the ports 443 (950 "
                        "bytes), 6379 (100 bytes)");
    assert_true(g_str_has_prefix(at(findings, 0)->command, "mywire summary -p 443"));
    doctor_free(findings);
    analysis_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_wrong), cmocka_unit_test(every_reason), cmocka_unit_test(order_and_example),
        cmocka_unit_test(directions),    cmocka_unit_test(strangers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
