#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Very many connections: scale_test.py MYWIRE SAMPLES [--at-once N] [--in-turn N] [--any-memory]

All must be counted, each with its end, no limit may be hit, and memory must follow the connections that are open, not those that
were: at most the BASE and PER_CONNECTION that README.md promises. --any-memory: for builds that need more (sanitizers).
"""
import argparse
import csv
import io
import json
import os
import subprocess
import sys

import crowd

HERE = os.path.dirname(os.path.abspath(__file__))
MIB = 1 << 20
BASE = 64 * MIB              # whatever the input
PER_CONNECTION = 4 * 1024    # remembered at the same time
REMEMBERED_MAX = 200_000     # max_flows


class Run:
    """mywire over a crowd."""

    def __init__(self, args, at_once, in_turn, *argv):
        generator = subprocess.Popen([sys.executable, os.path.join(HERE, "crowd.py"), args.samples, str(at_once), str(in_turn)],
                                     stdout=subprocess.PIPE)
        mywire = subprocess.Popen([args.mywire, *argv, "-"], stdin=generator.stdout, stdout=subprocess.PIPE)
        generator.stdout.close()
        self.read(mywire.stdout)
        _, status, usage = os.wait4(mywire.pid, 0)
        mywire.returncode = os.waitstatus_to_exitcode(status)
        self.memory = usage.ru_maxrss * 1024
        if generator.wait() != 0 or mywire.returncode != 0:
            sys.exit(f"{argv}: status {mywire.returncode}, of the generator {generator.returncode}")
        remembered = min(at_once + in_turn, REMEMBERED_MAX)
        self.allowed = BASE + PER_CONNECTION * remembered
        print(f"{argv[0]}: {at_once} at once and {in_turn} in turn: {self.memory // MIB} MiB of {self.allowed // MIB}")
        equal(f"{argv[0]}: within the memory promised", True, args.any_memory or self.memory <= self.allowed)

    def read(self, out):
        self.result = json.load(out)


class Connections(Run):
    """Reads millions of records without keeping them."""

    def read(self, out):
        self.states, seen = {}, bytearray()
        for row in csv.DictReader(io.TextIOWrapper(out, encoding="utf-8", newline="")):
            how = row["state"], row["closed_by"], row["user"], row["commands"], row["rows"], row["error_code"], row["exact"]
            self.states[how] = self.states.get(how, 0) + 1
            number = int(row["thread_id"])  # the one from which crowd.py made it, and in that order they begin
            seen.extend(bytes(max(0, number - len(seen))))
            seen[number - 1] += 1 if row["id"] == row["thread_id"] else 100
        self.seen = seen


failed = 0


def equal(what, want, got):
    global failed
    if want != got:
        print(f"FAIL {what}: {got!r}, not {want!r}")
        failed += 1


def check_evidence(name, evidence, at_once, in_turn):
    total, endings = at_once + in_turn, crowd.endings(at_once, in_turn)
    for key, want in {"complete": True, "connections": total, "flows": total, "flows_finished": total - endings["open"],
                      "midstream_connections": 0, "gap_bytes": 0, "flows_reused": 0, "flows_evicted_idle": 0,
                      "flows_evicted_lru": 0, "limits_hit": {}}.items():
        equal(f"{name}: {key}", want, evidence[key])


def check_handshakes(args, at_once, in_turn):
    run = Run(args, at_once, in_turn, "handshakes", "-F", "json")
    h, endings, total = run.result, crowd.endings(at_once, in_turn), at_once + in_turn
    check_evidence("handshakes", h["evidence"], at_once, in_turn)
    rows = {fact: {row["value"]: row["count"] for row in h["by"][fact]} for fact in ("state", "user", "error_code")}
    equal("handshakes: state", {"complete": endings["complete"] + endings["reset"], "open": endings["open"],
                                "rejected": endings["rejected"]}, rows["state"])
    equal("handshakes: user", {"other": total - endings["rejected"], "app": endings["rejected"]}, rows["user"])
    equal("handshakes: error_code", [endings["rejected"]], list(rows["error_code"].values()))
    equal("handshakes: latencies", total, h["latency_us"]["login"]["count"])


def check_connections(args, at_once, in_turn):
    run = Connections(args, at_once, in_turn, "connections", "-F", "csv")
    endings = crowd.endings(at_once, in_turn)
    welcome = "other", "2", "1", "", "true"
    equal("connections: how they ended", {
        ("complete", "quit", *welcome): endings["complete"],
        ("complete", "reset", "other", "1", "1", "", "true"): endings["reset"],
        ("open", "none", "other", "1", "1", "", "true"): endings["open"],
        ("rejected", "server_fin", "app", "0", "0", "1049", "true"): endings["rejected"]}, run.states)
    equal("connections: each once", True, run.seen == b"\x01" * (at_once + in_turn))


def check_summary(args, at_once, in_turn):
    summary = Run(args, at_once, in_turn, "summary", "-F", "json").result
    check_evidence("summary", summary["evidence"], at_once, in_turn)
    return summary


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mywire")
    parser.add_argument("samples")
    parser.add_argument("--at-once", type=int, default=100_000)
    parser.add_argument("--in-turn", type=int, default=1_000_000)
    parser.add_argument("--any-memory", action="store_true")
    args = parser.parse_args()
    check_handshakes(args, args.at_once, args.in_turn)
    check_summary(args, args.at_once // 10, args.in_turn // 10)
    check_connections(args, args.at_once // 10, args.in_turn // 10)
    print("FAILED" if failed else "ok")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
