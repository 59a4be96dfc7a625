#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every sample, taken in another way, tells the same.

    transform_test.py MYWIRE SAMPLES [--only NAME] [--seed N]

What changes nothing that the streams carry (reordering within a window, duplicates, overlaps, other segments, other layers
below IP, fragments, rotation, compression, other traffic between) must change no record. What loses something (segments, the beginning, the
ends of packets, a direction) must not add a command, a row or an error: what is told as exact is told as before, the rest is part of it. And
nothing may be lost but what was: commands that begin while nothing is outstanding, and whose packets are all there up to the next such moment,
are told with their outcome, whatever is missing before. Samples in one capture with others tell the same too. The
records of the samples themselves are held to the truth by other tests. The seed is printed; the same seed makes the same captures.
"""
import argparse
import copy
import gzip
import ipaddress
import json
import random
import struct
import subprocess
import sys
import tempfile
import typing
from pathlib import Path

import capture

ETHERNET = 1
LARGEST = 300_000  # bytes of a sample that is worth the time
FIN, SYN, RST, ACK = 1, 2, 4, 16
# What depends on where and when packets were seen, or on what the transformation adds.
VOLATILE = {"connection", "packet", "start_ns", "end_ns", "first_byte_us", "duration_us", "id", "files", "first_packet",
            "tcp_connect_us", "greeting_us", "tls_us", "auth_us", "login_us",
            "paired_with", "leg", "proxy_added_us"}  # an id, whose greeting came first, a duration
FACTS = ("command", "sql", "params", "response", "resultsets", "columns", "rows", "affected_rows", "last_insert_id", "error_code",
         "error_message", "sqlstate")


class Packet(typing.NamedTuple):
    """A TCP segment with its addresses, and when it was captured."""
    time: int
    src: bytes
    dst: bytes
    sport: int
    dport: int
    seq: int
    ack: int
    flags: int
    window: int
    payload: bytes

    def end(self):
        return self.seq + len(self.payload)


# -- reading -----------------------------------------------------------------------------------------------------------


def segment_of(time, frame):
    """The segment in an Ethernet frame, or None for anything but whole TCP over IP."""
    kind = struct.unpack_from(">H", frame, 12)[0]
    ip = frame[14:]
    if kind == 0x0800 and ip[9] == 6 and not struct.unpack_from(">H", ip, 6)[0] & 0x3FFF:
        total = struct.unpack_from(">H", ip, 2)[0] or len(ip)
        src, dst, tcp = ip[12:16], ip[16:20], ip[(ip[0] & 15) * 4 : total]
    elif kind == 0x86DD and ip[6] == 6:
        total = 40 + (struct.unpack_from(">H", ip, 4)[0] or len(ip) - 40)
        src, dst, tcp = ip[8:24], ip[24:40], ip[40:total]
    else:
        return None
    sport, dport, seq, ack, offset, flags, window = struct.unpack_from(">HHIIBBH", tcp)
    return Packet(time, src, dst, sport, dport, seq, ack, flags & 63, window, tcp[(offset >> 4) * 4 :])


def segments_of(path):
    """All segments of a sample, or None for one of another shape."""
    if path.stat().st_size > LARGEST:
        return None
    link, packets = capture.read(path)
    if link != ETHERNET or any(len(data) != original for _, data, original in packets):
        return None
    found = [segment_of(time, data) for time, data, _ in packets]
    return found if all(found) else None


def overlaps(path):
    """Segments that begin inside what was sent before: behind a lost one no packet begins where a segment does."""
    return "retransmission-overlap" in path.name


def is_lossy(path):
    """What is missing already would be missing in other ways; secrets inside a file are not written again."""
    return any(word in path.name for word in ("lost-segment", "mid-stream", "dsb"))


# -- writing -----------------------------------------------------------------------------------------------------------


def tcp_of(p):
    return struct.pack(">HHIIBBHHH", p.sport, p.dport, p.seq & 0xFFFFFFFF, p.ack, 5 << 4, p.flags, p.window, 0, 0) + p.payload


def ip_of(p):
    """The segment in an IP packet; checksums are left to the hardware, as offload does."""
    tcp = tcp_of(p)
    if len(p.src) == 4:
        return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0x4000, 64, 6, 0) + p.src + p.dst + tcp
    return struct.pack(">IHBB", 0x60000000, len(tcp), 6, 64) + p.src + p.dst + tcp


def outer(protocol, inner):
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(inner), 1, 0x4000, 64, protocol, 0) + bytes([10, 9, 0, 1, 10, 9, 0, 2]) + inner


def udp(port, inner):
    return outer(17, struct.pack(">HHHH", 49152, port, 8 + len(inner), 0) + inner)


MACS = bytes.fromhex("020000000001020000000002")


def ethernet(ip, tags=b""):
    return MACS + tags + ethertype(ip) + ip


def ethertype(ip):
    return b"\x08\x00" if ip[0] >> 4 == 4 else b"\x86\xdd"


# name -> (link type, function of an IP packet)
LAYERS = {
    "ethernet": (1, ethernet),
    "vlan": (1, lambda ip: ethernet(ip, b"\x81\x00\x00\x05")),
    "qinq": (1, lambda ip: ethernet(ip, b"\x88\xa8\x00\x05\x81\x00\x00\x06")),
    "mpls": (1, lambda ip: MACS + b"\x88\x47\x00\x01\x00\x40\x00\x01\x11\x40" + ip),
    "pppoe": (1, lambda ip: MACS + b"\x88\x64\x11\x00\x00\x01" + struct.pack(">H", len(ip) + 2)
              + (b"\x00\x21" if ip[0] >> 4 == 4 else b"\x00\x57") + ip),
    "cooked": (113, lambda ip: bytes.fromhex("0000030400060000000000000000") + ethertype(ip) + ip),
    "cooked2": (276, lambda ip: ethertype(ip) + bytes.fromhex("000000000002030400060000000000000000") + ip),
    "null": (0, lambda ip: struct.pack("<I", 2 if ip[0] >> 4 == 4 else 30) + ip),
    "raw": (101, lambda ip: ip),
    "nflog": (239, lambda ip: bytes([2 if ip[0] >> 4 == 4 else 10, 0, 0, 0]) + struct.pack("<HH", len(ip) + 4, 9) + ip),
    "ipip": (101, lambda ip: outer(4 if ip[0] >> 4 == 4 else 41, ip)),
    "gre": (101, lambda ip: outer(47, b"\x20\x00" + ethertype(ip) + b"\x00\x00\x00\x2a" + ip)),
    "erspan": (1, lambda ip: ethernet(outer(47, b"\x10\x00\x88\xbe\x00\x00\x00\x01" + bytes(8) + ethernet(ip)))),
    "vxlan": (1, lambda ip: ethernet(udp(4789, b"\x08\x00\x00\x00\x00\x00\x2a\x00" + ethernet(ip)))),
    "geneve": (101, lambda ip: udp(6081, b"\x01\x00\x65\x58\x00\x00\x2a\x00\x01\x02\x03\x00" + ethernet(ip))),
    "gtp": (101, lambda ip: udp(2152, b"\x30\xff" + struct.pack(">H", len(ip)) + b"\x00\x00\x00\x01" + ip)),
}


def fragments(ip, size=96):
    """An IPv4 packet in fragments; others as they are."""
    if ip[0] >> 4 != 4 or len(ip) <= 20 + size:
        return [ip]
    body, out = ip[20:], []
    number = struct.pack(">H", hash(ip) & 0xFFFF)
    for at in range(0, len(body), size):
        piece = body[at : at + size]
        more = 0x2000 if at + size < len(body) else 0
        out.append(ip[:2] + struct.pack(">H", 20 + len(piece)) + number + struct.pack(">H", more | at // 8) + ip[8:20] + piece)
    return out


def shuffled(pieces, rng):
    return rng.sample(pieces, len(pieces))


def frames(segments, layer="ethernet"):
    link, wrap = LAYERS[layer]
    return link, [(p.time, wrap(ip_of(p)), None) for p in segments]


def write(path, link, packets, zipped=False):
    with (gzip.open if zipped else open)(path, "wb") as f:
        capture.write_header(f, link)
        for time, data, original in packets:
            f.write(capture.record(time, data, original or len(data)))


# -- what changes nothing ----------------------------------------------------------------------------------------------


def retimed(segments, times):
    """In this order, at these times: a capture's times do not go back."""
    return [p._replace(time=time) for p, time in zip(segments, times)]


