/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcapng files with secrets put in or taken out, and everything else as it was, byte for byte. Where a section header
 * tells the section's length, that is kept true. */
#ifndef ANALYZER_PCAPNG_REWRITE_H
#define ANALYZER_PCAPNG_REWRITE_H

#include "analyzer/capture_file.h"
#include "analyzer/sink.h"

/** Copies the pcapng file `in` with the texts of `n` key logs before the first packet of its first section, each in a
 * block of its own and in the section's byte order. What stands behind is not looked at: damage there is copied too.
 *
 * `texts` holds GString pointers of at most 2 GiB each. Returns NULL, or a sentence for the user that the caller frees:
 * the input cannot be read. A failed write ends the copying; the sink remembers it. */
char *pcapng_inject(struct capture_file *in, const GPtrArray *texts, struct sink out);

/** Bytes of secrets blocks, section by section. */
struct pcapng_stripped {
    GArray *sections; /**< of uint64_t */
    uint64_t blocks;  /**< in all sections */
};

/** Finds out what pcapng_strip() takes out of `in`, which is read to its end. Returns NULL, or a sentence for the user
 * that the caller frees: damage might hide secrets, so it ends the search. The caller frees `sections` in any case. */
char *pcapng_strip_plan(struct capture_file *in, struct pcapng_stripped *plan);

/** Copies the pcapng file `in` without its Decryption Secrets Blocks, of whatever type. `plan` is that of the same
 * file, or NULL where it can be read only once: then lengths of sections that change become "not specified". `*blocks`:
 * how many were left out. Returns as pcapng_inject() does, and here damage anywhere is an error. */
char *pcapng_strip(struct capture_file *in, const struct pcapng_stripped *plan, struct sink out, uint64_t *blocks);

#endif
