/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is no packet: headers of the PROXY protocol, messages of the X Protocol. First byte: which; the rest: its bytes.
 */
#include "mywire/proxy.h"
#include "mywire/xprotocol.h"
#include "tests/support/trace_check.h"

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

static uint64_t decode(uint8_t which, const uint8_t *p, uint32_t n, uint32_t missing, const struct mw_proxy *proxy,
                       const struct mw_trace *trace)
{
    return which & 1 ? mw_x_decode_traced(which & 2 ? MW_SERVER : MW_CLIENT, p, n, (uint64_t)n + missing, trace)
                     : mw_proxy_decode_traced(p, proxy, trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mw_proxy proxy = {0};
    char summary[MW_PROXY_SUMMARY];
    if (size < 1 || size > 70000)
        return 0;
    uint8_t which = data[0];
    uint32_t n = (uint32_t)size - 1, missing = which & 4 ? which >> 3 : 0;
    /* A block of exactly that size: reads behind it are found. */
    uint8_t *p = malloc(n ? n : 1);
    memcpy(p, data + 1, n);
    if (which & 1) {
        mw_looks_like_x(MW_CLIENT, p, n);
        mw_looks_like_x(MW_SERVER, p, n);
    } else if (mw_proxy_read(p, n, &proxy) == MW_YES) {
        REQUIRE(proxy.length <= n);
        REQUIRE(mw_proxy_summary(&proxy, summary) == strlen(summary) && strlen(summary) < sizeof summary);
        n = proxy.length;
    }
    if (which & 1 ? n >= MW_X_HEADER : proxy.length > 0) {
        struct mw_packet packet = {.payload = p, .have = n - MW_HEADER, .length = n - MW_HEADER};
        struct trace_check c = {.trace = {&c, trace_check_item, trace_check_open, trace_check_close, trace_check_note},
                                .packet = &packet,
                                .foreign = true};
        uint64_t notes = decode(which, p, n, missing, &proxy, &c.trace);
        if (c.wrong)
            fprintf(stderr, "broken promise: %s\n", c.wrong);
        REQUIRE(!c.wrong && c.depth == 0 && c.notes == notes);
    }
    free(p);
    return 0;
}
