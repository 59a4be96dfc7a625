#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is inside TLS, with Wireshark's own preference for a key log or with secrets in the capture: users and statements as the server
knows them, also in TLS from the first byte; streams that can be followed. (That frames do not depend on the order of looking is
random_access_test's.)"""

import collections
import json
import pathlib
import tempfile

import wireshark
from segments import depends_on_order

FIELDS = ["tcp.stream", "frame.protocols", "mysql.user", "mysql.query"]
SECRETS_INSIDE = "dsb"  # in the names of captures with a Decryption Secrets Block
TUNNEL = "direct-tls-tunnel"  # the server knows of no TLS there: both legs are captured
DECODE_AS = ("--disable-heuristic", "mywire_tls", "-d", "tls.port==13408,mywire")
INJECTED = ("tls13-caching-sha2-full", "zstd-tls12")  # for these the key log is put into the capture too
# A hole in TLS before the login, or TLS from its middle.
OTHERS = ("lost-segment-tls", "mid-stream-tls", "xprotocol")


def has_secrets(capture):
    return capture.with_name(wireshark.stem(capture) + ".keys.txt").is_file() or SECRETS_INSIDE in capture.name


def logged(connection):
    return [text for kind, text in connection.get("general_log") or [] if kind == "Query"]


class Seen:
    """What the plugin shows of the packets inside TLS, by stream."""

    def __init__(self, ws, capture, *more):
        self.queries, self.users = collections.defaultdict(list), collections.Counter()
        options = ("-o", "tcp.reassemble_out_of_order:TRUE", "-d", "tcp.port==13306,mywire")
        for stream, protocols, user, query in ws.fields(capture, FIELDS, *options, *more, filter="tls and mywire"):
            if "tls:mywire" in protocols:
                self.queries[int(stream)].append(query.replace("\\n", "\n"))
                self.users.update(name for name in user.split(",") if name)

    def shows(self, text):
        """A frame may hold several commands, and a command several statements."""
        return any(text in query for of_stream in self.queries.values() for query in of_stream)


def check_follow(score, ws, capture, seen):
    for stream, queries in seen.queries.items():
        text = next((query for query in queries if query.isprintable() and "\\" not in query and query), None)
        if text is None or "zlib" in capture.name or "zstd" in capture.name:
            continue
        _, out, _ = ws.tshark(capture, "-q", "-o", "tcp.reassemble_out_of_order:TRUE", "-z", f"follow,tls,ascii,{stream}")
        score.check(text.split(",")[0] in out, f"{capture.name}: stream {stream} followed does not tell {text!r}")
        return  # one of a capture is enough


def check_truth(score, capture, truth, seen):
    closed = truth.get("undecryptable") or []
    inside = [c for number, c in enumerate(truth["connections"], 1) if (c["tls"] or TUNNEL in capture.name) and number not in closed]
    users = collections.Counter(c["user"] for c in inside if c["user"])
    score.check(not users - seen.users, f"{capture.name}: the server knows {users}, inside TLS are {seen.users}")
    missing = [text for c in inside for text in logged(c) if not seen.shows(text)]
    score.check(not missing, f"{capture.name}: {missing[:3]} logged by the server, not seen inside TLS")


def check_decode_as(score, ws, capture, seen):
    """What the heuristic finds is found by port too."""
    found = Seen(ws, capture, *DECODE_AS)
    score.check(found.users == seen.users and found.queries == seen.queries, f"{capture.name}: other packets by Decode As")


def check_secrets_inside(score, ws, capture, seen, scratch):
    """The same keys in the capture itself. Frames do not move: a block of secrets is none."""
    path, options = ws.bring(capture)
    new = pathlib.Path(scratch) / f"inside-{wireshark.stem(capture)}.pcapng"
    keys = options[1].split(":", 1)[1]
    ws.run("editcap", "--inject-secrets", f"tls,{keys}", path, ws.home / new.name)
    new.write_bytes((ws.home / new.name).read_bytes())
    found = Seen(ws, new)
    score.check(found.users == seen.users and found.queries == seen.queries, f"{capture.name}: other packets with the secrets inside")
    bad = depends_on_order(ws, new)
    score.check(not bad, f"{capture.name}, secrets inside: frames {bad} depend on the order of looking")


def main():
    args = wireshark.parser(__doc__).parse_args()
    score = wireshark.Score()
    with wireshark.Wireshark(args.plugin) as ws, tempfile.TemporaryDirectory() as scratch:
        for capture in wireshark.captures_of(args):
            if not has_secrets(capture) or any(word in capture.name for word in OTHERS):
                continue
            seen = Seen(ws, capture)
            check_truth(score, capture, json.loads(capture.with_name(wireshark.stem(capture) + ".truth.json").read_text()), seen)
            check_follow(score, ws, capture, seen)
            if TUNNEL in capture.name:
                check_decode_as(score, ws, capture, seen)
            if any(word in capture.name for word in INJECTED) and capture.name.endswith(".pcapng"):
                check_secrets_inside(score, ws, capture, seen, scratch)
    score.finish()


if __name__ == "__main__":
    main()
