#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every suite, version and key exchange that OpenSSL and GnuTLS of this machine can speak, opened by mywire.

  tls_matrix_test.py MYWIRE [--all] [--keep DIR] [-v] [PATTERN]

Each session carries a MySQL login and one query that names the session; half of them begin as MySQL's do, with an
SSLRequest, the others with TLS from the first byte. mywire has to show that query, the suite and the version: with the
key log, and where the key exchange is RSA also with nothing but the server's private key. Of a cipher that it does not
open it has to say so. PATTERN is a regular expression for sessions' names.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

import tls_peers
from tls_peers import CLIENT, SERVER

SERVER_PORT = 3306
SEGMENT = 1460
NOT_SPOKEN = (("SRP", "SRP needs files of verifiers that are not made here"),)
NOT_OPENED = ("ARIA",)

CLIENT_LONG_PASSWORD, CLIENT_PROTOCOL_41, CLIENT_SSL = 0x1, 0x200, 0x800
CLIENT_SECURE_CONNECTION, CLIENT_PLUGIN_AUTH = 0x8000, 0x80000
CAPS = CLIENT_LONG_PASSWORD | CLIENT_PROTOCOL_41 | CLIENT_SECURE_CONNECTION | CLIENT_PLUGIN_AUTH
PLUGIN = b"mysql_native_password\0"


# -- MySQL -------------------------------------------------------------------------------------------------------------


def packet(sequence, payload):
    return struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload


def greeting():
    caps = CAPS | CLIENT_SSL
    return packet(0, b"\x0a9.7.0\0" + struct.pack("<I", 7) + b"12345678\0" + struct.pack("<HBHH", caps & 0xFFFF, 255, 2, caps >> 16)
                  + bytes([21]) + bytes(10) + b"abcdefghijkl\0" + PLUGIN)


def client_head(caps):
    return struct.pack("<IIB", caps, 1 << 24, 255) + bytes(23)


def ok(sequence):
    return packet(sequence, b"\0\0\0\2\0\0\0")


def conversation(sql, upgrade):
    """What is said before TLS, and what inside."""
    caps = CAPS | (CLIENT_SSL if upgrade else 0)
    login = client_head(caps) + b"matrix\0" + bytes([20]) + bytes(range(20)) + PLUGIN
    before, inside, sequence = [], [(SERVER, greeting())], 1
    if upgrade:
        before, inside, sequence = inside + [(CLIENT, packet(1, client_head(caps)))], [], 2
    inside += [(CLIENT, packet(sequence, login)), (SERVER, ok(sequence + 1)), (CLIENT, packet(0, b"\3" + sql.encode())),
               (SERVER, ok(1))]
    return before, inside


# -- the capture -------------------------------------------------------------------------------------------------------


