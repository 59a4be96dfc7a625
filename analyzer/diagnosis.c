/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/diagnosis.h"

#include <stdio.h>

#include "analyzer/tls_record.h"
#include "mywire/decode.h"

enum { PORTS_MAX = 65536 };

static void count(struct diagnosis_case *k, const struct connection *c, const char *file, uint64_t packet)
{
    if (k->count++ > 0)
        return;
    k->connection = c->id;
    k->file = file;
    k->packet = packet;
    k->port = c->server.port;
}

/* The server speaks first, so nothing from it means that its direction is not there. Nothing from the client can be so:
 * it was refused, or left. */
static bool is_one_way(const struct connection *c)
{
    if (c->bytes[MW_SERVER] == 0)
        return true;
    bool answered = c->gap_bytes > 0 || (c->state != CONNECTION_REJECTED && c->packets[MW_SERVER] > 1);
    return c->bytes[MW_CLIENT] == 0 && answered;
}

void diagnosis_add(struct diagnosis *d, const struct connection *c)
{
    const char *file = c->files && c->files->len ? g_ptr_array_index(c->files, 0) : NULL;
    bool mysql = c->protocol == PROTOCOL_MYSQL; /* of the X Protocol nothing would be read inside TLS either */
    enum tls_reason reason = c->tls && mysql ? c->inside_tls.reason : TLS_REASON_NONE;
    bool explained = reason != TLS_REASON_NONE;
    d->connections++;
    d->whole += !c->opaque && c->exact;
    d->unread += c->opaque;
    d->inexact += !c->exact;
    if (reason != TLS_REASON_NONE)
        count(&d->tls[reason], c, file, c->first_packet);
    if (c->state == CONNECTION_MIDSTREAM) {
        count(&d->midstream, c, file, c->first_packet);
        explained = true;
    }
    if (!mysql) {
        count(&d->x, c, file, c->first_packet);
        explained = true;
    } else if (is_one_way(c)) {
        count(&d->one_way, c, file, c->first_packet);
        explained = true;
    } else if (c->holes[TCP_GAP_LOST].bytes) {
        count(&d->lost, c, c->holes[TCP_GAP_LOST].file, c->holes[TCP_GAP_LOST].packet);
        d->lost.bytes += c->holes[TCP_GAP_LOST].bytes;
        explained = true;
    }
    if (c->holes[TCP_GAP_SNAPLEN].bytes) {
        count(&d->snaplen, c, c->holes[TCP_GAP_SNAPLEN].file, c->holes[TCP_GAP_SNAPLEN].packet);
        d->snaplen.bytes += c->holes[TCP_GAP_SNAPLEN].bytes;
        explained = true;
    }
    if (c->damaged_frames) {
        count(&d->damaged, c, file, c->first_packet);
        explained = true;
    }
    if (!c->exact && !explained)
        count(&d->guessed, c, file, c->first_packet);
}

/* Which of the two is the server: the one that was asked, or who has the lower port where the beginning was not seen.
 */
static int server_of(const struct diagnosis_stranger *s)
{
    return s->from_the_middle && s->ports[0] < s->ports[1] ? 0 : 1;
}

static bool may_be_mysql(const struct diagnosis_stranger *s)
{
    for (int dir = 0; s->from_the_middle && dir < 2; dir++) {
        const GByteArray *b = s->detector->first[dir].bytes;
        if (!b || b->len == 0)
            continue;
        if (tls_looks_like_data(b->data, b->len) || mw_looks_like_command(b->data, b->len) == MW_YES)
            return true;
    }
    return false;
}

void diagnosis_stranger(struct diagnosis *d, const struct diagnosis_stranger *s)
{
    uint16_t port = s->ports[server_of(s)];
    struct diagnosis_case *k = s->tls ? &d->foreign_tls : may_be_mysql(s) ? &d->suspected : NULL;
    char key[8];
    uint64_t bytes = s->bytes[0] + s->bytes[1];
    if (bytes == 0)
        return;
    if (!d->ports)
        d->ports = tally_new(PORTS_MAX);
    tally_add(d->ports, key, (size_t)snprintf(key, sizeof key, "%u", port), bytes);
    if (!k)
        return;
    k->bytes += bytes;
    d->named_port_tls += s->tls && s->named_port;
    if (k->count++ == 0) {
        k->file = s->file;
        k->packet = s->packet;
        k->port = port;
    }
}

void diagnosis_clear(struct diagnosis *d)
{
    tally_free(d->ports);
    *d = (struct diagnosis){0};
}
