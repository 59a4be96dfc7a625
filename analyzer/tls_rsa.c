/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tls_rsa.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <gnutls/abstract.h>
#include <gnutls/pkcs12.h>
#include <gnutls/x509.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/secret_memory.h"

enum { PREMASTER_BYTES = 48, KEY_FILE_MAX = 1024 * 1024, PINS_MAX = 1024 * 1024, PASSWORD_MAX = 1024, KEY_ID_MAX = 64 };

/* A private key. */
struct rsa_key {
    gnutls_privkey_t key;
    uint8_t id[KEY_ID_MAX]; /* of its public key */
    size_t n_id;            /* 0: a token that does not tell the public key */
};

struct tls_rsa {
    GArray *keys;               /* of struct rsa_key, as many as the command line names */
    struct secret_memory *pins; /* of tokens, which may ask for them again at any use */
};

struct tls_rsa *tls_rsa_new(void)
{
    struct tls_rsa *r = g_new0(struct tls_rsa, 1);
    r->keys = g_array_new(FALSE, TRUE, sizeof(struct rsa_key));
    r->pins = secret_memory_new(PINS_MAX);
    return r;
}

void tls_rsa_free(struct tls_rsa *r)
{
    if (!r)
        return;
    for (guint i = 0; i < r->keys->len; i++)
        gnutls_privkey_deinit(g_array_index(r->keys, struct rsa_key, i).key);
    g_array_free(r->keys, TRUE);
    secret_memory_free(r->pins); /* the keys lead to it */
    g_free(r);
}

size_t tls_rsa_count(const struct tls_rsa *r)
{
    return r->keys->len;
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

/* Reads a small file into secret memory; its text ends with a NUL that `n` does not count. Returns NULL, or a sentence.
 */
static char *read_small(struct secret_memory *memory, const char *path, size_t max, char **text, size_t *n)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return g_strdup_printf("%s: the file cannot be read: %s.", path, g_strerror(errno));
    *text = secret_memory_alloc(memory, max + 2);
    *n = 0;
    ssize_t got = 0;
    while (*text && *n <= max && ((got = read(file, *text + *n, max + 1 - *n)) > 0 || (got < 0 && errno == EINTR)))
        *n += got > 0 ? (size_t)got : 0;
    int error = got < 0 ? errno : 0;
    close(file);
    if (!*text)
        return g_strdup_printf("%s: there is no memory for keys.", path);
    if (error)
        return g_strdup_printf("%s: the file cannot be read: %s.", path, g_strerror(error));
    if (*n > max)
        return g_strdup_printf("%s: the file is too large for what it should be.", path);
    (*text)[*n] = '\0';
    return NULL;
}

/* The password is the first line of its file, without the line end. */
static char *read_password(struct secret_memory *memory, const char *path, char **password)
{
    size_t n;
    *password = NULL;
    char *error = path ? read_small(memory, path, PASSWORD_MAX, password, &n) : NULL;
    if (path && !error)
        (*password)[strcspn(*password, "\r\n")] = '\0';
    return error;
}

/* A URL may carry the PIN; nobody else should read it. */
static char *without_pin(const char *url)
{
    static const char pin[] = "pin-value=";
    const char *value = strstr(url, pin);
    if (!value)
        return g_strdup(url);
    value += strlen(pin);
    return g_strdup_printf("%.*s***%s", (int)(value - url), url, value + strcspn(value, ";&?"));
}

static int tell_pin(void *user, int attempt, const char *token_url, const char *token_label, unsigned flags, char *pin,
                    size_t room)
{
    (void)token_url;
    (void)token_label;
    const char *password = user;
    /* A second attempt with the same PIN would only bring the token nearer to locking itself. */
    if (!password || attempt > 0 || flags & GNUTLS_PIN_WRONG || strlen(password) >= room)
        return -1;
    memcpy(pin, password, strlen(password) + 1);
    return 0;
}

