/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a command. */
#include "analyzer/command_values.h"

enum { COMMAND_SCHEMA = 1 };

const char *command_name(const struct command *c)
{
    if (!c->seen)
        return NULL;
    const char *name = c->empty ? NULL : mw_command_name(c->dialect, c->code);
    return name ? name : "COM_UNKNOWN";
}

const char *command_outcome_name(enum mw_outcome outcome)
{
    static const char *const names[] = {"none", "ok", "error", "resultset", "eof", "infile", "binlog", "lost"};
    return names[outcome];
}

bool command_counts_rows(const struct command *c)
{
    return c->outcome != MW_OUTCOME_EOF && c->code != MW_COM_STMT_PREPARE && c->code != MW_COM_STATISTICS;
}

/* In CSV: (1,'a',NULL) as SQL literals, sets of a bulk execute side by side. */
static void put_params_csv(struct record *r, const char *key, const struct command *c)
{
    GString *s = g_string_new(NULL);
    bool set = false, first = true;
    for (guint i = 0; c->params && i < c->params->len; i++) {
        const struct command_value *v = &g_array_index(c->params, struct command_value, i);
        if (v->kind == VALUE_SET) {
            g_string_append(s, set ? "),(" : "(");
            set = first = true;
            continue;
        }
        if (!first)
            g_string_append_c(s, ',');
        command_value_sql(s, v);
        first = false;
    }
    if (set)
        g_string_append_c(s, ')');
    record_string(r, key, c->has_params ? s->str : NULL);
    g_string_free(s, TRUE);
}

static void put_params(struct record *r, const struct command *c)
{
    if (!r->json) {
        put_params_csv(r, "params", c);
        return;
    }
    bool set = false;
    json_key(r->json, "params");
    if (!c->has_params) {
        json_none(r->json);
        return;
    }
    json_array_begin(r->json);
    for (guint i = 0; c->params && i < c->params->len; i++) {
        const struct command_value *v = &g_array_index(c->params, struct command_value, i);
        if (v->kind != VALUE_SET) {
            command_value_json(r->json, v);
            continue;
        }
        if (set)
            json_array_end(r->json);
        json_array_begin(r->json);
        set = true;
    }
    if (set)
        json_array_end(r->json);
    json_array_end(r->json);
}

static void put_attributes(struct record *r, const struct command *c)
{
    if (!r->json) {
        GString *s = g_string_new(NULL);
        record_map(r, "attributes", c->attributes != NULL);
        for (guint i = 0; c->attributes && i < c->attributes->len; i++) {
            const struct command_attribute *a = &g_array_index(c->attributes, struct command_attribute, i);
            g_string_truncate(s, 0);
            command_value_sql(s, &a->value);
            record_map_item(r, a->name, s);
        }
        record_map_end(r);
        g_string_free(s, TRUE);
        return;
    }
    json_key(r->json, "attributes");
    if (!c->attributes) {
        json_none(r->json);
        return;
    }
    json_object_begin(r->json);
    for (guint i = 0; i < c->attributes->len; i++) {
        const struct command_attribute *a = &g_array_index(c->attributes, struct command_attribute, i);
        json_key_n(r->json, a->name->str, a->name->len);
        command_value_json(r->json, &a->value);
    }
    json_object_end(r->json);
}

static void put_texts(struct record *r, const char *key, const GPtrArray *texts)
{
    record_list(r, key, texts != NULL);
    for (guint i = 0; texts && i < texts->len; i++)
        record_list_text(r, g_ptr_array_index(texts, i));
    record_list_end(r);
}

static void put_types(struct record *r, const struct command *c)
{
    char scratch[64];
    record_list(r, "param_types", c->param_types != NULL);
    for (guint i = 0; c->param_types && i < c->param_types->len; i++)
        record_list_item(r, command_type_name(g_array_index(c->param_types, uint16_t, i), scratch));
    record_list_end(r);
}

static void put_status(struct record *r, const struct command *c, bool known)
{
    record_list(r, "status", known);
    for (unsigned left = known ? c->status : 0; left; left &= left - 1) {
        const char *name = mw_status_flag_name(c->dialect, (unsigned)__builtin_ctz(left));
        if (name)
            record_list_item(r, name);
    }
    record_list_end(r);
}

void report_command(struct record *r, const struct command *c)
{
    bool ended = c->outcome != MW_OUTCOME_NONE && c->outcome != MW_OUTCOME_LOST;
    bool failed = c->outcome == MW_OUTCOME_ERROR;
    record_begin(r);
    record_string(r, "event", "command");
    record_uint(r, "schema", COMMAND_SCHEMA);
    record_uint(r, "connection", c->connection);
    record_uint(r, "ordinal", c->ordinal);
    record_instant(r, "start_ns", c->start_ns);
    record_uint(r, "packet", c->packet);
    record_string(r, "command", command_name(c));
    record_text(r, "sql", c->sql);
    record_uint_if(r, "sql_bytes", c->sql != NULL, c->sql_bytes);
    record_bool(r, "sql_truncated", c->sql_truncated);
    record_uint_if(r, "statement_id", c->has_statement, c->statement_id);
    put_params(r, c);
    put_types(r, c);
    put_attributes(r, c);
    record_bool(r, "params_truncated", c->params_truncated);
    record_text(r, "user", c->user);
    record_text(r, "database", c->database);
    record_string(r, "response", command_outcome_name(c->outcome));
    record_uint(r, "resultsets", c->resultsets);
    put_texts(r, "columns", c->columns);
    record_uint(r, "rows", c->rows);
    bool known = ended && !failed && c->seen;
    bool counted = known && command_counts_rows(c);
    record_uint_if(r, "affected_rows", counted, c->affected_rows);
    record_uint_if(r, "last_insert_id", counted, c->insert_id);
    known = known && c->code != MW_COM_STATISTICS; /* whose answer is a text */
    record_uint_if(r, "warnings", known, c->warnings);
    put_status(r, c, known);
    put_texts(r, "session_changes", c->changes);
    record_uint_if(r, "error_code", failed && c->error, c->error); /* 0: it was cut off */
    record_string(r, "error_symbol", failed ? mw_error_symbol(c->dialect, c->error) : NULL);
    record_string(r, "sqlstate", c->sqlstate);
    record_text(r, "error_message", c->message);
    record_duration(r, "first_byte_us", c->first_byte_us);
    record_duration(r, "duration_us", c->duration_us);
    record_uint(r, "request_bytes", c->request_bytes);
    record_uint(r, "response_bytes", c->response_bytes);
    record_uint(r, "invalid_bytes", c->invalid_bytes);
    record_bool(r, "exact", c->exact);
    record_string(r, "digest", c->digest_text ? c->digest : NULL);
    record_end(r);
}
