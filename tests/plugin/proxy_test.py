#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Headers of the PROXY protocol: what they say is what the server was told; however they are cut into segments, and whatever
stands behind them. On a port that the plugin does not know Wireshark's own dissector has the header, and the plugin the rest."""

import json
import pathlib
import shutil
import struct
import tempfile

import wireshark
from segments import depends_on_order, segments_of, write_pcap

CAPTURE = "shape-proxy-protocol"
TUNNEL = "shape-direct-tls-tunnel"
OWN = 3306
ELSEWHERE = 13318  # where the server of CAPTURE listens
SOURCES = ("ipv4", "ipv6")
V2 = b"\r\n\r\n\0\r\nQUIT\n"
HTTP = b"GET / HTTP/1.1\r\nHost: db.example\r\n\r\n"


def is_header(payload):
    return payload.startswith((b"PROXY ", V2))


def moved(segments, port):
    """The same with the server at another port."""
    server = struct.pack(">H", ELSEWHERE)
    out = []
    for s in segments:
        data = bytearray(s.data)
        for at in (s.tcp, s.tcp + 2):
            if data[at:at + 2] == server:
                data[at:at + 2] = struct.pack(">H", port)
        out.append(type(s)(s.record, bytes(data)))
    return out


def cut(segments, places):
    """Each header in pieces that end at these places."""
    out = []
    for s in segments:
        if not is_header(s.payload):
            out.append(s)
            continue
        borders = [0] + [p for p in places if p < len(s.payload)] + [len(s.payload)]
        out += [s.with_payload(s.payload[a:b], s.seq + a) for a, b in zip(borders, borders[1:])]
    return out


def behind_a_header(segments, port, header, together):
    """`header` before the first bytes that the client of each connection to this port says; without the segments before that,
    whose numbers contradict it."""
    out, done = [], set()
    for s in segments:
        flow = frozenset(s.ports)
        if port in flow and flow not in done:
            if not s.payload:
                continue
            done.add(flow)
            if together:
                s = s.with_payload(header + s.payload, s.seq - len(header))
            else:
                out.append(s.with_payload(header, s.seq - len(header)))
        out.append(s)
    return out


class Maker:
    def __init__(self, scratch, capture, head):
        self.scratch, self.capture, self.head, self.made = pathlib.Path(scratch), capture, head, 0

    def file(self, segments):
        """A capture of these, with its key log beside it."""
        self.made += 1
        new = self.scratch / f"made{self.made}.pcap"
        new.write_bytes(write_pcap(self.head, segments))
        keys = self.capture.with_name(wireshark.stem(self.capture) + ".keys.txt")
        if keys.is_file():
            shutil.copy(keys, self.scratch / f"made{self.made}.keys.txt")
        return new


def rows(ws, capture, *options, filter="mywire.proxy"):
    names = ["tcp.srcport", "_ws.col.Info", "mywire.proxy.source.port", *(f"mywire.proxy.source.{s}" for s in SOURCES)]
    return ws.fields(capture, names, *options, filter=filter)


def users(ws, capture, *options):
    return len(ws.fields(capture, ["mysql.user"], *options, filter="mysql.user"))


def protocols(ws, capture, *options):
    return [row[0] for row in ws.fields(capture, ["frame.protocols"], *options, filter="tcp.len > 0")]


def check_truth(score, ws, capture, truth, what):
    """On the plugin's own port."""
    told = {int(c["tcp_client_port"]): c for c in truth["connections"] if "tcp_client_port" in c}
    found = rows(ws, capture)
    score.check(len(found) == 6, f"{what}: {len(found)} headers")
    score.check(all(row[1].startswith("PROXY v") for row in found), f"{what}: the Info column says {[r[1] for r in found]}")
    sources = {int(row[0]): (row[3] or row[4], row[2]) for row in found if row[2]}
    expected = {port: (c["client_addr"], str(c["client_port"])) for port, c in told.items()}
    score.check(sources == expected, f"{what}: the headers say {sources}, the server was told {expected}")
    score.check(users(ws, capture) == len(truth["connections"]), f"{what}: {users(ws, capture)} logins")
    remarks = ws.fields(capture, ["_ws.expert.message"], filter="_ws.malformed or mywire.undecoded")
    score.check(not remarks, f"{what}: malformed or undecoded: {remarks}")
    bad = depends_on_order(ws, capture)
    score.check(not bad, f"{what}: frames {bad} depend on the order of looking")


