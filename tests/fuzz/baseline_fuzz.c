/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A saved result, which anybody can write: it is read or refused with a sentence, and what was read compares with itself as the
 * same. */
#include "analyzer/diff.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *error = NULL;
    struct baseline *b = baseline_parse("file", (const char *)data, size, &error);
    if (!b == !error)
        abort();
    g_free(error);
    if (!b)
        return 0;
    const struct diff_thresholds thresholds = diff_thresholds_default();
    struct diff *d = diff_new(b, b, &thresholds);
    if (d->changes->len)
        abort();
    diff_free(d);
    baseline_free(b);
    return 0;
}
