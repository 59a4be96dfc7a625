#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Records an OLTP capture for the benches: oltp.py [--keylog KEYS] [--range-size ROWS] OUT.pcap [BYTES]

Starts a MariaDB server of its own in a temporary folder on loopback, lets sysbench run oltp_read_write against it (prepared
statements, 8 connections) and records with tcpdump until the file has BYTES bytes (500 MB unless told). Four statements of a transaction
read ROWS rows each (100). Needs root, or a tcpdump that may capture; packages mariadb-server, sysbench, tcpdump.

With --keylog the connections use TLS 1.3 (OpenSSL's first choice: AES-256-GCM with SHA-384) and a certificate made for the occasion,
and KEYS becomes their key log: log_keys.c, built with cc and preloaded into sysbench, writes it. Package openssl.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time

PORT = 13399
LONGEST = 600  # seconds of load: a slow machine must end too
NEEDED = {"mariadb-install-db": "mariadb-server", "mariadbd": "mariadb-server", "mariadb-admin": "mariadb-client", "mariadb": "mariadb-client",
          "sysbench": "sysbench", "tcpdump": "tcpdump"}
NEEDED_FOR_TLS = {"openssl": "openssl", "cc": "gcc"}
HERE = os.path.dirname(os.path.realpath(__file__))


def check(tls):
    """Ends the program with a sentence if something is not installed."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # mariadbd and tcpdump, where a user's path lacks them
    needed = NEEDED | NEEDED_FOR_TLS if tls else NEEDED
    missing = {tool: package for tool, package in needed.items() if not shutil.which(tool)}
    if missing:
        sys.exit(f"oltp: not installed: {', '.join(missing)}; install the packages {' '.join(sorted(set(missing.values())))}")


def quiet(argv):
    return subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def stop(process):
    process.terminate()
    process.wait()


def certificate(folder):
    """sysbench takes the files of these names from its working directory, and only those."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "2", "-keyout",
                    "client-key.pem", "-out", "client-cert.pem"], cwd=folder, check=True, stderr=subprocess.DEVNULL)
    shutil.copy(os.path.join(folder, "client-cert.pem"), os.path.join(folder, "cacert.pem"))
    return ["--tls-version=TLSv1.3", f"--ssl-cert={folder}/client-cert.pem", f"--ssl-key={folder}/client-key.pem",
            f"--ssl-ca={folder}/cacert.pem"]  # it asks for a client's certificate, and sysbench shows this one


def key_logging(folder, keylog):
    """The environment in which a client writes its key log."""
    library = os.path.join(folder, "log_keys.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, os.path.join(HERE, "log_keys.c"), "-ldl"], check=True)
    return dict(os.environ, LD_PRELOAD=library, SSLKEYLOGFILE=os.path.realpath(keylog))


def server(folder, tls_options):
    data, user = os.path.join(folder, "data"), ["--user=root"] if os.geteuid() == 0 else []
    options = ["--no-defaults", f"--datadir={data}", f"--socket={folder}/s", f"--port={PORT}", "--bind-address=127.0.0.1"]
    options += user + tls_options
    subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"] + user,
                   check=True, stdout=subprocess.DEVNULL)
    log = os.path.join(folder, "log")
    process = subprocess.Popen(["mariadbd"] + options + ["--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", f"--log-error={log}"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        if quiet(["mariadb-admin", "--no-defaults", f"--socket={folder}/s", "ping"]):
            break
        if process.poll() is not None:
            with open(log, errors="replace") as f:
                sys.exit(f"oltp: the server ended; is port {PORT} in use? Its log ends:\n{''.join(f.readlines()[-10:])}")
        time.sleep(0.2)
    sql = "CREATE DATABASE sbtest; CREATE USER bench@'127.0.0.1' IDENTIFIED BY 'bench-pw'; GRANT ALL ON sbtest.* TO bench@'127.0.0.1'"
    try:
        subprocess.run(["mariadb", "--no-defaults", f"--socket={folder}/s", "-u", "root", "-e", sql], check=True)
    except BaseException:
        stop(process)
        raise
    return process


def sysbench(*what):
    return ["sysbench", "oltp_read_write", "--db-driver=mysql", "--mysql-host=127.0.0.1", f"--mysql-port={PORT}", "--mysql-user=bench",
            "--mysql-password=bench-pw", "--tables=4", "--table-size=20000", "--threads=8"] + list(what)


def record(out, size, keylog=None, range_size=100):
    check(keylog is not None)
    folder = tempfile.mkdtemp(prefix="mywire-oltp-")
    part = os.path.join(folder, "part.pcap")
    process = None
    try:
        process = server(folder, certificate(folder) if keylog else [])
        subprocess.run(sysbench("prepare"), check=True, stdout=subprocess.DEVNULL)
        # It would become a user who may not write into our folder.
        keep_user = ["-Z", "root"] if os.geteuid() == 0 else []
        dump = subprocess.Popen(["tcpdump", "-i", "lo", "-s", "0", "-B", "65536", "-w", part] + keep_user + ["tcp", "port", str(PORT)],
                                stderr=subprocess.PIPE, text=True)
        time.sleep(1)
        if dump.poll() is not None:
            sys.exit(f"oltp: tcpdump may not capture on lo; run this as root: {dump.stderr.read().strip()}")
        if keylog and os.path.exists(keylog):
            os.unlink(keylog)
        options = [f"--time={LONGEST}", f"--range-size={range_size}", f"--mysql-ssl={'on' if keylog else 'off'}"]
        load = subprocess.Popen(sysbench(*options, "run"), cwd=folder, env=key_logging(folder, keylog) if keylog else None,
                                stdout=subprocess.DEVNULL)
        while load.poll() is None and (not os.path.exists(part) or os.path.getsize(part) < size):
            time.sleep(0.5)
        if load.poll():
            sys.exit(f"oltp: sysbench ended with status {load.returncode}")
        stop(load)
        time.sleep(1)
        dump.terminate()
        counts = [line for line in dump.communicate()[1].splitlines() if "dropped by kernel" in line]
        shutil.move(part, out)
        print(f"{out}: {os.path.getsize(out)} bytes; {counts[0] if counts else 'how much was dropped is not known'}")
    finally:
        if process:
            stop(process)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--keylog")
    ap.add_argument("--range-size", type=int, default=100)
    ap.add_argument("out")
    ap.add_argument("size", nargs="?", type=int, default=500_000_000)
    a = ap.parse_args()
    record(a.out, a.size, a.keylog, a.range_size)
