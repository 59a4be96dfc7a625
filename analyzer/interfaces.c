/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/interfaces.h"

#include <arpa/inet.h>
#include <glib.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pcap/pcap.h>
#include <string.h>
#include <time.h>

/* The kernel hands on a part of its ring when it is full, or so many milliseconds after the first packet in it. */
enum { HAND_ON_MS = 100 };

/* One interface. Its next packet is held while those of others may be earlier. */
struct interface {
    char *name;
    pcap_t *pcap; /* NULL: it failed */
    int fd;
    int link_type;
    bool nanoseconds;
    bool held; /* the packet in `header` and `data` */
    struct pcap_pkthdr *header;
    const uint8_t *data;
    uint32_t dropped, dropped_by_driver; /* as libpcap counts, which wraps around */
};

struct interfaces {
    struct interface *all;
    struct pollfd *fds;
    size_t n, failed;
    char *sentence;
    uint64_t packets, packets_max;
    int64_t end_ns; /* packets after this instant came after the end */
    bool finished;
};

/* -- what there is ------------------------------------------------------------------------------------------------- */

static void append_address(GString *out, const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN] = "";
    if (address && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, sizeof text);
    else if (address && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text, sizeof text);
    if (*text)
        g_string_append_printf(out, " %s", text);
}

/* Interfaces that carry IP: libpcap lists buses and log streams too. */
static bool carries_packets(const pcap_if_t *i)
{
    static const char *const others[] = {"bluetooth", "usbmon", "nflog", "nfqueue", "dbus"};
    for (size_t k = 0; k < G_N_ELEMENTS(others); k++)
        if (g_str_has_prefix(i->name, others[k]))
            return false;
    return true;
}

char *interfaces_list(void)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    pcap_if_t *all = NULL;
    if (pcap_findalldevs(&all, reason) != 0)
        return g_strdup_printf("(they cannot be listed: %s)", reason);
    GString *out = g_string_new(NULL);
    for (const pcap_if_t *i = all; i; i = i->next) {
        if (!carries_packets(i))
            continue;
        g_string_append_printf(out, "%s%-15s %s", out->len ? "\n" : "", i->name,
                               strcmp(i->name, "any") == 0      ? "all interfaces"
                               : !(i->flags & PCAP_IF_UP)       ? "down"
                               : i->flags & PCAP_IF_LOOPBACK    ? "up, loopback"
                               : i->flags & PCAP_IF_RUNNING     ? "up"
                                                                : "up, no carrier");
        for (const pcap_addr_t *a = i->addresses; a; a = a->next)
            append_address(out, a->addr);
    }
    if (all)
        pcap_freealldevs(all);
    return g_string_free(out, FALSE);
}

/* "lo, eth0, any" */
static char *names_that_exist(void)
{
    char reason[PCAP_ERRBUF_SIZE];
    pcap_if_t *all = NULL;
    GString *out = g_string_new(NULL);
    if (pcap_findalldevs(&all, reason) == 0)
        for (const pcap_if_t *i = all; i; i = i->next)
            if (carries_packets(i))
                g_string_append_printf(out, "%s%s", out->len ? ", " : "", i->name);
    if (all)
        pcap_freealldevs(all);
    return g_string_free(out, FALSE);
}

/* -- opening ------------------------------------------------------------------------------------------------------- */

static char *explain_open(const char *name, pcap_t *pcap, int status)
{
    char *there, *text;
    switch (status) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
        there = names_that_exist();
        text = g_strdup_printf("There is no interface %s; there are: %s.", name, there);
        g_free(there);
        return text;
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        return g_strdup_printf("This user may not take packets from %s; run `sudo mywire live …`, or allow the program "
                               "to: `sudo setcap cap_net_raw,cap_net_admin=eip $(command -v mywire)`.",
                               name);
    case PCAP_ERROR_IFACE_NOT_UP:
        return g_strdup_printf("The interface %s is down; `ip link set %s up` would bring it up.", name, name);
    default:
        return g_strdup_printf("Packets cannot be taken from %s: %s%s%s.", name, pcap_statustostr(status),
                               *pcap_geterr(pcap) ? ": " : "", pcap_geterr(pcap));
    }
}