def check_elsewhere(score, ws, capture, connections):
    """On a port that the plugin does not know."""
    score.check(not rows(ws, capture), "elsewhere: a header alone may be anybody's")
    score.check(users(ws, capture) == connections, "elsewhere: the sessions behind the headers are found")
    once, twice = protocols(ws, capture), protocols(ws, capture, "-2")
    score.check(once == twice, "elsewhere: a second look tells the same")
    score.check(sum(p.endswith(":proxy") for p in once) == 6, "elsewhere: Wireshark's own dissector has the headers")


def main():
    args = wireshark.parser(__doc__).parse_args()
    score = wireshark.Score()
    captures = {wireshark.stem(c): c for c in wireshark.captures_of(args)}
    with wireshark.Wireshark(args.plugin) as ws, tempfile.TemporaryDirectory() as scratch:
        capture = captures[CAPTURE]
        truth = json.loads(capture.with_name(CAPTURE + ".truth.json").read_text())
        head, segments = segments_of(ws, capture)
        maker = Maker(scratch, capture, head)
        own = moved(segments, OWN)
        check_truth(score, ws, maker.file(own), truth, "own port")
        for places in ((1,), (5, 13), (14, 15, 16, 17), tuple(range(1, 60))):
            check_truth(score, ws, maker.file(cut(own, places)), truth, f"cut at {places}")
        check_elsewhere(score, ws, maker.file(segments), len(truth["connections"]))

        v2 = next(s for s in segments if s.payload.startswith(V2) and len(s.payload) >= 28)
        alone = [s for s in segments if set(s.ports) == set(v2.ports)]
        meant = v2.payload[:26] + struct.pack(">H", OWN) + v2.payload[28:]
        to_own = maker.file([s.with_payload(meant, s.seq) if s is v2 else s for s in alone])
        score.check(len(rows(ws, to_own)) == 1, "a header for the plugin's own port is the plugin's wherever it is sent")
        score.check(not depends_on_order(ws, to_own), "… in any order")

        client = [s for s in alone if s.ports == v2.ports and s.payload and s is not v2]
        joined = maker.file([client[0].with_payload(v2.payload + client[0].payload, client[0].seq), *client[1:]])
        score.check(len(rows(ws, joined, filter="mywire.proxy and mysql.user")) == 1, "header and login in a segment")
        score.check(not depends_on_order(ws, joined), "header and login in a segment: in any order")

        other = maker.file([v2.with_payload(v2.payload + HTTP, v2.seq), v2.with_payload(HTTP, v2.seq + len(v2.payload + HTTP))])
        score.check(not any("mywire" in p for p in protocols(ws, other)), "HTTP behind a header is not the plugin's")

        cut_off = maker.file(own)
        ws.run("editcap", "-s", "80", ws.bring(cut_off)[0], ws.home / "cut.pcap")
        status, out, _ = ws.run("tshark", "-n", "-r", ws.home / "cut.pcap", "-V", "-O", "mywire")
        score.check(status == 0 and "Dissector bug" not in out and "Malformed" not in out, "headers cut by the capture")

        tunnel = captures[TUNNEL]
        head, segments = segments_of(ws, tunnel)
        maker = Maker(scratch, tunnel, head)
        port = next(s.ports[1] for s in segments if s.payload[:1] == b"\x16")
        for together in (False, True):
            made = maker.file(behind_a_header(segments, port, b"PROXY TCP4 192.0.2.1 192.0.2.2 5000 3306\r\n", together))
            options = ("-o", f"mywire.tcp.port:{port}")
            score.check(users(ws, made, *options) == users(ws, tunnel) > 0, f"TLS behind a header, together: {together}")
            score.check(len(rows(ws, made, *options)) > 0, f"TLS behind a header, together: {together}: no header")
    score.finish()


if __name__ == "__main__":
    main()
