/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of a pcapng file, as they stand there (draft-ietf-opsawg-pcapng, section 3):
 *
 *     type  length  body, padded to 4 bytes  length again        all in the byte order of the section
 *
 * A section header block's type reads the same in both orders; behind its length stands a magic number that tells. */
#ifndef ANALYZER_PCAPNG_BLOCK_H
#define ANALYZER_PCAPNG_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/** Types of blocks. */
enum {
    PCAPNG_SECTION = 0x0a0d0d0a,
    PCAPNG_INTERFACE = 1,
    PCAPNG_OLD_PACKET = 2,
    PCAPNG_SIMPLE_PACKET = 3,
    PCAPNG_PACKET = 6, /**< the enhanced packet block */
    PCAPNG_SECRETS = 10
};

/** Lengths in bytes. */
enum {
    PCAPNG_HEADER = 8,       /**< type and length */
    PCAPNG_OVERHEAD = 12,    /**< these and the length at the end */
    PCAPNG_SECTION_MIN = 28, /**< a section header without options */
    PCAPNG_SECRETS_MIN = 20  /**< a secrets block without secrets */
};

/** What stands behind the length of a section header. */
#define PCAPNG_MAGIC 0x1a2b3c4du

/** Type of secrets: a TLS key log, the only one that is read here. */
#define PCAPNG_TLS_KEY_LOG 0x544c534bu

/** A whole block. `bytes` belongs to the reader and is valid until its next call. */
struct pcapng_block {
    uint64_t offset;      /**< of its first byte in the file, unpacked */
    uint32_t type;        /**< PCAPNG_ … */
    uint32_t size;        /**< at `bytes`, a multiple of 4, at least PCAPNG_OVERHEAD */
    const uint8_t *bytes; /**< from its type to the length at its end */
    bool big;             /**< its section is big endian */
};

/** What a Decryption Secrets Block holds. `data` points into the block. */
struct pcapng_secrets {
    uint32_t type; /**< PCAPNG_TLS_KEY_LOG, or another */
    const uint8_t *data;
    uint32_t n; /**< bytes at `data` */
};

/** What reading came to. */
enum pcapng_status {
    PCAPNG_OK,  /**< there is another block */
    PCAPNG_END, /**< the file ended behind a block */
    PCAPNG_CUT, /**< the file ended inside a block */
    PCAPNG_BAD, /**< a block contradicts itself, or is larger than the limit */
    PCAPNG_IO   /**< the file cannot be read; or it was compressed, and its data is damaged or cut */
};

struct pcapng_reader;

/** Makes a reader of `file`, which stays the caller's and stands at the beginning. `ahead`: read more than is needed
 * now; not for pipes, where that would wait for packets to come. `max_block`: bytes of the largest block that is read.
 */
struct pcapng_reader *pcapng_reader_new(FILE *file, bool ahead, uint64_t max_block);

/** Reads the next block. What is no PCAPNG_OK stays. Lengths of sections are not looked at: a section ends where
 * another begins. */
enum pcapng_status pcapng_reader_next(struct pcapng_reader *r, struct pcapng_block *out);

/** Hands out what follows the block last read without looking at it: `*bytes` and their number, which are the reader's
 * until its next call. Returns 0 at the end of the file, or where it cannot be read; pcapng_reader_status() tells
 * which. From then on pcapng_reader_next() must not be called. */
size_t pcapng_reader_raw(struct pcapng_reader *r, const uint8_t **bytes);

/** What the last call came to. */
enum pcapng_status pcapng_reader_status(const struct pcapng_reader *r);

/** Says that the block last read is damaged: `problem` is a clause, copied. Returns PCAPNG_BAD, as every later
 * pcapng_reader_next() does. */
enum pcapng_status pcapng_reader_blame(struct pcapng_reader *r, const char *problem);

/** The sentence about a status that is neither OK nor END, for the user; `name` is the file's and `packets` how many
 * packets have been read. The caller frees it with g_free(). */
char *pcapng_reader_explain(const struct pcapng_reader *r, const char *name, uint64_t packets);

/** Whether the reader stopped because a block was larger than the limit. */
bool pcapng_reader_hit_limit(const struct pcapng_reader *r);

/** Frees the reader, not its file. NULL is allowed. */
void pcapng_reader_free(struct pcapng_reader *r);

/** Whether Wireshark gives a block of this type a frame number, as it does to packets, and to some others that are
 * none. */
bool pcapng_is_frame(uint32_t type);

/** Whether it is a block that holds a packet. */
static inline bool pcapng_is_packet(uint32_t type)
{
    return type == PCAPNG_PACKET || type == PCAPNG_SIMPLE_PACKET || type == PCAPNG_OLD_PACKET;
}

/** Reads the body of a Decryption Secrets Block. Returns false where its lengths contradict each other. */
bool pcapng_block_secrets(const struct pcapng_block *block, struct pcapng_secrets *out);

/** The number of 16 bits at `p`, in the byte order of a section. */
static inline uint16_t pcapng_u16(bool big, const uint8_t *p)
{
    return (uint16_t)(big ? p[0] << 8 | p[1] : p[1] << 8 | p[0]);
}

/** The number of 32 bits at `p`, in the byte order of a section. */
static inline uint32_t pcapng_u32(bool big, const uint8_t *p)
{
    return big ? (uint32_t)pcapng_u16(big, p) << 16 | pcapng_u16(big, p + 2)
               : (uint32_t)pcapng_u16(big, p + 2) << 16 | pcapng_u16(big, p);
}

/** The number of 64 bits at `p`, in the byte order of a section. */
static inline uint64_t pcapng_u64(bool big, const uint8_t *p)
{
    return big ? (uint64_t)pcapng_u32(big, p) << 32 | pcapng_u32(big, p + 4)
               : (uint64_t)pcapng_u32(big, p + 4) << 32 | pcapng_u32(big, p);
}

/** `n` made a multiple of 4. */
static inline uint64_t pcapng_padded(uint64_t n)
{
    return (n + 3) & ~(uint64_t)3;
}

#endif
