#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What --redact and --anonymize keep back, over all samples.

    privacy_test.py MYWIRE SAMPLES

Nothing that stands in quotes in a sample's statements, and no value of a parameter, may be in what --redact writes; no user, database
or address that is in the records may be in what --anonymize writes. Everything else is as without. The same key gives the same names.
"""
import ipaddress
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

STRING = re.compile(r"'((?:[^'\\]|\\.|'')*)'")
HIDDEN = ("sql", "params", "attributes", "error_message", "session_changes", "columns")  # what --redact may change in a command
NAMES = ("client_ip", "server_ip", "proxied_client_ip", "user", "database", "attributes", "error_message", "tls_sni", "tls_server_subject")
KEYS = "last_insert_id sqlstate 45000 none resultset"  # also in keys and other columns, attributes' names
SHORT = 4  # shorter texts occur by chance
TOLD = {"localhost", "root", "fast", "full", "other"}  # words that our own sentences or file names have


def run(mywire, command, *args):
    done = subprocess.run([mywire, command, "-q", *map(str, args)], capture_output=True, timeout=120)
    return done.stdout.decode()


def records(text):
    return [json.loads(line) for line in text.splitlines()]


def values_of(command):
    """What was put into a command: texts in quotes and values of parameters."""
    if command["command"] in ("COM_QUERY", "COM_STMT_PREPARE", "COM_STMT_EXECUTE"):
        yield from STRING.findall(command["sql"] or "")
    for value in command["params"] or []:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield value["hex"]
    for value in (command["attributes"] or {}).values():
        if isinstance(value, str):
            yield value


class Test:
    def __init__(self):
        self.passed = self.failed = 0

    def expect(self, what, wrong):
        self.passed, self.failed = self.passed + (not wrong), self.failed + bool(wrong)
        if wrong:
            print(f"FAILED {what}: {str(wrong)[:300]}")


def same_but(before, after, changed):
    """The first record and key that differ though they should not."""
    if len(before) != len(after):
        return f"{len(before)} records, {len(after)} then"
    for old, new in zip(before, after):
        for key in old:
            if key not in changed and old[key] != new[key]:
                return key, old[key], new[key]
    return None


def shown(command):
    """What a command's record tells of what it may not tell."""
    yield command["sql"] or ""
    yield command["error_message"] or ""
    for value in (command["params"] or []) + (command["columns"] or []) + list((command["attributes"] or {}).values()):
        yield str(value)
    yield from command["session_changes"] or []


def redacted(test, mywire, options, path):
    before = records(run(mywire, "commands", "-F", "ndjson", *options, path))
    after = records(run(mywire, "commands", "-F", "ndjson", "--redact", *options, path))
    written = "\n".join(told for r in after for told in shown(r))
    for form in "text", "csv":
        written += run(mywire, "commands", "-F", form, "--redact", *options, path)
    names = {w for r in before for w in re.findall(r"\w+", STRING.sub("", r["sql"] or ""))}  # what is no literal somewhere may stay
    small = {w.lower() for w in names}  # as they stand in fingerprints
    for d in json.loads(run(mywire, "digest", "-F", "json", "--redact", *options, path))["digests"]:
        fingerprint = re.sub(r"\w+", lambda word: "" if word[0] in small else word[0], d["fingerprint"] or "")
        written += "\n".join(("", d["text"], fingerprint, (d["worst"] or {}).get("sql") or ""))
    secret = {v for r in before for v in values_of(r) if len(v) >= SHORT and v not in names}
    secret -= {name for r in before for name in r["attributes"] or {}}
    secret = {v for v in secret if not re.search(rf"(?i){re.escape(v)}", KEYS)}
    test.expect(f"{path.name}: literals", [v for v in secret if re.search(rf"(?<!\w){re.escape(v)}(?!\w)", written)])
    test.expect(f"{path.name}: redacted, else the same", same_but(before, after, (*HIDDEN, "digest")))
    for old, new in zip(before, after):
        if old["sql"] and "'" not in old["sql"] and not re.search(r"\b\d|\"|/\*|#|--|0x|\$", old["sql"]) and old["sql"] != new["sql"]:
            test.expect(f"{path.name}: without literals the text stays", (old["sql"], new["sql"]))


def anonymized(test, mywire, options, path, keys):
    before = records(run(mywire, "connections", "-F", "ndjson", *options, path))
    once, again, other = (run(mywire, "connections", "-F", "ndjson", "--anonymize", key, *options, path) for key in (keys[0], keys[0], keys[1]))
    test.expect(f"{path.name}: the same key", once != again)
    test.expect(f"{path.name}: another key", before and once == other)
    test.expect(f"{path.name}: anonymized, else the same", same_but(before, records(once), NAMES))
    secret = {r[k] for r in before for k in NAMES if isinstance(r[k], str) and k != "error_message"}
    secret |= {v for r in before for k, v in (r["attributes"] or {}).items() if k in ("_server_host", "_client_host", "os_user", "_pid")}
    secret = {s for s in secret if len(s) >= SHORT and s not in TOLD}
    for command in "connections", "handshakes", "summary", "commands", "check":
        more = ["--policy", "mysql-9"] if command == "check" else []
        for form in "json", "text":
            text = run(mywire, command, *more, "-F", form, "--anonymize", keys[0], *options, path).replace(str(path), "")
            if command == "commands" and form == "text":
                text = re.sub(r"^.*COM_(QUERY|STMT_).*$", "", text, flags=re.M)
            elif command == "commands":
                text = re.sub(r'"sql": .*', "", text)  # names in statements stay
            found = [s for s in secret if re.search(rf"(?<![\w.]){re.escape(s)}(?![\w.])", text)]
            test.expect(f"{path.name}: {command} {form}", found)
    for old, new in zip(before, records(once)):
        pairs = [(old[k], new[k]) for k in ("client_ip", "server_ip")]
        a, b = ((ipaddress.ip_address(p[0]), ipaddress.ip_address(p[1])) for p in pairs)
        common = [len(f"{int(x) ^ int(y) | 1:b}") if x != y else 0 for x, y in zip(a, b)]
        if a[0].version == b[0].version and (a[0] == b[0]) != (a[1] == b[1]):
            test.expect(f"{path.name}: equal addresses", (a, b))
        if a[0].version == b[0].version and a[0] != b[0] and abs(common[0] - common[1]) > 0 and int(a[0]) ^ int(b[0]) > 1:
            test.expect(f"{path.name}: prefixes", (a, b))


def main():
    mywire, samples = sys.argv[1], Path(sys.argv[2])
    test = Test()
    with tempfile.TemporaryDirectory() as folder:
        keys = [Path(folder) / "one", Path(folder) / "two"]
        for key in keys:
            key.write_bytes(f"a key of many bytes, {key.name}".encode())
        for path in sorted(samples.glob("*.pcap*")):
            log = path.with_name(path.name.split(".")[0] + ".keys.txt")
            options = ["--keylog", log] if log.exists() else []
            redacted(test, mywire, options, path)
            anonymized(test, mywire, options, path, keys)
    print(f"{test.passed} passed, {test.failed} failed")
    return test.failed > 0 or test.passed == 0


if __name__ == "__main__":
    sys.exit(main())
