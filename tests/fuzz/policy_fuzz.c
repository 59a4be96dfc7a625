/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy file. It is taken or refused with a sentence; what was taken is taken again without its comments, and says
 * in words what it wants. */
#include "analyzer/policy.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *error;
    struct policy *policy = policy_parse((const char *)data, size, "fuzz", "fuzz.ini", &error);
    if (!policy) {
        REQUIRE(error && g_str_has_prefix(error, "fuzz.ini") && g_utf8_validate(error, -1, NULL));
        g_free(error);
        return 0;
    }
    REQUIRE(!error && policy->name && g_utf8_validate(policy->name, -1, NULL));
    unsigned asked = 0;
    for (int k = 0; k < POLICY_KEYS; k++) {
        const struct policy_value *v = &policy->values[k];
        if (!v->set)
            continue;
        asked += policy_row(k)->class != POLICY_CLASS_TEXT;
        REQUIRE(v->line > 0 && v->text);
        if (policy_row(k)->class != POLICY_CLASS_RULE)
            continue;
        char *wanted = policy_wanted(policy, k);
        REQUIRE(wanted && *wanted);
        g_free(wanted);
        for (guint i = 0; v->list && i < v->list->len; i++)
            REQUIRE(policy_like(v->list, g_ptr_array_index(v->list, i))); /* a glob is like itself */
    }
    REQUIRE(asked > 0);
    struct policy_version version;
    if (policy_version_read(policy->name, &version))
        REQUIRE(policy_version_reaches(&version, &version));
    policy_free(policy);
    return 0;
}
