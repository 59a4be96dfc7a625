/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input is a list of fragments, five bytes each: packet, offset (2), length, flags. What comes out must be what a slow model
 * of one buffer for each packet has, where the first byte at each place counts. */
#include "analyzer/defrag.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what)                                                                                                  \
    do {                                                                                                               \
        if (!(what))                                                                                                   \
            abort();                                                                                                   \
    } while (0)

enum { PACKETS = 4, ROOM = 65536 + 256 * 8 };

struct model {
    uint8_t bytes[ROOM], known[ROOM];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct model models[PACKETS];
    memset(models, 0, sizeof models);
    struct limits limits = limits_default();
    struct limit_hits hits = {0};
    struct counters counters = {0};
    struct defrag *d = defrag_new(&limits, &hits, &counters);
    for (size_t at = 0; at + 5 <= size; at += 5) {
        const uint8_t *f = data + at;
        uint32_t id = f[0] % PACKETS, offset = (uint32_t)((f[1] << 8 | f[2]) & 0x1fff) * 8;
        uint32_t length = (uint32_t)f[3] * 8 + (f[4] >> 5);
        bool more = f[4] & 1;
        uint8_t *exact = malloc(length ? length : 1);
        memset(exact, (int)at, length);
        const struct defrag_key key = {.id = id, .family = 4, .protocol = 6};
        const struct defrag_piece piece = {
            .offset = offset, .more = more, .protocol = 6, .p = exact, .captured = length, .length = length};
        struct defrag_whole whole;
        defrag_begin(d);
        uint64_t unusable = counters.fragments_unusable, given_up = counters.fragments_incomplete;
        bool done = defrag_push(d, &key, &piece, &whole);
        free(exact);
        struct model *m = &models[id];
        if (counters.fragments_unusable == unusable)
            for (uint32_t i = offset; i < offset + length; i++) {
                if (!m->known[i])
                    m->bytes[i] = (uint8_t)at;
                m->known[i] = 1;
            }
        if (done) {
            REQUIRE(whole.n <= 65535 && whole.protocol == 6);
            for (uint32_t i = 0; i < whole.n; i++)
                REQUIRE(m->known[i] && whole.p[i] == m->bytes[i]);
        }
        if (done || counters.fragments_incomplete != given_up)
            memset(m, 0, sizeof *m);
    }
    defrag_free(d);
    return 0;
}
