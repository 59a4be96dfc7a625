#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The X Protocol: rows, errors and logins as client and server counted them, on its port and on any; never MySQL's own protocol."""

import json
import pathlib
import shutil
import struct
import tempfile

import wireshark
from segments import depends_on_order, segments_of, write_pcap

PORT, ELSEWHERE = 33060, 40000
ERROR, LOGGED_IN, ROW = "1", "4", "13"
SIZE = 97  # of the pieces that segments are cut into: prime, so that borders fall anywhere


def moved(segments):
    """The same with the server at a port that nobody knows."""
    out = []
    for s in segments:
        data = bytearray(s.data)
        for at in (s.tcp, s.tcp + 2):
            if data[at:at + 2] == struct.pack(">H", PORT):
                data[at:at + 2] = struct.pack(">H", ELSEWHERE)
        out.append(type(s)(s.record, bytes(data)))
    return out


def cut(segments):
    """The same in small pieces."""
    out = []
    for s in segments:
        pieces = range(0, len(s.payload), SIZE) if s.payload else ()
        out += [s.with_payload(s.payload[at:at + SIZE], s.seq + at) for at in pieces] or [s]
    return out


def counts(ws, capture):
    types = [t for row in ws.fields(capture, ["mywire.x.server_type"], filter="mywire.x.server_type") for t in row[0].split(",")]
    return {"rows": types.count(ROW), "errors": types.count(ERROR), "logins": types.count(LOGGED_IN)}


def told(truth):
    statements = [s for c in truth["connections"] for s in c["client"]["ops"]]
    return {"rows": sum(s.get("rows", 0) for s in statements), "errors": sum(s.get("errno", 0) > 0 for s in statements),
            "logins": len(truth["connections"])}


def check(score, ws, capture, truth, what):
    found = counts(ws, capture)
    score.check(found == told(truth), f"{what}: {found}, client and server say {told(truth)}")
    protocols = {name for row in ws.fields(capture, ["frame.protocols"]) for name in row[0].split(":")}
    score.check("mywire_x" in protocols and not protocols & {"mywire", "mysql"}, f"{what}: taken for {protocols}")
    remarks = ws.fields(capture, ["frame.number"], filter="_ws.malformed")
    score.check(not remarks, f"{what}: malformed: {remarks}")
    bad = depends_on_order(ws, capture)
    score.check(not bad, f"{what}: frames {bad} depend on the order of looking")


def main():
    args = wireshark.parser(__doc__).parse_args()
    score = wireshark.Score()
    with wireshark.Wireshark(args.plugin) as ws, tempfile.TemporaryDirectory() as scratch:
        for capture in wireshark.captures_of(args):
            if "xprotocol" not in capture.name or "zstd" in capture.name or "deflate" in capture.name:
                continue  # what is compressed is not opened
            name = wireshark.stem(capture)
            truth = json.loads(capture.with_name(name + ".truth.json").read_text())
            check(score, ws, capture, truth, name)
            head, segments = segments_of(ws, capture)
            elsewhere = moved(segments)
            for what, made in (("another port", elsewhere), ("small segments", cut(segments))):
                new = pathlib.Path(scratch) / f"{name}.pcap"
                new.write_bytes(write_pcap(head, made))
                keys = capture.with_name(name + ".keys.txt")
                if keys.is_file():
                    shutil.copy(keys, scratch)
                check(score, ws, new, truth, f"{name}, {what}")
                if made is elsewhere:
                    claimed = ws.fields(new, ["frame.number"], "-o", "mywire.built_in:TRUE", filter="mywire_x")
                    score.check(not claimed, f"{name}: found although the plugin is to claim nothing by its looks")
    score.finish()


if __name__ == "__main__":
    main()
