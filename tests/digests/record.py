#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks a MySQL server and pt-fingerprint what the statements of statements.jsonl are without their literals.

    record.py [--host 127.0.0.1] [--port 3306] [--user root] [--password ''] [--statements statements.jsonl]

Not part of any test: it makes what digest_test.py compares with. It wants a server for nothing else, MySQL 9.7 with the defaults
(max_digest_length = 1024), and creates a schema in it. Debian's unstable has one:

    debootstrap --variant=minbase sid DIR && chroot DIR apt-get install mysql-server
    chroot DIR mysqld --no-defaults --initialize-insecure --user=root --datadir=/srv/data
    chroot DIR mysqld --no-defaults --user=root --datadir=/srv/data --bind-address=127.0.0.1 --port=23306 --mysqlx=OFF --skip-log-bin

It needs PyMySQL and percona-toolkit. Each line of the file is an object: `sql`, and where they are not the default `sql_mode` and
`charset` (of the client); written are
  digest_text   STATEMENT_DIGEST_TEXT(sql), which does not run it, and for what is harmless to run (always, in another character
                set) DIGEST_TEXT of performance_schema.events_statements_history: it stops if these two differ. null: no SQL to the server
  fingerprint   of pt-fingerprint --query
`differs` and `fingerprint_differs`, which say why mywire does, stay. To add statements, add lines with `sql` alone.
"""
import argparse
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pymysql

HARMLESS = re.compile(r"[\s(]*(select|insert|update|delete|replace|show|explain|desc|values|table|with|do|begin|commit|rollback)\b", re.I)
NOT_HARMLESS = re.compile(r"\b(outfile|dumpfile|sleep|get_lock|chain|release)\b", re.I)
CODECS = {"utf8mb4": "utf-8", "utf8mb3": "utf-8", "latin1": "cp1252", "sjis": "shift_jis", "ujis": "euc_jp", "euckr": "euc_kr"}
PARSE_ERRORS = {1064, 3676}


class Server:
    def __init__(self, arguments):
        self.arguments = arguments
        self.watcher = self.connect()
        self.ask(self.watcher, "create schema if not exists digests")
        self.sessions = {}

    def connect(self):
        a = self.arguments
        return pymysql.connect(host=a.host, port=a.port, user=a.user, password=a.password, charset="utf8mb4", autocommit=True)

    @staticmethod
    def ask(connection, sql, values=None):
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()

    def session(self, mode, charset, runs):
        """One for each mode; what only asks for digests has others, or its own statements came into the history."""
        key = mode, charset, runs
        if key not in self.sessions:
            c = self.connect()
            self.ask(c, "use digests")
            self.ask(c, "set character_set_client = %s, character_set_connection = %s" % (charset, charset))
            if mode:
                self.ask(c, "set sql_mode = '%s'" % mode)
            thread = self.ask(c, "select thread_id from performance_schema.threads where processlist_id = connection_id()")[0][0]
            time.sleep(0.2)  # until these statements are recorded too
            self.sessions[key] = c, thread
        return self.sessions[key]

    def by_function(self, sql, mode):
        c, _ = self.session(mode, "utf8mb4", False)
        try:
            return self.ask(c, "select statement_digest_text(_utf8mb4 0x%s)" % sql.encode().hex())[0][0]
        except pymysql.err.MySQLError as e:
            if e.args[0] in PARSE_ERRORS:
                return None
            raise

    def by_history(self, sql, mode, charset):
        c, thread = self.session(mode, charset, True)
        events = ("select event_id, digest_text from performance_schema.events_statements_history where thread_id = %d and "
                  "nesting_event_level = 0 and event_name <> 'statement/com/Ping' order by event_id desc limit 1" % thread)
        before = self.ask(self.watcher, events)
        try:
            c.query(sql.encode(CODECS.get(charset, charset)))
        except pymysql.err.MySQLError as e:
            if e.args[0] in PARSE_ERRORS:
                return None
        for _ in range(100):  # the server answers before it records
            after = self.ask(self.watcher, events)
            if after and after[0][0] > (before[0][0] if before else 0):
                return after[0][1]
            time.sleep(0.01)
        raise SystemExit("the server recorded nothing of " + sql)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3306)
    parser.add_argument("--user", default="root")
    parser.add_argument("--password", default="")
    parser.add_argument("--statements", type=Path, default=Path(__file__).parent / "statements.jsonl")
    arguments = parser.parse_args()
    server = Server(arguments)
    lines, checked = [], 0
    for line in arguments.statements.read_text(encoding="utf-8").splitlines():
        s = json.loads(line)
        sql, mode, charset = s["sql"], s.get("sql_mode", ""), s.get("charset", "utf8mb4")
        s["digest_text"] = server.by_function(sql, mode) if charset == "utf8mb4" else server.by_history(sql, mode, charset)
        if charset == "utf8mb4" and s["digest_text"] and HARMLESS.match(sql) and not NOT_HARMLESS.search(sql):
            ran = server.by_history(sql, mode, charset)
            checked += 1
            if ran != s["digest_text"]:
                raise SystemExit("%s\n  by the function: %s\n  by the history:  %s" % (sql, s["digest_text"], ran))
        run = subprocess.run(["pt-fingerprint", "--query=" + sql], capture_output=True)
        if run.stderr or not run.stdout:
            raise SystemExit("pt-fingerprint %r: %s" % (sql, run.stderr.decode()))
        s["fingerprint"] = run.stdout.decode(errors="surrogateescape")[:-1]
        lines.append(json.dumps(s, ensure_ascii=False))
    arguments.statements.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("%d statements, %d of them run" % (len(lines), checked))


if __name__ == "__main__":
    sys.exit(main())
