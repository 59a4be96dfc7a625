/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inputs that the command line names: a directory stands for the captures in it. */
#ifndef ANALYZER_INPUTS_H
#define ANALYZER_INPUTS_H

#include <glib.h>

/** What became of a directory. */
struct inputs_note {
    char *directory;
    unsigned captures; /**< files in it that begin like captures, in whatever way compressed */
    unsigned others;   /**< files that do not, or may not be read: left out */
};

/** The list to read, NULL-terminated, to be freed with g_strfreev(): `paths` with each directory replaced by the captures in it, by
 * name; what is in its own directories is left out. `notes` gets one for each directory; the caller clears it with
 * inputs_notes_free(). A directory that cannot be read stays in the list, so that opening it says why. */
char **inputs_expand(char *const *paths, GArray **notes);

/** Frees what inputs_expand() told. */
void inputs_notes_free(GArray *notes);

#endif
