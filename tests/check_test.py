#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds `mywire check` against what servers and clients say happened, in every output format.

    check_test.py MYWIRE SAMPLES

For each sample and built-in policy, with the sample's keys and without: the rules that fail and the client ports they fail
for follow from the truth (samples/README.md), by the words of the policy; so do the verdict and the exit status. JUnit is
validated with xmllint, SARIF and JSON by their schemas. The policy that --make-policy writes must pass on its own capture
and fail on others.
"""
import json
import re
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "cli")]
import capture  # noqa: E402
from schema_test import Schemas, strict  # noqa: E402

POLICIES = "mysql-8.4", "mysql-9", "mariadb-11", "no-cleartext", "modern-tls"
FORMATS = "text", "json", "junit", "sarif", "github", "markdown"
# The account's plugin, and the client plugins that may serve it on the wire.
CLIENT_PLUGINS = {"ed25519": ["client_ed25519"], "pam": ["dialog", "mysql_clear_password"]}
OLD = {"mysql_native_password", "mysql_old_password"}
IN_CLEAR = {"mysql_clear_password", "dialog", "mysql_old_password"}
EXIT = {"passed": 0, "failed": 1, "undecided": 4}


def packet(sequence, payload):
    """A packet of the protocol."""
    return struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload


def write_conversation(path, said):
    """A capture of raw IP packets: who (0 the client), TCP flags, payload."""
    sequence = [1000, 5000]
    with open(path, "wb") as f:
        capture.write_header(f, 101)
        for i, (who, flags, payload) in enumerate(said):
            ports = (40000, 3306) if who == 0 else (3306, 40000)
            tcp = struct.pack(">HHIIBBHHH", *ports, sequence[who], sequence[1 - who] if flags & 0x10 else 0, 0x50, flags, 65535, 0, 0)
            hosts = bytes([10, 0, 0, 1 + who, 10, 0, 0, 2 - who])
            ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(payload), i, 0, 64, 6, 0) + hosts
            data = ip + tcp + payload
            f.write(capture.record(10**18 + i * 10**6, data, len(data)))
            sequence[who] += len(payload) + bool(flags & 3)


class Connection:
    """What the truth says about one connection, in the policies' terms. None: it does not say."""

    def __init__(self, truth, number, facts, keys):
        self.port = facts.get("tcp_client_port") or facts["client_port"]
        self.mariadb = facts["server_product"] == "MariaDB"
        self.version = tuple(int(n) for n in re.match(r"\d+\.\d+", facts["server_version"])[0].split("."))
        self.x = bool(facts.get("x_protocol"))
        self.tls = (facts.get("tls") or {}).get("version")
        self.x_inside_tls = self.x and bool(facts.get("tls"))  # its version is not in the truth
        self.cipher = (facts.get("tls") or {}).get("cipher") or ""
        self.closed = bool(self.tls) and (not keys or number in truth.get("undecryptable", []))
        plugin = facts.get("auth_plugin") if not facts.get("login_error") else None
        self.plugins = CLIENT_PLUGINS.get(plugin, [plugin] if plugin else None)
        # TLS 1.3 has forward secrecy and AEAD throughout; before, OpenSSL's names tell.
        self.forward_secrecy = self.cipher.startswith(("TLS_", "ECDHE-", "DHE-"))
        self.aead = self.cipher.startswith("TLS_") or any(w in self.cipher for w in ("GCM", "CHACHA20", "CCM"))

    def violates(self, rule, policy):
        """True, False, or None where the truth does not tell."""
        if rule == "tls.required":
            return None if self.x else not self.tls
        if rule == "tls.min-version":
            return self.tls in ("TLSv1", "TLSv1.1")
        if rule == "tls.require-forward-secrecy":
            return bool(self.tls) and not self.forward_secrecy
        if rule == "tls.require-aead":
            return bool(self.tls) and not self.aead
        if rule in ("tls.forbid-cipher", "capabilities.client-require"):
            return False  # no sample has such a suite, nor a client that old
        if rule in ("auth.forbid-plugin", "auth.forbid-plugin-in-clear"):
            bad = OLD if rule == "auth.forbid-plugin" else IN_CLEAR
            if policy == "mariadb-11":
                bad = {"mysql_old_password"}
            if self.closed or self.x or (self.tls and rule == "auth.forbid-plugin-in-clear"):
                return False
            hits = [p in bad for p in self.plugins or []]
            return None if not hits or len(set(hits)) > 1 else hits[0]
        if self.x:
            return False
        if rule == "server.forbid-dialect":
            return self.mariadb
        if rule == "server.forbid-default-plugin":
            return False  # asked of MySQL servers alone; MySQL 9.7 has caching_sha2_password
        if rule == "server.min-version":
            if policy == "mariadb-11":
                return not self.mariadb or self.version < (11,)
            return not self.mariadb and self.version < {"mysql-8.4": (8, 0), "mysql-9": (8, 4)}[policy]
        raise ValueError(rule)


