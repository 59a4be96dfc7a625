/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/shared_text.h"

#include <string.h>

/* An application has some hundred statements. A power of two. */
enum { PLACES = 1024 };

struct shared_text {
    GString text; /* first, so that a pointer to it is one to the whole */
    uint64_t references;
    char bytes[];
};

struct shared_texts {
    struct {
        const GString *text; /* with a reference; NULL: empty */
        uint32_t kind;
    } places[PLACES];
};

static struct shared_text *whole(const GString *text)
{
    return (struct shared_text *)(uintptr_t)text;
}

const GString *shared_text_new(const char *p, size_t n)
{
    struct shared_text *t = g_malloc(sizeof *t + n + 1);
    t->text = (GString){.str = t->bytes, .len = n, .allocated_len = n + 1};
    t->references = 1;
    if (n)
        memcpy(t->bytes, p, n);
    t->bytes[n] = 0;
    return &t->text;
}

const GString *shared_text_keep(const GString *text)
{
    if (text)
        whole(text)->references++;
    return text;
}

void shared_text_drop(const GString *text)
{
    if (text && --whole(text)->references == 0)
        g_free(whole(text));
}

struct shared_texts *shared_texts_new(void)
{
    return g_new0(struct shared_texts, 1);
}

void shared_texts_free(struct shared_texts *texts)
{
    if (!texts)
        return;
    for (size_t i = 0; i < PLACES; i++)
        shared_text_drop(texts->places[i].text);
    g_free(texts);
}

/* Texts that meet in a place cost time and nothing else, so that this need not be hard to foresee. */
static size_t place_of(uint32_t kind, const char *p, size_t n)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t x, h = (kind ^ (uint64_t)n << 32) * odd;
    for (; n >= sizeof x; p += sizeof x, n -= sizeof x) {
        memcpy(&x, p, sizeof x);
        h = (h ^ h >> 29 ^ x) * odd;
    }
    x = 0;
    memcpy(&x, p, n);
    h = (h ^ h >> 29 ^ x) * odd;
    return (size_t)(h >> 32) & (PLACES - 1);
}

const GString *shared_texts_find(const struct shared_texts *texts, uint32_t kind, struct mw_slice bytes)
{
    if (bytes.n == 0 || bytes.n > SHARED_TEXT_MAX)
        return NULL;
    size_t i = place_of(kind, (const char *)bytes.p, bytes.n);
    const GString *text = texts->places[i].text;
    bool same =
        text && texts->places[i].kind == kind && text->len == bytes.n && memcmp(text->str, bytes.p, bytes.n) == 0;
    return same ? shared_text_keep(text) : NULL;
}

void shared_texts_remember(struct shared_texts *texts, uint32_t kind, const GString *text)
{
    if (text->len == 0 || text->len > SHARED_TEXT_MAX)
        return;
    size_t i = place_of(kind, text->str, text->len);
    shared_text_drop(texts->places[i].text);
    texts->places[i].text = shared_text_keep(text);
    texts->places[i].kind = kind;
}
