/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mywire/field.h"

#include "mywire/trace.h"

static const struct mw_field fields[MW_F_COUNT] = {
#define MW_FIELD(id, filter, label, type, base, names, mask, flags, help)                                              \
    {filter, label, help, MW_FT_##type, MW_BASE_##base, MW_NAMES_##names, mask, MW_FLAG_##flags},
#include "mywire/fields.def"
#undef MW_FIELD
};

const struct mw_field *mw_field(enum mw_field_id id)
{
    return &fields[id];
}

static const struct mw_note notes[MW_NOTE_COUNT] = {
#define MW_NOTE(id, key, severity, text) {key, MW_SEVERITY_##severity, text},
#include "mywire/notes.def"
#undef MW_NOTE
};

_Static_assert(MW_NOTE_COUNT <= 64, "notes are kept in a set of 64 bits");

const struct mw_note *mw_note(enum mw_note_id id)
{
    return &notes[id];
}
