/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that many records hold: statements that are executed again and again, users, databases, names of columns. They
 * are counted, and never change. One thread at a time. */
#ifndef ANALYZER_SHARED_TEXT_H
#define ANALYZER_SHARED_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "mywire/base.h"

/** A new text with one reference, a copy of `n` bytes; a NUL follows them. */
const GString *shared_text_new(const char *p, size_t n);

/** Takes another reference; NULL is allowed. */
const GString *shared_text_keep(const GString *text);

/** Gives a reference back; NULL is allowed. */
void shared_text_drop(const GString *text);

/** Remembers texts, so that those that come again are found instead of made again. A bounded number: each has one
 * place, which the newest takes. */
struct shared_texts;

/** The longest text that is remembered. */
#define SHARED_TEXT_MAX 4096

struct shared_texts *shared_texts_new(void);

/** Frees the memory; texts that others hold stay theirs. */
void shared_texts_free(struct shared_texts *texts);

/** The text of these bytes that was remembered for `kind`, with a reference for the caller; else NULL. */
const GString *shared_texts_find(const struct shared_texts *texts, uint32_t kind, struct mw_slice bytes);

/** Remembers a text; one that is too long is not. */
void shared_texts_remember(struct shared_texts *texts, uint32_t kind, const GString *text);

#endif
