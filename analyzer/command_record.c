/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the record of a command holds. */
#include "analyzer/command_values.h"
#include "analyzer/shared_text.h"

void command_clear_values(struct command *c)
{
    for (guint i = 0; c->params && i < c->params->len; i++)
        command_value_clear(&g_array_index(c->params, struct command_value, i));
    for (guint i = 0; c->attributes && i < c->attributes->len; i++) {
        struct command_attribute *a = &g_array_index(c->attributes, struct command_attribute, i);
        wire_text_free(a->name);
        command_value_clear(&a->value);
    }
    g_clear_pointer(&c->params, g_array_unref);
    g_clear_pointer(&c->attributes, g_array_unref);
    g_clear_pointer(&c->param_types, g_array_unref);
}

void command_free(struct command *c)
{
    if (!c)
        return;
    command_clear_values(c);
    if (c->columns)
        g_ptr_array_free(c->columns, TRUE);
    if (c->changes)
        g_ptr_array_free(c->changes, TRUE);
    if (c->origins)
        g_byte_array_unref(c->origins);
    const GString *shared[] = {c->sql, c->digest_text, c->user, c->database};
    for (size_t i = 0; i < G_N_ELEMENTS(shared); i++)
        shared_text_drop(shared[i]);
    wire_text_free(c->message);
    wire_text_free(c->argument);
    char *texts[] = {c->sqlstate, c->asked_user, c->asked_database};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_free(c);
}

size_t command_size(const struct command *c)
{
    size_t n = sizeof *c + c->extra + (c->sql ? c->sql->len : 0) + (c->message ? c->message->len : 0);
    n += c->digest_text ? c->digest_text->len : 0;
    for (guint i = 0; c->params && i < c->params->len; i++) {
        const struct command_value *v = &g_array_index(c->params, struct command_value, i);
        n += sizeof *v + (v->text ? v->text->len : 0);
    }
    for (guint i = 0; c->attributes && i < c->attributes->len; i++) {
        const struct command_attribute *a = &g_array_index(c->attributes, struct command_attribute, i);
        n += sizeof *a + a->name->len + (a->value.text ? a->value.text->len : 0);
    }
    return n;
}
