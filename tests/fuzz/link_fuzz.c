/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input is a packet, after one byte that chooses its link type and two that say how much of it was cut off. */
#include "analyzer/peel.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(what)                                                                                                  \
    do {                                                                                                               \
        if (!(what))                                                                                                   \
            abort();                                                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int link_types[] = {1, 0, 108, 12, 101, 113, 228, 229, 276, 147};
    static const int more_types[] = {9, 50, 51, 239};
    if (size < 3)
        return 0;
    uint32_t n = (uint32_t)size - 3;
    /* Of exactly that size, so that the sanitizer sees every byte too far. */
    uint8_t *exact = malloc(n ? n : 1);
    memcpy(exact, data + 3, n);
    struct packet packet = {
        .number = 7,
        .time_ns = 11,
        .link_type = data[0] < 0xf0 ? link_types[data[0] % (sizeof link_types / sizeof *link_types)]
                                    : more_types[data[0] % (sizeof more_types / sizeof *more_types)],
        .data = exact,
        .captured = n,
        .original = n + (uint32_t)(data[1] << 8 | data[2]),
    };
    struct segment segment;
    enum peel outcome = peel_packet(&packet, NULL, &segment);
    struct counters counters = {0};
    peel_count(&counters, &packet, outcome);
    REQUIRE(outcome != PEEL_MORE && counters.packets == 1);
    if (outcome == PEEL_TCP) {
        REQUIRE(segment.number == 7 && segment.time_ns == 11);
        REQUIRE(segment.payload >= exact && segment.payload + segment.length <= exact + n);
        REQUIRE(segment.length <= segment.wire_length);
        REQUIRE(segment.src.family == segment.dst.family && (segment.src.family == 4 || segment.src.family == 6));
        /* Every byte can be read. */
        uint8_t *payload = malloc(segment.length + 1);
        memcpy(payload, segment.payload, segment.length);
        free(payload);
    }
    free(exact);
    return 0;
}
