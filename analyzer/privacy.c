/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/privacy.h"

#include <string.h>

#include "analyzer/command_values.h"
#include "analyzer/shared_text.h"
#include "analyzer/sql_redact.h"

/* -- connections --------------------------------------------------------------------------------------------------- */

static void rename_text(struct anonymizer *a, char **text)
{
    if (!*text)
        return;
    char *name = anonymizer_name(a, *text, strlen(*text));
    g_free(*text);
    *text = name;
}

static void rename_string(struct anonymizer *a, GString *text)
{
    char *name = anonymizer_name(a, text->str, text->len);
    g_string_assign(text, name);
    g_free(name);
}

/* Attributes that tell of software, not of who runs it where. */
static bool is_of_software(const char *attribute)
{
    static const char *const names[] = {"_client_name",     "_client_version",  "_client_license", "_client_role",
                                        "_connector_name",  "_connector_version", "_connector_license", "_os",
                                        "_platform",        "_runtime_vendor",  "_runtime_version", "_node_version",
                                        "_source_host_type", "program_name",     NULL};
    return g_strv_contains(names, attribute);
}

void privacy_connection(const struct privacy *privacy, struct connection *c)
{
    struct anonymizer *a = privacy->anonymizer;
    if (!a)
        return;
    anonymizer_address(a, &c->client);
    anonymizer_address(a, &c->server);
    anonymizer_address(a, &c->proxied_client);
    char **texts[] = {&c->user, &c->database, &c->inside_tls.sni, &c->inside_tls.subject};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        rename_text(a, texts[i]);
    for (guint i = 0; c->attributes && i < c->attributes->len; i++) {
        struct connection_attribute *attribute = &g_array_index(c->attributes, struct connection_attribute, i);
        if (!is_of_software(attribute->name->str))
            rename_string(a, attribute->value);
    }
    if (c->error_message) {
        char *message = anonymizer_message(a, c->error_message->str, c->error_message->len);
        g_string_assign(c->error_message, message);
        g_free(message);
    }
}

/* -- commands ------------------------------------------------------------------------------------------------------ */

/* A value becomes "?", but NULL, which says nothing, and what is no value. */
static void hide_value(struct command_value *v)
{
    if (v->kind == VALUE_NULL || v->kind == VALUE_SET || v->kind == VALUE_INDICATOR)
        return;
    command_value_clear(v);
    v->kind = VALUE_TEXT;
    v->text = g_string_new("?");
}

static void replace_shared(const GString **text, const char *p, size_t n)
{
    const GString *old = *text;
    *text = shared_text_new(p, n);
    shared_text_drop(old);
}

static bool is_wordlike(const GString *name)
{
    for (gsize i = 0; i < name->len; i++)
        if (!g_ascii_isalnum(name->str[i]) && name->str[i] != '_' && name->str[i] != '$' && !(name->str[i] & 0x80))
            return false;
    return name->len && !g_ascii_isdigit(name->str[0]);
}

static bool contains(const GString *text, const GString *part)
{
    for (gsize i = 0; i + part->len <= text->len; i++) {
        const char *found = memchr(text->str + i, part->str[0], text->len - part->len - i + 1);
        if (!found)
            return false;
        i = (gsize)(found - text->str);
        if (memcmp(found, part->str, part->len) == 0)
            return true;
    }
    return false;
}

/* A column of `SELECT 'x'` is named x, one of an expression has its text: names that can be literals, or hold some, go. */
static void hide_columns(struct command *c, const GString *literals)
{
    enum { EFFORT_MAX = 1 << 22 }; /* bytes compared for one command */
    bool all = (uint64_t)c->columns->len * literals->len > EFFORT_MAX;
    for (guint i = 0; i < c->columns->len; i++) {
        const GString **name = (const GString **)&c->columns->pdata[i];
        if (all || !is_wordlike(*name) || contains(literals, *name))
            replace_shared(name, "?", 1);
    }
}

/* "autocommit=ON" → "autocommit=?" */
static void hide_changes(GPtrArray *changes)
{
    for (guint i = 0; i < changes->len; i++) {
        const GString **text = (const GString **)&changes->pdata[i];
        const char *equals = memchr((*text)->str, '=', (*text)->len);
        GString *hidden = g_string_new_len((*text)->str, equals ? equals - (*text)->str : 0);
        g_string_append(hidden, equals ? "=?" : "?");
        replace_shared(text, hidden->str, hidden->len);
        g_string_free(hidden, TRUE);
    }
}

/* What stands in quotes: from the first quote to the last. The message of SIGNAL is the statement's own. */
static void hide_message(struct command *c)
{
    enum { ER_SIGNAL_EXCEPTION = 1644 };
    GString *m = c->message;
    gsize first = strcspn(m->str, "'\"");
    if (c->error == ER_SIGNAL_EXCEPTION || (c->sqlstate && strcmp(c->sqlstate, "45000") == 0)) {
        g_string_assign(m, "?");
    } else if (first < m->len) {
        gsize last = m->len;
        while (last > first && m->str[last - 1] != '\'' && m->str[last - 1] != '"')
            last--;
        g_string_erase(m, (gssize)first, (gssize)(last - first));
        g_string_insert(m, (gssize)first, "'?'");
    }
}

/* How the text is to be read. That backslashes are plain shows in the reply. */
static struct sql_mode mode_of(const struct command *c)
{
    enum { SERVER_STATUS_NO_BACKSLASH_ESCAPES = 0x200, SERVER_STATUS_ANSI_QUOTES = 0x8000 };
    struct sql_mode mode = {0};
    if (c->dialect == MW_DIALECT_MARIADB)
        mode.flags |= SQL_MARIADB | (c->status & SERVER_STATUS_ANSI_QUOTES ? SQL_ANSI_QUOTES : 0);
    if (c->status & SERVER_STATUS_NO_BACKSLASH_ESCAPES)
        mode.flags |= SQL_NO_BACKSLASH_ESCAPES;
    return mode;
}

static void hide_literals(struct command *c)
{
    const struct sql_mode mode = mode_of(c);
    GString *literals = g_string_new(NULL);
    if (c->sql) {
        GString *sql = g_string_sized_new(c->sql->len);
        sql_redact(sql, (const uint8_t *)c->sql->str, c->sql->len, &mode, literals);
        replace_shared(&c->sql, sql->str, sql->len);
        g_string_free(sql, TRUE);
    }
    for (guint i = 0; c->params && i < c->params->len; i++)
        hide_value(&g_array_index(c->params, struct command_value, i));
    for (guint i = 0; c->attributes && i < c->attributes->len; i++)
        hide_value(&g_array_index(c->attributes, struct command_attribute, i).value);
    if (c->columns)
        hide_columns(c, literals);
    if (c->changes)
        hide_changes(c->changes);
    if (c->message)
        hide_message(c);
    g_string_free(literals, TRUE);
}

static void rename_shared(struct anonymizer *a, const GString **text)
{
    if (!*text)
        return;
    char *name = anonymizer_name(a, (*text)->str, (*text)->len);
    replace_shared(text, name, strlen(name));
    g_free(name);
}

void privacy_command(const struct privacy *privacy, struct command *c)
{
    if (privacy->redact)
        hide_literals(c);
    if (privacy->anonymizer) {
        rename_shared(privacy->anonymizer, &c->user);
        rename_shared(privacy->anonymizer, &c->database);
        if (c->code == MW_COM_INIT_DB)
            rename_shared(privacy->anonymizer, &c->sql);
    }
}
