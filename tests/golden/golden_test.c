/* SPDX-License-Identifier: GPL-2.0-or-later */
/* golden_test [--update] DIRECTORY
 *
 * Holds every stream of DIRECTORY's *.md files to its expected part, and to the promises of the core: however the bytes
 * are cut into pushes, in whatever order packets are decoded again, and wherever a packet ends. --update writes the
 * expected parts again: read the difference before you commit it. */
#include "tests/golden/golden.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

static int passed, failed;

static bool check(bool ok, const char *where, const char *what)
{
    if (ok)
        passed++;
    else
        failed++;
    if (!ok)
        printf("FAIL  %s: %s\n", where, what);
    return ok;
}

static bool same(const struct text *a, const struct text *b)
{
    return a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0);
}

static void show_difference(const char *expected, const char *got)
{
    int line = 1;
    while (*expected && *expected == *got) {
        line += *expected == '\n';
        expected++, got++;
    }
    while (*expected != '\n' && *got != '\n' && *expected && *got)
        expected++, got++;
    printf("  first difference ends in expected line %d; then:\n  expected %.*s\n  got      %.*s\n", line,
           (int)strcspn(expected, "\n"), expected, (int)strcspn(got, "\n"), got);
}

/* Two pushes at every place, and a push for every byte. Only a stream that lost its place reads pushes by their
 * borders. */
static void check_cuts(const struct stream *s, const struct run *whole, const char *where)
{
    size_t prelude = 0, total = 0;
    for (size_t i = 0; i < s->count; i++) {
        total += s->chunks[i].bytes ? s->chunks[i].n : 0;
        if (s->chunks[i].prelude)
            prelude = total;
    }
    if (whole->lost_sync)
        return;
    for (size_t at = prelude; at <= total; at++) {
        struct run run;
        golden_run(s, (struct cut){.at = at > prelude ? at : SIZE_MAX, .by_byte = at == prelude}, &run, NULL);
        if (!same(&run.text, &whole->text)) {
            printf("  cut at %zu\n", at);
            show_difference(whole->text.p, run.text.p);
            check(false, where, "cut into pushes elsewhere, the stream reads the same");
            run_free(&run);
            return;
        }
        run_free(&run);
    }
    check(true, where, "cuts");
}

static void check_shuffled(const struct run *run, const char *where)
{
    uint32_t random = 12345;
    for (size_t i = 0; i < run->count * 3; i++) {
        random = random * 1664525 + 1013904223;
        const struct record *r = &run->records[(random >> 8) % run->count];
        struct text again = {0};
        struct mw_msg msg;
        golden_decode(&r->ctx, r->dir, &r->packet, &again, &msg, NULL);
        bool equal = same(&again, &r->text);
        text_free(&again);
        if (!equal) {
            check(false, where, "a packet decoded again from its snapshot, in any order, reads the same");
            return;
        }
    }
    check(true, where, "shuffled");
}

/* Returns the broken promise, or NULL. */
static const char *check_length(const struct record *r, uint32_t have, uint64_t length, bool whole_is_bad)
{
    struct mw_packet cut = r->packet;
    uint8_t *block = malloc(have ? have : 1);
    memcpy(block, r->bytes, have);
    cut.payload = block;
    cut.have = have;
    cut.length = length;
    struct text text = {0};
    struct mw_msg msg;
    const char *wrong = golden_decode(&r->ctx, r->dir, &cut, &text, &msg, NULL);
    if (have < length && msg.status != MW_SHORT && !(whole_is_bad && msg.status == MW_BAD))
        wrong = "what is cut in the capture is SHORT";
    if (have == length && msg.status == MW_SHORT)
        wrong = "what is whole is never SHORT";
    text_free(&text);
    free(block);
    return wrong;
}

/* Every packet, ended at every place: by the capture, and by the sender. */
static void check_prefixes(const struct run *run, const char *where)
{
    int before = failed;
    for (size_t i = 0; i < run->count; i++) {
        const struct record *r = &run->records[i];
        struct mw_msg msg;
        memset(&msg, 0, sizeof msg);
        mw_decode(&r->ctx, r->dir, &r->packet, &msg);
        const char *wrong = NULL;
        for (uint32_t n = 0; n < r->packet.have && !wrong; n++) {
            wrong = check_length(r, n, r->packet.length, msg.status == MW_BAD);
            if (!wrong)
                wrong = check_length(r, n, n, msg.status == MW_BAD);
            if (wrong)
                printf("  packet %zu, first %u of %llu bytes: %.*s\n", i, n, (unsigned long long)r->packet.length,
                       (int)strcspn(r->text.p, "\n"), r->text.p);
        }
        if (wrong)
            check(false, where, wrong);
    }
    if (before == failed)
        check(true, where, "prefixes");
}

