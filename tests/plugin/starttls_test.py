#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The hand-off to TLS, wherever the segments are cut: SSLRequest and ClientHello in one segment (as receive offload joins
them), the ClientHello split in such a segment, the SSLRequest split. The login inside must be read in all of them, and
frames must not depend on the order of looking."""

import pathlib
import tempfile

import wireshark
from segments import depends_on_order, segments_of, write_pcap

CAPTURES = ("shape-base-tls", "mysql97-tls12-caching-sha2-full", "mariadb118-ed25519", "mysql97-tls13-caching-sha2-full")


def is_ssl_request(payload):
    return len(payload) == 36 and payload[:4] == b"\x20\0\0\1"


def find_hand_off(segments):
    """Positions of each SSLRequest and of the ClientHello behind it."""
    for i, segment in enumerate(segments):
        if is_ssl_request(segment.payload):
            j = next(k for k in range(i + 1, len(segments)) if segments[k].payload and segments[k].ports == segment.ports)
            yield i, j


def recut(segments, sizes):
    """The two packets of each hand-off, cut to these sizes; the rest makes one more segment."""
    out, gone = {}, set()
    for i, j in find_hand_off(segments):
        stream, pieces, at = segments[i].payload + segments[j].payload, [], 0
        for size in (*sizes, len(stream)):
            if at < len(stream):
                pieces.append(segments[i].with_payload(stream[at:at + size], segments[i].seq + at))
                at += size
        out[i] = pieces
        gone.add(j)
    return [piece for k, s in enumerate(segments) if k not in gone for piece in out.get(k, [s])]


CUTS = {"in one segment": (), "ClientHello split": (100,), "ClientHello split in its header": (38,),
        "SSLRequest split": (20,), "SSLRequest split in its header": (2,)}


def users(ws, capture):
    return sorted(row[0] for row in ws.fields(capture, ["mysql.user"], filter="mysql.user"))


def main():
    args = wireshark.parser(__doc__).parse_args()
    score = wireshark.Score()
    chosen = [c for c in wireshark.captures_of(args) if wireshark.stem(c) in CAPTURES]
    with wireshark.Wireshark(args.plugin) as ws, tempfile.TemporaryDirectory() as scratch:
        for capture in chosen:
            expected = users(ws, capture)
            score.check(expected, f"{capture.name}: no login to be seen")
            head, segments = segments_of(ws, capture)
            for what, sizes in CUTS.items():
                new = pathlib.Path(scratch) / f"{wireshark.stem(capture)}.pcap"
                new.write_bytes(write_pcap(head, recut(segments, sizes)))
                keys = capture.with_name(wireshark.stem(capture) + ".keys.txt")
                if keys.is_file():
                    new.with_name(keys.name).write_bytes(keys.read_bytes())
                found = users(ws, new)
                score.check(found == expected, f"{capture.name}, {what}: logins {found}, uncut {expected}")
                bad = depends_on_order(ws, new)
                score.check(not bad, f"{capture.name}, {what}: frames {bad} depend on the order of looking")
    score.finish()


if __name__ == "__main__":
    main()
