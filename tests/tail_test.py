#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`--tail`: captures that grow while they are read, cut anywhere, replaced, begun anew, gone on in another file; and pipes
that are stopped. The records must be those of the whole files, which other tests compare with what servers and clients
said.

    tail_test.py MYWIRE SAMPLES
"""
import gzip
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import capture

PATIENCE = 30  # seconds until something that must happen has not
SAMPLES = ["mysql97-login-errors", "mysql97-prepared-all-types", "mariadb118-zlib-plain", "mysql97-port3306-mixed-clients"]

passed = failed = 0


def check(good, what, *details):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAIL", what)
        for detail in details:
            print("    ", str(detail)[:2000])


class Tail:
    """mywire behind a file; lines of its output are taken as they come."""

    def __init__(self, mywire, command, *arguments, form="ndjson", stdin=None):
        self.process = subprocess.Popen([mywire, command, "-F", form, *map(str, arguments)], stdin=stdin,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.out, self.err, self.form = b"", "", form
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and not self.catches() and self.process.poll() is None:
            time.sleep(0.01)

    def catches(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return int(line.split()[1], 16) >> (signal.SIGINT - 1) & 1
        return 0

    def read_until(self, condition):
        """-> whether it came true while the program runs."""
        end, pipe = time.monotonic() + PATIENCE, self.process.stdout.fileno()
        while time.monotonic() < end and not condition(self.records()):
            if select.select([pipe], [], [], 0.1)[0]:
                more = os.read(pipe, 1 << 20)
                if not more:
                    break
                self.out += more
        return condition(self.records()) and self.process.poll() is None

    def hear(self, text):
        """Waits for that to be said on stderr."""
        end, pipe = time.monotonic() + PATIENCE, self.process.stderr.fileno()
        while time.monotonic() < end and text not in self.err and self.process.poll() is None:
            if select.select([pipe], [], [], 0.1)[0]:
                self.err += os.read(pipe, 65536).decode()

    def records(self):
        return [json.loads(line) for line in self.out.split(b"\n")[:-1]] if self.form == "ndjson" else []

    def stop(self, how=signal.SIGINT):
        """-> records, stderr, status."""
        self.process.send_signal(how)
        try:
            rest, err = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            rest, err = self.process.communicate()
        self.out += rest
        return self.records(), self.err + err.decode(), self.process.returncode


def of_file(mywire, command, *paths):
    done = subprocess.run([mywire, command, "-F", "ndjson", *map(str, paths)], capture_output=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def facts(records):
    return sorted(json.dumps({k: v for k, v in r.items() if k != "files"}, sort_keys=True) for r in records)


def classic(sample):
    """The same packets as a classic pcap."""
    link, packets = capture.read(sample)
    assert link == 1, sample
    header = b"\x4d\x3c\xb2\xa1\x02\x00\x04\x00" + bytes(8) + (262144).to_bytes(4, "little") + (1).to_bytes(4, "little")
    return header, [capture.record(*packet) for packet in packets]


def test_odd_chunks(mywire, samples, folder):
    """Bytes come in pieces that end anywhere, the file's header among them."""
    chance = random.Random(1)
    for name in SAMPLES:
        header, packets = classic(samples / f"{name}.pcapng")
        for form, data in ("pcapng", (samples / f"{name}.pcapng").read_bytes()), ("pcap", header + b"".join(packets)):
            path = folder / f"{name}.{form}"
            path.write_bytes(b"")
            tails = {command: Tail(mywire, command, "--tail", path) for command in ("connections", "commands")}
            at = 0
            with open(path, "ab", buffering=0) as file:
                while at < len(data):
                    n = chance.choice([1, 2, 3, 5, 8, 100, 1000, 10000])
                    file.write(data[at:at + n])
                    at += n
                    time.sleep(chance.choice([0, 0, 0, 0.001]))
            for command, tail in tails.items():
                expected = of_file(mywire, command, path)
                records, err, status = tail.stop()
                check(status == 0 and facts(records) == facts(expected), f"{command} --tail {path.name}", status, err,
                      len(records), len(expected))


