#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that `mywire decrypt` wrote, read again: by mywire without keys, by tshark, by tcpdump and pt-query-digest.

  decrypt_test.py MYWIRE SAMPLES
"""
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

# What TLS and its bytes were is not there any more; and packets have other numbers.
GONE = re.compile(r"tls.*|file|files|packet|first_packet|(client|server)_(bytes|packets)|auth_path")
CAPABILITY = {"server_capabilities_bits", "client_capabilities_bits"}
SSL, COMPRESS, ZSTD, ATTRIBUTES = 1 << 11, 1 << 5, 1 << 26, 1 << 27
# Loss that nobody knows the length of is a gap of 16 MiB, so these say how much is missing.
LOSS = {"gap_bytes", "request_bytes", "response_bytes"}
TICKS_MS = 2

passed = failed = 0


def check(ok, what):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print("FAIL  " + what)


def run(*command, ok=(0,), **options):
    done = subprocess.run([str(c) for c in command], capture_output=True, **options)
    if done.returncode not in ok:
        print("FAIL  %s: exit status %d\n%s" % (" ".join(map(str, command)), done.returncode, done.stderr.decode()))
        sys.exit(1)
    return done.stdout


def records(mywire, command, capture, *options):
    lines = run(mywire, command, "-q", "-F", "ndjson", *options, capture, ok=(0, 3)).splitlines()
    return [r for r in map(json.loads, lines) if r["event"] in ("connection", "command")]


def compare(what, before, after, ignored=(), cleared=SSL):
    """Records of the same connections or commands, but for what TLS alone made."""
    check(len(before) == len(after), "%s: %d records were %d" % (what, len(after), len(before)))
    for b, a in zip(before, after):
        # Only the client that asked for TLS, and its server, have lost the flag.
        for key in b:
            x, y = b[key], a.get(key)
            if GONE.fullmatch(key) or key in ignored:
                continue
            if key.endswith("_capabilities_bits") and x is not None and y is not None:
                x, y = x & ~cleared, y & ~cleared
            if key.endswith("_capabilities") and x is not None and y is not None:
                flags = {"CLIENT_SSL", "CLIENT_COMPRESS", "CLIENT_ZSTD_COMPRESSION_ALGORITHM"}
                x, y = set(x) - flags, set(y) - flags
            if key.endswith("_us") and x is not None and y is not None and abs(x - y) <= TICKS_MS * 1000:
                continue
            check(x == y, "%s %s: %s is %r, was %r" % (what, b.get("id") or (b["connection"], b["ordinal"]), key, y, x))


def opened_by(connections, *how):
    """Those of which TLS comes off. The X Protocol is not written anew."""
    return [c for c in connections if c["tls_decrypted"] in how and c["protocol"] == "mysql"]


def tshark(capture, port, *fields, show=""):
    options = [o for f in fields for o in ("-e", f)]
    out = run("tshark", "-r", capture, "-d", "tcp.port==%d,mysql" % port, "-o", "tcp.check_checksum:TRUE",
              "-o", "ip.check_checksum:TRUE", *(("-Y", show) if show else ()), "-T", "fields", *options)
    return out.decode(errors="surrogateescape").splitlines()


def squeezed(text):
    return re.sub(r"\s+", " ", text.replace("\\n", " ").replace("\\t", " ").replace("\\r", " ")).strip().rstrip("; ")


def statements(truth, decrypted):
    """Texts that the servers recorded of connections whose ids are in `decrypted`: by (client port, server port)."""
    for c in truth["connections"]:
        if (c["client_port"], c["server_port"]) in decrypted:
            for s in c.get("statements") or []:
                s = dict(zip(truth.get("statement_columns") or [], s)) if isinstance(s, list) else s
                if s.get("text") and s["kind"] == "COM_QUERY" and not s.get("nested") and "...[" not in s["text"]:
                    yield c, s["text"]


def seen_by_tshark(name, out, truth, connections):
    """Of connections without query attributes, which tshark's dissector misreads."""
    opened = {(c["client_port"], c["server_port"]) for c in opened_by(connections, "full")
              if not (c["client_capabilities_bits"] or 0) & ATTRIBUTES}
    port = truth["servers"][0]["port"]
    queries = [squeezed(q) for q in tshark(out, port, "mysql.query", show="mysql.query")]
    n = 0
    for _, text in statements(truth, opened):
        n += 1
        check(any(squeezed(text) in q for q in queries), "%s: tshark does not find %r" % (name, text))
    return n


