#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What TLS does besides one handshake and some data, spoken by OpenSSL, and what a capture may lack of it.

  tls_cases_test.py MYWIRE [--keep DIR] [-v] [PATTERN]

Each case carries a MySQL login and queries that are known, so mywire can be held to them: what it reports was sent, whatever
is missing, and where nothing is missing it reports all. PATTERN is a regular expression for names of cases.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

import tls_matrix_test as matrix
import tls_peers
from tls_peers import CLIENT, SERVER

CASES = []
QUERIES = ["SELECT 'this is query %d'" % i for i in range(6)]
RSA = ["-tls1_2", "-cipher", "AES128-SHA256"]
GCM = ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"]
TLS13 = ["-tls1_3"]


def case(function):
    CASES.append(function)
    return function


# -- speaking ----------------------------------------------------------------------------------------------------------


class Server:
    """An s_server, through which a number of sessions pass."""

    def __init__(self, bench, version, options=(), sessions=1, kind="rsa"):
        self.bench, self.version = bench, list(version)
        if "-cipher" in self.version:
            at = self.version.index("-cipher") + 1
            self.version[at] += ":@SECLEVEL=0"
        self.port = tls_peers.free_port()
        credentials = bench.credentials
        self.process = tls_peers.Process(
            ["openssl", "s_server", "-quiet", "-accept", "127.0.0.1:%d" % self.port, "-naccept", str(sessions), "-cert",
             credentials.path(kind + ".crt"), "-key", credentials.path(kind + ".pem")] + self.version + list(options),
            bench.environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.end()

    def session(self, steps, options=(), skip=b""):
        """Speaks (direction, bytes), and commands (None, "K") of s_client. `skip`: what the server says on its own account.
        Returns what passed."""
        far = tls_peers.connect(self.port)
        client = None
        with tls_peers.socket.create_server(("127.0.0.1", 0)) as listener:
            try:
                client = tls_peers.Process(["openssl", "s_client", "-quiet", "-no_ign_eof", "-keylogfile", self.bench.keylog, "-connect",
                                            "127.0.0.1:%d" % listener.getsockname()[1]] + self.version + list(options),
                                           self.bench.environment)
                relay = tls_peers.Relay(tls_peers.accept(listener), far)
                peers = (client, self.process)
                if skip:
                    self.process.receive(len(skip))
                for direction, data in steps:
                    if direction is None:
                        client.send(data.encode() + b"\n")
                        time.sleep(0.15)
                        continue
                    assert direction == SERVER or data[:1] not in b"QRKk", "s_client would take this for a command"
                    peers[direction].send(data)
                    if peers[1 - direction].receive(len(data)) != data:
                        raise tls_peers.Failed("other bytes arrived")
                client.send(b"Q\n")
                client.process.wait(tls_peers.TIMEOUT)
                return relay.finish()
            finally:
                if client:
                    client.end()


def login(sequence=2):
    caps = matrix.CAPS | matrix.CLIENT_SSL
    return matrix.packet(sequence, matrix.client_head(caps) + b"somebody\0" + bytes([20]) + bytes(range(20)) + matrix.PLUGIN)


BEFORE = [(SERVER, matrix.greeting()), (CLIENT, matrix.packet(1, matrix.client_head(matrix.CAPS | matrix.CLIENT_SSL)))]
LOGIN = [(CLIENT, login()), (SERVER, matrix.ok(3))]


def query(sql):
    return [(CLIENT, matrix.packet(0, b"\3" + sql.encode())), (SERVER, matrix.ok(1))]


def talk(between=()):
    """A login and all queries, with `between` after each."""
    return LOGIN + [step for sql in QUERIES for step in query(sql) + list(between)] + [(CLIENT, matrix.packet(0, b"\1"))]


class Bench:
    """A place for credentials, captures and what was wrong."""

    def __init__(self, mywire, where, verbose):
        self.mywire, self.where, self.verbose = mywire, where, verbose
        self.credentials = tls_peers.Credentials(where)
        self.keylog = os.path.join(where, "cases.keys")
        self.environment = {k: v for k, v in os.environ.items() if k != "SSLKEYLOGFILE"}
        self.problems, self.name, self.port = [], None, 20000

    def by_log(self):
        return ["--keylog", self.keylog]

    def by_key(self):
        return ["--tls-key", self.credentials.path("rsa.pem")]

    def by_lines(self, pattern, change=lambda line: line):
        """The key log of the lines that match."""
        path = os.path.join(self.where, "some.keys")
        with open(self.keylog) as whole, open(path, "w") as some:
            some.writelines(change(line) for line in whole if line[0] != "#" and re.search(pattern, line))
        return ["--keylog", path]

    def write(self, sessions, **how):
        path = os.path.join(self.where, self.name + ".pcap")
        of_connection = {key: how.pop(key) for key in ("lost", "start") if key in how}
        capture = matrix.Capture(path, **how)
        for passed in sessions:
            self.port += 1
            self.segments = capture.connection(self.port, BEFORE + passed, **of_connection)
        capture.close()
        return path

    def look(self, path, options):
        """The connections, each with what was asked in it: [(record, [command])]."""
        connections = [c for c in matrix.run(self.mywire, "connections", options, path) if c["event"] == "connection"]
        commands = {}
        for command in matrix.run(self.mywire, "commands", options, path):
            if command["event"] == "command":
                commands.setdefault(command["connection"], []).append(command)
        return [(c, commands.get(c["id"], [])) for c in sorted(connections, key=lambda c: c["client_port"])]

    def fail(self, *what):
        self.problems.append("%s: %s" % (self.name, " ".join(map(str, what))))

    def equal(self, what, got, wanted):
        if got != wanted:
            self.fail(what, "is", repr(got), "and not", repr(wanted))

    def whole(self, found, **wanted):
        """Everything is there, exactly."""
        record, commands = found
        for key, value in dict(dict(tls_decrypted="full", tls_reason=None, user="somebody", state="complete"), **wanted).items():
            self.equal(key, record.get(key), value)
        self.equal("what was asked", [c["sql"] for c in commands if c["command"] == "COM_QUERY"], QUERIES)

    def closed(self, found, reason, **wanted):
        """Nothing was opened, for this reason."""
        record, commands = found
        self.equal("commands", commands, [])
        for key, value in dict(dict(tls=True, tls_decrypted="none"), **wanted).items():
            self.equal(key, record.get(key), value)
        if not re.search(reason, record.get("tls_reason") or ""):
            self.fail("tls_reason is", record.get("tls_reason"), "and not", reason)

    def true(self, found):
        """What is told was sent, in that order. Returns the queries."""
        record, commands = found
        told = [c["sql"] for c in commands if c["command"] == "COM_QUERY"]
        for i, c in enumerate(commands):
            if c["command"] == "COM_QUIT" and i + 1 < len(commands):
                self.fail("COM_QUIT is not the last")
            if c["command"] not in ("COM_QUERY", "COM_QUIT", None):  # of a reply the command may be lost
                self.fail("nobody sent", c["command"])
        left = iter(QUERIES)
        if not all(sql in left for sql in told):
            self.fail("nobody asked that, or not in this order:", told)
        if record.get("user") not in (None, "somebody"):
            self.fail("the user is", record.get("user"))
        return told


# -- handshakes --------------------------------------------------------------------------------------------------------


@case
def key_update(bench):
    """Both directions change their keys again and again."""
    with Server(bench, TLS13) as server:
        passed = server.session(talk([(None, "K"), (None, "k")]))
    bench.whole(bench.look(bench.write([passed]), bench.by_log())[0])


@case
def key_update_of_the_client(bench):
    with Server(bench, TLS13 + ["-ciphersuites", "TLS_AES_256_GCM_SHA384"]) as server:
        passed = server.session(talk([(None, "k")]))
    bench.whole(bench.look(bench.write([passed]), bench.by_log())[0])


def renegotiate(bench, version, options=()):
    with Server(bench, version, ["-client_renegotiation"] + list(options)) as server:
        passed = server.session(talk([(None, "R")]), options)
    path = bench.write([passed])
    bench.whole(bench.look(path, bench.by_log())[0])
    return path


@case
def renegotiation(bench):
    renegotiate(bench, GCM)


@case
def renegotiation_by_key(bench):
    bench.whole(bench.look(renegotiate(bench, RSA), bench.by_key())[0])


@case
def renegotiation_of_chained_records(bench):
    bench.whole(bench.look(renegotiate(bench, ["-tls1", "-cipher", "AES128-SHA"]), bench.by_key())[0])


@case
def hello_retry_request(bench):
    with Server(bench, TLS13, ["-groups", "P-256"]) as server:
        passed = server.session(talk(), ["-groups", "X25519:P-256"])
    bench.whole(bench.look(bench.write([passed]), bench.by_log())[0], tls_group="secp256r1", tls_resumed=False)


def resume(bench, version, options, by_both, by_second):
    """A session and its resumption: both in the capture, and the second alone."""
    session = os.path.join(bench.where, "session.pem")
    with Server(bench, version, options, sessions=2) as server:
        first = server.session(talk(), list(options) + ["-sess_out", session])
        second = server.session(talk(), list(options) + ["-sess_in", session])
    for options in by_both:
        found = bench.look(bench.write([first, second]), options)
        bench.whole(found[0], tls_resumed=False)
        bench.whole(found[1], tls_resumed=True)
    found = bench.look(bench.write([second]), by_second[0])[0]
    if by_second[1]:
        bench.closed(found, by_second[1], tls_resumed=True)
    else:
        bench.whole(found, tls_resumed=True)


@case
def session_id(bench):
    resume(bench, RSA, ["-no_ticket"], [bench.by_log(), bench.by_key()], (bench.by_key(), "whose beginning is not in the capture"))


@case
def ticket(bench):
    resume(bench, RSA, [], [bench.by_log(), bench.by_key()], (bench.by_key(), "whose beginning is not in the capture"))


@case
def ticket_by_log(bench):
    resume(bench, GCM, [], [bench.by_log()], (bench.by_log(), None))


@case
def ticket_behind_forward_secrecy(bench):
    resume(bench, GCM, [], [bench.by_log()], (bench.by_key(), "forward secrecy"))


@case
def psk(bench):
    resume(bench, TLS13, [], [bench.by_log()], (bench.by_log(), None))


@case
def psk_by_key(bench):
    resume(bench, TLS13, [], [bench.by_log()], (bench.by_key(), "forward secrecy"))


def early(bench, accepted):
    """The login is early data, which the second server takes or does not."""
    session, data = os.path.join(bench.where, "early.pem"), os.path.join(bench.where, "early.bin")
    with open(data, "wb") as file:
        file.write(login())
    taking = ["-early_data", "-no_anti_replay"]
    with Server(bench, TLS13, taking, sessions=2) as server:
        server.session(query("x"), ["-sess_out", session])
        if accepted:
            passed = server.session([(SERVER, matrix.ok(3))] + talk()[2:], ["-sess_in", session, "-early_data", data],
                                    login())
    if not accepted:
        with Server(bench, TLS13) as server:
            passed = server.session(talk(), ["-sess_in", session, "-early_data", data])
    return passed


@case
def early_data(bench):
    path = bench.write([early(bench, True)])
    bench.whole(bench.look(path, bench.by_log())[0], tls_resumed=True)
    # Without the server's handshake the client's EndOfEarlyData says it.
    bench.whole(bench.look(path, bench.by_lines("CLIENT_|SERVER_TRAFFIC"))[0])


@case
def early_data_refused(bench):
    bench.whole(bench.look(bench.write([early(bench, False)]), bench.by_log())[0], tls_resumed=False)


@case
def short_records(bench):
    for version in (GCM, TLS13):
        with Server(bench, version) as server:
            passed = server.session(talk(), ["-maxfraglen", "512"])
        bench.whole(bench.look(bench.write([passed]), bench.by_log())[0])


@case
def padded_records(bench):
    with Server(bench, TLS13, ["-record_padding", "512"]) as server:
        passed = server.session(talk(), ["-record_padding", "300"])
    path = bench.write([passed])
    bench.whole(bench.look(path, bench.by_log())[0])
    for lost in range(bench.segments):
        bench.true(bench.look(bench.write([passed], lost=(lost,)), bench.by_log())[0])


@case
def one_byte_segments(bench):
    for version in (GCM, TLS13, ["-tls1", "-cipher", "AES128-SHA"]):
        with Server(bench, version) as server:
            passed = server.session(talk())
        bench.whole(bench.look(bench.write([passed], segment=1), bench.by_log())[0])


def records(stream):
    while stream:
        end = 5 + int.from_bytes(stream[3:5], "big")
        yield stream[:end]
        stream = stream[end:]


def pack(passed, size):
    """The same with handshake messages in clear put into as few records as can be, or cut into records of `size`: what is in
    a record no handshake depends on."""
    clear = [True, True]
    for side, data in passed:
        out, run, head = b"", b"", b""
        for record in list(records(data)) + [b""]:
            clear[side] = clear[side] and record[:1] in (b"\x16", b"")
            if clear[side] and record:
                head, run = record[:3], run + record[5:]
                continue
            for at in range(0, len(run), size):
                part = run[at:at + size]
                out += head + len(part).to_bytes(2, "big") + part
            run = b""
            out += record
        yield [side, out]


@case
def handshake_records(bench):
    with Server(bench, RSA) as server:
        passed = server.session(talk())
    for size in (16384, 100, 1):
        path = bench.write([list(pack(passed, size))])
        bench.whole(bench.look(path, bench.by_log())[0])
        bench.whole(bench.look(path, bench.by_key())[0])


# -- keys --------------------------------------------------------------------------------------------------------------


@case
def some_secrets(bench):
    """A key log of TLS 1.3 that lacks lines."""
    with Server(bench, TLS13) as server:
        passed = server.session(talk([(None, "K")]))
    path = bench.write([passed])
    bench.whole(bench.look(path, bench.by_lines("TRAFFIC_SECRET_0"))[0], tls_group="x25519")
    bench.closed(bench.look(path, bench.by_lines("HANDSHAKE"))[0], "not those that its data needs")
    bench.closed(bench.look(path, bench.by_key())[0], "forward secrecy")
    bench.closed(bench.look(path, [])[0], "no keys")
    for pattern, mine in (("CLIENT", QUERIES), ("SERVER", [])):
        found = bench.look(path, bench.by_lines(pattern + "_(HANDSHAKE_)?TRAFFIC"))[0]
        bench.equal("tls_decrypted", found[0]["tls_decrypted"], "partial")
        bench.equal("what was asked", bench.true(found), mine)
        if "not those" not in (found[0]["tls_reason"] or ""):
            bench.fail("tls_reason is", found[0]["tls_reason"])


def wrong(line):
    label, random, secret = line.split()
    return "%s %s %s\n" % (label, random, "".join("%x" % (15 - int(digit, 16)) for digit in secret))


@case
def wrong_secrets(bench):
    for version in (GCM, RSA, TLS13, ["-tls1", "-cipher", "AES128-SHA"]):
        with Server(bench, version) as server:
            passed = server.session(talk())
        path = bench.write([passed])
        bench.closed(bench.look(path, bench.by_lines("", wrong))[0], "bad MAC")


@case
def other_keys(bench):
    """Keys, but none for this connection."""
    open(bench.keylog, "a").close()
    for version, by_key in ((GCM, "forward secrecy"), (RSA, "belongs to the server's certificate"), (TLS13, "forward secrecy")):
        with Server(bench, version, kind="rsa") as server:
            passed = server.session(talk())
        path = bench.write([passed])
        others = bench.by_lines("", lambda line: re.sub(r" \w{64} ", " " + "ab" * 32 + " ", line))
        bench.closed(bench.look(path, others)[0], "none for this connection's client random")
        key = os.path.join(bench.where, "other.pem")
        bench.credentials.file("other.pem", ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        bench.closed(bench.look(path, ["--tls-key", key])[0], by_key)


@case
def no_secret_is_told(bench):
    """Nothing that is written has a secret of the key log in it."""
    with Server(bench, TLS13) as server:
        passed = server.session(talk())
    path = bench.write([passed])
    with open(bench.keylog) as file:
        secrets = [line.split()[2].lower().encode() for line in file if not line.startswith("#")]
    lines = open(bench.keylog).read()
    bad = os.path.join(bench.where, "bad.keys")
    with open(bad, "w") as file:  # a good line, and the same secrets in wrong ones
        file.write(lines + "".join(line.rstrip() + "zz\n" + line.replace(" ", "  x", 1) for line in lines.splitlines(True)))
    for keylog in (bench.keylog, bad):
        for command in ("connections", "commands", "handshakes", "packets", "summary", "follow"):
            for options in ([], ["-F", "json"]):
                done = subprocess.run([bench.mywire, command, "--keylog", keylog] + options + [path]
                                      + (["1"] if command == "follow" else []), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                said = (done.stdout + done.stderr).lower()
                if any(secret[at:at + 16] in said for secret in secrets for at in range(0, len(secret) - 16, 8)):
                    bench.fail("mywire", command, *options, "tells a secret")


# -- captures ----------------------------------------------------------------------------------------------------------


@case
def begun_late(bench):
    """The capture starts after the ClientHello, anywhere in the data."""
    for version in (GCM, TLS13, ["-tls1", "-cipher", "AES128-SHA"]):
        with Server(bench, version) as server:
            passed = server.session(talk())
        bench.write([passed])
        for start in range(bench.segments - 8, bench.segments - 2):
            path = bench.write([passed], start=start)
            for options in ([], bench.by_log()):
                found = bench.look(path, options)
                if len(found) != 1:
                    bench.fail(len(found), "connections from the segment", start, "on")
                    continue
                bench.closed(found[0], "no keys|starts after the ClientHello", state="midstream")


@case
def snapped(bench):
    """No more than the beginning of each packet was recorded."""
    for version in (GCM, TLS13):
        with Server(bench, version) as server:
            passed = server.session(talk())
        found = bench.look(bench.write([passed], snaplen=160), bench.by_log())[0]
        bench.closed(found, "snapshot length")


@case
def one_way(bench):
    """Packets of the client alone, and of the server alone."""
    for version, asked in ((TLS13, QUERIES), (GCM, [])):
        with Server(bench, version) as server:
            passed = server.session(talk())
        for side in (CLIENT, SERVER):
            for found in bench.look(bench.write([passed], sides=(side,)), bench.by_log()):
                bench.equal("what was asked", bench.true(found), asked if side == CLIENT else [])


def lose(bench, version, least):
    """Each segment is lost once. Of the queries whose segments are there, `least` (a part of 1) are told at least."""
    with Server(bench, version) as server:
        passed = server.session(talk())
    bench.write([passed])
    told, sent = 0, 0
    for lost in range(bench.segments):
        path = bench.write([passed], lost=(lost,))
        for found in bench.look(path, bench.by_log()):
            queries = bench.true(found)
            told += len(queries)
            if found[0]["tls_decrypted"] == "full" and found[0]["tls"] and lost > 1 and len(queries) < len(QUERIES):
                bench.fail("nothing is said of what was lost in segment", lost)
            if bench.verbose:
                print("   ", lost, len(queries), found[0]["tls_decrypted"], found[0]["tls_reason"], found[0]["state"])
        sent += len(QUERIES)
    print("%-24s %3d of %3d queries are told with each of %d segments lost once" % (bench.name, told, sent, bench.segments))
    if told < least * sent:
        bench.fail("only %d of %d queries" % (told, sent))


@case
def loss_of_aead_1_2(bench):
    lose(bench, GCM, 0.6)


@case
def loss_of_aead_1_3(bench):
    lose(bench, TLS13, 0.7)


@case
def loss_of_chacha_1_3(bench):
    lose(bench, TLS13 + ["-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"], 0.7)


@case
def loss_of_cbc_1_0(bench):
    lose(bench, ["-tls1", "-cipher", "AES128-SHA"], 0.5)


@case
def loss_of_cbc_1_0_without_etm(bench):
    lose(bench, ["-tls1", "-cipher", "AES128-SHA", "-no_etm"], 0.5)


@case
def loss_of_cbc_1_2(bench):
    lose(bench, RSA, 0.6)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mywire")
    parser.add_argument("pattern", nargs="?", default="")
    parser.add_argument("--keep", help="where captures and keys are to stay")
    parser.add_argument("-v", "--verbose", action="store_true", help="tells what came of every loss")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        where = options.keep or temporary
        os.makedirs(where, exist_ok=True)
        bench = Bench(options.mywire, where, options.verbose)
        ran = 0
        for function in CASES:
            if not re.search(options.pattern, function.__name__):
                continue
            bench.name = function.__name__
            before, ran = len(bench.problems), ran + 1
            try:
                function(bench)
            except tls_peers.Failed as problem:
                bench.fail("OpenSSL does not speak:", problem)
            print("%-24s %s" % (bench.name, "FAIL" if len(bench.problems) > before else "ok"), flush=True)
    for problem in bench.problems:
        print("FAIL ", problem)
    print("%d cases, %d problems" % (ran, len(bench.problems)))
    return 1 if bench.problems or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
