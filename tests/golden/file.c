/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/golden/golden.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "mywire/compress.h"
#include "tests/support/wire.h"

enum { LINE_MOST = 1 << 20 };

void text_add(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (t->n + (size_t)n + 1 > t->room) {
        t->room = (t->n + (size_t)n + 1) * 2;
        t->p = realloc(t->p, t->room);
    }
    va_start(args, format);
    vsnprintf(t->p + t->n, (size_t)n + 1, format, args);
    va_end(args);
    t->n += (size_t)n;
}

void text_free(struct text *t)
{
    free(t->p);
    *t = (struct text){0};
}

static char *read_all(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    long n = ftell(file);
    rewind(file);
    char *text = malloc((size_t)n + 1);
    size_t got = fread(text, 1, (size_t)n, file);
    fclose(file);
    text[got] = 0;
    return text;
}

static char *copy(const char *p, size_t n)
{
    char *s = malloc(n + 1);
    memcpy(s, p, n);
    s[n] = 0;
    return s;
}

static void add_chunk(struct stream *s, struct chunk c)
{
    s->chunks = realloc(s->chunks, (s->count + 1) * sizeof *s->chunks);
    s->chunks[s->count++] = c;
}

static const struct stream *find_stream(const struct golden_file *files, size_t n, const char *name)
{
    for (size_t f = 0; f < n; f++)
        for (size_t i = 0; i < files[f].count; i++)
            if (strcmp(files[f].streams[i].name, name) == 0)
                return &files[f].streams[i];
    return NULL;
}

/* after> NAME: this stream goes on where that one ended. */
static bool take_prelude(struct stream *s, const struct stream *from)
{
    if (!from)
        return false;
    for (size_t i = 0; i < from->count; i++) {
        struct chunk c = from->chunks[i];
        if (c.bytes) {
            uint8_t *bytes = malloc(c.n ? c.n : 1);
            memcpy(bytes, c.bytes, c.n);
            c.bytes = bytes;
        }
        c.prelude = true;
        add_chunk(s, c);
    }
    return true;
}

/* proxy> HEADER · x client> MESSAGE */
static bool take_layer(struct stream *s, const char *head, const char *rest)
{
    uint8_t *bytes = malloc(LINE_MOST);
    size_t n = wire_bytes(rest, bytes, LINE_MOST);
    if (n == SIZE_MAX) {
        free(bytes);
        return false;
    }
    add_chunk(s, (struct chunk){.dir = strcmp(head, "x server") == 0 ? MW_SERVER : MW_CLIENT,
                                .layer = *head == 'x' ? X : PROXY,
                                .bytes = realloc(bytes, n ? n : 1),
                                .n = n});
    return true;
}

/* client> BYTES · client 3> PAYLOAD · client frame 0> PACKETS · client lost> 12 */
static bool take_bytes(struct stream *s, const char *head, const char *rest)
{
    enum mw_dir dir = strncmp(head, "client", 6) == 0 ? MW_CLIENT : MW_SERVER;
    if (dir == MW_SERVER && strncmp(head, "server", 6) != 0)
        return false;
    const char *how = head + 6;
    if (strcmp(how, " lost") == 0) {
        add_chunk(s, (struct chunk){.dir = dir, .n = strtoul(rest, NULL, 10)});
        return true;
    }
    bool frame = strncmp(how, " frame", 6) == 0;
    size_t header_size = frame ? MW_FRAME_HEADER : *how == ' ' ? MW_HEADER : 0;
    uint8_t *bytes = malloc(LINE_MOST + header_size);
    size_t n = wire_bytes(rest, bytes + header_size, LINE_MOST);
    if (n == SIZE_MAX) {
        free(bytes);
        return false;
    }
    uint8_t header[MW_FRAME_HEADER] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16),
                                       (uint8_t)strtoul(how + (frame ? 6 : 0), NULL, 10)};
    memcpy(bytes, header, header_size);
    n += header_size;
    add_chunk(s, (struct chunk){.dir = dir, .bytes = realloc(bytes, n ? n : 1), .n = n});
    return true;
}

static bool take_line(struct stream *s, const char *line, const struct golden_file *files, size_t files_count)
{
    const char *mark = strchr(line, '>');
    if (!mark || mark - line > 40)
        return false;
    char head[48];
    memcpy(head, line, (size_t)(mark - line));
    head[mark - line] = 0;
    const char *rest = mark + 1 + strspn(mark + 1, " ");
    if (strcmp(head, "after") == 0)
        return take_prelude(s, find_stream(files, files_count, rest));
    if (strcmp(head, "limit outstanding") == 0)
        return (s->outstanding = (uint32_t)strtoul(rest, NULL, 10)) > 0;
    if (strcmp(head, "limit packet_head") == 0)
        return (s->packet_head = (uint32_t)strtoul(rest, NULL, 10)) > 0;
    if (strcmp(head, "midstream") == 0) {
        add_chunk(s, (struct chunk){.midstream = true});
        return true;
    }
    if (strcmp(head, "proxy") == 0 || strcmp(head, "x client") == 0 || strcmp(head, "x server") == 0)
        return take_layer(s, head, rest);
    return take_bytes(s, head, rest);
}

