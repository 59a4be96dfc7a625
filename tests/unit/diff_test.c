/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "analyzer/diff.h"

/* A result of handshakes: `n` connections, members of `by` and of `latency_us`. */
static struct baseline *result(unsigned n, const char *by, const char *latency, unsigned undecrypted)
{
    char *error = NULL;
    char *text = g_strdup_printf("{\"event\":\"handshakes\",\"schema\":1,\"connections\":%u,\"by\":{%s},\"latency_us\":{%s},"
                                 "\"evidence\":{\"complete\":true,\"undecrypted_connections\":%u}}",
                                 n, by, latency, undecrypted);
    struct baseline *b = baseline_parse("result", text, strlen(text), &error);
    assert_null(error);
    g_free(text);
    return b;
}

/* Compares and writes "rule value verdict" lines. */
static char *compared(struct baseline *base, struct baseline *now, guint *notes)
{
    const struct diff_thresholds thresholds = diff_thresholds_default();
    struct diff *d = diff_new(base, now, &thresholds);
    GString *lines = g_string_new(NULL);
    for (guint i = 0; i < d->changes->len; i++) {
        const struct diff_change *c = &g_array_index(d->changes, struct diff_change, i);
        char *rule = diff_rule(c);
        g_string_append_printf(lines, "%s %s %s\n", rule, diff_object(c), diff_verdict_name(c->verdict));
        g_free(rule);
    }
    if (notes)
        *notes = d->notes->len;
    diff_free(d);
    baseline_free(base);
    baseline_free(now);
    return g_string_free(lines, FALSE);
}

static void expect(struct baseline *base, struct baseline *now, const char *wanted)
{
    char *got = compared(base, now, NULL);
    assert_string_equal(got, wanted);
    g_free(got);
}

static void new_and_vanished(void **state)
{
    (void)state;
    expect(result(4, "\"user\":[{\"value\":\"a\",\"count\":3},{\"value\":\"\",\"count\":1}],\"state\":[]", "", 0),
           result(3, "\"user\":[{\"value\":\"a\",\"count\":2},{\"value\":\"b\",\"count\":1}],\"state\":[{\"value\":\"open\",\"count\":3}]",
                  "", 0),
           "user.new b beyond\nuser.vanished (empty) beyond\n");
    expect(result(1, "\"error_code\":[]", "", 0),
           result(1, "\"error_code\":[{\"value\":1045,\"symbol\":\"ER_ACCESS_DENIED_ERROR\",\"count\":1}]", "", 0),
           "error_code.new ER_ACCESS_DENIED_ERROR beyond\n");
}

/* 30 % to 60 % of 100 each: z is 4.3; of 10 each: 1.3, which is below 1.96. 1 of 4 and 4 of 4: 2.2, but Fisher's exact test says that
 * chance does it in 1 of 7 cases; 1 of 6 and 6 of 6: in 1 of 66. */
static void shares(void **state)
{
    (void)state;
#define TLS(yes, no) "\"tls\":[{\"value\":\"yes\",\"count\":" #yes "},{\"value\":\"no\",\"count\":" #no "}]"
    expect(result(100, TLS(30, 70), "", 0), result(100, TLS(60, 40), "", 0), "tls.share no beyond\ntls.share yes beyond\n");
    expect(result(10, TLS(3, 7), "", 0), result(10, TLS(6, 4), "", 0), "tls.share no unsure\ntls.share yes unsure\n");
    expect(result(4, TLS(1, 3), "", 0), result(4, TLS(4, 0), "", 0), "tls.share no unsure\ntls.share yes unsure\n");
    expect(result(6, TLS(1, 5), "", 0), result(6, TLS(6, 0), "", 0), "tls.share no beyond\ntls.share yes beyond\n");
    expect(result(100, TLS(30, 70), "", 0), result(100, TLS(45, 55), "", 0), "");
}

static void durations(void **state)
{
    (void)state;
#define LOGIN(n, p50, low, high) "\"login\":{\"count\":" #n ",\"p50\":" #p50 ",\"p50_range\":[" #low "," #high "],\"p95\":null}"
    expect(result(50, "", LOGIN(50, 1000, 900, 1100), 0), result(50, "", LOGIN(50, 2000, 1800, 2200), 0), "login.p50 p50 beyond\n");
    expect(result(50, "", LOGIN(50, 2000, 1800, 2200), 0), result(50, "", LOGIN(50, 1000, 900, 1100), 0), "login.p50 p50 within\n");
    expect(result(50, "", LOGIN(50, 1000, 900, 1900), 0), result(50, "", LOGIN(50, 2000, 1800, 2200), 0), "login.p50 p50 unsure\n");
    expect(result(50, "", LOGIN(19, 1000, 900, 1100), 0), result(50, "", LOGIN(50, 2000, 1800, 2200), 0), "login.p50 p50 unsure\n");
    expect(result(50, "", LOGIN(50, 1000, 999, 1001), 0), result(50, "", LOGIN(50, 1200, 1199, 1201), 0), "");
    expect(result(50, "", LOGIN(50, 100, 99, 101), 0), result(50, "", LOGIN(50, 500, 499, 501), 0), "");
}

/* Users of connections that stayed closed are not vanished. */
static void closed_connections(void **state)
{
    (void)state;
    guint notes;
    char *got = compared(result(2, "\"user\":[{\"value\":\"a\",\"count\":2}]", "", 0), result(2, "\"user\":[]", "", 2), &notes);
    assert_string_equal(got, "");
    assert_int_equal(notes, 2); /* that they are closed, and what cannot be compared */
    g_free(got);
}

static void what_is_no_result(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "[]", "{}", "{\"event\":\"commands\",\"schema\":1}", "{\"event\":\"summary\",\"schema\":7}",
                                        "{\"event\":\"summary\",\"event\":\"summary\",\"schema\":1}"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        char *error = NULL;
        assert_null(baseline_parse("result", texts[i], strlen(texts[i]), &error));
        assert_non_null(strstr(error, "result"));
        g_free(error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(new_and_vanished), cmocka_unit_test(shares), cmocka_unit_test(durations),
                                       cmocka_unit_test(closed_connections), cmocka_unit_test(what_is_no_result)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