def checksum(data):
    total = sum(struct.unpack(">%dH" % (len(data) // 2), data if len(data) % 2 == 0 else data[:-1]))
    if len(data) % 2:
        total += data[-1] << 8
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


class Capture:
    """A pcap file of TCP connections on Ethernet, written from what passed through relays. Of a segment no more than
    `snaplen` bytes are kept; of those that carry data, those whose numbers are in `lost` are left out, and all of a side that
    is not in `sides`."""

    FIN, SYN, PSH, ACK = 1, 2, 8, 16
    ADDRESSES = (bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2]))

    def __init__(self, path, snaplen=262144, segment=SEGMENT, sides=(CLIENT, SERVER)):
        self.snaplen, self.size, self.sides = snaplen, segment, sides
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        self.microseconds = 1_700_000_000_000_000

    def segment(self, side, flags, data=b"", keep=True):
        source, target = self.ADDRESSES[side], self.ADDRESSES[1 - side]
        ports = (self.port, SERVER_PORT) if side == CLIENT else (SERVER_PORT, self.port)
        acknowledged = self.sent[1 - side] if flags & self.ACK else 0

        def tcp(check):
            return struct.pack(">HHIIBBHHH", *ports, self.sent[side] & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF, 5 << 4, flags,
                               65535, check, 0)

        pseudo = source + target + struct.pack(">BBH", 0, 6, 20 + len(data))
        whole = tcp(checksum(pseudo + tcp(0) + data)) + data

        def ip(check):
            return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(whole), 0, 0x4000, 64, 6, check, source, target)

        frame = bytes([2, 0, 0, 0, 0, 2 - side]) + bytes([2, 0, 0, 0, 0, 1 + side]) + b"\x08\0" + ip(checksum(ip(0))) + whole
        if side in self.sides and keep:
            kept = frame[:self.snaplen]
            self.file.write(struct.pack("<IIII", *divmod(self.microseconds, 1_000_000), len(kept), len(frame)) + kept)
        self.microseconds += 100
        self.sent[side] += len(data) + (1 if flags & (self.SYN | self.FIN) else 0)

    def connection(self, port, passed, lost=(), start=0):
        """A whole connection, or what is left of it from the segment number `start` on. Returns how many carry data."""
        number = 0
        self.port = port
        self.sent = [1000 + port, 0xFFFFF000 + port]  # the server's numbers pass zero now and then
        self.segment(CLIENT, self.SYN, keep=not start)
        self.segment(SERVER, self.SYN | self.ACK, keep=not start)
        self.segment(CLIENT, self.ACK, keep=not start)
        for side, data in passed:
            for at in range(0, len(data), self.size):
                self.segment(side, self.PSH | self.ACK, data[at:at + self.size], number not in lost and number >= start)
                number += 1
            self.segment(1 - side, self.ACK, keep=number > start)
        for side in (CLIENT, SERVER):
            self.segment(side, self.FIN | self.ACK)
            self.segment(1 - side, self.ACK)
        return number

    def close(self):
        self.file.close()


# -- what there is to speak --------------------------------------------------------------------------------------------


def is_rsa(suite):
    return suite.startswith("TLS_RSA_WITH_")


def is_closed(case):
    return any(part in case.suite for part in NOT_OPENED)


def cases(library, suites):
    """Each suite at each version; without encrypt_then_mac where there is CBC; without extended_master_secret where the master
    secret is derived from RSA's."""
    for suite, spelling, oldest in suites:
        for version in [0x0304] if oldest == 0x0304 else range(oldest, 0x0304):
            yield tls_peers.Case(library, suite, version, spelling)
            if "CBC" in suite:
                yield tls_peers.Case(library, suite, version, spelling, no_etm=True)
            if is_rsa(suite):
                yield tls_peers.Case(library, suite, version, spelling, no_ems=True)


def take_turns(lists):
    """Of what several libraries can speak each speaks a part."""
    speakers = {}
    for case in (case for cases_of_one in lists for case in cases_of_one):
        speakers.setdefault((case.suite, case.version, case.no_etm, case.no_ems), []).append(case)
    return [able[i % len(able)] for i, able in enumerate(speakers.values())]


def speak(number, case, peers):
    """A session as (before TLS and since, None), or (None, why there is none)."""
    credentials, gnutls, keylog = peers
    for part, reason in NOT_SPOKEN:
        if part in case.suite:
            return None, reason
    before, inside = conversation("SELECT '%s'" % case, number % 2 == 0 or is_closed(case))
    try:
        if case.library == "OpenSSL":
            return before + tls_peers.openssl_session(case, credentials, keylog, inside), None
        return before + gnutls.session(case, credentials, inside), None
    except tls_peers.Failed as problem:
        return None, str(problem)


# -- what mywire says --------------------------------------------------------------------------------------------------


