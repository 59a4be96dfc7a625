#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds mywire against what servers and clients say happened.

    truth_test.py MYWIRE SAMPLES

Each NAME.truth.json (its format: samples/README.md) comes from the server's own records and the client's API. Each of
its connections must be in `mywire connections`, found by client port and thread id, with the same facts; what mywire
reports beyond that must be a client that the server has no record of. Where bytes are missing from a capture, a fact
may be unknown, never wrong. TLS is opened with the key log beside the sample, and again with the RSA key alone where there
is one. Inside TLS that the keys do not open everything must be unknown, with a reason.
"""
import json
import re
import subprocess
import sys
from hashlib import md5
from pathlib import Path

# The account's plugin on the server, and the client plugin that serves it on the wire.
CLIENT_PLUGINS = {"ed25519": {"client_ed25519"}, "pam": {"dialog", "mysql_clear_password"}}

# What only the login tells, and a login inside closed TLS must not.
LOGIN_FACTS = ("user", "database", "attributes", "client_auth_plugin", "auth_plugin", "error_code", "auth_result")

CUT = re.compile(r"(.*)\.\.\.\[(\d+) characters, md5 of utf-8 ([0-9a-f]{32})\]\Z", re.S)


def same_text(want, got):
    """Equality; long texts of the truth are cut and carry their length and hash."""
    cut = CUT.match(want) if isinstance(want, str) and isinstance(got, str) else None
    if not cut:
        return want == got
    return got.startswith(cut[1]) and len(got) == int(cut[2]) and md5(got.encode()).hexdigest() == cut[3]


def same_attributes(want, got):
    """Equality; performance_schema keeps 1024 characters of a value."""
    got = got or {}
    return want.keys() == got.keys() and all(
        (got[k] or "") == (v or "") if not v else got[k].startswith(v) if len(v) == 1024 else same_text(v, got[k])
        for k, v in want.items())


class Sample:
    """One capture: its truth, what mywire says of it, and the differences."""

    def __init__(self, mywire, truth_path, rsa_key=None):
        self.truth = json.loads(truth_path.read_text())
        self.capture = truth_path.parent / self.truth["capture"]
        self.lossy = self.truth.get("may_miss") is not None
        self.cut_file = "kept_bytes" in self.truth.get("rewritten", {})
        self.differences = []
        self.facts = 0
        argv = [mywire, "connections", "-F", "ndjson", str(self.capture)]
        if rsa_key:
            argv[2:2] = ["--tls-key", str(rsa_key)]
        elif (truth_path.parent / (self.truth.get("keys") or "none")).is_file():  # else they are inside the capture
            argv[2:2] = ["-k", str(self.capture.parent / self.truth["keys"])]
        done = subprocess.run(argv, capture_output=True, timeout=60)
        self.equal("exit status", 3 if self.cut_file else 0, done.returncode)
        self.records = [json.loads(line) for line in done.stdout.decode().splitlines()]

    def differ(self, what, want, got):
        self.differences.append(f"{what}: {got!r}, the truth is {want!r}")

    def fact(self, what, holds, want, got):
        """A fact that a capture with holes may leave unknown."""
        self.facts += 1
        if not holds and not (self.lossy and got is None):
            self.differ(what, want, got)

    def equal(self, what, want, got):
        self.fact(what, same_text(want, got), want, got)

    def take(self, port, thread_id):
        """Removes and returns the record of a client port and thread id."""
        for record in self.records:
            if record["client_port"] == port and (thread_id is None or record["thread_id"] in (thread_id, None)):
                self.records.remove(record)
                return record
        return None

    def compare(self):
        for number, want in enumerate(self.truth["connections"], 1):
            want["opens"] = number not in self.truth.get("undecryptable", [])
            port = want.get("tcp_client_port") or want["client_port"]
            record = self.take(port, want["connection_id"])
            name = f"connection {want['connection_id']} (client port {port})"
            if record is None:
                self.differences.append(f"{name} is not reported")
            else:
                self.compare_connection(name, want, record)
        for want in self.truth["clients_without_server_record"]:
            record = self.take(want["client_port"], None)
            name = f"client port {want['client_port']}"
            if record is None:
                self.differences.append(f"{name} is not reported")
            else:
                self.compare_refused(name, want, record)
        for record in self.records:
            self.differences.append(f"client port {record['client_port']} is reported, and nobody has connected from it")
        return self

    def compare_connection(self, name, want, got):
        self.equal(f"{name}: protocol", "mysqlx" if want.get("x_protocol") else "mysql", got["protocol"])
        if want.get("x_protocol"):
            return
        if want.get("tcp_client_port"):  # the server was told another one by the PROXY protocol
            self.equal(f"{name}: proxied_client_ip", want["client_addr"], got["proxied_client_ip"])
            self.equal(f"{name}: proxied_client_port", want["client_port"], got["proxied_client_port"])
        versions = [want["server_version"]]
        if want["server_version"].startswith("10.") and "MariaDB" in want["server_version"]:
            versions.append("5.5.5-" + want["server_version"])  # how MariaDB before 11 greets
        self.fact(f"{name}: server_version", got["server_version"] in versions, versions[-1], got["server_version"])
        self.equal(f"{name}: thread_id", want["connection_id"], got["thread_id"])
        self.equal(f"{name}: server_port", want.get("tcp_server_port") or want["server_port"], got["server_port"])
        self.equal(f"{name}: tls", want.get("tls") is not None, got["tls"])
        if want.get("collation_id_asked") is not None:
            # The SSLRequest, which goes before TLS, carries it too.
            self.equal(f"{name}: client_collation_id", want["collation_id_asked"], got["client_collation_id"])
        if want.get("tls") is not None:
            self.compare_tls(name, want, got)
        if want.get("tls") is not None and not want["opens"]:
            self.compare_closed(name, got)
        else:
            self.compare_login(name, want, got)

    def compare_tls(self, name, want, got):
        tls = want["tls"]
        self.equal(f"{name}: tls_version", tls["version"], got["tls_version"])
        if (tls["cipher"] or "").startswith("TLS_"):  # before TLS 1.3 the servers use OpenSSL's names
            self.equal(f"{name}: tls_cipher", tls["cipher"], got["tls_cipher"])
        if tls.get("resumed") is not None:
            self.equal(f"{name}: tls_resumed", tls["resumed"], got["tls_resumed"])
        opened = "partial" if self.lossy else "full" if want["opens"] else "none"
        self.equal(f"{name}: tls_decrypted", opened, got["tls_decrypted"])
        self.equal(f"{name}: tls_reason is given", opened != "full", got["tls_reason"] is not None)

    def compare_closed(self, name, got):
        self.fact(f"{name}: tls_reason", bool(got["tls_reason"]), "a reason", got["tls_reason"])
        for key in LOGIN_FACTS:
            if key == "auth_result":
                self.fact(f"{name}: {key}", got[key] not in ("ok", "error"), "unknown", got[key])
            else:
                self.equal(f"{name}: {key} inside closed TLS", None, got[key])

    def compare_login(self, name, want, got):
        error = want.get("login_error")
        self.equal(f"{name}: user", want["user"] or "", got["user"])
        if want["database"] or not self.lossy:
            self.equal(f"{name}: database", want["database"], got["database"] or None)
        self.equal(f"{name}: error_code", error, got["error_code"])
        self.equal(f"{name}: auth_result", "error" if error else "ok", got["auth_result"])
        asked = {"ON": "zlib"}.get(want["compression"], want["compression"])  # a status variable of MariaDB
        self.equal(f"{name}: compression", asked or "none", got["compression"])
        if error or not want["auth_plugin"]:
            return  # the server keeps neither plugin nor attributes of a login it refuses, or of a binary log's reader
        plugins = CLIENT_PLUGINS.get(want["auth_plugin"], {want["auth_plugin"]})
        self.fact(f"{name}: auth_plugin", got["auth_plugin"] in plugins, sorted(plugins), got["auth_plugin"])
        self.fact(f"{name}: attributes", same_attributes(want["attributes"], got["attributes"]), want["attributes"],
                  got["attributes"])

    def compare_refused(self, name, want, got):
        """A client that the server has no record of: turned away before it was anyone, as a rule."""
        code = want.get("errno") or (want.get("connect_error") or [None])[0]
        if code is not None and 2000 <= code < 3000:
            code = None  # the client's own: nothing on the wire says it
        if want.get("ops"):  # the other leg of a tunnel or proxy: the server knows this login by another port
            self.equal(f"{name}: user", want["user"], got["user"])
            self.equal(f"{name}: commands", len(want["ops"]), got["commands"])
            return
        answer = bytes.fromhex(want.get("server_answer") or want.get("server_reply") or "")
        at = answer.find(b"\xff")
        if code is None and at in (0, 4):  # an ERR packet as the socket gave it, without its header or with it
            code = int.from_bytes(answer[at + 1:at + 3], "little")
        if code is not None:
            self.equal(f"{name}: error_code", code, got["error_code"])
        elif want.get("server_first_byte") == "ff":
            self.fact(f"{name}: error_code", got["error_code"] is not None, "an error", got["error_code"])
        self.fact(f"{name}: auth_result", got["auth_result"] != "ok", "no login", got["auth_result"])
        self.equal(f"{name}: user", None, got["user"])


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    passed = failed = 0
    for path in sorted(Path(sys.argv[2]).glob("*.truth.json")):
        name = path.name.removesuffix(".truth.json")
        rsa_key = path.parent / f"{name}.rsa-key.pem"
        for key in [None, rsa_key] if rsa_key.exists() else [None]:
            try:
                sample = Sample(sys.argv[1], path, key).compare()
                summary, differences = f"{sample.facts} facts", sample.differences
            except (subprocess.TimeoutExpired, ValueError, KeyError) as error:
                summary, differences = "", [f"{type(error).__name__}: {error}"]
            passed, failed = passed + (not differences), failed + bool(differences)
            print(f"{'FAIL' if differences else 'ok  '} {name}{' by RSA key' if key else ''} {summary}")
            for difference in differences:
                print(f"     {difference}")
    print(f"{passed} passed, {failed} failed")
    return failed > 0 or passed == 0


if __name__ == "__main__":
    sys.exit(main())
