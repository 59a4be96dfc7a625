/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of parameters and attributes, from the fields of a request. */
#ifndef ANALYZER_COMMAND_VALUES_H
#define ANALYZER_COMMAND_VALUES_H

#include "analyzer/command.h"

/** Fills params, param_types and attributes of `c`. `stmt` (may be NULL) says the types that the request itself does not. */
void command_values_take(struct command *c, const struct items *items, const struct mw_stmt *stmt,
                         struct text_converter *converter);

void command_value_clear(struct command_value *v);

/** A value as JSON: NULL null, integers and floating point numbers as numbers, text as string, bytes {"hex": …}. */
void command_value_json(struct json *json, const struct command_value *v);

/** A value as an SQL literal, appended to `out`. */
void command_value_sql(GString *out, const struct command_value *v);

/** "MYSQL_TYPE_LONG", "MYSQL_TYPE_LONG unsigned"; `scratch` needs 64 bytes. */
const char *command_type_name(uint16_t type, char *scratch);

#endif
