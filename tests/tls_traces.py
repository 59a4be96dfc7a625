#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Records whole sessions of OpenSSL for the unit test and the fuzz target of the TLS stage.

  tls_traces.py tests/unit/tls_traces.def tests/fuzz/corpus/tls

One session for each way keys come into force. The second argument is where the seeds of the fuzz target go.
"""
import os
import re
import sys
import tempfile

import tls_cases_test as cases
from tls_peers import CLIENT, SERVER

HEAD = """/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole sessions between s_client and s_server of OpenSSL, with their key logs (recorded by tests/tls_traces.py).
 *
 * TRACE(name, version, suite, resumed, key log, bytes, what the client said, what the server said)
 *
 * In the bytes "<" stands before what the server sent, ">" before what the client did, in their order.
 */
/* clang-format off */
"""
SAID = [(CLIENT, b"\x01first"), (SERVER, b"\x02second"), (CLIENT, b"\x03third"), (SERVER, b"\x04fourth")]


def with_commands(*commands):
    return [step for at in range(0, len(SAID), 2) for step in SAID[at:at + 2] + [(None, c) for c in commands]]


def record(where):
    bench = cases.Bench("", where, False)

    def speak(version, said=SAID, server=(), client=(), kind="ec"):
        with cases.Server(bench, version, server, kind=kind) as peer:
            return peer.session(said, client)

    ec = ["-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"]
    yield bench, "key_update", 0x0304, "NO", speak(cases.TLS13, with_commands("K", "k"))
    yield bench, "retry", 0x0304, "NO", speak(cases.TLS13, server=["-groups", "P-256"], client=["-groups", "X25519:P-256"])
    session, data = os.path.join(where, "session.pem"), os.path.join(where, "early.bin")
    with open(data, "wb") as file:
        file.write(SAID[0][1])
    with cases.Server(bench, cases.TLS13, ["-early_data", "-no_anti_replay"], sessions=2, kind="ec") as server:
        server.session(SAID, ["-sess_out", session])
        yield bench, "early_data", 0x0304, "YES", server.session(SAID[1:], ["-sess_in", session, "-early_data", data], SAID[0][1])
    yield bench, "gcm_renegotiation", 0x0303, "NO", speak(["-tls1_2"] + ec, with_commands("R"), ["-client_renegotiation"])
    yield bench, "chained_renegotiation", 0x0301, "NO", speak(["-tls1", "-cipher", "ECDHE-ECDSA-AES128-SHA"], with_commands("R"),
                                                           ["-client_renegotiation"])
    with cases.Server(bench, ["-tls1_2"] + ec, sessions=2, kind="ec") as server:
        server.session(SAID, ["-sess_out", session])
        yield bench, "ticket", 0x0303, "YES", server.session(SAID, ["-sess_in", session])
    yield bench, "cbc", 0x0303, "NO", speak(["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"])


def first_suite(passed):
    """The suite of the last ServerHello in clear."""
    server = b"".join(data for side, data in passed if side == SERVER)
    hellos = [r[5:] for r in cases.records(server) if r[0] == 22 and r[5] == 2]
    hello = hellos[1] if len(hellos) > 1 and hellos[0][6:8] == b"\xcf\x21" else hellos[0]
    return int.from_bytes(hello[39 + hello[38]:41 + hello[38]], "big")


def main():
    out, corpus = sys.argv[1:]
    os.makedirs(corpus, exist_ok=True)
    with tempfile.TemporaryDirectory() as where, open(out, "w") as file:
        file.write(HEAD)
        seen = 0
        for bench, name, version, resumed, passed in record(where):
            with open(bench.keylog) as whole:
                lines = [line for line in whole.read().splitlines() if line[0] != "#"]
            client = b"".join(data for side, data in passed if side == CLIENT)
            random = client[11:43].hex()
            of_this = [line for line in lines[seen:] if version < 0x0304 or random in line]
            if name == "ticket":
                of_this = [line for line in of_this if random in line]
            seen = len(lines)
            kept = [line for line in of_this if not re.search("EXPORTER", line)]
            text = " ".join("%s%s" % (">" if side == CLIENT else "<", data.hex()) for side, data in passed)
            said = ['" "'.join("\\x%02x\" \"%s" % (data[0], data[1:].decode()) for side, data in SAID if side == which)
                    for which in (CLIENT, SERVER)]
            file.write('TRACE("%s", 0x%04x, 0x%04x, TLS_RESUMED_%s,\n      "%s",\n      "%s",\n      "%s", "%s")\n' % (
                name, version, first_suite(passed), resumed, '"\n      "'.join(line + "\\n" for line in kept), text, *said))
            with open(os.path.join(corpus, name), "wb") as seed:
                for side, data in passed:
                    for at in range(0, len(data), 0x3FFF):
                        part = data[at:at + 0x3FFF]
                        seed.write((len(part) | side << 15).to_bytes(2, "big") + part)


if __name__ == "__main__":
    main()