def run(mywire, command, options, path):
    done = subprocess.run([mywire, command, "-F", "ndjson"] + options + [path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode not in (0, 1) or b"Sanitizer" in done.stderr:
        sys.exit("mywire %s ended with %d:\n%s" % (command, done.returncode, done.stderr.decode("utf-8", "replace")))
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(mywire, path, options, spoken):
    """The complaints about the sessions of `spoken`, {client's port: case}."""
    connections = {c["client_port"]: c for c in run(mywire, "connections", options, path) if c["event"] == "connection"}
    queries = {}
    for command in run(mywire, "commands", options, path):
        if command["event"] == "command" and command["command"] == "COM_QUERY":
            queries.setdefault(command["connection"], []).append(command["sql"])
    for port, case in spoken.items():
        got = connections.get(port)
        if not got:
            yield case, "no such connection"
            continue
        closed = is_closed(case)
        for key, wanted in (("tls_version", tls_peers.VERSIONS[case.version]), ("tls_cipher", case.suite),
                            ("tls_decrypted", "none" if closed else "full"), ("user", None if closed else "matrix")):
            if got.get(key) != wanted:
                yield case, "%s is %s, not %s (tls_reason: %s)" % (key, got.get(key), wanted, got.get("tls_reason"))
        if (got.get("tls_reason") is None) == closed:
            yield case, "tls_reason is %s" % got.get("tls_reason")
        wanted = [] if closed else ["SELECT '%s'" % case]
        if queries.get(got["id"], []) != wanted:
            yield case, "queries are %s" % queries.get(got["id"])


def unknown_here(lists):
    """The suites of mywire's list that it opens and that none of the libraries has."""
    table = (pathlib.Path(__file__).resolve().parent.parent / "analyzer" / "tls_suites.def").read_text()
    opened = re.findall(r'^SUITE\(\w+, "(\w+)", *\w+, *(?!OTHER)\w+,', table, re.M)
    return sorted(set(opened) - {case.suite for case in sum(lists, [])})


def write(path, sessions):
    capture = Capture(path)
    for port, passed in sessions:
        capture.connection(port, passed)
    capture.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mywire")
    parser.add_argument("pattern", nargs="?", default="")
    parser.add_argument("--all", action="store_true", help="lets both libraries speak what both can; else they take turns")
    parser.add_argument("--keep", help="where captures and keys are to stay")
    parser.add_argument("-v", "--verbose", action="store_true", help="names every session")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        where = options.keep or temporary
        os.makedirs(where, exist_ok=True)
        credentials = tls_peers.Credentials(where)
        keylog = os.path.join(where, "openssl.keys")
        gnutls_keylog = os.path.join(where, "gnutls.keys")
        gnutls = tls_peers.GnuTLS(credentials, gnutls_keylog)
        lists = [list(cases("OpenSSL", tls_peers.openssl_suites())), list(cases("GnuTLS", gnutls.suites()))]
        todo = [case for case in (sum(lists, []) if options.all else take_turns(lists)) if re.search(options.pattern, str(case))]
        spoken, sessions, skipped = {}, [], {}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            results = pool.map(lambda job: speak(job[0], job[1], (credentials, gnutls, keylog)), enumerate(todo))
            for number, (case, (passed, reason)) in enumerate(zip(todo, results)):
                if reason:
                    skipped.setdefault(reason, []).append(case)
                    continue
                port = 10000 + number
                spoken[port] = case
                sessions.append((port, passed))
                if options.verbose:
                    print("spoken:", case)
        both, rsa = os.path.join(where, "matrix.pcap"), os.path.join(where, "rsa.pcap")
        write(both, sessions)
        by_key = {port: case for port, case in spoken.items() if is_rsa(case.suite)}
        write(rsa, [session for session in sessions if session[0] in by_key])

        keylogs = [option for path in (keylog, gnutls_keylog) if os.path.exists(path) for option in ("--keylog", path)]
        problems = [("key log", *problem) for problem in check(options.mywire, both, keylogs, spoken)]
        key = ["--tls-key", credentials.path("rsa.pem")]
        problems += [("private key", *problem) for problem in check(options.mywire, rsa, key, by_key)]
    for reason, left_out in sorted(skipped.items()):
        print("skipped, %s: %s" % (reason, ", ".join(sorted({case.suite for case in left_out}))))
    print("skipped, neither OpenSSL nor GnuTLS has them: %s" % ", ".join(unknown_here(lists)))
    for how, case, problem in problems:
        print("FAIL  %s, by %s: %s" % (case, how, problem))
    suites = len({case.suite for case in spoken.values()})
    print("%d sessions of %d suites by key log, %d by private key: %d problems; %d could not be spoken" % (
        len(spoken), suites, len(by_key), len(problems), sum(map(len, skipped.values()))))
    return 1 if problems or not spoken else 0


if __name__ == "__main__":
    sys.exit(main())
