/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a result rests on: how much was read, what was missing, which limits were hit. Part of every result. */
#ifndef ANALYZER_EVIDENCE_H
#define ANALYZER_EVIDENCE_H

#include "analyzer/analysis.h"
#include "analyzer/json.h"
#include "analyzer/output.h"

/** Inputs that could not be read, or not to their ends. */
uint64_t evidence_incomplete(const struct analysis *a);

/** An object: files, packets, bytes, gaps, connections seen from the middle or not decrypted, limits hit. */
void evidence_json(struct json *json, const struct analysis *a);

/** "Read 24 packets, 2561 bytes, from 1 file." */
void evidence_head(struct output *out, const struct analysis *a);

/** The same in a few lines. Returns 0 or an errno value. */
int evidence_text(struct output *out, const struct analysis *a);

#endif
