/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/charset.h"

#include <string.h>

/* Longest charset name with room to spare. */
enum { NAME_MAX_LENGTH = 32 };

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

uint16_t charset_collation(struct mw_slice charset)
{
    char name[NAME_MAX_LENGTH + 1];
    if (!charset.p || charset.n == 0 || charset.n > NAME_MAX_LENGTH)
        return 0;
    for (uint32_t i = 0; i < charset.n; i++)
        name[i] = (char)lower(charset.p[i]);
    name[charset.n] = 0;
    return (uint16_t)mw_charset_collation(name);
}
