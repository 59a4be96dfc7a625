/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values of policy keys. Whatever could never match is refused: a misspelt name in a list of forbidden things would
 * let everything pass. */
#include "analyzer/policy.h"

#include <string.h>

#include "analyzer/tls_suites.h"
#include "mywire/names.h"

/* -- globs --------------------------------------------------------------------------------------------------------- */

/* Only the last * is gone back to, so the time is at most the product of the lengths. */
static bool like(const char *glob, const char *name)
{
    const char *star = NULL, *from = NULL;
    while (*name) {
        if (*glob == '*') {
            star = ++glob;
            from = name;
        } else if (*glob == '?' || (*glob && g_ascii_tolower(*glob) == g_ascii_tolower(*name))) {
            glob++;
            name++;
        } else if (star) {
            glob = star;
            name = ++from;
        } else {
            return false;
        }
    }
    return glob[strspn(glob, "*")] == 0;
}

bool policy_like(const GPtrArray *globs, const char *name)
{
    for (guint i = 0; i < globs->len; i++)
        if (like(g_ptr_array_index(globs, i), name))
            return true;
    return false;
}

static bool is_glob(const char *text)
{
    return strpbrk(text, "*?") != NULL;
}

/* -- what lists may hold: NULL, or what is wrong with an item --------------------------------------------------------
 */

static char *check_letters(const char *item)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-*?";
    return strspn(item, letters) == strlen(item)
               ? NULL
               : g_strdup_printf("%s is no name; items are separated by ; and comments stand in lines of their own",
                                 item);
}

static char *check_cipher(const char *item)
{
    static const char *const names[] = {
#define SUITE(id, name, kx, cipher, mac, prf) name,
#include "analyzer/tls_suites.def"
#undef SUITE
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (like(item, names[i]))
            return NULL;
    return g_strdup_printf("%s is like no cipher suite; they have IANA's names: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                           item);
}

static char *check_plugin(const char *item)
{
    const char *names[MW_AUTH_COUNT];
    size_t n = 0;
    for (int p = MW_AUTH_UNKNOWN + 1; p < MW_AUTH_COUNT; p++) {
        names[n++] = mw_auth_plugin_name(p);
        if (like(item, names[n - 1]))
            return NULL;
    }
    const char *near = is_glob(item) ? NULL : policy_nearest(item, names, n);
    return near ? g_strdup_printf("the plugin %s is not known; did you mean %s?", item, near) : NULL;
}

static char *check_collation(const char *item)
{
    static const enum mw_dialect dialects[] = {MW_DIALECT_MYSQL, MW_DIALECT_MARIADB};
    bool found = false;
    for (size_t d = 0; d < G_N_ELEMENTS(dialects) && !found; d++) {
        size_t n = mw_names_copy(MW_NAMES_COLLATIONS, dialects[d], NULL, 0);
        struct mw_name *names = g_new(struct mw_name, n);
        mw_names_copy(MW_NAMES_COLLATIONS, dialects[d], names, n);
        for (size_t i = 0; i < n && !found; i++)
            found = like(item, names[i].name);
        g_free(names);
    }
    return found ? NULL : g_strdup_printf("%s is like no collation; they have names such as utf8mb4_0900_ai_ci", item);
}

static char *check_nothing(const char *item)
{
    (void)item;
    return NULL;
}

/* Splits a list, checks its items, and leaves them in `value`. */
static char *take_list(const char *text, struct policy_value *value, char *(*check)(const char *item))
{
    char *wrong = NULL;
    char **items = g_strsplit(text, ";", -1);
    value->list = g_ptr_array_new_with_free_func(g_free);
    for (char **i = items; *i && !wrong; i++) {
        g_strstrip(*i);
        if (!**i)
            continue;
        if (check != check_nothing)
            wrong = check_letters(*i);
        if (!wrong)
            wrong = check(*i);
        g_ptr_array_add(value->list, g_strdup(*i));
    }
    g_strfreev(items);
    if (!wrong && value->list->len == 0)
        wrong = g_strdup("the list has no item");
    return wrong;
}

static void join_list(struct policy_value *value)
{
    GString *joined = g_string_new(NULL);
    for (guint i = 0; i < value->list->len; i++)
        g_string_append_printf(joined, "%s%s", i ? ", " : "", (const char *)g_ptr_array_index(value->list, i));
    value->text = g_string_free(joined, FALSE);
}

/* -- single values ------------------------------------------------------------------------------------------------- */

static char *take_flag(const char *text, struct policy_value *value)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return g_strdup_printf("%s is neither true nor false", text);
    value->number = *text == 't';
    return NULL;
}

static char *take_number(const char *text, struct policy_value *value, bool limit)
{
    guint64 n;
    if (limit && strcmp(text, "unlimited") == 0)
        value->number = UINT64_MAX;
    else if (g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &n, NULL))
        value->number = n;
    else
        return g_strdup_printf("%s is no number%s", text, limit ? ", nor unlimited" : "");
    return NULL;
}

