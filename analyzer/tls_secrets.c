/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* memrchr() */
#include "analyzer/tls_secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/secret_memory.h"
#include "analyzer/tls_rsa.h"

enum {
    RANDOM_BYTES = 32,
    PREMASTER_BYTES = 48,
    RSA_KEY_BYTES = 8,
    READ_BYTES = 8192,
    SECRET_BYTES_USUAL = 128, /* of memory for a secret: the limit counts secrets, the arena bytes */
    SLOTS_FIRST = 256
};

/* What secrets belong to, in one table: a label with a client random, or one of these two. */
enum { KIND_RSA = TLS_LABELS, KIND_SESSION };

/* A secret, in secret memory. */
struct entry {
    uint8_t kind;
    uint8_t n_key;
    uint16_t n;
    uint8_t bytes[]; /* the key, then the secret */
};

/* What reading a file needs, in secret memory. */
struct reader {
    struct tls_keylog keylog;
    char text[READ_BYTES];
};

/* A key log that is being written. */
struct followed {
    int fd;
    off_t at; /* before this everything was read */
};

struct tls_secrets {
    struct secret_memory *memory;
    struct entry *
        *slots; /* open addressing; as many as a power of two, half of them free at least; NULL before the first */
    size_t n_slots, count;
    uint64_t max, dropped;
    uint64_t seed[2]; /* a key log inside a capture may have been made to collide */
    struct reader *reader;
    struct tls_rsa *rsa;
    GArray *followed; /* of struct followed; NULL: none */
};

static const bool kept[] = {
#define LABEL(id, name, kept, bytes) kept,
#include "analyzer/tls_labels.def"
#undef LABEL
};

struct tls_secrets *tls_secrets_new(uint64_t max)
{
    struct tls_secrets *s = g_new0(struct tls_secrets, 1);
    s->max = MIN(max, SIZE_MAX / 4 / SECRET_BYTES_USUAL);
    s->memory = secret_memory_new((size_t)s->max * SECRET_BYTES_USUAL + 2 * sizeof(struct reader));
    if (getrandom(s->seed, sizeof s->seed, 0) != sizeof s->seed)
        memcpy(s->seed, &(uint64_t[2]){(uintptr_t)s, (uint64_t)g_get_monotonic_time()}, sizeof s->seed);
    s->rsa = tls_rsa_new();
    return s;
}

void tls_secrets_free(struct tls_secrets *s)
{
    if (!s)
        return;
    for (guint i = 0; s->followed && i < s->followed->len; i++)
        close(g_array_index(s->followed, struct followed, i).fd);
    if (s->followed)
        g_array_free(s->followed, TRUE);
    secret_memory_free(s->memory);
    tls_rsa_free(s->rsa);
    g_free(s->slots);
    g_free(s);
}

/* -- the table ----------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash(const struct tls_secrets *s, unsigned kind, const uint8_t *key, size_t n)
{
    uint64_t words[TLS_KEYLOG_KEY_MAX / 8] = {0};
    memcpy(words, key, n);
    uint64_t h = mix(s->seed[0] ^ (kind << 8 | n), s->seed[1] | 1);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        h = mix(h ^ words[i], s->seed[1] + 0x9e3779b97f4a7c15 * (i + 1));
    return h;
}

/* The slot of that key: its entry's, or the free one where it belongs. */
static struct entry **slot(const struct tls_secrets *s, unsigned kind, const uint8_t *key, size_t n)
{
    size_t i = hash(s, kind, key, n) & (s->n_slots - 1);
    for (;; i = (i + 1) & (s->n_slots - 1)) {
        const struct entry *e = s->slots[i];
        if (!e || (e->kind == kind && e->n_key == n && memcmp(e->bytes, key, n) == 0))
            return &s->slots[i];
    }
}

static const uint8_t *find(const struct tls_secrets *s, unsigned kind, const uint8_t *key, size_t n_key, size_t *n)
{
    const struct entry *e = s->n_slots ? *slot(s, kind, key, n_key) : NULL;
    if (!e)
        return NULL;
    *n = e->n;
    return e->bytes + e->n_key;
}