/* GnuTLS's words, some of which end with a full stop. */
static char *reason_of(int status)
{
    const char *text = gnutls_strerror(status);
    return g_strndup(text, strlen(text) - g_str_has_suffix(text, "."));
}

static char *import_url(gnutls_privkey_t key, const char *url, const char *name, char *password)
{
    gnutls_privkey_set_pin_function(key, tell_pin, password);
    int status = gnutls_privkey_import_url(key, url, 0);
    if (status >= 0)
        return NULL;
    bool pin = status == GNUTLS_E_PKCS11_PIN_ERROR || status == GNUTLS_E_PKCS11_PIN_EXPIRED ||
               status == GNUTLS_E_PKCS11_PIN_LOCKED || status == GNUTLS_E_PKCS11_USER_ERROR;
    char *reason = reason_of(status);
    char *error = g_strdup_printf("%s: the key cannot be used: %s.%s", name, reason,
                                  pin ? " The token's PIN comes from --tls-key-password FILE." : "");
    g_free(reason);
    return error;
}

/* Whether it is a password that the import lacked. */
static bool wants_password(int status)
{
    return status == GNUTLS_E_DECRYPTION_FAILED || status == GNUTLS_E_MAC_VERIFY_FAILED ||
           status == GNUTLS_E_INVALID_PASSWORD;
}

static char *import_text(gnutls_privkey_t key, const char *path, char *text, size_t n, const char *password)
{
    gnutls_datum_t data = {(unsigned char *)text, (unsigned)n};
    bool pem = g_strstr_len(text, (gssize)n, "-----BEGIN ") != NULL;
    gnutls_x509_crt_fmt_t format = pem ? GNUTLS_X509_FMT_PEM : GNUTLS_X509_FMT_DER;
    /* One password is given for all keys: those that need none come first. PKCS#12 without a password is sealed with an
     * empty one. */
    int status = gnutls_privkey_import_x509_raw(key, &data, format, NULL, 0);
    if (status < 0) {
        int again = gnutls_privkey_import_x509_raw(key, &data, format, password ? password : "", 0);
        status = again >= 0 || password ? again : status;
    }
    if (status >= 0)
        return NULL;
    if (wants_password(status))
        return password
                   ? g_strdup_printf("%s: the password of --tls-key-password does not open this key.", path)
                   : g_strdup_printf(
                         "%s: the key is encrypted; name a file with its password by --tls-key-password FILE.", path);
    if (!pem || !g_strstr_len(text, (gssize)n, "PRIVATE KEY-----"))
        return g_strdup_printf(
            "%s: this is no private key in PEM, DER or PKCS#12; --tls-key wants the server's own (ssl_key).", path);
    char *reason = reason_of(status);
    char *error = g_strdup_printf("%s: the private key in this file cannot be used: %s.", path, reason);
    g_free(reason);
    return error;
}

/* The id of a public key; 0 if it cannot be told. Key and certificate are asked in the same way, so that equal keys
 * have equal ids. */
static size_t public_id(gnutls_pubkey_t public, int status, uint8_t id[KEY_ID_MAX])
{
    size_t n = KEY_ID_MAX;
    if (status < 0 || gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, id, &n) < 0)
        n = 0;
    gnutls_pubkey_deinit(public);
    return n;
}

static size_t key_id(gnutls_privkey_t key, uint8_t id[KEY_ID_MAX])
{
    gnutls_pubkey_t public;
    if (gnutls_pubkey_init(&public) < 0)
        return 0;
    return public_id(public, gnutls_pubkey_import_privkey(public, key, 0, 0), id);
}