static char *take_milliseconds(const char *text, struct policy_value *value)
{
    char *end;
    double ms = g_ascii_strtod(text, &end);
    if (*end || !g_ascii_isdigit(*text) || !(ms > 0 && ms <= 1e9) || strpbrk(text, "xXeEpP"))
        return g_strdup_printf("%s is no number of milliseconds above 0", text);
    value->number = (uint64_t)(ms * 1000 + 0.5);
    return NULL;
}

static char *take_tls_version(const char *text, struct policy_value *value)
{
    if (g_ascii_strcasecmp(text, "TLSv1.0") == 0)
        value->number = TLS_1_0;
    for (unsigned v = TLS_1_0; v <= TLS_1_3; v++)
        if (g_ascii_strcasecmp(text, tls_version_name((uint16_t)v)) == 0)
            value->number = v;
    return value->number ? NULL : g_strdup_printf("%s is none of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3", text);
}

/* -- versions ------------------------------------------------------------------------------------------------------ */

bool policy_version_read(const char *text, struct policy_version *out)
{
    *out = (struct policy_version){0};
    if (g_str_has_prefix(text, "5.5.5-") && strstr(text, "MariaDB"))
        text += strlen("5.5.5-");
    while (out->n < POLICY_VERSION_PARTS && g_ascii_isdigit(*text)) {
        char *end;
        guint64 part = g_ascii_strtoull(text, &end, 10);
        out->part[out->n++] = (uint32_t)MIN(part, UINT32_MAX);
        if (*end != '.')
            break;
        text = end + 1;
    }
    return out->n > 0;
}

bool policy_version_reaches(const struct policy_version *version, const struct policy_version *least)
{
    for (unsigned i = 0; i < POLICY_VERSION_PARTS; i++) {
        uint32_t have = i < version->n ? version->part[i] : 0;
        uint32_t want = i < least->n ? least->part[i] : 0;
        if (have != want)
            return have > want;
    }
    return true;
}

/* "8.4", "mysql 8.4", "mariadb 10.11": a bare number below 10 is MySQL's, others MariaDB's. */
static char *take_versions(struct policy_value *value)
{
    enum { FIRST_OF_MARIADB = 10 };
    for (guint i = 0; i < value->list->len; i++) {
        const char *item = g_ptr_array_index(value->list, i), *number = item;
        enum mw_dialect dialect = MW_DIALECT_UNKNOWN;
        struct policy_version version;
        if (g_ascii_strncasecmp(item, "mysql ", 6) == 0)
            dialect = MW_DIALECT_MYSQL;
        else if (g_ascii_strncasecmp(item, "mariadb ", 8) == 0)
            dialect = MW_DIALECT_MARIADB;
        if (dialect)
            number = strchr(item, ' ') + 1 + strspn(strchr(item, ' ') + 1, " ");
        if (!policy_version_read(number, &version) || number[strspn(number, "0123456789.")])
            return g_strdup_printf("%s is no version; write 8.4, mysql 8.4 or mariadb 10.11", item);
        if (!dialect)
            dialect = version.part[0] < FIRST_OF_MARIADB ? MW_DIALECT_MYSQL : MW_DIALECT_MARIADB;
        if (value->versions[dialect].n)
            return g_strdup_printf("there are two versions for %s", dialect == MW_DIALECT_MYSQL ? "MySQL" : "MariaDB");
        value->versions[dialect] = version;
        char *text = g_strdup_printf("%s%s%s %s or later", value->text ? value->text : "", value->text ? ", " : "",
                                     dialect == MW_DIALECT_MYSQL ? "MySQL" : "MariaDB", number);
        g_free(value->text);
        value->text = text;
    }
    return NULL;
}

static char *take_dialects(struct policy_value *value)
{
    for (guint i = 0; i < value->list->len; i++) {
        const char *item = g_ptr_array_index(value->list, i);
        if (g_ascii_strcasecmp(item, "mysql") == 0)
            value->number |= 1 << MW_DIALECT_MYSQL;
        else if (g_ascii_strcasecmp(item, "mariadb") == 0)
            value->number |= 1 << MW_DIALECT_MARIADB;
        else
            return g_strdup_printf("%s is neither mysql nor mariadb", item);
    }
    return NULL;
}

