/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture files through libpcap. The filter is applied here rather than by libpcap, so that packets keep their numbers.
 */
#include "analyzer/source.h"

#include "analyzer/unpack.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* libpcap reads a packet in two or three small pieces; the kernel is asked once a mebibyte. */
#define BUFFER_BYTES (1 << 20)

struct source {
    char *name; /* for messages */
    FILE *file; /* once `pcap` is open it closes it */
    char *buffer;
    pcap_t *pcap;
    struct bpf_program filter;
    bool filtered;
    int link_type;
    uint64_t packets;        /* read so far */
    enum source_status last; /* what source_next() returned last */
    char *error;
};

/* What compressed files begin with, and the program that turns them into captures. */
static const struct packing {
    char magic[8];
    size_t n;
    const char *name;
} packings[] = {
    {"\x28\xb5\x2f\xfd", 4, "zstd"},
    {"\xfd\x37\x7a\x58\x5a", 5, "xz"},
    {"\x04\x22\x4d\x18", 4, "lz4"},
    {"BZh", 3, "bzip2"},
};

/* What captures begin with: pcap in both byte orders, in microseconds, nanoseconds and two variants that libpcap reads;
 * pcapng. */
static const char magics[][5] = {
    "\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x34\xcd\xb2\xa1",
    "\xa1\xb2\xcd\x34", "\xa1\xb2\x34\xcd", "\xcd\x34\xb2\xa1", "\x0a\x0d\x0d\x0a",
};

static bool is_capture(const uint8_t *magic, size_t n)
{
    for (size_t i = 0; i < G_N_ELEMENTS(magics); i++)
        if (n >= 4 && memcmp(magic, magics[i], 4) == 0)
            return true;
    return false;
}

/* Looks at the first bytes and puts them back: stdio takes back what it has just handed out. Returns how many. */
static size_t peek(FILE *file, uint8_t *magic, size_t n)
{
    size_t got = 0;
    for (int c; got < n && (c = getc(file)) != EOF; got++)
        magic[got] = (uint8_t)c;
    for (size_t i = got; i > 0; i--)
        if (ungetc(magic[i - 1], file) == EOF)
            return 0;
    return got;
}

static char *explain_open(const char *path, int error)
{
    switch (error) {
    case ENOENT: return g_strdup_printf("%s does not exist; check the name.", path);
    case EACCES: return g_strdup_printf("%s may not be read by this user; check its permissions.", path);
    default: return g_strdup_printf("%s cannot be opened: %s.", path, g_strerror(error));
    }
}

/* What the file holds where it is compressed in a way that is read here: as if it had been that from the start. */
static char *unpack(struct source *source)
{
    uint8_t magic[2];
    if (peek(source->file, magic, sizeof magic) < sizeof magic || magic[0] != 0x1f || magic[1] != 0x8b)
        return NULL;
    FILE *plain = unpack_gzip(source->file);
    if (!plain)
        return g_strdup_printf("%s cannot be decompressed: there is no memory.", source->name);
    source->file = plain;
    __fsetlocking(plain, FSETLOCKING_BYCALLER);
    return NULL;
}

/* Returns NULL if the file begins like a capture, else the sentence that says what it is. */
static char *check_beginning(struct source *source, bool from_stdin)
{
    const char *name = source->name;
    struct stat st;
    if (fstat(fileno(source->file), &st) == 0 && S_ISDIR(st.st_mode))
        return g_strdup_printf("%s is a directory; name the capture files in it.", name);
    if (isatty(fileno(source->file)))
        return g_strdup_printf("%s is a terminal; redirect a capture into it, or name a file.", name);
    char *error = unpack(source);
    if (error)
        return error;

    uint8_t magic[8];
    size_t n = peek(source->file, magic, sizeof magic);
    if (ferror(source->file) && errno == EBADMSG)
        return g_strdup_printf("%s is compressed with gzip, but damaged or cut at its beginning; copy it again.", name);
    if (ferror(source->file))
        return g_strdup_printf("%s cannot be read: %s.", name, g_strerror(errno));
    if (n == 0)
        return g_strdup_printf("%s is empty, without even a capture's header; check that the recorder was allowed to "
                               "capture and has ended.",
                               name);
    for (size_t i = 0; i < G_N_ELEMENTS(packings); i++) {
        const struct packing *packing = &packings[i];
        if (n >= packing->n && memcmp(magic, packing->magic, packing->n) == 0)
            return g_strdup_printf("%s is compressed with %s; decompress it first: %s -dc%s%s | mywire -", name,
                                   packing->name, packing->name, from_stdin ? "" : " ", from_stdin ? "" : name);
    }
    if (!is_capture(magic, n))
        return g_strdup_printf("%s is not a capture: it begins neither like pcap nor like pcapng; check the name, or "
                               "convert it with editcap if another tool recorded it.",
                               name);
    return NULL;
}

