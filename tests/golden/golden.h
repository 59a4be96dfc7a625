/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Golden streams: what two sides said, in prose files of Markdown, and what the core makes of it. README.md has the
 * form. */
#ifndef TESTS_GOLDEN_H
#define TESTS_GOLDEN_H

#include <stdbool.h>
#include <stdio.h>

#include "mywire/decode.h"
#include "mywire/limits.h"
#include "mywire/session.h"

/** A growing text. */
struct text {
    char *p;
    size_t n, room;
};

void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *t);

/** One line of a stream's input. */
struct chunk {
    enum mw_dir dir;
    uint8_t *bytes; /* NULL: `n` bytes of the stream were not captured */
    size_t n;
    bool midstream; /* the capture begins here */
    enum { PACKETS, PROXY, X } layer; /* what the bytes are; all but packets are decoded by themselves, whole */
    bool prelude;   /* from another stream, whose own expected part shows it */
};

struct stream {
    char *name;
    int line; /* of its first input line, from 1 */
    struct chunk *chunks;
    size_t count;
    uint32_t outstanding, packet_head; /* limits, 0 the default */
    char *expected;
    size_t expected_begin, expected_end; /* in the file's text */
};

struct golden_file {
    char *path;
    char *text;
    struct stream *streams;
    size_t count;
};

/** Reads a file; on a mistake says where to stderr and returns false. `all` are the files read before, for `after>`. */
bool golden_read(struct golden_file *f, const char *path, const struct golden_file *all, size_t all_count);
void golden_free(struct golden_file *f);

/** Writes the file again with these texts as the expected parts of its streams. */
bool golden_write(const struct golden_file *f, struct text *const *texts);

/** A packet as it was decoded, for decoding it again. */
struct record {
    enum mw_dir dir;
    struct mw_ctx ctx;
    struct mw_packet packet;
    uint8_t *bytes; /* its payload, in a block of exactly that size */
    struct text text;
};

struct run {
    struct text text; /* what stands in the expected part */
    struct record *records;
    size_t count;
    bool lost_sync;
    const char *wrong; /* a broken promise, or NULL */
    void **kept;       /* memory of the session, where snapshots point into it */
    size_t kept_count;
};

/** Which fields and notes were ever told; bits only where set. */
struct coverage {
    bool fields[MW_F_COUNT];
    uint64_t notes;
};

/** How a stream is cut into pushes. */
struct cut {
    size_t at;    /* an extra border behind this many bytes of the whole stream, SIZE_MAX none */
    bool by_byte; /* every byte is a push */
    bool keep;    /* the session's memory stays until run_free: its packets can be decoded again */
};

void golden_run(const struct stream *s, struct cut cut, struct run *run, struct coverage *coverage);
void run_free(struct run *run);

/** Message and fields of one packet as text, also a message's facts that have no field. */
const char *golden_decode(const struct mw_ctx *ctx, enum mw_dir dir, const struct mw_packet *packet, struct text *out,
                          struct mw_msg *msg, struct coverage *coverage);

/** The same of a chunk that is no packets: a header of the PROXY protocol, a message of the X Protocol. */
const char *golden_decode_layer(const struct chunk *c, struct text *out, struct coverage *coverage);

#endif
