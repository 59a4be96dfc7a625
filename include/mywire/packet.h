/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One logical packet of the protocol: header and payload, parts of 16 MiB already joined. */
#ifndef MYWIRE_PACKET_H
#define MYWIRE_PACKET_H

#include "mywire/base.h"

/** Where in the capture something was. */
struct mw_stamp {
    int64_t time_ns; /**< since the epoch, UTC */
    uint64_t number; /**< number of the captured packet, from 1 */
};

struct mw_packet {
    const uint8_t *payload; /**< borrowed; never NULL, even when empty */
    uint32_t have;          /**< bytes at `payload` */
    uint64_t length;        /**< bytes that the payload had on the wire, ≥ have */
    uint64_t lost;          /**< of these, bytes that were not captured */
    uint32_t parts;         /**< headers on the wire: 1, or more above 16 MiB */
    uint8_t sequence;       /**< sequence id of the first part */
    uint8_t last_sequence;  /**< … of the last part */
    bool broken_parts;      /**< sequence ids of the parts did not count up */
    struct mw_stamp first;  /**< captured packet that carried the first byte */
    struct mw_stamp last;   /**< … the last byte */
};

/** Size of a packet header. */
enum { MW_HEADER = 4 };

/** A payload part of this size is followed by another part. */
#define MW_PART_MAX 0xffffffu

#endif