def test_half_a_packet(mywire, samples, folder):
    """What stands half written when it is stopped is no error."""
    for name, data in ("a.pcapng", (samples / "mysql97-zlib-plain.pcapng").read_bytes()), \
            ("a.pcap", b"".join([p for part in classic(samples / "mysql97-zlib-plain.pcapng") for p in (part if isinstance(part, list) else [part])])):
        path = folder / name
        path.write_bytes(data[:-700])
        whole = folder / f"whole-{name}"
        done = subprocess.run([mywire, "connections", path], capture_output=True, text=True)
        check(done.returncode == 3 and "in the middle" in done.stderr, "without --tail it is one", done)
        tail = Tail(mywire, "commands", "--tail", path)
        check(tail.read_until(lambda records: len(records) >= 5), "records come while the rest does not", tail.records())
        records, err, status = tail.stop(signal.SIGTERM)
        check(status == 0 and not err, "stopped inside a packet", status, err)
        # And when the rest comes, it is read.
        tail = Tail(mywire, "commands", "--tail", path)
        tail.read_until(lambda records: len(records) >= 5)
        with open(path, "ab") as file:
            file.write(data[-700:])
        whole.write_bytes(data)
        expected = of_file(mywire, "commands", whole)
        check(tail.read_until(lambda records: len(records) == len(expected)), "the rest", len(tail.records()), len(expected))
        check(facts(tail.stop()[0]) == facts(expected), "all of it")


def halves(sample):
    header, packets = classic(sample)
    half = len(packets) // 2
    return header + b"".join(packets[:half]), header + b"".join(packets[half:]), header + b"".join(packets)


def test_rotation(mywire, samples, folder):
    """One stream over two files: in a directory, by a new file of the same name, and in the same file begun anew."""
    first, second, both = halves(samples / "mysql97-port3306-mixed-clients.pcapng")
    whole = folder / "both.pcap"
    whole.write_bytes(both)
    expected = of_file(mywire, "commands", whole)
    enough = len(of_file(mywire, "commands", whole)) // 4

    def same(records, what, *details):
        strip = [{k: v for k, v in r.items() if k != "packet"} for r in records]
        check(facts(strip) == facts({k: v for k, v in r.items() if k != "packet"} for r in expected), what, len(records),
              len(expected), *details)

    directory = folder / "ring"
    directory.mkdir()
    (directory / "x_00001.pcap").write_bytes(first)
    (directory / "notes.txt").write_text("no capture\n")
    tail = Tail(mywire, "commands", "--tail", directory)
    check(tail.read_until(lambda records: len(records) >= enough), "a directory, its first file")
    with open(directory / "x_00002.pcap", "wb", buffering=0) as file:
        file.write(second[:11])
        time.sleep(0.3)
        file.write(second[11:])
    check(tail.read_until(lambda records: len(records) == len(expected)), "a directory, its second file")
    records, err, status = tail.stop()
    same(records, "a directory", err)
    check(status == 0 and "x_00002.pcap" in err, "a directory: what is said", status, err)

    empty = folder / "empty"
    empty.mkdir()
    tail = Tail(mywire, "commands", "--tail", empty)
    time.sleep(0.3)
    (empty / "new.pcap").write_bytes(both)
    check(tail.read_until(lambda records: len(records) == len(expected)), "a directory that was empty")
    records, err, status = tail.stop()
    check(status == 0, "a directory that was empty: status", status, err)

    path = folder / "same.pcap"
    path.write_bytes(first)
    tail = Tail(mywire, "commands", "--tail", path)
    check(tail.read_until(lambda records: len(records) >= enough), "a file that will be replaced")
    os.rename(path, folder / "same.pcap.1")
    path.write_bytes(second)
    check(tail.read_until(lambda records: len(records) == len(expected)), "a file that was replaced")
    records, err, status = tail.stop()
    same(records, "replaced", err)
    check(status == 0 and "was replaced" in err, "replaced: what is said", status, err)

    path.write_bytes(first)
    tail = Tail(mywire, "commands", "--tail", path)
    check(tail.read_until(lambda records: len(records) >= enough), "a file that will be begun anew")
    os.truncate(path, 0)
    tail.hear("begun anew")
    with open(path, "ab") as file:
        file.write(second)
    check(tail.read_until(lambda records: len(records) == len(expected)), "a file that was begun anew")
    records, err, status = tail.stop()
    same(records, "begun anew", err)
    check(status == 0 and "begun anew" in err, "begun anew: what is said", status, err)


