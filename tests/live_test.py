#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`mywire live` on the loopback interface of a network namespace of its own, where the frames of samples are sent once
more: the records must be those of the files, which other tests compare with what servers and clients said. Then drops,
privileges, signals, terminals, pipes; and `--tail` behind tcpdump and dumpcap.

    live_test.py MYWIRE SAMPLES

Needs root, or user namespaces; exits with 77 where there is neither.
"""
import collections
import fcntl
import json
import os
import pty
import pwd
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import capture

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "cli"))
import schema_test

SKIPPED = 77
PATIENCE = 30  # seconds until something that must happen has not
SAMPLES = ["mysql97-login-errors", "mysql97-port3306-mixed-clients", "mysql97-prepared-all-types",
           "mysql97-zlib-plain", "mariadb118-zlib-plain", "mysql97-load-data-local-infile", "mysql97-commands-raw",
           "mariadb1011-bulk-batch-node", "mysql97-binlog-mysqlbinlog-plain", "mysql97-session-track"]
REPLAYED = "mysql97-plain-caching-sha2-fast"
# What another moment and another numbering of packets make of the same conversation.
OF_THE_MOMENT = re.compile(r"(_ns|_us)$|^(packet|first_packet|files)$")

passed = failed = 0


def check(good, what, *details):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAIL", what)
        for detail in details:
            print("    ", str(detail)[:2000])


# -- the namespace -----------------------------------------------------------------------------------------------------

def enter(arguments):
    """Runs this once more in a namespace of its own."""
    for way in ["unshare", "-n"], ["unshare", "-rn"]:
        if shutil.which(way[0]) and subprocess.run(way + ["true"], capture_output=True).returncode == 0:
            os.execvp(way[0], way + [sys.executable, os.path.abspath(__file__), "--inside"] + arguments)
    print("SKIPPED: neither root nor user namespaces: no interface to take packets from")
    sys.exit(SKIPPED)


def set_flags(name, up):
    SIOCSIFFLAGS, IFF_UP = 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", name.encode(), IFF_UP if up else 0))


def loopback():
    """Brings it up, and takes its address away, so that the kernel does not answer to packets that are sent there."""
    SIOCSIFADDR = 0x8916
    set_flags("lo", True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFADDR, struct.pack("16sHH4s8x", b"lo", socket.AF_INET, 0, bytes(4)))
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind(("lo", 0))
    return out


def status_of(process):
    text = Path(f"/proc/{process.pid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def catches(process, number):
    """Whether it has a handler for the signal: mywire takes them last, when all is open."""
    return int(status_of(process)["SigCgt"], 16) >> (number - 1) & 1


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            check(False, "timeout: " + what)
            return False
        time.sleep(0.02)
    return True


# -- running -----------------------------------------------------------------------------------------------------------

class Run:
    """mywire, taking packets; or another program."""

    def __init__(self, *command, stdout=subprocess.PIPE, **more):
        self.process = subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, **more)
        self.seen = b""
        if command[0].endswith("mywire"):
            wait_until(lambda: catches(self.process, signal.SIGINT) or self.process.poll() is not None, f"{command} runs")

    def read_until(self, condition):
        """-> whether it came true of stdout while the program runs."""
        end, pipe = time.monotonic() + PATIENCE, self.process.stdout.fileno()
        while time.monotonic() < end and not condition(self.seen):
            if select.select([pipe], [], [], 0.1)[0]:
                more = os.read(pipe, 65536)
                if not more:
                    break
                self.seen += more
        return condition(self.seen) and self.process.poll() is None

    def stop(self, how=signal.SIGINT):
        """-> stdout, stderr as text, status."""
        self.process.send_signal(how)
        return self.finish()

    def finish(self):
        try:
            out, err = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            err += b"TIMEOUT"
        return (self.seen + (out or b"")).decode(), err.decode(), self.process.returncode


def frames(sample):
    link, packets = capture.read(sample)
    assert link == 1, sample
    return [data for _, data, _ in packets]


def send(out, sample):
    for frame in frames(sample):
        out.send(frame)


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def check_schema(records, what):
    schemas = schema_test.Schemas(HERE.parent / "docs/schema")
    for record in records:
        name = f"{record['event']}.json"
        schemas.check(record, schemas.documents[name], name)
    check(not schemas.errors, f"{what}: against its schema", *schemas.errors[:5])


def facts(records):
    """What does not depend on the moment, as comparable texts, in an order of their own."""
    return sorted(json.dumps({k: v for k, v in r.items() if not OF_THE_MOMENT.search(k)}, sort_keys=True)
                  for r in records)


def from_file(mywire, sample, *options):
    out = ""
    for command in "connections", "commands":
        out += subprocess.run([mywire, command, "-F", "ndjson", *options, sample], capture_output=True, text=True,
                              timeout=60).stdout
    return lines(out)


def difference(a, b):
    a, b = collections.Counter(a), collections.Counter(b)
    return list((a - b).elements())[:2] + ["--- and"] + list((b - a).elements())[:2]


# -- the tests ---------------------------------------------------------------------------------------------------------

def test_replay(mywire, samples, out):
    for name in SAMPLES:
        sample = str(samples / f"{name}.pcapng")
        keys = samples / f"{name}.keys.txt"
        options = ["-k", str(keys)] if keys.exists() else []
        for interface in ["lo", "any"] if name == SAMPLES[0] else ["lo"]:
            run = Run(mywire, "live", "-i", interface, *options)
            send(out, sample)
            text, err, status = run.stop()  # at once: what has come by then counts
            records = lines(text)
            check(status == 0, f"{name} on {interface}: status {status}", err)
            check_schema(records, name)
            kinds = [r["event"] for r in records]
            check(kinds.count("summary") == 1 and kinds[-1] == "summary", f"{name}: one summary, at the end", kinds)
            told, expected = facts(r for r in records if r["event"] != "summary"), facts(from_file(mywire, sample, *options))
            check(told == expected, f"{name} on {interface}: not the records of the file", *difference(told, expected))
            check(records[-1]["evidence"]["packets"] == len(frames(sample)), f"{name} on {interface}: packets",
                  records[-1]["evidence"])


def test_growing_keylog(mywire, samples, out):
    """Clients write their key log while the traffic passes: it is empty when mywire begins, and gets its lines cut anywhere."""
    for name in "mysql97-login-errors", "mysql97-port3306-mixed-clients", "mariadb1011-tls12-many-ciphers":
        keys, sample = (samples / f"{name}.keys.txt").read_bytes(), str(samples / f"{name}.pcapng")
        with tempfile.NamedTemporaryFile(buffering=0) as log:
            run = Run(mywire, "live", "-i", "lo", "-k", log.name)
            for at in range(0, len(keys), 97):
                log.write(keys[at:at + 97])
            send(out, sample)
            text, err, status = run.stop()
        told = facts(r for r in lines(text) if r["event"] != "summary")
        expected = facts(from_file(mywire, sample, "-k", str(samples / f"{name}.keys.txt")))
        check(status == 0 and told == expected, f"{name}: a key log that grows", err, *difference(told, expected))


def test_records_option(mywire, samples, out):
    for option, events in ("connections", {"connection"}), ("commands", {"command"}), ("none", set()):
        run = Run(mywire, "live", "-i", "lo", "--records", option)
        send(out, samples / f"{REPLAYED}.pcapng")
        text, err, status = run.stop(signal.SIGTERM)
        check(status == 0 and {r["event"] for r in lines(text)} == events | {"summary"}, f"--records {option}", text, err)


def test_filter_count_and_time(mywire, samples, out):
    sample = samples / f"{REPLAYED}.pcapng"
    run = Run(mywire, "live", "-i", "lo", "-f", "tcp port 1", "--for", "1")
    send(out, sample)
    text, err, status = run.finish()
    check(status == 0 and lines(text)[-1]["evidence"]["packets"] == 0, "filter, and --for", text, err)
    run = Run(mywire, "live", "-i", "lo", "-c", "7")
    send(out, sample)
    text, err, status = run.finish()
    check(status == 0 and lines(text)[-1]["evidence"]["packets"] == 7, "--count", text, err)
    run = Run(mywire, "live", "-i", "lo", "--snaplen", "90")
    send(out, sample)
    text, err, status = run.stop()
    evidence = lines(text)[-1]["evidence"]
    check(evidence["gap_bytes_snaplen"] > 0 and evidence["bytes"] == sum(map(len, frames(sample))), "--snaplen", evidence)
    run = Run(mywire, "live", "-i", "lo", "-i", "any")
    send(out, sample)
    text, err, status = run.stop()
    inputs = lines(text)[-1]["evidence"]["files"]
    check([(i["file"], i["packets"]) for i in inputs] == [("lo", len(frames(sample))), ("any", len(frames(sample)))],
          "two interfaces", text, err)


def test_prompt(mywire, samples, out):
    """A line reaches a reader while the run lasts."""
    run = Run(mywire, "live", "-i", "lo", "--interval", "1")
    send(out, samples / f"{REPLAYED}.pcapng")
    good = run.read_until(lambda seen: b'"event":"connection"' in seen and b'"event":"status"' in seen and seen.endswith(b"\n"))
    check(good, "records come while it runs", run.seen)
    status = [r for r in lines(run.seen.decode()) if r["event"] == "status"]
    check(status and status[-1]["commands"] in (0, 6), "status", status)
    check_schema(status, "status")
    run.stop()


def test_text(mywire, samples, out):
    sample = samples / f"{REPLAYED}.pcapng"
    run = Run(mywire, "live", "-i", "lo", "-F", "text")
    send(out, sample)
    text, err, status = run.stop()
    of_file = subprocess.run([mywire, sample], capture_output=True, text=True).stdout.splitlines()
    times = re.compile(r"Captured|Login time|  time|(  most of it)? +[\d.]+% in|Read ")  # of the replay, not of the recording
    same = [line for line in of_file if not times.match(line)]
    check(status == 0 and [line for line in text.splitlines() if not times.match(line)] == same,
          "the final report", text, err)
    check(f"Read {len(frames(sample))} packets" in text and "from 1 interface" in text, "what was read", text)


def on_terminal(mywire, samples, out, environment):
    """-> what came to a terminal of 60 columns, status."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 60, 0, 0))
    run = Run(mywire, "live", "-i", "lo", "--interval", "1", stdout=slave, env={**os.environ, "TERM": "xterm", **environment})
    os.close(slave)
    seen = b""

    def read(until):
        nonlocal seen
        end = time.monotonic() + PATIENCE
        while not until() and time.monotonic() < end:
            try:
                if select.select([master], [], [], 0.2)[0]:
                    seen += os.read(master, 65536)
            except OSError:
                return
    read(lambda: b"Connections" in seen)
    send(out, samples / "mysql97-port3306-mixed-clients.pcapng")
    send(out, samples / f"{REPLAYED}.pcapng")
    read(lambda: b"Statements" in seen)
    run.process.send_signal(signal.SIGINT)
    read(lambda: False)
    os.close(master)
    _, err, status = run.finish()
    check(status == 0, "on a terminal", err)
    return seen.decode()


