/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes pcapng: new files of one section, in little endian with times in nanoseconds, and single blocks for rewriting
 * others. */
#ifndef ANALYZER_PCAPNG_WRITE_H
#define ANALYZER_PCAPNG_WRITE_H

#include "analyzer/pcapng_block.h"
#include "analyzer/sink.h"

struct pcapng_writer;

/** Makes a writer to `sink` and writes the section header. `application` names who wrote the file (shb_userappl). A
 * failed write is the sink's to remember: the functions below return its errno value, or 0. */
struct pcapng_writer *pcapng_writer_new(struct sink sink, const char *application);

/** Writes an interface of that link type (a DLT_ number) and puts its number into `*id`. `snaplen`: bytes kept of a
 * packet, 0 for all. `name` may be NULL. */
int pcapng_writer_interface(struct pcapng_writer *w, int link_type, uint32_t snaplen, const char *name, uint32_t *id);

/** Writes an interface with the options of another: as pcapng_copy_options() made them; without any, n is 0. */
int pcapng_writer_interface_as(struct pcapng_writer *w, int link_type, uint32_t snaplen, const uint8_t *options,
                               size_t n, uint32_t *id);

/** Writes TLS secrets: the text of a key log, at most 4 GiB - 64. They belong before the packets that need them. */
int pcapng_writer_secrets(struct pcapng_writer *w, const char *text, size_t n);

/** Writes a packet of the interface `id`. `time_ns`: nanoseconds since the epoch, before it is the epoch. `captured`
 * bytes stand at `data`; on the wire it had `original`. `comment` may be NULL. */
int pcapng_writer_packet(struct pcapng_writer *w, uint32_t id, int64_t time_ns, const uint8_t *data, uint32_t captured,
                         uint32_t original, const char *comment);

/** Writes a packet with the options of another, which stand at `options`, `big` endian or little: those that mean the
 * same in a file of another byte order. */
int pcapng_writer_packet_as(struct pcapng_writer *w, uint32_t id, int64_t time_ns, const uint8_t *data,
                            uint32_t captured, uint32_t original, const uint8_t *options, size_t n, bool big);

/** Frees the writer. The sink stays the caller's. NULL is allowed. */
void pcapng_writer_free(struct pcapng_writer *w);

/** Code of the option that every block can have. */
enum { PCAPNG_COMMENT = 1 };

/** What the value of an option is, as far as the byte order matters. */
enum pcapng_option {
    PCAPNG_OPTION_DROPPED, /**< not to be copied */
    PCAPNG_OPTION_BYTES,
    PCAPNG_OPTION_U32,
    PCAPNG_OPTION_U64
};

/** Appends options, turned into little endian, without the one that ends them; up to the first that is malformed. `kind`
 * tells what a code stands for. */
void pcapng_copy_options(GByteArray *out, bool big, const uint8_t *options, size_t n,
                         enum pcapng_option (*kind)(uint16_t code));

/** Appends a Decryption Secrets Block with a TLS key log, in the byte order of the section that it is for. */
void pcapng_put_secrets(GByteArray *out, bool big, const char *text, uint32_t n);

/** Writes the number to `p`, in the byte order of a section. */
void pcapng_put_u32(bool big, uint8_t *p, uint32_t value);
void pcapng_put_u64(bool big, uint8_t *p, uint64_t value);

#endif
