#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast is mywire beside its peers, measured in the same run?

  bench.py MYWIRE oltp   [--capture FILE] [--size BYTES] [--runs N] [--peer-runs N] [--digest-seconds S]
  bench.py MYWIRE tls    [--capture FILE --keylog KEYS] [--size BYTES] [--runs N] [--peer-runs N]
  bench.py MYWIRE logins [--capture FILE] [--size BYTES] [--runs N] [--peer-runs N] SAMPLE...

oltp: commands of a sysbench load against MariaDB. The capture FILE (mywire-oltp.pcap in the temporary folder unless told) is
recorded by oltp.py if it is not there yet: packages mariadb-server, sysbench and tcpdump. Peers: tshark, and tcpdump into
pt-query-digest (package percona-toolkit). If the latter would need more than S seconds (900) for the whole, it gets the beginning of the
capture, at least 50 MB, and mywire gets the same.

tls: the same load over TLS 1.3 with AES-256-GCM, opened with its key log; mywire-oltp-tls.pcap and .keys.txt in the temporary folder
unless told. Peer: tshark. The floor is a loop of gnutls_aead_cipher_decrypt over the capture's records, which lie ready in memory
with their keys (tls_records.py, tls_floor.c: package libgnutls28-dev); the time of that loop alone counts.

logins: the SAMPLEs, multiplied into a capture of BYTES bytes (500 MB unless told), or FILE. Peer: tshark.

