#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that `mywire secrets` wrote, shown to Wireshark's tools; and frames, numbered as tshark numbers them.

  secrets_test.py MYWIRE SAMPLES
"""
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

passed = failed = 0


def check(ok, what):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print("FAIL  " + what)


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True)
    return done.stdout if done.returncode == 0 else b"exit status %d" % done.returncode


def queries(capture, port):
    """The statements that tshark's own dissectors see, decrypted with what stands in the file."""
    out = run("tshark", "-r", capture, "-d", "tcp.port==%d,mysql" % port, "-T", "fields", "-e", "mysql.query")
    return [line for line in out.decode(errors="replace").splitlines() if line]


def rewritten(mywire, sample, keys, folder):
    name = sample.name
    port = json.loads(sample.with_suffix(".truth.json").read_text())["servers"][0]["port"]
    ours, theirs, back, bare = (folder / n for n in ("ours.pcapng", "theirs.pcapng", "back.pcapng", "bare.pcapng"))
    run(mywire, "secrets", "inject", "-k", keys, "-o", ours, sample)
    run("editcap", "--inject-secrets", "tls,%s" % keys, sample, theirs)
    check(b"decryption secrets in file: 1" in run("capinfos", ours), "%s: capinfos sees the secrets" % name)
    there = queries(ours, port)
    check(there and there == queries(theirs, port), "%s: tshark decrypts as with editcap's secrets" % name)
    check(len(there) > len(queries(sample, port)), "%s: and without them it does not" % name)

    run(mywire, "secrets", "strip", "-o", back, ours)
    check(back.read_bytes() == sample.read_bytes(), "%s: stripped, it is what it was" % name)
    # editcap writes files in its own way; compared is what it makes of both.
    run("editcap", sample, bare)
    run("editcap", "--discard-all-secrets", ours, back)
    check(back.read_bytes() == bare.read_bytes(), "%s: editcap discards them" % name)
    run(mywire, "secrets", "strip", "-o", back, theirs)
    check(back.read_bytes() == bare.read_bytes(), "%s: editcap's secrets are stripped" % name)


def blocks(whole):
    while whole:
        size = struct.unpack_from("<I", whole, 4)[0]
        yield struct.unpack_from("<I", whole)[0], whole[:size]
        whole = whole[size:]


def asked(mywire, *files):
    """What mywire says was asked, in which order, and what it opened."""
    out = [json.loads(line) for line in run(mywire, "commands", "-F", "ndjson", "-q", *files).splitlines()]
    return [(c["connection"], c["command"], c["sql"]) for c in out if c["event"] == "command"]


def late(mywire, sample, keys, folder):
    """Secrets behind the packets that they open, and in the second of two files."""
    name = sample.name
    section, interface, secrets = 0x0A0D0D0A, 1, 10
    ours, behind, second = (folder / n for n in ("ours.pcapng", "behind.pcapng", "second.pcapng"))
    run(mywire, "secrets", "inject", "-k", keys, "-o", ours, sample)
    parts = list(blocks(ours.read_bytes()))
    the_secrets = [whole for kind, whole in parts if kind == secrets]
    check(len(the_secrets) == 1, "%s: there is one block of secrets" % name)
    others = [whole for kind, whole in parts if kind != secrets]
    behind.write_bytes(b"".join(others + the_secrets))
    second.write_bytes(b"".join([whole for kind, whole in parts if kind in (section, interface)] + the_secrets))
    wanted = asked(mywire, "--keylog", keys, sample)
    check(any(sql for _, _, sql in wanted), "%s: the key log opens it" % name)
    check(asked(mywire, sample) != wanted, "%s: and without it is not opened" % name)
    check(asked(mywire, ours) == wanted, "%s: the secrets before the packets open it" % name)
    check(asked(mywire, behind) == wanted, "%s: the secrets behind the packets open it" % name)
    check(asked(mywire, sample, second) == wanted, "%s: the secrets in a second file open it" % name)
    check(asked(mywire, second, sample) == wanted, "%s: the secrets in a first file open it" % name)


def block(kind, body):
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def numbers(mywire, sample, folder):
    """One block of each kind before the first packet, which is then frame 1 or 2."""
    whole, at = sample.read_bytes(), 0
    while struct.unpack_from("<I", whole, at)[0] != 6:
        at += struct.unpack_from("<I", whole, at + 4)[0]
    kinds = {4: bytes(4), 5: bytes(12), 7: bytes(8), 8: bytes(8), 9: b"__REALTIME_TIMESTAMP=1\nMESSAGE=a\n".ljust(36, b"\0"),
             10: struct.pack("<II", 0x544c534b, 0), 0x77: bytes(8), 0x101: bytes(8), 0x204: bytes(48), 0x208: bytes(48),
             0x216: bytes(48), 0x217: bytes(48), 0x221: bytes(48), 0x222: bytes(48), 0xbad: struct.pack("<I", 32473),
             0x40000bad: struct.pack("<I", 32473), 0x80000001: bytes(8)}
    capture = folder / "frames.pcapng"
    for kind, body in kinds.items():
        capture.write_bytes(whole[:at] + block(kind, body) + whole[at:])
        theirs = run("tshark", "-r", capture, "-Y", "tcp.len > 0", "-T", "fields", "-e", "frame.number").split()
        ours = run(mywire, "packets", "-F", "ndjson", "-q", capture).splitlines()
        ours = [p["packet"] for p in map(json.loads, ours) if p["event"] == "packet"]
        check(ours and int(theirs[0]) == ours[0], "block type %#x: %s, tshark says %s" % (kind, ours[:1], theirs[:1]))


def main():
    mywire, samples = sys.argv[1], Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        for name in ("mysql97-tls13-caching-sha2-full", "mysql97-auth-switch-sha256", "mariadb118-ed25519"):
            rewritten(mywire, samples / (name + ".pcapng"), samples / (name + ".keys.txt"), Path(folder))
            late(mywire, samples / (name + ".pcapng"), samples / (name + ".keys.txt"), Path(folder))
        numbers(mywire, samples / "mysql97-plain-caching-sha2-fast.pcapng", Path(folder))
    print("%d passed, %d failed" % (passed, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
