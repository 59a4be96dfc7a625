/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/command_digest.h"

#include <string.h>

#include "analyzer/shared_text.h"
#include "analyzer/wire_text.h"

enum { PLACES = 1024 };

/* What was made of a text; texts are the same if their memory is, which `sql` keeps. */
struct place {
    const GString *sql, *text;
    struct sql_mode mode;
    char id[SQL_DIGEST_ID];
    bool cut;
};

struct command_digester {
    struct text_converter *converter;
    struct shared_texts *texts;
    GString *raw, *utf8;
    struct place places[PLACES];
};

struct command_digester *command_digester_new(void)
{
    struct command_digester *d = g_new0(struct command_digester, 1);
    d->converter = text_converter_new();
    d->texts = shared_texts_new();
    d->raw = g_string_new(NULL);
    d->utf8 = g_string_new(NULL);
    return d;
}

void command_digester_free(struct command_digester *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < PLACES; i++) {
        shared_text_drop(d->places[i].sql);
        shared_text_drop(d->places[i].text);
    }
    text_converter_free(d->converter);
    shared_texts_free(d->texts);
    g_string_free(d->raw, TRUE);
    g_string_free(d->utf8, TRUE);
    g_free(d);
}

static const GString *shared(struct command_digester *d, const GString *text)
{
    const struct mw_slice bytes = {(const uint8_t *)text->str, (uint32_t)text->len};
    const GString *found = shared_texts_find(d->texts, 0, bytes);
    if (!found) {
        found = shared_text_new(text->str, text->len);
        shared_texts_remember(d->texts, 0, found);
    }
    return found;
}

static bool same_mode(const struct sql_mode *a, const struct sql_mode *b)
{
    return a->flags == b->flags && a->charset == b->charset && a->version == b->version;
}

void command_digester_take(struct command_digester *d, struct command *c, const struct sql_mode *mode, uint16_t collation,
                           struct mw_slice text, bool whole)
{
    struct sql_mode with = *mode;
    const char *charset = collation ? mw_collation_charset(c->dialect, collation) : NULL;
    with.charset = sql_charset_by_name(charset);
    struct place *place = &d->places[((uintptr_t)c->sql >> 4) % PLACES];
    bool small = !c->sql_truncated && c->sql->len <= SHARED_TEXT_MAX;
    shared_text_drop(c->digest_text);
    c->digest_text = NULL;
    if (small && place->sql == c->sql && same_mode(&place->mode, &with)) {
        memcpy(c->digest, place->id, sizeof c->digest);
        c->digest_text = shared_text_keep(place->text);
        c->digest_cut = place->cut;
        return;
    }
    g_string_truncate(d->raw, 0);
    g_string_truncate(d->utf8, 0);
    bool cut = !sql_digest_text(d->raw, text.p, text.n, &with);
    if (!cut && !whole)
        return;
    const struct mw_slice raw = {(const uint8_t *)d->raw->str, (uint32_t)d->raw->len};
    wire_text_append(d->utf8, d->converter, c->dialect, collation, raw, NULL);
    c->digest_text = shared(d, d->utf8);
    c->digest_cut = cut;
    sql_digest_id(c->digest, d->utf8->str, d->utf8->len);
    if (!small)
        return;
    shared_text_drop(place->sql);
    shared_text_drop(place->text);
    *place = (struct place){shared_text_keep(c->sql), shared_text_keep(c->digest_text), with, {0}, cut};
    memcpy(place->id, c->digest, sizeof place->id);
}