def test_terminal(mywire, samples, out):
    text = on_terminal(mywire, samples, out, {"NO_COLOR": "1"})
    drawings = re.split(r"\r\033\[\d+A|\r(?=mywire)", text)
    check(len(drawings) >= 3, "drawn more than once", repr(text))
    check("\033[1m" not in text and "\033[3" not in text, "NO_COLOR", repr(text))
    controls = set(re.findall(r"\033\[[0-9;?]*[A-Za-z]", text))
    check(all(re.fullmatch(r"\033\[(\d+A|K|J)", c) for c in controls), "moves and clears, nothing else", controls)
    # All but the last, which is the report.
    for drawing in drawings[:-1]:
        rows = re.sub(r"\033\[[KJ]", "", drawing).replace("\r\n", "\n").rstrip("\n").split("\n")
        check(len(rows) <= 11 and all(len(row) < 60 for row in rows), "fits the terminal", drawing)
    check(drawings[-1].startswith("\033[J") and "Captured" in drawings[-1], "the report takes its place", drawings[-1])
    check("\033[1m" in on_terminal(mywire, samples, out, {"NO_COLOR": ""}), "bold otherwise")


def of_client(frame, number):
    """The same from or to another client."""
    address = struct.pack(">I", 0x0A000000 + number)
    at = 26 if struct.unpack_from(">H", frame, 36)[0] == 13306 else 30
    return frame[:at] + address + frame[at + 4:]


