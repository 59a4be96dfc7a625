/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses as text. */
#ifndef ANALYZER_ENDPOINT_H
#define ANALYZER_ENDPOINT_H

#include "analyzer/segment.h"

/** Bytes that are enough for each. */
enum { ENDPOINT_TEXT = 64 };

/** "127.0.0.1" and "::1"; `out` has ENDPOINT_TEXT bytes, and stays empty for no address. */
void endpoint_address(const struct endpoint *e, char *out);

/** "127.0.0.1:3306" and "[::1]:3306". */
void endpoint_text(const struct endpoint *e, char *out);

#endif
