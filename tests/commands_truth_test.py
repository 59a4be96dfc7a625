#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the commands that mywire reports against the servers' own statement histories.

    commands_truth_test.py MYWIRE SAMPLES

For every sample without lost bytes, with the key log that lies beside it, and again with the RSA key alone where that does: connection by connection, each statement that the server recorded must be a
reported command, in order, of the same kind, with the same text, outcome, error, SQLSTATE, message, affected rows and warnings; what
is reported beyond that are only the goodbye and bytes that are no command. One COM_QUERY may hold several statements.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

NAMES = {"COM_?Sleep": "COM_SLEEP", "COM_?Create DB": "COM_CREATE_DB", "COM_?Drop DB": "COM_DROP_DB", "COM_?Connect": "COM_CONNECT",
         "COM_?Time": "COM_TIME", "COM_?Delayed insert": "COM_DELAYED_INSERT", "COM_?Table Dump": "COM_TABLE_DUMP",
         "COM_?Connect Out": "COM_CONNECT_OUT", "COM_?Daemon": "COM_DAEMON"}
NETWORK = {1158, 1159, 1160, 1161}  # errors that the server could not send
UNKNOWN_COMMAND = 1047  # refused without a record
CUT = re.compile(r"(.*)\.\.\.\[\d+ characters, md5 of utf-8 [0-9a-f]{32}\]\Z", re.S)


def plain(text):
    """A statement's text as servers record it: without a trailing separator."""
    return (text or "").rstrip("; \t\r\n\0")


def same(want, got):
    cut = CUT.match(want)
    if cut:
        return got.startswith(cut[1])
    head = want.removesuffix("...")  # the server's own buffer was full
    return plain(want) == plain(got) or (want.endswith("...") and got.startswith(head)) or (
        "\ufffd" in got and got.startswith(head[: got.index("\ufffd")]))


class Connection:
    def __init__(self, truth, columns):
        self.truth = truth
        events = [dict(zip(columns, s)) if isinstance(s, list) else s for s in truth.get("statements") or []]
        self.events = [e for e in events if not e["kind"].startswith("SP:") and not e.get("nested")]
        self.mariadb = truth.get("server_product") == "MariaDB"
        self.facts, self.complaints = 0, []

    def fact(self, where, what, want, got):
        self.facts += 1
        if want != got:
            self.complaints.append(f"{where}: {what} is {got!r}, the server says {want!r}")

    def take(self, command):
        """The recorded statements that one command made: several for a COM_QUERY with several."""
        first = self.events.pop(0)
        taken, sql, at = [first], command["sql"] or "", 0
        if command["command"] != "COM_QUERY" or not first.get("text") or plain(first["text"]) == plain(sql):
            # MariaDB records of every statement what was left of the text
            while (self.events and first.get("text") == sql and self.events[0]["kind"] == "COM_QUERY" and self.events[0].get("text")
                   and len(self.events[0]["text"]) < len(taken[-1]["text"]) and ";" in sql and sql.rstrip().endswith(self.events[0]["text"].rstrip())):
                taken.append(self.events.pop(0))
            return taken
        at = sql.find(first["text"].strip()) + len(first["text"].strip())
        while self.events and self.events[0]["kind"] == "COM_QUERY" and self.events[0].get("text"):
            text = self.events[0]["text"].strip()
            found = sql.find(text, at)
            if found < 0 or re.sub(r"--[^\n]*|/\*.*?\*/", "", sql[at:found], flags=re.S).strip(" ;\t\r\n"):
                break
            at = found + len(text)
            taken.append(self.events.pop(0))
        return taken

    def compare(self, commands):
        for c in commands:
            where = f"#{c['ordinal']} {c['command']}"
            if c["error_code"] == UNKNOWN_COMMAND and not (self.events and self.events[0].get("errno") == UNKNOWN_COMMAND):
                continue
            if not self.events or (c["command"] == "COM_QUIT" and self.events[0]["kind"] != "COM_QUIT"):
                if c["response"] not in ("none", "lost", "binlog"):
                    self.complaints.append(f"{where}: the server has no record of it")
                continue
            taken = self.take(c)
            first, failed = taken[0], next((e for e in taken if e.get("errno")), None)
            clone = c["command"] == "COM_CLONE" and first["kind"] == "COM_QUERY"  # MySQL records its refusal as a query
            if not clone and (not first["kind"].startswith("COM_?") or first["kind"] in NAMES):
                self.fact(where, "kind", NAMES.get(first["kind"], first["kind"]), c["command"])
            if len(taken) == 1 and first.get("text") and c["command"] in ("COM_QUERY", "COM_STMT_PREPARE"):
                self.fact(where, "text", True, same(first["text"], c["sql"] or ""))
            if len(taken) == 1 and first.get("text") and c["command"] == "COM_STMT_EXECUTE" and not self.mariadb:
                self.fact(where, "text", True, same(first["text"], c["sql"] or ""))
            errno = failed["errno"] if failed else 0
            if errno not in NETWORK:
                self.fact(where, "error", errno, c["error_code"] or 0)
            if failed and c["error_code"] == errno and failed.get("sqlstate"):
                self.fact(where, "SQLSTATE", failed["sqlstate"], c["sqlstate"])
                self.fact(where, "message", failed["message"][:100], c["error_message"][:100])
            if len(taken) == 1 and not failed and c["response"] == "ok" and c["command"] in ("COM_QUERY", "COM_STMT_EXECUTE"):
                self.fact(where, "affected rows", first.get("affected") or 0, c["affected_rows"])
            if len(taken) == 1 and not failed and c["command"] == "COM_QUERY":
                self.fact(where, "warnings", first.get("warnings") or 0, c["warnings"] or 0)
            counts = re.match(r"\s*(select|with|table|values)", first.get("text") or "", re.I)
            if counts and not failed and c["command"] == "COM_QUERY":
                self.fact(where, "rows", sum(e.get("rows") or 0 for e in taken), c["rows"])
        for e in self.events:
            self.complaints.append(f"not reported: {e['kind']} {e.get('text')!r}")


