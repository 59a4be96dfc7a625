/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of --passwords, line by line: text goes in by push, users and passwords come out.
 *
 *   user:password      The user ends at the first colon; the password is all behind it, blanks and colons too, and may
 *                      be empty. Instead of it may stand what the server keeps of it (password_hash.h).
 *   # a comment
 *
 * Lines end in LF or CR LF. Empty lines and a byte order mark are passed over. */
#ifndef ANALYZER_PASSWORD_FILE_H
#define ANALYZER_PASSWORD_FILE_H

#include <stdbool.h>
#include <stddef.h>

enum { PASSWORD_LINE_MAX = 4096 };

/** Whom a reader tells. */
struct password_file_sink {
    void *user;
    /** A good line. The texts are gone with the next one. Returns NULL, or what is wrong with it, a clause that stays. */
    const char *(*entry)(void *user, const char *name, size_t n_name, const char *password, size_t n);
    /** The first wrong line, counted from 1; nothing is told after it. `why` shows nothing of what stands there. */
    void (*complain)(void *user, unsigned line, const char *why);
};

/** A reader. It holds a line at most, and that in itself: keep it in secret memory. */
struct password_file {
    const struct password_file_sink *sink;
    size_t n; /* bytes in `line` */
    unsigned number;
    bool too_long, failed;
    char line[PASSWORD_LINE_MAX];
};

/** Begins a file. `sink` must stay. */
void password_file_begin(struct password_file *f, const struct password_file_sink *sink);

/** Takes the next piece of text, cut anywhere. */
void password_file_push(struct password_file *f, const char *text, size_t n);

/** The text ends: takes a last line without line end, and wipes what is held. */
void password_file_end(struct password_file *f);

#endif