def checked_segments(name, out, port, connections, lossy):
    """What was written is TCP as tshark likes it."""
    opened = opened_by(connections, "full", "partial")
    all_ports = [c["client_port"] for c in connections]
    if not opened or len(set(all_ports)) < len(all_ports):  # what was not opened has the checksums that it had
        return
    ports = " or ".join("tcp.port==%d" % c["client_port"] for c in opened)
    bad = tshark(out, port, "frame.number", show="(%s) and (tcp.checksum.status==0 or ip.checksum.status==0)" % ports)
    check(not bad, "%s: bad checksums in %s" % (name, bad))
    if not lossy:
        odd = tshark(out, port, "frame.number", "_ws.expert.message", show="(%s) and tcp.analysis.flags" % ports)
        check(not odd, "%s: tshark wonders about %s" % (name, odd))
    still = tshark(out, port, "frame.number", show="(%s) and tls" % ports)
    check(not still, "%s: TLS is left in %s" % (name, still))


def seen_by_digest(name, out, truth, connections):
    """Percona's tool reads what tcpdump prints: no pcap, no TLS, no query attributes."""
    opened = {(c["client_port"], c["server_port"]) for c in opened_by(connections, "full")
              if not (c["client_capabilities_bits"] or 0) & ATTRIBUTES and c["compression"] == "none"}
    port = truth["servers"][0]["port"]
    text = run("tcpdump", "-s", "65535", "-x", "-nn", "-q", "-tttt", "-r", out, "port %d" % port)
    done = subprocess.run(["pt-query-digest", "--type", "tcpdump", "--watch-server", "127.0.0.1:%d" % port, "--no-report", "--output", "slowlog"],
                          input=text, capture_output=True)
    for left in re.findall(rb"will save them in (\S+)", done.stderr):  # it complains of newer logins, and goes on
        Path(left.decode()).unlink(missing_ok=True)
    queries = squeezed(done.stdout.decode(errors="surrogateescape"))
    n = 0
    for _, statement in statements(truth, opened):
        n += 1
        check(squeezed(statement) in queries, "%s: pt-query-digest does not find %r" % (name, statement))
    return n


def frames(capture, show):
    """Time and bytes of frames, by tshark."""
    out = run("tshark", "-r", capture, "-Y", show, "-T", "json", "-x", "-j", "frame", "--no-duplicate-keys")
    return [(f["_source"]["layers"]["frame"]["frame.time_epoch"], f["_source"]["layers"]["frame"]["frame.interface_name"]
             if "frame.interface_name" in f["_source"]["layers"]["frame"] else None, f["_source"]["layers"]["frame_raw"][0])
            for f in json.loads(out or b"[]")]


def passed_through(mywire, samples, folder):
    """What is not opened is as it was: bytes, times, interfaces, link types, comments."""
    out = folder / "same.pcapng"
    for name in ("shape-two-interfaces.pcapng", "shape-two-sections.pcapng", "shape-nanosecond-pcap.pcap", "shape-any-sll2.pcap",
                 "mysql97-tls13-no-keys.pcapng", "shape-vlan.pcapng", "mysql97-zlib-plain.pcapng"):
        run(mywire, "decrypt", "-q", "-o", out, samples / name)
        check(frames(samples / name, "frame") == frames(out, "frame"), name + " is not what it was")
    name = "mysql97-tls-partial-keys"
    run(mywire, "decrypt", "-q", "-k", samples / (name + ".keys.txt"), "-o", out, samples / (name + ".pcapng"))
    closed = [c for c in records(mywire, "connections", samples / (name + ".pcapng"), "-k", samples / (name + ".keys.txt"))
              if c["tls_decrypted"] == "none"]
    for c in closed:
        show = "tcp.port == %d" % c["client_port"]
        there = frames(samples / (name + ".pcapng"), show)
        check(there and there == frames(out, show), "%s: port %d is not what it was" % (name, c["client_port"]))
    check(closed, name + ": nothing stays closed")


def block(kind, body, order):
    size = len(body) + 12
    return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", size)


