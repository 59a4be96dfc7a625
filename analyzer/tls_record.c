/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tls_record.h"

#include <glib.h>
#include <string.h>

/* Room for a record and the header of the next, which confirms it in a search. */
enum { KEPT_MAX = TLS_HEADER + TLS_FRAGMENT_MAX + TLS_HEADER };

/* Many connections may be in the middle of a small one. */
enum { KEPT_FIRST = 1024 };

static size_t fragment_length(const uint8_t *header)
{
    return (size_t)header[3] << 8 | header[4];
}

bool tls_record_plausible(const uint8_t *p, size_t n)
{
    if (n >= 1 && (p[0] < TLS_CHANGE_CIPHER_SPEC || p[0] > TLS_APPLICATION_DATA))
        return false;
    if (n >= 2 && p[1] != 3)
        return false;
    if (n >= 3 && p[2] > 4)
        return false;
    if (n < TLS_HEADER)
        return true;
    size_t length = fragment_length(p);
    /* Only application data may be empty, and no fragment is longer than this. */
    return length <= TLS_FRAGMENT_MAX && (length > 0 || p[0] == TLS_APPLICATION_DATA);
}

/* type 22 · version 3.x · length · ClientHello = 1 · length (3) · version 3.x */
enum mw_guess tls_looks_like_hello(const uint8_t *p, size_t n)
{
    static const uint8_t values[] = {TLS_HANDSHAKE, 3, 0, 0, 0, 1, 0, 0, 0, 3};
    static const uint8_t fixed[] = {1, 1, 0, 0, 0, 1, 1, 0, 0, 1};
    for (size_t i = 0; i < n && i < sizeof values; i++)
        if (fixed[i] && p[i] != values[i])
            return MW_NO;
    if (n < sizeof values)
        return MW_MAYBE;
    return tls_record_plausible(p, n) ? MW_YES : MW_NO;
}

bool tls_looks_like_server_hello(const uint8_t *p, size_t n)
{
    /* type, version, length, message, its length, its version */
    enum { MESSAGE_AT = 5, LENGTH_TOP = 6, VERSION_AT = 9, HEAD = 10, SERVER_HELLO = 2 };
    return n >= HEAD && p[0] == TLS_HANDSHAKE && p[1] == 3 && p[MESSAGE_AT] == SERVER_HELLO && p[LENGTH_TOP] == 0 &&
           p[VERSION_AT] == 3 && tls_record_plausible(p, n);
}

bool tls_looks_like_data(const uint8_t *p, size_t n)
{
    enum { TAG = 16, TOO_LONG = 256 };
    if (n < TLS_HEADER || p[0] != TLS_APPLICATION_DATA || p[2] == 0 || !tls_record_plausible(p, n))
        return false;
    size_t length = fragment_length(p), whole = TLS_HEADER + length;
    /* A record that is not all there could be a MySQL packet, with the sequence number 0 of a command where it is
     * short.
     */
    return n < whole ? length >= TOO_LONG : length > TAG && tls_record_plausible(p + whole, n - whole);
}

void tls_records_push(struct tls_records *r, const uint8_t *p, size_t n, struct mw_stamp stamp)
{
    r->in = p;
    r->in_left = n;
    r->stamp = stamp;
}

static void drop_kept(struct tls_records *r)
{
    g_free(r->kept);
    r->kept = NULL;
    r->room = 0;
    r->have = 0;
    r->missing = 0;
    r->returned = false;
}

/* Bytes of the record under way that have not come, neither as bytes nor as missing ones. */
static size_t outstanding(const struct tls_records *r)
{
    if (r->have < TLS_HEADER)
        return TLS_HEADER - r->have;
    size_t whole = TLS_HEADER + fragment_length(r->kept), known = r->have + (size_t)r->missing;
    return known < whole ? whole - known : 0;
}

void tls_records_gap(struct tls_records *r, uint64_t n, struct mw_stamp stamp)
{
    r->in = NULL;
    r->in_left = 0;
    r->stamp = stamp;
    if (r->returned)
        drop_kept(r);
    if (!r->searching && r->have >= TLS_HEADER && n <= outstanding(r)) {
        r->missing += n; /* the next record's place is known */
        return;
    }
    r->passed += r->have + r->missing + n;
    drop_kept(r);
    r->searching = true;
}

