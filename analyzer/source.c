/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Classic pcap is libpcap's. pcapng is read here: libpcap refuses a second link type, ends at a second section, and
 * hides the secrets. The filter is applied here in both cases, so that packets keep their numbers. */
#include "analyzer/source.h"

#include "analyzer/capture_file.h"
#include "analyzer/interfaces.h"
#include "analyzer/packet_filter.h"
#include "analyzer/pcapng.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <string.h>
#include <sys/stat.h>

struct source {
    struct capture_file in;
    enum source_status last; /* what source_next() returned last */
    char *error;
    source_secrets on_secrets;
    void *user;
    const struct waiting *waiting; /* NULL: for nothing */

    struct interfaces *interfaces; /* instead of a file */
    struct patience *patience;

    /* classic */
    pcap_t *pcap;
    struct bpf_program program;
    bool filtered;
    int link_type;
    uint64_t packets; /* read so far */

    /* pcapng */
    struct pcapng *pcapng;
    struct packet_filter *filter;
    struct pcapng_item item; /* read by source_open() and not told yet, if `pending` */
    bool pending;
};

/* -- classic pcap -------------------------------------------------------------------------------------------------- */

static char *open_pcap(struct source *s, const char *filter, bool *wrong_filter)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    s->pcap = pcap_fopen_offline_with_tstamp_precision(s->in.file, PCAP_TSTAMP_PRECISION_NANO, reason);
    if (!s->pcap && feof(s->in.file))
        return g_strdup_printf("%s ends inside its header, before the first packet; record or copy it again.",
                               s->in.name);
    if (!s->pcap)
        return g_strdup_printf("The header of %s cannot be read: %s; try to repair it with editcap.", s->in.name,
                               reason);
    s->in.file = NULL; /* libpcap closes it */
    s->link_type = pcap_datalink(s->pcap);
    if (!filter)
        return NULL;
    /* Not by packet_filter: libpcap knows the byte order of this file, which matters for the link type NULL. */
    if (pcap_compile(s->pcap, &s->program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0) {
        s->filtered = true;
        return NULL;
    }
    *wrong_filter = true;
    return g_strdup_printf("The filter \"%s\" cannot be used: %s; see pcap-filter(7) for the syntax.", filter,
                           pcap_geterr(s->pcap));
}

/* Nanoseconds since the epoch. Times that 64 bits cannot hold become the nearest that they can. */
static int64_t packet_time(const struct timeval *ts)
{
    const int64_t seconds_max = INT64_MAX / 1000000000 - 8;
    int64_t seconds = ts->tv_sec;
    if (seconds > seconds_max || seconds < -seconds_max)
        return seconds < 0 ? INT64_MIN : INT64_MAX;
    return seconds * 1000000000 + (int32_t)ts->tv_usec;
}

/* Says why the packet after the last one could not be read. */
static char *explain_pcap(const struct source *s)
{
    int error = errno;
    FILE *file = pcap_file(s->pcap);
    const char *name = s->in.name;
    uint64_t number = s->packets + 1;
    off_t at = ftello(file);
    char *where = at < 0 ? g_strdup("") : g_strdup_printf(" (at byte %lld)", (long long)at);
    const char *before = s->packets ? "the packets before it were read" : "no packet was read";
    char *text;
    if (feof(file))
        text = g_strdup_printf("%s ends in the middle of packet %" PRIu64 "%s; %s. "
                               "Record or copy it again if the rest matters.",
                               name, number, where, before);
    else if (ferror(file) && error == EBADMSG)
        text = g_strdup_printf("%s cannot be decompressed any further than packet %" PRIu64
                               ": its compressed data is damaged or "
                               "cut; %s. Copy it again if the rest matters.",
                               name, number, before);
    else if (ferror(file))
        text = g_strdup_printf("%s cannot be read any further than packet %" PRIu64 "%s: %s; %s. "
                               "Check the disk or the connection that it comes from.",
                               name, number, where, g_strerror(error), before);
    else
        text = g_strdup_printf("Packet %" PRIu64 " of %s%s cannot be read: %s; %s. "
                               "If the file is damaged, editcap may save the rest.",
                               number, name, where, pcap_geterr(s->pcap), before);
    g_free(where);
    return text;
}

