#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What --redact and --anonymize keep back, over all samples.

    privacy_test.py MYWIRE SAMPLES

Nothing that stands in quotes in a sample's statements, and no value of a parameter, may be in what --redact writes; no user, database
or address that is in the records may be in what --anonymize writes. Everything else is as without. The same key gives the same names.
What samples do not have is made by hand: other modes, columns named by literals, messages of all shapes.
"""
import ipaddress
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from conversation import Conversation, write

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
    for command in "connections", "handshakes", "summary", "commands", "check", "digest":
        more = ["--policy", "mysql-9"] if command == "check" else []
        for form in "json", "text":
            text = run(mywire, command, *more, "-F", form, "--anonymize", keys[0], *options, path).replace(str(path), "")
            if command == "commands" and form == "text":
                text = re.sub(r"^.*COM_(QUERY|STMT_).*$", "", text, flags=re.M)
            elif command == "commands":
                text = re.sub(r'"sql": .*', "", text)  # names in statements stay
            elif command == "digest" and form == "text":
                text = "\n".join(re.findall(r"^ +database .*", text, flags=re.M))
            elif command == "digest":
                text = re.sub(r'"(text|fingerprint|sql)": .*', "", text)
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


# What no sample has, with columns (name, original table, original name) or an error: SECRET is told nowhere.
PLAIN = 0x202  # status with SERVER_STATUS_NO_BACKSLASH_ESCAPES
STATEMENTS = [
    (b"SELECT 'SEC\\RET', 1 AS one", [(b"SECRET", b"", b""), (b"one", b"", b"")], 2, None),
    (b"EXECUTE s", [(b"SECRET", b"", b""), (b"user", b"t", b"user")], 2, None),
    (b"SELECT 'it\\'s SECRET', 'b'", (), 2, (1064, b"42000", b"near 'it's SECRET' at line 1")),
    (b"/*!99999 it's */ SELECT 'SECRET'", (), 2, None),
    (b"CALL p", (), 2, (1644, b"22012", b"SECRET")),
    (b"CALL p", (), 2, (30001, b"HY000", b"SECRET")),
    (b"SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1062, MESSAGE_TEXT = 'SECRET one'", (), 2, (1062, b"23000", b"SECRET one")),
    (b"SELECT 1", (), 2, (1366, b"HY000", b"Incorrect integer value: '" + b"x" * 470 + b" 'SECRET")),
    (b"SELECT nothing FROM t", (), 2, (1146, b"42S02", b"Table 'shop.t' doesn't exist")),
    (b"INSERT INTO t VALUES (1)", (), 2, (1136, b"21S01", b"Column count doesn't match value count at row 1")),
    (b"SET sql_mode = 'NO_BACKSLASH_ESCAPES'", (), PLAIN, None),
    (b"SELECT 'a\\', t.b, 'SECRET' FROM t", [(b"SECRET", b"", b"")], PLAIN, None),
    (b"SELECT 'a\\', t.b, 'SECRET' FROM", (), 2, (1064, b"42000", b"near '' at line 1")),
    (b"SET sql_mode = '', @a = 'a\\', @b = 'SECRET'", (), 2, None),
]
TEXTS = {"SELECT ?, ? AS one", "EXECUTE s", "SELECT ?, ?", "/*?*/ SELECT ?", "SELECT nothing FROM t"}  # of these, as they must be told
MESSAGES = {"Table '?' doesn't exist", "Column count doesn't match value count at row 1"}
# Refused logins: ALICE, SHOP and the addresses are told nowhere.
REFUSED = [b"Access denied for user 'ALICE'@'10.1.2.3' to database 'SHOP'", b'Access denied for user `ALICE`@"10.1.2.3"',
           b"No credentials for ALICE (10.1.2.3), database SHOP.", b"Access denied for user 'ALICE's'@'10.1.2.3' (using password: YES)",
           b"Cannot open (`SHOP`.`t`)", b"PROCEDURE SHOP.t does not exist"]


def hand_made(test, mywire, folder, key):
    path = Path(folder) / "made.pcap"
    talk = Conversation()
    talk.greeting()
    talk.login(b"ALICE", b"SHOP", [(b"_server_host", b"10.9.8.7"), (b"program_name", b"app")])
    for sql, columns, status, error in STATEMENTS:
        talk.query(sql, columns, status, error)
    for command in b"\x02", b"\x05", b"\x06":  # COM_INIT_DB, COM_CREATE_DB, COM_DROP_DB
        talk.query(b"SHOP-2", command=command)
    talk.query(b"use `SHOP-2`")
    talk.quit()
    refused = [Conversation(50001 + i, 10**18 + i) for i in range(len(REFUSED))]
    for one, message in zip(refused, REFUSED):
        one.greeting()
        one.login(b"ALICE", b"SHOP", error=(1045, b"28000", message))
        one.quit()
    write(path, [talk, *refused])
    told = records(run(mywire, "commands", "-F", "ndjson", "--redact", path))
    test.expect("made: all commands", len(told) != len(STATEMENTS) + 5)
    test.expect("made: literals", [r for r in told if "SECRET" in json.dumps(r)])
    test.expect("made: statements", TEXTS - {r["sql"] for r in told})
    test.expect("made: messages", MESSAGES - {r["error_message"] for r in told})
    test.expect("made: columns", [r["columns"] for r in told if r["columns"]] != [["?", "one"], ["?", "user"], ["?"]])
    test.expect("made: names of databases", [r["sql"] for r in told if r["command"].endswith("_DB") and r["sql"] != "SHOP-2"])
    for form in "json", "text", "csv":
        text = run(mywire, "digest", "-F", form, "--redact", path)
        test.expect(f"made: literals in digest {form}", re.findall(r".*SECRET.*", text))
    for command in "commands", "connections", "summary", "handshakes", "digest":
        text = run(mywire, command, "-F", "json", "--anonymize", key, path)
        test.expect(f"made: {command}", re.findall(r".*(?:ALICE|SHOP|SECRET|10\.1\.2\.3|10\.9\.8\.7).*", text))
    connections = records(run(mywire, "connections", "-F", "ndjson", "--anonymize", key, path))
    hidden = [(r["user"], r["database"], r["client_ip"]) for r in connections]
    test.expect("made: one user", len(set(hidden)) != 1)
    user, database, address = hidden[0]
    test.expect("made: names in messages", connections[1]["error_message"] != f"Access denied for user '{user}'@'{address}' to database '{database}'")
    told = records(run(mywire, "commands", "-F", "ndjson", "--anonymize", key, path))
    names = {r["sql"] for r in told if r["command"].endswith("_DB")}
    test.expect("made: USE", f"use `{told[-1]['database']}`" not in {r["sql"] for r in told})
    test.expect("made: a database has one name", len(names) != 1 or told[-1]["database"] not in names)


def main():
    mywire, samples = sys.argv[1], Path(sys.argv[2])
    test = Test()
    with tempfile.TemporaryDirectory() as folder:
        keys = [Path(folder) / "one", Path(folder) / "two"]
        for key in keys:
            key.write_bytes(f"a key of many bytes, {key.name}".encode())
        hand_made(test, mywire, folder, keys[0])
        for path in sorted(samples.glob("*.pcap*")):
            log = path.with_name(path.name.split(".")[0] + ".keys.txt")
            options = ["--keylog", log] if log.exists() else []
            redacted(test, mywire, options, path)
            anonymized(test, mywire, options, path, keys)
    print(f"{test.passed} passed, {test.failed} failed")
    return test.failed > 0 or test.passed == 0


if __name__ == "__main__":
    sys.exit(main())