def reorder(segments, rng):
    """Shuffled within windows of four packets; what opens connections stays."""
    out = list(segments)
    at = 0
    while at < len(out):
        window = out[at : at + 4]
        if not any(p.flags & (SYN | FIN | RST) for p in window):
            rng.shuffle(window)
            out[at : at + 4] = window
        at += 4
    return retimed(out, [p.time for p in segments])


def duplicate(segments, rng):
    out = []
    for p in segments:
        out += [p] * rng.choice((1, 1, 2, 3))
    return out


def overlap(segments, rng):
    """Segments begin anew up to their half back in the one before."""
    out, before = [], {}
    for p in segments:
        key = (p.src, p.sport, p.dst, p.dport)
        last = before.get(key)
        before[key] = p
        if p.payload and last and last.payload and last.end() == p.seq:
            back = rng.randrange(len(last.payload) + 1)
            p = p._replace(seq=p.seq - back, payload=last.payload[len(last.payload) - back :] + p.payload)
        out.append(p)
    return out


def split(segments, size):
    out = []
    for p in segments:
        pieces = [p.payload[i : i + size] for i in range(0, len(p.payload), size)] or [b""]
        for i, piece in enumerate(pieces):
            last = i == len(pieces) - 1
            out.append(p._replace(seq=p.seq + i * size, payload=piece, flags=p.flags if last else p.flags & ~(FIN | RST)))
    return out


