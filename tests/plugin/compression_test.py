#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The compressed protocol: queries as the server logged them, wherever segments are cut; a damaged frame and a lost segment are
said, and the session goes on behind them; frames do not depend on the order of looking."""

import collections
import json
import pathlib
import tempfile
import zlib

import wireshark
from segments import depends_on_order, segments_of, write_pcap

DAMAGED = "mywire.note.frame_damaged"
CUTS = (1, 8, 100)
HEADER = 7
FRAME = 0xffffff
LOGIN_SEGMENTS = 6


def logged(capture):
    """Texts that reached the server's general log, of the connections with compression."""
    truth = json.loads(capture.with_name(wireshark.stem(capture) + ".truth.json").read_text())
    return [text for connection in truth["connections"] if connection["compression"]
            for kind, text in connection.get("general_log") or [] if kind == "Query"]


def queries(ws, capture):
    return [row[0].replace("\\n", "\n") for row in ws.fields(capture, ["mysql.query"], filter="mysql.query")]


def replies(ws, capture):
    """Rows and bytes of each reply that came to its end."""
    return [tuple(row) for row in ws.fields(capture, ["mywire.rows", "mywire.bytes"], filter="mywire.time_last")]


def is_compressed(payload):
    """A single frame whose data is compressed."""
    return len(payload) > 500 and len(payload) == HEADER + int.from_bytes(payload[:3], "little") and any(payload[4:7])


def cut(segments, size):
    """Each segment in `size` bytes and the rest; but for the login, by which the heuristic finds the session."""
    seen = collections.Counter()
    for segment in segments:
        payload = segment.payload
        seen[frozenset(segment.ports)] += bool(payload)
        if len(payload) <= size or seen[frozenset(segment.ports)] <= LOGIN_SEGMENTS:
            yield segment
        else:
            yield segment.with_payload(payload[:size], segment.seq)
            yield segment.with_payload(payload[size:], segment.seq + size)


def damaged(segment):
    payload = bytearray(segment.payload)
    payload[HEADER] ^= 0xff  # the algorithm's own head
    return segment.with_payload(payload, segment.seq)


def claiming_more(segment):
    """It says that it becomes 16 MiB."""
    payload = segment.payload[:4] + b"\xff\xff\xff" + segment.payload[7:]
    return segment.with_payload(payload, segment.seq)


def endless(segments):
    """The last reply but one becomes a packet of 96 MiB that does not end, in frames of 16 MiB that are small as sent."""
    server = segments[0].ports[1]
    replies = [i for i, s in enumerate(segments) if s.payload and s.ports[0] == server]
    at, out, moved = replies[-2], [], 0
    part = b"\xff\xff\xff%c" + bytes(0xffffff)
    content = b"".join(part % (sequence + 1) for sequence in range(6))
    frames = []
    for number, start in enumerate(range(0, len(content), FRAME)):
        data = content[start:start + FRAME]
        packed = zlib.compress(data)
        frames.append(len(packed).to_bytes(3, "little") + bytes([number + 1]) + len(data).to_bytes(3, "little") + packed)
    for i, segment in enumerate(segments):
        if i == at:
            for payload in frames:
                out.append(segment.with_payload(payload, segment.seq + moved))
                moved += len(payload)
            moved -= len(segment.payload)
        else:
            out.append(segment.with_payload(segment.payload, segment.seq + (moved if segment.ports[0] == server else 0)))
    return out


def remarks(ws, new):
    return [row[0] for row in ws.fields(new, ["_ws.expert.message"], filter=DAMAGED)]


def check_damaged(score, ws, new, name, whole):
    score.check(len(ws.fields(new, ["frame.number"], filter=DAMAGED)) == 1, f"{name}, damaged: not told, or more than once")
    found = replies(ws, new)
    missing = [reply for reply in whole if reply not in found]
    score.check(len(found) >= len(whole) - 1 and len(missing) == 1, f"{name}, damaged: replies {found}, whole {whole}")


def check(score, ws, capture, scratch):
    name = capture.name
    texts = queries(ws, capture)
    missing = [text for text in logged(capture) if text not in texts]
    score.check(not missing and texts, f"{name}: {missing} logged and not seen")
    whole = replies(ws, capture)
    score.check(whole, f"{name}: no reply to be seen")
    if capture.with_name(wireshark.stem(capture) + ".keys.txt").is_file():
        return
    head, segments = segments_of(ws, capture)
    new = pathlib.Path(scratch) / f"{wireshark.stem(capture)}.pcap"
    for size in CUTS:
        new.write_bytes(write_pcap(head, cut(segments, size)))
        score.check((queries(ws, new), replies(ws, new)) == (texts, whole), f"{name}, cut at {size}: other queries or replies")
        bad = depends_on_order(ws, new)
        score.check(not bad, f"{name}, cut at {size}: frames {bad} depend on the order of looking")
    status, out, _ = ws.tshark(new, "-o", "mywire.desegment:FALSE", "-V")
    score.check(status == 0 and "Dissector bug" not in out and "Malformed Packet" not in out, f"{name}, not reassembled: {status}")
    victims = [i for i, s in enumerate(segments) if is_compressed(s.payload)]
    if victims:
        first = victims[0]
        new.write_bytes(write_pcap(head, [damaged(s) if i == first else s for i, s in enumerate(segments)]))
        check_damaged(score, ws, new, name, whole)
        score.check("Damaged: " in "".join(remarks(ws, new)), f"{name}, damaged: told as {remarks(ws, new)}")
        score.check(not depends_on_order(ws, new), f"{name}, damaged: frames depend on the order of looking")
        new.write_bytes(write_pcap(head, [claiming_more(s) if i == first else s for i, s in enumerate(segments)]))
        check_damaged(score, ws, new, f"{name}, 16 MiB claimed", whole)
        why = "claim to become 16777215, more than zlib" if "zlib" in name else "does not decompress with zstd to 16777215"
        score.check(why in "".join(remarks(ws, new)), f"{name}, 16 MiB claimed: told as {remarks(ws, new)}")
        new.write_bytes(write_pcap(head, [s for i, s in enumerate(segments) if i != first]))
        status, out, _ = ws.tshark(new, "-V")
        score.check(status == 0 and "Dissector bug" not in out and "Malformed Packet" not in out, f"{name}, lost: {status}")
        found = queries(ws, new)
        score.check(found == texts, f"{name}, lost: queries {found}, whole {texts}")


def check_endless(score, ws, capture, scratch):
    head, segments = segments_of(ws, capture)
    whole, new = replies(ws, capture), pathlib.Path(scratch) / "endless.pcap"
    new.write_bytes(write_pcap(head, endless(segments)))
    told = " ".join(row[0] for row in ws.fields(new, ["_ws.expert.message"], filter="mywire.note.undecoded"))
    score.check("more than 64 MiB" in told, f"{capture.name}, endless packet: told as {told!r}")
    found = replies(ws, new)
    score.check(found == whole[:-2] + whole[-1:], f"{capture.name}, endless packet: replies {found}, whole {whole}")


def main():
    args = wireshark.parser(__doc__).parse_args()
    score = wireshark.Score()
    with wireshark.Wireshark(args.plugin) as ws, tempfile.TemporaryDirectory() as scratch:
        for capture in wireshark.captures_of(args):
            if ("zlib" in capture.name or "zstd" in capture.name) and not ("xprotocol" in capture.name or "16mb" in capture.name):
                check(score, ws, capture, scratch)
            if wireshark.stem(capture) == "mysql97-zlib-plain":
                check_endless(score, ws, capture, scratch)
    score.finish()


if __name__ == "__main__":
    main()
