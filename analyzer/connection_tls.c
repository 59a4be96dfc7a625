/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/connection_tls.h"

#include <stdio.h>
#include <string.h>

#include "analyzer/tls_certificate.h"

static const char *alert_name(int alert)
{
    switch (alert) {
#define TLS_ALERT(number, name)                                                                                        \
    case number:                                                                                                       \
        return name;
#include "analyzer/tls_alerts.def"
#undef TLS_ALERT
    }
    return "unknown";
}

/* A name from the wire, which is ASCII in what obeys its RFC. */
static char *name(const GByteArray *bytes)
{
    char *raw = bytes ? g_strndup((const char *)bytes->data, bytes->len) : NULL;
    char *text = raw ? g_utf8_make_valid(raw, -1) : NULL;
    g_free(raw);
    return text;
}

static char *why(const struct tls *tls, enum tls_reason reason)
{
    const struct tls_facts *f = tls_facts(tls);
    const struct tls_suite *suite = f->suite_known ? tls_suite_find(f->suite) : NULL;
    const char *sentence = tls_reason_sentence(reason);
    if (reason == TLS_REASON_NONE)
        return NULL;
    if (reason == TLS_REASON_SUITE)
        return suite ? g_strdup_printf("%s: %s", sentence, suite->name)
                     : g_strdup_printf("%s: 0x%04x", sentence, f->suite);
    if (reason == TLS_REASON_REFUSED)
        return g_strdup_printf("%s: %d %s", sentence, f->alert, alert_name(f->alert));
    return g_strdup(sentence);
}

void connection_tls_fill(struct connection_tls *out, const struct tls *tls)
{
    const struct tls_facts *f = tls_facts(tls);
    connection_tls_clear(out);
    out->version = f->version;
    out->suite = f->suite;
    out->suite_known = f->suite_known;
    out->group = f->group;
    out->resumed = f->resumed;
    out->opened = tls_opened(tls);
    out->reason = tls_why(tls);
    out->why = why(tls, out->reason);
    out->sni = name(f->sni);
    out->alpn = name(f->alpn);
    out->finished_ns = f->finished_ns;
    struct tls_certificate certificate;
    if (f->certificate && tls_certificate_read(f->certificate->data, f->certificate->len, &certificate)) {
        out->subject = g_strdup(certificate.subject);
        out->has_not_after = certificate.has_not_after;
        out->not_after_ns = certificate.not_after_ns;
        tls_certificate_clear(&certificate);
    }
}

void connection_tls_nested(struct connection_tls *c)
{
    g_free(c->why);
    c->opened = TLS_OPENED_PARTIAL;
    c->reason = TLS_REASON_NESTED;
    c->why = g_strdup(tls_reason_sentence(c->reason));
}

char *connection_tls_not_after(const struct connection_tls *c)
{
    if (!c->has_not_after)
        return NULL;
    GDateTime *time = g_date_time_new_from_unix_utc(c->not_after_ns / G_GINT64_CONSTANT(1000000000));
    char *text = g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ");
    g_date_time_unref(time);
    return text;
}

void connection_tls_clear(struct connection_tls *c)
{
    g_free(c->why);
    g_free(c->sni);
    g_free(c->alpn);
    g_free(c->subject);
    c->why = c->sni = c->alpn = c->subject = NULL;
}

size_t connection_tls_size(const struct connection_tls *c)
{
    const char *texts[] = {c->why, c->sni, c->alpn, c->subject};
    size_t n = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        n += texts[i] ? strlen(texts[i]) + 1 : 0;
    return n;
}

const char *connection_tls_cipher(const struct connection_tls *c, char *scratch)
{
    if (!c->suite_known)
        return NULL;
    const struct tls_suite *suite = tls_suite_find(c->suite);
    if (suite)
        return suite->name;
    snprintf(scratch, 16, "0x%04x", c->suite);
    return scratch;
}

const char *connection_tls_opened_name(enum tls_opened opened)
{
    static const char *const names[] = {"none", "partial", "full"};
    return names[opened];
}