def test_drops_are_losses(mywire, samples, out):
    """What lacks packets says so; what does not is as it was."""
    sample = str(samples / f"{REPLAYED}.pcapng")
    run = Run(mywire, "live", "-i", "lo", "--ring", "1M")
    run.process.send_signal(signal.SIGSTOP)
    for number in range(1, 1001):
        for frame in frames(sample):
            out.send(of_client(frame, number))
        if number == 500:  # some are taken, then come others again
            run.process.send_signal(signal.SIGCONT)
            time.sleep(0.5)
            run.process.send_signal(signal.SIGSTOP)
    run.process.send_signal(signal.SIGCONT)
    text, err, status = run.stop()
    records = lines(text)
    check(status == 0 and records[-1]["evidence"]["dropped_by_kernel"] > 0, "drops", records[-1]["evidence"], err)

    def same(record):
        return {k: v for k, v in record.items() if not OF_THE_MOMENT.search(k) and k not in ("id", "connection", "client_ip")}
    expected = [same(r) for r in from_file(mywire, sample)]
    told = [r for r in records if r["event"] == "connection"]
    whole = [r for r in told if r["exact"] and r["state"] == "complete"]
    check(whole and len(told) < 1000, "some are whole, some are missing", len(whole), len(told))
    check(all(same(r) in expected for r in whole), "those that are whole", next((r for r in whole if same(r) not in expected), None))
    ids = {r["id"] for r in whole}
    commands = [r for r in records if r["event"] == "command" and r["connection"] in ids]
    check(len(commands) == 6 * len(whole) and all(same(r) in expected for r in commands), "their commands", len(commands))