/* Opens the file and makes sure that it looks like a capture. Returns NULL or the sentence. */
static char *open_file(struct source *source, const char *path, bool from_stdin)
{
    if (from_stdin) {
        /* A descriptor of our own, so that closing it leaves the standard one to the program. */
        int fd = dup(STDIN_FILENO);
        source->file = fd < 0 ? NULL : fdopen(fd, "rb");
        if (!source->file && fd >= 0)
            close(fd);
    } else {
        source->file = fopen(path, "rbe");
    }
    if (!source->file)
        return explain_open(source->name, errno);
    source->buffer = g_malloc(BUFFER_BYTES);
    setvbuf(source->file, source->buffer, _IOFBF, BUFFER_BYTES);
    /* One thread uses the file, so the lock that every read of it would take protects nothing. */
    __fsetlocking(source->file, FSETLOCKING_BYCALLER);
    return check_beginning(source, from_stdin);
}

static char *open_pcap(struct source *source)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    source->pcap = pcap_fopen_offline_with_tstamp_precision(source->file, PCAP_TSTAMP_PRECISION_NANO, reason);
    if (source->pcap) {
        source->link_type = pcap_datalink(source->pcap);
        return NULL;
    }
    if (feof(source->file))
        return g_strdup_printf("%s ends inside its header, before the first packet; record or copy it again.",
                               source->name);
    return g_strdup_printf("The header of %s cannot be read: %s; try to repair it with editcap.", source->name, reason);
}

static char *set_filter(struct source *source, const char *filter)
{
    if (pcap_compile(source->pcap, &source->filter, filter, 1, PCAP_NETMASK_UNKNOWN) == 0) {
        source->filtered = true;
        return NULL;
    }
    return g_strdup_printf("The filter \"%s\" cannot be used: %s; see pcap-filter(7) for the syntax.", filter,
                           pcap_geterr(source->pcap));
}

struct source *source_open(const char *path, const char *filter, char **error, bool *usage)
{
    bool from_stdin = strcmp(path, "-") == 0;
    struct source *source = g_new0(struct source, 1);
    source->name = g_strdup(from_stdin ? "Standard input" : path);
    source->last = SOURCE_PACKET;
    bool wrong_filter = false;
    *error = open_file(source, path, from_stdin);
    if (!*error)
        *error = open_pcap(source);
    if (!*error && filter) {
        *error = set_filter(source, filter);
        wrong_filter = *error;
    }
    if (usage)
        *usage = wrong_filter;
    if (!*error)
        return source;
    source_close(source);
    return NULL;
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
static char *explain_read(const struct source *source)
{
    int error = errno;
    FILE *file = pcap_file(source->pcap);
    uint64_t number = source->packets + 1;
    off_t at = ftello(file);
    char *where = at < 0 ? g_strdup("") : g_strdup_printf(" (at byte %lld)", (long long)at);
    const char *before = source->packets ? "the packets before it were read" : "no packet was read";
    char *text;
    if (feof(file))
        text = g_strdup_printf("%s ends in the middle of packet %" PRIu64 "%s; %s. "
                               "Record or copy it again if the rest matters.",
                               source->name, number, where, before);
    else if (ferror(file) && error == EBADMSG)
        text = g_strdup_printf("%s cannot be decompressed any further than packet %" PRIu64
                               ": its gzip data is damaged or "
                               "cut; %s. Copy it again if the rest matters.",
                               source->name, number, before);
    else if (ferror(file))
        text = g_strdup_printf("%s cannot be read any further than packet %" PRIu64 "%s: %s; %s. "
                               "Check the disk or the connection that it comes from.",
                               source->name, number, where, g_strerror(error), before);
    else
        text = g_strdup_printf("Packet %" PRIu64 " of %s%s cannot be read: %s; %s. "
                               "If the file is damaged, editcap may save the rest.",
                               number, source->name, where, pcap_geterr(source->pcap), before);
    g_free(where);
    return text;
}

enum source_status source_next(struct source *source, struct packet *out)
{
    if (source->last != SOURCE_PACKET)
        return source->last;
    struct pcap_pkthdr *header;
    const uint8_t *data;
    int result;
    while ((result = pcap_next_ex(source->pcap, &header, &data)) == 1) {
        source->packets++;
        if (source->filtered && !pcap_offline_filter(&source->filter, header, data))
            continue;
        out->number = source->packets;
        out->time_ns = packet_time(&header->ts);
        out->link_type = source->link_type;
        out->data = data;
        out->captured = header->caplen;
        out->original = header->len < header->caplen ? header->caplen : header->len;
        return SOURCE_PACKET;
    }
    if (result == PCAP_ERROR_BREAK) {
        source->last = SOURCE_END;
    } else {
        source->error = explain_read(source);
        source->last = SOURCE_ERROR;
    }
    return source->last;
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
        pcap_freecode(&source->filter);
    if (source->pcap)
        pcap_close(source->pcap);
    else if (source->file)
        fclose(source->file);
    g_free(source->buffer);
    g_free(source->name);
    g_free(source->error);
    g_free(source);
}
