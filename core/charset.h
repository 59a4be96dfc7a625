/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Character sets by name. Private to the core. */
#ifndef MYWIRE_CHARSET_H
#define MYWIRE_CHARSET_H

#include "mywire/names.h"

/** A collation of this character set (its lowest id), 0 if no server knows it. The name may be in any case. */
uint16_t charset_collation(struct mw_slice charset);

#endif
