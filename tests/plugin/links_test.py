#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands and replies point at each other, and the times, rows and bytes of a reply are those of the analyzer's records, which other
tests compare with what server and client said."""

import json
import subprocess

import wireshark

LINKS = ["frame.number", "mywire.response_in", "mywire.response_to"]
REPLY = ["mywire.time_first", "mywire.time_last", "mywire.bytes"]
# That the two faces do not read alike: cut, out of order for Wireshark's TCP as it is set at first, or on a port that it
# would have to be told; after a loss Wireshark opens no more of TLS.
OTHERS = ("cut-short", "snaplen", "out-of-order", "retransmission-overlap", "one-way", "mid-stream", "lost-segment-tls")


def numbers(text):
    return [int(part) for part in text.split(",")] if text else []


def microseconds(text):
    """Wireshark writes seconds with nine places."""
    return [int(part.replace(".", "")) // 1000 for part in text.split(",")] if text else []


def check_links(score, ws, capture):
    rows = {int(row[0]): (numbers(row[1]), numbers(row[2])) for row in ws.fields(capture, LINKS, "-2")}
    for frame, (response_in, response_to) in rows.items():
        for other in response_in:
            score.check(frame in rows[other][1], f"{capture.name}: the reply to frame {frame} in {other} does not point back")
        for other in set(response_to):
            score.check(min(rows[other][0], default=frame + 1) <= frame,
                        f"{capture.name}: frame {frame} answers {other}, which expects nothing before")


def check_replies(score, ws, capture, binary):
    keys = capture.with_name(wireshark.stem(capture) + ".keys.txt")
    options = ["--keylog", keys] if keys.is_file() else []
    records = subprocess.run([binary, "commands", "-F", "ndjson", *options, capture], stdout=subprocess.PIPE, check=False).stdout
    commands = [record for record in map(json.loads, records.splitlines()) if record["event"] == "command"]
    expected = sorted((c["first_byte_us"], c["duration_us"], c["response_bytes"]) for c in commands
                      if c["duration_us"] is not None and c["response"] not in ("none", "lost"))
    found = []
    for first, last, size in ws.fields(capture, REPLY, "-2", filter="mywire.time_last"):
        found += zip(microseconds(first), microseconds(last), numbers(size))
    score.check(sorted(found) == expected, f"{capture.name}: replies {sorted(set(found) ^ set(expected))[:6]} in one face alone")
    executions = sum(c["command"] == "COM_STMT_EXECUTE" and c["sql"] is not None for c in commands)
    shown = ws.fields(capture, ["mywire.statement_text"], filter="mysql.command == 23 and mywire.statement_text")
    score.check(bool(shown) == bool(executions), f"{capture.name}: {executions} executions have a text, Wireshark shows {len(shown)}")


def main():
    args = wireshark.parser(__doc__, binary=True).parse_args()
    score = wireshark.Score()
    with wireshark.Wireshark(args.plugin) as ws:
        for capture in wireshark.captures_of(args):
            if any(word in capture.name for word in OTHERS):
                continue
            check_links(score, ws, capture)
            check_replies(score, ws, capture, args.binary)
    score.finish()


if __name__ == "__main__":
    main()
