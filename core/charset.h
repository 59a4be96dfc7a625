/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which character set a session's texts have, as far as its own statements say. Private to the core. */
#ifndef MYWIRE_CHARSET_H
#define MYWIRE_CHARSET_H

#include "mywire/names.h"

/** A collation of this character set (its lowest id), 0 if no server knows it. The name may be in any case. */
uint16_t charset_collation(struct mw_slice charset);

/** The character set that a statement sets for what follows it, as a collation id; 0 for all other statements.
 *  SET NAMES x, SET CHARACTER SET x, SET CHARSET x, SET [SESSION | @@ | @@session.] character_set_client = x. */
uint16_t charset_asked(struct mw_slice sql);

#endif
