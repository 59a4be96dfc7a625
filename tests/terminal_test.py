#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What people see: terminal_test.py MYWIRE SAMPLES

On a terminal of 80 columns no line of a report is longer, and what was asked for is not cut off. And `summary` gives a statement the
same share of the time as `digest`, also where there are more statements than are told apart.
"""
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import unicodedata

import conversation

COLUMNS = 80
DIGESTS = 5000  # told apart: analyzer/limits.def


def on_terminal(command):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    environment = dict(os.environ, TERM="xterm", LC_ALL="C.UTF-8")
    process = subprocess.Popen(command, stdout=slave, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environment)
    os.close(slave)
    out = b""
    while True:
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        if not data:
            break
        out += data
    os.close(master)
    process.wait()
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in out.decode().split("\r\n")]


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in line)


def breakable(line):
    """A single word may be longer than a line."""
    return " " in line.strip()


def look(mywire, samples):
    wrong, passwords = [], os.path.join(samples, "passwords.txt")
    commands = [["summary", "--passwords", passwords], ["digest"], ["check", "--policy", "mysql-9"], ["connections", "--passwords", passwords]]
    for sample in sorted(name for name in os.listdir(samples) if re.search(r"\.pcap(ng)?(\.gz)?$", name)):
        for command in commands:
            lines = on_terminal([mywire] + command + [os.path.join(samples, sample)])
            wrong += ["%s %s: %s" % (command[0], sample, line) for line in lines if width(line) > COLUMNS and breakable(line)]
    rows = on_terminal([mywire, "connections", "--passwords", passwords, os.path.join(samples, "mysql97-plain-caching-sha2-fast.pcapng")])
    wrong += ["connections: no answer about the password: %s" % row for row in rows[1:] if row and " matches " not in row]
    return wrong


def shares(mywire, path):
    results = [json.loads(subprocess.run([mywire, command, "-F", "json", path], capture_output=True, check=True).stdout) for command in ("summary", "digest")]
    of_digest = {(d["digest"], d["database"]): d["total_share"] for d in results[1]["digests"]}
    wrong = ["%s: a share of %r in summary, %r in digest" % (s["text"], s["share"], of_digest[s["digest"], s["database"]])
             for s in results[0]["statements"] if s["share"] != of_digest[s["digest"], s["database"]]]
    if not results[1]["other"] or results[0]["evidence"]["limits_hit"].get("digests") != results[1]["evidence"]["limits_hit"].get("digests"):
        wrong.append("limits hit: %r, %r" % tuple(r["evidence"]["limits_hit"] for r in results))
    text = subprocess.run([mywire, "summary", path], capture_output=True, check=True, text=True).stdout
    return wrong + ([] if "(others, not kept apart)" in text else ["summary says nothing of other statements"])


def main():
    mywire, samples = sys.argv[1:3]
    wrong = look(mywire, samples)
    talk = conversation.Conversation()
    talk.greeting()
    talk.login(b"app")
    for i in range(DIGESTS + 300):
        talk.query(b"SELECT 1 FROM t%d" % i)
    talk.quit()
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "many.pcap")
        conversation.write(path, [talk])
        wrong += shares(mywire, path)
    print("\n".join(wrong[:30]) or "all fits")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
