/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/rotation.h"

#include "analyzer/patience.h"
#include "analyzer/source.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#define SECOND INT64_C(1000000000)

/* A file as it was when it was last looked at. */
struct known {
    dev_t device;
    ino_t inode;
    off_t size;
};

struct rotation {
    char *const *directories;
    GHashTable *known; /* of struct known, by path */
    int64_t looked_ns;
    char *next;
};

struct rotation *rotation_new(char *const *directories)
{
    struct rotation *r = g_new0(struct rotation, 1);
    r->directories = directories;
    r->known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return r;
}

void rotation_free(struct rotation *r)
{
    if (!r)
        return;
    g_hash_table_destroy(r->known);
    g_free(r->next);
    g_free(r);
}

void rotation_know(struct rotation *r, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return;
    struct known *k = g_new(struct known, 1);
    *k = (struct known){st.st_dev, st.st_ino, st.st_size};
    g_hash_table_replace(r->known, g_strdup(path), k);
}

/* A file that is known keeps the size that it has now: it may shrink later. */
static bool is_new(struct rotation *r, const char *path)
{
    struct stat st;
    struct known *k = g_hash_table_lookup(r->known, path);
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return false;
    if (!k || k->device != st.st_dev || k->inode != st.st_ino || st.st_size < k->size)
        return true;
    k->size = st.st_size;
    return false;
}

static void look_into(struct rotation *r, const char *directory, int64_t *earliest)
{
    GDir *dir = g_dir_open(directory, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        char *path = g_build_filename(directory, name, NULL);
        int64_t time;
        bool better = is_new(r, path) && source_first_time(path, &time) && (!r->next || time < *earliest);
        if (better) {
            g_free(r->next);
            r->next = g_steal_pointer(&path);
            *earliest = time;
        }
        g_free(path);
    }
    if (dir)
        g_dir_close(dir);
}

const char *rotation_next(struct rotation *r)
{
    int64_t now = patience_now(), earliest = 0;
    if (now < r->looked_ns + SECOND)
        return NULL;
    r->looked_ns = now;
    g_clear_pointer(&r->next, g_free);
    for (char *const *d = r->directories; *d; d++)
        look_into(r, *d, &earliest);
    return r->next;
}