static void make_room(struct tls_secrets *s)
{
    if (s->n_slots > 2 * s->count)
        return;
    struct entry **old = s->slots;
    size_t n_old = s->n_slots;
    s->n_slots = n_old ? 2 * n_old : SLOTS_FIRST;
    s->slots = g_new0(struct entry *, s->n_slots);
    for (size_t i = 0; i < n_old; i++)
        if (old[i])
            *slot(s, old[i]->kind, old[i]->bytes, old[i]->n_key) = old[i];
    g_free(old);
}

static void add(struct tls_secrets *s, unsigned kind, const struct tls_keylog_entry *from)
{
    make_room(s);
    struct entry **place = slot(s, kind, from->key, from->n_key);
    if (*place)
        return;
    struct entry *e = s->count < s->max ? secret_memory_alloc(s->memory, sizeof *e + from->n_key + from->n) : NULL;
    if (!e) {
        s->dropped++;
        return;
    }
    e->kind = (uint8_t)kind;
    e->n_key = (uint8_t)from->n_key;
    e->n = (uint16_t)from->n;
    memcpy(e->bytes, from->key, from->n_key);
    memcpy(e->bytes + from->n_key, from->secret, from->n);
    *place = e;
    s->count++;
}

/* -- key logs ------------------------------------------------------------------------------------------------------ */

/* One reading of a key log. */
struct reading {
    struct tls_secrets *secrets;
    const char *where;
    tls_secrets_complaint complain;
    void *user;
};

static void take_entry(void *user, const struct tls_keylog_entry *entry)
{
    struct reading *r = user;
    switch (entry->kind) {
    case TLS_KEYLOG_LABEL:
        if (kept[entry->label])
            add(r->secrets, entry->label, entry);
        return;
    case TLS_KEYLOG_RSA: add(r->secrets, KIND_RSA, entry); return;
    case TLS_KEYLOG_SESSION: add(r->secrets, KIND_SESSION, entry); return;
    }
}

static void take_complaint(void *user, unsigned line, const char *why)
{
    struct reading *r = user;
    r->complain(r->user, r->where, line, why);
}

/* The reader, made when it is needed; NULL without memory. */
static struct reader *get_reader(struct tls_secrets *s)
{
    if (!s->reader)
        s->reader = secret_memory_alloc(s->memory, sizeof *s->reader);
    return s->reader;
}

size_t tls_secrets_add_keylog(struct tls_secrets *s, const char *text, size_t n, const char *where,
                              tls_secrets_complaint complain, void *user)
{
    struct reading reading = {s, where, complain, user};
    struct tls_keylog_sink sink = {&reading, take_entry, complain ? take_complaint : NULL};
    struct reader *reader = get_reader(s);
    size_t before = s->count;
    if (!reader)
        return 0;
    tls_keylog_begin(&reader->keylog, &sink);
    tls_keylog_push(&reader->keylog, text, n);
    tls_keylog_end(&reader->keylog);
    return s->count - before;
}