def option(code, value, order):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def described(mywire, folder):
    """A capture of either byte order with all that can be said of interfaces and packets: the same, said to tshark."""
    for order in "<>":
        numbers = lambda form, n: struct.pack(order + form, n)
        interface = struct.pack(order + "HHI", 1, 0, 4096)
        interface += option(2, b"lan0", order) + option(3, b"to the left", order) + option(8, numbers("Q", 10**9), order)
        interface += option(9, b"\x03", order) + option(14, numbers("q", 1000), order) + option(12, b"an OS", order)
        frame = bytes.fromhex("020000000001020000000002") + b"\x88\xb5" + b"not TCP at all"
        packet = struct.pack(order + "IIIII", 0, 0, 5_000_123, len(frame), 100) + frame + bytes(-len(frame) % 4)
        packet += option(1, b"a word on it", order) + option(2, numbers("I", 1), order) + option(4, numbers("Q", 7), order) + option(0, b"", order)
        whole = block(0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1), order)
        whole += block(1, interface, order) + block(6, packet, order)
        capture, out = folder / "described.pcapng", folder / "out.pcapng"
        capture.write_bytes(whole)
        run(mywire, "decrypt", "-q", "-o", out, capture)
        fields = ("frame.time_epoch", "frame.comment", "frame.packet_flags", "frame.packet_flags_direction", "frame.len", "frame.cap_len",
                  "frame.interface_name", "frame.interface_description", "frame.drop_count")
        fields = [f for f in fields if f != "frame.drop_count"]
        before, after = tshark(capture, 1, *fields), tshark(out, 1, *fields)
        check(before == after and "a word on it" in before[0], "described %s: %s is %s" % (order, before, after))
        check("1000000000" not in before[0] and "6000.123" in after[0], "time of %s" % after)


# Of the throw-away accounts of the samples.
PASSWORDS = (b"App-pw-1", b"Fast-pw-2", b"Sha-pw-3", b"Ssl-pw-4", b"Other-pw-5", b"Sha2-pw-7", b"Cert-pw-9", b"Ed-pw-2", b"Parsec-pw-4")


def passwords(mywire, samples, folder):
    shown_at_all = 0
    for keys in sorted(samples.glob("*.keys.txt")):
        name = keys.name.removesuffix(".keys.txt")
        capture = samples / (name + ".pcapng")
        if not capture.exists():
            continue
        hidden, shown = folder / "hidden.pcapng", folder / "shown.pcapng"
        told = subprocess.run([mywire, "decrypt", "-k", keys, "-o", hidden, capture], capture_output=True).stderr.decode()
        run(mywire, "decrypt", "-q", "--show-secrets", "-k", keys, "-o", shown, capture)
        a, b = hidden.read_bytes(), shown.read_bytes()
        check(len(a) == len(b), name + ": covering changes lengths")
        found = [p for p in PASSWORDS if p in a]
        check(not found, "%s: shows %s" % (name, found))
        # Beside the passwords only TCP checksums differ.
        covered = sum(x != y and x == ord("*") for x, y in zip(a, b))
        others = sum(x != y and x != ord("*") for x, y in zip(a, b))
        count = re.search(r"(\d+) passwords? in clear", told)
        check(bool(count) == (a != b), "%s: says %r" % (name, told))
        check(others <= 2 * int(count[1] if count else 0), "%s: %d other bytes differ" % (name, others))
        here = sum(b.count(p) for p in PASSWORDS)
        shown_at_all += here
        check(covered >= 8 * here, "%s: %d bytes are covered of %d passwords" % (name, covered, here))
    check(shown_at_all >= 5, "--show-secrets shows %d passwords" % shown_at_all)


def kept_flag(mywire, samples, folder):
    """With --keep-ssl-flag the capabilities are those that were sent."""
    capture, keys, out = (samples / ("mysql97-tls13-caching-sha2-full" + e) for e in (".pcapng", ".keys.txt", ".none"))
    out = folder / "flag.pcapng"
    run(mywire, "decrypt", "-q", "--keep-ssl-flag", "-k", keys, "-o", out, capture)
    before, after = records(mywire, "connections", capture, "-k", keys), records(mywire, "connections", out)
    compare("--keep-ssl-flag", before, after, cleared=0)
    check(all(c["client_capabilities_bits"] & SSL and c["server_capabilities_bits"] & SSL for c in after), "CLIENT_SSL is kept")
    compare("--keep-ssl-flag", records(mywire, "commands", capture, "-k", keys), records(mywire, "commands", out))
    run(mywire, "decrypt", "-q", "-k", keys, "-o", out, capture)
    after = records(mywire, "connections", out)
    check(not any((c["client_capabilities_bits"] | c["server_capabilities_bits"]) & SSL for c in after), "CLIENT_SSL is cleared")
    rows = tshark(out, 13306, "mysql.packet_number", "mysql.caps.sl", show="mysql.packet_number")
    numbers = [[int(n) for n in row.split("\t")[0].split(",")] for row in rows]
    check(numbers[0] == [0] and numbers[1] == [1] and numbers[2][0] == 2, "login packets are numbered %s" % numbers[:5])
    check(not any("True" in r or "1" in r.partition("\t")[2] for r in rows), "tshark sees CLIENT_SSL")


