/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GKeyFile reads the values; the lines are gone through before, because it keeps no numbers of them, takes the last of
 * two equal keys, and knows nothing of misspelt ones. */
#include "analyzer/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct policy_row *policy_row(enum policy_key key)
{
    static const struct policy_row rows[] = {
#define POLICY_TEXT(id_, key_, help_)                                                                                  \
    {.id = "policy." key_,                                                                                             \
     .section = "policy",                                                                                              \
     .key = key_,                                                                                                      \
     .class = POLICY_CLASS_TEXT,                                                                                       \
     .kind = POLICY_KIND_TEXT,                                                                                         \
     .help = help_},
#define POLICY_RULE(id_, section_, key_, kind_, scope_, severity_, title_, wanted_, help_)                             \
    {.id = section_ "." key_,                                                                                          \
     .section = section_,                                                                                              \
     .key = key_,                                                                                                      \
     .class = POLICY_CLASS_RULE,                                                                                       \
     .kind = POLICY_KIND_##kind_,                                                                                      \
     .scope = POLICY_SCOPE_##scope_,                                                                                   \
     .severity = POLICY_SEVERITY_##severity_,                                                                          \
     .title = title_,                                                                                                  \
     .wanted = wanted_,                                                                                                \
     .help = help_},
#define POLICY_EVIDENCE(id_, key_, kind_, usual_, title_, help_)                                                       \
    {.id = "evidence." key_,                                                                                           \
     .section = "evidence",                                                                                            \
     .key = key_,                                                                                                      \
     .class = POLICY_CLASS_EVIDENCE,                                                                                   \
     .kind = POLICY_KIND_##kind_,                                                                                      \
     .usual = usual_,                                                                                                  \
     .title = title_,                                                                                                  \
     .help = help_},
#include "analyzer/policy.def"
#undef POLICY_TEXT
#undef POLICY_RULE
#undef POLICY_EVIDENCE
    };
    return &rows[key];
}

const struct policy_builtin *policy_builtin(size_t i)
{
    static const struct policy_builtin builtins[] = {
#define POLICY_BUILTIN(name, text) {name, text},
#include "analyzer/policies.def" /* made of policies/ by CMakeLists.txt */
#undef POLICY_BUILTIN
    };
    return i < G_N_ELEMENTS(builtins) ? &builtins[i] : NULL;
}

const struct policy_builtin *policy_builtin_find(const char *name)
{
    const struct policy_builtin *b;
    for (size_t i = 0; (b = policy_builtin(i)); i++)
        if (strcmp(b->name, name) == 0)
            return b;
    return NULL;
}

const char *policy_severity_name(enum policy_severity severity)
{
    return severity == POLICY_SEVERITY_ERROR ? "error" : "warning";
}

/* -- misspelt names ------------------------------------------------------------------------------------------------ */

