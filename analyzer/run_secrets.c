/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mywire secrets inject|strip|list` */
#include "analyzer/cli.h"
#include "analyzer/client_randoms.h"
#include "analyzer/output_file.h"
#include "analyzer/pcapng_block.h"
#include "analyzer/pcapng_rewrite.h"
#include "analyzer/secret_memory.h"
#include "analyzer/table.h"
#include "analyzer/tls_keylog.h"

#include <string.h>

/* Opens the capture, which must be pcapng. Returns CLI_OK, or what is wrong has been said. */
static enum cli_exit open_pcapng(struct capture_file *in, const char *path)
{
    char *error = capture_file_open(in, path, NULL);
    enum cli_exit result = CLI_OK;
    if (error) {
        result = cli_error(CLI_INPUT, error);
    } else if (!in->pcapng) {
        error = g_strdup_printf("%s is a classic pcap file, which has no place for secrets; convert it first: "
                                "editcap -F pcapng %s OUT",
                                in->name, path);
        result = cli_error(CLI_USAGE, error);
    }
    g_free(error);
    if (result != CLI_OK)
        capture_file_close(in);
    return result;
}

/* -- inject and strip ---------------------------------------------------------------------------------------------- */

/* Ends the file: whole, or not at all where `error` (which is freed) says that the input ended before its end. */
static enum cli_exit close_output(struct output_file *out, char *error)
{
    enum cli_exit result = error ? cli_error(CLI_INPUT, error) : CLI_OK;
    char *write_error = output_file_close(out, !error);
    if (write_error)
        result = cli_error(CLI_USAGE, write_error);
    g_free(write_error);
    g_free(error);
    return result;
}

/* Reads a key log, which has good lines: the command line was checked. Returns the sentence that says what is wrong
 * with it, or NULL. */
static char *read_keylog(const char *path, GPtrArray *texts)
{
    const size_t max = limits_default().pcapng_block_bytes - PCAPNG_SECRETS_MIN;
    GError *problem = NULL;
    char *text, *error = NULL;
    gsize n;
    if (!g_file_get_contents(path, &text, &n, &problem)) {
        error = g_strdup_printf("The key log %s cannot be read: %s.", path, problem->message);
        g_error_free(problem);
        return error;
    }
    if (n > max)
        error = g_strdup_printf("%s is larger than a block of secrets may be, %zu bytes; take the lines of the "
                                "connections in question.",
                                path, max);
    else
        g_ptr_array_add(texts, g_string_new_len(text, (gssize)n));
    secret_wipe(text, n);
    g_free(text);
    return error;
}

static void free_text(gpointer text)
{
    GString *keylog = text;
    secret_wipe(keylog->str, keylog->len);
    g_string_free(keylog, TRUE);
}

static enum cli_exit inject(const struct cli *cli)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(free_text);
    struct capture_file in;
    struct output_file *out;
    enum cli_exit result = CLI_OK;
    for (char **path = cli->keylogs; *path && result == CLI_OK; path++) {
        char *error = read_keylog(*path, texts);
        if (error)
            result = cli_usage("%s", error);
        g_free(error);
    }
    if (result == CLI_OK)
        result = open_pcapng(&in, cli->files[0]);
    if (result == CLI_OK) {
        result = cli_open_capture(cli, &out);
        if (result == CLI_OK)
            result = close_output(out, pcapng_inject(&in, texts, output_file_sink(out)));
        capture_file_close(&in);
    }
    g_ptr_array_unref(texts);
    return result;
}

/* Looks at what will be taken out, if the input can be read twice. */
static enum cli_exit plan_strip(const char *path, struct pcapng_stripped *plan)
{
    struct capture_file in;
    enum cli_exit result = open_pcapng(&in, path);
    if (result != CLI_OK)
        return result;
    if (in.ahead && strcmp(path, "-") != 0) {
        char *error = pcapng_strip_plan(&in, plan);
        if (error)
            result = cli_error(CLI_INPUT, error);
        g_free(error);
    }
    capture_file_close(&in);
    return result;
}

static enum cli_exit strip(const struct cli *cli)
{
    const char *path = cli->files[0];
    struct pcapng_stripped plan = {0};
    struct capture_file in;
    struct output_file *out;
    uint64_t blocks;
    enum cli_exit result = strcmp(path, "-") ? plan_strip(path, &plan) : CLI_OK;
    if (result == CLI_OK)
        result = open_pcapng(&in, path);
    if (result == CLI_OK) {
        result = cli_open_capture(cli, &out);
        if (result == CLI_OK) {
            char *error = pcapng_strip(&in, plan.sections ? &plan : NULL, output_file_sink(out), &blocks);
            result = close_output(out, error);
        }
        if (result == CLI_OK && blocks == 0 && !cli->quiet) {
            char *remark = g_strdup_printf("There are no secrets in %s; what came out is a copy.", in.name);
            cli_error(CLI_OK, remark);
            g_free(remark);
        }
        capture_file_close(&in);
    }
    if (plan.sections)
        g_array_free(plan.sections, TRUE);
    return result;
}

/* -- list ---------------------------------------------------------------------------------------------------------- */

/* A secrets block. */
struct found {
    uint64_t offset, section, lines;
    uint64_t labels[TLS_LABELS], rsa; /* lines by label; those that name an RSA key exchange or a session */
    uint32_t type, bytes;
    GHashTable *randoms; /* of its lines */
    guint room;          /* how many may still be kept */
};

struct listing {
    GArray *found;       /* of struct found */
    GHashTable *randoms; /* of ClientHellos in packets */
    guint room;          /* client randoms that may still be kept of the secrets */
    guint max;
    struct tls_keylog *keylog; /* in secret memory */
};

static void clear_found(gpointer item)
{
    struct found *f = item;
    g_hash_table_unref(f->randoms);
}

static void count_line(void *user, const struct tls_keylog_entry *entry)
{
    struct found *f = user;
    f->lines++;
    if (entry->kind != TLS_KEYLOG_LABEL) {
        f->rsa++;
        return;
    }
    f->labels[entry->label]++;
    if (g_hash_table_size(f->randoms) < f->room)
        client_randoms_add(f->randoms, entry->key);
}

static void add_found(struct listing *l, const struct pcapng_block *block, uint64_t section)
{
    struct pcapng_secrets secrets;
    if (!pcapng_block_secrets(block, &secrets))
        secrets = (struct pcapng_secrets){0};
    struct found f = {.offset = block->offset,
                      .section = section,
                      .type = secrets.type,
                      .bytes = secrets.n,
                      .randoms = client_randoms_new(),
                      .room = l->room};
    if (secrets.type == PCAPNG_TLS_KEY_LOG && l->keylog) {
        struct tls_keylog_sink sink = {&f, count_line, NULL};
        tls_keylog_begin(l->keylog, &sink);
        tls_keylog_push(l->keylog, (const char *)secrets.data, secrets.n);
        tls_keylog_end(l->keylog);
    }
    l->room -= g_hash_table_size(f.randoms);
    g_array_append_val(l->found, f);
}

static uint64_t in_both(GHashTable *a, GHashTable *b)
{
    uint64_t n = 0;
    GHashTableIter each;
    gpointer random;
    g_hash_table_iter_init(&each, a);
    while (g_hash_table_iter_next(&each, &random, NULL))
        n += g_hash_table_contains(b, random);
    return n;
}

/* The types that are registered; what they hold but TLS is not looked into. */
static void type_cell(struct table *t, uint32_t type)
{
    static const struct {
        uint32_t type;
        const char *name;
    } names[] = {{PCAPNG_TLS_KEY_LOG, "TLS key log"},
                 {0x57474b4c, "WireGuard key log"},
                 {0x5353484b, "SSH key log"},
                 {0x5a4e574b, "ZigBee NWK key"},
                 {0x5a415053, "ZigBee APS key"}};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].type == type) {
            table_cell(t, names[i].name, TABLE_PLAIN);
            return;
        }
    char *number = g_strdup_printf("0x%08x", type);
    table_cell(t, number, TABLE_PLAIN);
    g_free(number);
}

static void labels_cell(struct table *t, const struct found *f)
{
    GString *text = g_string_new(NULL);
    for (int label = 0; label <= TLS_LABELS; label++) {
        uint64_t lines = label < TLS_LABELS ? f->labels[label] : f->rsa;
        if (lines)
            g_string_append_printf(text, "%s%s %" G_GUINT64_FORMAT, text->len ? ", " : "",
                                   label < TLS_LABELS ? tls_label_name((enum tls_label)label) : "RSA", lines);
    }
    table_cell(t, text->str, TABLE_PLAIN);
    g_string_free(text, TRUE);
}

static void write_list(const struct listing *l, struct output *out)
{
    static const struct table_column columns[] = {
        {"BYTE", TABLE_RIGHT, 0},  {"SECTION", TABLE_RIGHT, 0}, {"TYPE", 0, 0},
        {"BYTES", TABLE_RIGHT, 0}, {"LINES", TABLE_RIGHT, 0},   {"CONNECTIONS", TABLE_RIGHT, 0},
        {"HERE", TABLE_RIGHT, 0},  {"LABELS", TABLE_WRAP, 0}};
    struct table *t = table_new(columns, G_N_ELEMENTS(columns), out->width, out->color);
    GHashTable *known = client_randoms_new();
    for (guint i = 0; i < l->found->len; i++) {
        const struct found *f = &g_array_index(l->found, struct found, i);
        table_row(t);
        table_cell_int(t, (int64_t)f->offset, TABLE_PLAIN);
        table_cell_int(t, (int64_t)f->section, TABLE_PLAIN);
        type_cell(t, f->type);
        table_cell_int(t, f->bytes, TABLE_PLAIN);
        if (f->type == PCAPNG_TLS_KEY_LOG) {
            table_cell_int(t, (int64_t)f->lines, TABLE_PLAIN);
            table_cell_int(t, g_hash_table_size(f->randoms), TABLE_PLAIN);
            table_cell_int(t, (int64_t)in_both(f->randoms, l->randoms), TABLE_STRONG);
            labels_cell(t, f);
        }
        GHashTableIter each;
        gpointer random;
        g_hash_table_iter_init(&each, f->randoms);
        while (g_hash_table_iter_next(&each, &random, NULL))
            client_randoms_add(known, random);
    }
    table_print(t, out->sink);
    table_free(t);
    output_printf(out, "%sClientHellos in the packets: %u; with secrets here: %" G_GUINT64_FORMAT ".\n",
                  l->found->len ? "\n" : "", g_hash_table_size(l->randoms), in_both(l->randoms, known));
    g_hash_table_unref(known);
}

static enum cli_exit list(const struct cli *cli)
{
    const struct limits limits = limits_default();
    struct capture_file in;
    enum cli_exit result = open_pcapng(&in, cli->files[0]);
    if (result != CLI_OK)
        return result;
    struct listing l = {.found = g_array_new(FALSE, FALSE, sizeof(struct found)),
                        .randoms = client_randoms_new(),
                        .room = (guint)limits.client_randoms,
                        .max = (guint)limits.client_randoms};
    struct secret_memory *memory = secret_memory_new(1 << 20);
    l.keylog = secret_memory_alloc(memory, sizeof *l.keylog);
    g_array_set_clear_func(l.found, clear_found);
    struct pcapng_reader *reader = pcapng_reader_new(in.file, in.ahead, limits.pcapng_block_bytes);
    struct pcapng_block block;
    uint64_t sections = 0, frames = 0;
    while (pcapng_reader_next(reader, &block) == PCAPNG_OK) {
        sections += block.type == PCAPNG_SECTION;
        frames += pcapng_is_frame(block.type);
        if (block.type == PCAPNG_SECRETS)
            add_found(&l, &block, sections);
        else if (pcapng_is_packet(block.type))
            client_randoms_scan(l.randoms, block.bytes + PCAPNG_HEADER, block.size - PCAPNG_OVERHEAD, l.max);
    }
    for (guint i = 0; i < cli->outputs->len; i++)
        write_list(&l, &g_array_index(cli->outputs, struct output, i));
    if (!cli->quiet && (l.room == 0 || g_hash_table_size(l.randoms) == l.max))
        cli_error(CLI_OK, "There are more client randoms than are compared; the last ones are not counted.");
    if (pcapng_reader_status(reader) != PCAPNG_END) {
        char *error = pcapng_reader_explain(reader, in.name, frames);
        result = cli_error(CLI_INPUT, error);
        g_free(error);
    }
    pcapng_reader_free(reader);
    secret_memory_free(memory);
    g_array_free(l.found, TRUE);
    g_hash_table_unref(l.randoms);
    capture_file_close(&in);
    return result;
}

enum cli_exit run_secrets(struct cli *cli)
{
    switch (cli->secrets_verb) {
    case SECRETS_INJECT: return inject(cli);
    case SECRETS_STRIP: return strip(cli);
    default: return list(cli);
    }
}
