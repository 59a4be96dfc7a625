#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Samples without packets that say what follows.

    loss_test.py MYWIRE SAMPLES

The requests for TLS and for compression are taken out of recordings, and one direction of a connection. What is told then is compared with what
the whole recording tells, which other tests hold to the truth.
"""
import sys
import tempfile
from pathlib import Path

import transform_test as transform

failures = []


def check(what, condition):
    if not condition:
        failures.append(what)
        print(f"FAILED {what}")


def told(mywire, segments, scratch, keys=(), ports=()):
    path = scratch / "part.pcap"
    transform.write(path, *transform.frames(segments))
    return transform.Told(mywire, list(keys), list(ports), path)


def ssl_requests(segments):
    """Indexes of the packets that ask for TLS: 32 bytes, sequence id 1, CLIENT_SSL."""
    return [i for i, p in enumerate(segments) if p.payload[:4] == b"\x20\0\0\1" and len(p.payload) == 36 and p.payload[5] & 8]


def without(segments, gone):
    return [p for i, p in enumerate(segments) if i not in gone]


def tls_request_lost(mywire, path, scratch):
    """The ClientHello tells; with the keys the session goes on inside."""
    segments, keys = transform.segments_of(path), transform.keys_of(path)
    before = transform.Told(mywire, keys, [], path)
    requests = ssl_requests(segments)
    part = without(segments, set(requests))
    after, closed = told(mywire, part, scratch, keys), told(mywire, part, scratch)
    hellos = {i + next(k for k, p in enumerate(segments[i + 1 :], 1) if p.payload and p.src == segments[i].src and p.sport == segments[i].sport)
              for i in requests}
    nothing = told(mywire, without(segments, set(requests) | hellos), scratch, keys)
    asked = {segments[i].sport for i in requests}
    check(f"{path.name} asks for TLS", asked)
    for end, (want, *_) in before.connections.items():
        if end[1] not in asked:
            continue
        name = f"{path.name} {end[1]}"
        got = after.connections[end][0]
        for key in ("tls", "tls_version", "tls_cipher", "tls_decrypted", "state", "user", "auth_result", "auth_path", "commands", "rows"):
            check(f"{name} without its SSLRequest: {key} {got[key]!r}, not {want[key]!r}", got[key] == want[key])
        check(f"{name} without its SSLRequest: exact", not got["exact"])
        check(f"{name} without its SSLRequest: commands", [{k: c[k] for k in transform.FACTS} for c in after.commands.get(end, [])]
              == [{k: c[k] for k in transform.FACTS} for c in before.commands.get(end, [])])
        got = closed.connections[end][0]
        check(f"{name} without its SSLRequest, without keys: {got['tls']} {got['state']}",
              got["tls"] and got["state"] == "complete" and not got["exact"] and got["auth_result"] is None)
        got = nothing.connections[end][0]
        check(f"{name} without its SSLRequest and ClientHello: {got['tls']} {got['state']} {got['tls_reason']}",
              got["tls"] and got["state"] == "complete" and got["tls_reason"] and not got["exact"])


def login_lost(mywire, path, scratch):
    """Compression shows in the frames."""
    segments = transform.segments_of(path)
    before = transform.Told(mywire, [], [], path)
    logins = {i for i, p in enumerate(segments) if p.payload[3:4] == b"\1" and p.payload[13:32] == bytes(19)}
    check(f"{path.name} has logins", logins)
    after = told(mywire, without(segments, logins), scratch)
    for end, commands in before.commands.items():
        want, got = before.connections[end][0], after.connections[end][0]
        check(f"{path.name} {end[1]} without its login: {got['compression']}", got["compression"] == want["compression"])
        got = after.commands.get(end, [])
        check(f"{path.name} {end[1]} without its login: commands", [c["command"] for c in got] == [c["command"] for c in commands]
              and [c["rows"] for c in got] == [c["rows"] for c in commands] and not any(c["exact"] for c in got if c["response"] != "none"))


def one_way(mywire, path, scratch):
    """The client's side tells every command, the server's every error and the rows of text results."""
    segments = transform.segments_of(path)
    before = transform.Told(mywire, [], [], path)
    ports = transform.ports_of(before)
    client = told(mywire, transform.one_way(segments, 0), scratch, ports=ports)
    server = told(mywire, transform.one_way(segments, 1), scratch, ports=ports)
    for end, commands in before.commands.items():
        name = f"{path.name} {end[1]}"
        got = client.commands.get(end, [])
        check(f"{name}, the client alone: commands", [c["command"] for c in got] == [c["command"] for c in commands])
        for c, want in zip(got, commands):
            check(f"{name}, the client alone: {c['sql']!r} {c['response']}", c["sql"] in (want["sql"], None)
                  and c["response"] in ("lost", "none") and c["rows"] == 0)
        got = [c for c in server.commands.get(end, []) if c["response"] != "lost"]
        want = [c for c in commands if c["response"] != "none"]
        check(f"{name}, the server alone: outcomes {[c['response'] for c in got]}", [c["response"] for c in got] == [c["response"] for c in want])
        check(f"{name}, the server alone: errors", [c["error_code"] for c in got] == [c["error_code"] for c in want])
        check(f"{name}, the server alone: rows", [c["rows"] for c in got] == [c["rows"] for c in want])


def header_after_greeting(mywire, path, scratch):
    """A server that does not wait for the PROXY header: the two cross, and the greeting acknowledges nothing yet."""
    segments = transform.segments_of(path)
    before = transform.Told(mywire, [], [], path)
    late = []
    for key in dict.fromkeys((p.src, p.sport) for p in segments if p.flags & 18 == 2):  # SYN without ACK: the clients
        of = [p for p in segments if key in ((p.src, p.sport), (p.dst, p.dport))]
        header = next(p for p in of if p.payload and (p.src, p.sport) == key)
        greeting = next(p for p in of if p.payload and (p.src, p.sport) != key)
        at, to = of.index(header), of.index(greeting)
        # What the server acknowledged in between would say that the header was there before.
        late += of[:at] + [greeting._replace(ack=header.seq), header] + of[to + 1 :]
    after = told(mywire, late, scratch)
    check(f"{path.name}: headers", any(records[0]["proxied_client_ip"] for records in before.connections.values()))
    for end, (want, *_) in before.connections.items():
        got = after.connections[end][0]
        for key in ("proxied_client_ip", "proxied_client_port", "state", "user", "commands", "rows", "exact"):
            check(f"{path.name} {end[1]} with its header behind the greeting: {key} {got[key]!r}, not {want[key]!r}", got[key] == want[key])


def main():
    mywire, samples = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("mysql97-tls13-caching-sha2-full", "mysql97-tls12-caching-sha2-full", "mariadb1011-tls10-tls11"):
            tls_request_lost(mywire, samples / f"{name}.pcapng", Path(scratch))
        for name in ("mysql97-zlib-plain", "mysql97-zstd-plain", "mariadb118-zlib-plain"):
            login_lost(mywire, samples / f"{name}.pcapng", Path(scratch))
        for name in ("mysql97-text-resultset-eof", "mysql97-text-resultset-deprecate-eof", "mysql97-multi-statements",
                     "mysql97-connect-attributes-charsets"):
            one_way(mywire, samples / f"{name}.pcapng", Path(scratch))
        header_after_greeting(mywire, samples / "shape-proxy-protocol.pcapng", Path(scratch))
    print(f"{len(failures)} failed")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
