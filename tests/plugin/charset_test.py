#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Statements in the character sets that a login can ask for, Wireshark's own and others: a recorded session with another collation
in its login and another text in its longest query, which Python encodes."""

import pathlib
import tempfile

import wireshark
from segments import segments_of, write_pcap

CAPTURE = "mysql97-text-resultset-eof"
HEADER, COLLATION, COM_QUERY = 4, 12, 3  # where a login has its collation
# Collation id, Python's codec, a text.
SETS = {
    "utf8mb4": (45, "utf-8", "Grüße, 東京"),
    "latin1": (8, "cp1252", "Grüße – 5 €"),
    "gbk": (28, "gbk", "北京"),
    "euckr": (19, "euc_kr", "서울"),
    "sjis": (13, "cp932", "東京ソ表ｱ"),  # a backslash is the second byte of two of them
    "ujis": (12, "euc_jp", "東京"),
    "big5": (1, "big5", "臺北功"),
    "koi8r": (7, "koi8_r", "Москва"),
    "cp850": (4, "cp850", "Grüße"),
    "cp852": (40, "cp852", "Łódź"),
    "cp1257": (59, "cp1257", "Rīga"),
}


def is_query(segment):
    return segment.payload[3:5] == bytes((0, COM_QUERY))


def rewritten(segments, collation, text):
    """The first client segment with data is the login."""
    queries = [i for i, s in enumerate(segments) if is_query(s)]
    longest = max(queries, key=lambda i: len(segments[i].payload))
    login = next(i for i, s in enumerate(segments) if s.payload and s.ports == segments[longest].ports)
    out = list(segments)
    payload = bytearray(segments[login].payload)
    payload[COLLATION] = collation
    out[login] = segments[login].with_payload(payload, segments[login].seq)
    room = len(segments[longest].payload) - HEADER - 1
    assert len(text) <= room, "the text is longer than the longest query"
    payload = segments[longest].payload[:HEADER + 1] + text.ljust(room)
    out[longest] = segments[longest].with_payload(payload, segments[longest].seq)
    return out


def main():
    args = wireshark.parser(__doc__).parse_args()
    score = wireshark.Score()
    capture = next(c for c in wireshark.captures_of(args) if wireshark.stem(c) == CAPTURE)
    with wireshark.Wireshark(args.plugin) as ws, tempfile.TemporaryDirectory() as scratch:
        head, segments = segments_of(ws, capture)
        for charset, (collation, codec, text) in SETS.items():
            new = pathlib.Path(scratch) / f"{charset}.pcap"
            new.write_bytes(write_pcap(head, rewritten(segments, collation, f"SELECT '{text}'".encode(codec))))
            found = [row[0].strip() for row in ws.fields(new, ["mysql.query"], filter="mysql.query")]
            score.check(f"SELECT '{text}'" in found, f"{charset}: {text} is not in {found}")
    score.finish()


if __name__ == "__main__":
    main()