static char *open_one(struct interface *i, const struct interfaces_request *request, bool *usage)
{
    char reason[PCAP_ERRBUF_SIZE] = "";
    /* libpcap says so only to who may take packets. */
    if (strcmp(i->name, "any") != 0 && !g_str_has_prefix(i->name, "nflog") && if_nametoindex(i->name) == 0)
        return explain_open(i->name, NULL, PCAP_ERROR_NO_SUCH_DEVICE);
    pcap_t *pcap = i->pcap = pcap_create(i->name, reason);
    if (!pcap)
        return g_strdup_printf("Packets cannot be taken from %s: %s.", i->name, reason);
    pcap_set_snaplen(pcap, (int)request->snaplen);
    pcap_set_promisc(pcap, request->promiscuous);
    pcap_set_timeout(pcap, HAND_ON_MS);
    pcap_set_buffer_size(pcap, (int)request->ring);
    i->nanoseconds = pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO) == 0;
    int status = pcap_activate(pcap);
    if (status < 0)
        return explain_open(i->name, pcap, status);
    i->link_type = pcap_datalink(pcap);
    i->fd = pcap_get_selectable_fd(pcap);
    if (i->fd < 0 || pcap_setnonblock(pcap, 1, reason) != 0)
        return g_strdup_printf("Packets cannot be waited for on %s; name another interface.", i->name);
    if (!request->filter)
        return NULL;
    struct bpf_program program;
    *usage = pcap_compile(pcap, &program, request->filter, 1, PCAP_NETMASK_UNKNOWN) != 0;
    if (*usage)
        return g_strdup_printf("The filter \"%s\" cannot be used: %s; see pcap-filter(7) for the syntax.",
                               request->filter, pcap_geterr(pcap));
    bool set = pcap_setfilter(pcap, &program) == 0;
    pcap_freecode(&program);
    return set ? NULL
               : g_strdup_printf("The filter \"%s\" cannot be set on %s: %s.", request->filter, i->name,
                                 pcap_geterr(pcap));
}

struct interfaces *interfaces_open(const struct interfaces_request *request, char **error, bool *usage)
{
    struct interfaces *s = g_new0(struct interfaces, 1);
    size_t n = g_strv_length((char **)request->names);
    s->all = g_new0(struct interface, n);
    s->fds = g_new0(struct pollfd, n);
    s->packets_max = request->packets;
    *error = NULL;
    *usage = false;
    for (; s->n < n && !*error; s->n++) {
        s->all[s->n].name = g_strdup(request->names[s->n]);
        *error = open_one(&s->all[s->n], request, usage);
        s->fds[s->n] = (struct pollfd){.fd = s->all[s->n].fd, .events = POLLIN};
    }
    if (!*error)
        return s;
    interfaces_close(s);
    return NULL;
}

void interfaces_close(struct interfaces *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->all[i].pcap)
            pcap_close(s->all[i].pcap);
        g_free(s->all[i].name);
    }
    g_free(s->all);
    g_free(s->fds);
    g_free(s->sentence);
    g_free(s);
}

/* -- packets ------------------------------------------------------------------------------------------------------- */

static int64_t time_of(const struct interface *i)
{
    const struct timeval *ts = &i->header->ts;
    return ts->tv_sec * INT64_C(1000000000) + (i->nanoseconds ? ts->tv_usec : ts->tv_usec * INT64_C(1000));
}

