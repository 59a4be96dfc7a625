#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile captures: hostile_test.py MYWIRE SAMPLES [KIND...] [--size N] [--any-memory]

Each attack of hostile.py has an honest connection in it. mywire must come to the end with status 0 and in bounded memory, say of the
honest connection and its commands exactly what it says of the sample by itself (which the other tests hold against the sample's
truth, and this one again), and the evidence must name what was cut.
"""
import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile

import hostile

HERE = os.path.dirname(os.path.abspath(__file__))
MIB = 1 << 20
# All limits are made to fit into this, which the manual promises.
MEMORY_MAX = 128
# What depends on when and where the connection is seen.
OURS = {"id", "files", "file", "connection", "packet", "first_packet"}

# What the evidence must say: counters, and limits (one of those named).
SAID = {
    "half_records": ({"connections"}, {"connection_bytes"}),
    "syn_flood": ({"flows", "flows_evicted_lru"}, {"max_flows"}),
    "syn_answers": ({"flows", "flows_reused"}, set()),
    "tricks_on_victim": ({"ignored_segments"}, set()),
    "out_of_order": ({"held_segments", "gap_bytes_lost"}, {"tcp_total_bytes"}),
    "tiny_segments": ({"held_segments", "gap_bytes_lost"}, set()),
    "overlaps": ({"overlap_conflicts", "gap_bytes_lost"}, set()),
    "fragments": ({"fragments", "fragments_incomplete"}, {"fragment_bytes", "fragment_packets"}),
    "layers": ({"malformed"}, set()),
    "garbage": (set(), set()),
    "greetings": ({"connections"}, set()),
    "long_packets": ({"connections"}, {"connection_bytes"}),
    "endless_packet": ({"connections"}, {"packet_head"}),
    "bombs": ({"damaged_frames"}, {"inflated"}),
    "half_frames": ({"connections"}, {"connection_bytes"}),
    "columns": ({"connections"}, {"connection_bytes"}),
    "statements": ({"connections"}, {"statement_held", "statement_bytes", "connection_bytes"}),
    "unanswered": ({"connections"}, {"commands_bytes"}),
    "attributes": ({"connections"}, {"connection_bytes"}),
}
COMMANDS_ONLY = {"commands_bytes"}
AT_FULL_SIZE = {"max_flows", "tcp_total_bytes", "connection_bytes", "commands_bytes"}  # limits that a smaller attack does not reach

FULL_SIZE = 20_000

failed = 0


def equal(what, want, got):
    global failed
    if want != got:
        print(f"FAIL {what}: {got!r}, not {want!r}")
        failed += 1


def timeless(record):
    return {k: v for k, v in record.items() if k not in OURS and not k.endswith(("_ns", "_us"))}


class Run:
    """mywire over a capture: lines of `wanted`, the evidence, the memory."""

    def __init__(self, args, command, wanted, argv=None, path="-"):
        with tempfile.TemporaryDirectory() as folder:
            whole = os.path.join(folder, "all.json")
            generator = subprocess.Popen(argv, stdout=subprocess.PIPE) if argv else None
            mywire = subprocess.Popen([args.mywire, command, "-q", "--max-memory", f"{MEMORY_MAX}M", "-o", "ndjson:-", "-o", f"json:{whole}", path],
                                      stdin=generator.stdout if generator else None, stdout=subprocess.PIPE)
            if generator:
                generator.stdout.close()
            self.records = [json.loads(line) for line in mywire.stdout if wanted in line]
            _, status, usage = os.wait4(mywire.pid, 0)
            mywire.returncode = self.status = os.waitstatus_to_exitcode(status)
            self.memory = usage.ru_maxrss * 1024
            if generator and generator.wait() != 0:
                sys.exit(f"{argv}: the generator failed")
            with open(whole, "rb") as f:
                f.seek(max(0, os.path.getsize(whole) - 32768))
                tail = f.read()
            self.evidence = json.loads(b"{" + tail[tail.rindex(b'"evidence":'):])["evidence"]


VICTIM = b'"client_ip":"127.0.0.1","client_port":%d,' % hostile.VICTIM[1]


def check_truth(samples, records, commands):
    """What is compared with is right itself: the server and the client said so."""
    name = hostile.VICTIM[0].removesuffix(".pcapng")
    with open(os.path.join(samples, name + ".truth.json"), encoding="utf-8") as f:
        truth = json.load(f)["connections"][0]
    record, = records
    for ours, theirs in (("thread_id", "connection_id"), ("user", "user"), ("database", "database")):
        equal(f"truth: {ours}", truth[theirs], record[ours])
    said = [s for s in truth["statements"] if s["kind"] == "COM_QUERY"]
    told = [c for c in commands if c["command"] == "COM_QUERY"]
    equal("truth: statements", [(s["text"], s["rows"], s["errno"] or None) for s in said],
          [(c["sql"], c["rows"], c["error_code"]) for c in told])
    equal("truth: exact", True, record["exact"])


def check(args, attack, want):
    name, full = attack.__name__, args.size >= FULL_SIZE
    argv = [sys.executable, os.path.join(HERE, "hostile.py"), args.samples, name, str(args.size)]
    runs = {"connections": Run(args, "connections", VICTIM, argv)}
    records = runs["connections"].records
    equal(f"{name}: the honest connection", [want["connections"]], [timeless(r) for r in records])
    number = b'"connection":%d,' % (records[0]["id"] if records else 0)
    runs["commands"] = Run(args, "commands", number, argv)
    equal(f"{name}: its commands", want["commands"], [timeless(r) for r in runs["commands"].records])
    counters, limits = SAID[name]
    for command, run in runs.items():
        equal(f"{name}: {command}: status", 0, run.status)
        hit = set(run.evidence["limits_hit"])
        missing = {c for c in counters if not run.evidence[c] and (full or c != "flows_evicted_lru")}
        if limits and not limits & hit and (full or not limits <= AT_FULL_SIZE) and not (limits <= COMMANDS_ONLY and command != "commands"):
            missing |= limits
        equal(f"{name}: {command}: in the evidence", set(), missing)
        equal(f"{name}: {command}: {run.memory // MIB} MiB are within what is promised", True, args.any_memory or run.memory <= MEMORY_MAX * MIB)
    print(f"{name}: {runs['connections'].memory // MIB} and {runs['commands'].memory // MIB} MiB; limits hit: "
          f"{', '.join(sorted(set(runs['commands'].evidence['limits_hit']) | set(runs['connections'].evidence['limits_hit']))) or 'none'}", flush=True)


def check_broken_files(args):
    """Block lengths of a pcapng file that no memory would hold: told, and everything before them is kept."""
    section = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    interface = struct.pack("<IIHHII", 1, 20, 1, 0, 0, 20)
    frame = hostile.seg(1, False, 1, 0, hostile.SYN)
    size = 32 + len(frame) + -len(frame) % 4
    packet = struct.pack("<IIIIIII", 6, size, 0, 0, 0, len(frame), len(frame)) + frame + bytes(-len(frame) % 4) + struct.pack("<I", size)
    ends = {"block of 4 GB": struct.pack("<II", 6, 0xFFFFFFFC), "block of 65 MB": struct.pack("<II", 6, 65 << 20) + bytes(1000),
            "block of 8 bytes": struct.pack("<III", 6, 8, 8), "block of no length": struct.pack("<III", 6, 0, 0),
            "packet longer than its block": struct.pack("<IIIIIII", 6, 36, 0, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF) + bytes(4) + struct.pack("<I", 36),
            "packet of no interface": struct.pack("<IIIIIII", 6, 36, 77, 0, 0, 4, 4) + bytes(4) + struct.pack("<I", 36),
            "secrets of 4 GB": struct.pack("<IIII", 10, 36, 0x544C534B, 0xFFFFFFF0) + bytes(16) + struct.pack("<I", 36)}
    with tempfile.TemporaryDirectory() as folder:
        for name, end in ends.items():
            path = os.path.join(folder, "broken.pcapng")
            with open(path, "wb") as f:
                f.write(section + interface + packet * 3 + end)
            run = Run(args, "connections", VICTIM, None, path)
            equal(f"{name}: status", 3, run.status)
            equal(f"{name}: packets", 3, run.evidence["packets"])
            equal(f"{name}: memory", True, args.any_memory or run.memory < 64 * MIB)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mywire")
    parser.add_argument("samples")
    parser.add_argument("kinds", nargs="*")
    parser.add_argument("--size", type=int, default=FULL_SIZE)
    parser.add_argument("--any-memory", action="store_true")
    args = parser.parse_args()
    alone = os.path.join(args.samples, hostile.VICTIM[0])
    records = Run(args, "connections", VICTIM, path=alone).records
    commands = Run(args, "commands", b'"connection":1,', path=alone).records
    check_truth(args.samples, records, commands)
    want = {"connections": timeless(records[0]), "commands": [timeless(c) for c in commands]}
    check_broken_files(args)
    for attack in hostile.ATTACKS:
        if not args.kinds or attack.__name__ in args.kinds:
            check(args, attack, want)
    print("FAILED" if failed else "ok")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