def test_drops(mywire, samples, out):
    for form in "ndjson", "text":
        run = Run(mywire, "live", "-i", "lo", "--ring", "64K", "-F", form)
        # A sleeping process takes nothing out of its ring.
        run.process.send_signal(signal.SIGSTOP)
        sent = 0
        for _ in range(300):
            for frame in frames(samples / f"{REPLAYED}.pcapng"):
                out.send(frame)
                sent += 1
        run.process.send_signal(signal.SIGCONT)
        text, err, status = run.stop()
        if form == "text":
            check(status == 0 and re.search(r"warning: the kernel dropped \d+ packets", text), "drops in the report", text, err)
            continue
        summary = lines(text)[-1]
        evidence = summary["evidence"]
        check(status == 0 and evidence["dropped_by_kernel"] > 0, "drops are counted", evidence, err)
        # The loopback interface has each packet twice, on its way out and in; one of them is never told.
        missing = sent - evidence["packets"]
        check(0 < missing <= evidence["dropped_by_kernel"] <= 2 * sent - evidence["packets"], f"drops of {sent} packets", evidence)
        check("capture.dropped" in [f["id"] for f in summary["findings"]], "a finding", summary["findings"])


def test_privileges(mywire, samples, out):
    uids = Path("/proc/self/uid_map").read_text().split()
    whole = int(uids[2]) > 65534  # users other than root exist here
    nobody = pwd.getpwnam("nobody").pw_uid
    cases = [({}, nobody), ({"SUDO_UID": "12345", "SUDO_GID": "23456"}, 12345), ({"SUDO_UID": "0", "SUDO_GID": "0"}, nobody)]
    for environment, uid in cases if whole else [({}, 0)]:
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)
            result = f"{folder}/result.ndjson"
            clean = {k: v for k, v in os.environ.items() if k not in ("SUDO_UID", "SUDO_GID", "DOAS_USER")}
            run = Run(mywire, "live", "-i", "lo", "-o", f"ndjson:{result}", env={**clean, **environment})
            wait_until(lambda: status_of(run.process)["CapEff"] == "0" * 16, f"privileges are given up: {environment}")
            s = status_of(run.process)
            check(s["Uid"].split() == [str(uid)] * 4, f"user with {environment}", s["Uid"])
            check(all(s[k] == "0" * 16 for k in ("CapInh", "CapPrm", "CapEff", "CapAmb")), "capabilities", s)
            check(s["NoNewPrivs"] == "1", "no new privileges", s["NoNewPrivs"])
            if whole:
                check(s["Groups"].split() in ([], ["23456"]) and s["Gid"].split()[0] in ("23456", str(pwd.getpwnam("nobody").pw_gid)),
                      "groups", s["Groups"], s["Gid"])
                check(s["CapBnd"] == "0" * 16, "bounding set", s["CapBnd"])
            send(out, samples / f"{REPLAYED}.pcapng")
            wait_until(lambda: os.path.getsize(result) > 0, "the file grows while it runs")
            _, err, status = run.stop()
            check(status == 0 and lines(Path(result).read_text())[-1]["event"] == "summary", "the result", err)
            # Whoever called it owns what it wrote: by sudo the user, otherwise root.
            check(os.stat(result).st_uid == (uid if environment.get("SUDO_UID", "0") != "0" else 0), "whose file it is")
    for user in ["nobody"] if whole else []:
        run = Run(mywire, "live", "-i", "lo", "--user", user)
        wait_until(lambda: status_of(run.process)["Uid"].split()[0] == str(nobody), "--user")
        run.stop()
    done = subprocess.run([mywire, "live", "-i", "lo", "--user", "no-such-user"], capture_output=True, text=True)
    check(done.returncode == 2 and "no-such-user" in done.stderr, "--user that is not there", done)


