/* SPDX-License-Identifier: GPL-2.0-or-later */
#define MW_TRACED 1
#include "mywire/xprotocol.h"

#include "core/reader.h"

/* The largest that a server's mysqlx_max_allowed_packet may be. */
#define X_LONGEST (UINT32_C(1) << 30)

const char *mw_x_message_name(enum mw_dir dir, uint8_t type)
{
    if (dir == MW_CLIENT)
        switch (type) {
#define MW_X_CLIENT(id, name, message)                                                                                 \
    case id:                                                                                                           \
        return message;
#define MW_X_SERVER(id, name, message)
#include "mywire/x_messages.def"
#undef MW_X_CLIENT
#undef MW_X_SERVER
        default: return NULL;
        }
    switch (type) {
#define MW_X_CLIENT(id, name, message)
#define MW_X_SERVER(id, name, message)                                                                                 \
    case id:                                                                                                           \
        return message;
#include "mywire/x_messages.def"
#undef MW_X_CLIENT
#undef MW_X_SERVER
    default: return NULL;
    }
}

enum mw_guess mw_looks_like_x(enum mw_dir dir, const uint8_t *p, size_t n)
{
    if (n < MW_X_HEADER)
        return MW_MAYBE;
    uint32_t length = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    return length >= 1 && length <= X_LONGEST && mw_x_message_name(dir, p[4]) ? MW_YES : MW_NO;
}

/* Messages of a login can hold the password: Mysqlx.Session.AuthenticateStart and AuthenticateContinue of a client. */
static bool is_secret(enum mw_dir dir, uint8_t type)
{
    enum { START = 4, CONTINUE = 5 };
    return dir == MW_CLIENT && (type == START || type == CONTINUE);
}

uint64_t mw_x_decode_traced(enum mw_dir dir, const uint8_t *p, uint32_t have, uint64_t length,
                            const struct mw_trace *trace)
{
    /* The reader's offsets count from a packet's header, which stands before `base`; here is none. */
    struct mw_reader reader = {.p = p,
                               .base = p + MW_HEADER,
                               .end = p + have,
                               .missing = length - have,
                               .trace = trace},
                     *r = &reader;
    rd_u32(r, MW_F_X_LENGTH);
    uint8_t type = rd_u8(r, dir == MW_CLIENT ? MW_F_X_CLIENT_TYPE : MW_F_X_SERVER_TYPE);
    if (rd_left_wire(r) > 0)
        rd_rest(r, is_secret(dir, type) ? MW_F_X_SECRET : MW_F_X_MESSAGE);
    return r->notes;
}