static size_t certificate_id(const uint8_t *certificate, size_t n, uint8_t id[KEY_ID_MAX])
{
    gnutls_datum_t data = {(unsigned char *)certificate, (unsigned)n};
    gnutls_x509_crt_t crt;
    gnutls_pubkey_t public;
    if (n == 0 || n > G_MAXUINT32 || gnutls_x509_crt_init(&crt) < 0)
        return 0;
    size_t n_id = 0;
    if (gnutls_x509_crt_import(crt, &data, GNUTLS_X509_FMT_DER) >= 0 && gnutls_pubkey_init(&public) >= 0)
        n_id = public_id(public, gnutls_pubkey_import_x509(public, crt, 0), id);
    gnutls_x509_crt_deinit(crt);
    return n_id;
}

static char *import(struct tls_rsa *r, struct secret_memory *memory, gnutls_privkey_t key, const char *path,
                    const char *password_file)
{
    char *password, *text;
    size_t n;
    bool url = gnutls_url_is_supported(path);
    char *error = read_password(url ? r->pins : memory, password_file, &password);
    if (error)
        return error;
    if (url) {
        char *name = without_pin(path);
        error = import_url(key, path, name, password);
        g_free(name);
    } else {
        error = read_small(memory, path, KEY_FILE_MAX, &text, &n);
        if (!error)
            error = import_text(key, path, text, n, password);
    }
    if (error)
        return error;
    int algorithm = gnutls_privkey_get_pk_algorithm(key, NULL);
    if (algorithm == GNUTLS_PK_RSA)
        return NULL;
    char *name = without_pin(path);
    error = g_strdup_printf(
        "%s: this is a key for %s; a private key opens TLS only with RSA key exchange. A key log of the client "
        "or the server opens the rest (--keylog).",
        name, gnutls_pk_algorithm_get_name(algorithm));
    g_free(name);
    return error;
}

char *tls_rsa_read(struct tls_rsa *r, const char *path, const char *password_file)
{
    struct rsa_key key = {0};
    if (gnutls_privkey_init(&key.key) < 0)
        return g_strdup_printf("%s: there is no memory for keys.", path);
    struct secret_memory *memory = secret_memory_new(2 * KEY_FILE_MAX);
    char *error = import(r, memory, key.key, path, password_file);
    secret_memory_free(memory);
    if (error) {
        gnutls_privkey_deinit(key.key);
        return error;
    }
    key.n_id = key_id(key.key, key.id);
    g_array_append_val(r->keys, key);
    return NULL;
}

/* -- using --------------------------------------------------------------------------------------------------------- */

static bool decrypt(const struct rsa_key *key, const gnutls_datum_t *encrypted, uint8_t *premaster, uint16_t *version)
{
    if (gnutls_privkey_decrypt_data2(key->key, 0, encrypted, premaster, PREMASTER_BYTES) < 0)
        return false;
    *version = (uint16_t)(premaster[0] << 8 | premaster[1]);
    return true;
}

bool tls_rsa_decrypt(const struct tls_rsa *r, const uint8_t *encrypted, size_t n, const uint8_t *certificate,
                     size_t n_certificate, uint16_t hello_version, uint8_t *premaster)
{
    enum { ENCRYPTED_MAX = 65535, SSL3 = 0x0300 };
    if (n == 0 || n > ENCRYPTED_MAX || r->keys->len == 0)
        return false;
    const gnutls_datum_t data = {(unsigned char *)encrypted, (unsigned)n};
    uint8_t id[KEY_ID_MAX];
    size_t n_id = certificate_id(certificate, n_certificate, id);
    uint16_t version;
    for (guint i = 0; n_id && i < r->keys->len; i++) {
        const struct rsa_key *key = &g_array_index(r->keys, struct rsa_key, i);
        if (key->n_id == n_id && memcmp(key->id, id, n_id) == 0 && decrypt(key, &data, premaster, &version) &&
            version >= SSL3 && version <= hello_version)
            return true;
    }
    /* A wrong key gives 48 bytes by chance once in a while: nothing but the version tells. */
    for (guint i = 0; i < r->keys->len; i++)
        if (decrypt(&g_array_index(r->keys, struct rsa_key, i), &data, premaster, &version) && version == hello_version)
            return true;
    return false;
}