/* Whether a record begins at `p` for all that the bytes tell: header after header up to their end. Few bytes tell
 * little, so what does not reach the end of a record has to wait (false, *wait). */
static bool begins_here(const uint8_t *p, size_t n, bool *wait)
{
    if (!tls_record_plausible(p, n))
        return false;
    *wait = n < TLS_HEADER;
    if (*wait)
        return false;
    size_t end = TLS_HEADER + fragment_length(p);
    if (n > end)
        return tls_record_plausible(p + end, n - end);
    *wait = n < end;
    return n == end;
}

/* Moves what was pushed behind what is kept, at most `n` bytes. */
static void keep(struct tls_records *r, size_t n)
{
    n = MIN(n, MIN(r->in_left, KEPT_MAX - r->have));
    if (n == 0)
        return;
    if (r->have + n > r->room) {
        r->room = r->have + n <= KEPT_FIRST ? KEPT_FIRST : KEPT_MAX;
        r->kept = g_realloc(r->kept, r->room);
    }
    memcpy(r->kept + r->have, r->in, n);
    r->have += n;
    r->in += n;
    r->in_left -= n;
}

/* Looks for the next record in what is kept and pushed. Returns true once `kept` begins with it. */
static bool search(struct tls_records *r)
{
    do {
        keep(r, KEPT_MAX);
        size_t at = 0;
        bool wait = false, found = false;
        while (at < r->have && !(found = begins_here(r->kept + at, r->have - at, &wait)) && !wait)
            at++;
        if (r->have > at)
            memmove(r->kept, r->kept + at, r->have - at);
        r->have -= at;
        r->passed += at;
        if (found)
            return true;
        /* What waits for more is shorter than a record with the next one's header. */
        g_assert(r->have < KEPT_MAX);
    } while (r->in_left);
    return false;
}

static enum tls_record_status lost(struct tls_records *r, struct tls_record *record)
{
    if (!search(r))
        return TLS_RECORD_NONE;
    r->searching = false;
    *record = (struct tls_record){.n = r->passed, .stamp = r->stamp};
    r->passed = 0;
    return TLS_RECORD_LOST;
}

/* The record in `kept` was used. After a search, what follows it can stand behind it. */
static void forget_returned(struct tls_records *r)
{
    size_t whole = TLS_HEADER + fragment_length(r->kept);
    size_t rest = r->have > whole ? r->have - whole : 0;
    if (!rest) {
        drop_kept(r);
        return;
    }
    memmove(r->kept, r->kept + whole, rest);
    r->have = rest;
    r->returned = false;
}

static struct tls_record from_header(const uint8_t *header, struct mw_stamp stamp)
{
    return (struct tls_record){.type = header[0],
                               .version = (uint16_t)(header[1] << 8 | header[2]),
                               .p = header + TLS_HEADER,
                               .n = fragment_length(header),
                               .stamp = stamp};
}

enum tls_record_status tls_records_next(struct tls_records *r, struct tls_record *record)
{
    if (r->returned)
        forget_returned(r);
    if (r->searching)
        return lost(r, record);
    /* The usual case: nothing is kept, and the whole record is there. */
    if (!r->have && r->in_left >= TLS_HEADER && tls_record_plausible(r->in, r->in_left)) {
        size_t whole = TLS_HEADER + fragment_length(r->in);
        if (r->in_left >= whole) {
            *record = from_header(r->in, r->stamp);
            r->in += whole;
            r->in_left -= whole;
            return TLS_RECORD_WHOLE;
        }
    }
    if (r->have && !tls_record_plausible(r->kept, r->have)) { /* what stood behind the record of a search */
        r->searching = true;
        return lost(r, record);
    }
    for (size_t need; (need = outstanding(r)) > 0;) {
        if (!r->in_left)
            return TLS_RECORD_NONE;
        keep(r, need);
        if (!tls_record_plausible(r->kept, r->have)) {
            r->searching = true;
            return lost(r, record);
        }
    }
    *record = from_header(r->kept, r->stamp);
    r->returned = true;
    if (!r->missing)
        return TLS_RECORD_WHOLE;
    record->p = NULL;
    return TLS_RECORD_DAMAGED;
}

void tls_records_clear(struct tls_records *r)
{
    drop_kept(r);
}