class Tests:
    def __init__(self, mywire, samples):
        self.mywire, self.samples = mywire, Path(samples)
        self.passed = self.failed = 0
        self.verdicts = {policy: set() for policy in POLICIES}  # that were right
        self.rules_failed = set()
        self.sarif = Schemas(HERE / "schemas")
        self.json = Schemas(HERE.parent / "docs/schema")

    def expect(self, what, ok, detail=""):
        self.passed, self.failed = self.passed + bool(ok), self.failed + (not ok)
        if not ok:
            print(f"FAIL {what}: {detail}")

    def run(self, *argv):
        done = subprocess.run([self.mywire, "check", *map(str, argv)], capture_output=True, timeout=60)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def keys_of(self, name):
        """Options for the sample's keys, and whether they are in the file itself."""
        truth = json.loads((self.samples / f"{name}.truth.json").read_text())
        keys = self.samples / f"{name}.keys.txt"
        return truth, ["-k", keys] if keys.exists() else [], "dsb" in name

    # -- formats ---------------------------------------------------------------------------------------------------

    def all_formats(self, what, argv):
        """Runs once with every format; the outputs must agree. Returns exit status and the JSON."""
        with tempfile.TemporaryDirectory() as folder:
            paths = {form: Path(folder) / form for form in FORMATS}
            outputs = [x for form, path in paths.items() for x in ("-o", f"{form}:{path}")]
            status, stdout, stderr = self.run(*argv, *outputs)
            texts = {form: path.read_text() for form, path in paths.items()}
            self.expect(f"{what}: stdout", stdout == "", stdout)
            lint = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", HERE / "schemas/junit.xsd", paths["junit"]],
                                  capture_output=True)
            self.expect(f"{what}: JUnit schema", lint.returncode == 0, lint.stderr.decode()[:400])
        result = strict(texts["json"])
        self.json.check(result, self.json.documents["check.json"], "check.json")
        self.expect(f"{what}: JSON schema", not self.json.errors, self.json.errors[:3])
        self.json.errors.clear()
        self.check_junit(what, result, ElementTree.fromstring(texts["junit"]))
        self.check_sarif(what, result, strict(texts["sarif"]))
        self.check_github(what, result, texts["github"])
        word = {"passed": "PASSED", "failed": "FAILED", "undecided": "UNDECIDED"}[result["verdict"]]
        self.expect(f"{what}: text", texts["text"].startswith(word + " "), texts["text"][:80])
        self.expect(f"{what}: markdown", texts["markdown"].startswith(f"# mywire check: {word}\n"), texts["markdown"][:80])
        for rule in result["rules"]:
            if rule["status"] == "failed":
                for form in FORMATS:
                    self.expect(f"{what}: {rule['id']} in {form}", rule["id"] in texts[form])
        self.expect(f"{what}: exit status told", result["exit_status"] == status, (result["exit_status"], status))
        for line in texts["text"].splitlines():
            if not line.startswith("  limit "):  # the evidence's
                self.expect(f"{what}: 80 columns", len(line) <= 80 or " " not in line.strip(), line)
        return status, result

    def check_junit(self, what, result, root):
        cases = {c.get("name"): c for c in root.iter("testcase")}
        want = {"passed": None, "failed": "failure", "undecided": "error", "not_applicable": "skipped"}
        for rule in result["rules"]:
            outcome = [e.tag for e in cases[rule["id"]]]
            self.expect(f"{what}: JUnit {rule['id']}", outcome == ([want[rule["status"]]] if want[rule["status"]] else []),
                        outcome)
        suite = root.find("testsuite")
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            n = sum(len(c.findall(tag)) for c in cases.values())
            self.expect(f"{what}: JUnit {attribute}", int(suite.get(attribute)) == n, (suite.get(attribute), n))
        self.expect(f"{what}: JUnit tests", int(suite.get("tests")) == len(cases) == len(result["rules"]) + 1)

    def check_sarif(self, what, result, sarif):
        self.sarif.check(sarif, self.sarif.documents["sarif.json"], "sarif.json")
        self.expect(f"{what}: SARIF schema", not self.sarif.errors, self.sarif.errors[:3])
        self.sarif.errors.clear()
        run = sarif["runs"][0]
        rules = [r["id"] for r in run["tool"]["driver"]["rules"]]
        found = [r for r in run["results"] if r["kind"] == "fail"]
        self.expect(f"{what}: SARIF rules", rules == [r["id"] for r in result["rules"]])
        self.expect(f"{what}: SARIF rule indexes", all(rules[r["ruleIndex"]] == r["ruleId"] for r in run["results"]))
        self.expect(f"{what}: SARIF levels", all((r["level"] == "none") == (r["kind"] != "fail") for r in run["results"]))
        self.expect(f"{what}: SARIF results",
                    [(r["ruleId"], r["properties"]["packet"]) for r in found] ==
                    [(f["rule"], f["packet"]) for f in result["findings"]])
        undecided = {r["ruleId"] for r in run["results"] if r["kind"] == "open"}
        self.expect(f"{what}: SARIF undecided", {r["id"] for r in result["rules"] if r["status"] == "undecided"} <= undecided)

    def check_github(self, what, result, text):
        lines = text.splitlines()
        command = re.compile(r"::(error|warning|notice) title=mywire check[^:,]*(,file=[^:,]*)?::[^\r\n]+\Z")
        self.expect(f"{what}: GitHub commands", all(command.match(line) for line in lines), lines)
        bad = [r["id"] for r in result["rules"] if r["status"] in ("failed", "undecided")]
        told = [line.split("::")[1].split("check ")[1].split(",")[0] for line in lines[:-1]]
        self.expect(f"{what}: GitHub rules", [i for i in dict.fromkeys(told) if i != "input"] == bad, (told, bad))
        self.expect(f"{what}: GitHub verdict", lines[-1].startswith("::notice") == (result["verdict"] == "passed"), lines[-1])

    # -- samples and built-in policies -----------------------------------------------------------------------------

    def sample(self, name, capture, policy, with_keys):
        truth, options, inside = self.keys_of(name)
        if with_keys and not options:
            return
        keys = with_keys or inside
        what = f"{policy} {name} {'with keys' if with_keys else ''}".strip()
        connections = [Connection(truth, i, c, keys) for i, c in enumerate(truth["connections"], 1)]
        status, result = self.all_formats(what, ["--policy", policy, *(options if with_keys else []), capture])
        known = {c.port: c for c in connections}
        ports = {}
        for finding in result["findings"]:
            ports.setdefault(finding["rule"], set()).add(finding["client_port"])
            self.expect(f"{what}: evidence", finding["packet"] > 0 and finding["file"] == str(capture) and finding["seen"]
                        and finding["wanted"] and finding["connection"] > 0, finding)
        failed = False
        lossy = truth.get("may_miss") is not None
        for rule in result["rules"]:
            if rule["id"].startswith("evidence."):
                continue
            want = {p for p, c in known.items() if c.violates(rule["id"], policy)}
            open_ports = {p for p, c in known.items() if c.violates(rule["id"], policy) is None}
            others = {r["client_port"] for r in truth["clients_without_server_record"]}
            got = ports.get(rule["id"], set())
            if lossy:
                ok = got <= want
            else:
                ok = want <= got and not got - want - open_ports - others
            self.expect(f"{what}: {rule['id']}", ok, f"fails for {sorted(got)}, the truth says {sorted(want)}")
            failed = failed or bool(got)
        cut = "kept_bytes" in truth.get("rewritten", {})
        allows_closed = policy in ("no-cleartext", "modern-tls")
        missing = (lossy and not cut) or any(c.closed and not allows_closed for c in connections) or any(
            c.x and not (c.x_inside_tls and allows_closed) for c in connections)
        self.verdicts[policy].add(result["verdict"])
        self.rules_failed |= {(policy, r["id"]) for r in result["rules"] if r["status"] == "failed"}
        verdict = "failed" if failed else "undecided" if missing or cut else "passed"
        self.expect(f"{what}: verdict", result["verdict"] == verdict, f"{result['verdict']}, expected {verdict}")
        expected = 3 if cut and not failed else EXIT[verdict]
        self.expect(f"{what}: exit status", status == expected, f"{status}, expected {expected}")

    # -- --make-policy ----------------------------------------------------------------------------------------------

    def make_policy(self):
        """What is made of a capture holds for it; and where that was a good one, not for worse ones."""
        with tempfile.TemporaryDirectory() as folder:
            for path in sorted(self.samples.glob("*.truth.json")):
                name = path.name.removesuffix(".truth.json")
                truth, options, _ = self.keys_of(name)
                capture = self.samples / truth["capture"]
                policy = Path(folder) / f"{name}.ini"
                status, text, stderr = self.run("--make-policy", *options, capture)
                cut = 3 if "kept_bytes" in truth.get("rewritten", {}) else 0
                if truth["connections"][0].get("x_protocol") and not options:
                    self.expect(f"make-policy {name}", status == 4 and not text, (status, text))
                    continue
                self.expect(f"make-policy {name}", status == cut and text, (status, stderr))
                policy.write_text(text)
                status, _, stderr = self.run("--policy", policy, *options, capture)
                self.expect(f"make-policy {name}: holds", status == cut, (status, stderr))
            good = Path(folder) / "mysql97-tls13-caching-sha2-full.ini"
            for name, rule in (("mysql97-plain-caching-sha2-fast", "tls.required"),
                               ("mariadb1011-tls10-tls11", "tls.min-version"),
                               ("mariadb118-pam-dialog-cleartext", "auth.allow-plugin"),
                               ("mysql97-login-errors", "auth.max-failures"),
                               ("mysql97-load-data-local-infile", "capabilities.client-forbid"),
                               ("mysql97-connect-attributes-charsets", "charset.allow-client"),
                               ("mysql97-error-mid-result", "errors.max"),
                               ("mariadb118-parsec", "server.min-version")):
                truth, options, _ = self.keys_of(name)
                status, text, _ = self.run("--policy", good, "-F", "json", *options, self.samples / truth["capture"])
                failed = [r["id"] for r in json.loads(text)["rules"] if r["status"] == "failed"]
                self.expect(f"make-policy: {name} is worse by {rule}", status == 1 and rule in failed, (status, failed))

    def less_of_it(self):
        """What is made of a capture finds nothing in the same capture with packets lost or cut off; and rules that it breaks do not
        all pass."""
        strict_policy = "[auth]\nforbid-plugin = caching_sha2_password;mysql_native_password\n[server]\nmin-version = mysql 99;mariadb 99\n"
        with tempfile.TemporaryDirectory() as folder:
            good, bad, less = (Path(folder) / name for name in ("good.ini", "bad.ini", "less.pcap"))
            bad.write_text(strict_policy)
            for name in ("mysql97-plain-caching-sha2-fast", "mariadb1011-plain-native-password", "mysql97-tls13-resume-ticket",
                         "mysql97-misc-libmysqlclient", "shape-direct-tls-tunnel"):
                truth, options, _ = self.keys_of(name)
                link, packets = capture.read(self.samples / truth["capture"])
                good.write_text(self.run("--make-policy", *options, self.samples / truth["capture"])[1])
                lossy = [(f"packet {i + 1} lost", packets[:i] + packets[i + 1:]) for i in range(min(len(packets), 40))]
                lossy += [(f"cut to {n} bytes", [(t, d[:n], o) for t, d, o in packets]) for n in range(54, 200, 3)]
                for how, remain in lossy:
                    with open(less, "wb") as f:
                        capture.write_header(f, link)
                        f.writelines(capture.record(*p) for p in remain)
                    status, text, _ = self.run("--policy", good, "-F", "json", *options, less)
                    self.expect(f"{name}, {how}: nothing found", status in (0, 4), (status, json.loads(text)["findings"]))
                    status, text, _ = self.run("--policy", bad, *options, less)
                    self.expect(f"{name}, {how}: no pass", status in (1, 4), (status, text))

    # -- what wire and files may hold --------------------------------------------------------------------------------

    def hostile_names(self):
        """A policy's and a file's name with everything that means something in some format."""
        with tempfile.TemporaryDirectory() as folder:
            capture = Path(folder) / "a,b:c|d`e<f>&g%0A'\"[h](i)::error.pcapng"
            capture.write_bytes((self.samples / "mysql97-login-errors.pcapng").read_bytes())
            policy = Path(folder) / "p.ini"
            policy.write_text('[policy]\nname = x\\n::error::y|<b>"&\\t{0}[a](b)\n[tls]\nrequired = true\n[errors]\nmax = 0\n')
            status, result = self.all_formats("hostile names", ["--policy", policy, capture])
            self.expect("hostile names: exit status", status == 1, status)
            self.expect("hostile names: file", all(f["file"] == str(capture) for f in result["findings"]))

    def hostile_wire(self):
        """A server and a client whose names mean something in every format."""
        evil = b"\x1b[31m<b>&\"'|`*_[x](y)\r\n::error::%0A{0}\x07\xff\xc2\x9b\xe2\x80\xae]]>\xef\xbf\xbf,:"
        caps = 0x000FA20D | 0x00080000  # as a client without TLS sends them, with CLIENT_PLUGIN_AUTH
        shown = bytes(c for c in evil if 32 <= c < 127)  # a greeting is known by its printable version
        greeting = (b"\x0a9.7.4" + shown + b"\0\x2a\0\0\0abcdefgh\0\xff\xff\xff\x02\0\xff\xdf\x15" + bytes(10) + b"ijklmnopqrst\0" +
                    evil + b"\0")
        login = struct.pack("<IIB", caps, 1 << 24, 255) + bytes(23) + evil + b"\0\x14" + b"A" * 20 + b"db\0" + evil + b"\0"
        error = b"\xff\x15\x04#28000Access denied for " + evil
        said = [(1, 0x12, b""), (0, 0x10, b""), (1, 0x18, packet(0, greeting)), (0, 0x18, packet(1, login)),
                (1, 0x18, packet(2, error)), (1, 0x11, b""), (0, 0x11, b"")]
        with tempfile.TemporaryDirectory() as folder:
            path, policy = Path(folder) / "evil.pcap", Path(folder) / "p.ini"
            write_conversation(path, [(0, 0x02, b"")] + said)
            policy.write_text("[tls]\nrequired = true\n[auth]\nallow-plugin = parsec\nmax-failures = 0\n[server]\nmin-version = 9.9\n"
                              "forbid-default-plugin = *x*\n[errors]\nforbid = 1045\n[client]\nrequire-attribute = a\n")
            status, result = self.all_formats("hostile wire", ["--policy", policy, path])
            self.expect("hostile wire: exit status", status == 1, status)
            bad = {r["id"] for r in result["rules"] if r["status"] == "failed"}
            self.expect("hostile wire: rules", bad == {"tls.required", "auth.allow-plugin", "auth.max-failures", "server.min-version",
                                                       "server.forbid-default-plugin", "errors.forbid",
                                                       "client.require-attribute"}, bad)
            for form in FORMATS:
                _, text, _ = self.run("--policy", policy, "-F", form, path)
                acts = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e" + ("\uffff]" if form == "junit" else "]")
                self.expect(f"hostile wire: nothing acts in {form}", not re.search(acts, text), repr(text))
            _, text, _ = self.run("--policy", policy, "-F", "markdown", path)
            self.expect("hostile wire: Markdown", "<b>" not in text and not re.search(r"[^\\]\]\(", text) and
                        all(line.count("|") - line.count("\\|") == 4 for line in text.splitlines() if line.startswith("| ") and "evil" in line),
                        text)
            status, text, _ = self.run("--make-policy", path)
            self.expect("hostile wire: a policy of it", status == 0 and "<b>" not in text and "::" not in text, (status, text))
            policy.write_text(text)
            self.expect("hostile wire: which holds", self.run("--policy", policy, path)[0] == 0)

    def anonymized(self):
        """--anonymize covers findings that are made while a connection is open as well."""
        with tempfile.TemporaryDirectory() as folder:
            key, policy = Path(folder) / "key", Path(folder) / "p.ini"
            key.write_bytes(b"k" * 32)
            policy.write_text("[auth]\nmax-failures = 0\nallow-plugin = parsec\n[errors]\nmax = 0\n")
            for name in "mysql97-misc-libmysqlclient", "mysql97-error-mid-result":
                status, result = self.all_formats(f"anonymized {name}", ["--policy", policy, "--anonymize", key,
                                                                         self.samples / f"{name}.pcapng"])
                self.expect(f"anonymized {name}: exit status", status == 1, status)
                for finding in result["findings"]:
                    self.expect(f"anonymized {name}", finding["user"].startswith("h_") and finding["client_port"] > 0
                                and "127.0.0.1" not in (finding["client_ip"], finding["server_ip"]), finding)

    def main(self):
        for path in sorted(self.samples.glob("*.truth.json")):
            name = path.name.removesuffix(".truth.json")
            capture = self.samples / json.loads(path.read_text())["capture"]
            for policy in POLICIES:
                for with_keys in (True, False):
                    self.sample(name, capture, policy, with_keys)
        # No sample has a suite that encrypts nothing, a server or client that old, or another default plugin.
        for policy, verdicts in self.verdicts.items():
            self.expect(f"{policy}: samples for every verdict", verdicts == {"passed", "failed", "undecided"}, verdicts)
        for policy, rule in (("no-cleartext", "tls.required"), ("no-cleartext", "auth.forbid-plugin-in-clear"),
                             ("modern-tls", "tls.required"), ("modern-tls", "tls.min-version"),
                             ("modern-tls", "tls.require-forward-secrecy"), ("modern-tls", "tls.require-aead"),
                             ("mysql-8.4", "tls.min-version"), ("mysql-8.4", "auth.forbid-plugin"),
                             ("mysql-8.4", "server.forbid-dialect"), ("mysql-9", "tls.min-version"),
                             ("mysql-9", "auth.forbid-plugin"), ("mysql-9", "server.forbid-dialect"),
                             ("mariadb-11", "tls.min-version"), ("mariadb-11", "auth.forbid-plugin"),
                             ("mariadb-11", "server.min-version")):
            self.expect(f"{policy}: a sample that fails {rule}", (policy, rule) in self.rules_failed)
        self.make_policy()
        self.less_of_it()
        self.hostile_names()
        self.hostile_wire()
        self.anonymized()
        print(f"{self.passed} passed, {self.failed} failed")
        return self.failed > 0 or self.passed == 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(Tests(*sys.argv[1:]).main())
