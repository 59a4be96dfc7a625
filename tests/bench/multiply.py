#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Multiplies real traffic: multiply.py OUT.pcap BYTES CAPTURE...

Writes the packets of the captures again and again, each round from other client addresses and later in time, until the
file has BYTES bytes. Rounds overlap, so that many connections are open at once, as on a busy server. Only plain pcap and
pcapng with Ethernet, Linux cooked v1 or raw IPv4 packets can be multiplied.
"""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import capture  # noqa: E402

IP_AT = {1: 14, 12: 0, 101: 0, 113: 16}  # link type -> offset of the IPv4 header


def addressed(link, packets):
    """[(time relative to the first packet, data, original length, offset of the client's address or None)]"""
    out, clients = [], {}
    first = packets[0][0]
    for time_ns, data, original in packets:
        at, where = IP_AT[link], None
        if len(data) >= at + 40 and data[at] >> 4 == 4 and data[at + 9] == 6:
            tcp = at + (data[at] & 15) * 4
            source, target = struct.unpack_from(">HH", data, tcp)
            pair = tuple(sorted((source, target)))
            if data[tcp + 13] & 0x12 == 2:  # SYN: its sender is the client
                clients[pair] = source
            client = clients.get(pair, max(pair))
            where = at + (12 if client == source else 16)
        out.append((time_ns - first, data, original, where))
    return out


def main():
    out, size, paths = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    sources = [(link, addressed(link, packets)) for link, packets in map(capture.read, paths)]
    links = {link for link, _ in sources}
    if len(links) != 1:
        sys.exit(f"multiply: the captures have several link types: {sorted(links)}")
    rounds, written, start = 0, 24, 1_700_000_000 * 10**9
    with open(out, "wb") as f:
        capture.write_header(f, links.pop())
        while written < size:
            # 64 rounds at a time, woven together by time
            batch = []
            for _ in range(64):
                for number, (_, packets) in enumerate(sources):
                    rounds += 1
                    address = struct.pack(">I", 0x0A000000 | rounds & 0xFFFFFF)
                    shift = start + rounds * 1_000_000 + number * 10_000
                    for when, data, original, where in packets:
                        if where is not None:
                            data = data[:where] + address + data[where + 4 :]
                        batch.append((shift + when, data, original))
            batch.sort(key=lambda p: p[0])
            blob = b"".join(capture.record(*p) for p in batch)
            f.write(blob)
            written += len(blob)
            start += 10**9
    print(f"{out}: {written} bytes, {rounds} rounds")


if __name__ == "__main__":
    main()
