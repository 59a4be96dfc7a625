#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes the protected records of TLS 1.3 with AES-256-GCM out of a capture by oltp.py: tls_records.py CAPTURE KEYS OUT

OUT is what tls_floor.c reads, little endian: number of keys (4 bytes); key (32) and IV (12) of each; then the records in the order in
which they end in the capture: index of the key (4), length (4), header and fragment. Records of the handshake are among them: tls_floor
passes over what its key does not open. The capture must be whole: no packet lost, no handshake before the capture began.
"""
import hmac
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import capture  # noqa: E402

ETHERNET = 14
APPLICATION_DATA = 23


def secrets(path):
    """{(label, client random): secret}"""
    with open(path) as f:
        return {(line.split()[0], bytes.fromhex(line.split()[1])): bytes.fromhex(line.split()[2]) for line in f}


def expand(secret, label, n):
    """HKDF-Expand-Label of RFC 8446 section 7.1 with no context, at most one block long."""
    label = b"tls13 " + label
    return hmac.digest(secret, struct.pack(">HB", n, len(label)) + label + b"\0\1", "sha384")[:n]


class Side:
    """One direction of a connection: bytes in order, and what is not taken yet."""

    def __init__(self):
        self.next, self.early, self.data, self.packet_passed, self.key = None, {}, b"", False, None

    def push(self, sequence, data):
        if self.next is None:
            self.next = sequence
        self.early[sequence] = data
        while self.next in self.early:
            data = self.early.pop(self.next)
            self.data += data
            self.next = self.next + len(data) & 0xFFFFFFFF

    def records(self):
        """Whole records, once the greeting or the request for TLS before them was passed."""
        if not self.packet_passed and len(self.data) >= 4:
            end = 4 + int.from_bytes(self.data[:3], "little")
            if len(self.data) < end:
                return
            self.data, self.packet_passed = self.data[end:], True
        at = 0
        while self.packet_passed and len(self.data) >= at + 5:
            end = at + 5 + int.from_bytes(self.data[at + 3 : at + 5], "big")
            if len(self.data) < end:
                break
            yield self.data[at:end]
            at = end
        self.data = self.data[at:]


def segments(path, port):
    """-> (client's port, whether from the client, sequence number, bytes)"""
    link, packets = capture.read(path)
    if link != 1:
        sys.exit(f"{path}: not of Ethernet")
    for _, data, original in packets:
        if len(data) < original:
            sys.exit(f"{path}: packets are cut")
        tcp = ETHERNET + (data[ETHERNET] & 15) * 4
        end = ETHERNET + int.from_bytes(data[ETHERNET + 2 : ETHERNET + 4], "big")
        source, target, sequence = struct.unpack_from(">HHI", data, tcp)
        payload = data[tcp + (data[tcp + 12] >> 4) * 4 : end]
        if payload:
            yield (source if target == port else target), target == port, sequence, payload


def extract(path, keylog, port, out):
    """-> number of records"""
    known, keys, sides, randoms, records = secrets(keylog), [], {}, {}, []
    for client, from_client, sequence, payload in segments(path, port):
        side = sides.setdefault((client, from_client), Side())
        side.push(sequence, payload)
        for record in side.records():
            if from_client and client not in randoms:
                randoms[client] = record[11:43]  # of the ClientHello
            if record[0] != APPLICATION_DATA:
                continue
            if side.key is None:
                side.key = len(keys)
                label = "CLIENT_TRAFFIC_SECRET_0" if from_client else "SERVER_TRAFFIC_SECRET_0"
                secret = known[label, randoms[client]]
                keys.append(expand(secret, b"key", 32) + expand(secret, b"iv", 12))
            records.append(struct.pack("<II", side.key, len(record)) + record)
    with open(out, "wb") as f:
        f.write(struct.pack("<I", len(keys)) + b"".join(keys))
        f.writelines(records)
    return len(records)


if __name__ == "__main__":
    import oltp

    if len(sys.argv) != 4:
        sys.exit(__doc__)
    print(extract(sys.argv[1], sys.argv[2], oltp.PORT, sys.argv[3]), "records")