/* Has every interface hold its next packet, if it has one. Returns false where one fails. */
static bool hold(struct interfaces *s)
{
    for (size_t k = 0; k < s->n; k++) {
        struct interface *i = &s->all[k];
        if (!i->pcap || i->held)
            continue;
        int got = pcap_next_ex(i->pcap, &i->header, &i->data);
        i->held = got == 1;
        if (got >= 0)
            continue;
        g_free(s->sentence);
        s->sentence = g_strdup_printf("No more packets come from %s: %s; those before were read.", i->name,
                                      pcap_geterr(i->pcap));
        s->failed = k;
        pcap_close(i->pcap);
        i->pcap = NULL;
        s->fds[k].fd = -1; /* poll() passes over it */
        return false;
    }
    return true;
}

static struct interface *earliest(struct interfaces *s)
{
    struct interface *first = NULL;
    for (size_t k = 0; k < s->n; k++)
        if (s->all[k].held && (!first || time_of(&s->all[k]) < time_of(first)))
            first = &s->all[k];
    return first;
}

static bool is_any_open(const struct interfaces *s)
{
    for (size_t k = 0; k < s->n; k++)
        if (s->all[k].pcap)
            return true;
    return false;
}

static void hand_out(struct interfaces *s, struct interface *i, struct packet *out)
{
    const struct pcap_pkthdr *h = i->header;
    i->held = false; /* its bytes stay until the interface is asked again */
    *out = (struct packet){.number = ++s->packets,
                           .time_ns = time_of(i),
                           .link_type = i->link_type,
                           .data = i->data,
                           .captured = h->caplen,
                           .original = MAX(h->len, h->caplen),
                           .interface = (uint32_t)(i - s->all)};
}

static int64_t wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* After the end: what was captured before it may be in a part of the ring that was not handed on yet. Returns whether
 * to look again. */
static bool wait_for_rest(struct interfaces *s, const struct patience *patience)
{
    int64_t left = patience->over_ns / 1000000 + 2 * HAND_ON_MS - patience_now() / 1000000;
    return left > 0 && poll(s->fds, s->n, (int)MIN(left, 2 * HAND_ON_MS)) > 0;
}

enum source_status interfaces_next(struct interfaces *s, struct patience *patience, struct packet *out)
{
    while (!s->finished) {
        if (!hold(s))
            return SOURCE_ERROR;
        patience_breathe(patience);
        if (patience->over && !s->end_ns)
            s->end_ns = wall_clock();
        struct interface *i = earliest(s);
        if (i && (!s->end_ns || time_of(i) <= s->end_ns)) {
            hand_out(s, i, out);
            s->finished = s->packets == s->packets_max;
            return SOURCE_PACKET;
        }
        if (i || !is_any_open(s))
            break;
        if (s->end_ns && !wait_for_rest(s, patience))
            break;
        if (!s->end_ns)
            patience_wait(patience, s->fds, s->n, PATIENCE_CHORES_MS);
    }
    s->finished = true;
    return SOURCE_END;
}

size_t interfaces_failed(const struct interfaces *s, const char **sentence)
{
    *sentence = s->sentence;
    return s->failed;
}

void interfaces_take_drops(struct interfaces *s, uint64_t *by_kernel, uint64_t *by_interface)
{
    *by_kernel = *by_interface = 0;
    for (size_t k = 0; k < s->n; k++) {
        struct interface *i = &s->all[k];
        struct pcap_stat now;
        if (!i->pcap || pcap_stats(i->pcap, &now) != 0)
            continue;
        *by_kernel += (uint32_t)(now.ps_drop - i->dropped);
        *by_interface += (uint32_t)(now.ps_ifdrop - i->dropped_by_driver);
        i->dropped = now.ps_drop;
        i->dropped_by_driver = now.ps_ifdrop;
    }
}

void interfaces_describe(const struct interfaces *s, uint32_t i, struct capture_interface *out)
{
    pcap_t *pcap = s->all[i].pcap;
    int snaplen = pcap ? pcap_snapshot(pcap) : 0;
    *out = (struct capture_interface){.link_type = s->all[i].link_type, .snaplen = snaplen > 0 ? (uint32_t)snaplen : 0};
}