static void check_stream(const struct golden_file *f, const struct stream *s, struct run *run,
                         struct coverage *coverage)
{
    char where[300];
    const char *slash = strrchr(f->path, '/');
    snprintf(where, sizeof where, "%s: %s", slash ? slash + 1 : f->path, s->name);
    struct run again;
    golden_run(s, (struct cut){.at = SIZE_MAX, .keep = true}, run, coverage);
    check(!run->wrong, where, run->wrong ? run->wrong : "promises");
    golden_run(s, (struct cut){.at = SIZE_MAX}, &again, NULL);
    check(!again.wrong && same(&again.text, &run->text), where, again.wrong ? again.wrong : "reads the same when memory is given back");
    run_free(&again);
    check_cuts(s, run, where);
    if (run->count)
        check_shuffled(run, where);
    check_prefixes(run, where);
}

/* What no golden stream shows is not tested. */
static void check_coverage(const struct coverage *coverage)
{
    for (int i = 0; i < MW_F_COUNT; i++)
        check(coverage->fields[i], mw_field(i)->filter, "no golden stream has this field");
    for (int i = 0; i < MW_NOTE_COUNT; i++)
        check(coverage->notes >> i & 1, mw_note(i)->key, "no golden stream has this note");
}

/* The transition table as a table. */
static struct text transitions(void)
{
    struct text t = {0};
    struct mw_transition row;
    text_add(&t, "%-12s %-17s %-12s %-12s %-12s %s\n", "phase", "says", "if", "client", "server", "does");
    for (size_t i = 0; mw_transition_at(i, &row); i++)
        text_add(&t, "%-12s %-17s %-12s %-12s %-12s %s\n", mw_phase_name(row.phase), mw_kind_name(row.kind),
                 row.condition, row.client == MW_PHASE_COUNT ? "" : mw_phase_name(row.client),
                 row.next                       ? "(next)"
                 : row.server == MW_PHASE_COUNT ? ""
                                                : mw_phase_name(row.server),
                 row.does);
    return t;
}

static void check_transitions(const char *directory, bool update)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/transitions.md", directory);
    struct text t = transitions();
    struct text page = {0};
    text_add(
        &page,
        "# Transitions of the session\n\nPrinted from the table in `core/transitions.def`, where the words are "
        "explained. An empty phase stays as it is; `(next)` is what\nthe next outstanding command expects, or IDLE.\n"
        "\n```\n%s```\n",
        t.p);
    FILE *file = fopen(path, update ? "wb" : "rb");
    if (update && file)
        fwrite(page.p, 1, page.n, file);
    if (!update) {
        char *old = calloc(1, page.n + 2);
        size_t n = file ? fread(old, 1, page.n + 1, file) : 0;
        if (!check(n == page.n && memcmp(old, page.p, n) == 0, "transitions.md", "the table is the one printed here"))
            show_difference(old, page.p);
        free(old);
    }
    if (file)
        fclose(file);
    text_free(&page);
    text_free(&t);
}

static void take_file(const struct golden_file *f, bool update, struct coverage *coverage)
{
    struct run *runs = calloc(f->count + 1, sizeof *runs);
    struct text **texts = calloc(f->count + 1, sizeof *texts);
    for (size_t i = 0; i < f->count; i++) {
        check_stream(f, &f->streams[i], &runs[i], coverage);
        texts[i] = &runs[i].text;
        const char *got = texts[i]->p ? texts[i]->p : "";
        if (!update && !check(strcmp(f->streams[i].expected, got) == 0, f->streams[i].name, "reads as expected"))
            show_difference(f->streams[i].expected, got);
    }
    if (update)
        check(golden_write(f, texts), f->path, "written");
    for (size_t i = 0; i < f->count; i++)
        run_free(&runs[i]);
    free(runs);
    free(texts);
}

int main(int argc, char **argv)
{
    bool update = argc > 2 && strcmp(argv[1], "--update") == 0;
    const char *directory = argc > 1 ? argv[argc - 1] : ".";
    char pattern[4096];
    snprintf(pattern, sizeof pattern, "%s/*.md", directory);
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0) {
        fprintf(stderr, "%s: no golden files\n", directory);
        return 2;
    }
    struct golden_file *files = calloc(found.gl_pathc, sizeof *files);
    struct coverage coverage = {0};
    bool readable = true;
    for (size_t i = 0; i < found.gl_pathc && readable; i++)
        readable = golden_read(&files[i], found.gl_pathv[i], files, i);
    for (size_t i = 0; i < found.gl_pathc && readable; i++)
        take_file(&files[i], update, &coverage);
    check_transitions(directory, update);
    check_coverage(&coverage);
    for (size_t i = 0; i < found.gl_pathc; i++)
        golden_free(&files[i]);
    free(files);
    globfree(&found);
    printf("%d passed, %d failed\n", passed, failed);
    return !readable || failed > 0;
}
