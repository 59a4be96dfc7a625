/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/privacy.h"

#include <string.h>

#include "analyzer/command_values.h"
#include "analyzer/message_quotes.h"
#include "analyzer/shared_text.h"
#include "analyzer/sql_redact.h"
#include "analyzer/sql_session.h"

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

static void rename_message(struct anonymizer *a, GString *message, const char *user, const char *database)
{
    const char *const known[] = {user, database};
    char *text = message ? anonymizer_message(a, message->str, message->len, known, G_N_ELEMENTS(known)) : NULL;
    if (text)
        g_string_assign(message, text);
    g_free(text);
}

void privacy_connection(const struct privacy *privacy, struct connection *c)
{
    struct anonymizer *a = privacy->anonymizer;
    if (!a)
        return;
    rename_message(a, c->error_message, c->user, c->database);
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

/* The columns of SHOW and the like have names of the server's. */
static bool names_its_own(const GString *sql)
{
    static const char *const words[] = {"show", "describe", "desc", "explain", "analyze", "check", "checksum", "optimize", "repair"};
    gsize n = 0;
    while (sql && g_ascii_isalpha(sql->str[n]))
        n++;
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (strlen(words[i]) == n && g_ascii_strncasecmp(sql->str, words[i], n) == 0)
            return true;
    return false;
}

/* A column of `SELECT 'x'` is named x, one of an expression has its text, and so has one of a statement that is not at hand. What
 * stays: names of tables' columns, and what the statement shows anyway and is no literal. */
static void hide_columns(struct command *c, const GString *literals)
{
    enum { EFFORT_MAX = 1 << 22 }; /* bytes compared for one command */
    uint64_t effort = 0;
    if (c->code == MW_COM_PROCESS_INFO || names_its_own(c->sql))
        return;
    for (guint i = 0; i < c->columns->len; i++) {
        const GString **name = (const GString **)&c->columns->pdata[i];
        if (c->origins && i < c->origins->len && c->origins->data[i])
            continue;
        effort += literals->len + (c->sql ? c->sql->len : 0);
        if (!c->sql || !(*name)->len || effort > EFFORT_MAX || !contains(c->sql, *name) || contains(literals, *name))
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

/* A message that a stored program made up: SIGNAL without a number of the server's. */
static bool is_made_up(const struct command *c)
{
    enum { ER_SIGNAL_WARN = 1642, ER_SIGNAL_EXCEPTION = 1644 };
    return (c->error >= ER_SIGNAL_WARN && c->error <= ER_SIGNAL_EXCEPTION) || !mw_error_symbol(c->dialect, c->error) ||
           (c->sqlstate && g_str_has_prefix(c->sqlstate, "45"));
}

/* What stands in quotes: from the first quote to the last. Names in `` stay. */
static void hide_message(struct command *c, const GString *literals)
{
    GString *m = c->message;
    size_t begin, end;
    if (is_made_up(c) || contains(literals, m)) {
        g_string_assign(m, m->len ? "?" : "");
    } else if (message_quotes(m->str, m->len, "'\"", c->message_cut, &begin, &end)) {
        g_string_erase(m, (gssize)begin, (gssize)(end - begin));
        g_string_insert(m, (gssize)begin, "'?'");
    }
}

/* How the text may have been read: in one way, or in two. */
static void modes_of(const struct command *c, struct sql_mode modes[2])
{
    struct sql_mode mode = {.version = c->version};
    if (c->dialect == MW_DIALECT_MARIADB)
        mode.flags |= SQL_MARIADB | (c->status & MW_SERVER_STATUS_ANSI_QUOTES ? SQL_ANSI_QUOTES : 0);
    modes[0] = modes[1] = mode;
    if (c->backslashes == BACKSLASH_PLAIN)
        modes[0].flags |= SQL_NO_BACKSLASH_ESCAPES;
    if (c->backslashes != BACKSLASH_ESCAPES)
        modes[1].flags |= SQL_NO_BACKSLASH_ESCAPES;
}

/* Whether it is a statement; of other commands it is the name of a database or table. */
static bool has_statement(const struct command *c)
{
    return c->code != MW_COM_INIT_DB && c->code != MW_COM_CREATE_DB && c->code != MW_COM_DROP_DB && c->code != MW_COM_FIELD_LIST;
}

static void hide_statement(struct command *c, GString *literals)
{
    const uint8_t *p = (const uint8_t *)c->sql->str;
    struct sql_mode modes[2];
    GString *sql = g_string_sized_new(c->sql->len);
    modes_of(c, modes);
    if (modes[0].flags != modes[1].flags && memchr(p, '\\', c->sql->len)) {
        sql_redact_either(sql, p, c->sql->len, modes, literals);
        shared_text_drop(c->digest_text); /* it was made as if one of them were known */
        c->digest_text = NULL;
    } else {
        sql_redact(sql, p, c->sql->len, &modes[0], literals);
    }
    replace_shared(&c->sql, sql->str, sql->len);
    g_string_free(sql, TRUE);
}

static void hide_literals(struct command *c)
{
    GString *literals = g_string_new(NULL);
    if (c->sql && has_statement(c))
        hide_statement(c, literals);
    for (guint i = 0; c->params && i < c->params->len; i++)
        hide_value(&g_array_index(c->params, struct command_value, i));
    for (guint i = 0; c->attributes && i < c->attributes->len; i++)
        hide_value(&g_array_index(c->attributes, struct command_attribute, i).value);
    if (c->columns)
        hide_columns(c, literals);
    if (c->changes)
        hide_changes(c->changes);
    if (c->message)
        hide_message(c, literals);
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

/* The last that a text has of a name becomes another one. */
static void replace_last(const GString **text, const char *name, const char *other)
{
    const char *found = *text ? g_strrstr((*text)->str, name) : NULL;
    if (!found)
        return;
    GString *changed = g_string_new_len((*text)->str, found - (*text)->str);
    g_string_append(changed, other);
    g_string_append(changed, found + strlen(name));
    replace_shared(text, changed->str, changed->len);
    g_string_free(changed, TRUE);
}

/* USE database: beside the commands that come, which tell what the database is called here, it would say what that stands for. */
static void rename_used(struct anonymizer *a, struct command *c)
{
    if (c->code != MW_COM_QUERY || !c->asked_database || !*c->asked_database)
        return;
    char *name = anonymizer_name(a, c->asked_database, strlen(c->asked_database));
    replace_last(&c->sql, c->asked_database, name);
    replace_last(&c->digest_text, c->asked_database, name);
    if (c->digest_text)
        sql_digest_id(c->digest, c->digest_text->str, c->digest_text->len);
    g_free(name);
}

void privacy_command(const struct privacy *privacy, struct command *c)
{
    if (privacy->redact)
        hide_literals(c);
    struct anonymizer *a = privacy->anonymizer;
    if (!a)
        return;
    rename_message(a, c->message, c->user ? c->user->str : NULL, c->database ? c->database->str : NULL);
    rename_shared(a, &c->user);
    rename_shared(a, &c->database);
    rename_used(a, c);
    if (c->code == MW_COM_INIT_DB || c->code == MW_COM_CREATE_DB || c->code == MW_COM_DROP_DB)
        rename_shared(a, &c->sql);
}
