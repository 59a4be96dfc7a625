/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/evidence.h"

uint64_t evidence_incomplete(const struct analysis *a)
{
    uint64_t n = 0;
    for (guint i = 0; i < a->inputs->len; i++)
        n += g_array_index(a->inputs, struct analysis_input, i).error != NULL;
    return n;
}

void evidence_json(struct json *j, const struct analysis *a)
{
    json_object_begin(j);
    json_key(j, "files");
    json_array_begin(j);
    for (guint i = 0; i < a->inputs->len; i++) {
        const struct analysis_input *input = &g_array_index(a->inputs, struct analysis_input, i);
        json_object_begin(j);
        json_put_string(j, "file", input->path);
        json_put_uint(j, "packets", input->packets);
        json_put_bool(j, "complete", !input->error);
        json_put_string(j, "error", input->error);
        json_object_end(j);
    }
    json_array_end(j);
    json_put_bool(j, "complete", evidence_incomplete(a) == 0);
    json_put_uint(j, "connections", a->connections);
    json_put_uint(j, "midstream_connections", a->midstream);
    json_put_uint(j, "undecrypted_connections", a->undecrypted);
    json_put_uint(j, "partly_decrypted_connections", a->partly_decrypted);
    json_key(j, "not_decrypted_because");
    json_object_begin(j);
    for (int i = 0; i < TLS_REASONS; i++)
        if (a->not_decrypted[i])
            json_put_uint(j, tls_reason_sentence(i), a->not_decrypted[i]);
    json_object_end(j);
    json_put_uint(j, "damaged_frames", a->damaged_frames);
    json_put_uint(j, "gap_bytes", a->counters.gap_bytes_lost + a->counters.gap_bytes_snaplen);
#define COUNTER(id, name, meaning) json_put_uint(j, name, a->counters.id);
#include "analyzer/counters.def"
#undef COUNTER
    json_key(j, "limits_hit");
    json_object_begin(j);
#define LIMIT(id, name, value, meaning)                                                                                \
    if (a->hits.id)                                                                                                    \
        json_put_uint(j, name, a->hits.id);
#include "analyzer/limits.def"
#undef LIMIT
#define MW_LIMIT(id, value, meaning)                                                                                   \
    if (a->core_hits.id)                                                                                               \
        json_put_uint(j, #id, a->core_hits.id);
#include "mywire/limits.def"
#undef MW_LIMIT
    json_object_end(j);
    json_object_end(j);
}

static void line_limit(struct output *out, const char *name, uint64_t hits, const char *meaning)
{
    if (hits == 0)
        return;
    char *text = g_strdup_printf("limit %s was hit %" G_GUINT64_FORMAT " time%s: %s", name, hits, hits == 1 ? "" : "s", meaning);
    output_words(out, out->width, "  ", 4, text);
    g_free(text);
}

static void line_if(struct output *out, uint64_t n, const char *one, const char *many)
{
    if (n)
        output_printf(out, "  %" G_GUINT64_FORMAT " %s\n", n, n == 1 ? one : many);
}

void evidence_head(struct output *out, const struct analysis *a)
{
    output_printf(out, "Read %" G_GUINT64_FORMAT " packets, %" G_GUINT64_FORMAT " bytes, from %u %s%s.\n",
                  a->counters.packets, a->counters.bytes, a->inputs->len, a->live ? "interface" : "file",
                  a->inputs->len == 1 ? "" : "s");
}

int evidence_text(struct output *out, const struct analysis *a)
{
    evidence_head(out, a);
    line_if(out, a->live ? 0 : evidence_incomplete(a), "file could not be read, or not to its end: this is incomplete",
            "files could not be read, or not to their ends: this is incomplete");
    line_if(out, a->counters.dropped_by_kernel, "packet was dropped by the kernel because the ring was full",
            "packets were dropped by the kernel because the ring was full");
    line_if(out, a->counters.dropped_by_interface, "packet was dropped by an interface or its driver",
            "packets were dropped by interfaces or their drivers");
    line_if(out, a->midstream, "connection begins before the capture", "connections begin before the capture");
    line_if(out, a->undecrypted, "connection is encrypted and was not decrypted",
            "connections are encrypted and were not decrypted");
    line_if(out, a->partly_decrypted, "connection was decrypted in part", "connections were decrypted in part");
    for (int i = 0; i < TLS_REASONS; i++)
        if (a->not_decrypted[i])
            output_printf(out, "    %" G_GUINT64_FORMAT ": %s\n", a->not_decrypted[i], tls_reason_sentence(i));
    line_if(out, a->damaged_frames, "compressed frame could not be opened", "compressed frames could not be opened");
    line_if(out, a->counters.gap_bytes_lost, "byte of TCP payload is missing", "bytes of TCP payload are missing");
    line_if(out, a->counters.gap_bytes_snaplen, "byte was cut off by the recorder's snapshot length",
            "bytes were cut off by the recorder's snapshot length");
    line_if(out, a->counters.fragments_incomplete, "IP packet lacks fragments", "IP packets lack fragments");
    line_if(out, a->counters.fragments_unusable, "IP fragment could not be used", "IP fragments could not be used");
    line_if(out, a->counters.fragment_overlaps, "IP packet has fragments that overlap",
            "IP packets have fragments that overlap");
    line_if(out, a->counters.link_unknown, "packet has a link layer that is not known",
            "packets have a link layer that is not known");
    line_if(out, a->counters.malformed, "packet has broken headers", "packets have broken headers");
#define LIMIT(id, name, value, meaning) line_limit(out, name, a->hits.id, meaning);
#include "analyzer/limits.def"
#undef LIMIT
#define MW_LIMIT(id, value, meaning) line_limit(out, #id, a->core_hits.id, meaning);
#include "mywire/limits.def"
#undef MW_LIMIT
    return 0;
}