def test_reports(mywire, samples, folder):
    """What is one report comes at the end; tables come as they grow, under one header line."""
    sample = samples / "mysql97-port3306-mixed-clients.pcapng"
    for command, form in ("summary", "json"), ("handshakes", "json"), ("doctor", "json"):
        tail = Tail(mywire, command, "--tail", sample, form=form)
        time.sleep(0.5)
        _, err, status = tail.stop()
        whole = subprocess.run([mywire, command, "-F", form, sample], capture_output=True).stdout
        check(status == 0 and tail.out == whole, f"{command} --tail", err, tail.out)
    path = folder / "table.pcapng"
    data = sample.read_bytes()
    path.write_bytes(data[:len(data) // 2])
    tail = Tail(mywire, "commands", "--tail", path, form="text")
    time.sleep(1)
    with open(path, "ab") as file:
        file.write(data[len(data) // 2:])
    time.sleep(1)
    _, err, status = tail.stop()
    rows = tail.out.decode().splitlines()
    check(status == 0 and sum("COMMAND" in row and "CONN" in row for row in rows) == 1, "one header line", rows)
    check(len(rows) == 1 + len(of_file(mywire, "commands", sample)), "a row each", rows)
    result = folder / "result.ndjson"
    tail = Tail(mywire, "commands", "--tail", "-o", f"ndjson:{result}", path)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and not (result.exists() and result.stat().st_size):
        time.sleep(0.05)
    check(result.exists() and tail.process.poll() is None, "a result file grows while it runs")
    tail.stop()
    check(len(result.read_text().splitlines()) == len(rows) - 1, "the result file")


def test_refusals(mywire, samples, folder):
    path = folder / "a.pcapng.gz"
    path.write_bytes(gzip.compress((samples / "mysql97-zlib-plain.pcapng").read_bytes()))
    done = subprocess.run([mywire, "summary", "--tail", path], capture_output=True, text=True, timeout=PATIENCE)
    check(done.returncode == 3 and "compressed with gzip" in done.stderr, "compressed", done)
    done = subprocess.run([mywire, "summary", "--tail", folder / "nothing.pcap"], capture_output=True, text=True, timeout=PATIENCE)
    check(done.returncode == 3 and "does not exist" in done.stderr, "not there", done)


def test_pipes(mywire, samples, folder):
    """Standard input that is a pipe: records come at once, a signal ends it with what was read, and what the writer still
    had is taken."""
    data = (samples / "mysql97-port3306-mixed-clients.pcapng").read_bytes()
    expected = of_file(mywire, "commands", samples / "mysql97-port3306-mixed-clients.pcapng")
    for command, form in ("commands", "ndjson"), ("summary", "json"):
        tail = Tail(mywire, command, "-", form=form, stdin=subprocess.PIPE)
        tail.process.stdin.write(data[:-100])
        tail.process.stdin.flush()
        tail.process.send_signal(signal.SIGINT)
        tail.process.stdin.write(data[-100:])
        tail.process.stdin.close()
        tail.process.stdin = None
        rest, err = tail.process.communicate(timeout=PATIENCE)
        tail.out += rest
        check(tail.process.returncode == 0 and not err, f"{command} of a pipe, stopped", tail.process.returncode, err)
        if form == "ndjson":
            check(tail.records() and facts(tail.records()) == facts(expected), "what was in the pipe", len(tail.records()))
        else:
            check(json.loads(tail.out)["commands"] == len(expected), "the report of a pipe", tail.out)
    # Its writer goes on: it ends all the same, and half a packet is no error.
    tail = Tail(mywire, "commands", "--tail", "-", stdin=subprocess.PIPE)
    tail.process.stdin.write(data[:-100])
    tail.process.stdin.flush()
    check(tail.read_until(lambda records: len(records) >= 5), "records of a pipe come at once", len(tail.records()))
    records, err, status = tail.stop()
    check(status == 0 and not err, "a pipe that stays open", status, err)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    for test in [value for name, value in sorted(globals().items()) if name.startswith("test_")]:
        with tempfile.TemporaryDirectory() as folder:
            test(os.path.abspath(sys.argv[1]), Path(sys.argv[2]).absolute(), Path(folder))
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