/* The end was decided on while the next packet was being written: it is not missing. */
static bool is_over(const struct source *s)
{
    return s->waiting && s->waiting->end == WAITING_OVER;
}

static enum source_status next_pcap(struct source *s, struct packet *out)
{
    struct pcap_pkthdr *header;
    const uint8_t *data;
    int result;
    while ((result = pcap_next_ex(s->pcap, &header, &data)) == 1) {
        s->packets++;
        if (s->filtered && !pcap_offline_filter(&s->program, header, data))
            continue;
        out->number = s->packets;
        out->time_ns = packet_time(&header->ts);
        out->link_type = s->link_type;
        out->data = data;
        out->captured = header->caplen;
        out->original = header->len < header->caplen ? header->caplen : header->len;
        out->interface = 0;
        out->options = NULL;
        out->n_options = 0;
        out->big = false;
        return SOURCE_PACKET;
    }
    if (result == PCAP_ERROR_BREAK || is_over(s))
        return SOURCE_END;
    s->error = explain_pcap(s);
    return SOURCE_ERROR;
}

/* -- pcapng -------------------------------------------------------------------------------------------------------- */

/* Reads up to the first block that tells a link type, for the filter, or that source_next() must not miss. */
static char *open_pcapng(struct source *s, const char *filter, bool *wrong_filter)
{
    enum { ETHERNET = 1 };
    const struct limits limits = limits_default();
    int link_type = ETHERNET;
    bool begun = false;
    enum pcapng_status status;
    s->pcapng = pcapng_new(s->in.file, s->in.ahead, &limits);
    while ((status = pcapng_next(s->pcapng, &s->item)) == PCAPNG_OK) {
        begun = true;
        s->pending = s->item.kind == PCAPNG_KIND_PACKET || s->item.kind == PCAPNG_KIND_SECRETS;
        if (s->item.kind == PCAPNG_KIND_INTERFACE)
            link_type = s->item.packet.link_type;
        if (s->item.kind != PCAPNG_KIND_OTHER)
            break;
    }
    if (!begun && status == PCAPNG_CUT)
        return g_strdup_printf("%s ends inside its header, before the first packet; record or copy it again.",
                               s->in.name);
    if (!begun)
        return pcapng_explain(s->pcapng, s->in.name);
    if (!filter)
        return NULL;
    s->filter = packet_filter_new(filter);
    if (packet_filter_check(s->filter, link_type))
        return NULL;
    *wrong_filter = true;
    return g_strdup_printf("The filter \"%s\" cannot be used: %s; see pcap-filter(7) for the syntax.", filter,
                           packet_filter_problem(s->filter));
}

/* Whether the filter lets the packet pass. Sets the error where it means nothing for this one. */
static bool passes(struct source *s, const struct packet *packet)
{
    enum packet_filter_match match = packet_filter_match(s->filter, packet);
    if (match == PACKET_FILTER_UNUSABLE)
        s->error =
            g_strdup_printf("The filter cannot be used for packet %" PRIu64 " of %s, whose link type is %s: %s. "
                            "Choose one that fits all interfaces.",
                            packet->number, s->in.name, pcap_datalink_val_to_description_or_dlt(packet->link_type),
                            packet_filter_problem(s->filter));
    return match == PACKET_FILTER_YES;
}

static enum source_status next_pcapng(struct source *s, struct packet *out)
{
    enum pcapng_status status = PCAPNG_OK;
    for (; s->pending || (status = pcapng_next(s->pcapng, &s->item)) == PCAPNG_OK; s->pending = false) {
        const struct pcapng_secrets *secrets = &s->item.secrets;
        if (s->item.kind == PCAPNG_KIND_PACKET && (!s->filter || passes(s, &s->item.packet))) {
            *out = s->item.packet;
            s->pending = false;
            return SOURCE_PACKET;
        }
        if (s->error)
            return SOURCE_ERROR;
        if (s->item.kind == PCAPNG_KIND_SECRETS && secrets->type == PCAPNG_TLS_KEY_LOG && s->on_secrets)
            s->on_secrets(s->user, (const char *)secrets->data, secrets->n);
    }
    if (status == PCAPNG_END || ((status == PCAPNG_CUT || status == PCAPNG_IO) && is_over(s)))
        return SOURCE_END;
    s->error = pcapng_explain(s->pcapng, s->in.name);
    return SOURCE_ERROR;
}