def rows(mywire, command, capture, keys):
    done = subprocess.run([mywire, command, "-F", "ndjson", *keys, str(capture)], capture_output=True, timeout=60)
    return [json.loads(line) for line in done.stdout.splitlines()]


def key_options(path, truth):
    """The ways to give keys for a sample: by key log, by RSA key alone, or by none."""
    name = path.name.removesuffix(".truth.json")
    rsa = path.parent / f"{name}.rsa-key.pem"
    keys = path.parent / (truth.get("keys") or "none")
    ways = [["--keylog", str(keys)]] if keys.is_file() else [[]]  # else there are none, or they are inside the capture
    return ways + ([["--tls-key", str(rsa)]] if rsa.exists() else [])


def check(mywire, path, truth, keys):
    """-> (facts, complaints), or None for a sample that is not for this test"""
    if any(c.get("x_protocol") for c in truth["connections"]):
        return None
    if "may_miss" in truth or "kept_bytes" in truth.get("rewritten", {}):
        return None
    capture = path.parent / truth["capture"]
    ids = {(c["client_port"], c["thread_id"]): c["id"] for c in rows(mywire, "connections", capture, keys)}
    commands = rows(mywire, "commands", capture, keys)
    facts, complaints = 0, []
    for number, t in enumerate(truth["connections"], 1):
        if number in truth.get("undecryptable", []):
            continue
        port = t.get("tcp_client_port") or t.get("client_port")
        connection = Connection(t, truth.get("statements_columns"))
        if t.get("login_error") and not connection.events:
            continue
        connection.compare([c for c in commands if c["connection"] == ids.get((port, t["connection_id"]))])
        facts += connection.facts
        complaints += [f"port {port}: {c}" for c in connection.complaints]
    return facts, complaints


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    passed = failed = 0
    for path in sorted(Path(sys.argv[2]).glob("*.truth.json")):
        truth = json.loads(path.read_text())
        for keys in key_options(path, truth):
            result = check(sys.argv[1], path, truth, keys)
            if result is None:
                continue
            facts, complaints = result
            by = f" by {keys[0]}" if keys else ""
            print(f"{'FAIL' if complaints else 'ok  '} {path.name.removesuffix('.truth.json')}{by}: {facts} facts")
            for c in complaints[:8]:
                print("     " + c[:300])
            passed, failed = passed + (not complaints), failed + bool(complaints)
    print(f"{passed} passed, {failed} failed")
    return failed > 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main())
