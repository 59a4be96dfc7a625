#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""mywire diff, on captures whose difference is known because this script made it.

    diff_test.py MYWIRE SAMPLES

A recorded login is repeated with other client ports and, each time, another delay of the server's answers, drawn with a seed. What
diff says is held to what was put in: as many logins, this much slower, that user, those capabilities.
"""
import json
import random
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path

import capture

SAMPLE = "mysql97-plain-caching-sha2-fast.pcapng"
OTHER = "mysql97-auth-switch-sha256.pcapng"  # users fast and sha; TLS in two of five (its truth)
FAILING = "mysql97-error-mid-result.pcapng"
SECOND = 10**9
MS = 10**6


def logins(out, path, n, median_ms, seed, each=False):
    """A capture of n logins whose verdicts come median_ms after the client's answer, a fifth more or less; with `each` every
    answer of the server comes so much later."""
    link, packets = capture.read(path)
    rng = random.Random(seed)
    client = struct.unpack_from(">H", packets[0][1], 34)[0]  # Ethernet, IPv4 without options: the sender of the SYN
    with out.open("wb") as f:
        capture.write_header(f, link)
        for i in range(n):
            late, said, base = 0, 0, packets[0][0] + i * SECOND
            for time, data, original in packets:
                ports = list(struct.unpack_from(">HH", data, 34))
                from_server = ports[1] == client
                payload = original - 14 - 20 - (data[14 + 20 + 12] >> 4) * 4
                said += from_server and payload > 0
                if (said == 2 and late == 0) or (each and from_server and payload > 0):  # the greeting was the first
                    late += int(rng.uniform(0.8, 1.2) * median_ms * MS)
                ports = [40000 + i if p == client else p for p in ports]
                data = data[:34] + struct.pack(">HH", *ports) + data[38:]
                f.write(capture.record(base + time - packets[0][0] + late, data, original))
    return out


def run(mywire, *args):
    done = subprocess.run([mywire, *map(str, args)], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


class Test:
    def __init__(self, mywire, folder):
        self.mywire, self.folder, self.passed, self.failed = mywire, folder, 0, 0

    def saved(self, name, command, *captures):
        out = self.folder / f"{name}.json"
        status, _, error = run(self.mywire, command, "-o", f"json:{out}", *captures)
        assert status == 0, error
        return out

    def diff(self, *args):
        status, out, error = run(self.mywire, "diff", "-F", "json", *args)
        told = json.loads(out) if out else {}
        return status, {c["rule"]: c for c in told.get("changes", []) if c["verdict"] == "beyond"}, told, error

    def expect(self, what, condition, seen):
        self.passed, self.failed = self.passed + bool(condition), self.failed + (not condition)
        if not condition:
            print(f"FAILED {what}: {seen}")


def main():
    mywire, samples = sys.argv[1], Path(sys.argv[2])
    schema = Path(__file__).parent / "schemas/junit.xsd"
    with tempfile.TemporaryDirectory() as folder:
        test, capture_file = Test(mywire, Path(folder)), Path(folder) / "logins.pcap"
        for command in ("handshakes", "summary"):
            base = test.saved("base", command, logins(capture_file, samples / SAMPLE, 120, 10, 1))
            same = test.saved("same", command, logins(capture_file, samples / SAMPLE, 140, 10, 2))
            slow = test.saved("slow", command, logins(capture_file, samples / SAMPLE, 120, 20, 3))
            few = test.saved("few", command, logins(capture_file, samples / SAMPLE, 5, 20, 4))
            other = test.saved("other", command, samples / OTHER)
            status, rules, told, _ = test.diff(base, same)
            test.expect(f"{command}: chance", status == 0 and not rules, rules)
            test.expect(f"{command}: sides", (told["base"]["connections"], told["new"]["connections"]) == (120, 140), told["base"])
            status, rules, told, _ = test.diff(base, slow)
            test.expect(f"{command}: slower", status == 1 and {"login.p50", "login.p95"} <= rules.keys(), rules)
            for rule in ("login.p50", "login.p95"):
                ratio = rules[rule]["new"]["us"] / rules[rule]["base"]["us"]
                test.expect(f"{command}: twice as slow", 1.7 < ratio < 2.3, rules[rule])
                test.expect(f"{command}: of how many", rules[rule]["base"]["count"] == 120, rules[rule])
            status, rules, told, _ = test.diff(slow, base)
            test.expect(f"{command}: faster is no finding", status == 0, rules)
            test.expect(f"{command}: but told", any(c["verdict"] == "within" for c in told["changes"]), told["changes"])
            status, rules, told, _ = test.diff(base, few)
            unsure = {c["rule"] for c in told["changes"] if c["verdict"] == "unsure"}
            test.expect(f"{command}: five are too few", status == 0 and "login.p50" in unsure, told["changes"])
            status, rules, told, _ = test.diff("--max-slowdown", "150", base, slow)
            test.expect(f"{command}: a threshold", status == 0, rules)
            status, rules, told, _ = test.diff("--min-slowdown", "30000", base, slow)
            test.expect(f"{command}: least growth", status == 0, rules)
            report = test.folder / "report.xml"
            status, _, error = run(mywire, "diff", "-o", f"junit:{report}", base, other)
            valid = subprocess.run(["xmllint", "--noout", "--schema", schema, report], capture_output=True).returncode == 0
            suite = xml.etree.ElementTree.parse(report).getroot()[0]
            failed = {case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None}
            test.expect(f"{command}: JUnit", status == 1 and valid and "user" in failed and "dialect" not in failed, failed)
            test.expect(f"{command}: JUnit counts", int(suite.get("failures")) == len(failed), suite.attrib)
            status, rules, told, _ = test.diff(base, other)
            test.expect(f"{command}: JUnit's failures", failed == {r.split(".")[0] for r in rules}, (failed, rules.keys()))
            test.expect(f"{command}: users", status == 1 and {"user.new", "user.vanished"} <= rules.keys(), rules)
            users = {c["value"] for c in told["changes"] if c["rule"] == "user.new"}
            test.expect(f"{command}: names", users == {"fast", "sha"}, users)
            test.expect(f"{command}: not decrypted", any("not decrypted" in n for n in told["notes"]), told["notes"])
            status, rules, _, _ = test.diff("--ignore", "user", "--allow-vanished", base, other)
            test.expect(f"{command}: ignored", not rules.keys() & {"user.new", "user.vanished"}, rules)
        base = test.saved("base", "digest", logins(capture_file, samples / SAMPLE, 120, 2, 1, True))
        same = test.saved("same", "digest", logins(capture_file, samples / SAMPLE, 120, 2, 5, True))
        slow = test.saved("slow", "digest", logins(capture_file, samples / SAMPLE, 120, 4, 3, True))
        status, rules, told, _ = test.diff(base, same)
        test.expect("digest: chance", status == 0, rules)
        status, rules, told, _ = test.diff(base, slow)
        test.expect("digest: slower", status == 1 and rules.keys() == {"digest.p50", "digest.p95"}, rules)
        test.expect("digest: all are", all(1500 < c["new"]["us"] - c["base"]["us"] < 2700 for c in told["changes"]), told["changes"])
        failing = test.saved("failing", "digest", samples / FAILING)
        status, rules, told, _ = test.diff(base, failing)
        truth = json.loads((samples / FAILING.replace(".pcapng", ".truth.json")).read_text())
        said = {statement["errno"] for c in truth["connections"] for statement in c["statements"]} - {0, None, 1160}  # 1160: nobody was there to read it
        codes = {int(c["value"].split()[0]) for c in told["changes"] if c["rule"] == "digest_error.new"}
        test.expect("digest: errors", codes == said, (codes, said))
        new = {c["label"] for c in told["changes"] if c["rule"] == "digest.new"}
        known = {d["text"] for d in json.loads(base.read_text())["digests"]}
        wanted = {d["digest_text"] for d in truth["server_digests"]} - known
        test.expect("digest: statements", new == wanted, new ^ wanted)
        phase = {"count": 100, "p50": 1000, "p50_range": [900, 1100], "p95": None}
        saved = {"event": "handshakes", "schema": 1, "connections": 100, "by": {"tls": [{"value": "yes", "count": 100}]}, "latency_us": {"tls": phase}}
        for name, times in (("fast", 1), ("slow", 3)):
            phase.update(p50=1000 * times, p50_range=[900 * times, 1100 * times])
            (test.folder / f"{name}.json").write_text(json.dumps(saved))
        status, out, _ = run(mywire, "diff", "-F", "junit", test.folder / "fast.json", test.folder / "slow.json")
        cases = {case.get("name"): case.find("failure") is not None for case in xml.etree.ElementTree.fromstring(out).iter("testcase")}
        test.expect("the time of TLS is not TLS", status == 1 and cases == {"tls": False, "tls.latency": True}, cases)
        handshakes = test.saved("h", "handshakes", samples / SAMPLE)
        summary = test.saved("s", "summary", samples / SAMPLE)
        connections = test.saved("c", "connections", samples / SAMPLE)
        empty = test.saved("e", "handshakes", "-f", "udp", samples / SAMPLE)
        for what, args, wanted, word in (
            ("two kinds", (handshakes, summary), 2, "same command"),
            ("no result", (handshakes, connections), 3, "connections"),
            ("no JSON", (handshakes, samples / SAMPLE), 3, "JSON"),
            ("no file", (handshakes, test.folder / "missing"), 3, "cannot be read"),
            ("one operand", (handshakes,), 2, "two results"),
            ("no such fact", ("--ignore", "usr", handshakes, handshakes), 2, "usr"),
            ("nothing in it", (handshakes, empty), 1, ""),
            ("nothing in both", (empty, empty), 4, "nothing to compare"),
        ):
            status, _, _, error = test.diff(*args)
            test.expect(what, status == wanted and word in error, (status, error))
    print(f"{test.passed} passed, {test.failed} failed")
    return test.failed > 0 or test.passed == 0


if __name__ == "__main__":
    sys.exit(main())
