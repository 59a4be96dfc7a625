/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/packet_filter.h"

#include <glib.h>
#include <pcap/pcap.h>

/* More than any packet has: what a program returns is how much of the packet to keep, and that is not used. */
enum { SNAPLEN = 262144 };

struct program {
    int link_type;
    struct bpf_program code;
};

struct packet_filter {
    char *expression;
    char *problem;
    GArray *programs; /* of struct program: no more than libpcap knows link types */
    guint last;       /* the one used last, which is most likely the next */
};

struct packet_filter *packet_filter_new(const char *expression)
{
    struct packet_filter *f = g_new0(struct packet_filter, 1);
    f->expression = g_strdup(expression);
    f->programs = g_array_new(FALSE, TRUE, sizeof(struct program));
    return f;
}

void packet_filter_free(struct packet_filter *f)
{
    if (!f)
        return;
    for (guint i = 0; i < f->programs->len; i++)
        pcap_freecode(&g_array_index(f->programs, struct program, i).code);
    g_array_free(f->programs, TRUE);
    g_free(f->expression);
    g_free(f->problem);
    g_free(f);
}

const char *packet_filter_problem(const struct packet_filter *f)
{
    return f->problem;
}

static bool compile(struct packet_filter *f, int link_type)
{
    struct program program = {.link_type = link_type};
    pcap_t *dead = pcap_open_dead(link_type, SNAPLEN);
    bool done = dead && pcap_compile(dead, &program.code, f->expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
    g_free(f->problem);
    f->problem = done ? NULL : g_strdup(dead ? pcap_geterr(dead) : "there is no memory");
    if (dead)
        pcap_close(dead);
    if (!done)
        return false;
    f->last = f->programs->len;
    g_array_append_val(f->programs, program);
    return true;
}

bool packet_filter_check(struct packet_filter *f, int link_type)
{
    if (f->last < f->programs->len && g_array_index(f->programs, struct program, f->last).link_type == link_type)
        return true;
    for (guint i = 0; i < f->programs->len; i++)
        if (g_array_index(f->programs, struct program, i).link_type == link_type) {
            f->last = i;
            return true;
        }
    return compile(f, link_type);
}

enum packet_filter_match packet_filter_match(struct packet_filter *f, const struct packet *packet)
{
    if (!packet_filter_check(f, packet->link_type))
        return PACKET_FILTER_UNUSABLE;
    struct pcap_pkthdr header = {.caplen = packet->captured, .len = packet->original};
    const struct program *program = &g_array_index(f->programs, struct program, f->last);
    return pcap_offline_filter(&program->code, &header, packet->data) ? PACKET_FILTER_YES : PACKET_FILTER_NO;
}
