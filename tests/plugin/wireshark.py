# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs tshark and sharkd with the plugin, apart from the user's own configuration.

Wireshark ignores personal plugins when it runs as root, and an unprivileged user cannot read a private checkout: plugin
and captures are copied to a scratch home that everybody can read, and root becomes nobody."""

import argparse
import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOBODY = 65534
ANSWER_SECONDS = 120
CAPTURES = (".pcap", ".pcapng", ".pcap.gz", ".pcapng.gz")


def parser(what, captures=True, binary=False):
    p = argparse.ArgumentParser(description=what)
    if binary:
        p.add_argument("binary", type=pathlib.Path, help="the analyzer, mywire")
    if captures:
        p.add_argument("captures", nargs="?", type=pathlib.Path, default=ROOT / "samples",
                       help="directory with captures and NAME.keys.txt (default: samples)")
        p.add_argument("--only", default="", help="captures whose name contains this")
    p.add_argument("--plugin", type=pathlib.Path, default=ROOT / "build/dev/plugin/mywire.so")
    return p


def captures_of(args):
    """The captures of a directory, except those larger than a test wants."""
    found = sorted(p for p in args.captures.iterdir() if p.name.endswith(CAPTURES) and args.only in p.name)
    if not found:
        sys.exit(f"no captures in {args.captures}")
    return found


def stem(capture):
    return re.sub(r"\.pcap(ng)?(\.gz)?$", "", capture.name)


class Wireshark:
    """A home with the plugin in it, and the ways to run programs there. `plugin` None: without it."""

    def __init__(self, plugin):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="mywire-plugin-test-"))
        self.home.chmod(0o755)
        if plugin:
            if not plugin.is_file():
                sys.exit(f"no plugin at {plugin}: build it, or give --plugin")
            version = re.search(r"(\d+\.\d+)\.\d+", subprocess.check_output(["tshark", "--version"], text=True))
            target = self.home / ".local/lib/wireshark/plugins" / version[1] / "epan"
            target.mkdir(parents=True)
            shutil.copy(plugin, target / "mywire.so")
        for path in self.home.rglob("*"):
            path.chmod(0o755)
        if os.geteuid() == 0:
            os.chown(self.home, NOBODY, NOBODY)

    def close(self):
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def bring(self, capture):
        """Copies a capture and its key log here. Returns its path and the options that open it."""
        target = self.home / capture.name
        shutil.copy(capture, target)
        target.chmod(0o644)
        keys = capture.with_name(stem(capture) + ".keys.txt")
        options = []
        if keys.is_file():
            there = self.home / keys.name
            shutil.copy(keys, there)
            there.chmod(0o644)
            options = ["-o", f"tls.keylog_file:{there}"]
        return target, options

    def command(self, program, *args):
        drop = [] if os.geteuid() else ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        return [*drop, program, *map(str, args)]

    def environment(self):
        return {**os.environ, "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / ".config"), "LC_ALL": "C.UTF-8",
                "WIRESHARK_DEBUG_WMEM_OVERRIDE": "simple", "G_SLICE": "always-malloc"}

    def run(self, program, *args, timeout=600):
        """Runs to the end. Returns (status, output, errors)."""
        done = subprocess.run(self.command(program, *args), env=self.environment(), cwd=self.home, timeout=timeout,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")

    def tshark(self, capture, *args):
        path, options = self.bring(capture)
        return self.run("tshark", "-n", "-r", path, *options, *args)

    def fields(self, capture, names, *args, filter=None):
        """Rows of field values, one for each frame that the filter lets through."""
        options = [x for name in names for x in ("-e", name)] + (["-Y", filter] if filter else [])
        status, out, err = self.tshark(capture, "-T", "fields", *options, *args)
        if status and "cut short" not in err:
            raise RuntimeError(err)
        return [line.split("\t") for line in out.splitlines()]


class Sharkd:
    """A sharkd that answers JSON-RPC on its standard input and output."""

    def __init__(self, wireshark, capture):
        path, options = wireshark.bring(capture)
        self.process = subprocess.Popen(wireshark.command("sharkd", "-"), env=wireshark.environment(), cwd=wireshark.home,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.number = 0
        self.buffer = b""
        for option in options[1::2]:
            name, value = option.split(":", 1)
            self.ask("setconf", name=name, value=value)
        self.send("load", file=str(path))  # has no answer when the file is cut short
        self.frames = self.ask("status")["frames"]

    def send(self, method, **params):
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()

    def line(self, what):
        pieces = [self.buffer]
        while b"\n" not in pieces[-1]:
            if not select.select([self.process.stdout], [], [], ANSWER_SECONDS)[0]:
                raise RuntimeError(f"sharkd does not answer {what}")
            pieces.append(os.read(self.process.stdout.fileno(), 1 << 20))
            if not pieces[-1]:
                raise RuntimeError(f"sharkd ended during {what}")
        line, _, self.buffer = b"".join(pieces).partition(b"\n")
        return line

    def ask(self, method, **params):
        self.send(method, **params)
        while True:
            line = self.line(f"{method} {params}")
            answer = json.loads(line) if line.strip() else {}
            if answer.get("id") == self.number:
                break
        if "error" in answer:
            raise RuntimeError(f"{method} {params}: {answer['error']}")
        return answer["result"]

    def frame(self, number):
        return self.ask("frame", frame=number, proto=True, columns=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.process.wait(30)


class Score:
    """Counts, and tells what failed."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, what):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {what}", flush=True)
        return good

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.passed else 0)
