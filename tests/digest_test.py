#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds digest texts and fingerprints to what a MySQL server and pt-fingerprint made of the same statements.

    digest_test.py NORMALIZE STATEMENTS

NORMALIZE is the program of digests/normalize.c, STATEMENTS the file that digests/record.py wrote. Where a statement has `differs` (or
`fingerprint_differs`), which says why, mywire must differ, so that the list cannot grow old.
"""
import hashlib
import json
import subprocess
import sys

FLAGS = {"ANSI_QUOTES": 1, "NO_BACKSLASH_ESCAPES": 2, "IGNORE_SPACE": 4, "PIPES_AS_CONCAT": 8, "HIGH_NOT_PRECEDENCE": 16, "ANSI": 1 | 4 | 8}
CHARSETS = {"gbk": 1, "gb18030": 1, "big5": 1, "sjis": 2, "cp932": 2}
CODECS = {"utf8mb3": "utf-8", "utf8mb4": "utf-8", "latin1": "cp1252", "sjis": "shift_jis", "ujis": "euc_jp", "euckr": "euc_kr"}
LEAST = 500  # statements with a digest text


def codec(statement):
    charset = statement.get("charset", "utf8mb4")
    return CODECS.get(charset, charset)


def request(statement):
    flags = sum(FLAGS[mode] for mode in statement.get("sql_mode", "").split(",") if mode)
    return "%d %d %s\n" % (flags, CHARSETS.get(statement.get("charset"), 0), statement["sql"].encode(codec(statement)).hex())


def main():
    normalize, file = sys.argv[1:]
    with open(file, encoding="utf-8") as lines:
        statements = [json.loads(line) for line in lines]
    run = subprocess.run([normalize], input="".join(map(request, statements)), capture_output=True, text=True, check=True)
    answers = run.stdout.splitlines()
    complaints, texts, fingerprints, differ = [], 0, 0, 0

    def compare(statement, what, want, got, reason):
        nonlocal differ
        differ += reason is not None
        if (want == got) == (reason is not None):
            complaints.append("%s of %r\n  want %r\n  got  %r" % (what, statement["sql"][:200], want, got)
                              + ("\n  though: " + reason if reason else ""))

    if len(answers) != len(statements):
        complaints.append("%d answers to %d statements" % (len(answers), len(statements)))
    for statement, answer in zip(statements, answers):
        text, fingerprint, number = answer.split(" ")
        if statement["digest_text"] is not None:
            texts += 1
            compare(statement, "digest text", statement["digest_text"], bytes.fromhex(text).decode(codec(statement)), statement.get("differs"))
        if "charset" not in statement:  # pt-fingerprint was given UTF-8
            fingerprints += 1
            compare(statement, "fingerprint", statement["fingerprint"], bytes.fromhex(fingerprint).decode(errors="surrogateescape"),
                    statement.get("fingerprint_differs"))
            want = hashlib.md5(bytes.fromhex(fingerprint)).hexdigest().upper()
            compare(statement, "pt's id", want, number, None)
    if texts < LEAST or fingerprints < LEAST:
        complaints.append("only %d digest texts and %d fingerprints" % (texts, fingerprints))
    print(*complaints, sep="\n")
    print("%d digest texts, %d fingerprints, %d known differences; %d failed" % (texts, fingerprints, differ, len(complaints)))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
