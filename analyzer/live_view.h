/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run that lasts at a glance: what has come until now, of connections that are open too, and how fast it comes. */
#ifndef ANALYZER_LIVE_VIEW_H
#define ANALYZER_LIVE_VIEW_H

#include "analyzer/analysis.h"
#include "analyzer/command.h"
#include "analyzer/json.h"
#include "analyzer/screen.h"

/** Its size does not depend on how long the run lasts. */
struct live_view;

/** `what`: the inputs, as the first line shows them; borrowed. `statements`: which ones take the time is of interest,
 * which costs normalizing each. */
struct live_view *live_view_new(const char *what, bool statements);
void live_view_free(struct live_view *v);

/** A connection was recognised; it is over; something happened in it; one of its commands is over. */
void live_view_opened(struct live_view *v);
void live_view_closed(struct live_view *v);
void live_view_event(struct live_view *v, const struct mw_event *event);
void live_view_command(struct live_view *v, const struct command *c);

/** Draws it. Rates are of the time since the last drawing. */
void live_view_draw(struct live_view *v, const struct analysis *a, struct screen *screen,
                    const struct screen_size *size, bool color);

/** Writes it as an object: `event="status"`. `dropped` packets are those of the counters. */
void live_view_json(const struct live_view *v, const struct analysis *a, struct json *json);

#endif
