# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading and writing capture files, as far as the benches need it: pcap and pcapng in, nanosecond pcap out."""
import struct


def read(path):
    """-> (link type, [(time_ns, data, original length)]) of a plain pcap or pcapng with one link type."""
    with open(path, "rb") as f:
        raw = f.read()
    return _pcapng(raw) if raw[:4] == b"\x0a\x0d\x0d\x0a" else _pcap(raw)


def _pcap(raw):
    magic = raw[:4]
    order = "<" if magic in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    unit = 1 if magic in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 1000
    link = struct.unpack_from(order + "I", raw, 20)[0]
    at, packets = 24, []
    while at + 16 <= len(raw):
        seconds, fraction, captured, original = struct.unpack_from(order + "IIII", raw, at)
        packets.append((seconds * 10**9 + fraction * unit, raw[at + 16 : at + 16 + captured], original))
        at += 16 + captured
    return link, packets


def _pcapng(raw):
    order = "<" if raw[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
    at, link, unit, packets = 0, None, 10**3, []
    while at + 12 <= len(raw):
        kind, size = struct.unpack_from(order + "II", raw, at)
        if kind == 1:
            link = struct.unpack_from(order + "H", raw, at + 8)[0]
            option = at + 16
            while option + 4 <= at + size - 4:
                code, length = struct.unpack_from(order + "HH", raw, option)
                if code == 0:
                    break
                if code == 9:
                    unit = 10 ** (9 - raw[option + 4])
                option += 4 + (length + 3) // 4 * 4
        elif kind == 6:
            _, high, low, captured, original = struct.unpack_from(order + "IIIII", raw, at + 8)
            packets.append(((high << 32 | low) * unit, raw[at + 28 : at + 28 + captured], original))
        at += size
    return link, packets


def write_header(f, link):
    f.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link))


def record(time_ns, data, original):
    return struct.pack("<IIII", time_ns // 10**9, time_ns % 10**9, len(data), original) + data


def cut(path, out, size):
    """Copies the beginning of a plain pcap: whole packets, at least `size` bytes if there are so many. -> bytes written"""
    with open(path, "rb") as f, open(out, "wb") as g:
        header = f.read(24)
        order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}.get(header[:4])
        if not order:
            raise SystemExit(f"{path} is no plain pcap")
        g.write(header)
        written = 24
        while written < size and len(packet := f.read(16)) == 16:
            packet += f.read(struct.unpack_from(order + "I", packet, 8)[0])
            g.write(packet)
            written += len(packet)
    return written
