/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A BPF expression for packets of any link type: one program for each that occurs. */
#ifndef ANALYZER_PACKET_FILTER_H
#define ANALYZER_PACKET_FILTER_H

#include "analyzer/source.h"

struct packet_filter;

/** What packet_filter_match() found. */
enum packet_filter_match {
    PACKET_FILTER_NO,
    PACKET_FILTER_YES,
    PACKET_FILTER_UNUSABLE /**< the expression means nothing for that link type; packet_filter_problem() says why */
};

/** Makes a filter of `expression` (pcap-filter(7)), which is copied. Nothing is compiled yet. */
struct packet_filter *packet_filter_new(const char *expression);

/** Makes sure that the expression can be used for that link type. Returns false where it cannot. */
bool packet_filter_check(struct packet_filter *f, int link_type);

/** Whether the packet matches. */
enum packet_filter_match packet_filter_match(struct packet_filter *f, const struct packet *packet);

/** Why the expression could not be used the last time: a clause of libpcap. It belongs to the filter. */
const char *packet_filter_problem(const struct packet_filter *f);

/** Frees the filter. NULL is allowed. */
void packet_filter_free(struct packet_filter *f);

#endif
