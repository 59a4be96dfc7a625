/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/passwords.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/password_file.h"
#include "analyzer/secret_memory.h"

/* The candidates of one user. */
struct account {
    struct password_candidate *first, *last;
    uint64_t n;
};

struct passwords {
    struct secret_memory *memory;
    GHashTable *accounts; /* name → struct account, both in `memory` */
    uint64_t max, max_per_user;
    uint64_t rounds, refused; /* that may still be computed; and how often not */
    size_t count;
};

/* One reading of a file; in `memory` for as long as that. */
struct reading {
    struct passwords *passwords;
    unsigned line; /* the wrong one, 0 none */
    const char *why;
    struct password_file file;
    char text[64 * 1024];
};

struct passwords *passwords_new(const struct limits *limits)
{
    enum { BYTES_EACH = 512 }; /* on average: a name, a password and what belongs to it */
    struct passwords *p = g_new0(struct passwords, 1);
    p->max = limits->passwords;
    p->max_per_user = limits->passwords_per_user;
    p->rounds = limits->password_rounds;
    p->memory = secret_memory_new(sizeof(struct reading) + limits->passwords * BYTES_EACH + 1024 * 1024);
    p->accounts = g_hash_table_new(g_str_hash, g_str_equal);
    return p;
}

static const char no_room[] = "there are more passwords in the file than mywire takes; leave out users that are not in "
                              "the capture";

static char *copy(struct passwords *p, const char *text, size_t n)
{
    char *out = secret_memory_alloc(p->memory, n + 1);
    if (out && n > 0)
        memcpy(out, text, n);
    return out;
}

static struct account *account_of(struct passwords *p, const char *name, size_t n)
{
    char *key = copy(p, name, n);
    struct account *account = key ? g_hash_table_lookup(p->accounts, key) : NULL;
    if (account || !key)
        return account;
    account = secret_memory_alloc(p->memory, sizeof *account);
    if (account)
        g_hash_table_insert(p->accounts, key, account);
    return account;
}

static const char *take_entry(void *user, const char *name, size_t n_name, const char *text, size_t n)
{
    struct passwords *p = ((struct reading *)user)->passwords;
    struct account *account = p->count < p->max ? account_of(p, name, n_name) : NULL;
    struct password_candidate *candidate = account ? secret_memory_alloc(p->memory, sizeof *candidate) : NULL;
    if (!candidate || !(candidate->text = copy(p, text, n)))
        return no_room;
    if (account->n >= p->max_per_user)
        return "there are too many passwords for this user; mywire verifies a few candidates and guesses none";
    candidate->n = n;
    password_hash_read(text, n, &candidate->hash);
    if (account->last)
        account->last->next = candidate;
    else
        account->first = candidate;
    account->last = candidate;
    account->n++;
    p->count++;
    return NULL;
}

static void take_complaint(void *user, unsigned line, const char *why)
{
    struct reading *reading = user;
    reading->line = line;
    reading->why = why;
}

/* What is left of a reading: wiped. It is not given back before everything is. */
static char *finish(struct reading *reading)
{
    char *error = reading->line ? g_strdup_printf("line %u: %s.", reading->line, reading->why) : NULL;
    secret_wipe(reading, sizeof *reading);
    return error;
}

static struct reading *begin(struct passwords *p, struct password_file_sink *sink)
{
    struct reading *reading = secret_memory_alloc(p->memory, sizeof *reading);
    if (!reading)
        return NULL;
    reading->passwords = p;
    *sink = (struct password_file_sink){reading, take_entry, take_complaint};
    password_file_begin(&reading->file, sink);
    return reading;
}

static const char no_memory[] = "there is no memory for passwords.";

char *passwords_add(struct passwords *p, const char *text, size_t n)
{
    struct password_file_sink sink;
    struct reading *reading = begin(p, &sink);
    if (!reading)
        return g_strdup(no_memory);
    password_file_push(&reading->file, text, n);
    password_file_end(&reading->file);
    return finish(reading);
}

/* Returns NULL or what is wrong, without the path. */
static char *read_file(struct passwords *p, const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return g_strdup_printf("the file cannot be read: %s.", g_strerror(errno));
    struct password_file_sink sink;
    struct reading *reading = begin(p, &sink);
    ssize_t got = 0;
    while (reading && ((got = read(file, reading->text, sizeof reading->text)) > 0 || (got < 0 && errno == EINTR)))
        if (got > 0)
            password_file_push(&reading->file, reading->text, (size_t)got);
    int error = got < 0 ? errno : 0;
    close(file);
    if (!reading)
        return g_strdup(no_memory);
    password_file_end(&reading->file);
    char *wrong = finish(reading);
    if (!error)
        return wrong;
    g_free(wrong);
    return g_strdup_printf("the file cannot be read: %s.", g_strerror(error));
}

char *passwords_read(struct passwords *p, const char *path)
{
    size_t before = p->count;
    char *wrong = read_file(p, path);
    if (!wrong && p->count == before)
        wrong = g_strdup("there is no password in this file; each line is USER:PASSWORD.");
    char *error = wrong ? g_strdup_printf("%s: %s", path, wrong) : NULL;
    g_free(wrong);
    return error;
}

struct password_candidate *passwords_find(const struct passwords *p, const char *user)
{
    const struct account *account = g_hash_table_lookup(p->accounts, user);
    return account ? account->first : NULL;
}

bool passwords_spend(struct passwords *p, unsigned cost)
{
    uint64_t rounds = UINT64_C(1024) << cost;
    if (rounds > p->rounds) {
        p->refused++;
        return false;
    }
    p->rounds -= rounds;
    return true;
}

uint64_t passwords_refused(const struct passwords *p)
{
    return p->refused;
}

size_t passwords_count(const struct passwords *p)
{
    return p->count;
}

int passwords_unlocked(const struct passwords *p)
{
    return secret_memory_unlocked(p->memory);
}

void passwords_free(struct passwords *p)
{
    if (!p)
        return;
    g_hash_table_destroy(p->accounts);
    secret_memory_free(p->memory);
    g_free(p);
}
