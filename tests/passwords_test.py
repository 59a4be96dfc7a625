#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds the password check against recordings whose passwords are known.

    passwords_test.py MYWIRE SAMPLES

SAMPLES/passwords.txt has the passwords of the accounts. Every login that the server accepted must match, and no longer
once each password is changed a little; what the truth calls a wrong password must not match; a login that was refused
for something else must match. The same with what a server keeps of the passwords, worked out here in Python (hashlib,
RFC 8032). No output shows a password.
"""
import base64
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import capture

# Refused, but not for the password: the truth's notes.
RIGHT_ALL_THE_SAME = {"account requires TLS", "no certificate", "no account for this host"}

passed = 0
failed = 0


def check(ok, what):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print("FAIL  " + what)


# -- what servers keep -------------------------------------------------------------------------------------------------

P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P
BASE_Y = 4 * pow(5, P - 2, P) % P


def recover_x(y):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P)
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return x if x % 2 == 0 else P - x


def edwards_add(a, b):
    t = D * a[0] * b[0] * a[1] * b[1]
    return ((a[0] * b[1] + a[1] * b[0]) * pow(1 + t, P - 2, P) % P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, P - 2, P) % P)


def ed25519_public_key(seed):
    """RFC 8032 section 5.1.5, but for the length of the seed."""
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little") & ((1 << 254) - 8) | 1 << 254
    point, double = (0, 1), (recover_x(BASE_Y), BASE_Y)
    while a:
        if a & 1:
            point = edwards_add(point, double)
        double = edwards_add(double, double)
        a >>= 1
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def sha256_crypt(key, salt, rounds):
    """U. Drepper's SHA-crypt, with salts of 20 bytes as MySQL has them."""
    def h(data):
        return hashlib.sha256(data).digest()

    b = h(key + salt + key)
    text = key + salt + (b * (len(key) // 32 + 1))[: len(key)]
    bits = len(key)
    while bits:
        text += b if bits & 1 else key
        bits >>= 1
    a = h(text)
    p = (h(key * len(key)) * (len(key) // 32 + 1))[: len(key)]
    s = h(salt * (16 + a[0]))[: len(salt)]
    for i in range(rounds):
        a = h((p if i & 1 else a) + (s if i % 3 else b"") + (p if i % 7 else b"") + (a if i & 1 else p))
    digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    order = [0, 10, 20, 21, 1, 11, 12, 22, 2, 3, 13, 23, 24, 4, 14, 15, 25, 5, 6, 16, 26, 27, 7, 17, 18, 28, 8, 9, 19, 29]
    out = ""
    for i in range(0, 30, 3):
        value = a[order[i]] << 16 | a[order[i + 1]] << 8 | a[order[i + 2]]
        out += "".join(digits[value >> shift & 63] for shift in (0, 6, 12, 18))
    value = a[31] << 8 | a[30]
    return out + "".join(digits[value >> shift & 63] for shift in (0, 6, 12))


def old_hash(password):
    a, b, add = 1345345333, 0x12345671, 7
    for c in password:
        if c in b" \t":
            continue
        a ^= ((a & 63) + add) * c + (a << 8)
        b += (b << 8) ^ a
        add += c
    return "%08x%08x" % (a & 0x7FFFFFFF, b & 0x7FFFFFFF)


def base64_short(data):
    return base64.b64encode(data).decode().rstrip("=")


def kept(plugin, password, salt=b"salt\nof \x01 20 bytes ."):
    """The authentication string of an account, by the client plugin."""
    key = password.encode()
    if plugin == "mysql_native_password":
        return "*" + hashlib.sha1(hashlib.sha1(key).digest()).hexdigest().upper()
    if plugin == "mysql_old_password":
        return old_hash(key)
    if plugin == "client_ed25519":
        return base64_short(ed25519_public_key(key))
    if plugin == "parsec":
        return "P0:%s:%s" % (base64_short(salt), base64_short(ed25519_public_key(hashlib.pbkdf2_hmac("sha512", key, salt, 1024, 32))))
    if plugin == "caching_sha2_password":
        return "0x" + (b"$A$005$" + salt + sha256_crypt(key, salt, 5000).encode()).hex()
    if plugin == "sha256_password":
        return "0x" + (b"$5$" + salt + b"$" + sha256_crypt(key, salt, 5000).encode()).hex()
    raise ValueError(plugin)


# -- the samples -------------------------------------------------------------------------------------------------------


class Samples:
    def __init__(self, mywire, folder, scratch):
        self.mywire = mywire
        self.folder = folder
        self.scratch = scratch
        self.passwords = {}
        for line in (folder / "passwords.txt").read_text().splitlines():
            if line and line[0] != "#":
                user, _, password = line.partition(":")
                self.passwords[user] = password
        self.secrets = [p for p in self.passwords.values() if len(p) > 4 and p != "password"]

    def file(self, lines):
        path = Path(self.scratch) / "passwords"
        path.write_text("".join(line + "\n" for line in lines))
        return path

    def run(self, command, sample, passwords, *options):
        argv = [self.mywire, command, *options]
        keys = self.folder / (sample + ".keys.txt")
        if keys.is_file():
            argv += ["-k", str(keys)]
        if passwords:
            argv += ["--passwords", str(passwords)]
        capture = next(self.folder.glob(sample + ".pcap*"))
        done = subprocess.run([*argv, str(capture)], capture_output=True, timeout=120)
        text = (done.stdout + done.stderr).decode(errors="replace")
        for secret in self.secrets:
            check(secret not in text, "%s %s shows a password" % (command, sample))
        return done

    def connections(self, sample, passwords):
        out = self.run("connections", sample, passwords, "-F", "ndjson", "-q").stdout
        records = [json.loads(line) for line in out.splitlines()]
        return [r for r in records if r["event"] == "connection"]


def names(folder):
    return sorted(p.name[: -len(".truth.json")] for p in folder.glob("*.truth.json"))


def wanted(truth, connection, passwords):
    """match or mismatch; None: the truth does not say."""
    for c in truth.get("connections", []):
        if c["client_port"] == connection["client_port"] and c["connection_id"] == connection["thread_id"]:
            if c.get("user") not in passwords:
                return None
            note = (c.get("client") or {}).get("note")
            return "mismatch" if c.get("login_error") == 1045 and note not in RIGHT_ALL_THE_SAME else "match"
    return None


def verdict(connection):
    return connection["password_check"], connection["password_check_reason"]


def known_passwords(samples):
    """What the truth says, with the passwords as they are, and with each a little different."""
    other = samples.file("%s:%sx" % item for item in samples.passwords.items())
    seen, right_but_refused = {}, 0
    for name in names(samples.folder):
        truth = json.loads((samples.folder / (name + ".truth.json")).read_text())
        changed = {c["id"]: c for c in samples.connections(name, other)}
        for c in samples.connections(name, samples.folder / "passwords.txt"):
            what = "%s connection %d (%s)" % (name, c["id"], c["auth_plugin"])
            want = wanted(truth, c, samples.passwords)
            got, reason = verdict(c)
            if c["user"] is None:
                check(got is None or reason in ("encrypted", "lost", "response_not_seen", "challenge_not_seen"),
                      "%s: %s without a login" % (what, got))
                continue
            if c["auth_result"] == "ok" and want is None and c["user"] in samples.passwords:
                want = "match"
            if want is None:
                continue
            if got == "not_checkable":
                lossy = truth.get("may_miss") is not None or not c["exact"]
                check(reason == "rsa" and c["auth_plugin"] == "sha256_password" or lossy, "%s: %s" % (what, reason))
                continue
            check(got == want, "%s: %s, not %s" % (what, got, want))
            check(reason is None or (reason == "nul_hashed" and c["auth_path"] == "full_rsa"), "%s: %s" % (what, reason))
            key = (c["auth_plugin"], c["auth_path"], got)
            seen[key] = seen.get(key, 0) + 1
            right_but_refused += got == "match" and c["auth_result"] == "error"
            again = verdict(changed[c["id"]])
            sent_none = samples.passwords[c["user"]] == "" and got == "match"
            check(again == ("mismatch", "no_password" if sent_none else None), "%s: %s with another password" % (what, again))
    for plugin in ("mysql_native_password", "mysql_old_password", "client_ed25519", "parsec"):
        for result in ("match", "mismatch"):
            check(seen.get((plugin, None, result)), "no sample has a %s for %s" % (result, plugin))
    for path in ("fast", "full_rsa", "full_tls"):
        check(seen.get(("caching_sha2_password", path, "match")), "no sample matches for caching_sha2_password, " + path)
    for path in ("full_rsa", "full_tls"):
        check(seen.get(("caching_sha2_password", path, "mismatch")), "no mismatch for caching_sha2_password, " + path)
    for result in ("match", "mismatch"):
        check(seen.get(("sha256_password", "full_tls", result)), "no %s for sha256_password inside TLS" % result)
    check(right_but_refused >= 4, "%d logins were refused with the right password" % right_but_refused)


def parsec_salts(samples, name):
    """Those that the server told."""
    out = samples.run("packets", name, None, "-V", "-F", "ndjson", "--show-secrets").stdout.decode()
    fields = [f for line in out.splitlines() for f in json.loads(line).get("fields", [])]
    return sorted({bytes.fromhex(f["value"]["hex"]) for f in fields if "parsec" in f["name"] and isinstance(f["value"], dict)})


def hashes(samples):
    """The same accounts by what their servers keep."""
    for name in ("mariadb1011-plain-native-password", "mariadb1011-old-password", "mariadb118-ed25519", "mariadb118-parsec",
                 "mysql97-plain-caching-sha2-fast", "mysql97-plain-caching-sha2-full-rsa", "mysql97-tls13-caching-sha2-full",
                 "mysql97-auth-switch-sha256", "mysql97-login-errors"):
        truth = json.loads((samples.folder / (name + ".truth.json")).read_text())
        for c in samples.connections(name, samples.folder / "passwords.txt"):
            password = samples.passwords.get(c["user"])
            if not password:
                continue
            plugin = c["auth_plugin"]
            salts = parsec_salts(samples, name) if plugin == "parsec" else [None]
            check(salts, "no salt in " + name)
            right, wrong = ([kept(plugin, p, salt) if salt else kept(plugin, p) for salt in salts]
                            for p in (password, password + "x"))
            want = wanted(truth, c, samples.passwords)
            reason = None
            if plugin == "caching_sha2_password" and c["auth_path"] != "full_tls":
                want, reason = "not_checkable", "rsa" if c["auth_path"] == "full_rsa" else "hash_not_enough"
            if plugin == "sha256_password" and c["auth_path"] == "full_rsa":
                want, reason = "not_checkable", "rsa"
            what = "%s connection %d (%s) by the server's hash" % (name, c["id"], plugin)
            for values, expected in ((right, want), (wrong, "mismatch" if reason is None else want)):
                path = samples.file("%s:%s" % (c["user"], v) for v in values)
                got = next(verdict(x) for x in samples.connections(name, path) if x["id"] == c["id"])
                check(got == (expected, reason), "%s: %s, not %s" % (what, got, (expected, reason)))
            # some other plugin's
            stranger = "606706156665cd86" if plugin != "mysql_old_password" else "*" + "0" * 40
            got = next(verdict(x) for x in samples.connections(name, samples.file(["%s:%s" % (c["user"], stranger)]))
                       if x["id"] == c["id"])
            rsa = plugin == "sha256_password" and c["auth_path"] == "full_rsa"
            check(got == ("not_checkable", "rsa" if rsa else "hash_of_another_plugin"), "%s: %s for a stranger's" % (what, got))


def candidates(samples):
    """Any of several lines may match; whoever is not in the file is not told about; without the file nobody is."""
    name = "mysql97-login-errors"
    path = samples.file(["app:no", "app:App-pw-1", "app:nor:this", "# nobody:x"])
    got = [verdict(c) for c in samples.connections(name, path)]
    check(got.count(("match", None)) == 1 and got.count(("mismatch", None)) == 2, "several candidates: %s" % got)
    check(got.count(("not_checkable", "no_candidate")) == 2, "no candidates: %s" % got)
    check({verdict(c) for c in samples.connections(name, None)} == {(None, None)}, "a verdict without passwords")
    tls = samples.connections("mysql97-tls13-no-keys", samples.folder / "passwords.txt")
    check([verdict(c) for c in tls] == [("not_checkable", "encrypted")], "closed TLS: %s" % [verdict(c) for c in tls])


def losses(samples):
    """Any packet of a login may be missing, or cut short: what is said then may be less, but not otherwise."""
    for name in ("mariadb118-parsec", "mariadb1011-old-password", "mysql97-auth-switch-sha256", "mariadb118-caching-sha2"):
        whole = {c["client_port"]: c["password_check"] for c in samples.connections(name, samples.folder / "passwords.txt")}
        link, packets = capture.read(samples.folder / (name + ".pcapng"))
        for i, (time, data, length) in enumerate(packets[:40]):
            for left in (None, data[: max(54, len(data) * 2 // 3)]):
                path = Path(samples.scratch) / "lossy.pcap"
                with path.open("wb") as file:
                    capture.write_header(file, link)
                    for k, packet in enumerate(packets):
                        if k != i:
                            file.write(capture.record(*packet))
                        elif left is not None:
                            file.write(capture.record(time, left, length))
                done = subprocess.run([samples.mywire, "connections", "-q", "-F", "ndjson", "--passwords",
                                       samples.folder / "passwords.txt", path], capture_output=True, timeout=60)
                for c in map(json.loads, done.stdout.splitlines()):
                    got = c.get("password_check")
                    allowed = (whole.get(c["client_port"]), None, "not_checkable")
                    # before an AuthSwitchRequest that is missing the client had proved the same password otherwise
                    earlier = got == "match" and allowed[0] == "not_checkable" and c["user"] == "sha"
                    check(c["event"] != "connection" or got in allowed or earlier,
                          "%s without packet %d: connection %d is a %s" % (name, i + 1, c["id"], got))


def outputs(samples):
    """No format of any command that takes the option shows what is in the file."""
    for name in ("mysql97-login-errors", "mariadb118-pam-clear-password", "mysql97-auth-switch-sha256"):
        for command, formats in (("connections", ("text", "json", "ndjson", "csv")), ("summary", ("text", "json", "markdown"))):
            for form in formats:
                done = samples.run(command, name, samples.folder / "passwords.txt", "-F", form)
                check(done.returncode == 0, "%s -F %s of %s: %d" % (command, form, name, done.returncode))
    summary = json.loads(samples.run("summary", "mysql97-login-errors", samples.folder / "passwords.txt", "-F", "json").stdout)
    check(summary["password_check"] == {"match": 2, "mismatch": 2, "not_checkable": 1, "match_refused": 2},
          "summary: %s" % summary["password_check"])
    summary = json.loads(samples.run("summary", "mysql97-login-errors", None, "-F", "json").stdout)
    check(summary["password_check"] is None, "summary without passwords: %s" % summary["password_check"])
    for lines in (["app:App-pw-1", "App-pw-1"], ["app:App-pw-1"] * 17, ["app:" + "App-pw-1" * 600]):
        done = samples.run("connections", "mysql97-login-errors", samples.file(lines))
        check(done.returncode == 2 and b"line " in done.stderr and not done.stdout, "a wrong file: %r" % done.stderr)


def main():
    with tempfile.TemporaryDirectory() as scratch:
        samples = Samples(sys.argv[1], Path(sys.argv[2]), scratch)
        # MariaDB's own, in its manual and by its servers
        check(kept("client_ed25519", "secret") == "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY", "ed25519_password()")
        check(kept("mysql_old_password", "password") == "5d2e19393cc5ef67", "OLD_PASSWORD()")
        for part in (known_passwords, hashes, candidates, losses, outputs):
            part(samples)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