/* The lines of an input block; a line that begins with a space goes on the one before. */
static bool take_input(struct golden_file *f, struct stream *s, const char *begin, const char *end,
                       const struct golden_file *all, size_t all_count)
{
    struct golden_file *both = malloc((all_count + 1) * sizeof *both);
    if (all_count)
        memcpy(both, all, all_count * sizeof *both);
    both[all_count] = *f;
    int number = s->line;
    bool ok = true;
    for (const char *p = begin; ok && p < end;) {
        const char *line_end = memchr(p, '\n', (size_t)(end - p));
        int lines = 1;
        while (line_end + 1 < end && line_end[1] == ' ') {
            line_end = memchr(line_end + 1, '\n', (size_t)(end - line_end - 1));
            lines++;
        }
        char *line = copy(p, (size_t)(line_end - p));
        if (*line && *line != '#' && !take_line(s, line, both, all_count + 1)) {
            fprintf(stderr, "%s:%d: cannot read this input line\n", f->path, number);
            ok = false;
        }
        free(line);
        number += lines;
        p = line_end + 1;
    }
    free(both);
    return ok;
}

static int line_of(const char *text, const char *p)
{
    int line = 1;
    for (; text < p; text++)
        line += *text == '\n';
    return line;
}

/* The text behind the last heading above `p`. */
static char *heading_above(const char *text, const char *p)
{
    const char *best = NULL;
    for (const char *h = text; (h = strstr(h, "\n## ")) && h < p; h++)
        best = h + 4;
    return best ? copy(best, strcspn(best, "\n")) : NULL;
}

bool golden_read(struct golden_file *f, const char *path, const struct golden_file *all, size_t all_count)
{
    static const char open[] = "\n```wire\n", expect[] = "\n```fields\n", close[] = "\n```\n";
    *f = (struct golden_file){.path = copy(path, strlen(path)), .text = read_all(path)};
    if (!f->text) {
        fprintf(stderr, "%s: cannot read\n", path);
        return false;
    }
    for (const char *p = f->text; (p = strstr(p, open));) {
        const char *begin = p + strlen(open), *end = strstr(begin - 1, close);
        struct stream s = {.name = heading_above(f->text, p), .line = line_of(f->text, begin)};
        const char *next = end ? strstr(end, open) : NULL, *out = end ? strstr(end, expect) : NULL;
        const char *out_end = out ? strstr(out + strlen(expect) - 1, close) : NULL;
        if (!s.name || !end || !out || !out_end || (next && next < out)) {
            fprintf(stderr, "%s:%d: an input block wants a heading above and an expected block below\n", path, s.line);
            free(s.name);
            return false;
        }
        out += strlen(expect);
        s.expected_begin = (size_t)(out - f->text);
        s.expected_end = out_end < out ? s.expected_begin : (size_t)(out_end + 1 - f->text);
        s.expected = copy(out, s.expected_end - s.expected_begin);
        bool ok = take_input(f, &s, begin, end + 1, all, all_count);
        f->streams = realloc(f->streams, (f->count + 1) * sizeof *f->streams);
        f->streams[f->count++] = s;
        if (!ok)
            return false;
        p = out_end;
    }
    return true;
}

bool golden_write(const struct golden_file *f, struct text *const *texts)
{
    FILE *file = fopen(f->path, "wb");
    if (!file)
        return false;
    size_t at = 0;
    for (size_t i = 0; i < f->count; i++) {
        fwrite(f->text + at, 1, f->streams[i].expected_begin - at, file);
        fwrite(texts[i]->p, 1, texts[i]->n, file);
        at = f->streams[i].expected_end;
    }
    fputs(f->text + at, file);
    return fclose(file) == 0;
}

void golden_free(struct golden_file *f)
{
    for (size_t i = 0; i < f->count; i++) {
        for (size_t c = 0; c < f->streams[i].count; c++)
            free(f->streams[i].chunks[c].bytes);
        free(f->streams[i].chunks);
        free(f->streams[i].name);
        free(f->streams[i].expected);
    }
    free(f->streams);
    free(f->text);
    free(f->path);
}
