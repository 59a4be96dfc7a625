/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies: what traffic is asked for, read from GLib key files. The language is policy.def. */
#ifndef ANALYZER_POLICY_H
#define ANALYZER_POLICY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "mywire/base.h"

enum policy_key {
#define POLICY_TEXT(id, key, help)                                                POLICY_##id,
#define POLICY_RULE(id, section, key, kind, scope, severity, title, wanted, help) POLICY_##id,
#define POLICY_EVIDENCE(id, key, kind, usual, title, help)                        POLICY_##id,
#include "analyzer/policy.def"
#undef POLICY_TEXT
#undef POLICY_RULE
#undef POLICY_EVIDENCE
    POLICY_KEYS
};

/** How a value is written and what it becomes. */
enum policy_kind {
    POLICY_KIND_TEXT,         /**< `text` */
    POLICY_KIND_FLAG,         /**< true or false: `number` 1 or 0 */
    POLICY_KIND_NUMBER,       /**< `number` */
    POLICY_KIND_LIMIT,        /**< a number, or "unlimited": UINT64_MAX */
    POLICY_KIND_MILLISECONDS, /**< with a decimal point if need be: `number` in microseconds */
    POLICY_KIND_TLS_VERSION,  /**< TLSv1 … TLSv1.3: `number` as on the wire */
    POLICY_KIND_CIPHERS,      /**< globs on IANA's names: `list` */
    POLICY_KIND_PLUGINS,      /**< globs on names of client plugins: `list` */
    POLICY_KIND_COLLATIONS,   /**< globs on names of collations: `list` */
    POLICY_KIND_NAMES,        /**< of attributes: `list` */
    POLICY_KIND_DIALECTS,     /**< mysql, mariadb: `number` is a set of 1 << enum mw_dialect */
    POLICY_KIND_VERSIONS,     /**< one for each dialect: `versions` */
    POLICY_KIND_CAPABILITIES, /**< names: `list`, and `number` as a mask */
    POLICY_KIND_ERRORS        /**< numbers or names: `errors` */
};

enum policy_class { POLICY_CLASS_TEXT, POLICY_CLASS_RULE, POLICY_CLASS_EVIDENCE };
enum policy_scope { POLICY_SCOPE_EACH, POLICY_SCOPE_COUNT };
enum policy_severity { POLICY_SEVERITY_ERROR, POLICY_SEVERITY_WARNING };

/** A row of policy.def. */
struct policy_row {
    const char *id; /**< "tls.min-version" */
    const char *section, *key;
    enum policy_class class;
    enum policy_kind kind;
    enum policy_scope scope;       /**< rules */
    enum policy_severity severity; /**< rules */
    uint64_t usual;                /**< evidence: the value where the key is missing */
    const char *title;             /**< NULL of texts */
    const char *wanted;            /**< rules; %V is the value */
    const char *help;
};

/** Longest version in numbers: 10.11.6.1. */
enum { POLICY_VERSION_PARTS = 4 };

struct policy_version {
    unsigned n; /**< 0: none */
    uint32_t part[POLICY_VERSION_PARTS];
};

struct policy_value {
    bool set;      /**< the policy has this key */
    unsigned line; /**< where; 0: the usual value */
    char *text;    /**< as written, the items of a list joined by ", "; UTF-8 */
    uint64_t number;
    GPtrArray *list;                   /**< of char *; NULL: none */
    GArray *errors;                    /**< of uint16_t; NULL: none */
    struct policy_version versions[3]; /**< by enum mw_dialect */
};

struct policy {
    char *name;
    char *source; /**< the file; NULL: built in */
    struct policy_value values[POLICY_KEYS];
};

/** A built-in policy. */
struct policy_builtin {
    const char *name;
    const char *text; /**< the file */
};

/** The row of a key. */
const struct policy_row *policy_row(enum policy_key key);

/** Built-in policy `i`, in the order in which they are listed; NULL behind the last. */
const struct policy_builtin *policy_builtin(size_t i);

/** The built-in policy of that name, or NULL. */
const struct policy_builtin *policy_builtin_find(const char *name);

/** Longest policy file in bytes. */
enum { POLICY_FILE_MAX = 1024 * 1024 };

/** Reads a policy of `n` bytes. `name` is what it is called if it says nothing, `source` its file or NULL. NULL: what
 * is wrong, with the line, is a sentence in `error` to g_free(). */
struct policy *policy_parse(const char *text, size_t n, const char *name, const char *source, char **error);

/** Finds a policy by what stands on the command line: a file if it has a slash or ends in .ini, else a built-in one's
 * name, else a file. NULL: as policy_parse(). */
struct policy *policy_load(const char *word, char **error);

void policy_free(struct policy *policy);

/** What the policy asks for by a rule it has, in words: "TLSv1.2 or later". To be freed with g_free(). */
char *policy_wanted(const struct policy *policy, enum policy_key key);

/** Whether a name is like one of a list of globs (* and ?), whatever the case. */
bool policy_like(const GPtrArray *globs, const char *name);

/** Reads the numbers that a version begins with: "8.0.36-28" is 8.0.36. A MariaDB's "5.5.5-" in front does not count.
 * False if it begins with none. */
bool policy_version_read(const char *text, struct policy_version *out);

/** Whether `version` is `least` or later: missing numbers are 0. */
bool policy_version_reaches(const struct policy_version *version, const struct policy_version *least);

/** "error", "warning". */
const char *policy_severity_name(enum policy_severity severity);

/** Takes the value of a key as written. NULL: it fits; else what is wrong with it, to g_free(). Private to policy.c. */
char *policy_value_take(enum policy_key key, const char *text, struct policy_value *value);

/** The nearest of `n` names to a misspelt one, or NULL where none is near. */
const char *policy_nearest(const char *word, const char *const *names, size_t n);

#endif
