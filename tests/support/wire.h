/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes as people write them, packets made of them, and a memory that counts. For all kinds of tests.
 *
 * Notation: hex digits in pairs, spaces at will     0a 00 ff fe
 *           text                                    "abc"      with \n \t \r \0 \" \\ \xNN
 *           text and a NUL                          z"abc"
 *           length byte and text                    l"abc"
 *           one of these several times              00*23      "ab"*300
 *           a comment up to the end of the line     # …
 */
#ifndef TESTS_SUPPORT_WIRE_H
#define TESTS_SUPPORT_WIRE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mywire/limits.h"
#include "mywire/mem.h"
#include "mywire/packet.h"

#define WIRE static inline __attribute__((unused))

WIRE int wire_hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* One character of a quoted text; returns where the next begins, NULL for a broken escape. */
WIRE const char *wire_character(const char *s, uint8_t *out)
{
    static const char from[] = "ntr0\"\\", to[] = "\n\t\r\0\"\\";
    if (*s != '\\') {
        *out = (uint8_t)*s;
        return s + 1;
    }
    if (s[1] == 'x' && wire_hex(s[2]) >= 0 && wire_hex(s[3]) >= 0) {
        *out = (uint8_t)(wire_hex(s[2]) << 4 | wire_hex(s[3]));
        return s + 4;
    }
    const char *at = s[1] ? strchr(from, s[1]) : NULL;
    if (!at)
        return NULL;
    *out = (uint8_t)to[at - from];
    return s + 2;
}

/* Reads the notation. Returns the number of bytes, or SIZE_MAX for a mistake in it or for want of room. */
WIRE size_t wire_bytes(const char *s, uint8_t *out, size_t max)
{
    size_t n = 0;
    while (*s) {
        if (*s == ' ' || *s == '\t' || *s == '\n') {
            s++;
            continue;
        }
        if (*s == '#') {
            s += strcspn(s, "\n");
            continue;
        }
        size_t begin = n;
        char prefix = (*s == 'z' || *s == 'l') && s[1] == '"' ? *s++ : 0;
        if (*s == '"') {
            if (prefix == 'l' && n < max)
                out[n++] = 0;
            for (s++; *s && *s != '"';) {
                uint8_t c;
                s = wire_character(s, &c);
                if (!s || n >= max)
                    return SIZE_MAX;
                out[n++] = c;
            }
            if (*s++ != '"')
                return SIZE_MAX;
            if (prefix == 'l')
                out[begin] = (uint8_t)(n - begin - 1);
            if (prefix == 'z' && n < max)
                out[n++] = 0;
        } else {
            if (wire_hex(s[0]) < 0 || wire_hex(s[1]) < 0 || n >= max)
                return SIZE_MAX;
            out[n++] = (uint8_t)(wire_hex(s[0]) << 4 | wire_hex(s[1]));
            s += 2;
        }
        if (*s == '*') {
            size_t each = n - begin, times = strtoul(s + 1, (char **)&s, 10);
            n = begin;
            if (each * times > max - begin)
                return SIZE_MAX;
            uint8_t unit[1024];
            if (each > sizeof unit)
                return SIZE_MAX;
            memcpy(unit, out + begin, each);
            for (size_t i = 0; i < times; i++, n += each)
                memcpy(out + n, unit, each);
        }
    }
    return n;
}

/* A packet of one part that was captured whole; `payload` must stay. */
WIRE struct mw_packet wire_packet(const uint8_t *payload, size_t n, uint8_t sequence)
{
    return (struct mw_packet){.payload = payload,
                              .have = (uint32_t)n,
                              .length = n,
                              .parts = 1,
                              .sequence = sequence,
                              .last_sequence = sequence,
                              .first = {1, 1},
                              .last = {1, 1}};
}

struct wire_mem {
    struct mw_mem mem;
    size_t live, peak, blocks;
    size_t room; /* alloc fails above this many live bytes; 0: no bound */
};

WIRE void *wire_alloc(void *user, size_t size)
{
    struct wire_mem *m = user;
    if (m->room && m->live + size > m->room)
        return NULL;
    void *p = malloc(size);
    if (!p)
        return NULL;
    memset(p, 0xa5, size); /* "not cleared", as the contract says */
    m->live += size;
    m->blocks++;
    if (m->live > m->peak)
        m->peak = m->live;
    return p;
}

WIRE void wire_free(void *user, void *p, size_t size)
{
    struct wire_mem *m = user;
    m->live -= size;
    m->blocks--;
    free(p);
}

/* `m` must not move afterwards. */
WIRE void wire_mem_init(struct wire_mem *m)
{
    *m = (struct wire_mem){.mem = {.user = m, .alloc = wire_alloc, .free = wire_free}};
}

#endif