/* -- both ---------------------------------------------------------------------------------------------------------- */

struct source *source_open(const char *path, const char *filter, char **error, bool *usage)
{
    return source_open_waiting(path, filter, NULL, error, usage);
}

struct source *source_of_interfaces(struct interfaces *interfaces, struct patience *patience)
{
    struct source *source = g_new0(struct source, 1);
    source->last = SOURCE_PACKET;
    source->interfaces = interfaces;
    source->patience = patience;
    return source;
}

struct interfaces *source_interfaces(const struct source *source)
{
    return source->interfaces;
}

struct source *source_open_waiting(const char *path, const char *filter, struct waiting *waiting, char **error,
                                   bool *usage)
{
    struct source *source = g_new0(struct source, 1);
    source->last = SOURCE_PACKET;
    source->waiting = waiting;
    bool wrong_filter = false;
    *error = capture_file_open(&source->in, path, waiting);
    if (!*error)
        *error = (source->in.pcapng ? open_pcapng : open_pcap)(source, filter, &wrong_filter);
    if (usage)
        *usage = wrong_filter;
    if (!*error)
        return source;
    source_close(source);
    return NULL;
}

enum source_status source_next(struct source *source, struct packet *out)
{
    if (source->interfaces)
        return interfaces_next(source->interfaces, source->patience, out);
    if (source->last == SOURCE_PACKET)
        source->last = source->pcapng ? next_pcapng(source, out) : next_pcap(source, out);
    return source->last;
}

bool source_first_time(const char *path, int64_t *time_ns)
{
    struct packet packet;
    char *error = NULL;
    struct source *source = source_open(path, NULL, &error, NULL);
    bool opened = source != NULL;
    *time_ns = source && source_next(source, &packet) == SOURCE_PACKET ? packet.time_ns : INT64_MAX;
    source_close(source);
    g_free(error);
    return opened;
}

void source_on_secrets(struct source *source, source_secrets fn, void *user)
{
    source->on_secrets = fn;
    source->user = user;
}

void source_index_secrets(const char *path, source_secrets fn, void *user)
{
    struct stat st;
    struct capture_file in = {0};
    struct pcapng_block block;
    struct pcapng_secrets secrets;
    const struct limits limits = limits_default();
    /* What comes through a pipe comes once. */
    bool is_file = strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
    char *error = is_file ? capture_file_open(&in, path, NULL) : NULL;
    struct pcapng_reader *reader =
        in.pcapng && !error ? pcapng_reader_new(in.file, in.ahead, limits.pcapng_block_bytes) : NULL;
    /* Reading all of a cached file is faster than a seek over each packet, as long as they are no larger than a page.
     */
    while (reader && pcapng_reader_next(reader, &block) == PCAPNG_OK)
        if (block.type == PCAPNG_SECRETS && pcapng_block_secrets(&block, &secrets) &&
            secrets.type == PCAPNG_TLS_KEY_LOG)
            fn(user, (const char *)secrets.data, secrets.n);
    pcapng_reader_free(reader);
    capture_file_close(&in);
    g_free(error);
}

void source_count_hits(const struct source *source, struct limit_hits *hits)
{
    if (source->pcapng)
        pcapng_count_hits(source->pcapng, hits);
}

void source_interface(const struct source *source, const struct packet *packet, struct capture_interface *out)
{
    if (source->interfaces) {
        interfaces_describe(source->interfaces, packet->interface, out);
        return;
    }
    if (source->pcapng) {
        pcapng_interface(source->pcapng, packet, out);
        return;
    }
    int snaplen = pcap_snapshot(source->pcap);
    *out = (struct capture_interface){.link_type = source->link_type, .snaplen = snaplen > 0 ? (uint32_t)snaplen : 0};
}

const char *source_error(const struct source *source)
{
    return source->error;
}

void source_close(struct source *source)
{
    if (!source)
        return;
    if (source->filtered)
        pcap_freecode(&source->program);
    if (source->pcap)
        pcap_close(source->pcap);
    if (source->interfaces)
        interfaces_close(source->interfaces);
    pcapng_free(source->pcapng);
    packet_filter_free(source->filter);
    capture_file_close(&source->in);
    g_free(source->error);
    g_free(source);
}
