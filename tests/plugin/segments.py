# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures as lists of TCP segments, to cut and join and damage them."""

import random
import struct

import wireshark


class Segment:
    """A captured Ethernet frame with IPv4 and TCP."""

    def __init__(self, record, data):
        self.record, self.data = record, data
        self.ip = 14
        self.tcp = self.ip + (data[self.ip] & 15) * 4
        self.body = self.tcp + (data[self.tcp + 12] >> 4) * 4
        self.end = self.ip + struct.unpack_from(">H", data, self.ip + 2)[0]
        self.payload = data[self.body:self.end]
        self.ports = struct.unpack_from(">HH", data, self.tcp)
        self.seq = struct.unpack_from(">I", data, self.tcp + 4)[0]

    def with_payload(self, payload, seq):
        data = bytearray(self.data[:self.body]) + payload
        struct.pack_into(">H", data, self.ip + 2, len(data) - self.ip)
        struct.pack_into(">I", data, self.tcp + 4, seq & 0xffffffff)
        return Segment(self.record, bytes(data))


def read_pcap(data):
    assert data[:4] == b"\xd4\xc3\xb2\xa1", "not a little endian pcap"
    at, segments = 24, []
    while at < len(data):
        record = struct.unpack_from("<IIII", data, at)
        segments.append(Segment(record[:2], data[at + 16:at + 16 + record[2]]))
        at += 16 + record[2]
    return data[:24], segments


def write_pcap(head, segments):
    return head + b"".join(struct.pack("<IIII", *s.record, len(s.data), len(s.data)) + s.data for s in segments)


def segments_of(ws, capture):
    """The head of the capture as a pcap file, and its segments."""
    plain = ws.home / "plain.pcap"
    ws.run("tshark", "-r", ws.bring(capture)[0], "-F", "pcap", "-w", plain)
    return read_pcap(plain.read_bytes())


def depends_on_order(ws, capture):
    """Frames that look different in another order."""
    def look(order):
        with wireshark.Sharkd(ws, capture) as sharkd:
            return {n: sharkd.frame(n) for n in (order or range(1, sharkd.frames + 1))}
    expected = look(None)
    order = list(expected)
    random.Random(1).shuffle(order)
    found = look(order)
    return [n for n in expected if expected[n] != found[n]]
