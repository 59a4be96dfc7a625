/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The judgement on a run: what could not be read and why, with what to look at and what to do next. The list of all
 * findings is doctor.def. */
#ifndef ANALYZER_DOCTOR_H
#define ANALYZER_DOCTOR_H

#include "analyzer/analysis.h"
#include "analyzer/json.h"
#include "analyzer/output.h"

enum doctor_severity {
    DOCTOR_ERROR,   /**< something cannot be read at all */
    DOCTOR_WARNING, /**< something is missing or inferred */
    DOCTOR_NOTE     /**< nothing is lost */
};

/** A finding. Texts are its own. */
struct doctor_finding {
    const char *id; /**< "tls.no_keys": stable */
    char *own_id;   /**< its memory, where it is made up; else NULL */
    enum doctor_severity severity;
    uint64_t count;
    char *sentence;                /**< without a full stop */
    char *advice;                  /**< sentences */
    char *command;                 /**< for a shell */
    struct diagnosis_case example; /**< what to look at; its `file` is NULL where there is nothing special */
};

/** All findings of a finished run, most severe first: struct doctor_finding, to be freed with doctor_free(). */
GArray *doctor_findings(const struct analysis *a);

void doctor_free(GArray *findings);

/** "error", "warning", "note". */
const char *doctor_severity_name(enum doctor_severity severity);

/** "3 of 8 connections could be read in full; …": to be freed with g_free(). */
char *doctor_verdict(const struct analysis *a);

/** The findings as an array of objects. */
void doctor_json(struct json *json, const GArray *findings);

#endif