/* Letters to put in, take away or change, at most 64 of a name. */
static unsigned distance(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    unsigned row[LONGEST + 1];
    size_t n = strlen(b);
    if (n > LONGEST || strlen(a) > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= n; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; a[i - 1]; i++) {
        unsigned corner = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            unsigned changed = corner + (g_ascii_tolower(a[i - 1]) != g_ascii_tolower(b[j - 1]));
            corner = row[j];
            row[j] = MIN(changed, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[n];
}

const char *policy_nearest(const char *word, const char *const *names, size_t n)
{
    const char *best = NULL;
    unsigned least = UINT_MAX;
    for (size_t i = 0; i < n; i++) {
        unsigned d = distance(word, names[i]);
        if (d < least) {
            least = d;
            best = names[i];
        }
    }
    return best && least <= MAX(2, strlen(best) / 3) ? best : NULL;
}

static bool is_section(const char *name)
{
    for (int k = 0; k < POLICY_KEYS; k++)
        if (strcmp(policy_row(k)->section, name) == 0)
            return true;
    return false;
}

static char *unknown_section(const char *name)
{
    const char *sections[POLICY_KEYS];
    for (int k = 0; k < POLICY_KEYS; k++)
        sections[k] = policy_row(k)->section;
    const char *near = policy_nearest(name, sections, POLICY_KEYS);
    return near ? g_strdup_printf("there is no section [%s]; did you mean [%s]?", name, near)
                : g_strdup_printf("there is no section [%s]", name);
}

static char *unknown_key(const char *section, const char *key)
{
    const char *keys[POLICY_KEYS];
    size_t n = 0;
    for (int k = 0; k < POLICY_KEYS; k++)
        if (strcmp(policy_row(k)->section, section) == 0)
            keys[n++] = policy_row(k)->key;
    const char *near = policy_nearest(key, keys, n);
    if (near)
        return g_strdup_printf("[%s] has no key %s; did you mean %s?", section, key, near);
    for (int k = 0; k < POLICY_KEYS; k++)
        if (strcmp(policy_row(k)->key, key) == 0)
            return g_strdup_printf("[%s] has no key %s; it belongs into [%s]", section, key, policy_row(k)->section);
    char *list = NULL;
    keys[n] = NULL;
    list = g_strjoinv(", ", (char **)(void *)keys);
    char *sentence = g_strdup_printf("[%s] has no key %s; it has: %s", section, key, list);
    g_free(list);
    return sentence;
}

/* -- lines --------------------------------------------------------------------------------------------------------- */

/* Takes one line as GKeyFile does: section, comment or pair. NULL, or what is wrong. */
static char *take_line(struct policy *policy, const char *line, unsigned number, char **section)
{
    while (g_ascii_isspace(*line))
        line++;
    if (*line == '#' || !*line)
        return NULL;
    if (*line == '[') {
        const char *end = strchr(line, ']');
        if (!end || end[1 + strspn(end + 1, " \t\r")])
            return g_strdup("a section is written [name]");
        g_free(*section);
        *section = g_strndup(line + 1, (gsize)(end - line - 1));
        return is_section(*section) ? NULL : unknown_section(*section);
    }
    const char *equals = strchr(line, '=');
    if (!equals || equals == line)
        return g_strdup("this is no section, no comment (#) and no key = value");
    if (!*section)
        return g_strdup("a key needs a section above it, such as [tls]");
    char *key = g_strchomp(g_strndup(line, (gsize)(equals - line)));
    char *wrong = NULL;
    int k = 0;
    while (k < POLICY_KEYS && (strcmp(policy_row(k)->section, *section) != 0 || strcmp(policy_row(k)->key, key) != 0))
        k++;
    if (k == POLICY_KEYS) {
        wrong = unknown_key(*section, key);
    } else if (policy->values[k].set) {
        wrong = g_strdup_printf("%s in [%s] stands in line %u already", key, *section, policy->values[k].line);
    } else {
        policy->values[k].set = true;
        policy->values[k].line = number;
    }
    g_free(key);
    return wrong;
}

/* The line that a byte is in, from 1. */
static unsigned line_of(const char *text, const char *at)
{
    unsigned line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

/* Notes which keys stand where. NULL, or what is wrong and in which line. */
static char *take_lines(struct policy *policy, const char *text, unsigned *line)
{
    char *section = NULL, *wrong = NULL;
    char **lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i] && !wrong; i++) {
        *line = i + 1;
        wrong = take_line(policy, lines[i], i + 1, &section);
    }
    g_strfreev(lines);
    g_free(section);
    return wrong;
}

/* -- values -------------------------------------------------------------------------------------------------------- */

static char *take_values(struct policy *policy, GKeyFile *file, unsigned *line)
{
    char *wrong = NULL;
    for (int k = 0; k < POLICY_KEYS && !wrong; k++) {
        struct policy_value *v = &policy->values[k];
        const struct policy_row *row = policy_row(k);
        if (!v->set) {
            v->number = row->usual;
            continue;
        }
        GError *error = NULL;
        char *text = g_key_file_get_string(file, row->section, row->key, &error);
        *line = v->line;
        if (text && !*g_strstrip(text))
            wrong = g_strdup_printf("%s has no value; leave the line out if nothing is asked for", row->key);
        else
            wrong = text ? policy_value_take(k, text, v) : g_strdup(error->message);
        g_clear_error(&error);
        g_free(text);
    }
    return wrong;
}

/* A policy that asks for nothing would pass everything. */
static bool asks_for_something(const struct policy *policy)
{
    for (int k = 0; k < POLICY_KEYS; k++)
        if (policy->values[k].set && policy_row(k)->class != POLICY_CLASS_TEXT)
            return true;
    return false;
}

/* A rule that is switched off is none. */
static void drop_false(struct policy *policy)
{
    for (int k = 0; k < POLICY_KEYS; k++)
        if (policy_row(k)->kind == POLICY_KIND_FLAG && policy->values[k].number == 0)
            policy->values[k].set = false;
}

static char *read_policy(struct policy *policy, const char *text, size_t n, unsigned *line)
{
    const char *end, *nul = memchr(text, 0, n);
    if (nul) {
        *line = line_of(text, nul);
        return g_strdup("there is a NUL byte: this is no text");
    }
    if (!g_utf8_validate(text, (gssize)n, &end)) {
        *line = line_of(text, end);
        return g_strdup("there are bytes that are not UTF-8");
    }
    char *wrong = take_lines(policy, text, line);
    if (wrong)
        return wrong;
    *line = 0;
    GKeyFile *file = g_key_file_new();
    GError *error = NULL;
    if (n && !g_key_file_load_from_data(file, text, n, G_KEY_FILE_NONE, &error)) {
        wrong = g_strdup(error->message);
        g_error_free(error);
    } else {
        wrong = take_values(policy, file, line);
    }
    g_key_file_free(file);
    drop_false(policy);
    if (!wrong && !asks_for_something(policy)) {
        *line = 0;
        wrong = g_strdup("the policy asks for nothing, so anything would pass; add a section such as [tls]");
    }
    return wrong;
}

struct policy *policy_parse(const char *text, size_t n, const char *name, const char *source, char **error)
{
    struct policy *policy = g_new0(struct policy, 1);
    char *copy = g_strndup(text, n); /* ends in NUL */
    unsigned line = 0;
    char *wrong = read_policy(policy, memcpy(copy, text, n), n, &line);
    g_free(copy);
    *error = NULL;
    if (wrong) {
        const char *stop = g_str_has_suffix(wrong, "?") || g_str_has_suffix(wrong, ".") ? "" : ".";
        *error = line ? g_strdup_printf("%s line %u: %s%s", source ? source : name, line, wrong, stop)
                      : g_strdup_printf("%s: %s%s", source ? source : name, wrong, stop);
        g_free(wrong);
        policy_free(policy);
        return NULL;
    }
    policy->name = g_strdup(policy->values[POLICY_NAME].set ? policy->values[POLICY_NAME].text : name);
    policy->source = g_strdup(source);
    return policy;
}

/* -- files --------------------------------------------------------------------------------------------------------- */

static struct policy *load_file(const char *path, char **error)
{
    FILE *file = fopen(path, "rb");
    char *text = g_malloc(POLICY_FILE_MAX + 1);
    size_t n = file ? fread(text, 1, POLICY_FILE_MAX + 1, file) : 0;
    struct policy *policy = NULL;
    if (!file || ferror(file)) {
        *error = g_strdup_printf("%s: the policy cannot be read: %s.", path, g_strerror(errno));
    } else if (n > POLICY_FILE_MAX) {
        *error = g_strdup_printf("%s: this is longer than a policy may be (%d bytes).", path, POLICY_FILE_MAX);
    } else {
        char *name = g_path_get_basename(path);
        char *dot = strrchr(name, '.');
        if (dot && dot != name)
            *dot = 0;
        policy = policy_parse(text, n, name, path, error);
        g_free(name);
    }
    if (file)
        fclose(file);
    g_free(text);
    return policy;
}

struct policy *policy_load(const char *word, char **error)
{
    const struct policy_builtin *b = policy_builtin_find(word);
    if (strchr(word, '/') || g_str_has_suffix(word, ".ini"))
        return load_file(word, error);
    if (b)
        return policy_parse(b->text, strlen(b->text), b->name, NULL, error);
    if (g_file_test(word, G_FILE_TEST_EXISTS))
        return load_file(word, error);
    GString *list = g_string_new(NULL);
    for (size_t i = 0; (b = policy_builtin(i)); i++)
        g_string_append_printf(list, "%s%s", i ? ", " : "", b->name);
    *error =
        g_strdup_printf("%s: there is no built-in policy of that name, nor a file; built in are: %s.", word, list->str);
    g_string_free(list, TRUE);
    return NULL;
}

void policy_free(struct policy *policy)
{
    if (!policy)
        return;
    for (int k = 0; k < POLICY_KEYS; k++) {
        struct policy_value *v = &policy->values[k];
        g_free(v->text);
        if (v->list)
            g_ptr_array_free(v->list, TRUE);
        if (v->errors)
            g_array_free(v->errors, TRUE);
    }
    g_free(policy->name);
    g_free(policy->source);
    g_free(policy);
}

char *policy_wanted(const struct policy *policy, enum policy_key key)
{
    const char *template = policy_row(key)->wanted;
    const char *place = strstr(template, "%V");
    return place ? g_strdup_printf("%.*s%s%s", (int)(place - template), template, policy->values[key].text, place + 2)
                 : g_strdup(template);
}
