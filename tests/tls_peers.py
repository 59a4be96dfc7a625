# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS sessions between two peers on this machine, with every byte that passed between them.

OpenSSL speaks by its own commands, s_server and s_client; GnuTLS by its library, because gnutls-serv cannot be told what
to say. Either way the bytes pass through a relay that keeps them in their order.
"""
import ctypes
import ctypes.util
import os
import re
import select
import socket
import subprocess
import threading
import time

CLIENT, SERVER = 0, 1
TIMEOUT = 10
PSK_USER = "Client_identity"
PSK = "0123456789abcdef0123456789abcdef"

# s_client has no option for it.
NO_EMS = """openssl_conf = init
[init]
ssl_conf = modules
[modules]
system_default = tls
[tls]
Options = -ExtendedMasterSecret
"""


class Failed(Exception):
    """The peers do not speak: the reason, as short as they give it."""


class Case:
    """What is to be spoken: a suite by its IANA name, a version (0x0303) and what is switched off."""

    def __init__(self, library, suite, version, spelling, no_etm=False, no_ems=False):
        self.library, self.suite, self.version, self.spelling = library, suite, version, spelling
        self.no_etm, self.no_ems = no_etm, no_ems

    def __str__(self):
        return "%s %s %s%s%s" % (self.library, VERSIONS[self.version], self.suite, " no-etm" * self.no_etm,
                                 " no-ems" * self.no_ems)


VERSIONS = {0x0301: "TLSv1", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}


class Credentials:
    """Keys and certificates of RSA, ECDSA and DSA, made once in a directory."""

    def __init__(self, where):
        self.where = where
        self.file("ec.pem", ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
        self.file("rsa.pem", ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        self.file("dsaparam.pem", ["genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024"])
        self.file("dsa.pem", ["genpkey", "-paramfile", self.path("dsaparam.pem")])
        for kind in ("rsa", "ec", "dsa"):
            self.file(kind + ".crt", ["req", "-x509", "-new", "-key", self.path(kind + ".pem"), "-subj", "/CN=localhost",
                                      "-days", "3650", "-sha256"])
        with open(self.path("no-ems.cnf"), "w") as file:
            file.write(NO_EMS)
        with open(self.path("psk.txt"), "w") as file:
            file.write("%s:%s\n" % (PSK_USER, PSK))

    def path(self, name):
        return os.path.join(self.where, name)

    def file(self, name, arguments):
        subprocess.run(["openssl"] + arguments + ["-out", self.path(name)], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kind(self, suite):
        return "ec" if "ECDSA" in suite else "dsa" if "DSS" in suite else "rsa"


class Relay:
    """Carries bytes between two sockets and keeps them as [direction, bytes]."""

    def __init__(self, client, server):
        self.sides = (client, server)
        self.passed = []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        open_sides = list(self.sides)
        while open_sides:
            for side in select.select(open_sides, [], [], TIMEOUT)[0] or open_sides[:]:
                try:
                    data = side.recv(65536)
                except OSError:
                    data = b""
                direction = self.sides.index(side)
                other = self.sides[1 - direction]
                try:
                    if data:
                        self.passed.append([direction, data])
                        other.sendall(data)
                        continue
                    other.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                open_sides.remove(side)

    def finish(self):
        self.thread.join(TIMEOUT)
        for side in self.sides:
            side.close()
        return self.passed


# -- OpenSSL -----------------------------------------------------------------------------------------------------------

OPENSSL_VERSIONS = {0x0301: "-tls1", 0x0302: "-tls1_1", 0x0303: "-tls1_2", 0x0304: "-tls1_3"}


def openssl_suites():
    """(IANA's name, OpenSSL's, the oldest version that has it) of all that this OpenSSL was built with."""
    listed = subprocess.run(["openssl", "ciphers", "-v", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"],
                            stdout=subprocess.PIPE, check=True, universal_newlines=True).stdout
    oldest = {"SSLv3": 0x0301, "TLSv1": 0x0301, "TLSv1.0": 0x0301, "TLSv1.2": 0x0303, "TLSv1.3": 0x0304}
    for line in listed.splitlines():
        name, own, version = line.replace(" - ", " ").split()[:3]
        yield name, own, oldest[version]


class Process:
    """A peer that is a command: what it is given on stdin it sends, what it receives stands on stdout."""

    def __init__(self, command, environment=None):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=environment)

    def send(self, data):
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except OSError:
            self.fail()

    def receive(self, n):
        got = b""
        until = time.monotonic() + TIMEOUT
        while len(got) < n:
            if not select.select([self.process.stdout], [], [], max(0, until - time.monotonic()))[0]:
                raise Failed("nothing arrives")
            data = os.read(self.process.stdout.fileno(), n - len(got))
            if not data:
                self.fail()
            got += data
        return got

    def fail(self):
        self.process.kill()
        said = self.process.communicate()[1].decode("ascii", "replace")
        reasons = re.findall(r"error:[0-9A-F]+:[^:]*:[^:]*:([^:]*)", said) or said.strip().splitlines()[-1:]
        raise Failed(reasons[0] if reasons else "ended without a word")

    def close(self):
        try:
            self.process.stdin.close()
        except OSError:
            pass

    def end(self):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                pipe.close()
            except OSError:
                pass


def accept(listener):
    listener.settimeout(TIMEOUT)
    try:
        side = listener.accept()[0]
    except socket.timeout:
        raise Failed("the client does not connect")
    side.settimeout(None)
    return side


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connect(port):
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            time.sleep(0.01)
    raise Failed("the server does not listen")


def openssl_session(case, credentials, keylog, exchange):
    """Speaks `exchange`, a list of (direction, bytes). Returns what passed."""
    kind = credentials.kind(case.suite)
    both = [OPENSSL_VERSIONS[case.version], "-quiet", "-no_ticket"]
    both += ["-ciphersuites", case.spelling] if case.version == 0x0304 else ["-cipher", case.spelling + ":@SECLEVEL=0"]
    if "PSK" in case.suite:
        both += ["-psk", PSK]
    if case.no_etm:
        both += ["-no_etm"]
    environment = dict(os.environ)
    environment.pop("SSLKEYLOGFILE", None)
    if case.no_ems:
        environment["OPENSSL_CONF"] = credentials.path("no-ems.cnf")
    port = free_port()
    server = client = None
    listener = socket.create_server(("127.0.0.1", 0))
    try:
        server = Process(["openssl", "s_server"] + both + ["-accept", "127.0.0.1:%d" % port, "-naccept", "1",
                         "-cert", credentials.path(kind + ".crt"), "-key", credentials.path(kind + ".pem")],
                         environment)
        far = connect(port)
        client = Process(["openssl", "s_client"] + both + ["-nocommands", "-keylogfile", keylog, "-connect",
                         "127.0.0.1:%d" % listener.getsockname()[1]], environment)
        relay = Relay(accept(listener), far)
        peers = (client, server)
        for direction, data in exchange:
            peers[direction].send(data)
            if peers[1 - direction].receive(len(data)) != data:
                raise Failed("other bytes arrived")
        client.process.terminate()
        return relay.finish()
    finally:
        listener.close()
        for peer in (client, server):
            if peer:
                peer.end()


# -- GnuTLS ------------------------------------------------------------------------------------------------------------

GNUTLS_VERSIONS = {0x0301: "TLS1.0", 0x0302: "TLS1.1", 0x0303: "TLS1.2", 0x0304: "TLS1.3"}
GNUTLS_SERVER, GNUTLS_CLIENT = 1, 2
GNUTLS_CERTIFICATE, GNUTLS_ANON, GNUTLS_PSK = 1, 2, 4
GNUTLS_PEM = 1
GNUTLS_PSK_KEY_HEX = 1
GNUTLS_MEDIUM = 35  # of Diffie-Hellman's parameters
GNUTLS_SHUT_WR = 1


class Datum(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_uint)]


class GnuTLS:
    """The library with the credentials of all sessions. `keylog` is the file that it writes secrets to, for good."""

    def __init__(self, credentials, keylog):
        os.environ["SSLKEYLOGFILE"] = keylog
        name = ctypes.util.find_library("gnutls")
        if not name:
            raise Failed("no libgnutls")
        self.library = library = ctypes.CDLL(name)
        for function in ("gnutls_cipher_suite_info", "gnutls_kx_get_name", "gnutls_cipher_get_name", "gnutls_mac_get_name",
                         "gnutls_strerror"):
            getattr(library, function).restype = ctypes.c_char_p
        for function in ("gnutls_record_send", "gnutls_record_recv"):
            getattr(library, function).restype = ctypes.c_ssize_t
            getattr(library, function).argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
        self.certificates = {}
        for kind in ("rsa", "ec", "dsa"):
            made = self.certificates[kind] = self.make("gnutls_certificate_allocate_credentials")
            self.call("gnutls_certificate_set_x509_key_file", made, credentials.path(kind + ".crt").encode(),
                      credentials.path(kind + ".pem").encode(), GNUTLS_PEM)
            self.call("gnutls_certificate_set_known_dh_params", made, GNUTLS_MEDIUM)
        self.anon = [self.make("gnutls_anon_allocate_client_credentials"), self.make("gnutls_anon_allocate_server_credentials")]
        self.call("gnutls_anon_set_server_known_dh_params", self.anon[SERVER], GNUTLS_MEDIUM)
        self.psk = [self.make("gnutls_psk_allocate_client_credentials"), self.make("gnutls_psk_allocate_server_credentials")]
        self.call("gnutls_psk_set_client_credentials", self.psk[CLIENT], PSK_USER.encode(),
                  ctypes.byref(Datum(PSK.encode(), len(PSK))), GNUTLS_PSK_KEY_HEX)
        self.call("gnutls_psk_set_server_credentials_file", self.psk[SERVER], credentials.path("psk.txt").encode())
        self.call("gnutls_psk_set_server_known_dh_params", self.psk[SERVER], GNUTLS_MEDIUM)

    def call(self, function, *arguments):
        code = getattr(self.library, function)(*arguments)
        if code < 0:
            raise Failed(self.library.gnutls_strerror(ctypes.c_int(code)).decode())
        return code

    def make(self, function):
        made = ctypes.c_void_p()
        self.call(function, ctypes.byref(made))
        return made

    def suites(self):
        """(IANA's name, priorities, the oldest version that has it) of all that this GnuTLS was built with."""
        for i in range(10000):
            codes = [ctypes.c_int() for _ in range(4)]
            name = self.library.gnutls_cipher_suite_info(ctypes.c_size_t(i), ctypes.create_string_buffer(2),
                                                         *[ctypes.byref(code) for code in codes])
            if not name:
                return
            kx, cipher, mac = ((getattr(self.library, "gnutls_%s_get_name" % what)(code) or b"").decode()
                               for what, code in zip(("kx", "cipher", "mac"), codes))
            # From 3.8 on the library gives IANA's names.
            name = name.decode()
            oldest = {1: 0x0301, 2: 0x0301, 3: 0x0302, 4: 0x0303, 5: 0x0304}.get(codes[3].value)
            if oldest and "SRP" not in kx and "GOST" not in kx:
                exchange = [] if oldest == 0x0304 else ["+" + kx]
                yield iana_name(name, oldest), ":".join(exchange + ["+" + cipher, "+" + mac]), oldest

    def session(self, case, credentials, exchange):
        """Speaks `exchange` as openssl_session() does."""
        priority = "NONE:+VERS-%s:+COMP-ALL:+CTYPE-X509:+GROUP-ALL:+SIGN-ALL:+SIGN-DSA-SHA1:+SIGN-DSA-SHA256:%s%s%s" % (
            GNUTLS_VERSIONS[case.version], case.spelling, ":%NO_ETM" * case.no_etm, ":%NO_SESSION_HASH" * case.no_ems)
        near, near_relay = socket.socketpair()
        far, far_relay = socket.socketpair()
        relay = Relay(near_relay, far_relay)
        peers = [self.peer(GNUTLS_CLIENT, case, credentials, priority, near),
                 self.peer(GNUTLS_SERVER, case, credentials, priority, far)]
        problems = [None, None]
        threads = [threading.Thread(target=self.play, args=(side, peers[side], (near, far)[side], exchange, problems),
                                    daemon=True) for side in (CLIENT, SERVER)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT)
        for side in (near, far):
            side.close()
        for peer in peers:
            self.library.gnutls_deinit(peer)
        passed = relay.finish()
        for problem in problems:
            if problem:
                raise Failed(problem)
        return passed

    def peer(self, role, case, credentials, priority, side):
        session = ctypes.c_void_p()
        self.call("gnutls_init", ctypes.byref(session), role)
        self.call("gnutls_priority_set_direct", session, priority.encode(), None)
        which = CLIENT if role == GNUTLS_CLIENT else SERVER
        self.call("gnutls_credentials_set", session, GNUTLS_CERTIFICATE, self.certificates[credentials.kind(case.suite)])
        if "anon" in case.suite:
            self.call("gnutls_credentials_set", session, GNUTLS_ANON, self.anon[which])
        if "PSK" in case.suite:
            self.call("gnutls_credentials_set", session, GNUTLS_PSK, self.psk[which])
        self.library.gnutls_transport_set_int2(session, side.fileno(), side.fileno())
        return session

    def play(self, side, session, near, exchange, problems):
        """One side of a session, in a thread of its own."""
        try:
            self.call("gnutls_handshake", session)
            for direction, data in exchange:
                if direction == side:
                    self.call("gnutls_record_send", session, data, len(data))
                    continue
                got = b""
                while len(got) < len(data):
                    buffer = ctypes.create_string_buffer(len(data) - len(got))
                    n = self.call("gnutls_record_recv", session, buffer, len(buffer))
                    if n == 0:
                        raise Failed("the session ends early")
                    got += buffer.raw[:n]
                if got != data:
                    raise Failed("other bytes arrived")
            self.call("gnutls_bye", session, GNUTLS_SHUT_WR)
        except Failed as problem:
            problems[side] = str(problem)
        try:
            near.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def iana_name(name, oldest):
    """IANA's name of a suite by that of GnuTLS 3.7: TLS_RSA_ARCFOUR_128_SHA1 is TLS_RSA_WITH_RC4_128_SHA."""
    if "_WITH_" in name or oldest == 0x0304:
        return name
    name = name.replace("ARCFOUR", "RC4").replace("_ANON", "_anon")
    name = re.sub("SHA1$", "SHA", name)
    name = re.sub("CHACHA20_POLY1305$", "CHACHA20_POLY1305_SHA256", name)
    name = re.sub("_(NULL|RC4|3DES|AES|CAMELLIA|CHACHA20)_", r"_WITH_\1_", name, count=1)
    return re.sub("^TLS_DHE_PSK_(WITH_.*_CCM_8)$", r"TLS_PSK_DHE_\1", name)
