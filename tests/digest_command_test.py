#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds `mywire digest` to the servers' own digests and to `mywire commands`.

    digest_command_test.py MYWIRE SAMPLES

For every sample of a MySQL server, with its keys: each digest that the server has in performance_schema is there with as many calls,
errors and rows. One COM_QUERY with several statements is one call here and several there. For every sample: entries are what the
commands with that digest and database make together, quantiles within 1 % of the exact ones.
"""
import collections
import hashlib
import json
import math
import subprocess
import sys
from pathlib import Path

CALLS = {"COM_QUERY", "COM_STMT_EXECUTE", "COM_STMT_BULK_EXECUTE"}
QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
KINDS = ("PREPARE ", "EXECUTE ", "DEALLOCATE ")  # MySQL 9 has digests of their own for what is done to prepared statements
NOT_COMPARABLE = {
    "shape-direct-tls-tunnel": "both legs of a proxy are in the capture",
    "shape-two-interfaces": "the truth has the digests of one of the two recordings",
    "shape-two-sections": "the truth has the digests of one of the two recordings",
}
facts, complaints = 0, []


def check(ok, what):
    global facts
    facts += 1
    if not ok:
        complaints.append(what)


def run(mywire, command, form, sample):
    keys = sample.with_name(sample.name.removesuffix(".pcapng").removesuffix(".pcap") + ".keys.txt")
    options = ["-k", str(keys)] if keys.exists() else []
    done = subprocess.run([mywire, command, "-q", "-F", form, *options, str(sample)], capture_output=True, timeout=60)
    if form == "json":
        return json.loads(done.stdout)
    return [json.loads(line) for line in done.stdout.splitlines()]


def counts(key, text, have):
    """Whether server and wire count the same. The server counts no rows of SHOW WARNINGS and of cursors; and to clients that it
    killed it may not say so, which makes calls inexact."""
    if key == "rows_sent":
        return not text.startswith("SHOW ") and not have["fetches"] and not have["inexact"]
    return key != "errors" or not have["inexact"]


def against_server(name, truth, digests, fetched):
    """What the server counted. Of several statements in one command some may not have been reached."""
    wanted, inside = collections.defaultdict(collections.Counter), collections.Counter()
    for d in truth["server_digests"]:
        kind = next((k for k in KINDS if d["digest_text"].startswith(k)), "")
        text = d["digest_text"][len(kind):]
        if kind == "DEALLOCATE ":
            continue
        if kind == "PREPARE ":
            wanted[text]["prepares"] += d["count"]
        else:
            wanted[text].update(calls=d["count"], errors=d["errors"], rows_sent=d["rows"])
    got = collections.defaultdict(collections.Counter)
    for d in digests:
        got[d["text"]].update({key: d[key] for key in ("calls", "prepares", "errors", "rows_sent", "inexact")})
        got[d["text"]]["fetches"] += fetched[d["digest"]]
        if " ; " in d["text"]:
            for part in d["text"].split(" ; "):
                inside[part] += d["calls"]
    for text, numbers in wanted.items():
        have = got[text]
        if truth.get("may_miss"):
            check(have["calls"] <= numbers["calls"], f"{name}: {have['calls']} calls of {text}, the server counted {numbers['calls']}")
        elif inside:
            alike = inside[text] + sum(n for part, n in inside.items() if part.startswith(text) or text.startswith(part))
            check(have["calls"] <= numbers["calls"] <= have["calls"] + alike,
                  f"{name}: {have['calls']} to {have['calls'] + alike} calls of {text}, the server counted {numbers['calls']}")
        else:
            for key, number in numbers.items():
                if counts(key, text, have):
                    check(have[key] == number, f"{name}: {key} of {text} is {have[key]}, the server says {number}")


def against_commands(name, digests, commands):
    groups = collections.defaultdict(list)
    for c in commands:
        if c["digest"] and c["command"] in CALLS | {"COM_STMT_PREPARE", "COM_STMT_FETCH"}:
            groups[c["digest"], c["database"]].append(c)
    check(set(groups) == {(d["digest"], d["database"]) for d in digests}, f"{name}: other digests than commands have")
    for d in digests:
        where = f"{name}: {d['text'][:80]}"
        every = groups[d["digest"], d["database"]]
        calls = [c for c in every if c["command"] in CALLS]
        fetches = [c for c in every if c["command"] == "COM_STMT_FETCH"]
        check(d["digest"] == hashlib.sha256(d["text"].encode()).hexdigest()[:16], f"{where}: the digest is none of its text")
        check(d["prepares"] == sum(c["command"] == "COM_STMT_PREPARE" for c in every), f"{where}: prepares")
        check(d["calls"] == len(calls), f"{where}: calls")
        check(d["inexact"] == sum(not c["exact"] for c in calls), f"{where}: inexact")
        errors = collections.Counter(c["error_code"] for c in calls if c["response"] == "error")
        check(d["errors"] == sum(errors.values()), f"{where}: errors")
        check({e["value"]: e["count"] for e in d["error_codes"]} == errors, f"{where}: error codes")
        check(d["warnings"] == sum(c["warnings"] or 0 for c in calls), f"{where}: warnings")
        check(d["rows_affected"] == sum(c["affected_rows"] or 0 for c in calls), f"{where}: affected rows")
        check(d["rows_sent"] == sum(c["rows"] for c in calls + fetches), f"{where}: rows")
        for key in "request_bytes", "response_bytes":
            check(d[key] == sum(c[key] for c in calls + fetches), f"{where}: {key}")
        for key in "duration_us", "first_byte_us":
            times = sorted(c[key] for c in calls if c[key] is not None)
            check(d[key]["count"] == len(times), f"{where}: count of {key}")
            if not times:
                continue
            check(d[key]["min"] == times[0] and d[key]["max"] == times[-1], f"{where}: ends of {key}")
            for quantile, q in QUANTILES.items():
                exact = times[math.ceil(q * len(times)) - 1]
                check(abs(d[key][quantile] - exact) <= exact / 100, f"{where}: {quantile} of {key} is {d[key][quantile]}, exactly {exact}")
            if key == "duration_us":
                check(d["total_us"] == sum(times), f"{where}: total")
        if calls:
            check(d["first_seen_ns"] <= min(c["start_ns"] for c in calls), f"{where}: first seen")
            worst = max(calls, key=lambda c: (-1 if c["duration_us"] is None else c["duration_us"], -c["start_ns"], -c["connection"], -c["ordinal"]))
            for key in "connection", "ordinal", "packet", "duration_us", "rows":
                check(d["worst"][key] == worst[key], f"{where}: {key} of the worst call")
            check(worst["sql"].startswith(d["worst"]["sql"]) and d["worst"]["sql_bytes"] == worst["sql_bytes"], f"{where}: the worst call's SQL")


def main():
    mywire, samples = sys.argv[1], Path(sys.argv[2])
    servers = 0
    for sample in sorted(samples.glob("*.pcap*")):
        result = run(mywire, "digest", "json", sample)
        commands = run(mywire, "commands", "ndjson", sample)
        against_commands(sample.name, result["digests"], commands)
        name = sample.name.removesuffix(".pcapng").removesuffix(".pcap")
        truth = json.loads(sample.with_name(name + ".truth.json").read_text())
        mysql = all(s["product"] == "MySQL" for s in truth["servers"])
        if truth.get("server_digests") and mysql and not truth.get("undecryptable") and result["calls"] and name not in NOT_COMPARABLE:
            servers += 1
            fetched = collections.Counter(c["digest"] for c in commands if c["command"] == "COM_STMT_FETCH")
            against_server(name, truth, result["digests"], fetched)
    check(servers > 20, f"only {servers} samples have digests of a MySQL server")
    print(*complaints, sep="\n")
    print(f"{facts} facts, {servers} samples of MySQL servers; {len(complaints)} failed")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
