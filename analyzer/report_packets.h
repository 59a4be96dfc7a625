/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One protocol packet as text or JSON. */
#ifndef ANALYZER_REPORT_PACKETS_H
#define ANALYZER_REPORT_PACKETS_H

#include "analyzer/conn.h"
#include "analyzer/json.h"
#include "analyzer/output.h"

struct report_packets {
    bool fields;       /**< all fields (-V) */
    bool offsets;      /**< their places in the packet */
    bool show_secrets; /**< values of secret fields too */
    int64_t start_ns;  /**< of the first packet told, 0 before */
    struct text_converter *converter;
    GString *scratch, *line;
};

/** Frees with report_packets_free. */
struct report_packets *report_packets_new(bool fields, bool offsets, bool show_secrets);
void report_packets_free(struct report_packets *r);

/** The value of a field as text, appended to `line`: escaped for a terminal, secrets hidden unless they are to be shown. */
void report_value_text(struct report_packets *r, enum mw_dialect dialect, const struct mw_item *item, GString *line);

/** The name of a value, its column's or attribute's, likewise. */
void report_label_text(struct report_packets *r, enum mw_dialect dialect, const struct mw_item *item, GString *line);

/** A line, and with `fields` a tree below it. */
void report_packet_text(struct report_packets *r, struct output *out, const struct conn_packet *p);

/** An object with all fields. */
void report_packet_json(struct report_packets *r, struct json *json, const struct conn_packet *p);

#endif