def test_refusals(mywire, samples, out):
    done = subprocess.run([mywire, "live", "-i", "nope0"], capture_output=True, text=True)
    check(done.returncode == 3 and "no interface nope0" in done.stderr and "lo" in done.stderr and not done.stdout,
          "no such interface", done)
    done = subprocess.run([mywire, "live"], capture_output=True, text=True)
    check(done.returncode == 2 and "-i IFACE" in done.stderr, "no interface", done)
    done = subprocess.run([mywire, "live", "-i", "lo", "-f", "tcp prot 1"], capture_output=True, text=True)
    check(done.returncode == 2 and "filter" in done.stderr, "a wrong filter", done)
    done = subprocess.run([mywire, "live", "--list-interfaces"], capture_output=True, text=True)
    check(done.returncode == 0 and re.search(r"^lo .*loopback", done.stdout, re.M), "the list", done)
    without = subprocess.run(["setpriv", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", mywire, "live", "-i", "lo"],
                             capture_output=True, text=True)
    check(without.returncode == 3 and "setcap" in without.stderr and "sudo" in without.stderr, "no privileges", without)


def test_interface_goes(mywire, samples, out):
    for line in "link add mw0 type veth peer name mw1", "link set mw0 up", "link set mw1 up":
        if subprocess.run(["ip", *line.split()], capture_output=True).returncode:
            print("SKIPPED: interfaces that go away: `ip link add … type veth` does not work here")
            return
    run = Run(mywire, "live", "-i", "mw0", "-i", "lo")
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("mw1", 0))
        for frame in frames(samples / f"{REPLAYED}.pcapng"):
            wire.send(frame)
        check(run.read_until(lambda seen: b'"event":"connection"' in seen), "packets of the first interface")
    subprocess.run(["ip", "link", "del", "mw0"], check=True)
    time.sleep(0.5)
    check(run.process.poll() is None, "the other interface goes on")
    send(out, samples / "mysql97-zlib-plain.pcapng")
    text, err, status = run.stop()
    summary = lines(text)[-1]
    check(status == 3 and "No more packets come from mw0" in err, "an interface goes away", status, err)
    check(summary["event"] == "summary" and not summary["evidence"]["complete"] and summary["connections"] == 2,
          "what came before is told, and what came by the other", text)
    check([f["complete"] for f in summary["evidence"]["files"]] == [False, True], "which one", summary["evidence"])
    check("input.interface_gone" in [f["id"] for f in summary["findings"]], "a finding", summary["findings"])