char *tls_secrets_read_keylog(struct tls_secrets *s, const char *path, tls_secrets_complaint complain, void *user)
{
    struct reading reading = {s, path, complain, user};
    struct tls_keylog_sink sink = {&reading, take_entry, complain ? take_complaint : NULL};
    struct reader *reader = get_reader(s);
    if (!reader)
        return g_strdup_printf("%s: there is no memory for keys.", path);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return g_strdup_printf("%s: the file cannot be read: %s.", path, g_strerror(errno));
    tls_keylog_begin(&reader->keylog, &sink);
    ssize_t got;
    while ((got = read(file, reader->text, sizeof reader->text)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0)
            tls_keylog_push(&reader->keylog, reader->text, (size_t)got);
    int error = got < 0 ? errno : 0;
    close(file);
    tls_keylog_end(&reader->keylog);
    secret_wipe(reader->text, sizeof reader->text);
    if (error)
        return g_strdup_printf("%s: the file cannot be read: %s.", path, g_strerror(error));
    if (reader->keylog.good == 0)
        return g_strdup_printf(
            "%s: there is no line of a key log in this file (CLIENT_RANDOM ..., CLIENT_TRAFFIC_SECRET_0 ...); "
            "clients write one where SSLKEYLOGFILE says.",
            path);
    return NULL;
}

void tls_secrets_follow_keylog(struct tls_secrets *s, const char *path)
{
    struct stat st;
    struct followed f = {.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (f.fd < 0 || fstat(f.fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (f.fd >= 0)
            close(f.fd);
        return;
    }
    /* The last line may have been read in part: it is read again, and what stands before it once more, too. */
    f.at = MAX(st.st_size - TLS_KEYLOG_LINE_MAX, 0);
    if (!s->followed)
        s->followed = g_array_new(FALSE, FALSE, sizeof(struct followed));
    g_array_append_val(s->followed, f);
}

bool tls_secrets_grow(const struct tls_secrets *s)
{
    return s && s->followed;
}

/* Takes the whole lines among the next bytes. Returns whether there was one. */
static bool read_lines(struct tls_secrets *s, struct reader *reader, struct followed *f)
{
    ssize_t got = pread(f->fd, reader->text, sizeof reader->text, f->at);
    const char *end = got > 0 ? memrchr(reader->text, '\n', (size_t)got) : NULL;
    size_t n = end ? (size_t)(end - reader->text) + 1 : 0;
    if (!end && got == sizeof reader->text) /* no line is so long */
        n = sizeof reader->text;
    if (n)
        tls_secrets_add_keylog(s, reader->text, n, NULL, NULL, NULL);
    secret_wipe(reader->text, sizeof reader->text);
    f->at += (off_t)n;
    return n > 0;
}

void tls_secrets_read_more(struct tls_secrets *s)
{
    struct reader *reader = get_reader(s);
    for (guint i = 0; reader && s->followed && i < s->followed->len; i++)
        while (read_lines(s, reader, &g_array_index(s->followed, struct followed, i)))
            ;
}

char *tls_secrets_read_key(struct tls_secrets *s, const char *path, const char *password_file)
{
    return tls_rsa_read(s->rsa, path, password_file);
}

/* -- finding ------------------------------------------------------------------------------------------------------- */

const uint8_t *tls_secrets_find(const struct tls_secrets *s, enum tls_label label, const uint8_t *client_random,
                                size_t *n)
{
    return find(s, label, client_random, RANDOM_BYTES, n);
}

const uint8_t *tls_secrets_find_session(const struct tls_secrets *s, const uint8_t *id, size_t n_id)
{
    size_t n;
    return n_id > 0 && n_id <= TLS_KEYLOG_KEY_MAX ? find(s, KIND_SESSION, id, n_id, &n) : NULL;
}

bool tls_secrets_know(const struct tls_secrets *s, const uint8_t *client_random)
{
    size_t n;
    for (unsigned label = 0; label < TLS_LABELS; label++)
        if (find(s, label, client_random, RANDOM_BYTES, &n))
            return true;
    return false;
}

bool tls_secrets_premaster(const struct tls_secrets *s, const uint8_t *encrypted, size_t n, const uint8_t *certificate,
                           size_t n_certificate, uint16_t hello_version, uint8_t *premaster)
{
    size_t length;
    const uint8_t *known = n >= RSA_KEY_BYTES ? find(s, KIND_RSA, encrypted, RSA_KEY_BYTES, &length) : NULL;
    if (!known)
        return tls_rsa_decrypt(s->rsa, encrypted, n, certificate, n_certificate, hello_version, premaster);
    memcpy(premaster, known, PREMASTER_BYTES);
    return true;
}

size_t tls_secrets_count(const struct tls_secrets *s)
{
    return s->count;
}

size_t tls_secrets_keys(const struct tls_secrets *s)
{
    return tls_rsa_count(s->rsa);
}

uint64_t tls_secrets_dropped(const struct tls_secrets *s)
{
    return s->dropped;
}

int tls_secrets_unlocked(const struct tls_secrets *s)
{
    return secret_memory_unlocked(s->memory);
}
