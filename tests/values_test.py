#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Row values, column by column, against what the client's API returned.

  values_test.py [MYWIRE] [SAMPLES]

For every sample whose truth holds data of results (client.ops[].data and .results[].data), the rows that `mywire packets` decodes
must contain those rows, in that order, connection by connection. Ends with `N passed, N failed`.
"""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
CUT = re.compile(r"(.*)\.\.\.\[\d+ characters, md5 of utf-8 [0-9a-f]{32}\]\Z", re.S)
RECORDED = 200  # characters of a value that the recording C client kept
VALUES = ("mysql.row.text", "mywire.row.bytes", "mywire.row.null", "mywire.value.datetime", "mywire.value.bytes")


def is_value(name):
    parts = ("year", "month", "day", "hour", "minute", "second", "secondb", "datetime.length", "time.length", "time.sign", "time.days")
    return name in VALUES or (name.startswith("mysql.exec.field.") and not name.endswith(tuple("." + p for p in parts)))


def decoded(mywire, sample):
    """client port -> rows in order, a row a list of None, numbers, str, or bytes; "kind" is told by the Python type"""
    ports, rows = {}, {}
    out = subprocess.run([mywire, "connections", "-F", "ndjson", sample], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    for line in out.splitlines():
        c = json.loads(line)
        ports[c["id"]] = c["client_port"]
    p = subprocess.run([mywire, "packets", "-F", "ndjson", "-V", sample], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    for line in p.splitlines():
        o = json.loads(line)
        if o["message"] != "Row":
            continue
        row = []
        for f in o["fields"]:
            if is_value(f["name"]):
                v = f["value"]
                row.append(bytes.fromhex(v["hex"]) if isinstance(v, dict) else v)
        rows.setdefault(ports[o["connection"]], []).append(row)
    return rows


def same(want, got):
    """The client's API gives text for everything; the C clients' bytes stand in the truth as latin-1 code points."""
    if want is None or got is None:
        return want is None and got is None
    want = str(want)
    cut = CUT.match(want)
    if isinstance(got, bool):
        got = int(got)
    if isinstance(got, (int, float)):
        try:
            return float(want) == float(got)
        except ValueError:
            return False
    forms = {want.encode("utf-8", "surrogateescape")}
    try:
        forms.add(want.encode("latin-1"))
    except UnicodeEncodeError:
        pass
    raw = got if isinstance(got, bytes) else got.encode()
    if len(want) == RECORDED and len(raw) > RECORDED:
        return raw[:RECORDED] in forms
    if cut:
        head = cut[1]
        return raw.startswith(head.encode()) or raw.startswith(head.encode("latin-1", "replace"))
    if raw in forms:
        return True
    # libmysqlclient prints a temporal value of the short forms with the fraction that the binding asked for
    return re.sub(r"\.0+\Z", "", want).encode() == re.sub(rb"\.0+\Z", b"", raw)


def expected(connection):
    """rows that the truth holds, in order"""
    for op in (connection.get("client") or {}).get("ops") or []:
        if not isinstance(op, dict):
            continue
        for result in [op] + [r for r in op.get("results") or [] if isinstance(r, dict)]:
            for row in result.get("data") or []:
                if isinstance(row, list):
                    yield op.get("text"), row


def check(mywire, samples, name):
    """-> (values compared, complaints)"""
    base = name[: -len(".truth.json")]
    capture = next((os.path.join(samples, base + e) for e in (".pcapng", ".pcap") if os.path.exists(os.path.join(samples, base + e))), None)
    with open(os.path.join(samples, name), encoding="utf-8") as f:
        truth = json.load(f)
    wanted = [(c, list(expected(c))) for c in truth["connections"]]
    if capture is None or truth.get("keys") or truth.get("undecryptable") or "may_miss" in truth or not any(rows for _, rows in wanted):
        return 0, []
    rows, values, complaints = decoded(mywire, capture), 0, []
    for c, want_rows in wanted:
        port = c.get("tcp_client_port") or c.get("client_port")
        got, at = rows.get(port, []), 0
        for text, want in want_rows:
            start = at
            while at < len(got) and not (len(got[at]) == len(want) and all(map(same, want, got[at]))):
                at += 1
            if at == len(got):
                near = next((g for g in got[start:] if len(g) == len(want)), None)
                differs = [(i, w, g) for i, (w, g) in enumerate(zip(want, near or [])) if not same(w, g)]
                complaints.append(f"{base}: port {port}: {text!r}: no row {want!r:.200}; nearest differs in {differs!r:.300}")
                at = start
                continue
            values += len(want)
            at += 1
    return values, complaints


def main():
    mywire = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "..", "build", "dev", "analyzer", "mywire")
    samples = sys.argv[2] if len(sys.argv) > 2 else os.path.join(HERE, "..", "samples")
    passed = failed = 0
    for name in sorted(n for n in os.listdir(samples) if n.endswith(".truth.json")):
        values, complaints = check(mywire, samples, name)
        if not values and not complaints:
            continue
        print(f"{'FAIL' if complaints else 'ok  '} {name[:-11]}: {values} values equal")
        for c in complaints[:5]:
            print("     " + c)
        passed, failed = passed + (not complaints), failed + bool(complaints)
    if passed == 0:
        print("no sample with data of results was found")
        failed += 1
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
