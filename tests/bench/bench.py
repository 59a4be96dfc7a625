#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast is mywire beside its peers, measured in the same run?

  bench.py MYWIRE [--capture FILE] [--size BYTES] [--runs N] [--peer-runs N] SAMPLE...

Without --capture the samples are multiplied into a capture of BYTES bytes (500 MB unless told) in a temporary folder. Times are of
whole processes, wall clock, in turn A B C A B C …; the medians and their ratios are printed. Nothing is judged here: the
numbers stand in docs/BENCHMARKS.md. tcpdump -w /dev/null reads and copies every packet: the floor for a tool over libpcap.
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

HERE = os.path.dirname(os.path.realpath(__file__))
PORTS = (13306, 13310, 13318)  # of the servers that the samples were recorded from
FLOOR = "tcpdump -w /dev/null (floor)"
TSHARK_LOGINS = "tshark -T fields, logins"
TSHARK_QUERIES = "tshark -T fields, queries"
PEER = {"mywire handshakes": TSHARK_LOGINS, "mywire connections": TSHARK_LOGINS, "mywire commands": TSHARK_QUERIES}


def timed(argv, env):
    with open(os.devnull, "w") as null:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.monotonic()
        subprocess.run(argv, stdout=null, stderr=null, env=env, check=True)
        wall = time.monotonic() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def peak_memory(argv, env):
    """Peak resident set in MiB, from /usr/bin/time where it is installed."""
    if not os.path.exists("/usr/bin/time"):
        return None
    p = subprocess.run(["/usr/bin/time", "-f", "%M"] + argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env, text=True)
    return int(p.stderr.split()[-1]) / 1024


def commands(mywire, capture):
    decode_as = [x for port in PORTS for x in ("-d", f"tcp.port=={port},mysql")]
    fields = ["mysql.version", "mysql.thread_id", "mysql.user", "mysql.schema", "mysql.client_auth_plugin", "mysql.caps.client",
              "mysql.charset", "mysql.error_code"]
    return {
        FLOOR: (["tcpdump", "-r", capture, "-w", "/dev/null"], False),
        "mywire handshakes": ([mywire, "handshakes", capture], False),
        "mywire connections": ([mywire, "connections", "-F", "ndjson", capture], False),
        "mywire commands": ([mywire, "commands", "-F", "ndjson", capture], False),
        TSHARK_LOGINS: (["tshark", "-n", "-r", capture] + decode_as + ["-Y", "mysql.version or mysql.user or mysql.error_code",
                        "-T", "fields"] + [x for f in fields for x in ("-e", f)], True),
        TSHARK_QUERIES: (["tshark", "-n", "-r", capture] + decode_as + ["-Y", "mysql.query", "-T", "fields", "-e", "frame.time_epoch",
                         "-e", "tcp.stream", "-e", "mysql.query"], True),
    }


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("mywire")
    ap.add_argument("samples", nargs="*")
    ap.add_argument("--capture")
    ap.add_argument("--size", type=int, default=500_000_000)
    ap.add_argument("--runs", type=int, default=5)
    ap.add_argument("--peer-runs", type=int, default=1)
    a = ap.parse_args()
    scratch = tempfile.mkdtemp(prefix="mywire-bench-")
    env = dict(os.environ, HOME=scratch, WIRESHARK_CONFIG_DIR=scratch)  # peers as they come: no plugin, no profile
    try:
        capture = a.capture
        if not capture:
            if not a.samples:
                ap.error("give a --capture, or samples to multiply")
            capture = os.path.join(scratch, "bench.pcap")
            subprocess.run([sys.executable, os.path.join(HERE, "multiply.py"), capture, str(a.size)] + a.samples, check=True)
        todo = {k: v for k, v in commands(a.mywire, capture).items() if shutil.which(v[0][0]) or os.path.exists(v[0][0])}
        walls, cpus = {k: [] for k in todo}, {k: [] for k in todo}
        for round_ in range(a.runs + 1):  # the first round warms the caches
            for name, (argv, peer) in todo.items():
                if peer and not 1 <= round_ <= a.peer_runs:
                    continue
                wall, cpu = timed(argv, env)
                if round_ > 0:
                    walls[name].append(wall)
                    cpus[name].append(cpu)
        size = os.path.getsize(capture)
        wall = {k: statistics.median(v) for k, v in walls.items() if v}
        print(f"capture of {size / 1e6:.0f} MB, medians of {a.runs} runs ({a.peer_runs} of slow peers), whole processes")
        for name in wall:
            memory = peak_memory(todo[name][0], env) if name.startswith("mywire") else None
            print(f"  {name:30} {wall[name]:8.2f} s wall {statistics.median(cpus[name]):8.2f} s cpu"
                  + (f" {memory:7.0f} MiB peak" if memory else ""))
        floor = wall.get(FLOOR)
        for name in wall:
            if name.startswith("mywire"):
                tshark = wall.get(PEER[name])
                print(f"  {name}:" + (f" {tshark / wall[name]:.1f} × faster than tshark" if tshark else "")
                      + (f", {wall[name] / floor:.1f} × the floor" if floor else ""))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
