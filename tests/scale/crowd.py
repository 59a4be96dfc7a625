#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture of very many connections, on stdout: crowd.py SAMPLES AT_ONCE IN_TURN

AT_ONCE connections log in, packet by packet in turn, and stay; then IN_TURN others come and go, one after the other; then those
that stayed say something and end. Each is a copy of a real connection of a sample, from an address and a port of its own and with
a thread id of its own. Nothing of it is kept, so it may be as large as one likes.

How a connection ends follows from its number; endings() counts them.
"""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import capture  # noqa: E402

WELCOME = "mysql97-too-many-connections.pcapng", 57982  # a login, a query of one row, QUIT
REFUSED = "mysql97-login-errors.pcapng", 57912          # error 1049
SERVER_PORT = 13306
ETHERNET, TCP = 14, 34  # offsets; the IP headers have no options
ADDRESSES = slice(26, 38)  # both, and both ports behind them
RST, ACK = 4, 16
BATCH = 512


def read(samples, sample):
    """The connection's packets: [(is it the client's?, bytes)]"""
    name, port = sample
    link, packets = capture.read(os.path.join(samples, name))
    assert link == 1
    ends = [(struct.unpack_from(">HH", data, TCP), data) for _, data, _ in packets]
    return [(source == port, data) for (source, target), data in ends if port in (source, target)]


def payload(data):
    size = struct.unpack_from(">H", data, ETHERNET + 2)[0]
    return data[TCP + (data[TCP + 12] >> 4) * 4:ETHERNET + size]


def said_by_client(packets):
    """Numbers of its packets with something in them: the login, the query, QUIT."""
    return [i for i, (client, data) in enumerate(packets) if client and payload(data)]


def reset(packets):
    """A client's reset behind all that it said."""
    last = packets[said_by_client(packets)[-1]][1]
    size = len(payload(last))
    data = bytearray(last[:len(last) - size])
    struct.pack_into(">I", data, TCP + 4, struct.unpack_from(">I", last, TCP + 4)[0] + size)
    struct.pack_into(">H", data, ETHERNET + 2, len(data) - ETHERNET)
    data[TCP + 13] = RST | ACK
    return True, bytes(data)


class Template:
    """A connection as a list of strings with places for times, addresses and thread id: join() makes its packets."""

    def __init__(self, packets, server):
        self.parts, self.times, self.threads, self.ends = [], [], [], ([], [])
        self.server = server
        for client, data in packets:
            self.times.append(len(self.parts))
            self.ends[client].append(len(self.parts) + 2)
            self.parts += [b"", struct.pack("<III", 0, len(data), len(data)) + data[:ADDRESSES.start], b""]
            rest = data[ADDRESSES.stop:]
            if not client and not self.threads and payload(data)[4:5] == b"\x0a":
                at = len(rest) - len(payload(data)) + payload(data).index(b"\0", 5) + 1
                self.threads.append(len(self.parts) + 1)
                self.parts += [rest[:at], b"", rest[at + 4:]]
            else:
                self.parts.append(rest)

    def fill(self, number, second):
        """The packets of connection `number`, at `second`. Every address has 50,000 ports."""
        ip, port = struct.pack(">I", 0x0A010000 + number // 50000), 10000 + number % 50000
        parts, when = self.parts, struct.pack("<I", second)
        both = (self.server + ip + struct.pack(">HH", SERVER_PORT, port),
                ip + self.server + struct.pack(">HH", port, SERVER_PORT))
        for i in self.times:
            parts[i] = when
        for places, ends in zip(self.ends, both):
            for i in places:
                parts[i] = ends
        for i in self.threads:
            parts[i] = struct.pack("<I", number + 1)
        return b"".join(parts)


def ending(number):
    return {7: "rejected", 9: "reset"}.get(number % 10, "open" if number % 20 == 8 else "complete")


def ending_of_staying(number):
    return ("complete", "open", "reset")[number % 3]


def endings(at_once, in_turn):
    """{how: how many connections}"""
    counts = dict.fromkeys(("complete", "rejected", "open", "reset"), 0)
    for number in range(at_once):
        counts[ending_of_staying(number)] += 1
    for number in range(in_turn):
        counts[ending(number)] += 1
    return counts


def crowd(samples, at_once, in_turn):
    """Yields the capture in pieces."""
    whole = read(samples, WELCOME)
    login, query, bye = said_by_client(whole)
    kinds = {"complete": whole, "open": whole[:bye], "reset": whole[:bye] + [reset(whole[:bye])],
             "rejected": read(samples, REFUSED)}
    server = whole[0][1][30:34]
    second = 1_700_000_000
    yield struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)

    def rounds(begin, end):
        """One packet of every connection that stays, then the next one."""
        nonlocal second
        for i in range(begin, end):
            one = {kind: Template(packets[i:i + 1], server) for kind, packets in kinds.items() if i < len(packets)}
            for first in range(0, at_once, BATCH):
                batch = range(first, min(first + BATCH, at_once))
                yield b"".join(one[kind].fill(n, second) for n in batch if (kind := ending_of_staying(n)) in one)
            second += 1

    yield from rounds(0, query)
    templates = {kind: Template(packets, server) for kind, packets in kinds.items()}
    for first in range(0, in_turn, BATCH):
        batch = range(first, min(first + BATCH, in_turn))
        yield b"".join(templates[ending(n)].fill(at_once + n, second) for n in batch)
        second += 1
    yield from rounds(query, len(whole))


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    for piece in crowd(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])):
        sys.stdout.buffer.write(piece)


if __name__ == "__main__":
    main()
