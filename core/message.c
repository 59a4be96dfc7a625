/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mywire/message.h"

#include "core/reader.h"

const char *mw_kind_name(enum mw_kind kind)
{
    static const char *const names[MW_KIND_COUNT] = {
#define MW_MESSAGE(id, name) name,
#include "mywire/messages.def"
#undef MW_MESSAGE
    };
    return names[kind];
}

const char *mw_phase_name(enum mw_phase phase)
{
    static const char *const names[MW_PHASE_COUNT] = {
#define MW_PHASE(id, side, text) #id,
#include "mywire/phases.def"
#undef MW_PHASE
    };
    return names[phase];
}

/* A reader over a slice that is whole: what is missing at its end was never there. */
static struct mw_reader over(struct mw_slice s)
{
    return (struct mw_reader){.p = s.p, .base = s.p, .end = s.p + s.n};
}

static bool advance(struct mw_slice *rest, const struct mw_reader *r)
{
    if (!rd_ok(r)) {
        rest->n = 0;
        return false;
    }
    *rest = (struct mw_slice){r->p, (uint32_t)(r->end - r->p)};
    return true;
}

bool mw_lenenc_next(struct mw_slice *rest, struct mw_slice *text)
{
    if (!rest->p || rest->n == 0)
        return false;
    struct mw_reader r = over(*rest);
    *text = rd_lenenc_text(&r, MW_F_PAYLOAD, MW_F_PAYLOAD);
    return advance(rest, &r);
}

bool mw_attribute_next(struct mw_slice *rest, struct mw_slice *name, struct mw_slice *value)
{
    return mw_lenenc_next(rest, name) && mw_lenenc_next(rest, value);
}

bool mw_track_next(struct mw_slice *rest, uint8_t *type, struct mw_slice *data)
{
    if (!rest->p || rest->n == 0)
        return false;
    struct mw_reader r = over(*rest);
    *type = rd_u8(&r, MW_F_TRACK_TYPE);
    *data = rd_lenenc_text(&r, MW_F_TRACK_DATA_LENGTH, MW_F_PAYLOAD);
    return advance(rest, &r);
}
