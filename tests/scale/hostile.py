#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A hostile capture on stdout, with one honest connection woven into it: hostile.py SAMPLES KIND [SIZE]

The honest connection (VICTIM) comes from a sample, packet by packet, spread over the whole. Everything else is made to cost
memory or time, or to bring the reader out of step. SIZE scales it. ATTACKS lists the kinds.
"""
import itertools
import os
import struct
import sys
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crowd  # noqa: E402

VICTIM = "mysql97-plain-caching-sha2-fast.pcapng", 50014
ZLIB = "mysql97-zlib-plain.pcapng"
TLS = "mysql97-tls13-caching-sha2-full.pcapng", 57732
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
SERVER, PORT = b"\x7f\0\0\1", 13306
ETHER4, ETHER6 = bytes(12) + b"\x08\0", bytes(12) + b"\x86\xdd"
M32 = 0xFFFFFFFF


def tcp(source, target, seq, ack, flags, data=b"", window=512):
    return struct.pack(">HHIIBBHHH", source, target, seq & M32, ack & M32, 5 << 4, flags, window, 0, 0) + data


def ip4(source, target, rest, protocol=6, ident=0, fragment=0):
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(rest), ident, fragment, 64, protocol, 0) + source + target + rest


def ip6(source, target, rest, protocol=6):
    return struct.pack(">IHBB", 6 << 28, len(rest), protocol, 64) + source + target + rest


def client(number):
    return struct.pack(">I", 0x0A000000 + number // 60000), 1024 + number % 60000


def seg(number, down, seq, ack, flags, data=b""):
    """A segment between client `number` and the server; `down`: from the server."""
    ip, port = client(number)
    if down:
        return ETHER4 + ip4(SERVER, ip, tcp(PORT, port, seq, ack, flags, data))
    return ETHER4 + ip4(ip, SERVER, tcp(port, PORT, seq, ack, flags, data))


def packet(sequence, payload):
    return struct.pack("<I", len(payload))[:3] + bytes([sequence & 255]) + payload


class Peer:
    """A client that has logged in as one in a sample has, and what both sides say then."""

    def __init__(self, packets, end, number, opening=True):
        self.number = number
        self.next = [0, 0]
        self.packets = []
        for from_client, data in packets[:end]:
            seq, = struct.unpack_from(">I", data, crowd.TCP + 4)
            flags = data[crowd.TCP + 13]
            self.next[not from_client] = (seq + len(crowd.payload(data)) + (flags & SYN != 0)) & M32
            if opening:
                self.packets.append(seg(number, not from_client, seq, struct.unpack_from(">I", data, crowd.TCP + 8)[0], flags,
                                        crowd.payload(data)))

    def say(self, down, data):
        out = seg(self.number, down, self.next[down], self.next[not down], PSH | ACK, data)
        self.next[down] = (self.next[down] + len(data)) & M32
        return out


def peers(samples, n, first=0, sample=crowd.WELCOME, login=None):
    packets = crowd.read(samples, sample)
    end = login or crowd.said_by_client(packets)[1]
    return [Peer(packets, end, first + i) for i in range(n)]


def opened(made):
    """The openings of all, packet by packet in turn."""
    return itertools.chain.from_iterable(zip(*(p.packets for p in made)))


# -- TCP and below ------------------------------------------------------------------------------------------------------

def syn_flood(_, n):
    for i in range(n):
        yield seg(i, False, i * 7919, 0, SYN)


def syn_answers(_, n):
    """Handshakes that go wrong: answers to nothing, to another number, twice, crossing; data ahead of them."""
    for i in range(n // 8):
        yield seg(i, True, i, 99, SYN | ACK)
        yield seg(i, False, 1000 + i, 0, SYN)
        yield seg(i, True, 77, 55, SYN | ACK)
        yield seg(i, False, 500, 0, PSH, b"\x0a\0\0\0\x03SELECT 1")
        yield seg(i, True, 0, 0, SYN)
        yield seg(i, False, 1000 + i, 78, SYN | FIN)
        yield seg(i, False, 1001 + i, 78, 0xFF, b"x")
        yield seg(i, True, 78, 1001 + i, RST | SYN | FIN)


def tricks_on_victim(samples, n):
    """Segments with the victim's own addresses, none of which its receiver would take."""
    packets = crowd.read(samples, VICTIM)
    ends = packets[0][1][26:30], packets[0][1][30:34], *struct.unpack_from(">HH", packets[0][1], crowd.TCP)
    first = [next(struct.unpack_from(">I", d, crowd.TCP + 4)[0] for c, d in packets if c == up) for up in (True, False)]
    for i in range(n):
        down = i >> 3 & 1
        # Behind any window: these sides have SYNs with a scale of 10 and windows of 64 KiB.
        far = first[down] + (1 << 27) + i * 4096, first[not down] + (1 << 27) + i * 4096
        near = first[not down] + 1
        data = packet(0, b"\x03DROP TABLE t")
        seq, ack, flags, data = [(far[0], near, RST, b""), (far[0], near, RST | ACK, b""), (far[0], near, FIN | ACK, b""),
                                 (far[0], near, PSH | ACK, data), (first[down] - 9000, near, PSH | ACK, data),
                                 (far[0], far[1], ACK, b""), (far[0], near, PSH | FIN | ACK, data),
                                 (first[down] - 4096 - i, near, (RST, SYN, SYN | ACK)[i // 16 % 3], b"")][i & 7]
        a, b, p, q = ends if not down else (ends[1], ends[0], ends[3], ends[2])
        yield ETHER4 + ip4(a, b, tcp(p, q, seq, ack, flags, data))


def out_of_order(samples, n):
    """Holes that are never filled: everything behind them waits."""
    made = peers(samples, max(1, n // 40))
    yield from opened(made)
    for i in range(40):
        for p in made:
            yield seg(p.number, True, p.next[1] + 1 + i * 60000, p.next[0], PSH | ACK, bytes(59999))


def tiny_segments(samples, n):
    """The same in single bytes, backwards."""
    made = peers(samples, 20)
    yield from opened(made)
    for i in range(n // 20, 0, -1):
        for p in made:
            yield seg(p.number, False, p.next[0] + 2 * i, p.next[1], PSH | ACK, b"x")


def overlaps(samples, n):
    """Segments that lie over each other with other content, and wrap around."""
    made = peers(samples, 50)
    yield from opened(made)
    for i in range(n // 50):
        for p in made:
            yield seg(p.number, i & 1, p.next[i & 1] + 3 + i * 37 % 8000, p.next[not i & 1], ACK, bytes([i & 255]) * (i * 13 % 1400 + 1))


def fragments(_, n):
    """IPv4 and IPv6 fragments: never finished, tiny, over each other, beyond the end."""
    a6, b6 = bytes(15) + b"\1", bytes(15) + b"\2"
    for i in range(n // 4):
        source = struct.pack(">I", 0x0B000000 + i)
        ident = i & 0xFFFF
        yield ETHER4 + ip4(source, SERVER, bytes(1400), ident=ident, fragment=0x2000)
        yield ETHER4 + ip4(source, SERVER, bytes([i & 255]) * 8, ident=ident, fragment=0x2000 | i % 300)
        yield ETHER4 + ip4(source, SERVER, bytes(64), ident=ident, fragment=0x1FFF)
        yield ETHER6 + ip6(a6, b6, struct.pack(">BBHI", 6, 0, (i * 8 & 0xFFF8) | 1, i) + bytes(256), 44)


def layers(_, n):
    """Chains of IPv6 extension headers, tunnels in tunnels, of all lengths."""
    a6, b6 = bytes(15) + b"\1", bytes(15) + b"\2"
    inner = ip4(SERVER, SERVER, tcp(1, 2, 0, 0, SYN))
    for i in range(n // 3):
        depth = i % 60
        yield ETHER6 + ip6(a6, b6, b"\0\0\1\4\0\0\0\0" * depth + b"\x06\0\1\4\0\0\0\0" + tcp(i & 0xFFFF, PORT, 0, 0, SYN), 0)
        data = inner
        for _ in range(depth):
            data = ip4(SERVER, SERVER, data, 4)
        yield ETHER4 + data
        data = inner
        for _ in range(depth):
            data = ip4(SERVER, SERVER, b"\0\0\x08\0" + data, 47)
        yield ETHER4 + data


# -- MySQL --------------------------------------------------------------------------------------------------------------

def greetings(samples, n):
    """Servers that greet and never hear an answer."""
    packets = crowd.read(samples, crowd.WELCOME)
    greeting = next(i for i, (up, d) in enumerate(packets) if not up and crowd.payload(d)) + 1
    for i in range(n):
        yield from Peer(packets, greeting, i).packets[-1:]


def garbage(_, n):
    """From the middle, at the server's port: what may be a long packet."""
    for i in range(n):
        yield seg(i % (n // 2 or 1), i & 1, 5, 5, ACK | PSH, b"\0\0\x40\0\x03SELECT" + bytes(1300))


def long_packets(samples, n):
    """Packets of 16 MiB of which little comes, in both directions of many connections."""
    made = peers(samples, n // 4)
    yield from opened(made)
    for down in (0, 1):
        for p in made:
            yield p.say(down, b"\xfe\xff\xff" + bytes([down]) + b"\x03SELECT '" + bytes(30000))
    for down in (0, 1):
        for p in made:
            yield p.say(down, bytes(30000))


def endless_packet(samples, n):
    """One packet of parts of 16 MiB - 1 without end."""
    p, = peers(samples, 1)
    yield from p.packets
    left, sequence = 0, 0
    for _ in range(n // 10):
        data = b""
        while len(data) < 60000:
            if left == 0:
                data += b"\xff\xff\xff" + bytes([sequence & 255])
                sequence, left = sequence + 1, 0xFFFFFF
            more = min(left, 60000 - len(data))
            data, left = data + bytes(more), left - more
        yield p.say(0, data)


def bombs(samples, n):
    """Compressed frames of 16 MiB of zeros, and some that say they are and are not."""
    packets = crowd.read(samples, zlib_victim(samples))
    p = Peer(packets, zlib_login(packets), 7)
    yield from p.packets
    zeros = zlib.compress(bytes(0xFFFFFF), 9)
    frame = struct.pack("<I", len(zeros))[:3] + b"\0\xff\xff\xff" + zeros
    lie = struct.pack("<I", 100)[:3] + b"\0\xff\xff\xff" + bytes(100)
    for i in range(max(4, n // 2000)):
        for data in (frame, lie):
            for at in range(0, len(data), 1400):
                yield p.say(0, data[at:at + 1400])


def zlib_victim(samples):
    """The first connection of the sample, by its client's port."""
    _, packets = crowd.capture.read(os.path.join(samples, ZLIB))
    return ZLIB, next(struct.unpack_from(">H", d, crowd.TCP)[0] for _, d, _ in packets if d[crowd.TCP + 13] == SYN)


def zlib_login(packets):
    """Number of packets up to the first compressed frame, which is the client's."""
    return crowd.said_by_client(packets)[1]


def half_frames(samples, n):
    """Compressed frames of which the last byte never comes."""
    packets = crowd.read(samples, zlib_victim(samples))
    made = [Peer(packets, zlib_login(packets), i) for i in range(n // 4)]
    yield from opened(made)
    for down in (0, 1):
        for p in made:
            yield p.say(down, b"\xff\xff\xff\0\0\0\0" + bytes(30000))
    for down in (0, 1):
        for p in made:
            yield p.say(down, bytes(30000))


def columns(samples, n):
    """Results of 65,535 columns that never come."""
    made = peers(samples, n // 8)
    yield from opened(made)
    for _ in range(3):
        for p in made:
            yield p.say(0, packet(0, b"\x03SELECT 1"))
            yield p.say(1, packet(1, b"\xfc\xff\xff"))


def statements(samples, n):
    """Prepared statements without end, of 65,535 parameters each; and those that are never answered."""
    made = peers(samples, 8)
    yield from opened(made)
    for i in range(n // 16):
        for p in made[:4]:
            yield p.say(0, packet(0, b"\x16SELECT " + b"?," * 400 + b"?"))
            yield p.say(1, packet(1, struct.pack("<BIHHBH", 0, i * 4 + 1, 0, 65535, 0, 0)))
    question = packet(0, b"\x16SELECT " + b"?," * 30000 + b"?")[:60000]
    question = packet(0, question[4:])
    for i in range(max(1, n // 50)):
        for p in made[4:]:
            yield p.say(0, question)


def unanswered(samples, n):
    """Commands of 30 KB that nobody answers."""
    made = peers(samples, 100)
    yield from opened(made)
    data = packet(0, b"\x03SELECT '" + b"x" * 30000 + b"'")
    for i in range(n // 100):
        for p in made:
            yield p.say(0, data)


def attributes(samples, n):
    """Logins with 50 KB of attributes, nothing else."""
    packets = crowd.read(samples, crowd.WELCOME)
    login = crowd.said_by_client(packets)[0]
    said = crowd.payload(packets[login][1])
    body = said[4:]
    at = body.index(b"_client_name") - 1
    while body[at:at + 1] != b"\x0c":
        at -= 1
    # The length of the map stands right before its first key: one byte in the sample.
    many = b"".join(b"\x03%03d\x09 an value" % (i % 1000) for i in range(3500))
    body = body[:at - 1] + b"\xfc" + struct.pack("<H", len(many)) + many
    for i in range(n // 8):
        p = Peer(packets, login, i)
        yield from p.packets
        data = packet(1, body)
        for piece in range(0, len(data), 30000):
            yield p.say(0, data[piece:piece + 30000])


def half_records(samples, n):
    """TLS records of 16 KB, and handshakes of 16 MB, that never end, behind an SSLRequest."""
    packets = crowd.read(samples, TLS)
    made = [Peer(packets, crowd.said_by_client(packets)[0] + 1, i) for i in range(n // 4)]
    yield from opened(made)
    for kind in (b"\x16\x03\x03\x40\x00\x02\xff\xff\xff", b"\x17\x03\x03\x41\x00"):
        for p in made:
            yield p.say(0, kind + bytes(2000))
        for p in made:
            yield p.say(1, kind + bytes(16000))
        for p in made:
            yield p.say(1, bytes(8000))


ATTACKS = [half_records, syn_flood, syn_answers, tricks_on_victim, out_of_order, tiny_segments, overlaps, fragments, layers, greetings, garbage,
           long_packets, endless_packet, bombs, half_frames, columns, statements, unanswered, attributes]


def woven(samples, attack, size):
    """Yields the capture: the attack with the victim's packets spread over it."""
    victim = [data for _, data in crowd.read(samples, VICTIM)]
    yield struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
    time = 1_700_000_000 * 10**9
    total = sum(1 for _ in attack(samples, size))
    every = max(1, total // (len(victim) + 2))
    at = 0

    def record(data):
        nonlocal time
        time += 1000
        return struct.pack("<IIII", time // 10**9, time % 10**9, len(data), len(data)) + data

    if attack is tricks_on_victim:  # both sides have opened: from then on their windows are known
        for data in victim[:3]:
            yield record(data)
        at = 3
    for i, data in enumerate(attack(samples, size)):
        if i % every == 0 and i and at < len(victim):
            yield record(victim[at])
            at += 1
        yield record(data)
    for data in victim[at:]:
        yield record(data)


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    attack = next(a for a in ATTACKS if a.__name__ == sys.argv[2])
    pieces, n = [], 0
    for piece in woven(sys.argv[1], attack, int(sys.argv[3]) if len(sys.argv) > 3 else 100_000):
        pieces.append(piece)
        n += len(piece)
        if n > 1 << 18:
            sys.stdout.buffer.write(b"".join(pieces))
            pieces, n = [], 0
    sys.stdout.buffer.write(b"".join(pieces))


if __name__ == "__main__":
    main()
