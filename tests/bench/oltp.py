#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Records an OLTP capture for the benches: oltp.py OUT.pcap [BYTES]

Starts a MariaDB server of its own in a temporary folder on loopback, lets sysbench run oltp_read_write against it in plain text
(prepared statements, 8 connections) and records with tcpdump until the file has BYTES bytes (500 MB unless told). Needs root, or a
tcpdump that may capture; packages mariadb-server, sysbench, tcpdump.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

PORT = 13399


def server(folder):
    data, user = os.path.join(folder, "data"), ["--user=root"] if os.geteuid() == 0 else []
    options = ["--no-defaults", f"--datadir={data}", f"--socket={folder}/s", f"--port={PORT}", "--bind-address=127.0.0.1"] + user
    subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"] + user,
                   check=True, stdout=subprocess.DEVNULL)
    process = subprocess.Popen(["mariadbd"] + options + ["--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        if subprocess.run(["mariadb-admin", f"--socket={folder}/s", "ping"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
            break
        time.sleep(0.2)
    sql = "CREATE DATABASE sbtest; CREATE USER bench@'127.0.0.1' IDENTIFIED BY 'bench-pw'; GRANT ALL ON sbtest.* TO bench@'127.0.0.1'"
    subprocess.run(["mariadb", f"--socket={folder}/s", "-e", sql], check=True)
    return process


def sysbench(*what):
    return ["sysbench", "oltp_read_write", "--db-driver=mysql", "--mysql-host=127.0.0.1", f"--mysql-port={PORT}", "--mysql-user=bench",
            "--mysql-password=bench-pw", "--mysql-ssl=off", "--tables=4", "--table-size=20000", "--threads=8"] + list(what)


def main():
    out, size = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 500_000_000
    folder = tempfile.mkdtemp(prefix="mywire-oltp-")
    process = server(folder)
    try:
        subprocess.run(sysbench("prepare"), check=True, stdout=subprocess.DEVNULL)
        dump = subprocess.Popen(["tcpdump", "-i", "lo", "-s", "0", "-B", "65536", "-w", out, "tcp", "port", str(PORT)], stderr=subprocess.DEVNULL)
        time.sleep(1)
        load = subprocess.Popen(sysbench("--time=600", "run"), stdout=subprocess.DEVNULL)
        while load.poll() is None and (not os.path.exists(out) or os.path.getsize(out) < size):
            time.sleep(0.5)
        load.terminate()
        load.wait()
        time.sleep(1)
        dump.terminate()
        dump.wait()
        print(f"{out}: {os.path.getsize(out)} bytes")
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
