/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A byte says which algorithm and which limit, then chunks of the stream: a byte for their length, or for a loss. However they are
 * cut, frames come out whole or are damaged, nothing becomes more than it claims or may, and all memory is given back. */
#include <stdlib.h>
#include <string.h>

#include "mywire/compress.h"
#include "tests/support/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

struct seen {
    uint64_t frames, damaged;
    unsigned sum;
};

static void take(struct mw_inflater *f, struct seen *seen)
{
    struct mw_frame frame;
    enum mw_frame_status status;
    while ((status = mw_inflater_next(f, &frame)) != MW_FRAME_NONE) {
        seen->frames++;
        seen->damaged += status == MW_FRAME_DAMAGED;
        REQUIRE(frame.sent >= MW_FRAME_HEADER);
        if (status == MW_FRAME_DAMAGED)
            continue;
        REQUIRE(frame.data || frame.length == 0);
        REQUIRE(frame.stored ? frame.length + MW_FRAME_HEADER == frame.sent : frame.length <= f->limits->inflated);
        for (uint32_t i = 0; i < frame.length; i++)
            seen->sum += frame.data[i];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct wire_mem mem;
    struct mw_limits limits = MW_LIMITS_DEFAULT;
    struct mw_limit_hits hits = {0};
    struct mw_inflater f;
    struct seen seen = {0};
    wire_mem_init(&mem);
    limits.inflated = data[0] & 2 ? 4096 : 1 << 20;
    struct mw_codec *codec = mw_codec_new(&mem.mem);
    mw_inflater_init(&f, data[0] & 1 ? MW_ZSTD : MW_ZLIB, codec, &mem.mem, &limits, &hits);
    for (data++, size--; size > 0;) {
        size_t n = *data & 0x7f;
        bool lost = *data & 0x80;
        data++, size--;
        if (lost) {
            if (mw_inflater_gap(&f, n))
                take(&f, &seen);
            continue;
        }
        if (n == 0x7f)
            n = 4096;
        n = n < size ? n : size;
        uint8_t *block = malloc(n ? n : 1);
        memcpy(block, data, n);
        mw_inflater_push(&f, block, n);
        take(&f, &seen);
        free(block);
        data += n, size -= n;
    }
    REQUIRE(seen.frames == f.frames && seen.damaged == f.damaged);
    mw_inflater_clear(&f);
    mw_codec_free(codec);
    REQUIRE(mem.live == 0 && mem.blocks == 0);
    return 0;
}
