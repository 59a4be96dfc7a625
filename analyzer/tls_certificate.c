/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tls_certificate.h"

#include <glib.h>
#include <gnutls/x509.h>
#include <string.h>

/* A name of a certificate as text: GnuTLS hands through whatever bytes stand there. */
static char *subject_text(const char *p, size_t n)
{
    char *text = g_utf8_make_valid(p, (gssize)n);
    size_t length = strlen(text);
    if (length > TLS_SUBJECT_BYTES_MAX) {
        const char *end = text + TLS_SUBJECT_BYTES_MAX;
        while ((*end & 0xc0) == 0x80) /* not in the middle of a character */
            end--;
        text[end - text] = '\0';
    }
    return text;
}

static bool take_time(time_t seconds, int64_t *ns)
{
    enum { NS = 1000000000 };
    if (seconds == (time_t)-1 || seconds == GNUTLS_X509_NO_WELL_DEFINED_EXPIRATION || seconds > G_MAXINT64 / NS ||
        seconds < G_MININT64 / NS)
        return false;
    *ns = (int64_t)seconds * NS;
    return true;
}

bool tls_certificate_read(const uint8_t *der, size_t n, struct tls_certificate *out)
{
    *out = (struct tls_certificate){0};
    gnutls_x509_crt_t crt;
    gnutls_datum_t data = {(unsigned char *)der, (unsigned)n};
    if (n > G_MAXUINT32 || gnutls_x509_crt_init(&crt) < 0)
        return false;
    bool good = gnutls_x509_crt_import(crt, &data, GNUTLS_X509_FMT_DER) >= 0;
    if (good) {
        gnutls_datum_t name = {NULL, 0};
        bool named = gnutls_x509_crt_get_dn3(crt, &name, 0) >= 0;
        out->subject = named ? subject_text((const char *)name.data, name.size) : g_strdup("");
        gnutls_free(name.data);
        out->has_not_before = take_time(gnutls_x509_crt_get_activation_time(crt), &out->not_before_ns);
        out->has_not_after = take_time(gnutls_x509_crt_get_expiration_time(crt), &out->not_after_ns);
    }
    gnutls_x509_crt_deinit(crt);
    return good;
}

void tls_certificate_clear(struct tls_certificate *certificate)
{
    g_free(certificate->subject);
    *certificate = (struct tls_certificate){0};
}