def decompressed(mywire, samples, folder):
    """Without compression the same commands; tshark 4.0 does not read compressed packets of itself."""
    out, found = folder / "inflated.pcapng", 0
    for name, port in (("mysql97-zlib-tls13", 13306), ("mysql97-zlib-plain", 13306), ("mysql97-zstd-plain", 13306), ("mariadb118-zlib-plain", None)):
        capture, keys = samples / (name + ".pcapng"), samples / (name + ".keys.txt")
        options = ("-k", keys) if keys.exists() else ()
        run(mywire, "decrypt", "-q", "--decompress", *options, "-o", out, capture)
        ignored = ("compression", "zstd_level", "damaged_frames")
        cleared = SSL | COMPRESS | ZSTD
        before, after = records(mywire, "connections", capture, *options), records(mywire, "connections", out)
        compare(name + " connection", before, after, ignored, cleared)
        check(all(c["compression"] == "none" and not (c["client_capabilities_bits"] or 0) & (COMPRESS | ZSTD) for c in after),
              name + ": compression is left")
        compare(name + " command", records(mywire, "commands", capture, *options), records(mywire, "commands", out), ignored)
        found += any(c["compression"] != "none" for c in before)
    check(found == 4, "%d samples are compressed" % found)


def other_traffic(mywire, samples, folder):
    """--mysql-only; standard input as pipe and as file; packed files; two files at once."""
    name = "mysql97-tls-partial-keys"
    capture, keys = samples / (name + ".pcapng"), samples / (name + ".keys.txt")
    both, one, other = (folder / n for n in ("both.pcapng", "one.pcapng", "other.pcapng"))
    run(mywire, "decrypt", "-q", "-k", keys, "-o", one, capture)
    whole = one.read_bytes()
    run(mywire, "decrypt", "-q", "-k", keys, "-o", other, "-", input=capture.read_bytes())
    check(other.read_bytes() == whole, "from a pipe it is another")
    with capture.open("rb") as file:
        run(mywire, "decrypt", "-q", "-k", keys, "-o", other, "-", stdin=file)
    check(other.read_bytes() == whole, "from redirected input it is another")
    check(run(mywire, "decrypt", "-q", "-k", keys, "-o", "-", capture) == whole, "to standard output it is another")
    check(sorted(p.name for p in folder.iterdir() if p.name.startswith(".")) == [], "the temporary file is left")
    stranger = folder / "stranger.pcapng"
    frame = bytes.fromhex("020000000001020000000002") + b"\x88\xb5" + b"not TCP at all"
    stranger.write_bytes(block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1), "<")
                         + block(1, struct.pack("<HHI", 1, 0, 0), "<")
                         + block(6, struct.pack("<IIIII", 0, 0, 5, len(frame), len(frame)) + frame + bytes(-len(frame) % 4), "<"))
    run(mywire, "decrypt", "-q", "-k", keys, "-o", both, stranger, capture)
    n = len(tshark(one, 1, "frame.number"))
    check(len(tshark(both, 1, "frame.number")) == n + 1, "other traffic passes through")
    run(mywire, "decrypt", "-q", "--mysql-only", "-k", keys, "-o", both, stranger, capture)
    check(len(tshark(both, 1, "frame.number")) == n, "--mysql-only leaves out other traffic")


def in_tunnel(frame):
    """IPv4 in IPv4."""
    outer = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(frame) - 14, 1, 0, 64, 4, 0) + bytes((9, 9, 9, 1, 9, 9, 9, 2))
    return [frame[:14] + outer + frame[14:]]