def test_signals_and_pipes(mywire, samples, out):
    run = Run(mywire, "live", "-q", "-i", "lo")
    run.process.stdout.close()
    run.process.stdout = None
    _, err, status = run.finish()
    check(status == 0 and not err, "nobody reads: it ends", status, err)
    # Nobody reads, yet the pipe is open: it waits in a write. The first signal is a wish, the second ends it.
    run = Run(mywire, "live", "-i", "lo")
    pipe = run.process.stdout
    fcntl.fcntl(pipe, 1031, 4096)  # F_SETPIPE_SZ
    for _ in range(20):
        send(out, samples / "mysql97-port3306-mixed-clients.pcapng")
        time.sleep(0.05)
    run.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    check(run.process.poll() is None, "it waits")
    run.process.send_signal(signal.SIGINT)
    check(run.process.wait(timeout=PATIENCE) == -signal.SIGINT, "the second signal ends it", run.process.returncode)


def test_tail_recorders(mywire, samples, out):
    """Behind tcpdump and dumpcap, packet by packet, and over the files of a ring."""
    sample = samples / "mysql97-port3306-mixed-clients.pcapng"
    expected = facts(from_file(mywire, str(sample)))
    for recorder in ["tcpdump", "-U", "-w"], ["dumpcap", "-q", "-w"], ["dumpcap", "-q", "-P", "-w"]:
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)
            path = f"{folder}/growing"
            more = ["-Z", "root"] if recorder[0] == "tcpdump" else []
            record = Run(recorder[0], "-i", "lo", *more, *recorder[1:], path, stdout=subprocess.DEVNULL)
            wait_until(lambda: os.path.exists(path) and os.path.getsize(path), "the recorder begins")
            time.sleep(0.2)
            if record.process.poll() is not None:  # tcpdump changes its groups, which some user namespaces forbid
                print(f"SKIPPED: --tail behind {recorder[0]}, which says:", record.finish()[1].strip())
                continue
            told = []
            for command in "connections", "commands":
                told.append(subprocess.Popen([mywire, command, "-F", "ndjson", "--tail", path], stdout=subprocess.PIPE,
                                             stderr=subprocess.PIPE))
            send(out, sample)
            time.sleep(1)
            record.stop()
            time.sleep(0.5)
            records, status, err = [], [], b""
            for process in told:
                process.send_signal(signal.SIGINT)
                o, e = process.communicate(timeout=PATIENCE)
                records += lines(o.decode())
                status.append(process.returncode)
                err += e
            check(status == [0, 0] and facts(records) == expected, f"--tail behind {recorder}", err,
                  *difference(facts(records), expected))


def main():
    if sys.argv[1:2] != ["--inside"]:
        if len(sys.argv) != 3:
            sys.exit(__doc__)
        enter(sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        mywire, samples = shutil.copy(sys.argv[2], folder), Path(sys.argv[3])
        out = loopback()
        for test in [value for name, value in sorted(globals().items()) if name.startswith("test_")]:
            test(mywire, samples, out)
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
