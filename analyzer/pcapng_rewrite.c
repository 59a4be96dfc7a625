/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/pcapng_rewrite.h"

#include "analyzer/limits.h"
#include "analyzer/pcapng_block.h"
#include "analyzer/pcapng_write.h"

/* Where a section header tells the length of what follows it in the section: 64 bits, signed; negative: it does not. */
enum { SECTION_LENGTH = 16 };
#define NOT_SPECIFIED UINT64_MAX

/* Lengths count round within what is not negative, so that a wrong one stays what it was when secrets come and go. */
static uint64_t changed(uint64_t length, uint64_t by)
{
    return length > INT64_MAX ? length : (length + by) & INT64_MAX;
}

static struct pcapng_reader *read_blocks(struct capture_file *in)
{
    const struct limits limits = limits_default();
    return pcapng_reader_new(in->file, in->ahead, limits.pcapng_block_bytes);
}

static int copy(struct sink out, const struct pcapng_block *block)
{
    return sink_write(out, (const char *)block->bytes, block->size);
}

static uint64_t section_length(const struct pcapng_block *header)
{
    return pcapng_u64(header->big, header->bytes + SECTION_LENGTH);
}

/* Copies a section header with another length. */
static int copy_header(struct sink out, const struct pcapng_block *header, uint64_t length)
{
    uint8_t field[8];
    const char *bytes = (const char *)header->bytes;
    const size_t behind = SECTION_LENGTH + sizeof field;
    pcapng_put_u64(header->big, field, length);
    int error = sink_write(out, bytes, SECTION_LENGTH);
    if (!error)
        error = sink_write(out, (const char *)field, sizeof field);
    return error ? error : sink_write(out, bytes + behind, header->size - behind);
}

/* The sentence about how reading ended, or NULL. */
static char *explain(struct pcapng_reader *r, const struct capture_file *in, uint64_t frames)
{
    enum pcapng_status status = pcapng_reader_status(r);
    return status == PCAPNG_OK || status == PCAPNG_END ? NULL : pcapng_reader_explain(r, in->name, frames);
}

char *pcapng_inject(struct capture_file *in, const GPtrArray *texts, struct sink out)
{
    struct pcapng_reader *r = read_blocks(in);
    struct pcapng_block block;
    GByteArray *secrets = g_byte_array_new();
    bool begun = false, put = false;
    int error = 0;
    while (!error && !put && pcapng_reader_next(r, &block) == PCAPNG_OK) {
        if (block.type == PCAPNG_SECTION && !begun) {
            begun = true;
            for (guint i = 0; i < texts->len; i++) {
                const GString *text = texts->pdata[i];
                pcapng_put_secrets(secrets, block.big, text->str, (uint32_t)text->len);
            }
            error = copy_header(out, &block, changed(section_length(&block), secrets->len));
            continue;
        }
        put = pcapng_is_frame(block.type) || block.type == PCAPNG_SECTION;
        if (put)
            error = sink_write(out, (const char *)secrets->data, secrets->len);
        if (!error)
            error = copy(out, &block);
    }
    const uint8_t *bytes;
    size_t n;
    if (!put && pcapng_reader_status(r) == PCAPNG_END)
        sink_write(out, (const char *)secrets->data, secrets->len);
    while (put && !error && (n = pcapng_reader_raw(r, &bytes)) > 0)
        error = sink_write(out, (const char *)bytes, n);
    char *sentence = explain(r, in, 0);
    g_byte_array_unref(secrets);
    pcapng_reader_free(r);
    return sentence;
}

char *pcapng_strip_plan(struct capture_file *in, struct pcapng_stripped *plan)
{
    struct pcapng_reader *r = read_blocks(in);
    struct pcapng_block block;
    uint64_t frames = 0, none = 0;
    *plan = (struct pcapng_stripped){.sections = g_array_new(FALSE, FALSE, sizeof(uint64_t))};
    while (pcapng_reader_next(r, &block) == PCAPNG_OK) {
        frames += pcapng_is_frame(block.type);
        if (block.type == PCAPNG_SECTION)
            g_array_append_val(plan->sections, none);
        if (block.type != PCAPNG_SECRETS)
            continue;
        g_array_index(plan->sections, uint64_t, plan->sections->len - 1) += block.size;
        plan->blocks++;
    }
    char *sentence = explain(r, in, frames);
    pcapng_reader_free(r);
    return sentence;
}

/* The length of a section that loses its secrets. */
static uint64_t shortened(uint64_t length, const struct pcapng_stripped *plan, guint section)
{
    if (length > INT64_MAX)
        return length;
    if (!plan || section >= plan->sections->len)
        return NOT_SPECIFIED;
    return changed(length, 0 - g_array_index(plan->sections, uint64_t, section));
}

char *pcapng_strip(struct capture_file *in, const struct pcapng_stripped *plan, struct sink out, uint64_t *blocks)
{
    struct pcapng_reader *r = read_blocks(in);
    struct pcapng_block block;
    uint64_t frames = 0;
    guint sections = 0;
    int error = 0;
    *blocks = 0;
    while (!error && pcapng_reader_next(r, &block) == PCAPNG_OK) {
        frames += pcapng_is_frame(block.type);
        if (block.type == PCAPNG_SECRETS)
            ++*blocks;
        else if (block.type == PCAPNG_SECTION)
            error = copy_header(out, &block, shortened(section_length(&block), plan, sections++));
        else
            error = copy(out, &block);
    }
    char *sentence = explain(r, in, frames);
    pcapng_reader_free(r);
    return sentence;
}