def in_fragments(frame):
    """Packets of more than 200 bytes in two."""
    header, payload = frame[14:34], frame[34:]
    if len(payload) < 200:
        return [frame]
    part = lambda at, more, p: (frame[:14] + header[:2] + struct.pack(">H", 20 + len(p)) + header[4:6]
                                + struct.pack(">H", more << 13 | at // 8) + header[8:] + p)
    return [part(0, 1, payload[:96]), part(96, 0, payload[96:])]


def reshaped(mywire, samples, folder):
    """The same packets in a tunnel, and in fragments: what comes off is the same."""
    name = "mysql97-tls13-caching-sha2-full"
    capture, keys = samples / (name + ".pcapng"), samples / (name + ".keys.txt")
    whole, at, frames_in = capture.read_bytes(), 0, []
    while at < len(whole):
        kind, size = struct.unpack_from("<II", whole, at)
        if kind == 6:
            high, low, n = struct.unpack_from("<III", whole, at + 12)
            frames_in.append((high, low, whole[at + 28:at + 28 + n]))
        at += size
    commands = records(mywire, "commands", capture, "-k", keys)
    for shape in (in_tunnel, in_fragments):
        out = folder / "shaped.pcapng"
        blocks = [block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1), "<"),
                  block(1, struct.pack("<HHI", 1, 0, 0) + option(9, b"\x09" if b"\x09\x00\x01\x00\x09" in whole else b"\x06", "<"), "<")]
        for high, low, frame in frames_in:
            for f in shape(frame):
                blocks.append(block(6, struct.pack("<IIIII", 0, high, low, len(f), len(f)) + f + bytes(-len(f) % 4), "<"))
        shaped = folder / "shaped-in.pcapng"
        shaped.write_bytes(b"".join(blocks))
        run(mywire, "decrypt", "-q", "-k", keys, "-o", out, shaped)
        compare(shape.__name__, commands, records(mywire, "commands", out))
        connections = records(mywire, "connections", shaped, "-k", keys)
        compare(shape.__name__, connections, records(mywire, "connections", out), ("client_packets",))
        if shape == in_tunnel:  # the first of two fragments stays, with the checksum that it has here
            checked_segments(shape.__name__, out, 13306, connections, False)


def failures(mywire, samples, folder):
    """No half file under any name; what can be read of a cut one is written."""
    name = "mysql97-tls13-caching-sha2-full"
    capture, keys = samples / (name + ".pcapng"), samples / (name + ".keys.txt")
    room = folder / "room"
    room.mkdir()
    out = room / "out.pcapng"
    limited = "ulimit -f 2; trap '' XFSZ; exec \"$@\""
    run("bash", "-c", limited, "-", mywire, "decrypt", "-k", keys, "-o", out, capture, ok=(2,))
    check(not list(room.iterdir()), "a failed write leaves %s" % list(room.iterdir()))
    out.write_bytes(b"before")
    run(mywire, "decrypt", "-k", keys, "-o", out, room / "missing.pcapng", ok=(3,))
    check(out.read_bytes() == b"before" and len(list(room.iterdir())) == 1, "a missing input leaves what was there")
    cut = room / "cut.pcapng"
    cut.write_bytes(capture.read_bytes()[:-1000])
    run(mywire, "decrypt", "-q", "-k", keys, "-o", out, cut, ok=(3,))
    before = records(mywire, "commands", cut, "-k", keys)
    check(before, "the cut capture has commands")
    compare("cut short", before, records(mywire, "commands", out))
    fifo = room / "fifo"
    os.mkfifo(fifo)
    run(mywire, "decrypt", "-k", keys, "-o", out, fifo, ok=(2,))


def every_sample(mywire, samples, folder):
    found = digested = 0
    for keys in sorted(samples.glob("*.keys.txt")):
        name = keys.name.removesuffix(".keys.txt")
        capture, out = next(iter(sorted(samples.glob(name + ".pcap*"))), None), folder / (name + ".pcapng")
        if not capture:
            continue
        truth = json.loads((samples / (name + ".truth.json")).read_text())
        run(mywire, "decrypt", "-q", "-k", keys, "-o", out, capture)
        connections = records(mywire, "connections", capture, "-k", keys)
        lossy = any(c["tls_decrypted"] == "partial" for c in connections)
        ignored = LOSS if lossy else ()
        after = records(mywire, "connections", out)
        compare(name + " connection", connections, after, ignored)
        for c, d in zip(connections, after):
            stays = c["tls"] and c not in opened_by(connections, "full", "partial")
            check(d["tls"] == stays, "%s: tls of %d is %s" % (name, c["id"], d["tls"]))
        compare(name + " command", records(mywire, "commands", capture, "-k", keys), records(mywire, "commands", out), ignored)
        found += seen_by_tshark(name, out, truth, connections)
        digested += seen_by_digest(name, out, truth, connections)
        checked_segments(name, out, truth["servers"][0]["port"], connections, lossy)
    check(found > 60 and digested > 60, "%d and %d statements were looked for" % (found, digested))


def main():
    mywire, samples = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        every_sample(mywire, samples, Path(folder))
        for test in (passed_through, passwords, kept_flag, decompressed, other_traffic, reshaped, failures):
            test(mywire, samples, Path(folder))
        described(mywire, Path(folder))
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