def noise(time, port, said):
    """Another protocol's connection: what each side says, from the client on."""
    ends = [(bytes([10, 1, 0, 1]), 40000 + port % 1000), (bytes([10, 1, 0, 2]), port)]
    numbers = [1000, 9000]
    out = []

    def send(side, flags, payload=b""):
        (src, sport), (dst, dport) = ends[side], ends[1 - side]
        out.append(Packet(time + len(out), src, dst, sport, dport, numbers[side], numbers[1 - side] if flags & ACK else 0, flags, 502,
                          payload))
        numbers[side] += len(payload) + bool(flags & (SYN | FIN))

    send(0, SYN)
    send(1, SYN | ACK)
    send(0, ACK)
    for i, text in enumerate(said):
        if text:
            send(i % 2, ACK, text)
    send(0, FIN | ACK)
    send(1, FIN | ACK)
    return out


NOISE = [
    (80, [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"]),
    (6379, [b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n", b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n", b"$-1\r\n"]),
    (5432, [b"\0\0\0\x26\0\x03\0\0user\0app\0database\0shop\0\0", b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I", b"Q\0\0\0\rSELECT 1\0",
            b"T\0\0\0\x21\0\x01?column?\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0"]),
    (22, [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"\0\0\x01\x0c\x0a\x14" + bytes(40)]),
    (25, [b"", b"220 mail ESMTP\r\n", b"EHLO a\r\n", b"250 mail\r\n"]),
    (443, [bytes.fromhex("160301005e0100005a0301") + bytes(83), bytes.fromhex("16030300310200002d0303") + bytes(43)]),
]


def interleave(segments, rng):
    out = list(segments)
    for port, said in NOISE:
        start = rng.choice(segments).time
        out += noise(start, port, said)
    return sorted(out, key=lambda p: p.time)


def moved(address, net):
    """An address as it is in a network of its own."""
    return bytes([10, net, *address[-2:]]) if len(address) == 4 else bytes([0xFD, net, *bytes(6), *address[-8:]])


def together(samples, rng):
    """Several samples in one capture, in the order of their times since a moment in which all begin, more or less."""
    out = []
    for net, segments in enumerate(samples):
        late = rng.randrange(50_000_000) - min(p.time for p in segments)
        out += [p._replace(time=10**18 + p.time + late, src=moved(p.src, net), dst=moved(p.dst, net)) for p in segments]
    return sorted(out, key=lambda p: p.time)


# name -> function of segments and a random generator, which gives a list of files: (link type, packets)
LOSSLESS = {f"layer {name}": lambda s, rng, name=name: [frames(s, name)] for name in LAYERS}
LOSSLESS |= {
    "reordered": lambda s, rng: [frames(reorder(s, rng))],
    "duplicated": lambda s, rng: [frames(duplicate(s, rng))],
    "overlapping": lambda s, rng: [frames(overlap(s, rng))],
    "split to 1": lambda s, rng: [frames(split(s, 1))] if sum(len(p.payload) for p in s) < 20000 else [],
    "split to 7": lambda s, rng: [frames(split(s, 7))] if sum(len(p.payload) for p in s) < 100000 else [],
    "split and duplicated": lambda s, rng: [frames(duplicate(split(s, 300), rng))],
    "in fragments": lambda s, rng: [(101, [(p.time, piece, None) for p in s for piece in fragments(ip_of(p))])],
    "in fragments, shuffled": lambda s, rng: [
        (101, [(p.time, piece, None) for p in s for piece in shuffled(fragments(ip_of(p)), rng)])],
    "with others between": lambda s, rng: [frames(interleave(s, rng))],
    "rotated": lambda s, rng: [frames(part) for part in (s[: len(s) // 3], s[len(s) // 3 : len(s) // 2], s[len(s) // 2 :]) if part],
    "rotated, other link types": lambda s, rng: [frames(part, layer) for part, layer in
                                                 ((s[: len(s) // 2], "vxlan"), (s[len(s) // 2 :], "cooked2")) if part],
}


# -- what loses something ----------------------------------------------------------------------------------------------


def dropped(segments, rng, count):
    places = [i for i, p in enumerate(segments) if p.payload]
    gone = set(rng.sample(places, min(count, len(places))))
    return [p for i, p in enumerate(segments) if i not in gone]


def snapped(segments, length):
    link, packets = frames(segments)
    return link, [(time, data[:length], len(data)) for time, data, _ in packets]


def one_way(segments, side):
    """Only what one side sent: 0 who opened its connection."""
    openers = {(p.src, p.sport, p.dst, p.dport) for p in segments if p.flags & SYN and not p.flags & ACK}
    return [p for p in segments if ((p.src, p.sport, p.dst, p.dport) in openers) == (side == 0)]


LOSSY = {f"{n} dropped, {i}": lambda s, rng, n=n: [frames(dropped(s, rng, n))] for n in (1, 3, 10) for i in range(3)}
LOSSY |= {f"from the middle, {i}": lambda s, rng: [frames(s[rng.randrange(len(s)) :])] for i in range(4)}
LOSSY |= {f"cut to {n}": lambda s, rng, n=n: [snapped(s, n)] for n in (60, 96, 200)}
LOSSY |= {"client alone": lambda s, rng: [frames(one_way(s, 0))], "server alone": lambda s, rng: [frames(one_way(s, 1))]}


# -- comparing ---------------------------------------------------------------------------------------------------------


def run(mywire, what, keys, ports, path):
    argv = [mywire, what, "-F", "ndjson", *keys, *ports, str(path)]
    done = subprocess.run(argv, capture_output=True, timeout=120)
    if done.returncode not in (0, 3) or b"Sanitizer" in done.stderr:
        raise RuntimeError(f"status {done.returncode}: {done.stderr.decode(errors='replace')[-400:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


class Told:
    """What mywire tells of a capture, by the client's address and port; a port that is used twice has two."""

    def __init__(self, mywire, keys, ports, path):
        self.keys, self.turns = keys, {}
        connections = run(mywire, "connections", keys, ports, path)
        self.connections, self.commands = {}, {}
        ends = {}
        for c in connections:
            end = ends[c["id"]] = (c["client_ip"], c["client_port"])
            self.connections.setdefault(end, []).append({k: v for k, v in c.items() if k not in VOLATILE})
        commands = run(mywire, "commands", keys, ports, path)
        for c in commands:
            self.commands.setdefault(ends[c["connection"]], []).append({k: v for k, v in c.items() if k not in VOLATILE})
        for id, end in ends.items():
            if len(self.connections[end]) == 1:
                self.turns[end] = turns_of(sorted((c for c in commands if c["connection"] == id), key=lambda c: c["ordinal"]))
        for commands in self.commands.values():
            commands.sort(key=lambda c: c["ordinal"])  # they are told as they end, which depends on the order of packets


def first_difference(want, got):
    for i, (w, g) in enumerate(zip(want, got)):
        if w != g:
            keys = [k for k in w if w[k] != g.get(k)]
            return f"#{i + 1} {keys[0]}: {g.get(keys[0])!r}, before {w[keys[0]]!r}"
    return f"{len(got)}, before {len(want)}"


def same(before, after):
    for what in ("connections", "commands"):
        want, got = getattr(before, what), getattr(after, what)
        for end in want.keys() | got.keys():
            if want.get(end) != got.get(end):
                yield f"{what} of {end}: {first_difference(want.get(end, []), got.get(end, []))}"


def is_part_of(got, want):
    """Whether a record tells nothing that the whole one contradicts."""
    if got["command"] is not None and got["command"] != want["command"]:
        return False
    if any(got[k] is not None and got[k] != want[k] for k in ("user", "database")):
        return False
    if got["exact"]:
        return all(got[k] == want[k] or (k in ("sql", "params", "columns") and got[k] is None) for k in FACTS)
    # What is not exact may be another reply's: but the request was made.
    return got["sql"] is None or want["sql"] is None or want["sql"].startswith(got["sql"].split("\ufffd")[0])


def nothing_new(before, after):
    for end, commands in after.commands.items():
        whole = before.commands.get(end, [])
        at = 0
        for got in commands:
            if got["command"] in (None, "COM_UNKNOWN"):
                continue  # an answer alone, or bytes that are said to be no command
            found = next((i for i in range(at, len(whole)) if is_part_of(got, whole[i])), None)
            if found is None:
                told = {k: got[k] for k in ("command", "sql", "response", "rows", "error_code", "exact")}
                yield f"{end} #{got['ordinal']}: {told} was never said"
                break
            at = found + 1
    for end in after.connections.keys() - before.connections.keys():
        if (end[0], end[1]) not in before.connections:
            yield f"{end}: no such connection"


# What depends on the addresses, or on the keys of the others.
UNMOVED = {"server_ip": None, "client_ip": None, "tls_reason": None}


def part_of(told, net):
    """What is told of the sample that was moved to a network, as if it had not been."""
    def ours(address):
        return not address or ipaddress.ip_address(address).packed[0] in (10, 0xFD) and ipaddress.ip_address(address).packed[1] == net

    part = copy.copy(told)
    part.connections = {end: [c | UNMOVED for c in records]
                        for end, records in told.connections.items() if ours(end[0])}
    part.commands = {end: commands for end, commands in told.commands.items() if ours(end[0])}
    return part


def moved_back(told, net):
    """What was told of a sample, under the addresses that it is moved to."""
    def ends(records):
        return {(str(ipaddress.ip_address(moved(ipaddress.ip_address(end[0]).packed, net))), end[1]): v for end, v in records.items()}

    part = copy.copy(told)
    part.connections = ends({end: [c | UNMOVED for c in records]
                             for end, records in told.connections.items()})
    part.commands = ends(told.commands)
    return part


def check_together(mywire, samples, rng, folder):
    """-> names of groups of samples, and what was found wrong with each."""
    names = rng.sample(sorted(samples), len(samples))
    for at in range(0, len(names), 4):
        group = names[at : at + 4]
        path = folder / "together.pcap"
        write(path, *frames(together([samples[name][0] for name in group], rng)))
        keys = [option for name in group for option in samples[name][1].keys]
        try:
            after = Told(mywire, keys, [], path)
            found = [f"{name}: {line}" for net, name in enumerate(group)
                     for line in same(moved_back(samples[name][1], net), part_of(after, net))]
        except (RuntimeError, subprocess.TimeoutExpired, ValueError) as error:
            found = [str(error)]
        yield "together: " + ", ".join(group), found


# -- nothing but what was lost -----------------------------------------------------------------------------------------


def turns_of(commands):
    """Commands by the moments when nothing is outstanding: [(number of the packet with which a turn begins, its commands)]."""
    turns, over = [], 0
    for c in commands:
        if c["start_ns"] >= over or not turns:
            turns.append((c["packet"], []))
        turns[-1][1].append({k: c[k] for k in FACTS})
        if c["response"] != "none":
            over = max(over, c["start_ns"] + 1000 * (c["duration_us"] + 1) if c["duration_us"] is not None else 1 << 63)
    return turns


def survivors(before, segments, there):
    """The commands of every connection that must be told where only the packets `there` (indexes) are whole."""
    for end, turns in before.turns.items():
        record = before.connections[end][0]
        mine = [i for i, p in enumerate(segments) if p.payload and end[1] in (p.sport, p.dport)]
        first = turns[0][0] if turns else 0
        if record["tls"] and not all(i in there for i in mine if i + 1 < first):
            continue  # without the handshake nothing is opened
        if record["tls_version"] == "TLSv1":  # with CBC a record's first block cannot be read without the record before it
            sides = [[i for i in mine if (segments[i].sport == end[1]) == side] for side in (True, False)]
            there = {i for side in sides for at, i in enumerate(side) if i in there and (at == 0 or side[at - 1] in there)}
        kept = []
        for number, (packet, commands) in enumerate(turns):
            until = turns[number + 1][0] if number + 1 < len(turns) else len(segments) + 1
            if all(i in there for i in mine if packet <= i + 1 < until or i + 1 == packet):
                kept += [c for c in commands if c["command"] != "COM_UNKNOWN"]  # a byte like any other
        yield end, kept


def is_told(want, got):
    """Whether a record tells a command and its outcome."""
    vague = ("sql", "params", "columns")  # what is sent ahead, or was agreed on, may be missing
    return all(got[k] == want[k] or (k in vague and (got[k] is None or not got["exact"])) for k in FACTS)


def nothing_lost(before, after, segments, there):
    for end, wanted in survivors(before, segments, there):
        told, at = after.commands.get(end, []), 0
        for want in wanted:
            found = next((i for i in range(at, len(told)) if is_told(want, told[i])), None)
            if found is None:
                yield f"{end}: {[want[k] for k in ('command', 'sql', 'response', 'rows', 'error_code')]} is not told"
                break
            at = found + 1


def whole_ones(segments, files):
    """Indexes of the segments that a transformation has left whole."""
    left = {(time, data) for _, packets in files for time, data, original in packets if not original or original == len(data)}
    return {i for i, (time, data, _) in enumerate(frames(segments)[1]) if (time, data) in left}


# ----------------------------------------------------------------------------------------------------------------------


def keys_of(path):
    keys = path.with_name(path.name.split(".")[0] + ".keys.txt")
    return ["--keylog", str(keys)] if keys.exists() else []


def ports_of(told):
    """MySQL's ports, which a capture from the middle has to be told."""
    ports = {c["server_port"] for records in told.connections.values() for c in records if c["protocol"] == "mysql"}
    return [option for port in sorted(ports) for option in ("-p", str(port))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mywire")
    parser.add_argument("samples", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="only every n-th transformation of a sample")
    args = parser.parse_args()
    passed, failures, turn, samples = 0, [], 0, {}
    with tempfile.TemporaryDirectory() as scratch:
        for path in sorted(args.samples.glob("*.pcap*")):
            segments = segments_of(path) if path.suffix in (".pcap", ".pcapng") else None
            if not segments:
                continue
            keys = keys_of(path)
            before = Told(args.mywire, keys, [], path)
            ports = ports_of(before)
            if "dsb" not in path.name:
                samples[path.name] = segments, before
            for table, compare in ((LOSSLESS, same), (LOSSY, nothing_new)):
                if table is LOSSLESS and is_lossy(path):
                    continue
                for name, transform in table.items():
                    turn += 1
                    if args.only not in f"{path.name}: {name}" or turn % args.every:
                        continue
                    files = transform(segments, random.Random(f"{args.seed} {path.name} {name}"))
                    if not files:
                        continue
                    folder = Path(scratch) / str(turn)
                    folder.mkdir()
                    for i, (link, packets) in enumerate(files):
                        write(folder / f"{9 - i}.pcap", link, packets, zipped=i % 2)
                    target = folder if len(files) > 1 else folder / "9.pcap"
                    try:
                        after = Told(args.mywire, keys, ports, target)
                        found = list(compare(before, after))
                        if table is LOSSY and not is_lossy(path) and not overlaps(path):
                            found += nothing_lost(before, after, segments, whole_ones(segments, files))
                    except (RuntimeError, subprocess.TimeoutExpired, ValueError) as error:
                        found = [str(error)]
                    passed += not found
                    if found:
                        failures.append(f"{path.name}: {name}")
                        print(f"FAILED {path.name}: {name}")
                        for line in found[:2]:
                            print(f"  {line[:300]}")
                    elif not args.only:
                        for file in folder.iterdir():
                            file.unlink()
        for name, found in check_together(args.mywire, samples, random.Random(args.seed), Path(scratch)) if samples and not args.only else ():
            passed += not found
            if found:
                failures.append(name)
                print(f"FAILED {name}")
                for line in found[:2]:
                    print(f"  {line[:300]}")
    print(f"seed {args.seed}: {passed} passed, {len(failures)} failed")
    return bool(failures) or passed == 0


if __name__ == "__main__":
    sys.exit(main())