Times are of whole processes, wall clock and processor, in turn A B C A B C …; the medians and their ratios are printed. Nothing is judged
here: the numbers stand in docs/BENCHMARKS.md. tcpdump -w /dev/null reads and copies every packet: the floor for a tool over libpcap.
"""
import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import capture  # noqa: E402
import oltp
import tls_records

HERE = os.path.dirname(os.path.realpath(__file__))
SAMPLE_PORTS = (13306, 13310, 13318)  # of the servers that the samples were recorded from
CUT = 50_000_000  # the least that pt-query-digest gets
FLOOR = "tcpdump -w /dev/null (floor)"
GNUTLS = "loop of GnuTLS decrypt (floor)"
FLOORS = {FLOOR: FLOOR.split()[0], GNUTLS: "GnuTLS"}
TSHARK = "tshark -T fields"
DIGEST = "tcpdump | pt-query-digest"


class Tool:
    """A pipeline of programs. `against`: names of tools that this one is compared with; `slow`: has runs of its own number."""

    def __init__(self, *pipeline, against=(), slow=False):
        self.pipeline, self.against, self.slow = pipeline, against, slow
        self.walls, self.cpus = [], []

    def missing(self):
        return [argv[0] for argv in self.pipeline if not shutil.which(argv[0])]

    def run(self, env, record):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.monotonic()
        processes, source = [], subprocess.DEVNULL
        for i, argv in enumerate(self.pipeline):
            last = i == len(self.pipeline) - 1
            p = subprocess.Popen(argv, stdin=source, stdout=subprocess.DEVNULL if last else subprocess.PIPE,
                                 stderr=subprocess.DEVNULL, env=env)
            if processes:
                source.close()  # the writer must see when its reader goes away
            processes.append(p)
            source = p.stdout
        for p in reversed(processes):
            if p.wait() != 0:
                sys.exit(f"bench: {' '.join(p.args)} ended with status {p.returncode}")
        wall = time.monotonic() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if record:
            self.walls.append(wall)
            self.cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return wall

    def wall(self):
        return statistics.median(self.walls)

    def cpu(self):
        return statistics.median(self.cpus)

    def peak_memory(self, env):
        """Peak resident set in MiB, from /usr/bin/time where it is installed."""
        if len(self.pipeline) > 1 or not os.path.exists("/usr/bin/time"):
            return None
        p = subprocess.run(["/usr/bin/time", "-f", "%M"] + self.pipeline[0], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                           env=env, text=True)
        return int(p.stderr.split()[-1]) / 1024


class Loop(Tool):
    """A program that tells the seconds itself, wall and processor, as the first words that it prints: its preparations do not count."""

    def run(self, env, record):
        words = subprocess.run(self.pipeline[0], stdout=subprocess.PIPE, env=env, check=True, text=True).stdout.split()
        if record:
            self.walls.append(float(words[0]))
            self.cpus.append(float(words[1]))
        self.said = " ".join(words[2:])
        return float(words[0])


def digest(file):
    return (["tcpdump", "-r", file, "-s", "65535", "-x", "-nn", "-q", "-tttt"],
            ["pt-query-digest", "--type", "tcpdump", "--watch-server", f"127.0.0.1:{oltp.PORT}"])


def login_tools(mywire, file):
    fields = ["mysql.version", "mysql.thread_id", "mysql.user", "mysql.schema", "mysql.client_auth_plugin", "mysql.caps.client",
              "mysql.charset", "mysql.error_code"]
    against = (TSHARK, FLOOR)
    decode_as = [x for port in SAMPLE_PORTS for x in ("-d", f"tcp.port=={port},mysql")]
    logins = ["-Y", "mysql.version or mysql.user or mysql.error_code", "-T", "fields"] + [x for f in fields for x in ("-e", f)]
    return {
        FLOOR: Tool(["tcpdump", "-r", file, "-w", "/dev/null"]),
        "mywire handshakes": Tool([mywire, "handshakes", file], against=against),
        "mywire connections": Tool([mywire, "connections", "-F", "ndjson", file], against=against),
        TSHARK: Tool(["tshark", "-n", "-r", file] + decode_as + logins, slow=True),
    }


def oltp_tools(mywire, file):
    return {
        FLOOR: Tool(["tcpdump", "-r", file, "-w", "/dev/null"]),
        "mywire connections": Tool([mywire, "connections", "-F", "ndjson", file], against=(TSHARK, FLOOR)),
        "mywire commands": Tool([mywire, "commands", "-F", "ndjson", file], against=(TSHARK, FLOOR)),
        "mywire digest": Tool([mywire, "digest", file], against=(TSHARK, FLOOR)),
        TSHARK: Tool(["tshark", "-r", file, "-d", f"tcp.port=={oltp.PORT},mysql", "-T", "fields", "-e", "mysql.query"], slow=True),
    }


def tls_tools(mywire, file, keylog, floor, records):
    against = (TSHARK, FLOOR, GNUTLS)
    keys = ["--keylog", keylog]
    return {
        FLOOR: Tool(["tcpdump", "-r", file, "-w", "/dev/null"]),
        GNUTLS: Loop([floor, records]),
        "mywire connections, no keys": Tool([mywire, "connections", "-F", "ndjson", file], against=(FLOOR,)),
        "mywire connections": Tool([mywire, "connections", "-F", "ndjson"] + keys + [file], against=against),
        "mywire commands": Tool([mywire, "commands", "-F", "ndjson"] + keys + [file], against=against),
        TSHARK: Tool(["tshark", "-r", file, "-o", f"tls.keylog_file:{keylog}", "-d", f"tcp.port=={oltp.PORT},mysql", "-T", "fields",
                      "-e", "mysql.query"], slow=True),
    }


def digest_tools(mywire, file):
    return {
        "mywire commands": Tool([mywire, "commands", "-F", "ndjson", file], against=(DIGEST,)),
        "mywire digest": Tool([mywire, "digest", file], against=(DIGEST,)),
        DIGEST: Tool(*digest(file), slow=True),
    }


def compare(tools, a, env, title):
    """Runs the tools in turn and prints their medians and ratios."""
    for name in list(tools):
        if tools[name].missing():
            print(f"  {name}: not measured, not installed: {', '.join(tools[name].missing())}")
            del tools[name]
    for round_ in range(a.runs + 1):  # the first round warms the caches
        for tool in tools.values():
            if not tool.slow or 1 <= round_ <= a.peer_runs:
                tool.run(env, round_ > 0)
    print(f"{title}: medians of {a.runs} runs, {a.peer_runs} of slow peers; whole processes; load {os.getloadavg()[0]:.1f}")
    for name, tool in tools.items():
        memory = tool.peak_memory(env) if name.startswith("mywire") else None
        print(f"  {name:30} {tool.wall():8.2f} s wall {tool.cpu():8.2f} s cpu" + (f" {memory:7.1f} MiB peak" if memory else ""))
    for name, tool in tools.items():
        for other in tool.against:
            if other not in tools:
                continue
            wall, cpu = tools[other].wall() / tool.wall(), tools[other].cpu() / tool.cpu()
            if other in FLOORS:
                print(f"  {name}: {1 / wall:.1f} × the floor of {FLOORS[other]} (wall), {1 / cpu:.1f} × (cpu)")
            else:
                print(f"  {name}: {wall:.1f} × faster than {other} (wall), {cpu:.1f} × (cpu)")


def run_oltp(a, env, scratch):
    file = a.capture or os.path.join(tempfile.gettempdir(), "mywire-oltp.pcap")
    if not os.path.exists(file):
        print(f"{file} is not there; recording it")
        oltp.record(file, a.size)
    megabytes = os.path.getsize(file) / 1e6
    compare(oltp_tools(a.mywire, file), a, env, f"OLTP, {megabytes:.0f} MB")
    cut = os.path.join(scratch, "cut.pcap")
    copied = capture.cut(file, cut, CUT)
    trial = Tool(*digest(cut))
    if trial.missing():
        print(f"  {DIGEST}: not measured, not installed: {', '.join(trial.missing())} (packages tcpdump, percona-toolkit)")
        return
    expected = trial.run(env, False) * os.path.getsize(file) / copied
    if expected <= a.digest_seconds:
        cut = file
    title = f"OLTP, {os.path.getsize(cut) / 1e6:.0f} MB"
    if cut != file:
        title += f", the beginning of the above, of which all would need about {expected / 60:.0f} minutes"
    compare(digest_tools(a.mywire, cut), a, env, title)


def run_tls(a, env, scratch):
    if a.capture and not a.keylog:
        sys.exit("bench: a --capture of TLS needs its --keylog")
    file = a.capture or os.path.join(tempfile.gettempdir(), "mywire-oltp-tls.pcap")
    keylog = a.keylog or os.path.join(tempfile.gettempdir(), "mywire-oltp-tls.keys.txt")
    if not os.path.exists(file) or not os.path.exists(keylog):
        print(f"{file} is not there with its key log; recording it")
        oltp.record(file, a.size, keylog)
    floor, records = os.path.join(scratch, "tls_floor"), os.path.join(scratch, "records")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "gnutls"], stdout=subprocess.PIPE, check=True, text=True).stdout.split()
    subprocess.run(["cc", "-O2", "-o", floor, os.path.join(HERE, "tls_floor.c")] + flags, check=True)
    tls_records.extract(file, keylog, oltp.PORT, records)
    tools = tls_tools(a.mywire, file, keylog, floor, records)
    compare(tools, a, env, f"OLTP over TLS, {os.path.getsize(file) / 1e6:.0f} MB")
    print(f"  {GNUTLS}: {tools[GNUTLS].said}")


def run_logins(a, env, scratch):
    file = a.capture
    if not file:
        if not a.samples:
            sys.exit("bench: give a --capture, or samples to multiply")
        file = os.path.join(scratch, "logins.pcap")
        subprocess.run([sys.executable, os.path.join(HERE, "multiply.py"), file, str(a.size)] + a.samples, check=True)
    compare(login_tools(a.mywire, file), a, env, f"logins, {os.path.getsize(file) / 1e6:.0f} MB")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("mywire")
    ap.add_argument("what", choices=["oltp", "tls", "logins"])
    ap.add_argument("samples", nargs="*")
    ap.add_argument("--capture")
    ap.add_argument("--keylog")
    ap.add_argument("--size", type=int, default=500_000_000)
    ap.add_argument("--runs", type=int, default=5)
    ap.add_argument("--peer-runs", type=int, default=1)
    ap.add_argument("--digest-seconds", type=float, default=900)
    a = ap.parse_args()
    if not shutil.which(a.mywire):
        sys.exit(f"bench: {a.mywire} cannot be run; build the release preset first")
    scratch = tempfile.mkdtemp(prefix="mywire-bench-")
    env = dict(os.environ, HOME=scratch, WIRESHARK_CONFIG_DIR=scratch)  # peers as they come: no plugin, no profile
    try:
        {"oltp": run_oltp, "tls": run_tls, "logins": run_logins}[a.what](a, env, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
