/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input is a pcapng file. However it is read, the same comes of it; its blocks are its bytes; and secrets put in
 * can be taken out. */
#include "analyzer/client_randoms.h"
#include "analyzer/pcapng.h"
#include "analyzer/pcapng_rewrite.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what)                                                                                                  \
    do {                                                                                                               \
        if (!(what))                                                                                                   \
            abort();                                                                                                   \
    } while (0)

/* What a reading found. */
struct seen {
    enum pcapng_status status;
    uint64_t packets, secrets, number, sum;
};

/* Every byte can be read. */
static uint64_t sum(const uint8_t *p, size_t n)
{
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++)
        total = total * 31 + p[i];
    return total;
}

static FILE *stream(const uint8_t *data, size_t size)
{
    FILE *file = fmemopen((void *)(uintptr_t)data, size, "rb");
    REQUIRE(file);
    return file;
}

static struct seen read_packets(const uint8_t *data, size_t size, bool ahead)
{
    const struct limits limits = limits_default();
    FILE *file = stream(data, size);
    struct pcapng *p = pcapng_new(file, ahead, &limits);
    struct pcapng_item item;
    struct seen seen = {0};
    GHashTable *randoms = client_randoms_new();
    while ((seen.status = pcapng_next(p, &item)) == PCAPNG_OK) {
        if (item.kind == PCAPNG_KIND_PACKET) {
            REQUIRE(item.packet.captured <= item.packet.original || item.packet.captured == 0);
            REQUIRE(item.packet.number > seen.number);
            seen.packets++;
            seen.number = item.packet.number;
            seen.sum += sum(item.packet.data, item.packet.captured) + (uint64_t)item.packet.time_ns +
                        (uint64_t)item.packet.link_type;
            client_randoms_scan(randoms, item.packet.data, item.packet.captured, 100);
        } else if (item.kind == PCAPNG_KIND_SECRETS) {
            seen.secrets++;
            seen.sum += sum(item.secrets.data, item.secrets.n) + item.secrets.type;
        }
    }
    char *sentence = seen.status == PCAPNG_END ? NULL : pcapng_explain(p, "x");
    REQUIRE(seen.status == PCAPNG_END || (sentence && *sentence));
    g_free(sentence);
    g_hash_table_unref(randoms);
    pcapng_free(p);
    fclose(file);
    return seen;
}

/* The blocks and what was not handed out are the file. */
static void read_blocks(const uint8_t *data, size_t size)
{
    FILE *file = stream(data, size);
    struct pcapng_reader *r = pcapng_reader_new(file, true, 1 << 20);
    struct pcapng_block block;
    uint64_t at = 0;
    while (pcapng_reader_next(r, &block) == PCAPNG_OK) {
        REQUIRE(block.offset == at && block.size >= PCAPNG_OVERHEAD && block.size % 4 == 0);
        REQUIRE(at + block.size <= size && memcmp(block.bytes, data + at, block.size) == 0);
        at += block.size;
    }
    REQUIRE(pcapng_reader_status(r) != PCAPNG_END || at == size);
    pcapng_reader_free(r);
    fclose(file);
}

static void rewrite(const uint8_t *data, size_t size, uint64_t secrets)
{
    static char keylog[] = "CLIENT_RANDOM a b\n";
    GString text = {.str = keylog, .len = sizeof keylog - 1}, *out = g_string_new(NULL), *back = g_string_new(NULL);
    gpointer texts[] = {&text};
    const GPtrArray list = {texts, 1};
    struct capture_file in = {.name = g_strdup("x"), .file = stream(data, size), .pcapng = true, .ahead = true};
    char *error = pcapng_inject(&in, &list, sink_string(out));
    capture_file_close(&in);
    REQUIRE(!error && out->len == size + 40);
    struct pcapng_stripped plan;
    in = (struct capture_file){.name = g_strdup("x"), .file = stream((uint8_t *)out->str, out->len), .ahead = true};
    error = pcapng_strip_plan(&in, &plan);
    capture_file_close(&in);
    REQUIRE(!error && plan.blocks == secrets + 1);
    uint64_t blocks;
    in = (struct capture_file){.name = g_strdup("x"), .file = stream((uint8_t *)out->str, out->len), .ahead = true};
    error = pcapng_strip(&in, &plan, sink_string(back), &blocks);
    capture_file_close(&in);
    REQUIRE(!error && blocks == secrets + 1);
    REQUIRE(secrets > 0 || (back->len == size && memcmp(back->str, data, size) == 0));
    g_array_free(plan.sections, TRUE);
    g_string_free(out, TRUE);
    g_string_free(back, TRUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct seen ahead = read_packets(data, size, true), exact = read_packets(data, size, false);
    REQUIRE(ahead.status == exact.status && ahead.packets == exact.packets && ahead.secrets == exact.secrets);
    REQUIRE(ahead.number == exact.number && ahead.sum == exact.sum);
    read_blocks(data, size);
    if (ahead.status == PCAPNG_END)
        rewrite(data, size, ahead.secrets);
    return 0;
}
