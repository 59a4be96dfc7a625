#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Records sessions of OpenSSL and GnuTLS for the unit test of record protection.

  tls_sessions.py > tests/unit/tls_sessions.def

One session for each way a record can be built: version, cipher, MAC, encrypt_then_mac.
"""
import re
import struct
import sys
import tempfile

import tls_peers

TEXT = "SELECT '%s'"
CHANGE_CIPHER_SPEC, HANDSHAKE, APPLICATION_DATA = 20, 22, 23
HEAD = """/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What clients of OpenSSL and GnuTLS protected, with the secrets of their key logs (recorded by tests/tls_sessions.py).
 * The secret is the master secret, of TLS 1.3 the CLIENT_TRAFFIC_SECRET_0. The records are whole: of TLS 1.2 and before
 * all after ChangeCipherSpec, so Finished first; of TLS 1.3 all after Finished. All application data together is the text.
 *
 * SESSION(library, version, suite, encrypt_then_mac, secret, client random, server random, records, text)
 */
/* clang-format off */
"""


def records(stream):
    while len(stream) >= 5:
        end = 5 + struct.unpack(">H", stream[3:5])[0]
        yield stream[0], stream[5:end], stream[:end]
        stream = stream[end:]


def server_hello(stream):
    """(server random, whether encrypt_then_mac was agreed upon)"""
    body = next(body for kind, body, _ in records(stream) if kind == HANDSHAKE)
    assert body[0] == 2
    body = body[4:4 + int.from_bytes(body[1:4], "big")]
    rest = body[35 + body[34] + 3:]
    extensions = rest[2:]
    etm = False
    while extensions:
        kind, n = struct.unpack(">HH", extensions[:4])
        etm = etm or kind == 22
        extensions = extensions[4 + n:]
    return body[2:34], etm


def dump(case, passed, keylog):
    client, server = (b"".join(data for side, data in passed if side == which) for which in (0, 1))
    client_random = next(records(client))[1][6:38]
    server_random, etm = server_hello(server)
    label = "CLIENT_TRAFFIC_SECRET_0" if case.version == 0x0304 else "CLIENT_RANDOM"
    secret = re.search("^%s %s (\\S+)" % (label, client_random.hex()), keylog, re.M).group(1)
    found = list(records(client))
    if case.version == 0x0304:
        first = next(i for i, record in enumerate(found) if record[0] == APPLICATION_DATA) + 1
    else:
        first = next(i for i, record in enumerate(found) if record[0] == CHANGE_CIPHER_SPEC) + 1
    return 'SESSION("%s", 0x%04x, "%s", %s,\n        "%s",\n        "%s",\n        "%s",\n        "%s",\n        "%s")' % (
        case.library, case.version, case.suite, str(etm).lower(), secret, client_random.hex(), server_random.hex(),
        b"".join(whole for _, _, whole in found[first:]).hex(), TEXT % case.suite)


def shape(suite):
    """What builds records: all after WITH, as far as hashes are not only of the PRF."""
    built = suite.split("_WITH_")[-1]
    return re.sub("_SHA(256|384)$", "", built) if re.search("GCM|CCM|POLY", built) else built


def main():
    sys.stdout.write(HEAD)
    with tempfile.TemporaryDirectory() as where:
        credentials = tls_peers.Credentials(where)
        keylogs = {"OpenSSL": credentials.path("openssl.keys"), "GnuTLS": credentials.path("gnutls.keys")}
        gnutls = tls_peers.GnuTLS(credentials, keylogs["GnuTLS"])
        speakers = {}
        for library, suites in (("OpenSSL", tls_peers.openssl_suites()), ("GnuTLS", gnutls.suites())):
            for suite, spelling, oldest in suites:
                if "SRP" in suite or not re.search("AES|CAMELLIA|CHACHA|3DES|RC4|NULL", suite):
                    continue
                for version in [oldest] if oldest == 0x0304 else range(oldest, 0x0304):
                    for no_etm in (False, True) if "CBC" in suite else (False,):
                        case = tls_peers.Case(library, suite, version, spelling, no_etm)
                        speakers.setdefault((version, shape(suite), no_etm), {}).setdefault(library, case)
        for i, (_, cases) in enumerate(sorted(speakers.items())):
            # The libraries take turns where both can.
            case = cases[sorted(cases)[i % len(cases)]]
            text = (TEXT % case.suite).encode()
            exchange = [(0, text[:8]), (1, b"OK"), (0, text[8:]), (1, b"OK")]
            if case.library == "OpenSSL":
                passed = tls_peers.openssl_session(case, credentials, keylogs["OpenSSL"], exchange)
            else:
                passed = gnutls.session(case, credentials, exchange)
            with open(keylogs[case.library]) as file:
                print(dump(case, passed, file.read()))


if __name__ == "__main__":
    main()
