/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/inputs.h"

#include <string.h>

#include "analyzer/capture_file.h"

static bool is_capture(const char *path)
{
    struct capture_file file;
    char *error = capture_file_open(&file, path, NULL);
    capture_file_close(&file);
    g_free(error);
    return !error;
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The captures of a directory by name. False if it cannot be read. */
static bool list(const char *path, GPtrArray *out, struct inputs_note *note)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    if (!dir)
        return false;
    GPtrArray *found = g_ptr_array_new();
    for (const char *name; (name = g_dir_read_name(dir));) {
        char *file = g_build_filename(path, name, NULL);
        if (g_file_test(file, G_FILE_TEST_IS_DIR)) {
            g_free(file);
            continue;
        }
        /* No pipes and devices, which opening may wait for. */
        bool capture = g_file_test(file, G_FILE_TEST_IS_REGULAR) && is_capture(file);
        note->captures += capture;
        note->others += !capture;
        if (capture)
            g_ptr_array_add(found, file);
        else
            g_free(file);
    }
    g_dir_close(dir);
    g_ptr_array_sort(found, by_name);
    for (guint i = 0; i < found->len; i++)
        g_ptr_array_add(out, g_ptr_array_index(found, i));
    g_ptr_array_free(found, TRUE);
    return true;
}

char **inputs_expand(char *const *paths, GArray **notes)
{
    GPtrArray *out = g_ptr_array_new();
    *notes = g_array_new(FALSE, FALSE, sizeof(struct inputs_note));
    for (; *paths; paths++) {
        struct inputs_note note = {0};
        if (!g_file_test(*paths, G_FILE_TEST_IS_DIR) || !list(*paths, out, &note)) {
            g_ptr_array_add(out, g_strdup(*paths));
            continue;
        }
        note.directory = g_strdup(*paths);
        g_array_append_val(*notes, note);
    }
    g_ptr_array_add(out, NULL);
    return (char **)g_ptr_array_free(out, FALSE);
}

void inputs_notes_free(GArray *notes)
{
    for (guint i = 0; i < notes->len; i++)
        g_free(g_array_index(notes, struct inputs_note, i).directory);
    g_array_free(notes, TRUE);
}