/* -- capabilities and errors --------------------------------------------------------------------------------------- */

static char *take_capabilities(struct policy_value *value)
{
    static const struct mw_name all[] = {
#define MW_CAPABILITY(bit, name, dialect) {bit, #name},
#include "mywire/capabilities.def"
#undef MW_CAPABILITY
    };
    const char *names[G_N_ELEMENTS(all)];
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        names[i] = all[i].name;
    for (guint i = 0; i < value->list->len; i++) {
        const char *item = g_ptr_array_index(value->list, i);
        size_t a = 0;
        while (a < G_N_ELEMENTS(all) && strcmp(all[a].name, item) != 0)
            a++;
        const char *near = policy_nearest(item, names, G_N_ELEMENTS(all));
        if (a == G_N_ELEMENTS(all))
            return near ? g_strdup_printf("there is no capability %s; did you mean %s?", item, near)
                        : g_strdup_printf("there is no capability %s; `mywire handshakes` shows names", item);
        value->number |= MW_CAP(all[a].value);
    }
    return NULL;
}

/* The number of an error's name, 0 if no server has it. */
static uint16_t error_from(const char *name)
{
    static const enum mw_dialect dialects[] = {MW_DIALECT_MYSQL, MW_DIALECT_MARIADB};
    uint16_t code = 0;
    for (size_t d = 0; d < G_N_ELEMENTS(dialects) && !code; d++) {
        size_t n = mw_names_copy(MW_NAMES_ERRORS, dialects[d], NULL, 0);
        struct mw_name *names = g_new(struct mw_name, n);
        mw_names_copy(MW_NAMES_ERRORS, dialects[d], names, n);
        for (size_t i = 0; i < n && !code; i++)
            if (strcmp(names[i].name, name) == 0)
                code = (uint16_t)names[i].value;
        g_free(names);
    }
    return code;
}

static char *take_errors(struct policy_value *value)
{
    value->errors = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    for (guint i = 0; i < value->list->len; i++) {
        const char *item = g_ptr_array_index(value->list, i);
        guint64 n = 0;
        if (!g_ascii_string_to_unsigned(item, 10, 1, 65535, &n, NULL))
            n = error_from(item);
        if (!n)
            return g_strdup_printf(
                "%s is no error; write its number or its name, such as 1045 or ER_ACCESS_DENIED_ERROR", item);
        uint16_t code = (uint16_t)n;
        g_array_append_val(value->errors, code);
    }
    return NULL;
}

char *policy_value_take(enum policy_key key, const char *text, struct policy_value *value)
{
    char *wrong = NULL;
    switch (policy_row(key)->kind) {
    case POLICY_KIND_TEXT: break;
    case POLICY_KIND_FLAG: wrong = take_flag(text, value); break;
    case POLICY_KIND_NUMBER: wrong = take_number(text, value, false); break;
    case POLICY_KIND_LIMIT: wrong = take_number(text, value, true); break;
    case POLICY_KIND_MILLISECONDS: wrong = take_milliseconds(text, value); break;
    case POLICY_KIND_TLS_VERSION: wrong = take_tls_version(text, value); break;
    case POLICY_KIND_CIPHERS: wrong = take_list(text, value, check_cipher); break;
    case POLICY_KIND_PLUGINS: wrong = take_list(text, value, check_plugin); break;
    case POLICY_KIND_COLLATIONS: wrong = take_list(text, value, check_collation); break;
    case POLICY_KIND_NAMES:
    case POLICY_KIND_DIALECTS:
    case POLICY_KIND_VERSIONS:
    case POLICY_KIND_CAPABILITIES:
    case POLICY_KIND_ERRORS: wrong = take_list(text, value, check_nothing); break;
    }
    if (wrong)
        return wrong;
    switch (policy_row(key)->kind) {
    case POLICY_KIND_DIALECTS: wrong = take_dialects(value); break;
    case POLICY_KIND_VERSIONS: wrong = take_versions(value); break;
    case POLICY_KIND_CAPABILITIES: wrong = take_capabilities(value); break;
    case POLICY_KIND_ERRORS: wrong = take_errors(value); break;
    default: break;
    }
    if (!value->text && value->list)
        join_list(value);
    else if (!value->text)
        value->text = g_strdup(text);
    return wrong;
}
