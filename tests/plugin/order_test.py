#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Segments that come out of order: what is left undecoded tells which of Wireshark's preferences puts them in order, and with it
the session is the same."""

import pathlib
import tempfile

import wireshark
from segments import depends_on_order, segments_of, write_pcap

CAPTURES = ("shape-mss88-plain", "mysql97-zlib-plain")
IN_ORDER = ("-o", "tcp.reassemble_out_of_order:TRUE")
HINT = "tcp.reassemble_out_of_order"


def swapped(segments):
    """The longest segment of the server in two halves, the second first."""
    server = segments[0].ports[1]
    at = max(range(len(segments)), key=lambda i: (len(segments[i].payload) * (segments[i].ports[0] == server), i))
    long, size = segments[at], len(segments[at].payload) // 2
    halves = [long.with_payload(long.payload[size:], long.seq + size), long.with_payload(long.payload[:size], long.seq)]
    return segments[:at] + halves + segments[at + 1:]


def told(ws, capture, *options):
    return [tuple(row) for row in ws.fields(capture, ["mysql.query", "mywire.rows", "mywire.bytes"], *options, filter="mysql.query or mywire.bytes")]


def main():
    args = wireshark.parser(__doc__).parse_args()
    score = wireshark.Score()
    with wireshark.Wireshark(args.plugin) as ws, tempfile.TemporaryDirectory() as scratch:
        for capture in wireshark.captures_of(args):
            if wireshark.stem(capture) not in CAPTURES:
                continue
            head, segments = segments_of(ws, capture)
            new = pathlib.Path(scratch) / f"{wireshark.stem(capture)}.pcap"
            new.write_bytes(write_pcap(head, swapped(segments)))
            remarks = " ".join(row[0] for row in ws.fields(new, ["_ws.expert.message"], filter="mywire.note.undecoded"))
            whole = told(ws, capture)  # inside a packet that is reassembled anyway, Wireshark puts segments in order
            score.check(HINT in remarks or told(ws, new) == whole, f"{capture.name}: no hint at the preference: {remarks!r}")
            score.check(told(ws, new, *IN_ORDER) == whole, f"{capture.name}: put in order it is another session")
            bad = depends_on_order(ws, new)
            score.check(not bad, f"{capture.name}: frames {bad} depend on the order of looking")
    score.finish()


if __name__ == "__main__":
    main()
